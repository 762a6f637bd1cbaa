//! Threads that meet the end of a logon.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use exemplary::{Installed, Phase};
use mapi_com::iface::{MapiProp as _, MapiSession as _, MsgStore as _};
use mapi_com::ptr::ComPtr;
use mapi_sys::IMAPIProp;
use mapi_types::{EntryId, ErrorCode, tag};

use crate::world::{World, eventually, open_store};

// LIFE-UID-004, LIFE-MEM-007
#[test]
fn eight_threads_route_while_the_store_is_closed() {
    let library = Installed::cpp();
    let world = World::new();
    let session = world.foreign(library.path(), "SS");
    let stays = open_store(&session, 0);
    for _ in 0..10 {
        let closing = open_store(&session, 1);
        let root: ComPtr<IMAPIProp> = closing
            .open_entry(&EntryId::default(), None, 0)
            .unwrap()
            .object
            .query()
            .unwrap();
        let props = root.get_props(Some(&[tag::PR_ENTRYID]), 0).unwrap();
        let entry = EntryId::from(props[0].value.as_bytes().unwrap());
        drop(root);
        let other = EntryId::from(&[entry.as_bytes(), b"x"].concat()[..]);
        let (opened, closed) = (AtomicUsize::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    loop {
                        let after_the_close = closed.load(Ordering::SeqCst);
                        match session.compare_entry_ids(&entry, &other, 0) {
                            Ok(_) => opened.fetch_add(1, Ordering::Relaxed),
                            Err(error) if error.code() == ErrorCode::UNKNOWN_ENTRYID => break,
                            // It was let in just before the end, and the provider refused it.
                            Err(error) => {
                                assert_eq!(error.code(), ErrorCode::INVALID_OBJECT);
                                0
                            }
                        };
                        assert!(!after_the_close, "still routed after the close");
                    }
                });
            }
            eventually(|| opened.load(Ordering::Relaxed) > 8);
            drop(closing);
            closed.store(true, Ordering::SeqCst);
        });
        assert_eq!(
            session.open_entry(&entry, None, 0).unwrap_err().code(),
            ErrorCode::UNKNOWN_ENTRYID
        );
    }
    drop(stays);
    session.logoff(0, 0, 0).unwrap();
    // A call that was let in before the end may still arrive after the logoff method (OP-21), at an object that lives: nothing
    // reaches a logon object after its last Release.
    let log = library.log();
    let gone = log.lines.iter().enumerate().filter(|(_, line)| {
        line.phase == Phase::Leave && line.call() == "IMSLogon.Release" && line.result() == Some(0)
    });
    let mut count = 0;
    for (place, end) in gone {
        let mut later = log.lines[place + 1..].iter();
        assert!(!later.any(|l| l.interface == end.interface && l.number == end.number));
        count += 1;
    }
    assert_eq!((count, log.count("IMSLogon.Logoff")), (11, 11));
}
