//! How providers are started, as they saw it themselves.

use std::sync::Arc;
use std::time::Duration;

use exemplary::{Installed, Phase};
use mapi_com::iface::{
    MapiProp as _, MapiSession as _, MapiStatus as _, MapiTable as _, MsgStore as _,
};
use mapi_com::ptr::ComPtr;
use mapi_subsystem::clock::{Clock as _, TestClock};
use mapi_sys::{IMAPIStatus, MAPI_NEW_SESSION, MAPI_NO_MAIL, MAPI_TIMEOUT_SHORT};
use mapi_types::{EntryId, ErrorCode, PropValue, tag};

use crate::world::{World, open_store, stores};

// LIFE-INIT-006, LIFE-INIT-013, LIFE-LOGON-005, LIFE-LOGON-006, LIFE-LOGON-007, LIFE-LOGON-009
#[test]
fn providers_start_when_they_are_needed_and_once() {
    let (library, unused) = (Installed::cpp(), Installed::cpp());
    let world = World::new();
    world.profile("other", &[]);
    world.add_foreign("other", unused.path(), "AS");
    let session = world.foreign(library.path(), "SAS");
    assert!(
        library.log().lines.is_empty(),
        "logon starts nothing (OP-05)"
    );
    // The address books of a store's service come first.
    let first = open_store(&session, 0);
    let order: Vec<String> = library.log().calls();
    let place = |call: &str| order.iter().position(|c| c == call).unwrap();
    assert!(place("IABProvider.Logon") < place("IMSProvider.Logon"));
    let (book, failed) = session.open_address_book(0, None, 0).unwrap();
    let again = session.open_address_book(0, None, 0).unwrap();
    assert!(!failed && !again.1);
    let second = open_store(&session, 1);
    let log = library.log();
    let counts = [
        "library.ABProviderInit",
        "IABProvider.Logon",
        "library.MSProviderInit",
        "IMSProvider.Logon",
    ];
    assert_eq!(counts.map(|call| log.count(call)), [1, 1, 1, 2]);
    drop((book, again, first, second));
    session.logoff(0, 0, 0).unwrap();
    let log = library.log();
    // Each logon had a support object of its own, whose last reference was the provider's.
    let mut supports: Vec<u32> = Vec::new();
    for line in log
        .lines
        .iter()
        .filter(|l| l.phase == Phase::Leave && l.call() == "IMAPISupport.Release")
    {
        assert_eq!(line.result(), Some(0), "{line:?}");
        supports.push(line.number);
    }
    supports.sort_unstable();
    supports.dedup();
    assert_eq!(supports.len(), 3);
    assert!(
        unused.log().lines.is_empty(),
        "another profile's library is not loaded"
    );
}

// LIFE-LOGON-007
#[test]
fn an_address_book_that_fails_is_a_warning_and_is_not_tried_again() {
    let bad = vices::install("bad", &[("IABProvider.Logon.refusal", "0x8004011E")]);
    let good = Installed::cpp();
    let world = World::new();
    world.profile("p", &[]);
    world.add_foreign("p", bad.path(), "A");
    world.add_foreign("p", good.path(), "A");
    let session = world.logon("p");
    let (book, failed) = session.open_address_book(0, None, 0).unwrap();
    assert!(failed, "MAPI_W_ERRORS_RETURNED");
    drop(book);
    drop(session.open_address_book(0, None, 0).unwrap());
    assert_eq!(bad.log().count("IABProvider.Logon"), 1);
    assert_eq!(good.log().count("IABProvider.Logon"), 1);
    session.logoff(0, 0, 0).unwrap();
}

// LIFE-LOGON-008
#[test]
fn a_store_provider_gets_its_own_identifier_unwrapped() {
    let library = Installed::cpp();
    let world = World::new();
    let session = world.foreign(library.path(), "SS");
    // The provider writes its wrapped identifier to its section when it logs on for the first time.
    drop((open_store(&session, 0), open_store(&session, 1)));
    let ids = stores(&session);
    session.logoff(0, 0, 0).unwrap();
    let session = world.logon("foreign");
    assert_eq!(stores(&session), ids);
    // It refuses any identifier that is not its own, so a wrapped one would not do.
    let store = session
        .open_msg_store(0, &ids[1], None, mapi_sys::MDB_WRITE)
        .unwrap();
    let log = library.log();
    assert!(log.count("IMSProvider.CompareStoreIDs") > 0);
    let props = store.get_props(Some(&[tag::PR_DISPLAY_NAME]), 0).unwrap();
    let name = props[0].value.as_str().unwrap().into_owned();
    assert!(name.ends_with("S1"), "{name}: the second one");
    drop(store);
    session.logoff(0, 0, 0).unwrap();
}

// LIFE-LOGON-021
#[test]
fn what_a_logon_returns_in_memory_is_freed() {
    let refuses = ("IMSProvider.Logon.refusal", "0x8004011D");
    for vices in [
        &[("IMSProvider.explains", "yes")][..],
        &[("IMSProvider.explains", "yes"), refuses][..],
    ] {
        let library = vices::install("explaining", vices);
        let world = World::new();
        let session = world.foreign(library.path(), "S");
        let opened = session.open_msg_store(0, &stores(&session)[0], None, mapi_sys::MDB_WRITE);
        assert_eq!(opened.is_ok(), vices.len() == 1);
        drop(opened);
        session.logoff(0, 0, 0).unwrap();
        let name = library.path().to_string_lossy().into_owned();
        let hosted = world
            .subsystem
            .libraries()
            .get(&name, world.subsystem.search())
            .unwrap();
        assert_eq!(hosted.owner().usage().blocks, 0, "{vices:?}");
    }
}

// LIFE-LOGON-004, LIFE-STATUS-008
#[test]
fn without_mail_there_is_no_transport_and_the_spooler_has_failed() {
    let library = Installed::cpp();
    let world = World::new();
    world.profile("p", &[]);
    world.add_foreign("p", library.path(), "AS");
    let session = world
        .try_logon("p", MAPI_NEW_SESSION | MAPI_NO_MAIL)
        .unwrap();
    let store = open_store(&session, 0);
    let rows = session
        .get_status_table(0)
        .unwrap()
        .query_rows(100, 0)
        .unwrap();
    let long = |row: &mapi_types::Row, t| {
        row.get(t)
            .and_then(PropValue::as_long)
            .unwrap()
            .cast_unsigned()
    };
    let of_type = |wanted: u32| {
        rows.iter()
            .filter(move |row| long(row, tag::PR_RESOURCE_TYPE) == wanted)
    };
    assert_eq!(of_type(mapi_sys::MAPI_TRANSPORT_PROVIDER).count(), 0);
    let spooler: Vec<u32> = of_type(mapi_sys::MAPI_SPOOLER)
        .map(|row| long(row, tag::PR_STATUS_CODE))
        .collect();
    assert_eq!(spooler, [mapi_sys::STATUS_FAILURE]);
    drop(store);
    session.logoff(0, 0, 0).unwrap();
    let log = library.log();
    assert_eq!(
        log.count("IMSProvider.SpoolerLogon") + log.count("library.XPProviderInit"),
        0
    );
}

// LIFE-STATUS-009
#[test]
fn a_providers_row_opens_the_providers_own_status_object() {
    let library = Installed::cpp();
    let world = World::new();
    let session = world.foreign(library.path(), "S");
    let store = open_store(&session, 0);
    let rows = session
        .get_status_table(0)
        .unwrap()
        .query_rows(100, 0)
        .unwrap();
    let is_store = |row: &&mapi_types::Row| {
        let kind = row.get(tag::PR_RESOURCE_TYPE).and_then(PropValue::as_long);
        kind == Some(mapi_sys::MAPI_STORE_PROVIDER.cast_signed())
    };
    let row = rows.iter().find(is_store).unwrap();
    let id = EntryId::from(
        row.get(tag::PR_ENTRYID)
            .and_then(PropValue::as_bytes)
            .unwrap(),
    );
    let opened = session.open_entry(&id, None, 0).unwrap();
    assert_eq!(opened.object_type, mapi_sys::MAPI_STATUS);
    let status: ComPtr<IMAPIStatus> = opened.object.query().unwrap();
    status.validate_state(0).unwrap();
    let log = library.log();
    assert_eq!(log.count("IMSLogon.OpenStatusEntry"), 1);
    assert_eq!(log.count("IMAPIStatus.ValidateState"), 1);
    drop((status, opened, store));
    session.logoff(0, 0, 0).unwrap();
}

// LIFE-STORE-009
#[test]
fn wrong_logoff_flags_leave_the_store_working() {
    let library = Installed::cpp();
    let world = World::new();
    let session = world.foreign(library.path(), "S");
    let store = open_store(&session, 0);
    assert_eq!(
        store.store_logoff(0x3).unwrap_err().code(),
        ErrorCode::INVALID_PARAMETER
    );
    assert_eq!(
        store.store_logoff(0x100).unwrap_err().code(),
        ErrorCode::UNKNOWN_FLAGS
    );
    store.open_entry(&EntryId::default(), None, 0).unwrap();
    assert_eq!(
        store.store_logoff(0).unwrap(),
        0x0001_0000,
        "as LOGOFF_ORDERLY (OP-32)"
    );
    store.open_entry(&EntryId::default(), None, 0).unwrap();
    drop(store);
    session.logoff(0, 0, 0).unwrap();
    assert!(world.report().by_the_book);
}

// LIFE-STORE-016
#[test]
fn a_store_that_another_handle_has_open_stays_open() {
    let library = Installed::cpp();
    let world = World::new();
    world.profile("p", &[]);
    world.add_foreign("p", library.path(), "S");
    let first = world.try_logon("p", mapi_sys::MAPI_ALLOW_OTHERS).unwrap();
    let second = world.try_logon("p", 0).unwrap();
    drop(open_store(&first, 0));
    let id = stores(&first).remove(0);
    let open = |session: &ComPtr<mapi_sys::IMAPISession>| {
        session
            .open_msg_store(0, &id, None, mapi_sys::MDB_WRITE)
            .unwrap()
    };
    let (one, two) = (open(&first), open(&second));
    assert_eq!(
        one.as_raw(),
        two.as_raw(),
        "the provider's one object for this store"
    );
    let before = library.log().count("IMSLogon.Logoff");
    assert_eq!(
        one.store_logoff(0x2).unwrap(),
        0x0001_0000,
        "LOGOFF_COMPLETE"
    );
    drop(one);
    two.open_entry(&EntryId::default(), None, 0).unwrap();
    assert_eq!(library.log().count("IMSLogon.Logoff"), before);
    drop(two);
    assert_eq!(library.log().count("IMSLogon.Logoff"), before + 1);
    first.logoff(0, 0, 0).unwrap();
    second.logoff(0, 0, 0).unwrap();
}

// LIFE-LOGON-002
#[test]
fn a_logon_blocked_by_another_one_times_out_if_it_is_told_to() {
    let clock = TestClock::new();
    let time = Arc::clone(&clock);
    let world = World::with(move |config| config.clock = time);
    world.profile("p", &["EXAB"]);
    let begun = clock.now();
    let logon = || world.try_logon("p", MAPI_NEW_SESSION | MAPI_TIMEOUT_SHORT);
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        // Whoever writes profiles keeps the first logon waiting, and that one the second.
        world
            .subsystem
            .profiles()
            .update("p", |_| {
                threads.extend([scope.spawn(logon), scope.spawn(logon)]);
                while threads.iter().all(|thread| !thread.is_finished()) {
                    clock.turn(Duration::from_millis(100));
                    std::thread::yield_now();
                }
                assert!(clock.now() - begun >= Duration::from_millis(3000));
                Ok(())
            })
            .unwrap();
        let results: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        let (ok, failed): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
        assert_eq!((ok.len(), failed.len()), (1, 1));
        let error = failed.into_iter().next().unwrap().unwrap_err();
        assert_eq!(error.code(), ErrorCode::TIMEOUT);
    });
}
