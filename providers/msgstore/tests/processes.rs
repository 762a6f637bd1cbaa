//! Other processes: one that is killed while it saves, one that works on the same store.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{Fixture, deliver, texts};
use mapi_msgstore::engine::{Durability, Folder, OpenMode, Special, Store, Uid};
use mapi_types::{ErrorCode, FileTime, Property, tag};

const STORE: &str = "MSGSTORE_TEST_STORE";
const BATCH: &str = "MSGSTORE_TEST_BATCH";

fn spawn(path: &Path, test: &str, batch: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(STORE, path)
        .env(BATCH, batch.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The number in a line of a child.
fn number(line: &str) -> Option<u32> {
    line.strip_prefix("saved ")?.parse().ok()
}

/// The child's side: saves until it is killed, and says what is acknowledged.
#[test]
fn child_saves() {
    let Some(path) = std::env::var_os(STORE) else {
        return;
    };
    let batch: u32 = std::env::var(BATCH).unwrap().parse().unwrap();
    let store = Store::open(Path::new(&path), OpenMode::Create).unwrap();
    let inbox = store.special(Special::Inbox).unwrap();
    let start = u32::try_from(inbox.message_uids(false).unwrap().len()).unwrap();
    let base = std::process::id();
    let say = |n: u32| {
        println!("\nsaved {n}");
        std::io::stdout().flush().unwrap();
    };
    for n in start.. {
        save(&inbox, &format!("{base}-{n}"), n, batch);
        if batch == 0 {
            say(n);
        } else if n % batch == 0 {
            store.flush().unwrap();
            say(n);
        }
    }
}

fn save(inbox: &Folder, subject: &str, n: u32, batch: u32) {
    let message = inbox.create_message(false);
    message.set_props(&[
        Property::new(tag::PR_SUBJECT, subject),
        Property::new(
            tag::PR_BODY,
            "text ".repeat(usize::try_from(n % 7).unwrap() * 2000),
        ),
    ]);
    if n.is_multiple_of(3) {
        let attachment = message.create_attachment().unwrap();
        let data = vec![1u8; usize::try_from(n % 5).unwrap() * 60_000];
        attachment.set_props(&[Property::new(tag::PR_ATTACH_DATA_BIN, data)]);
        attachment.save().unwrap();
    }
    let when = if batch == 0 {
        Durability::Now
    } else {
        Durability::Deferred
    };
    message.save(false, when).unwrap();
    if n % 11 == 10 {
        // An update in between.
        message.set_props(&[Property::new(tag::PR_COMMENT, "again")]);
        message.save(false, when).unwrap();
    }
}

// LIFE-FAST-008: what flush() has acknowledged survives a kill right after it.
#[test]
fn what_was_acknowledged_survives_kill_9() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("store.omsg");
    let mut acknowledged = HashSet::new();
    for (round, (after, batch)) in [
        (1, 0),
        (40, 0),
        (3, 16),
        (7, 5),
        (25, 0),
        (2, 40),
        (60, 0),
        (10, 3),
    ]
    .into_iter()
    .enumerate()
    {
        let mut child = spawn(&path, "child_saves", batch);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let numbers = lines.map_while(Result::ok).filter_map(|l| number(&l));
        let mut seen = Vec::new();
        for n in numbers {
            seen.push(n);
            if seen.len() == after {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(
            seen.len() >= after,
            "round {round}: the child ended by itself"
        );

        let store = Store::open(&path, OpenMode::Existing).unwrap();
        assert_eq!(store.check(&|_, _| Ok(())).unwrap(), [], "round {round}");
        let inbox = store.special(Special::Inbox).unwrap();
        let mut table = inbox.contents(false).unwrap();
        table.set_columns(&[tag::PR_SUBJECT]);
        let subjects = texts(&table.next_rows(100_000).unwrap());
        let unique: HashSet<String> = subjects.iter().cloned().collect();
        assert_eq!(
            subjects.len(),
            unique.len(),
            "round {round}: some are there twice"
        );
        let last = seen.last().unwrap();
        acknowledged.extend(0..=*last);
        let there: HashSet<u32> = unique
            .iter()
            .map(|s| s.split('-').nth(1).unwrap().parse().unwrap())
            .collect();
        let lost: Vec<_> = acknowledged.difference(&there).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?} are lost");
        store.close().unwrap();
    }
}

/// How long a claim lasts.
const LEASE: Duration = Duration::from_secs(120);

/// The child's side: claims the queued message and is killed with it in hands.
#[test]
fn child_claims() {
    let Some(path) = std::env::var_os(STORE) else {
        return;
    };
    let store = Store::open(Path::new(&path), OpenMode::Existing).unwrap();
    let now = FileTime::now();
    let queued = store.outgoing(now).unwrap()[0];
    store.claim(queued.uid, Uid::new(), now, LEASE).unwrap();
    println!("\nsaved 1");
    std::io::stdout().flush().unwrap();
    std::thread::park();
}

#[test]
fn life_store_020_a_claim_ends_when_its_holder_is_dead_and_its_time_is_up() {
    let fixture = Fixture::new();
    let outbox = fixture.store.special(Special::Outbox).unwrap();
    let message = deliver(&outbox, "out", "me", 1);
    message.submit().unwrap();
    let mut child = spawn(&fixture.path(), "child_claims", 0);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(
        lines.any(|l| number(&l.unwrap()).is_some()),
        "it has claimed"
    );
    child.kill().unwrap();
    child.wait().unwrap();

    let me = Uid::new();
    let claim = |at| fixture.store.claim(message.uid(), me, at, LEASE);
    let now = FileTime::now();
    let refused = claim(now).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NO_ACCESS);
    // The clock is turned past the lease.
    claim(FileTime(now.0 + 121 * 10_000_000)).unwrap();
}

/// The child's side: adds some messages beside its parent.
#[test]
fn child_adds() {
    let Some(path) = std::env::var_os(STORE) else {
        return;
    };
    let store = Store::open(Path::new(&path), OpenMode::Existing).unwrap();
    let inbox = store.special(Special::Inbox).unwrap();
    for n in 0..100 {
        deliver(&inbox, &format!("child {n}"), "child", n);
    }
    store.close().unwrap();
}

#[test]
fn two_processes_work_on_one_store() {
    let fixture = Fixture::new();
    let inbox = fixture.inbox();
    let mut table = inbox.contents(false).unwrap();
    let mut by_body = inbox.contents(false).unwrap();
    by_body.sort(&mapi_types::SortOrder::by(tag::PR_BODY));
    assert_eq!(by_body.row_count().unwrap(), 0);
    let heard = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let ears = std::sync::Arc::clone(&heard);
    fixture.store.listen(move |event| {
        if matches!(event, mapi_msgstore::engine::Event::Foreign) {
            ears.store(true, std::sync::atomic::Ordering::SeqCst);
        }
    });
    let mut child = spawn(&fixture.path(), "child_adds", 0);
    for n in 0..100 {
        deliver(&inbox, &format!("parent {n}"), "parent", n);
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(table.row_count().unwrap(), 200);
    assert_eq!(by_body.row_count().unwrap(), 200);
    assert!(heard.load(std::sync::atomic::Ordering::SeqCst));
    fixture.assert_sound();
}

#[test]
fn two_stores_of_one_process_work_on_one_file() {
    let fixture = Fixture::new();
    let other = Store::open(&fixture.path(), OpenMode::Existing).unwrap();
    let theirs = other.special(Special::Inbox).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| (0..50).for_each(|n| drop(deliver(&theirs, &format!("b{n}"), "b", n))));
        let ours = fixture.inbox();
        (0..50).for_each(|n| drop(deliver(&ours, &format!("a{n}"), "a", n)));
    });
    assert_eq!(theirs.contents(false).unwrap().row_count().unwrap(), 100);
    other.close().unwrap();
    fixture.assert_sound();
}

#[test]
fn threads_share_a_store() {
    let fixture = Fixture::new();
    let inbox = fixture.inbox();
    std::thread::scope(|scope| {
        for t in 0..8 {
            let inbox = inbox.clone();
            scope.spawn(move || {
                for n in 0..20 {
                    let message = deliver(&inbox, &format!("{t}/{n}"), "t", n);
                    let mut table = inbox.contents(false).unwrap();
                    assert!(table.row_count().unwrap() > 0);
                    if n % 4 == 0 {
                        inbox
                            .delete_messages(&[message.uid()], &common::nobody)
                            .unwrap();
                    }
                }
            });
        }
    });
    assert_eq!(inbox.message_uids(false).unwrap().len(), 8 * 15);
    fixture.assert_sound();
}
