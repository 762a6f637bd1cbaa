//! Tables in memory, through their public door.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

mod data;
mod fixture;
mod model;
mod order;
mod position;
mod sinks;
