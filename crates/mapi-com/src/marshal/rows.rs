//! SRowSet and ADRLIST: a set, and for each row a block of its own.

use std::mem::{ManuallyDrop, offset_of};
use std::ptr::NonNull;

use mapi_sys::{ADRENTRY, ADRLIST, SPropValue, SRow, SRowSet};
use mapi_types::{Error, ErrorCode, PropTag, PropValue, Result, Row};

use super::reader::{Reader, not_null};
use super::value::put_props;
use super::writer::{Writer, count_of};
use crate::alloc::{Allocator, MapiBuffer};

// The two structures are one by another name: readers and writers serve both.
const _: () = {
    assert!(size_of::<SRow>() == size_of::<ADRENTRY>());
    assert!(offset_of!(SRow, cValues) == offset_of!(ADRENTRY, cValues));
    assert!(offset_of!(SRow, lpProps) == offset_of!(ADRENTRY, rgPropVals));
    assert!(offset_of!(SRowSet, aRow) == offset_of!(ADRLIST, aEntries));
};

/// Reads a row set; the caller keeps it. Columns of unknown types become PT_ERROR with MAPI_E_NO_SUPPORT.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for null pointers, MAPI_E_TOO_BIG.
///
/// # Safety
/// `set` is null or points to an SRowSet whose rows are valid for reading.
pub unsafe fn read_row_set(set: *const SRowSet) -> Result<Vec<Row>> {
    not_null(set)?;
    let mut reader = Reader::new();
    // SAFETY: by the contract above.
    unsafe {
        let count = (&raw const (*set).cRows).read_unaligned();
        let first = (&raw const (*set).aRow).cast::<SRow>();
        let mut rows = Vec::new();
        for i in 0..count as usize {
            reader.spend::<Row>(1)?;
            let row = first.add(i).read_unaligned();
            rows.push(Row {
                props: reader.properties(row.cValues, row.lpProps, true)?,
            });
        }
        Ok(rows)
    }
}

/// Reads one row; the caller keeps it.
///
/// # Errors
/// As [`read_row_set`].
///
/// # Safety
/// `row` is null or points to an SRow that is valid for reading.
pub unsafe fn read_row(row: *const SRow) -> Result<Row> {
    not_null(row)?;
    // SAFETY: by the contract above.
    unsafe {
        let row = row.read_unaligned();
        let props = Reader::new().properties(row.cValues, row.lpProps, true)?;
        Ok(Row { props })
    }
}

/// Writes one row, in one block.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn write_row(allocator: Allocator, row: &Row) -> Result<MapiBuffer<SRow>> {
    let count = count_of(&row.props)?;
    Writer::build::<SRow>(allocator, |w| {
        let place = w.reserve::<SRow>(1)?;
        let props = put_props(w, row.props.iter().map(|p| (p.tag, &p.value)))?;
        place.set(
            0,
            SRow {
                ulAdrEntryPad: 0,
                cValues: count,
                lpProps: props,
            },
        );
        Ok(())
    })
}

/// Reads an address list; the caller keeps it.
///
/// # Errors
/// As [`read_row_set`].
///
/// # Safety
/// As [`read_row_set`].
pub unsafe fn read_adr_list(list: *const ADRLIST) -> Result<Vec<Row>> {
    // SAFETY: by the contract above; the layouts are the same.
    unsafe { read_row_set(list.cast()) }
}

/// Gives entries of a caller's address list their new properties: those of `after` that differ from `before`. The old
/// blocks are freed, as MAPI's pages want it (iaddrbook-resolvename.md).
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY: nothing has changed. MAPI_E_CALL_FAILED if the number of entries differs.
///
/// # Safety
/// `list` is a list of `before.len()` entries, whose blocks came from `allocator`, and nobody else uses it.
pub unsafe fn update_adr_list(
    list: *mut ADRLIST,
    before: &[Row],
    after: &[Row],
    allocator: Allocator,
) -> Result<()> {
    if before.len() != after.len() {
        return Err(Error::provider(ErrorCode::CALL_FAILED)
            .context("an address list keeps its number of entries"));
    }
    let changed = |i: &usize| before[*i] != after[*i];
    let indexes: Vec<usize> = (0..after.len()).filter(changed).collect();
    let mut made = RowSetBuilder::new(allocator);
    for i in &indexes {
        made.push_row(&after[*i])?;
    }
    for (i, new) in indexes.into_iter().zip(made.take()) {
        // SAFETY: by the contract above.
        unsafe {
            let entry = (&raw mut (*list).aEntries).cast::<ADRENTRY>().add(i);
            let old = (*entry).rgPropVals;
            (*entry).cValues = new.cValues;
            (*entry).rgPropVals = new.lpProps;
            if let Some(old) = NonNull::new(old) {
                allocator.free(old.cast());
            }
        }
    }
    Ok(())
}

/// Owns a row set (or address list) and the blocks of its rows; dropping it frees all of them (FreeProws).
#[derive(Debug)]
pub struct RowSet {
    set: NonNull<SRowSet>,
    allocator: Allocator,
}

// SAFETY: blocks may be used and freed on any thread; the value owns them alone.
unsafe impl Send for RowSet {}

impl RowSet {
    /// Takes over a row set. `None` for a null pointer.
    ///
    /// # Safety
    /// `set` is null, or a root block of `allocator`'s functions with blocks of its own for the rows, that nobody else frees.
    #[must_use]
    pub unsafe fn from_raw(set: *mut SRowSet, allocator: Allocator) -> Option<Self> {
        NonNull::new(set).map(|set| Self { set, allocator })
    }

    /// Takes over an address list. `None` for a null pointer.
    ///
    /// # Safety
    /// As [`RowSet::from_raw`].
    #[must_use]
    pub unsafe fn from_adr_list(list: *mut ADRLIST, allocator: Allocator) -> Option<Self> {
        // SAFETY: by the contract above; the layouts are the same.
        unsafe { Self::from_raw(list.cast(), allocator) }
    }

    /// Writes rows.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_MEMORY.
    pub fn write(allocator: Allocator, rows: &[Row]) -> Result<Self> {
        let mut builder = RowSetBuilder::new(allocator);
        rows.iter().try_for_each(|row| builder.push_row(row))?;
        builder.finish()
    }

    /// The rows.
    ///
    /// # Errors
    /// As [`read_row_set`].
    pub fn read(&self) -> Result<Vec<Row>> {
        // SAFETY: we own a valid row set.
        unsafe { read_row_set(self.set.as_ptr()) }
    }

    /// The set; it stays here.
    #[must_use]
    pub fn as_ptr(&self) -> *mut SRowSet {
        self.set.as_ptr()
    }

    /// The set as an address list; it stays here.
    #[must_use]
    pub fn as_adr_list(&self) -> *mut ADRLIST {
        self.set.as_ptr().cast()
    }

    /// Gives the set away.
    #[must_use]
    pub fn into_raw(self) -> *mut SRowSet {
        ManuallyDrop::new(self).set.as_ptr()
    }
}

impl Drop for RowSet {
    fn drop(&mut self) {
        // SAFETY: we own the set and the blocks of its rows.
        unsafe {
            let set = self.set.as_ptr();
            let first = (&raw const (*set).aRow).cast::<SRow>();
            for i in 0..(*set).cRows as usize {
                free_row(self.allocator, (*first.add(i)).lpProps);
            }
            self.allocator.free(self.set.cast());
        }
    }
}

/// Builds a row set row by row, each value copied once.
#[derive(Debug)]
pub struct RowSetBuilder {
    allocator: Allocator,
    rows: Vec<SRow>,
}

// SAFETY: as for RowSet.
unsafe impl Send for RowSetBuilder {}

impl RowSetBuilder {
    /// An empty set.
    #[must_use]
    pub fn new(allocator: Allocator) -> Self {
        Self {
            allocator,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_MEMORY.
    pub fn push<'a, I>(&mut self, columns: I) -> Result<()>
    where
        I: ExactSizeIterator<Item = (PropTag, &'a PropValue)> + Clone,
    {
        let count = u32::try_from(columns.len()).map_err(|_| ErrorCode::TOO_BIG)?;
        let props = if count == 0 {
            std::ptr::null_mut()
        } else {
            Writer::build::<SPropValue>(self.allocator, |w| {
                put_props(w, columns.clone()).map(drop)
            })?
            .into_raw()
        };
        self.rows.push(SRow {
            ulAdrEntryPad: 0,
            cValues: count,
            lpProps: props,
        });
        Ok(())
    }

    /// Adds a row.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_MEMORY.
    pub fn push_row(&mut self, row: &Row) -> Result<()> {
        self.push(row.props.iter().map(|p| (p.tag, &p.value)))
    }

    /// The set.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_MEMORY.
    pub fn finish(mut self) -> Result<RowSet> {
        let count = count_of(&self.rows)?;
        let set = Writer::build::<SRowSet>(self.allocator, |w| {
            let place = w.counted::<SRow>(&[count], offset_of!(SRowSet, aRow), self.rows.len())?;
            for (i, row) in self.rows.iter().enumerate() {
                place.set(i, *row);
            }
            Ok(())
        })?;
        self.rows.clear();
        let allocator = self.allocator;
        // SAFETY: the set was just written, and owns the rows' blocks from here on.
        unsafe { RowSet::from_raw(set.into_raw(), allocator) }
            .ok_or_else(|| ErrorCode::NOT_ENOUGH_MEMORY.into())
    }

    fn take(&mut self) -> Vec<SRow> {
        std::mem::take(&mut self.rows)
    }
}

impl Drop for RowSetBuilder {
    fn drop(&mut self) {
        for row in &self.rows {
            // SAFETY: the block was written by `push` and has not been given away.
            unsafe { free_row(self.allocator, row.lpProps) };
        }
    }
}

/// # Safety
/// `props` is null or a root block of `allocator` that nobody uses any more.
unsafe fn free_row(allocator: Allocator, props: *mut SPropValue) {
    if let Some(props) = NonNull::new(props) {
        // SAFETY: by the contract above.
        unsafe { allocator.free(props.cast()) };
    }
}
