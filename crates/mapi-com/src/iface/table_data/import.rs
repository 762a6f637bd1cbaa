//! ITableData: the proxy.

use mapi_sys::*;
use mapi_types::{ErrorCode, PropTag, PropValue, Property, Result, Row, SortOrder};

use super::super::*;
use crate::alloc::{Allocator, MapiBuffer};
use crate::boundary::contain;
use crate::marshal::read_row;
use crate::ptr::ComPtr;
use crate::wire::*;

/// A foreign ITableData. The interface does not tell its index column, so whoever made the table has to know it.
pub struct ForeignTableData {
    /// The object.
    pub table: ComPtr<ITableData>,
    /// ulPropTagIndexColumn of its CreateTable.
    pub index_column: PropTag,
}

impl ForeignTableData {
    fn index(&self, value: &PropValue) -> Result<PropBlock> {
        PropBlock::new(&Property::new(self.index_column, value.clone()))
    }
}

impl ComObject for ForeignTableData {}

impl TableDataObject for ForeignTableData {
    fn get_view(
        &self,
        order: Option<&SortOrder>,
        on_release: Option<Box<dyn FnOnce() + Send>>,
    ) -> Result<ComPtr<IMAPITable>> {
        let order = order.map(SortBlock::new).transpose()?;
        let order = order
            .as_ref()
            .map_or(std::ptr::null_mut(), SortBlock::as_ptr);
        let callback = on_release.as_ref().map(|_| released as CALLERRELEASE);
        let data = on_release.map(|f| Box::into_raw(Box::new(f)));
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours. The
        // callback gets its data back once, when the view has gone, or here if there is none.
        unsafe {
            let number = data.map_or(0, |data| data as usize);
            let hr = (self.table.vtbl().HrGetView)(
                self.table.as_raw(),
                order,
                callback,
                number,
                &raw mut out,
            );
            let view = check_last(&self.table, hr, "ITableData::HrGetView")
                .and_then(|()| ComPtr::from_raw(out).ok_or_else(|| ErrorCode::CALL_FAILED.into()));
            if let (Err(_), Some(data)) = (&view, data) {
                drop(Box::from_raw(data));
            }
            view
        }
    }

    fn modify_row(&self, row: Row) -> Result<()> {
        let row = RowBlock::new(&row)?;
        // SAFETY: as in `get_view`.
        let hr = unsafe { (self.table.vtbl().HrModifyRow)(self.table.as_raw(), row.as_ptr()) };
        check_last(&self.table, hr, "ITableData::HrModifyRow")
    }

    fn delete_row(&self, index: &PropValue) -> Result<()> {
        let index = self.index(index)?;
        // SAFETY: as in `get_view`.
        let hr = unsafe { (self.table.vtbl().HrDeleteRow)(self.table.as_raw(), index.as_ptr()) };
        check_last(&self.table, hr, "ITableData::HrDeleteRow")
    }

    fn query_row(&self, index: &PropValue) -> Result<(Row, u32)> {
        let index = self.index(index)?;
        let (mut out, mut number) = (std::ptr::null_mut(), 0);
        // SAFETY: as in `get_view`.
        unsafe {
            let hr = (self.table.vtbl().HrQueryRow)(
                self.table.as_raw(),
                index.as_ptr(),
                &raw mut out,
                &raw mut number,
            );
            check_last(&self.table, hr, "ITableData::HrQueryRow")?;
            let row = take_row(out)?.ok_or(ErrorCode::CALL_FAILED)?;
            Ok((row, number))
        }
    }

    fn enum_row(&self, number: u32) -> Result<Option<Row>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: as in `get_view`.
        unsafe {
            let hr = (self.table.vtbl().HrEnumRow)(self.table.as_raw(), number, &raw mut out);
            check_last(&self.table, hr, "ITableData::HrEnumRow")?;
            take_row(out)
        }
    }

    fn notify(&self, index: &PropValue, flags: u32) -> Result<()> {
        let index = self.index(index)?;
        // SAFETY: as in `get_view`.
        let hr =
            unsafe { (self.table.vtbl().HrNotify)(self.table.as_raw(), flags, 1, index.as_ptr()) };
        check_last(&self.table, hr, "ITableData::HrNotify")
    }

    fn insert_row(&self, number: u32, row: Row) -> Result<()> {
        let row = RowBlock::new(&row)?;
        // SAFETY: as in `get_view`.
        let hr =
            unsafe { (self.table.vtbl().HrInsertRow)(self.table.as_raw(), number, row.as_ptr()) };
        check_last(&self.table, hr, "ITableData::HrInsertRow")
    }

    fn modify_rows(&self, rows: Vec<Row>) -> Result<()> {
        let rows = AdrList::new(&rows)?;
        // SAFETY: as in `get_view`; ADRLIST and SRowSet have the same layout.
        let hr = unsafe {
            (self.table.vtbl().HrModifyRows)(self.table.as_raw(), 0, rows.as_ptr().cast())
        };
        check_last(&self.table, hr, "ITableData::HrModifyRows")
    }

    fn delete_rows(&self, flags: u32, indexes: &[PropValue]) -> Result<u32> {
        let rows: Vec<Row> = (indexes.iter())
            .map(|index| vec![Property::new(self.index_column, index.clone())].into())
            .collect();
        let rows = AdrList::new(&rows)?;
        let mut deleted = 0;
        // SAFETY: as in `modify_rows`.
        let hr = unsafe {
            (self.table.vtbl().HrDeleteRows)(
                self.table.as_raw(),
                flags,
                rows.as_ptr().cast(),
                &raw mut deleted,
            )
        };
        check_last(&self.table, hr, "ITableData::HrDeleteRows")?;
        Ok(deleted)
    }

    fn index_column(&self) -> PropTag {
        self.index_column
    }
}

/// The CALLERRELEASE of `get_view`: its data is the closure.
unsafe extern "system" fn released(data: usize, _table: LPTABLEDATA, _view: LPMAPITABLE) {
    // SAFETY: `data` is what `get_view` passed, and a view is released once.
    let closure = unsafe { Box::from_raw(data as *mut Box<dyn FnOnce() + Send>) };
    drop(contain(|| {
        closure();
        Ok(())
    }));
}

/// Reads and frees a row; `None` for null.
///
/// # Safety
/// `row` is null or an SRow in one block, ours to free.
unsafe fn take_row(row: LPSRow) -> Result<Option<Row>> {
    // SAFETY: by the contract above.
    unsafe {
        let block = MapiBuffer::from_raw(row, Allocator::mapi());
        block.map(|block| read_row(block.as_ptr())).transpose()
    }
}
