//! The record of every load and every unload of a library (instrument L of rules.md).

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many events are kept; the counters count on.
const KEPT_EVENTS: usize = 1024;

/// What happened to a library.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LibraryStep {
    /// LoadLibrary succeeded.
    Loaded,
    /// FreeLibrary was called; with what it led to.
    Freed(String),
    /// FreeLibrary was left out on purpose; with the reason.
    Pinned(String),
}

/// One line of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LibraryEvent {
    /// Counts all events of this log, from 1.
    pub sequence: u64,
    /// The library.
    pub path: PathBuf,
    /// What happened.
    pub step: LibraryStep,
}

/// The log of loads and unloads. Usable from any thread.
#[derive(Debug, Default)]
pub struct LibraryLog(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    sequence: u64,
    events: VecDeque<LibraryEvent>,
    counts: BTreeMap<PathBuf, (u64, u64)>,
}

impl LibraryLog {
    /// The latest events, oldest first; 1024 at most.
    #[must_use]
    pub fn events(&self) -> Vec<LibraryEvent> {
        self.lock().events.iter().cloned().collect()
    }

    /// How often a library was loaded and how often it was freed (LIFE-UNLOAD-003).
    #[must_use]
    pub fn counts(&self, path: &Path) -> (u64, u64) {
        self.lock().counts.get(path).copied().unwrap_or_default()
    }

    /// How many loads of this library were not freed.
    #[must_use]
    pub fn outstanding(&self, path: &Path) -> u64 {
        let (loaded, freed) = self.counts(path);
        loaded.saturating_sub(freed)
    }

    pub(super) fn record(&self, path: &Path, step: LibraryStep) {
        let mut inner = self.lock();
        inner.sequence += 1;
        let counts = inner.counts.entry(path.to_owned()).or_default();
        match step {
            LibraryStep::Loaded => counts.0 += 1,
            LibraryStep::Freed(_) => counts.1 += 1,
            LibraryStep::Pinned(_) => {}
        }
        if inner.events.len() == KEPT_EVENTS {
            inner.events.pop_front();
        }
        let event = LibraryEvent {
            sequence: inner.sequence,
            path: path.to_owned(),
            step,
        };
        inner.events.push_back(event);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
