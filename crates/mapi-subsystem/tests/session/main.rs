//! Sessions from logon to the report, through the interfaces that clients have.

#![allow(clippy::unwrap_used)] // a test that cannot go on fails

mod basics;
mod buffers;
mod child;
mod down;
mod end;
mod entry;
mod fast;
mod hang;
mod logon;
mod probe;
mod profile;
mod race;
mod sabotage;
mod sinks;
mod support;
mod swap;
mod vices;
mod world;
