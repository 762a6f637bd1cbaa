//! The embedded message store of OpenMAPI: one SQLite file per store.
//!
//! [`engine`] is the store itself, safe Rust without COM; [`provider`] makes it a MAPI provider.

pub mod engine;
pub mod provider;

pub use provider::{MsgStoreProvider, built_in};

/// Its message service, as the text of a mapisvc.inf file.
pub const MAPISVC_INF: &str = include_str!("mapisvc.inf");
