//! What a closed store leaves in the process: nothing. One test, because it looks at the whole process.
#![allow(clippy::unwrap_used)]
#![cfg(target_os = "linux")]

mod common;

use common::Fixture;
use mapi_msgstore::engine::{Durability, OpenMode, Store};
use mapi_types::{Property, tag};

/// Threads and open files.
fn census() -> (usize, usize) {
    let count = |folder: &str| std::fs::read_dir(folder).unwrap().count();
    (count("/proc/self/task"), count("/proc/self/fd"))
}

fn cycle() {
    let fixture = Fixture::new();
    fixture.store.watch_others();
    let inbox = fixture.inbox();
    let mut table = inbox.contents(false).unwrap();
    for n in 0..3 {
        let message = inbox.create_message(false);
        message.set_props(&[Property::new(tag::PR_HTML, vec![1; 700_000])]);
        let mut stream = message.open_stream(tag::PR_BODY, true).unwrap();
        // Large enough for a temporary file.
        stream.write_at(0, &vec![n; 700_000]).unwrap();
        message.set_stream(tag::PR_BODY, &mut stream).unwrap();
        message.save(false, Durability::Deferred).unwrap();
    }
    assert_eq!(table.row_count().unwrap(), 3);
    assert!(Store::open(&fixture.dir.path().join("nothing"), OpenMode::Existing).is_err());
    fixture.store.close().unwrap();
}

// LIFE-LOGOFF-012, LIFE-LOGON-022, LIFE-MEM-008: as far as the engine is concerned.
#[test]
fn open_and_close_leave_nothing_behind() {
    cycle();
    let before = census();
    for _ in 0..20 {
        cycle();
    }
    assert_eq!(census(), before);
    // A store that nobody closes ends its thread all the same when it is dropped.
    let fixture = Fixture::new();
    fixture.store.watch_others();
    fixture
        .inbox()
        .create_message(false)
        .save(false, Durability::Deferred)
        .unwrap();
    drop(fixture);
    assert_eq!(census(), before);
}
