//! The support object as a provider sees it, and the routing by MAPIUID that rests on it.

use mapi_com::iface::{MapiProp as _, MapiSession as _, MapiSupport as _};
use mapi_subsystem::profile::objects::MAPI_FORCE_ACCESS;
use mapi_sys::STATUSROW_UPDATE;
use mapi_types::{EntryId, ErrorCode, MapiUid, PropValue, event, tag};

use crate::probe;
use crate::world::eventually;

fn uid(byte: u8) -> MapiUid {
    MapiUid([byte; 16])
}

// LIFE-SUP-002
#[test]
fn the_allocators_are_those_of_the_entry_point() {
    let (_world, session) = probe::session("allocators");
    let addresses = |allocator: mapi_com::alloc::Allocator| {
        let (allocate, more, free) = allocator.functions();
        (allocate as usize, more as usize, free as usize)
    };
    for logon in probe::seen("allocators") {
        let given = logon.support.as_ref().unwrap().allocator();
        assert_eq!(addresses(given), addresses(logon.allocator));
    }
    session.logoff(0, 0, 0).unwrap();
}

// LIFE-SUP-003
#[test]
fn each_logon_opens_the_section_that_it_was_made_for() {
    let (_world, session) = probe::session("sections");
    let logons = probe::seen("sections");
    let names: Vec<&str> = logons.iter().map(|l| l.name.as_str()).collect();
    assert_eq!(names, ["Probe 1", "Probe 2"]);
    let mut uids = Vec::new();
    for logon in &logons {
        let support = logon.support.as_ref().unwrap();
        let section = support.open_profile_section(None, 0).unwrap();
        let props = section.get_props(Some(&[tag::PR_PROVIDER_UID]), 0).unwrap();
        let uid = MapiUid(props[0].value.as_bytes().unwrap().try_into().unwrap());
        drop(section);
        // The client finds the same section under that identifier.
        let section = session
            .open_profile_section(Some(&uid), MAPI_FORCE_ACCESS)
            .unwrap();
        let props = section.get_props(Some(&[tag::PR_DISPLAY_NAME]), 0).unwrap();
        assert_eq!(
            props[0].value.as_str().as_deref(),
            Some(logon.name.as_str())
        );
        uids.push(uid);
    }
    assert_ne!(uids[0], uids[1]);
    drop(logons);
    session.logoff(0, 0, 0).unwrap();
}

// LIFE-UID-002, LIFE-UID-003, LIFE-UID-004, LIFE-UID-006, LIFE-SUP-004
#[test]
fn calls_go_to_the_first_logon_that_registered_the_uid() {
    let name = "routing";
    let (_world, session) = probe::session(name);
    let logons = probe::seen(name);
    let set = |logon: usize, byte| {
        let support = logons[logon].support.as_ref().unwrap();
        support.set_provider_uid(&uid(byte), 0).unwrap();
    };
    set(0, 1);
    set(0, 1);
    set(1, 1);
    set(1, 2);
    let open = |byte, data: &[u8]| {
        let entry = EntryId::new(uid(byte), data);
        session.open_entry(&entry, None, 0).unwrap_err().code()
    };
    let calls = |logon: usize| probe::seen(name)[logon].calls.clone();
    assert_eq!(open(1, b"x"), ErrorCode::NOT_FOUND);
    assert_eq!((calls(0).len(), calls(1).len()), (1, 0));
    assert_eq!(open(2, b"x"), ErrorCode::NOT_FOUND);
    assert_eq!((calls(0).len(), calls(1).len()), (1, 1));
    let pair = |byte| (EntryId::new(uid(byte), b"x"), EntryId::new(uid(byte), b"y"));
    let (left, right) = pair(1);
    assert!(session.compare_entry_ids(&left, &right, 0).unwrap());
    let (left, right) = pair(2);
    assert!(session.compare_entry_ids(&left, &right, 0).unwrap());
    for byte in [1, 2] {
        let entry = EntryId::new(uid(byte), b"x");
        let sink = crate::sinks::sink().0;
        let connection = session
            .advise(&entry, event::OBJECT_MODIFIED, sink)
            .unwrap();
        session.unadvise(connection).unwrap();
    }
    let once = ["OpenEntry", "CompareEntryIDs", "Advise", "Unadvise"];
    assert_eq!(calls(0), once);
    assert_eq!(calls(1), once);
    assert_eq!(open(3, b"x"), ErrorCode::UNKNOWN_ENTRYID);

    // A final Release outside the logoff method ends that logon, once, and leaves the other's registrations in place.
    drop(logons);
    probe::give_back(name, 0);
    eventually(|| calls(0).len() == 5);
    assert_eq!((&calls(0)[..4], calls(0)[4]), (&once[..], "Logoff"));
    assert_eq!(open(1, b"x"), ErrorCode::NOT_FOUND);
    assert_eq!(
        (&calls(1)[..4], &calls(1)[4..]),
        (&once[..], &["OpenEntry"][..]),
        "the second one that had registered it"
    );
    session.logoff(0, 0, 0).unwrap();
    assert_eq!(calls(0).len(), 5, "nothing reaches a logon that has ended");
    assert_eq!(calls(1).last(), Some(&"Logoff"));
}

// LIFE-STATUS-005
#[test]
fn modify_status_row_adds_replaces_and_updates() {
    let name = "status rows";
    let (_world, session) = probe::session(name);
    let logons = probe::seen(name);
    let modify = |logon: usize, row: Option<&str>, code, flags| {
        let support = logons[logon].support.as_ref().unwrap();
        support.modify_status_row(&probe::status_row(row, code), flags)
    };
    let rows = || probe::rows_of(&session, "probe");
    let row = |name: &str, code| (name.to_owned(), code);
    assert_eq!(
        modify(0, Some("a"), 1, STATUSROW_UPDATE)
            .unwrap_err()
            .code(),
        ErrorCode::NOT_FOUND,
        "there is no row to update"
    );
    assert!(rows().is_empty());
    modify(0, Some("a"), 1, 0).unwrap();
    modify(0, Some("a"), 2, 0).unwrap();
    assert_eq!(rows(), [row("a", 2)], "the same name replaces");
    modify(0, Some("b"), 3, 0).unwrap();
    assert_eq!(rows(), [row("a", 2), row("b", 3)]);
    modify(0, Some("b"), 4, STATUSROW_UPDATE).unwrap();
    assert_eq!(rows(), [row("a", 2), row("b", 4)], "by name");
    modify(0, None, 5, STATUSROW_UPDATE).unwrap();
    assert_eq!(rows(), [row("a", 5), row("b", 4)], "the first one");
    modify(1, Some("a"), 6, 0).unwrap();
    assert_eq!(
        rows(),
        [row("a", 5), row("b", 4), row("a", 6)],
        "rows of another support object are another's"
    );
    let support = logons[0].support.as_ref().unwrap();
    let text = mapi_types::Property::new(tag::PR_STATUS_STRING, PropValue::from("busy"));
    support
        .modify_status_row(&[text], STATUSROW_UPDATE)
        .unwrap();
    assert_eq!(rows()[0], row("a", 5), "what was not passed has stayed");
    drop(logons);
    session.logoff(0, 0, 0).unwrap();
}
