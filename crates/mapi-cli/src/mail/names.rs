//! Named properties, as the store knows them.

use mapi::{Props as _, Store};
use mapi_mime::NameResolver;
use mapi_types::{NamedProp, PropTag, PropType, Result};

/// The names of a store.
pub struct StoreNames<'a>(pub &'a Store);

impl NameResolver for StoreNames<'_> {
    fn ids(&self, names: &[NamedProp]) -> Result<Vec<Option<u16>>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let tags = self.0.named(names, true)?;
        let id = |tag: PropTag| (tag.ptype() != PropType::ERROR).then(|| tag.id());
        Ok(tags.into_iter().map(id).collect())
    }

    fn names(&self, ids: &[u16]) -> Result<Vec<Option<NamedProp>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let tag = |id: &u16| PropTag::new(*id, PropType::UNSPECIFIED);
        let tags: Vec<PropTag> = ids.iter().map(tag).collect();
        self.0.names_of(&tags)
    }
}
