//! IMessage.

use mapi_types::{Guid, Result, Row};

use super::{MapiProp, Progress};
use crate::ptr::ComPtr;

/// What ModifyRecipients does with its list (ulFlags).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecipientChange {
    /// 0: replaces all recipients.
    Replace,
    /// MODRECIP_ADD.
    Add,
    /// MODRECIP_MODIFY: rows found by PR_ROWID.
    Modify,
    /// MODRECIP_REMOVE: rows found by PR_ROWID.
    Remove,
}

/// IMessage (imessageimapiprop.md).
pub trait Message: MapiProp {
    /// GetAttachmentTable.
    ///
    /// # Errors
    /// Only those of the storage.
    fn get_attachment_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>>;

    /// OpenAttach by PR_ATTACH_NUM.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn open_attach(
        &self,
        number: u32,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IAttach>>;

    /// CreateAttach: its number and the attachment; it exists once it and the message are saved.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS.
    fn create_attach(
        &self,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<(u32, ComPtr<mapi_sys::IAttach>)>;

    /// DeleteAttach.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn delete_attach(&self, number: u32, progress: Option<&dyn Progress>, flags: u32)
    -> Result<()>;

    /// GetRecipientTable.
    ///
    /// # Errors
    /// Only those of the storage.
    fn get_recipient_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>>;

    /// ModifyRecipients.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_INVALID_PARAMETER.
    fn modify_recipients(&self, change: RecipientChange, recipients: &[Row]) -> Result<()>;

    /// SubmitMessage.
    ///
    /// # Errors
    /// MAPI_E_NO_RECIPIENTS, MAPI_E_NO_ACCESS, MAPI_E_NO_SUPPORT.
    fn submit_message(&self, flags: u32) -> Result<()>;

    /// SetReadFlag.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPRESS.
    fn set_read_flag(&self, flags: u32) -> Result<()>;
}
