//! A session.

use std::sync::Arc;

use mapi_com::iface::{MapiSession as _, OpenedEntry};
use mapi_com::ptr::ComPtr;
use mapi_subsystem::Subsystem;
use mapi_subsystem::report::ShutdownReport;
use mapi_types::{EntryId, Error, ErrorCode, PropTag, Result, tag};

use crate::store::{Store, row_entry_id};
use crate::table::Table;

/// MDB_WRITE: with write access.
const MDB_WRITE: u32 = 0x4;
/// MAPI_BEST_ACCESS.
const BEST_ACCESS: u32 = 0x10;

/// What a client has after MAPILogonEx (IMAPISession).
///
/// [`Session::logoff`] is the orderly end and yields the report. A session that is dropped comes down as well, in the same
/// order (LIFE-LOGOFF-001), and nobody hears how.
#[derive(Debug)]
pub struct Session {
    object: ComPtr<mapi_sys::IMAPISession>,
    subsystem: Arc<Subsystem>,
}

/// A row of [`Session::stores`].
#[derive(Clone, Debug)]
pub struct StoreEntry {
    /// PR_ENTRYID, for [`Session::open_store`].
    pub entry_id: EntryId,
    /// PR_DISPLAY_NAME.
    pub name: String,
    /// PR_DEFAULT_STORE.
    pub is_default: bool,
    /// PR_PROVIDER_DISPLAY.
    pub provider: String,
}

impl Session {
    pub(crate) fn new(object: ComPtr<mapi_sys::IMAPISession>, subsystem: Arc<Subsystem>) -> Self {
        Self { object, subsystem }
    }

    /// The object itself, for methods that are not wrapped.
    #[must_use]
    pub fn object(&self) -> &ComPtr<mapi_sys::IMAPISession> {
        &self.object
    }

    /// The message stores of the profile. None of them is opened for it.
    ///
    /// # Errors
    /// As GetMsgStoresTable.
    pub fn stores(&self) -> Result<Vec<StoreEntry>> {
        const COLUMNS: [PropTag; 4] = [
            tag::PR_ENTRYID,
            tag::PR_DISPLAY_NAME,
            tag::PR_DEFAULT_STORE,
            tag::PR_PROVIDER_DISPLAY,
        ];
        let table = self.object.get_msg_stores_table(mapi_sys::MAPI_UNICODE)?;
        let mut stores = Vec::new();
        for row in Table::new(table).columns(&COLUMNS)?.rows() {
            let row = row?;
            let text = |tag| {
                row.get(tag)
                    .and_then(|v| v.as_str().map(|s| s.into_owned()))
            };
            let default = row.get(tag::PR_DEFAULT_STORE).and_then(|v| v.as_bool());
            stores.push(StoreEntry {
                entry_id: row_entry_id(&row).unwrap_or_default(),
                name: text(tag::PR_DISPLAY_NAME).unwrap_or_default(),
                is_default: default == Some(true),
                provider: text(tag::PR_PROVIDER_DISPLAY).unwrap_or_default(),
            });
        }
        Ok(stores)
    }

    /// Opens a message store for reading and writing, or for reading if that is all it allows.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_UNKNOWN_ENTRYID, and what the provider's logon answered (LIFE-LOGON-020).
    pub fn open_store(&self, entry_id: &EntryId) -> Result<Store> {
        let opened = self.object.open_msg_store(0, entry_id, None, BEST_ACCESS);
        match opened {
            // MDB_WRITE is all that some providers know.
            Err(e) if e.code() == ErrorCode::UNKNOWN_FLAGS => {
                self.object.open_msg_store(0, entry_id, None, MDB_WRITE)
            }
            other => other,
        }
        .map(Store::from)
    }

    /// Opens the default store.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if the profile has none; as [`Session::open_store`].
    pub fn default_store(&self) -> Result<Store> {
        let stores = self.stores()?;
        let default = stores.iter().find(|store| store.is_default);
        match default.or(stores.first()) {
            Some(store) => self.open_store(&store.entry_id),
            None => Err(Error::caller(ErrorCode::NOT_FOUND)
                .context("the profile has no message store; add a message service to it")),
        }
    }

    /// The status table.
    ///
    /// # Errors
    /// As GetStatusTable.
    pub fn status_table(&self) -> Result<Table> {
        self.object
            .get_status_table(mapi_sys::MAPI_UNICODE)
            .map(Table::new)
    }

    /// The address book (IAddrBook). The `bool` says that one of its providers could not log on.
    ///
    /// # Errors
    /// As OpenAddressBook.
    pub fn address_book(&self) -> Result<(ComPtr<mapi_sys::IAddrBook>, bool)> {
        self.object.open_address_book(0, None, 0)
    }

    /// Opens whatever an entry identifier of any provider names.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID, MAPI_E_NOT_FOUND.
    pub fn open(&self, entry_id: &EntryId) -> Result<OpenedEntry> {
        self.object.open_entry(entry_id, None, BEST_ACCESS)
    }

    /// Registers a sink for events of an entry, or of the session if the identifier is empty. The answer is for
    /// [`Session::unadvise`]; registrations that are left end with the session.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID, MAPI_E_NO_SUPPORT.
    pub fn advise(
        &self,
        entry_id: &EntryId,
        event_mask: u32,
        sink: ComPtr<mapi_sys::IMAPIAdviseSink>,
    ) -> Result<usize> {
        self.object.advise(entry_id, event_mask, sink)
    }

    /// Ends a registration: when it returns, the sink is not called any more.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn unadvise(&self, connection: usize) -> Result<()> {
        self.object.unadvise(connection)
    }

    /// Logs off: every provider comes down in order, and the report says how. Objects of the session that are still held
    /// are safe to drop and answer MAPI_E_INVALID_OBJECT from now on.
    ///
    /// # Errors
    /// As Logoff; a provider that fails is no error here but a line of the report.
    pub fn logoff(self) -> Result<ShutdownReport> {
        self.subsystem.logoff(&self.object)?.ok_or_else(|| {
            Error::caller(ErrorCode::NOT_FOUND)
                .context("the session goes on, because it is shared and others use it")
        })
    }
}
