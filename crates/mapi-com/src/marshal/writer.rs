//! Blocks that are measured, allocated once, and filled.

use std::mem::MaybeUninit;
use std::ptr::NonNull;

use mapi_types::{ErrorCode, Result, UnicodeString};

use crate::alloc::{Allocator, MapiBuffer};

/// Lays out one block. The same code runs twice: first to measure, when nothing is written and all pointers are null, then
/// to fill. So what was measured is what is needed.
pub(super) struct Writer {
    /// Null while measuring.
    block: *mut u8,
    size: usize,
    at: usize,
}

/// Room for some values in the block.
pub(super) struct Place<T> {
    first: *mut T,
    count: usize,
}

impl<T> Place<T> {
    /// Writes one value; nothing while measuring.
    #[inline]
    pub fn set(&self, index: usize, value: T) {
        assert!(index < self.count, "the writer was asked for less room");
        if !self.first.is_null() {
            // SAFETY: the place has room for `count` values, in a block that belongs to the writer.
            unsafe { self.first.add(index).write(value) };
        }
    }

    /// The first value; null while measuring, and if there is room for none.
    #[inline]
    pub fn pointer(&self) -> *mut T {
        if self.count == 0 {
            std::ptr::null_mut()
        } else {
            self.first
        }
    }
}

/// Everything in a block is aligned to this: enough for all structures of the headers.
const ALIGN: usize = 8;

impl Writer {
    /// Makes one root block; what `layout` reserves first is its beginning.
    pub fn build<T>(
        allocator: Allocator,
        mut layout: impl FnMut(&mut Self) -> Result<()>,
    ) -> Result<MapiBuffer<T>> {
        let mut measure = Self {
            block: std::ptr::null_mut(),
            size: usize::MAX,
            at: 0,
        };
        layout(&mut measure)?;
        let size = measure.at.max(size_of::<T>());
        let block: NonNull<u8> = allocator.allocate_whole(size)?;
        // SAFETY: the block was just allocated, and nobody else has it.
        let owned = unsafe { MapiBuffer::from_raw(block.as_ptr().cast::<T>(), allocator) };
        let mut fill = Self {
            block: block.as_ptr(),
            size,
            at: 0,
        };
        layout(&mut fill)?;
        owned.ok_or_else(|| ErrorCode::NOT_ENOUGH_MEMORY.into())
    }

    /// Room for `count` values of `T`, not initialised.
    #[inline]
    pub fn reserve<T>(&mut self, count: usize) -> Result<Place<T>> {
        self.reserve_tail(0, count)
    }

    /// Room for a structure with a variable tail: `head` bytes, then `count` values of `T`. The place begins with the tail.
    #[inline]
    fn reserve_tail<T>(&mut self, head: usize, count: usize) -> Result<Place<T>> {
        debug_assert!(align_of::<T>() <= ALIGN);
        let bytes = size_of::<T>()
            .checked_mul(count)
            .and_then(|bytes| bytes.checked_add(head + ALIGN - 1))
            .ok_or(ErrorCode::NOT_ENOUGH_MEMORY)?
            & !(ALIGN - 1);
        let end = (self.at.checked_add(bytes))
            .filter(|end| *end <= self.size)
            .ok_or(ErrorCode::NOT_ENOUGH_MEMORY)?;
        let first = if self.block.is_null() {
            std::ptr::null_mut()
        } else {
            // SAFETY: at + head <= end <= size of the block.
            unsafe { self.block.add(self.at + head).cast() }
        };
        self.at = end;
        Ok(Place { first, count })
    }

    /// A structure that begins with some ULONGs and ends with a variable array, such as SPropTagArray or SRowSet.
    /// `offset` is where the array begins.
    pub fn counted<T>(&mut self, head: &[u32], offset: usize, count: usize) -> Result<Place<T>> {
        let tail = self.reserve_tail::<T>(offset, count)?;
        if !tail.first.is_null() {
            // SAFETY: `offset` bytes were reserved before the tail, and the head fits into them.
            unsafe {
                let start = tail.first.cast::<u8>().sub(offset);
                start.write_bytes(0, offset);
                for (i, value) in head.iter().enumerate().take(offset / 4) {
                    start.cast::<u32>().add(i).write(*value);
                }
            }
        }
        Ok(tail)
    }

    /// Copies values that are the same on both sides.
    #[inline]
    pub fn copy<T: Copy>(&mut self, values: &[T]) -> Result<*mut T> {
        let place = self.reserve::<T>(values.len())?;
        if !place.first.is_null() {
            // SAFETY: there is room for all of them, and a new block overlaps nothing.
            unsafe {
                place
                    .first
                    .copy_from_nonoverlapping(values.as_ptr(), values.len())
            };
        }
        Ok(place.pointer())
    }

    /// Converts and writes values.
    #[inline]
    pub fn convert<T, U>(&mut self, values: &[T], convert: impl Fn(&T) -> U) -> Result<*mut U> {
        let place = self.reserve::<U>(values.len())?;
        if !place.first.is_null() {
            for (i, value) in values.iter().enumerate() {
                place.set(i, convert(value));
            }
        }
        Ok(place.pointer())
    }

    /// A zero-terminated string of 8-bit characters, up to the first zero in it.
    #[inline]
    pub fn string8(&mut self, text: &[u8]) -> Result<*mut i8> {
        let place = self.reserve::<u8>(text.len() + 1)?;
        if !place.first.is_null() {
            // SAFETY: room for the text and a zero was reserved.
            unsafe {
                place
                    .first
                    .copy_from_nonoverlapping(text.as_ptr(), text.len());
                place.first.add(text.len()).write(0);
            }
        }
        Ok(place.first.cast())
    }

    /// A zero-terminated string of UTF-16 units.
    #[inline]
    pub fn unicode(&mut self, text: &UnicodeString) -> Result<*mut u16> {
        let room = text.max_units();
        let place = self.reserve::<u16>(room + 1)?;
        if !place.first.is_null() {
            // SAFETY: `room` units and a zero were reserved.
            unsafe {
                let out = place.first.cast::<MaybeUninit<u16>>();
                let count = text.encode_into(std::slice::from_raw_parts_mut(out, room));
                place.first.add(count.min(room)).write(0);
            }
        }
        Ok(place.first)
    }

    /// The same from UTF-8.
    pub fn unicode_str(&mut self, text: &str) -> Result<*mut u16> {
        let place = self.reserve::<u16>(text.len() + 1)?;
        if !place.first.is_null() {
            let mut at = 0;
            for unit in text.encode_utf16() {
                place.set(at, unit);
                at += 1;
            }
            place.set(at, 0);
        }
        Ok(place.first)
    }
}

/// A count as the ABI has it.
pub(super) fn count_of<T>(values: &[T]) -> Result<u32> {
    u32::try_from(values.len()).map_err(|_| ErrorCode::TOO_BIG.into())
}
