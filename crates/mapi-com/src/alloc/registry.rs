//! The list of watched blocks, and what was found wrong.

use std::collections::{HashMap, VecDeque};
use std::ptr::NonNull;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use backtrace::Backtrace;

use super::block::{self, Header};
use super::{Owner, debug};

/// A watched block that has not been freed.
#[derive(Clone, Debug)]
pub struct LiveBlock {
    /// Whose it is.
    pub owner: Owner,
    /// Where it is.
    pub address: usize,
    /// What MAPIAllocateBuffer was asked for, in bytes.
    pub size_bytes: u32,
    /// How long ago that was.
    pub age: Duration,
    /// Number of the allocation among all watched ones; the same run gives the same number.
    pub number: u64,
    /// The stack that made it, at level trace.
    pub trace: Option<String>,
}

/// What was done wrong with a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Freed (or added to) after it had been freed.
    FreedTwice,
    /// Freed (or added to) although it is no block of MAPI's.
    NotABlock,
    /// Written behind the end.
    Overrun,
    /// Written after it had been freed.
    UsedAfterFree,
}

/// A mistake with a block that was noticed.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What.
    pub fault: Fault,
    /// Where the block is, or what was taken for one.
    pub address: usize,
    /// The block, if it is known; for a double free only while it is in quarantine (level guard).
    pub block: Option<LiveBlock>,
}

/// Watched blocks that have not been freed, oldest first; of one owner or of all. Stacks are resolved here, which takes time.
#[must_use]
pub fn live_blocks(owner: Option<Owner>) -> Vec<LiveBlock> {
    let mut found: Vec<(usize, Record)> = lock()
        .live
        .iter()
        .filter(|(_, record)| owner.is_none_or(|o| o.index() == record.owner))
        .map(|(address, record)| (*address, record.clone()))
        .collect();
    found.sort_by_key(|(_, record)| record.number);
    found
        .into_iter()
        .map(|(address, record)| record.describe(address))
        .collect()
}

/// What was found since the last [`take_findings`]; at most 1,000 are kept.
#[must_use]
pub fn findings() -> Vec<Finding> {
    lock().findings.clone()
}

/// As [`findings`], and forgets them.
#[must_use]
pub fn take_findings() -> Vec<Finding> {
    std::mem::take(&mut lock().findings)
}

const MAX_FINDINGS: usize = 1000;
const QUARANTINE_BLOCKS: usize = 1024;
const QUARANTINE_BYTES: usize = 4 << 20;

#[derive(Clone)]
pub(super) struct Record {
    owner: u8,
    size: u32,
    since: Instant,
    number: u64,
    trace: Option<Backtrace>,
}

impl Record {
    fn describe(&self, address: usize) -> LiveBlock {
        LiveBlock {
            owner: Owner::from_index(self.owner),
            address,
            size_bytes: self.size,
            age: self.since.elapsed(),
            number: self.number,
            trace: self.trace.clone().map(|mut trace| {
                trace.resolve();
                format!("{trace:?}")
            }),
        }
    }
}

/// A freed block that the heap does not have back yet.
struct Held {
    block: *mut u8,
    header: NonNull<Header>,
    record: Record,
}

// SAFETY: nobody but the registry has the block any more.
unsafe impl Send for Held {}

impl Held {
    fn bytes(&self) -> usize {
        // SAFETY: the block is retired and not given back.
        unsafe { self.header.as_ref().charged as usize * 16 }
    }
}

#[derive(Default)]
struct Registry {
    live: HashMap<usize, Record>,
    made: u64,
    findings: Vec<Finding>,
    held: VecDeque<Held>,
    held_bytes: usize,
}

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(Mutex::default);

fn lock() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn insert(block: *mut u8, owner: u8, size: u32, traced: bool) {
    let trace = traced.then(Backtrace::new_unresolved);
    let mut registry = lock();
    registry.made += 1;
    let record = Record {
        owner,
        size,
        since: Instant::now(),
        number: registry.made,
        trace,
    };
    registry.live.insert(block.addr(), record);
}

pub(super) fn remove(block: *mut u8) -> Option<Record> {
    lock().live.remove(&block.addr())
}

pub(super) fn report(fault: Fault, block: *mut u8, record: Option<&Record>) {
    let held = || {
        let registry = lock();
        let held = registry.held.iter().find(|held| held.block == block);
        held.map(|held| held.record.clone())
    };
    let record = record.cloned().or_else(held);
    let finding = Finding {
        fault,
        address: block.addr(),
        block: record.map(|record| record.describe(block.addr())),
    };
    let mut registry = lock();
    if registry.findings.len() < MAX_FINDINGS {
        registry.findings.push(finding);
    }
}

/// Keeps a retired block for a while.
pub(super) fn quarantine(block: *mut u8, header: NonNull<Header>, record: Record) {
    let held = Held {
        block,
        header,
        record,
    };
    let mut evicted = Vec::new();
    {
        let mut registry = lock();
        registry.held_bytes += held.bytes();
        registry.held.push_back(held);
        while registry.held.len() > QUARANTINE_BLOCKS || registry.held_bytes > QUARANTINE_BYTES {
            let Some(oldest) = registry.held.pop_front() else {
                break;
            };
            registry.held_bytes -= oldest.bytes();
            evicted.push(oldest);
        }
    }
    for held in evicted {
        // SAFETY: the block is retired, has not been given back, and has just left the quarantine.
        unsafe {
            if !debug::is_untouched(held.block, held.header) {
                report(Fault::UsedAfterFree, held.block, Some(&held.record));
            }
            block::give_memory_back(held.header);
        }
    }
}
