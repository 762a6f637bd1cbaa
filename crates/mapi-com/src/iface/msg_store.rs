//! IMsgStore.

use mapi_types::{EntryId, Error, Guid, Notification, Result};

use super::{MapiProp, OpenedEntry};
use crate::ptr::ComPtr;

/// GetReceiveFolder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiveFolder {
    /// The folder.
    pub folder: EntryId,
    /// The class that is registered for it: the longest prefix of the class asked for.
    pub explicit_class: String,
}

/// IMsgStore (imsgstoreimapiprop.md).
pub trait MsgStore: MapiProp {
    /// Advise on an entry, or on the whole store if the identifier is empty.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT, MAPI_E_NOT_FOUND.
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

    /// CompareEntryIDs: whether both name the same object.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID.
    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool>;

    /// OpenEntry: the root folder if the identifier is empty.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_UNKNOWN_ENTRYID, MAPI_E_NO_ACCESS.
    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry>;

    /// SetReceiveFolder; `None` takes the registration of the class away.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT, MAPI_E_NOT_FOUND.
    fn set_receive_folder(&self, class: &str, folder: Option<&EntryId>, flags: u32) -> Result<()>;

    /// GetReceiveFolder.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn get_receive_folder(&self, class: &str, flags: u32) -> Result<ReceiveFolder>;

    /// GetReceiveFolderTable.
    ///
    /// # Errors
    /// Only those of the storage.
    fn get_receive_folder_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>>;

    /// StoreLogoff: one of LOGOFF_NO_WAIT .. LOGOFF_QUIET in, the output bits back (constants.md, 5).
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER, MAPI_E_UNKNOWN_FLAGS (OP-32).
    fn store_logoff(&self, flags: u32) -> Result<u32>;

    /// AbortSubmit.
    ///
    /// # Errors
    /// MAPI_E_NOT_IN_QUEUE, MAPI_E_UNABLE_TO_ABORT.
    fn abort_submit(&self, message: &EntryId, flags: u32) -> Result<()> {
        let _ = (message, flags);
        Err(Error::no_support())
    }

    /// GetOutgoingQueue; the spooler's.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn get_outgoing_queue(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// SetLockState; the spooler's.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_NO_SUPPORT.
    fn set_lock_state(&self, message: &ComPtr<mapi_sys::IMessage>, state: u32) -> Result<()> {
        let _ = (message, state);
        Err(Error::no_support())
    }

    /// FinishedMsg; the spooler's.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn finished_msg(&self, flags: u32, message: &EntryId) -> Result<()> {
        let _ = (flags, message);
        Err(Error::no_support())
    }

    /// NotifyNewMail; the spooler's.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn notify_new_mail(&self, notification: &Notification) -> Result<()> {
        let _ = notification;
        Err(Error::no_support())
    }
}
