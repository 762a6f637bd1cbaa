//! Names of the result codes, sorted by value.

pub(crate) const NAMES: &[(u32, &str)] = &[(0, "S_OK")];
