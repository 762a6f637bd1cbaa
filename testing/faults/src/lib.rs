//! A disk that fails: a SQLite VFS for tests, under which a store sees what a crash, a power loss or a full disk leaves behind.
//!
//! Everything SQLite writes stays in memory, as in a page cache, until it asks for a sync; then it goes to the real file. At
//! a planned operation the machine "stops": all later operations fail, and of what was not synced the files keep all (the
//! process was killed), nothing, or an arbitrary part (the power went). [`Disk::restart`] forgets the page cache.
//!
//! The VFS becomes the default of the process, so a test program that uses it uses it for all its files, one test at a
//! time: [`disk`] waits for the other tests.
#![allow(unsafe_code)] // a VFS is a table of C functions

mod cache;
mod vfs;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use cache::{Fault, Keep};

/// The disk, for one test.
pub struct Disk {
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

/// Takes the disk. It works without faults until one is planned.
pub fn disk() -> Disk {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    vfs::install();
    cache::reset();
    Disk { _alone: alone }
}

impl Disk {
    /// Plans a fault at the `at`-th write, truncation, deletion or sync from now on (the first is 1).
    pub fn plan(&self, at: u64, fault: Fault) {
        cache::plan(at, fault);
    }

    /// Takes the plan back: the disk works again, with what it holds.
    pub fn repair(&self) {
        cache::repair();
    }

    /// Whether the planned fault has come.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        cache::has_failed()
    }

    /// Operations since the last plan or restart.
    #[must_use]
    pub fn operations(&self) -> u64 {
        cache::operations()
    }

    /// The machine starts again: what was in the page cache is gone, the disk works. All connections must be closed.
    pub fn restart(&self) {
        cache::reset();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        cache::reset();
    }
}
