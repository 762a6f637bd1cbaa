//! IMAPIContainer.

use mapi_types::{EntryId, Error, Guid, Restriction, Result};

use super::{MapiProp, OpenedEntry};
use crate::ptr::ComPtr;

/// GetSearchCriteria: what a search folder looks for, where, and how far it is.
#[derive(Clone, Debug)]
pub struct SearchCriteria {
    /// The condition.
    pub restriction: Restriction,
    /// The folders.
    pub containers: Vec<EntryId>,
    /// SEARCH_ state bits.
    pub state: u32,
}

/// IMAPIContainer: folders and address book containers (imapicontainerimapiprop.md).
pub trait MapiContainer: MapiProp {
    /// GetContentsTable.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn get_contents_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>>;

    /// GetHierarchyTable.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn get_hierarchy_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>>;

    /// OpenEntry: the container itself if the identifier is empty.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_UNKNOWN_ENTRYID, MAPI_E_INTERFACE_NOT_SUPPORTED, MAPI_E_NO_ACCESS.
    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry>;

    /// SetSearchCriteria.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where there are no search folders.
    fn set_search_criteria(
        &self,
        restriction: Option<&Restriction>,
        containers: &[EntryId],
        flags: u32,
    ) -> Result<()> {
        let _ = (restriction, containers, flags);
        Err(Error::no_support())
    }

    /// GetSearchCriteria.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT, MAPI_E_NOT_INITIALIZED.
    fn get_search_criteria(&self, flags: u32) -> Result<SearchCriteria> {
        let _ = flags;
        Err(Error::no_support())
    }
}
