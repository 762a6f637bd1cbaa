//! Wrapped store entry identifiers: a store's identifier together with the name of its provider's library.

use mapi_types::{EntryId, Error, ErrorCode, MapiUid, Result};

/// muidStoreWrap.
const STORE_WRAP: MapiUid = MapiUid([
    0x38, 0xA1, 0xBB, 0x10, 0x05, 0xE5, 0x10, 0x1A, 0xA1, 0xBB, 0x08, 0x00, 0x2B, 0x2A, 0x56, 0xC2,
]);

/// The MAPIUID of identifiers for stores that have not told theirs yet: MAPI makes them from the profile section, and the
/// provider gets none, so that its section decides.
const SECTION_STORE: MapiUid = MapiUid(*b"OpenMAPI section");

/// WrapStoreEntryID (layout of MS-OXCDATA, 2.2.4.3): version, flag, library name with its zero, padded to four bytes, then
/// the provider's own identifier.
///
/// # Errors
/// MAPI_E_INVALID_ENTRYID if there is nothing to wrap, MAPI_E_INVALID_PARAMETER for a library name with a zero in it.
pub fn wrap_store_entry_id(library: &str, entry_id: &EntryId) -> Result<EntryId> {
    if entry_id.is_empty() {
        return Err(Error::caller(ErrorCode::INVALID_ENTRYID)
            .context("the store's entry identifier is empty"));
    }
    if library.is_empty() || library.contains('\0') {
        return Err(
            Error::caller(ErrorCode::INVALID_PARAMETER).context("not the name of a library")
        );
    }
    let mut data = vec![0, 0];
    data.extend_from_slice(library.as_bytes());
    data.push(0);
    while data.len() % 4 != 0 {
        data.push(0);
    }
    data.extend_from_slice(entry_id.as_bytes());
    Ok(EntryId::new(STORE_WRAP, &data))
}

/// The library's name and the provider's own identifier.
///
/// # Errors
/// MAPI_E_UNKNOWN_ENTRYID if it is not wrapped, MAPI_E_INVALID_ENTRYID if it is damaged.
pub(crate) fn unwrap_store_entry_id(entry_id: &EntryId) -> Result<(String, EntryId)> {
    if entry_id.uid() != Some(STORE_WRAP) {
        return Err(Error::caller(ErrorCode::UNKNOWN_ENTRYID)
            .context("not the entry identifier of a store"));
    }
    let damaged =
        || Error::caller(ErrorCode::INVALID_ENTRYID).context("damaged store entry identifier");
    let data = entry_id.data();
    let name = data.get(2..).ok_or_else(damaged)?;
    let end = name
        .iter()
        .position(|byte| *byte == 0)
        .ok_or_else(damaged)?;
    let library = std::str::from_utf8(&name[..end]).map_err(|_| damaged())?;
    let inner = data
        .get((2 + end + 1).next_multiple_of(4)..)
        .filter(|rest| !rest.is_empty())
        .ok_or_else(damaged)?;
    Ok((library.to_owned(), EntryId::from(inner)))
}

/// The identifier of a store whose section has no PR_ENTRYID yet.
pub(crate) fn section_store_entry_id(section: &MapiUid) -> EntryId {
    EntryId::new(SECTION_STORE, &section.0)
}

/// The section in such an identifier.
pub(crate) fn section_of(entry_id: &EntryId) -> Option<MapiUid> {
    let ours = entry_id.uid() == Some(SECTION_STORE);
    ours.then(|| entry_id.data().try_into().ok().map(MapiUid))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_identifier_gives_both_parts_back() {
        let inner = EntryId::new(MapiUid([7; 16]), b"mailbox");
        for library in ["a", "MSGSTORE", "emsmdb.dll", "ein Geschäft"] {
            let wrapped = wrap_store_entry_id(library, &inner).unwrap();
            assert_eq!(wrapped.as_bytes().len() % 4, inner.as_bytes().len() % 4);
            assert_eq!(
                unwrap_store_entry_id(&wrapped).unwrap(),
                (library.to_owned(), inner.clone())
            );
        }
    }

    #[test]
    fn damage_is_an_error_at_every_length() {
        let wrapped = wrap_store_entry_id("MSGSTORE", &EntryId::from(&[9u8; 4][..])).unwrap();
        let bytes = wrapped.as_bytes();
        for length in 0..bytes.len() - 4 {
            assert!(
                unwrap_store_entry_id(&EntryId::from(&bytes[..length])).is_err(),
                "cut at {length}"
            );
        }
    }

    #[test]
    fn a_store_without_identifier_is_known_by_its_section() {
        let section = MapiUid([3; 16]);
        assert_eq!(section_of(&section_store_entry_id(&section)), Some(section));
        assert_eq!(
            section_of(&EntryId::new(MapiUid([1; 16]), &section.0)),
            None
        );
    }
}
