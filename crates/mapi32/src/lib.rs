//! The C entry points of MAPI: `libmapi32.so`, `mapi32.dll`.
//!
//! Every function of `abi/exports.json` that mapi32 has and whose signature is known, under its own name and no other symbol;
//! `generated` makes the compiler compare each with the data. What a function does is the reference page's word: the page of
//! `FPropExists` is `fpropexists.md`. What needs TNEF, messages on IStorage, forms, dialogs or Windows itself is in
//! [`unbuilt`], and answers a refusal.
//!
//! # Safety
//! As everywhere in C: pointers are NULL, or what the reference says they are. What can be seen to be wrong (NULL, counts that
//! cannot be, unknown flags, a call before MAPIInitialize) answers the documented code, and no panic leaves a function.
#![allow(unsafe_code)] // the door to C; each block says why it is sound
#![allow(non_snake_case)] // the names are MAPI's
#![allow(clippy::missing_safety_doc)] // one contract for all, above

pub mod alloc;
pub mod entry_id;
mod generated;
mod guard;
pub mod hex;
pub mod idle;
pub mod init;
pub mod national;
pub mod notify;
pub mod props;
pub mod rtf;
pub mod simple;
pub mod stream;
pub mod strings;
pub mod tables;
pub mod time;
pub mod unbuilt;
pub mod validate;

pub use alloc::*;
pub use entry_id::*;
pub use hex::*;
pub use idle::*;
pub use init::*;
pub use national::*;
pub use notify::*;
pub use props::*;
pub use rtf::*;
pub use simple::*;
pub use stream::*;
pub use strings::*;
pub use tables::*;
pub use time::*;
pub use unbuilt::*;
pub use validate::*;
