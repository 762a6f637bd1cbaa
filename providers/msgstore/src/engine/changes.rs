//! What has changed, for those who asked to be told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{ObjectKind, Uid};

/// A folder, as changes name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FolderRef {
    /// Its row.
    pub id: i64,
    /// Its name for ever.
    pub uid: Uid,
}

/// What happened to an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChangeKind {
    /// fnevObjectCreated.
    Created,
    /// fnevObjectModified.
    Modified,
    /// fnevObjectDeleted.
    Deleted,
    /// fnevObjectMoved.
    Moved,
    /// fnevObjectCopied.
    Copied,
}

/// One change that has been committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// To what kind of object.
    pub object: ObjectKind,
    /// To which object.
    pub uid: Uid,
    /// Its row.
    pub id: i64,
    /// The folder it is in now, or was in when it was deleted; `None` for the root folder.
    pub parent: Option<FolderRef>,
    /// The folder it was moved from.
    pub old_parent: Option<FolderRef>,
    /// The object it was copied from or, for a move, its own uid.
    pub old_uid: Option<Uid>,
    /// Whether it is an associated message.
    pub associated: bool,
}

/// What a listener hears.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Changes made through this store object, in order.
    Changes(&'a [Change]),
    /// Another process (or another store object on the same file) has changed something.
    Foreign,
}

type Listener = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// Those who want to be told.
#[derive(Default)]
pub(crate) struct Listeners {
    next: AtomicU64,
    list: Mutex<BTreeMap<u64, Listener>>,
}

impl Listeners {
    pub(crate) fn add(&self, listener: Listener) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.list
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, listener);
        id
    }

    pub(crate) fn remove(&self, id: u64) {
        let removed = self
            .list
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
        // What the listener owns may call back when it goes.
        drop(removed);
    }

    /// Tells everybody. No lock is held while a listener runs.
    pub(crate) fn tell(&self, event: Event<'_>) {
        let all: Vec<Listener> = self
            .list
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect();
        for listener in all {
            listener(event);
        }
    }
}
