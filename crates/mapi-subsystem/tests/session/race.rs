//! Threads that meet the end of a logon.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use exemplary::{Installed, Line, Log, Phase};
use mapi_com::iface::{MapiProp as _, MapiSession as _, MsgStore as _};
use mapi_com::ptr::ComPtr;
use mapi_sys::{IMAPIProp, IMAPISession, IMsgStore};
use mapi_types::{EntryId, ErrorCode, tag};

use crate::world::{World, eventually, open_store};

/// What a thread does over and over with an entry of the store that is being closed.
type Routed<'a> = dyn Fn(&EntryId) -> mapi_types::Result<()> + Sync + 'a;

/// Has eight threads make a routed call while the store is closed: all of them come to see that it is gone.
fn while_the_store_is_closed(session: &ComPtr<IMAPISession>, call: &Routed) {
    let closing = open_store(session, 1);
    let entry = root_of(&closing);
    let (answered, closed) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let after_the_close = closed.load(Ordering::SeqCst);
                    match call(&entry).map_err(|error| error.code()) {
                        Ok(()) => drop(answered.fetch_add(1, Ordering::Relaxed)),
                        Err(ErrorCode::UNKNOWN_ENTRYID) => break,
                        // It was let in just before the end, and the provider refused it.
                        Err(code) => assert_eq!(code, ErrorCode::INVALID_OBJECT),
                    }
                    assert!(!after_the_close, "still routed after the close");
                }
            });
        }
        eventually(|| answered.load(Ordering::Relaxed) > 8);
        drop(closing);
        closed.store(true, Ordering::SeqCst);
    });
}

fn root_of(store: &ComPtr<IMsgStore>) -> EntryId {
    let root = store.open_entry(&EntryId::default(), None, 0).unwrap();
    let root: ComPtr<IMAPIProp> = root.object.query().unwrap();
    let props = root.get_props(Some(&[tag::PR_ENTRYID]), 0).unwrap();
    EntryId::from(props[0].value.as_bytes().unwrap())
}

/// OP-21: the calls that were let in before the end have returned when a logoff method is called, and none comes after it.
fn assert_no_call_meets_the_logoff(log: &Log) {
    let is_logoff = |line: &&Line| line.phase == Phase::Enter && line.call() == "IMSLogon.Logoff";
    for logoff in log.lines.iter().filter(is_logoff) {
        let calls = log.lines.iter().filter(|line| {
            (&line.interface, line.number) == (&logoff.interface, logoff.number)
                && !matches!(
                    line.method.as_str(),
                    "AddRef" | "Release" | "QueryInterface"
                )
        });
        let (before, after): (Vec<_>, Vec<_>) =
            calls.partition(|line| line.sequence < logoff.sequence);
        let entered = |lines: &[&Line]| lines.iter().filter(|l| l.phase == Phase::Enter).count();
        assert_eq!(before.len(), 2 * entered(&before), "a call is running");
        assert_eq!(entered(&after), 1, "only Logoff itself");
    }
}

// LIFE-UID-004, LIFE-MEM-007, OP-21
#[test]
fn eight_threads_route_while_the_store_is_closed() {
    let library = Installed::cpp();
    let world = World::new();
    let session = world.foreign(library.path(), "SS");
    let stays = open_store(&session, 0);
    for _ in 0..10 {
        while_the_store_is_closed(&session, &|entry| {
            let other = EntryId::from(&[entry.as_bytes(), b"x"].concat()[..]);
            session.compare_entry_ids(entry, &other, 0).map(drop)
        });
    }
    drop(stays);
    session.logoff(0, 0, 0).unwrap();
    let log = library.log();
    assert_no_call_meets_the_logoff(&log);
    assert_eq!(log.count("IMSLogon.Logoff"), 11);
    let beyond = log.beyond_the_end();
    assert!(beyond.is_empty(), "{beyond:?}");
}

// LIFE-UID-004, OP-21
#[test]
fn eight_threads_open_objects_while_the_store_is_closed() {
    let library = Installed::cpp();
    let world = World::new();
    let session = world.foreign(library.path(), "SS");
    let stays = open_store(&session, 0);
    for _ in 0..10 {
        while_the_store_is_closed(&session, &|entry| {
            session.open_entry(entry, None, 0).map(drop)
        });
    }
    drop(stays);
    session.logoff(0, 0, 0).unwrap();
    assert_no_call_meets_the_logoff(&library.log());
}
