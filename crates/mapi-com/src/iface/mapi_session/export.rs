//! IMAPISession: the vtable.

use mapi_sys::*;
use mapi_types::ErrorCode;

use super::super::*;
use crate::convert::*;
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

// SAFETY: the functions of the vtable expect a Shell<dyn MapiSession>; the interfaces are IMAPISession and its ancestors.
unsafe impl Export for dyn MapiSession {
    type Interface = IMAPISession;
    const VTBL: &'static IMAPISessionVtbl = &IMAPISessionVtbl {
        base: Shell::<dyn MapiSession>::UNKNOWN,
        GetLastError: get_last_error::<dyn MapiSession, IMAPISession>,
        GetMsgStoresTable: get_msg_stores_table,
        OpenMsgStore: open_msg_store,
        OpenAddressBook: open_address_book,
        OpenProfileSection: open_profile_section,
        GetStatusTable: get_status_table,
        OpenEntry: open_entry,
        CompareEntryIDs: compare_entry_ids,
        Advise: advise,
        Unadvise: unadvise,
        MessageOptions: message_options,
        QueryDefaultMessageOpt: query_default_message_opt,
        EnumAdrTypes: enum_adr_types,
        QueryIdentity: query_identity,
        Logoff: logoff,
        SetDefaultStore: set_default_store,
        AdminServices: admin_services,
        ShowForm: show_form,
        PrepareForm: prepare_form,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPISession];
}

unsafe extern "system" fn get_msg_stores_table(
    this: *mut IMAPISession,
    ul_flags: u32,
    lpp_table: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSession>::enter(this.cast(), |o| {
            required(lpp_table)?;
            put(lpp_table, std::ptr::null_mut());
            put_object(lpp_table, o.get_msg_stores_table(ul_flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn open_msg_store(
    this: *mut IMAPISession,
    ul_ui_param: usize,
    cb_entry_id: u32,
    lp_entry_id: LPENTRYID,
    lp_interface: LPCIID,
    ul_flags: u32,
    lpp_mdb: *mut LPMDB,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSession>::enter(this.cast(), |o| {
            required(lpp_mdb)?;
            put(lpp_mdb, std::ptr::null_mut());
            put_object(
                lpp_mdb,
                o.open_msg_store(
                    ul_ui_param,
                    &entry_in(cb_entry_id, lp_entry_id)?,
                    guid_in(lp_interface).as_ref(),
                    ul_flags,
                )?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn open_address_book(
    this: *mut IMAPISession,
    ul_ui_param: usize,
    lp_interface: LPCIID,
    ul_flags: u32,
    lpp_adr_book: *mut LPADRBOOK,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    status(unsafe {
        Shell::<dyn MapiSession>::enter(this.cast(), |o| {
            required(lpp_adr_book)?;
            put(lpp_adr_book, std::ptr::null_mut());
            let (object, partial) =
                o.open_address_book(ul_ui_param, guid_in(lp_interface).as_ref(), ul_flags)?;
            put_object(lpp_adr_book, object);
            Ok(if partial { WARNING } else { 0 })
        })
    })
}

unsafe extern "system" fn open_profile_section(
    this: *mut IMAPISession,
    lp_uid: LPMAPIUID,
    _lp_interface: LPCIID,
    ul_flags: u32,
    lpp_prof_sect: *mut LPPROFSECT,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSession>::enter(this.cast(), |o| {
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

unsafe extern "system" fn get_status_table(
    this: *mut IMAPISession,
    ul_flags: u32,
    lpp_table: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSession>::enter(this.cast(), |o| {
            required(lpp_table)?;
            put(lpp_table, std::ptr::null_mut());
            put_object(lpp_table, o.get_status_table(ul_flags)?);
            Ok(())
        })
    })
}

export_routed!(MapiSession, IMAPISession);

unsafe extern "system" fn logoff(
    this: *mut IMAPISession,
    ul_ui_param: usize,
    ul_flags: u32,
    ul_reserved: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSession>::enter_ending(this.cast(), |o| {
            o.logoff(ul_ui_param, ul_flags, ul_reserved)
        })
    })
}

unsafe extern "system" fn set_default_store(
    this: *mut IMAPISession,
    ul_flags: u32,
    cb_entry_id: u32,
    lp_entry_id: LPENTRYID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSession>::enter(this.cast(), |o| {
            o.set_default_store(ul_flags, &entry_in(cb_entry_id, lp_entry_id)?)
        })
    })
}

unsafe extern "system" fn admin_services(
    this: *mut IMAPISession,
    ul_flags: u32,
    lpp_service_admin: *mut LPSERVICEADMIN,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSession>::enter(this.cast(), |o| {
            required(lpp_service_admin)?;
            put(lpp_service_admin, std::ptr::null_mut());
            put_object(lpp_service_admin, o.admin_services(ul_flags)?);
            Ok(())
        })
    })
}

type This = Shell<dyn MapiSession>;

unsafe extern "system" fn enum_adr_types(
    this: *mut IMAPISession,
    flags: u32,
    count: *mut u32,
    out: *mut *mut LPTSTR,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            required(count)?;
            required(out)?;
            let types = o.enum_adr_types(flags)?;
            put(
                out,
                texts_out(This::scope_of(this.cast())?.allocator(), &types, flags)?,
            );
            put(count, count_of(&types)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn query_identity(
    this: *mut IMAPISession,
    size: *mut u32,
    out: *mut LPENTRYID,
) -> HRESULT {
    // SAFETY: as in `enum_adr_types`.
    status(unsafe {
        This::enter(this.cast(), |o| {
            let identity = o.query_identity()?;
            let id = identity.as_ref().cloned().unwrap_or_default();
            put_entry_id(This::scope_of(this.cast())?.allocator(), &id, size, out)?;
            Ok(if identity.is_none() {
                ErrorCode::W_NO_SERVICE.hresult()
            } else {
                0
            })
        })
    })
}

unsafe extern "system" fn message_options(
    this: *mut IMAPISession,
    _ui_param: usize,
    _flags: u32,
    _address_type: LPTSTR,
    _message: LPMESSAGE,
) -> HRESULT {
    // SAFETY: as in `enum_adr_types`.
    hresult(unsafe { This::enter(this.cast(), |o| o.not_built()) })
}

unsafe extern "system" fn query_default_message_opt(
    this: *mut IMAPISession,
    _address_type: LPTSTR,
    _flags: u32,
    _count: *mut u32,
    _options: *mut LPSPropValue,
) -> HRESULT {
    // SAFETY: as in `enum_adr_types`.
    hresult(unsafe { This::enter(this.cast(), |o| o.not_built()) })
}

#[allow(clippy::too_many_arguments)] // ShowForm has as many
unsafe extern "system" fn show_form(
    this: *mut IMAPISession,
    _ui_param: usize,
    _store: LPMDB,
    _folder: LPMAPIFOLDER,
    _interface: LPCIID,
    _token: usize,
    _message: LPMESSAGE,
    _flags: u32,
    _status: u32,
    _message_flags: u32,
    _access: u32,
    _class: LPSTR,
) -> HRESULT {
    // SAFETY: as in `enum_adr_types`.
    hresult(unsafe { This::enter(this.cast(), |o| o.not_built()) })
}

unsafe extern "system" fn prepare_form(
    this: *mut IMAPISession,
    _interface: LPCIID,
    _message: LPMESSAGE,
    _token: *mut usize,
) -> HRESULT {
    // SAFETY: as in `enum_adr_types`.
    hresult(unsafe { This::enter(this.cast(), |o| o.not_built()) })
}
