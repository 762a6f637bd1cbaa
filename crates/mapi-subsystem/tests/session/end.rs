//! The last MAPIUninitialize, the end of the process, and what cycles leave behind.

use std::fs;
use std::path::Path;

use exemplary::{Installed, Phase};
use mapi_com::iface::{
    AddrBook as _, MapiFolder as _, MapiProp as _, MapiSession as _, MapiStatus as _,
    MapiTable as _, MsgStore as _,
};
use mapi_com::ptr::ComPtr;
use mapi_sys::{IMAPIFolder, IMAPIStatus};
use mapi_types::{EntryId, ErrorCode, PropValue, tag};

use crate::child;
use crate::world::{World, open_store};

// LIFE-UNLOAD-006, LIFE-UNLOAD-002
#[test]
fn sessions_that_are_open_at_the_last_stop_are_ended_before_anything_is_unloaded() {
    let library = Installed::cpp();
    let world = World::new();
    let session = world.foreign(library.path(), "AS");
    let book = session.open_address_book(0, None, 0).unwrap().0;
    let store = open_store(&session, 0);
    let stopped = world.subsystem.stop();
    assert_eq!(stopped.sessions.len(), 1);
    assert!(stopped.sessions[0].by_the_book, "{:#?}", stopped.sessions);
    let log = library.log();
    let place = |call| log.position(call).unwrap();
    let unloaded = log
        .lines
        .iter()
        .position(|line| line.phase == Phase::Note && line.method == "unloaded")
        .unwrap_or_else(|| {
            panic!(
                "{:?}\n{:#?}",
                stopped.libraries,
                &log.lines[log.lines.len() - 12..]
            )
        });
    let order = [
        place("IABLogon.Logoff"),
        place("IABProvider.Shutdown"),
        place("IMSLogon.Logoff"),
        place("IMSProvider.Shutdown"),
        unloaded,
    ];
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(log.count("IMSLogon.Logoff"), 1);
    assert_eq!(
        session.get_status_table(0).unwrap_err().code(),
        ErrorCode::INVALID_OBJECT
    );
    drop((store, book, session));
}

// LIFE-UNLOAD-007
#[test]
fn a_process_that_exits_without_uninitialize_calls_no_provider() {
    if let Some(path) = child::argument() {
        let world = World::new();
        let session = world.foreign(Path::new(&path), "AS");
        let book = session.open_address_book(0, None, 0).unwrap().0;
        let store = open_store(&session, 0);
        // As a program that returns from main: nothing is released, what was registered for the exit runs.
        std::mem::forget((book, store, session, world));
        std::process::exit(0);
    }
    let aborts = [
        ("IABLogon.Logoff", "abort"),
        ("IMSLogon.Logoff", "abort"),
        ("IABProvider.Shutdown", "abort"),
        ("IMSProvider.Shutdown", "abort"),
        ("library.DllCanUnloadNow", "abort"),
    ];
    let library = vices::install("fragile", &aborts);
    let test = "end::a_process_that_exits_without_uninitialize_calls_no_provider";
    let status = child::run(test, library.path().to_str().unwrap());
    assert!(status.success(), "{status}");
    let log = library.log();
    assert_eq!(log.count("IMSProvider.Logon"), 1);
    let last = log.lines.last().unwrap();
    assert_eq!(
        (last.method.as_str(), last.phase),
        ("unloaded", Phase::Note),
        "the loader's own end of the process"
    );
    let ends = ["Logoff", "Shutdown"];
    let ended = log
        .lines
        .iter()
        .filter(|l| ends.contains(&l.method.as_str()));
    assert_eq!(ended.count(), 0);
}

/// Threads, open files (sockets among them) and mappings of files of this process.
fn usage() -> (usize, usize, usize) {
    let count = |folder| fs::read_dir(folder).unwrap().count();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let files = maps.lines().filter(|line| line.contains(".so")).count();
    (count("/proc/self/task"), count("/proc/self/fd"), files)
}

fn one_session(world: &World) {
    let session = world.logon("p");
    drop(session.open_address_book(0, None, 0).unwrap());
    let store = open_store(&session, 0);
    drop(store.open_entry(&EntryId::default(), None, 0).unwrap());
    session.logoff(0, 0, 0).unwrap();
    drop((store, session));
}

// LIFE-MEM-008, LIFE-UNLOAD-004
#[test]
fn a_hundred_cycles_leave_threads_files_and_mappings_where_they_were() {
    if let Some(path) = child::argument() {
        let world = |folder: &str| {
            let world = World::new();
            world.profile("p", &[]);
            world.add_foreign("p", Path::new(folder), "AS");
            world
        };
        let long_lived = world(&path);
        one_session(&long_lived);
        let first = usage();
        for _ in 0..100 {
            one_session(&long_lived);
        }
        assert_eq!(usage(), first, "100 sessions");
        long_lived.subsystem.stop();
        drop(long_lived);

        let cycle = || {
            let world = world(&path);
            one_session(&world);
            world.subsystem.stop();
        };
        cycle();
        let first = usage();
        for _ in 0..100 {
            cycle();
        }
        assert_eq!(usage(), first, "100 initialisations");
        return;
    }
    let library = Installed::cpp();
    let test = "end::a_hundred_cycles_leave_threads_files_and_mappings_where_they_were";
    let status = child::run(test, library.path().to_str().unwrap());
    assert!(status.success(), "{status}");
    let log = library.log();
    assert_eq!(log.count("IMSLogon.Logoff"), 202);
    assert_eq!(log.count("IMSProvider.Shutdown"), 202);
}

// LIFE-LOGOFF-024, LIFE-STORE-019, LIFE-STATUS-011, LIFE-LOGOFF-003
#[test]
fn objects_that_a_client_keeps_fail_every_call_also_after_the_last_stop() {
    let world = World::new();
    world.profile("p", &["EXAB", "MSGSTORE"]);
    let session = world.logon("p");
    let book = session.open_address_book(0, None, 0).unwrap().0;
    let store = open_store(&session, 0);
    let root: ComPtr<IMAPIFolder> = store
        .open_entry(&EntryId::default(), None, 0x10)
        .unwrap()
        .object
        .query()
        .unwrap();
    let message = root.create_message(None, 0).unwrap();
    let status_table = session.get_status_table(0).unwrap();
    status_table
        .set_columns(&[tag::PR_ENTRYID, tag::PR_RESOURCE_TYPE], 0)
        .unwrap();
    let statuses: Vec<ComPtr<IMAPIStatus>> = status_table
        .query_rows(100, 0)
        .unwrap()
        .iter()
        .map(|row| {
            let id = row.get(tag::PR_ENTRYID).and_then(PropValue::as_bytes);
            let entry = EntryId::from(id.unwrap());
            let opened = session.open_entry(&entry, None, 0).unwrap();
            opened.object.query().unwrap()
        })
        .collect();
    assert!(statuses.len() >= 4, "MAPI's three, and a provider's");
    let section = session.open_profile_section(None, 0).unwrap();
    let stores = session.get_msg_stores_table(0).unwrap();
    let admin = session.admin_services(0).unwrap();
    session.logoff(0, 0, 0).unwrap();
    let all_fail = || {
        use mapi_com::iface::MsgServiceAdmin as _;
        let mut codes = vec![
            book.get_search_path(0).map(drop),
            book.get_prop_list(0).map(drop),
            status_table.get_row_count(0).map(drop),
            stores.query_rows(1, 0).map(drop),
            section.get_prop_list(0).map(drop),
            admin.get_msg_service_table(0).map(drop),
            store.get_prop_list(0).map(drop),
            store.open_entry(&EntryId::default(), None, 0).map(drop),
            root.create_message(None, 0).map(drop),
            message.save_changes(0),
            session.get_status_table(0).map(drop),
        ];
        for status in &statuses {
            codes.push(status.validate_state(0));
            codes.push(status.get_prop_list(0).map(drop));
        }
        for (number, result) in codes.into_iter().enumerate() {
            let error = result.expect_err("it has ended");
            assert_eq!(error.code(), ErrorCode::INVALID_OBJECT, "call {number}");
        }
    };
    all_fail();
    world.subsystem.stop();
    all_fail();
    drop(world);
    all_fail();
    drop((section, stores, admin, statuses, status_table));
    drop((message, root, store, book, session));
}
