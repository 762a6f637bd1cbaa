//! Contents tables: a cursor over the messages of a folder that reads only the rows it is asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mapi_types::{ErrorCode, PropTag, Restriction, Result, Row, SortOrder};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::filter::Filter;
use super::index::{Anchor, Index, Place, Spot};
use super::plan::{DEFAULT, MORE, Plan};
use super::spec::Spec;
use super::{Mark, TableChange, watch};
use crate::engine::changes::Event;
use crate::engine::folder::Folder;
use crate::engine::sql::{Tried, count, int, refused};
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
        self.query(|table, _| {
            match &mut table.view {
                View::List { ids, at, .. } => {
                    *at = usize::try_from(row).unwrap_or(usize::MAX).min(ids.len());
                }
                View::Index(place) => {
                    // From where the cursor is if that is on the way, so that paging costs no counting from the start.
                    let ahead = place
                        .number
                        .filter(|_| matches!(place.anchor, Anchor::After(_) | Anchor::Before(_)))
                        .and_then(|number| row.checked_sub(number));
                    match ahead {
                        Some(ahead) => place.skip += ahead,
                        None => {
                            place.anchor = Anchor::Start;
                            place.skip = row;
                        }
                    }
                    place.number = Some(row);
                }
            }
            Ok(())
        })
    }

    /// Moves the cursor by `rows`, stopping at either end: the rows moved, with their sign. Costs no counting of rows that
    /// lie elsewhere.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn seek_by(&mut self, rows: i64) -> Result<i64> {
        let far = rows.unsigned_abs();
        self.query(|table, conn| {
            let place = match &mut table.view {
                View::List { ids, at, .. } => {
                    let here = int(*at);
                    let to = here.saturating_add(rows).clamp(0, int(ids.len()));
                    *at = usize::try_from(to).unwrap_or(0);
                    return Ok(to - here);
                }
                View::Index(place) => place.clone(),
            };
            let (place, moved) = if rows < 0 {
                table.back(conn, &place, far)?
            } else {
                table.ahead(conn, &place, far)?
            };
            table.view = View::Index(place);
            Ok(if rows < 0 { -int(moved) } else { int(moved) })
        })
    }

    /// The place `far` rows on, and how far that is.
    fn ahead(&mut self, conn: &Connection, place: &Place, far: u64) -> Result<(Place, u64)> {
        // Nothing has to be looked up if it is known how many rows are left.
        let known = self.spec.filter.is_none() || self.counted.is_some();
        if let Some(number) = place.number.filter(|_| known) {
            let left = self.count(conn)?.saturating_sub(number);
            let moved = far.min(left);
            let to = Place {
                skip: place.skip + moved,
                number: Some(number + moved),
                ..place.clone()
            };
            return Ok((to, moved));
        }
        let to = Place {
            skip: place.skip + far,
            number: place.number.map(|n| n + far),
            ..place.clone()
        };
        let settled = self.index(conn).settle(&to)?;
        if settled.anchor != Anchor::End {
            return Ok((settled, far));
        }
        let left = self
            .index(conn)
            .from(&place.anchor)?
            .saturating_sub(place.skip);
        Ok((settled, far.min(left)))
    }

    /// The place `far` rows back, and how far that is.
    fn back(&self, conn: &Connection, place: &Place, far: u64) -> Result<(Place, u64)> {
        if far == 0 {
            return Ok((place.clone(), 0));
        }
        let index = self.index(conn);
        let place = index.settle(place)?;
        let plan = Plan::new(&self.store, self.spec.folder, &[]);
        let found = index.rows(&plan, &place.anchor, false, far - 1, 1, None)?;
        match found.first {
            Some(spot) => {
                let to = Place {
                    anchor: Anchor::Before(spot),
                    skip: 0,
                    number: place.number.map(|n| n.saturating_sub(far)),
                };
                Ok((to, far))
            }
            None => Ok((Place::start(), index.before(&place.anchor)?)),
        }
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

    /// Puts the cursor before the first row from the cursor on that satisfies `restriction`; backward before the nearest of
    /// the rows before it. Whether there is one; if not, the cursor stays.
    ///
    /// # Errors
    /// MAPI_E_TOO_COMPLEX if the restriction cannot be evaluated.
    pub fn find(&mut self, restriction: &Restriction, backward: bool) -> Result<bool> {
        let filter = Filter::new(&self.store, restriction)?;
        self.query(|table, conn| {
            let plan = Plan::new(&table.store, table.spec.folder, &filter.needs);
            let place = match &table.view {
                View::List { .. } => return table.find_in_list(conn, &plan, &filter, backward),
                View::Index(place) => place.clone(),
            };
            let index = table.index(conn);
            let place = index.settle(&place)?;
            let found = index.rows(&plan, &place.anchor, !backward, 0, 1, Some(&filter))?;
            let Some(spot) = found.first else {
                return Ok(false);
            };
            table.view = View::Index(Place::at(Anchor::Before(spot)));
            Ok(true)
        })
    }

    fn find_in_list(
        &mut self,
        conn: &Connection,
        plan: &Plan,
        filter: &Filter,
        backward: bool,
    ) -> Result<bool> {
        let View::List { ids, at, .. } = &mut self.view else {
            return Ok(false);
        };
        let sql = format!(
            "SELECT {} FROM message m WHERE m.id = ? AND ({})",
            plan.select(),
            filter.sql
        );
        let mut statement = conn.prepare_cached(&sql).tried("searching a table")?;
        let mut hit = |place: usize| -> Result<bool> {
            let mut params = vec![Value::Integer(ids[place])];
            params.extend(filter.params.iter().cloned());
            let mut rows = statement
                .query(rusqlite::params_from_iter(params))
                .tried("searching a table")?;
            match rows.next().tried("searching a table")? {
                Some(_) if filter.exact => Ok(true),
                Some(row) => filter.matcher.matches(&super::rows::Candidate {
                    conn,
                    message: ids[place],
                    row: plan.read(&self.store, conn, row)?,
                }),
                None => Ok(false),
            }
        };
        let mut places: Box<dyn Iterator<Item = usize>> = if backward {
            Box::new((0..*at).rev())
        } else {
            Box::new(*at..ids.len())
        };
        for place in &mut places {
            if hit(place)? {
                *at = place;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Remembers the row behind the cursor, or the end.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn mark(&mut self) -> Result<Mark> {
        self.query(|table, conn| {
            let place = match &table.view {
                View::List { ids, at, .. } => {
                    let spot = ids.get(*at).map(|id| Spot {
                        key: Value::Integer(int(*at)),
                        id: *id,
                    });
                    return Ok(Mark::new("", spot));
                }
                View::Index(place) => place.clone(),
            };
            let index = table.index(conn);
            let spot = index.spot(&place)?;
            if spot.is_some() && place.skip > 0 {
                let settled = index.settle(&place)?;
                table.view = View::Index(settled);
            }
            let column = table.index(conn).column;
            Ok(Mark::new(column, spot))
        })
    }

    /// Puts the cursor before a marked row. `false`: it has gone, and the cursor stands where it was.
    ///
    /// # Errors
    /// MAPI_E_INVALID_BOOKMARK if the mark was made in another order.
    pub fn seek_mark(&mut self, mark: &Mark) -> Result<bool> {
        self.query(|table, conn| {
            let stale = || {
                refused(
                    ErrorCode::INVALID_BOOKMARK,
                    "the bookmark was made before the table was sorted anew",
                )
            };
            if let View::List { ids, at, .. } = &mut table.view {
                let spot = mark.spot_for("").ok_or_else(stale)?;
                let found = match &spot {
                    None => Some(ids.len()),
                    Some(spot) => ids.iter().position(|id| *id == spot.id),
                };
                let old = match spot.map(|s| s.key) {
                    Some(Value::Integer(old)) => usize::try_from(old).unwrap_or(0),
                    _ => 0,
                };
                *at = found.unwrap_or(old).min(ids.len());
                return Ok(found.is_some());
            }
            let index = table.index(conn);
            let Some(spot) = mark.spot_for(index.column).ok_or_else(stale)? else {
                table.view = View::Index(Place::at(Anchor::End));
                return Ok(true);
            };
            let now = index.find_id(spot.id)?;
            let found = now.is_some();
            table.view = View::Index(Place::at(Anchor::Before(now.unwrap_or(spot))));
            Ok(found)
        })
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
