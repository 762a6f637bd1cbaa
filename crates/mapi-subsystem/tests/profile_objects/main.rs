//! Profiles through their COM interfaces: every call goes through a vtable.

#![allow(clippy::unwrap_used)] // these are tests, and their helpers

mod admin;
mod common;
mod entry;
mod sections;
mod tables;
