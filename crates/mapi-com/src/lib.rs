//! The only door across the ABI.
//!
//! Everything that a vtable, a raw pointer or a foreign thread could do to us is handled here, once:
//!
//! - [`ptr`]: `ComPtr` owns a reference, nothing else does.
//! - [`shell`]: our COM objects. A shell is a block from MAPI's allocator with vtable and count in its first 16 bytes, so
//!   that MakeInvalid works on it. What it does is a safe trait object inside.
//! - [`scope`]: every shell belongs to one: its session or its logon. The scope refuses calls when it closes, waits for
//!   running ones, and is the census of what is still open.
//! - [`boundary`]: the one place where a panic becomes an HRESULT.
//! - [`marshal`]: values across the ABI, exactly and in both directions.
//! - [`trampoline`]: calls into foreign code, with its exceptions stopped and its time limited.
//! - [`marshal`]: the structures of the headers from and to safe values, exactly.
//! - [`host_call`]: the calls that MAPI makes on providers to start and to end them.
//! - [`entry`]: MSProviderInit and ABProviderInit, for whoever writes a provider.
//! - [`iface`]: one file per COM interface: a safe trait, its export (vtable) and its import (proxy).
#![allow(unsafe_code)] // this crate is one of the few places for it; each block says why it is sound

pub mod alloc;
pub mod boundary;
pub mod convert;
pub mod entry;
pub mod gate;
mod head;
pub mod host_call;
pub mod iface;
pub mod invalid;
pub mod marshal;
pub mod ptr;
pub mod scope;
pub mod shell;
pub mod trampoline;
mod wire;
