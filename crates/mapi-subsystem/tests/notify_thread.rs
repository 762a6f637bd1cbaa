//! The thread of the notification engine, counted. Alone in its process, because the threads of the process are what counts.
#![cfg(target_os = "linux")]

use std::fs;
use std::time::{Duration, Instant};

use mapi_subsystem::notify::{Delivery, Engine};

fn notification_threads() -> usize {
    let threads = fs::read_dir("/proc/self/task").expect("procfs");
    threads
        .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("comm")).ok())
        .filter(|name| name.trim() == "mapi-notify")
        .count()
}

#[test]
fn life_init_003_there_is_exactly_one_thread_while_the_engine_lives() {
    let engine = Engine::start(Delivery::FirstThread).unwrap();
    assert_eq!(notification_threads(), 0);
    assert!(engine.stop(Duration::from_secs(60)));

    for _ in 0..100 {
        let engine = Engine::start(Delivery::OwnThread).unwrap();
        // A thread names itself, so it has to have run for a moment.
        let scope = engine.scope();
        while notification_threads() == 0 {
            std::thread::yield_now();
        }
        assert_eq!(notification_threads(), 1);
        scope.close(Duration::ZERO);
        assert!(engine.stop(Duration::from_secs(60)));
        // The join is over a moment before the system stops showing the thread.
        let until = Instant::now() + Duration::from_secs(60);
        while notification_threads() > 0 {
            assert!(Instant::now() < until, "joined, but still there");
            std::thread::yield_now();
        }
    }
}
