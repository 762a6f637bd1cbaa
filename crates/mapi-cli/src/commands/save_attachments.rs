//! `mapi save-attachments`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use mapi::{Message, Props as _, Store};
use mapi_mime::{ExportOptions, export};
use mapi_types::{Row, tag};
use serde_json::json;

use crate::context::Context;
use crate::exit::Exit;
use crate::filenames::{create_new, safe};
use crate::folders::Tree;
use crate::format;
use crate::ids::find_messages;
use crate::mail::{ReadMessage, StoreNames, attachment_infos, attachment_name, from_io};

/// Save the attachments of messages to a folder
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mapi save-attachments 3fa2
  mapi save-attachments 3fa2 77c0 -o ~/Downloads

Names are made harmless: no paths, no hidden files, no devices. Nothing is overwritten; a number is added. Attached messages
are saved as .eml.")]
pub struct Args {
    /// IDs of messages
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    /// The folder, made if it is not there
    #[arg(short, long, default_value = ".", value_name = "FOLDER")]
    output: PathBuf,
}

/// ATTACH_EMBEDDED_MSG of PR_ATTACH_METHOD.
const EMBEDDED: i32 = 5;

/// Runs it.
pub fn run(context: &Context, args: Args) -> Result<Exit> {
    fs::create_dir_all(&args.output).with_context(|| args.output.display().to_string())?;
    context.with_store(|store| {
        let tree = Tree::load(store)?;
        let mut count = 0;
        for id in find_messages(store, &tree, &args.ids, &context.stop)? {
            let message = store.message(&id)?;
            for row in attachment_infos(&message)? {
                context.stop.check()?;
                let saved = save(store, &message, &row, &args.output)?;
                context
                    .out
                    .record(&json!({ "path": saved.0, "size": saved.1 }))?;
                context.out.line(format!(
                    "{} ({})",
                    format::clean(&saved.0.display().to_string()),
                    format::size(saved.1)
                ))?;
                count += 1;
            }
        }
        if count == 0 {
            context.note("no attachments");
        }
        Ok(Exit::Ok)
    })
}

/// Saves one attachment of an open message; its path and its size in bytes.
///
/// # Errors
/// Those of the store and of the disk.
pub fn save(store: &Store, message: &Message, row: &Row, folder: &Path) -> Result<(PathBuf, u64)> {
    let number = row.get(tag::PR_ATTACH_NUM).and_then(|v| v.as_long());
    let number = number.unwrap_or(0).cast_unsigned();
    let attachment = message.attachment(number)?;
    let method = row.get(tag::PR_ATTACH_METHOD).and_then(|v| v.as_long());
    let name = attachment_name(row);
    if method == Some(EMBEDDED) {
        let name = format!("{}.eml", safe(name.as_deref().unwrap_or("message")));
        let (mut file, path) = open(folder, &name)?;
        let inner = ReadMessage::new(attachment.embedded_message(false)?)?;
        export(
            &inner,
            &StoreNames(store),
            &ExportOptions::default(),
            &mut file,
        )?;
        file.flush()?;
        return Ok((path, file.get_ref().metadata()?.len()));
    }
    let name = safe(name.as_deref().unwrap_or("attachment"));
    let (mut file, path) = open(folder, &name)?;
    let mut data = attachment.open(tag::PR_ATTACH_DATA_BIN, false)?;
    let size = io::copy(&mut data, &mut file)
        .map_err(from_io)
        .with_context(|| format!("saving {}", path.display()))?;
    file.flush()?;
    Ok((path, size))
}

fn open(folder: &Path, name: &str) -> Result<(io::BufWriter<fs::File>, PathBuf)> {
    let (file, path) = create_new(folder, name)
        .with_context(|| format!("creating {name} in {}", folder.display()))?;
    Ok((io::BufWriter::new(file), path))
}
