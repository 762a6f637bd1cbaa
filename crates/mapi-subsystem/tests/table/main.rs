//! Tables in memory, through their public door.
#![allow(clippy::unwrap_used, unsafe_code)] // helpers of tests are tests, and play the foreign side

mod com;
mod data;
mod fixture;
mod model;
mod order;
mod position;
mod sinks;
