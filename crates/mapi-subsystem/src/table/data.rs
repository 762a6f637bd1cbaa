//! The rows of a table and its views, under one lock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mapi_sys::{TBLTYPE_DYNAMIC, TBLTYPE_KEYSET, TBLTYPE_SNAPSHOT};
use mapi_types::{
    Error, ErrorCode, Notification, PropTag, PropValue, Result, Row, SortOrder, TableEvent, tag,
};

use super::open_view::TableView;
use super::rows::{Incoming, RowId, Rows};
use super::view::View;
use crate::notify::AdviseScope;

/// What GetStatus says of a table's kind; it changes nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TableType {
    /// TBLTYPE_SNAPSHOT: the contents do not change.
    Snapshot,
    /// TBLTYPE_KEYSET: the rows stay, their values change.
    Keyset,
    /// TBLTYPE_DYNAMIC: rows come, change and go.
    Dynamic,
}

impl TableType {
    /// The number of the headers.
    #[must_use]
    pub fn raw(self) -> u32 {
        match self {
            Self::Snapshot => TBLTYPE_SNAPSHOT,
            Self::Keyset => TBLTYPE_KEYSET,
            Self::Dynamic => TBLTYPE_DYNAMIC,
        }
    }

    /// From the number of the headers.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER for any other.
    pub fn from_raw(raw: u32) -> Result<Self> {
        Ok(match raw {
            TBLTYPE_SNAPSHOT => Self::Snapshot,
            TBLTYPE_KEYSET => Self::Keyset,
            TBLTYPE_DYNAMIC => Self::Dynamic,
            _ => {
                return Err(Error::caller(ErrorCode::INVALID_PARAMETER)
                    .context(format!("there is no table type {raw}")));
            }
        })
    }
}

/// Up to so many rows changed by one call are told one by one; more are one TABLE_CHANGED (itabledata-hrmodifyrows.md).
const MAX_TOLD: usize = 8;

/// Rows in memory with any number of views (ITableData).
///
/// One column, the index, names the rows: no two have the same value in it. A row that comes without PR_INSTANCE_KEY gets one.
/// Every change is seen by all views at once; their sinks are told through the scope that the view was opened with, later and on
/// another thread.
///
/// Any thread may call any method.
pub struct TableData {
    table_type: TableType,
    inner: Mutex<Inner>,
}

pub(super) struct Inner {
    pub rows: Rows,
    /// All columns there are, in the order in which they became known. They stay when the last row with a value goes.
    pub columns: Vec<PropTag>,
    /// The tags of the row that came last: the next one probably has the same.
    last_shape: Vec<PropTag>,
    views: BTreeMap<ViewId, OpenView>,
    last_view: ViewId,
}

pub(super) type ViewId = u64;

struct OpenView {
    view: View,
    scope: Arc<AdviseScope>,
}

impl TableData {
    /// A table without rows. `columns` are those that views show without SetColumns.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER if values of `index_column` cannot name a row: lists, fractions and objects.
    pub fn new(
        table_type: TableType,
        index_column: PropTag,
        columns: &[PropTag],
    ) -> Result<Arc<Self>> {
        let mut inner = Inner {
            rows: Rows::new(index_column)?,
            columns: Vec::new(),
            last_shape: Vec::new(),
            views: BTreeMap::new(),
            last_view: 0,
        };
        inner.learn(columns.iter().copied());
        inner.learn([index_column, tag::PR_INSTANCE_KEY].into_iter());
        Ok(Arc::new(Self {
            table_type,
            inner: Mutex::new(inner),
        }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kind of table.
    #[must_use]
    pub fn table_type(&self) -> TableType {
        self.table_type
    }

    /// The index column.
    #[must_use]
    pub fn index_column(&self) -> PropTag {
        self.lock().rows.index_column()
    }

    /// The number of rows.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.lock().rows.len()
    }

    /// HrGetView: a view of all rows in `order` (`None`: that of insertion), its cursor at the beginning. Sinks registered with it
    /// belong to `scope`. `on_release` runs when the view has gone (CALLERRELEASE).
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT for categories, MAPI_E_TOO_COMPLEX for a key that cannot be sorted by.
    pub fn get_view(
        self: &Arc<Self>,
        order: Option<&SortOrder>,
        scope: &Arc<AdviseScope>,
        on_release: Option<Box<dyn FnOnce() + Send>>,
    ) -> Result<Arc<TableView>> {
        let mut inner = self.lock();
        let order = order.cloned().unwrap_or_default();
        let view = View::new(&inner.rows, inner.columns.clone(), order)?;
        inner.last_view += 1;
        let id = inner.last_view;
        let scope = Arc::clone(scope);
        inner.views.insert(
            id,
            OpenView {
                view,
                scope: Arc::clone(&scope),
            },
        );
        drop(inner);
        Ok(TableView::new(Arc::clone(self), id, scope, on_release))
    }

    /// HrModifyRow: replaces the row with the same index, or adds one at the end.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER without the index column; MAPI_E_TABLE_TOO_BIG.
    pub fn modify_row(&self, row: Row) -> Result<()> {
        let mut inner = self.lock();
        let incoming = inner.receive(row)?;
        inner.put(incoming, true)?;
        inner.publish(true);
        Ok(())
    }

    /// HrModifyRows: as [`TableData::modify_row`] for each. More than eight rows are told to the sinks as one TABLE_CHANGED.
    ///
    /// # Errors
    /// As [`TableData::modify_row`]; then nothing has changed.
    pub fn modify_rows(&self, rows: Vec<Row>) -> Result<()> {
        let mut inner = self.lock();
        let received: Result<Vec<_>> = rows.into_iter().map(|row| inner.receive(row)).collect();
        let rows = received?;
        let told = rows.len() <= MAX_TOLD;
        // Moving a line costs about as much as building a few dozen lines anew.
        let one_by_one = told || rows.len() < inner.rows.len() / 32;
        inner.hear(told);
        if inner.rows.len() == 0 {
            inner.rows.reserve(rows.len());
        }
        for row in rows {
            inner.put(row, one_by_one)?;
        }
        if !one_by_one {
            inner.rebuild_views()?;
        }
        inner.publish(told);
        Ok(())
    }

    /// HrInsertRow: a new row at a place in the order of insertion, 0 to the number of rows.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER if the index is there already or missing, or the place too high; MAPI_E_TABLE_TOO_BIG.
    pub fn insert_row(&self, number: u32, row: Row) -> Result<()> {
        let mut inner = self.lock();
        let (incoming, place) = (inner.receive(row)?, number as usize);
        if inner.rows.find_same(&incoming).is_some() || place > inner.rows.len() {
            return Err(Error::caller(ErrorCode::INVALID_PARAMETER).context(
                "the table has a row with this index, or fewer rows than the place says",
            ));
        }
        let id = inner.rows.insert(place, incoming)?;
        inner.each_view(|view, rows| view.row_inserted(rows, id));
        inner.publish(true);
        Ok(())
    }

    /// HrDeleteRow.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn delete_row(&self, index: &PropValue) -> Result<()> {
        match self.delete_rows(std::slice::from_ref(index))? {
            0 => Err(no_such_row()),
            _ => Ok(()),
        }
    }

    /// HrDeleteRows: how many of them there were. More than eight are told to the sinks as one TABLE_CHANGED.
    ///
    /// # Errors
    /// None of its own.
    pub fn delete_rows(&self, indexes: &[PropValue]) -> Result<u32> {
        let mut inner = self.lock();
        let mut ids: Vec<RowId> = indexes.iter().filter_map(|i| inner.rows.find(i)).collect();
        ids.sort_unstable();
        ids.dedup();
        let told = ids.len() <= MAX_TOLD;
        inner.hear(told);
        if told {
            for id in &ids {
                inner.each_view(|view, rows| view.row_removed(rows, *id));
                inner.rows.remove(&[*id]);
            }
        } else {
            inner.rows.remove(&ids);
            inner.rebuild_views()?;
        }
        inner.publish(told);
        u32::try_from(ids.len()).map_err(|_| ErrorCode::TABLE_TOO_BIG.into())
    }

    /// HrDeleteRows with TAD_ALL_ROWS: how many there were. Bookmarks are lost, and sinks get one TABLE_RELOAD.
    ///
    /// # Errors
    /// None of its own.
    pub fn delete_all_rows(&self) -> Result<u32> {
        let mut inner = self.lock();
        let ids = inner.rows.order().to_vec();
        inner.rows.remove(&ids);
        inner.rebuild_views()?;
        inner.each_view(|view, _| {
            view.marks.reset();
            view.tell_all(TableEvent::Reload);
        });
        inner.publish(true);
        u32::try_from(ids.len()).map_err(|_| ErrorCode::TABLE_TOO_BIG.into())
    }

    /// HrQueryRow: the row and its place in the order of insertion.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn query_row(&self, index: &PropValue) -> Result<(Row, u32)> {
        let inner = self.lock();
        let id = inner.rows.find(index).ok_or_else(no_such_row)?;
        let place = u32::try_from(inner.rows.place(id)).unwrap_or(u32::MAX);
        Ok((inner.rows.get(id).clone(), place))
    }

    /// HrEnumRow: the row at a place in the order of insertion, `None` past the end.
    #[must_use]
    pub fn enum_row(&self, number: u32) -> Option<Row> {
        let inner = self.lock();
        let id = inner.rows.order().get(number as usize)?;
        Some(inner.rows.get(*id).clone())
    }

    /// HrNotify: tells the sinks TABLE_ROW_MODIFIED for a row, changed or not.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn notify(&self, index: &PropValue) -> Result<()> {
        let mut inner = self.lock();
        let id = inner.rows.find(index).ok_or_else(no_such_row)?;
        inner.each_view(|view, rows| view.tell_modified(rows, id));
        inner.publish(true);
        Ok(())
    }
}

impl Inner {
    /// A view with the rows.
    ///
    /// # Errors
    /// MAPI_E_INVALID_OBJECT if it is not open; that cannot happen while its [`TableView`] lives.
    pub fn view(&mut self, id: ViewId) -> Result<(&mut View, &Rows)> {
        let open = self.views.get_mut(&id);
        let open = open.ok_or_else(|| Error::caller(ErrorCode::INVALID_OBJECT))?;
        Ok((&mut open.view, &self.rows))
    }

    /// Closes a view: the connections of its sinks.
    pub fn close_view(&mut self, id: ViewId) -> Vec<usize> {
        (self.views.remove(&id)).map_or(Vec::new(), |open| open.view.sinks)
    }

    /// Queues what the views have to tell.
    pub fn publish(&mut self, told: bool) {
        for open in self.views.values_mut() {
            open.view.muted = false;
            if !told {
                open.view.tell_all(TableEvent::Changed);
            }
            if open.view.news.is_empty() {
                continue;
            }
            let news = open.view.news.drain(..).map(Notification::Table);
            let batch: Arc<[Notification]> = news.collect();
            for connection in &open.view.sinks {
                open.scope.post(*connection, Arc::clone(&batch));
            }
        }
    }

    /// Whether views note what happens to single rows, until [`Inner::publish`].
    fn hear(&mut self, told: bool) {
        self.each_view(|view, _| view.muted = !told);
    }

    fn each_view(&mut self, mut what: impl FnMut(&mut View, &Rows)) {
        for open in self.views.values_mut() {
            what(&mut open.view, &self.rows);
        }
    }

    fn rebuild_views(&mut self) -> Result<()> {
        for open in self.views.values_mut() {
            open.view.rebuild_in_place(&self.rows)?;
        }
        Ok(())
    }

    /// Looks at a row that comes. Its columns are known from then on.
    fn receive(&mut self, row: Row) -> Result<Incoming> {
        for open in self.views.values() {
            open.view.check(&row)?;
        }
        self.learn(row.props.iter().map(|p| p.tag));
        self.rows.receive(row)
    }

    /// Puts a row in; the views are told line by line, or are made anew afterwards.
    fn put(&mut self, incoming: Incoming, one_by_one: bool) -> Result<()> {
        let found = self.rows.find_same(&incoming);
        let Some(id) = found else {
            let id = self.rows.insert(self.rows.len(), incoming)?;
            if one_by_one {
                self.each_view(|view, rows| view.row_inserted(rows, id));
            }
            return Ok(());
        };
        if !one_by_one {
            self.rows.replace(id, incoming);
            return Ok(());
        }
        let views = self.views.values();
        let located: Vec<_> = views.map(|open| open.view.locate(&self.rows, id)).collect();
        self.rows.replace(id, incoming);
        for (open, was) in self.views.values_mut().zip(located) {
            open.view.row_changed(&self.rows, id, &was);
        }
        Ok(())
    }

    /// Adds columns that are new.
    fn learn(&mut self, tags: impl Iterator<Item = PropTag> + Clone) {
        if tags.clone().eq(self.last_shape.iter().copied()) {
            return;
        }
        self.last_shape = tags.clone().collect();
        for tag in tags {
            let is_value = tag.ptype() != mapi_types::PropType::ERROR;
            if is_value && !self.columns.iter().any(|known| known.same_id(tag)) {
                self.columns.push(tag);
            }
        }
    }
}

fn no_such_row() -> Error {
    Error::caller(ErrorCode::NOT_FOUND).context("the table has no row with this index")
}
