//! IProfSect.

use mapi_sys::*;

use super::*;
use crate::ptr::ComPtr;
use crate::shell::Export;

/// IProfSect: a section of a profile; nothing more than IMAPIProp (iprofsectimapiprop.md).
pub trait ProfSect: MapiProp {}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn ProfSect>; the interfaces are IProfSect and its ancestors.
unsafe impl Export for dyn ProfSect {
    type Interface = IProfSect;
    const VTBL: &'static IProfSectVtbl = &IProfSectVtbl {
        base: mapi_prop::vtbl::<dyn ProfSect>(),
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPIProp, IID_IProfSect];
}

// Import.

impl ProfSect for ComPtr<IProfSect> {}
