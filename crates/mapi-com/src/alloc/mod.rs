//! Buffers: the MAPIAllocateBuffer family.

mod allocator;

pub use allocator::Allocator;
