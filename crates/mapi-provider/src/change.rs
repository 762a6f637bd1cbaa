//! What a provider tells about changes.

use std::sync::Arc;

use mapi_types::{EntryId, PropTag};

/// What kind of object changed (ulObjType).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ObjectKind {
    /// MAPI_STORE.
    Store,
    /// MAPI_FOLDER.
    Folder,
    /// MAPI_MESSAGE.
    Message,
    /// MAPI_ABCONT.
    Container,
    /// MAPI_MAILUSER.
    MailUser,
    /// MAPI_DISTLIST.
    DistList,
}

/// What happened (ulEventType).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChangeKind {
    /// fnevObjectCreated.
    Created,
    /// fnevObjectModified, with the properties if they are known; an empty list means "anything".
    Modified(Vec<PropTag>),
    /// fnevObjectDeleted.
    Deleted,
    /// fnevObjectMoved, from where and under which identifier.
    Moved {
        /// The identifier before.
        old_entry_id: EntryId,
        /// The folder before.
        old_parent: EntryId,
    },
    /// fnevObjectCopied, from where.
    Copied {
        /// The original.
        old_entry_id: EntryId,
        /// Its folder.
        old_parent: EntryId,
    },
    /// fnevNewMail: a message was delivered.
    NewMail {
        /// PR_MESSAGE_CLASS.
        message_class: String,
        /// PR_MESSAGE_FLAGS.
        message_flags: u32,
    },
    /// fnevSearchComplete of a search folder.
    SearchComplete,
}

/// One change of one object (NOTIFICATION).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// To what.
    pub object: ObjectKind,
    /// Its identifier.
    pub entry_id: EntryId,
    /// The folder or container it is in; empty for the root.
    pub parent: EntryId,
}

/// Where a provider puts its changes.
///
/// Callable from any thread, inside a call of the provider or not, after the change is durable, one call per
/// transaction. It only queues: no client code and no method of the provider runs inside. After the end it does nothing.
pub type ChangeFeed = Arc<dyn Fn(&[Change]) + Send + Sync>;
