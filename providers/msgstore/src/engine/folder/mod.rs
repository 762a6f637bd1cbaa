//! Folders: what they are and the properties they have. Changes count at once.

mod computed;
mod row;

use mapi_types::{ErrorCode, FileTime, PropTag, Property, Result, fold_case, tag};
use rusqlite::{Connection, params};

use super::changes::{Change, ChangeKind, FolderRef};
use super::message::data::time;
use super::message::{Message, Problems, open_stream, settable};
use super::sql::{Tried, refused};
use super::stream::PropStream;
use super::tx::{Durability, Tx};
use super::{ObjectKind, Store, Uid, codec};

use self::computed::is_computed;
pub(crate) use self::computed::{folder_prop, folder_tags};
pub(crate) use self::row::{COLUMNS, FolderRow, NewRow, by_row, by_uid, child_named, insert};

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
