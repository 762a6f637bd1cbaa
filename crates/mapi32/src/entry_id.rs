//! Entry identifiers: wrapped ones of stores, compound ones of objects in stores, and conversation indexes.

use mapi_com::alloc::Allocator;
use mapi_com::convert::{bytes_ref, copy_out, entry_in, object_in, put, put_entry_id};
use mapi_com::iface::{MapiSession, MapiTable};
use mapi_com::marshal::read_text;
use mapi_subsystem::wrap_store_entry_id;
use mapi_sys::*;
use mapi_types::{EntryId, Error, ErrorCode, FileTime, MapiUid, PropValue, Result, tag};

use crate::guard::{bad, hr, known_flags, output};
use crate::hex::{entry_id_in, text_out};

/// WrapStoreEntryID: a store's identifier with the name of its provider's library.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WrapStoreEntryID(
    flags: ULONG,
    library: LPTSTR,
    size: ULONG,
    id: LPENTRYID,
    wrapped_size: *mut ULONG,
    wrapped: *mut LPENTRYID,
) -> HRESULT {
    hr("WrapStoreEntryID", || {
        // SAFETY: as the page says.
        unsafe {
            output(wrapped_size, 0)?;
            output(wrapped, std::ptr::null_mut())?;
            known_flags(flags, MAPI_UNICODE)?;
            let made = wrap_store_entry_id(&read_text(library, flags)?, &entry_in(size, id)?)?;
            put_entry_id(Allocator::local(), &made, wrapped_size, wrapped)
        }
    })
}

/// The MAPIUID of compound identifiers: our own, since no page shows their form.
const COMPOUND: MapiUid = MapiUid(*b"OpenMAPI compnd.");

/// A store's record key and the identifier of an object in it; just the identifier if there is no store.
fn compose(record_key: &[u8], id: EntryId) -> Result<EntryId> {
    if id.is_empty() {
        return Err(bad("the object's entry identifier is empty"));
    }
    if record_key.is_empty() {
        return Ok(id);
    }
    let size = u32::try_from(record_key.len()).map_err(|_| ErrorCode::TOO_BIG)?;
    let mut data = size.to_le_bytes().to_vec();
    data.extend_from_slice(record_key);
    data.extend_from_slice(id.as_bytes());
    Ok(EntryId::new(COMPOUND, &data))
}

/// Both parts of a compound identifier. `None` if it is none.
fn split(id: &EntryId) -> Result<Option<(&[u8], EntryId)>> {
    if id.uid() != Some(COMPOUND) {
        return Ok(None);
    }
    let damaged =
        || Error::caller(ErrorCode::INVALID_ENTRYID).context("damaged compound identifier");
    let (size, rest) = id.data().split_first_chunk::<4>().ok_or_else(damaged)?;
    let size = u32::from_le_bytes(*size) as usize;
    let (key, inner) = rest.split_at_checked(size).ok_or_else(damaged)?;
    if inner.is_empty() {
        return Err(damaged());
    }
    Ok(Some((key, EntryId::from(inner))))
}

/// The identifier of the store of a session that has this record key.
///
/// # Safety
/// `session` is null or a session.
unsafe fn store_of(session: LPMAPISESSION, record_key: &[u8]) -> Result<EntryId> {
    // SAFETY: by the contract above.
    let session = unsafe { object_in(session)? };
    let table = session.get_msg_stores_table(MAPI_UNICODE)?;
    table.set_columns(&[tag::PR_RECORD_KEY, tag::PR_ENTRYID], 0)?;
    let wanted = PropValue::Binary(record_key.to_vec());
    let rows = table.query_rows(i32::MAX, 0)?;
    let row = rows
        .iter()
        .find(|row| row.get(tag::PR_RECORD_KEY) == Some(&wanted));
    let found = row
        .and_then(|row| row.get(tag::PR_ENTRYID)?.as_bytes())
        .map(EntryId::from);
    found.ok_or_else(|| {
        Error::caller(ErrorCode::NOT_FOUND).context("no store of the session has this record key")
    })
}

/// HrComposeEID: one identifier of an object in a store, from the store's record key and the object's own.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HrComposeEID(
    _session: LPMAPISESSION,
    key_size: ULONG,
    record_key: LPBYTE,
    id_size: ULONG,
    id: LPENTRYID,
    size: *mut ULONG,
    composed: *mut LPENTRYID,
) -> HRESULT {
    hr("HrComposeEID", || {
        // SAFETY: as the page says.
        unsafe {
            output(size, 0)?;
            output(composed, std::ptr::null_mut())?;
            let made = compose(bytes_ref(record_key, key_size)?, entry_in(id_size, id)?)?;
            put_entry_id(Allocator::local(), &made, size, composed)
        }
    })
}

/// HrComposeMsgID: as HrComposeEID, as text.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HrComposeMsgID(
    _session: LPMAPISESSION,
    key_size: ULONG,
    record_key: LPBYTE,
    id_size: ULONG,
    id: LPENTRYID,
    text: *mut LPTSTR,
) -> HRESULT {
    hr("HrComposeMsgID", || {
        // SAFETY: as the page says.
        unsafe {
            output(text, std::ptr::null_mut())?;
            let made = compose(bytes_ref(record_key, key_size)?, entry_in(id_size, id)?)?;
            text.write(text_out(made.as_bytes())?);
        }
        Ok(())
    })
}

/// The two outputs of a decomposition.
struct Parts {
    store_size: *mut ULONG,
    store: *mut LPENTRYID,
    object_size: *mut ULONG,
    object: *mut LPENTRYID,
}

impl Parts {
    /// # Safety
    /// All four are places or null.
    unsafe fn preset(&self) -> Result<()> {
        // SAFETY: by the contract above.
        unsafe {
            output(self.store_size, 0)?;
            output(self.store, std::ptr::null_mut())?;
            output(self.object_size, 0)?;
            output(self.object, std::ptr::null_mut())
        }
    }

    /// What is not compound is the object's own identifier.
    ///
    /// # Safety
    /// All four are places; `session` is null or a session.
    unsafe fn fill(&self, session: LPMAPISESSION, id: &EntryId) -> Result<()> {
        let allocator = Allocator::local();
        // SAFETY: by the contract above.
        unsafe {
            let Some((key, object)) = split(id)? else {
                return put_entry_id(allocator, id, self.object_size, self.object);
            };
            let store = store_of(session, key)?;
            put_entry_id(allocator, &object, self.object_size, self.object)?;
            put_entry_id(allocator, &store, self.store_size, self.store)
        }
    }
}

/// HrDecomposeEID: the identifiers of the store and of the object. The input stays the caller's: where it lies nobody can know.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HrDecomposeEID(
    session: LPMAPISESSION,
    size: ULONG,
    id: LPENTRYID,
    store_size: *mut ULONG,
    store: *mut LPENTRYID,
    object_size: *mut ULONG,
    object: *mut LPENTRYID,
) -> HRESULT {
    hr("HrDecomposeEID", || {
        let parts = Parts {
            store_size,
            store,
            object_size,
            object,
        };
        // SAFETY: as the page says.
        unsafe {
            parts.preset()?;
            parts.fill(session, &entry_in(size, id)?)
        }
    })
}

/// HrDecomposeMsgID: as HrDecomposeEID, from text.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HrDecomposeMsgID(
    session: LPMAPISESSION,
    text: LPTSTR,
    store_size: *mut ULONG,
    store: *mut LPENTRYID,
    object_size: *mut ULONG,
    object: *mut LPENTRYID,
) -> HRESULT {
    hr("HrDecomposeMsgID", || {
        let parts = Parts {
            store_size,
            store,
            object_size,
            object,
        };
        // SAFETY: as the page says.
        unsafe {
            parts.preset()?;
            parts.fill(session, &entry_id_in(text)?)
        }
    })
}

/// ScCreateConversationIndex: the index of a new conversation, or of an answer to `parent` (layout of MS-OXOMSG, 2.2.1.3).
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ScCreateConversationIndex(
    parent_size: ULONG,
    parent: LPBYTE,
    size: *mut ULONG,
    index: *mut LPBYTE,
) -> SCODE {
    hr("ScCreateConversationIndex", || {
        // SAFETY: as the page says.
        unsafe {
            output(size, 0)?;
            output(index, std::ptr::null_mut())?;
            let made = mapi_types::conversation_index(
                bytes_ref(parent, parent_size)?,
                FileTime::now(),
                *uuid::Uuid::new_v4().as_bytes(),
            );
            index.write(copy_out(Allocator::local(), &made)?);
            put(
                size,
                u32::try_from(made.len()).map_err(|_| ErrorCode::TOO_BIG)?,
            );
        }
        Ok(())
    })
}
