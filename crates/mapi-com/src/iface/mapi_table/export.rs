//! IMAPITable: the vtable.

use mapi_sys::*;
use mapi_types::{Error, ErrorCode};

use super::super::*;
use crate::convert::*;
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

// SAFETY: the functions of the vtable expect a Shell<dyn MapiTable>; the interfaces are IMAPITable and its ancestors.
unsafe impl Export for dyn MapiTable {
    type Interface = IMAPITable;
    const VTBL: &'static IMAPITableVtbl = &IMAPITableVtbl {
        base: Shell::<dyn MapiTable>::UNKNOWN,
        GetLastError: get_last_error::<dyn MapiTable, IMAPITable>,
        Advise: advise,
        Unadvise: unadvise,
        GetStatus: get_status,
        SetColumns: set_columns,
        QueryColumns: query_columns,
        GetRowCount: get_row_count,
        SeekRow: seek_row,
        SeekRowApprox: seek_row_approx,
        QueryPosition: query_position,
        FindRow: find_row,
        Restrict: restrict,
        CreateBookmark: create_bookmark,
        FreeBookmark: free_bookmark,
        SortTable: sort_table,
        QuerySortOrder: query_sort_order,
        QueryRows: query_rows,
        Abort: abort,
        ExpandRow: expand_row,
        CollapseRow: collapse_row,
        WaitForCompletion: wait_for_completion,
        GetCollapseState: get_collapse_state,
        SetCollapseState: set_collapse_state,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPITable];
}

unsafe extern "system" fn advise(
    this: *mut IMAPITable,
    ul_event_mask: u32,
    lp_advise_sink: LPMAPIADVISESINK,
    lpul_connection: *mut usize,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiTable>::enter(this.cast(), |o| {
            required(lpul_connection)?;
            put(
                lpul_connection,
                o.advise(ul_event_mask, object_in(lp_advise_sink)?)?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn unadvise(this: *mut IMAPITable, ul_connection: usize) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe { Shell::<dyn MapiTable>::enter(this.cast(), |o| o.unadvise(ul_connection)) })
}

unsafe extern "system" fn set_columns(
    this: *mut IMAPITable,
    lp_prop_tag_array: LPSPropTagArray,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiTable>::enter(this.cast(), |o| {
            o.set_columns(
                &tags_in(lp_prop_tag_array)?.ok_or(ErrorCode::INVALID_PARAMETER)?,
                ul_flags,
            )
        })
    })
}

unsafe extern "system" fn query_columns(
    this: *mut IMAPITable,
    ul_flags: u32,
    lp_prop_tag_array: *mut LPSPropTagArray,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiTable>::enter(this.cast(), |o| {
            required(lp_prop_tag_array)?;
            put(lp_prop_tag_array, std::ptr::null_mut());
            let tags = o.query_columns(ul_flags)?;
            put(
                lp_prop_tag_array,
                tags_out(
                    Shell::<dyn MapiTable>::scope_of(this.cast())?.allocator(),
                    &tags,
                )?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn get_row_count(
    this: *mut IMAPITable,
    ul_flags: u32,
    lpul_count: *mut u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiTable>::enter(this.cast(), |o| {
            required(lpul_count)?;
            put(lpul_count, o.get_row_count(ul_flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn seek_row_approx(
    this: *mut IMAPITable,
    ul_numerator: u32,
    ul_denominator: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiTable>::enter(this.cast(), |o| {
            o.seek_row_approx(ul_numerator, ul_denominator)
        })
    })
}

unsafe extern "system" fn restrict(
    this: *mut IMAPITable,
    lp_restriction: LPSRestriction,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiTable>::enter(this.cast(), |o| {
            o.restrict(restriction_in(lp_restriction)?.as_ref(), ul_flags)
        })
    })
}

unsafe extern "system" fn free_bookmark(this: *mut IMAPITable, bk_position: usize) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiTable>::enter(this.cast(), |o| o.free_bookmark(Bookmark(bk_position)))
    })
}

unsafe extern "system" fn sort_table(
    this: *mut IMAPITable,
    lp_sort_criteria: LPSSortOrderSet,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiTable>::enter(this.cast(), |o| {
            o.sort_table(
                &sort_in(lp_sort_criteria)?.ok_or(ErrorCode::INVALID_PARAMETER)?,
                ul_flags,
            )
        })
    })
}

unsafe extern "system" fn abort(this: *mut IMAPITable) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe { Shell::<dyn MapiTable>::enter(this.cast(), |o| o.abort()) })
}

unsafe extern "system" fn wait_for_completion(
    this: *mut IMAPITable,
    ul_flags: u32,
    ul_timeout: u32,
    lpul_table_status: *mut u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiTable>::enter(this.cast(), |o| {
            put(
                lpul_table_status,
                o.wait_for_completion(ul_flags, ul_timeout)?,
            );
            Ok(())
        })
    })
}

type This = Shell<dyn MapiTable>;

unsafe extern "system" fn get_status(
    this: *mut IMAPITable,
    state: *mut u32,
    kind: *mut u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let (s, k) = o.get_status()?;
            put(state, s);
            put(kind, k);
            Ok(())
        })
    })
}

unsafe extern "system" fn seek_row(
    this: *mut IMAPITable,
    origin: usize,
    rows: i32,
    sought: *mut i32,
) -> HRESULT {
    // SAFETY: as in `get_status`.
    status(unsafe {
        This::enter(this.cast(), |o| {
            let (moved, changed) = o.seek_row(Bookmark(origin), rows)?;
            put(sought, moved);
            Ok(if changed { POSITION_CHANGED } else { 0 })
        })
    })
}

unsafe extern "system" fn query_position(
    this: *mut IMAPITable,
    row: *mut u32,
    numerator: *mut u32,
    denominator: *mut u32,
) -> HRESULT {
    // SAFETY: as in `get_status`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let at = o.query_position()?;
            put(row, at.row);
            put(numerator, at.numerator);
            put(denominator, at.denominator);
            Ok(())
        })
    })
}

unsafe extern "system" fn find_row(
    this: *mut IMAPITable,
    restriction: LPSRestriction,
    origin: usize,
    flags: u32,
) -> HRESULT {
    // SAFETY: as in `get_status`.
    status(unsafe {
        This::enter(this.cast(), |o| {
            let restriction = restriction_in(restriction)?.ok_or(ErrorCode::INVALID_PARAMETER)?;
            let changed = o.find_row(&restriction, Bookmark(origin), flags)?;
            Ok(if changed { POSITION_CHANGED } else { 0 })
        })
    })
}

unsafe extern "system" fn create_bookmark(this: *mut IMAPITable, out: *mut usize) -> HRESULT {
    // SAFETY: as in `get_status`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            required(out)?;
            put(out, o.create_bookmark()?.0);
            Ok(())
        })
    })
}

unsafe extern "system" fn query_sort_order(
    this: *mut IMAPITable,
    out: *mut LPSSortOrderSet,
) -> HRESULT {
    // SAFETY: as in `get_status`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            required(out)?;
            put(out, std::ptr::null_mut());
            let order = o.query_sort_order()?;
            put(
                out,
                sort_out(This::scope_of(this.cast())?.allocator(), &order)?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn query_rows(
    this: *mut IMAPITable,
    rows: i32,
    flags: u32,
    out: *mut LPSRowSet,
) -> HRESULT {
    // SAFETY: as in `get_status`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            required(out)?;
            put(out, std::ptr::null_mut());
            let mut writer = RowWriter::new(This::scope_of(this.cast())?.allocator());
            o.read_rows(rows, flags, &mut |columns| writer.add(columns))?;
            put(out, writer.finish()?);
            Ok(())
        })
    })
}

/// Categories are not built: ExpandRow and its kind.
unsafe extern "system" fn expand_row(
    this: *mut IMAPITable,
    _size: u32,
    _key: *mut u8,
    _count: u32,
    _flags: u32,
    _rows: *mut LPSRowSet,
    _more: *mut u32,
) -> HRESULT {
    // SAFETY: as in `get_status`.
    hresult(unsafe { This::enter(this.cast(), |_| Err(Error::no_support())) })
}

unsafe extern "system" fn collapse_row(
    this: *mut IMAPITable,
    _size: u32,
    _key: *mut u8,
    _flags: u32,
    _count: *mut u32,
) -> HRESULT {
    // SAFETY: as in `get_status`.
    hresult(unsafe { This::enter(this.cast(), |_| Err(Error::no_support())) })
}

unsafe extern "system" fn get_collapse_state(
    this: *mut IMAPITable,
    _flags: u32,
    _size: u32,
    _key: *mut u8,
    _state_size: *mut u32,
    _state: *mut *mut u8,
) -> HRESULT {
    // SAFETY: as in `get_status`.
    hresult(unsafe { This::enter(this.cast(), |_| Err(Error::no_support())) })
}

unsafe extern "system" fn set_collapse_state(
    this: *mut IMAPITable,
    _flags: u32,
    _size: u32,
    _state: *mut u8,
    _bookmark: *mut usize,
) -> HRESULT {
    // SAFETY: as in `get_status`.
    hresult(unsafe { This::enter(this.cast(), |_| Err(Error::no_support())) })
}
