//! Small pieces that exports and imports are made of: outputs, byte ranges, result codes.

use mapi_sys::Interface;
use mapi_types::{EntryId, Error, ErrorCode, Guid, MapiUid, Result};

use crate::alloc::Allocator;
use crate::iface::OpenedEntry;
use crate::ptr::{ComPtr, guid_from_abi};

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

/// An entry identifier of the caller's; empty for a null pointer or no bytes.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for a null pointer with a size.
///
/// # Safety
/// `id` is null or valid for reading `size` bytes.
pub unsafe fn entry_in(size: u32, id: *const mapi_sys::ENTRYID) -> Result<EntryId> {
    // SAFETY: by the contract above.
    Ok(EntryId::from(unsafe { bytes_ref(id.cast(), size) }?))
}

/// An interface identifier of the caller's; `None` for null.
///
/// # Safety
/// `guid` is null or points to a GUID.
pub unsafe fn guid_in(guid: *const mapi_sys::GUID) -> Option<Guid> {
    // SAFETY: by the contract above.
    unsafe { guid.as_ref() }.map(guid_from_abi)
}

/// A MAPIUID of the caller's; `None` for null.
///
/// # Safety
/// `uid` is null or points to 16 bytes.
pub unsafe fn uid_in(uid: *const mapi_sys::MAPIUID) -> Option<MapiUid> {
    // SAFETY: by the contract above; a MAPIUID is 16 bytes.
    unsafe { uid.cast::<[u8; 16]>().as_ref() }.map(|bytes| MapiUid(*bytes))
}

/// An object that the caller lends us, with a reference of our own.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for null.
///
/// # Safety
/// `object` is null or an object of `I` that lives during the call.
pub unsafe fn object_in<I: Interface>(object: *mut I) -> Result<ComPtr<I>> {
    // SAFETY: by the contract above.
    unsafe { ComPtr::from_borrowed(object) }.ok_or_else(|| {
        Error::caller(ErrorCode::INVALID_PARAMETER).context(format!("{} is NULL", I::NAME))
    })
}

/// Gives an object out.
///
/// # Safety
/// As [`put`]; `place` is not null (see [`required`]).
pub unsafe fn put_object<I: Interface>(place: *mut *mut I, object: ComPtr<I>) {
    // SAFETY: by the contract above; the reference goes to the caller.
    unsafe { place.write(object.into_raw()) };
}

/// Gives what OpenEntry found out.
///
/// # Safety
/// As [`put`]; `object` is not null.
pub unsafe fn put_entry(kind: *mut u32, object: *mut *mut mapi_sys::IUnknown, opened: OpenedEntry) {
    // SAFETY: by the contract above.
    unsafe {
        put(kind, opened.object_type);
        put_object(object, opened.object);
    }
}

/// Gives an entry identifier out, in a block of its own.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for a null output, MAPI_E_NOT_ENOUGH_MEMORY.
///
/// # Safety
/// As [`put`].
pub unsafe fn put_entry_id(
    allocator: Allocator,
    id: &EntryId,
    size: *mut u32,
    out: *mut mapi_sys::LPENTRYID,
) -> Result<()> {
    required(size)?;
    required(out)?;
    let block = copy_out(allocator, id.as_bytes())?;
    // SAFETY: checked for null; by the contract above.
    unsafe {
        size.write(u32::try_from(id.as_bytes().len()).map_err(|_| ErrorCode::TOO_BIG)?);
        out.write(block.cast());
    }
    Ok(())
}

/// Bytes in a block of their own; null for none.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn copy_out(allocator: Allocator, bytes: &[u8]) -> Result<*mut u8> {
    if bytes.is_empty() {
        return Ok(std::ptr::null_mut());
    }
    let block = allocator.allocate(bytes.len())?;
    // SAFETY: the block is new and as long as the bytes.
    unsafe {
        block
            .as_ptr()
            .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len())
    };
    Ok(block.as_ptr())
}
