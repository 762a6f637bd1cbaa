//! Moving the cursor: by rows, to a row that is looked for, to a bookmark.

use mapi_types::{ErrorCode, Restriction, Result};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::{ContentsTable, View};
use crate::engine::sql::{Tried, int, refused};
use crate::engine::table::Mark;
use crate::engine::table::filter::Filter;
use crate::engine::table::index::{Anchor, Place, Spot};
use crate::engine::table::plan::Plan;
use crate::engine::table::rows::Candidate;

impl ContentsTable {
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
                Some(row) => filter.matcher.matches(&Candidate {
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
}
