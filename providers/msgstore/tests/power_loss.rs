//! The machine stops at every single write and sync of an import; the disk is full; a write fails. The store opens afterwards,
//! holds every message that was acknowledged, none twice, and the next run completes it.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::texts;
use mapi_msgstore::engine::{Durability, OpenMode, Special, Store};
use mapi_types::{ErrorCode, Property, Result, tag};
use storage_faults::{Disk, Fault, Keep, disk};
use tempfile::TempDir;

const MAILS: usize = 5;
const BATCH: usize = 2;

fn subject(n: usize) -> String {
    format!("mail {n}")
}

/// A folder in memory where there is one: the disk under test is simulated, and the real one's syncs only take time.
fn memory_dir() -> TempDir {
    TempDir::new_in("/dev/shm").unwrap_or_else(|_| TempDir::new().unwrap())
}

/// What has been acknowledged, as a client would know it.
#[derive(Default, Debug)]
struct Acknowledged(Vec<usize>);

/// One mail: a small one, one with a large body, one with an attachment.
fn save(store: &Store, n: usize, when: Durability) -> Result<()> {
    let message = store.special(Special::Inbox)?.create_message(false);
    message.set_props(&[Property::new(tag::PR_SUBJECT, subject(n))]);
    if n % 3 == 1 {
        message.set_props(&[Property::new(tag::PR_BODY, "text ".repeat(2000))]);
    }
    if n % 3 == 2 {
        let attachment = message.create_attachment()?;
        attachment.set_props(&[Property::new(tag::PR_ATTACH_DATA_BIN, vec![7; 70_000])]);
        attachment.save()?;
    }
    message.save(false, when)
}

/// Saves the mails that are missing, some at once and some in batches, until something fails.
fn import(path: &Path, acknowledged: &mut Acknowledged) -> Result<()> {
    let store = Store::open(path, OpenMode::Create)?;
    let result = (|| {
        let there = subjects(&store)?;
        let missing: Vec<usize> = (0..MAILS)
            .filter(|n| !there.contains_key(&subject(*n)))
            .collect();
        for some in missing.chunks(BATCH) {
            if some[0] % 4 == 0 {
                for n in some {
                    save(&store, *n, Durability::Now)?;
                    acknowledged.0.push(*n);
                }
            } else {
                for n in some {
                    save(&store, *n, Durability::Deferred)?;
                }
                store.flush()?;
                acknowledged.0.extend(some);
            }
        }
        Ok(())
    })();
    let closed = store.close();
    result.and(closed)
}

/// How often each subject is there.
fn subjects(store: &Store) -> Result<BTreeMap<String, usize>> {
    let mut table = store.special(Special::Inbox)?.contents(false)?;
    table.set_columns(&[tag::PR_SUBJECT]);
    let mut found = BTreeMap::new();
    for subject in texts(&table.next_rows(1000)?) {
        *found.entry(subject).or_default() += 1;
    }
    Ok(found)
}

/// What a machine that has just started finds.
fn restart(disk: &Disk, path: &Path) {
    disk.restart();
    // Shared memory does not outlive the machine.
    let mut shm = path.as_os_str().to_owned();
    shm.push("-shm");
    let _ = std::fs::remove_file(PathBuf::from(shm));
}

fn verify(path: &Path, acknowledged: &Acknowledged, what: &str) {
    let store = match Store::open(path, OpenMode::Existing) {
        Ok(store) => store,
        Err(e) if e.code() == ErrorCode::NOT_FOUND && acknowledged.0.is_empty() => return,
        Err(e) => panic!("{what}: {e}"),
    };
    assert_eq!(store.check(&|_, _| Ok(())).unwrap(), [], "{what}");
    let there = subjects(&store).unwrap();
    for n in &acknowledged.0 {
        assert!(there.contains_key(&subject(*n)), "{what}: mail {n} is lost");
    }
    assert!(there.values().all(|count| *count == 1), "{what}: {there:?}");
    store.close().unwrap();
}

fn stop_at_every_operation(keep: impl Fn(u64) -> Keep) {
    let disk = disk();
    for at in 1.. {
        let dir = memory_dir();
        let path = dir.path().join("store.omsg");
        let mut acknowledged = Acknowledged::default();
        disk.restart();
        let keep = keep(at);
        disk.plan(at, Fault::Stop(keep));
        let result = import(&path, &mut acknowledged);
        if !disk.has_failed() {
            result.unwrap();
            assert!(at > 50, "the import makes only {at} operations");
            println!("{at} operations");
            return;
        }
        let what = format!("stop at operation {at}, keep {keep:?}");
        restart(&disk, &path);
        verify(&path, &acknowledged, &what);
        import(&path, &mut acknowledged).unwrap_or_else(|e| panic!("{what}, next run: {e}"));
        verify(&path, &Acknowledged((0..MAILS).collect()), &what);
    }
}

#[test]
fn killed_at_every_write() {
    stop_at_every_operation(|_| Keep::All);
}

#[test]
fn power_lost_at_every_write() {
    stop_at_every_operation(|_| Keep::Nothing);
}

#[test]
fn power_lost_in_the_middle_of_the_disks_work() {
    stop_at_every_operation(Keep::Some);
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let disk = disk();
    for at in (1..).step_by(3) {
        let dir = memory_dir();
        let path = dir.path().join("store.omsg");
        disk.restart();
        let store = Store::open(&path, OpenMode::Create).unwrap();
        disk.plan(at, Fault::Full);
        let mut saved = Acknowledged::default();
        let mut refused = Acknowledged::default();
        for n in 0..MAILS {
            match save(&store, n, Durability::Now) {
                Ok(()) => saved.0.push(n),
                Err(e) => {
                    assert_eq!(e.code(), ErrorCode::NOT_ENOUGH_DISK, "{e}");
                    refused.0.push(n);
                }
            }
        }
        if !disk.has_failed() {
            return;
        }
        // What was saved can be read while the disk is full.
        let there = subjects(&store).unwrap();
        assert_eq!(there.len(), saved.0.len(), "full at {at}");
        // Somebody has made space: the same store goes on.
        disk.repair();
        for n in &refused.0 {
            save(&store, *n, Durability::Now).unwrap();
        }
        store.close().unwrap();
        verify(
            &path,
            &Acknowledged((0..MAILS).collect()),
            &format!("full at {at}"),
        );
    }
}

#[test]
fn a_single_failing_write_is_reported_and_undone() {
    let disk = disk();
    for at in 1.. {
        let dir = memory_dir();
        let path = dir.path().join("store.omsg");
        disk.restart();
        let store = Store::open(&path, OpenMode::Create).unwrap();
        disk.plan(at, Fault::Error);
        let mut saved = Acknowledged::default();
        for n in 0..4 {
            match save(&store, n, Durability::Now) {
                Ok(()) => saved.0.push(n),
                Err(e) => assert_eq!(e.code(), ErrorCode::DISK_ERROR, "{e}"),
            }
        }
        if !disk.has_failed() {
            return;
        }
        // A close that cannot bring everything into one file leaves the log beside it.
        let _ = store.close();
        verify(&path, &saved, &format!("error at {at}"));
    }
}

#[test]
fn a_lost_batch_is_told_to_whoever_saves_next() {
    let disk = disk();
    let dir = memory_dir();
    disk.restart();
    let store = Store::open(&dir.path().join("store.omsg"), OpenMode::Create).unwrap();
    save(&store, 0, Durability::Now).unwrap();
    save(&store, 1, Durability::Deferred).unwrap();
    disk.plan(1, Fault::Full);
    let told = store.flush().unwrap_err();
    assert_eq!(told.code(), ErrorCode::NOT_ENOUGH_DISK);
    assert!(
        told.to_string()
            .contains("1 deferred changes were not saved"),
        "{told}"
    );
    disk.repair();
    save(&store, 2, Durability::Now).unwrap();
    assert_eq!(subjects(&store).unwrap().len(), 2);
    store.close().unwrap();
}
