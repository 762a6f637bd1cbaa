//! IMsgStore and IMSLogon: the two faces of a store.

use std::sync::{Arc, Weak};

use mapi_com::iface::{
    ComObject, CopyTarget, MapiProp, MsLogon, MsgStore, OpenedEntry, PropProblem, ReceiveFolder,
};
use mapi_com::ptr::{ComPtr, Unknown};
use mapi_com::shell::{WeakShell, export_weak};
use mapi_sys::{
    IMAPIAdviseSink, IMAPITable, IMessage, IMsgStore, MAPI_STORE, MSG_LOCKED, MSG_UNLOCKED,
};
use mapi_types::{
    EntryId, Error, ErrorCode, Guid, NamedProp, Notification, PropTag, PropType, Property, Result,
    Row, tag,
};

use super::home::Home;
use super::logon::Logon;
use super::prop::{PropHost, prop_methods};
use super::status::StatusObject;
use super::store_provider::StoreProviderObject;
use super::table::TableObject;
use crate::rows::RowTable;
use crate::{Change, ChangeKind, ObjectKind, PropObject, Store};

/// The client's face.
pub(crate) struct StoreObject {
    home: Arc<Home>,
    store: Arc<dyn Store>,
    logon: Arc<Logon>,
    provider: Weak<StoreProviderObject>,
}

impl StoreObject {
    pub(crate) fn open(
        logon: &Arc<Logon>,
        store: Arc<dyn Store>,
        provider: &Weak<StoreProviderObject>,
    ) -> Result<(ComPtr<IMsgStore>, WeakShell<IMsgStore>)> {
        let this = Self {
            home: logon.home()?,
            store,
            logon: Arc::clone(logon),
            provider: Weak::clone(provider),
        };
        export_weak::<dyn MsgStore>(logon.face(), Arc::new(this))
    }
}

impl PropHost for StoreObject {
    fn home(&self) -> &Arc<Home> {
        &self.home
    }

    fn object(&self) -> Arc<dyn PropObject> {
        Arc::clone(&self.store) as _
    }

    fn object_type(&self) -> u32 {
        MAPI_STORE
    }
}

impl ComObject for StoreObject {
    /// The store path: StoreLogoffTransports if that is still due, the end of everything in the store, then the support
    /// object, whose last Release calls IMSLogon::Logoff and finds it done (lifecycle.md, 6.3).
    fn last_release(&self) {
        self.logon.store_released();
        if let Some(provider) = self.provider.upgrade() {
            provider.forget(&self.logon);
        }
    }
}

impl MapiProp for StoreObject {
    prop_methods!();
}

impl MsgStore for StoreObject {
    fn advise(
        &self,
        entry_id: &EntryId,
        event_mask: u32,
        sink: ComPtr<IMAPIAdviseSink>,
    ) -> Result<usize> {
        self.home.advise(entry_id, event_mask, sink)
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        self.home.sinks.unadvise(&self.home.support, connection)
    }

    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, _flags: u32) -> Result<bool> {
        self.home.same_entry(left, right)
    }

    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        self.home.open_entry(entry_id, interface, flags)
    }

    fn set_receive_folder(&self, class: &str, folder: Option<&EntryId>, _flags: u32) -> Result<()> {
        self.store.set_receive_folder(class, folder)
    }

    fn get_receive_folder(&self, class: &str, _flags: u32) -> Result<ReceiveFolder> {
        let found = self.store.receive_folder(class)?;
        Ok(ReceiveFolder {
            folder: found.folder,
            explicit_class: found.message_class,
        })
    }

    fn get_receive_folder_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
        let store = &self.store;
        let key = store.record_key();
        let rows = store.receive_folders()?.into_iter().map(|entry| {
            Row::from(vec![
                Property::new(tag::PR_INSTANCE_KEY, entry.message_class.as_bytes()),
                Property::new(tag::PR_ENTRYID, entry.folder.as_bytes()),
                Property::new(tag::PR_RECORD_KEY, &key[..]),
                Property::new(tag::PR_MESSAGE_CLASS, entry.message_class.as_str()),
            ])
        });
        TableObject::open(&self.home, Box::new(RowTable::new(rows.collect())), flags)
    }

    fn store_logoff(&self, flags: u32) -> Result<u32> {
        self.logon.store_logoff(flags)
    }

    fn abort_submit(&self, message: &EntryId, _flags: u32) -> Result<()> {
        self.store.abort_submit(message)
    }

    fn get_outgoing_queue(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
        TableObject::open(&self.home, self.store.outgoing_queue()?, flags)
    }

    fn set_lock_state(&self, message: &ComPtr<IMessage>, state: u32) -> Result<()> {
        let locked = match state {
            MSG_LOCKED => true,
            MSG_UNLOCKED => false,
            _ => return Err(ErrorCode::INVALID_PARAMETER.into()),
        };
        let props = message.get_props(Some(&[tag::PR_ENTRYID]), 0)?;
        let entry_id = props.first().and_then(|p| p.value.as_bytes());
        let entry_id = EntryId::from(entry_id.ok_or(ErrorCode::INVALID_PARAMETER)?);
        self.store.set_locked(&entry_id, locked)
    }

    fn finished_msg(&self, _flags: u32, message: &EntryId) -> Result<()> {
        self.store.finished(message)
    }

    fn notify_new_mail(&self, notification: &Notification) -> Result<()> {
        let Notification::NewMail {
            message,
            folder,
            class,
            message_flags,
        } = notification
        else {
            return Err(ErrorCode::INVALID_PARAMETER.into());
        };
        let change = Change {
            kind: ChangeKind::NewMail {
                message_class: class.clone(),
                message_flags: *message_flags,
            },
            object: ObjectKind::Message,
            entry_id: message.clone(),
            parent: folder.clone(),
        };
        self.home.sinks.tell(&self.home.support, &[change]);
        Ok(())
    }
}

/// MAPI's face.
pub(crate) struct StoreLogonObject {
    pub(crate) logon: Arc<Logon>,
    pub(crate) provider: Weak<StoreProviderObject>,
}

impl StoreLogonObject {
    fn end(&self) {
        self.logon.end();
        if let Some(provider) = self.provider.upgrade() {
            provider.forget(&self.logon);
        }
    }
}

impl ComObject for StoreLogonObject {
    /// A host that forgot Logoff loses nothing.
    fn last_release(&self) {
        self.end();
    }
}

impl MsLogon for StoreLogonObject {
    fn logoff(&self, _flags: u32) -> Result<u32> {
        self.end();
        Ok(0)
    }

    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        routed(
            self.logon
                .call(|home| home.open_entry(entry_id, interface, flags)),
        )
    }

    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, _flags: u32) -> Result<bool> {
        routed(self.logon.call(|home| home.same_entry(left, right)))
    }

    fn advise(
        &self,
        entry_id: &EntryId,
        event_mask: u32,
        sink: ComPtr<IMAPIAdviseSink>,
    ) -> Result<usize> {
        routed(
            self.logon
                .call(|home| home.advise(entry_id, event_mask, sink)),
        )
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        self.logon
            .call(|home| home.sinks.unadvise(&home.support, connection))
    }

    fn open_status_entry(&self, interface: Option<&Guid>, _flags: u32) -> Result<OpenedEntry> {
        self.logon
            .call(|home| StatusObject::opened(home, interface))
    }
}

/// A call that MAPI routed here while the logon was ending: nobody has this identifier any more (LIFE-UID-004).
pub(crate) fn routed<R>(result: Result<R>) -> Result<R> {
    result.map_err(|error| match error.code() {
        ErrorCode::INVALID_OBJECT => {
            Error::caller(ErrorCode::UNKNOWN_ENTRYID).context("the logon of this entry has ended")
        }
        _ => error,
    })
}

/// What this crate answers for the objects of a store.
pub(crate) fn constants(
    store: &dyn crate::Store,
    provider: &dyn crate::StoreProvider,
    wrapped: Option<EntryId>,
) -> Vec<Property> {
    let key = store.record_key();
    let entry_id = wrapped.unwrap_or_else(|| store.entry_id());
    let mdb = tag::PR_MDB_PROVIDER.with_type(PropType::BINARY);
    vec![
        Property::new(tag::PR_STORE_ENTRYID, entry_id.as_bytes()),
        Property::new(tag::PR_STORE_RECORD_KEY, &key[..]),
        Property::new(tag::PR_MAPPING_SIGNATURE, &key[..]),
        Property::new(mdb, &provider.kind().0[..]),
        Property::new(tag::PR_PROVIDER_DISPLAY, provider.display_name()),
    ]
}
