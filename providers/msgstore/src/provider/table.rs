//! Tables.

use mapi_provider::{RowMark, TableFeed, TableSource};
use mapi_types::{
    Error, PropTag, PropValue, Property, Restriction, Result, Row, RowChange, SortOrder,
    TableEvent, tag,
};

use crate::engine::{ContentsTable, ListTable, Mark, TableChange};

/// A table of the engine as the traits have it.
pub(super) struct Table<T>(pub T);

fn rows(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Both kinds of tables do the same under the same names.
macro_rules! table_source {
    ($table:ty) => {
        impl TableSource for Table<$table> {
            fn all_columns(&mut self) -> Result<Vec<PropTag>> {
                self.0.all_columns()
            }

            fn set_columns(&mut self, columns: &[PropTag]) -> Result<()> {
                self.0.set_columns(columns);
                Ok(())
            }

            fn restrict(&mut self, restriction: Option<&Restriction>) -> Result<()> {
                self.0.restrict(restriction)
            }

            fn sort(&mut self, order: &SortOrder) -> Result<()> {
                if order.categories != 0 {
                    return Err(
                        Error::no_support().context("tables with categories are not built yet")
                    );
                }
                self.0.sort(order);
                Ok(())
            }

            fn row_count(&mut self) -> Result<u32> {
                self.0.row_count().map(rows)
            }

            fn position(&mut self) -> Result<u32> {
                self.0.position().map(rows)
            }

            fn seek_to(&mut self, row: u32) -> Result<()> {
                self.0.seek_to(u64::from(row))
            }

            fn seek_by(&mut self, rows: i64) -> Result<i64> {
                self.0.seek_by(rows)
            }

            fn next_rows(&mut self, count: u32) -> Result<Vec<Row>> {
                self.0.next_rows(count)
            }

            fn previous_rows(&mut self, count: u32) -> Result<Vec<Row>> {
                self.0.previous_rows(count)
            }

            fn find(&mut self, restriction: &Restriction, backward: bool) -> Result<bool> {
                self.0.find(restriction, backward)
            }

            fn mark(&mut self) -> Result<RowMark> {
                Ok(RowMark(self.0.mark()?.as_bytes().to_vec()))
            }

            fn seek_mark(&mut self, mark: &RowMark) -> Result<bool> {
                self.0.seek_mark(&Mark::from_bytes(&mark.0))
            }

            fn watch(&mut self, feed: TableFeed) -> Result<()> {
                let watched = self.0.watch(move |changes: &[TableChange]| {
                    let told: Vec<RowChange> = changes.iter().map(row_change).collect();
                    feed(&told);
                });
                if watched {
                    Ok(())
                } else {
                    Err(Error::no_support())
                }
            }
        }
    };
}

table_source!(ContentsTable);
table_source!(ListTable);

fn row_change(change: &TableChange) -> RowChange {
    let null = || Property::new(tag::PR_NULL, PropValue::Null);
    let key = |key: &Vec<u8>| Property::new(tag::PR_INSTANCE_KEY, &key[..]);
    let told = |event, index: &Vec<u8>, prior: &Option<Vec<u8>>, row: &Row| RowChange {
        event,
        index: key(index),
        prior: prior.as_ref().map_or_else(null, key),
        row: row.clone(),
    };
    match change {
        TableChange::Changed => RowChange {
            event: TableEvent::Changed,
            index: null(),
            prior: null(),
            row: Row::default(),
        },
        TableChange::Added(index, prior, row) => told(TableEvent::RowAdded, index, prior, row),
        TableChange::Modified(index, prior, row) => {
            told(TableEvent::RowModified, index, prior, row)
        }
        TableChange::Deleted(index) => told(TableEvent::RowDeleted, index, &None, &Row::default()),
    }
}
