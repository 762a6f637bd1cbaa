//! Folders as they are in the store.

use mapi_types::{FileTime, Result, fold_case};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::engine::Uid;
use crate::engine::changes::FolderRef;
use crate::engine::message::data::time;
use crate::engine::props::PropSet;
use crate::engine::sql::{Tried, count, gone};

/// A folder to be written.
pub(crate) struct NewRow<'a> {
    pub id: i64,
    pub uid: Uid,
    pub parent: i64,
    pub name: &'a str,
    pub special: i64,
    pub version: i64,
    pub props: &'a [u8],
}

/// Writes a new folder.
pub(crate) fn insert(conn: &Connection, row: &NewRow<'_>, now: FileTime) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO folder (id, uid, parent_id, name, name_key, special, created, modified, version, contents, unread,
         associated, props) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, 0, 0, 0, ?9)",
    )
    .and_then(|mut s| {
        s.execute(params![
            row.id,
            row.uid.0.as_slice(),
            row.parent,
            row.name,
            fold_case(row.name),
            row.special,
            time(now),
            row.version,
            row.props,
        ])
    })
    .tried("creating a folder")?;
    Ok(())
}

/// A folder as it is in the store.
#[derive(Clone)]
pub(crate) struct FolderRow {
    pub at: FolderRef,
    pub parent_id: i64,
    pub parent_uid: Option<Uid>,
    pub name: String,
    pub special: i64,
    pub created: FileTime,
    pub modified: FileTime,
    pub version: i64,
    pub contents: u64,
    pub unread: u64,
    pub associated: u64,
    pub subfolders: bool,
    pub props: PropSet,
    /// The bytes of `props`.
    pub raw: Vec<u8>,
}

/// The columns of a folder `f`, for [`FolderRow::read`].
pub(crate) const COLUMNS: &str = "f.id, f.uid, f.parent_id, p.uid, f.name, f.special, f.created, f.modified, f.version,
    f.contents, f.unread, f.associated, f.props, EXISTS (SELECT 1 FROM folder c WHERE c.parent_id = f.id)
    FROM folder f LEFT JOIN folder p ON p.id = f.parent_id";

impl FolderRow {
    /// Takes a row of a query for [`COLUMNS`].
    pub(crate) fn read(row: &Row<'_>) -> Result<Self> {
        let raw: Vec<u8> = row.get(12).tried("reading a folder")?;
        let props = PropSet::decode(&raw)?;
        let read = || -> rusqlite::Result<Self> {
            Ok(Self {
                at: FolderRef {
                    id: row.get(0)?,
                    uid: Uid(row.get(1)?),
                },
                parent_id: row.get(2)?,
                parent_uid: row.get::<_, Option<[u8; 16]>>(3)?.map(Uid),
                name: row.get(4)?,
                special: row.get(5)?,
                created: FileTime(count(row.get(6)?)),
                modified: FileTime(count(row.get(7)?)),
                version: row.get(8)?,
                contents: count(row.get(9)?),
                unread: count(row.get(10)?),
                associated: count(row.get(11)?),
                subfolders: row.get(13)?,
                props: PropSet::default(),
                raw: Vec::new(),
            })
        };
        let folder = read().tried("reading a folder")?;
        Ok(Self {
            props,
            raw,
            ..folder
        })
    }

    /// Reads a folder.
    pub(crate) fn load(conn: &Connection, id: i64) -> Result<Self> {
        let sql = format!("SELECT {COLUMNS} WHERE f.id = ?1");
        let mut query = conn.prepare_cached(&sql).tried("reading a folder")?;
        let mut rows = query.query([id]).tried("reading a folder")?;
        match rows.next().tried("reading a folder")? {
            Some(row) => Self::read(row),
            None => Err(gone("folder")),
        }
    }

    /// The folder it is in.
    pub(crate) fn parent(&self) -> Option<FolderRef> {
        self.parent_uid.map(|uid| FolderRef {
            id: self.parent_id,
            uid,
        })
    }
}

/// The folder in a row.
///
/// # Errors
/// MAPI_E_OBJECT_DELETED if it has gone.
pub(crate) fn by_row(conn: &Connection, id: i64) -> Result<FolderRef> {
    find_ref(conn, "SELECT id, uid FROM folder WHERE id = ?1", &id)?.ok_or_else(|| gone("folder"))
}

/// The folder with a uid, if it is there.
pub(crate) fn by_uid(conn: &Connection, uid: Uid) -> Result<Option<FolderRef>> {
    find_ref(
        conn,
        "SELECT id, uid FROM folder WHERE uid = ?1",
        &uid.0.as_slice(),
    )
}

fn find_ref(conn: &Connection, sql: &str, key: &dyn rusqlite::ToSql) -> Result<Option<FolderRef>> {
    conn.prepare_cached(sql)
        .and_then(|mut s| {
            s.query_row([key], |row| {
                Ok(FolderRef {
                    id: row.get(0)?,
                    uid: Uid(row.get(1)?),
                })
            })
            .optional()
        })
        .tried("looking for a folder")
}

/// The folder of that name, without regard to case.
pub(crate) fn child_named(conn: &Connection, parent: i64, name: &str) -> Result<Option<FolderRef>> {
    conn.prepare_cached("SELECT id, uid FROM folder WHERE parent_id = ?1 AND name_key = ?2")
        .and_then(|mut s| {
            s.query_row(params![parent, fold_case(name)], |row| {
                Ok(FolderRef {
                    id: row.get(0)?,
                    uid: Uid(row.get(1)?),
                })
            })
            .optional()
        })
        .tried("looking for a folder")
}
