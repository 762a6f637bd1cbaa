//! Named properties: the store knows their numbers, this crate their names.

use std::collections::HashMap;
use std::sync::Mutex;

use mapi_types::{NamedProp, PropTag, PropType, Result};

/// Numbers of named properties (GetIDsFromNames and GetNamesFromIDs of the store that holds the message).
///
/// Any thread.
pub trait NameResolver {
    /// The number of each name, made if it is new. `None` where the store has no number left: that header then stays only
    /// in PR_TRANSPORT_MESSAGE_HEADERS.
    ///
    /// # Errors
    /// Those of the store.
    fn ids(&self, names: &[NamedProp]) -> Result<Vec<Option<u16>>>;

    /// The name of each number; `None` for one that has none.
    ///
    /// # Errors
    /// Those of the store.
    fn names(&self, ids: &[u16]) -> Result<Vec<Option<NamedProp>>>;
}

/// Names kept in memory, for messages that are in no store.
#[derive(Debug, Default)]
pub struct MemoryNames(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    ids: HashMap<NamedProp, u16>,
    names: Vec<NamedProp>,
}

const FIRST: u16 = 0x8000;
const LAST: u16 = 0xFFFE;

impl NameResolver for MemoryNames {
    fn ids(&self, names: &[NamedProp]) -> Result<Vec<Option<u16>>> {
        let mut known = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = &mut *known;
        let mut id_of = |name: &NamedProp| {
            if let Some(id) = known.ids.get(name) {
                return Some(*id);
            }
            let id = FIRST.checked_add(u16::try_from(known.names.len()).ok()?)?;
            if id > LAST {
                return None;
            }
            known.names.push(name.clone());
            known.ids.insert(name.clone(), id);
            Some(id)
        };
        Ok(names.iter().map(&mut id_of).collect())
    }

    fn names(&self, ids: &[u16]) -> Result<Vec<Option<NamedProp>>> {
        let known = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let name_of = |id: &u16| {
            let at = id.checked_sub(FIRST)?;
            known.names.get(usize::from(at)).cloned()
        };
        Ok(ids.iter().map(name_of).collect())
    }
}

/// The tag of a named property of some type.
pub(crate) fn tag(id: u16, ptype: PropType) -> PropTag {
    PropTag::new(id, ptype)
}
