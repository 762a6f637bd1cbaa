//! Strings (LPTSTR): UTF-16 with MAPI_UNICODE, else 8-bit.

use mapi_sys::{LPTSTR, MAPI_UNICODE};
use mapi_types::{Result, decode_8bit};

use super::reader::Reader;
use super::writer::Writer;
use crate::alloc::{Allocator, MapiBuffer};

/// Reads a string. 8-bit ones are taken for UTF-8, or where they are not, for Windows-1252; a lone surrogate becomes U+FFFD.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for a null pointer, MAPI_E_TOO_BIG.
///
/// # Safety
/// `text` is null or points to a zero-terminated string, of 16-bit units if `flags` has MAPI_UNICODE.
pub unsafe fn read_text(text: LPTSTR, flags: u32) -> Result<String> {
    let mut reader = Reader::new();
    // SAFETY: by the contract above.
    unsafe {
        if flags & MAPI_UNICODE != 0 {
            Ok(reader.unicode(text.cast())?.into_string())
        } else {
            Ok(decode_8bit(&reader.string8(text.cast())?))
        }
    }
}

/// As [`read_text`]; a null pointer is `None`.
///
/// # Errors
/// MAPI_E_TOO_BIG.
///
/// # Safety
/// As [`read_text`].
pub unsafe fn read_text_opt(text: LPTSTR, flags: u32) -> Result<Option<String>> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: by the contract above.
    unsafe { read_text(text, flags) }.map(Some)
}

/// The UTF-16 units of a string with a terminating zero: an argument of a call with MAPI_UNICODE.
#[must_use]
pub fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// Writes a string as `flags` say; 8-bit ones are UTF-8.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn write_text(allocator: Allocator, text: &str, flags: u32) -> Result<MapiBuffer<u8>> {
    Writer::build(allocator, |w| put_text(w, text, flags).map(drop))
}

pub(super) fn put_text(w: &mut Writer, text: &str, flags: u32) -> Result<LPTSTR> {
    if flags & MAPI_UNICODE != 0 {
        Ok(w.unicode_str(text)?.cast())
    } else {
        Ok(w.string8(text.as_bytes())?.cast())
    }
}
