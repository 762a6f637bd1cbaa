//! `mapi rm`.

use anyhow::Result;
use mapi::Completion;
use serde_json::json;

use super::mv::{Named, by_folder, parent_of};
use crate::args::Confirm;
use crate::context::Context;
use crate::exit::Exit;
use crate::folders::Tree;

/// Delete messages or folders for good
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mapi rm 3fa2 77c0
  mapi rm Projects/2024 --yes              a folder, with everything in it
  mapi mv 3fa2 'Deleted Items'             what can be undone")]
pub struct Args {
    /// IDs of messages, or folders
    #[arg(required = true, value_name = "ID|FOLDER")]
    what: Vec<String>,
    #[command(flatten)]
    confirm: Confirm,
}

/// Runs it.
pub fn run(context: &Context, args: Args) -> Result<Exit> {
    context.with_store(|store| {
        let tree = Tree::load(store)?;
        let named = Named::find(context, store, &tree, &args.what)?;
        context.confirm(args.confirm, &question(&tree, &named))?;
        let mut all = true;
        for folder in &named.folders {
            context.stop.check()?;
            let parent = parent_of(store, &tree, folder)?;
            all &= parent.delete_folder(&folder.id, None)? == Completion::Full;
        }
        for (parent, messages) in by_folder(store, &named.messages)? {
            context.stop.check()?;
            let done = store.folder(&parent)?.delete_messages(&messages, None)?;
            all &= done == Completion::Full;
        }
        context.out.record(&json!({
            "folders": named.folders.len(), "messages": named.messages.len(), "complete": all,
        }))?;
        if !all {
            context.note("some could not be deleted");
            return Ok(Exit::Partly);
        }
        Ok(Exit::Ok)
    })
}

fn question(tree: &Tree, named: &Named) -> String {
    let mut parts = Vec::new();
    if !named.messages.is_empty() {
        parts.push(format!("{} message(s)", named.messages.len()));
    }
    for folder in &named.folders {
        let below = tree.below(&folder.path);
        let inside: u64 = below.map(|f| f.messages).sum();
        parts.push(format!(
            "the folder '{}' with {inside} message(s)",
            folder.path_text()
        ));
    }
    format!("Delete {} for good", parts.join(" and "))
}
