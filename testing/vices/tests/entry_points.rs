//! MAPIInitialize is for clients: no library calls it while it is loaded or at its entry points. This program has a function of that
//! name, which a library finds as it would find MAPI's, and counts.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, clippy::unwrap_used)] // the test plays MAPI

use std::ffi::{CString, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use exemplary::Installed;
use mapi_com::alloc::{Owner, malloc_object};
use mapi_sys::{ABPROVIDERINIT, CURRENT_SPI_VERSION, HINSTANCE, S_OK};

static CALLS: AtomicUsize = AtomicUsize::new(0);

/// What a library under test finds under this name.
// SAFETY: nothing else of this program has the name.
#[unsafe(no_mangle)]
extern "C" fn MAPIInitialize(_: *mut c_void) -> i32 {
    CALLS.fetch_add(1, Ordering::Relaxed);
    S_OK
}

/// As above.
// SAFETY: as above.
#[unsafe(no_mangle)]
extern "C" fn MAPIUninitialize() {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

/// How often the library calls either while it is loaded, at ABProviderInit, when its object is released, and when it is unloaded.
fn calls_of(library: &Path) -> usize {
    let before = CALLS.load(Ordering::Relaxed);
    let path = CString::new(library.as_os_str().as_bytes()).unwrap();
    // SAFETY: the library is ours, and is called by its headers.
    unsafe {
        let handle = libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL);
        let symbol = libc::dlsym(handle, c"ABProviderInit".as_ptr());
        assert!(!symbol.is_null());
        let init = std::mem::transmute::<*mut c_void, ABPROVIDERINIT>(symbol);
        let (allocate, more, free) = Owner::MAPI.allocator().functions();
        let malloc = malloc_object(Owner::MAPI);
        let (mut version, mut provider) = (0, std::ptr::null_mut());
        let result = init(
            handle as HINSTANCE,
            malloc.as_raw(),
            Some(allocate),
            Some(more),
            Some(free),
            0,
            CURRENT_SPI_VERSION,
            &raw mut version,
            &raw mut provider,
        );
        assert_eq!(result, S_OK);
        drop(mapi_com::ptr::ComPtr::from_raw(provider));
        libc::dlclose(handle);
    }
    CALLS.load(Ordering::Relaxed) - before
}

// LIFE-INIT-005
#[test]
fn no_library_initialises_mapi() {
    assert_eq!(calls_of(Installed::cpp().path()), 0);
    let busy = vices::install("busy", &[("library.initialises_mapi", "yes")]);
    assert_eq!(calls_of(busy.path()), 1, "a vice is seen");
}
