//! The folder tree of a store, and paths in it.
//!
//! A path is `Inbox` or `Projects/2024/Invoices`, below the root that users see; `/` is that root. A `/` or `\` that belongs to a
//! name is written `\/` or `\\`. Case does not count.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use mapi::{Folder, Props as _, Store, row_entry_id};
use mapi_types::{EntryId, PropTag, Row, fold_case, tag};

use crate::exit::{Exit, Failure};

/// A folder of the tree.
#[derive(Clone, Debug)]
pub struct FolderInfo {
    /// Its entry identifier.
    pub id: EntryId,
    /// PR_DISPLAY_NAME.
    pub name: String,
    /// The names from the root on.
    pub path: Vec<String>,
    /// PR_CONTENT_COUNT.
    pub messages: u64,
    /// PR_CONTENT_UNREAD.
    pub unread: u64,
    /// PR_PARENT_ENTRYID.
    parent: EntryId,
}

/// All folders below the root that users see, in the order in which people expect them.
#[derive(Debug)]
pub struct Tree {
    folders: Vec<FolderInfo>,
}

const COLUMNS: [PropTag; 5] = [
    tag::PR_ENTRYID,
    tag::PR_PARENT_ENTRYID,
    tag::PR_DISPLAY_NAME,
    tag::PR_CONTENT_COUNT,
    tag::PR_CONTENT_UNREAD,
];

impl FolderInfo {
    /// The path as it is written.
    pub fn path_text(&self) -> String {
        join(&self.path)
    }

    /// How deep it lies; 0 is below the root.
    pub fn depth(&self) -> usize {
        self.path.len().saturating_sub(1)
    }
}

impl Tree {
    /// Reads it.
    ///
    /// # Errors
    /// Those of the store.
    pub fn load(store: &Store) -> Result<Self> {
        let root = store.root()?;
        let root_id: EntryId = root
            .get_bytes(tag::PR_ENTRYID)?
            .map(EntryId::from)
            .unwrap_or_default();
        let mut children: HashMap<EntryId, Vec<FolderInfo>> = HashMap::new();
        for row in root.hierarchy(true)?.columns(&COLUMNS)?.rows() {
            let info = folder_info(&row?);
            children.entry(info.parent.clone()).or_default().push(info);
        }
        let mut tree = Self {
            folders: Vec::new(),
        };
        tree.place(&root_id, &[], &mut children);
        Ok(tree)
    }

    fn place(
        &mut self,
        parent: &EntryId,
        path: &[String],
        children: &mut HashMap<EntryId, Vec<FolderInfo>>,
    ) {
        let mut list = children.remove(parent).unwrap_or_default();
        list.sort_by_key(|folder| (rank(folder, path), fold_case(&folder.name)));
        for mut folder in list {
            folder.path = path.iter().cloned().chain([folder.name.clone()]).collect();
            let (id, path) = (folder.id.clone(), folder.path.clone());
            self.folders.push(folder);
            self.place(&id, &path, children);
        }
    }

    /// The folders, each after its parent.
    pub fn folders(&self) -> &[FolderInfo] {
        &self.folders
    }

    /// The folder of a path; `None` if there is none.
    pub fn find(&self, path: &str) -> Option<&FolderInfo> {
        let wanted: Vec<String> = split(path).iter().map(|n| fold_case(n)).collect();
        self.folders.iter().find(|folder| {
            folder.path.len() == wanted.len()
                && folder
                    .path
                    .iter()
                    .zip(&wanted)
                    .all(|(a, b)| fold_case(a) == *b)
        })
    }

    /// The folder of an entry identifier.
    pub fn by_id(&self, id: &EntryId) -> Option<&FolderInfo> {
        self.folders.iter().find(|folder| folder.id == *id)
    }

    /// The folder of a path, which must be there.
    ///
    /// # Errors
    /// It is not.
    pub fn expect(&self, path: &str) -> Result<&FolderInfo> {
        self.find(path).ok_or_else(|| {
            Failure::error(
                Exit::NotFound,
                format!("there is no folder '{path}'; `mapi folders` shows them"),
            )
        })
    }

    /// Opens the folder of a path, the root included.
    ///
    /// # Errors
    /// It is not there; those of the store.
    pub fn open(&self, store: &Store, path: &str) -> Result<Folder> {
        if split(path).is_empty() {
            return Ok(store.root()?);
        }
        let found = self.expect(path)?;
        store
            .folder(&found.id)
            .with_context(|| format!("opening the folder '{path}'"))
    }

    /// The folders at and below a path.
    pub fn below(&self, path: &[String]) -> impl Iterator<Item = &FolderInfo> {
        let wanted: Vec<String> = path.iter().map(|n| fold_case(n)).collect();
        self.folders.iter().filter(move |folder| {
            folder.path.len() >= wanted.len()
                && folder
                    .path
                    .iter()
                    .zip(&wanted)
                    .all(|(a, b)| fold_case(a) == *b)
        })
    }
}

/// The folders that every store has come first, as people know them.
fn rank(folder: &FolderInfo, path: &[String]) -> usize {
    const FIRST: [&str; 5] = ["Inbox", "Drafts", "Outbox", "Sent Items", "Deleted Items"];
    if !path.is_empty() {
        return FIRST.len();
    }
    let mut first = FIRST.iter();
    first
        .position(|name| name.eq_ignore_ascii_case(&folder.name))
        .unwrap_or(FIRST.len())
}

fn folder_info(row: &Row) -> FolderInfo {
    let count = |tag| {
        let value = row.get(tag).and_then(|v| v.as_long()).unwrap_or(0);
        u64::try_from(value).unwrap_or(0)
    };
    let name = row.get(tag::PR_DISPLAY_NAME).and_then(|v| v.as_str());
    let parent = row.get(tag::PR_PARENT_ENTRYID).and_then(|v| v.as_bytes());
    FolderInfo {
        id: row_entry_id(row).unwrap_or_default(),
        name: name.map_or_else(String::new, |n| n.into_owned()),
        path: Vec::new(),
        messages: count(tag::PR_CONTENT_COUNT),
        unread: count(tag::PR_CONTENT_UNREAD),
        parent: parent.map(EntryId::from).unwrap_or_default(),
    }
}

/// The folder of a path below `root`, made as far as it is not there.
///
/// # Errors
/// Those of the store.
pub fn make_path(root: Folder, names: &[String]) -> Result<Folder> {
    let mut folder = root;
    for name in names {
        folder = folder
            .create_folder(name)
            .with_context(|| format!("making the folder '{name}'"))?;
    }
    Ok(folder)
}

/// The names of a path.
pub fn split(path: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut name = String::new();
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => name.push(chars.next().unwrap_or('\\')),
            '/' => names.push(std::mem::take(&mut name)),
            c => name.push(c),
        }
    }
    names.push(name);
    names.retain(|name| !name.is_empty());
    names
}

/// A path of names.
pub fn join(names: &[String]) -> String {
    let escaped = |name: &String| name.replace('\\', "\\\\").replace('/', "\\/");
    let names: Vec<String> = names.iter().map(escaped).collect();
    names.join("/")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths() {
        assert_eq!(split("Inbox/Work"), ["Inbox", "Work"]);
        assert_eq!(split("/Inbox//Work/"), ["Inbox", "Work"]);
        assert_eq!(split(r"a\/b/c\\d"), ["a/b", r"c\d"]);
        assert!(split("/").is_empty());
    }

    proptest! {
        #[test]
        fn a_path_comes_back(names in prop::collection::vec(".{1,8}", 0..5)) {
            prop_assert_eq!(split(&join(&names)), names);
        }
    }
}
