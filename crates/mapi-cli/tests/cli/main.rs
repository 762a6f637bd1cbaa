//! The program as people run it: in a home of its own, with nothing else in its environment.

#![allow(clippy::unwrap_used)] // what goes wrong here is a failed test

mod admin;
mod common;
mod demo;
mod export;
mod import;
mod mail;
mod output;
