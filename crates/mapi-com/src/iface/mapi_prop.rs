//! IMAPIProp.

use mapi_types::{Guid, NamedProp, PropTag, Property, Result};

use super::{ComObject, Progress, PropProblem};
use crate::ptr::Unknown;

/// Where CopyTo and CopyProps copy to.
pub struct CopyTarget<'a> {
    /// The destination (lpDestObj).
    pub object: &'a Unknown,
    /// Its interface (lpInterface).
    pub interface: Guid,
    /// Whom to tell how far it is.
    pub progress: Option<&'a dyn Progress>,
}

/// IMAPIProp: an object with properties (imapipropiunknown.md).
pub trait MapiProp: ComObject {
    /// SaveChanges: FORCE_SAVE, KEEP_OPEN_READONLY, KEEP_OPEN_READWRITE.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_OBJECT_CHANGED, MAPI_E_OBJECT_DELETED.
    fn save_changes(&self, flags: u32) -> Result<()>;

    /// GetProps: the values of `tags` in their order (all properties if `None`); what is missing is PT_ERROR.
    /// A tag may have the type PT_UNSPECIFIED.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER for an empty list.
    fn get_props(&self, tags: Option<&[PropTag]>, flags: u32) -> Result<Vec<Property>>;

    /// GetPropList: the tags of all properties.
    ///
    /// # Errors
    /// Only those of the storage.
    fn get_prop_list(&self, flags: u32) -> Result<Vec<PropTag>>;

    /// OpenProperty: a large property as a stream, a sub-object or a table.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_INTERFACE_NOT_SUPPORTED, MAPI_E_NO_ACCESS.
    fn open_property(
        &self,
        tag: PropTag,
        interface: &Guid,
        interface_options: u32,
        flags: u32,
    ) -> Result<Unknown>;

    /// SetProps.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS if nothing can be set; single refusals are problems.
    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>>;

    /// DeleteProps.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS if nothing can be deleted; single refusals are problems.
    fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>>;

    /// CopyTo: everything but what is excluded.
    ///
    /// # Errors
    /// MAPI_E_COLLISION, MAPI_E_FOLDER_CYCLE, MAPI_E_DECLINE_COPY, MAPI_E_USER_CANCEL.
    fn copy_to(
        &self,
        exclude_interfaces: &[Guid],
        exclude_props: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>>;

    /// CopyProps: only what is named.
    ///
    /// # Errors
    /// As [`MapiProp::copy_to`].
    fn copy_props(
        &self,
        include: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>>;

    /// GetNamesFromIDs: the names of `tags` (of all named properties of `set` if `None`), with their tags; `None` where a
    /// tag has no name.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where there are no named properties.
    fn get_names_from_ids(
        &self,
        tags: Option<&[PropTag]>,
        set: Option<&Guid>,
        flags: u32,
    ) -> Result<Vec<(PropTag, Option<NamedProp>)>>;

    /// GetIDsFromNames: tags of type PT_UNSPECIFIED, PT_ERROR for a name without one; with MAPI_CREATE it is made.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where there are no named properties, MAPI_E_TOO_BIG.
    fn get_ids_from_names(&self, names: &[NamedProp], flags: u32) -> Result<Vec<PropTag>>;
}
