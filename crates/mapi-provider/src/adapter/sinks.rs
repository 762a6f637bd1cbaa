//! Notifications: who wants to know what, by way of MAPI's notification engine (Subscribe, Notify).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mapi_com::iface::MapiSupport;
use mapi_com::ptr::ComPtr;
use mapi_sys::{
    IMAPIAdviseSink, MAPI_ABCONT, MAPI_DISTLIST, MAPI_FOLDER, MAPI_MAILUSER, MAPI_MESSAGE,
    MAPI_STORE,
};
use mapi_types::{EntryId, Error, ErrorCode, Notification, Result, RowChange, event};

use super::support::Support;
use crate::{Change, ChangeKind, ObjectKind};

/// The registrations of one logon.
///
/// MAPI delivers: a sink is subscribed to a key, and a change is told to the keys that fit. Keys begin with a number of
/// the logon's own, so that two logons on one store do not tell each other's sinks.
pub(crate) struct Sinks {
    logon: u64,
    tables: AtomicU64,
    registered: Mutex<Registered>,
}

#[derive(Default)]
struct Registered {
    keys: HashMap<usize, Vec<u8>>,
    uses: HashMap<Vec<u8>, usize>,
}

impl Sinks {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            logon: NEXT.fetch_add(1, Ordering::Relaxed),
            tables: AtomicU64::new(0),
            registered: Mutex::default(),
        }
    }

    /// The key of an entry; empty: of the whole store or address book.
    pub(crate) fn entry_key(&self, entry_id: &EntryId) -> Vec<u8> {
        self.key(b'E', entry_id.as_bytes())
    }

    /// A key for one more table.
    pub(crate) fn table_key(&self) -> Vec<u8> {
        let number = self.tables.fetch_add(1, Ordering::Relaxed);
        self.key(b'T', &number.to_le_bytes())
    }

    fn key(&self, kind: u8, name: &[u8]) -> Vec<u8> {
        let mut key = Vec::with_capacity(9 + name.len());
        key.extend_from_slice(&self.logon.to_le_bytes());
        key.push(kind);
        key.extend_from_slice(name);
        key
    }

    /// Subscribes a sink.
    pub(crate) fn advise(
        &self,
        support: &Support,
        key: Vec<u8>,
        event_mask: u32,
        sink: ComPtr<IMAPIAdviseSink>,
    ) -> Result<usize> {
        let connection = support.with(|s| s.subscribe(&key, event_mask, 0, sink))?;
        let mut registered = self.lock();
        *registered.uses.entry(key.clone()).or_default() += 1;
        registered.keys.insert(connection, key);
        Ok(connection)
    }

    /// Ends one registration. Returns when its sink is not running any more.
    pub(crate) fn unadvise(&self, support: &Support, connection: usize) -> Result<()> {
        self.lock().remove(connection)?;
        support.with(|s| s.unsubscribe(connection))
    }

    /// Ends all of them: each Subscribe has one Unsubscribe before the support object ends (LIFE-MEM-004).
    pub(crate) fn end(&self, support: &Support) {
        let registered = std::mem::take(&mut *self.lock());
        for connection in registered.keys.into_keys() {
            // MAPI drops it with the support object at the latest, so an error needs nothing more.
            let _ = support.with(|s| s.unsubscribe(connection));
        }
    }

    /// Tells changes to those who want to know.
    pub(crate) fn tell(&self, support: &Support, changes: &[Change]) {
        if self.lock().keys.is_empty() {
            return;
        }
        let mut told: HashMap<Vec<u8>, Vec<Notification>> = HashMap::new();
        for change in changes {
            for key in self.keys_of(change) {
                told.entry(key).or_default().push(notification(change));
            }
        }
        for (key, notifications) in told {
            self.notify(support, &key, &notifications);
        }
    }

    /// Tells changes of one table.
    pub(crate) fn tell_table(&self, support: &Support, key: &[u8], changes: &[RowChange]) {
        let notifications: Vec<_> = changes.iter().cloned().map(Notification::Table).collect();
        self.notify(support, key, &notifications);
    }

    fn notify(&self, support: &Support, key: &[u8], notifications: &[Notification]) {
        if self.lock().uses.contains_key(key) {
            // The engine queues; a failure (the session is closing) loses only what nobody will read.
            let _ = support.with(|s| s.notify(key, notifications, 0));
        }
    }

    /// The keys somebody has subscribed to among those of a change: the object, its parent now and before, everything.
    fn keys_of(&self, change: &Change) -> Vec<Vec<u8>> {
        let none = EntryId::default();
        let old_parent = match &change.kind {
            ChangeKind::Moved { old_parent, .. } => old_parent,
            _ => &none,
        };
        let mut keys: Vec<Vec<u8>> = [&change.entry_id, &change.parent, old_parent, &none]
            .into_iter()
            .map(|id| self.entry_key(id))
            .collect();
        keys.sort();
        keys.dedup();
        let registered = self.lock();
        keys.retain(|key| registered.uses.contains_key(key));
        keys
    }

    fn lock(&self) -> MutexGuard<'_, Registered> {
        self.registered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registered {
    fn remove(&mut self, connection: usize) -> Result<()> {
        let key = self.keys.remove(&connection).ok_or_else(|| {
            Error::caller(ErrorCode::NOT_FOUND).context("there is no such connection")
        })?;
        if let Some(uses) = self.uses.get_mut(&key) {
            *uses -= 1;
            if *uses == 0 {
                self.uses.remove(&key);
            }
        }
        Ok(())
    }
}

/// A change as MAPI tells it.
fn notification(change: &Change) -> Notification {
    let mut old = (EntryId::default(), EntryId::default());
    let mut changed = Vec::new();
    let event = match &change.kind {
        ChangeKind::NewMail {
            message_class,
            message_flags,
        } => {
            return Notification::NewMail {
                message: change.entry_id.clone(),
                folder: change.parent.clone(),
                class: message_class.clone(),
                message_flags: *message_flags,
            };
        }
        ChangeKind::Created => event::OBJECT_CREATED,
        ChangeKind::Deleted => event::OBJECT_DELETED,
        ChangeKind::SearchComplete => event::SEARCH_COMPLETE,
        ChangeKind::Modified(tags) => {
            changed.clone_from(tags);
            event::OBJECT_MODIFIED
        }
        ChangeKind::Moved {
            old_entry_id,
            old_parent,
        } => {
            old = (old_entry_id.clone(), old_parent.clone());
            event::OBJECT_MOVED
        }
        ChangeKind::Copied {
            old_entry_id,
            old_parent,
        } => {
            old = (old_entry_id.clone(), old_parent.clone());
            event::OBJECT_COPIED
        }
    };
    Notification::Object {
        event,
        object_type: object_type(change.object),
        entry_id: change.entry_id.clone(),
        parent: change.parent.clone(),
        old_entry_id: old.0,
        old_parent: old.1,
        changed,
    }
}

fn object_type(kind: ObjectKind) -> u32 {
    match kind {
        ObjectKind::Store => MAPI_STORE,
        ObjectKind::Folder => MAPI_FOLDER,
        ObjectKind::Message => MAPI_MESSAGE,
        ObjectKind::Container => MAPI_ABCONT,
        ObjectKind::MailUser => MAPI_MAILUSER,
        ObjectKind::DistList => MAPI_DISTLIST,
    }
}
