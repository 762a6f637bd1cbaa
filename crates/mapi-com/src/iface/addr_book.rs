//! IAddrBook.

use mapi_types::{EntryId, Error, Guid, PropTag, Result, Row};

use super::{MapiProp, OpenedEntry};
use crate::ptr::ComPtr;

/// IAddrBook: all address book providers of a session as one (iaddrbookimapiprop.md).
pub trait AddrBook: MapiProp {
    /// OpenEntry: the root of all hierarchies if the identifier is empty.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID, MAPI_E_NOT_FOUND.
    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry>;

    /// CompareEntryIDs.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID.
    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool>;

    /// Advise.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID, MAPI_E_NO_SUPPORT.
    fn advise(
        &self,
        entry_id: &EntryId,
        event_mask: u32,
        sink: ComPtr<mapi_sys::IMAPIAdviseSink>,
    ) -> Result<usize>;

    /// Unadvise.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn unadvise(&self, connection: usize) -> Result<()>;

    /// CreateOneOff: an entry identifier that carries the whole recipient.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER.
    fn create_one_off(
        &self,
        name: &str,
        address_type: &str,
        address: &str,
        flags: u32,
    ) -> Result<EntryId>;

    /// ResolveName without a dialog: the list is changed in place.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_AMBIGUOUS_RECIP.
    fn resolve_name(&self, flags: u32, recipients: &mut Vec<Row>) -> Result<()>;

    /// GetPAB; empty if there is none.
    ///
    /// # Errors
    /// None of its own.
    fn get_pab(&self) -> Result<EntryId>;

    /// SetPAB.
    ///
    /// # Errors
    /// MAPI_E_INVALID_ENTRYID.
    fn set_pab(&self, entry_id: &EntryId) -> Result<()>;

    /// GetDefaultDir.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn get_default_dir(&self) -> Result<EntryId>;

    /// SetDefaultDir.
    ///
    /// # Errors
    /// MAPI_E_INVALID_ENTRYID.
    fn set_default_dir(&self, entry_id: &EntryId) -> Result<()>;

    /// GetSearchPath: the containers that ResolveName looks into, in order.
    ///
    /// # Errors
    /// None of its own.
    fn get_search_path(&self, flags: u32) -> Result<Vec<Row>>;

    /// SetSearchPath.
    ///
    /// # Errors
    /// MAPI_E_MISSING_REQUIRED_COLUMN.
    fn set_search_path(&self, flags: u32, path: &[Row]) -> Result<()>;

    /// PrepareRecips.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn prepare_recips(
        &self,
        flags: u32,
        columns: &[PropTag],
        recipients: &mut Vec<Row>,
    ) -> Result<()>;

    /// NewEntry, Address, Details, RecipOptions, QueryDefaultRecipOpt: dialogs, not built.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn not_built(&self) -> Result<()> {
        Err(Error::no_support())
    }
}
