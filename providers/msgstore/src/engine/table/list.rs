//! Tables over short lists that are read whole: folders, recipients, attachments, the outgoing queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mapi_types::{
    ErrorCode, Matcher, PropTag, PropType, PropValue, Property, Restriction, Result, Row, SortOrder,
};

use super::{Mark, TableChange, clamp, number};
use crate::engine::Store;
use crate::engine::changes::Event;
use crate::engine::sql::{int, refused};

/// Reads all rows with all their columns.
pub(crate) type Read = Box<dyn Fn() -> Result<Vec<Row>> + Send>;

/// A table over a list. The cursor stands before a row; row 0 is the first.
pub struct ListTable {
    read: Read,
    /// The column that tells rows apart.
    key: PropTag,
    defaults: Vec<PropTag>,
    columns: Vec<PropTag>,
    restriction: Option<Matcher>,
    order: SortOrder,
    rows: Vec<Row>,
    at: usize,
    /// What makes the list stale; `None`: it is read once.
    live: Option<Live>,
    seen: u64,
}

/// The tie to a store whose changes concern the list.
struct Live {
    store: Store,
    changes: Arc<AtomicU64>,
    listeners: Vec<u64>,
    concerns: fn(&Event<'_>) -> bool,
}

impl ListTable {
    /// A list that does not change by itself.
    pub(crate) fn fixed(defaults: &[PropTag], key: PropTag, read: Read) -> Self {
        Self {
            read,
            key,
            defaults: defaults.to_vec(),
            columns: defaults.to_vec(),
            restriction: None,
            order: SortOrder::default(),
            rows: Vec::new(),
            at: 0,
            live: None,
            seen: u64::MAX,
        }
    }

    /// A list that is read again after events of the store that concern it.
    pub(crate) fn live(
        store: &Store,
        defaults: &[PropTag],
        key: PropTag,
        concerns: fn(&Event<'_>) -> bool,
        read: Read,
    ) -> Self {
        let changes = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&changes);
        let listener = store.listen(move |event| {
            if concerns(&event) {
                counter.fetch_add(1, Ordering::AcqRel);
            }
        });
        Self {
            live: Some(Live {
                store: store.clone(),
                changes,
                listeners: vec![listener],
                concerns,
            }),
            ..Self::fixed(defaults, key, read)
        }
    }

    /// All columns there are, those that are shown without being asked for first.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn all_columns(&mut self) -> Result<Vec<PropTag>> {
        let mut tags = self.defaults.clone();
        let rows = (self.read)()?;
        for property in rows.iter().flat_map(|row| &row.props) {
            if property.tag.ptype() != PropType::ERROR
                && !tags.iter().any(|t| t.same_id(property.tag))
            {
                tags.push(property.tag);
            }
        }
        Ok(tags)
    }

    /// The columns of the rows from now on.
    pub fn set_columns(&mut self, tags: &[PropTag]) {
        self.columns = tags.to_vec();
    }

    /// Only rows that satisfy `restriction`; the cursor goes to row 0.
    ///
    /// # Errors
    /// MAPI_E_TOO_COMPLEX if it cannot be evaluated; then nothing changes.
    pub fn restrict(&mut self, restriction: Option<&Restriction>) -> Result<()> {
        self.restriction = restriction.map(Restriction::compile).transpose()?;
        self.reset();
        Ok(())
    }

    /// Orders the rows. The cursor goes to row 0.
    pub fn sort(&mut self, order: &SortOrder) {
        self.order = order.clone();
        self.reset();
    }

    fn reset(&mut self) {
        self.at = 0;
        self.rows = Vec::new();
        self.seen = u64::MAX;
    }

    /// Reads the rows if that has not been done, or if they may have changed.
    fn refresh(&mut self) -> Result<()> {
        let now = match &self.live {
            Some(live) => {
                live.store.poll()?;
                live.changes.load(Ordering::Acquire)
            }
            None => 0,
        };
        if self.seen == now {
            return Ok(());
        }
        let stood_before = self
            .rows
            .get(self.at)
            .and_then(|r| r.get(self.key))
            .cloned();
        let was_end = !self.rows.is_empty() && self.at >= self.rows.len();
        let mut rows = Vec::new();
        for row in (self.read)()? {
            if match &self.restriction {
                Some(matcher) => matcher.matches(&row)?,
                None => true,
            } {
                rows.push(row);
            }
        }
        rows.sort_by(|a, b| compare(&self.order, a, b));
        let again =
            stood_before.and_then(|key| rows.iter().position(|r| r.get(self.key) == Some(&key)));
        self.at = match again {
            Some(at) => at,
            None if was_end => rows.len(),
            None => self.at.min(rows.len()),
        };
        self.rows = rows;
        self.seen = now;
        Ok(())
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn row_count(&mut self) -> Result<u64> {
        self.refresh()?;
        Ok(number(self.rows.len()))
    }

    /// The number of the row that the cursor stands before.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn position(&mut self) -> Result<u64> {
        self.refresh()?;
        Ok(number(self.at))
    }

    /// Puts the cursor before row `row`, or behind the last.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn seek_to(&mut self, row: u64) -> Result<()> {
        self.refresh()?;
        self.at = clamp(row, self.rows.len());
        Ok(())
    }

    /// Moves the cursor by `rows`, stopping at either end: the rows moved, with their sign.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn seek_by(&mut self, rows: i64) -> Result<i64> {
        self.refresh()?;
        let here = int(self.at);
        let to = here.saturating_add(rows).clamp(0, int(self.rows.len()));
        self.at = usize::try_from(to).unwrap_or(0);
        Ok(to - here)
    }

    /// Up to `limit` rows behind the cursor; it then stands behind the last of them.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn next_rows(&mut self, limit: u32) -> Result<Vec<Row>> {
        self.refresh()?;
        let to = clamp(number(self.at) + u64::from(limit), self.rows.len());
        let rows = self.rows[self.at..to]
            .iter()
            .map(|r| project(r, &self.columns))
            .collect();
        self.at = to;
        Ok(rows)
    }

    /// Up to `limit` rows before the cursor, in the order of the table; it then stands before the first of them.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn previous_rows(&mut self, limit: u32) -> Result<Vec<Row>> {
        self.refresh()?;
        let from = self
            .at
            .saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        let rows = self.rows[from..self.at]
            .iter()
            .map(|r| project(r, &self.columns))
            .collect();
        self.at = from;
        Ok(rows)
    }

    /// Puts the cursor before the first row from the cursor on that satisfies `restriction`; backward before the nearest of
    /// the rows before it. Whether there is one; if not, the cursor stays.
    ///
    /// # Errors
    /// MAPI_E_TOO_COMPLEX if the restriction cannot be evaluated.
    pub fn find(&mut self, restriction: &Restriction, backward: bool) -> Result<bool> {
        let matcher = restriction.compile()?;
        self.refresh()?;
        let places: Vec<usize> = if backward {
            (0..self.at).rev().collect()
        } else {
            (self.at..self.rows.len()).collect()
        };
        for at in places {
            if matcher.matches(&self.rows[at])? {
                self.at = at;
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
        self.refresh()?;
        let mut bytes = number(self.at).to_le_bytes().to_vec();
        if let Some(row) = self.rows.get(self.at) {
            bytes.extend(key_bytes(row, self.key));
        }
        Ok(Mark(bytes))
    }

    /// Puts the cursor before a marked row. `false`: it has gone, and the cursor stands where it was.
    ///
    /// # Errors
    /// MAPI_E_INVALID_BOOKMARK for bytes that are no mark.
    pub fn seek_mark(&mut self, mark: &Mark) -> Result<bool> {
        self.refresh()?;
        let (old, key) = mark.as_bytes().split_at_checked(8).ok_or_else(|| {
            refused(
                ErrorCode::INVALID_BOOKMARK,
                "this is no bookmark of the table",
            )
        })?;
        if key.is_empty() {
            self.at = self.rows.len();
            return Ok(true);
        }
        let found = self.rows.iter().position(|r| key_bytes(r, self.key) == key);
        let old = old.try_into().map_or(0, u64::from_le_bytes);
        self.at = found.unwrap_or_else(|| clamp(old, self.rows.len()));
        Ok(found.is_some())
    }

    /// Tells `feed` that something has changed, until the table is dropped. Whether the list can change at all.
    pub fn watch(&mut self, feed: impl Fn(&[TableChange]) + Send + Sync + 'static) -> bool {
        let Some(live) = &mut self.live else {
            return false;
        };
        let concerns = live.concerns;
        live.listeners.push(live.store.listen(move |event| {
            if concerns(&event) {
                feed(&[TableChange::Changed]);
            }
        }));
        true
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        for id in &self.listeners {
            self.store.unlisten(*id);
        }
    }
}

fn key_bytes(row: &Row, key: PropTag) -> Vec<u8> {
    match row.get(key) {
        Some(PropValue::Binary(bytes)) => bytes.clone(),
        Some(PropValue::Long(n)) => n.to_le_bytes().to_vec(),
        _ => Vec::new(),
    }
}

/// The order of two rows; what is not there comes first.
fn compare(order: &SortOrder, a: &Row, b: &Row) -> std::cmp::Ordering {
    for key in &order.keys {
        let ordering = match (a.get(key.tag), b.get(key.tag)) {
            (Some(x), Some(y)) => x.compare_any(y),
            (x, y) => x.is_some().cmp(&y.is_some()),
        };
        let ordering = if key.descending {
            ordering.reverse()
        } else {
            ordering
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    std::cmp::Ordering::Equal
}

/// The row in the columns asked for.
fn project(row: &Row, columns: &[PropTag]) -> Row {
    let props = columns
        .iter()
        .map(|asked| {
            if asked.ptype() == PropType::NULL {
                return Property::new(*asked, PropValue::Null);
            }
            row.props
                .iter()
                .find(|p| crate::engine::props::type_fits(*asked, p.tag) && p.tag.same_id(*asked))
                .cloned()
                .unwrap_or_else(|| Property::error(*asked, ErrorCode::NOT_FOUND))
        })
        .collect();
    Row { props }
}
