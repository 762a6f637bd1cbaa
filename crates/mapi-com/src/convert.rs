//! Small pieces that exports and imports are made of: outputs, byte ranges, result codes.

use mapi_sys::Interface;
use mapi_types::{Error, ErrorCode, Result};

use crate::ptr::ComPtr;

/// Writes an output if there is a place for it.
///
/// # Safety
/// `place` is null or valid for writing.
pub unsafe fn put<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: by the contract above.
        unsafe { place.write(value) };
    }
}

/// Gives an output its value for the case of failure.
///
/// # Safety
/// As [`put`].
pub unsafe fn preset<T>(place: *mut T, value: T) {
    // SAFETY: by the contract above.
    unsafe { put(place, value) };
}

/// Refuses a null output.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER.
pub fn required<T>(place: *mut T) -> Result<()> {
    if place.is_null() {
        return Err(
            Error::caller(ErrorCode::INVALID_PARAMETER).context("an output pointer is NULL")
        );
    }
    Ok(())
}

/// Bytes of the caller's.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for a null pointer with a size.
///
/// # Safety
/// `bytes` is null or valid for reading `size` bytes during `'a`.
pub unsafe fn bytes_ref<'a>(bytes: *const u8, size: u32) -> Result<&'a [u8]> {
    if size == 0 {
        return Ok(&[]);
    }
    if bytes.is_null() {
        return Err(ErrorCode::INVALID_PARAMETER.into());
    }
    // SAFETY: by the contract above.
    Ok(unsafe { std::slice::from_raw_parts(bytes, size as usize) })
}

/// A buffer of the caller's.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for a null pointer with a size.
///
/// # Safety
/// `bytes` is null or valid for writing `size` initialised bytes during `'a`, by nobody else.
pub unsafe fn bytes_mut<'a>(bytes: *mut u8, size: u32) -> Result<&'a mut [u8]> {
    if size == 0 {
        return Ok(&mut []);
    }
    if bytes.is_null() {
        return Err(ErrorCode::INVALID_PARAMETER.into());
    }
    // SAFETY: by the contract above.
    Ok(unsafe { std::slice::from_raw_parts_mut(bytes, size as usize) })
}

/// A failing HRESULT of a foreign object as an error that names the call.
///
/// # Errors
/// The code itself.
pub fn check(hr: i32, call: &str) -> Result<()> {
    if hr < 0 {
        return Err(Error::provider(ErrorCode::from_hresult(hr)).context(call));
    }
    Ok(())
}

/// An object that a call has given out; S_OK without one is MAPI_E_CALL_FAILED (OP-08).
///
/// # Errors
/// MAPI_E_CALL_FAILED for null.
///
/// # Safety
/// `raw` is null or an object of `I` whose reference is ours.
pub unsafe fn take<I: Interface>(raw: *mut I, call: &str) -> Result<ComPtr<I>> {
    // SAFETY: by the contract above.
    unsafe { ComPtr::from_raw(raw) }.ok_or_else(|| {
        Error::provider(ErrorCode::CALL_FAILED)
            .context(format!("{call} answered S_OK without an object"))
    })
}
