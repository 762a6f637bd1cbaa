//! ITableData: the vtable.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mapi_sys::*;
use mapi_types::{Error, ErrorCode, PropValue, Property};

use super::super::*;
use crate::convert::*;
use crate::marshal::{read_prop, read_row, read_row_set, write_row};
use crate::ptr::ComRef;
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

// SAFETY: the functions of the vtable expect a Shell<dyn TableDataObject>; the interfaces are ITableData and its ancestors.
unsafe impl Export for dyn TableDataObject {
    type Interface = ITableData;
    const VTBL: &'static ITableDataVtbl = &ITableDataVtbl {
        base: This::UNKNOWN,
        HrGetView: get_view,
        HrModifyRow: modify_row,
        HrDeleteRow: delete_row,
        HrQueryRow: query_row,
        HrEnumRow: enum_row,
        HrNotify: notify,
        HrInsertRow: insert_row,
        HrModifyRows: modify_rows,
        HrDeleteRows: delete_rows,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPITableData];
}

type This = Shell<dyn TableDataObject>;

/// A view's callback, with what it wants to be told: its data, the table and the view.
struct Released {
    callback: CALLERRELEASE,
    data: usize,
    /// Keeps the table alive as long as the view: the callback gets a pointer to it.
    table: crate::ptr::ComPtr<ITableData>,
    /// The view's address, once it is known; to tell it by, its last reference is gone.
    view: Arc<AtomicUsize>,
}

impl Released {
    fn call(self) {
        let view = self.view.load(Ordering::Acquire) as LPMAPITABLE;
        // SAFETY: the caller of HrGetView gave a function that stays callable as long as its view; the table lives.
        unsafe { (self.callback)(self.data, self.table.as_raw(), view) };
    }
}

unsafe extern "system" fn get_view(
    this: *mut ITableData,
    order: LPSSortOrderSet,
    callback: LPCALLERRELEASE,
    data: usize,
    out: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            required(out)?;
            put(out, std::ptr::null_mut());
            let order = sort_in(order)?;
            let view = Arc::new(AtomicUsize::new(0));
            let table = ComRef::from_raw(this).ok_or(ErrorCode::INVALID_PARAMETER)?;
            let on_release = callback.map(|callback| {
                let released = Released {
                    callback,
                    data,
                    table: table.to_owned(),
                    view: Arc::clone(&view),
                };
                Box::new(move || released.call()) as Box<dyn FnOnce() + Send>
            });
            let made = o.get_view(order.as_ref(), on_release)?.into_raw();
            view.store(made as usize, Ordering::Release);
            put(out, made);
            Ok(())
        })
    })
}

unsafe extern "system" fn modify_row(this: *mut ITableData, row: LPSRow) -> HRESULT {
    // SAFETY: as in `get_view`.
    hresult(unsafe { This::enter(this.cast(), |o| o.modify_row(read_row(row)?)) })
}

unsafe extern "system" fn delete_row(this: *mut ITableData, index: LPSPropValue) -> HRESULT {
    // SAFETY: as in `get_view`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            o.delete_row(&index_value(o, &[read_prop(index)?], ErrorCode::NOT_FOUND)?)
        })
    })
}

unsafe extern "system" fn query_row(
    this: *mut ITableData,
    index: LPSPropValue,
    out: *mut LPSRow,
    number: *mut u32,
) -> HRESULT {
    // SAFETY: as in `get_view`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            required(out)?;
            put(out, std::ptr::null_mut());
            let index = index_value(o, &[read_prop(index)?], ErrorCode::INVALID_PARAMETER)?;
            let (row, place) = o.query_row(&index)?;
            let allocator = This::scope_of(this.cast())?.allocator();
            put(out, write_row(allocator, &row)?.into_raw());
            put(number, place);
            Ok(())
        })
    })
}

unsafe extern "system" fn enum_row(
    this: *mut ITableData,
    number: u32,
    out: *mut LPSRow,
) -> HRESULT {
    // SAFETY: as in `get_view`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            required(out)?;
            put(out, std::ptr::null_mut());
            if let Some(row) = o.enum_row(number)? {
                let allocator = This::scope_of(this.cast())?.allocator();
                put(out, write_row(allocator, &row)?.into_raw());
            }
            Ok(())
        })
    })
}

unsafe extern "system" fn notify(
    this: *mut ITableData,
    flags: u32,
    count: u32,
    values: LPSPropValue,
) -> HRESULT {
    // SAFETY: as in `get_view`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let values = props_in(count, values)?;
            o.notify(
                &index_value(o, &values, ErrorCode::INVALID_PARAMETER)?,
                flags,
            )
        })
    })
}

unsafe extern "system" fn insert_row(this: *mut ITableData, number: u32, row: LPSRow) -> HRESULT {
    // SAFETY: as in `get_view`.
    hresult(unsafe { This::enter(this.cast(), |o| o.insert_row(number, read_row(row)?)) })
}

unsafe extern "system" fn modify_rows(
    this: *mut ITableData,
    flags: u32,
    rows: LPSRowSet,
) -> HRESULT {
    // SAFETY: as in `get_view`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            if flags != 0 {
                return Err(ErrorCode::UNKNOWN_FLAGS.into());
            }
            o.modify_rows(read_row_set(rows)?)
        })
    })
}

unsafe extern "system" fn delete_rows(
    this: *mut ITableData,
    flags: u32,
    rows: LPSRowSet,
    deleted: *mut u32,
) -> HRESULT {
    // SAFETY: as in `get_view`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let rows = if flags & TAD_ALL_ROWS != 0 {
                Vec::new()
            } else {
                read_row_set(rows)?
            };
            // A row without the index names none.
            let indexes: Vec<PropValue> = (rows.iter())
                .filter_map(|row| index_value(o, &row.props, ErrorCode::NOT_FOUND).ok())
                .collect();
            put(deleted, o.delete_rows(flags, &indexes)?);
            Ok(())
        })
    })
}

/// The value of the index column among some properties.
///
/// # Errors
/// `missing` if it is not there.
fn index_value(
    table: &dyn TableDataObject,
    props: &[Property],
    missing: ErrorCode,
) -> Result<PropValue, Error> {
    let column = table.index_column();
    let found = props.iter().find(|p| p.tag.same_id(column));
    (found.map(|p| p.value.clone())).ok_or_else(|| {
        Error::caller(missing).context(format!("the index column {column} is not there"))
    })
}
