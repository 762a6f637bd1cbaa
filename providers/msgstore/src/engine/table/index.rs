//! A cursor over rows that an index gives in their order: nothing is remembered but the place.

use mapi_types::{Result, Row};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::plan::Plan;
use super::rows::Candidate;
use super::spec::Spec;
use crate::engine::Store;
use crate::engine::sql::{Tried, count, int};
use crate::engine::table::filter::Filter;

/// A row by its place in the order.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Spot {
    pub key: Value,
    pub id: i64,
}

/// What a place is counted from.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Anchor {
    Start,
    End,
    Before(Spot),
    After(Spot),
}

/// Where the cursor stands: `skip` rows behind the anchor.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub anchor: Anchor,
    pub skip: u64,
    /// The number of the row, if it is known; it may be more than there are rows.
    pub number: Option<u64>,
}

impl Place {
    pub(crate) fn start() -> Self {
        Self {
            anchor: Anchor::Start,
            skip: 0,
            number: Some(0),
        }
    }

    pub(crate) fn at(anchor: Anchor) -> Self {
        Self {
            anchor,
            skip: 0,
            number: None,
        }
    }
}

/// Room that is made for rows before they are found.
const PAGE: usize = 128;

/// Rows found, and the places of the first and the last of them.
#[derive(Default)]
pub(crate) struct Found {
    pub rows: Vec<Row>,
    pub first: Option<Spot>,
    pub last: Option<Spot>,
}

impl Found {
    fn push(&mut self, row: Row, id: i64, key: ValueRef<'_>) {
        // The place of the last row so far is overwritten where it is: a text would else cost a block per row.
        match &mut self.last {
            Some(last) => {
                last.id = id;
                match (&mut last.key, key) {
                    (Value::Text(old), ValueRef::Text(new)) => {
                        old.clear();
                        old.push_str(&String::from_utf8_lossy(new));
                    }
                    (old, new) => *old = owned(new),
                }
            }
            None => {
                let spot = Spot {
                    key: owned(key),
                    id,
                };
                self.first = Some(spot.clone());
                self.last = Some(spot);
            }
        }
        self.rows.push(row);
    }
}

/// The value of an ordering column: a number or a text.
fn owned(key: ValueRef<'_>) -> Value {
    match key {
        ValueRef::Integer(n) => Value::Integer(n),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        _ => Value::Null,
    }
}

/// The rows of a spec in the order of one column and of their ids.
pub(crate) struct Index<'a> {
    pub store: &'a Store,
    pub conn: &'a Connection,
    pub spec: &'a Spec,
    pub column: &'static str,
    pub descending: bool,
}

impl Index<'_> {
    /// The condition that a row lies on one side of a spot. `forward`: behind it in the order; `inclusive`: or on it.
    fn side(&self, spot: &Spot, forward: bool, inclusive: bool) -> (String, [Value; 2]) {
        let op = match (forward != self.descending, inclusive) {
            (true, true) => ">=",
            (true, false) => ">",
            (false, true) => "<=",
            (false, false) => "<",
        };
        (
            format!(" AND (m.{}, m.id) {op} (?, ?)", self.column),
            [spot.key.clone(), Value::Integer(spot.id)],
        )
    }

    /// The condition for the rows on one side of an anchor; `None` if there can be none.
    fn bound(&self, anchor: &Anchor, forward: bool) -> Option<(String, Vec<Value>)> {
        let (sql, params) = match (anchor, forward) {
            (Anchor::Start, true) | (Anchor::End, false) => {
                return Some((String::new(), Vec::new()));
            }
            (Anchor::Start, false) | (Anchor::End, true) => return None,
            (Anchor::Before(spot), forward) => self.side(spot, forward, forward),
            (Anchor::After(spot), forward) => self.side(spot, forward, !forward),
        };
        Some((sql, params.to_vec()))
    }

    /// Up to `limit` rows on one side of an anchor, nearest first, leaving out `skip`, that satisfy `only`.
    pub(crate) fn rows(
        &self,
        plan: &Plan,
        anchor: &Anchor,
        forward: bool,
        skip: u64,
        limit: u64,
        only: Option<&Filter>,
    ) -> Result<Found> {
        let Some((bound, bound_params)) = self.bound(anchor, forward) else {
            return Ok(Found::default());
        };
        let mut query = self.spec.source();
        query.sql.push_str(&bound);
        query.params.extend(bound_params);
        if let Some(filter) = only {
            query.sql.push_str(&format!(" AND ({})", filter.sql));
            query.params.extend(filter.params.iter().cloned());
        }
        let direction = if forward != self.descending {
            "ASC"
        } else {
            "DESC"
        };
        let column = self.column;
        let mut sql = format!(
            "SELECT {}, m.{column}{} ORDER BY m.{column} {direction}, m.id {direction}",
            plan.select(),
            query.sql
        );
        // The rows of an inexact condition are counted here, not by SQL; and there is nothing to be left out of them.
        if only.is_none_or(|f| f.exact) {
            sql.push_str(" LIMIT ? OFFSET ?");
            query.params.push(Value::Integer(int(limit)));
            query.params.push(Value::Integer(int(skip)));
        }
        let mut statement = self.conn.prepare_cached(&sql).tried("reading a table")?;
        let mut rows = statement
            .query(params_from_iter(&query.params))
            .tried("reading a table")?;
        let mut found = Found::default();
        found
            .rows
            .reserve(usize::try_from(limit).unwrap_or(usize::MAX).min(PAGE));
        while count(int(found.rows.len())) < limit {
            let Some(row) = rows.next().tried("reading a table")? else {
                break;
            };
            let columns = plan.read(self.store, self.conn, row)?;
            let id = row.get(0).tried("reading a table")?;
            let key = super::columns::raw(row, plan.width())?;
            let Some(filter) = only.filter(|f| !f.exact) else {
                found.push(columns, id, key);
                continue;
            };
            let candidate = Candidate {
                conn: self.conn,
                message: id,
                row: columns,
            };
            if filter.matcher.matches(&candidate)? {
                found.push(candidate.row, id, key);
            }
        }
        Ok(found)
    }

    /// The row behind a place.
    pub(crate) fn spot(&self, place: &Place) -> Result<Option<Spot>> {
        let plan = Plan::new(self.store, self.spec.folder, &[]);
        let found = self.rows(&plan, &place.anchor, true, place.skip, 1, None)?;
        Ok(found.first)
    }

    /// The same place, counted from the row that it stands before.
    pub(crate) fn settle(&self, place: &Place) -> Result<Place> {
        if place.skip == 0 {
            return Ok(place.clone());
        }
        Ok(match self.spot(place)? {
            Some(spot) => Place {
                anchor: Anchor::Before(spot),
                skip: 0,
                number: place.number,
            },
            None => Place::at(Anchor::End),
        })
    }

    /// How many rows lie before an anchor.
    pub(crate) fn before(&self, anchor: &Anchor) -> Result<u64> {
        self.count_side(anchor, false)
    }

    /// How many rows lie behind an anchor.
    pub(crate) fn from(&self, anchor: &Anchor) -> Result<u64> {
        self.count_side(anchor, true)
    }

    fn count_side(&self, anchor: &Anchor, forward: bool) -> Result<u64> {
        let Some((bound, params)) = self.bound(anchor, forward) else {
            return Ok(0);
        };
        if bound.is_empty() {
            return self.spec.count(self.conn);
        }
        let mut query = self.spec.source();
        query.sql.push_str(&bound);
        query.params.extend(params);
        self.conn
            .prepare_cached(&format!("SELECT COUNT(*){}", query.sql))
            .and_then(|mut s| s.query_row(params_from_iter(&query.params), |row| row.get(0)))
            .map(count)
            .tried("counting rows")
    }

    /// Where the row of a message is now, if it is one of the rows.
    pub(crate) fn find_id(&self, id: i64) -> Result<Option<Spot>> {
        let mut query = self.spec.source();
        query.sql.push_str(" AND m.id = ?");
        query.params.push(Value::Integer(id));
        let sql = format!("SELECT m.{}{}", self.column, query.sql);
        let mut statement = self.conn.prepare_cached(&sql).tried("reading a table")?;
        let mut rows = statement
            .query(params_from_iter(&query.params))
            .tried("reading a table")?;
        match rows.next().tried("reading a table")? {
            Some(row) => Ok(Some(Spot {
                key: row.get(0).tried("reading a table")?,
                id,
            })),
            None => Ok(None),
        }
    }
}
