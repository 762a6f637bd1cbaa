//! Exemplary providers: they obey every rule that binds a provider, and write down themselves what happens to them.
//!
//! `cpp/` is an address book and a message store in one C++ library, written against the headers in `include/`. Tests compare what
//! MAPI says it did with the log that this library wrote: [`Installed`] gives each test a copy with a log of its own.

#![allow(unsafe_code)] // dlopen

mod installed;
mod log;

pub use installed::{Installed, cpp_library, load_and_unload, store_entry_id, store_uid};
pub use log::{Line, Log, Phase};
