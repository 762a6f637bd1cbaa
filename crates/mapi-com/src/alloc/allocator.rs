//! The three allocator functions as a value.

use std::ffi::c_void;
use std::ptr::NonNull;

use mapi_sys::{ALLOCATEBUFFER, ALLOCATEMORE, FREEBUFFER};
use mapi_types::{Error, ErrorCode, Result};

/// MAPIAllocateBuffer, MAPIAllocateMore and MAPIFreeBuffer, as an entry point gets them.
#[derive(Clone, Copy, Debug)]
pub struct Allocator {
    allocate: ALLOCATEBUFFER,
    more: ALLOCATEMORE,
    free: FREEBUFFER,
}

impl Allocator {
    /// From the three functions.
    ///
    /// # Safety
    /// They are MAPI's three allocator functions, belong together, and stay callable as long as the value is used.
    #[must_use]
    pub const unsafe fn from_functions(
        allocate: ALLOCATEBUFFER,
        more: ALLOCATEMORE,
        free: FREEBUFFER,
    ) -> Self {
        Self {
            allocate,
            more,
            free,
        }
    }

    /// The three functions, for GetMemAllocRoutines and entry points.
    #[must_use]
    pub fn functions(self) -> (ALLOCATEBUFFER, ALLOCATEMORE, FREEBUFFER) {
        (self.allocate, self.more, self.free)
    }

    /// A block of its own.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_MEMORY.
    pub fn allocate(self, size_bytes: usize) -> Result<NonNull<u8>> {
        let mut block: *mut c_void = std::ptr::null_mut();
        let size = u32::try_from(size_bytes).map_err(|_| no_memory())?;
        // SAFETY: the function is MAPIAllocateBuffer; `block` is a valid place for its result.
        let code = unsafe { (self.allocate)(size, &raw mut block) };
        if code < 0 {
            Err(no_memory())
        } else {
            NonNull::new(block.cast()).ok_or_else(no_memory)
        }
    }

    /// A block that is freed together with `root`.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_MEMORY.
    ///
    /// # Safety
    /// `root` came from [`Allocator::allocate`] of the same functions and has not been freed.
    pub unsafe fn allocate_more(self, size_bytes: usize, root: NonNull<u8>) -> Result<NonNull<u8>> {
        let mut block: *mut c_void = std::ptr::null_mut();
        let size = u32::try_from(size_bytes).map_err(|_| no_memory())?;
        // SAFETY: by the contract above; `block` is a valid place for the result.
        let code = unsafe { (self.more)(size, root.as_ptr().cast(), &raw mut block) };
        if code < 0 {
            Err(no_memory())
        } else {
            NonNull::new(block.cast()).ok_or_else(no_memory)
        }
    }

    /// Frees a root block and everything allocated for it.
    ///
    /// # Safety
    /// `block` came from [`Allocator::allocate`], has not been freed, and nobody uses it or its dependents any more.
    pub unsafe fn free(self, block: NonNull<u8>) {
        // SAFETY: by the contract above.
        unsafe { (self.free)(block.as_ptr().cast()) };
    }
}

fn no_memory() -> Error {
    Error::system(ErrorCode::NOT_ENOUGH_MEMORY)
}
