//! The three allocator functions as a value.

use std::ffi::c_void;
use std::ptr::NonNull;

use mapi_sys::{
    ALLOCATEBUFFER, ALLOCATEMORE, FREEBUFFER, LPALLOCATEBUFFER, LPALLOCATEMORE, LPFREEBUFFER,
};
use mapi_types::{Error, ErrorCode, Result};

use super::{Owner, block};

/// MAPIAllocateBuffer, MAPIAllocateMore and MAPIFreeBuffer, as an entry point gets them.
#[derive(Clone, Copy, Debug)]
pub struct Allocator {
    allocate: ALLOCATEBUFFER,
    more: ALLOCATEMORE,
    free: FREEBUFFER,
    /// Whose functions of ours they are, if they are ours.
    own: Option<Owner>,
}

impl Allocator {
    /// From the three functions.
    ///
    /// # Safety
    /// They are MAPI's three allocator functions, belong together, and stay callable as long as the value is used.
    #[must_use]
    pub unsafe fn from_functions(
        allocate: ALLOCATEBUFFER,
        more: ALLOCATEMORE,
        free: FREEBUFFER,
    ) -> Self {
        Self {
            allocate,
            more,
            free,
            own: Owner::of(allocate),
        }
    }

    /// Our own functions of `owner`.
    pub(super) fn ours(
        owner: Owner,
        allocate: ALLOCATEBUFFER,
        more: ALLOCATEMORE,
        free: FREEBUFFER,
    ) -> Self {
        Self {
            allocate,
            more,
            free,
            own: Some(owner),
        }
    }

    /// From the arguments of an entry point, or what GetMemAllocRoutines gave.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER if one of them is NULL.
    ///
    /// # Safety
    /// As [`Allocator::from_functions`].
    pub unsafe fn from_raw(
        allocate: LPALLOCATEBUFFER,
        more: LPALLOCATEMORE,
        free: LPFREEBUFFER,
    ) -> Result<Self> {
        match (allocate, more, free) {
            (Some(allocate), Some(more), Some(free)) => {
                // SAFETY: by the contract above.
                Ok(unsafe { Self::from_functions(allocate, more, free) })
            }
            _ => Err(Error::caller(ErrorCode::INVALID_PARAMETER)
                .context("an allocator function is NULL")),
        }
    }

    /// The functions of this copy of the library: what MAPI itself and the clients allocate with. In a provider's library,
    /// for arguments of calls only: what is handed out must come from MAPI's functions.
    #[must_use]
    pub fn local() -> Self {
        Owner::MAPI.allocator()
    }

    /// MAPI's functions: what this library's entry point was given, else the local ones. What is given to others, and what
    /// others have given us, is allocated and freed with these.
    #[must_use]
    pub fn mapi() -> Self {
        MAPI.get().copied().unwrap_or_else(Self::local)
    }

    /// An entry point was given these functions. The first ones stay; functions of this very copy change nothing, because a
    /// built-in provider shares its copy with MAPI.
    pub fn adopt(self) {
        if self.own.is_none() {
            let _ = MAPI.set(self);
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

    /// A block of its own to which nothing is added later: computed as a whole. The same as [`Allocator::allocate`], in less
    /// memory where the functions are ours.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_MEMORY.
    pub fn allocate_whole(self, size_bytes: usize) -> Result<NonNull<u8>> {
        let Some(owner) = self.own else {
            return self.allocate(size_bytes);
        };
        let size = u32::try_from(size_bytes).map_err(|_| no_memory())?;
        NonNull::new(block::allocate_whole(owner.index(), size)).ok_or_else(no_memory)
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

/// See [`Allocator::mapi`].
static MAPI: std::sync::OnceLock<Allocator> = std::sync::OnceLock::new();

fn no_memory() -> Error {
    Error::system(ErrorCode::NOT_ENOUGH_MEMORY)
}
