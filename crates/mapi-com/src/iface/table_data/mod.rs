//! ITableData.

mod export;
mod import;

pub use import::ForeignTableData;

use mapi_types::{PropTag, PropValue, Result, Row, SortOrder};

use super::ComObject;
use crate::ptr::ComPtr;

/// ITableData: rows in memory with any number of views (itabledataiunknown.md).
pub trait TableDataObject: ComObject {
    /// HrGetView; `on_release` runs when the view has gone (CALLERRELEASE).
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT for categories.
    fn get_view(
        &self,
        order: Option<&SortOrder>,
        on_release: Option<Box<dyn FnOnce() + Send>>,
    ) -> Result<ComPtr<mapi_sys::IMAPITable>>;

    /// HrModifyRow: adds or replaces by the index column.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER without the index column.
    fn modify_row(&self, row: Row) -> Result<()>;

    /// HrDeleteRow.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn delete_row(&self, index: &PropValue) -> Result<()>;

    /// HrQueryRow: the row and its place in the order of insertion.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn query_row(&self, index: &PropValue) -> Result<(Row, u32)>;

    /// HrEnumRow: `None` past the end.
    ///
    /// # Errors
    /// None of its own.
    fn enum_row(&self, number: u32) -> Result<Option<Row>>;

    /// HrNotify.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn notify(&self, index: &PropValue, flags: u32) -> Result<()>;

    /// HrInsertRow at a place.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER if the index is there already.
    fn insert_row(&self, number: u32, row: Row) -> Result<()>;

    /// HrModifyRows.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER.
    fn modify_rows(&self, rows: Vec<Row>) -> Result<()>;

    /// HrDeleteRows: how many went; all of them with TAD_ALL_ROWS.
    ///
    /// # Errors
    /// None of its own.
    fn delete_rows(&self, flags: u32, indexes: &[PropValue]) -> Result<u32>;

    /// The index column.
    fn index_column(&self) -> PropTag;
}
