//! `mapi completions`.

use anyhow::Result;
use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;
use crate::context::Context;
use crate::exit::Exit;

/// Write a completion script for a shell
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mapi completions bash > ~/.local/share/bash-completion/completions/mapi
  mapi completions zsh > ~/.zfunc/_mapi
  mapi completions fish > ~/.config/fish/completions/mapi.fish")]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Runs it.
pub fn run(context: &Context, args: Args) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "mapi", &mut script);
    context.out.bytes(&script)?;
    Ok(Exit::Ok)
}
