//! `mapi cp`.

use anyhow::Result;

use super::mv::{Transfer, transfer};
use crate::context::Context;
use crate::exit::Exit;

/// Copy messages or folders to a folder
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mapi cp 3fa2 77c0 Archive
  mapi cp Projects/2024 Archive            a folder, with everything in it")]
pub struct Args {
    /// IDs of messages, or folders
    #[arg(required = true, value_name = "ID|FOLDER")]
    what: Vec<String>,
    /// The folder they go to
    to: String,
}

/// Runs it.
pub fn run(context: &Context, args: Args) -> Result<Exit> {
    transfer(context, &args.what, &args.to, Transfer::Copy)
}
