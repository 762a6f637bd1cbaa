//! The one description of what a property value points to. Counting, copying, relocating and PropCopyMore differ only in what
//! they do at each pointer.

use mapi_sys::*;
use mapi_types::{PropType, Result};

use crate::guard::bad;

/// What is done at each pointer of a value, the outer one first.
pub(crate) trait Measure {
    /// Where the bytes behind `pointer` can be read.
    fn readable(&self, pointer: *mut u8) -> *mut u8 {
        pointer
    }

    /// There are `bytes` bytes behind the pointer at `place`. The answer is where pointers among these bytes now stand.
    ///
    /// # Errors
    /// Whatever ends the walk.
    ///
    /// # Safety
    /// `place` is valid for reading and writing a pointer, which is readable (see [`Measure::readable`]) for `bytes`.
    unsafe fn pointer(&mut self, place: *mut *mut u8, bytes: usize) -> Result<*mut u8>;
}

/// Every piece begins at a multiple of this.
const ALIGN: usize = 8;

/// A size in whole pieces.
pub(crate) fn aligned(bytes: usize) -> usize {
    bytes.next_multiple_of(ALIGN)
}

/// Adds up.
#[derive(Default)]
pub(crate) struct Counter {
    pub bytes: usize,
}

impl Counter {
    pub fn add(&mut self, bytes: usize) -> Result<()> {
        // Below 2^31, so that no sum of a caller's lies can overflow.
        self.bytes = self
            .bytes
            .checked_add(aligned(bytes))
            .filter(|sum| *sum <= i32::MAX as usize)
            .ok_or_else(|| bad("more than 2 GB"))?;
        Ok(())
    }

    /// As ULONG.
    pub fn total(&self) -> u32 {
        u32::try_from(self.bytes).unwrap_or(u32::MAX)
    }
}

impl Measure for Counter {
    unsafe fn pointer(&mut self, place: *mut *mut u8, bytes: usize) -> Result<*mut u8> {
        self.add(bytes)?;
        // SAFETY: by the contract of the trait.
        Ok(unsafe { place.read_unaligned() })
    }
}

/// Puts each piece behind the one before it. The block is long enough: a [`Counter`] has measured it.
pub(crate) struct Copier {
    pub next: *mut u8,
}

impl Measure for Copier {
    unsafe fn pointer(&mut self, place: *mut *mut u8, bytes: usize) -> Result<*mut u8> {
        let to = self.next;
        // SAFETY: by the contract of the trait; `to` has room for what was counted.
        unsafe {
            let from = place.read_unaligned();
            to.copy_from_nonoverlapping(from, bytes);
            place.write_unaligned(to);
            self.next = to.add(aligned(bytes));
        }
        Ok(to)
    }
}

/// Moves pointers from one base to another. The bytes themselves are where the array is.
pub(crate) struct Relocator {
    from: usize,
    to: usize,
    data: usize,
    pub counter: Counter,
}

impl Relocator {
    /// `array` is where the values are: near the one base or the other. Before a block is written away it is the old one, after
    /// it has been read back the new one (screlocprops.md).
    pub fn new(array: usize, from: usize, to: usize) -> Self {
        let data = if array.abs_diff(from) <= array.abs_diff(to) {
            from
        } else {
            to
        };
        Self {
            from,
            to,
            data,
            counter: Counter::default(),
        }
    }
}

impl Measure for Relocator {
    fn readable(&self, pointer: *mut u8) -> *mut u8 {
        let offset = pointer.addr().wrapping_sub(self.from);
        std::ptr::with_exposed_provenance_mut(self.data.wrapping_add(offset))
    }

    unsafe fn pointer(&mut self, place: *mut *mut u8, bytes: usize) -> Result<*mut u8> {
        self.counter.add(bytes)?;
        // SAFETY: by the contract of the trait.
        unsafe {
            let old = place.read_unaligned();
            let moved = old.addr().wrapping_sub(self.from).wrapping_add(self.to);
            place.write_unaligned(std::ptr::with_exposed_provenance_mut(moved));
            Ok(self.readable(old))
        }
    }
}

/// The bytes of an 8-bit text with its zero.
///
/// # Safety
/// `text` is not null and ends.
pub(crate) unsafe fn narrow_len(text: *const u8) -> usize {
    // SAFETY: by the contract above.
    unsafe { std::ffi::CStr::from_ptr(text.cast()) }
        .to_bytes_with_nul()
        .len()
}

/// The bytes of a 16-bit text with its zero.
///
/// # Safety
/// As [`narrow_len`].
pub(crate) unsafe fn wide_len(text: *const u8) -> usize {
    let text = text.cast::<u16>();
    let mut units = 0;
    // SAFETY: by the contract above.
    while unsafe { text.add(units).read_unaligned() } != 0 {
        units += 1;
    }
    (units + 1) * 2
}

/// Walks over the pointers of a value.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for a type that has no value, a NULL pointer with a count, a list without members; those of `m`.
///
/// # Safety
/// `prop` is valid for reading and writing; its pointers, as far as not NULL, are readable (see [`Measure::readable`]) for what
/// its type says.
pub(crate) unsafe fn pointees<M: Measure>(prop: *mut SPropValue, m: &mut M) -> Result<()> {
    // SAFETY: by the contract above; the field is the one that the type stands for.
    unsafe {
        let ptype = (*prop).ulPropTag & 0xFFFF & !u32::from(PropType::MV_INSTANCE);
        let v = &raw mut (*prop).Value;
        match ptype {
            PT_STRING8 => text(m, (&raw mut (*v).lpszA).cast(), narrow_len),
            PT_UNICODE => text(m, (&raw mut (*v).lpszW).cast(), wide_len),
            PT_CLSID => block(m, (&raw mut (*v).lpguid).cast(), 16).map(drop),
            PT_BINARY => bytes(m, &raw mut (*v).bin),
            PT_MV_STRING8 => texts(m, v, narrow_len),
            PT_MV_UNICODE => texts(m, v, wide_len),
            PT_MV_BINARY => {
                let (first, count) = list(m, v, size_of::<SBinary>())?;
                (0..count).try_for_each(|i| bytes(m, first.cast::<SBinary>().add(i)))
            }
            PT_NULL | PT_OBJECT | PT_ERROR => Ok(()),
            _ => match fixed_size(ptype & !u32::from(PropType::MV_FLAG)) {
                Some(_) if ptype & u32::from(PropType::MV_FLAG) == 0 => Ok(()),
                Some(size) => list(m, v, size).map(drop),
                None => Err(bad("a property type that has no value")),
            },
        }
    }
}

/// The bytes of one value of a type of fixed length.
pub(crate) fn fixed_size(ptype: u32) -> Option<usize> {
    Some(match ptype {
        PT_I2 | PT_BOOLEAN => 2,
        PT_LONG | PT_R4 | PT_ERROR => 4,
        PT_DOUBLE | PT_CURRENCY | PT_APPTIME | PT_I8 | PT_SYSTIME => 8,
        PT_CLSID => 16,
        _ => return None,
    })
}

/// # Safety
/// As [`pointees`].
pub(crate) unsafe fn block<M: Measure>(
    m: &mut M,
    place: *mut *mut u8,
    bytes: usize,
) -> Result<*mut u8> {
    // SAFETY: as in `pointees`.
    unsafe {
        if place.read_unaligned().is_null() {
            return Err(bad("a property value is a NULL pointer"));
        }
        m.pointer(place, bytes)
    }
}

/// # Safety
/// As [`pointees`].
pub(crate) unsafe fn text<M: Measure>(
    m: &mut M,
    place: *mut *mut u8,
    length: unsafe fn(*const u8) -> usize,
) -> Result<()> {
    // SAFETY: as in `pointees`.
    unsafe {
        let old = place.read_unaligned();
        if old.is_null() {
            return Err(bad("a text is a NULL pointer"));
        }
        let bytes = length(m.readable(old));
        m.pointer(place, bytes).map(drop)
    }
}

/// # Safety
/// As [`pointees`].
unsafe fn bytes<M: Measure>(m: &mut M, bin: *mut SBinary) -> Result<()> {
    // SAFETY: as in `pointees`.
    unsafe {
        let count = (&raw const (*bin).cb).read_unaligned();
        if count == 0 {
            return Ok(());
        }
        block(m, (&raw mut (*bin).lpb).cast(), count as usize).map(drop)
    }
}

/// The members of a list: where they now are, and how many.
///
/// # Safety
/// As [`pointees`].
unsafe fn list<M: Measure>(m: &mut M, v: *mut __UPV, size: usize) -> Result<(*mut u8, usize)> {
    // SAFETY: all lists have one layout: a count and a pointer.
    unsafe {
        let count = (*v).MVl.cValues as usize;
        if count == 0 {
            return Err(bad("a list without members"));
        }
        let bytes = count
            .checked_mul(size)
            .filter(|bytes| *bytes <= i32::MAX as usize)
            .ok_or_else(|| bad("a list of more than 2 GB"))?;
        Ok((block(m, (&raw mut (*v).MVl.lpl).cast(), bytes)?, count))
    }
}

/// # Safety
/// As [`pointees`].
unsafe fn texts<M: Measure>(
    m: &mut M,
    v: *mut __UPV,
    length: unsafe fn(*const u8) -> usize,
) -> Result<()> {
    // SAFETY: as in `pointees`.
    unsafe {
        let (first, count) = list(m, v, size_of::<*mut u8>())?;
        (0..count).try_for_each(|i| text(m, first.cast::<*mut u8>().add(i), length))
    }
}
