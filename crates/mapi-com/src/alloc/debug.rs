//! The debugging levels.
//!
//! The functions that the fast path calls are `extern "C"`: they do not unwind, so that the fast path needs no frame.
//! Nothing in them panics; if it did, the process would abort rather than unwind through a foreign caller.

use std::ptr::NonNull;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use mapi_types::{Error, ErrorCode};

use super::block::{self, Header, Kind, padded};
use super::registry::{self, Fault};

/// What is watched in blocks that are made from now on; levels can be combined.
///
/// At any level but [`DebugLevel::OFF`] every root block is listed, so that a second free, or a free of what is no block, is
/// noticed for certain and becomes a [`super::Finding`]. A block keeps the level it was made under.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DebugLevel(u8);

impl DebugLevel {
    /// Nothing is watched.
    pub const OFF: Self = Self(0);
    /// Fresh memory is filled with 0xA5 and freed memory with 0xD5 (FillMemory of MAPIDBG.INI).
    pub const FILL: Self = Self(1);
    /// Bytes behind each block are checked when it is freed, and freed blocks are kept a while before the heap gets them
    /// back, so that writing to them is noticed too.
    pub const GUARD: Self = Self(2);
    /// Live blocks are listed with owner, size and age (DumpLeaks, AssertLeaks).
    pub const LEAKS: Self = Self(4);
    /// As [`DebugLevel::LEAKS`], with the stack that made each block.
    pub const TRACE: Self = Self(4 | 8);
    /// Everything.
    pub const ALL: Self = Self(15);

    /// Both levels.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is watched.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What a switch of MAPIDBG.INI asks for (MAPIDBG.INI, Memory Management and General sections): FillMemory,
    /// VirtualMemory (as guard bytes), AssertLeaks, DumpLeaks, AssertBadBlocks. `OFF` for all others.
    #[must_use]
    pub fn from_switch(name: &str, value: &str) -> Self {
        let on = !matches!(value.trim(), "" | "0");
        let is = |switch: &str| on && name.trim().eq_ignore_ascii_case(switch);
        if is("FillMemory") {
            Self::FILL
        } else if is("VirtualMemory") {
            Self::GUARD
        } else if is("DumpLeaks") {
            Self::TRACE
        } else if is("AssertLeaks") || is("AssertBadBlocks") {
            Self::LEAKS
        } else {
            Self::OFF
        }
    }
}

impl FromStr for DebugLevel {
    type Err = Error;

    /// `off`, `all`, or a list such as `fill,guard,leaks,trace`.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER for another word.
    fn from_str(text: &str) -> Result<Self, Error> {
        text.split(',')
            .try_fold(Self::OFF, |level, word| match word.trim() {
                "" | "off" => Ok(level),
                "fill" => Ok(level.and(Self::FILL)),
                "guard" => Ok(level.and(Self::GUARD)),
                "leaks" => Ok(level.and(Self::LEAKS)),
                "trace" => Ok(level.and(Self::TRACE)),
                "all" => Ok(Self::ALL),
                other => Err(Error::caller(ErrorCode::INVALID_PARAMETER).context(format!(
                    "'{other}' is no debugging level; there are off, fill, guard, leaks, trace, all"
                ))),
            })
    }
}

const FRESH: u8 = 0xA5;
const FREED: u8 = 0xD5;
const GUARD: u8 = 0xB7;
/// Guard bytes behind a watched block, at least.
const GUARD_LEN: usize = 16;
/// In [`Header::watched`]: the block is in the registry.
const WATCHED: u8 = 0x80;

/// The level in the low 8 bits, and above them the number of armed faults: one number, so that the fast path has one
/// question to ask.
static MODE: AtomicU32 = AtomicU32::new(0);
/// One armed fault.
#[cfg(feature = "fault-injection")]
const FAULTS: u32 = 0x100;

/// Sets the level for blocks that are made from now on.
pub fn set_level(level: DebugLevel) {
    // The closure never refuses.
    let _ = MODE.fetch_update(Relaxed, Relaxed, |mode| {
        Some(mode & !0xFF | u32::from(level.0))
    });
}

/// The level.
#[must_use]
pub fn level() -> DebugLevel {
    DebugLevel((MODE.load(Relaxed) & 0xFF).to_le_bytes()[0])
}

#[cfg(feature = "fault-injection")]
pub(super) fn arm_faults(by: i32) {
    if by > 0 {
        MODE.fetch_add(FAULTS, Relaxed);
    } else {
        MODE.fetch_sub(FAULTS, Relaxed);
    }
}

/// Whether there is anything but the fast path.
#[inline(always)]
pub(super) fn any() -> bool {
    MODE.load(Relaxed) != 0
}

fn fault_strikes(owner: u8) -> bool {
    #[cfg(feature = "fault-injection")]
    return super::fault::strikes(owner);
    #[cfg(not(feature = "fault-injection"))]
    {
        let _ = owner;
        false
    }
}

#[cold]
#[inline(never)]
pub(super) extern "C" fn allocate(owner: u8, size: u32) -> *mut u8 {
    if fault_strikes(owner) {
        return std::ptr::null_mut();
    }
    if level() == DebugLevel::OFF {
        return block::allocate_unwatched(owner, size);
    }
    watch(owner, Kind::Root, size, level())
}

/// A block of IMalloc: without slack, and its size is remembered.
pub(super) fn allocate_plain(owner: u8, size: u32) -> *mut u8 {
    if fault_strikes(owner) {
        return std::ptr::null_mut();
    }
    if level() != DebugLevel::OFF {
        return watch(owner, Kind::Plain, size, level());
    }
    let block = block::create(owner, Kind::Plain, size, padded(size as usize), 0);
    remember_size(block, size, 0);
    block
}

fn watch(owner: u8, kind: Kind, size: u32, level: DebugLevel) -> *mut u8 {
    let block = block::create(owner, kind, size, guarded(size as usize), 0);
    if !block.is_null() {
        remember_size(block, size, level.0 | WATCHED);
        // SAFETY: the block has guarded(size) bytes.
        unsafe { paint(block, size as usize, level) };
        registry::insert(block, owner, size, level.has(DebugLevel::TRACE));
    }
    block
}

/// Blocks without slack keep their size where others keep what is left.
fn remember_size(block: *mut u8, size: u32, watched: u8) {
    if !block.is_null() {
        // SAFETY: the block was just made; nobody else knows it.
        unsafe {
            let header = &mut *block.sub(block::HEADER).cast::<Header>();
            header.left = size;
            header.watched = watched;
        }
    }
}

/// MAPIAllocateMore for a watched block, or while faults are armed.
///
/// # Safety
/// `header` is that of a live root block; `out` is a place for a pointer.
#[cold]
#[inline(never)]
pub(super) unsafe extern "C" fn more(
    header: &mut Header,
    size: u32,
    out: *mut *mut u8,
) -> ErrorCode {
    // SAFETY: by the contract above; the chunk has guarded(size) bytes.
    unsafe {
        if fault_strikes(header.owner) {
            out.write(std::ptr::null_mut());
            return ErrorCode::NOT_ENOUGH_MEMORY;
        }
        if header.watched == 0 {
            return block::add(header, size, out);
        }
        let size = size as usize;
        let block = block::chunk_of(header, guarded(size), size);
        out.write(block);
        if block.is_null() {
            return ErrorCode::NOT_ENOUGH_MEMORY;
        }
        paint(block, size, DebugLevel(header.watched));
    }
    ErrorCode::OK
}

/// MAPIFreeBuffer, and Free of IMalloc, for a watched block.
///
/// # Safety
/// `header` is that of `block`, a live block which nobody uses any more.
#[cold]
#[inline(never)]
pub(super) unsafe extern "C" fn free(block: *mut u8, header: NonNull<Header>) -> ErrorCode {
    let Some(record) = registry::remove(block) else {
        return refuse(block);
    };
    // SAFETY: by the contract above; the pieces of a watched chain have guarded(size) bytes.
    unsafe {
        let level = DebugLevel(header.as_ref().watched);
        let pieces = pieces(block, header);
        if level.has(DebugLevel::GUARD) && !pieces.iter().all(|(p, size)| is_guarded(*p, *size)) {
            registry::report(Fault::Overrun, block, Some(&record));
        }
        if level.has(DebugLevel::FILL) {
            for (piece, size) in pieces {
                piece.write_bytes(FREED, size);
            }
        }
        block::retire(block, header);
        if level.has(DebugLevel::GUARD) {
            registry::quarantine(block, header, record);
        } else {
            block::give_memory_back(header);
        }
    }
    ErrorCode::OK
}

/// Notices a pointer that is no live block.
#[cold]
#[inline(never)]
pub(super) extern "C" fn refuse(block: *mut u8) -> ErrorCode {
    if level() != DebugLevel::OFF && !block.is_null() {
        // SAFETY: the caller has looked at the mark already.
        let dead = unsafe { block::header_of(block, Kind::Dead) }.is_some();
        let fault = if dead {
            Fault::FreedTwice
        } else {
            Fault::NotABlock
        };
        registry::report(fault, block, None);
    }
    ErrorCode::INVALID_PARAMETER
}

/// Whether a block in quarantine is as it was when it was freed.
///
/// # Safety
/// `header` is that of `block`, which is retired and not given back.
pub(super) unsafe fn is_untouched(block: *mut u8, header: NonNull<Header>) -> bool {
    // SAFETY: by the contract above.
    unsafe {
        let level = DebugLevel(header.as_ref().watched);
        let painted = |p: *mut u8, size| (0..size).all(|i| *p.add(i) == FREED);
        pieces(block, header).into_iter().all(|(p, size)| {
            is_guarded(p, size) && (!level.has(DebugLevel::FILL) || painted(p, size))
        })
    }
}

/// The root and its additions with their sizes.
unsafe fn pieces(block: *mut u8, header: NonNull<Header>) -> Vec<(*mut u8, usize)> {
    // SAFETY: the chain of a watched block; each chunk holds one piece.
    unsafe {
        let mut pieces = vec![(block, header.as_ref().left as usize)];
        let mut chunk = header.as_ref().chain;
        while !chunk.is_null() {
            pieces.push((chunk.cast::<u8>().add(block::CHUNK_HEADER), (*chunk).size));
            chunk = (*chunk).next;
        }
        pieces
    }
}

fn guarded(size: usize) -> usize {
    padded(size) + GUARD_LEN
}

unsafe fn paint(block: *mut u8, size: usize, level: DebugLevel) {
    // SAFETY: the block has guarded(size) bytes.
    unsafe {
        if level.has(DebugLevel::FILL) {
            block.write_bytes(FRESH, size);
        }
        block.add(size).write_bytes(GUARD, guarded(size) - size);
    }
}

unsafe fn is_guarded(block: *mut u8, size: usize) -> bool {
    // SAFETY: the block has guarded(size) bytes.
    unsafe { (size..guarded(size)).all(|i| *block.add(i) == GUARD) }
}
