//! IProviderAdmin.

use mapi_sys::*;
use mapi_types::{ErrorCode, MapiUid, Property, Result};

use super::*;
use crate::convert::*;
use crate::ptr::ComPtr;
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// IProviderAdmin: the providers of one message service (iprovideradminiunknown.md).
pub trait ProviderAdmin: ComObject {
    /// GetProviderTable.
    ///
    /// # Errors
    /// Those of the disk.
    fn get_provider_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>>;

    /// CreateProvider: the PR_PROVIDER_UID of the new section.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn create_provider(&self, provider: &str, props: &[Property], flags: u32) -> Result<MapiUid>;

    /// DeleteProvider: when its last session has ended.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn delete_provider(&self, uid: &MapiUid) -> Result<()>;

    /// OpenProfileSection.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn open_profile_section(&self, uid: Option<&MapiUid>, flags: u32) -> Result<ComPtr<IProfSect>>;
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn ProviderAdmin>; the interfaces are IProviderAdmin and its ancestors.
unsafe impl Export for dyn ProviderAdmin {
    type Interface = IProviderAdmin;
    const VTBL: &'static IProviderAdminVtbl = &IProviderAdminVtbl {
        base: Shell::<dyn ProviderAdmin>::UNKNOWN,
        GetLastError: get_last_error::<dyn ProviderAdmin, IProviderAdmin>,
        GetProviderTable: get_provider_table,
        CreateProvider: create_provider,
        DeleteProvider: delete_provider,
        OpenProfileSection: open_profile_section,
    };
    const INTERFACES: &'static [GUID] = &[IID_IProviderAdmin];
}

unsafe extern "system" fn get_provider_table(
    this: *mut IProviderAdmin,
    ul_flags: u32,
    lpp_table: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ProviderAdmin>::enter(this.cast(), |o| {
            required(lpp_table)?;
            put(lpp_table, std::ptr::null_mut());
            put_object(lpp_table, o.get_provider_table(ul_flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn create_provider(
    this: *mut IProviderAdmin,
    lpsz_provider: LPTSTR,
    c_values: u32,
    lp_props: LPSPropValue,
    _ul_ui_param: usize,
    ul_flags: u32,
    lp_uid: *mut MAPIUID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ProviderAdmin>::enter(this.cast(), |o| {
            required(lp_uid)?;
            put(
                lp_uid.cast(),
                o.create_provider(
                    &text_in(lpsz_provider, ul_flags)?,
                    &props_in(c_values, lp_props)?,
                    ul_flags,
                )?
                .0,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn delete_provider(this: *mut IProviderAdmin, lp_uid: LPMAPIUID) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ProviderAdmin>::enter(this.cast(), |o| {
            o.delete_provider(&uid_in(lp_uid).ok_or(ErrorCode::INVALID_PARAMETER)?)
        })
    })
}

unsafe extern "system" fn open_profile_section(
    this: *mut IProviderAdmin,
    lp_uid: LPMAPIUID,
    _lp_interface: LPCIID,
    ul_flags: u32,
    lpp_prof_sect: *mut LPPROFSECT,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ProviderAdmin>::enter(this.cast(), |o| {
            required(lpp_prof_sect)?;
            put(lpp_prof_sect, std::ptr::null_mut());
            put_object(
                lpp_prof_sect,
                o.open_profile_section(uid_in(lp_uid).as_ref(), ul_flags)?,
            );
            Ok(())
        })
    })
}

// Import.

impl ProviderAdmin for ComPtr<IProviderAdmin> {
    fn get_provider_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetProviderTable)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IProviderAdmin::GetProviderTable")?;
            take(out, "IProviderAdmin::GetProviderTable")
        }
    }

    fn create_provider(&self, provider: &str, props: &[Property], flags: u32) -> Result<MapiUid> {
        let mut provider = wide(provider);
        let props = PropArray::new(props)?;
        let mut out = [0u8; 16];
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().CreateProvider)(
                self.as_raw(),
                provider.as_mut_ptr().cast(),
                props.len(),
                props.as_ptr(),
                0,
                flags | MAPI_UNICODE,
                (&raw mut out).cast(),
            );
            check_last(self, hr, "IProviderAdmin::CreateProvider")?;
            Ok(MapiUid(out))
        }
    }

    fn delete_provider(&self, uid: &MapiUid) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().DeleteProvider)(self.as_raw(), uid_ptr(Some(uid)));
            check_last(self, hr, "IProviderAdmin::DeleteProvider")
        }
    }

    fn open_profile_section(
        &self,
        uid: Option<&MapiUid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IProfSect>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().OpenProfileSection)(
                self.as_raw(),
                uid_ptr(uid),
                std::ptr::null_mut(),
                flags,
                &raw mut out,
            );
            check_last(self, hr, "IProviderAdmin::OpenProfileSection")?;
            take(out, "IProviderAdmin::OpenProfileSection")
        }
    }
}
