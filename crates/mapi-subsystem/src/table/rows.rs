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
    /// The next row whose index column has the same hash.
    same_hash: Option<RowId>,
}

/// Rows in the order of insertion, found by their index column.
pub(super) struct Rows {
    index_column: PropTag,
    slots: Vec<Option<Stored>>,
    free: Vec<RowId>,
    order: Vec<RowId>,
    /// By the hash of the index column; keyed at random, so that nobody can make rows collide.
    index: HashMap<u64, RowId, BuildHasherDefault<PassOn>>,
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

    /// The index column of a row that comes from outside.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER if it has none.
    pub fn index_of<'a>(&self, row: &'a Row) -> Result<&'a PropValue> {
        (row.get(self.index_column))
            .filter(|value| is_hashable(value.ptype()))
            .ok_or_else(|| {
                Error::caller(ErrorCode::INVALID_PARAMETER).context(format!(
                    "the row has no value of the index column {}",
                    self.index_column
                ))
            })
    }

    /// The row with this value in its index column.
    pub fn find(&self, index: &PropValue) -> Option<RowId> {
        self.find_hashed(self.hash(index), index)
    }

    fn find_hashed(&self, hash: u64, index: &PropValue) -> Option<RowId> {
        let mut next = self.index.get(&hash).copied();
        while let Some(id) = next {
            let stored = self.stored(id);
            if stored.row.get(self.index_column) == Some(index) {
                return Some(id);
            }
            next = stored.same_hash;
        }
        None
    }

    /// Adds a row, whose index must be new, at a place (at most [`Rows::len`]).
    ///
    /// # Errors
    /// MAPI_E_TABLE_TOO_BIG at 2^32 rows.
    pub fn insert(&mut self, place: usize, row: Row) -> Result<RowId> {
        let hash = self.hash(self.index_of(&row)?);
        self.insert_hashed(place, row, hash)
    }

    /// Replaces the row with the same index, or adds one at the end.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER without the index; MAPI_E_TABLE_TOO_BIG at 2^32 rows.
    pub fn put(&mut self, row: Row) -> Result<()> {
        let index = self.index_of(&row)?;
        let hash = self.hash(index);
        match self.find_hashed(hash, index) {
            Some(id) => drop(self.replace(id, row)),
            None => drop(self.insert_hashed(self.order.len(), row, hash)?),
        }
        Ok(())
    }

    fn insert_hashed(&mut self, place: usize, mut row: Row, hash: u64) -> Result<RowId> {
        self.last_key += 1;
        ensure_instance_key(&mut row, || self.last_key.to_be_bytes().to_vec());
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
        self.slots[id as usize] = Some(Stored {
            row,
            rank,
            same_hash: self.index.insert(hash, id),
        });
        if place == self.order.len() {
            self.order.push(id);
        } else {
            self.order.insert(place, id);
        }
        Ok(id)
    }

    /// Puts another row with the same index in the place of one: the row it was.
    pub fn replace(&mut self, id: RowId, mut row: Row) -> Row {
        let old = std::mem::take(&mut self.stored_mut(id).row);
        ensure_instance_key(&mut row, || instance_key(&old).to_vec());
        self.stored_mut(id).row = row;
        old
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
    fn unlink(&mut self, hash: u64, id: RowId) {
        let after = self.stored(id).same_hash;
        let mut at = self.index.get(&hash).copied();
        if at == Some(id) {
            match after {
                Some(after) => self.index.insert(hash, after),
                None => self.index.remove(&hash),
            };
            return;
        }
        while let Some(before) = at {
            at = self.stored(before).same_hash;
            if at == Some(id) {
                self.stored_mut(before).same_hash = after;
            }
        }
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

    fn hash(&self, value: &PropValue) -> u64 {
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
        hasher.finish()
    }
}

/// PR_INSTANCE_KEY of a row in a table.
pub(super) fn instance_key(row: &Row) -> &[u8] {
    let key = row.get(tag::PR_INSTANCE_KEY).and_then(PropValue::as_bytes);
    key.unwrap_or_default()
}

/// Every row of a table has a PR_INSTANCE_KEY (imapitable-findrow.md).
fn ensure_instance_key(row: &mut Row, make: impl FnOnce() -> Vec<u8>) {
    if instance_key(row).is_empty() {
        (row.props).retain(|p| !p.tag.same_id(tag::PR_INSTANCE_KEY));
        row.props.push(Property::new(tag::PR_INSTANCE_KEY, make()));
    }
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

/// The keys of the index are hashes already.
#[derive(Default)]
pub(super) struct PassOn(u64);

impl Hasher for PassOn {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes
            .iter()
            .for_each(|b| self.0 = self.0 << 8 | u64::from(*b));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
