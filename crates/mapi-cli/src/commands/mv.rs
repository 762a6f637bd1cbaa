//! `mapi mv`, and what it shares with `mapi cp`.

use std::collections::HashMap;

use anyhow::Result;
use mapi::{Completion, Folder, Props as _, Store};
use mapi_types::{EntryId, tag};
use serde_json::json;

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::folders::{FolderInfo, Tree, join, split};
use crate::ids::{FEWEST_TO_CHANGE, find_messages};

/// Move messages or folders to a folder, or give a folder another name
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mapi mv 3fa2 77c0 Archive
  mapi mv Projects/2024 Archive            a folder, with everything in it
  mapi mv Projects/2024 Projects/Old       there is no such folder yet: that is its new name")]
pub struct Args {
    /// IDs of messages, or folders
    #[arg(required = true, value_name = "ID|FOLDER")]
    what: Vec<String>,
    /// The folder they go to, or the new path of one folder
    to: String,
}

/// Runs it.
pub fn run(context: &Context, args: Args) -> Result<Exit> {
    transfer(context, &args.what, &args.to, Transfer::Move)
}

/// Copy or move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transfer {
    /// The originals stay.
    Copy,
    /// The originals go.
    Move,
}

/// Folders and messages that a command names.
pub struct Named {
    /// The folders.
    pub folders: Vec<FolderInfo>,
    /// The messages.
    pub messages: Vec<EntryId>,
}

impl Named {
    /// Looks them up: what is a folder's path is that folder, everything else is a message's ID, of which four digits are the least.
    ///
    /// # Errors
    /// One is neither.
    pub fn find(context: &Context, store: &Store, tree: &Tree, texts: &[String]) -> Result<Self> {
        let mut folders = Vec::new();
        let mut ids = Vec::new();
        for text in texts {
            match tree.find(text) {
                Some(folder) => folders.push(folder.clone()),
                None => ids.push(text.clone()),
            }
        }
        let looks = |id: &&String| !crate::ids::looks_like_id(id);
        if let Some(neither) = ids.iter().find(looks) {
            let text = format!("'{neither}' is neither a folder nor the ID of a message");
            return Err(Failure::error(Exit::NotFound, text));
        }
        if let Some(short) = ids.iter().find(|id| id.len() < FEWEST_TO_CHANGE) {
            let text = format!(
                "there is no folder '{short}', and an ID takes {FEWEST_TO_CHANGE} digits or more here"
            );
            return Err(Failure::error(Exit::NotFound, text));
        }
        let messages = if ids.is_empty() {
            Vec::new()
        } else {
            find_messages(store, tree, &ids, &context.stop)?
        };
        Ok(Self { folders, messages })
    }
}

/// Copies or moves what `texts` name to the folder `to`.
///
/// # Errors
/// Something is not there; those of the store.
pub fn transfer(context: &Context, texts: &[String], to: &str, how: Transfer) -> Result<Exit> {
    context.with_store(|store| {
        let tree = Tree::load(store)?;
        let named = Named::find(context, store, &tree, texts)?;
        let (target, new_name) = target(store, &tree, to, &named)?;
        let moved = how == Transfer::Move;
        let mut all = true;
        for folder in &named.folders {
            context.stop.check()?;
            let parent = parent_of(store, &tree, folder)?;
            let done = parent.copy_folder(&folder.id, &target, new_name.as_deref(), moved, None)?;
            all &= done == Completion::Full;
        }
        for (parent, messages) in by_folder(store, &named.messages)? {
            context.stop.check()?;
            let source = store.folder(&parent)?;
            let done = source.copy_messages(&messages, &target, moved, None)?;
            all &= done == Completion::Full;
        }
        context.out.record(&json!({
            "folders": named.folders.len(), "messages": named.messages.len(), "to": to, "moved": moved,
            "complete": all,
        }))?;
        if !all {
            context.note("some were left as they were");
            return Ok(Exit::Partly);
        }
        Ok(Exit::Ok)
    })
}

/// The folder to go to and, if a single folder is to get a new path, its new name.
fn target(store: &Store, tree: &Tree, to: &str, named: &Named) -> Result<(Folder, Option<String>)> {
    let names = split(to);
    let one_folder = named.folders.len() == 1 && named.messages.is_empty();
    match names.split_last() {
        Some((name, above)) if tree.find(to).is_none() && one_folder => {
            Ok((tree.open(store, &join(above))?, Some(name.clone())))
        }
        _ => Ok((tree.open(store, to)?, None)),
    }
}

/// The folder that a folder is in.
///
/// # Errors
/// Those of the store.
pub fn parent_of(store: &Store, tree: &Tree, folder: &FolderInfo) -> Result<Folder> {
    let above = folder.path.split_last().map_or(&[][..], |(_, above)| above);
    tree.open(store, &join(above))
}

/// Messages by the folder they are in.
///
/// # Errors
/// Those of the store.
pub fn by_folder(store: &Store, messages: &[EntryId]) -> Result<Vec<(EntryId, Vec<EntryId>)>> {
    let mut groups: HashMap<EntryId, Vec<EntryId>> = HashMap::new();
    for id in messages {
        let parent = store.message(id)?.get_bytes(tag::PR_PARENT_ENTRYID)?;
        let parent = parent.map(EntryId::from).unwrap_or_default();
        groups.entry(parent).or_default().push(id.clone());
    }
    Ok(groups.into_iter().collect())
}
