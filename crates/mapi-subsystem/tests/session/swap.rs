//! Our own providers take the road of everybody else's: linked in or loaded from a file, MAPI makes the same calls.

use std::path::{Path, PathBuf};
use std::process::Command;

use exemplary::Installed;
use mapi_com::iface::{
    MapiContainer as _, MapiFolder as _, MapiProp as _, MapiSession as _, MapiStatus as _,
};
use mapi_com::iface::{MapiTable as _, MsgStore as _};
use mapi_com::ptr::ComPtr;
use mapi_subsystem::profile::Edit;
use mapi_subsystem::report::ShutdownReport;
use mapi_sys::{IMAPIFolder, IMAPISession, IMAPIStatus, LOGOFF_ORDERLY};
use mapi_types::{EntryId, PropValue, Result, tag};

use crate::world::{World, open_store, prop};

/// The provider libraries: the name under which a program links the provider in, the crate, and its file.
const LIBRARIES: [(&str, &str, &str); 3] = [
    ("exemplary_ab", "exemplary-library", "libexemplary_ab.so"),
    (
        "exemplary_ms",
        "exemplary-store-library",
        "libexemplary_ms.so",
    ),
    ("msgstore", "mapi-msgstore-library", "libmsgstore.so"),
];

/// Copies of the libraries, built now if they are not.
fn built() -> Vec<(&'static str, Installed)> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet"]);
    for (_, name, _) in LIBRARIES {
        cargo.args(["-p", name]);
    }
    assert!(cargo.status().unwrap().success(), "cargo cannot build them");
    let program = std::env::current_exe().unwrap();
    let folder = program.parent().and_then(Path::parent).unwrap();
    let install = |(name, _, file): (&'static str, &str, &str)| {
        (name, Installed::copy_of(&folder.join(file), name))
    };
    LIBRARIES.map(install).into()
}

/// Names other libraries in the profile: nothing else of it changes.
fn swap(world: &World, profile: &str, libraries: &[(&str, Installed)]) {
    let change = |edit: &mut Edit<'_>| {
        let sections: Vec<_> = edit.profile.all_providers().map(|s| s.uid).collect();
        for uid in sections {
            let props = &mut edit.profile.section_mut(&uid)?.props;
            let named = props.get(tag::PR_PROVIDER_DLL_NAME);
            let name = named.and_then(PropValue::as_str).unwrap().into_owned();
            let swapped = libraries.iter().find(|(built_in, _)| *built_in == name);
            let path = swapped.unwrap().1.path().to_string_lossy().into_owned();
            props.put(tag::PR_PROVIDER_DLL_NAME, path);
        }
        Ok(())
    };
    world.subsystem.profiles().update(profile, change).unwrap();
}

/// What was called and what came of it. Calls on providers of different libraries may overlap; those on one do not.
fn calls_of(report: &ShutdownReport) -> Vec<String> {
    let mut calls: Vec<_> = report
        .calls
        .iter()
        .map(|c| {
            let what = format!("{} on logon {:?}: {:?}", c.call, c.logon, c.outcome);
            (c.provider, what)
        })
        .collect();
    calls.sort_by_key(|(provider, _)| *provider); // stable
    let calls = calls.into_iter().map(|(by, what)| format!("{by:?} {what}"));
    let mut supports: Vec<String> = (report.supports.iter())
        .map(|s| format!("support {} {} {:?}", s.provider, s.logon, s.ended))
        .collect();
    supports.sort_unstable();
    let mut left: Vec<String> = (report.left_open.iter())
        .map(|l| {
            format!(
                "{} {:?} {:?} {} {}",
                l.kind, l.provider, l.left_by, l.done, l.count
            )
        })
        .collect();
    left.sort_unstable();
    let providers = report.providers.iter().map(|p| {
        let logons: Vec<_> = p.logons.iter().map(|l| (l.id, l.name.as_str())).collect();
        format!(
            "{} {} {:?} {logons:?} {:?}",
            p.id, p.name, p.kind, p.verdict
        )
    });
    calls.chain(supports).chain(left).chain(providers).collect()
}

fn folder(store: &ComPtr<mapi_sys::IMsgStore>) -> ComPtr<IMAPIFolder> {
    let opened = store.open_entry(&EntryId::default(), None, mapi_sys::MAPI_MODIFY);
    opened.unwrap().object.query().unwrap()
}

/// The status objects of all providers, in the order of their names.
fn statuses(session: &ComPtr<IMAPISession>) -> Vec<(String, ComPtr<IMAPIStatus>)> {
    let table = session.get_status_table(0).unwrap();
    table
        .set_columns(&[tag::PR_DISPLAY_NAME, tag::PR_ENTRYID], 0)
        .unwrap();
    let mut found: Vec<_> = (table.query_rows(100, 0).unwrap().iter())
        .map(|row| {
            let name = row
                .get(tag::PR_DISPLAY_NAME)
                .and_then(PropValue::as_str)
                .unwrap();
            let id = row
                .get(tag::PR_ENTRYID)
                .and_then(PropValue::as_bytes)
                .unwrap();
            let opened = session.open_entry(&EntryId::from(id), None, 0).unwrap();
            (name.into_owned(), opened.object.query().unwrap())
        })
        .collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found
}

/// Logs on, opens objects, closes one store, leaves the rest open, logs off, uninitializes. All that was seen of it.
fn life(libraries: Option<&[(&str, Installed)]>) -> Vec<String> {
    let world = World::new();
    world.profile("p", &["EXAB", "MSGSTORE", "MSGSTORE", "EXMS"]);
    if let Some(libraries) = libraries {
        swap(&world, "p", libraries);
    }
    let session = world.logon("p");
    let (book, failed) = session.open_address_book(0, None, 0).unwrap();
    let stores: Vec<_> = (0..3).map(|number| open_store(&session, number)).collect();
    let mut seen = vec![format!("address books failed: {failed}")];
    let mut objects = Vec::new();
    for store in &stores {
        let root = folder(store);
        let message = root.create_message(None, 0).unwrap();
        message
            .set_props(&[prop(tag::PR_SUBJECT, "Hello")])
            .unwrap();
        message.save_changes(0).unwrap();
        let table = root.get_contents_table(0).unwrap();
        seen.push(format!("{:?} rows", table.get_row_count(0)));
        objects.push((root, message, table));
    }
    let statuses = statuses(&session);
    let names: Vec<&str> = statuses.iter().map(|(name, _)| name.as_str()).collect();
    seen.push(format!("{names:?}"));
    // One store is closed; another one of the same provider stays open.
    let mut stores = stores.into_iter();
    let closed = stores.next().unwrap();
    seen.push(format!("{:?}", closed.store_logoff(LOGOFF_ORDERLY)));
    drop(objects.remove(0));
    drop(closed);
    let open: Vec<_> = stores.collect();
    seen.push(format!("{:?}", session.logoff(0, 0, 0)));
    let mut after = |when: &str| {
        let code = |result: Result<()>| result.unwrap_err().code();
        for store in &open {
            let opened = store.open_entry(&EntryId::default(), None, 0).map(drop);
            seen.push(format!("{when}: store {}", code(opened)));
        }
        for (root, message, table) in &objects {
            let codes = [
                code(root.create_message(None, 0).map(drop)),
                code(message.save_changes(0)),
                code(table.get_row_count(0).map(drop)),
            ];
            seen.push(format!("{when}: {codes:?}"));
        }
        for (name, status) in &statuses {
            seen.push(format!("{when}: {name} {}", code(status.validate_state(0))));
        }
    };
    after("logged off");
    let report = world.report();
    let stopped = world.subsystem.stop();
    after("stopped");
    seen.push(format!(
        "sessions ended by the stop: {}",
        stopped.sessions.len()
    ));
    seen.extend(calls_of(&report));
    if let Some(libraries) = libraries {
        let log = world.subsystem.libraries().log();
        for (name, library) in libraries {
            let path: PathBuf = library.path().canonicalize().unwrap();
            assert_eq!(
                log.counts(&path),
                (1, 1),
                "{name} was loaded and freed once"
            );
        }
    }
    drop((objects, open, statuses, book, session));
    seen
}

// LIFE-LOGOFF-001, LIFE-LOGOFF-009, LIFE-LOGOFF-010, LIFE-LOGOFF-011, LIFE-UNLOAD-003
#[test]
fn a_provider_from_a_library_is_called_like_one_that_is_linked_in() {
    let libraries = built();
    let linked_in = life(None);
    let loaded = life(Some(&libraries));
    assert_eq!(linked_in, loaded);
    let count = |call: &str| linked_in.iter().filter(|line| line.contains(call)).count();
    for (call, times) in [
        ("IABLogon::Logoff on", 1),
        ("IMSLogon::Logoff on", 3),
        ("IABProvider::Shutdown on", 1),
        ("IMSProvider::Shutdown on", 2),
    ] {
        assert_eq!(count(call), times, "{call}: {linked_in:#?}");
    }
}
