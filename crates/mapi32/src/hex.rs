//! Bytes as hexadecimal text, and back.

use mapi_com::alloc::Allocator;
use mapi_com::convert::{bytes_ref, put_entry_id};
use mapi_sys::{BOOL, HRESULT, LPBYTE, LPENTRYID, LPTSTR, SCODE, ULONG};
use mapi_types::{EntryId, Error, ErrorCode, Result, hex};

use crate::guard::{bad, hr, or, output};
use crate::strings::bytes_of;

/// MAPI writes capital digits.
fn encode(bytes: &[u8]) -> Vec<u8> {
    hex::encode(bytes).to_ascii_uppercase().into_bytes()
}

/// FBinFromHex: writes the bytes that a text stands for. FALSE, and nothing written, if it is not hexadecimal.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FBinFromHex(text: LPTSTR, bytes: LPBYTE) -> BOOL {
    or("FBinFromHex", 0, || {
        // SAFETY: as the page says: there is room for half the text.
        unsafe { write(text, bytes, usize::MAX)? };
        Ok(1)
    })
}

/// ScBinFromHexBounded: as FBinFromHex, for at most `size` bytes. MAPI_E_CALL_FAILED if it does not go.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ScBinFromHexBounded(
    text: LPTSTR,
    bytes: LPBYTE,
    size: ULONG,
) -> SCODE {
    hr("ScBinFromHexBounded", || {
        // SAFETY: as the page says.
        unsafe { write(text, bytes, size as usize) }
    })
}

/// # Safety
/// `text` is null or ends; `to` is null or has room for `room` bytes, or for what the text stands for.
unsafe fn write(text: LPTSTR, to: LPBYTE, room: usize) -> Result<()> {
    let failed = || Error::caller(ErrorCode::CALL_FAILED).context("no hexadecimal text that fits");
    // SAFETY: by the contract above.
    unsafe {
        let bytes = hex::decode(bytes_of(text)?).ok_or_else(failed)?;
        if bytes.len() > room || to.is_null() {
            return Err(failed());
        }
        to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
    }
    Ok(())
}

/// HexFromBin: writes two digits for each byte, and a zero.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HexFromBin(bytes: LPBYTE, count: i32, text: LPTSTR) {
    or("HexFromBin", (), || {
        if text.is_null() {
            return Err(bad("no room for the text"));
        }
        // SAFETY: as the page says.
        unsafe {
            let count = u32::try_from(count).map_err(|_| bad("a negative size"))?;
            put_text(&encode(bytes_ref(bytes, count)?), text);
        }
        Ok(())
    });
}

/// # Safety
/// `to` has room for the bytes and a zero.
unsafe fn put_text(bytes: &[u8], to: LPTSTR) {
    // SAFETY: by the contract above.
    unsafe {
        to.cast::<u8>()
            .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        to.add(bytes.len()).write(0);
    }
}

/// An entry identifier as text in a block of its own.
pub(crate) fn text_out(id: &[u8]) -> Result<LPTSTR> {
    let text = encode(id);
    let block = Allocator::local().allocate(text.len() + 1)?;
    // SAFETY: the block has just that room.
    unsafe { put_text(&text, block.as_ptr().cast()) };
    Ok(block.as_ptr().cast())
}

/// The entry identifier that a text stands for.
///
/// # Errors
/// MAPI_E_INVALID_ENTRYID.
///
/// # Safety
/// `text` is null or ends.
pub(crate) unsafe fn entry_id_in(text: LPTSTR) -> Result<EntryId> {
    // SAFETY: by the contract above.
    let bytes = hex::decode(unsafe { bytes_of(text)? }).filter(|bytes| !bytes.is_empty());
    bytes.map(EntryId::from).ok_or_else(|| {
        Error::caller(ErrorCode::INVALID_ENTRYID).context("no hexadecimal entry identifier")
    })
}

/// HrEntryIDFromSz: the entry identifier that a text stands for, in a block of its own.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HrEntryIDFromSz(
    text: LPTSTR,
    size: *mut ULONG,
    id: *mut LPENTRYID,
) -> HRESULT {
    hr("HrEntryIDFromSz", || {
        // SAFETY: as the page says.
        unsafe {
            output(size, 0)?;
            output(id, std::ptr::null_mut())?;
            put_entry_id(Allocator::local(), &entry_id_in(text)?, size, id)
        }
    })
}

/// HrSzFromEntryID: an entry identifier as text, in a block of its own.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HrSzFromEntryID(
    size: ULONG,
    id: LPENTRYID,
    text: *mut LPTSTR,
) -> HRESULT {
    hr("HrSzFromEntryID", || {
        // SAFETY: as the page says.
        unsafe {
            output(text, std::ptr::null_mut())?;
            text.write(text_out(bytes_ref(id.cast(), size)?)?);
        }
        Ok(())
    })
}
