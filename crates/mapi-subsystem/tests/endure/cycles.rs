//! The same thing over and over.

use exemplary::Installed;
use mapi_com::iface::{MapiSession as _, MsgStore as _};
use mapi_com::ptr::ComPtr;
use mapi_subsystem::host::Freed;
use mapi_subsystem::{Config, Init, LogonRequest, current, initialize, uninitialize};
use mapi_sys::{IMAPISession, MAPI_MULTITHREAD_NOTIFICATIONS, MAPI_NEW_SESSION};
use mapi_types::EntryId;

use crate::footprint::assert_flat;
use crate::world::{World, open_store};
use crate::{alone, times};

/// A copy of the C++ provider that keeps no call log: what it writes is not what is measured.
pub fn quiet(name: &str) -> Installed {
    let library = Installed::copy_of(exemplary::cpp_library(), name);
    std::fs::remove_file(library.beside("log")).unwrap();
    library
}

/// Uses the address book and the first store. With `careless` the client leaves objects open over its Logoff.
fn work_and_log_off(session: &ComPtr<IMAPISession>, careless: bool) {
    let (book, failed) = session.open_address_book(0, None, 0).unwrap();
    assert!(!failed);
    let store = open_store(session, 0);
    let root = store.open_entry(&EntryId::default(), None, 0).unwrap();
    if careless {
        session.logoff(0, 0, 0).unwrap();
    }
    drop((root, store, book));
    if !careless {
        session.logoff(0, 0, 0).unwrap();
    }
}

// A quarter of the 10,000 sessions that `cargo xtask endure` has: they take up no more than a few.
#[test]
fn thousands_of_sessions_leave_nothing_behind() {
    alone("cycles::thousands_of_sessions_leave_nothing_behind", || {
        let library = quiet("cycle");
        let world = World::new();
        world.profile("own", &["MSGSTORE"]);
        world.profile("foreign", &[]);
        world.add_foreign("foreign", library.path(), "AS");
        assert_flat("sessions", times(2_500), |n| {
            let profile = if n % 50 == 7 { "own" } else { "foreign" };
            work_and_log_off(&world.logon(profile), n % 3 == 0);
        });
    });
}

// LIFE-UNLOAD-003, LIFE-UNLOAD-004: neither do a thousand subsystems, whose libraries are really unloaded each time.
#[test]
fn a_thousand_loads_and_unloads_leave_nothing_behind() {
    let test = "cycles::a_thousand_loads_and_unloads_leave_nothing_behind";
    alone(test, || {
        let library = quiet("cycle");
        let world = World::new();
        world.profile("foreign", &[]);
        world.add_foreign("foreign", library.path(), "AS");
        world.subsystem.stop();
        let init = Init {
            version: 0,
            flags: MAPI_MULTITHREAD_NOTIFICATIONS,
        };
        assert_flat("loads and unloads", times(1_000), |n| {
            initialize(&init, || Config::new(world.folder())).unwrap();
            let request = LogonRequest {
                profile: Some("foreign"),
                flags: MAPI_NEW_SESSION,
                ..LogonRequest::default()
            };
            let session = current().unwrap().logon(&request).unwrap();
            if n % 4 == 3 {
                // Forgotten sessions end with the last MAPIUninitialize.
                drop(open_store(&session, 0));
            } else {
                work_and_log_off(&session, n % 3 == 0);
            }
            let stopped = uninitialize().unwrap();
            drop(session);
            assert_eq!(stopped.sessions.len(), usize::from(n % 4 == 3));
            assert_eq!(stopped.libraries.len(), 1);
            assert_eq!(stopped.libraries[0].freed, Freed::Unmapped);
        });
    });
}
