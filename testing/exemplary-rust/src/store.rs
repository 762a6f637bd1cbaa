//! A message store in memory. Its "disk" is a static of the process, so it is there again at the next logon.

mod disk;
mod folder;
mod message;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use mapi_provider::{
    Access, Change, ChangeFeed, LogonRequest, Opened, PropObject, PropProblem, ReceiveFolder,
    StatusInfo, Store, StoreProvider, select,
};
use mapi_types::{
    EntryId, Error, ErrorCode, Guid, MapiUid, NamedProp, PropTag, Property, Result, tag,
};

use crate::journal::Journal;
use disk::{Disk, INBOX, ROOT, SUBTREE};
use folder::MemoryFolder;
use message::MemoryMessage;

/// PR_MDB_PROVIDER.
pub const KIND: Guid = Guid(*b"ExemplaryMsgStor");

/// The provider. The profile section's PR_DISPLAY_NAME is the name of the store.
#[derive(Default)]
pub struct ExemplaryStore;

impl ExemplaryStore {
    fn name(request: &LogonRequest<'_>) -> Result<String> {
        if !request.entry_id.is_empty() {
            let name = String::from_utf8(request.entry_id.data().to_vec());
            return name.map_err(|_| ErrorCode::UNKNOWN_ENTRYID.into());
        }
        request.profile.text(tag::PR_DISPLAY_NAME)?.ok_or_else(|| {
            Error::caller(ErrorCode::UNCONFIGURED).context("the profile does not name the store")
        })
    }
}

impl StoreProvider for ExemplaryStore {
    fn display_name(&self) -> &'static str {
        "Exemplary Message Store"
    }

    fn kind(&self) -> Guid {
        KIND
    }

    fn logon(&self, request: &LogonRequest<'_>) -> Result<Box<dyn Store>> {
        let name = Self::name(request)?;
        let journal = Journal::of(&name);
        if journal.fail_next_logon.swap(false, Ordering::AcqRel) {
            return Err(Error::provider(ErrorCode::FAILONEPROVIDER).context("as the test wanted"));
        }
        journal.note(if request.spooler {
            "spooler logon"
        } else {
            "logon"
        });
        if journal.slow_logon.swap(false, Ordering::AcqRel) {
            let before = journal.lines().len();
            journal.tempt(|journal| journal.lines().len() > before);
        }
        Ok(Box::new(MemoryStore(Arc::new(Shared {
            disk: Disk::of(&name),
            name,
            journal,
            writable: request.access != Access::ReadOnly,
            feed: Mutex::new(None),
        }))))
    }

    fn identify(&self, request: &LogonRequest<'_>) -> Result<EntryId> {
        Self::name(request).map(|name| store_id(&name))
    }
}

/// The MAPIUID of the store of this name.
#[must_use]
pub fn uid_of(name: &str) -> MapiUid {
    let fnv = |seed: u64| {
        name.bytes().fold(seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let mut uid = [0; 16];
    uid[..8].copy_from_slice(&fnv(0xcbf2_9ce4_8422_2325).to_le_bytes());
    uid[8..].copy_from_slice(&fnv(0x9747_b28c_8422_2325).to_le_bytes());
    MapiUid(uid)
}

fn store_id(name: &str) -> EntryId {
    EntryId::new(uid_of(name), name.as_bytes())
}

/// What all objects of one logon share.
struct Shared {
    name: String,
    disk: Arc<Disk>,
    journal: Arc<Journal>,
    writable: bool,
    feed: Mutex<Option<ChangeFeed>>,
}

impl Shared {
    fn id(&self, number: u32) -> EntryId {
        EntryId::new(uid_of(&self.name), &number.to_le_bytes())
    }

    /// The number in an identifier; the root folder if it is empty.
    fn number(&self, id: &EntryId) -> Result<u32> {
        if id.is_empty() {
            return Ok(ROOT);
        }
        if id.uid() != Some(uid_of(&self.name)) {
            return Err(ErrorCode::UNKNOWN_ENTRYID.into());
        }
        let data = id.data().try_into().map_err(|_| ErrorCode::NOT_FOUND)?;
        Ok(u32::from_le_bytes(data))
    }

    fn access(&self, access: Access) -> Result<bool> {
        match access {
            Access::ReadOnly => Ok(false),
            Access::ReadWrite if !self.writable => Err(ErrorCode::NO_ACCESS.into()),
            Access::ReadWrite | Access::Best => Ok(self.writable),
        }
    }

    /// Tells a change; never under a lock of the disk.
    fn tell(&self, change: Change) {
        let feed = self
            .feed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(feed) = feed {
            feed(&[change]);
        }
    }
}

struct MemoryStore(Arc<Shared>);

impl PropObject for MemoryStore {
    fn get_props(&self, tags: &[PropTag], limit_bytes: usize) -> Result<Vec<Property>> {
        let props = self.props();
        let one = |asked: &PropTag| select(&props, *asked, limit_bytes);
        Ok(tags.iter().map(one).collect())
    }

    fn prop_tags(&self) -> Result<Vec<PropTag>> {
        Ok(self.props().iter().map(|p| p.tag).collect())
    }

    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        disk::set(&mut self.0.disk.lock().store_props, props);
        Ok(Vec::new())
    }

    fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
        disk::delete(&mut self.0.disk.lock().store_props, tags);
        Ok(Vec::new())
    }

    fn writable(&self) -> bool {
        self.0.writable
    }
}

impl MemoryStore {
    fn props(&self) -> Vec<Property> {
        const FOLDER_IPM_SUBTREE_VALID: i32 = 1;
        const STORE_MODIFY_OK: i32 = 0x8;
        const STORE_CREATE_OK: i32 = 0x10;
        const STORE_NOTIFY_OK: i32 = 0x100;
        const STORE_UNICODE_OK: i32 = 0x0004_0000;
        let shared = &self.0;
        let mut props = shared.disk.lock().store_props.clone();
        let subtree = shared.id(SUBTREE);
        let support = STORE_MODIFY_OK | STORE_CREATE_OK | STORE_NOTIFY_OK | STORE_UNICODE_OK;
        disk::set(
            &mut props,
            &[
                Property::new(tag::PR_DISPLAY_NAME, shared.name.as_str()),
                Property::new(tag::PR_ENTRYID, self.entry_id().as_bytes()),
                Property::new(tag::PR_RECORD_KEY, &self.record_key()[..]),
                Property::new(tag::PR_IPM_SUBTREE_ENTRYID, subtree.as_bytes()),
                Property::new(tag::PR_VALID_FOLDER_MASK, FOLDER_IPM_SUBTREE_VALID),
                Property::new(tag::PR_STORE_SUPPORT_MASK, support),
            ],
        );
        props
    }
}

impl Store for MemoryStore {
    fn uid(&self) -> MapiUid {
        uid_of(&self.0.name)
    }

    fn entry_id(&self) -> EntryId {
        store_id(&self.0.name)
    }

    fn record_key(&self) -> Vec<u8> {
        self.uid().0.to_vec()
    }

    fn status(&self) -> StatusInfo {
        StatusInfo::available(self.0.name.clone())
    }

    fn open_entry(&self, entry_id: &EntryId, access: Access) -> Result<Opened> {
        let number = self.0.number(entry_id)?;
        let writable = self.0.access(access)?;
        let state = self.0.disk.lock();
        if state.folders.contains_key(&number) {
            drop(state);
            let folder = MemoryFolder::new(&self.0, number, writable);
            return Ok(Opened::Folder(Box::new(folder)));
        }
        let row = state.messages.get(&number).ok_or(ErrorCode::NOT_FOUND)?;
        let (place, data) = (row.place(), row.data.clone());
        drop(state);
        let message = MemoryMessage::stored(&self.0, number, place, data, writable);
        Ok(Opened::Message(Box::new(message)))
    }

    fn ids_from_names(&self, names: &[NamedProp], create: bool) -> Result<Vec<Option<u16>>> {
        let mut state = self.0.disk.lock();
        Ok(names.iter().map(|name| state.id_of(name, create)).collect())
    }

    fn names_from_ids(&self, ids: &[u16]) -> Result<Vec<Option<NamedProp>>> {
        let state = self.0.disk.lock();
        Ok(ids.iter().map(|id| state.name_of(*id)).collect())
    }

    fn all_names(&self, set: Option<&Guid>) -> Result<Vec<(u16, NamedProp)>> {
        let state = self.0.disk.lock();
        let all = (0x8000..).map_while(|id| Some((id, state.name_of(id)?)));
        Ok(all
            .filter(|(_, name)| set.is_none_or(|set| name.set == *set))
            .collect())
    }

    fn receive_folder(&self, _message_class: &str) -> Result<ReceiveFolder> {
        Ok(ReceiveFolder {
            message_class: String::new(),
            folder: self.0.id(INBOX),
        })
    }

    fn receive_folders(&self) -> Result<Vec<ReceiveFolder>> {
        self.receive_folder("").map(|folder| vec![folder])
    }

    fn watch(&self, feed: ChangeFeed) -> Result<()> {
        *self.0.feed.lock().unwrap_or_else(PoisonError::into_inner) = Some(feed);
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        self.0.journal.note("flush");
        Ok(())
    }

    fn close(&self) -> Result<()> {
        self.0.journal.note("close");
        let panics = &self.0.journal.panic_in_close;
        assert!(!panics.swap(false, Ordering::AcqRel), "as the test wanted");
        Ok(())
    }
}

impl Drop for MemoryStore {
    fn drop(&mut self) {
        self.0.journal.note("drop");
    }
}
