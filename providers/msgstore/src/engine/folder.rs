//! Folders: what they are and the properties they have. Changes count at once.

use mapi_types::{
    ErrorCode, FileTime, PropTag, PropType, PropValue, Property, Result, fold_case, tag,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::changes::{Change, ChangeKind, FolderRef};
use super::message::computed::{access, change_key, instance_key};
use super::message::data::time;
use super::message::{Message, Problems, open_stream, settable};
use super::props::{Fetch, PropSet, type_fits};
use super::sql::{Tried, count, gone, long, refused};
use super::stream::PropStream;
use super::tx::{Durability, Tx};
use super::{ObjectKind, Store, Uid, codec};

/// The folders every store has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Special {
    /// The root; it is never shown.
    Root = 1,
    /// The root of what people see (PR_IPM_SUBTREE_ENTRYID).
    IpmSubtree = 2,
    /// Inbox.
    Inbox = 3,
    /// Outbox.
    Outbox = 4,
    /// Sent Items.
    SentItems = 5,
    /// Deleted Items.
    DeletedItems = 6,
    /// Drafts.
    Drafts = 7,
    /// Personal views.
    Views = 8,
    /// Common views.
    CommonViews = 9,
    /// Search results (PR_FINDER_ENTRYID).
    Finder = 10,
}

impl Special {
    /// All of them, parents first: folder, parent, name.
    const ALL: [(Self, Self, &'static str); 10] = [
        (Self::Root, Self::Root, ""),
        (Self::IpmSubtree, Self::Root, "Top of Personal Folders"),
        (Self::Inbox, Self::IpmSubtree, "Inbox"),
        (Self::Outbox, Self::IpmSubtree, "Outbox"),
        (Self::SentItems, Self::IpmSubtree, "Sent Items"),
        (Self::DeletedItems, Self::IpmSubtree, "Deleted Items"),
        (Self::Drafts, Self::IpmSubtree, "Drafts"),
        (Self::Views, Self::Root, "Views"),
        (Self::CommonViews, Self::Root, "Common Views"),
        (Self::Finder, Self::Root, "Search Root"),
    ];

    /// The row they have in every store.
    pub(crate) const fn row(self) -> i64 {
        self as i64
    }
}

/// Creates them in an empty file. Returns the next free id.
pub(crate) fn create_standard_folders(conn: &Connection) -> Result<i64> {
    let now = FileTime::now();
    for (folder, parent, name) in Special::ALL {
        let parent = if folder == Special::Root {
            0
        } else {
            parent.row()
        };
        let row = NewRow {
            id: folder.row(),
            uid: Uid::new(),
            parent,
            name,
            special: folder.row(),
            version: folder.row(),
            props: &codec::begin(),
        };
        insert(conn, &row, now)?;
    }
    for (class, folder) in [("", Special::Inbox), ("IPM", Special::Inbox)] {
        super::receive::set(conn, class, folder.row(), now)?;
    }
    Ok(Special::Finder.row() + 1)
}

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

/// A change of a folder.
pub(crate) fn folder_change(kind: ChangeKind, at: FolderRef, parent: Option<FolderRef>) -> Change {
    Change {
        kind,
        object: ObjectKind::Folder,
        uid: at.uid,
        id: at.id,
        parent,
        old_parent: None,
        old_uid: None,
        associated: false,
    }
}

/// A folder. It can be used from any thread.
#[derive(Clone)]
pub struct Folder {
    pub(crate) store: Store,
    pub(crate) at: FolderRef,
}

impl Store {
    /// Opens a folder by its uid.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if it is not there.
    pub fn open_folder(&self, uid: Uid) -> Result<Folder> {
        let at = self
            .read(|conn| by_uid(conn, uid))?
            .ok_or_else(|| refused(ErrorCode::NOT_FOUND, "there is no such folder"))?;
        Ok(Folder {
            store: self.clone(),
            at,
        })
    }

    /// Opens one of the folders that every store has.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn special(&self, special: Special) -> Result<Folder> {
        let at = self.read(|conn| by_row(conn, special.row()))?;
        Ok(Folder {
            store: self.clone(),
            at,
        })
    }
}

impl Folder {
    /// The store it is in.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its row and uid.
    #[must_use]
    pub fn at(&self) -> FolderRef {
        self.at
    }

    /// A new message; it is in the folder once it is saved.
    #[must_use]
    pub fn create_message(&self, associated: bool) -> Message {
        Message::new_in(self.store.clone(), self.at, associated)
    }

    pub(crate) fn load(&self) -> Result<FolderRow> {
        self.store.read(|conn| FolderRow::load(conn, self.at.id))
    }

    /// The values of `tags` in their order; PT_ERROR where there is none, or where it has more than `limit_bytes`.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED if the folder has gone; errors of the file.
    pub fn props(&self, tags: &[PropTag], limit_bytes: u64) -> Result<Vec<Property>> {
        let row = self.load()?;
        tags.iter()
            .map(|t| folder_prop(&self.store, &self.store, &row, *t, limit_bytes))
            .collect()
    }

    /// The tags of all properties, in order of their identifiers.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED if the folder has gone; errors of the file.
    pub fn tags(&self) -> Result<Vec<PropTag>> {
        Ok(folder_tags(&self.store, &self.load()?))
    }

    /// Sets properties, at once. What the store computes is refused with MAPI_E_COMPUTED. A new PR_DISPLAY_NAME renames
    /// the folder; MAPI_E_COLLISION if its parent has another of that name.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED; errors of the file.
    pub fn set_props(&self, props: &[Property]) -> Result<Problems> {
        self.edit(|tx, row, problems| {
            for (index, property) in props.iter().enumerate() {
                let result = if property.tag.same_id(tag::PR_DISPLAY_NAME) {
                    match property.value.as_str() {
                        Some(name) => rename(tx.conn(), row, &name)?,
                        None => Err(ErrorCode::INVALID_TYPE),
                    }
                } else if is_computed(property.tag) {
                    Err(ErrorCode::COMPUTED)
                } else {
                    settable(property)
                };
                match result {
                    Ok(()) if property.tag.same_id(tag::PR_DISPLAY_NAME) => {}
                    Ok(()) => row.props.set(property.clone()),
                    Err(code) => problems.push((index, code)),
                }
            }
            Ok(())
        })
    }

    /// Deletes properties, at once.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED; errors of the file.
    pub fn delete_props(&self, tags: &[PropTag]) -> Result<Problems> {
        self.edit(|_, row, problems| {
            for (index, tag) in tags.iter().enumerate() {
                if is_computed(*tag) {
                    problems.push((index, ErrorCode::COMPUTED));
                } else {
                    row.props.delete(*tag);
                }
            }
            Ok(())
        })
    }

    /// Opens text or bytes as a stream; with `create` an empty one if the property is not there.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND; MAPI_E_INTERFACE_NOT_SUPPORTED for other types; MAPI_E_COMPUTED.
    pub fn open_stream(&self, tag: PropTag, create: bool) -> Result<PropStream> {
        if is_computed(tag) {
            return Err(refused(
                ErrorCode::COMPUTED,
                "the store computes this property",
            ));
        }
        open_stream(&self.load()?.props, &self.store, tag, create)
    }

    /// Makes what was written to `stream` the value of `tag`, at once.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED; errors of the file.
    pub fn set_stream(&self, tag: PropTag, stream: &mut PropStream) -> Result<()> {
        self.edit(|_, row, _| row.props.set_stream(tag, stream))
            .map(drop)
    }

    /// Changes the row of the folder in one transaction.
    fn edit(
        &self,
        change: impl FnOnce(&mut Tx<'_>, &mut FolderRow, &mut Problems) -> Result<()>,
    ) -> Result<Problems> {
        let mut problems = Vec::new();
        self.store.write(Durability::Now, |tx| {
            let mut row = FolderRow::load(tx.conn(), self.at.id)?;
            change(tx, &mut row, &mut problems)?;
            let (bytes, _) = row.props.save(tx, &row.raw)?;
            let version = tx.next_id();
            tx.conn()
                .prepare_cached(
                    "UPDATE folder SET name = ?2, name_key = ?3, modified = ?4, version = ?5, props = ?6 WHERE id = ?1",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        self.at.id,
                        row.name,
                        fold_case(&row.name),
                        time(FileTime::now()),
                        version,
                        bytes
                    ])
                })
                .tried("saving a folder")?;
            tx.changed(folder_change(ChangeKind::Modified, self.at, row.parent()));
            Ok(())
        })?;
        Ok(problems)
    }
}

fn rename(conn: &Connection, row: &mut FolderRow, name: &str) -> Result<Result<(), ErrorCode>> {
    if row.special == Special::Root.row() {
        return Ok(Err(ErrorCode::NO_ACCESS));
    }
    if name.is_empty() {
        return Ok(Err(ErrorCode::INVALID_PARAMETER));
    }
    if let Some(other) = child_named(conn, row.parent_id, name)?
        && other.id != row.at.id
    {
        return Ok(Err(ErrorCode::COLLISION));
    }
    name.clone_into(&mut row.name);
    Ok(Ok(()))
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

/// What a folder computes; PR_DISPLAY_NAME can be set all the same.
pub(crate) const COMPUTED: [PropTag; 18] = [
    tag::PR_ENTRYID,
    tag::PR_PARENT_ENTRYID,
    tag::PR_RECORD_KEY,
    tag::PR_INSTANCE_KEY,
    tag::PR_ACCESS,
    tag::PR_DISPLAY_NAME,
    tag::PR_FOLDER_TYPE,
    tag::PR_CONTENT_COUNT,
    tag::PR_CONTENT_UNREAD,
    tag::PR_ASSOC_CONTENT_COUNT,
    tag::PR_SUBFOLDERS,
    tag::PR_CREATION_TIME,
    tag::PR_LAST_MODIFICATION_TIME,
    tag::PR_CHANGE_KEY,
    tag::PR_DEPTH,
    tag::PR_CONTAINER_CONTENTS,
    tag::PR_CONTAINER_HIERARCHY,
    tag::PR_FOLDER_ASSOCIATED_CONTENTS,
];

fn is_computed(tag: PropTag) -> bool {
    COMPUTED.iter().any(|t| t.same_id(tag))
}

fn computed(store: &Store, row: &FolderRow, asked: PropTag) -> Option<Property> {
    let tag = *COMPUTED.iter().find(|t| t.same_id(asked))?;
    let folder_id = |uid| PropValue::Binary(store.entry_id(ObjectKind::Folder, uid).into_bytes());
    let value = match tag {
        tag::PR_ENTRYID => folder_id(row.at.uid),
        // The root is its own parent.
        tag::PR_PARENT_ENTRYID => folder_id(row.parent_uid.unwrap_or(row.at.uid)),
        tag::PR_RECORD_KEY => PropValue::from(&row.at.uid.0[..]),
        tag::PR_INSTANCE_KEY => PropValue::Binary(instance_key(row.at.id)),
        tag::PR_ACCESS => PropValue::Long(folder_access(store, row)),
        tag::PR_DISPLAY_NAME => PropValue::from(row.name.as_str()),
        tag::PR_FOLDER_TYPE => PropValue::Long(i32::from(row.special != Special::Root.row())),
        tag::PR_CONTENT_COUNT => PropValue::Long(long(row.contents)),
        tag::PR_CONTENT_UNREAD => PropValue::Long(long(row.unread)),
        tag::PR_ASSOC_CONTENT_COUNT => PropValue::Long(long(row.associated)),
        tag::PR_SUBFOLDERS => PropValue::Boolean(row.subfolders),
        tag::PR_CREATION_TIME => PropValue::SysTime(row.created),
        tag::PR_LAST_MODIFICATION_TIME => PropValue::SysTime(row.modified),
        tag::PR_CHANGE_KEY => PropValue::Binary(change_key(store, row.version)),
        tag::PR_DEPTH => return None,
        _ => PropValue::Object,
    };
    type_fits(asked, tag).then(|| Property::new(tag, value))
}

/// The tags of all properties of a folder, in order of their identifiers.
pub(crate) fn folder_tags(store: &Store, row: &FolderRow) -> Vec<PropTag> {
    let mut tags: Vec<PropTag> = COMPUTED
        .iter()
        .filter(|t| **t != tag::PR_INSTANCE_KEY && **t != tag::PR_DEPTH)
        .filter_map(|t| computed(store, row, t.with_type(PropType::UNSPECIFIED)))
        .map(|p| p.tag)
        .collect();
    tags.extend(row.props.tags().filter(|t| !is_computed(*t)));
    tags.sort_unstable();
    tags
}

fn folder_access(store: &Store, row: &FolderRow) -> i32 {
    if store.is_read_only() {
        return access::READ;
    }
    let all = access::MODIFY
        | access::READ
        | access::CREATE_HIERARCHY
        | access::CREATE_CONTENTS
        | access::CREATE_ASSOCIATED;
    if row.special == 0 {
        all | access::DELETE
    } else {
        all
    }
}

/// Any property of a folder, in one piece.
pub(crate) fn folder_prop(
    store: &Store,
    conn: &dyn Fetch,
    row: &FolderRow,
    asked: PropTag,
    limit_bytes: u64,
) -> Result<Property> {
    if let Some(found) = computed(store, row, asked) {
        return Ok(found);
    }
    if is_computed(asked) {
        return Ok(Property::error(asked, ErrorCode::NOT_FOUND));
    }
    if asked.same_id(tag::PR_IPM_DRAFTS_ENTRYID)
        && (row.special == Special::Root.row() || row.special == Special::Inbox.row())
    {
        return super::store_props::special_entry_id(store, Special::Drafts, asked);
    }
    row.props.get(conn, asked, limit_bytes)
}
