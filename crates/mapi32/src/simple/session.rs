//! MAPILogon, MAPILogoff, ScMAPIXFromSMAPI.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use mapi_com::boundary::contain;
use mapi_com::convert::put_object;
use mapi_com::iface::MapiSession;
use mapi_com::marshal::read_text_opt;
use mapi_com::ptr::ComPtr;
use mapi_subsystem::{Init, LogonRequest};
use mapi_sys::*;
use mapi_types::{Error, ErrorCode, Result};

use crate::guard::{bad, hr, known_flags, output, trace};
use crate::init::start;
use crate::tables::only;

/// MAPI_USE_DEFAULT.
const USE_DEFAULT: u32 = 0x40;
/// SUCCESS_SUCCESS.
const SUCCESS: u32 = 0;

/// Runs an entry point of Simple MAPI: its codes are small numbers.
fn simple(call: &'static str, body: impl FnOnce() -> Result<()>) -> ULONG {
    let Err(error) = contain(body) else {
        return SUCCESS;
    };
    trace(call, &error);
    match error.code() {
        ErrorCode::LOGON_FAILED | ErrorCode::NOT_INITIALIZED => MAPI_E_LOGON_FAILURE,
        ErrorCode::NOT_ENOUGH_MEMORY => MAPI_E_INSUFFICIENT_MEMORY,
        ErrorCode::NO_ACCESS => MAPI_E_ACCESS_DENIED,
        ErrorCode::NOT_ENOUGH_DISK => MAPI_E_DISK_FULL,
        ErrorCode::INVALID_OBJECT => MAPI_E_INVALID_SESSION,
        ErrorCode::NO_SUPPORT => MAPI_E_NOT_SUPPORTED,
        ErrorCode::USER_CANCEL => MAPI_E_USER_ABORT,
        _ => MAPI_E_FAILURE,
    }
}

#[derive(Default)]
struct Sessions {
    last: LHANDLE,
    open: HashMap<LHANDLE, ComPtr<IMAPISession>>,
}

static SESSIONS: LazyLock<Mutex<Sessions>> = LazyLock::new(Mutex::default);

fn sessions() -> MutexGuard<'static, Sessions> {
    SESSIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// MAPILogon: a session by number, on the profile named or the default one. MAPI is initialised with it, and needs no
/// MAPIInitialize.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MAPILogon(
    ui_param: ULONG_PTR,
    profile: LPSTR,
    password: LPSTR,
    flags: FLAGS,
    _reserved: ULONG,
    handle: LPLHANDLE,
) -> ULONG {
    simple("MAPILogon", || {
        // SAFETY: the output is a place or null, the texts end or are null.
        let (profile, password) = unsafe {
            output(handle, 0)?;
            (read_text_opt(profile, 0)?, read_text_opt(password, 0)?)
        };
        known_flags(
            flags,
            MAPI_LOGON_UI | MAPI_PASSWORD_UI | MAPI_NEW_SESSION | MAPI_FORCE_DOWNLOAD,
        )?;
        let profile = profile.filter(|name| !name.is_empty());
        let default = if profile.is_none() { USE_DEFAULT } else { 0 };
        start(&Init::default())?;
        let session = mapi_subsystem::logon(&LogonRequest {
            profile: profile.as_deref(),
            password: password.as_deref(),
            flags: flags | MAPI_EXTENDED | default,
            ui_param,
        })
        .inspect_err(|_| drop(mapi_subsystem::uninitialize()))?;
        let number = {
            let mut sessions = sessions();
            sessions.last += 1;
            let number = sessions.last;
            sessions.open.insert(number, session);
            number
        };
        // SAFETY: checked for null.
        unsafe { handle.write(number) };
        Ok(())
    })
}

/// MAPILogoff: ends a session, and with it its share in MAPI. MAPI_E_INVALID_SESSION for a number that is none.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MAPILogoff(
    handle: LHANDLE,
    _ui_param: ULONG_PTR,
    _flags: FLAGS,
    _reserved: ULONG,
) -> ULONG {
    simple("MAPILogoff", || {
        let session = sessions().open.remove(&handle).ok_or_else(|| {
            Error::caller(ErrorCode::INVALID_OBJECT).context("no session has this number")
        })?;
        // Not under the lock: providers are called.
        let ended = session.logoff(0, 0, 0);
        drop(session);
        drop(mapi_subsystem::uninitialize());
        ended
    })
}

/// ScMAPIXFromSMAPI: the session behind a number. It ends with MAPILogoff.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ScMAPIXFromSMAPI(
    handle: LHANDLE,
    flags: ULONG,
    interface: LPCIID,
    session: *mut LPMAPISESSION,
) -> SCODE {
    hr("ScMAPIXFromSMAPI", || {
        // SAFETY: as the page says.
        unsafe {
            output(session, std::ptr::null_mut())?;
            known_flags(flags, 0)?;
            only::<IMAPISession>(interface)?;
            let found = sessions().open.get(&handle).cloned();
            put_object(
                session,
                found.ok_or_else(|| bad("no session has this number"))?,
            );
        }
        Ok(())
    })
}
