//! Allocations that fail on purpose (LIFE-MEM-009). Only with the feature `fault-injection`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::ledger::OWNERS;
use super::{Owner, debug};

/// How long the trouble lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// One allocation fails.
    Once,
    /// It fails, and all that follow.
    ForGood,
}

struct Cell {
    /// Allocations until the one that fails; 0 if none is to fail.
    remaining: AtomicU64,
    for_good: AtomicBool,
    fired: AtomicU64,
}

static CELLS: [Cell; OWNERS] = [const {
    Cell {
        remaining: AtomicU64::new(0),
        for_good: AtomicBool::new(false),
        fired: AtomicU64::new(0),
    }
}; OWNERS];

/// Ends the trouble when dropped.
#[derive(Debug)]
pub struct Armed(Owner);

/// Makes the `nth` allocation of `owner` from now on fail (the first is 1). MAPIAllocateMore on its blocks counts too.
#[must_use]
pub fn fail_nth(owner: Owner, nth: u64, repeat: Repeat) -> Armed {
    let cell = &CELLS[owner.index() as usize];
    cell.for_good
        .store(repeat == Repeat::ForGood, Ordering::SeqCst);
    cell.fired.store(0, Ordering::SeqCst);
    cell.remaining.store(nth.max(1), Ordering::SeqCst);
    debug::arm_faults(1);
    Armed(owner)
}

impl Armed {
    /// How many allocations have failed so far.
    #[must_use]
    pub fn fired(&self) -> u64 {
        CELLS[self.0.index() as usize].fired.load(Ordering::SeqCst)
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        CELLS[self.0.index() as usize]
            .remaining
            .store(0, Ordering::SeqCst);
        debug::arm_faults(-1);
    }
}

/// Whether the allocation that is about to be made must fail.
pub(super) fn strikes(owner: u8) -> bool {
    let cell = &CELLS[owner as usize % OWNERS];
    let for_good = cell.for_good.load(Ordering::SeqCst);
    let before = cell
        .remaining
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| match n {
            0 => None,
            1 if for_good => Some(1),
            n => Some(n - 1),
        });
    let strikes = before == Ok(1);
    if strikes {
        cell.fired.fetch_add(1, Ordering::SeqCst);
    }
    strikes
}
