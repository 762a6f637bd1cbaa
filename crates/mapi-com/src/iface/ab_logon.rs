//! IABLogon.

use mapi_types::{EntryId, Error, Guid, PropTag, Result, Row};

use super::{ComObject, OpenedEntry};
use crate::ptr::ComPtr;

/// IABLogon: one logon of an address book provider (iablogoniunknown.md).
pub trait AbLogon: ComObject {
    /// Logoff.
    ///
    /// # Errors
    /// Recorded, nothing else (OP-22).
    fn logoff(&self, flags: u32) -> Result<()>;

    /// OpenEntry: the root container if the identifier is empty.
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
    ) -> Result<usize> {
        let _ = (entry_id, event_mask, sink);
        Err(Error::no_support())
    }

    /// Unadvise.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn unadvise(&self, connection: usize) -> Result<()> {
        let _ = connection;
        Err(Error::no_support())
    }

    /// OpenStatusEntry.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn open_status_entry(&self, interface: Option<&Guid>, flags: u32) -> Result<OpenedEntry> {
        let _ = (interface, flags);
        Err(Error::no_support())
    }

    /// OpenTemplateID.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn open_template_id(
        &self,
        template: &EntryId,
        flags: u32,
        data: &ComPtr<mapi_sys::IMAPIProp>,
        interface: Option<&Guid>,
    ) -> Result<ComPtr<mapi_sys::IMAPIProp>> {
        let _ = (template, flags, data, interface);
        Err(Error::no_support())
    }

    /// GetOneOffTable.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn get_one_off_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// PrepareRecips: adds `columns` to the recipients that are this provider's.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn prepare_recips(
        &self,
        flags: u32,
        columns: &[PropTag],
        recipients: &mut [Row],
    ) -> Result<()> {
        let _ = (flags, columns, recipients);
        Err(Error::no_support())
    }
}
