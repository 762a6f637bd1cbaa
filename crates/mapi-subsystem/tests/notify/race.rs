//! Threads and sinks in each other's way.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use mapi_com::iface::{AdviseSink, ComObject};
use mapi_sys::NOTIFY_SYNC;
use mapi_types::{Notification, event};

use crate::probe::*;

/// Counts calls that begin after its Unadvise has returned, and releases.
struct Watch {
    over: AtomicBool,
    running: AtomicUsize,
    late: AtomicUsize,
    released: AtomicUsize,
    released_early: AtomicUsize,
}

struct Watched(Arc<Watch>);

impl ComObject for Watched {}

impl AdviseSink for Watched {
    fn on_notify(&self, _: &[Notification]) -> u32 {
        self.0.running.fetch_add(1, Ordering::SeqCst);
        if self.0.over.load(Ordering::SeqCst) {
            self.0.late.fetch_add(1, Ordering::SeqCst);
        }
        thread::yield_now();
        self.0.running.fetch_sub(1, Ordering::SeqCst);
        0
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.released.fetch_add(1, Ordering::SeqCst);
        let running = self.0.running.load(Ordering::SeqCst);
        self.0.released_early.fetch_add(running, Ordering::SeqCst);
    }
}

/// LIFE-MEM-001, LIFE-MEM-002: with threads that register, notify and end at random.
#[test]
fn life_mem_002_holds_when_threads_race() {
    let (engine, scope) = multithreaded();
    let watches = Mutex::new(Vec::new());
    let stop = AtomicBool::new(false);
    thread::scope(|threads| {
        for flags in [0, NOTIFY_SYNC] {
            let (scope, stop) = (&scope, &stop);
            threads.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    scope.notify(b"key", &[event(flags)]);
                    scope.broadcast(event(1));
                    scope.drain(LONG);
                }
            });
        }
        let workers: Vec<_> = (0..3)
            .map(|worker| {
                let (scope, watches) = (&scope, &watches);
                threads.spawn(move || {
                    for round in 0..300 {
                        let watch = Arc::new(Watch {
                            over: AtomicBool::new(false),
                            running: AtomicUsize::new(0),
                            late: AtomicUsize::new(0),
                            released: AtomicUsize::new(0),
                            released_early: AtomicUsize::new(0),
                        });
                        watches.lock().unwrap().push(Arc::clone(&watch));
                        let sink = Arc::new(Watched(Arc::clone(&watch)));
                        let flags = if (worker + round) % 3 == 0 {
                            NOTIFY_SYNC
                        } else {
                            0
                        };
                        let connection = scope.subscribe(b"key", event::EXTENDED, flags, sink);
                        thread::yield_now();
                        if round % 7 == 0 {
                            continue;
                        }
                        scope.unadvise(connection.unwrap()).unwrap();
                        assert_eq!(watch.released.load(Ordering::SeqCst), 1);
                        assert_eq!(watch.running.load(Ordering::SeqCst), 0);
                        watch.over.store(true, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
        stop.store(true, Ordering::SeqCst);
    });
    assert_eq!(scope.close(LONG), 0);
    for watch in watches.lock().unwrap().iter() {
        assert_eq!(watch.released.load(Ordering::SeqCst), 1);
        assert_eq!(watch.late.load(Ordering::SeqCst), 0);
        assert_eq!(watch.released_early.load(Ordering::SeqCst), 0);
    }
    assert!(engine.stop(LONG));
}

/// Twice the same sinks in each other's way: no order of ending can hang.
#[test]
fn sinks_that_unadvise_each_other_do_not_deadlock() {
    let (engine, scope) = dispatched();
    let numbers = Arc::new(Mutex::new(Vec::new()));
    let barrier = Arc::new(std::sync::Barrier::new(2));
    let mut logs = Vec::new();
    for me in 0..2 {
        let (again, numbers_there, both) = (
            Arc::clone(&scope),
            Arc::clone(&numbers),
            Arc::clone(&barrier),
        );
        let (sink, log) = probe_with(move |_| {
            both.wait();
            let other: usize = numbers_there.lock().unwrap()[1 - me];
            again.unadvise(other).unwrap();
            0
        });
        logs.push(log);
        let key: &[u8] = if me == 0 { b"left" } else { b"right" };
        let number = scope.subscribe(key, event::EXTENDED, NOTIFY_SYNC, sink);
        numbers.lock().unwrap().push(number.unwrap());
    }
    thread::scope(|threads| {
        threads.spawn(|| scope.notify(b"left", &[event(1)]));
        threads.spawn(|| scope.notify(b"right", &[event(1)]));
    });
    for log in logs {
        assert_eq!(
            log.steps(),
            [Step::Began(vec![1]), Step::Returned, Step::Released]
        );
    }
    drop(scope);
    assert!(engine.stop(LONG));
}
