//! Telling a table's rows what has happened to them.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use mapi_types::Result;
use rusqlite::Connection;

use super::TableChange;
use super::contents::concerns;
use super::index::{Anchor, Index};
use super::plan::Plan;
use super::spec::Spec;
use crate::engine::changes::{Change, ChangeKind, Event};
use crate::engine::message::computed::instance_key;
use crate::engine::sql::Tried;
use crate::engine::store::Inner;
use crate::engine::{ObjectKind, Store};

/// More changes at once than this are told as one.
const EACH: usize = 32;

/// What a watched table shows at the moment.
pub(crate) struct Watch(Arc<Mutex<Arc<Shown>>>);

struct Shown {
    spec: Spec,
    plan: Plan,
}

impl Watch {
    pub(crate) fn new(spec: Spec, plan: Plan) -> Self {
        Self(Arc::new(Mutex::new(Arc::new(Shown { spec, plan }))))
    }

    /// The table shows something else now.
    pub(crate) fn set(&self, spec: Spec, plan: Plan) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(Shown { spec, plan });
    }

    /// Registers with the store; `feed` is called without locks.
    pub(crate) fn listen(
        &self,
        store: &Store,
        feed: impl Fn(&[TableChange]) + Send + Sync + 'static,
    ) -> u64 {
        let shown = Arc::clone(&self.0);
        let store_ref: Weak<Inner> = Arc::downgrade(&store.0);
        store.listen(move |event| {
            let shown = Arc::clone(&shown.lock().unwrap_or_else(PoisonError::into_inner));
            if !concerns(shown.spec.folder, &event) {
                return;
            }
            let Some(inner) = store_ref.upgrade() else {
                return;
            };
            let told = match event {
                Event::Foreign => None,
                Event::Changes(changes) => shown.tell(&Store(inner), changes),
            };
            feed(&told.unwrap_or_else(|| vec![TableChange::Changed]));
        })
    }
}

impl Shown {
    /// The changes one by one; `None` if there are too many, or it cannot be told.
    fn tell(&self, store: &Store, changes: &[Change]) -> Option<Vec<TableChange>> {
        let ours: Vec<&Change> = changes
            .iter()
            .filter(|c| {
                c.object == ObjectKind::Message
                    && c.associated == self.spec.associated
                    && [c.parent, c.old_parent].contains(&Some(self.spec.folder))
            })
            .collect();
        if ours.len() > EACH {
            return None;
        }
        store
            .read(|conn| ours.iter().map(|c| self.one(store, conn, c)).collect())
            .ok()?
    }

    fn one(
        &self,
        store: &Store,
        conn: &Connection,
        change: &Change,
    ) -> Result<Option<TableChange>> {
        let key = instance_key(change.id);
        let here = change.parent == Some(self.spec.folder);
        if !here || change.kind == ChangeKind::Deleted {
            return Ok(Some(TableChange::Deleted(key)));
        }
        // Whether a row that was changed was there before is not known under a restriction.
        if change.kind == ChangeKind::Modified && self.spec.filter.is_some() {
            return Ok(None);
        }
        let Some((prior, row)) = self.find(store, conn, change.id)? else {
            return Ok(Some(TableChange::Deleted(key)));
        };
        Ok(Some(match change.kind {
            ChangeKind::Modified => TableChange::Modified(key, prior, row),
            _ => TableChange::Added(key, prior, row),
        }))
    }

    /// The row of a message, and the key of the row before it.
    fn find(
        &self,
        store: &Store,
        conn: &Connection,
        id: i64,
    ) -> Result<Option<(Option<Vec<u8>>, mapi_types::Row)>> {
        let nothing = Plan::new(store, self.spec.folder, &[]);
        if let Some((column, descending)) = self.spec.by_index() {
            let index = Index {
                store,
                conn,
                spec: &self.spec,
                column,
                descending,
            };
            let Some(spot) = index.find_id(id)? else {
                return Ok(None);
            };
            let anchor = Anchor::Before(spot);
            let prior = index.rows(&nothing, &anchor, false, 0, 1, None)?;
            let row = index.rows(&self.plan, &anchor, true, 0, 1, None)?;
            let prior = prior.first.map(|spot| instance_key(spot.id));
            return Ok(row.rows.into_iter().next().map(|row| (prior, row)));
        }
        let ids = self.spec.list(store, conn)?;
        let Some(at) = ids.iter().position(|i| *i == id) else {
            return Ok(None);
        };
        let prior = at.checked_sub(1).map(|before| instance_key(ids[before]));
        let row = read_one(store, conn, &self.plan, id)?;
        Ok(row.map(|row| (prior, row)))
    }
}

fn read_one(
    store: &Store,
    conn: &Connection,
    plan: &Plan,
    id: i64,
) -> Result<Option<mapi_types::Row>> {
    let sql = format!("SELECT {} FROM message m WHERE m.id = ?1", plan.select());
    let mut statement = conn.prepare_cached(&sql).tried("reading a table")?;
    let mut rows = statement.query([id]).tried("reading a table")?;
    match rows.next().tried("reading a table")? {
        Some(row) => plan.read(store, conn, row).map(Some),
        None => Ok(None),
    }
}
