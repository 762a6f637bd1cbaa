//! IProfAdmin.

use mapi_sys::*;
use mapi_types::Result;

use super::*;
use crate::convert::*;
use crate::ptr::ComPtr;
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// IProfAdmin: the profiles of the machine's user (iprofadminiunknown.md). Passwords must be empty.
pub trait ProfAdmin: ComObject {
    /// GetProfileTable: PR_DISPLAY_NAME, PR_DEFAULT_PROFILE.
    ///
    /// # Errors
    /// Those of the disk.
    fn get_profile_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>>;

    /// CreateProfile.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS if it is there already, MAPI_E_INVALID_PARAMETER for a bad name.
    fn create_profile(&self, name: &str, password: &str, flags: u32) -> Result<()>;

    /// DeleteProfile: when its last session has ended (LIFE-LOGOFF-026).
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn delete_profile(&self, name: &str, flags: u32) -> Result<()>;

    /// ChangeProfilePassword.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT: profiles have none.
    fn change_profile_password(&self, name: &str, old: &str, new: &str, flags: u32) -> Result<()>;

    /// CopyProfile.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS, MAPI_E_LOGON_FAILED.
    fn copy_profile(&self, old: &str, password: &str, new: &str, flags: u32) -> Result<()>;

    /// RenameProfile.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS, MAPI_E_LOGON_FAILED.
    fn rename_profile(&self, old: &str, password: &str, new: &str, flags: u32) -> Result<()>;

    /// SetDefaultProfile; `None`: there is no default any more.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn set_default_profile(&self, name: Option<&str>, flags: u32) -> Result<()>;

    /// AdminServices of one profile.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_LOGON_FAILED.
    fn admin_services(
        &self,
        name: &str,
        password: &str,
        flags: u32,
    ) -> Result<ComPtr<IMsgServiceAdmin>>;
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn ProfAdmin>; the interfaces are IProfAdmin and its ancestors.
unsafe impl Export for dyn ProfAdmin {
    type Interface = IProfAdmin;
    const VTBL: &'static IProfAdminVtbl = &IProfAdminVtbl {
        base: Shell::<dyn ProfAdmin>::UNKNOWN,
        GetLastError: get_last_error::<dyn ProfAdmin, IProfAdmin>,
        GetProfileTable: get_profile_table,
        CreateProfile: create_profile,
        DeleteProfile: delete_profile,
        ChangeProfilePassword: change_profile_password,
        CopyProfile: copy_profile,
        RenameProfile: rename_profile,
        SetDefaultProfile: set_default_profile,
        AdminServices: admin_services,
    };
    const INTERFACES: &'static [GUID] = &[IID_IProfAdmin];
}

unsafe extern "system" fn get_profile_table(
    this: *mut IProfAdmin,
    ul_flags: u32,
    lpp_table: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ProfAdmin>::enter(this.cast(), |o| {
            required(lpp_table)?;
            put(lpp_table, std::ptr::null_mut());
            put_object(lpp_table, o.get_profile_table(ul_flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn create_profile(
    this: *mut IProfAdmin,
    lpsz_profile_name: LPTSTR,
    lpsz_password: LPTSTR,
    _ul_ui_param: usize,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ProfAdmin>::enter(this.cast(), |o| {
            o.create_profile(
                &text_in(lpsz_profile_name, ul_flags)?,
                &opt_text_in(lpsz_password, ul_flags)?.unwrap_or_default(),
                ul_flags,
            )
        })
    })
}

unsafe extern "system" fn delete_profile(
    this: *mut IProfAdmin,
    lpsz_profile_name: LPTSTR,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ProfAdmin>::enter(this.cast(), |o| {
            o.delete_profile(&text_in(lpsz_profile_name, ul_flags)?, ul_flags)
        })
    })
}

unsafe extern "system" fn change_profile_password(
    this: *mut IProfAdmin,
    lpsz_profile_name: LPTSTR,
    lpsz_old_password: LPTSTR,
    lpsz_new_password: LPTSTR,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ProfAdmin>::enter(this.cast(), |o| {
            o.change_profile_password(
                &text_in(lpsz_profile_name, ul_flags)?,
                &opt_text_in(lpsz_old_password, ul_flags)?.unwrap_or_default(),
                &opt_text_in(lpsz_new_password, ul_flags)?.unwrap_or_default(),
                ul_flags,
            )
        })
    })
}

unsafe extern "system" fn copy_profile(
    this: *mut IProfAdmin,
    lpsz_old_profile_name: LPTSTR,
    lpsz_old_password: LPTSTR,
    lpsz_new_profile_name: LPTSTR,
    _ul_ui_param: usize,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ProfAdmin>::enter(this.cast(), |o| {
            o.copy_profile(
                &text_in(lpsz_old_profile_name, ul_flags)?,
                &opt_text_in(lpsz_old_password, ul_flags)?.unwrap_or_default(),
                &text_in(lpsz_new_profile_name, ul_flags)?,
                ul_flags,
            )
        })
    })
}

unsafe extern "system" fn rename_profile(
    this: *mut IProfAdmin,
    lpsz_old_profile_name: LPTSTR,
    lpsz_old_password: LPTSTR,
    lpsz_new_profile_name: LPTSTR,
    _ul_ui_param: usize,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ProfAdmin>::enter(this.cast(), |o| {
            o.rename_profile(
                &text_in(lpsz_old_profile_name, ul_flags)?,
                &opt_text_in(lpsz_old_password, ul_flags)?.unwrap_or_default(),
                &text_in(lpsz_new_profile_name, ul_flags)?,
                ul_flags,
            )
        })
    })
}

unsafe extern "system" fn set_default_profile(
    this: *mut IProfAdmin,
    lpsz_profile_name: LPTSTR,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ProfAdmin>::enter(this.cast(), |o| {
            o.set_default_profile(
                opt_text_in(lpsz_profile_name, ul_flags)?.as_deref(),
                ul_flags,
            )
        })
    })
}

unsafe extern "system" fn admin_services(
    this: *mut IProfAdmin,
    lpsz_profile_name: LPTSTR,
    lpsz_password: LPTSTR,
    _ul_ui_param: usize,
    ul_flags: u32,
    lpp_service_admin: *mut LPSERVICEADMIN,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn ProfAdmin>::enter(this.cast(), |o| {
            required(lpp_service_admin)?;
            put(lpp_service_admin, std::ptr::null_mut());
            put_object(
                lpp_service_admin,
                o.admin_services(
                    &text_in(lpsz_profile_name, ul_flags)?,
                    &opt_text_in(lpsz_password, ul_flags)?.unwrap_or_default(),
                    ul_flags,
                )?,
            );
            Ok(())
        })
    })
}

// Import.

impl ProfAdmin for ComPtr<IProfAdmin> {
    fn get_profile_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetProfileTable)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IProfAdmin::GetProfileTable")?;
            take(out, "IProfAdmin::GetProfileTable")
        }
    }

    fn create_profile(&self, name: &str, password: &str, flags: u32) -> Result<()> {
        let mut name = wide(name);
        let mut password = wide(password);
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().CreateProfile)(
                self.as_raw(),
                name.as_mut_ptr().cast(),
                password.as_mut_ptr().cast(),
                0,
                flags | MAPI_UNICODE,
            );
            check_last(self, hr, "IProfAdmin::CreateProfile")
        }
    }

    fn delete_profile(&self, name: &str, flags: u32) -> Result<()> {
        let mut name = wide(name);
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().DeleteProfile)(
                self.as_raw(),
                name.as_mut_ptr().cast(),
                flags | MAPI_UNICODE,
            );
            check_last(self, hr, "IProfAdmin::DeleteProfile")
        }
    }

    fn change_profile_password(&self, name: &str, old: &str, new: &str, flags: u32) -> Result<()> {
        let mut name = wide(name);
        let mut old = wide(old);
        let mut new = wide(new);
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().ChangeProfilePassword)(
                self.as_raw(),
                name.as_mut_ptr().cast(),
                old.as_mut_ptr().cast(),
                new.as_mut_ptr().cast(),
                flags | MAPI_UNICODE,
            );
            check_last(self, hr, "IProfAdmin::ChangeProfilePassword")
        }
    }

    fn copy_profile(&self, old: &str, password: &str, new: &str, flags: u32) -> Result<()> {
        let mut old = wide(old);
        let mut password = wide(password);
        let mut new = wide(new);
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().CopyProfile)(
                self.as_raw(),
                old.as_mut_ptr().cast(),
                password.as_mut_ptr().cast(),
                new.as_mut_ptr().cast(),
                0,
                flags | MAPI_UNICODE,
            );
            check_last(self, hr, "IProfAdmin::CopyProfile")
        }
    }

    fn rename_profile(&self, old: &str, password: &str, new: &str, flags: u32) -> Result<()> {
        let mut old = wide(old);
        let mut password = wide(password);
        let mut new = wide(new);
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().RenameProfile)(
                self.as_raw(),
                old.as_mut_ptr().cast(),
                password.as_mut_ptr().cast(),
                new.as_mut_ptr().cast(),
                0,
                flags | MAPI_UNICODE,
            );
            check_last(self, hr, "IProfAdmin::RenameProfile")
        }
    }

    fn set_default_profile(&self, name: Option<&str>, flags: u32) -> Result<()> {
        let mut name = name.map(wide);
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SetDefaultProfile)(
                self.as_raw(),
                wide_ptr(name.as_mut()),
                flags | MAPI_UNICODE,
            );
            check_last(self, hr, "IProfAdmin::SetDefaultProfile")
        }
    }

    fn admin_services(
        &self,
        name: &str,
        password: &str,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IMsgServiceAdmin>> {
        let mut name = wide(name);
        let mut password = wide(password);
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().AdminServices)(
                self.as_raw(),
                name.as_mut_ptr().cast(),
                password.as_mut_ptr().cast(),
                0,
                flags | MAPI_UNICODE,
                &raw mut out,
            );
            check_last(self, hr, "IProfAdmin::AdminServices")?;
            take(out, "IProfAdmin::AdminServices")
        }
    }
}
