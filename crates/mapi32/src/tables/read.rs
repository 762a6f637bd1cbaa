//! HrQueryAllRows, HrAddColumns, HrAddColumnsEx.

use mapi_com::alloc::{Allocator, MapiBuffer};
use mapi_com::convert::{check, object_in};
use mapi_com::iface::{Bookmark, MapiTable};
use mapi_com::marshal::{RowSet, read_restriction, read_sort_order, read_tags, write_tags};
use mapi_com::ptr::ComPtr;
use mapi_sys::*;
use mapi_types::{Error, ErrorCode, PropTag, Result};

use crate::guard::{bad, hr, output};

/// Rows asked for at a time. A table may give fewer.
const AT_ONCE: i32 = 1024;

/// HrQueryAllRows: all rows, after the columns, restriction and order have been set that are given. MAPI_E_TABLE_TOO_BIG if there
/// are more than `most`; 0 is no limit.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HrQueryAllRows(
    table: LPMAPITABLE,
    columns: LPSPropTagArray,
    restriction: LPSRestriction,
    order: LPSSortOrderSet,
    most: LONG,
    rows: *mut LPSRowSet,
) -> HRESULT {
    hr("HrQueryAllRows", || {
        // SAFETY: as the page says.
        unsafe {
            output(rows, std::ptr::null_mut())?;
            let table = object_in(table)?;
            if let Some(columns) = read_tags(columns)? {
                table.set_columns(&columns, TBL_BATCH)?;
            }
            if let Some(restriction) = read_restriction(restriction)? {
                table.restrict(Some(&restriction), TBL_BATCH)?;
            }
            if let Some(order) = read_sort_order(order)? {
                table.sort_table(&order, TBL_BATCH)?;
            }
            table.seek_row(Bookmark::BEGINNING, 0)?;
            let most = usize::try_from(most)
                .ok()
                .filter(|most| *most > 0)
                .unwrap_or(usize::MAX);
            rows.write(all_rows(&table, most)?);
        }
        Ok(())
    })
}

/// The rows as the table made them, in one set.
///
/// # Safety
/// What QueryRows answers is what its page says.
unsafe fn all_rows(table: &ComPtr<IMAPITable>, most: usize) -> Result<LPSRowSet> {
    let mut sets = Vec::new();
    let mut count = 0;
    loop {
        let mut part = std::ptr::null_mut();
        // SAFETY: the table lives, and the set it answers is ours to free.
        let part = unsafe {
            let code = (table.vtbl().QueryRows)(table.as_raw(), AT_ONCE, 0, &raw mut part);
            check(code, "QueryRows")?;
            RowSet::from_raw(part, Allocator::mapi())
        };
        let Some(part) = part else {
            break;
        };
        // SAFETY: a row set of ours.
        let rows = unsafe { (*part.as_ptr()).cRows } as usize;
        if rows == 0 {
            break;
        }
        count += rows;
        if count > most {
            return Err(
                Error::caller(ErrorCode::TABLE_TOO_BIG).context(format!("more than {most} rows"))
            );
        }
        sets.push(part);
    }
    // SAFETY: the sets are valid and ours.
    unsafe { join(sets, count) }
}

/// # Safety
/// The sets have `count` rows in all.
unsafe fn join(sets: Vec<RowSet>, count: usize) -> Result<LPSRowSet> {
    let size = size_of::<SRowSet>() + count * size_of::<SRow>();
    let whole = MapiBuffer::<SRowSet>::zeroed(Allocator::local(), size)?;
    // SAFETY: the block has room for all rows, by the contract above. The rows' blocks change hands: what is left of a set is
    // its own block.
    unsafe {
        let first = (&raw mut (*whole.as_ptr()).aRow).cast::<SRow>();
        let mut at = 0;
        for set in sets {
            let set = set.into_raw();
            let rows = (*set).cRows as usize;
            first
                .add(at)
                .copy_from_nonoverlapping((&raw const (*set).aRow).cast(), rows);
            at += rows;
            drop(MapiBuffer::from_raw(set, Allocator::mapi()));
        }
        (*whole.as_ptr()).cRows = u32::try_from(at).map_err(|_| ErrorCode::TOO_BIG)?;
    }
    Ok(whole.into_raw())
}

/// HrAddColumns: puts columns before those that the table shows.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HrAddColumns(
    table: LPMAPITABLE,
    columns: LPSPropTagArray,
    allocate: LPALLOCATEBUFFER,
    free: LPFREEBUFFER,
) -> HRESULT {
    // SAFETY: as the page says.
    unsafe { HrAddColumnsEx(table, columns, allocate, free, None) }
}

/// HrAddColumnsEx: as HrAddColumns; `filter` may change the columns that are there, not their number.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HrAddColumnsEx(
    table: LPMAPITABLE,
    columns: LPSPropTagArray,
    _allocate: LPALLOCATEBUFFER,
    _free: LPFREEBUFFER,
    filter: Option<unsafe extern "C" fn(LPSPropTagArray)>,
) -> HRESULT {
    hr("HrAddColumnsEx", || {
        // SAFETY: as the page says.
        let (table, mut wanted) = unsafe {
            let table = object_in(table)?;
            (table, read_tags(columns)?.ok_or_else(|| bad("no columns"))?)
        };
        let old = filtered(table.query_columns(0)?, filter)?;
        for tag in old {
            if tag.ptype().0 != 1 && !wanted.iter().any(|t| t.same_id(tag)) {
                wanted.push(tag);
            }
        }
        table.set_columns(&wanted, 0)
    })
}

/// The columns after the caller's function has seen them.
fn filtered(
    old: Vec<PropTag>,
    filter: Option<unsafe extern "C" fn(LPSPropTagArray)>,
) -> Result<Vec<PropTag>> {
    let Some(filter) = filter else {
        return Ok(old);
    };
    let block = write_tags(Allocator::local(), &old)?;
    // SAFETY: the block is a tag array, which the caller's function may change; a greater count would be a lie.
    unsafe {
        filter(block.as_ptr());
        let count = &raw mut (*block.as_ptr()).cValues;
        count.write(count.read().min(u32::try_from(old.len()).unwrap_or(0)));
        Ok(read_tags(block.as_ptr())?.unwrap_or_default())
    }
}
