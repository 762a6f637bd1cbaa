//! Transactions: one writer, each operation whole or not at all, alone or in a batch with others.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use mapi_types::{Error, ErrorCode, Result};
use rusqlite::{Connection, OptionalExtension, params};

use super::Uid;
use super::changes::{Change, ChangeKind, FolderRef};
use super::folder::folder_change;
use super::sql::{COMPONENT, Tried, corrupt, count, int};

/// When an operation must be on disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// When the call returns. What was deferred before it is then on disk as well.
    Now,
    /// Soon: the operation joins a batch that is committed when it is large enough, half a second old, or when somebody
    /// reads or asks for it (MAPI_DEFERRED_ERRORS).
    Deferred,
}

/// A batch is committed when it has this many operations,
const BATCH_OPERATIONS: u32 = 1000;
/// or this many bytes of large values,
const BATCH_BYTES: u64 = 16 << 20;
/// or is this old.
pub(crate) const BATCH_AGE: Duration = Duration::from_millis(500);

/// How the number of messages in a folder changes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub contents: i64,
    pub unread: i64,
    pub associated: i64,
}

impl Counts {
    /// One message more with these flags.
    pub(crate) fn of(associated: bool, read: bool) -> Self {
        Self {
            contents: i64::from(!associated),
            unread: i64::from(!associated && !read),
            associated: i64::from(associated),
        }
    }

    /// The other way round.
    pub(crate) fn negative(self) -> Self {
        Self {
            contents: -self.contents,
            unread: -self.unread,
            associated: -self.associated,
        }
    }

    fn add(&mut self, other: Self) {
        self.contents += other.contents;
        self.unread += other.unread;
        self.associated += other.associated;
    }
}

/// What a transaction has gathered apart from rows.
#[derive(Default)]
struct Gathered {
    changes: Vec<Change>,
    counts: BTreeMap<i64, Counts>,
    bytes: u64,
}

/// An operation in a transaction.
pub(crate) struct Tx<'a> {
    conn: &'a Connection,
    next_id: &'a mut i64,
    gathered: Gathered,
}

impl Tx<'_> {
    /// The connection, inside the transaction.
    pub(crate) fn conn(&self) -> &Connection {
        self.conn
    }

    /// A number that was never given out before in this store.
    pub(crate) fn next_id(&mut self) -> i64 {
        let id = *self.next_id;
        *self.next_id += 1;
        id
    }

    /// Tells the listeners, once it is committed.
    pub(crate) fn changed(&mut self, change: Change) {
        self.gathered.changes.push(change);
    }

    /// Adjusts the counts of a folder.
    pub(crate) fn count(&mut self, folder: i64, by: Counts) {
        self.gathered.counts.entry(folder).or_default().add(by);
    }

    /// Counts bytes towards the size of the batch.
    pub(crate) fn add_bytes(&mut self, n: usize) {
        self.gathered.bytes += count(int(n));
    }
}

/// An open transaction.
struct Batch {
    first_id: i64,
    next_id: i64,
    operations: u32,
    gathered: Gathered,
    started: Instant,
}

/// The one connection that writes.
pub(crate) struct Writer {
    pub(crate) conn: Connection,
    batch: Option<Batch>,
    /// Why a batch was lost that nobody has been told about yet.
    lost: Option<Error>,
}

impl Writer {
    pub(crate) fn new(conn: Connection) -> Self {
        Self {
            conn,
            batch: None,
            lost: None,
        }
    }

    /// Whether a batch is open, and since when.
    pub(crate) fn batch_since(&self) -> Option<Instant> {
        self.batch.as_ref().map(|b| b.started)
    }

    /// Runs an operation. Returns its result and the changes that were committed with it.
    pub(crate) fn run<T>(
        &mut self,
        when: Durability,
        operation: impl FnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<(T, Vec<Change>)> {
        if let Some(lost) = self.lost.take() {
            return Err(lost);
        }
        let joined = self.batch.is_some();
        if joined {
            execute(&self.conn, "SAVEPOINT operation")?;
        } else {
            self.begin()?;
        }
        let Some(batch) = &mut self.batch else {
            return Err(corrupt("a transaction is missing"));
        };
        let mut tx = Tx {
            conn: &self.conn,
            next_id: &mut batch.next_id,
            gathered: Gathered::default(),
        };
        match operation(&mut tx) {
            Ok(value) => {
                let Gathered {
                    changes,
                    counts,
                    bytes,
                } = tx.gathered;
                batch.gathered.changes.extend(changes);
                batch.gathered.bytes += bytes;
                for (folder, by) in counts {
                    batch.gathered.counts.entry(folder).or_default().add(by);
                }
                batch.operations += 1;
                if joined {
                    execute(&self.conn, "RELEASE operation")?;
                }
                let changes = if when == Durability::Now || self.is_full() {
                    self.commit()?
                } else {
                    Vec::new()
                };
                Ok((value, changes))
            }
            Err(error) => {
                self.undo(joined, &error);
                Err(error)
            }
        }
    }

    fn begin(&mut self) -> Result<()> {
        if !self.conn.is_autocommit() {
            // A panic left a transaction behind.
            execute(&self.conn, "ROLLBACK")?;
        }
        execute(&self.conn, "BEGIN IMMEDIATE")?;
        let next_id = self
            .conn
            .prepare_cached("SELECT value FROM counter WHERE name = 'object'")
            .and_then(|mut s| s.query_row([], |row| row.get(0)));
        match next_id {
            Ok(next_id) => {
                self.batch = Some(Batch {
                    first_id: next_id,
                    next_id,
                    operations: 0,
                    gathered: Gathered::default(),
                    started: Instant::now(),
                });
                Ok(())
            }
            Err(e) => {
                self.rollback();
                Err(e).tried("starting a transaction")
            }
        }
    }

    fn is_full(&self) -> bool {
        self.batch.as_ref().is_some_and(|b| {
            b.operations >= BATCH_OPERATIONS
                || b.gathered.bytes >= BATCH_BYTES
                || b.started.elapsed() >= BATCH_AGE
        })
    }

    /// Takes back one operation, or, if SQLite has already given up the transaction, notes that the batch is lost.
    fn undo(&mut self, joined: bool, error: &Error) {
        let undone = joined
            && !self.conn.is_autocommit()
            && execute(&self.conn, "ROLLBACK TO operation; RELEASE operation").is_ok();
        if !undone {
            self.drop_batch(error);
        }
    }

    fn drop_batch(&mut self, error: &Error) {
        self.rollback();
        if let Some(batch) = self.batch.take()
            && batch.operations > 0
        {
            let why = error.clone().context(format!(
                "{} deferred changes were not saved",
                batch.operations
            ));
            self.lost = Some(why);
        }
    }

    fn rollback(&self) {
        if !self.conn.is_autocommit() {
            // Nothing is left to be done if this fails: the connection rolls back when it closes.
            let _ = self.conn.execute_batch("ROLLBACK");
        }
    }

    /// Commits the open batch and keeps an error for the next who asks.
    pub(crate) fn commit_quietly(&mut self) -> Vec<Change> {
        let lost = self.lost.take();
        let changes = self.commit().unwrap_or_else(|error| {
            self.lost = Some(error);
            Vec::new()
        });
        self.lost = self.lost.take().or(lost);
        changes
    }

    /// Commits the open batch, if there is one.
    ///
    /// # Errors
    /// Whatever kept it from being committed, also earlier: then its operations are lost, all of them.
    pub(crate) fn commit(&mut self) -> Result<Vec<Change>> {
        let Some(batch) = &self.batch else {
            return self.lost.take().map_or(Ok(Vec::new()), Err);
        };
        match finish(&self.conn, batch) {
            Ok(folders) => {
                let committed = self.batch.take();
                let mut changes = committed.map_or_else(Vec::new, |b| b.gathered.changes);
                changes.extend(folders);
                Ok(changes)
            }
            Err(error) => {
                self.drop_batch(&error);
                Err(self.lost.take().unwrap_or(error))
            }
        }
    }
}

/// Ends the transaction. Returns the changes of the folders whose counts are not what they were.
fn finish(conn: &Connection, batch: &Batch) -> Result<Vec<Change>> {
    let mut changed = Vec::new();
    for (folder, by) in &batch.gathered.counts {
        conn.prepare_cached(
            "UPDATE folder SET contents = contents + ?2, unread = unread + ?3, associated = associated + ?4
             WHERE id = ?1",
        )
        .and_then(|mut s| s.execute(params![folder, by.contents, by.unread, by.associated]))
        .tried("counting messages")?;
        changed.extend(count_change(conn, *folder)?);
    }
    if batch.next_id != batch.first_id {
        conn.prepare_cached("UPDATE counter SET value = ?1 WHERE name = 'object'")
            .and_then(|mut s| s.execute([batch.next_id]))
            .tried("committing")?;
    }
    conn.prepare_cached("COMMIT")
        .and_then(|mut s| s.execute([]))
        .tried("committing")?;
    Ok(changed)
}

/// PR_CONTENT_COUNT and its like of a folder have changed; `None`: it has been deleted.
fn count_change(conn: &Connection, folder: i64) -> Result<Option<Change>> {
    let found = conn
        .prepare_cached(
            "SELECT f.uid, f.parent_id, p.uid FROM folder f LEFT JOIN folder p ON p.id = f.parent_id WHERE f.id = ?1",
        )
        .and_then(|mut s| {
            s.query_row([folder], |row| {
                let at = FolderRef {
                    id: folder,
                    uid: Uid(row.get(0)?),
                };
                let parent_id = row.get(1)?;
                let parent = row.get::<_, Option<[u8; 16]>>(2)?.map(|uid| FolderRef {
                    id: parent_id,
                    uid: Uid(uid),
                });
                Ok(folder_change(ChangeKind::Modified, at, parent))
            })
            .optional()
        })
        .tried("counting messages")?;
    Ok(found)
}

fn execute(conn: &Connection, sql: &str) -> Result<()> {
    conn.execute_batch(sql).tried("in a transaction")
}

/// The answer of a store that has been closed.
pub(crate) fn closed() -> Error {
    Error::caller(ErrorCode::INVALID_OBJECT)
        .context("the message store has been closed")
        .component(COMPONENT)
}
