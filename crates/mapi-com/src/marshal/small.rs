//! Tags, sort orders, entry identifiers, problems.

use std::mem::offset_of;

use mapi_sys::{
    ENTRYID, ENTRYLIST, GUID, MAPIUID, SBinary, SPropProblem, SPropProblemArray, SPropTagArray,
    SSortOrder, SSortOrderSet, TABLE_SORT_ASCEND, TABLE_SORT_DESCEND,
};
use mapi_types::{EntryId, Error, ErrorCode, Guid, MapiUid, PropTag, Result, SortKey, SortOrder};

use super::reader::{Reader, not_null};
use super::value::{guid_in, put_binary};
use super::writer::{Place, Writer, count_of};
use crate::alloc::{Allocator, MapiBuffer};
use crate::iface::PropProblem;

/// Reads an SPropTagArray; null is `None`.
///
/// # Errors
/// MAPI_E_TOO_BIG.
///
/// # Safety
/// `tags` is null or points to an array of tags with its count.
pub unsafe fn read_tags(tags: *const SPropTagArray) -> Result<Option<Vec<PropTag>>> {
    if tags.is_null() {
        return Ok(None);
    }
    // SAFETY: by the contract above.
    unsafe {
        let count = (&raw const (*tags).cValues).read_unaligned();
        let first = (&raw const (*tags).aulPropTag).cast::<u32>();
        let mut reader = Reader::new();
        reader.array(first, count, PropTag::from_raw).map(Some)
    }
}

/// Writes an SPropTagArray.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn write_tags(allocator: Allocator, tags: &[PropTag]) -> Result<MapiBuffer<SPropTagArray>> {
    let count = count_of(tags)?;
    Writer::build(allocator, |w| {
        put_tags(w, count, tags)?;
        Ok(())
    })
}

pub(super) fn put_tags(w: &mut Writer, count: u32, tags: &[PropTag]) -> Result<*mut SPropTagArray> {
    let offset = offset_of!(SPropTagArray, aulPropTag);
    let place = w.counted::<u32>(&[count], offset, tags.len())?;
    for (i, tag) in tags.iter().enumerate() {
        place.set(i, tag.raw());
    }
    Ok(place.pointer().cast::<u8>().wrapping_sub(offset).cast())
}

/// Reads an SSortOrderSet; null is `None`.
///
/// # Errors
/// MAPI_E_NO_SUPPORT for TABLE_SORT_COMBINE and the other orders of categories, MAPI_E_TOO_BIG.
///
/// # Safety
/// `order` is null or points to an array of sort keys with its count.
pub unsafe fn read_sort_order(order: *const SSortOrderSet) -> Result<Option<SortOrder>> {
    if order.is_null() {
        return Ok(None);
    }
    // SAFETY: by the contract above.
    let (keys, categories, expanded) = unsafe {
        let head = order.cast::<[u32; 3]>().read_unaligned();
        let first = (&raw const (*order).aSort).cast::<SSortOrder>();
        (
            Reader::new().array(first, head[0], |k| k)?,
            head[1],
            head[2],
        )
    };
    let key = |key: SSortOrder| {
        let descending = match key.ulOrder {
            TABLE_SORT_ASCEND => false,
            TABLE_SORT_DESCEND => true,
            _ => return Err(Error::no_support().context("an order of categories")),
        };
        Ok(SortKey {
            tag: PropTag::from_raw(key.ulPropTag),
            descending,
        })
    };
    Ok(Some(SortOrder {
        keys: keys.into_iter().map(key).collect::<Result<_>>()?,
        categories,
        expanded,
    }))
}

/// Writes an SSortOrderSet.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn write_sort_order(
    allocator: Allocator,
    order: &SortOrder,
) -> Result<MapiBuffer<SSortOrderSet>> {
    let head = [count_of(&order.keys)?, order.categories, order.expanded];
    Writer::build(allocator, |w| {
        let place = w.counted(&head, offset_of!(SSortOrderSet, aSort), order.keys.len())?;
        for (i, key) in order.keys.iter().enumerate() {
            let order = if key.descending {
                TABLE_SORT_DESCEND
            } else {
                TABLE_SORT_ASCEND
            };
            place.set(
                i,
                SSortOrder {
                    ulPropTag: key.tag.raw(),
                    ulOrder: order,
                },
            );
        }
        Ok(())
    })
}

/// Reads an entry identifier; empty for a size of 0.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for a null pointer with a size, MAPI_E_TOO_BIG.
///
/// # Safety
/// `entry_id` is null or valid for reading `size` bytes.
pub unsafe fn read_entry_id(size: u32, entry_id: *const ENTRYID) -> Result<EntryId> {
    // SAFETY: by the contract above.
    unsafe { Reader::new().bytes(entry_id.cast(), size) }.map(EntryId::from)
}

/// Writes an entry identifier: its size and block. A null pointer for an empty one.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn write_entry_id(
    allocator: Allocator,
    entry_id: &EntryId,
) -> Result<(u32, Option<MapiBuffer<ENTRYID>>)> {
    let bytes = entry_id.as_bytes();
    if bytes.is_empty() {
        return Ok((0, None));
    }
    let block = Writer::build(allocator, |w| w.copy(bytes).map(drop))?;
    Ok((count_of(bytes)?, Some(block)))
}

/// Reads an ENTRYLIST; null is `None`.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for null pointers in it, MAPI_E_TOO_BIG.
///
/// # Safety
/// `list` is null or points to a list whose pointers are valid.
pub unsafe fn read_entry_list(list: *const ENTRYLIST) -> Result<Option<Vec<EntryId>>> {
    if list.is_null() {
        return Ok(None);
    }
    let mut reader = Reader::new();
    // SAFETY: by the contract above.
    unsafe {
        let list = list.read_unaligned();
        let entries = reader.array(list.lpbin, list.cValues, |b: SBinary| b)?;
        let read = |b: SBinary| reader.bytes(b.lpb, b.cb).map(EntryId::from);
        entries
            .into_iter()
            .map(read)
            .collect::<Result<_>>()
            .map(Some)
    }
}

/// Writes an ENTRYLIST into one block.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn write_entry_list(
    allocator: Allocator,
    entries: &[EntryId],
) -> Result<MapiBuffer<ENTRYLIST>> {
    Writer::build(allocator, |w| {
        let list: Place<ENTRYLIST> = w.reserve(1)?;
        let place: Place<SBinary> = w.reserve(entries.len())?;
        for (i, entry) in entries.iter().enumerate() {
            place.set(i, put_binary(w, entry.as_bytes())?);
        }
        list.set(
            0,
            ENTRYLIST {
                cValues: count_of(entries)?,
                lpbin: place.pointer(),
            },
        );
        Ok(())
    })
}

/// Reads an SPropProblemArray; null is no problem.
///
/// # Errors
/// MAPI_E_TOO_BIG.
///
/// # Safety
/// `problems` is null or points to an array of problems with its count.
pub unsafe fn read_problems(problems: *const SPropProblemArray) -> Result<Vec<PropProblem>> {
    if problems.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: by the contract above.
    unsafe {
        let count = (&raw const (*problems).cProblem).read_unaligned();
        let first = (&raw const (*problems).aProblem).cast::<SPropProblem>();
        Reader::new().array(first, count, |p| PropProblem {
            index: p.ulIndex,
            tag: PropTag::from_raw(p.ulPropTag),
            code: ErrorCode::from_hresult(p.scode),
        })
    }
}

/// Writes an SPropProblemArray; `None` if there is no problem.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn write_problems(
    allocator: Allocator,
    problems: &[PropProblem],
) -> Result<Option<MapiBuffer<SPropProblemArray>>> {
    if problems.is_empty() {
        return Ok(None);
    }
    let count = count_of(problems)?;
    let offset = offset_of!(SPropProblemArray, aProblem);
    Writer::build(allocator, |w| {
        let place = w.counted(&[count], offset, problems.len())?;
        for (i, problem) in problems.iter().enumerate() {
            place.set(
                i,
                SPropProblem {
                    ulIndex: problem.index,
                    ulPropTag: problem.tag.raw(),
                    scode: problem.code.hresult(),
                },
            );
        }
        Ok(())
    })
    .map(Some)
}

/// Reads interface identifiers.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for a null pointer with a count, MAPI_E_TOO_BIG.
///
/// # Safety
/// `guids` is null or points to `count` GUIDs.
pub unsafe fn read_guids(count: u32, guids: *const GUID) -> Result<Vec<Guid>> {
    // SAFETY: by the contract above.
    unsafe { Reader::new().array(guids, count, guid_in) }
}

/// Reads MAPIUIDs.
///
/// # Errors
/// As [`read_guids`].
///
/// # Safety
/// `uids` is null or points to `count` MAPIUIDs.
pub unsafe fn read_uids(count: u32, uids: *const MAPIUID) -> Result<Vec<MapiUid>> {
    not_null(uids)?;
    // SAFETY: by the contract above.
    unsafe { Reader::new().array(uids, count, |uid| MapiUid(uid.ab)) }
}

/// A FLATENTRYLIST: the value of PR_REPLY_RECIPIENT_ENTRIES and the like. Entries are padded to four bytes.
///
/// # Errors
/// MAPI_E_TOO_BIG.
pub fn flat_entries_to_bytes(entries: &[EntryId]) -> Result<Vec<u8>> {
    let mut list = Vec::new();
    for entry in entries {
        list.resize(list.len().next_multiple_of(4), 0);
        list.extend_from_slice(&count_of(entry.as_bytes())?.to_ne_bytes());
        list.extend_from_slice(entry.as_bytes());
    }
    let mut out = Vec::with_capacity(8 + list.len());
    out.extend_from_slice(&count_of(entries)?.to_ne_bytes());
    out.extend_from_slice(&count_of(&list)?.to_ne_bytes());
    out.extend_from_slice(&list);
    Ok(out)
}

/// The entries of a FLATENTRYLIST.
///
/// # Errors
/// MAPI_E_CORRUPT_DATA if counts and sizes do not fit the bytes.
pub fn flat_entries_from_bytes(bytes: &[u8]) -> Result<Vec<EntryId>> {
    let corrupt = || Error::caller(ErrorCode::CORRUPT_DATA).context("a flat entry list");
    let number = |at: usize| {
        let four = bytes.get(at..)?.get(..4)?;
        Some(u32::from_ne_bytes(four.try_into().ok()?) as usize)
    };
    let (count, size) = (number(0), number(4));
    let (Some(count), Some(_)) = (count, size.filter(|size| *size <= bytes.len() - 8)) else {
        return Err(corrupt());
    };
    let mut at = 8usize;
    let mut entries = Vec::new();
    for _ in 0..count {
        at = at.next_multiple_of(4);
        let size = number(at).ok_or_else(corrupt)?;
        let entry = bytes.get(at + 4..).and_then(|rest| rest.get(..size));
        entries.push(EntryId::from(entry.ok_or_else(corrupt)?));
        at += 4 + size;
    }
    Ok(entries)
}
