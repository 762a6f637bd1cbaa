//! The rows of a table.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

use mapi_types::{Error, ErrorCode, PropTag, PropType, PropValue, Property, Result, Row, tag};

/// A row, for as long as it is in the table.
pub(super) type RowId = u32;

struct Stored {
    row: Row,
    /// Ordered as the order of insertion is, with gaps for rows that are inserted between.
    rank: u64,
}

/// A row that comes, and what was found out by looking at it: with many rows a second look would be a second walk through
/// all their memory.
pub(super) struct Incoming {
    pub row: Row,
    hash: u32,
    has_key: bool,
}

/// Rows in the order of insertion, found by their index column.
pub(super) struct Rows {
    index_column: PropTag,
    slots: Vec<Option<Stored>>,
    free: Vec<RowId>,
    order: Vec<RowId>,
    /// By half the hash of the index column; keyed at random, so that nobody can make rows collide.
    index: HashMap<u32, RowId, BuildHasherDefault<PassOn>>,
    /// From a row that `index` or this has to the next one with the same hash: there are few.
    same_hash: HashMap<RowId, RowId>,
    hasher: RandomState,
    /// For rows that come without PR_INSTANCE_KEY.
    last_key: u64,
}

/// The distance of ranks when a row is appended.
const STEP: u64 = 1 << 32;

impl Rows {
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER if values of the index column cannot name a row.
    pub fn new(index_column: PropTag) -> Result<Self> {
        if !is_hashable(index_column.ptype()) {
            return Err(Error::caller(ErrorCode::INVALID_PARAMETER).context(format!(
                "values of {index_column} cannot be the index of a table"
            )));
        }
        Ok(Self {
            index_column,
            slots: Vec::new(),
            free: Vec::new(),
            order: Vec::new(),
            index: HashMap::default(),
            same_hash: HashMap::new(),
            hasher: RandomState::new(),
            last_key: 0,
        })
    }

    pub fn index_column(&self) -> PropTag {
        self.index_column
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// The rows in the order of insertion.
    pub fn order(&self) -> &[RowId] {
        &self.order
    }

    pub fn contains(&self, id: RowId) -> bool {
        self.slots.get(id as usize).is_some_and(Option::is_some)
    }

    pub fn get(&self, id: RowId) -> &Row {
        &self.stored(id).row
    }

    pub fn rank(&self, id: RowId) -> u64 {
        self.stored(id).rank
    }

    fn stored(&self, id: RowId) -> &Stored {
        let slot = self.slots.get(id as usize).and_then(Option::as_ref);
        slot.expect("a view holds no row that has gone")
    }

    fn stored_mut(&mut self, id: RowId) -> &mut Stored {
        let slot = self.slots.get_mut(id as usize).and_then(Option::as_mut);
        slot.expect("a view holds no row that has gone")
    }

    /// The place of a row in the order of insertion.
    pub fn place(&self, id: RowId) -> usize {
        let rank = self.rank(id);
        self.order.partition_point(|other| self.rank(*other) < rank)
    }

    /// Looks at a row that comes from outside.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER if it has no index.
    pub fn receive(&self, row: Row) -> Result<Incoming> {
        let index = row
            .get(self.index_column)
            .filter(|value| is_hashable(value.ptype()));
        let hash = self.hash(index.ok_or_else(|| {
            Error::caller(ErrorCode::INVALID_PARAMETER).context(format!(
                "the row has no value of the index column {}",
                self.index_column
            ))
        })?);
        let has_key = !instance_key(&row).is_empty();
        Ok(Incoming { row, hash, has_key })
    }

    /// The row with this value in its index column.
    pub fn find(&self, index: &PropValue) -> Option<RowId> {
        let first = self.index.get(&self.hash(index))?;
        self.find_from(*first, index)
    }

    /// The row with this index among those with one hash.
    fn find_from(&self, first: RowId, index: &PropValue) -> Option<RowId> {
        let mut next = Some(first);
        while let Some(id) = next {
            if self.get(id).get(self.index_column) == Some(index) {
                return Some(id);
            }
            next = self.same_hash.get(&id).copied();
        }
        None
    }

    /// The row with the same index as one that comes.
    pub fn find_same(&self, incoming: &Incoming) -> Option<RowId> {
        let first = self.index.get(&incoming.hash)?;
        self.find_from(*first, incoming.row.get(self.index_column)?)
    }

    /// Adds a row, whose index must be new, at a place (at most [`Rows::len`]).
    ///
    /// # Errors
    /// MAPI_E_TABLE_TOO_BIG at 2^32 rows.
    pub fn insert(&mut self, place: usize, incoming: Incoming) -> Result<RowId> {
        let Incoming {
            mut row,
            hash,
            has_key,
        } = incoming;
        if !has_key {
            self.last_key += 1;
            set_instance_key(&mut row, &self.last_key.to_be_bytes());
        }
        let rank = self.rank_at(place);
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                let too_big = |_| Error::caller(ErrorCode::TABLE_TOO_BIG);
                let id = RowId::try_from(self.slots.len()).map_err(too_big)?;
                self.slots.push(None);
                id
            }
        };
        self.slots[id as usize] = Some(Stored { row, rank });
        if let Some(other) = self.index.insert(hash, id) {
            self.same_hash.insert(id, other);
        }
        if place == self.order.len() {
            self.order.push(id);
        } else {
            self.order.insert(place, id);
        }
        Ok(id)
    }

    /// Puts another row with the same index in the place of one.
    pub fn replace(&mut self, id: RowId, incoming: Incoming) {
        let Incoming {
            mut row, has_key, ..
        } = incoming;
        if !has_key {
            set_instance_key(&mut row, instance_key(self.get(id)));
        }
        self.stored_mut(id).row = row;
    }

    /// Removes rows, in one pass over the order if they are many.
    pub fn remove(&mut self, ids: &[RowId]) {
        if let [id] = ids {
            let place = self.place(*id);
            self.order.remove(place);
        }
        for id in ids {
            let hash = self.hash(
                self.get(*id)
                    .get(self.index_column)
                    .unwrap_or(&PropValue::Null),
            );
            self.unlink(hash, *id);
            self.slots[*id as usize] = None;
        }
        if ids.len() > 1 {
            let slots = &self.slots;
            self.order.retain(|id| slots[*id as usize].is_some());
        }
        self.free.extend(ids);
    }

    /// Takes a row out of the chain of its hash.
    fn unlink(&mut self, hash: u32, id: RowId) {
        let after = self.same_hash.remove(&id);
        let mut at = self.index.get(&hash).copied();
        if at == Some(id) {
            match after {
                Some(after) => self.index.insert(hash, after),
                None => self.index.remove(&hash),
            };
            return;
        }
        while let Some(before) = at {
            at = self.same_hash.get(&before).copied();
            if at == Some(id) {
                match after {
                    Some(after) => self.same_hash.insert(before, after),
                    None => self.same_hash.remove(&before),
                };
                return;
            }
        }
    }

    /// Makes room for rows that are about to come.
    pub fn reserve(&mut self, rows: usize) {
        self.slots.reserve(rows);
        self.order.reserve(rows);
        self.index.reserve(rows);
    }

    /// A rank for a new row at a place.
    fn rank_at(&mut self, place: usize) -> u64 {
        let rank = |at: Option<usize>| {
            at.and_then(|at| self.order.get(at))
                .map(|id| self.rank(*id))
        };
        let before = rank(place.checked_sub(1)).unwrap_or(0);
        let Some(after) = rank(Some(place)) else {
            return before + STEP;
        };
        if after - before > 1 {
            return before + (after - before) / 2;
        }
        // No gap left: all ranks anew. Their order stays, so no view notices.
        let mut rank = 0;
        for at in 0..self.order.len() {
            rank += STEP;
            let id = self.order[at];
            self.stored_mut(id).rank = rank;
        }
        self.rank_at(place)
    }

    fn hash(&self, value: &PropValue) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        match value {
            PropValue::I2(n) => n.hash(&mut hasher),
            PropValue::Long(n) => n.hash(&mut hasher),
            PropValue::Currency(n) | PropValue::I8(n) => n.hash(&mut hasher),
            PropValue::Boolean(b) => b.hash(&mut hasher),
            PropValue::SysTime(time) => time.hash(&mut hasher),
            PropValue::Clsid(guid) => guid.hash(&mut hasher),
            PropValue::Binary(bytes) | PropValue::String8(bytes) => hasher.write(bytes),
            PropValue::Unicode(text) => text.hash(&mut hasher),
            _ => {}
        }
        let hash = hasher.finish();
        u32::try_from(hash >> 32).unwrap_or(0)
    }
}

/// PR_INSTANCE_KEY of a row in a table.
pub(super) fn instance_key(row: &Row) -> &[u8] {
    let key = row.get(tag::PR_INSTANCE_KEY).and_then(PropValue::as_bytes);
    key.unwrap_or_default()
}

/// Every row of a table has a PR_INSTANCE_KEY (imapitable-findrow.md).
fn set_instance_key(row: &mut Row, key: &[u8]) {
    (row.props).retain(|p| !p.tag.same_id(tag::PR_INSTANCE_KEY));
    row.props.push(Property::new(tag::PR_INSTANCE_KEY, key));
}

/// Whether values of this type can be an index: equal values have equal hashes.
fn is_hashable(ptype: PropType) -> bool {
    matches!(
        ptype,
        PropType::I2
            | PropType::LONG
            | PropType::CURRENCY
            | PropType::I8
            | PropType::BOOLEAN
            | PropType::SYSTIME
            | PropType::CLSID
            | PropType::BINARY
            | PropType::STRING8
            | PropType::UNICODE
    )
}

/// The keys of the index are hashes already; the map wants to see different bits at both ends.
#[derive(Default)]
pub(super) struct PassOn(u64);

impl Hasher for PassOn {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        (bytes.iter()).for_each(|b| self.0 = self.0 << 8 | u64::from(*b));
    }

    fn write_u32(&mut self, hash: u32) {
        self.0 = u64::from(hash) << 32 | u64::from(hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(n: i32) -> Row {
        vec![Property::new(tag::PR_ROWID, n)].into()
    }

    fn insert(rows: &mut Rows, n: i32) {
        let incoming = rows.receive(numbered(n)).unwrap();
        assert_eq!(rows.find_same(&incoming), None);
        rows.insert(rows.len(), incoming).unwrap();
    }

    /// Half a hash is short enough for some rows of a large table to have the same.
    #[test]
    fn rows_with_the_same_hash_are_told_apart() {
        let mut rows = Rows::new(tag::PR_ROWID).unwrap();
        let mut first_with: HashMap<u32, i32> = HashMap::new();
        let pairs: Vec<(i32, i32)> = (0..)
            .filter_map(|n| Some((first_with.insert(rows.hash(&n.into()), n)?, n)))
            .take(4)
            .collect();
        for (at, (a, b)) in pairs.iter().enumerate() {
            for n in [a, b] {
                insert(&mut rows, *n);
            }
            let find = |rows: &Rows, n: i32| rows.find(&n.into());
            let (id_a, id_b) = (find(&rows, *a).unwrap(), find(&rows, *b).unwrap());
            assert_ne!(id_a, id_b);
            // The one that came first goes first, or last.
            let (gone, left) = if at % 2 == 0 { (id_a, b) } else { (id_b, a) };
            rows.remove(&[gone]);
            let still = find(&rows, *left).unwrap();
            assert_eq!(rows.get(still).get(tag::PR_ROWID), Some(&(*left).into()));
            assert_eq!(find(&rows, if *left == *a { *b } else { *a }), None);
            rows.remove(&[still]);
            assert_eq!(find(&rows, *left), None);
        }
        assert!(rows.index.is_empty() && rows.same_hash.is_empty());
        assert_eq!(rows.len(), 0);
    }
}
