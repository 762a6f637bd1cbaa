//! What a contents table shows: whose messages, which of them, in what order.

use mapi_types::{PropTag, PropType, PropValue, Result, SortOrder};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::columns::{self, Fixed};
use super::filter::Filter;
use super::plan::Plan;
use super::rows::Candidate;
use crate::engine::sql::{Tried, count};
use crate::engine::{FolderRef, Store};

/// One key of the order.
#[derive(Clone)]
pub(crate) struct Key {
    pub tag: PropTag,
    pub descending: bool,
    /// The column that orders, if there is one.
    pub fixed: Option<&'static Fixed>,
}

/// What is shown.
#[derive(Clone)]
pub(crate) struct Spec {
    pub folder: FolderRef,
    pub associated: bool,
    pub filter: Option<Filter>,
    pub order: Vec<Key>,
}

/// SQL and its parameters.
pub(crate) struct Query {
    pub sql: String,
    pub params: Vec<Value>,
}

impl Spec {
    pub(crate) fn new(folder: FolderRef, associated: bool) -> Self {
        Self {
            folder,
            associated,
            filter: None,
            order: Vec::new(),
        }
    }

    /// Takes an order over.
    pub(crate) fn set_order(&mut self, order: &SortOrder) {
        self.order = order
            .keys
            .iter()
            .map(|key| Key {
                tag: key.tag,
                descending: key.descending,
                fixed: columns::find(key.tag).filter(|f| f.key.is_some()),
            })
            .collect();
    }

    /// Whether SQL finds the rows in their order by one index, so that nothing has to be remembered: the ordering column
    /// and whether it descends.
    pub(crate) fn by_index(&self) -> Option<(&'static str, bool)> {
        if self.filter.as_ref().is_some_and(|f| !f.exact) {
            return None;
        }
        match self.order.as_slice() {
            [] => Some(("delivery", false)),
            [key] => {
                let fixed = key.fixed.filter(|f| f.indexed)?;
                Some((fixed.key?, key.descending))
            }
            _ => None,
        }
    }

    /// `FROM ... WHERE ...` for the rows, or what may be one of them.
    pub(crate) fn source(&self) -> Query {
        let mut sql = " FROM message m WHERE m.folder_id = ? AND m.associated = ?".to_owned();
        let mut params = vec![
            Value::Integer(self.folder.id),
            Value::Integer(i64::from(self.associated)),
        ];
        if let Some(filter) = &self.filter {
            sql.push_str(&format!(" AND ({})", filter.sql));
            params.extend(filter.params.iter().cloned());
        }
        Query { sql, params }
    }

    /// The ids of all rows in their order.
    pub(crate) fn list(&self, store: &Store, conn: &Connection) -> Result<Vec<i64>> {
        let by_sql = self.order.iter().all(|k| k.fixed.is_some());
        let mut needs: Vec<PropTag> = match &self.filter {
            Some(filter) if !filter.exact => filter.needs.clone(),
            _ => Vec::new(),
        };
        let filter_width = needs.len();
        if !by_sql {
            needs.extend(
                self.order
                    .iter()
                    .map(|k| k.tag.with_type(PropType::UNSPECIFIED)),
            );
        }
        let plan = Plan::new(store, self.folder, &needs);
        let source = self.source();
        let mut sql = format!("SELECT {}{} ORDER BY ", plan.select(), source.sql);
        if by_sql {
            for key in &self.order {
                let column = key.fixed.and_then(|f| f.key).unwrap_or("id");
                let direction = if key.descending { "DESC" } else { "ASC" };
                sql.push_str(&format!("m.{column} {direction}, "));
            }
            if self.order.is_empty() {
                sql.push_str("m.delivery, ");
            }
        }
        sql.push_str("m.id");
        let mut found = self.scan(store, conn, &plan, &Query { sql, ..source }, filter_width)?;
        if !by_sql {
            // Stable: rows that are equal stay in the order of their ids.
            found.sort_by(|a, b| self.compare(&a.1, &b.1));
        }
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }

    /// Runs a query for `plan`, drops the rows that do not satisfy the filter, and returns ids and sort values.
    fn scan(
        &self,
        store: &Store,
        conn: &Connection,
        plan: &Plan,
        query: &Query,
        filter_width: usize,
    ) -> Result<Vec<(i64, Vec<Option<PropValue>>)>> {
        let plain = plan.tags().next().is_none();
        let mut statement = conn.prepare_cached(&query.sql).tried("reading a table")?;
        let mut rows = statement
            .query(params_from_iter(&query.params))
            .tried("reading a table")?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().tried("reading a table")? {
            let id: i64 = row.get(0).tried("reading a table")?;
            if plain && self.filter.as_ref().is_none_or(|f| f.exact) {
                found.push((id, Vec::new()));
                continue;
            }
            let mut columns = plan.read(store, conn, row)?;
            let sort = columns.props.split_off(filter_width);
            if let Some(filter) = self.filter.as_ref().filter(|f| !f.exact) {
                let candidate = Candidate {
                    conn,
                    message: id,
                    row: columns,
                };
                if !filter.matcher.matches(&candidate)? {
                    continue;
                }
            }
            let values = sort
                .into_iter()
                .map(|p| p.value.as_error().is_none().then_some(p.value))
                .collect();
            found.push((id, values));
        }
        Ok(found)
    }

    fn compare(&self, a: &[Option<PropValue>], b: &[Option<PropValue>]) -> std::cmp::Ordering {
        for ((key, x), y) in self.order.iter().zip(a).zip(b) {
            // What is not there comes first.
            let order = match (x, y) {
                (Some(x), Some(y)) => x.compare_any(y),
                (x, y) => x.is_some().cmp(&y.is_some()),
            };
            let order = if key.descending {
                order.reverse()
            } else {
                order
            };
            if order.is_ne() {
                return order;
            }
        }
        std::cmp::Ordering::Equal
    }

    /// How many rows there are; by counting, unless the folder knows.
    pub(crate) fn count(&self, conn: &Connection) -> Result<u64> {
        if self.filter.is_none() {
            let column = if self.associated {
                "associated"
            } else {
                "contents"
            };
            return conn
                .prepare_cached(&format!("SELECT {column} FROM folder WHERE id = ?1"))
                .and_then(|mut s| s.query_row([self.folder.id], |row| row.get(0)))
                .map(count)
                .tried("counting rows");
        }
        let source = self.source();
        conn.prepare_cached(&format!("SELECT COUNT(*){}", source.sql))
            .and_then(|mut s| s.query_row(params_from_iter(&source.params), |row| row.get(0)))
            .map(count)
            .tried("counting rows")
    }
}
