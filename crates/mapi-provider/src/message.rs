//! Messages and attachments.

use mapi_types::{Error, Result, Row};

use crate::{Access, PropObject, RecipientChange, TableSource};

/// Read, unread, and receipts (SetReadFlag, SetReadFlags).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReadFlags {
    /// CLEAR_READ_FLAG: unread again.
    pub unread: bool,
    /// SUPPRESS_RECEIPT: no read receipt.
    pub suppress_receipt: bool,
    /// GENERATE_RECEIPT_ONLY: the receipt, without a change of the flag.
    pub receipt_only: bool,
    /// CLEAR_RN_PENDING: no read receipt is owed any more.
    pub clear_read_pending: bool,
    /// CLEAR_NRN_PENDING: no non-read receipt is owed any more.
    pub clear_unread_pending: bool,
}

/// A message (IMessage). Changes of properties, recipients and attachments count when it is saved; what was not
/// saved is gone when it is dropped.
///
/// PR_MESSAGE_RECIPIENTS and PR_MESSAGE_ATTACHMENTS are PT_OBJECT; the crate opens them.
///
/// Any thread, several at once.
pub trait Message: PropObject {
    /// The recipients, unsaved changes included: PR_ROWID, PR_RECIPIENT_TYPE, PR_DISPLAY_NAME, PR_ADDRTYPE,
    /// PR_EMAIL_ADDRESS, PR_ENTRYID, PR_SEARCH_KEY ...
    ///
    /// # Errors
    /// Those of the storage.
    fn recipients(&self) -> Result<Box<dyn TableSource>>;

    /// Changes the recipients. New rows get a PR_ROWID.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_INVALID_PARAMETER without PR_ROWID where one is needed, MAPI_E_NO_ACCESS.
    fn modify_recipients(&self, change: RecipientChange, rows: &[Row]) -> Result<()> {
        let _ = (change, rows);
        Err(Error::no_support())
    }

    /// The attachments, unsaved changes included: PR_ATTACH_NUM, PR_INSTANCE_KEY, PR_RECORD_KEY, PR_RENDERING_POSITION,
    /// PR_ATTACH_FILENAME, PR_ATTACH_METHOD, PR_ATTACH_SIZE ...
    ///
    /// # Errors
    /// Those of the storage.
    fn attachments(&self) -> Result<Box<dyn TableSource>>;

    /// Opens an attachment by PR_ATTACH_NUM.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn open_attachment(&self, number: u32, access: Access) -> Result<Box<dyn Attachment>>;

    /// A new attachment, writable, and its PR_ATTACH_NUM. It belongs to the message once it is saved itself.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS.
    fn create_attachment(&self) -> Result<(u32, Box<dyn Attachment>)> {
        Err(Error::no_support())
    }

    /// Takes an attachment away.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn delete_attachment(&self, number: u32) -> Result<()> {
        let _ = number;
        Err(Error::no_support())
    }

    /// Marks the message read or unread, at once.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPRESS, MAPI_E_NO_ACCESS.
    fn set_read(&self, flags: ReadFlags) -> Result<()> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// Saves the message and puts it into the outgoing queue, durably (LIFE-LOGOFF-025). The crate has checked that there
    /// are recipients, and tells the spooler afterwards.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_SUBMITTED, MAPI_E_NO_SUPPORT where nothing is sent.
    fn submit(&self) -> Result<()> {
        Err(Error::no_support())
    }
}

/// An attachment (IAttach). Its bytes are PR_ATTACH_DATA_BIN, mostly read and written with
/// [`PropObject::open_stream`]; an embedded message is PR_ATTACH_DATA_OBJ.
///
/// Any thread, several at once.
pub trait Attachment: PropObject {
    /// The embedded message. With `create` it is made if there is none; its changes count when it, the attachment and the
    /// outer message are saved, in this order.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if the attachment is something else, MAPI_E_NO_ACCESS.
    fn open_message(&self, access: Access, create: bool) -> Result<Box<dyn Message>> {
        let _ = (access, create);
        Err(Error::no_support())
    }
}
