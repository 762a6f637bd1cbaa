//! The folder tree: creating, moving, copying, emptying and deleting folders.

use mapi_types::{ErrorCode, FileTime, Property, Result, fold_case, tag};
use rusqlite::params;

use super::changes::{Change, ChangeKind, FolderRef};
use super::folder::{
    Folder, FolderRow, NewRow, Special, by_row, by_uid, child_named, folder_change, insert,
};
use super::props::{PropSet, delete_streams};
use super::sql::{Tried, count, gone, int, refused};
use super::transfer::{Done, Steps, copy_found};
use super::tx::{Durability, Tx};
use super::{Store, Uid, codec};

fn collision(name: &str) -> mapi_types::Error {
    refused(
        ErrorCode::COLLISION,
        &format!("there is a folder named '{name}' already"),
    )
}

/// Makes a folder.
fn create(tx: &mut Tx<'_>, parent: FolderRef, name: &str, props: &PropSet) -> Result<FolderRef> {
    let (bytes, _) = props.save(tx, &codec::begin())?;
    let at = FolderRef {
        id: tx.next_id(),
        uid: Uid::new(),
    };
    let row = NewRow {
        id: at.id,
        uid: at.uid,
        parent: parent.id,
        name,
        special: 0,
        version: tx.next_id(),
        props: &bytes,
    };
    insert(tx.conn(), &row, FileTime::now())?;
    Ok(at)
}

/// The folders in one, by name.
fn children(tx: &Tx<'_>, parent: i64) -> Result<Vec<FolderRef>> {
    tx.conn()
        .prepare_cached("SELECT id, uid FROM folder WHERE parent_id = ?1 ORDER BY name_key")
        .and_then(|mut s| {
            s.query_map([parent], |row| {
                Ok(FolderRef {
                    id: row.get(0)?,
                    uid: Uid(row.get(1)?),
                })
            })?
            .collect()
        })
        .tried("reading the folder tree")
}

/// Whether `below` is `top` or lies below it.
fn lies_in(tx: &Tx<'_>, below: FolderRef, top: FolderRef) -> Result<bool> {
    let mut at = below.id;
    while at != 0 {
        if at == top.id {
            return Ok(true);
        }
        at = FolderRow::load(tx.conn(), at)?.parent_id;
    }
    Ok(false)
}

impl Folder {
    fn child(&self, uid: Uid) -> Result<FolderRef> {
        self.store.read(|conn| {
            let at = by_uid(conn, uid)?;
            let at = match at {
                Some(at) if FolderRow::load(conn, at.id)?.parent_id == self.at.id => Some(at),
                _ => None,
            };
            at.ok_or_else(|| refused(ErrorCode::NOT_FOUND, "there is no such folder in this one"))
        })
    }

    fn sibling(&self, at: FolderRef) -> Self {
        Self {
            store: self.store.clone(),
            at,
        }
    }

    /// Makes a folder in this one. With `open_if_exists` a folder of that name is opened instead.
    ///
    /// # Errors
    /// MAPI_E_COLLISION if there is one of that name; MAPI_E_INVALID_PARAMETER without a name;
    /// MAPI_E_OBJECT_DELETED if this folder has gone.
    pub fn create_folder(&self, name: &str, comment: &str, open_if_exists: bool) -> Result<Self> {
        if name.is_empty() {
            return Err(refused(
                ErrorCode::INVALID_PARAMETER,
                "a folder needs a name",
            ));
        }
        let at = self.store.write(Durability::Now, |tx| {
            by_row(tx.conn(), self.at.id)?;
            if let Some(at) = child_named(tx.conn(), self.at.id, name)? {
                return if open_if_exists {
                    Ok(at)
                } else {
                    Err(collision(name))
                };
            }
            let mut props = PropSet::default();
            if !comment.is_empty() {
                props.set(Property::new(tag::PR_COMMENT, comment));
            }
            let at = create(tx, self.at, name, &props)?;
            tx.changed(folder_change(ChangeKind::Created, at, Some(self.at)));
            Ok(at)
        })?;
        Ok(self.sibling(at))
    }

    /// Moves the folder `folder` of this one under `target`, with all that is in it, and perhaps a new name.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND; MAPI_E_NO_ACCESS for a folder every store has; MAPI_E_FOLDER_CYCLE if the target lies in it;
    /// MAPI_E_COLLISION if the target has one of that name.
    pub fn move_folder(&self, folder: Uid, target: Uid, new_name: Option<&str>) -> Result<()> {
        let at = self.child(folder)?;
        self.store.write(Durability::Now, |tx| {
            let row = FolderRow::load(tx.conn(), at.id)?;
            let to = target_of(tx, &row, target, new_name)?;
            if row.special != 0 {
                return Err(refused(
                    ErrorCode::NO_ACCESS,
                    "this folder belongs to the store",
                ));
            }
            let name = new_name.unwrap_or(&row.name);
            tx.conn()
                .execute(
                    "UPDATE folder SET parent_id = ?2, name = ?3, name_key = ?4 WHERE id = ?1",
                    params![at.id, to.id, name, fold_case(name)],
                )
                .tried("moving a folder")?;
            tx.changed(Change {
                old_parent: Some(self.at),
                old_uid: Some(at.uid),
                ..folder_change(ChangeKind::Moved, at, Some(to))
            });
            Ok(())
        })
    }

    /// Copies the folder `folder` of this one under `target`, with its messages; with `subfolders` also what lies below.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND; MAPI_E_FOLDER_CYCLE if the target lies in it; MAPI_E_COLLISION; those of `steps`, after which the
    /// part that was copied is there.
    pub fn copy_folder(
        &self,
        folder: Uid,
        target: Uid,
        new_name: Option<&str>,
        subfolders: bool,
        steps: Steps<'_>,
    ) -> Result<Done> {
        let at = self.child(folder)?;
        let to = self.store.write(Durability::Now, |tx| {
            let row = FolderRow::load(tx.conn(), at.id)?;
            target_of(tx, &row, target, new_name)
        })?;
        self.sibling(at)
            .copy_into(to, new_name, Some(self.at), subfolders, steps)
    }

    /// `from`: the folder it is in, for those who are told; only for the topmost one.
    fn copy_into(
        &self,
        to: FolderRef,
        new_name: Option<&str>,
        from: Option<FolderRef>,
        subfolders: bool,
        steps: Steps<'_>,
    ) -> Result<Done> {
        let (copy, below) = self.store.write(Durability::Now, |tx| {
            let row = FolderRow::load(tx.conn(), self.at.id)?;
            let name = new_name.unwrap_or(&row.name);
            if child_named(tx.conn(), to.id, name)?.is_some() {
                return Err(collision(name));
            }
            let copy = create(tx, to, name, &row.props)?;
            tx.changed(match from {
                Some(_) => Change {
                    old_parent: from,
                    old_uid: Some(self.at.uid),
                    ..folder_change(ChangeKind::Copied, copy, Some(to))
                },
                None => folder_change(ChangeKind::Created, copy, Some(to)),
            });
            Ok((copy, children(tx, self.at.id)?))
        })?;
        let mut done = Done::All;
        for associated in [false, true] {
            let messages = self.message_uids(associated)?;
            done = done.and(self.each(&messages, steps, |tx, found| {
                copy_found(tx, self.at, copy, found)
            })?);
        }
        if subfolders {
            for child in below {
                done = done.and(
                    self.sibling(child)
                        .copy_into(copy, None, None, true, steps)?,
                );
            }
        }
        Ok(done)
    }

    /// Deletes the folder `folder` of this one; messages and folders in it only if that is said.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND; MAPI_E_NO_ACCESS if it, or a folder in it, is one every store has; MAPI_E_HAS_MESSAGES,
    /// MAPI_E_HAS_FOLDERS; those of `steps`, after which a part is left.
    pub fn delete_folder(
        &self,
        folder: Uid,
        messages: bool,
        folders: bool,
        steps: Steps<'_>,
    ) -> Result<Done> {
        let victim = self.sibling(self.child(folder)?);
        let row = victim.load()?;
        if victim.holds_special()? {
            return Err(refused(
                ErrorCode::NO_ACCESS,
                "this folder belongs to the store",
            ));
        }
        if row.subfolders && !folders {
            return Err(refused(
                ErrorCode::HAS_FOLDERS,
                "the folder holds other folders",
            ));
        }
        if row.contents + row.associated > 0 && !messages {
            return Err(refused(
                ErrorCode::HAS_MESSAGES,
                "the folder holds messages",
            ));
        }
        victim.delete(Some(self.at), steps)
    }

    /// Whether this folder, or one below, is one that every store has.
    fn holds_special(&self) -> Result<bool> {
        let row = self.load()?;
        if row.special != 0 {
            return Ok(true);
        }
        for child in self.subfolders()? {
            if self.sibling(child).holds_special()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn subfolders(&self) -> Result<Vec<FolderRef>> {
        self.store.read(|conn| {
            conn.prepare_cached("SELECT id, uid FROM folder WHERE parent_id = ?1 ORDER BY name_key")
                .and_then(|mut s| {
                    s.query_map([self.at.id], |row| {
                        Ok(FolderRef {
                            id: row.get(0)?,
                            uid: Uid(row.get(1)?),
                        })
                    })?
                    .collect()
                })
                .tried("reading the folder tree")
        })
    }

    /// Deletes this folder with all that is in it.
    fn delete(&self, parent: Option<FolderRef>, steps: Steps<'_>) -> Result<Done> {
        let mut done = self.empty(true, steps)?;
        let removed = self.store.write(Durability::Now, |tx| {
            let row = FolderRow::load(tx.conn(), self.at.id)?;
            if row.subfolders || row.contents + row.associated > 0 {
                // Somebody has put something in meanwhile.
                return Ok(false);
            }
            delete_streams(tx, &row.raw)?;
            for sql in [
                "DELETE FROM receive_folder WHERE folder_id = ?1 AND class_key <> ''",
                "DELETE FROM folder WHERE id = ?1",
            ] {
                tx.conn()
                    .execute(sql, [self.at.id])
                    .tried("deleting a folder")?;
            }
            tx.conn()
                .execute(
                    "UPDATE receive_folder SET folder_id = ?2 WHERE folder_id = ?1",
                    [self.at.id, Special::Inbox.row()],
                )
                .tried("deleting a folder")?;
            tx.changed(folder_change(ChangeKind::Deleted, self.at, parent));
            Ok(true)
        })?;
        if !removed {
            done = Done::Partly;
        }
        Ok(done)
    }

    /// Deletes what is in this folder; associated messages only if that is said. Folders that every store has stay, and
    /// with them the folders they are in.
    ///
    /// # Errors
    /// Errors of the file and of `steps`.
    pub fn empty(&self, associated: bool, steps: Steps<'_>) -> Result<Done> {
        let mut done = Done::All;
        let kinds: &[bool] = if associated { &[false, true] } else { &[false] };
        for kind in kinds {
            let messages = self.message_uids(*kind)?;
            // One that has gone meanwhile is deleted all right.
            self.delete_messages(&messages, steps)?;
        }
        for child in self.subfolders()? {
            let child = self.sibling(child);
            if child.holds_special()? {
                done = Done::Partly;
            } else {
                done = done.and(child.delete(Some(self.at), steps)?);
            }
        }
        Ok(done)
    }
}

/// The target of a move or copy, if `row` can go there.
fn target_of(
    tx: &Tx<'_>,
    row: &FolderRow,
    target: Uid,
    new_name: Option<&str>,
) -> Result<FolderRef> {
    let to = by_uid(tx.conn(), target)?
        .ok_or_else(|| refused(ErrorCode::NOT_FOUND, "the target folder is not there"))?;
    if new_name == Some("") {
        return Err(refused(
            ErrorCode::INVALID_PARAMETER,
            "a folder needs a name",
        ));
    }
    if lies_in(tx, to, row.at)? {
        return Err(refused(
            ErrorCode::FOLDER_CYCLE,
            "the target lies in the folder itself",
        ));
    }
    let name = new_name.unwrap_or(&row.name);
    match child_named(tx.conn(), to.id, name)? {
        Some(other) if other.id != row.at.id => Err(collision(name)),
        _ => Ok(to),
    }
}

impl Store {
    /// All folders below one, each followed by those in it, with how deep they are: 1 for those in `top` itself.
    pub(crate) fn folders_below(&self, top: FolderRef) -> Result<Vec<(FolderRow, u32)>> {
        self.snapshot(|conn| {
            let sql = format!("SELECT {} ORDER BY f.name_key", super::folder::COLUMNS);
            let mut query = conn.prepare_cached(&sql).tried("reading the folder tree")?;
            let mut rows = query.query([]).tried("reading the folder tree")?;
            let mut all = Vec::new();
            while let Some(row) = rows.next().tried("reading the folder tree")? {
                all.push(FolderRow::read(row)?);
            }
            if all.iter().all(|f| f.at.id != top.id) {
                return Err(gone("folder"));
            }
            let mut found = Vec::new();
            collect(&all, top.id, 1, &mut found);
            Ok(found)
        })
    }
}

/// The folders below `parent`, each followed by those below it.
fn collect(all: &[FolderRow], parent: i64, depth: u32, found: &mut Vec<(FolderRow, u32)>) {
    // A tree that a damaged file has made a ring of must not be walked for ever.
    if count(int(found.len())) > count(int(all.len())) {
        return;
    }
    for folder in all.iter().filter(|f| f.parent_id == parent) {
        found.push((folder.clone(), depth));
        collect(all, folder.at.id, depth + 1, found);
    }
}
