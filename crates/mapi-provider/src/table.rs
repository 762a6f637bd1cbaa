//! Tables.

use std::sync::Arc;

use mapi_types::{Error, PropTag, Restriction, Result, Row, RowChange, SortOrder};

/// Remembers a row: what a bookmark is made of. The bytes are the source's own (the sort key and PR_INSTANCE_KEY, say).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowMark(pub Vec<u8>);

/// Where a table puts its changes; the rules of [`ChangeFeed`](crate::ChangeFeed) hold.
///
/// A row in a change has the columns set last. A source that cannot say which row changed sends one change of kind
/// [`TableEvent::Changed`](mapi_types::TableEvent::Changed) without key and row.
pub type TableFeed = Arc<dyn Fn(&[RowChange]) + Send + Sync>;

/// The rows of a table, seen through one cursor (IMAPITable).
///
/// The cursor stands *before* a row, from 0 (before the first) to the number of rows (behind the last). Columns, restriction
/// and order are the source's to keep, so that a database can prepare its statements. A source reads only the rows it is
/// asked for. Rows that come or go elsewhere may move the cursor's number, not the row it stands before.
///
/// The crate adds bookmarks, BOOKMARK_CURRENT and BOOKMARK_END, TBL_NOADVANCE, TBL_BATCH, string width, the columns that
/// [`PropObject`](crate::PropObject) names as the crate's, and the sinks.
///
/// One call at a time.
pub trait TableSource: Send {
    /// All columns there are, the ones a client sees without SetColumns first: PR_INSTANCE_KEY and PR_ENTRYID (or
    /// PR_ROWID, PR_ATTACH_NUM) among them. The source starts with these columns, unrestricted, in its natural order, at row 0.
    ///
    /// # Errors
    /// Those of the storage.
    fn all_columns(&mut self) -> Result<Vec<PropTag>>;

    /// The columns of the rows from now on. A column that is not there is MAPI_E_NOT_FOUND in every row; PT_NULL
    /// (PR_NULL) keeps a place free. The cursor stays. A tag of type PT_UNSPECIFIED is answered with the type there is.
    ///
    /// # Errors
    /// Those of the storage.
    fn set_columns(&mut self, columns: &[PropTag]) -> Result<()>;

    /// Only the rows that satisfy `restriction`; `None`: all. The cursor goes to row 0, marks may become stale.
    ///
    /// # Errors
    /// MAPI_E_TOO_COMPLEX for what the source cannot evaluate; then the old restriction stays.
    fn restrict(&mut self, restriction: Option<&Restriction>) -> Result<()>;

    /// Orders the rows, stable; no keys: the natural order. The cursor goes to row 0.
    ///
    /// # Errors
    /// MAPI_E_TOO_COMPLEX; MAPI_E_NO_SUPPORT where nothing can be sorted. The old order stays.
    fn sort(&mut self, order: &SortOrder) -> Result<()>;

    /// The number of rows.
    ///
    /// # Errors
    /// Those of the storage.
    fn row_count(&mut self) -> Result<u32>;

    /// The number of the row the cursor stands before.
    ///
    /// # Errors
    /// Those of the storage.
    fn position(&mut self) -> Result<u32>;

    /// Puts the cursor before row `row`, or behind the last if there are not so many.
    ///
    /// # Errors
    /// Those of the storage.
    fn seek_to(&mut self, row: u32) -> Result<()>;

    /// Moves the cursor by `rows`, stopping at either end: the rows moved, with their sign.
    ///
    /// # Errors
    /// Those of the storage.
    fn seek_by(&mut self, rows: i64) -> Result<i64> {
        let (from, count) = (i64::from(self.position()?), i64::from(self.row_count()?));
        let to = from.saturating_add(rows).clamp(0, count);
        self.seek_to(u32::try_from(to).unwrap_or(u32::MAX))?;
        Ok(to - from)
    }

    /// Puts the cursor at about `numerator` / `denominator` (not 0) of the rows.
    ///
    /// # Errors
    /// Those of the storage.
    fn seek_approx(&mut self, numerator: u32, denominator: u32) -> Result<()> {
        let count = u64::from(self.row_count()?);
        let row = (count * u64::from(numerator) / u64::from(denominator.max(1))).min(count);
        self.seek_to(u32::try_from(row).unwrap_or(u32::MAX))
    }

    /// Up to `count` rows behind the cursor; it then stands behind the last of them. Fewer only at the end.
    /// Text and bytes may be cut to 255 characters or bytes, as the tables of MAPI are allowed to.
    ///
    /// # Errors
    /// Those of the storage.
    fn next_rows(&mut self, count: u32) -> Result<Vec<Row>>;

    /// Up to `count` rows before the cursor, in the order of the table; it then stands before the first of them.
    ///
    /// # Errors
    /// Those of the storage.
    fn previous_rows(&mut self, count: u32) -> Result<Vec<Row>> {
        let moved = self.seek_by(-i64::from(count))?;
        let rows = self.next_rows(u32::try_from(-moved).unwrap_or(0))?;
        self.seek_by(moved)?;
        Ok(rows)
    }

    /// Puts the cursor before the first row from the cursor on that satisfies `restriction`; with `backward` before the
    /// nearest of the rows that lie before it. `false`: there is none, and the cursor stays.
    ///
    /// # Errors
    /// MAPI_E_TOO_COMPLEX.
    fn find(&mut self, restriction: &Restriction, backward: bool) -> Result<bool>;

    /// Remembers the row behind the cursor (or the end). It must be found again after others have come and gone.
    ///
    /// # Errors
    /// Those of the storage.
    fn mark(&mut self) -> Result<RowMark>;

    /// Puts the cursor before a marked row. `false`: it has gone, and the cursor stands where it would be
    /// (MAPI_W_POSITION_CHANGED).
    ///
    /// # Errors
    /// MAPI_E_INVALID_BOOKMARK for bytes that are not a mark of this source.
    fn seek_mark(&mut self, mark: &RowMark) -> Result<bool>;

    /// Tells changes of the rows in this view to `feed` until the source is dropped. Called at most once, when the first
    /// client wants to know.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT: this table tells nothing.
    fn watch(&mut self, feed: TableFeed) -> Result<()> {
        let _ = feed;
        Err(Error::no_support())
    }
}
