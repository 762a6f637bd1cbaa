//! MAPI in this process: from MAPIInitialize to MAPIUninitialize.

use std::path::PathBuf;
use std::sync::Arc;

use mapi_subsystem::{Config, LogonRequest, Stopped, Subsystem};
use mapi_types::Result;

use crate::profiles::Profiles;
use crate::session::Session;

/// MAPI_NEW_SESSION: a session of one's own, not a handle on a shared one.
const NEW_SESSION: u32 = 0x2;
/// MAPI_EXTENDED, which MAPILogonEx wants.
const EXTENDED: u32 = 0x20;
/// MAPI_USE_DEFAULT.
const USE_DEFAULT: u32 = 0x40;
/// MAPI_NO_MAIL: no spooler, no transports.
const NO_MAIL: u32 = 0x8000;

/// The subsystem, started. Sessions keep it alive; [`Mapi::finish`] ends it in order, and so does dropping it.
///
/// ```no_run
/// use mapi::Mapi;
///
/// let mapi = Mapi::start("/srv/openmapi")?;
/// let session = mapi.logon(None)?;
/// for folder in session.default_store()?.root()?.hierarchy(true)?.rows() {
///     println!("{:?}", folder?.get(mapi::types::tag::PR_DISPLAY_NAME));
/// }
/// let report = session.logoff()?;
/// assert!(report.by_the_book);
/// mapi.finish();
/// # Ok::<(), mapi::types::Error>(())
/// ```
#[derive(Debug)]
pub struct Mapi {
    subsystem: Arc<Subsystem>,
    finished: bool,
}

impl Mapi {
    /// Starts MAPI with the profiles in `data_folder` and the embedded message store. Nothing is loaded yet.
    ///
    /// # Errors
    /// As [`Subsystem::start`].
    #[cfg(feature = "embedded")]
    pub fn start(data_folder: impl Into<PathBuf>) -> Result<Self> {
        Self::with_config(crate::embedded::config(data_folder))
    }

    /// Starts MAPI as `config` says.
    ///
    /// # Errors
    /// As [`Subsystem::start`].
    pub fn with_config(config: Config) -> Result<Self> {
        Ok(Self {
            subsystem: Subsystem::start(config)?,
            finished: false,
        })
    }

    /// The subsystem itself, for what is not wrapped.
    #[must_use]
    pub fn subsystem(&self) -> &Arc<Subsystem> {
        &self.subsystem
    }

    /// The administration of profiles.
    #[must_use]
    pub fn profiles(&self) -> Profiles<'_> {
        Profiles::new(
            self.subsystem.profiles(),
            self.subsystem.administration().catalog(),
        )
    }

    /// Logs on to a profile, the default one if none is named: a session of its own, without spooler.
    ///
    /// # Errors
    /// MAPI_E_LOGON_FAILED, MAPI_E_NOT_FOUND, MAPI_E_CORRUPT_DATA with file and line of the profile.
    pub fn logon(&self, profile: Option<&str>) -> Result<Session> {
        let default = if profile.is_none() { USE_DEFAULT } else { 0 };
        self.logon_with(profile, NEW_SESSION | EXTENDED | NO_MAIL | default)
    }

    /// MAPILogonEx with its flags.
    ///
    /// # Errors
    /// As MAPILogonEx.
    pub fn logon_with(&self, profile: Option<&str>, flags: u32) -> Result<Session> {
        let object = self.subsystem.logon(&LogonRequest {
            profile,
            flags,
            ..LogonRequest::default()
        })?;
        Ok(Session::new(object, Arc::clone(&self.subsystem)))
    }

    /// The last MAPIUninitialize: sessions that are still open are ended in order, libraries freed.
    #[must_use]
    pub fn finish(mut self) -> Stopped {
        self.finished = true;
        self.subsystem.stop()
    }
}

impl Drop for Mapi {
    fn drop(&mut self) {
        if !self.finished {
            let _ = self.subsystem.stop();
        }
    }
}
