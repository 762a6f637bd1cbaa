//! MAPIInitialize and MAPIUninitialize. One test, because they are per process.
#![allow(clippy::unwrap_used)] // a test that cannot go on fails

use mapi_subsystem::{
    Config, Init, LogonRequest, admin_profiles, current, initialize, logon, uninitialize,
};
use mapi_sys::{MAPI_MULTITHREAD_NOTIFICATIONS, MAPI_NEW_SESSION};
use mapi_types::ErrorCode;

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

// LIFE-INIT-001, LIFE-INIT-002, LIFE-INIT-003, LIFE-INIT-004, LIFE-UNLOAD-008
#[test]
fn initialisation_is_counted_and_undone_when_it_fails() {
    let folder = tempfile::tempdir().unwrap();
    let config = || Config::new(folder.path());
    let request = LogonRequest {
        profile: Some("p"),
        flags: MAPI_NEW_SESSION,
        ..LogonRequest::default()
    };

    assert_eq!(
        logon(&request).unwrap_err().code(),
        ErrorCode::NOT_INITIALIZED
    );
    assert_eq!(
        admin_profiles().unwrap_err().code(),
        ErrorCode::NOT_INITIALIZED
    );
    assert!(uninitialize().is_none(), "one too many does no harm");

    let before = threads();
    let wrong_version = Init {
        version: 7,
        flags: 0,
    };
    assert_eq!(
        initialize(&wrong_version, config).unwrap_err().code(),
        ErrorCode::INVALID_PARAMETER
    );
    let wrong_flags = Init {
        version: 0,
        flags: 0x2,
    };
    assert_eq!(
        initialize(&wrong_flags, config).unwrap_err().code(),
        ErrorCode::UNKNOWN_FLAGS
    );
    let no_folder = || Config::new("/dev/null/nowhere");
    let init = Init {
        version: 0,
        flags: MAPI_MULTITHREAD_NOTIFICATIONS,
    };
    assert_eq!(
        initialize(&init, no_folder).unwrap_err().code(),
        ErrorCode::NOT_INITIALIZED
    );
    assert!(current().is_err());
    assert_eq!(threads(), before, "a failure leaves no thread behind");

    initialize(&init, config).unwrap();
    assert_eq!(threads(), before + 1, "one notification thread");
    initialize(&Init::default(), config).unwrap();
    assert_eq!(threads(), before + 1, "further calls only count");
    current().unwrap().profiles().create("p").unwrap();
    let session = logon(&request).unwrap();
    assert!(uninitialize().is_none());
    drop(session);
    drop(logon(&request).unwrap());
    let stopped = uninitialize().unwrap();
    assert!(stopped.sessions.is_empty());
    assert_eq!(threads(), before, "the notification thread has ended");
    assert_eq!(
        logon(&request).unwrap_err().code(),
        ErrorCode::NOT_INITIALIZED
    );
    assert!(uninitialize().is_none());
}
