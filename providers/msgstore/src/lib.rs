//! The embedded message store of OpenMAPI: one SQLite file per store.
//!
//! [`engine`] is the store itself, safe Rust without COM. The provider that clients reach through MAPI is built on it.

pub mod engine;
