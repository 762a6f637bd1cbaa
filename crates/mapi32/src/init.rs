//! MAPIInitialize to MAPIUninitialize: the one subsystem of the process, with the providers that are linked in.

use std::path::PathBuf;

use mapi::embedded;
use mapi_com::convert::put_object;
use mapi_com::marshal::read_text_opt;
use mapi_subsystem::{Init, LogonRequest};
use mapi_sys::{
    HRESULT, LPMAPISESSION, LPPROFADMIN, LPTSTR, LPVOID, MAPI_UNICODE, MAPIINIT_0, SCODE, ULONG,
    ULONG_PTR,
};
use mapi_types::{Error, ErrorCode, Result};

use crate::guard::{hr, known_flags, or, output};

/// Where profiles are: where the `mapi` program has them.
fn data_folder() -> Result<PathBuf> {
    std::env::var_os("MAPI_DATA_DIR")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(embedded::usual_data_folder)
        .ok_or_else(|| {
            Error::system(ErrorCode::NOT_INITIALIZED)
                .context("there is no home folder; set MAPI_DATA_DIR")
        })
}

/// One more user of the process's subsystem, with the providers that are linked in.
pub(crate) fn start(init: &Init) -> Result<()> {
    let folder = data_folder()?;
    mapi_subsystem::initialize(init, || embedded::config(folder))
}

/// MAPIInitialize: starts MAPI in this process, or counts (LIFE-INIT-002).
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MAPIInitialize(init: LPVOID) -> HRESULT {
    hr("MAPIInitialize", || {
        let mut wanted = Init::default();
        if !init.is_null() {
            // SAFETY: not null, so it points to a MAPIINIT_0, by the page.
            let init = unsafe { init.cast::<MAPIINIT_0>().read_unaligned() };
            wanted.version = init.ulVersion;
            wanted.flags = init.ulFlags;
        }
        start(&wanted)
    })
}

/// MAPIUninitialize: the last one ends what is open, in order, and frees the provider libraries.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MAPIUninitialize() {
    or("MAPIUninitialize", (), || {
        drop(mapi_subsystem::uninitialize());
        Ok(())
    });
}

/// MAPILogonEx: a session.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MAPILogonEx(
    ui_param: ULONG_PTR,
    profile: LPTSTR,
    password: LPTSTR,
    flags: ULONG,
    session: *mut LPMAPISESSION,
) -> HRESULT {
    hr("MAPILogonEx", || {
        // SAFETY: the output is a place or null, the texts end or are null.
        unsafe {
            output(session, std::ptr::null_mut())?;
            let made = mapi_subsystem::logon(&LogonRequest {
                profile: read_text_opt(profile, flags)?.as_deref(),
                password: read_text_opt(password, flags)?.as_deref(),
                flags,
                ui_param,
            })?;
            put_object(session, made);
        }
        Ok(())
    })
}

/// MAPIAdminProfiles: the administration of profiles.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MAPIAdminProfiles(
    flags: ULONG,
    administration: *mut LPPROFADMIN,
) -> HRESULT {
    hr("MAPIAdminProfiles", || {
        // SAFETY: the output is a place or null.
        unsafe {
            output(administration, std::ptr::null_mut())?;
            known_flags(flags, MAPI_UNICODE)?;
            put_object(administration, mapi_subsystem::admin_profiles()?);
        }
        Ok(())
    })
}

/// ScInitMapiUtil: the utilities without MAPI. They need no preparation here.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ScInitMapiUtil(flags: ULONG) -> SCODE {
    hr("ScInitMapiUtil", || known_flags(flags, 0))
}

/// DeinitMapiUtil: harmless in any order (lifecycle.md, 8).
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DeinitMapiUtil() {}

/// DllCanUnloadNow: S_FALSE while MAPI runs, or an object of this library is still held.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DllCanUnloadNow() -> HRESULT {
    const S_FALSE: HRESULT = 1;
    or("DllCanUnloadNow", S_FALSE, || {
        Ok(if mapi_subsystem::current().is_ok() {
            S_FALSE
        } else {
            mapi_com::entry::can_unload_now()
        })
    })
}
