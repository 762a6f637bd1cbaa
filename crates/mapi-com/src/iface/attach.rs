//! IAttach.

use super::MapiProp;

/// IAttach: an attachment of a message; nothing more than IMAPIProp (iattachimapiprop.md).
pub trait Attach: MapiProp {}
