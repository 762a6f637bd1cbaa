//! Blocks and chains of blocks.

use std::ptr::NonNull;

use mapi_types::ErrorCode;

use super::{debug, ledger};

/// Bytes before every block; a multiple of the alignment.
pub(super) const HEADER: usize = 32;
/// Room for additions in a small root block, so that a handful of MAPIAllocateMore calls costs no second `malloc`.
const SLACK: u32 = 320;
/// Root blocks up to this size get slack. Larger ones (rows, property arrays) were mostly computed as a whole.
const SLACK_UP_TO: usize = 256;
/// Chunks for additions: at least (with its header 1 KB, which common heaps serve from a thread's own cache), and at most
/// unless one addition is larger.
const CHUNK: std::ops::Range<usize> = 1008..64 * 1024;
/// Bytes before the additions in a chunk; a multiple of the alignment.
pub(super) const CHUNK_HEADER: usize = 16;

/// What stands before a block. The mark comes last: the first 16 bytes are overwritten by the heap when it gets the
/// block back, the mark is not, which is how a second free is noticed.
#[repr(C)]
pub(super) struct Header {
    /// Chunks with additions, newest first.
    pub chain: *mut Chunk,
    /// Where the next small addition goes (not used in watched blocks).
    pub next: *mut u8,
    /// Bytes left at `next`; in watched blocks and those of IMalloc the size that was asked for.
    pub left: u32,
    /// What the ledger was charged for the chain, in units of 16 bytes.
    pub charged: u32,
    pub owner: u8,
    /// The debugging levels the block was made under; 0 if it is not watched.
    pub watched: u8,
    /// The size that MAPIAllocateBuffer was asked for, up to 65,535.
    pub asked: u16,
    pub mark: u32,
}

/// What stands before a chunk of additions.
#[repr(C)]
pub(super) struct Chunk {
    pub next: *mut Chunk,
    /// In watched blocks the size that was asked for.
    pub size: usize,
}

const _: () = assert!(size_of::<Header>() <= HEADER && size_of::<Chunk>() <= CHUNK_HEADER);

/// What kind of block a mark stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// From MAPIAllocateBuffer.
    Root = 0x4D41_5049,
    /// From IMalloc.
    Plain = 0x4D41_4C43,
    /// Freed.
    Dead = 0x4445_4144,
}

impl Kind {
    /// The mark of a block at `address`; it depends on the address, so that a copied header is none.
    pub fn mark(self, address: *const u8) -> u32 {
        let low = u32::try_from((address.addr() >> 4) & 0xFFFF_FFFF).unwrap_or(0);
        self as u32 ^ low
    }
}

/// The header of a block, if it is one of `kind`.
///
/// # Safety
/// `block` is null, a block of ours (freed or not), or points to memory whose 8 bytes before it may be read.
pub(super) unsafe fn header_of(block: *mut u8, kind: Kind) -> Option<NonNull<Header>> {
    if block.is_null() || !block.addr().is_multiple_of(8) {
        return None;
    }
    // SAFETY: the header stands before the block. Of something else only the mark is read.
    unsafe {
        let header = block.sub(HEADER).cast::<Header>();
        let mark = (&raw const (*header).mark).read();
        (mark == kind.mark(block)).then_some(NonNull::new_unchecked(header))
    }
}

/// The size that a root block was asked for, as far as 65,535; `None` if it is not a live root block.
///
/// # Safety
/// As [`header_of`].
pub unsafe fn root_size(block: *mut u8) -> Option<usize> {
    // SAFETY: by the contract above; the header of a live block.
    unsafe { header_of(block, Kind::Root).map(|header| usize::from(header.as_ref().asked)) }
}

/// Rounds up to the alignment; an empty block has an address of its own too.
pub(super) fn padded(size: usize) -> usize {
    (size.max(1) + 15) & !15
}

/// Bytes as the ledger counts them.
pub(super) fn units(bytes: usize) -> Option<u32> {
    u32::try_from(bytes / 16).ok()
}

/// Takes memory from the heap and writes a header in front of it: `used` bytes now, of which `asked` were asked for, and
/// `left` for additions.
#[inline(always)]
pub(super) fn create(owner: u8, kind: Kind, asked: u32, used: usize, left: u32) -> *mut u8 {
    let bytes = HEADER.saturating_add(used).saturating_add(left as usize);
    let Some(charged) = units(bytes) else {
        return std::ptr::null_mut();
    };
    // SAFETY: malloc answers null or `bytes` bytes aligned for any basic type; the header fits, and its address is not
    // known to anybody else.
    unsafe {
        let memory = libc::malloc(bytes).cast::<u8>();
        if memory.is_null() {
            return memory;
        }
        let block = memory.add(HEADER);
        memory.cast::<Header>().write(Header {
            chain: std::ptr::null_mut(),
            next: block.add(used),
            left,
            charged,
            owner,
            watched: 0,
            asked: u16::try_from(asked).unwrap_or(u16::MAX),
            mark: kind.mark(block),
        });
        ledger::charge(owner, charged);
        block
    }
}

/// MAPIAllocateBuffer for `owner`: null if there is not enough memory.
#[inline(always)]
pub(super) fn allocate(owner: u8, size: u32) -> *mut u8 {
    if debug::any() {
        return debug::allocate(owner, size);
    }
    allocate_unwatched(owner, size)
}

#[inline(always)]
pub(super) fn allocate_unwatched(owner: u8, size: u32) -> *mut u8 {
    let used = padded(size as usize);
    let slack = if used <= SLACK_UP_TO { SLACK } else { 0 };
    create(owner, Kind::Root, size, used, slack)
}

/// As [`allocate`], for a block that was computed as a whole: no slack.
pub(super) fn allocate_whole(owner: u8, size: u32) -> *mut u8 {
    if debug::any() {
        return debug::allocate(owner, size);
    }
    create(owner, Kind::Root, size, padded(size as usize), 0)
}

/// MAPIAllocateMore. The answer is S_OK, MAPI_E_INVALID_PARAMETER if `root` is not a root block, or
/// MAPI_E_NOT_ENOUGH_MEMORY.
///
/// # Safety
/// As [`header_of`]; nobody else adds to the chain at the same time; `out` is a place for a pointer.
#[inline]
pub(super) unsafe fn more(root: *mut u8, size: u32, out: *mut *mut u8) -> ErrorCode {
    // SAFETY: by the contract above.
    unsafe {
        let Some(mut header) = header_of(root, Kind::Root) else {
            out.write(std::ptr::null_mut());
            return debug::refuse(root);
        };
        let header = header.as_mut();
        if header.watched != 0 || debug::any() {
            return debug::more(header, size, out);
        }
        add(header, size, out)
    }
}

/// Cuts an addition from what is left, or from a new chunk.
///
/// # Safety
/// `out` is a place for a pointer; `header` is that of a live block that is not watched.
#[inline]
pub(super) unsafe fn add(header: &mut Header, size: u32, out: *mut *mut u8) -> ErrorCode {
    let need = padded(size as usize);
    // SAFETY: there are `left` bytes at `next`.
    unsafe {
        match u32::try_from(need) {
            Ok(small) if small <= header.left => {
                out.write(header.next);
                header.next = header.next.add(need);
                header.left -= small;
                ErrorCode::OK
            }
            _ => spill(header, need, out),
        }
    }
}

/// # Safety
/// As [`add`].
#[cold]
#[inline(never)]
unsafe extern "C" fn spill(header: &mut Header, need: usize, out: *mut *mut u8) -> ErrorCode {
    let so_far = header.charged as usize * 16;
    let chunk = so_far.clamp(CHUNK.start, CHUNK.end);
    // A large addition gets a chunk of its own, and what is left for small ones stays.
    let shared = need <= chunk / 2;
    let capacity = if shared { chunk } else { need };
    let block = chunk_of(header, capacity, need);
    // SAFETY: a shared chunk has more than `need` bytes.
    unsafe {
        out.write(block);
        if block.is_null() {
            return ErrorCode::NOT_ENOUGH_MEMORY;
        }
        if shared {
            header.next = block.add(need);
            header.left = u32::try_from(capacity - need).unwrap_or(0);
        }
    }
    ErrorCode::OK
}

/// A new chunk in the chain; the answer is where its bytes begin, or null.
pub(super) fn chunk_of(header: &mut Header, capacity: usize, size: usize) -> *mut u8 {
    let bytes = capacity.saturating_add(CHUNK_HEADER);
    let charge = units(bytes).filter(|more| header.charged.checked_add(*more).is_some());
    let Some(charge) = charge else {
        return std::ptr::null_mut();
    };
    // SAFETY: malloc answers null or `bytes` bytes, the first of them for the chunk's own header.
    unsafe {
        let memory = libc::malloc(bytes).cast::<u8>();
        if memory.is_null() {
            return memory;
        }
        memory.cast::<Chunk>().write(Chunk {
            next: header.chain,
            size,
        });
        header.chain = memory.cast();
        header.charged += charge;
        ledger::charge_more(header.owner, charge);
        memory.add(CHUNK_HEADER)
    }
}

/// MAPIFreeBuffer; null is fine. The answer is S_OK, or MAPI_E_INVALID_PARAMETER if `block` is not a root block, or no
/// longer one.
///
/// # Safety
/// As [`header_of`]; nobody uses the chain any more.
#[inline]
pub(super) unsafe fn free(block: *mut u8) -> ErrorCode {
    if block.is_null() {
        return ErrorCode::OK;
    }
    // SAFETY: by the contract above.
    unsafe {
        let Some(header) = header_of(block, Kind::Root) else {
            return debug::refuse(block);
        };
        if header.as_ref().watched != 0 {
            return debug::free(block, header);
        }
        give_back(block, header);
    }
    ErrorCode::OK
}

/// Gives a chain back to the ledger and the heap.
///
/// # Safety
/// `header` is that of `block`, a live block which nobody uses any more.
#[inline]
pub(super) unsafe fn give_back(block: *mut u8, header: NonNull<Header>) {
    // SAFETY: by the contract above.
    unsafe {
        retire(block, header);
        give_memory_back(header);
    }
}

/// Marks a block as freed and takes it off the ledger.
///
/// # Safety
/// As [`give_back`].
#[inline]
pub(super) unsafe fn retire(block: *mut u8, header: NonNull<Header>) {
    // SAFETY: by the contract above. The write is volatile because the optimiser knows that nobody reads freed memory.
    unsafe {
        let header = header.as_ptr();
        (&raw mut (*header).mark).write_volatile(Kind::Dead.mark(block));
        ledger::discharge((*header).owner, (*header).charged);
    }
}

/// Gives a retired chain to the heap.
///
/// # Safety
/// As [`give_back`], after [`retire`].
#[inline]
pub(super) unsafe fn give_memory_back(header: NonNull<Header>) {
    // SAFETY: by the contract above; chunks and root came from malloc.
    unsafe {
        if !header.as_ref().chain.is_null() {
            free_chunks(header.as_ref().chain);
        }
        libc::free(header.as_ptr().cast());
    }
}

#[inline(never)]
unsafe fn free_chunks(mut chunk: *mut Chunk) {
    // SAFETY: the chain of a block that is being freed.
    unsafe {
        while !chunk.is_null() {
            let next = (*chunk).next;
            libc::free(chunk.cast());
            chunk = next;
        }
    }
}
