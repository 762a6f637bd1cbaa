//! IMAPITable.

mod export;
mod import;

use mapi_sys::*;
use mapi_types::{PropTag, Restriction, Result, Row, SortOrder};

use super::*;
use crate::ptr::ComPtr;

/// BOOKMARK: BOOKMARK_BEGINNING, BOOKMARK_CURRENT, BOOKMARK_END, or one made by CreateBookmark.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Bookmark(pub usize);

#[allow(missing_docs)] // MAPIDefS.h
impl Bookmark {
    pub const BEGINNING: Self = Self(0);
    pub const CURRENT: Self = Self(1);
    pub const END: Self = Self(2);
}

/// QueryPosition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TablePosition {
    /// The row, or 0xFFFF_FFFF if it cannot be told.
    pub row: u32,
    /// Fraction of the table: numerator.
    pub numerator: u32,
    /// Fraction of the table: denominator, never 0.
    pub denominator: u32,
}

/// One column of a row that is being read.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ColumnRef<'a> {
    /// The tag, with the type of `value`.
    pub tag: PropTag,
    /// The value; PT_ERROR if there is none.
    pub value: &'a mapi_types::PropValue,
}

/// Where [`MapiTable::read_rows`] puts its rows, one call each, columns in the order of the view. It must not call the table
/// (the table may hold its lock), and an error of it ends the reading.
pub type RowSink<'a> = dyn FnMut(&[ColumnRef<'_>]) -> Result<()> + 'a;

/// IMAPITable: rows and columns (imapitableiunknown.md).
pub trait MapiTable: ComObject {
    /// Advise: table notifications. The answer is the connection.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn advise(&self, event_mask: u32, sink: ComPtr<IMAPIAdviseSink>) -> Result<usize>;

    /// Unadvise: returns when no OnNotify of this connection runs any more, and the sink has been released.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn unadvise(&self, connection: usize) -> Result<()>;

    /// GetStatus: TBLSTAT_ and TBLTYPE_.
    ///
    /// # Errors
    /// None of its own.
    fn get_status(&self) -> Result<(u32, u32)>;

    /// SetColumns.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER for an empty list, MAPI_E_BUSY.
    fn set_columns(&self, columns: &[PropTag], flags: u32) -> Result<()>;

    /// QueryColumns: the current columns, or with TBL_ALL_COLUMNS all there are.
    ///
    /// # Errors
    /// MAPI_E_BUSY.
    fn query_columns(&self, flags: u32) -> Result<Vec<PropTag>>;

    /// GetRowCount.
    ///
    /// # Errors
    /// MAPI_E_BUSY, MAPI_E_NO_SUPPORT.
    fn get_row_count(&self, flags: u32) -> Result<u32>;

    /// SeekRow: rows moved, with their sign. MAPI_W_POSITION_CHANGED is the `true`.
    ///
    /// # Errors
    /// MAPI_E_INVALID_BOOKMARK.
    fn seek_row(&self, origin: Bookmark, rows: i32) -> Result<(i32, bool)>;

    /// SeekRowApprox.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER for a denominator of 0.
    fn seek_row_approx(&self, numerator: u32, denominator: u32) -> Result<()>;

    /// QueryPosition.
    ///
    /// # Errors
    /// None of its own.
    fn query_position(&self) -> Result<TablePosition>;

    /// FindRow: the cursor stands on the row found. MAPI_W_POSITION_CHANGED is the `true`.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_INVALID_BOOKMARK, MAPI_E_TOO_COMPLEX.
    fn find_row(&self, restriction: &Restriction, origin: Bookmark, flags: u32) -> Result<bool>;

    /// Restrict: only rows that satisfy it; `None` takes the restriction away.
    ///
    /// # Errors
    /// MAPI_E_TOO_COMPLEX, MAPI_E_BUSY.
    fn restrict(&self, restriction: Option<&Restriction>, flags: u32) -> Result<()>;

    /// CreateBookmark.
    ///
    /// # Errors
    /// MAPI_E_UNABLE_TO_COMPLETE if there are too many.
    fn create_bookmark(&self) -> Result<Bookmark>;

    /// FreeBookmark.
    ///
    /// # Errors
    /// MAPI_E_INVALID_BOOKMARK.
    fn free_bookmark(&self, bookmark: Bookmark) -> Result<()>;

    /// SortTable: stable; bookmarks are lost, the cursor goes to the beginning.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT for categories, MAPI_E_TOO_COMPLEX.
    fn sort_table(&self, order: &SortOrder, flags: u32) -> Result<()>;

    /// QuerySortOrder.
    ///
    /// # Errors
    /// None of its own.
    fn query_sort_order(&self) -> Result<SortOrder>;

    /// QueryRows: `rows` rows from the cursor on; negative: the rows before it, in table order.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER for 0 rows.
    fn query_rows(&self, rows: i32, flags: u32) -> Result<Vec<Row>>;

    /// QueryRows without a copy in between: what the export calls. A table that keeps its rows in memory overrides it, so
    /// that each value is copied once, into the block that the caller gets.
    ///
    /// # Errors
    /// Those of [`MapiTable::query_rows`] and of `sink`.
    fn read_rows(&self, rows: i32, flags: u32, sink: &mut RowSink<'_>) -> Result<()> {
        for row in self.query_rows(rows, flags)? {
            let columns: Vec<ColumnRef<'_>> = (row.props.iter())
                .map(|p| ColumnRef {
                    tag: p.tag,
                    value: &p.value,
                })
                .collect();
            sink(&columns)?;
        }
        Ok(())
    }

    /// Abort.
    ///
    /// # Errors
    /// MAPI_E_UNABLE_TO_ABORT.
    fn abort(&self) -> Result<()> {
        Ok(())
    }

    /// WaitForCompletion: TBLSTAT_.
    ///
    /// # Errors
    /// MAPI_E_TIMEOUT.
    fn wait_for_completion(&self, flags: u32, timeout_ms: u32) -> Result<u32> {
        let _ = (flags, timeout_ms);
        Ok(0)
    }
}
