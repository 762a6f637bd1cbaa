//! IMAPITable: the proxy.

use mapi_sys::*;
use mapi_types::{PropTag, Restriction, Result, Row, SortOrder};

use super::super::*;
use crate::alloc::Allocator;
use crate::marshal::RowSet;
use crate::ptr::ComPtr;
use crate::wire::*;

impl MapiTable for ComPtr<IMAPITable> {
    fn advise(&self, event_mask: u32, sink: ComPtr<mapi_sys::IMAPIAdviseSink>) -> Result<usize> {
        let mut out = Default::default();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().Advise)(self.as_raw(), event_mask, sink.as_raw(), &raw mut out);
            check_last(self, hr, "IMAPITable::Advise")?;
            Ok(out)
        }
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().Unadvise)(self.as_raw(), connection);
            check_last(self, hr, "IMAPITable::Unadvise")
        }
    }

    fn set_columns(&self, columns: &[PropTag], flags: u32) -> Result<()> {
        let columns = TagArray::new(columns);
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SetColumns)(self.as_raw(), columns.as_ptr(), flags);
            check_last(self, hr, "IMAPITable::SetColumns")
        }
    }

    fn query_columns(&self, flags: u32) -> Result<Vec<PropTag>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().QueryColumns)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMAPITable::QueryColumns")?;
            take_tags(out)
        }
    }

    fn get_row_count(&self, flags: u32) -> Result<u32> {
        let mut out = Default::default();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetRowCount)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMAPITable::GetRowCount")?;
            Ok(out)
        }
    }

    fn seek_row_approx(&self, numerator: u32, denominator: u32) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SeekRowApprox)(self.as_raw(), numerator, denominator);
            check_last(self, hr, "IMAPITable::SeekRowApprox")
        }
    }

    fn restrict(&self, restriction: Option<&Restriction>, flags: u32) -> Result<()> {
        let restriction = restriction.map(RestrictionBlock::new).transpose()?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().Restrict)(
                self.as_raw(),
                restriction
                    .as_ref()
                    .map_or(std::ptr::null_mut(), RestrictionBlock::as_ptr),
                flags,
            );
            check_last(self, hr, "IMAPITable::Restrict")
        }
    }

    fn free_bookmark(&self, bookmark: Bookmark) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().FreeBookmark)(self.as_raw(), bookmark.0);
            check_last(self, hr, "IMAPITable::FreeBookmark")
        }
    }

    fn sort_table(&self, order: &SortOrder, flags: u32) -> Result<()> {
        let order = SortBlock::new(order)?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SortTable)(self.as_raw(), order.as_ptr(), flags);
            check_last(self, hr, "IMAPITable::SortTable")
        }
    }

    fn abort(&self) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().Abort)(self.as_raw());
            check_last(self, hr, "IMAPITable::Abort")
        }
    }

    fn wait_for_completion(&self, flags: u32, timeout_ms: u32) -> Result<u32> {
        let mut out = Default::default();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr =
                (self.vtbl().WaitForCompletion)(self.as_raw(), flags, timeout_ms, &raw mut out);
            check_last(self, hr, "IMAPITable::WaitForCompletion")?;
            Ok(out)
        }
    }

    fn get_status(&self) -> Result<(u32, u32)> {
        let (mut state, mut kind) = (0, 0);
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        let hr = unsafe { (self.vtbl().GetStatus)(self.as_raw(), &raw mut state, &raw mut kind) };
        check_last(self, hr, "IMAPITable::GetStatus")?;
        Ok((state, kind))
    }

    fn seek_row(&self, origin: Bookmark, rows: i32) -> Result<(i32, bool)> {
        let mut sought = 0;
        // SAFETY: as in `get_status`.
        let hr = unsafe { (self.vtbl().SeekRow)(self.as_raw(), origin.0, rows, &raw mut sought) };
        check_last(self, hr, "IMAPITable::SeekRow")?;
        Ok((sought, hr == POSITION_CHANGED))
    }

    fn query_position(&self) -> Result<TablePosition> {
        let (mut row, mut numerator, mut denominator) = (0, 0, 0);
        // SAFETY: as in `get_status`.
        let hr = unsafe {
            let call = self.vtbl().QueryPosition;
            call(
                self.as_raw(),
                &raw mut row,
                &raw mut numerator,
                &raw mut denominator,
            )
        };
        check_last(self, hr, "IMAPITable::QueryPosition")?;
        Ok(TablePosition {
            row,
            numerator,
            denominator: denominator.max(1),
        })
    }

    fn find_row(&self, restriction: &Restriction, origin: Bookmark, flags: u32) -> Result<bool> {
        let restriction = RestrictionBlock::new(restriction)?;
        // SAFETY: as in `get_status`.
        let hr =
            unsafe { (self.vtbl().FindRow)(self.as_raw(), restriction.as_ptr(), origin.0, flags) };
        check_last(self, hr, "IMAPITable::FindRow")?;
        Ok(hr == POSITION_CHANGED)
    }

    fn create_bookmark(&self) -> Result<Bookmark> {
        let mut out = 0;
        // SAFETY: as in `get_status`.
        let hr = unsafe { (self.vtbl().CreateBookmark)(self.as_raw(), &raw mut out) };
        check_last(self, hr, "IMAPITable::CreateBookmark")?;
        Ok(Bookmark(out))
    }

    fn query_sort_order(&self) -> Result<SortOrder> {
        let mut out = std::ptr::null_mut();
        // SAFETY: as in `get_status`.
        unsafe {
            let hr = (self.vtbl().QuerySortOrder)(self.as_raw(), &raw mut out);
            check_last(self, hr, "IMAPITable::QuerySortOrder")?;
            take_sort(out)
        }
    }

    fn query_rows(&self, rows: i32, flags: u32) -> Result<Vec<Row>> {
        let set = self.query_row_set(rows, flags)?;
        set.map_or(Ok(Vec::new()), |set| set.read())
    }
}

impl ComPtr<IMAPITable> {
    /// QueryRows, with the rows left in the blocks that they come in, as a C client has them. `None`: there are none.
    ///
    /// # Errors
    /// As [`MapiTable::query_rows`].
    pub fn query_row_set(&self, rows: i32, flags: u32) -> Result<Option<RowSet>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the output is a place of ours. The set is ours to free.
        unsafe {
            let hr = (self.vtbl().QueryRows)(self.as_raw(), rows, flags, &raw mut out);
            check_last(self, hr, "IMAPITable::QueryRows")?;
            Ok(RowSet::from_raw(out, Allocator::mapi()))
        }
    }
}
