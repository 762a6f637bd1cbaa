//! ScCountProps, ScCopyProps, ScRelocProps, ScDupPropset, PropCopyMore, UlPropSize.
//!
//! A copy is one piece of memory: the array, then what its values point to, each piece at a multiple of eight bytes.

use mapi_com::convert::put;
use mapi_sys::{ALLOCATEMORE, LPALLOCATEBUFFER, LPSPropValue, LPVOID, SCODE, SPropValue, ULONG};
use mapi_types::{Error, ErrorCode, PropTag, PropType, Result};

use super::pointees::{Copier, Counter, Measure, Relocator, aligned, fixed_size, pointees};
use crate::guard::{bad, hr, or, output};

/// PROP_ID_INVALID.
const ID_INVALID: u16 = 0xFFFF;

/// The number of values, once it and the array have been looked at.
fn count_of(count: i32, props: LPSPropValue) -> Result<usize> {
    if props.is_null() || count <= 0 {
        return Err(bad("no property values"));
    }
    usize::try_from(count).map_err(|_| bad("no property values"))
}

/// The bytes of the array with what it points to.
///
/// # Safety
/// `props` points to `count` property values.
unsafe fn measure(count: usize, props: LPSPropValue) -> Result<Counter> {
    let mut counter = Counter::default();
    counter.add(count.saturating_mul(size_of::<SPropValue>()))?;
    for i in 0..count {
        // SAFETY: by the contract above; the walk of a Counter writes nothing.
        unsafe {
            let prop = props.add(i);
            let id = PropTag::from_raw((*prop).ulPropTag).id();
            if id == 0 || id == ID_INVALID {
                return Err(bad("PROP_ID_NULL or PROP_ID_INVALID"));
            }
            pointees(prop, &mut counter)?;
        }
    }
    Ok(counter)
}

/// Copies to a place that [`measure`] has measured.
///
/// # Safety
/// As [`measure`]; `to` has room.
unsafe fn copy(count: usize, props: LPSPropValue, to: *mut SPropValue) -> Result<()> {
    // SAFETY: by the contract above.
    unsafe {
        to.copy_from_nonoverlapping(props, count);
        let mut copier = Copier {
            next: to
                .cast::<u8>()
                .add(aligned(count * size_of::<SPropValue>())),
        };
        (0..count).try_for_each(|i| pointees(to.add(i), &mut copier))
    }
}

/// ScCountProps: the bytes that ScCopyProps needs. Without an output it only validates.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ScCountProps(
    count: i32,
    props: LPSPropValue,
    size: *mut ULONG,
) -> SCODE {
    hr("ScCountProps", || {
        let count = count_of(count, props)?;
        // SAFETY: the array is what the page says, the output a place or null.
        unsafe {
            let counted = measure(count, props)?;
            put(size, counted.total());
        }
        Ok(())
    })
}

/// ScCopyProps: a copy in one piece at `to`, which has room for what ScCountProps says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ScCopyProps(
    count: i32,
    props: LPSPropValue,
    to: LPVOID,
    size: *mut ULONG,
) -> SCODE {
    hr("ScCopyProps", || {
        let count = count_of(count, props)?;
        if to.is_null() {
            return Err(bad("no room for the copy"));
        }
        // SAFETY: as the page says.
        unsafe {
            let counted = measure(count, props)?;
            copy(count, props, to.cast())?;
            put(size, counted.total());
        }
        Ok(())
    })
}

/// ScRelocProps: makes the pointers of a copy right for another address.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ScRelocProps(
    count: i32,
    props: LPSPropValue,
    base_old: LPVOID,
    base_new: LPVOID,
    size: *mut ULONG,
) -> SCODE {
    hr("ScRelocProps", || {
        let count = count_of(count, props)?;
        let mut moved = Relocator::new(
            props.expose_provenance(),
            base_old.expose_provenance(),
            base_new.expose_provenance(),
        );
        moved.counter.add(count * size_of::<SPropValue>())?;
        // SAFETY: the array is one piece, at the old or the new base, as the page says.
        unsafe {
            (0..count).try_for_each(|i| pointees(props.add(i), &mut moved))?;
            put(size, moved.counter.total());
        }
        Ok(())
    })
}

/// ScDupPropset: a copy in one new block.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ScDupPropset(
    count: i32,
    props: LPSPropValue,
    allocate: LPALLOCATEBUFFER,
    out: *mut LPSPropValue,
) -> SCODE {
    hr("ScDupPropset", || {
        // SAFETY: as the page says.
        unsafe {
            output(out, std::ptr::null_mut())?;
            let count = count_of(count, props)?;
            let allocate = allocate.ok_or_else(|| bad("no allocating function"))?;
            let mut block = std::ptr::null_mut();
            let code = allocate(measure(count, props)?.total(), &raw mut block);
            if code < 0 || block.is_null() {
                return Err(Error::system(ErrorCode::NOT_ENOUGH_MEMORY));
            }
            copy(count, props, block.cast())?;
            out.write(block.cast());
        }
        Ok(())
    })
}

/// Each piece a block of its own, added to one that is there.
struct Adder {
    more: ALLOCATEMORE,
    object: LPVOID,
}

impl Measure for Adder {
    unsafe fn pointer(&mut self, place: *mut *mut u8, bytes: usize) -> Result<*mut u8> {
        let size = u32::try_from(bytes).map_err(|_| bad("a value of more than 4 GB"))?;
        let mut block = std::ptr::null_mut();
        // SAFETY: the function is MAPIAllocateMore and the object its block; the rest by the contract of the trait.
        unsafe {
            let code = (self.more)(size, self.object, &raw mut block);
            if code < 0 || block.is_null() {
                return Err(Error::system(ErrorCode::NOT_ENOUGH_MEMORY));
            }
            let to = block.cast::<u8>();
            to.copy_from_nonoverlapping(place.read_unaligned(), bytes);
            place.write_unaligned(to);
            Ok(to)
        }
    }
}

/// PropCopyMore: a copy of one property, what it points to in blocks that belong to `object`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn PropCopyMore(
    to: LPSPropValue,
    from: LPSPropValue,
    more: Option<ALLOCATEMORE>,
    object: LPVOID,
) -> SCODE {
    hr("PropCopyMore", || {
        if to.is_null() || from.is_null() {
            return Err(bad("a property is NULL"));
        }
        let more = more.ok_or_else(|| bad("no allocating function"))?;
        // SAFETY: as the page says. The copy is made beside, so that a failure leaves the target as it was.
        unsafe {
            let mut copied = from.read();
            pointees(&raw mut copied, &mut Adder { more, object })?;
            to.write(copied);
        }
        Ok(())
    })
}

/// UlPropSize: the bytes of a property's value: texts with their zeros, without any pointers. 0 where there are none.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn UlPropSize(prop: LPSPropValue) -> ULONG {
    or("UlPropSize", 0, || {
        if prop.is_null() {
            return Err(bad("the property is NULL"));
        }
        // SAFETY: as the page says; the walk writes nothing.
        unsafe {
            let ptype = (*prop).ulPropTag & 0xFFFF & !u32::from(PropType::MV_INSTANCE);
            let inside = fixed_size(ptype).filter(|_| ptype != mapi_sys::PT_CLSID);
            let mut size = ValueSize::default();
            if let Some(bytes) = inside {
                size.bytes = bytes;
            } else {
                pointees(prop, &mut size)?;
            }
            let lists = [
                mapi_sys::PT_MV_STRING8,
                mapi_sys::PT_MV_UNICODE,
                mapi_sys::PT_MV_BINARY,
            ];
            let bytes = size.bytes
                - if lists.contains(&ptype) {
                    size.first
                } else {
                    0
                };
            u32::try_from(bytes).map_err(|_| bad("a value of more than 4 GB"))
        }
    })
}

/// Adds up exact sizes, and remembers the outermost.
#[derive(Default)]
struct ValueSize {
    bytes: usize,
    first: usize,
}

impl Measure for ValueSize {
    unsafe fn pointer(&mut self, place: *mut *mut u8, bytes: usize) -> Result<*mut u8> {
        if self.bytes == 0 {
            self.first = bytes;
        }
        self.bytes = self.bytes.saturating_add(bytes);
        // SAFETY: by the contract of the trait.
        Ok(unsafe { place.read_unaligned() })
    }
}
