//! MNLS_: UTF-16 text without a C library that knows it; and MapStorageSCode.

use std::cmp::Ordering;

use mapi_sys::*;
use mapi_types::{ErrorCode, Result};

use crate::guard::{bad, or};

/// # Safety
/// `text` is null or ends.
unsafe fn units<'a>(text: LPCWSTR) -> Result<&'a [u16]> {
    if text.is_null() {
        return Err(bad("a text is NULL"));
    }
    let mut length = 0;
    // SAFETY: by the contract above.
    unsafe {
        while *text.add(length) != 0 {
            length += 1;
        }
        Ok(std::slice::from_raw_parts(text, length))
    }
}

/// MNLS_lstrlenW: the units before the zero; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MNLS_lstrlenW(text: LPCWSTR) -> i32 {
    or("MNLS_lstrlenW", 0, || {
        // SAFETY: as the page says.
        let length = unsafe { units(text)? }.len();
        i32::try_from(length).map_err(|_| ErrorCode::TOO_BIG.into())
    })
}

/// MNLS_lstrcmpW: below zero, zero, or above, in the order of characters.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MNLS_lstrcmpW(a: LPCWSTR, b: LPCWSTR) -> i32 {
    or("MNLS_lstrcmpW", 0, || {
        // SAFETY: as the page says. NULL stands before every text.
        let order = unsafe { units(a).ok().cmp(&units(b).ok()) };
        Ok(match order {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        })
    })
}

/// MNLS_lstrcpyW: a copy with its zero; the answer is its place, NULL if there is nothing to copy or no place.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MNLS_lstrcpyW(to: LPWSTR, from: LPCWSTR) -> LPWSTR {
    or("MNLS_lstrcpyW", std::ptr::null_mut(), || {
        if to.is_null() {
            return Err(bad("no room for the copy"));
        }
        // SAFETY: as the page says: there is room for the text and its zero.
        unsafe {
            let text = units(from)?;
            to.copy_from(text.as_ptr(), text.len() + 1);
        }
        Ok(to)
    })
}

/// MNLS_IsBadStringPtrW: whether there is no text: NULL, or no zero within `most` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MNLS_IsBadStringPtrW(text: LPCWSTR, most: UINT) -> BOOL {
    if text.is_null() {
        return 1;
    }
    // SAFETY: as the page says; nothing is read behind a zero.
    let ends = (0..most as usize).any(|i| unsafe { *text.add(i) } == 0);
    BOOL::from(!ends)
}

/// MapStorageSCode: what an error of OLE storage is called in MAPI.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MapStorageSCode(code: SCODE) -> SCODE {
    if code >= 0 {
        return code;
    }
    // STG_E_ codes of objbase.h.
    match code.cast_unsigned() {
        0x8003_0002 | 0x8003_0003 => MAPI_E_NOT_FOUND,
        0x8003_0004 => MAPI_E_NOT_ENOUGH_RESOURCES,
        0x8003_0005 | 0x8003_0013 | 0x8003_0020 | 0x8003_0021 => MAPI_E_NO_ACCESS,
        0x8003_0008 => MAPI_E_NOT_ENOUGH_MEMORY,
        0x8003_0019 | 0x8003_001D | 0x8003_001E => MAPI_E_DISK_ERROR,
        0x8003_0050 => MAPI_E_COLLISION,
        0x8003_0057 => MAPI_E_INVALID_PARAMETER,
        0x8003_0070 => MAPI_E_NOT_ENOUGH_DISK,
        _ => MAPI_E_CALL_FAILED,
    }
}
