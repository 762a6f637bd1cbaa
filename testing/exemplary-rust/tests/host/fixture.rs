//! A store that is open, and short ways to ask its objects.
#![allow(dead_code, clippy::unwrap_used)]

use mapi_com::host_call::ProviderObject;
use mapi_com::iface::{MapiFolder, MapiProp, MsgStore, Stream, StreamOrigin};
use mapi_com::ptr::{ComPtr, guid_from_abi};
use mapi_sys::{
    IID_IStream, IMAPIFolder, IMessage, IStream, KEEP_OPEN_READWRITE, MAPI_MODIFY, MAPI_UNICODE,
};
use mapi_types::{EntryId, ErrorCode, PropTag, PropValue, Property, Result, tag};

use super::{Host, OpenStore, end_provider, fresh};

pub struct Fixture {
    pub open: OpenStore,
    pub provider: ProviderObject,
    pub host: Host,
}

impl Fixture {
    pub fn new(name: &str) -> Self {
        let host = Host::new(name);
        let provider = host.store_provider();
        let open = host.open(&provider, &fresh(name).0);
        Self {
            open,
            provider,
            host,
        }
    }

    pub fn root(&self) -> ComPtr<IMAPIFolder> {
        folder(&self.open.store, &EntryId::default())
    }

    pub fn end(self) {
        assert_eq!(self.open.force_logoff(), 0);
        drop(self.open);
        assert_eq!(end_provider(self.provider), 0);
        assert_eq!(self.host.blocks(), 0);
    }
}

pub fn folder(store: &ComPtr<mapi_sys::IMsgStore>, id: &EntryId) -> ComPtr<IMAPIFolder> {
    let opened = store.open_entry(id, None, MAPI_MODIFY).unwrap();
    opened.object.query().unwrap()
}

pub fn code<T>(result: Result<T>) -> ErrorCode {
    result.map(drop).unwrap_err().code()
}

pub fn one(object: &impl MapiProp, tag: PropTag) -> PropValue {
    object
        .get_props(Some(&[tag]), MAPI_UNICODE)
        .unwrap()
        .remove(0)
        .value
}

pub fn id_of(object: &impl MapiProp) -> EntryId {
    EntryId::from(one(object, tag::PR_ENTRYID).as_bytes().unwrap())
}

pub fn stream(object: &impl MapiProp, tag: PropTag, flags: u32) -> Result<ComPtr<IStream>> {
    object
        .open_property(tag, &guid_from_abi(&IID_IStream), 0, flags)?
        .query()
}

pub fn read_all(stream: &ComPtr<IStream>) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(stream.size().unwrap()).unwrap()];
    stream.seek(0, StreamOrigin::Set).unwrap();
    assert_eq!(stream.read(&mut bytes).unwrap(), bytes.len());
    bytes
}

/// A saved message with this subject.
pub fn mail(folder: &ComPtr<IMAPIFolder>, subject: &str) -> ComPtr<IMessage> {
    let message = folder.create_message(None, 0).unwrap();
    message
        .set_props(&[Property::new(tag::PR_SUBJECT, subject)])
        .unwrap();
    message.save_changes(KEEP_OPEN_READWRITE).unwrap();
    message
}
