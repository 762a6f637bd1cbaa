//! Tables in memory: ITableData and the IMAPITable of its views (CreateTable; itabledataiunknown.md).
//!
//! A [`TableData`] owns the rows, each once, and all [`TableView`]s of it see every change at once. A view is a list of
//! 8-byte references into the rows, in its order; sorting and restricting only touch that list, and a changed row moves within it.
//! Rows, views and cursors are under one lock of the table, which is never held while foreign code runs: notifications are queued in
//! the engine of [`crate::notify`].
//!
//! - `rows`: the rows, found by place in the order of insertion and by index column.
//! - `view`: what one view shows: columns, restriction, order; `sort` and `change` keep its list right.
//! - `instance`: one row as a view shows it; a list in an MV_INSTANCE column makes several of one row.
//! - `cursor`: cursor and bookmarks, which stay with their rows.
//! - `data`, `open_view`: the objects that clients and providers see.

mod change;
mod cursor;
mod data;
mod export;
mod instance;
mod object;
mod open_view;
mod rows;
mod sort;
mod view;

pub use data::{TableData, TableType};
pub(crate) use export::{export_view, memory_table};
pub use object::TableDataHandle;
pub use open_view::TableView;
