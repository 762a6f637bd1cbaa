//! Tables: all rows at once, more columns, and tables of one's own.

mod create;
mod display;
mod read;

pub use create::*;
pub use display::*;
pub use read::*;

pub(crate) use create::only;
