//! An owned block.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use mapi_types::Result;

use super::Allocator;

/// Owns a root block that begins with a `T`; dropping it frees the block and all that was added to it.
pub struct MapiBuffer<T> {
    block: NonNull<T>,
    allocator: Allocator,
    kind: PhantomData<T>,
}

// SAFETY: blocks may be used and freed on any thread; the value owns the block alone.
unsafe impl<T: Send> Send for MapiBuffer<T> {}

impl<T> MapiBuffer<T> {
    /// Takes over a block. `None` for a null pointer.
    ///
    /// # Safety
    /// `block` is null or a root block of the functions in `allocator` that nobody else frees, and begins with a `T`.
    #[must_use]
    pub unsafe fn from_raw(block: *mut T, allocator: Allocator) -> Option<Self> {
        NonNull::new(block).map(|block| Self {
            block,
            allocator,
            kind: PhantomData,
        })
    }

    /// A block of zeros, of `size_bytes` or the size of a `T`, whichever is more.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_MEMORY.
    pub fn zeroed(allocator: Allocator, size_bytes: usize) -> Result<Self> {
        let size = size_bytes.max(size_of::<T>());
        let block = allocator.allocate(size)?;
        // SAFETY: the block has `size` bytes.
        unsafe { block.write_bytes(0, size) };
        Ok(Self {
            block: block.cast(),
            allocator,
            kind: PhantomData,
        })
    }

    /// The pointer; the block stays here.
    #[must_use]
    pub fn as_ptr(&self) -> *mut T {
        self.block.as_ptr()
    }

    /// Gives the block away: to be freed with MAPIFreeBuffer.
    #[must_use]
    pub fn into_raw(self) -> *mut T {
        ManuallyDrop::new(self).block.as_ptr()
    }

    /// The functions it came from.
    #[must_use]
    pub fn allocator(&self) -> Allocator {
        self.allocator
    }

    /// The same block under another type.
    #[must_use]
    pub fn cast<U>(self) -> MapiBuffer<U> {
        let this = ManuallyDrop::new(self);
        MapiBuffer {
            block: this.block.cast(),
            allocator: this.allocator,
            kind: PhantomData,
        }
    }
}

impl<T> Drop for MapiBuffer<T> {
    fn drop(&mut self) {
        // SAFETY: we own the block, and nobody uses it any more.
        unsafe { self.allocator.free(self.block.cast()) };
    }
}

impl<T> std::fmt::Debug for MapiBuffer<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MapiBuffer({:p})", self.block)
    }
}
