//! The outgoing queue: submitted messages, and who has claimed which.

use std::time::Duration;

use mapi_types::{EntryId, ErrorCode, FileTime, PropValue, Result, tag};
use rusqlite::{OptionalExtension, params};

use super::changes::{Change, ChangeKind, FolderRef};
use super::message::data::{Body, flag, time};
use super::sql::{Tried, count, gone, refused};
use super::tx::{Durability, Tx};
use super::{ObjectKind, Store, Uid, folder, transfer};

/// A message in the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Queued {
    /// Its row.
    pub id: i64,
    /// The message.
    pub uid: Uid,
    /// When it was submitted.
    pub submitted: FileTime,
    /// Whether somebody has a claim on it that has not expired at the time of asking.
    pub locked: bool,
}

/// Puts a saved message into the queue: its flags afterwards.
pub(crate) fn enqueue(tx: &mut Tx<'_>, row: Option<i64>, flags: i32, now: FileTime) -> Result<i32> {
    let row = row.ok_or_else(|| gone("message"))?;
    let inserted = tx.conn().execute(
        "INSERT INTO outgoing (message_id, submitted, owner, lease_until) VALUES (?1, ?2, ?3, 0)
         ON CONFLICT (message_id) DO NOTHING",
        params![row, time(now), &[][..] as &[u8]],
    );
    if inserted.tried("submitting a message")? == 0 {
        return Err(refused(
            ErrorCode::SUBMITTED,
            "the message has been submitted already",
        ));
    }
    set_flags(tx, row, flags | flag::SUBMIT | flag::UNSENT)
}

fn set_flags(tx: &Tx<'_>, row: i64, flags: i32) -> Result<i32> {
    tx.conn()
        .execute(
            "UPDATE message SET flags = ?2 WHERE id = ?1",
            params![row, flags],
        )
        .tried("marking a message")?;
    Ok(flags)
}

/// A queued message as the queue's operations need it.
struct Entry {
    row: i64,
    flags: i32,
    folder: FolderRef,
    owner: Vec<u8>,
    until: FileTime,
}

fn find(tx: &Tx<'_>, uid: Uid) -> Result<Entry> {
    tx.conn()
        .prepare_cached(
            "SELECT m.id, m.flags, f.id, f.uid, o.owner, o.lease_until FROM message m
             JOIN outgoing o ON o.message_id = m.id JOIN folder f ON f.id = m.folder_id WHERE m.uid = ?1",
        )
        .and_then(|mut s| {
            s.query_row([uid.0.as_slice()], |row| {
                Ok(Entry {
                    row: row.get(0)?,
                    flags: row.get(1)?,
                    folder: FolderRef {
                        id: row.get(2)?,
                        uid: Uid(row.get(3)?),
                    },
                    owner: row.get(4)?,
                    until: FileTime(count(row.get(5)?)),
                })
            })
            .optional()
        })
        .tried("looking into the outgoing queue")?
        .ok_or_else(|| {
            refused(
                ErrorCode::NOT_IN_QUEUE,
                "the message is not in the outgoing queue",
            )
        })
}

impl Entry {
    /// Whether somebody other than `owner` has it.
    fn held_by_other(&self, owner: Option<Uid>, now: FileTime) -> bool {
        !self.owner.is_empty()
            && self.until > now
            && owner.is_none_or(|o| self.owner != o.0.as_slice())
    }

    fn take_out(&self, tx: &mut Tx<'_>, uid: Uid, flags: i32) -> Result<()> {
        tx.conn()
            .execute("DELETE FROM outgoing WHERE message_id = ?1", [self.row])
            .tried("taking a message out of the queue")?;
        set_flags(tx, self.row, flags)?;
        tx.changed(Change {
            kind: ChangeKind::Modified,
            object: ObjectKind::Message,
            uid,
            id: self.row,
            parent: Some(self.folder),
            old_parent: None,
            old_uid: None,
            associated: false,
        });
        Ok(())
    }
}

impl Store {
    /// The queue, in the order of submission.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn outgoing(&self, now: FileTime) -> Result<Vec<Queued>> {
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT m.id, m.uid, o.submitted, o.owner <> ?1 AND o.lease_until > ?2 FROM outgoing o
                 JOIN message m ON m.id = o.message_id ORDER BY o.submitted, m.id",
            )
            .and_then(|mut s| {
                s.query_map(params![&[][..] as &[u8], time(now)], |row| {
                    Ok(Queued {
                        id: row.get(0)?,
                        uid: Uid(row.get(1)?),
                        submitted: FileTime(count(row.get(2)?)),
                        locked: row.get(3)?,
                    })
                })?
                .collect()
            })
            .tried("reading the outgoing queue")
        })
    }

    /// Claims a queued message for `owner` until `now` + `lease`, or renews the claim; durable when it returns.
    ///
    /// # Errors
    /// MAPI_E_NOT_IN_QUEUE; MAPI_E_NO_ACCESS while somebody else's claim has not expired.
    pub fn claim(&self, uid: Uid, owner: Uid, now: FileTime, lease: Duration) -> Result<()> {
        let lease = u64::try_from(lease.as_nanos() / 100).unwrap_or(u64::MAX);
        let until = FileTime(now.0.saturating_add(lease));
        self.write(Durability::Now, |tx| {
            let entry = find(tx, uid)?;
            if entry.held_by_other(Some(owner), now) {
                return Err(refused(
                    ErrorCode::NO_ACCESS,
                    "another spooler is sending the message",
                ));
            }
            tx.conn()
                .execute(
                    "UPDATE outgoing SET owner = ?2, lease_until = ?3 WHERE message_id = ?1",
                    params![entry.row, owner.0.as_slice(), time(until)],
                )
                .tried("claiming a message")?;
            Ok(())
        })
    }

    /// Gives a claim up.
    ///
    /// # Errors
    /// MAPI_E_NOT_IN_QUEUE; MAPI_E_NO_ACCESS if it is somebody else's.
    pub fn unclaim(&self, uid: Uid, owner: Uid, now: FileTime) -> Result<()> {
        self.write(Durability::Now, |tx| {
            let entry = find(tx, uid)?;
            if entry.held_by_other(Some(owner), now) {
                return Err(refused(
                    ErrorCode::NO_ACCESS,
                    "another spooler is sending the message",
                ));
            }
            tx.conn()
                .execute(
                    "UPDATE outgoing SET owner = ?2, lease_until = 0 WHERE message_id = ?1",
                    params![entry.row, &[][..] as &[u8]],
                )
                .tried("giving a message back")?;
            Ok(())
        })
    }

    /// Takes a message out of the queue unsent (AbortSubmit).
    ///
    /// # Errors
    /// MAPI_E_NOT_IN_QUEUE; MAPI_E_UNABLE_TO_ABORT while somebody has a claim on it.
    pub fn abort_submit(&self, uid: Uid, now: FileTime) -> Result<()> {
        self.write(Durability::Now, |tx| {
            let entry = find(tx, uid)?;
            if entry.held_by_other(None, now) {
                return Err(refused(
                    ErrorCode::UNABLE_TO_ABORT,
                    "the message is being sent",
                ));
            }
            entry.take_out(tx, uid, entry.flags & !flag::SUBMIT)
        })
    }

    /// Takes a message out of the queue because it has been sent. With PR_DELETE_AFTER_SUBMIT it is deleted; else, with
    /// PR_SENTMAIL_ENTRYID, it is moved into that folder if that is there.
    ///
    /// # Errors
    /// MAPI_E_NOT_IN_QUEUE.
    pub fn finished_sending(&self, uid: Uid) -> Result<()> {
        self.write(Durability::Now, |tx| {
            let entry = find(tx, uid)?;
            entry.take_out(tx, uid, entry.flags & !(flag::SUBMIT | flag::UNSENT))?;
            let (Some(body), Some(found)) = (
                Body::load(tx.conn(), entry.row)?,
                transfer::find_in(tx, entry.folder, uid)?,
            ) else {
                return Ok(());
            };
            let value = |tag| body.props.inline(tag);
            if value(tag::PR_DELETE_AFTER_SUBMIT) == Some(&PropValue::Boolean(true)) {
                return transfer::delete_found(tx, entry.folder, found);
            }
            let sent = value(tag::PR_SENTMAIL_ENTRYID)
                .and_then(PropValue::as_bytes)
                .and_then(|id| self.parse(&EntryId::from(id)).ok());
            if let Some((ObjectKind::Folder, folder)) = sent
                && let Some(to) = folder::by_uid(tx.conn(), folder)?
                && to.id != entry.folder.id
            {
                transfer::move_found(tx, entry.folder, to, found)?;
            }
            Ok(())
        })
    }
}
