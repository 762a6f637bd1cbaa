//! Stores, folders, messages, attachments.

use mapi_com::iface::{
    self, Completion, CopyTarget, MapiContainer as _, MapiFolder as _, MapiProp, Message as _,
    MsgStore as _, RecipientChange,
};
use mapi_com::ptr::{ComPtr, guid_from_abi};
use mapi_types::{EntryId, Error, ErrorCode, PropTag, Property, Result, Row, tag};

use crate::props::{MODIFY, Props};
use crate::table::Table;

/// MAPI_BEST_ACCESS.
const BEST_ACCESS: u32 = 0x10;
/// MAPI_UNICODE.
const UNICODE: u32 = mapi_sys::MAPI_UNICODE;

/// An open message store (IMsgStore). Dropping it is a Release without StoreLogoff, which is legal; [`Store::logoff`] is
/// the orderly way (lifecycle.md, 6.3).
#[derive(Clone, Debug)]
pub struct Store(ComPtr<mapi_sys::IMsgStore>);

impl From<ComPtr<mapi_sys::IMsgStore>> for Store {
    fn from(store: ComPtr<mapi_sys::IMsgStore>) -> Self {
        Self(store)
    }
}

/// What an entry identifier led to.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A folder.
    Folder(Folder),
    /// A message.
    Message(Message),
}

impl Store {
    /// The object itself, for methods that are not wrapped.
    #[must_use]
    pub fn object(&self) -> &ComPtr<mapi_sys::IMsgStore> {
        &self.0
    }

    /// The root of the folders that users see (PR_IPM_SUBTREE_ENTRYID), or of all folders if the store has no such.
    ///
    /// # Errors
    /// As [`Store::folder`].
    pub fn root(&self) -> Result<Folder> {
        match self.get_bytes(tag::PR_IPM_SUBTREE_ENTRYID)? {
            Some(id) => self.folder(&id.into()),
            None => self.folder(&EntryId::default()),
        }
    }

    /// The folder that new mail of a message class goes to; `IPM` for the Inbox.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, and as [`Store::folder`].
    pub fn receive_folder(&self, class: &str) -> Result<Folder> {
        let found = self.0.get_receive_folder(class, UNICODE)?;
        self.folder(&found.folder)
    }

    /// Opens a folder.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND; MAPI_E_INVALID_ENTRYID if it is no folder's.
    pub fn folder(&self, id: &EntryId) -> Result<Folder> {
        match self.open(id)? {
            Entry::Folder(folder) => Ok(folder),
            Entry::Message(_) => {
                Err(Error::caller(ErrorCode::INVALID_ENTRYID)
                    .context("it is a message, not a folder"))
            }
        }
    }

    /// Opens a message.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND; MAPI_E_INVALID_ENTRYID if it is no message's.
    pub fn message(&self, id: &EntryId) -> Result<Message> {
        match self.open(id)? {
            Entry::Message(message) => Ok(message),
            Entry::Folder(_) => {
                Err(Error::caller(ErrorCode::INVALID_ENTRYID)
                    .context("it is a folder, not a message"))
            }
        }
    }

    /// Opens whatever the identifier names, with the best access there is.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_UNKNOWN_ENTRYID.
    pub fn open(&self, id: &EntryId) -> Result<Entry> {
        let opened = self.0.open_entry(id, None, BEST_ACCESS)?;
        match opened.object_type {
            mapi_sys::MAPI_FOLDER => Ok(Entry::Folder(Folder(opened.object.query()?))),
            mapi_sys::MAPI_MESSAGE => Ok(Entry::Message(Message(opened.object.query()?))),
            other => {
                Err(Error::provider(ErrorCode::UNEXPECTED_TYPE)
                    .context(format!("object type {other}")))
            }
        }
    }

    /// Registers a [`sink`](crate::sink()) for events of an entry, or of the whole store if the identifier is empty; the bits are
    /// those of [`mapi_types::event`]. The answer is for [`Store::unadvise`].
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_SUPPORT.
    pub fn advise(
        &self,
        entry_id: &EntryId,
        event_mask: u32,
        sink: ComPtr<mapi_sys::IMAPIAdviseSink>,
    ) -> Result<usize> {
        self.0.advise(entry_id, event_mask, sink)
    }

    /// Ends a registration: when it returns, the sink is not called any more.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn unadvise(&self, connection: usize) -> Result<()> {
        self.0.unadvise(connection)
    }

    /// StoreLogoff with one LOGOFF_ flag; the output flags. Then drop the store.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER, MAPI_E_UNKNOWN_FLAGS.
    pub fn logoff(&self, flags: u32) -> Result<u32> {
        self.0.store_logoff(flags)
    }
}

impl Props for Store {
    fn prop(&self) -> &dyn MapiProp {
        &self.0
    }
}

/// A folder (IMAPIFolder).
#[derive(Clone, Debug)]
pub struct Folder(ComPtr<mapi_sys::IMAPIFolder>);

impl Folder {
    /// The object itself, for methods that are not wrapped.
    #[must_use]
    pub fn object(&self) -> &ComPtr<mapi_sys::IMAPIFolder> {
        &self.0
    }

    /// The table of its messages.
    ///
    /// # Errors
    /// As [`iface::MapiContainer::get_contents_table`].
    pub fn contents(&self) -> Result<Table> {
        self.0.get_contents_table(UNICODE).map(Table::new)
    }

    /// The table of its folders; with `deep` of all below.
    ///
    /// # Errors
    /// As [`iface::MapiContainer::get_hierarchy_table`].
    pub fn hierarchy(&self, deep: bool) -> Result<Table> {
        const CONVENIENT_DEPTH: u32 = 0x1;
        let flags = if deep { CONVENIENT_DEPTH } else { 0 };
        self.0.get_hierarchy_table(UNICODE | flags).map(Table::new)
    }

    /// A new message; it exists once it is saved.
    ///
    /// # Errors
    /// As [`iface::MapiFolder::create_message`].
    pub fn create_message(&self) -> Result<Message> {
        self.0.create_message(None, 0).map(Message)
    }

    /// The folder of this name below this one, made if it is not there.
    ///
    /// # Errors
    /// As [`iface::MapiFolder::create_folder`].
    pub fn create_folder(&self, name: &str) -> Result<Folder> {
        const FOLDER_GENERIC: u32 = 1;
        const OPEN_IF_EXISTS: u32 = 0x1;
        self.0
            .create_folder(FOLDER_GENERIC, name, None, None, UNICODE | OPEN_IF_EXISTS)
            .map(Folder)
    }

    /// A new folder below this one.
    ///
    /// # Errors
    /// MAPI_E_COLLISION if there is one of that name; as [`iface::MapiFolder::create_folder`].
    pub fn new_folder(&self, name: &str) -> Result<Folder> {
        const FOLDER_GENERIC: u32 = 1;
        self.0
            .create_folder(FOLDER_GENERIC, name, None, None, UNICODE)
            .map(Folder)
    }

    /// Copies messages to another folder, or moves them.
    ///
    /// # Errors
    /// As [`iface::MapiFolder::copy_messages`].
    pub fn copy_messages(
        &self,
        messages: &[EntryId],
        to: &Folder,
        moved: bool,
        progress: Option<&dyn iface::Progress>,
    ) -> Result<Completion> {
        const MESSAGE_MOVE: u32 = 0x1;
        let object = to.0.clone().into_unknown();
        let target = CopyTarget {
            object: &object,
            interface: guid_from_abi(&mapi_sys::IID_IMAPIFolder),
            progress,
        };
        self.0
            .copy_messages(messages, &target, if moved { MESSAGE_MOVE } else { 0 })
    }

    /// Copies a folder below this one, with everything in it, to another folder, or moves it.
    ///
    /// # Errors
    /// As [`iface::MapiFolder::copy_folder`].
    pub fn copy_folder(
        &self,
        folder: &EntryId,
        to: &Folder,
        new_name: Option<&str>,
        moved: bool,
        progress: Option<&dyn iface::Progress>,
    ) -> Result<Completion> {
        const FOLDER_MOVE: u32 = 0x1;
        const COPY_SUBFOLDERS: u32 = 0x10;
        let object = to.0.clone().into_unknown();
        let target = CopyTarget {
            object: &object,
            interface: guid_from_abi(&mapi_sys::IID_IMAPIFolder),
            progress,
        };
        let flags = if moved { FOLDER_MOVE } else { COPY_SUBFOLDERS };
        self.0
            .copy_folder(folder, &target, new_name, UNICODE | flags)
    }

    /// Deletes messages for good.
    ///
    /// # Errors
    /// As [`iface::MapiFolder::delete_messages`].
    pub fn delete_messages(
        &self,
        messages: &[EntryId],
        progress: Option<&dyn iface::Progress>,
    ) -> Result<Completion> {
        self.0.delete_messages(messages, progress, 0)
    }

    /// Deletes a folder below this one with everything in it, for good.
    ///
    /// # Errors
    /// As [`iface::MapiFolder::delete_folder`].
    pub fn delete_folder(
        &self,
        folder: &EntryId,
        progress: Option<&dyn iface::Progress>,
    ) -> Result<Completion> {
        const DEL_MESSAGES: u32 = 0x1;
        const DEL_FOLDERS: u32 = 0x4;
        self.0
            .delete_folder(folder, progress, DEL_MESSAGES | DEL_FOLDERS)
    }
}

impl Props for Folder {
    fn prop(&self) -> &dyn MapiProp {
        &self.0
    }
}

/// A message (IMessage).
#[derive(Clone, Debug)]
pub struct Message(ComPtr<mapi_sys::IMessage>);

impl Message {
    /// The object itself, for methods that are not wrapped.
    #[must_use]
    pub fn object(&self) -> &ComPtr<mapi_sys::IMessage> {
        &self.0
    }

    /// Adds recipients: rows with PR_RECIPIENT_TYPE, PR_DISPLAY_NAME, PR_ADDRTYPE, PR_EMAIL_ADDRESS.
    ///
    /// # Errors
    /// As [`iface::Message::modify_recipients`].
    pub fn add_recipients(&self, recipients: &[Row]) -> Result<()> {
        self.0.modify_recipients(RecipientChange::Add, recipients)
    }

    /// The table of recipients.
    ///
    /// # Errors
    /// As [`iface::Message::get_recipient_table`].
    pub fn recipients(&self) -> Result<Table> {
        self.0.get_recipient_table(UNICODE).map(Table::new)
    }

    /// The table of attachments; PR_ATTACH_NUM opens one.
    ///
    /// # Errors
    /// As [`iface::Message::get_attachment_table`].
    pub fn attachments(&self) -> Result<Table> {
        self.0.get_attachment_table(UNICODE).map(Table::new)
    }

    /// Opens an attachment.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn attachment(&self, number: u32) -> Result<Attachment> {
        self.0
            .open_attach(number, None, BEST_ACCESS)
            .map(Attachment)
    }

    /// A new attachment; it exists once it and the message are saved.
    ///
    /// # Errors
    /// As [`iface::Message::create_attach`].
    pub fn create_attachment(&self) -> Result<Attachment> {
        self.0
            .create_attach(None, 0)
            .map(|(_, attachment)| Attachment(attachment))
    }

    /// Marks the message as read or unread.
    ///
    /// # Errors
    /// As [`iface::Message::set_read_flag`].
    pub fn set_read(&self, read: bool) -> Result<()> {
        const CLEAR_READ_FLAG: u32 = 0x4;
        const SUPPRESS_RECEIPT: u32 = 0x1;
        self.0.set_read_flag(if read {
            SUPPRESS_RECEIPT
        } else {
            CLEAR_READ_FLAG
        })
    }
}

impl Props for Message {
    fn prop(&self) -> &dyn MapiProp {
        &self.0
    }
}

/// An attachment (IAttach).
#[derive(Clone, Debug)]
pub struct Attachment(ComPtr<mapi_sys::IAttach>);

impl Attachment {
    /// The message inside (PR_ATTACH_DATA_OBJ); with `create` a new one is made.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if there is none.
    pub fn embedded_message(&self, create: bool) -> Result<Message> {
        let flags = if create {
            MODIFY | crate::props::CREATE
        } else {
            0
        };
        let message = guid_from_abi(&mapi_sys::IID_IMessage);
        let object = self
            .0
            .open_property(tag::PR_ATTACH_DATA_OBJ, &message, 0, flags)?;
        Ok(Message(object.query()?))
    }
}

impl Props for Attachment {
    fn prop(&self) -> &dyn MapiProp {
        &self.0
    }
}

/// The identifier in the PR_ENTRYID column of a row.
#[must_use]
pub fn row_entry_id(row: &Row) -> Option<EntryId> {
    row.get(tag::PR_ENTRYID)
        .and_then(|v| v.as_bytes())
        .map(EntryId::from)
}

/// A recipient row, for [`Message::add_recipients`]; `kind` is MAPI_TO, MAPI_CC or MAPI_BCC.
#[must_use]
pub fn recipient(kind: i32, name: &str, address_type: &str, address: &str) -> Row {
    let text = |tag: PropTag, value: &str| Property::new(tag, value);
    Row::from(vec![
        Property::new(tag::PR_RECIPIENT_TYPE, kind),
        text(tag::PR_DISPLAY_NAME, name),
        text(tag::PR_ADDRTYPE, address_type),
        text(tag::PR_EMAIL_ADDRESS, address),
    ])
}
