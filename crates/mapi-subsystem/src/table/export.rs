//! Tables that MAPI itself fills and hands out.

use std::sync::Arc;

use mapi_com::iface::MapiTable;
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_types::{PropTag, Result};

use super::{TableData, TableType};
use crate::notify::AdviseScope;

/// An empty table whose rows are found by `index`.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for a column that cannot be one.
pub(crate) fn memory_table(index: PropTag) -> Result<Arc<TableData>> {
    TableData::new(TableType::Dynamic, index, &[])
}

/// A view of all rows as an object of `scope`; its sinks belong to `sinks`.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub(crate) fn export_view(
    data: &Arc<TableData>,
    scope: &Arc<Scope>,
    sinks: &Arc<AdviseScope>,
) -> Result<ComPtr<mapi_sys::IMAPITable>> {
    let view: Arc<dyn MapiTable> = data.get_view(None, sinks, None)?;
    export(scope, view)
}
