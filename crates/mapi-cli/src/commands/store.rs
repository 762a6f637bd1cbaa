//! `mapi store`: the file of an embedded message store.
//!
//! MAPI has no calls for these, so they work on the file with the store's own engine, outside a session.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use mapi::embedded::PR_MSGSTORE_PATH;
use mapi_msgstore::engine::{OpenMode, Store};
use serde_json::json;

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::format;
use crate::progress::Progress;

/// The files of message stores: check, back up, compact
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Check a store: the file, and what must hold in it. Changes nothing
    #[command(after_help = "\
Examples:
  mapi store check                         the default store of the default profile
  mapi store check --file old.mapistore

Exit code 9 (damaged) if something is wrong.")]
    Check {
        /// The file [default: that of the profile's default store]
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Copy a store to a new file, also while it is in use
    #[command(after_help = "\
Examples:
  mapi store backup /mnt/backup/mail-2024-05-17.mapistore

The copy is the same store: it has its identity, and opens with `mapi service set NAME path=FILE`.")]
    Backup {
        /// The new file
        to: PathBuf,
        /// The file [default: that of the profile's default store]
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Give the space of deleted messages back to the disk
    #[command(after_help = "\
Examples:
  mapi store compact

It needs as much free space again as the file has.")]
    Compact {
        /// The file [default: that of the profile's default store]
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

/// Runs it.
pub fn run(context: &Context, command: Command) -> Result<Exit> {
    match command {
        Command::Check { file } => {
            with_file(context, file, OpenMode::ReadOnly, |path, store, step| {
                let findings = store.check(step)?;
                let found: Vec<&str> = findings.iter().map(|f| f.0.as_str()).collect();
                context.out.record(
                    &json!({ "file": path, "sound": found.is_empty(), "findings": found }),
                )?;
                for finding in &found {
                    context.out.line(finding)?;
                }
                if found.is_empty() {
                    context.note(format!("{} is sound", path.display()));
                    return Ok(Exit::Ok);
                }
                Ok(Exit::Damaged)
            })
        }
        Command::Backup { to, file } => {
            with_file(context, file, OpenMode::ReadOnly, |path, store, step| {
                store.backup(&to, step)?;
                let size = std::fs::metadata(&to).map_or(0, |m| m.len());
                context
                    .out
                    .record(&json!({ "file": path, "to": to, "size": size }))?;
                context.note(format!("{} ({})", to.display(), format::size(size)));
                Ok(Exit::Ok)
            })
        }
        Command::Compact { file } => {
            with_file(context, file, OpenMode::Existing, |path, store, step| {
                let won = store.compact(step)?;
                context.out.record(&json!({ "file": path, "freed": won }))?;
                context.note(format!("freed {}", format::size(won)));
                Ok(Exit::Ok)
            })
        }
    }
}

type Step<'a> = &'a dyn Fn(u64, u64) -> mapi_types::Result<()>;

fn with_file(
    context: &Context,
    file: Option<PathBuf>,
    mode: OpenMode,
    work: impl FnOnce(&Path, &Store, Step<'_>) -> Result<Exit>,
) -> Result<Exit> {
    let path = match file {
        Some(path) => path,
        None => file_of_profile(context)?,
    };
    let store = Store::open(&path, mode)?;
    let bar = Progress::items(context.shows_progress(), 0);
    let stop = context.stop.clone();
    let step = |done, total| {
        bar.total(total);
        bar.at(done);
        stop.check_mapi()
    };
    let result = work(&path, &store, &step);
    bar.finish();
    store
        .close()
        .with_context(|| format!("closing {}", path.display()))?;
    result
}

/// The file that the profile names: that of the store which `--in-store` names, or of its default store.
fn file_of_profile(context: &Context) -> Result<PathBuf> {
    context.with_mapi(|mapi, data| {
        let profiles = mapi.profiles();
        let profile = context.choose_profile(&profiles, data)?;
        let services = profiles.services(&profile)?;
        let wanted = context.global.in_store.as_deref();
        let mut stores: Vec<_> = services
            .iter()
            .flat_map(|s| s.providers.iter().map(move |p| (s, p)))
            .filter(|(s, p)| {
                wanted.is_none_or(|w| {
                    s.display_name.eq_ignore_ascii_case(w) || p.display_name.eq_ignore_ascii_case(w)
                })
            })
            .filter_map(|(_, p)| {
                let path = p.settings.iter().find(|s| s.tag == PR_MSGSTORE_PATH)?;
                let path = PathBuf::from(path.value.as_str()?.into_owned());
                Some((p.is_default_store, path))
            })
            .collect();
        stores.sort_by_key(|(is_default, _)| !is_default);
        stores
            .into_iter()
            .next()
            .map(|(_, path)| path)
            .ok_or_else(|| {
                let text =
                    format!("the profile '{profile}' leads to no such file; name one with --file");
                Failure::error(Exit::NotFound, text)
            })
    })
}
