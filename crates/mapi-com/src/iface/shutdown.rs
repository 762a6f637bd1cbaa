//! IMAPIClientShutdown and IMAPIProviderShutdown.

use mapi_sys::*;
use mapi_types::Result;

use super::*;
use crate::ptr::ComPtr;
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// IMAPIClientShutdown: fast shutdown, the client's side (imapiclientshutdowniunknown.md, lifecycle.md 6.6).
pub trait ClientShutdown: ComObject {
    /// QueryFastShutdown: whether nobody objects.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT: log off instead (LIFE-FAST-002..004).
    fn query_fast_shutdown(&self) -> Result<()>;

    /// NotifyProcessShutdown: the process is about to end.
    ///
    /// # Errors
    /// None; errors of providers are logged (LIFE-FAST-005).
    fn notify_process_shutdown(&self) -> Result<()>;

    /// DoFastShutdown: data is safe when it returns, and no MAPI call may follow.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT without a positive query before it (LIFE-FAST-006).
    fn do_fast_shutdown(&self) -> Result<()>;
}

/// IMAPIProviderShutdown: fast shutdown, the provider's side (imapiprovidershutdowniunknown.md).
pub trait ProviderShutdown: ComObject {
    /// QueryFastShutdown.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT: this provider needs a normal shutdown.
    fn query_fast_shutdown(&self) -> Result<()>;

    /// NotifyProcessShutdown.
    ///
    /// # Errors
    /// Logged, nothing else.
    fn notify_process_shutdown(&self) -> Result<()>;

    /// DoFastShutdown: data survives a kill when it returns S_OK (LIFE-FAST-008).
    ///
    /// # Errors
    /// Logged, nothing else.
    fn do_fast_shutdown(&self) -> Result<()>;
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn ClientShutdown>; the interfaces are IMAPIClientShutdown and its ancestors.
unsafe impl Export for dyn ClientShutdown {
    type Interface = IMAPIClientShutdown;
    const VTBL: &'static IMAPIClientShutdownVtbl = &IMAPIClientShutdownVtbl {
        base: Shell::<dyn ClientShutdown>::UNKNOWN,
        QueryFastShutdown: query_fast_shutdown,
        NotifyProcessShutdown: notify_process_shutdown,
        DoFastShutdown: do_fast_shutdown,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPIClientShutdown];
}

unsafe extern "system" fn query_fast_shutdown(this: *mut IMAPIClientShutdown) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe { Shell::<dyn ClientShutdown>::enter(this.cast(), |o| o.query_fast_shutdown()) })
}

unsafe extern "system" fn notify_process_shutdown(this: *mut IMAPIClientShutdown) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ClientShutdown>::enter(this.cast(), |o| o.notify_process_shutdown())
    })
}

unsafe extern "system" fn do_fast_shutdown(this: *mut IMAPIClientShutdown) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe { Shell::<dyn ClientShutdown>::enter(this.cast(), |o| o.do_fast_shutdown()) })
}

// Import.

impl ClientShutdown for ComPtr<IMAPIClientShutdown> {
    fn query_fast_shutdown(&self) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().QueryFastShutdown)(self.as_raw());
            check_last(self, hr, "IMAPIClientShutdown::QueryFastShutdown")
        }
    }

    fn notify_process_shutdown(&self) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().NotifyProcessShutdown)(self.as_raw());
            check_last(self, hr, "IMAPIClientShutdown::NotifyProcessShutdown")
        }
    }

    fn do_fast_shutdown(&self) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().DoFastShutdown)(self.as_raw());
            check_last(self, hr, "IMAPIClientShutdown::DoFastShutdown")
        }
    }
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn ProviderShutdown>; the interfaces are IMAPIProviderShutdown and its ancestors.
unsafe impl Export for dyn ProviderShutdown {
    type Interface = IMAPIProviderShutdown;
    const VTBL: &'static IMAPIProviderShutdownVtbl = &IMAPIProviderShutdownVtbl {
        base: Shell::<dyn ProviderShutdown>::UNKNOWN,
        QueryFastShutdown: provider_query_fast_shutdown,
        NotifyProcessShutdown: provider_notify_process_shutdown,
        DoFastShutdown: provider_do_fast_shutdown,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPIProviderShutdown];
}

unsafe extern "system" fn provider_query_fast_shutdown(
    this: *mut IMAPIProviderShutdown,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ProviderShutdown>::enter(this.cast(), |o| o.query_fast_shutdown())
    })
}

unsafe extern "system" fn provider_notify_process_shutdown(
    this: *mut IMAPIProviderShutdown,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ProviderShutdown>::enter(this.cast(), |o| o.notify_process_shutdown())
    })
}

unsafe extern "system" fn provider_do_fast_shutdown(this: *mut IMAPIProviderShutdown) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe { Shell::<dyn ProviderShutdown>::enter(this.cast(), |o| o.do_fast_shutdown()) })
}

// Import.

impl ProviderShutdown for ComPtr<IMAPIProviderShutdown> {
    fn query_fast_shutdown(&self) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().QueryFastShutdown)(self.as_raw());
            check_last(self, hr, "IMAPIProviderShutdown::QueryFastShutdown")
        }
    }

    fn notify_process_shutdown(&self) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().NotifyProcessShutdown)(self.as_raw());
            check_last(self, hr, "IMAPIProviderShutdown::NotifyProcessShutdown")
        }
    }

    fn do_fast_shutdown(&self) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().DoFastShutdown)(self.as_raw());
            check_last(self, hr, "IMAPIProviderShutdown::DoFastShutdown")
        }
    }
}
