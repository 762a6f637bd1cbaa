//! Providers that misbehave on the way up and down: what happens is defined, reported, and harms nobody else.

use std::sync::Arc;
use std::time::Duration;

use exemplary::Installed;
use mapi_com::iface::{MapiSession as _, MapiTable as _};
use mapi_com::ptr::ComPtr;
use mapi_subsystem::clock::TestClock;
use mapi_sys::IMAPISession;
use mapi_types::{EntryId, ErrorCode, MapiUid, tag};

use crate::buffers::last_error;
use crate::world::{World, open_store, stores};

fn try_store(session: &ComPtr<IMAPISession>) -> mapi_types::Result<ComPtr<mapi_sys::IMsgStore>> {
    session.open_msg_store(0, &stores(session)[0], None, mapi_sys::MDB_WRITE)
}

fn row_count(session: &ComPtr<IMAPISession>) -> u32 {
    session
        .get_status_table(0)
        .unwrap()
        .get_row_count(0)
        .unwrap()
}

/// A session with one misbehaving store, opened.
fn bad_store(
    vices: &[(&str, &str)],
) -> (
    vices::Vicious,
    World,
    ComPtr<IMAPISession>,
    ComPtr<mapi_sys::IMsgStore>,
) {
    let library = vices::install("vicious", vices);
    let world = World::new();
    let session = world.foreign(library.path(), "S");
    let store = open_store(&session, 0);
    (library, world, session, store)
}

// LIFE-LOGOFF-015, LIFE-LOGOFF-022
#[test]
fn errors_exceptions_and_ended_threads_do_not_stop_the_way_down() {
    for vice in [
        ("IMSLogon.Logoff.result", "0x80004005"),
        ("IMSLogon.Logoff", "throw"),
        ("IMSLogon.Logoff", "throw_number"),
        ("IMSLogon.Logoff", "exit_thread"),
        ("IMSProvider.Shutdown.result", "0x80004005"),
        ("IMSProvider.Shutdown", "throw"),
        ("IMSProvider.Shutdown", "exit_thread"),
    ] {
        let (library, world, session, store) = bad_store(&[vice]);
        session.logoff(0, 0, 0).unwrap();
        let log = library.log();
        assert_eq!(log.count("IMSLogon.Logoff"), 1, "{vice:?}");
        assert_eq!(log.count("IMSProvider.Shutdown"), 1, "{vice:?}");
        assert!(!world.report().by_the_book, "{vice:?}");
        std::mem::forget(store);
    }
}

// LIFE-LOGOFF-016
#[test]
fn a_provider_that_hangs_is_given_up_and_the_others_end_normally() {
    let hanging = vices::install("hanging", &[("IMSLogon.Logoff", "hang")]);
    let good = Installed::cpp();
    let clock = TestClock::new();
    let time = Arc::clone(&clock);
    let world = World::with(move |config| config.clock = time);
    world.profile("p", &[]);
    world.add_foreign("p", hanging.path(), "S");
    world.add_foreign("p", good.path(), "S");
    let session = world.logon("p");
    let stores = (open_store(&session, 0), open_store(&session, 1));
    let ended = std::thread::scope(|scope| {
        let logoff = scope.spawn(|| session.logoff(0, 0, 0));
        // The well-behaved one needs no time of this clock; let it get done, and the other one hang, before the clock is
        // turned.
        while good.log().count("IMSProvider.Shutdown") == 0
            || hanging.log().count("IMSLogon.Logoff") == 0
        {
            std::thread::yield_now();
        }
        clock.until_waiting(1);
        assert!(!logoff.is_finished());
        clock.turn(Duration::from_millis(29_999));
        clock.until_waiting(1);
        assert!(!logoff.is_finished(), "not before the deadline");
        clock.turn(Duration::from_millis(1));
        logoff.join().unwrap()
    });
    ended.unwrap();
    let log = good.log();
    assert_eq!(
        (
            log.count("IMSLogon.Logoff"),
            log.count("IMSProvider.Shutdown")
        ),
        (1, 1)
    );
    let log = hanging.log();
    assert_eq!(
        (
            log.count("IMSLogon.Logoff"),
            log.count("IMSProvider.Shutdown")
        ),
        (1, 0)
    );
    let report = world.report();
    assert!(!report.by_the_book);
    assert_eq!(report.pins.len(), 1, "{report:#?}");
    std::mem::forget(stores);
    hanging.open_gate();
}

// LIFE-LOGON-011, LIFE-LOGON-014
#[test]
fn a_logon_without_support_reference_or_logon_object_counts_as_failed() {
    for vice in [
        ("IMSLogon.keeps_support", "0"),
        ("IMSProvider.null_logon", "yes"),
    ] {
        let library = vices::install("vicious", &[vice]);
        let world = World::new();
        let session = world.foreign(library.path(), "S");
        let rows = row_count(&session);
        let error = try_store(&session).unwrap_err();
        assert_eq!(error.code(), ErrorCode::CALL_FAILED, "{vice:?}: {error}");
        assert_eq!(row_count(&session), rows, "{vice:?}");
        session.logoff(0, 0, 0).unwrap();
        assert_eq!(library.log().count("IMSProvider.Shutdown"), 1, "{vice:?}");
    }
}

// LIFE-LOGON-023, LIFE-LOGOFF-013
#[test]
fn nothing_of_a_failed_logon_survives() {
    let vices = [
        ("IMSProvider.garbage_outputs", "yes"),
        ("IMSProvider.Logon.result", "0x80040111"),
    ];
    let library = vices::install("vicious", &vices);
    let world = World::new();
    let session = world.foreign(library.path(), "S");
    let rows = row_count(&session);
    assert_eq!(
        try_store(&session).unwrap_err().code(),
        ErrorCode::LOGON_FAILED
    );
    assert_eq!(row_count(&session), rows);
    let name = "libvicious S0"; // what the store calls itself: the display name of its section
    let entry = EntryId::new(MapiUid(exemplary::store_uid(name)), b"x");
    assert_eq!(
        session.open_entry(&entry, None, 0).unwrap_err().code(),
        ErrorCode::UNKNOWN_ENTRYID
    );
    session.logoff(0, 0, 0).unwrap();
    let log = library.log();
    assert_eq!(
        log.count("IMSProvider.Shutdown"),
        1,
        "a provider object without a logon is shut down, too"
    );
    assert_eq!(log.count("IMSLogon.Logoff"), 0);
    let registered = [
        "IMAPISupport.SetProviderUID",
        "IMAPISupport.ModifyStatusRow",
    ];
    assert_eq!(
        registered.map(|call| log.count(call)),
        [1, 1],
        "there was something to undo"
    );
}

// LIFE-LOGON-018, LIFE-LOGON-019, LIFE-LOGON-020
#[test]
fn what_a_logon_error_means_for_the_rest_of_the_session() {
    let cases = [
        (
            0x8004_011D,
            true,
            "MAPI_E_FAILONEPROVIDER: a later open tries again",
        ),
        (
            0x8004_0113,
            true,
            "MAPI_E_USER_CANCEL: a later open tries again",
        ),
        (
            0x8004_011E,
            false,
            "MAPI_E_UNKNOWN_CPID: the service is disabled",
        ),
        (
            0x8004_0112,
            false,
            "MAPI_E_SESSION_LIMIT: the service is disabled",
        ),
    ];
    for (code, again, what) in cases {
        let library = vices::install(
            "vicious",
            &[("IMSProvider.Logon.refusal", &format!("{code:#x}"))],
        );
        let world = World::new();
        let session = world.foreign(library.path(), "S");
        assert_eq!(
            try_store(&session).unwrap_err().code(),
            ErrorCode(code),
            "{what}"
        );
        drop(try_store(&session));
        assert_eq!(
            library.log().count("IMSProvider.Logon"),
            if again { 2 } else { 1 },
            "{what}"
        );
        session.logoff(0, 0, 0).unwrap();
        assert_eq!(library.log().count("IMSProvider.Shutdown"), 1, "{what}");
    }
}

// LIFE-LOGON-020, LIFE-LOGON-007
#[test]
fn a_warning_is_a_success_with_a_text() {
    let vices = [
        ("IMSProvider.explains", "yes"),
        ("IMSProvider.Logon.result", "0x00040380"),
        ("IABProvider.Logon.refusal", "0x8004011D"),
    ];
    let library = vices::install("warning", &vices);
    let world = World::new();
    let session = world.foreign(library.path(), "SA");
    let (book, failed) = session.open_address_book(0, None, 0).unwrap();
    assert!(failed, "MAPI_W_ERRORS_RETURNED");
    let text = last_error(&session, 0x0004_0380).unwrap();
    assert!(text.contains("libwarning A1"), "{text}");
    let store = try_store(&session).unwrap();
    let text = last_error(&session, mapi_sys::S_OK).unwrap();
    assert!(text.contains("the server is asleep"), "{text}");
    drop((book, store));
    session.logoff(0, 0, 0).unwrap();
    assert_eq!(library.log().count("IMSLogon.Logoff"), 1);
}

// LIFE-LOGON-017, LIFE-LOGON-025
#[test]
fn an_unconfigured_provider_gets_its_service_and_one_more_logon() {
    let library = vices::install("vicious", &[("IMSProvider.Logon.refusal", "unconfigured")]);
    let world = World::new();
    let session = world.foreign(library.path(), "S");
    drop(try_store(&session).unwrap());
    let calls = library.log().calls();
    let wanted: Vec<&str> = calls
        .iter()
        .map(String::as_str)
        .filter(|c| ["IMSProvider.Logon", "library.ServiceEntry"].contains(c))
        .collect();
    assert_eq!(
        wanted,
        [
            "IMSProvider.Logon",
            "library.ServiceEntry",
            "IMSProvider.Logon"
        ]
    );
    session.logoff(0, 0, 0).unwrap();
}

// LIFE-LOGON-016, LIFE-STATUS-002
#[test]
fn a_provider_cannot_change_what_is_mapis() {
    let vices = [
        ("IMSLogon.sets_resource_flags", "yes"),
        ("IMSLogon.false_row", "yes"),
    ];
    let (library, world, session, store) = bad_store(&vices);
    let log = library.log();
    let is_problem = |l: &&exemplary::Line| l.call() == "IProfSect.problem";
    let refused = log
        .lines
        .iter()
        .find(is_problem)
        .expect("the attempt is refused");
    let code = format!("0x{:08X}", mapi_sys::MAPI_E_NO_ACCESS);
    assert_eq!(refused.detail, code);
    let section = |l: &mapi_subsystem::profile::Edit<'_>| {
        let all = l.profile.all_providers();
        all.map(|s| s.props.bits(tag::PR_RESOURCE_FLAGS))
            .collect::<Vec<u32>>()
    };
    let flags = (world.subsystem.profiles()).update("foreign", |edit| Ok(section(edit)));
    assert_eq!(
        flags.unwrap(),
        [mapi_sys::STATUS_DEFAULT_STORE],
        "what MAPI had set, and nothing else"
    );
    let rows = session
        .get_status_table(0)
        .unwrap()
        .query_rows(100, 0)
        .unwrap();
    let own = mapi_sys::MAPI_SUBSYSTEM.cast_signed();
    let subsystems = rows
        .iter()
        .filter(|r| r.get(tag::PR_RESOURCE_TYPE).and_then(|v| v.as_long()) == Some(own));
    assert_eq!(subsystems.count(), 1);
    drop(store);
    session.logoff(0, 0, 0).unwrap();
    drop(world);
}

// LIFE-INIT-010
#[test]
fn a_provider_that_is_too_old_is_released_at_once() {
    let library = vices::install("vicious", &[("library.is_too_old", "yes")]);
    let world = World::new();
    let session = world.foreign(library.path(), "S");
    assert_eq!(try_store(&session).unwrap_err().code(), ErrorCode::VERSION);
    session.logoff(0, 0, 0).unwrap();
    let log = library.log();
    assert_eq!(
        (
            log.count("IMSProvider.Shutdown"),
            log.count("IMSProvider.Logon")
        ),
        (0, 0)
    );
    assert_eq!(log.count("IMSProvider.Release"), 1);
}

// LIFE-UNLOAD-005, LIFE-SUP-004
#[test]
fn what_does_not_reach_zero_pins_its_library_and_is_reported() {
    for vice in [
        ("IMSLogon.extra_references", "1"),
        ("IMSProvider.extra_references", "1"),
    ] {
        let (library, world, session, store) = bad_store(&[vice]);
        session.logoff(0, 0, 0).unwrap();
        drop(store);
        let report = world.report();
        assert!(
            !report.by_the_book && report.pins.len() == 1,
            "{vice:?}: {report:#?}"
        );
        world.subsystem.stop();
        let path = library.path().canonicalize().unwrap();
        assert_eq!(
            world.subsystem.libraries().log().counts(&path),
            (1, 0),
            "{vice:?}"
        );
    }
}

// LIFE-LOGOFF-017
#[test]
fn a_logoff_method_may_wait_for_a_thread_that_calls_mapi() {
    let (library, world, session, store) = bad_store(&[("IMSLogon.uses_helper_thread", "yes")]);
    session.logoff(0, 0, 0).unwrap();
    assert_eq!(library.log().count("IMSProvider.Shutdown"), 1);
    assert!(world.report().by_the_book);
    drop(store);
}

// LIFE-SUP-004, LIFE-UID-004, LIFE-STATUS-007
#[test]
fn a_support_object_that_is_kept_or_given_back_too_often_does_no_harm() {
    for vice in [
        ("IMSLogon.gives_back_support", "0"),
        ("IMSLogon.gives_back_support", "2"),
    ] {
        let (library, world, session, store) = bad_store(&[vice]);
        session.logoff(0, 0, 0).unwrap();
        let log = library.log();
        assert_eq!(log.count("IMSLogon.Logoff"), 1, "{vice:?}");
        assert_eq!(log.count("IMSProvider.Shutdown"), 1, "{vice:?}");
        std::mem::forget(store);
        drop(world);
    }
}
