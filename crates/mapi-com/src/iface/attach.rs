//! IAttach.

use mapi_sys::*;

use super::*;
use crate::ptr::ComPtr;
use crate::shell::Export;

/// IAttach: an attachment of a message; nothing more than IMAPIProp (iattachimapiprop.md).
pub trait Attach: MapiProp {}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn Attach>; the interfaces are IAttach and its ancestors.
unsafe impl Export for dyn Attach {
    type Interface = IAttach;
    const VTBL: &'static IAttachVtbl = &IAttachVtbl {
        base: mapi_prop::vtbl::<dyn Attach>(),
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPIProp, IID_IAttachment];
}

// Import.

impl Attach for ComPtr<IAttach> {}
