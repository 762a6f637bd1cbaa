//! The way down of a session with foreign providers, compared with the log that they wrote themselves.

use std::time::{Duration, Instant};

use exemplary::{Installed, Log, Phase};
use mapi_com::iface::{MapiSession as _, MapiTable as _, MsgStore as _};
use mapi_com::ptr::ComPtr;
use mapi_sys::IMAPISession;
use mapi_types::{EntryId, ErrorCode, MapiUid, PropValue, tag};

use crate::buffers::last_error;
use crate::world::{World, eventually, open_store};

/// The calls that end something, in the order in which they ended. A Release counts if it was the last one: MAPI takes
/// references for the length of a call, too.
fn ending_calls(log: &Log) -> Vec<String> {
    let is_ending = |line: &&exemplary::Line| {
        line.phase == Phase::Leave
            && match line.method.as_str() {
                "Logoff" | "Shutdown" => true,
                "Release" => is_bookkeeping(&line.interface) && line.result() == Some(0),
                _ => false,
            }
    };
    log.lines
        .iter()
        .filter(is_ending)
        .map(exemplary::Line::call)
        .collect()
}

fn is_bookkeeping(interface: &str) -> bool {
    ["IMSLogon", "IABLogon", "IMSProvider", "IABProvider"].contains(&interface)
}

/// MAPI's own Release of bookkeeping objects is the last one: it answers 0.
fn last_release(log: &Log, call: &str) -> Option<u32> {
    let ended = log
        .lines
        .iter()
        .rev()
        .find(|l| l.phase == Phase::Leave && l.call() == call)?;
    ended.result()
}

fn status_names(session: &ComPtr<IMAPISession>) -> Vec<String> {
    let table = session.get_status_table(0).unwrap();
    table.set_columns(&[tag::PR_DISPLAY_NAME], 0).unwrap();
    let rows = table.query_rows(100, 0).unwrap();
    rows.iter()
        .filter_map(|r| {
            r.get(tag::PR_DISPLAY_NAME)?
                .as_str()
                .map(|s| s.into_owned())
        })
        .collect()
}

// LIFE-LOGOFF-001, LIFE-LOGOFF-002, LIFE-LOGOFF-009, LIFE-LOGOFF-010, LIFE-LOGOFF-011, LIFE-LOGOFF-014, LIFE-INIT-013,
// LIFE-MEM-007
#[test]
pub fn every_provider_is_logged_off_shut_down_and_released_in_order() {
    let library = Installed::cpp();
    let world = World::new();
    let session = world.foreign(library.path(), "AS");
    let _book = session.open_address_book(0, None, 0).unwrap().0;
    let store = open_store(&session, 0);
    session.logoff(0, 0, 0).unwrap();
    drop(store);
    let log = library.log();
    let ends = ending_calls(&log);
    let expected = [
        "IABLogon.Logoff",
        "IABLogon.Release",
        "IABProvider.Shutdown",
        "IABProvider.Release",
        "IMSLogon.Logoff",
        "IMSLogon.Release",
        "IMSProvider.Shutdown",
        "IMSProvider.Release",
    ];
    assert_eq!(ends, expected);
    let logoffs = log
        .lines
        .iter()
        .filter(|line| line.method == "Logoff" && line.phase == Phase::Enter);
    assert!(logoffs.into_iter().all(|line| line.detail == "flags=0"));
    let shutdowns =
        (log.lines.iter()).filter(|l| l.method == "Shutdown" && l.phase == Phase::Enter);
    let details: Vec<&str> = shutdowns.map(|l| l.detail.as_str()).collect();
    assert_eq!(details, ["flags=0"; 2], "a valid pointer to 0");
    // Each Release is the last call into its object, and nobody has taken more than was given.
    let beyond = log.beyond_the_end();
    assert!(beyond.is_empty(), "{beyond:?}");
    for call in [
        "IABLogon.Release",
        "IABProvider.Release",
        "IMSLogon.Release",
        "IMSProvider.Release",
    ] {
        assert_eq!(last_release(&log, call), Some(0), "{call}");
    }
    let report = world.report();
    assert!(report.by_the_book, "{report:#?}");
}

// LIFE-LOGOFF-027
#[test]
pub fn what_a_client_releases_ends_no_address_book() {
    let library = Installed::cpp();
    let world = World::new();
    let session = world.foreign(library.path(), "A");
    let book = session.open_address_book(0, None, 0).unwrap().0;
    drop(session.get_status_table(0).unwrap());
    drop(book);
    let someone = EntryId::new(MapiUid(*b"openmapi-ab\0\0\0\0\x01"), b"Usomeone");
    drop(session.open_entry(&someone, None, 0).unwrap());
    assert_eq!(library.log().count("IABLogon.Logoff"), 0);
    session.logoff(0, 0, 0).unwrap();
    assert_eq!(library.log().count("IABLogon.Logoff"), 1);
}

// LIFE-LOGOFF-023
#[test]
fn releasing_a_session_does_what_logging_off_does() {
    let calls = |log_off: bool| {
        let library = Installed::cpp();
        let world = World::new();
        let session = world.foreign(library.path(), "AS");
        let _book = session.open_address_book(0, None, 0).unwrap().0;
        let store = open_store(&session, 0);
        if log_off {
            session.logoff(0, 0, 0).unwrap();
        }
        drop(session);
        let log = library.log();
        drop(store);
        log.calls()
    };
    assert_eq!(calls(true), calls(false));
}

// LIFE-LOGOFF-019, LIFE-LOGOFF-018, LIFE-LOGOFF-026
#[test]
fn wrong_arguments_change_nothing_and_a_second_logoff_fails() {
    let library = Installed::cpp();
    let world = World::new();
    let session = world.foreign(library.path(), "AS");
    assert_eq!(
        session.logoff(0, 0, 1).unwrap_err().code(),
        ErrorCode::INVALID_PARAMETER
    );
    assert_eq!(
        session.logoff(0, 0x100, 0).unwrap_err().code(),
        ErrorCode::UNKNOWN_FLAGS
    );
    drop(open_store(&session, 0));
    session.logoff(0, 0, 0).unwrap();
    assert_eq!(
        session.logoff(0, 0, 0).unwrap_err().code(),
        ErrorCode::INVALID_OBJECT
    );
    assert_all_methods_fail(&session);
}

/// Every method of a session but AddRef, Release and GetLastError fails after Logoff.
fn assert_all_methods_fail(session: &ComPtr<IMAPISession>) {
    let id = EntryId::new(MapiUid([7; 16]), b"x");
    let sink = crate::sinks::sink().0;
    let codes = [
        session.get_msg_stores_table(0).map(drop),
        session.open_msg_store(0, &id, None, 0).map(drop),
        session.open_address_book(0, None, 0).map(drop),
        session.open_profile_section(None, 0).map(drop),
        session.get_status_table(0).map(drop),
        session.open_entry(&id, None, 0).map(drop),
        session.compare_entry_ids(&id, &id, 0).map(drop),
        session.advise(&id, 0x4, sink).map(drop),
        session.unadvise(1),
        session.enum_adr_types(0).map(drop),
        session.query_identity().map(drop),
        session.set_default_store(1, &id),
        session.admin_services(0).map(drop),
        session.logoff(0, 0, 0),
    ];
    for (number, result) in codes.into_iter().enumerate() {
        let code = result.unwrap_err().code();
        assert_eq!(code, ErrorCode::INVALID_OBJECT, "method {number}");
    }
}

// LIFE-LOGOFF-018, LIFE-LOGOFF-015
#[test]
fn a_session_says_after_its_end_what_went_wrong() {
    let library = vices::install("angry", &[("IMSLogon.Logoff.result", "0x80004005")]);
    let world = World::new();
    let session = world.foreign(library.path(), "S");
    let _store = open_store(&session, 0);
    session.logoff(0, 0, 0).unwrap();
    for _ in 0..2 {
        let text = last_error(&session, mapi_sys::S_OK).unwrap();
        assert!(
            text.contains("libangry S0") && text.contains("Logoff"),
            "{text}"
        );
        assert_all_methods_fail(&session);
    }
    world.subsystem.stop();
    assert!(last_error(&session, mapi_sys::S_OK).is_some());
}

// LIFE-STORE-001, LIFE-STORE-002, LIFE-STORE-006, LIFE-STORE-007, LIFE-UID-004, LIFE-UID-006, LIFE-STATUS-007
#[test]
pub fn closing_one_store_ends_that_store_and_nothing_else() {
    let library = Installed::cpp();
    let world = World::new();
    let session = world.foreign(library.path(), "ASS");
    let _book = session.open_address_book(0, None, 0).unwrap().0;
    let first = open_store(&session, 0);
    let second = open_store(&session, 1);
    let rows = status_names(&session).len();
    let flags = first.store_logoff(0x2).unwrap();
    assert_eq!(flags & 0x0001_0000, 0x0001_0000, "LOGOFF_COMPLETE");
    drop(first);
    let log = library.log();
    assert_eq!(log.count("IMSLogon.Logoff"), 1);
    assert_eq!(
        log.count("IMSProvider.Shutdown"),
        0,
        "the second store still uses the provider object"
    );
    assert_eq!(log.count("IABLogon.Logoff"), 0);
    assert_eq!(status_names(&session).len(), rows - 1);
    let root = second
        .open_entry(&mapi_types::EntryId::default(), None, 0)
        .unwrap();
    drop(root);
    // Entries of the closed store are nobody's, those of the other one are still its own.
    let stem = library.path().file_stem().unwrap().to_string_lossy();
    let root_of = |number: usize| {
        let uid = MapiUid(exemplary::store_uid(&format!("{stem} S{number}")));
        session.open_entry(&EntryId::new(uid, b"Froot"), None, 0)
    };
    let of_closed = root_of(1).map(drop).unwrap_err();
    assert_eq!(of_closed.code(), ErrorCode::UNKNOWN_ENTRYID);
    drop(root_of(2).unwrap());
    // Opened again, it gets its entries back; a registration that had stayed would stand in its way.
    let again = open_store(&session, 0);
    drop(root_of(1).unwrap());
    drop(again);
    // Inside the provider's last Release of the support object: its logoff method, then MAPI's Release of the logon.
    let place = log.position("IMSLogon.Logoff").unwrap();
    let before: Vec<String> = log.lines[..place]
        .iter()
        .filter(|l| l.phase == Phase::Enter)
        .map(|l| l.call())
        .collect();
    assert_eq!(
        before.last().map(String::as_str),
        Some("IMAPISupport.Release")
    );
    drop(second);
    session.logoff(0, 0, 0).unwrap();
    assert_eq!(
        library.log().count("IMSLogon.Logoff"),
        3,
        "once for each store that was opened"
    );
    assert!(world.report().by_the_book);
}

// LIFE-STORE-006
#[test]
fn registrations_of_a_closed_store_are_gone_before_its_logoff_method_is_called() {
    let library = vices::install("slow", &[("IMSLogon.Logoff", "hang")]);
    let world = World::new();
    let session = world.foreign(library.path(), "S");
    let store = open_store(&session, 0);
    let rows = status_names(&session).len();
    let root = EntryId::new(MapiUid(exemplary::store_uid("libslow S0")), b"Froot");
    drop(session.open_entry(&root, None, 0).unwrap());
    std::thread::scope(|scope| {
        scope.spawn(move || drop(store));
        eventually(|| library.log().count("IMSLogon.Logoff") > 0);
        // The provider is inside its logoff method now, and that inside its last use of the support object.
        assert_eq!(status_names(&session).len(), rows - 1);
        let opened = session.open_entry(&root, None, 0).map(drop).unwrap_err();
        assert_eq!(opened.code(), ErrorCode::UNKNOWN_ENTRYID);
        let log = library.log();
        let is_back =
            |l: &exemplary::Line| l.phase == Phase::Leave && l.call() == "IMSLogon.Logoff";
        assert!(!log.lines.iter().any(is_back));
        library.open_gate();
    });
    session.logoff(0, 0, 0).unwrap();
    let log = library.log();
    let logoff = log.position("IMSLogon.Logoff").unwrap();
    let number = log.lines[logoff].number;
    let releases = |l: &&exemplary::Line| l.call() == "IMSLogon.Release" && l.number == number;
    let last = log.lines.iter().rfind(releases).unwrap();
    assert!(last.result() == Some(0) && last.thread == log.lines[logoff].thread);
}

// LIFE-STORE-018
#[test]
pub fn the_last_store_closed_ends_its_provider_object_and_it_can_be_opened_again() {
    let library = Installed::cpp();
    let world = World::new();
    let session = world.foreign(library.path(), "S");
    drop(open_store(&session, 0));
    let patience = Instant::now() + Duration::from_secs(10);
    while !ending_calls(&library.log()).contains(&"IMSProvider.Release".to_owned()) {
        assert!(Instant::now() < patience, "the provider object stays");
        std::thread::yield_now();
    }
    let log = library.log();
    let release = log
        .lines
        .iter()
        .find(|l| l.call() == "IMsgStore.Release" && l.phase == Phase::Enter)
        .unwrap();
    let shutdown = &log.lines[log.position("IMSProvider.Shutdown").unwrap()];
    assert_ne!(
        release.thread, shutdown.thread,
        "not on the client's thread"
    );
    drop(open_store(&session, 0));
    session.logoff(0, 0, 0).unwrap();
    let log = library.log();
    assert_eq!(log.count("library.MSProviderInit"), 2);
    assert_eq!(log.count("IMSProvider.Shutdown"), 2);
    assert!(world.report().by_the_book);
}

// LIFE-UNLOAD-001, LIFE-UNLOAD-002, LIFE-UNLOAD-003
#[test]
pub fn libraries_are_freed_after_the_last_uninitialize_and_not_before() {
    let library = Installed::cpp();
    let world = World::new();
    for _ in 0..3 {
        let session = match world.try_logon("foreign", mapi_sys::MAPI_NEW_SESSION) {
            Ok(session) => session,
            Err(_) => world.foreign(library.path(), "AS"),
        };
        drop(open_store(&session, 0));
        session.logoff(0, 0, 0).unwrap();
    }
    let path = library.path().canonicalize().unwrap();
    assert_eq!(world.subsystem.libraries().log().counts(&path), (1, 0));
    let stopped = world.subsystem.stop();
    assert_eq!(world.subsystem.libraries().log().counts(&path), (1, 1));
    let log = library.log();
    for (made, ended) in [
        ("library.ABProviderInit", "IABProvider.Shutdown"),
        ("library.MSProviderInit", "IMSProvider.Shutdown"),
    ] {
        assert_eq!(log.count(made), log.count(ended));
    }
    assert_eq!(stopped.libraries.len(), 1);
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    assert!(
        !maps.contains(&*path.to_string_lossy()),
        "{:?}",
        stopped.libraries
    );
}

// LIFE-STATUS-001, LIFE-STATUS-002, LIFE-STATUS-003
#[test]
fn the_status_table_has_mapis_rows_and_those_of_the_providers() {
    let library = Installed::cpp();
    let world = World::new();
    let session = world.foreign(library.path(), "AS");
    let _store = open_store(&session, 0);
    let table = session.get_status_table(0).unwrap();
    let rows = table.query_rows(100, 0).unwrap();
    let types: Vec<i32> = rows
        .iter()
        .filter_map(|r| r.get(tag::PR_RESOURCE_TYPE).and_then(PropValue::as_long))
        .collect();
    for own in [
        mapi_sys::MAPI_SUBSYSTEM,
        mapi_sys::MAPI_SPOOLER,
        mapi_sys::MAPI_AB,
    ] {
        assert_eq!(types.iter().filter(|t| **t == own.cast_signed()).count(), 1);
    }
    let columns = [
        tag::PR_DISPLAY_NAME,
        tag::PR_STATUS_CODE,
        tag::PR_RESOURCE_METHODS,
        tag::PR_PROVIDER_DLL_NAME,
        tag::PR_RESOURCE_FLAGS,
        tag::PR_RESOURCE_TYPE,
        tag::PR_ENTRYID,
        tag::PR_INSTANCE_KEY,
        tag::PR_OBJECT_TYPE,
        tag::PR_ROWID,
    ];
    for row in &rows {
        assert!(columns.iter().all(|c| row.get(*c).is_some()), "{row:?}");
    }
    session.logoff(0, 0, 0).unwrap();
}
