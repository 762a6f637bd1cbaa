//! Contents tables: a cursor over the messages of a folder that reads only the rows it is asked for.

mod seek;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mapi_types::{PropTag, Restriction, Result, Row, SortOrder};
use rusqlite::Connection;

use super::filter::Filter;
use super::index::{Anchor, Index, Place};
use super::plan::{DEFAULT, MORE, Plan};
use super::spec::Spec;
use super::{TableChange, watch};
use crate::engine::changes::Event;
use crate::engine::folder::Folder;
use crate::engine::sql::{Tried, count, int};
use crate::engine::{FolderRef, Store};

/// The messages of a folder, through one cursor. The cursor stands before a row; row 0 is the first.
///
/// It shows the folder as it is when rows are asked for. Rows that come and go move the number of the cursor, not the row it
/// stands before.
pub struct ContentsTable {
    store: Store,
    spec: Spec,
    plan: Plan,
    view: View,
    /// Grows with every change of the folder's messages.
    changes: Arc<AtomicU64>,
    /// The number of rows at a count of changes.
    counted: Option<(u64, u64)>,
    /// The count of changes at which the cursor's number was right.
    numbered: u64,
    listeners: Vec<u64>,
    watching: Option<watch::Watch>,
}

enum View {
    /// An index gives the rows in their order.
    Index(Place),
    /// The rows have been found out, by id; at the count of changes.
    List { ids: Vec<i64>, at: usize, seen: u64 },
}

impl Folder {
    /// The messages of the folder, or its associated ones.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED if the folder has gone.
    pub fn contents(&self, associated: bool) -> Result<ContentsTable> {
        self.load()?;
        Ok(ContentsTable::new(&self.store, self.at, associated))
    }
}

impl ContentsTable {
    fn new(store: &Store, folder: FolderRef, associated: bool) -> Self {
        let changes = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&changes);
        let listener = store.listen(move |event| {
            if concerns(folder, &event) {
                counter.fetch_add(1, Ordering::AcqRel);
            }
        });
        Self {
            spec: Spec::new(folder, associated),
            plan: Plan::new(store, folder, &DEFAULT),
            store: store.clone(),
            view: View::Index(Place::start()),
            changes,
            counted: None,
            numbered: 0,
            listeners: vec![listener],
            watching: None,
        }
    }

    /// All columns that there are for certain, those that are shown without being asked for first.
    ///
    /// # Errors
    /// None; other tables have some.
    pub fn all_columns(&self) -> Result<Vec<PropTag>> {
        Ok(DEFAULT.iter().chain(&MORE).copied().collect())
    }

    /// The columns of the rows from now on.
    pub fn set_columns(&mut self, tags: &[PropTag]) {
        self.plan = Plan::new(&self.store, self.spec.folder, tags);
        self.tell_watch();
    }

    /// Only rows that satisfy `restriction`; the cursor goes to row 0.
    ///
    /// # Errors
    /// MAPI_E_TOO_COMPLEX if it cannot be evaluated; then nothing changes.
    pub fn restrict(&mut self, restriction: Option<&Restriction>) -> Result<()> {
        self.spec.filter = match restriction {
            Some(restriction) => Some(Filter::new(&self.store, restriction)?),
            None => None,
        };
        self.reset();
        Ok(())
    }

    /// Orders the rows; no keys: as they were delivered. The cursor goes to row 0.
    pub fn sort(&mut self, order: &SortOrder) {
        self.spec.set_order(order);
        self.reset();
    }

    fn reset(&mut self) {
        self.counted = None;
        self.view = if self.spec.by_index().is_some() {
            View::Index(Place::start())
        } else {
            View::List {
                ids: Vec::new(),
                at: 0,
                seen: u64::MAX,
            }
        };
        self.tell_watch();
    }

    /// Runs queries of one call. Changes of other processes are looked for first.
    fn query<T>(&mut self, run: impl FnOnce(&mut Self, &Connection) -> Result<T>) -> Result<T> {
        let store = self.store.clone();
        store.poll()?;
        store.read(|conn| {
            self.refresh(conn)?;
            run(self, conn)
        })
    }

    /// Finds the rows out again if they may have changed.
    fn refresh(&mut self, conn: &Connection) -> Result<()> {
        let now = self.changes.load(Ordering::Acquire);
        let (ids, at, seen) = match &mut self.view {
            View::List { ids, at, seen } => (ids, at, seen),
            View::Index(place) => {
                if self.numbered != now && place.anchor != Anchor::Start {
                    place.number = None;
                }
                self.numbered = now;
                return Ok(());
            }
        };
        if *seen == now {
            return Ok(());
        }
        let stood_before = ids.get(*at).copied();
        let was_end = *at >= ids.len() && !ids.is_empty();
        *ids = self.spec.list(&self.store, conn)?;
        *at = match stood_before.and_then(|id| ids.iter().position(|i| *i == id)) {
            Some(place) => place,
            None if was_end => ids.len(),
            None => (*at).min(ids.len()),
        };
        *seen = now;
        Ok(())
    }

    fn index<'a>(&'a self, conn: &'a Connection) -> Index<'a> {
        let (column, descending) = self.spec.by_index().unwrap_or(("delivery", false));
        Index {
            store: &self.store,
            conn,
            spec: &self.spec,
            column,
            descending,
        }
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn row_count(&mut self) -> Result<u64> {
        self.query(Self::count)
    }

    fn count(&mut self, conn: &Connection) -> Result<u64> {
        if let View::List { ids, .. } = &self.view {
            return Ok(count(int(ids.len())));
        }
        let now = self.changes.load(Ordering::Acquire);
        match self.counted {
            Some((seen, rows)) if seen == now => Ok(rows),
            _ => {
                let rows = self.spec.count(conn)?;
                self.counted = Some((now, rows));
                Ok(rows)
            }
        }
    }

    /// The number of the row that the cursor stands before.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn position(&mut self) -> Result<u64> {
        self.query(|table, conn| {
            let place = match &table.view {
                View::List { at, .. } => return Ok(count(int(*at))),
                View::Index(place) => place.clone(),
            };
            let rows = table.count(conn)?;
            let number = match place.number {
                Some(number) => number,
                None => table.index(conn).before(&place.anchor)? + place.skip,
            };
            Ok(number.min(rows))
        })
    }

    /// Puts the cursor before row `row`, or behind the last.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn seek_to(&mut self, row: u64) -> Result<()> {
        if let View::Index(place) = &mut self.view {
            // Nothing is read: from where the cursor is if that is on the way, so that paging costs no counting from the
            // start.
            let fresh = self.numbered == self.changes.load(Ordering::Acquire);
            let ahead = place
                .number
                .filter(|_| fresh && matches!(place.anchor, Anchor::After(_) | Anchor::Before(_)))
                .and_then(|number| row.checked_sub(number));
            match ahead {
                Some(ahead) => place.skip += ahead,
                None => {
                    place.anchor = Anchor::Start;
                    place.skip = row;
                }
            }
            place.number = Some(row);
            return Ok(());
        }
        self.query(|table, _| {
            if let View::List { ids, at, .. } = &mut table.view {
                *at = usize::try_from(row).unwrap_or(usize::MAX).min(ids.len());
            }
            Ok(())
        })
    }

    /// Up to `limit` rows behind the cursor; it then stands behind the last of them.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn next_rows(&mut self, limit: u32) -> Result<Vec<Row>> {
        self.query(|table, conn| {
            let place = match &table.view {
                View::List { ids, at, .. } => {
                    let to = at.saturating_add(usize::try_from(limit).unwrap_or(usize::MAX));
                    let (from, to) = (*at, to.min(ids.len()));
                    let rows = table.listed(conn, from, to)?;
                    table.stand(to);
                    return Ok(rows);
                }
                View::Index(place) => place.clone(),
            };
            let found = table.index(conn).rows(
                &table.plan,
                &place.anchor,
                true,
                place.skip,
                u64::from(limit),
                None,
            )?;
            if let Some(last) = found.last {
                table.view = View::Index(Place {
                    anchor: Anchor::After(last),
                    skip: 0,
                    number: place.number.map(|n| n + count(int(found.rows.len()))),
                });
            } else if place.skip > 0 && limit > 0 {
                table.view = View::Index(Place::at(Anchor::End));
            }
            Ok(found.rows)
        })
    }

    /// Up to `limit` rows before the cursor, in the order of the table; it then stands before the first of them.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn previous_rows(&mut self, limit: u32) -> Result<Vec<Row>> {
        self.query(|table, conn| {
            let place = match &table.view {
                View::List { at, .. } => {
                    let (from, to) = (
                        at.saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX)),
                        *at,
                    );
                    let rows = table.listed(conn, from, to)?;
                    table.stand(from);
                    return Ok(rows);
                }
                View::Index(place) => place.clone(),
            };
            let index = table.index(conn);
            let place = index.settle(&place)?;
            let mut found =
                index.rows(&table.plan, &place.anchor, false, 0, u64::from(limit), None)?;
            found.rows.reverse();
            // Read backwards: the last that was found is the first of the rows.
            if let Some(first) = found.last {
                let anchor = Anchor::Before(first);
                let number = place
                    .number
                    .map(|n| n.saturating_sub(count(int(found.rows.len()))));
                table.view = View::Index(Place {
                    anchor,
                    skip: 0,
                    number,
                });
            }
            Ok(found.rows)
        })
    }

    fn stand(&mut self, to: usize) {
        if let View::List { at, .. } = &mut self.view {
            *at = to;
        }
    }

    /// The rows of a part of the list.
    fn listed(&self, conn: &Connection, from: usize, to: usize) -> Result<Vec<Row>> {
        let View::List { ids, .. } = &self.view else {
            return Ok(Vec::new());
        };
        let sql = format!(
            "SELECT {} FROM message m WHERE m.id = ?1",
            self.plan.select()
        );
        let mut statement = conn.prepare_cached(&sql).tried("reading a table")?;
        let mut out = Vec::with_capacity(to.saturating_sub(from));
        for id in ids.get(from..to).unwrap_or(&[]) {
            let mut rows = statement.query([id]).tried("reading a table")?;
            match rows.next().tried("reading a table")? {
                Some(row) => out.push(self.plan.read(&self.store, conn, row)?),
                // It has gone since the list was made: its row has no values any more.
                None => out.push(super::empty_row(self.plan.tags())),
            }
        }
        Ok(out)
    }

    /// Tells the changes of the rows in this view to `feed` until the table is dropped. Whether it does: always.
    pub fn watch(&mut self, feed: impl Fn(&[TableChange]) + Send + Sync + 'static) -> bool {
        let watch = watch::Watch::new(self.spec.clone(), self.plan.clone());
        self.listeners.push(watch.listen(&self.store, feed));
        self.watching = Some(watch);
        true
    }

    fn tell_watch(&self) {
        if let Some(watch) = &self.watching {
            watch.set(self.spec.clone(), self.plan.clone());
        }
    }
}

impl Drop for ContentsTable {
    fn drop(&mut self) {
        for id in &self.listeners {
            self.store.unlisten(*id);
        }
    }
}

/// Whether an event may change which rows there are, or what they hold.
pub(crate) fn concerns(folder: FolderRef, event: &Event<'_>) -> bool {
    match event {
        Event::Foreign => true,
        Event::Changes(changes) => changes.iter().any(|change| {
            [change.parent, change.old_parent].contains(&Some(folder))
                && change.object == crate::engine::ObjectKind::Message
        }),
    }
}
