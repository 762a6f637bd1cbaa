//! Profiles through their public functions, in one process and in several.

#![allow(clippy::unwrap_used)] // these are tests, and their helpers

mod common;
mod invariants;
mod processes;
mod sections;
mod services;
mod sessions;
mod store;
