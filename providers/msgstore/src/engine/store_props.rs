//! Properties of the store object. Changes count at once.

use mapi_types::{ErrorCode, Guid, PropTag, PropType, PropValue, Property, Result, tag};
use rusqlite::{Connection, params};

use super::folder::{Special, by_row};
use super::message::{Problems, open_stream, settable};
use super::props::{PropSet, type_fits};
use super::sql::{Tried, refused};
use super::stream::PropStream;
use super::tx::{Durability, Tx};
use super::{ObjectKind, Store};

/// PR_MDB_PROVIDER of all stores of this kind: {7F2C5E1A-3B0D-4C8E-9A61-6F6D73676F70}.
pub const MDB_PROVIDER: Guid = Guid::from_fields(
    0x7F2C_5E1A,
    0x3B0D,
    0x4C8E,
    [0x9A, 0x61, 0x6F, 0x6D, 0x73, 0x67, 0x6F, 0x70],
);

/// PR_STORE_SUPPORT_MASK: STORE_ENTRYID_UNIQUE, STORE_ATTACH_OK, STORE_SUBMIT_OK, STORE_NOTIFY_OK, STORE_MV_PROPS_OK,
/// STORE_RESTRICTION_OK, STORE_SORT_OK, STORE_HTML_OK, STORE_UNICODE_OK, STORE_LOCALSTORE;
const SUPPORT: i32 =
    0x1 | 0x20 | 0x80 | 0x100 | 0x200 | 0x1000 | 0x2000 | 0x1_0000 | 0x4_0000 | 0x8_0000;
/// with STORE_MODIFY_OK and STORE_CREATE_OK,
const SUPPORT_WRITE: i32 = 0x8 | 0x10;
/// or STORE_READONLY.
const SUPPORT_READONLY: i32 = 0x2;

/// PR_VALID_FOLDER_MASK: all eight folders are there.
const VALID_FOLDERS: i32 = 0xFF;

/// Entry identifiers of standard folders.
const FOLDERS: [(PropTag, Special); 8] = [
    (tag::PR_IPM_SUBTREE_ENTRYID, Special::IpmSubtree),
    (tag::PR_IPM_OUTBOX_ENTRYID, Special::Outbox),
    (tag::PR_IPM_SENTMAIL_ENTRYID, Special::SentItems),
    (tag::PR_IPM_WASTEBASKET_ENTRYID, Special::DeletedItems),
    (tag::PR_IPM_DRAFTS_ENTRYID, Special::Drafts),
    (tag::PR_VIEWS_ENTRYID, Special::Views),
    (tag::PR_COMMON_VIEWS_ENTRYID, Special::CommonViews),
    (tag::PR_FINDER_ENTRYID, Special::Finder),
];

/// What the store object computes besides.
const COMPUTED: [PropTag; 7] = [
    tag::PR_ENTRYID,
    tag::PR_RECORD_KEY,
    tag::PR_MDB_PROVIDER,
    tag::PR_STORE_SUPPORT_MASK,
    tag::PR_VALID_FOLDER_MASK,
    tag::PR_STORE_RECORD_KEY,
    tag::PR_STORE_ENTRYID,
];

fn is_computed(tag: PropTag) -> bool {
    COMPUTED.iter().any(|t| t.same_id(tag)) || FOLDERS.iter().any(|(t, _)| t.same_id(tag))
}

/// The entry identifier of a standard folder as a property.
pub(crate) fn special_entry_id(
    store: &Store,
    special: Special,
    asked: PropTag,
) -> Result<Property> {
    let tag = asked.with_type(PropType::BINARY);
    if !type_fits(asked, tag) {
        return Ok(Property::error(asked, ErrorCode::NOT_FOUND));
    }
    let folder = store.read(|conn| by_row(conn, special.row()))?;
    let id = store.entry_id(ObjectKind::Folder, folder.uid);
    Ok(Property::new(tag, id.into_bytes()))
}

fn load(conn: &Connection) -> Result<(Vec<u8>, PropSet)> {
    let bytes: Vec<u8> = conn
        .prepare_cached("SELECT value FROM meta WHERE name = 'props'")
        .and_then(|mut s| s.query_row([], |row| row.get(0)))
        .tried("reading the properties of the store")?;
    let props = PropSet::decode(&bytes)?;
    Ok((bytes, props))
}

impl Store {
    fn computed(&self, asked: PropTag) -> Result<Option<Property>> {
        if let Some((_, special)) = FOLDERS.iter().find(|(t, _)| t.same_id(asked)) {
            return special_entry_id(self, *special, asked).map(Some);
        }
        let Some(tag) = COMPUTED.into_iter().find(|t| t.same_id(asked)) else {
            return Ok(None);
        };
        let value = match tag {
            tag::PR_ENTRYID | tag::PR_STORE_ENTRYID => {
                PropValue::Binary(self.store_entry_id().into_bytes())
            }
            tag::PR_MDB_PROVIDER => PropValue::from(&MDB_PROVIDER.0[..]),
            tag::PR_STORE_SUPPORT_MASK if self.is_read_only() => {
                PropValue::Long(SUPPORT | SUPPORT_READONLY)
            }
            tag::PR_STORE_SUPPORT_MASK => PropValue::Long(SUPPORT | SUPPORT_WRITE),
            tag::PR_VALID_FOLDER_MASK => PropValue::Long(VALID_FOLDERS),
            _ => PropValue::from(&self.uid().0[..]),
        };
        Ok(Some(if type_fits(asked, tag) {
            Property::new(tag, value)
        } else {
            Property::error(asked, ErrorCode::NOT_FOUND)
        }))
    }

    /// The values of `tags` in their order; PT_ERROR where there is none, or where it has more than `limit_bytes`.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn props(&self, tags: &[PropTag], limit_bytes: u64) -> Result<Vec<Property>> {
        let (_, set) = self.read(load)?;
        tags.iter()
            .map(|asked| match self.computed(*asked)? {
                Some(found) => Ok(found),
                None => set.get(self, *asked, limit_bytes),
            })
            .collect()
    }

    /// The tags of all properties, in order of their identifiers.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn tags(&self) -> Result<Vec<PropTag>> {
        let (_, set) = self.read(load)?;
        let mut tags: Vec<PropTag> = COMPUTED.into_iter().collect();
        tags.extend(FOLDERS.iter().map(|(t, _)| *t));
        tags.extend(set.tags().filter(|t| !is_computed(*t)));
        tags.sort_unstable();
        Ok(tags)
    }

    /// Sets properties, at once. What the store computes is refused with MAPI_E_COMPUTED.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn set_props(&self, props: &[Property]) -> Result<Problems> {
        let mut problems = Vec::new();
        self.edit_props(|set| {
            for (index, property) in props.iter().enumerate() {
                let result = if is_computed(property.tag) {
                    Err(ErrorCode::COMPUTED)
                } else {
                    settable(property)
                };
                match result {
                    Ok(()) => set.set(property.clone()),
                    Err(code) => problems.push((index, code)),
                }
            }
            Ok(())
        })?;
        Ok(problems)
    }

    /// Deletes properties, at once.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn delete_props(&self, tags: &[PropTag]) -> Result<Problems> {
        let mut problems = Vec::new();
        self.edit_props(|set| {
            for (index, tag) in tags.iter().enumerate() {
                if is_computed(*tag) {
                    problems.push((index, ErrorCode::COMPUTED));
                } else {
                    set.delete(*tag);
                }
            }
            Ok(())
        })?;
        Ok(problems)
    }

    /// Opens text or bytes as a stream; with `create` an empty one if the property is not there.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND; MAPI_E_INTERFACE_NOT_SUPPORTED for other types; MAPI_E_COMPUTED.
    pub fn open_stream(&self, tag: PropTag, create: bool) -> Result<PropStream> {
        if is_computed(tag) {
            return Err(refused(
                ErrorCode::COMPUTED,
                "the store computes this property",
            ));
        }
        let (_, set) = self.read(load)?;
        open_stream(&set, self, tag, create)
    }

    /// Makes what was written to `stream` the value of `tag`, at once.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn set_stream(&self, tag: PropTag, stream: &mut PropStream) -> Result<()> {
        self.edit_props(|set| set.set_stream(tag, stream))
    }

    fn edit_props(&self, change: impl FnOnce(&mut PropSet) -> Result<()>) -> Result<()> {
        self.write(Durability::Now, |tx: &mut Tx<'_>| {
            let (old, mut set) = load(tx.conn())?;
            change(&mut set)?;
            let (bytes, _) = set.save(tx, &old)?;
            tx.conn()
                .execute(
                    "UPDATE meta SET value = ?1 WHERE name = 'props'",
                    params![bytes],
                )
                .tried("saving the properties of the store")?;
            Ok(())
        })
    }
}
