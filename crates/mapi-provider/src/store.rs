//! A message store.

use mapi_types::{EntryId, Error, Guid, MapiUid, NamedProp, Result};

use crate::{Access, ChangeFeed, Folder, Message, PropObject, StatusInfo, TableSource};

/// What [`Store::open_entry`] found.
pub enum Opened {
    /// A folder.
    Folder(Box<dyn Folder>),
    /// A message.
    Message(Box<dyn Message>),
}

/// Which folder gets messages of a class (a row of GetReceiveFolderTable).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiveFolder {
    /// The class registered: the longest prefix of the class asked for; empty is the default.
    pub message_class: String,
    /// The folder.
    pub folder: EntryId,
}

/// An open store (IMsgStore and IMSLogon: one thing with two faces).
///
/// Its properties include PR_DISPLAY_NAME, PR_IPM_SUBTREE_ENTRYID and the identifiers of the other standard folders,
/// PR_VALID_FOLDER_MASK, PR_STORE_SUPPORT_MASK, PR_RECORD_KEY. Changes of them count at once.
///
/// Any thread, several at once.
pub trait Store: PropObject {
    /// The MAPIUID in the identifiers of everything in this store: its own, so that two stores of one provider can be told
    /// apart (LIFE-UID-001). The crate registers it.
    fn uid(&self) -> MapiUid;

    /// The store's identifier, unwrapped; it opens the store again after its file has moved.
    fn entry_id(&self) -> EntryId;

    /// PR_RECORD_KEY of the store, PR_STORE_RECORD_KEY and PR_MAPPING_SIGNATURE of what is in it.
    fn record_key(&self) -> Vec<u8>;

    /// The row in the status table.
    fn status(&self) -> StatusInfo;

    /// Whether the store still works (ValidateState of its status object).
    ///
    /// # Errors
    /// MAPI_E_NETWORK_ERROR, MAPI_E_CORRUPT_STORE ...: what is wrong.
    fn validate(&self) -> Result<()> {
        Ok(())
    }

    /// Opens a folder or message; an empty identifier is the root folder.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_UNKNOWN_ENTRYID, MAPI_E_INVALID_ENTRYID, MAPI_E_NO_ACCESS.
    fn open_entry(&self, entry_id: &EntryId, access: Access) -> Result<Opened>;

    /// Whether two identifiers name the same object.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID for one that is not this store's.
    fn same_entry(&self, left: &EntryId, right: &EntryId) -> Result<bool> {
        Ok(left == right)
    }

    /// Property identifiers of names, from 0x8000 on, for all objects of the store; with `create` names get one if they
    /// have none. `None`: has none.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where there are no named properties, MAPI_E_TOO_BIG if they are used up, MAPI_E_NO_ACCESS.
    fn ids_from_names(&self, names: &[NamedProp], create: bool) -> Result<Vec<Option<u16>>> {
        let _ = (names, create);
        Err(Error::no_support())
    }

    /// Names of property identifiers; `None`: has none.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where there are no named properties.
    fn names_from_ids(&self, ids: &[u16]) -> Result<Vec<Option<NamedProp>>> {
        let _ = ids;
        Err(Error::no_support())
    }

    /// All named properties, or those of one property set.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where there are no named properties.
    fn all_names(&self, set: Option<&Guid>) -> Result<Vec<(u16, NamedProp)>> {
        let _ = set;
        Err(Error::no_support())
    }

    /// The folder for messages of `message_class`, by the longest registered prefix.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where nothing is received.
    fn receive_folder(&self, message_class: &str) -> Result<ReceiveFolder> {
        let _ = message_class;
        Err(Error::no_support())
    }

    /// Registers a folder for a class; `None` takes the registration away.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT, MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS; MAPI_E_INVALID_PARAMETER for a class that is not ASCII.
    fn set_receive_folder(&self, message_class: &str, folder: Option<&EntryId>) -> Result<()> {
        let _ = (message_class, folder);
        Err(Error::no_support())
    }

    /// All registrations.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where nothing is received.
    fn receive_folders(&self) -> Result<Vec<ReceiveFolder>> {
        Err(Error::no_support())
    }

    /// The messages waiting to be sent, in the order of submission (GetOutgoingQueue): PR_ENTRYID, PR_SUBMIT_FLAGS,
    /// PR_SENDER_NAME, PR_SUBJECT, PR_DISPLAY_TO, PR_CLIENT_SUBMIT_TIME, PR_PRIORITY ...
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where nothing is sent.
    fn outgoing_queue(&self) -> Result<Box<dyn TableSource>> {
        Err(Error::no_support())
    }

    /// Takes a message out of the queue again (AbortSubmit).
    ///
    /// # Errors
    /// MAPI_E_NOT_IN_QUEUE, MAPI_E_UNABLE_TO_ABORT while it is locked, MAPI_E_NO_SUPPORT.
    fn abort_submit(&self, message: &EntryId) -> Result<()> {
        let _ = message;
        Err(Error::no_support())
    }

    /// The spooler claims a queued message, renews its claim, or gives it up (SetLockState, OP-57): durable, a lease of
    /// `queue_lease_ms`, one holder at a time.
    ///
    /// # Errors
    /// MAPI_E_NOT_IN_QUEUE, MAPI_E_NO_ACCESS while somebody else holds it, MAPI_E_NO_SUPPORT.
    fn set_locked(&self, message: &EntryId, locked: bool) -> Result<()> {
        let _ = (message, locked);
        Err(Error::no_support())
    }

    /// The message has been sent: out of the queue, and where PR_DELETE_AFTER_SUBMIT or PR_SENTMAIL_ENTRYID send it.
    ///
    /// # Errors
    /// MAPI_E_NOT_IN_QUEUE, MAPI_E_NO_SUPPORT.
    fn finished(&self, message: &EntryId) -> Result<()> {
        let _ = message;
        Err(Error::no_support())
    }

    /// Tells the changes of this store, other processes' too if it can, to `feed` until it is closed. Called once, at
    /// logon.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT: this store tells nothing, and Advise answers that.
    fn watch(&self, feed: ChangeFeed) -> Result<()> {
        let _ = feed;
        Err(Error::no_support())
    }

    /// Makes everything acknowledged so far survive a kill (DoFastShutdown, LIFE-FAST-008). Work may go on afterwards.
    ///
    /// # Errors
    /// Those of the storage.
    fn flush(&self) -> Result<()> {
        Ok(())
    }

    /// The last call: all folders, messages and tables are dropped. Closes files and connections and stops the store's
    /// threads; what was not saved is given up. The store is dropped afterwards.
    ///
    /// # Errors
    /// Reported; the store counts as closed all the same (OP-22).
    fn close(&self) -> Result<()> {
        Ok(())
    }
}
