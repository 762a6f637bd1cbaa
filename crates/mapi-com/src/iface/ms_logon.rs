//! IMSLogon.

use mapi_types::{EntryId, Error, Guid, Result};

use super::{ComObject, OpenedEntry};
use crate::ptr::ComPtr;

/// IMSLogon: one logon of a message store provider, MAPI's side of it (imslogoniunknown.md).
pub trait MsLogon: ComObject {
    /// Logoff: the flags out.
    ///
    /// # Errors
    /// Recorded, nothing else (OP-22).
    fn logoff(&self, flags: u32) -> Result<u32>;

    /// OpenEntry.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_UNKNOWN_ENTRYID.
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
    /// MAPI_E_NO_SUPPORT.
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

    /// OpenStatusEntry: the status object of this logon.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn open_status_entry(&self, interface: Option<&Guid>, flags: u32) -> Result<OpenedEntry> {
        let _ = (interface, flags);
        Err(Error::no_support())
    }
}
