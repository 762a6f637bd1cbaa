//! The ITableData of a table.

use std::sync::Arc;

use mapi_com::iface::{ComObject, MapiTable, TableDataObject};
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_sys::{IMAPITable, TAD_ALL_ROWS};
use mapi_types::{ErrorCode, PropTag, PropValue, Result, Row, SortOrder};

use super::data::TableData;
use crate::notify::AdviseScope;

/// A table as an object that can be exported: it knows whom its views belong to.
pub struct TableDataHandle {
    data: Arc<TableData>,
    owner: Arc<Scope>,
    sinks: Arc<AdviseScope>,
}

impl TableDataHandle {
    /// `owner` is the scope of the views that HrGetView makes, `sinks` that of the sinks registered with them.
    #[must_use]
    pub fn new(data: Arc<TableData>, owner: Arc<Scope>, sinks: Arc<AdviseScope>) -> Arc<Self> {
        Arc::new(Self { data, owner, sinks })
    }

    /// The table.
    #[must_use]
    pub fn data(&self) -> &Arc<TableData> {
        &self.data
    }
}

impl ComObject for TableDataHandle {}

impl TableDataObject for TableDataHandle {
    fn get_view(
        &self,
        order: Option<&SortOrder>,
        on_release: Option<Box<dyn FnOnce() + Send>>,
    ) -> Result<ComPtr<IMAPITable>> {
        let view = self.data.get_view(order, &self.sinks, None)?;
        let exported = export(&self.owner, Arc::clone(&view) as Arc<dyn MapiTable>)?;
        // Only a view that somebody has got can be released.
        view.set_on_release(on_release);
        Ok(exported)
    }

    fn modify_row(&self, row: Row) -> Result<()> {
        self.data.modify_row(row)
    }

    fn delete_row(&self, index: &PropValue) -> Result<()> {
        self.data.delete_row(index)
    }

    fn query_row(&self, index: &PropValue) -> Result<(Row, u32)> {
        self.data.query_row(index)
    }

    fn enum_row(&self, number: u32) -> Result<Option<Row>> {
        Ok(self.data.enum_row(number))
    }

    fn notify(&self, index: &PropValue, flags: u32) -> Result<()> {
        if flags != 0 {
            return Err(ErrorCode::UNKNOWN_FLAGS.into());
        }
        self.data.notify(index)
    }

    fn insert_row(&self, number: u32, row: Row) -> Result<()> {
        self.data.insert_row(number, row)
    }

    fn modify_rows(&self, rows: Vec<Row>) -> Result<()> {
        self.data.modify_rows(rows)
    }

    fn delete_rows(&self, flags: u32, indexes: &[PropValue]) -> Result<u32> {
        match flags {
            0 => self.data.delete_rows(indexes),
            TAD_ALL_ROWS => self.data.delete_all_rows(),
            _ => Err(ErrorCode::UNKNOWN_FLAGS.into()),
        }
    }

    fn index_column(&self) -> PropTag {
        self.data.index_column()
    }
}
