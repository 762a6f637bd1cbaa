//! The `mapi` program.
fn main() {}
