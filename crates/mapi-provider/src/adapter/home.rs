//! What all objects of one logon share.

use std::sync::Arc;

use mapi_com::iface::OpenedEntry;
use mapi_com::scope::Scope;
use mapi_sys::{GUID, MAPI_BEST_ACCESS, MAPI_MODIFY};
use mapi_types::{EntryId, Error, ErrorCode, Guid, Property, Result};

use super::address::{ContainerObject, DistListObject, MailUserObject};
use super::folder::FolderObject;
use super::message::MessageObject;
use super::sinks::Sinks;
use super::support::Support;
use crate::{Access, AddressBook, Opened, OpenedAddress, StatusInfo, Store};

/// The author's store or address book.
#[derive(Clone)]
pub(crate) enum World {
    Store(Arc<dyn Store>),
    AddressBook(Arc<dyn AddressBook>),
}

/// The middle of a logon. Every object of it holds one; when the logon has dropped its objects and its own, the author's
/// store is dropped.
pub(crate) struct Home {
    pub(crate) world: World,
    pub(crate) scope: Arc<Scope>,
    pub(crate) support: Arc<Support>,
    pub(crate) sinks: Sinks,
    /// What this crate answers for objects and rows that do not have it.
    pub(crate) constants: Vec<Property>,
    /// Whether the author's `watch` accepted.
    pub(crate) tells: std::sync::atomic::AtomicBool,
}

impl Home {
    /// The store.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT in an address book.
    pub(crate) fn store(&self) -> Result<&Arc<dyn Store>> {
        match &self.world {
            World::Store(store) => Ok(store),
            World::AddressBook(_) => Err(Error::no_support()),
        }
    }

    pub(crate) fn status(&self) -> StatusInfo {
        match &self.world {
            World::Store(store) => store.status(),
            World::AddressBook(book) => book.status(),
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        match &self.world {
            World::Store(store) => store.validate(),
            World::AddressBook(book) => book.validate(),
        }
    }

    pub(crate) fn flush(&self) -> Result<()> {
        match &self.world {
            World::Store(store) => store.flush(),
            World::AddressBook(book) => book.flush(),
        }
    }

    pub(crate) fn close(&self) -> Result<()> {
        match &self.world {
            World::Store(store) => store.close(),
            World::AddressBook(book) => book.close(),
        }
    }

    pub(crate) fn same_entry(&self, left: &EntryId, right: &EntryId) -> Result<bool> {
        match &self.world {
            World::Store(store) => store.same_entry(left, right),
            World::AddressBook(book) => book.same_entry(left, right),
        }
    }

    /// OpenEntry, for whatever object it is called on.
    pub(crate) fn open_entry(
        self: &Arc<Self>,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        let access = access_of(flags);
        match &self.world {
            World::Store(store) => match store.open_entry(entry_id, access)? {
                Opened::Folder(folder) => FolderObject::opened(self, folder, interface),
                Opened::Message(message) => MessageObject::opened(self, message, interface),
            },
            World::AddressBook(book) => match book.open_entry(entry_id, access)? {
                OpenedAddress::Container(c) => ContainerObject::opened(self, c, interface),
                OpenedAddress::MailUser(user) => MailUserObject::opened(self, user, interface),
                OpenedAddress::DistList(list) => DistListObject::opened(self, list, interface),
            },
        }
    }

    /// Advise on an entry, or on everything if the identifier is empty.
    pub(crate) fn advise(
        &self,
        entry_id: &EntryId,
        event_mask: u32,
        sink: mapi_com::ptr::ComPtr<mapi_sys::IMAPIAdviseSink>,
    ) -> Result<usize> {
        if !self.tells.load(std::sync::atomic::Ordering::Acquire) {
            return Err(Error::no_support());
        }
        let key = self.sinks.entry_key(&self.everything_as_empty(entry_id));
        self.sinks.advise(&self.support, key, event_mask, sink)
    }

    /// The store's own identifier means the same as none.
    fn everything_as_empty(&self, entry_id: &EntryId) -> EntryId {
        match &self.world {
            World::Store(store) if store.entry_id() == *entry_id => EntryId::default(),
            _ => entry_id.clone(),
        }
    }
}

/// What the flags of an opening call ask for.
pub(crate) fn access_of(flags: u32) -> Access {
    if flags & MAPI_BEST_ACCESS != 0 {
        Access::Best
    } else if flags & MAPI_MODIFY != 0 {
        Access::ReadWrite
    } else {
        Access::ReadOnly
    }
}

/// Refuses an interface that the object does not have. IUnknown and `None` always fit.
pub(crate) fn check_interface(interface: Option<&Guid>, has: &[GUID]) -> Result<()> {
    let fits = |wanted: &Guid| {
        std::iter::once(&mapi_sys::IID_IUnknown)
            .chain(has)
            .any(|iid| mapi_com::ptr::guid_from_abi(iid) == *wanted)
    };
    match interface {
        Some(wanted) if !fits(wanted) => Err(Error::caller(ErrorCode::INTERFACE_NOT_SUPPORTED)
            .context(format!("the object has no {wanted}"))),
        _ => Ok(()),
    }
}
