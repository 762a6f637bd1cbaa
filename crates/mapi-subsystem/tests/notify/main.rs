//! The notification engine, through its public door.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

mod probe;
mod race;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;

use mapi_subsystem::notify::{Delivery, Engine};
use mapi_sys::{CALLBACK_DISCONTINUE, NOTIFY_CANCELED, NOTIFY_SYNC};
use mapi_types::{ErrorCode, Notification, Property, Row, RowChange, TableEvent, event, tag};

use probe::*;

#[test]
fn life_init_003_with_multithread_every_call_comes_from_one_thread_of_the_engine() {
    let (_engine, scope) = multithreaded();
    let (sink, log) = probe();
    let connection = scope.advise(event::EXTENDED, sink).unwrap();
    for number in 0..10 {
        scope.post(connection, vec![event(number)]);
    }
    assert!(scope.drain(LONG));
    assert_eq!(log.events(), (0..10).collect::<Vec<_>>());
    let threads = log.threads();
    assert!(threads.iter().all(|id| *id == threads[0]));
    assert_ne!(threads[0], thread::current().id());
}

#[test]
fn life_init_003_without_it_the_first_thread_calls_while_it_dispatches() {
    let (engine, scope) = dispatched();
    let (sink, log) = probe();
    let connection = scope.advise(event::EXTENDED, sink).unwrap();
    thread::scope(|threads| {
        let posting = threads.spawn(|| {
            scope.post(connection, vec![event(1), event(2)]);
            engine.dispatch()
        });
        assert_eq!(
            posting.join().unwrap(),
            0,
            "another thread delivers nothing"
        );
    });
    assert!(log.events().is_empty());
    assert_eq!(engine.dispatch(), 1);
    assert_eq!(log.events(), [1, 2]);
    assert_eq!(*log.threads(), [thread::current().id()]);
    assert_eq!(engine.dispatch(), 0);
}

#[test]
fn life_mem_003_on_notify_never_runs_inside_the_call_that_caused_the_event() {
    let (engine, scope) = dispatched();
    let again = Arc::clone(&scope);
    let own = Arc::new(AtomicUsize::new(0));
    let connection = Arc::clone(&own);
    let nested = Arc::new(AtomicBool::new(false));
    let inside = AtomicBool::new(false);
    let seen = Arc::clone(&nested);
    let (sink, log) = probe_with(move |_| {
        seen.fetch_or(inside.swap(true, Ordering::SeqCst), Ordering::SeqCst);
        again.post(connection.load(Ordering::SeqCst), vec![event(7)]);
        inside.store(false, Ordering::SeqCst);
        0
    });
    own.store(
        scope.advise(event::EXTENDED, sink).unwrap(),
        Ordering::SeqCst,
    );
    scope.broadcast(event(1));
    assert!(log.events().is_empty());
    assert_eq!(engine.dispatch(), 1);
    assert_eq!(
        log.events(),
        [1],
        "what a sink causes waits for the next dispatch"
    );
    assert_eq!(engine.dispatch(), 1);
    assert_eq!(log.events(), [1, 7]);
    assert!(!nested.load(Ordering::SeqCst));
    scope.close(LONG);
}

#[test]
fn a_mask_lets_only_its_events_through() {
    let (engine, scope) = dispatched();
    let (sink, log) = probe();
    let connection = scope
        .advise(event::NEW_MAIL | event::EXTENDED, sink)
        .unwrap();
    let moved = Notification::Object {
        event: event::OBJECT_MOVED,
        object_type: 5,
        entry_id: Default::default(),
        parent: Default::default(),
        old_entry_id: Default::default(),
        old_parent: Default::default(),
        changed: Vec::new(),
    };
    scope.post(connection, vec![moved.clone(), event(3)]);
    scope.post(connection, vec![moved]);
    assert_eq!(engine.dispatch(), 1);
    assert_eq!(log.events(), [3]);
}

#[test]
fn connection_numbers_are_never_zero_and_never_used_again() {
    let (engine, scope) = dispatched();
    let mut seen = std::collections::HashSet::from([0]);
    for _ in 0..100 {
        let connection = scope.advise(event::EXTENDED, probe().0).unwrap();
        assert!(seen.insert(connection));
        scope.unadvise(connection).unwrap();
        let error = scope.unadvise(connection).unwrap_err();
        assert_eq!(error.code(), ErrorCode::NOT_FOUND);
        scope.post(connection, vec![event(1)]);
    }
    assert_eq!(engine.dispatch(), 0);
}

#[test]
fn life_mem_001_unadvise_releases_the_sink_once_and_not_while_on_notify_runs() {
    let (_engine, scope) = multithreaded();
    let (sink, log, entered, go) = slow_probe();
    let connection = scope.advise(event::EXTENDED, sink).unwrap();
    scope.post(connection, vec![event(1)]);
    scope.post(connection, vec![event(2)]);
    entered.recv().unwrap();
    thread::scope(|threads| {
        let (starting, started) = channel();
        let (scope, log) = (&scope, &log);
        threads.spawn(move || {
            starting.send(()).unwrap();
            scope.unadvise(connection).unwrap();
            log.add(Step::Note("unadvised"));
        });
        started.recv().unwrap();
        assert_eq!(log.released(), 0);
        // A second call, if it begins before Unadvise, does not wait.
        drop(go);
    });
    // Unadvise came before the second call or after it; all else is fixed.
    let mut steps = log.steps();
    if log.events() == [1, 2] {
        assert_eq!(steps.remove(2), Step::Began(vec![2]));
        assert_eq!(steps.remove(2), Step::Returned);
    }
    assert_eq!(
        steps,
        [
            Step::Began(vec![1]),
            Step::Returned,
            Step::Released,
            Step::Note("unadvised")
        ]
    );
}

#[test]
fn life_mem_001_a_sink_may_unadvise_itself_and_is_released_when_it_returns() {
    let (_engine, scope) = multithreaded();
    let own = Arc::new(AtomicUsize::new(0));
    let (again, connection) = (Arc::clone(&scope), Arc::clone(&own));
    let (sink, log) = probe_with(move |_| {
        again.unadvise(connection.load(Ordering::SeqCst)).unwrap();
        0
    });
    own.store(
        scope.advise(event::EXTENDED, sink).unwrap(),
        Ordering::SeqCst,
    );
    for _ in 0..3 {
        scope.broadcast(event(1));
    }
    assert!(scope.drain(LONG));
    // The end of OnNotify is what drain waits for; the release follows before the engine calls anybody else.
    let (other, other_log) = probe();
    let connection = scope.advise(event::EXTENDED, other).unwrap();
    scope.post(connection, vec![event(2)]);
    assert!(scope.drain(LONG));
    assert_eq!(other_log.events(), [2]);
    assert_eq!(
        log.steps(),
        [Step::Began(vec![1]), Step::Returned, Step::Released]
    );
}

#[test]
fn life_logoff_017_no_lock_is_held_while_a_sink_is_called() {
    let (_engine, scope) = multithreaded();
    let (again, other) = (Arc::clone(&scope), probe());
    let other_log = other.1;
    let other = Mutex::new(Some(other.0));
    let (sink, log) = probe_with(move |_| {
        // Work on another thread that needs the engine, and wait for it.
        let sink = other.lock().unwrap().take().unwrap();
        thread::scope(|threads| {
            threads.spawn(|| {
                let connection = again.advise(event::EXTENDED, sink).unwrap();
                again.post(connection, vec![event(1)]);
                again.notify(b"key", &[event(1)]);
                again.unadvise(connection).unwrap();
            });
        });
        0
    });
    let connection = scope.advise(event::EXTENDED, sink).unwrap();
    scope.post(connection, vec![event(1)]);
    assert!(scope.drain(LONG));
    assert_eq!(log.events(), [1]);
    assert_eq!(other_log.released(), 1);
    scope.close(LONG);
}

#[test]
fn life_logoff_020_the_logoff_event_comes_after_what_was_queued_and_nothing_after_it() {
    let (engine, scope) = dispatched();
    let (sink, log) = probe();
    let (table_sink, table_log) = probe();
    let connection = scope.advise(event::EXTENDED, sink).unwrap();
    scope.advise(event::TABLE_MODIFIED, table_sink).unwrap();
    scope.post(connection, vec![event(1)]);
    scope.broadcast(event(99));
    scope.seal();
    scope.post(connection, vec![event(2)]);
    scope.broadcast(event(3));
    let error = scope.advise(event::EXTENDED, probe().0).unwrap_err();
    assert_eq!(error.code(), ErrorCode::INVALID_OBJECT);
    // OP-52: delivered before anything else goes down, here by the thread that logs off.
    assert!(scope.drain(LONG));
    assert_eq!(log.events(), [1, 99]);
    assert!(table_log.events().is_empty());
    assert_eq!(scope.close(LONG), 0);
    assert_eq!((log.released(), table_log.released()), (1, 1));
    assert_eq!(engine.dispatch(), 0);
}

#[test]
fn life_mem_002_close_drops_the_queue_and_no_call_begins_after_it() {
    let (engine, scope) = dispatched();
    let (sink, log) = probe();
    scope.advise(event::EXTENDED, sink).unwrap();
    scope.broadcast(event(1));
    assert_eq!(scope.close(LONG), 0);
    assert_eq!(engine.dispatch(), 0);
    assert_eq!(log.steps(), [Step::Released]);
}

#[test]
fn life_mem_001_close_stops_waiting_at_its_limit_and_the_sink_is_released_late() {
    let (engine, scope) = multithreaded();
    let (sink, log, entered, go) = slow_probe();
    scope.advise(event::EXTENDED, sink).unwrap();
    scope.broadcast(event(1));
    entered.recv().unwrap();
    assert!(!scope.drain(SHORT));
    assert_eq!(scope.close(SHORT), 1, "one is still running");
    assert_eq!(log.steps(), [Step::Began(vec![1])]);
    drop(scope);
    go.send(()).unwrap();
    assert!(engine.stop(LONG));
    assert_eq!(
        log.steps(),
        [Step::Began(vec![1]), Step::Returned, Step::Released]
    );
}

#[test]
fn op_46_a_session_can_be_closed_inside_on_notify() {
    for delivery in [Delivery::OwnThread, Delivery::FirstThread] {
        let engine = Engine::start(delivery).unwrap();
        let (scope, other) = (engine.scope(), engine.scope());
        let ending = Arc::clone(&scope);
        let (sink, log) = probe_with(move |notifications| {
            if matches!(notifications, [Notification::Extended { event: 1, .. }]) {
                ending.broadcast(event(99));
                ending.seal();
                assert!(ending.drain(LONG));
                assert_eq!(ending.close(LONG), 0);
            }
            0
        });
        let (second, second_log) = probe();
        scope.advise(event::EXTENDED, sink).unwrap();
        scope.advise(event::EXTENDED, second).unwrap();
        scope.broadcast(event(1));
        let marker = other.advise(event::EXTENDED, probe().0).unwrap();
        other.post(marker, vec![event(1)]);
        assert!(other.drain(LONG));
        engine.dispatch();
        // The event of the logoff reached the sink inside its own OnNotify, on the only thread that can bring it.
        assert_eq!(log.events(), [1, 99]);
        assert_eq!(log.steps().last(), Some(&Step::Released));
        assert_eq!(log.released(), 1);
        assert_eq!(second_log.events(), [1, 99]);
        assert_eq!(second_log.released(), 1);
    }
}

#[test]
fn life_mem_004_subscriptions_are_found_by_key_in_every_scope() {
    let (engine, store) = dispatched();
    let spooler = engine.scope();
    let (inbox, inbox_log) = probe();
    let (outbox, outbox_log) = probe();
    let mask = event::EXTENDED;
    let connection = store.subscribe(b"inbox", mask, 0, inbox).unwrap();
    store.subscribe(b"outbox", mask, 0, outbox).unwrap();
    assert_eq!(spooler.notify(b"inbox", &[event(1), event(2)]), 0);
    assert_eq!(spooler.notify(b"in", &[event(3)]), 0);
    assert_eq!(engine.dispatch(), 1);
    assert_eq!(inbox_log.events(), [1, 2]);
    assert!(outbox_log.events().is_empty());

    let foreign = spooler.unadvise(connection).unwrap_err();
    assert_eq!(foreign.code(), ErrorCode::NOT_FOUND);
    store.unadvise(connection).unwrap();
    assert_eq!(inbox_log.released(), 1);
    store.notify(b"inbox", &[event(4)]);
    assert_eq!(engine.dispatch(), 0);

    let bad = |flags, key: &[u8]| store.subscribe(key, mask, flags, probe().0).unwrap_err();
    assert_eq!(bad(1, b"k").code(), ErrorCode::UNKNOWN_FLAGS);
    assert_eq!(bad(0, b"").code(), ErrorCode::INVALID_PARAMETER);
}

#[test]
fn synchronous_sinks_are_called_inside_notify_until_one_discontinues() {
    let (engine, scope) = multithreaded();
    let subscribe = |answer: u32, flags| {
        let (sink, log) = probe_with(move |_| answer);
        scope
            .subscribe(b"key", event::EXTENDED, flags, sink)
            .unwrap();
        log
    };
    let first = subscribe(0, NOTIFY_SYNC);
    let queued = subscribe(CALLBACK_DISCONTINUE, 0);
    let second = subscribe(CALLBACK_DISCONTINUE, NOTIFY_SYNC);
    let third = subscribe(0, NOTIFY_SYNC);
    assert_eq!(scope.notify(b"key", &[event(1)]), NOTIFY_CANCELED);
    assert_eq!(first.events(), [1]);
    assert_eq!(*first.threads(), [thread::current().id()]);
    assert_eq!(second.events(), [1]);
    assert!(third.events().is_empty());
    assert!(scope.drain(LONG));
    assert_eq!(
        queued.events(),
        [1],
        "the answer of an asynchronous sink means nothing"
    );
    scope.seal();
    assert_eq!(scope.notify(b"key", &[event(2)]), 0);
    assert_eq!(first.events(), [1]);
    assert!(engine.stop(LONG));
}

#[test]
fn a_synchronous_sink_may_unsubscribe_itself() {
    let (_engine, scope) = dispatched();
    let own = Arc::new(AtomicUsize::new(0));
    let (again, connection) = (Arc::clone(&scope), Arc::clone(&own));
    let (sink, log) = probe_with(move |_| {
        again.unadvise(connection.load(Ordering::SeqCst)).unwrap();
        0
    });
    let number = scope.subscribe(b"key", event::EXTENDED, NOTIFY_SYNC, sink);
    own.store(number.unwrap(), Ordering::SeqCst);
    scope.notify(b"key", &[event(1)]);
    scope.notify(b"key", &[event(2)]);
    assert_eq!(
        log.steps(),
        [Step::Began(vec![1]), Step::Returned, Step::Released]
    );
}

#[test]
fn a_sink_that_panics_does_not_end_the_engine() {
    let (_engine, scope) = multithreaded();
    let (bad, bad_log) = probe_with(|_| panic!("a sink of a test"));
    let (good, good_log) = probe();
    let bad = scope.advise(event::EXTENDED, bad).unwrap();
    scope.advise(event::EXTENDED, good).unwrap();
    scope.broadcast(event(1));
    assert!(scope.drain(LONG));
    assert_eq!(good_log.events(), [1]);
    scope.unadvise(bad).unwrap();
    assert_eq!(bad_log.released(), 1);
}

#[test]
fn life_mem_001_stop_releases_all_sinks_and_leaves_a_hanging_one_behind() {
    let (engine, scope) = multithreaded();
    let (slow, slow_log, entered, go) = slow_probe();
    let (idle, idle_log) = probe();
    scope.advise(event::EXTENDED, slow).unwrap();
    scope.advise(event::EXTENDED, idle).unwrap();
    scope.broadcast(event(1));
    entered.recv().unwrap();
    assert!(!engine.stop(SHORT));
    assert_eq!(idle_log.steps(), [Step::Released]);
    let error = scope.advise(event::EXTENDED, probe().0).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NOT_INITIALIZED);
    assert_eq!(slow_log.released(), 0);
    go.send(()).unwrap();
    while slow_log.released() == 0 {
        thread::yield_now();
    }
    assert_eq!(slow_log.steps().last(), Some(&Step::Released));
}

#[test]
fn a_sink_that_does_not_keep_up_is_told_to_read_its_table_again() {
    let (engine, scope) = dispatched();
    let row_added = || {
        let key = |key: &[u8]| Property::new(tag::PR_INSTANCE_KEY, key);
        Notification::Table(RowChange {
            event: TableEvent::RowAdded,
            index: key(b"row"),
            prior: key(b"before"),
            row: Row::default(),
        })
    };
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&events);
    let (sink, _) = probe_with(move |notifications| {
        for notification in notifications {
            if let Notification::Table(change) = notification {
                told.lock().unwrap().push(change.event);
            }
        }
        0
    });
    let (other, other_log) = probe();
    let table = scope.advise(event::TABLE_MODIFIED, sink).unwrap();
    let other = scope.advise(event::EXTENDED, other).unwrap();
    for number in 0..2_500 {
        scope.post(table, vec![row_added()]);
        scope.post(other, vec![event(number)]);
    }
    while engine.dispatch() > 0 {}
    let events = events.lock().unwrap();
    assert!(events.len() <= 1_000, "{} calls were queued", events.len());
    assert_eq!(events[0], TableEvent::Changed);
    assert!(
        events[1..]
            .iter()
            .all(|event| *event == TableEvent::RowAdded)
    );
    assert_eq!(other_log.events(), (0..2_500).collect::<Vec<_>>());
    assert!(scope.drain(LONG));
}
