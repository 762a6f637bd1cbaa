//! IMAPISession.

mod export;
mod import;

use mapi_sys::*;
use mapi_types::{EntryId, Error, Guid, MapiUid, Result};

use super::*;
use crate::ptr::ComPtr;

/// IMAPISession: one client's handle on a session (imapisessioniunknown.md).
///
/// After [`MapiSession::logoff`] every method but GetLastError fails with MAPI_E_INVALID_OBJECT (LIFE-LOGOFF-018).
pub trait MapiSession: ComObject {
    /// GetMsgStoresTable.
    ///
    /// # Errors
    /// None of its own.
    fn get_msg_stores_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>>;

    /// OpenMsgStore: MDB_ flags.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_UNKNOWN_ENTRYID, and what the provider's logon answered (LIFE-LOGON-020).
    fn open_msg_store(
        &self,
        ui_param: usize,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<IMsgStore>>;

    /// OpenAddressBook. The `bool` is MAPI_W_ERRORS_RETURNED: a provider could not log on.
    ///
    /// # Errors
    /// MAPI_E_INTERFACE_NOT_SUPPORTED.
    fn open_address_book(
        &self,
        ui_param: usize,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<(ComPtr<IAddrBook>, bool)>;

    /// OpenProfileSection; `None` is MAPI's own section.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn open_profile_section(&self, uid: Option<&MapiUid>, flags: u32) -> Result<ComPtr<IProfSect>>;

    /// GetStatusTable.
    ///
    /// # Errors
    /// None of its own.
    fn get_status_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>>;

    /// OpenEntry, routed by MAPIUID.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID, MAPI_E_NOT_FOUND.
    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry>;

    /// CompareEntryIDs, routed by MAPIUID.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID.
    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool>;

    /// Advise: on an entry, or on the session if the identifier is empty.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID, MAPI_E_NO_SUPPORT.
    fn advise(
        &self,
        entry_id: &EntryId,
        event_mask: u32,
        sink: ComPtr<IMAPIAdviseSink>,
    ) -> Result<usize>;

    /// Unadvise.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn unadvise(&self, connection: usize) -> Result<()>;

    /// EnumAdrTypes.
    ///
    /// # Errors
    /// None of its own.
    fn enum_adr_types(&self, flags: u32) -> Result<Vec<String>>;

    /// QueryIdentity; `None` is MAPI_W_NO_SERVICE.
    ///
    /// # Errors
    /// None of its own.
    fn query_identity(&self) -> Result<Option<EntryId>>;

    /// Logoff (lifecycle.md, 6.1).
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER, MAPI_E_UNKNOWN_FLAGS: nothing has happened (LIFE-LOGOFF-019). MAPI_E_INVALID_OBJECT: it
    /// was logged off before.
    fn logoff(&self, ui_param: usize, flags: u32, reserved: u32) -> Result<()>;

    /// SetDefaultStore.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn set_default_store(&self, flags: u32, entry_id: &EntryId) -> Result<()>;

    /// AdminServices.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS.
    fn admin_services(&self, flags: u32) -> Result<ComPtr<IMsgServiceAdmin>>;

    /// MessageOptions, QueryDefaultMessageOpt, ShowForm, PrepareForm: not built (dialogs and forms).
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn not_built(&self) -> Result<()> {
        Err(Error::no_support())
    }
}
