//! Identifiers: what an entry identifier of this store holds.

use std::fmt;

use mapi_types::{EntryId, Error, ErrorCode, MapiUid, Result};
use uuid::Uuid;

/// The 16 bytes that name an object in its store for ever (a UUIDv7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(pub [u8; 16]);

impl Uid {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7().into_bytes())
    }
}

impl Default for Uid {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Uuid::from_bytes(self.0), f)
    }
}

/// What an entry identifier names. Attachments have none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ObjectKind {
    /// The message store itself.
    Store,
    /// A folder.
    Folder,
    /// A message.
    Message,
}

/// Layout version of the bytes after the MAPIUID.
const LAYOUT: u8 = 1;

impl ObjectKind {
    const fn code(self) -> u8 {
        match self {
            Self::Store => 1,
            Self::Folder => 3,
            Self::Message => 5,
        }
    }
}

/// The entry identifier of an object: the store's MAPIUID, layout version, kind, two zero bytes, the object's uid.
///
/// It does not depend on where the file lies nor on the folder a message is in.
#[must_use]
pub fn entry_id(store: MapiUid, kind: ObjectKind, uid: Uid) -> EntryId {
    let mut data = [0u8; 20];
    data[0] = LAYOUT;
    data[1] = kind.code();
    data[4..].copy_from_slice(&uid.0);
    EntryId::new(store, &data)
}

/// Takes an entry identifier of the store apart.
///
/// # Errors
/// MAPI_E_INVALID_ENTRYID if it is malformed or of another provider, MAPI_E_UNKNOWN_ENTRYID if its layout is newer.
pub fn parse_entry_id(store: MapiUid, id: &EntryId) -> Result<(ObjectKind, Uid)> {
    let bad = |why: &str| Error::caller(ErrorCode::INVALID_ENTRYID).context(why.to_owned());
    if id.uid() != Some(store) {
        return Err(bad("the entry identifier is not one of this message store"));
    }
    let data: &[u8; 20] = id
        .data()
        .try_into()
        .map_err(|_| bad("the entry identifier has the wrong length"))?;
    if data[0] != LAYOUT {
        return Err(Error::caller(ErrorCode::UNKNOWN_ENTRYID)
            .context("the entry identifier was made by a newer version"));
    }
    let kind = match data[1] {
        1 => ObjectKind::Store,
        3 => ObjectKind::Folder,
        5 => ObjectKind::Message,
        _ => return Err(bad("the entry identifier names no kind of object")),
    };
    let mut uid = [0; 16];
    uid.copy_from_slice(&data[4..]);
    Ok((kind, Uid(uid)))
}
