//! Read, unread, and the receipts that are owed.

use mapi_types::Result;
use rusqlite::{OptionalExtension, params};

use super::data::flag;
use super::{Message, Place};
use crate::engine::changes::{Change, ChangeKind, FolderRef};
use crate::engine::sql::{Tried, gone};
use crate::engine::tx::{Counts, Durability, Tx};
use crate::engine::{ObjectKind, Uid};

/// What SetReadFlag is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReadFlags {
    /// CLEAR_READ_FLAG: unread again.
    pub unread: bool,
    /// SUPPRESS_RECEIPT: no read receipt.
    pub suppress_receipt: bool,
    /// GENERATE_RECEIPT_ONLY: the receipt, without a change of the flag.
    pub receipt_only: bool,
    /// CLEAR_RN_PENDING: no read receipt is owed any more.
    pub clear_read_pending: bool,
    /// CLEAR_NRN_PENDING: no non-read receipt is owed any more.
    pub clear_unread_pending: bool,
}

impl ReadFlags {
    /// PR_MESSAGE_FLAGS afterwards.
    fn apply(self, mut flags: i32) -> i32 {
        if self.clear_read_pending || self.suppress_receipt {
            flags &= !flag::RN_PENDING;
        }
        if self.clear_unread_pending {
            flags &= !flag::NRN_PENDING;
        }
        let only_pending =
            self.clear_read_pending || self.clear_unread_pending || self.receipt_only;
        if self.unread {
            flags & !flag::READ
        } else if only_pending {
            flags
        } else {
            flags | flag::READ
        }
    }
}

impl Message {
    /// Marks the message, at once.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED; errors of the file.
    pub fn set_read(&self, flags: ReadFlags) -> Result<()> {
        let mut state = self.lock();
        if let (Place::Folder(_), Some(row)) = (&state.place, state.body.head.row) {
            let now = self
                .store
                .write(Durability::Now, |tx| set_read_row(tx, row, flags))?;
            state.body.head.flags = now.ok_or_else(|| gone("message"))?;
        } else {
            state.body.head.flags = flags.apply(state.body.head.flags);
            state.dirty = true;
        }
        Ok(())
    }
}

/// Marks one message: PR_MESSAGE_FLAGS afterwards, `None` if it is not there.
pub(crate) fn set_read_row(tx: &mut Tx<'_>, row: i64, flags: ReadFlags) -> Result<Option<i32>> {
    let found = tx
        .conn()
        .prepare_cached(
            "SELECT m.flags, m.associated, m.uid, f.id, f.uid FROM message m JOIN folder f ON f.id = m.folder_id
             WHERE m.id = ?1",
        )
        .and_then(|mut s| {
            s.query_row([row], |row| {
                let folder = FolderRef {
                    id: row.get(3)?,
                    uid: Uid(row.get(4)?),
                };
                Ok((row.get::<_, i32>(0)?, row.get::<_, bool>(1)?, Uid(row.get(2)?), folder))
            })
            .optional()
        })
        .tried("marking a message")?;
    let Some((before, associated, uid, folder)) = found else {
        return Ok(None);
    };
    let after = flags.apply(before);
    if after == before {
        return Ok(Some(after));
    }
    tx.conn()
        .prepare_cached("UPDATE message SET flags = ?2 WHERE id = ?1")
        .and_then(|mut s| s.execute(params![row, after]))
        .tried("marking a message")?;
    let read = |flags: i32| flags & flag::READ != 0;
    if read(before) != read(after) {
        tx.count(folder.id, Counts::of(associated, read(before)).negative());
        tx.count(folder.id, Counts::of(associated, read(after)));
    }
    tx.changed(Change {
        kind: ChangeKind::Modified,
        object: ObjectKind::Message,
        uid,
        id: row,
        parent: Some(folder),
        old_parent: None,
        old_uid: None,
        associated,
    });
    Ok(Some(after))
}
