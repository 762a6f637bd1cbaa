//! Buffers: the MAPIAllocateBuffer family, with owners and debugging levels.
//!
//! - A *root* block comes from MAPIAllocateBuffer; blocks that MAPIAllocateMore adds to it are freed with it, in one go.
//!   All are aligned to 16 bytes (8 on 32-bit machines). The functions need no MAPIInitialize and stay valid after the last
//!   MAPIUninitialize (OP-38), on any thread; blocks of *one* chain are added by one thread at a time.
//! - Providers get the three functions without a context argument. So that the ledger can tell owners apart, each [`Owner`]
//!   has an allocating function of its own, and a block remembers whose it is, whoever frees it.
//! - What is not a block, or no longer one, is refused: certainly at the debugging levels, else as far as a mark before the
//!   block tells. The levels ([`DebugLevel`]) can be changed at any time.
//! - Speed: one block is one `malloc`; small additions are cut from slack in the root block, larger ones from chunks that
//!   grow with the chain. The ledger costs two additions to memory of the calling thread.

mod allocator;
mod block;
mod buffer;
mod debug;
#[cfg(feature = "fault-injection")]
pub mod fault;
mod imalloc;
mod ledger;
mod owner;
mod registry;
mod thread;

pub use allocator::Allocator;
pub(crate) use block::root_size;
pub use buffer::MapiBuffer;
pub use debug::{DebugLevel, level, set_level};
pub use imalloc::{malloc_object, malloc_references};
pub use ledger::Usage;
pub use owner::{Owner, OwnerSlot};
pub use registry::{Fault, Finding, LiveBlock, findings, live_blocks, take_findings};
