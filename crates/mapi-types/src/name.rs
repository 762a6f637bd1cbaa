//! Named properties.

use crate::Guid;

/// The name half of a named property (MAPINAMEID: ulKind and Kind).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PropName {
    /// MNID_ID.
    Id(u32),
    /// MNID_STRING.
    Name(String),
}

/// A named property: property set and name (MAPINAMEID).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NamedProp {
    /// The property set, for example PS_PUBLIC_STRINGS.
    pub set: Guid,
    /// Number or string within the set.
    pub name: PropName,
}
