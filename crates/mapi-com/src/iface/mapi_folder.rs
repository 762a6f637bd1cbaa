//! IMAPIFolder.

use mapi_types::{EntryId, Error, Guid, Result, SortOrder};

use super::{Completion, CopyTarget, MapiContainer, Progress};
use crate::ptr::ComPtr;

/// IMAPIFolder: a folder of a message store (imapifolderimapicontainer.md).
pub trait MapiFolder: MapiContainer {
    /// CreateMessage: MAPI_ASSOCIATED. The message exists once it is saved.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_INTERFACE_NOT_SUPPORTED.
    fn create_message(
        &self,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IMessage>>;

    /// CopyMessages: MESSAGE_MOVE moves.
    ///
    /// # Errors
    /// MAPI_E_DECLINE_COPY, MAPI_E_NOT_FOUND, MAPI_E_USER_CANCEL.
    fn copy_messages(
        &self,
        messages: &[EntryId],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Completion>;

    /// DeleteMessages.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_USER_CANCEL.
    fn delete_messages(
        &self,
        messages: &[EntryId],
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion>;

    /// CreateFolder: OPEN_IF_EXISTS.
    ///
    /// # Errors
    /// MAPI_E_COLLISION, MAPI_E_NO_ACCESS.
    fn create_folder(
        &self,
        folder_type: u32,
        name: &str,
        comment: Option<&str>,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IMAPIFolder>>;

    /// CopyFolder: FOLDER_MOVE moves, COPY_SUBFOLDERS takes what is below along.
    ///
    /// # Errors
    /// MAPI_E_COLLISION, MAPI_E_FOLDER_CYCLE, MAPI_E_DECLINE_COPY, MAPI_E_USER_CANCEL.
    fn copy_folder(
        &self,
        folder: &EntryId,
        target: &CopyTarget<'_>,
        new_name: Option<&str>,
        flags: u32,
    ) -> Result<Completion>;

    /// DeleteFolder: DEL_MESSAGES, DEL_FOLDERS.
    ///
    /// # Errors
    /// MAPI_E_HAS_FOLDERS, MAPI_E_HAS_MESSAGES, MAPI_E_NO_ACCESS.
    fn delete_folder(
        &self,
        folder: &EntryId,
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion>;

    /// SetReadFlags of the messages, or of all if the list is `None`.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPRESS, MAPI_E_USER_CANCEL.
    fn set_read_flags(
        &self,
        messages: Option<&[EntryId]>,
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion>;

    /// GetMessageStatus: MSGSTATUS_.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn get_message_status(&self, message: &EntryId) -> Result<u32>;

    /// SetMessageStatus: the status before.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn set_message_status(&self, message: &EntryId, status: u32, mask: u32) -> Result<u32>;

    /// SaveContentsSort.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn save_contents_sort(&self, order: &SortOrder, flags: u32) -> Result<()> {
        let _ = (order, flags);
        Err(Error::no_support())
    }

    /// EmptyFolder: DEL_ASSOCIATED.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_USER_CANCEL.
    fn empty_folder(&self, progress: Option<&dyn Progress>, flags: u32) -> Result<Completion>;
}
