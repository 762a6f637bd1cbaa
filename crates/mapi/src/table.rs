//! Tables as iterators.

use mapi_com::iface::{Bookmark, MapiTable};
use mapi_com::ptr::ComPtr;
use mapi_types::{PropTag, Restriction, Result, Row, SortOrder};

/// A table: contents, hierarchy, recipients, attachments, status (IMAPITable).
///
/// Rows are fetched a block at a time; a table with any number of rows takes little memory.
#[derive(Clone, Debug)]
pub struct Table(ComPtr<mapi_sys::IMAPITable>);

/// Rows that are fetched with one QueryRows.
const BLOCK_ROWS: i32 = 256;

impl Table {
    pub(crate) fn new(table: ComPtr<mapi_sys::IMAPITable>) -> Self {
        Self(table)
    }

    /// The object itself, for methods that are not wrapped.
    #[must_use]
    pub fn object(&self) -> &ComPtr<mapi_sys::IMAPITable> {
        &self.0
    }

    /// Chooses the columns.
    ///
    /// # Errors
    /// As [`MapiTable::set_columns`].
    pub fn columns(self, tags: &[PropTag]) -> Result<Self> {
        self.0.set_columns(tags, 0)?;
        Ok(self)
    }

    /// Keeps the rows that satisfy `restriction`.
    ///
    /// # Errors
    /// As [`MapiTable::restrict`].
    pub fn restrict(self, restriction: &Restriction) -> Result<Self> {
        self.0.restrict(Some(restriction), 0)?;
        Ok(self)
    }

    /// Sorts.
    ///
    /// # Errors
    /// As [`MapiTable::sort_table`].
    pub fn sort(self, order: &SortOrder) -> Result<Self> {
        self.0.sort_table(order, 0)?;
        Ok(self)
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// As [`MapiTable::get_row_count`].
    pub fn count(&self) -> Result<u32> {
        self.0.get_row_count(0)
    }

    /// Moves the cursor to row `row`, counted from 0.
    ///
    /// # Errors
    /// As [`MapiTable::seek_row`].
    pub fn seek(&self, row: u32) -> Result<()> {
        self.0
            .seek_row(Bookmark::BEGINNING, i32::try_from(row).unwrap_or(i32::MAX))?;
        Ok(())
    }

    /// The next `rows` rows at most.
    ///
    /// # Errors
    /// As [`MapiTable::query_rows`].
    pub fn next_rows(&self, rows: i32) -> Result<Vec<Row>> {
        self.0.query_rows(rows, 0)
    }

    /// All rows from the cursor on.
    #[must_use]
    pub fn rows(self) -> Rows {
        Rows {
            table: self,
            block: Vec::new().into_iter(),
            ended: false,
        }
    }
}

/// The rows of a table, one after another; an error ends them.
#[derive(Debug)]
pub struct Rows {
    table: Table,
    block: std::vec::IntoIter<Row>,
    ended: bool,
}

impl Iterator for Rows {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(row) = self.block.next() {
            return Some(Ok(row));
        }
        if self.ended {
            return None;
        }
        match self.table.next_rows(BLOCK_ROWS) {
            Ok(rows) => {
                self.ended = rows.is_empty();
                self.block = rows.into_iter();
                self.block.next().map(Ok)
            }
            Err(error) => {
                self.ended = true;
                Some(Err(error))
            }
        }
    }
}
