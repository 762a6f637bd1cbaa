//! A store that is open: its connections, its identity, its end.

mod flusher;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use mapi_types::{EntryId, ErrorCode, MapiUid, Result};
use rusqlite::{Connection, InterruptHandle};

use self::flusher::Flusher;
use super::changes::{Change, Event, Listeners};
use super::named::Names;
use super::sql::{Tried, refused};
use super::tx::{Durability, Tx, Writer, closed};
use super::{ObjectKind, Uid, id, open};

/// Connections that read at the same time.
const READERS: usize = 4;

/// An open message store. Clones are the same store; it can be used from any thread.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    path: PathBuf,
    uid: MapiUid,
    read_only: bool,
    writer: Mutex<Option<Writer>>,
    /// Whether the writer has a batch open; read without its lock.
    deferred: AtomicBool,
    readers: Mutex<Readers>,
    reader_free: Condvar,
    interrupts: Mutex<Vec<InterruptHandle>>,
    pub(crate) names: Names,
    pub(crate) listeners: Listeners,
    generation: AtomicU64,
    data_version: Mutex<Option<i64>>,
    flusher: Arc<Flusher>,
}

#[derive(Default)]
struct Readers {
    idle: Vec<Connection>,
    lent: usize,
    closed: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    pub(crate) fn assemble(path: PathBuf, conn: Connection, uid: MapiUid, read_only: bool) -> Self {
        let interrupts = vec![conn.get_interrupt_handle()];
        Self(Arc::new(Inner {
            path,
            uid,
            read_only,
            writer: Mutex::new(Some(Writer::new(conn))),
            deferred: AtomicBool::new(false),
            readers: Mutex::default(),
            reader_free: Condvar::new(),
            interrupts: Mutex::new(interrupts),
            names: Names::default(),
            listeners: Listeners::default(),
            generation: AtomicU64::new(0),
            data_version: Mutex::new(None),
            flusher: Arc::default(),
        }))
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The MAPIUID in the store's entry identifiers: made with the file, kept in it.
    #[must_use]
    pub fn uid(&self) -> MapiUid {
        self.0.uid
    }

    /// Whether nothing can be written.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.0.read_only
    }

    /// The entry identifier of an object.
    #[must_use]
    pub fn entry_id(&self, kind: ObjectKind, uid: Uid) -> EntryId {
        id::entry_id(self.0.uid, kind, uid)
    }

    /// The store's own entry identifier.
    #[must_use]
    pub fn store_entry_id(&self) -> EntryId {
        self.entry_id(ObjectKind::Store, Uid(self.0.uid.0))
    }

    /// Takes an entry identifier apart.
    ///
    /// # Errors
    /// MAPI_E_INVALID_ENTRYID if it is not one of this store.
    pub fn parse(&self, entry_id: &EntryId) -> Result<(ObjectKind, Uid)> {
        id::parse_entry_id(self.0.uid, entry_id)
    }

    /// Runs a query on one of the reading connections. What was deferred is committed first, so that it is seen.
    pub(crate) fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        if self.0.deferred.load(Ordering::Acquire) {
            self.flush()?;
        }
        let reader = Lent {
            conn: Some(self.borrow()?),
            store: self,
        };
        match &reader.conn {
            Some(conn) => query(conn),
            None => Err(closed()),
        }
    }

    /// Runs several queries that see one state of the store.
    pub(crate) fn snapshot<T>(&self, query: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.read(|conn| {
            let tx = conn.unchecked_transaction().tried("reading")?;
            let value = query(&tx)?;
            tx.commit().tried("reading")?;
            Ok(value)
        })
    }

    fn borrow(&self) -> Result<Connection> {
        let mut readers = lock(&self.0.readers);
        loop {
            if readers.closed {
                return Err(closed());
            }
            if let Some(conn) = readers.idle.pop() {
                readers.lent += 1;
                return Ok(conn);
            }
            if readers.lent < READERS {
                readers.lent += 1;
                break;
            }
            readers = self
                .0
                .reader_free
                .wait(readers)
                .unwrap_or_else(PoisonError::into_inner);
        }
        drop(readers);
        match open::connect(&self.0.path, true) {
            Ok(conn) => {
                lock(&self.0.interrupts).push(conn.get_interrupt_handle());
                Ok(conn)
            }
            Err(e) => {
                lock(&self.0.readers).lent -= 1;
                self.0.reader_free.notify_one();
                Err(e)
            }
        }
    }

    /// Runs an operation that writes, in a transaction, and then tells the listeners.
    pub(crate) fn write<T>(
        &self,
        when: Durability,
        operation: impl FnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        if self.0.read_only {
            return Err(refused(
                ErrorCode::NO_ACCESS,
                "the message store was opened for reading only",
            ));
        }
        let mut guard = lock(&self.0.writer);
        let writer = guard.as_mut().ok_or_else(closed)?;
        let before = writer.batch_since();
        let result = writer.run(when, operation);
        let since = writer.batch_since();
        self.0.deferred.store(since.is_some(), Ordering::Release);
        drop(guard);
        if since.is_some() && before != since {
            self.wake_flusher(|state| state.pending = true);
        }
        let (value, changes) = result?;
        self.publish(&changes);
        Ok(value)
    }

    /// Runs something on the writing connection that cannot be in a transaction.
    pub(crate) fn maintenance<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.flush()?;
        let guard = lock(&self.0.writer);
        let writer = guard.as_ref().ok_or_else(closed)?;
        work(&writer.conn)
    }

    /// Commits what was deferred.
    ///
    /// # Errors
    /// Whatever kept deferred operations from being saved.
    pub fn flush(&self) -> Result<()> {
        let mut guard = lock(&self.0.writer);
        let writer = guard.as_mut().ok_or_else(closed)?;
        let result = writer.commit();
        self.0.deferred.store(false, Ordering::Release);
        drop(guard);
        self.publish(&result?);
        Ok(())
    }

    fn publish(&self, changes: &[Change]) {
        self.0.publish(changes);
    }

    /// A number that grows with every commit of this store object, and when [`Store::poll`] finds another's.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// Looks whether another process has changed the store; if so tells the listeners. Costs a few microseconds.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn poll(&self) -> Result<bool> {
        let found = {
            let guard = lock(&self.0.writer);
            let writer = guard.as_ref().ok_or_else(closed)?;
            if writer.batch_since().is_some() {
                // While we hold the write lock nobody else can have committed.
                return Ok(false);
            }
            let version: i64 = writer
                .conn
                .prepare_cached("PRAGMA data_version")
                .and_then(|mut s| s.query_row([], |row| row.get(0)))
                .tried("looking for changes")?;
            lock(&self.0.data_version)
                .replace(version)
                .is_some_and(|old| old != version)
        };
        if found {
            self.0.names.forget();
            self.0.generation.fetch_add(1, Ordering::AcqRel);
            self.0.listeners.tell(Event::Foreign);
        }
        Ok(found)
    }

    /// Registers a listener; it runs on the thread that made the change, after the commit, without locks.
    pub fn listen(&self, listener: impl Fn(Event<'_>) + Send + Sync + 'static) -> u64 {
        self.0.listeners.add(Arc::new(listener))
    }

    /// Takes a listener away. One that is running goes on to its end.
    pub fn unlisten(&self, id: u64) {
        self.0.listeners.remove(id);
    }

    /// Stops what is running in the store, from any thread; it fails with MAPI_E_USER_CANCEL.
    pub fn interrupt(&self) {
        for handle in lock(&self.0.interrupts).iter() {
            handle.interrupt();
        }
    }

    /// Ends the store: commits what was deferred, closes all connections, brings everything into the one file.
    /// Afterwards every call fails with MAPI_E_INVALID_OBJECT. A second close does nothing.
    ///
    /// # Errors
    /// Whatever kept deferred operations from being saved; the store is closed all the same.
    pub fn close(&self) -> Result<()> {
        self.0.close()
    }
}

impl Inner {
    fn publish(&self, changes: &[Change]) {
        if !changes.is_empty() {
            self.generation.fetch_add(1, Ordering::AcqRel);
            self.listeners.tell(Event::Changes(changes));
        }
    }

    fn close(&self) -> Result<()> {
        let thread = {
            let mut state = lock(&self.flusher.state);
            state.stop = true;
            self.flusher.wake.notify_all();
            state.thread.take()
        };
        if let Some(thread) = thread
            && !self.flusher.is_current()
        {
            // A panic of the flusher has been reported by the panic hook; there is nothing to add.
            let _ = thread.join();
        }
        let mut guard = lock(&self.writer);
        let Some(mut writer) = guard.take() else {
            return Ok(());
        };
        let flushed = writer.commit();
        self.deferred.store(false, Ordering::Release);
        drop(guard);
        let readers = {
            let mut readers = lock(&self.readers);
            readers.closed = true;
            std::mem::take(&mut readers.idle)
        };
        self.reader_free.notify_all();
        lock(&self.interrupts).clear();
        readers.into_iter().for_each(end);
        end(writer.conn);
        if let Ok(changes) = &flushed {
            self.publish(changes);
        }
        flushed.map(drop)
    }
}

/// Closes a connection. After an interrupt SQLite skips the checkpoint of a close unless a statement has run since.
fn end(conn: Connection) {
    let _ = conn.query_row("SELECT 1", [], |_| Ok(()));
    let _ = conn.close();
}

/// A reading connection that goes back when it is dropped.
struct Lent<'a> {
    conn: Option<Connection>,
    store: &'a Store,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut readers = lock(&self.store.0.readers);
        readers.lent -= 1;
        if let Some(conn) = self.conn.take() {
            if readers.closed {
                drop(readers);
                end(conn);
            } else {
                readers.idle.push(conn);
            }
        }
        self.store.0.reader_free.notify_one();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Reached without close() there is nobody left who could be told of an error.
        let _ = self.close();
    }
}
