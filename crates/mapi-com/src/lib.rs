//! The only door across the ABI: what MAPI and its providers hand each other passes through this crate.
//!
//! - [`trampoline`]: calls into foreign code, with its exceptions stopped and its time limited.
#![allow(unsafe_code)] // this crate is one of the few places for it; each block says why it is sound

pub mod trampoline;
