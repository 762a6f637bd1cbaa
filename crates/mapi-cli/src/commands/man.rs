//! `mapi man`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;

use crate::args::Cli;
use crate::context::Context;
use crate::data::write_whole;
use crate::exit::{Exit, Failure};

/// Write the manual page of a command, or all of them to a folder
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mapi man | man -l -
  mapi man profile create | man -l -
  mapi man --all ~/.local/share/man/man1")]
pub struct Args {
    /// The command [default: mapi itself]
    command: Vec<String>,
    /// Write one file for each command to this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    all: Option<PathBuf>,
}

/// Runs it.
pub fn run(context: &Context, args: Args) -> Result<Exit> {
    let mut root = Cli::command();
    root.build();
    if let Some(folder) = &args.all {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let mut count = 0;
        write_all(&root, "mapi", folder, &mut count)?;
        context.note(format!("{count} pages in {}", folder.display()));
        return Ok(Exit::Ok);
    }
    let mut command = &root;
    let mut name = "mapi".to_owned();
    for word in &args.command {
        command = command.find_subcommand(word).ok_or_else(|| {
            Failure::error(Exit::Usage, format!("there is no command '{name} {word}'"))
        })?;
        name = format!("{name}-{}", command.get_name());
    }
    context.out.bytes(&page(command, &name)?)?;
    Ok(Exit::Ok)
}

fn write_all(
    command: &clap::Command,
    name: &str,
    folder: &std::path::Path,
    count: &mut usize,
) -> Result<()> {
    write_whole(&folder.join(format!("{name}.1")), &page(command, name)?)?;
    *count += 1;
    for sub in command.get_subcommands() {
        let name = format!("{name}-{}", sub.get_name());
        write_all(sub, &name, folder, count)?;
    }
    Ok(())
}

fn page(command: &clap::Command, name: &str) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    let named = command.clone().display_name(name.to_owned());
    clap_mangen::Man::new(named)
        .title(name.to_ascii_uppercase())
        .render(&mut page)?;
    Ok(page)
}
