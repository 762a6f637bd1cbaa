//! Sessions from logon to the report, through the interfaces that clients have.

#![allow(clippy::unwrap_used)] // a test that cannot go on fails

mod basics;
mod down;
mod profile;
mod sabotage;
mod vices;
mod world;
