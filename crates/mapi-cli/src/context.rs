//! What every command works with, and the session around its work.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use mapi::embedded::{self, PR_MSGSTORE_CREATE, PR_MSGSTORE_PATH};
use mapi::profiles::{ProfileName, Profiles};
use mapi::{Config, Mapi, Session, ShutdownReport, Store};
use mapi_types::Property;

use crate::args::{Confirm, Global};
use crate::data::DataFolder;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::stop::Stop;

/// The profile that is made when there is none.
const FIRST_PROFILE: &str = "Default";
/// LOGOFF_ORDERLY of StoreLogoff.
const LOGOFF_ORDERLY: u32 = 0x2;

/// What every command works with.
pub struct Context {
    /// What was said on the command line.
    pub global: Global,
    /// Where results go.
    pub out: Output,
    /// Ctrl-C.
    pub stop: Stop,
}

impl Context {
    /// From the command line.
    ///
    /// # Errors
    /// None so far.
    pub fn new(global: Global) -> Result<Self> {
        Ok(Self {
            out: Output::new(global.json, global.color),
            stop: Stop::on_ctrl_c(),
            global,
        })
    }

    /// The data folder.
    ///
    /// # Errors
    /// There is no home folder and none was named.
    pub fn data(&self) -> Result<DataFolder> {
        DataFolder::choose(self.global.data_dir.as_deref())
    }

    /// Whether a progress bar is wanted.
    pub fn shows_progress(&self) -> bool {
        !self.global.no_progress && !self.global.quiet && !self.global.json
    }

    /// A line about what was done, on standard error, unless it should be quiet or programs read us.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.global.quiet && !self.global.json {
            eprintln!("{}", crate::format::clean_lines(text.as_ref()));
        }
    }

    /// Asks before something is deleted.
    ///
    /// # Errors
    /// The answer is no, or there is nobody to ask.
    pub fn confirm(&self, confirm: Confirm, what: &str) -> Result<()> {
        if confirm.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return Err(Failure::error(
                Exit::Usage,
                format!("{what}? There is nobody to ask; add --yes"),
            ));
        }
        eprint!("{what}? [y/N] ");
        std::io::stderr().flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        if matches!(answer.trim(), "y" | "Y" | "yes") {
            Ok(())
        } else {
            Err(Failure::error(Exit::Failed, "nothing was done"))
        }
    }

    /// Starts MAPI for work on profiles, and ends it.
    ///
    /// # Errors
    /// Those of the start and of `work`.
    pub fn with_mapi<R>(&self, work: impl FnOnce(&Mapi, &DataFolder) -> Result<R>) -> Result<R> {
        let data = self.data()?;
        data.create()?;
        let mapi = Mapi::start(data.path())?;
        let result = work(&mapi, &data);
        let _ = mapi.finish();
        result
    }

    /// Logs on, works, logs off, keeps the report.
    ///
    /// # Errors
    /// Those of the logon, of `work`, and of the logoff.
    pub fn with_session<R>(&self, work: impl FnOnce(&Session) -> Result<R>) -> Result<R> {
        self.with_mapi(|mapi, data| {
            let profile = self.choose_profile(&mapi.profiles(), data)?;
            let (result, report) = in_session(mapi, &profile, work)?;
            self.keep(data, &report);
            result
        })
    }

    /// The same with the message store that was asked for.
    ///
    /// # Errors
    /// As [`Context::with_session`], and those of opening the store.
    pub fn with_store<R>(&self, work: impl FnOnce(&Store) -> Result<R>) -> Result<R> {
        self.with_session(|session| {
            let store = self.open_store(session)?;
            let result = work(&store);
            close_store(store);
            result
        })
    }

    fn open_store(&self, session: &Session) -> Result<Store> {
        let Some(wanted) = &self.global.in_store else {
            return Ok(session.default_store()?);
        };
        let stores = session.stores()?;
        let found = stores.iter().find(|s| s.name.eq_ignore_ascii_case(wanted));
        match found {
            Some(found) => Ok(session.open_store(&found.entry_id)?),
            None => {
                let names: Vec<&str> = stores.iter().map(|s| s.name.as_str()).collect();
                let text = format!(
                    "there is no message store '{wanted}' in this profile; it has: {}",
                    names.join(", ")
                );
                Err(Failure::error(Exit::NotFound, text))
            }
        }
    }

    /// The profile that was asked for, or the default one, which is made if there is no profile at all.
    ///
    /// # Errors
    /// There is no such profile, or no default among several.
    pub fn choose_profile(&self, profiles: &Profiles<'_>, data: &DataFolder) -> Result<String> {
        if let Some(name) = self.global.profile.as_deref().filter(|n| !n.is_empty()) {
            return match profiles.store().read(name) {
                Ok(_) => Ok(name.to_owned()),
                Err(error) => {
                    Err(anyhow::Error::new(error).context("`mapi profile list` shows the profiles"))
                }
            };
        }
        if let Some(name) = profiles.default_profile()? {
            return Ok(name);
        }
        if let Some(first) = profiles.list()?.first() {
            let text = format!(
                "there is no default profile; say -p NAME, or choose one: mapi profile set-default '{}'",
                first.name
            );
            return Err(Failure::error(Exit::NotFound, text));
        }
        create_profile(profiles, data, FIRST_PROFILE, None)?;
        profiles.set_default(Some(FIRST_PROFILE))?;
        tracing::info!(
            "made the profile '{FIRST_PROFILE}' in {}",
            data.path().display()
        );
        Ok(FIRST_PROFILE.to_owned())
    }

    /// Keeps the report, and says so if a provider did not come down by the book.
    fn keep(&self, data: &DataFolder, report: &ShutdownReport) {
        if let Err(error) = data.save_report(report) {
            tracing::warn!("the shutdown report could not be kept: {error:#}");
        }
        if !report.by_the_book {
            tracing::warn!("a provider did not come down by the book; `mapi report` shows it");
        }
    }
}

/// Logs on to a profile, works, and logs off whatever came of it. The work's result and the report.
///
/// # Errors
/// Those of the logon and, if the work went well, of the logoff.
pub fn in_session<R>(
    mapi: &Mapi,
    profile: &str,
    work: impl FnOnce(&Session) -> Result<R>,
) -> Result<(Result<R>, ShutdownReport)> {
    let session = mapi
        .logon(Some(profile))
        .with_context(|| format!("logging on to the profile '{profile}'"))?;
    let result = work(&session);
    match session.logoff() {
        Ok(report) => Ok((result, report)),
        Err(error) => match result {
            Ok(_) => Err(anyhow::Error::new(error).context("logging off")),
            Err(first) => {
                tracing::error!("logging off: {error}");
                Err(first)
            }
        },
    }
}

/// StoreLogoff and the last Release.
pub fn close_store(store: Store) {
    if let Err(error) = store.logoff(LOGOFF_ORDERLY) {
        tracing::warn!("closing the message store: {error}");
    }
}

/// Creates a profile with a message store of its own, at `path` or in the data folder.
///
/// # Errors
/// Those of the profile store and the disk; no profile is left then.
pub fn create_profile(
    profiles: &Profiles<'_>,
    data: &DataFolder,
    name: &str,
    path: Option<PathBuf>,
) -> Result<PathBuf> {
    let valid = ProfileName::new(name)?;
    let path = match path {
        Some(path) => std::path::absolute(path)?,
        None => data.store_path(&valid.file_stem())?,
    };
    profiles.create(name)?;
    let settings = store_settings(&path);
    if let Err(error) = profiles.add_service(name, embedded::NAME, None, &settings) {
        let _ = profiles.delete(name);
        return Err(error.into());
    }
    Ok(path)
}

/// What the embedded message store needs to know.
pub fn store_settings(path: &std::path::Path) -> [Property; 2] {
    [
        Property::new(PR_MSGSTORE_PATH, path.to_string_lossy().into_owned()),
        Property::new(PR_MSGSTORE_CREATE, true),
    ]
}

/// The set-up of `mapi demo`: as usual, and with the stacks of what is left open.
pub fn demo_config(folder: PathBuf, traces: bool) -> Config {
    Config {
        traces,
        ..embedded::config(folder)
    }
}
