//! MakeInvalid, MAPI's side of it.

use std::ffi::c_void;

use mapi_types::{Error, Result};

/// IMAPISupport::MakeInvalid: not built yet.
///
/// # Errors
/// MAPI_E_NO_SUPPORT.
pub fn make_invalid(object: *mut c_void, references: u32, methods: u32) -> Result<()> {
    let _ = (object, references, methods);
    Err(Error::no_support())
}
