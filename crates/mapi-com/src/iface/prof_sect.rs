//! IProfSect.

use super::MapiProp;

/// IProfSect: a section of a profile; nothing more than IMAPIProp (iprofsectimapiprop.md).
pub trait ProfSect: MapiProp {}
