//! `mapi profile`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use mapi::profiles::When;
use serde_json::json;

use super::service::{service_record, service_rows};
use crate::args::Confirm;
use crate::context::{Context, create_profile};
use crate::exit::{Exit, Failure};
use crate::output::Style;

/// Profiles: who can log on, and to what
///
/// A profile names the message services that a session works with: message stores, address books. It is a text file in the data
/// folder, `profiles/NAME.toml`.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Create a profile, with a message store of its own
    #[command(after_help = "\
Examples:
  mapi profile create Work
  mapi profile create Archive --store /mnt/big/archive.mapistore
  mapi profile create Bare --empty         services are added with `mapi service add`")]
    Create {
        /// Its name
        name: String,
        /// The file of its message store; made when it is first used [default: in the data folder]
        #[arg(long, value_name = "FILE", conflicts_with = "empty")]
        store: Option<PathBuf>,
        /// Without a message store
        #[arg(long)]
        empty: bool,
        /// Make it the default profile
        #[arg(long)]
        default: bool,
    },
    /// List the profiles
    #[command(
        visible_alias = "ls",
        after_help = "\
Examples:
  mapi profile list
  mapi --json profile list | jq -r .name"
    )]
    List,
    /// Show what a profile consists of
    #[command(after_help = "\
Examples:
  mapi profile show                        the default profile
  mapi profile show Work")]
    Show {
        /// Its name [default: the default profile]
        name: Option<String>,
    },
    /// Copy a profile; both lead to the same stores
    #[command(after_help = "\
Examples:
  mapi profile copy Work Experiment")]
    Copy {
        /// The profile
        from: String,
        /// The name of the copy
        to: String,
    },
    /// Give a profile another name
    #[command(after_help = "\
Examples:
  mapi profile rename Work 'Old work'")]
    Rename {
        /// The profile
        from: String,
        /// The new name
        to: String,
    },
    /// Delete a profile; the stores it leads to stay
    #[command(
        visible_alias = "rm",
        after_help = "\
Examples:
  mapi profile delete Work
  mapi profile delete Work --yes           do not ask

While a session uses the profile it is only marked, and goes with the last of them."
    )]
    Delete {
        /// The profile
        name: String,
        #[command(flatten)]
        confirm: Confirm,
    },
    /// Choose the profile that is used when none is named
    #[command(after_help = "\
Examples:
  mapi profile set-default Work
  mapi profile set-default --none          from now on a profile must be named")]
    SetDefault {
        /// The profile
        #[arg(required_unless_present = "none")]
        name: Option<String>,
        /// There is no default any more
        #[arg(long, conflicts_with = "name")]
        none: bool,
    },
}

/// Runs it.
pub fn run(context: &Context, command: Command) -> Result<Exit> {
    match command {
        Command::Create {
            name,
            store,
            empty,
            default,
        } => create(context, &name, store, empty, default),
        Command::List => list(context),
        Command::Show { name } => show(context, name),
        Command::Copy { from, to } => context.with_mapi(|mapi, _| {
            mapi.profiles().copy(&from, &to)?;
            done(context, &to, None, "copied to")
        }),
        Command::Rename { from, to } => context.with_mapi(|mapi, _| {
            let when = mapi.profiles().rename(&from, &to)?;
            done(context, &to, Some(when), "renamed to")
        }),
        Command::Delete { name, confirm } => context.with_mapi(|mapi, _| {
            mapi.profiles().store().read(&name)?;
            context.confirm(confirm, &format!("Delete the profile '{name}'"))?;
            let when = mapi.profiles().delete(&name)?;
            done(context, &name, Some(when), "deleted")
        }),
        Command::SetDefault { name, .. } => context.with_mapi(|mapi, _| {
            mapi.profiles().set_default(name.as_deref())?;
            context.out.record(&json!({ "default": name }))?;
            match name {
                Some(name) => context.note(format!("the default profile is '{name}'")),
                None => context.note("there is no default profile any more"),
            }
            Ok(Exit::Ok)
        }),
    }
}

fn done(context: &Context, name: &str, when: Option<When>, what: &str) -> Result<Exit> {
    let later = when == Some(When::AfterLastSession);
    context
        .out
        .record(&json!({ "name": name, "done": what, "after_last_session": later }))?;
    let when = if later {
        ", when the last session that uses it ends"
    } else {
        ""
    };
    context.note(format!("{what} '{name}'{when}"));
    Ok(Exit::Ok)
}

fn create(
    context: &Context,
    name: &str,
    store: Option<PathBuf>,
    empty: bool,
    default: bool,
) -> Result<Exit> {
    context.with_mapi(|mapi, data| {
        let profiles = mapi.profiles();
        let taken = profiles.list()?.iter().any(|p| p.name == name);
        if taken {
            let text = format!("there is a profile '{name}' already");
            return Err(Failure::error(Exit::Exists, text));
        }
        let first = profiles.list()?.is_empty();
        let path = if empty {
            profiles.create(name)?;
            None
        } else {
            Some(create_profile(&profiles, data, name, store)?)
        };
        if default || first {
            profiles.set_default(Some(name))?;
        }
        context
            .out
            .record(&json!({ "name": name, "default": default || first, "store": path }))?;
        context.note(format!("created the profile '{name}'"));
        Ok(Exit::Ok)
    })
}

fn list(context: &Context) -> Result<Exit> {
    context.with_mapi(|mapi, _| {
        let mut rows = Vec::new();
        for profile in mapi.profiles().list()? {
            let error = profile.error.map(|e| e.to_string());
            context.out.record(&json!({
                "name": profile.name, "default": profile.is_default, "error": error,
            }))?;
            let mark = if profile.is_default { "default" } else { "" };
            rows.push(vec![
                profile.name,
                mark.to_owned(),
                error.unwrap_or_default(),
            ]);
        }
        if rows.is_empty() {
            context.note("there is no profile yet; the first command that works on mail makes one");
        }
        context.out.table(&["PROFILE", "", ""], rows)?;
        Ok(Exit::Ok)
    })
}

fn show(context: &Context, name: Option<String>) -> Result<Exit> {
    context.with_mapi(|mapi, data| {
        let profiles = mapi.profiles();
        let name = match name {
            Some(name) => name,
            None => context.choose_profile(&profiles, data)?,
        };
        let services = profiles.services(&name)?;
        let name = profiles.store().read(&name)?.name.as_str().to_owned();
        let default = profiles.default_profile()?.as_deref() == Some(name.as_str());
        let records: Vec<_> = services.iter().map(service_record).collect();
        context
            .out
            .record(&json!({ "name": name, "default": default, "services": records }))?;
        let mark = if default { " (default)" } else { "" };
        let title = format!("Profile {name}{mark}");
        context.out.line(context.out.paint(Style::Bold, &title))?;
        let (header, rows) = service_rows(&services);
        context.out.table(&header, rows)?;
        Ok(Exit::Ok)
    })
}
