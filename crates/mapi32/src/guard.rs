//! What every entry point runs in: the panic boundary, and the trace of what was refused.

use mapi_com::boundary::contain;
use mapi_com::convert::required;
use mapi_sys::HRESULT;
use mapi_types::{Error, ErrorCode, Result};

/// Runs an entry point that answers an HRESULT or SCODE.
pub(crate) fn hr(call: &'static str, body: impl FnOnce() -> Result<()>) -> HRESULT {
    match contain(body) {
        Ok(()) => 0,
        Err(error) => {
            trace(call, &error);
            error.code().hresult()
        }
    }
}

/// Runs an entry point that answers something else: `otherwise` where it fails.
pub(crate) fn or<R>(call: &'static str, otherwise: R, body: impl FnOnce() -> Result<R>) -> R {
    contain(body).unwrap_or_else(|error| {
        trace(call, &error);
        otherwise
    })
}

/// At debug level: who called what wrongly, or what did not go.
pub(crate) fn trace(call: &'static str, error: &Error) {
    tracing::debug!(call, blame = ?error.blame(), %error);
}

/// MAPI_E_INVALID_PARAMETER, with what is wrong.
pub(crate) fn bad(what: &str) -> Error {
    Error::caller(ErrorCode::INVALID_PARAMETER).context(what)
}

/// Refuses bits that a function does not know.
pub(crate) fn known_flags(flags: u32, known: u32) -> Result<()> {
    if flags & !known != 0 {
        return Err(
            Error::caller(ErrorCode::UNKNOWN_FLAGS).context(format!("flags {:#x}", flags & !known))
        );
    }
    Ok(())
}

/// Refuses a null output, and gives it its value for the case of failure.
///
/// # Safety
/// `place` is null or valid for writing.
pub(crate) unsafe fn output<T>(place: *mut T, value: T) -> Result<()> {
    required(place)?;
    // SAFETY: by the contract above.
    unsafe { place.write(value) };
    Ok(())
}
