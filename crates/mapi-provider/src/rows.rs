//! Tables in memory.

use std::cmp::Ordering;

use mapi_types::{Matcher, PropTag, PropType, PropValue, Restriction, Result, Row, SortOrder, tag};

use crate::{RowMark, TableSource, select};

/// A [`TableSource`] over rows in memory, which do not change while it lives: recipients, attachments, short lists.
///
/// A row is known by its PR_INSTANCE_KEY if it has one, else by its place.
pub struct RowTable {
    rows: Vec<Row>,
    all_columns: Vec<PropTag>,
    columns: Vec<PropTag>,
    matcher: Option<Matcher>,
    order: SortOrder,
    /// The rows of the view, in order.
    view: Vec<usize>,
    position: usize,
}

impl RowTable {
    /// Over these rows, in this order. The columns are all that occur, in the order in which they occur first.
    #[must_use]
    pub fn new(rows: Vec<Row>) -> Self {
        Self::with_columns(rows, &[])
    }

    /// As [`RowTable::new`], with columns that come first whether they occur or not.
    #[must_use]
    pub fn with_columns(rows: Vec<Row>, first: &[PropTag]) -> Self {
        let mut columns = first.to_vec();
        for prop in rows.iter().flat_map(|row| &row.props) {
            let is_value = prop.tag.ptype() != PropType::ERROR;
            if is_value && !columns.iter().any(|tag| tag.same_id(prop.tag)) {
                columns.push(prop.tag);
            }
        }
        Self {
            view: (0..rows.len()).collect(),
            all_columns: columns.clone(),
            columns,
            rows,
            matcher: None,
            order: SortOrder::default(),
            position: 0,
        }
    }

    /// Builds the view again, as restriction and order are now.
    fn arrange(&mut self) -> Result<()> {
        let mut view = Vec::with_capacity(self.rows.len());
        for (at, row) in self.rows.iter().enumerate() {
            if self.matcher.as_ref().map_or(Ok(true), |m| m.matches(row))? {
                view.push(at);
            }
        }
        view.sort_by(|a, b| compare_rows(&self.rows[*a], &self.rows[*b], &self.order));
        self.view = view;
        self.position = 0;
        Ok(())
    }

    fn shown(&self, at: usize) -> Row {
        let row = &self.rows[self.view[at]];
        let columns = self
            .columns
            .iter()
            .map(|asked| select(&row.props, *asked, usize::MAX));
        Row::from(columns.collect::<Vec<_>>())
    }

    fn key(&self, at: usize) -> Vec<u8> {
        let row = &self.rows[at];
        match row.get(tag::PR_INSTANCE_KEY).and_then(PropValue::as_bytes) {
            Some(key) => key.to_vec(),
            None => at.to_le_bytes().to_vec(),
        }
    }
}

/// The order of two rows; a row without the value comes last, whatever the direction.
fn compare_rows(a: &Row, b: &Row, order: &SortOrder) -> Ordering {
    for key in &order.keys {
        let found = match (a.get(key.tag), b.get(key.tag)) {
            (Some(a), Some(b)) if key.descending => b.compare_any(a),
            (Some(a), Some(b)) => a.compare_any(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        if found.is_ne() {
            return found;
        }
    }
    Ordering::Equal
}

impl TableSource for RowTable {
    fn all_columns(&mut self) -> Result<Vec<PropTag>> {
        Ok(self.all_columns.clone())
    }

    fn set_columns(&mut self, columns: &[PropTag]) -> Result<()> {
        self.columns = columns.to_vec();
        Ok(())
    }

    fn restrict(&mut self, restriction: Option<&Restriction>) -> Result<()> {
        self.matcher = restriction.map(Restriction::compile).transpose()?;
        self.arrange()
    }

    fn sort(&mut self, order: &SortOrder) -> Result<()> {
        self.order = order.clone();
        self.arrange()
    }

    fn row_count(&mut self) -> Result<u32> {
        Ok(u32::try_from(self.view.len()).unwrap_or(u32::MAX))
    }

    fn position(&mut self) -> Result<u32> {
        Ok(u32::try_from(self.position).unwrap_or(u32::MAX))
    }

    fn seek_to(&mut self, row: u32) -> Result<()> {
        self.position = (row as usize).min(self.view.len());
        Ok(())
    }

    fn next_rows(&mut self, count: u32) -> Result<Vec<Row>> {
        let end = self
            .position
            .saturating_add(count as usize)
            .min(self.view.len());
        let rows = (self.position..end).map(|at| self.shown(at)).collect();
        self.position = end;
        Ok(rows)
    }

    fn find(&mut self, restriction: &Restriction, backward: bool) -> Result<bool> {
        let matcher = restriction.compile()?;
        let places: Vec<usize> = if backward {
            (0..self.position).rev().collect()
        } else {
            (self.position..self.view.len()).collect()
        };
        for at in places {
            if matcher.matches(&self.rows[self.view[at]])? {
                self.position = at;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn mark(&mut self) -> Result<RowMark> {
        let key = self.view.get(self.position).map(|at| self.key(*at));
        Ok(RowMark(key.unwrap_or_default()))
    }

    fn seek_mark(&mut self, mark: &RowMark) -> Result<bool> {
        let found = self.view.iter().position(|at| self.key(*at) == mark.0);
        self.position = found.unwrap_or(self.view.len());
        // The end is marked by no key, and is always there.
        Ok(found.is_some() || mark.0.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use mapi_types::{Property, RelOp, SortKey};

    use super::*;

    fn numbers(values: &[i32]) -> RowTable {
        let row = |n: &i32| Row::from(vec![Property::new(tag::PR_ROWID, *n)]);
        RowTable::new(values.iter().map(row).collect())
    }

    fn read(table: &mut RowTable, count: u32) -> Vec<i32> {
        let rows = table.next_rows(count).unwrap();
        rows.iter()
            .map(|row| row.get(tag::PR_ROWID).unwrap().as_long().unwrap())
            .collect()
    }

    fn is(relop: RelOp, n: i32) -> Restriction {
        Restriction::Property {
            relop,
            tag: tag::PR_ROWID,
            value: Property::new(tag::PR_ROWID, n),
        }
    }

    #[test]
    fn sorts_restricts_and_seeks() {
        let mut table = numbers(&[3, 1, 2, 5, 4]);
        table
            .sort(&SortOrder {
                keys: vec![SortKey {
                    tag: tag::PR_ROWID,
                    descending: true,
                }],
                ..SortOrder::default()
            })
            .unwrap();
        table.restrict(Some(&is(RelOp::Ge, 2))).unwrap();
        assert_eq!(table.row_count().unwrap(), 4);
        table.seek_approx(1, 2).unwrap();
        assert_eq!(read(&mut table, 9), [3, 2]);
        assert_eq!(table.previous_rows(3).unwrap().len(), 3);
        assert_eq!(
            read(&mut table, 1),
            [4],
            "the cursor is before the first of them"
        );
        assert_eq!(table.seek_by(-100).unwrap(), -2);
        table.restrict(None).unwrap();
        assert_eq!(read(&mut table, 9), [5, 4, 3, 2, 1], "the order stays");
    }

    #[test]
    fn finds_in_both_directions_and_stays_put_if_there_is_nothing() {
        let mut table = numbers(&[1, 2, 1, 2]);
        table.seek_to(1).unwrap();
        assert!(table.find(&is(RelOp::Eq, 1), false).unwrap());
        assert_eq!(table.position().unwrap(), 2);
        assert!(table.find(&is(RelOp::Eq, 1), true).unwrap());
        assert_eq!(table.position().unwrap(), 0);
        table.seek_to(2).unwrap();
        assert!(!table.find(&is(RelOp::Eq, 9), true).unwrap());
        assert_eq!(table.position().unwrap(), 2);
    }

    #[test]
    fn marks_survive_a_new_order() {
        let mut table = numbers(&[3, 1, 2]);
        let mark = table.mark().unwrap();
        table.sort(&SortOrder::by(tag::PR_ROWID)).unwrap();
        assert!(table.seek_mark(&mark).unwrap());
        assert_eq!(read(&mut table, 1), [3]);
        table.restrict(Some(&is(RelOp::Lt, 3))).unwrap();
        assert!(
            !table.seek_mark(&mark).unwrap(),
            "the row is not in the view"
        );
    }
}
