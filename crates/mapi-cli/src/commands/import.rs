//! `mapi import`.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::folders::{Tree, make_path, split};
use crate::format;
use crate::import::{Job, Summary};
use crate::stop::interrupted;

/// Import mail: .eml files, mboxes, Maildirs, folders of them
///
/// What a file is, its content says. A tree of mailboxes keeps its folder names. Run again, the import continues, and nothing is
/// imported twice: a mail is known by its file, its place in it, and its bytes, and a file that was moved is not a new one. A
/// bad mail is reported with file, offset and reason, and does not stop the rest.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mapi import mail.eml more.mbox ~/Maildir
  mapi import --folder Archive/2023 2023.mbox
  mapi import --folder / ~/.thunderbird/x.default/Mail     the tree keeps its names
  cat mail.eml | mapi import -
  mapi import --dry-run ~/Maildir                          what would be done

Ctrl-C stops it in order; what was imported stays, and the next run goes on. Exit code 6 (partly) if mails were left out.")]
pub struct Args {
    /// Files and folders; - is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The folder it goes to, made if it is not there
    #[arg(short, long, default_value = "Inbox")]
    folder: String,
    /// Say what would be done, and do nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// Runs it.
pub fn run(context: &Context, args: Args) -> Result<Exit> {
    for path in &args.paths {
        if path != std::path::Path::new("-") && !path.exists() {
            let text = format!("there is no file or folder {}", path.display());
            return Err(Failure::error(Exit::NotFound, text));
        }
    }
    let started = Instant::now();
    let summary = context.with_store(|store| {
        let tree = Tree::load(store)?;
        let top = match tree.find(&args.folder) {
            Some(found) => store.folder(&found.id)?,
            // In a dry run nothing is made; what is in the store is looked up all the same.
            None if args.dry_run => store.root()?,
            None => make_path(store.root()?, &split(&args.folder))?,
        };
        Job::new(context, store, &tree, top, args.dry_run)?.run(&args.paths)
    })?;
    tell(context, &summary, args.dry_run, started)?;
    if summary.interrupted {
        context.out.flush()?;
        return Err(interrupted());
    }
    Ok(if summary.failed > 0 {
        Exit::Partly
    } else {
        Exit::Ok
    })
}

fn tell(context: &Context, summary: &Summary, dry_run: bool, started: Instant) -> Result<()> {
    let elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    context.out.record(&json!({
        "imported": summary.imported,
        "known": summary.known,
        "failed": summary.failed,
        "bytes": summary.bytes,
        "dry_run": dry_run,
        "interrupted": summary.interrupted,
        "elapsed_us": elapsed_us,
    }))?;
    let would = if dry_run {
        "would be imported"
    } else {
        "imported"
    };
    let mut text = format!(
        "{} {would} ({})",
        summary.imported,
        format::size(summary.bytes)
    );
    if summary.known > 0 {
        text += &format!(", {} in the store already", summary.known);
    }
    if summary.failed > 0 {
        text += &format!(", {} left out", summary.failed);
    }
    if !dry_run {
        text += &format!(", in {}", format::micros(elapsed_us));
    }
    context.note(text);
    Ok(())
}
