//! MAPIInitialize and MAPIUninitialize: the one subsystem of a process, counted (lifecycle.md, 4.1 and 6.7).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mapi_com::ptr::ComPtr;
use mapi_sys::{MAPI_INIT_VERSION, MAPI_MULTITHREAD_NOTIFICATIONS, MAPI_NT_SERVICE};
use mapi_types::{Error, ErrorCode, Result};

use crate::session::LogonRequest;
use crate::subsystem::{Config, Stopped, Subsystem};

/// MAPI_NO_COINIT of MAPIAux.h: accepted; there is no COM to start off Windows.
const MAPI_NO_COINIT: u32 = 0x8;

static PROCESS: Mutex<Option<Process>> = Mutex::new(None);

struct Process {
    /// MAPIInitialize calls without their MAPIUninitialize.
    count: usize,
    subsystem: Arc<Subsystem>,
}

/// MAPIINIT_0.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Init {
    /// ulVersion: MAPI_INIT_VERSION.
    pub version: u32,
    /// ulFlags: MAPI_MULTITHREAD_NOTIFICATIONS, MAPI_NT_SERVICE, MAPI_NO_COINIT.
    pub flags: u32,
}

/// MAPIInitialize. The first call starts the subsystem with what `config` returns; further ones only count and answer
/// success (LIFE-INIT-002). A failure leaves everything as it was (LIFE-INIT-004).
///
/// Any thread may call it, but not from a library's start or end code, nor from a provider's entry point (LIFE-INIT-005).
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for a wrong version, MAPI_E_UNKNOWN_FLAGS; MAPI_E_NOT_INITIALIZED if the profiles cannot be read.
pub fn initialize(init: &Init, config: impl FnOnce() -> Config) -> Result<()> {
    if init.version != MAPI_INIT_VERSION {
        return Err(
            Error::caller(ErrorCode::INVALID_PARAMETER).context("MAPIINIT_0.ulVersion is not 0")
        );
    }
    if init.flags & !(MAPI_MULTITHREAD_NOTIFICATIONS | MAPI_NT_SERVICE | MAPI_NO_COINIT) != 0 {
        return Err(Error::caller(ErrorCode::UNKNOWN_FLAGS)
            .context(format!("MAPIINIT_0.ulFlags {:#x}", init.flags)));
    }
    let mut process = process();
    if let Some(process) = &mut *process {
        process.count += 1;
        return Ok(());
    }
    let config = Config {
        notification_thread: init.flags & MAPI_MULTITHREAD_NOTIFICATIONS != 0,
        nt_service: init.flags & MAPI_NT_SERVICE != 0,
        ..config()
    };
    *process = Some(Process {
        count: 1,
        subsystem: Subsystem::start(config)?,
    });
    Ok(())
}

/// MAPIUninitialize. The last call ends sessions that are still open and frees the provider libraries; what it did comes
/// back. One too many does no harm (LIFE-UNLOAD-008).
pub fn uninitialize() -> Option<Stopped> {
    let ended = {
        let mut process = process();
        let count = process.as_mut().map(|process| {
            process.count -= 1;
            process.count
        });
        if count == Some(0) {
            process.take()
        } else {
            None
        }
    };
    // Not under the lock: providers are called, and may call back.
    ended.map(|process| process.subsystem.stop())
}

/// The subsystem of the process.
///
/// # Errors
/// MAPI_E_NOT_INITIALIZED before the first MAPIInitialize and after the last MAPIUninitialize (LIFE-INIT-001).
pub fn current() -> Result<Arc<Subsystem>> {
    let process = process();
    let subsystem = process
        .as_ref()
        .map(|process| Arc::clone(&process.subsystem));
    subsystem.ok_or_else(|| {
        Error::caller(ErrorCode::NOT_INITIALIZED).context("call MAPIInitialize first")
    })
}

/// MAPILogonEx of the process's subsystem.
///
/// # Errors
/// MAPI_E_NOT_INITIALIZED, and as [`Subsystem::logon`].
pub fn logon(request: &LogonRequest<'_>) -> Result<ComPtr<mapi_sys::IMAPISession>> {
    current()?.logon(request)
}

/// MAPIAdminProfiles of the process's subsystem.
///
/// # Errors
/// MAPI_E_NOT_INITIALIZED, MAPI_E_NOT_ENOUGH_MEMORY.
pub fn admin_profiles() -> Result<ComPtr<mapi_sys::IProfAdmin>> {
    current()?.admin_profiles()
}

fn process() -> MutexGuard<'static, Option<Process>> {
    PROCESS.lock().unwrap_or_else(PoisonError::into_inner)
}
