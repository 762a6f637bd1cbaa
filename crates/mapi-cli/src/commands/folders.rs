//! `mapi folders`.

use anyhow::Result;
use serde_json::json;

use crate::context::Context;
use crate::exit::Exit;
use crate::folders::Tree;
use crate::output::Style;

/// List the folders
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mapi folders
  mapi folders Projects                    that folder and those below it
  mapi --json folders | jq -r 'select(.unread > 0).path'")]
pub struct Args {
    /// Only this folder and those below it
    folder: Option<String>,
}

/// Runs it.
pub fn run(context: &Context, args: Args) -> Result<Exit> {
    context.with_store(|store| {
        let tree = Tree::load(store)?;
        let top = match &args.folder {
            Some(path) if !crate::folders::split(path).is_empty() => {
                tree.expect(path)?.path.clone()
            }
            _ => Vec::new(),
        };
        list(context, &tree, &top)?;
        Ok(Exit::Ok)
    })
}

/// Lists the folders at and below a path.
///
/// # Errors
/// Those of the output.
pub fn list(context: &Context, tree: &Tree, top: &[String]) -> Result<()> {
    let all: Vec<_> = tree.below(top).collect();
    let width = all
        .iter()
        .map(|f| f.depth() * 2 + unicode_width::UnicodeWidthStr::width(f.name.as_str()))
        .max()
        .unwrap_or(0)
        .clamp(8, 60);
    for folder in all {
        context.out.record(&json!({
            "path": folder.path_text(),
            "name": folder.name,
            "messages": folder.messages,
            "unread": folder.unread,
            "entry_id": folder.id.to_string(),
        }))?;
        let name = format!("{:1$}{2}", "", folder.depth() * 2, folder.name);
        let name = crate::format::fit(&name, width);
        let unread = if folder.unread > 0 {
            format!("  {} unread", folder.unread)
        } else {
            String::new()
        };
        let name = if folder.unread > 0 {
            context.out.paint(Style::Bold, &name)
        } else {
            name
        };
        context
            .out
            .line(format!("{name}  {:>8}{unread}", folder.messages))?;
    }
    Ok(())
}
