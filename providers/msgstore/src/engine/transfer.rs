//! Copying, moving, deleting and marking messages, many at once.

use mapi_types::{ErrorCode, FileTime, Property, Result, tag};
use rusqlite::{OptionalExtension, params};

use super::changes::{Change, ChangeKind, FolderRef};
use super::folder::{self, Folder};
use super::message::data::{Body, flag};
use super::message::{ReadFlags, save};
use super::sql::{Tried, count, int, refused};
use super::tx::{Counts, Durability, Tx};
use super::{ObjectKind, Store, Uid};

/// Told how far a long operation is: steps done and steps in all. An error stops it between two steps.
pub type Steps<'a> = &'a dyn Fn(u64, u64) -> Result<()>;

/// How much of an operation on many objects was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Done {
    /// All of it.
    All,
    /// Some objects were left as they were, because they have gone or may not be touched.
    Partly,
}

impl Done {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == Self::All { other } else { self }
    }
}

/// Messages per transaction: the caller is told, others may write in between.
const AT_ONCE: usize = 200;

/// A message as operations on many need it.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    pub id: i64,
    pub uid: Uid,
    pub associated: bool,
    pub flags: i32,
}

impl Found {
    /// Whether it waits to be sent. Then it stays where it is until it has been sent or the submission has been aborted:
    /// a spooler may have it in hands.
    fn is_queued(self) -> bool {
        self.flags & flag::SUBMIT != 0
    }

    fn counts(self) -> Counts {
        Counts::of(self.associated, self.flags & flag::READ != 0)
    }

    fn change(self, kind: ChangeKind, parent: FolderRef) -> Change {
        Change {
            kind,
            object: ObjectKind::Message,
            uid: self.uid,
            id: self.id,
            parent: Some(parent),
            old_parent: None,
            old_uid: None,
            associated: self.associated,
        }
    }
}

/// The message of that uid in a folder, if it is there.
pub(crate) fn find_in(tx: &Tx<'_>, folder: FolderRef, uid: Uid) -> Result<Option<Found>> {
    tx.conn()
        .prepare_cached(
            "SELECT id, associated, flags FROM message WHERE uid = ?1 AND folder_id = ?2",
        )
        .and_then(|mut s| {
            s.query_row(params![uid.0.as_slice(), folder.id], |row| {
                Ok(Found {
                    id: row.get(0)?,
                    uid,
                    associated: row.get(1)?,
                    flags: row.get(2)?,
                })
            })
            .optional()
        })
        .tried("looking for a message")
}

/// Deletes a message of a folder.
pub(crate) fn delete_found(tx: &mut Tx<'_>, folder: FolderRef, found: Found) -> Result<()> {
    save::delete_message_rows(tx, found.id)?;
    tx.count(folder.id, found.counts().negative());
    tx.changed(found.change(ChangeKind::Deleted, folder));
    Ok(())
}

/// Moves a message of one folder into another.
pub(crate) fn move_found(
    tx: &mut Tx<'_>,
    from: FolderRef,
    to: FolderRef,
    found: Found,
) -> Result<()> {
    tx.conn()
        .prepare_cached("UPDATE message SET folder_id = ?2 WHERE id = ?1")
        .and_then(|mut s| s.execute([found.id, to.id]))
        .tried("moving a message")?;
    tx.count(from.id, found.counts().negative());
    tx.count(to.id, found.counts());
    tx.changed(Change {
        old_parent: Some(from),
        old_uid: Some(found.uid),
        ..found.change(ChangeKind::Moved, to)
    });
    Ok(())
}

/// Copies a message with everything that belongs to it. It gets a new identifier and keeps its search key.
pub(crate) fn copy_found(
    tx: &mut Tx<'_>,
    from: FolderRef,
    to: FolderRef,
    found: Found,
) -> Result<bool> {
    let Some(mut body) = Body::load(tx.conn(), found.id)? else {
        return Ok(false);
    };
    if body.props.find(tag::PR_SEARCH_KEY).is_none() {
        body.props
            .set(Property::new(tag::PR_SEARCH_KEY, &body.head.uid.0[..]));
    }
    body.detach(tx.conn())?;
    body.head.folder_id = to.id;
    // The copy of a message that waits to be sent does not wait.
    body.head.flags &= !flag::SUBMIT;
    let saved = save::write_message(tx, &body, FileTime::now(), 0)?;
    let copy = Found {
        id: saved.head.row.unwrap_or_default(),
        uid: saved.head.uid,
        associated: saved.head.associated,
        flags: saved.head.flags,
    };
    tx.count(to.id, copy.counts());
    tx.changed(Change {
        old_parent: Some(from),
        old_uid: Some(found.uid),
        ..copy.change(ChangeKind::Copied, to)
    });
    Ok(true)
}

impl Folder {
    /// Runs `one` on each of the messages, many in one transaction.
    pub(crate) fn each(
        &self,
        messages: &[Uid],
        steps: Steps<'_>,
        mut one: impl FnMut(&mut Tx<'_>, Found) -> Result<bool>,
    ) -> Result<Done> {
        let total = count(int(messages.len()));
        let mut done = 0;
        let mut outcome = Done::All;
        for some in messages.chunks(AT_ONCE) {
            steps(done, total)?;
            let all = self.store.write(Durability::Now, |tx| {
                let mut all = true;
                for uid in some {
                    all &= match find_in(tx, self.at, *uid)? {
                        Some(found) => one(tx, found)?,
                        None => false,
                    };
                }
                Ok(all)
            })?;
            if !all {
                outcome = Done::Partly;
            }
            done += count(int(some.len()));
        }
        steps(done, total)?;
        Ok(outcome)
    }

    fn target(&self, uid: Uid) -> Result<FolderRef> {
        self.store
            .read(|conn| folder::by_uid(conn, uid))?
            .ok_or_else(|| refused(ErrorCode::NOT_FOUND, "the target folder is not there"))
    }

    /// Moves messages of this folder into another of the store. They keep their identifiers. Those that wait to be sent
    /// stay.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if the target is not there; errors of the file and of `steps`.
    pub fn move_messages(&self, messages: &[Uid], target: Uid, steps: Steps<'_>) -> Result<Done> {
        let to = self.target(target)?;
        if to.id == self.at.id {
            return Ok(Done::All);
        }
        self.each(messages, steps, |tx, found| {
            if found.is_queued() {
                return Ok(false);
            }
            move_found(tx, self.at, to, found)?;
            Ok(true)
        })
    }

    /// Copies messages of this folder into a folder of the store, perhaps the same.
    ///
    /// # Errors
    /// As [`Folder::move_messages`].
    pub fn copy_messages(&self, messages: &[Uid], target: Uid, steps: Steps<'_>) -> Result<Done> {
        let to = self.target(target)?;
        self.each(messages, steps, |tx, found| {
            copy_found(tx, self.at, to, found)
        })
    }

    /// Deletes messages of this folder, except those that wait to be sent.
    ///
    /// # Errors
    /// Errors of the file and of `steps`.
    pub fn delete_messages(&self, messages: &[Uid], steps: Steps<'_>) -> Result<Done> {
        self.each(messages, steps, |tx, found| {
            if found.is_queued() {
                return Ok(false);
            }
            delete_found(tx, self.at, found)?;
            Ok(true)
        })
    }

    /// Marks messages of this folder; `None`: all that are not associated.
    ///
    /// # Errors
    /// Errors of the file and of `steps`.
    pub fn set_read_flags(
        &self,
        messages: Option<&[Uid]>,
        flags: ReadFlags,
        steps: Steps<'_>,
    ) -> Result<Done> {
        let all;
        let messages = match messages {
            Some(messages) => messages,
            None => {
                all = self.message_uids(false)?;
                &all
            }
        };
        self.each(messages, steps, |tx, found| {
            Ok(super::message::set_read_row(tx, found.id, flags)?.is_some())
        })
    }

    /// The messages of the folder in the order they came into the store.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn message_uids(&self, associated: bool) -> Result<Vec<Uid>> {
        self.store.read(|conn| {
            conn.prepare_cached(
                "SELECT uid FROM message WHERE folder_id = ?1 AND associated = ?2 ORDER BY id",
            )
            .and_then(|mut s| {
                s.query_map(params![self.at.id, associated], |row| Ok(Uid(row.get(0)?)))?
                    .collect()
            })
            .tried("reading a folder")
        })
    }

    /// PR_MSG_STATUS of a message.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if it is not in this folder.
    pub fn message_status(&self, message: Uid) -> Result<u32> {
        self.store
            .read(|conn| {
                conn.prepare_cached("SELECT status FROM message WHERE uid = ?1 AND folder_id = ?2")
                    .and_then(|mut s| {
                        s.query_row(params![message.0.as_slice(), self.at.id], |row| row.get(0))
                            .optional()
                    })
                    .tried("reading the status of a message")
            })?
            .map(i32::cast_unsigned)
            .ok_or_else(|| {
                refused(
                    ErrorCode::NOT_FOUND,
                    "there is no such message in this folder",
                )
            })
    }

    /// Changes the bits of `mask` in PR_MSG_STATUS: the status before.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if the message is not in this folder.
    pub fn set_message_status(&self, message: Uid, status: u32, mask: u32) -> Result<u32> {
        let before = self.message_status(message)?;
        let after = (before & !mask) | (status & mask);
        self.store.write(Durability::Now, |tx| {
            if let Some(found) = find_in(tx, self.at, message)? {
                tx.conn()
                    .execute(
                        "UPDATE message SET status = ?2 WHERE id = ?1",
                        params![found.id, after.cast_signed()],
                    )
                    .tried("changing the status of a message")?;
                tx.changed(found.change(ChangeKind::Modified, self.at));
            }
            Ok(())
        })?;
        Ok(before)
    }
}

impl Store {
    /// Deletes a message wherever it is; whether it was there.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn delete_message(&self, uid: Uid) -> Result<bool> {
        self.write(Durability::Now, |tx| {
            let folder = tx
                .conn()
                .prepare_cached(
                    "SELECT f.id, f.uid FROM message m JOIN folder f ON f.id = m.folder_id WHERE m.uid = ?1",
                )
                .and_then(|mut s| {
                    s.query_row([uid.0.as_slice()], |row| {
                        Ok(FolderRef {
                            id: row.get(0)?,
                            uid: Uid(row.get(1)?),
                        })
                    })
                    .optional()
                })
                .tried("looking for a message")?;
            let Some(folder) = folder else {
                return Ok(false);
            };
            match find_in(tx, folder, uid)? {
                Some(found) => delete_found(tx, folder, found).map(|()| true),
                None => Ok(false),
            }
        })
    }
}
