//! IABProvider.

use mapi_sys::*;
use mapi_types::{Error, ErrorCode, Result};

use super::*;
use crate::convert::*;
use crate::ptr::{ComPtr, ComRef};
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// What a successful address book logon yields.
pub struct AbLogonResult {
    /// The logon object.
    pub logon: ComPtr<IABLogon>,
    /// MAPI_W_ERRORS_RETURNED with its text.
    pub warning: Option<Error>,
}

/// IABProvider: the entry of an address book provider (iabprovideriunknown.md).
pub trait AbProvider: ComObject {
    /// Shutdown: the last call but Release.
    ///
    /// # Errors
    /// Recorded, nothing else (OP-22).
    fn shutdown(&self) -> Result<()>;

    /// Logon; a success keeps a reference on `support` (LIFE-LOGON-010).
    ///
    /// # Errors
    /// lifecycle.md, 4.5.
    fn logon(
        &self,
        support: ComRef<'_, IMAPISupport>,
        ui_param: usize,
        profile_name: &str,
        flags: u32,
    ) -> Result<AbLogonResult>;
}

// Export. There is no import: MAPI calls provider objects through `host_call`.

// SAFETY: the functions of the vtable expect a Shell<dyn AbProvider>; the interfaces are IABProvider and its ancestors.
unsafe impl Export for dyn AbProvider {
    type Interface = IABProvider;
    const VTBL: &'static IABProviderVtbl = &IABProviderVtbl {
        base: Shell::<dyn AbProvider>::UNKNOWN,
        Shutdown: shutdown,
        Logon: logon,
    };
    const INTERFACES: &'static [GUID] = &[IID_IABProvider];
}

type This = Shell<dyn AbProvider>;

unsafe extern "system" fn shutdown(this: *mut IABProvider, _flags: *mut u32) -> HRESULT {
    // SAFETY: `this` is our shell.
    hresult(unsafe { This::enter_ending(this.cast(), |o| o.shutdown()) })
}

unsafe extern "system" fn logon(
    this: *mut IABProvider,
    support: LPMAPISUP,
    ui_param: usize,
    profile_name: LPTSTR,
    flags: u32,
    security_size: *mut u32,
    security: *mut LPBYTE,
    error: *mut LPMAPIERROR,
    logon: *mut LPABLOGON,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    status(unsafe {
        This::enter(this.cast(), |o| {
            put(security_size, 0);
            put(security, std::ptr::null_mut());
            put(error, std::ptr::null_mut());
            required(logon)?;
            put(logon, std::ptr::null_mut());
            let allocator = This::scope_of(this.cast())?.allocator();
            let support = ComRef::from_raw(support).ok_or(ErrorCode::INVALID_PARAMETER)?;
            let name = opt_text_in(profile_name, flags)?.unwrap_or_default();
            let made = o
                .logon(support, ui_param, &name, flags)
                .inspect_err(|e| put_error(allocator, e, flags, error))?;
            if let Some(warning) = &made.warning {
                put_error(allocator, warning, flags, error);
            }
            put_object(logon, made.logon);
            Ok(if made.warning.is_some() { WARNING } else { 0 })
        })
    })
}
