//! Notifications: copies of them, and advise sinks.

mod copy;
mod sink;

pub use copy::*;
pub use sink::*;
