//! Checking, backing up and compacting a store.

use std::path::Path;
use std::time::Duration;

use mapi_types::{ErrorCode, Result};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::codec;
use super::message::data::Body;
use super::open::{connect, sync_folder};
use super::sql::{Tried, count, int, refused};
use super::{Store, stream};

/// Told how far maintenance is: done, total.
pub type Step<'a> = &'a dyn Fn(u64, u64) -> Result<()>;

/// Something wrong in a store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding(pub String);

/// Pages copied at once by a backup.
const PAGES: i32 = 256;

impl Store {
    /// Checks the file and what must hold in it: counts, owners of every row, every value readable, no value lost.
    /// Returns what is wrong; nothing, if the store is sound. Changes nothing.
    ///
    /// # Errors
    /// MAPI_E_USER_CANCEL if it was stopped; MAPI_E_CORRUPT_STORE if the file is so damaged that it cannot be read.
    pub fn check(&self, step: Step<'_>) -> Result<Vec<Finding>> {
        self.snapshot(|conn| {
            let mut found = integrity(conn)?;
            if found.is_empty() {
                step(0, 1)?;
                for (sql, what) in INVARIANTS {
                    let wrong: i64 = conn
                        .query_row(sql, [], |row| row.get(0))
                        .tried("checking the store")?;
                    if wrong != 0 {
                        found.push(Finding(format!("{wrong} {what}")));
                    }
                }
                found.extend(values(conn, step)?);
            }
            Ok(found)
        })
    }

    /// Copies the store into the new file `path` while it is in use. The copy is the same store: it has its identity.
    ///
    /// # Errors
    /// MAPI_E_COLLISION if the file exists; MAPI_E_NOT_ENOUGH_DISK; MAPI_E_USER_CANCEL. Nothing is left then.
    pub fn backup(&self, path: &Path, step: Step<'_>) -> Result<()> {
        let new = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path);
        if let Err(e) = new {
            return Err(if e.kind() == std::io::ErrorKind::AlreadyExists {
                refused(
                    ErrorCode::COLLISION,
                    "the backup file exists already; name another one",
                )
            } else {
                e.into()
            });
        }
        let copied = self.copy_to(path, step).and_then(|()| {
            std::fs::File::open(path)?.sync_all()?;
            sync_folder(path)
        });
        if copied.is_err() {
            // What cannot be removed is an incomplete file that does not open as a store.
            let _ = std::fs::remove_file(path);
        }
        copied
    }

    fn copy_to(&self, path: &Path, step: Step<'_>) -> Result<()> {
        self.read(|from| {
            let mut to = connect(path, false)?;
            {
                let backup = Backup::new(from, &mut to).tried("starting the backup")?;
                loop {
                    let result = backup.step(PAGES).tried("copying the store")?;
                    let progress = backup.progress();
                    let total = count(i64::from(progress.pagecount));
                    step(total - count(i64::from(progress.remaining)), total)?;
                    match result {
                        StepResult::Done => break,
                        StepResult::More => {}
                        _ => std::thread::sleep(Duration::from_millis(20)),
                    }
                }
            }
            to.close().map_err(|(_, e)| e).tried("finishing the backup")
        })
    }

    /// Rewrites the file without the space that deleted objects have left. Returns the bytes won.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_DISK: it needs as much space again as the file has; MAPI_E_BUSY.
    pub fn compact(&self, step: Step<'_>) -> Result<u64> {
        let size = || std::fs::metadata(self.path()).map_or(0, |m| m.len());
        step(0, 2)?;
        self.checkpoint()?;
        let before = size();
        self.maintenance(|conn| conn.execute_batch("VACUUM").tried("compacting the store"))?;
        step(1, 2)?;
        self.checkpoint()?;
        step(2, 2)?;
        Ok(before.saturating_sub(size()))
    }

    /// Brings everything into the one file.
    fn checkpoint(&self) -> Result<()> {
        self.maintenance(|conn| {
            conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .tried("compacting the store")
        })
    }
}

fn integrity(conn: &Connection) -> Result<Vec<Finding>> {
    let lines: Vec<String> = conn
        .prepare("PRAGMA integrity_check(100)")
        .and_then(|mut s| s.query_map([], |row| row.get(0))?.collect())
        .tried("checking the file")?;
    Ok(lines
        .into_iter()
        .filter(|l| l != "ok")
        .map(Finding)
        .collect())
}

/// Queries that must give 0.
const INVARIANTS: [(&str, &str); 11] = [
    (
        "SELECT COUNT(*) FROM folder f WHERE f.parent_id <> 0
         AND NOT EXISTS (SELECT 1 FROM folder p WHERE p.id = f.parent_id)",
        "folders are in a folder that is not there",
    ),
    (
        "SELECT COUNT(*) FROM folder f WHERE f.contents <>
         (SELECT COUNT(*) FROM message m WHERE m.folder_id = f.id AND m.associated = 0)",
        "folders count their messages wrongly",
    ),
    (
        "SELECT COUNT(*) FROM folder f WHERE f.unread <>
         (SELECT COUNT(*) FROM message m WHERE m.folder_id = f.id AND m.associated = 0 AND m.flags & 1 = 0)",
        "folders count their unread messages wrongly",
    ),
    (
        "SELECT COUNT(*) FROM folder f WHERE f.associated <>
         (SELECT COUNT(*) FROM message m WHERE m.folder_id = f.id AND m.associated = 1)",
        "folders count their associated messages wrongly",
    ),
    (
        "SELECT COUNT(*) FROM message m WHERE m.folder_id <> 0
         AND NOT EXISTS (SELECT 1 FROM folder f WHERE f.id = m.folder_id)",
        "messages are in a folder that is not there",
    ),
    (
        "SELECT COUNT(*) FROM message m WHERE m.folder_id = 0
         AND (SELECT COUNT(*) FROM attachment a WHERE a.embedded_id = m.id) <> 1",
        "embedded messages do not belong to one attachment",
    ),
    (
        "SELECT COUNT(*) FROM attachment a WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.id = a.message_id)
         OR (a.embedded_id <> 0 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.id = a.embedded_id))",
        "attachments lack their message",
    ),
    (
        "SELECT (SELECT COUNT(*) FROM message) - (SELECT COUNT(*) FROM message_detail)",
        "messages lack their properties",
    ),
    (
        "SELECT COUNT(*) FROM message m WHERE (m.flags & 16 <> 0) <>
         EXISTS (SELECT 1 FROM attachment a WHERE a.message_id = m.id)",
        "messages say wrongly whether they have attachments",
    ),
    (
        "SELECT COUNT(*) FROM outgoing o WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.id = o.message_id)",
        "entries of the outgoing queue lack their message",
    ),
    (
        "SELECT COUNT(*) FROM receive_folder r WHERE NOT EXISTS (SELECT 1 FROM folder f WHERE f.id = r.folder_id)",
        "receive folders are not there",
    ),
];

/// Decodes every property set, and compares the large values there are with those that are referred to.
fn values(conn: &Connection, step: Step<'_>) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let total: i64 = conn
        .query_row(
            "SELECT (SELECT COUNT(*) FROM message) + (SELECT COUNT(*) FROM attachment)",
            [],
            |row| row.get(0),
        )
        .tried("checking the store")?;
    let mut referred = 0;
    let mut done = 0;
    for (table, sql) in [
        ("store", "SELECT 0, value FROM meta WHERE name = 'props'"),
        ("folder", "SELECT id, props FROM folder"),
        ("message", "SELECT message_id, props FROM message_detail"),
        ("attachment", "SELECT id, props FROM attachment"),
    ] {
        let mut query = conn.prepare(sql).tried("checking the store")?;
        let mut rows = query.query([]).tried("checking the store")?;
        while let Some(row) = rows.next().tried("checking the store")? {
            let id: i64 = row.get(0).tried("checking the store")?;
            let bytes = row
                .get_ref(1)
                .and_then(|v| v.as_blob().map_err(Into::into))
                .tried("checking the store")?;
            let mut complain = |what: String| found.push(Finding(format!("{table} {id}: {what}")));
            if let Err(e) = super::props::PropSet::decode(bytes) {
                complain(e.text().to_owned());
            }
            for s in codec::streams(bytes).unwrap_or_default() {
                let length = stream::stored_len(conn, s)?;
                if length != s.len {
                    complain(format!(
                        "a large value has {length} bytes instead of {}",
                        s.len
                    ));
                }
                referred += stream::pieces(s.len);
            }
            if table == "message"
                && let Err(e) = Body::load(conn, id)
            {
                complain(e.text().to_owned());
            }
            done += 1;
            if done % 256 == 0 {
                step(done.min(count(total)), count(total))?;
            }
        }
    }
    let there: i64 = conn
        .query_row("SELECT COUNT(*) FROM chunk", [], |row| row.get(0))
        .tried("checking the store")?;
    if there != int(referred) {
        found.push(Finding(format!(
            "there are {there} pieces of large values, {referred} are in use"
        )));
    }
    Ok(found)
}
