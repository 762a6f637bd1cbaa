//! Small functions over zero-terminated texts. LPTSTR is 8-bit here, as everywhere without MAPI_UNICODE.

use std::ffi::CStr;

use mapi_sys::{BOOL, LPCTSTR, LPTSTR, UINT, ULONG, USHORT};
use mapi_types::Result;

use crate::guard::{bad, or};

/// The bytes before the zero.
///
/// # Safety
/// `text` is null or ends.
pub(crate) unsafe fn bytes_of<'a>(text: LPCTSTR) -> Result<&'a [u8]> {
    if text.is_null() {
        return Err(bad("a text is NULL"));
    }
    // SAFETY: by the contract above.
    Ok(unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// # Safety
/// As [`bytes_of`].
unsafe fn found(
    call: &'static str,
    text: LPCTSTR,
    find: impl FnOnce(&[u8]) -> Option<usize>,
) -> LPTSTR {
    or(call, std::ptr::null_mut(), || {
        // SAFETY: by the contract above; the place lies within the text.
        unsafe {
            let at = find(bytes_of(text)?);
            Ok(at.map_or(std::ptr::null_mut(), |at| text.add(at).cast_mut()))
        }
    })
}

/// SzFindCh: where the character first stands. NULL if nowhere.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SzFindCh(text: LPCTSTR, character: USHORT) -> LPTSTR {
    // SAFETY: as the page says.
    unsafe {
        found("SzFindCh", text, |bytes| {
            bytes.iter().position(|b| u16::from(*b) == character)
        })
    }
}

/// SzFindLastCh: where the character stands last. NULL if nowhere.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SzFindLastCh(text: LPCTSTR, character: USHORT) -> LPTSTR {
    // SAFETY: as the page says.
    unsafe {
        found("SzFindLastCh", text, |bytes| {
            bytes.iter().rposition(|b| u16::from(*b) == character)
        })
    }
}

/// SzFindSz: where the key first stands. NULL if nowhere.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SzFindSz(text: LPCTSTR, key: LPCTSTR) -> LPTSTR {
    or("SzFindSz", std::ptr::null_mut(), || {
        // SAFETY: as the page says.
        let key = unsafe { bytes_of(key)? };
        // SAFETY: as above.
        Ok(unsafe {
            found("SzFindSz", text, |bytes| {
                let fits = |at: &usize| bytes[*at..].starts_with(key);
                (0..=bytes.len()).find(fits)
            })
        })
    })
}

/// # Safety
/// As [`bytes_of`].
unsafe fn number(call: &'static str, text: LPCTSTR, base: u32) -> u32 {
    or(call, 0, || {
        // SAFETY: by the contract above.
        let bytes = unsafe { bytes_of(text)? };
        let digits = bytes.iter().map_while(|b| char::from(*b).to_digit(base));
        Ok(digits.fold(0_u32, |n, digit| n.wrapping_mul(base).wrapping_add(digit)))
    })
}

/// UFromSz: the decimal number that a text begins with, 0 if with none.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn UFromSz(text: LPCTSTR) -> UINT {
    // SAFETY: as the page says.
    unsafe { number("UFromSz", text, 10) }
}

/// UlFromSzHex: the hexadecimal number that a text begins with, 0 if with none.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn UlFromSzHex(text: LPCTSTR) -> ULONG {
    // SAFETY: as the page says.
    unsafe { number("UlFromSzHex", text, 16) }
}

/// IsBadBoundedStringPtr: whether there is no text: no zero within `most` bytes. Off Windows only NULL can be told from a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn IsBadBoundedStringPtr(
    text: *const std::ffi::c_void,
    most: UINT,
) -> BOOL {
    let text = text.cast::<u8>();
    if text.is_null() {
        return 1;
    }
    // SAFETY: as the page says; nothing is read behind a zero.
    let ends = (0..most as usize).any(|i| unsafe { text.add(i).read() } == 0);
    BOOL::from(!ends)
}
