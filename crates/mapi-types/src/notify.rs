//! Notifications.

use crate::{EntryId, Error, PropTag, Property, RowChange};

/// Event bits (fnev...), as masks for Advise and as ulEventType.
pub mod event {
    #![allow(missing_docs)] // MAPIDefS.h
    pub const CRITICAL_ERROR: u32 = 0x0000_0001;
    pub const NEW_MAIL: u32 = 0x0000_0002;
    pub const OBJECT_CREATED: u32 = 0x0000_0004;
    pub const OBJECT_DELETED: u32 = 0x0000_0008;
    pub const OBJECT_MODIFIED: u32 = 0x0000_0010;
    pub const OBJECT_MOVED: u32 = 0x0000_0020;
    pub const OBJECT_COPIED: u32 = 0x0000_0040;
    pub const SEARCH_COMPLETE: u32 = 0x0000_0080;
    pub const TABLE_MODIFIED: u32 = 0x0000_0100;
    pub const STATUS_OBJECT_MODIFIED: u32 = 0x0000_0200;
    pub const EXTENDED: u32 = 0x8000_0000;
}

/// What a sink is told (NOTIFICATION).
#[derive(Clone, Debug)]
pub enum Notification {
    /// fnevCriticalError (ERROR_NOTIFICATION).
    CriticalError {
        /// The object; may be empty.
        entry_id: EntryId,
        /// What happened.
        error: Error,
        /// MAPI_UNICODE and so on.
        flags: u32,
    },
    /// fnevNewMail (NEWMAIL_NOTIFICATION).
    NewMail {
        /// The message.
        message: EntryId,
        /// Its folder.
        folder: EntryId,
        /// PR_MESSAGE_CLASS.
        class: String,
        /// PR_MESSAGE_FLAGS.
        message_flags: u32,
    },
    /// fnevObjectCreated, -Deleted, -Modified, -Moved, -Copied or fnevSearchComplete (OBJECT_NOTIFICATION).
    Object {
        /// Which of them: one bit of [`event`].
        event: u32,
        /// MAPI_FOLDER, MAPI_MESSAGE ...
        object_type: u32,
        /// The object.
        entry_id: EntryId,
        /// Its parent.
        parent: EntryId,
        /// Moved, copied: where it was; else empty.
        old_entry_id: EntryId,
        /// Moved, copied: the parent it had; else empty.
        old_parent: EntryId,
        /// Modified: which properties; empty if not known.
        changed: Vec<PropTag>,
    },
    /// fnevTableModified (TABLE_NOTIFICATION).
    Table(RowChange),
    /// fnevExtended (EXTENDED_NOTIFICATION).
    Extended {
        /// ulEvent.
        event: u32,
        /// Parameters.
        data: Vec<u8>,
    },
    /// fnevStatusObjectModified (STATUS_OBJECT_NOTIFICATION).
    StatusObject {
        /// The status object.
        entry_id: EntryId,
        /// What changed.
        props: Vec<Property>,
    },
}

impl Notification {
    /// ulEventType: one bit of [`event`].
    #[must_use]
    pub fn event(&self) -> u32 {
        match self {
            Self::CriticalError { .. } => event::CRITICAL_ERROR,
            Self::NewMail { .. } => event::NEW_MAIL,
            Self::Object { event, .. } => *event,
            Self::Table(_) => event::TABLE_MODIFIED,
            Self::Extended { .. } => event::EXTENDED,
            Self::StatusObject { .. } => event::STATUS_OBJECT_MODIFIED,
        }
    }
}
