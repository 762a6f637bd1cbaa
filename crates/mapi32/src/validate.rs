//! FBad...: whether a structure can be what it should. Off Windows nobody can ask whether a pointer can be read; what is seen is
//! NULL, the first page of memory, counts that cannot be, and values that no type has.

use mapi_com::marshal::{read_names, read_restriction};
use mapi_sys::*;
use mapi_types::{PropTag, PropType, Result};

use crate::guard::or;

/// No array of MAPI's has so many members (INDEX_OVERFLOW's idea).
const TOO_MANY: u32 = 0x0FFF_FFFF;

/// Below this address nothing is ever mapped.
const FIRST_PAGE: usize = 4096;

fn bad_pointer<T>(pointer: *const T) -> bool {
    pointer.addr() < FIRST_PAGE
}

/// The answer of a check: TRUE is bad, and so is what could not be looked at.
fn answer(call: &'static str, check: impl FnOnce() -> bool) -> BOOL {
    or(call, 1, || Ok(BOOL::from(check())))
}

fn bad_tag(tag: u32) -> bool {
    let ptype = PropTag::from_raw(tag).ptype();
    let single = ptype.single();
    let many = ptype.is_multi();
    match single {
        PropType::UNSPECIFIED
        | PropType::NULL
        | PropType::ERROR
        | PropType::BOOLEAN
        | PropType::OBJECT => many,
        PropType::I2
        | PropType::LONG
        | PropType::R4
        | PropType::DOUBLE
        | PropType::CURRENCY
        | PropType::APPTIME
        | PropType::I8
        | PropType::STRING8
        | PropType::UNICODE
        | PropType::SYSTIME
        | PropType::CLSID
        | PropType::BINARY => false,
        _ => true,
    }
}

/// # Safety
/// `prop` is a property value, or a bad pointer.
unsafe fn bad_prop(prop: *const SPropValue) -> bool {
    if bad_pointer(prop) {
        return true;
    }
    // SAFETY: by the contract above; the member is the one that the type stands for.
    unsafe {
        let value = &(*prop).Value;
        let list = |members: *const u8| {
            let count = value.MVl.cValues;
            count > TOO_MANY || count > 0 && bad_pointer(members)
        };
        if bad_tag((*prop).ulPropTag) {
            return true;
        }
        let ptype = PropTag::from_raw((*prop).ulPropTag).ptype();
        match ptype {
            PropType::UNSPECIFIED => true,
            PropType::BOOLEAN => value.b > 1,
            PropType::STRING8 | PropType::UNICODE | PropType::CLSID => bad_pointer(value.lpszA),
            PropType::BINARY => value.bin.cb > 0 && bad_pointer(value.bin.lpb),
            PropType::MV_STRING8 | PropType::MV_UNICODE => {
                let texts = value.MVszA;
                list(texts.lppszA.cast())
                    || (0..texts.cValues as usize).any(|i| bad_pointer(*texts.lppszA.add(i)))
            }
            PropType::MV_BINARY => {
                let many = value.MVbin;
                let bad = |i| {
                    let one = *many.lpbin.add(i);
                    one.cb > 0 && bad_pointer(one.lpb)
                };
                list(many.lpbin.cast()) || (0..many.cValues as usize).any(bad)
            }
            _ if ptype.is_multi() => list(value.MVl.lpl.cast()),
            _ => false,
        }
    }
}

/// # Safety
/// `props` points to `count` property values, or is a bad pointer.
unsafe fn bad_props(count: u32, props: *const SPropValue) -> bool {
    if count == 0 {
        return false;
    }
    // SAFETY: by the contract above.
    count > TOO_MANY
        || bad_pointer(props)
        || (0..count as usize).any(|i| unsafe { bad_prop(props.add(i)) })
}

/// FBadPropTag: whether the tag's type is none of MAPI's.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FBadPropTag(tag: ULONG) -> ULONG {
    u32::from(bad_tag(tag))
}

/// FBadProp: whether the property cannot be one.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FBadProp(prop: LPSPropValue) -> ULONG {
    // SAFETY: as the page says.
    answer("FBadProp", || unsafe { bad_prop(prop) }).cast_unsigned()
}

/// FBadRow: whether the row, or a property of it, cannot be one.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FBadRow(row: LPSRow) -> ULONG {
    answer("FBadRow", || {
        // SAFETY: as the page says.
        bad_pointer(row) || unsafe { bad_props((*row).cValues, (*row).lpProps) }
    })
    .cast_unsigned()
}

/// FBadRowSet: whether the set, or a row of it, cannot be one.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FBadRowSet(set: LPSRowSet) -> BOOL {
    answer("FBadRowSet", || {
        if bad_pointer(set) {
            return true;
        }
        // SAFETY: as the page says.
        unsafe {
            let rows = (&raw const (*set).aRow).cast::<SRow>();
            let bad = |i| {
                let row = rows.add(i).read();
                bad_props(row.cValues, row.lpProps)
            };
            (*set).cRows > TOO_MANY || (0..(*set).cRows as usize).any(bad)
        }
    })
}

/// FBadColumnSet: whether the tags cannot be a table's columns. PT_ERROR is bad, PT_NULL is not.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FBadColumnSet(columns: LPSPropTagArray) -> ULONG {
    answer("FBadColumnSet", || {
        if bad_pointer(columns) {
            return true;
        }
        // SAFETY: as the page says.
        unsafe {
            let tags = (&raw const (*columns).aulPropTag).cast::<u32>();
            let bad = |i| {
                let tag = tags.add(i).read();
                bad_tag(tag) || tag & 0xFFFF == PT_ERROR
            };
            (*columns).cValues > TOO_MANY || (0..(*columns).cValues as usize).any(bad)
        }
    })
    .cast_unsigned()
}

/// FBadSortOrderSet: whether the sort order cannot be one.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FBadSortOrderSet(order: LPSSortOrderSet) -> ULONG {
    answer("FBadSortOrderSet", || {
        if bad_pointer(order) {
            return true;
        }
        // SAFETY: as the page says.
        unsafe {
            let (count, categories) = ((*order).cSorts, (*order).cCategories);
            let keys = (&raw const (*order).aSort).cast::<SSortOrder>();
            let bad = |i| {
                let key = keys.add(i).read();
                bad_tag(key.ulPropTag) || !sortable(key.ulPropTag) || key.ulOrder > 8
            };
            count > TOO_MANY
                || categories > count
                || (*order).cExpanded > categories
                || (0..count as usize).any(bad)
        }
    })
    .cast_unsigned()
}

/// Nothing can be sorted by errors and objects.
fn sortable(tag: u32) -> bool {
    !matches!(tag & 0xFFFF, PT_ERROR | PT_OBJECT)
}

/// FBadRestriction: whether the restriction, or one inside it, cannot be one.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FBadRestriction(restriction: LPSRestriction) -> ULONG {
    answer("FBadRestriction", || {
        // SAFETY: as the page says. Reading it checks kinds, relations, counts and depth.
        bad_pointer(restriction) || unsafe { read_restriction(restriction) }.is_err()
    })
    .cast_unsigned()
}

/// FBadRglpszA's wide brother FBadRglpszW: whether an array of texts has a pointer that cannot be one.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FBadRglpszW(texts: *mut LPWSTR, count: ULONG) -> BOOL {
    answer("FBadRglpszW", || {
        // SAFETY: as the page says.
        count > 0
            && (count > TOO_MANY
                || bad_pointer(texts)
                || (0..count as usize).any(|i| bad_pointer(unsafe { texts.add(i).read() })))
    })
}

/// FBadRglpNameID: whether an array of names has one that cannot be one.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FBadRglpNameID(names: *mut LPMAPINAMEID, count: ULONG) -> BOOL {
    answer("FBadRglpNameID", || {
        if count == 0 {
            return false;
        }
        if count > TOO_MANY || bad_pointer(names) {
            return true;
        }
        // SAFETY: as the page says.
        let read: Result<Vec<_>> = unsafe { read_names(count, names) };
        read.map_or(true, |names| names.iter().any(Option::is_none))
    })
}

/// FBadEntryList: whether a list of entry identifiers has one that cannot be one: shorter than its flags, or without a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FBadEntryList(list: LPENTRYLIST) -> BOOL {
    const FLAGS: u32 = 4;
    answer("FBadEntryList", || {
        if bad_pointer(list) {
            return true;
        }
        // SAFETY: as the page says.
        unsafe {
            let entries = list.read();
            let bad = |i| {
                let entry = entries.lpbin.add(i).read();
                entry.cb < FLAGS || bad_pointer(entry.lpb)
            };
            entries.cValues > TOO_MANY
                || entries.cValues > 0 && bad_pointer(entries.lpbin)
                || (0..entries.cValues as usize).any(bad)
        }
    })
}
