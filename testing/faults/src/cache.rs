//! What was written and not synced, and the plan of the fault.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What of the unsynced writes a stop of the machine leaves on the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// All: only the process was killed.
    All,
    /// Nothing: the power went before the disk had begun.
    Nothing,
    /// An arbitrary part, sector by sector, out of order.
    Some(u64),
}

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The machine stops.
    Stop(Keep),
    /// From now on every write finds the disk full.
    Full,
    /// This one operation fails.
    Error,
}

/// What an operation meets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Weather {
    Fine,
    Full,
    Error,
    /// The machine has just stopped: the caller has to settle what the files keep.
    StopsNow(Keep),
    Stopped,
}

/// A write that was not synced.
pub(crate) enum Pending {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

/// A file as the processes of the machine see it.
#[derive(Default)]
pub(crate) struct Cached {
    pub content: Vec<u8>,
    pub pending: Vec<Pending>,
}

#[derive(Default)]
struct State {
    files: HashMap<String, Cached>,
    plan: Option<(u64, Fault)>,
    count: u64,
    failed: bool,
    full: bool,
    stopped: bool,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);

struct Guard(MutexGuard<'static, Option<State>>);

impl Guard {
    fn get(&mut self) -> &mut State {
        self.0.get_or_insert_default()
    }
}

fn lock() -> Guard {
    Guard(STATE.lock().unwrap_or_else(PoisonError::into_inner))
}

pub(crate) fn reset() {
    *lock().get() = State::default();
}

pub(crate) fn plan(at: u64, fault: Fault) {
    let mut guard = lock();
    let state = guard.get();
    state.plan = Some((at, fault));
    state.count = 0;
    state.failed = false;
}

pub(crate) fn repair() {
    let mut guard = lock();
    let state = guard.get();
    state.plan = None;
    state.full = false;
}

pub(crate) fn has_failed() -> bool {
    lock().get().failed
}

pub(crate) fn operations() -> u64 {
    lock().get().count
}

pub(crate) fn is_stopped() -> bool {
    lock().get().stopped
}

/// Counts an operation and says what it meets.
pub(crate) fn operate() -> Weather {
    let mut guard = lock();
    let state = guard.get();
    if state.stopped {
        return Weather::Stopped;
    }
    state.count += 1;
    if let Some((at, fault)) = state.plan
        && at == state.count
    {
        state.failed = true;
        match fault {
            Fault::Stop(keep) => {
                state.stopped = true;
                return Weather::StopsNow(keep);
            }
            Fault::Full => state.full = true,
            Fault::Error => return Weather::Error,
        }
    }
    if state.full {
        Weather::Full
    } else {
        Weather::Fine
    }
}

/// Runs `work` on a file; `load` gives its content if it is not known yet.
pub(crate) fn with<T>(
    name: &str,
    load: impl FnOnce() -> Vec<u8>,
    work: impl FnOnce(&mut Cached) -> T,
) -> T {
    let mut guard = lock();
    let file = guard
        .get()
        .files
        .entry(name.to_owned())
        .or_insert_with(|| Cached {
            content: load(),
            pending: Vec::new(),
        });
    work(file)
}

/// The file is deleted.
pub(crate) fn forget(name: &str) {
    lock().get().files.remove(name);
}

/// All files with what is pending.
pub(crate) fn take_pending() -> Vec<(String, Vec<Pending>)> {
    let mut guard = lock();
    let files = &mut guard.get().files;
    files
        .iter_mut()
        .map(|(name, file)| (name.clone(), std::mem::take(&mut file.pending)))
        .collect()
}

/// Bytes that a disk writes at once.
const SECTOR: usize = 512;

/// The part of the pending writes that reaches the disk.
pub(crate) fn survivors(pending: Vec<Pending>, keep: Keep) -> Vec<Pending> {
    let mut random = match keep {
        Keep::All => return pending,
        Keep::Nothing => return Vec::new(),
        Keep::Some(seed) => seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
    };
    let mut coin = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random >> 63 == 1
    };
    let mut kept = Vec::new();
    for op in pending {
        match op {
            Pending::Write(offset, bytes) => {
                for (n, sector) in bytes.chunks(SECTOR).enumerate() {
                    if coin() {
                        let at = offset + u64::try_from(n * SECTOR).unwrap_or(0);
                        kept.push(Pending::Write(at, sector.to_vec()));
                    }
                }
            }
            Pending::Truncate(len) => {
                if coin() {
                    kept.push(Pending::Truncate(len));
                }
            }
        }
    }
    kept
}
