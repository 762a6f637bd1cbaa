//! MAPILogonEx.

use std::sync::Arc;

use mapi_com::ptr::ComPtr;
use mapi_sys::{
    MAPI_ALLOW_OTHERS, MAPI_EXPLICIT_PROFILE, MAPI_EXTENDED, MAPI_FORCE_DOWNLOAD, MAPI_LOGON_UI,
    MAPI_NEW_SESSION, MAPI_NO_MAIL, MAPI_NT_SERVICE, MAPI_PASSWORD_UI, MAPI_SERVICE_UI_ALWAYS,
    MAPI_TIMEOUT_SHORT, MAPI_UNICODE,
};
use mapi_types::{Error, ErrorCode, Result};

use super::SessionCore;
use super::handle::Handle;
use crate::subsystem::Subsystem;

/// MAPI_USE_DEFAULT: in MAPI.h only as a comment (constants.md, 2).
const MAPI_USE_DEFAULT: u32 = 0x40;
/// MAPI_BG_SESSION of MAPIAux.h.
const MAPI_BG_SESSION: u32 = 0x0020_0000;
/// MAPI_APP_PROFILE.
const MAPI_APP_PROFILE: u32 = 0x4;

const KNOWN_FLAGS: u32 = MAPI_LOGON_UI
    | MAPI_NEW_SESSION
    | MAPI_APP_PROFILE
    | MAPI_ALLOW_OTHERS
    | MAPI_EXPLICIT_PROFILE
    | MAPI_EXTENDED
    | MAPI_USE_DEFAULT
    | MAPI_FORCE_DOWNLOAD
    | MAPI_SERVICE_UI_ALWAYS
    | MAPI_NO_MAIL
    | MAPI_NT_SERVICE
    | MAPI_PASSWORD_UI
    | MAPI_TIMEOUT_SHORT
    | MAPI_BG_SESSION
    | MAPI_UNICODE;

/// Profile names are at most this long (mapilogonex.md).
const MAX_PROFILE_NAME: usize = 64;

/// The arguments of MAPILogonEx.
#[derive(Clone, Debug, Default)]
pub struct LogonRequest<'a> {
    /// Name of the profile; `None` or empty: as the flags say.
    pub profile: Option<&'a str>,
    /// Must be `None` or empty: profiles have no passwords (OP-50).
    pub password: Option<&'a str>,
    /// MAPI_NEW_SESSION, MAPI_ALLOW_OTHERS, MAPI_USE_DEFAULT, MAPI_NO_MAIL ...
    pub flags: u32,
    /// Window handle, for providers that show dialogs; 0 without one.
    pub ui_param: usize,
}

impl Subsystem {
    /// MAPILogonEx: a new handle, on the shared session or on one of its own (lifecycle.md, 4.2).
    ///
    /// No provider is started: that happens when it is first needed (OP-05).
    ///
    /// # Errors
    /// MAPI_E_LOGON_FAILED for wrong arguments, an unknown profile, or if nothing says which profile (LIFE-LOGON-003);
    /// MAPI_E_TIMEOUT with MAPI_TIMEOUT_SHORT while another logon is under way (LIFE-LOGON-002); MAPI_E_UNKNOWN_FLAGS.
    pub fn logon(
        self: &Arc<Self>,
        request: &LogonRequest<'_>,
    ) -> Result<ComPtr<mapi_sys::IMAPISession>> {
        let flags = request.flags;
        if flags & !KNOWN_FLAGS != 0 {
            return Err(Error::caller(ErrorCode::UNKNOWN_FLAGS)
                .context(format!("MAPILogonEx: flags {flags:#x}")));
        }
        let name = request.profile.filter(|name| !name.is_empty());
        check_arguments(name, request.password)?;
        let _turn = self.logon_turn(flags & MAPI_TIMEOUT_SHORT != 0)?;
        if flags & MAPI_NEW_SESSION == 0
            && let Some(shared) = self.shared_session()
        {
            match Handle::open(&shared) {
                // Its last client logs off at this moment: this is the first one of a new session.
                Err(error) if error.code() == ErrorCode::END_OF_SESSION => {}
                opened => return opened,
            }
        }
        let name = match name {
            Some(name) => name.to_owned(),
            None => self.unnamed_profile(flags)?,
        };
        let in_use = self.profiles().begin_use(&name).map_err(|e| failed(&e))?;
        let session = SessionCore::new(self, in_use)?;
        self.add_session(&session, flags & MAPI_ALLOW_OTHERS != 0);
        Handle::open(&session)
    }

    fn unnamed_profile(&self, flags: u32) -> Result<String> {
        let none = |text: &str| Error::caller(ErrorCode::LOGON_FAILED).context(text.to_owned());
        if flags & MAPI_USE_DEFAULT != 0 {
            return self
                .profiles()
                .default_profile()?
                .ok_or_else(|| none("there is no default profile; create one, or name a profile"));
        }
        if flags & MAPI_LOGON_UI != 0 {
            // There is nobody to ask: no dialogs are built.
            return Err(none(
                "which profile cannot be asked for: name one, or use the default",
            ));
        }
        Err(none(
            "no profile is named, and the default was not asked for",
        ))
    }
}

fn check_arguments(name: Option<&str>, password: Option<&str>) -> Result<()> {
    let bad = |text: &str| Err(Error::caller(ErrorCode::LOGON_FAILED).context(text.to_owned()));
    if name.is_some_and(|name| name.chars().count() > MAX_PROFILE_NAME) {
        return bad("the profile's name is longer than 64 characters");
    }
    if password.is_some_and(|password| !password.is_empty()) {
        return bad("profiles have no passwords: pass none");
    }
    Ok(())
}

/// What is documented for wrong parameters, with the reason kept.
fn failed(error: &Error) -> Error {
    Error::caller(ErrorCode::LOGON_FAILED).context(error.text().to_owned())
}
