//! IMAPIContainer.

use mapi_sys::*;
use mapi_types::{EntryId, Error, Guid, Restriction, Result};

use super::*;
use crate::convert::*;
use crate::marshal;
use crate::ptr::{ComPtr, guid_to_abi};
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

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
    fn get_contents_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>>;

    /// GetHierarchyTable.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn get_hierarchy_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>>;

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

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn MapiContainer>; the interfaces are IMAPIContainer and its ancestors.
unsafe impl Export for dyn MapiContainer {
    type Interface = IMAPIContainer;
    const VTBL: &'static IMAPIContainerVtbl = &vtbl::<dyn MapiContainer>();
    const INTERFACES: &'static [GUID] = &[IID_IMAPIProp, IID_IMAPIContainer];
}

/// The vtable of an object that is at least a `MapiContainer`, for the interfaces derived from it.
pub(super) const fn vtbl<T: ?Sized + Export + MapiContainer>() -> IMAPIContainerVtbl {
    IMAPIContainerVtbl {
        base: mapi_prop::vtbl::<T>(),
        GetContentsTable: get_contents_table::<T>,
        GetHierarchyTable: get_hierarchy_table::<T>,
        OpenEntry: open_entry::<T>,
        SetSearchCriteria: set_search_criteria::<T>,
        GetSearchCriteria: get_search_criteria::<T>,
    }
}

unsafe extern "system" fn get_contents_table<T: ?Sized + Export + MapiContainer>(
    this: *mut IMAPIContainer,
    ul_flags: u32,
    lpp_table: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            required(lpp_table)?;
            put(lpp_table, std::ptr::null_mut());
            put_object(lpp_table, o.get_contents_table(ul_flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn get_hierarchy_table<T: ?Sized + Export + MapiContainer>(
    this: *mut IMAPIContainer,
    ul_flags: u32,
    lpp_table: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            required(lpp_table)?;
            put(lpp_table, std::ptr::null_mut());
            put_object(lpp_table, o.get_hierarchy_table(ul_flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn open_entry<T: ?Sized + Export + MapiContainer>(
    this: *mut IMAPIContainer,
    cb_entry_id: u32,
    lp_entry_id: LPENTRYID,
    lp_interface: LPCIID,
    ul_flags: u32,
    lpul_obj_type: *mut u32,
    lpp_unk: *mut LPUNKNOWN,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            required(lpp_unk)?;
            put(lpp_unk, std::ptr::null_mut());
            put_entry(
                lpul_obj_type,
                lpp_unk,
                o.open_entry(
                    &entry_in(cb_entry_id, lp_entry_id)?,
                    guid_in(lp_interface).as_ref(),
                    ul_flags,
                )?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn set_search_criteria<T: ?Sized + Export + MapiContainer>(
    this: *mut IMAPIContainer,
    lp_restriction: LPSRestriction,
    lp_container_list: LPENTRYLIST,
    ul_search_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            o.set_search_criteria(
                restriction_in(lp_restriction)?.as_ref(),
                &entries_in(lp_container_list)?.unwrap_or_default(),
                ul_search_flags,
            )
        })
    })
}

unsafe extern "system" fn get_search_criteria<T: ?Sized + Export + MapiContainer>(
    this: *mut IMAPIContainer,
    flags: u32,
    restriction: *mut LPSRestriction,
    containers: *mut LPENTRYLIST,
    state: *mut u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            let found = o.get_search_criteria(flags)?;
            let allocator = Shell::<T>::scope_of(this.cast())?.allocator();
            // Both blocks before either is given away: a failure must leave nothing behind.
            let first = marshal::write_restriction(allocator, &found.restriction)?;
            let second = marshal::write_entry_list(allocator, &found.containers)?;
            if !restriction.is_null() {
                put(restriction, first.into_raw());
            }
            if !containers.is_null() {
                put(containers, second.into_raw());
            }
            put(state, found.state);
            Ok(())
        })
    })
}

// Import.

impl MapiContainer for ComPtr<IMAPIContainer> {
    fn get_contents_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetContentsTable)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMAPIContainer::GetContentsTable")?;
            take(out, "IMAPIContainer::GetContentsTable")
        }
    }

    fn get_hierarchy_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetHierarchyTable)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMAPIContainer::GetHierarchyTable")?;
            take(out, "IMAPIContainer::GetHierarchyTable")
        }
    }

    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        let interface = interface.map(guid_to_abi);
        let (mut object_type, mut out) = (0, std::ptr::null_mut::<IUnknown>());
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().OpenEntry)(
                self.as_raw(),
                size(entry_id.as_bytes()),
                id_ptr(entry_id),
                guid_ptr(interface.as_ref()),
                flags,
                &raw mut object_type,
                (&raw mut out),
            );
            check_last(self, hr, "IMAPIContainer::OpenEntry")?;
            Ok(OpenedEntry {
                object_type,
                object: take(out, "IMAPIContainer::OpenEntry")?,
            })
        }
    }

    fn set_search_criteria(
        &self,
        restriction: Option<&Restriction>,
        containers: &[EntryId],
        flags: u32,
    ) -> Result<()> {
        let restriction = restriction.map(RestrictionBlock::new).transpose()?;
        let containers = EntryList::new(containers)?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SetSearchCriteria)(
                self.as_raw(),
                restriction
                    .as_ref()
                    .map_or(std::ptr::null_mut(), RestrictionBlock::as_ptr),
                containers.as_ptr(),
                flags,
            );
            check_last(self, hr, "IMAPIContainer::SetSearchCriteria")
        }
    }

    fn get_search_criteria(&self, flags: u32) -> Result<SearchCriteria> {
        let (mut restriction, mut containers, mut state) =
            (std::ptr::null_mut(), std::ptr::null_mut(), 0);
        // SAFETY: the object lives while we hold it; outputs are places of ours.
        unsafe {
            let call = self.vtbl().GetSearchCriteria;
            let hr = call(
                self.as_raw(),
                flags,
                &raw mut restriction,
                &raw mut containers,
                &raw mut state,
            );
            check_last(self, hr, "IMAPIContainer::GetSearchCriteria")?;
            let containers = take_entries(containers)?;
            Ok(SearchCriteria {
                restriction: take_restriction(restriction)?,
                containers,
                state,
            })
        }
    }
}

import_container!(IABContainer, IDistList, IMAPIFolder);
