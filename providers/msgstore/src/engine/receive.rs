//! Receive folders: which folder gets messages of a class.

use mapi_types::{EntryId, ErrorCode, FileTime, Result, fold_case};
use rusqlite::{Connection, OptionalExtension, params};

use super::message::data::time;
use super::sql::{Tried, count, refused};
use super::tx::Durability;
use super::{ObjectKind, Store, Uid, folder};

/// One registration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiveFolder {
    /// The class, a prefix of the classes it is for; empty is the default.
    pub class: String,
    /// The folder.
    pub folder: EntryId,
    /// When it was registered.
    pub modified: FileTime,
}

/// Longest class (PR_MESSAGE_CLASS).
const CLASS_MAX: usize = 255;

/// Registers a folder.
pub(crate) fn set(conn: &Connection, class: &str, folder: i64, now: FileTime) -> Result<()> {
    conn.execute(
        "DELETE FROM receive_folder WHERE class_key = ?1",
        [fold_case(class)],
    )
    .tried("registering a receive folder")?;
    conn.execute(
        "INSERT INTO receive_folder (class_key, class, folder_id, modified) VALUES (?1, ?2, ?3, ?4)",
        params![fold_case(class), class, folder, time(now)],
    )
    .tried("registering a receive folder")?;
    Ok(())
}

fn check(class: &str) -> Result<()> {
    let good = class.len() <= CLASS_MAX
        && class.bytes().all(|b| (0x20..0x7F).contains(&b))
        && !class.starts_with('.')
        && !class.ends_with('.')
        && !class.contains("..");
    if good {
        Ok(())
    } else {
        Err(refused(
            ErrorCode::INVALID_PARAMETER,
            "a message class is ASCII, at most 255 characters, with single periods inside",
        ))
    }
}

impl Store {
    /// The folder for messages of `class`: that of the longest registered prefix.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER if it is no message class; MAPI_E_NOT_FOUND if nothing is registered for it.
    pub fn receive_folder(&self, class: &str) -> Result<ReceiveFolder> {
        check(class)?;
        self.read(|conn| {
            let mut prefix = class;
            loop {
                if let Some(found) = self.registered(conn, prefix)? {
                    return Ok(found);
                }
                if prefix.is_empty() {
                    return Err(refused(
                        ErrorCode::NOT_FOUND,
                        "no folder is registered for this class",
                    ));
                }
                prefix = prefix.rfind('.').map_or("", |dot| &prefix[..dot]);
            }
        })
    }

    fn registered(&self, conn: &Connection, class: &str) -> Result<Option<ReceiveFolder>> {
        conn.prepare_cached(
            "SELECT r.class, f.uid, r.modified FROM receive_folder r JOIN folder f ON f.id = r.folder_id
             WHERE r.class_key = ?1",
        )
        .and_then(|mut s| s.query_row([fold_case(class)], |row| self.read_receive(row)).optional())
        .tried("looking for a receive folder")
    }

    fn read_receive(&self, row: &rusqlite::Row<'_>) -> rusqlite::Result<ReceiveFolder> {
        Ok(ReceiveFolder {
            class: row.get(0)?,
            folder: self.entry_id(ObjectKind::Folder, Uid(row.get(1)?)),
            modified: FileTime(count(row.get(2)?)),
        })
    }

    /// Registers a folder for a class; without a folder the registration is taken away.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER if it is no message class; MAPI_E_NOT_FOUND if the folder is not there;
    /// MAPI_E_NO_ACCESS if the default registration would be taken away.
    pub fn set_receive_folder(&self, class: &str, to: Option<Uid>) -> Result<()> {
        check(class)?;
        if class.is_empty() && to.is_none() {
            return Err(refused(
                ErrorCode::NO_ACCESS,
                "there must be a folder for all other classes",
            ));
        }
        self.write(Durability::Now, |tx| match to {
            Some(uid) => {
                let at = folder::by_uid(tx.conn(), uid)?
                    .ok_or_else(|| refused(ErrorCode::NOT_FOUND, "there is no such folder"))?;
                set(tx.conn(), class, at.id, FileTime::now())
            }
            None => {
                tx.conn()
                    .execute(
                        "DELETE FROM receive_folder WHERE class_key = ?1",
                        [fold_case(class)],
                    )
                    .tried("taking away a receive folder")?;
                Ok(())
            }
        })
    }

    /// All registrations, by class.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn receive_folders(&self) -> Result<Vec<ReceiveFolder>> {
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT r.class, f.uid, r.modified FROM receive_folder r JOIN folder f ON f.id = r.folder_id
                 ORDER BY r.class_key",
            )
            .and_then(|mut s| s.query_map([], |row| self.read_receive(row))?.collect())
            .tried("reading the receive folders")
        })
    }
}
