//! Properties: what they point to, copies of them, comparison, and one at a time.

mod compare;
mod copy;
mod find;
mod pointees;

pub use compare::*;
pub use copy::*;
pub use find::*;
pub(crate) use pointees::{
    Copier, Counter, Measure, Relocator, aligned, block, narrow_len, pointees, text, wide_len,
};
