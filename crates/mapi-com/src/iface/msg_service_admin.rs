//! IMsgServiceAdmin and IMsgServiceAdmin2.

use mapi_sys::*;
use mapi_types::{ErrorCode, MapiUid, Property, Result};

use super::*;
use crate::convert::*;
use crate::ptr::{ComPtr, guid_from_abi, guid_to_abi};
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// IMsgServiceAdmin and its extension IMsgServiceAdmin2: the message services of a profile
/// (imsgserviceadminiunknown.md). Changes act on the next session (OP-56).
pub trait MsgServiceAdmin: ComObject {
    /// GetMsgServiceTable.
    ///
    /// # Errors
    /// Those of the disk.
    fn get_msg_service_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>>;

    /// CreateMsgService.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn create_msg_service(
        &self,
        service: &str,
        display_name: Option<&str>,
        flags: u32,
    ) -> Result<()>;

    /// DeleteMsgService.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn delete_msg_service(&self, uid: &MapiUid) -> Result<()>;

    /// CopyMsgService.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn copy_msg_service(
        &self,
        uid: &MapiUid,
        display_name: Option<&str>,
        target: Option<&CopyTarget<'_>>,
        flags: u32,
    ) -> Result<()>;

    /// RenameMsgService.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn rename_msg_service(&self, uid: &MapiUid, display_name: &str) -> Result<()>;

    /// ConfigureMsgService.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_EXTENDED_ERROR, MAPI_E_USER_CANCEL.
    fn configure_msg_service(&self, uid: &MapiUid, flags: u32, props: &[Property]) -> Result<()>;

    /// OpenProfileSection.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn open_profile_section(&self, uid: Option<&MapiUid>, flags: u32) -> Result<ComPtr<IProfSect>>;

    /// MsgServiceTransportOrder.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn msg_service_transport_order(&self, order: &[MapiUid]) -> Result<()>;

    /// AdminProviders of one service.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn admin_providers(&self, uid: &MapiUid, flags: u32) -> Result<ComPtr<IProviderAdmin>>;

    /// SetPrimaryIdentity; `None` clears it.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn set_primary_identity(&self, uid: Option<&MapiUid>) -> Result<()>;

    /// GetProviderTable: all providers of the profile.
    ///
    /// # Errors
    /// Those of the disk.
    fn get_provider_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>>;

    /// CreateMsgServiceEx (IMsgServiceAdmin2): the PR_SERVICE_UID of the new service.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn create_msg_service_ex(
        &self,
        service: &str,
        display_name: Option<&str>,
        flags: u32,
    ) -> Result<MapiUid>;
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn MsgServiceAdmin>; the interfaces are IMsgServiceAdmin and its ancestors.
unsafe impl Export for dyn MsgServiceAdmin {
    type Interface = IMsgServiceAdmin2;
    const VTBL: &'static IMsgServiceAdmin2Vtbl = &IMsgServiceAdmin2Vtbl {
        base: IMsgServiceAdminVtbl {
            base: Shell::<dyn MsgServiceAdmin>::UNKNOWN,
            GetLastError: get_last_error::<dyn MsgServiceAdmin, IMsgServiceAdmin>,
            GetMsgServiceTable: get_msg_service_table,
            CreateMsgService: create_msg_service,
            DeleteMsgService: delete_msg_service,
            CopyMsgService: copy_msg_service,
            RenameMsgService: rename_msg_service,
            ConfigureMsgService: configure_msg_service,
            OpenProfileSection: open_profile_section,
            MsgServiceTransportOrder: msg_service_transport_order,
            AdminProviders: admin_providers,
            SetPrimaryIdentity: set_primary_identity,
            GetProviderTable: get_provider_table,
        },
        CreateMsgServiceEx: create_msg_service_ex,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMsgServiceAdmin, IID_IMsgServiceAdmin2];
}

unsafe extern "system" fn get_msg_service_table(
    this: *mut IMsgServiceAdmin,
    ul_flags: u32,
    lpp_table: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgServiceAdmin>::enter(this.cast(), |o| {
            required(lpp_table)?;
            put(lpp_table, std::ptr::null_mut());
            put_object(lpp_table, o.get_msg_service_table(ul_flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn create_msg_service(
    this: *mut IMsgServiceAdmin,
    lpsz_service: LPTSTR,
    lpsz_display_name: LPTSTR,
    _ul_ui_param: usize,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgServiceAdmin>::enter(this.cast(), |o| {
            o.create_msg_service(
                &text_in(lpsz_service, ul_flags)?,
                opt_text_in(lpsz_display_name, ul_flags)?.as_deref(),
                ul_flags,
            )
        })
    })
}

unsafe extern "system" fn delete_msg_service(
    this: *mut IMsgServiceAdmin,
    lp_uid: LPMAPIUID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgServiceAdmin>::enter(this.cast(), |o| {
            o.delete_msg_service(&uid_in(lp_uid).ok_or(ErrorCode::INVALID_PARAMETER)?)
        })
    })
}

unsafe extern "system" fn rename_msg_service(
    this: *mut IMsgServiceAdmin,
    lp_uid: LPMAPIUID,
    ul_flags: u32,
    lpsz_display_name: LPTSTR,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgServiceAdmin>::enter(this.cast(), |o| {
            o.rename_msg_service(
                &uid_in(lp_uid).ok_or(ErrorCode::INVALID_PARAMETER)?,
                &text_in(lpsz_display_name, ul_flags)?,
            )
        })
    })
}

unsafe extern "system" fn configure_msg_service(
    this: *mut IMsgServiceAdmin,
    lp_uid: LPMAPIUID,
    _ul_ui_param: usize,
    ul_flags: u32,
    c_values: u32,
    lp_props: LPSPropValue,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgServiceAdmin>::enter(this.cast(), |o| {
            o.configure_msg_service(
                &uid_in(lp_uid).ok_or(ErrorCode::INVALID_PARAMETER)?,
                ul_flags,
                &props_in(c_values, lp_props)?,
            )
        })
    })
}

unsafe extern "system" fn open_profile_section(
    this: *mut IMsgServiceAdmin,
    lp_uid: LPMAPIUID,
    _lp_interface: LPCIID,
    ul_flags: u32,
    lpp_prof_sect: *mut LPPROFSECT,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgServiceAdmin>::enter(this.cast(), |o| {
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

unsafe extern "system" fn admin_providers(
    this: *mut IMsgServiceAdmin,
    lp_uid: LPMAPIUID,
    ul_flags: u32,
    lpp_provider_admin: *mut LPPROVIDERADMIN,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgServiceAdmin>::enter(this.cast(), |o| {
            required(lpp_provider_admin)?;
            put(lpp_provider_admin, std::ptr::null_mut());
            put_object(
                lpp_provider_admin,
                o.admin_providers(
                    &uid_in(lp_uid).ok_or(ErrorCode::INVALID_PARAMETER)?,
                    ul_flags,
                )?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn set_primary_identity(
    this: *mut IMsgServiceAdmin,
    lp_uid: LPMAPIUID,
    _ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgServiceAdmin>::enter(this.cast(), |o| {
            o.set_primary_identity(uid_in(lp_uid).as_ref())
        })
    })
}

unsafe extern "system" fn get_provider_table(
    this: *mut IMsgServiceAdmin,
    ul_flags: u32,
    lpp_table: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgServiceAdmin>::enter(this.cast(), |o| {
            required(lpp_table)?;
            put(lpp_table, std::ptr::null_mut());
            put_object(lpp_table, o.get_provider_table(ul_flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn copy_msg_service(
    this: *mut IMsgServiceAdmin,
    uid: LPMAPIUID,
    display_name: LPTSTR,
    _interface: LPCIID,
    target_interface: LPCIID,
    target: LPVOID,
    _ui_param: usize,
    flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgServiceAdmin>::enter(this.cast(), |o| {
            let uid = uid_in(uid).ok_or(ErrorCode::INVALID_PARAMETER)?;
            let name = opt_text_in(display_name, flags)?;
            let object = ComPtr::from_borrowed(target.cast::<IUnknown>());
            let interface =
                guid_in(target_interface).unwrap_or(guid_from_abi(&IID_IMsgServiceAdmin));
            let target = object.as_ref().map(|object| CopyTarget {
                object,
                interface,
                progress: None,
            });
            o.copy_msg_service(&uid, name.as_deref(), target.as_ref(), flags)
        })
    })
}

unsafe extern "system" fn msg_service_transport_order(
    this: *mut IMsgServiceAdmin,
    count: u32,
    order: LPMAPIUID,
    flags: u32,
) -> HRESULT {
    // SAFETY: as in `copy_msg_service`.
    hresult(unsafe {
        Shell::<dyn MsgServiceAdmin>::enter(this.cast(), |o| {
            if flags != 0 {
                return Err(ErrorCode::UNKNOWN_FLAGS.into());
            }
            let size = count.checked_mul(16).ok_or(ErrorCode::INVALID_PARAMETER)?;
            let bytes = bytes_ref(order.cast(), size)?;
            let order: Vec<MapiUid> = bytes
                .chunks_exact(16)
                .filter_map(|b| b.try_into().ok())
                .map(MapiUid)
                .collect();
            o.msg_service_transport_order(&order)
        })
    })
}

unsafe extern "system" fn create_msg_service_ex(
    this: *mut IMsgServiceAdmin2,
    service: LPTSTR,
    display_name: LPTSTR,
    _ui_param: usize,
    flags: u32,
    uid: LPMAPIUID,
) -> HRESULT {
    // SAFETY: as in `copy_msg_service`.
    hresult(unsafe {
        Shell::<dyn MsgServiceAdmin>::enter(this.cast(), |o| {
            let name = opt_text_in(display_name, flags)?;
            let made =
                o.create_msg_service_ex(&text_in(service, flags)?, name.as_deref(), flags)?;
            put(uid.cast(), made.0);
            Ok(())
        })
    })
}

// Import.

impl MsgServiceAdmin for ComPtr<IMsgServiceAdmin> {
    fn get_msg_service_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetMsgServiceTable)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMsgServiceAdmin::GetMsgServiceTable")?;
            take(out, "IMsgServiceAdmin::GetMsgServiceTable")
        }
    }

    fn create_msg_service(
        &self,
        service: &str,
        display_name: Option<&str>,
        flags: u32,
    ) -> Result<()> {
        let mut service = wide(service);
        let mut display_name = display_name.map(wide);
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().CreateMsgService)(
                self.as_raw(),
                service.as_mut_ptr().cast(),
                wide_ptr(display_name.as_mut()),
                0,
                flags | MAPI_UNICODE,
            );
            check_last(self, hr, "IMsgServiceAdmin::CreateMsgService")
        }
    }

    fn delete_msg_service(&self, uid: &MapiUid) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().DeleteMsgService)(self.as_raw(), uid_ptr(Some(uid)));
            check_last(self, hr, "IMsgServiceAdmin::DeleteMsgService")
        }
    }

    fn rename_msg_service(&self, uid: &MapiUid, display_name: &str) -> Result<()> {
        let mut display_name = wide(display_name);
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().RenameMsgService)(
                self.as_raw(),
                uid_ptr(Some(uid)),
                MAPI_UNICODE,
                display_name.as_mut_ptr().cast(),
            );
            check_last(self, hr, "IMsgServiceAdmin::RenameMsgService")
        }
    }

    fn configure_msg_service(&self, uid: &MapiUid, flags: u32, props: &[Property]) -> Result<()> {
        let props = PropArray::new(props)?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().ConfigureMsgService)(
                self.as_raw(),
                uid_ptr(Some(uid)),
                0,
                flags,
                props.len(),
                props.as_ptr(),
            );
            check_last(self, hr, "IMsgServiceAdmin::ConfigureMsgService")
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
            check_last(self, hr, "IMsgServiceAdmin::OpenProfileSection")?;
            take(out, "IMsgServiceAdmin::OpenProfileSection")
        }
    }

    fn admin_providers(
        &self,
        uid: &MapiUid,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IProviderAdmin>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().AdminProviders)(
                self.as_raw(),
                uid_ptr(Some(uid)),
                flags,
                &raw mut out,
            );
            check_last(self, hr, "IMsgServiceAdmin::AdminProviders")?;
            take(out, "IMsgServiceAdmin::AdminProviders")
        }
    }

    fn set_primary_identity(&self, uid: Option<&MapiUid>) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SetPrimaryIdentity)(self.as_raw(), uid_ptr(uid), 0);
            check_last(self, hr, "IMsgServiceAdmin::SetPrimaryIdentity")
        }
    }

    fn get_provider_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetProviderTable)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMsgServiceAdmin::GetProviderTable")?;
            take(out, "IMsgServiceAdmin::GetProviderTable")
        }
    }

    fn copy_msg_service(
        &self,
        uid: &MapiUid,
        display_name: Option<&str>,
        target: Option<&CopyTarget<'_>>,
        flags: u32,
    ) -> Result<()> {
        let mut name = display_name.map(wide);
        let interface = target.map(|t| guid_to_abi(&t.interface));
        // SAFETY: the object lives while we hold it; the arguments live as long as the call.
        let hr = unsafe {
            let call = self.vtbl().CopyMsgService;
            let object = target.map_or(std::ptr::null_mut(), |t| t.object.as_raw().cast());
            let name = wide_ptr(name.as_mut());
            let none = std::ptr::null();
            call(
                self.as_raw(),
                uid_ptr(Some(uid)),
                name,
                none,
                guid_ptr(interface.as_ref()),
                object,
                0,
                flags | MAPI_UNICODE,
            )
        };
        check_last(self, hr, "IMsgServiceAdmin::CopyMsgService")
    }

    fn msg_service_transport_order(&self, order: &[MapiUid]) -> Result<()> {
        let mut bytes: Vec<u8> = order.iter().flat_map(|uid| uid.0).collect();
        let count = u32::try_from(order.len()).map_err(|_| ErrorCode::INVALID_PARAMETER)?;
        // SAFETY: the object lives while we hold it; the list lives as long as the call.
        let hr = unsafe {
            (self.vtbl().MsgServiceTransportOrder)(
                self.as_raw(),
                count,
                bytes.as_mut_ptr().cast(),
                0,
            )
        };
        check_last(self, hr, "IMsgServiceAdmin::MsgServiceTransportOrder")
    }

    fn create_msg_service_ex(
        &self,
        service: &str,
        display_name: Option<&str>,
        flags: u32,
    ) -> Result<MapiUid> {
        let extended: ComPtr<IMsgServiceAdmin2> = self.query()?;
        let (mut service, mut name) = (wide(service), display_name.map(wide));
        let mut uid = [0u8; 16];
        // SAFETY: as in `copy_msg_service`.
        let hr = unsafe {
            let call = extended.vtbl().CreateMsgServiceEx;
            let (service, name) = (service.as_mut_ptr().cast(), wide_ptr(name.as_mut()));
            call(
                extended.as_raw(),
                service,
                name,
                0,
                flags | MAPI_UNICODE,
                (&raw mut uid).cast(),
            )
        };
        check(hr, "IMsgServiceAdmin2::CreateMsgServiceEx")?;
        Ok(MapiUid(uid))
    }
}
