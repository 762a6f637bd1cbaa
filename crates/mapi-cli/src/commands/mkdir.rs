//! `mapi mkdir`.

use anyhow::Result;
use mapi::Props as _;
use mapi_types::{EntryId, tag};
use serde_json::json;

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::folders::{Tree, join, make_path, split};

/// Make folders
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mapi mkdir Projects
  mapi mkdir --parents Projects/2024/Invoices
  mapi mkdir 'Either\\/or'                   a folder with a / in its name")]
pub struct Args {
    /// The new folders
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<String>,
    /// Make the folders above them too, and be content if they are there
    #[arg(long)]
    parents: bool,
}

/// Runs it.
pub fn run(context: &Context, args: Args) -> Result<Exit> {
    context.with_store(|store| {
        for path in &args.folders {
            let names = split(path);
            let Some((name, above)) = names.split_last() else {
                return Err(Failure::error(Exit::Exists, "'/' is there already"));
            };
            let made = if args.parents {
                make_path(store.root()?, &names)?
            } else {
                let tree = Tree::load(store)?;
                let parent = tree.open(store, &join(above))?;
                parent.new_folder(name)?
            };
            let id = made.get_bytes(tag::PR_ENTRYID)?.map(EntryId::from);
            let id = id.unwrap_or_default().to_string();
            context
                .out
                .record(&json!({ "path": join(&names), "entry_id": id }))?;
        }
        Ok(Exit::Ok)
    })
}
