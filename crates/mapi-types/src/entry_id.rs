//! Entry identifiers and MAPIUIDs.

use std::fmt;

use crate::Guid;

/// A MAPIUID: 16 bytes that name a provider (or a profile section).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MapiUid(pub [u8; 16]);

impl fmt::Debug for MapiUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl From<Guid> for MapiUid {
    fn from(guid: Guid) -> Self {
        Self(guid.0)
    }
}

/// An entry identifier: four flag bytes, the MAPIUID of the provider, then bytes that only the provider reads
/// (constants.md, section 16).
///
/// Bytes from outside are kept as they are; [`EntryId::uid`] says whether they are long enough to be routed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EntryId(Vec<u8>);

impl EntryId {
    /// A long-term entry identifier: flags zero, `uid`, then `data`.
    #[must_use]
    pub fn new(uid: MapiUid, data: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(20 + data.len());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&uid.0);
        bytes.extend_from_slice(data);
        Self(bytes)
    }

    /// The provider's MAPIUID, or `None` if there are fewer than 20 bytes.
    #[must_use]
    pub fn uid(&self) -> Option<MapiUid> {
        self.0
            .get(4..20)
            .and_then(|b| b.try_into().ok())
            .map(MapiUid)
    }

    /// What follows the MAPIUID (empty if there is nothing).
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.0.get(20..).unwrap_or(&[])
    }

    /// All bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there are no bytes; an empty identifier means "the root" or "the default" to most methods.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the bytes out.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl From<Vec<u8>> for EntryId {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for EntryId {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl fmt::Display for EntryId {
    /// Lower-case hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in &self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
