//! What a provider saw of its own life: for tests that ask whether it was treated, and ended, by the book.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The journal of one address book or store, found by its name and kept over its logons.
#[derive(Default)]
pub struct Journal {
    alive: AtomicUsize,
    late: AtomicBool,
    closed: AtomicBool,
    lines: Mutex<Vec<&'static str>>,
    /// The next logon fails after it has used its profile section.
    pub fail_next_logon: AtomicBool,
    /// The next `close` panics.
    pub panic_in_close: AtomicBool,
    /// The next object that is dropped takes its time: it gives `close` the chance to come too early.
    pub slow_drop: AtomicBool,
    /// The next logon takes its time: it gives another one the chance to come between.
    pub slow_logon: AtomicBool,
}

impl Journal {
    /// The journal of this name.
    #[must_use]
    pub fn of(name: &str) -> Arc<Self> {
        static ALL: Mutex<Option<HashMap<String, Arc<Journal>>>> = Mutex::new(None);
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let all = all.get_or_insert_default();
        Arc::clone(all.entry(name.to_owned()).or_default())
    }

    /// Notes that something happened: `logon`, `flush`, `close`, `drop` ...
    pub fn note(&self, line: &'static str) {
        match line {
            "logon" => self.closed.store(false, Ordering::Release),
            "close" => self.closed.store(true, Ordering::Release),
            _ => {}
        }
        self.lock().push(line);
    }

    /// What has happened so far.
    #[must_use]
    pub fn lines(&self) -> Vec<&'static str> {
        self.lock().clone()
    }

    /// How many objects (folders, messages, tables ...) are alive now.
    #[must_use]
    pub fn alive(&self) -> usize {
        self.alive.load(Ordering::Acquire)
    }

    /// Whether an object was still alive after `close`, or used after it.
    #[must_use]
    pub fn was_late(&self) -> bool {
        self.late.load(Ordering::Acquire)
    }

    /// Waits for what must not happen: until it has, or for a moment.
    pub(crate) fn tempt(&self, has_happened: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_millis(200);
        while !has_happened(self) && Instant::now() < end {
            std::thread::yield_now();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<&'static str>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lives in an object and counts it.
pub struct Alive(Arc<Journal>);

impl Alive {
    /// One more object.
    #[must_use]
    pub fn new(journal: &Arc<Journal>) -> Self {
        journal.alive.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(journal))
    }

    /// Called by every method: nothing may be used after `close`.
    pub fn check(&self) {
        if self.0.closed.load(Ordering::Acquire) {
            self.0.late.store(true, Ordering::Release);
        }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if self.0.slow_drop.swap(false, Ordering::AcqRel) {
            self.0
                .tempt(|journal| journal.closed.load(Ordering::Acquire));
        }
        self.check();
        self.0.alive.fetch_sub(1, Ordering::AcqRel);
    }
}
