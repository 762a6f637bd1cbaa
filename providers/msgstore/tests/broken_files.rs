//! Files that are damaged, another program's, newer, or may not be written: a clear error, and nothing changed.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use common::{Fixture, deliver};
use mapi_msgstore::engine::{Durability, OpenMode, Special, Store};
use mapi_types::{ErrorCode, Property, tag};

/// Opening fails with `code`, tells what to do, and leaves the folder as it was.
fn refused(path: &Path, mode: OpenMode, code: ErrorCode, hint: &str) {
    let folder = |p: &Path| {
        let mut all: Vec<_> = std::fs::read_dir(p.parent().unwrap())
            .unwrap()
            .map(|e| e.unwrap().path())
            .map(|p| (p.clone(), std::fs::read(&p).unwrap_or_default()))
            .collect();
        all.sort();
        all
    };
    let before = folder(path);
    let error = Store::open(path, mode).err().expect("it must not open");
    assert_eq!(error.code(), code, "{error}");
    let text = error.to_string();
    assert!(text.contains(hint), "{text}");
    assert!(text.contains(path.to_str().unwrap()), "{text}");
    assert!(folder(path) == before, "something has changed");
}

fn closed_store() -> Fixture {
    let fixture = Fixture::new();
    for i in 0..20 {
        let message = deliver(&fixture.inbox(), &format!("m{i}"), "A", i);
        message.set_props(&[Property::new(tag::PR_HTML, vec![b'x'; 30_000])]);
        message.save(false, Durability::Now).unwrap();
    }
    fixture.store.close().unwrap();
    fixture
}

#[test]
fn a_file_that_is_not_there() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("no.omsg");
    refused(
        &path,
        OpenMode::Existing,
        ErrorCode::NOT_FOUND,
        "no store file",
    );
    refused(
        &path,
        OpenMode::ReadOnly,
        ErrorCode::NOT_FOUND,
        "no store file",
    );
    let nowhere = dir.path().join("nowhere");
    std::fs::create_dir(&nowhere).unwrap();
    std::fs::remove_dir(&nowhere).unwrap();
    let error = Store::open(&nowhere.join("x.omsg"), OpenMode::Create)
        .err()
        .unwrap();
    assert_eq!(error.code(), ErrorCode::NOT_FOUND);
}

#[test]
fn a_truncated_file() {
    let fixture = closed_store();
    let whole = std::fs::read(fixture.path()).unwrap();
    for keep in [0, 50, 4096, whole.len() / 2, whole.len() - 1] {
        std::fs::write(fixture.path(), &whole[..keep]).unwrap();
        let hint = if keep < 100 {
            "no message store"
        } else {
            "cut off"
        };
        refused(
            &fixture.path(),
            OpenMode::Create,
            ErrorCode::CORRUPT_STORE,
            hint,
        );
    }
}

#[test]
fn another_programs_file() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("theirs");
    let theirs = rusqlite::Connection::open(&path).unwrap();
    theirs
        .execute_batch("PRAGMA application_id = 7; CREATE TABLE meta (name, value);")
        .unwrap();
    theirs.close().unwrap();
    refused(
        &path,
        OpenMode::Create,
        ErrorCode::CORRUPT_STORE,
        "another program",
    );
    std::fs::write(&path, "From ann@example.org\n".repeat(50)).unwrap();
    refused(
        &path,
        OpenMode::Create,
        ErrorCode::CORRUPT_STORE,
        "no message store",
    );
}

#[test]
fn a_file_from_the_future() {
    let fixture = closed_store();
    let conn = rusqlite::Connection::open(fixture.path()).unwrap();
    conn.execute_batch("PRAGMA user_version = 99; PRAGMA wal_checkpoint;")
        .unwrap();
    conn.close().unwrap();
    refused(
        &fixture.path(),
        OpenMode::Create,
        ErrorCode::VERSION,
        "newer OpenMAPI",
    );
}

#[test]
fn damage_is_found_and_does_no_harm() {
    let fixture = closed_store();
    let whole = std::fs::read(fixture.path()).unwrap();
    // Every page in turn is overwritten in its middle.
    for page in 1..whole.len() / 8192 {
        let mut damaged = whole.clone();
        damaged[page * 8192 + 2000..page * 8192 + 4000].fill(0xA5);
        std::fs::write(fixture.path(), &damaged).unwrap();
        let Ok(store) = Store::open(&fixture.path(), OpenMode::Existing) else {
            continue;
        };
        // Whatever can be read is read; what cannot is an error and no panic.
        if let Ok(inbox) = store.special(Special::Inbox) {
            let mut table = inbox.contents(false).unwrap();
            table.set_columns(&[tag::PR_SUBJECT, tag::PR_BODY, tag::PR_HTML]);
            let _ = table.next_rows(100);
            for uid in inbox.message_uids(false).unwrap_or_default() {
                if let Ok(message) = store.open_message(uid) {
                    let _ = message.props(&message.tags(), 1 << 20);
                }
            }
        }
        let _ = store.check(&|_, _| Ok(()));
        let _ = store.close();
    }
    // A lie about the content is found where the file as such is sound.
    std::fs::write(fixture.path(), &whole).unwrap();
    let conn = rusqlite::Connection::open(fixture.path()).unwrap();
    conn.execute_batch(
        "UPDATE folder SET contents = contents + 1 WHERE special = 3;
         DELETE FROM chunk WHERE id IN (SELECT MIN(id) FROM chunk);",
    )
    .unwrap();
    conn.close().unwrap();
    let store = Store::open(&fixture.path(), OpenMode::Existing).unwrap();
    let findings = store.check(&|_, _| Ok(())).unwrap();
    assert_eq!(findings.len(), 3, "{findings:?}");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = closed_store();
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&fixture.path(), 0o400);
    // Root may write everything; then there is nothing to refuse.
    let may_write = std::fs::OpenOptions::new()
        .write(true)
        .open(fixture.path())
        .is_ok();
    if !may_write {
        refused(
            &fixture.path(),
            OpenMode::Create,
            ErrorCode::NO_ACCESS,
            "permissions",
        );
    }
    let store = Store::open(&fixture.path(), OpenMode::ReadOnly).unwrap();
    assert!(store.is_read_only());
    let inbox = store.special(Special::Inbox).unwrap();
    assert_eq!(inbox.contents(false).unwrap().row_count().unwrap(), 20);
    let error = inbox
        .create_message(false)
        .save(false, Durability::Now)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::NO_ACCESS);
    store.close().unwrap();
    mode(&fixture.path(), 0o600);
}

#[test]
fn nothing_is_left_of_a_store_that_could_not_be_made() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("a/store.omsg");
    assert!(Store::open(&path, OpenMode::Create).is_err());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
