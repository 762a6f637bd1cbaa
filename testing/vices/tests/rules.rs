//! The exemplary C++ library obeys the rules that bind address books and stores, tried by a host in C++ (`cpp/rules.cpp`); the vices
//! are seen by the same host.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, clippy::unwrap_used)] // the host is C++

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use exemplary::{Installed, Log, Phase};

unsafe extern "C" {
    fn rules_address_book(library: *mut c_void) -> *const c_char;
    fn rules_store_closed(library: *mut c_void) -> *const c_char;
    fn rules_store_released(library: *mut c_void) -> *const c_char;
    fn rules_store_forced(library: *mut c_void) -> *const c_char;
    fn rules_failed_logon(library: *mut c_void) -> *const c_char;
}

type Rule = unsafe extern "C" fn(*mut c_void) -> *const c_char;

/// Tries a rule on a library: what was wrong, if anything. One at a time, because the host counts sockets and blocks of the process.
fn tried(library: &Path, rule: Rule) -> Option<String> {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let path = CString::new(library.as_os_str().as_bytes()).unwrap();
    let flags: c_int = libc::RTLD_NOW | libc::RTLD_LOCAL;
    // SAFETY: the library is ours; the rules call it by its headers.
    unsafe {
        let handle = libc::dlopen(path.as_ptr(), flags);
        assert!(!handle.is_null());
        let wrong = rule(handle);
        let wrong =
            (!wrong.is_null()).then(|| CStr::from_ptr(wrong).to_string_lossy().into_owned());
        libc::dlclose(handle);
        wrong
    }
}

/// The log of the exemplary library after it has obeyed a rule.
fn obeyed(rule: Rule) -> Log {
    let installed = Installed::cpp();
    assert_eq!(tried(installed.path(), rule), None);
    let log = installed.log();
    assert_eq!(log.lines.last().unwrap().method, "unloaded");
    log
}

/// An address book ends by the book, and leaves a trace for each object that was left open (LIFE-LOGOFF-008).
fn ends_an_address_book(installed: &Installed) {
    assert_eq!(tried(installed.path(), rules_address_book), None);
    let log = installed.log();
    let logoff = log.inside(log.position("IABLogon.Logoff").unwrap());
    assert_eq!(logoff.last().unwrap(), "IMAPISupport.Release");
    let traces = log
        .lines
        .iter()
        .filter(|line| line.phase == Phase::Note && line.method == "left open");
    let mut left: Vec<_> = traces.map(|line| line.interface.as_str()).collect();
    left.sort_unstable();
    assert_eq!(
        left,
        ["IABContainer", "IMAPIStatus", "IMAPITable", "IMailUser"]
    );
    assert_eq!(log.lines.last().unwrap().method, "unloaded");
}

// LIFE-LOGOFF-003, LIFE-LOGOFF-004, LIFE-LOGOFF-005, LIFE-LOGOFF-006, LIFE-LOGOFF-008, LIFE-UID-005, LIFE-STATUS-010,
// LIFE-STATUS-011, LIFE-LOGON-010, LIFE-SUP-005, LIFE-MEM-004
#[test]
fn an_address_book_ends_by_the_book() {
    ends_an_address_book(&Installed::cpp());
}

// LIFE-LOGOFF-008
#[test]
fn missing_traces_are_seen() {
    let secretive = vices::install("secretive", &[("IABLogon.leaves_no_trace", "yes")]);
    let seen = std::panic::catch_unwind(|| ends_an_address_book(&secretive));
    assert!(seen.is_err(), "nobody has missed the traces");
}

// LIFE-STORE-002, LIFE-STORE-003, LIFE-STORE-004, LIFE-STORE-005, LIFE-STORE-008, LIFE-STORE-017, LIFE-UID-005, LIFE-LOGON-012,
// LIFE-LOGON-013
#[test]
fn a_store_that_is_closed_ends_by_the_book() {
    let log = obeyed(rules_store_closed);
    assert_eq!(log.count("IMSLogon.Logoff"), 1);
    let releases: Vec<usize> = (0..log.lines.len())
        .filter(|at| {
            log.lines[*at].phase == Phase::Enter && log.lines[*at].call() == "IMsgStore.Release"
        })
        .collect();
    let end = log.inside(*releases.last().unwrap());
    let expected = [
        "IMAPISupport.MakeInvalid",
        "IMAPISupport.Release",
        "IMSLogon.Logoff",
        "IMSLogon.Release",
    ];
    assert_eq!(end, expected);
}

#[test]
fn life_store_005_a_store_released_without_store_logoff_aborts_its_transports() {
    obeyed(rules_store_released);
}

// LIFE-LOGOFF-003, LIFE-LOGOFF-004, LIFE-LOGOFF-007, LIFE-STORE-019
#[test]
fn a_store_outlives_its_session_as_a_shell() {
    obeyed(rules_store_forced);
}

#[test]
fn life_logon_022_a_failed_logon_leaves_nothing() {
    obeyed(rules_failed_logon);
}

/// A vice and its value, the rules that it is tried with, and what the host has to say.
const VICES: [(&str, &str, Rule, &str); 13] = [
    // LIFE-LOGON-010
    (
        "IABLogon.keeps_support",
        "0",
        rules_address_book,
        "support.references == 1",
    ),
    // LIFE-LOGOFF-004, LIFE-UID-005
    (
        "IABLogon.gives_back_support",
        "0",
        rules_address_book,
        "support.references == 0",
    ),
    (
        "IABLogon.gives_back_support",
        "2",
        rules_address_book,
        "support.references == 0",
    ),
    // LIFE-STORE-002: the store's last Release does not end the logon.
    (
        "IMSLogon.gives_back_support",
        "0",
        rules_store_closed,
        "opened.support.references == 0",
    ),
    // LIFE-SUP-005, LIFE-LOGOFF-004: not the last use of it
    (
        "IABLogon.uses_support_late",
        "yes",
        rules_address_book,
        "after_the_end == 0",
    ),
    // LIFE-LOGOFF-006
    (
        "IABLogon.extra_references",
        "1",
        rules_address_book,
        "logon->Release() == 0",
    ),
    // LIFE-STATUS-010
    (
        "IABLogon.keeps_cycle",
        "yes",
        rules_address_book,
        "support.section.references == 0",
    ),
    // LIFE-LOGOFF-003, of both kinds
    (
        "IABLogon.keeps_objects",
        "yes",
        rules_address_book,
        "is_invalid(object)",
    ),
    (
        "IMSLogon.keeps_objects",
        "yes",
        rules_store_forced,
        "is_invalid(first.store)",
    ),
    // LIFE-LOGOFF-005
    (
        "IABLogon.keeps_connection",
        "yes",
        rules_address_book,
        "sockets() == sockets_before",
    ),
    // LIFE-LOGOFF-007
    (
        "IMSLogon.stays_listed",
        "yes",
        rules_store_forced,
        "second.logon",
    ),
    // LIFE-LOGON-012
    (
        "IMSProvider.null_logon",
        "yes",
        rules_store_closed,
        "opened.logon",
    ),
    // LIFE-STORE-005
    (
        "IMsgStore.forgets_transports",
        "yes",
        rules_store_released,
        "LOGOFF_ABORT",
    ),
];

// Each of these rules turns red when a provider breaks it: LIFE-LOGOFF-003 to -007, LIFE-UID-005, LIFE-STATUS-010, LIFE-STORE-002
// are those of the founding page.
#[test]
fn vices_are_seen_by_the_host() {
    for (vice, value, rule, complaint) in VICES {
        let installed = vices::install("vicious", &[(vice, value)]);
        let wrong = tried(installed.path(), rule).unwrap_or_default();
        assert!(wrong.contains(complaint), "{vice}={value}: {wrong}");
    }
    let virtuous = vices::install("virtuous", &[]);
    for rule in [
        rules_address_book,
        rules_store_closed,
        rules_store_released,
        rules_store_forced,
        rules_failed_logon,
    ] {
        let rule: Rule = rule;
        assert_eq!(tried(virtuous.path(), rule), None);
    }
}
