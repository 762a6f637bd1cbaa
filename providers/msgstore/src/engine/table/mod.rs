//! Tables: cursors over the messages of a folder and over short lists.

pub(crate) mod columns;
mod contents;
mod filter;
mod index;
mod list;
mod lists;
mod plan;
mod rows;
mod spec;
mod watch;

pub use contents::ContentsTable;
pub use list::ListTable;

use mapi_types::{ErrorCode, PropTag, Property, Row};
use rusqlite::types::Value;

use self::index::Spot;
use super::sql::count;

/// A row that is remembered: bytes that mean something to the table they come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark(Vec<u8>);

impl Mark {
    /// From bytes that [`Mark::as_bytes`] gave.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Of a row in the order of a column, or of the end.
    fn new(column: &str, spot: Option<Spot>) -> Self {
        let mut bytes = vec![u8::try_from(column.len()).unwrap_or(0)];
        bytes.extend_from_slice(column.as_bytes());
        if let Some(spot) = spot {
            bytes.extend_from_slice(&spot.id.to_le_bytes());
            match spot.key {
                Value::Integer(n) => {
                    bytes.push(0);
                    bytes.extend_from_slice(&n.to_le_bytes());
                }
                Value::Text(text) => {
                    bytes.push(1);
                    bytes.extend_from_slice(text.as_bytes());
                }
                _ => bytes.push(2),
            }
        }
        Self(bytes)
    }

    /// The row; `None` if the mark is of another order, `Some(None)` if it is the end.
    #[allow(clippy::option_option)] // three answers, and nobody else needs them
    fn spot_for(&self, column: &str) -> Option<Option<Spot>> {
        let (len, rest) = self.0.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*len))?;
        if name != column.as_bytes() {
            return None;
        }
        if rest.is_empty() {
            return Some(None);
        }
        let (id, rest) = rest.split_at_checked(8)?;
        let id = i64::from_le_bytes(id.try_into().ok()?);
        let (kind, key) = rest.split_first()?;
        let key = match kind {
            0 => Value::Integer(i64::from_le_bytes(key.try_into().ok()?)),
            1 => Value::Text(String::from_utf8(key.to_vec()).ok()?),
            _ => Value::Null,
        };
        Some(Some(Spot { key, id }))
    }
}

/// What happened to the rows of a table.
#[derive(Clone, PartialEq, Debug)]
pub enum TableChange {
    /// Too much to say.
    Changed,
    /// A row has come: its PR_INSTANCE_KEY, that of the row before it if there is one, and the row.
    Added(Vec<u8>, Option<Vec<u8>>, Row),
    /// A row has changed.
    Modified(Vec<u8>, Option<Vec<u8>>, Row),
    /// A row has gone.
    Deleted(Vec<u8>),
}

/// A row without values.
fn empty_row(tags: impl Iterator<Item = PropTag>) -> Row {
    Row {
        props: tags
            .map(|t| Property::error(t, ErrorCode::NOT_FOUND))
            .collect(),
    }
}

/// The row number in a cursor over a list.
fn clamp(row: u64, len: usize) -> usize {
    usize::try_from(row).unwrap_or(usize::MAX).min(len)
}

/// The number of a place in a list.
fn number(at: usize) -> u64 {
    count(super::sql::int(at))
}
