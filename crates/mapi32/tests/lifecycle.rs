//! The library as a C program loads it: from MAPIInitialize to MAPIUninitialize, and what is done wrongly around them. One test,
//! because a process has one MAPI.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test may fail
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)] // it plays the C client

mod common;

use std::ptr::null_mut;

use libloading::{Library, Symbol};
use mapi_com::ptr::ComPtr;
use mapi_sys::*;

/// A function of the library.
macro_rules! call {
    ($library:expr, $name:ident: $kind:ty $(, $argument:expr)*) => {{
        let function: Symbol<'_, $kind> =
            unsafe { $library.get(concat!(stringify!($name), "\0").as_bytes()) }.unwrap();
        unsafe { function($($argument),*) }
    }};
}

// LIFE-INIT-001, LIFE-INIT-002, LIFE-INIT-004, LIFE-UNLOAD-008
#[test]
fn the_loaded_library_keeps_its_count_and_answers_mistakes() {
    let data = tempfile::tempdir().unwrap();
    // SAFETY: this is the only test of the process.
    unsafe { std::env::set_var("MAPI_DATA_DIR", data.path()) };
    let library = unsafe { Library::new(common::library()) }.unwrap();
    let initialize = |version, flags| {
        let mut init = MAPIINIT_0 {
            ulVersion: version,
            ulFlags: flags,
        };
        call!(library, MAPIInitialize: FN_MAPIInitialize, (&raw mut init).cast())
    };
    let uninitialize = || call!(library, MAPIUninitialize: FN_MAPIUninitialize);
    let administration = || {
        let mut out = std::ptr::without_provenance_mut(8);
        let code = call!(library, MAPIAdminProfiles: FN_MAPIAdminProfiles, 0, &raw mut out);
        (code, unsafe { ComPtr::<IProfAdmin>::from_raw(out) })
    };
    let logon = |profile: *mut i8, flags| {
        let mut out = std::ptr::without_provenance_mut(8);
        let code = call!(library, MAPILogonEx: FN_MAPILogonEx, 0, profile, null_mut(), flags, &raw mut out);
        (code, unsafe { ComPtr::<IMAPISession>::from_raw(out) })
    };
    let unload = || call!(library, DllCanUnloadNow: FN_DllCanUnloadNow);

    // Before: nothing works but what needs nothing.
    uninitialize();
    let (code, none) = administration();
    assert!(code == MAPI_E_NOT_INITIALIZED && none.is_none());
    let (code, none) = logon(null_mut(), MAPI_EXTENDED);
    assert!(code == MAPI_E_NOT_INITIALIZED && none.is_none());
    assert_eq!(unload(), 0);
    let mut block = null_mut();
    assert_eq!(
        call!(library, MAPIAllocateBuffer: FN_MAPIAllocateBuffer, 8, &raw mut block),
        0
    );
    let kept = block;
    assert_eq!(initialize(7, 0), MAPI_E_INVALID_PARAMETER);
    assert_eq!(initialize(0, 0x4000_0000), MAPI_E_UNKNOWN_FLAGS);
    assert_eq!(administration().0, MAPI_E_NOT_INITIALIZED);

    // Between: counted, from any thread.
    assert_eq!(initialize(0, MAPI_MULTITHREAD_NOTIFICATIONS), 0);
    let other = std::thread::scope(|s| s.spawn(|| initialize(0, 0)).join().unwrap());
    assert_eq!(other, 0);
    assert_eq!(unload(), 1);
    uninitialize();
    let (code, profiles) = administration();
    assert_eq!(code, 0);
    let profiles = profiles.unwrap();
    let name = c"plain".as_ptr().cast_mut();
    let create = profiles.vtbl().CreateProfile;
    assert_eq!(
        unsafe { create(profiles.as_raw(), name, null_mut(), 0, 0) },
        0
    );
    let wrong = c"nobody".as_ptr().cast_mut();
    assert_eq!(
        logon(wrong, MAPI_EXTENDED | MAPI_NEW_SESSION).0,
        MAPI_E_LOGON_FAILED
    );
    let code = call!(library, MAPILogonEx: FN_MAPILogonEx, 0, name, null_mut(), 0, null_mut());
    assert_eq!(code, MAPI_E_INVALID_PARAMETER);
    let (code, session) = logon(name, MAPI_EXTENDED | MAPI_NEW_SESSION | MAPI_NO_MAIL);
    assert_eq!(code, 0);
    let session = session.unwrap();
    let mut table = null_mut();
    let get = session.vtbl().GetMsgStoresTable;
    assert_eq!(unsafe { get(session.as_raw(), 0, &raw mut table) }, 0);
    let table = unsafe { ComPtr::<IMAPITable>::from_raw(table) }.unwrap();

    // Simple MAPI counts for itself, and its numbers are sessions.
    let (mut number, mut same) = (0, null_mut());
    let simple = |profile: *mut i8, number: *mut usize| call!(library, MAPILogon: FN_MAPILogon, 0, profile, null_mut(), MAPI_NEW_SESSION, 0, number);
    let logoff = |number| call!(library, MAPILogoff: FN_MAPILogoff, number, 0, 0, 0);
    assert_eq!(simple(wrong, &raw mut number), MAPI_E_LOGON_FAILURE);
    assert_eq!(number, 0);
    assert_eq!(simple(name, &raw mut number), 0);
    let code = call!(library, ScMAPIXFromSMAPI: FN_ScMAPIXFromSMAPI, number, 0, std::ptr::null(), &raw mut same);
    assert_eq!(code, 0);
    let same = unsafe { ComPtr::<IMAPISession>::from_raw(same) }.unwrap();
    assert_eq!(logoff(number), 0);
    assert_eq!(logoff(number), MAPI_E_INVALID_SESSION);
    let mut stores = null_mut();
    let get = same.vtbl().GetMsgStoresTable;
    assert_eq!(
        unsafe { get(same.as_raw(), 0, &raw mut stores) },
        MAPI_E_INVALID_OBJECT
    );
    drop(same);

    // After: what is still held is dead but safe, and the count is not below zero.
    uninitialize();
    uninitialize();
    let get = table.vtbl().GetRowCount;
    let mut rows = 0;
    assert_eq!(
        unsafe { get(table.as_raw(), 0, &raw mut rows) },
        MAPI_E_INVALID_OBJECT
    );
    assert_eq!(administration().0, MAPI_E_NOT_INITIALIZED);
    drop((table, session, profiles));
    assert_eq!(call!(library, MAPIFreeBuffer: FN_MAPIFreeBuffer, kept), 0);
    assert_eq!(
        call!(library, MAPIFreeBuffer: FN_MAPIFreeBuffer, null_mut()),
        0
    );
    assert_eq!(initialize(0, 0), 0);
    assert_eq!(administration().0, 0);
    uninitialize();
}

#[test]
fn what_is_not_built_refuses() {
    let library = unsafe { Library::new(common::library()) }.unwrap();
    let mut out = null_mut();
    let code = call!(library, MAPIOpenFormMgr: FN_MAPIOpenFormMgr, null_mut(), &raw mut out);
    assert_eq!(code, MAPI_E_NO_SUPPORT);
    let code = call!(library, MAPISendMail: FN_MAPISendMail, 0, 0, null_mut(), 0, 0);
    assert_eq!(code, MAPI_E_NOT_SUPPORTED);
    let path = call!(library, FGetComponentPath: FN_FGetComponentPath, null_mut(), null_mut(), null_mut(), 0, 0);
    assert_eq!(path, 0, "FALSE, not a code that reads as TRUE");
    let code = call!(library, MapStorageSCode: FN_MapStorageSCode, 0x8003_0070_u32.cast_signed());
    assert_eq!(code, MAPI_E_NOT_ENOUGH_DISK);
    let text: Vec<u16> = "mapi\0".encode_utf16().collect();
    let mut copy = [9_u16; 5];
    assert_eq!(
        call!(library, MNLS_lstrlenW: FN_MNLS_lstrlenW, text.as_ptr()),
        4
    );
    let at = call!(library, MNLS_lstrcpyW: FN_MNLS_lstrcpyW, copy.as_mut_ptr(), text.as_ptr());
    assert!(at == copy.as_mut_ptr() && copy[..] == text[..]);
    let order = |a, b| call!(library, MNLS_lstrcmpW: FN_MNLS_lstrcmpW, a, b);
    assert_eq!(order(text.as_ptr(), copy.as_ptr()), 0);
    assert_eq!(order(std::ptr::null(), copy.as_ptr()), -1);
}
