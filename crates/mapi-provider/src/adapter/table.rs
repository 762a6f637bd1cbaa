//! IMAPITable over a [`TableSource`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mapi_com::iface::{Bookmark, ComObject, MapiTable, TablePosition};
use mapi_com::ptr::ComPtr;
use mapi_com::shell::export;
use mapi_sys::{
    DIR_BACKWARD, IMAPIAdviseSink, IMAPITable, MAPI_UNICODE, TBL_ALL_COLUMNS, TBL_NOADVANCE,
    TBLTYPE_DYNAMIC,
};
use mapi_types::{
    Error, ErrorCode, PropTag, PropType, PropValue, Property, Restriction, Result, Row, RowChange,
    SortOrder,
};

use super::home::Home;
use super::text::{narrow_for, tag_for_client, wide_tag, widen_order, widen_restriction};
use crate::{RowMark, TableFeed, TableSource};

/// More bookmarks than this one table does not keep: MAPI_E_UNABLE_TO_COMPLETE.
const MAX_BOOKMARKS: usize = 4096;

/// A view of a table.
pub(crate) struct TableObject {
    home: Arc<Home>,
    unicode: bool,
    /// The key of its sinks, and whether the source tells changes.
    key: Vec<u8>,
    watched: Mutex<Watched>,
    view: Mutex<View>,
    /// The columns once more, for the feed: it must not wait for a call that is running.
    columns: Arc<Mutex<Vec<PropTag>>>,
}

#[derive(Default)]
struct Watched {
    asked: bool,
    connections: Vec<usize>,
}

struct View {
    source: Box<dyn TableSource>,
    columns: Vec<PropTag>,
    order: SortOrder,
    bookmarks: HashMap<usize, RowMark>,
    next_bookmark: usize,
}

impl TableObject {
    /// A COM table over `source`, its first columns in the width that MAPI_UNICODE in `flags` says.
    pub(crate) fn open(
        home: &Arc<Home>,
        mut source: Box<dyn TableSource>,
        flags: u32,
    ) -> Result<ComPtr<IMAPITable>> {
        let unicode = flags & MAPI_UNICODE != 0;
        let columns = client_columns(&source.all_columns()?, unicode);
        let this = Self {
            home: Arc::clone(home),
            unicode,
            key: home.sinks.table_key(),
            watched: Mutex::default(),
            columns: Arc::new(Mutex::new(columns.clone())),
            view: Mutex::new(View {
                source,
                columns,
                order: SortOrder::default(),
                bookmarks: HashMap::new(),
                next_bookmark: Bookmark::END.0 + 1,
            }),
        };
        export::<dyn MapiTable>(&home.scope, Arc::new(this))
    }

    fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the source to tell changes, once.
    fn watch(&self) -> Result<()> {
        let mut watched = self.watched();
        if !watched.asked {
            self.view().source.watch(self.feed())?;
            watched.asked = true;
        }
        Ok(())
    }

    /// The feed holds nothing alive: it ends with the logon.
    fn feed(&self) -> TableFeed {
        let home = Arc::downgrade(&self.home);
        let (key, columns, unicode) = (self.key.clone(), Arc::clone(&self.columns), self.unicode);
        Arc::new(move |changes: &[RowChange]| {
            if let Some(home) = home.upgrade() {
                let columns = columns
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                let mut changes = changes.to_vec();
                for change in &mut changes {
                    finish_row(&home, &mut change.row, &columns, unicode);
                }
                home.sinks.tell_table(&home.support, &key, &changes);
            }
        })
    }
}

impl View {
    /// Puts the cursor at a bookmark. `true`: its row has gone (MAPI_W_POSITION_CHANGED).
    fn go(&mut self, bookmark: Bookmark) -> Result<bool> {
        match bookmark {
            Bookmark::CURRENT => {}
            Bookmark::BEGINNING => self.source.seek_to(0)?,
            Bookmark::END => self.source.seek_to(u32::MAX)?,
            Bookmark(number) => {
                let mark = self.bookmarks.get(&number).ok_or_else(invalid_bookmark)?;
                return Ok(!self.source.seek_mark(mark)?);
            }
        }
        Ok(false)
    }

    fn rows(&mut self, count: i32, advance: bool) -> Result<Vec<Row>> {
        let rows = if count > 0 {
            self.source.next_rows(count.unsigned_abs())?
        } else {
            self.source.previous_rows(count.unsigned_abs())?
        };
        if !advance {
            let moved = i64::try_from(rows.len()).unwrap_or(i64::MAX);
            self.source
                .seek_by(if count > 0 { -moved } else { moved })?;
        }
        Ok(rows)
    }
}

fn invalid_bookmark() -> Error {
    Error::caller(ErrorCode::INVALID_BOOKMARK)
        .context("the bookmark was freed, or made before the last sort or restriction")
}

/// All columns as a client sees them.
fn client_columns(columns: &[PropTag], unicode: bool) -> Vec<PropTag> {
    columns
        .iter()
        .map(|tag| tag_for_client(*tag, unicode))
        .collect()
}

/// Gives a row of the source the columns this crate answers and the widths the client asked for.
fn finish_row(home: &Home, row: &mut Row, columns: &[PropTag], unicode: bool) {
    for (prop, asked) in row.props.iter_mut().zip(columns) {
        if prop.value == PropValue::Error(ErrorCode::NOT_FOUND) {
            let own = home.constants.iter().find(|p| p.tag.same_id(*asked));
            if let Some(own) = own.filter(|own| fits(own, *asked)) {
                prop.value = own.value.clone();
            }
        }
        if asked.ptype() != PropType::NULL {
            narrow_for(prop, *asked, unicode);
        }
    }
}

fn fits(own: &Property, asked: PropTag) -> bool {
    let wanted = wide_tag(asked).ptype();
    wanted == own.tag.ptype() || wanted == PropType::UNSPECIFIED
}

impl ComObject for TableObject {}

impl Drop for TableObject {
    /// At the last Release, or when the logon ends; the support object is there in both cases.
    fn drop(&mut self) {
        for connection in std::mem::take(&mut self.watched().connections) {
            let _ = self.home.sinks.unadvise(&self.home.support, connection);
        }
    }
}

impl MapiTable for TableObject {
    fn advise(&self, event_mask: u32, sink: ComPtr<IMAPIAdviseSink>) -> Result<usize> {
        self.watch()?;
        let home = &self.home;
        let key = self.key.clone();
        let connection = home.sinks.advise(&home.support, key, event_mask, sink)?;
        self.watched().connections.push(connection);
        Ok(connection)
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        {
            let mut watched = self.watched();
            let at = watched.connections.iter().position(|c| *c == connection);
            watched
                .connections
                .swap_remove(at.ok_or(ErrorCode::NOT_FOUND)?);
        }
        self.home.sinks.unadvise(&self.home.support, connection)
    }

    fn get_status(&self) -> Result<(u32, u32)> {
        Ok((0, TBLTYPE_DYNAMIC))
    }

    fn set_columns(&self, columns: &[PropTag], _flags: u32) -> Result<()> {
        if columns.is_empty() {
            return Err(ErrorCode::INVALID_PARAMETER.into());
        }
        if columns
            .iter()
            .any(|t| t.ptype().0 & PropType::MV_INSTANCE != 0)
        {
            return Err(Error::no_support().context("one row per value (MV_INSTANCE) is not built"));
        }
        let wide: Vec<PropTag> = columns.iter().copied().map(wide_tag).collect();
        let mut view = self.view();
        view.source.set_columns(&wide)?;
        view.columns = columns.to_vec();
        *self.columns.lock().unwrap_or_else(PoisonError::into_inner) = columns.to_vec();
        Ok(())
    }

    fn query_columns(&self, flags: u32) -> Result<Vec<PropTag>> {
        let mut view = self.view();
        if flags & TBL_ALL_COLUMNS == 0 {
            return Ok(view.columns.clone());
        }
        let mut all = view.source.all_columns()?;
        for own in &self.home.constants {
            if !all.iter().any(|t| t.same_id(own.tag)) {
                all.push(own.tag);
            }
        }
        Ok(client_columns(&all, self.unicode))
    }

    fn get_row_count(&self, _flags: u32) -> Result<u32> {
        self.view().source.row_count()
    }

    fn seek_row(&self, origin: Bookmark, rows: i32) -> Result<(i32, bool)> {
        let mut view = self.view();
        let changed = view.go(origin)?;
        let moved = match rows {
            0 => 0,
            rows => view.source.seek_by(rows.into())?,
        };
        // The source moves no further than it was told to.
        Ok((i32::try_from(moved).unwrap_or(rows), changed))
    }

    fn seek_row_approx(&self, numerator: u32, denominator: u32) -> Result<()> {
        if denominator == 0 {
            return Err(ErrorCode::INVALID_PARAMETER.into());
        }
        self.view().source.seek_approx(numerator, denominator)
    }

    fn query_position(&self) -> Result<TablePosition> {
        let mut view = self.view();
        let row = view.source.position()?;
        Ok(TablePosition {
            row,
            numerator: row,
            denominator: view.source.row_count()?.max(1),
        })
    }

    fn find_row(&self, restriction: &Restriction, origin: Bookmark, flags: u32) -> Result<bool> {
        let restriction = widen_restriction(restriction);
        let mut view = self.view();
        let before = match origin {
            Bookmark::CURRENT => None,
            _ => Some(view.source.mark()?),
        };
        let changed = view.go(origin)?;
        if view.source.find(&restriction, flags & DIR_BACKWARD != 0)? {
            return Ok(changed);
        }
        if let Some(before) = before {
            view.source.seek_mark(&before)?;
        }
        Err(ErrorCode::NOT_FOUND.into())
    }

    fn restrict(&self, restriction: Option<&Restriction>, _flags: u32) -> Result<()> {
        let restriction = restriction.map(widen_restriction);
        let mut view = self.view();
        view.source.restrict(restriction.as_ref())?;
        view.bookmarks.clear();
        Ok(())
    }

    fn create_bookmark(&self) -> Result<Bookmark> {
        let mut view = self.view();
        if view.bookmarks.len() >= MAX_BOOKMARKS {
            return Err(Error::caller(ErrorCode::UNABLE_TO_COMPLETE)
                .context("too many bookmarks; free some with FreeBookmark"));
        }
        let mark = view.source.mark()?;
        let number = view.next_bookmark;
        view.next_bookmark += 1;
        view.bookmarks.insert(number, mark);
        Ok(Bookmark(number))
    }

    fn free_bookmark(&self, bookmark: Bookmark) -> Result<()> {
        let known = bookmark.0 <= Bookmark::END.0 // MAPI's own three stay
            || self.view().bookmarks.remove(&bookmark.0).is_some();
        if known {
            Ok(())
        } else {
            Err(invalid_bookmark())
        }
    }

    fn sort_table(&self, order: &SortOrder, _flags: u32) -> Result<()> {
        if order.categories != 0 {
            return Err(Error::no_support().context("categories are not built"));
        }
        let mut view = self.view();
        view.source.sort(&widen_order(order))?;
        view.order = order.clone();
        view.bookmarks.clear();
        Ok(())
    }

    fn query_sort_order(&self) -> Result<SortOrder> {
        Ok(self.view().order.clone())
    }

    fn query_rows(&self, rows: i32, flags: u32) -> Result<Vec<Row>> {
        if rows == 0 {
            return Err(ErrorCode::INVALID_PARAMETER.into());
        }
        let mut view = self.view();
        let mut rows = view.rows(rows, flags & TBL_NOADVANCE == 0)?;
        for row in &mut rows {
            finish_row(&self.home, row, &view.columns, self.unicode);
        }
        Ok(rows)
    }
}
