//! The panic boundary.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mapi_types::{Error, ErrorCode, Result};

/// Runs `body` and turns a panic into MAPI_E_CALL_FAILED: no panic crosses the ABI (OP-43, LIFE-MEM-009).
///
/// # Errors
/// What `body` returns, or MAPI_E_CALL_FAILED with the panic's text.
pub fn contain<R>(body: impl FnOnce() -> Result<R>) -> Result<R> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        let text = payload
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "panic".to_owned());
        Err(Error::system(ErrorCode::CALL_FAILED).context(format!("internal error: {text}")))
    })
}
