//! MAPINAMEID.

use mapi_sys::{GUID, LPMAPINAMEID, MAPINAMEID, MAPINAMEID_Kind, MNID_ID, MNID_STRING};
use mapi_types::{Error, ErrorCode, NamedProp, PropName, Result};

use super::reader::{Reader, not_null};
use super::value::{guid_in, guid_out};
use super::writer::{Place, Writer};
use crate::alloc::{Allocator, MapiBuffer};

/// Reads an array of pointers to names; `None` where a pointer is null (a tag without a name).
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for a name without property set, of another kind, or with text that is not well-formed.
///
/// # Safety
/// `names` is null or points to `count` pointers, each null or to a MAPINAMEID whose pointers are valid.
pub unsafe fn read_names(count: u32, names: *const LPMAPINAMEID) -> Result<Vec<Option<NamedProp>>> {
    let mut reader = Reader::new();
    // SAFETY: by the contract above.
    unsafe {
        let pointers = reader.array(names, count, |p| p)?;
        let read = |name: LPMAPINAMEID| {
            if name.is_null() {
                Ok(None)
            } else {
                read_name(&mut reader, &name.read_unaligned()).map(Some)
            }
        };
        pointers.into_iter().map(read).collect()
    }
}

/// # Safety
/// The pointers of `name` are valid.
unsafe fn read_name(reader: &mut Reader, name: &MAPINAMEID) -> Result<NamedProp> {
    let invalid = |text: &str| Error::caller(ErrorCode::INVALID_PARAMETER).context(text);
    not_null(name.lpguid)?;
    reader.spend::<NamedProp>(1)?;
    // SAFETY: by the contract above; the member of the union is the one that ulKind stands for.
    unsafe {
        let set = guid_in(name.lpguid.read_unaligned());
        let name = match name.ulKind {
            MNID_ID => PropName::Id(name.Kind.lID.cast_unsigned()),
            MNID_STRING => {
                let units = reader.unicode(name.Kind.lpwstrName)?.to_utf16();
                let text = String::from_utf16(&units);
                PropName::Name(text.map_err(|_| invalid("the name is not well-formed"))?)
            }
            _ => return Err(invalid("the name is neither MNID_ID nor MNID_STRING")),
        };
        Ok(NamedProp { set, name })
    }
}

/// Writes an array of pointers to names into one block.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn write_names<'a>(
    allocator: Allocator,
    names: impl ExactSizeIterator<Item = Option<&'a NamedProp>> + Clone,
) -> Result<MapiBuffer<LPMAPINAMEID>> {
    Writer::build(allocator, |w| {
        let pointers: Place<LPMAPINAMEID> = w.reserve(names.len())?;
        for (i, name) in names.clone().enumerate() {
            let pointer = match name {
                Some(name) => put_name(w, name)?,
                None => std::ptr::null_mut(),
            };
            pointers.set(i, pointer);
        }
        Ok(())
    })
}

fn put_name(w: &mut Writer, name: &NamedProp) -> Result<LPMAPINAMEID> {
    let place: Place<MAPINAMEID> = w.reserve(1)?;
    let set: *mut GUID = w.convert(&[name.set], guid_out)?;
    let (kind, value) = match &name.name {
        PropName::Id(id) => {
            // All of the union is written: lID is the smaller member.
            let mut value = MAPINAMEID_Kind { lID_Reserved: 0 };
            value.lID = id.cast_signed();
            (MNID_ID, value)
        }
        PropName::Name(text) => {
            let text = w.unicode_str(text)?;
            (MNID_STRING, MAPINAMEID_Kind { lpwstrName: text })
        }
    };
    place.set(
        0,
        MAPINAMEID {
            lpguid: set,
            ulKind: kind,
            Kind: value,
        },
    );
    Ok(place.pointer())
}
