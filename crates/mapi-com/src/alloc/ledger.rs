//! Who has how many blocks.
//!
//! A locked addition costs as much as `malloc` itself, so every thread counts in memory of its own, a *shard*, and whoever
//! wants to know adds the shards up. A block may be freed by another thread than the one that made it; a shard holds
//! differences, and only the sums mean anything.
//!
//! Threads end without telling us (a destructor for the thread would pin a loaded library, see dependencies.md). A shard
//! whose thread has gone is found by the next thread that looks for one. When all are in use, the rest share one, with
//! locked additions.

use std::cell::Cell;
use std::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{AcqRel, Relaxed},
};

use super::thread;

/// Number of owners that the ledger tells apart.
pub(super) const OWNERS: usize = 64;
const SHARDS: usize = 64;

/// What an owner has not freed yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// Root blocks (and blocks of IMalloc).
    pub blocks: u64,
    /// Bytes taken from the heap for them, with additions, headers and slack.
    pub bytes: u64,
}

#[repr(align(128))]
struct Shard {
    /// The thread that counts here; 0 if none.
    thread: AtomicU32,
    /// Differences as [`BLOCK`] and units of 16 bytes in one number.
    counts: [AtomicU64; OWNERS],
}

impl Shard {
    const fn new() -> Self {
        Self {
            thread: AtomicU32::new(0),
            counts: [const { AtomicU64::new(0) }; OWNERS],
        }
    }
}

static OWN: [Shard; SHARDS] = [const { Shard::new() }; SHARDS];
static SHARED: Shard = Shard::new();

thread_local! {
    static MINE: Cell<Option<&'static Shard>> = const { Cell::new(None) };
    /// The thread has looked for a shard once, and all were in use.
    static NONE_LEFT: Cell<bool> = const { Cell::new(false) };
}

/// One block, in a number whose low 36 bits count units: room for 2^28 blocks and 1 TB of each owner.
const BLOCK: u64 = 1 << 36;

/// `owner` has one block more.
#[inline(always)]
pub(super) fn charge(owner: u8, units: u32) {
    add(owner, BLOCK + u64::from(units));
}

/// A block of `owner` has grown.
pub(super) fn charge_more(owner: u8, units: u32) {
    add(owner, u64::from(units));
}

/// `owner` has one block less.
#[inline(always)]
pub(super) fn discharge(owner: u8, units: u32) {
    add(owner, (BLOCK + u64::from(units)).wrapping_neg());
}

#[inline(always)]
fn add(owner: u8, difference: u64) {
    let Some(shard) = MINE.get() else {
        return add_shared(owner, difference);
    };
    // Nobody else writes here.
    let count = &shard.counts[owner as usize % OWNERS];
    let now = count.load(Relaxed);
    count.store(now.wrapping_add(difference), Relaxed);
}

/// Counts for a thread without a shard: takes one, or the shared one.
#[cold]
#[inline(never)]
fn add_shared(owner: u8, difference: u64) {
    if !NONE_LEFT.get() {
        MINE.set(claim());
        NONE_LEFT.set(MINE.get().is_none());
    }
    let shard = MINE.get().unwrap_or(&SHARED);
    shard.counts[owner as usize % OWNERS].fetch_add(difference, Relaxed);
}

/// Finds a shard for this thread.
fn claim() -> Option<&'static Shard> {
    let me = thread::current();
    OWN.iter().find(|shard| {
        let holder = shard.thread.load(Relaxed);
        (holder == 0 || thread::is_gone(holder))
            && shard
                .thread
                .compare_exchange(holder, me, AcqRel, Relaxed)
                .is_ok()
    })
}

/// What `owner` has now. While other threads allocate, a figure that was right a moment ago.
pub(super) fn usage(owner: u8) -> Usage {
    let sum = OWN
        .iter()
        .chain([&SHARED])
        .map(|shard| shard.counts[owner as usize % OWNERS].load(Relaxed))
        .fold(0, u64::wrapping_add);
    // Below zero for a moment if a free was seen and its allocation was not.
    let sum = u64::try_from(sum.cast_signed()).unwrap_or(0);
    Usage {
        blocks: sum / BLOCK,
        bytes: sum % BLOCK * 16,
    }
}
