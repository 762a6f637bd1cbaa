//! Many threads log on and off at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

use exemplary::{Installed, Line};
use mapi_com::iface::{MapiSession as _, MsgStore as _};
use mapi_subsystem::host::Freed;
use mapi_subsystem::{LogonRequest, Subsystem};
use mapi_sys::{MAPI_ALLOW_OTHERS, MAPI_NEW_SESSION};
use mapi_types::EntryId;

use crate::footprint::Footprint;
use crate::world::{World, open_store};
use crate::{alone, times};

const THREADS: usize = 32;
const PROFILES: [&str; 4] = ["a", "b", "c", "d"];

/// Ends the process if `body` does not come to its end.
fn watched(body: impl FnOnce()) {
    let (done, waits) = mpsc::channel::<()>();
    let dog = std::thread::spawn(move || {
        if waits.recv_timeout(Duration::from_secs(240)) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("a deadlock: the threads do not come to their end");
            std::process::exit(86);
        }
    });
    body();
    drop(done);
    dog.join().unwrap();
}

/// One session of a thread: shared or its own, with or without work, on one of the profiles.
fn session(subsystem: &Arc<Subsystem>, thread: usize, round: usize) -> usize {
    let mix = thread * 7 + round * 13;
    let shared = mix.is_multiple_of(3);
    let request = LogonRequest {
        profile: Some(PROFILES[mix % PROFILES.len()]),
        flags: if shared {
            MAPI_ALLOW_OTHERS
        } else {
            MAPI_NEW_SESSION
        },
        ..LogonRequest::default()
    };
    let session = subsystem.logon(&request).unwrap();
    let mut held = None;
    if mix % 5 < 3 {
        let (book, failed) = session.open_address_book(0, None, 0).unwrap();
        assert!(!failed);
        let store = open_store(&session, mix % 2);
        let root = store.open_entry(&EntryId::default(), None, 0).unwrap();
        held = (mix % 7 == 1).then_some((book, store, root));
    }
    let report = subsystem.logoff(&session).unwrap();
    drop(held);
    assert!(
        shared || report.is_some(),
        "an individual session has ended"
    );
    report.map_or(0, |report| {
        assert!(report.by_the_book, "{report:#?}");
        1
    })
}

// 32 threads log on and off at once, and everything ends by the book.
#[test]
fn thirty_two_threads_log_on_and_off_at_once() {
    let test = "threads::thirty_two_threads_log_on_and_off_at_once";
    alone(test, || {
        let library = Installed::cpp();
        let before = Footprint::now();
        let rounds = times(20);
        watched(|| {
            let world = World::new();
            for profile in PROFILES {
                world.profile(profile, &[]);
                world.add_foreign(profile, library.path(), "ASS");
            }
            let start = Barrier::new(THREADS);
            let ended = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for thread in 0..THREADS {
                    let (world, start, ended) = (&world, &start, &ended);
                    scope.spawn(move || {
                        start.wait();
                        for round in 0..rounds {
                            let reports = session(&world.subsystem, thread, round);
                            ended.fetch_add(reports, Ordering::Relaxed);
                        }
                    });
                }
            });
            assert!(ended.into_inner() >= THREADS * rounds / 2);
            let stopped = world.subsystem.stop();
            assert!(stopped.sessions.is_empty(), "{:?}", stopped.sessions);
            let foreign = stopped.libraries.iter().find(|end| end.path.is_some());
            assert_eq!(foreign.unwrap().freed, Freed::Unmapped);
        });
        let log = library.log();
        for (begin, end) in [
            ("IABProvider.Logon", "IABLogon.Logoff"),
            ("library.MSProviderInit", "IMSProvider.Shutdown"),
            ("library.ABProviderInit", "IABProvider.Shutdown"),
        ] {
            assert!(log.count(begin) > 0, "{begin}");
            assert_eq!(log.count(begin), log.count(end), "{begin}, {end}");
        }
        // Clients of one session share a store, so not every IMSProvider::Logon makes one.
        let made = |line: &&Line| line.interface == "IMsgStore" && line.method == "created";
        let stores = log.lines.iter().filter(made).count();
        assert_eq!(stores, log.count("IMSLogon.Logoff"));
        crate::world::eventually(|| Footprint::now().threads <= before.threads);
        assert!(Footprint::now().descriptors <= before.descriptors);
    });
}
