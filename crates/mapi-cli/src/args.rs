//! The command line. The texts here are the help that people read, so they show how things are done.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::commands;
use crate::output::ColorChoice;

/// MAPI on the command line: profiles, message stores, and the mail in them.
///
/// Nouns administer (profile, service, provider, store), verbs work on mail (import, ls, show, export ...). The first command that
/// needs a profile makes one, with a message store in your data folder.
#[derive(Parser, Debug)]
#[command(
    name = "mapi",
    version,
    propagate_version = false,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "\
Examples:
  mapi demo                            see it all in one minute; leaves nothing behind
  mapi import ~/mail.mbox              put mail into the Inbox
  mapi ls --where 'unread and from ~ ann' --sort -date
  mapi show 3fa2                       read a message; an ID may be shortened
  mapi export Inbox -o inbox.mbox --format mbox
  mapi report                          how the last session came down

Exit codes are named in docs/exit-codes.md; `mapi COMMAND --help` has more examples."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,

    #[command(subcommand)]
    pub command: Command,
}

/// What can be said with every command.
#[derive(Args, Clone, Default, Debug)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The profile to log on to, instead of the default one
    #[arg(short, long, global = true, env = "MAPI_PROFILE", value_name = "NAME")]
    pub profile: Option<String>,

    /// The message store to work in, by its display name, instead of the default store of the profile
    #[arg(long, global = true, value_name = "NAME")]
    pub in_store: Option<String>,

    /// Where profiles, stores and reports are kept [default: openmapi in the user's data folder]
    #[arg(long, global = true, env = "MAPI_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,

    /// Write results as JSON, lists as one object per line (docs/json.md)
    #[arg(long, global = true)]
    pub json: bool,

    /// When to use colours; NO_COLOR is heeded
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,

    /// Show no progress bar; there is none without a terminal anyway
    #[arg(long, global = true)]
    pub no_progress: bool,

    /// Say nothing on standard error but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more on standard error; -vv and -vvv say all
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// For commands that delete something.
#[derive(Args, Clone, Copy, Default, Debug)]
pub struct Confirm {
    /// Do not ask; without a terminal to ask on it is needed
    #[arg(short, long)]
    pub yes: bool,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    Demo(commands::demo::Args),
    #[command(subcommand)]
    Profile(commands::profile::Command),
    #[command(subcommand)]
    Service(commands::service::Command),
    #[command(subcommand)]
    Provider(commands::provider::Command),
    #[command(subcommand)]
    Store(commands::store::Command),
    Import(commands::import::Args),
    Folders(commands::folders::Args),
    Ls(commands::ls::Args),
    Show(commands::show::Args),
    SaveAttachments(commands::save_attachments::Args),
    Export(commands::export::Args),
    Mkdir(commands::mkdir::Args),
    Mv(commands::mv::Args),
    Cp(commands::cp::Args),
    Rm(commands::rm::Args),
    Status(commands::status::Args),
    Report(commands::report::Args),
    Completions(commands::completions::Args),
    Man(commands::man::Args),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does_and_shows_how() {
        fn check(command: &clap::Command, path: &str) {
            for sub in command.get_subcommands() {
                let path = format!("{path} {}", sub.get_name());
                assert!(sub.get_about().is_some(), "{path} has no description");
                let leaf = sub.get_subcommands().next().is_none();
                let examples = sub.get_after_help().is_some();
                assert!(!leaf || examples, "{path} shows no example");
                check(sub, &path);
            }
        }
        check(&Cli::command(), "mapi");
    }
}
