//! The entry points of a provider library: MSProviderInit and ABProviderInit.

use mapi_sys::{
    CURRENT_SPI_VERSION, HINSTANCE, HRESULT, IABProvider, IMSProvider, Interface, LPABPROVIDER,
    LPALLOCATEBUFFER, LPALLOCATEMORE, LPFREEBUFFER, LPMALLOC, LPMSPROVIDER, ULONG,
};
use mapi_types::{Error, ErrorCode, Result};

use crate::alloc::Allocator;
use crate::boundary::contain;
use crate::convert::{preset, put, required};
use crate::ptr::ComPtr;
use crate::shell::{any_outstanding, hresult};

/// What makes provider objects of one interface: the type an entry point is instantiated with.
pub trait MakeProvider: 'static {
    /// IMSProvider or IABProvider.
    type Interface: Interface;

    /// Makes a new provider object; what it and its logons hand out is allocated with `allocator` (LIFE-INIT-008, -012).
    ///
    /// # Errors
    /// Any; the entry point returns the code.
    fn make(allocator: Allocator) -> Result<ComPtr<Self::Interface>>;
}

/// MSProviderInit of the provider `M`: what the exported function calls, and what a program takes that links it in.
///
/// The IMalloc is not used, so no reference of it is kept (LIFE-INIT-011).
///
/// # Safety
/// The arguments are those of MSProviderInit: the allocator functions belong together and stay callable as long as the
/// provider object and its objects live, and the outputs are places or null (msproviderinit.md).
pub unsafe extern "C" fn ms_provider_init<M: MakeProvider<Interface = IMSProvider>>(
    _instance: HINSTANCE,
    _malloc: LPMALLOC,
    allocate: LPALLOCATEBUFFER,
    more: LPALLOCATEMORE,
    free: LPFREEBUFFER,
    _flags: ULONG,
    mapi_version: ULONG,
    provider_version: *mut ULONG,
    provider: *mut LPMSPROVIDER,
) -> HRESULT {
    // SAFETY: by the contract above.
    unsafe {
        init::<M>(
            (allocate, more, free),
            mapi_version,
            provider_version,
            provider,
        )
    }
}

/// ABProviderInit of the provider `M`; see [`ms_provider_init`].
///
/// # Safety
/// As [`ms_provider_init`].
pub unsafe extern "C" fn ab_provider_init<M: MakeProvider<Interface = IABProvider>>(
    _instance: HINSTANCE,
    _malloc: LPMALLOC,
    allocate: LPALLOCATEBUFFER,
    more: LPALLOCATEMORE,
    free: LPFREEBUFFER,
    _flags: ULONG,
    mapi_version: ULONG,
    provider_version: *mut ULONG,
    provider: *mut LPABPROVIDER,
) -> HRESULT {
    // SAFETY: by the contract above.
    unsafe {
        init::<M>(
            (allocate, more, free),
            mapi_version,
            provider_version,
            provider,
        )
    }
}

/// # Safety
/// As [`ms_provider_init`].
unsafe fn init<M: MakeProvider>(
    (allocate, more, free): (LPALLOCATEBUFFER, LPALLOCATEMORE, LPFREEBUFFER),
    mapi_version: ULONG,
    provider_version: *mut ULONG,
    provider: *mut *mut M::Interface,
) -> HRESULT {
    hresult(contain(|| {
        // SAFETY: the outputs are places or null, and the functions MAPI's, by the contract above.
        unsafe {
            preset(provider, std::ptr::null_mut());
            preset(provider_version, 0);
            required(provider)?;
            // Before anything is allocated: the refused host frees nothing either (LIFE-INIT-009).
            if mapi_version < CURRENT_SPI_VERSION {
                return Err(Error::caller(ErrorCode::VERSION).context(format!(
                    "this provider needs service provider interface {CURRENT_SPI_VERSION:#010x}"
                )));
            }
            let allocator = Allocator::from_raw(allocate, more, free)?;
            put(provider, M::make(allocator)?.into_raw());
            put(provider_version, CURRENT_SPI_VERSION);
        }
        Ok(())
    }))
}

/// DllCanUnloadNow of a provider library: S_FALSE while objects of its code are outstanding (OP-23).
#[must_use]
pub fn can_unload_now() -> HRESULT {
    const S_FALSE: HRESULT = 1;
    if any_outstanding() { S_FALSE } else { 0 }
}

#[doc(hidden)]
pub use mapi_sys as sys;

/// Defines an exported entry point that calls `$init`, and DllCanUnloadNow beside it; see mapi-provider's export macros.
#[doc(hidden)]
#[macro_export]
macro_rules! export_entry_point {
    ($name:ident, $object:ident, $init:expr) => {
        /// The entry point of this provider library.
        ///
        /// # Safety
        /// MAPI calls it, with the arguments that its page names.
        #[unsafe(no_mangle)]
        #[allow(non_snake_case)]
        pub unsafe extern "C" fn $name(
            instance: $crate::entry::sys::HINSTANCE,
            malloc: $crate::entry::sys::LPMALLOC,
            allocate: $crate::entry::sys::LPALLOCATEBUFFER,
            more: $crate::entry::sys::LPALLOCATEMORE,
            free: $crate::entry::sys::LPFREEBUFFER,
            flags: $crate::entry::sys::ULONG,
            mapi_version: $crate::entry::sys::ULONG,
            provider_version: *mut $crate::entry::sys::ULONG,
            provider: *mut $crate::entry::sys::$object,
        ) -> $crate::entry::sys::HRESULT {
            let init = $init;
            // SAFETY: the arguments are handed on as MAPI gave them.
            unsafe {
                init(
                    instance,
                    malloc,
                    allocate,
                    more,
                    free,
                    flags,
                    mapi_version,
                    provider_version,
                    provider,
                )
            }
        }

        /// Whether no object of this library's code is outstanding.
        #[unsafe(no_mangle)]
        #[allow(non_snake_case)]
        pub extern "system" fn DllCanUnloadNow() -> $crate::entry::sys::HRESULT {
            $crate::entry::can_unload_now()
        }
    };
}
