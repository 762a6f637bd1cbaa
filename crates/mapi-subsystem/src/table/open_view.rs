//! The IMAPITable of a view.

use std::sync::{Arc, Mutex, PoisonError};

use mapi_com::boundary::contain;
use mapi_com::iface::{AdviseSink, Bookmark, ComObject, MapiTable, RowSink, TablePosition};
use mapi_com::ptr::ComPtr;
use mapi_sys::{
    DIR_BACKWARD, IMAPIAdviseSink, TBL_ALL_COLUMNS, TBL_ASYNC, TBL_BATCH, TBL_NOADVANCE,
    TBL_NOWAIT, TBLSTAT_COMPLETE,
};
use mapi_types::{
    Error, ErrorCode, PropTag, Property, Restriction, Result, Row, SortOrder, TableEvent, event,
};

use super::data::{TableData, ViewId};
use crate::notify::AdviseScope;

/// A view of a [`TableData`]: columns, restriction, order, cursor and bookmarks of one client (IMAPITable).
///
/// Everything is done at once: TBL_BATCH changes nothing, and TBL_ASYNC adds the notification that the work is done.
pub struct TableView {
    data: Arc<TableData>,
    id: ViewId,
    scope: Arc<AdviseScope>,
    on_release: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl TableView {
    pub(super) fn new(
        data: Arc<TableData>,
        id: ViewId,
        scope: Arc<AdviseScope>,
        on_release: Option<Box<dyn FnOnce() + Send>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            data,
            id,
            scope,
            on_release: Mutex::new(on_release),
        })
    }

    pub(super) fn set_on_release(&self, on_release: Option<Box<dyn FnOnce() + Send>>) {
        let mut held = self
            .on_release
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *held = on_release;
    }

    /// Advise for a sink of ours; [`MapiTable::advise`] is for those from outside.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER without fnevTableModified; MAPI_E_INVALID_OBJECT if the scope has been sealed.
    pub fn advise_sink(&self, event_mask: u32, sink: Arc<dyn AdviseSink>) -> Result<usize> {
        if event_mask & event::TABLE_MODIFIED == 0 {
            return Err(Error::caller(ErrorCode::INVALID_PARAMETER)
                .context("a table has no other events than fnevTableModified"));
        }
        let connection = self.scope.advise(event::TABLE_MODIFIED, sink)?;
        self.data.lock().view(self.id)?.0.sinks.push(connection);
        Ok(connection)
    }

    /// Says that an operation with TBL_ASYNC is over.
    fn done(&self, flags: u32, event: TableEvent) -> Result<()> {
        if flags & TBL_ASYNC != 0 {
            let mut inner = self.data.lock();
            inner.view(self.id)?.0.tell_all(event);
            inner.publish(true);
        }
        Ok(())
    }
}

impl Drop for TableView {
    fn drop(&mut self) {
        let sinks = self.data.lock().close_view(self.id);
        self.scope.abandon(&sinks);
        let on_release = self
            .on_release
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(on_release) = on_release.take() {
            // A panic has nowhere to go from here.
            drop(contain(|| {
                on_release();
                Ok(())
            }));
        }
    }
}

impl ComObject for TableView {}

impl MapiTable for TableView {
    fn advise(&self, event_mask: u32, sink: ComPtr<IMAPIAdviseSink>) -> Result<usize> {
        self.advise_sink(event_mask, Arc::new(sink))
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        let mut inner = self.data.lock();
        let sinks = &mut inner.view(self.id)?.0.sinks;
        let at = sinks.iter().position(|known| *known == connection);
        let at = at.ok_or_else(|| {
            Error::caller(ErrorCode::NOT_FOUND)
                .context(format!("the table has no registration {connection}"))
        })?;
        sinks.remove(at);
        drop(inner);
        self.scope.unadvise(connection)
    }

    fn get_status(&self) -> Result<(u32, u32)> {
        Ok((TBLSTAT_COMPLETE, self.data.table_type().raw()))
    }

    fn set_columns(&self, columns: &[PropTag], flags: u32) -> Result<()> {
        allow(flags, TBL_ASYNC | TBL_BATCH)?;
        let mut inner = self.data.lock();
        let (view, rows) = inner.view(self.id)?;
        view.set_columns(rows, columns)?;
        drop(inner);
        self.done(flags, TableEvent::SetColDone)
    }

    fn query_columns(&self, flags: u32) -> Result<Vec<PropTag>> {
        allow(flags, TBL_ALL_COLUMNS)?;
        let mut inner = self.data.lock();
        if flags & TBL_ALL_COLUMNS != 0 {
            return Ok(inner.columns.clone());
        }
        Ok(inner.view(self.id)?.0.columns.clone())
    }

    fn get_row_count(&self, flags: u32) -> Result<u32> {
        allow(flags, TBL_NOWAIT)?;
        let lines = self.data.lock().view(self.id)?.0.len();
        u32::try_from(lines).map_err(|_| ErrorCode::TABLE_TOO_BIG.into())
    }

    fn seek_row(&self, origin: Bookmark, rows: i32) -> Result<(i32, bool)> {
        self.data.lock().view(self.id)?.0.seek(origin, rows)
    }

    fn seek_row_approx(&self, numerator: u32, denominator: u32) -> Result<()> {
        if denominator == 0 {
            return Err(Error::caller(ErrorCode::INVALID_PARAMETER)
                .context("a fraction has no denominator of 0"));
        }
        let mut inner = self.data.lock();
        let view = inner.view(self.id)?.0;
        let (len, part) = (view.len() as u128, u128::from(numerator));
        let at = (len * part / u128::from(denominator)).min(len);
        view.marks
            .move_cursor(usize::try_from(at).unwrap_or(usize::MAX));
        Ok(())
    }

    fn query_position(&self) -> Result<TablePosition> {
        let mut inner = self.data.lock();
        let view = inner.view(self.id)?.0;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let row = number(view.marks.cursor());
        Ok(TablePosition {
            row,
            numerator: row,
            denominator: number(view.len()).max(1),
        })
    }

    fn find_row(&self, restriction: &Restriction, origin: Bookmark, flags: u32) -> Result<bool> {
        allow(flags, DIR_BACKWARD)?;
        let mut inner = self.data.lock();
        let (view, rows) = inner.view(self.id)?;
        view.find(rows, restriction, origin, flags & DIR_BACKWARD != 0)
    }

    fn restrict(&self, restriction: Option<&Restriction>, flags: u32) -> Result<()> {
        allow(flags, TBL_ASYNC | TBL_BATCH)?;
        let mut inner = self.data.lock();
        let (view, rows) = inner.view(self.id)?;
        view.restrict(rows, restriction)?;
        drop(inner);
        self.done(flags, TableEvent::RestrictDone)
    }

    fn create_bookmark(&self) -> Result<Bookmark> {
        self.data.lock().view(self.id)?.0.marks.create()
    }

    fn free_bookmark(&self, bookmark: Bookmark) -> Result<()> {
        self.data.lock().view(self.id)?.0.marks.free(bookmark)
    }

    fn sort_table(&self, order: &SortOrder, flags: u32) -> Result<()> {
        allow(flags, TBL_ASYNC | TBL_BATCH)?;
        let mut inner = self.data.lock();
        let (view, rows) = inner.view(self.id)?;
        view.sort(rows, order.clone())?;
        drop(inner);
        self.done(flags, TableEvent::SortDone)
    }

    fn query_sort_order(&self) -> Result<SortOrder> {
        Ok(self.data.lock().view(self.id)?.0.order.clone())
    }

    fn query_rows(&self, rows: i32, flags: u32) -> Result<Vec<Row>> {
        let mut read = Vec::new();
        self.read_rows(rows, flags, &mut |columns| {
            let props = columns.iter().map(|column| Property {
                tag: column.tag,
                value: column.value.clone(),
            });
            read.push(Row {
                props: props.collect(),
            });
            Ok(())
        })?;
        Ok(read)
    }

    fn read_rows(&self, rows: i32, flags: u32, sink: &mut RowSink<'_>) -> Result<()> {
        allow(flags, TBL_NOADVANCE)?;
        if rows == 0 {
            return Err(Error::caller(ErrorCode::INVALID_PARAMETER)
                .context("QueryRows wants a number of rows other than 0"));
        }
        let mut inner = self.data.lock();
        let (view, all) = inner.view(self.id)?;
        view.read(all, rows, flags & TBL_NOADVANCE == 0, sink)
    }
}

/// Refuses flags that the method does not have.
fn allow(flags: u32, known: u32) -> Result<()> {
    if flags & !known == 0 {
        return Ok(());
    }
    Err(Error::caller(ErrorCode::UNKNOWN_FLAGS).context(format!("{:#x}", flags & !known)))
}
