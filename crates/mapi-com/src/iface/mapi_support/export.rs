//! IMAPISupport: the vtable.

use mapi_sys::*;
use mapi_types::ErrorCode;

use super::super::*;
use crate::convert::*;
use crate::ptr::{ComPtr, ComRef, guid_from_abi};
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

// SAFETY: the functions of the vtable expect a Shell<dyn MapiSupport>; the interfaces are IMAPISupport and its ancestors.
unsafe impl Export for dyn MapiSupport {
    type Interface = IMAPISupport;
    const VTBL: &'static IMAPISupportVtbl = &IMAPISupportVtbl {
        base: Shell::<dyn MapiSupport>::UNKNOWN,
        GetLastError: get_last_error::<dyn MapiSupport, IMAPISupport>,
        GetMemAllocRoutines: get_mem_alloc_routines,
        Subscribe: subscribe,
        Unsubscribe: unsubscribe,
        Notify: notify,
        ModifyStatusRow: modify_status_row,
        OpenProfileSection: open_profile_section,
        RegisterPreprocessor: register_preprocessor,
        NewUID: new_uid,
        MakeInvalid: make_invalid,
        SpoolerYield: spooler_yield,
        SpoolerNotify: spooler_notify,
        CreateOneOff: create_one_off,
        SetProviderUID: set_provider_uid,
        CompareEntryIDs: compare_entry_ids,
        OpenTemplateID: open_template_id,
        OpenEntry: open_entry,
        GetOneOffTable: get_one_off_table,
        Address: address,
        Details: details,
        NewEntry: new_entry,
        DoConfigPropsheet: do_config_propsheet,
        CopyMessages: copy_messages,
        CopyFolder: copy_folder,
        DoCopyTo: do_copy_to,
        DoCopyProps: do_copy_props,
        DoProgressDialog: do_progress_dialog,
        ReadReceipt: read_receipt,
        PrepareSubmit: prepare_submit,
        ExpandRecips: expand_recips,
        UpdatePAB: update_pab,
        DoSentMail: do_sent_mail,
        OpenAddressBook: open_address_book,
        Preprocess: preprocess,
        CompleteMsg: complete_msg,
        StoreLogoffTransports: store_logoff_transports,
        StatusRecips: status_recips,
        WrapStoreEntryID: wrap_store_entry_id,
        ModifyProfile: modify_profile,
        IStorageFromStream: i_storage_from_stream,
        GetSvcConfigSupportObj: get_svc_config_support_obj,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPISup];
}

unsafe extern "system" fn subscribe(
    this: *mut IMAPISupport,
    lp_key: LPNOTIFKEY,
    ul_event_mask: u32,
    ul_flags: u32,
    lp_advise_sink: LPMAPIADVISESINK,
    lpul_connection: *mut usize,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            required(lpul_connection)?;
            put(
                lpul_connection,
                o.subscribe(
                    key_in(lp_key)?,
                    ul_event_mask,
                    ul_flags,
                    object_in(lp_advise_sink)?,
                )?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn unsubscribe(this: *mut IMAPISupport, ul_connection: usize) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| o.unsubscribe(ul_connection))
    })
}

unsafe extern "system" fn modify_status_row(
    this: *mut IMAPISupport,
    c_values: u32,
    lp_column_vals: LPSPropValue,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            o.modify_status_row(&props_in(c_values, lp_column_vals)?, ul_flags)
        })
    })
}

unsafe extern "system" fn open_profile_section(
    this: *mut IMAPISupport,
    lp_uid: LPMAPIUID,
    ul_flags: u32,
    lpp_profile_obj: *mut LPPROFSECT,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            required(lpp_profile_obj)?;
            put(lpp_profile_obj, std::ptr::null_mut());
            put_object(
                lpp_profile_obj,
                o.open_profile_section(uid_in(lp_uid).as_ref(), ul_flags)?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn spooler_notify(
    this: *mut IMAPISupport,
    ul_flags: u32,
    lpv_data: LPVOID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            o.spooler_notify(ul_flags, lpv_data as usize)
        })
    })
}

unsafe extern "system" fn create_one_off(
    this: *mut IMAPISupport,
    lpsz_name: LPTSTR,
    lpsz_adr_type: LPTSTR,
    lpsz_address: LPTSTR,
    ul_flags: u32,
    lpcb_entry_id: *mut u32,
    lpp_entry_id: *mut LPENTRYID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            let id = o.create_one_off(
                &text_in(lpsz_name, ul_flags)?,
                &text_in(lpsz_adr_type, ul_flags)?,
                &text_in(lpsz_address, ul_flags)?,
                ul_flags,
            )?;
            put_entry_id(
                Shell::<dyn MapiSupport>::scope_of(this.cast())?.allocator(),
                &id,
                lpcb_entry_id,
                lpp_entry_id,
            )
        })
    })
}

unsafe extern "system" fn set_provider_uid(
    this: *mut IMAPISupport,
    lp_provider_id: LPMAPIUID,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            o.set_provider_uid(
                &uid_in(lp_provider_id).ok_or(ErrorCode::INVALID_PARAMETER)?,
                ul_flags,
            )
        })
    })
}

unsafe extern "system" fn compare_entry_ids(
    this: *mut IMAPISupport,
    cb_entry1: u32,
    lp_entry1: LPENTRYID,
    cb_entry2: u32,
    lp_entry2: LPENTRYID,
    ul_compare_flags: u32,
    lpul_result: *mut u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            required(lpul_result)?;
            put(
                lpul_result,
                u32::from(o.compare_entry_ids(
                    &entry_in(cb_entry1, lp_entry1)?,
                    &entry_in(cb_entry2, lp_entry2)?,
                    ul_compare_flags,
                )?),
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn open_entry(
    this: *mut IMAPISupport,
    cb_entry_id: u32,
    lp_entry_id: LPENTRYID,
    lp_interface: LPCIID,
    ul_open_flags: u32,
    lpul_obj_type: *mut u32,
    lpp_unk: *mut LPUNKNOWN,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            required(lpp_unk)?;
            put(lpp_unk, std::ptr::null_mut());
            put_entry(
                lpul_obj_type,
                lpp_unk,
                o.open_entry(
                    &entry_in(cb_entry_id, lp_entry_id)?,
                    guid_in(lp_interface).as_ref(),
                    ul_open_flags,
                )?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn get_one_off_table(
    this: *mut IMAPISupport,
    ul_flags: u32,
    lpp_table: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            required(lpp_table)?;
            put(lpp_table, std::ptr::null_mut());
            put_object(lpp_table, o.get_one_off_table(ul_flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn copy_messages(
    this: *mut IMAPISupport,
    _lp_src_interface: LPCIID,
    lp_src_folder: LPVOID,
    lp_msg_list: LPENTRYLIST,
    lp_dest_interface: LPCIID,
    lp_dest_folder: LPVOID,
    _ul_ui_param: usize,
    lp_progress: LPMAPIPROGRESS,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    status(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            let object = object_in(lp_dest_folder.cast::<IUnknown>())?;
            let progress = ComPtr::from_borrowed(lp_progress);
            let interface = guid_in(lp_dest_interface).unwrap_or(guid_from_abi(&IID_IMAPIFolder));
            let target = CopyTarget {
                object: &object,
                interface,
                progress: progress.as_ref().map(|p| p as &dyn Progress),
            };
            o.copy_messages(
                ComRef::from_raw(lp_src_folder.cast()).ok_or(ErrorCode::INVALID_PARAMETER)?,
                &entries_in(lp_msg_list)?.unwrap_or_default(),
                &target,
                ul_flags,
            )
            .map(completion)
        })
    })
}

unsafe extern "system" fn copy_folder(
    this: *mut IMAPISupport,
    _lp_src_interface: LPCIID,
    lp_src_folder: LPVOID,
    cb_entry_id: u32,
    lp_entry_id: LPENTRYID,
    lp_dest_interface: LPCIID,
    lp_dest_folder: LPVOID,
    lsz_new_folder_name: LPTSTR,
    _ul_ui_param: usize,
    lp_progress: LPMAPIPROGRESS,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    status(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            let object = object_in(lp_dest_folder.cast::<IUnknown>())?;
            let progress = ComPtr::from_borrowed(lp_progress);
            let interface = guid_in(lp_dest_interface).unwrap_or(guid_from_abi(&IID_IMAPIFolder));
            let target = CopyTarget {
                object: &object,
                interface,
                progress: progress.as_ref().map(|p| p as &dyn Progress),
            };
            o.copy_folder(
                ComRef::from_raw(lp_src_folder.cast()).ok_or(ErrorCode::INVALID_PARAMETER)?,
                &entry_in(cb_entry_id, lp_entry_id)?,
                &target,
                opt_text_in(lsz_new_folder_name, ul_flags)?.as_deref(),
                ul_flags,
            )
            .map(completion)
        })
    })
}

unsafe extern "system" fn do_copy_to(
    this: *mut IMAPISupport,
    _lp_src_interface: LPCIID,
    lp_src_obj: LPVOID,
    ciid_exclude: u32,
    rgiid_exclude: LPCIID,
    lp_exclude_props: LPSPropTagArray,
    _ul_ui_param: usize,
    lp_progress: LPMAPIPROGRESS,
    lp_dest_interface: LPCIID,
    lp_dest_obj: LPVOID,
    ul_flags: u32,
    lpp_problems: *mut LPSPropProblemArray,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            preset(lpp_problems, std::ptr::null_mut());
            let object = object_in(lp_dest_obj.cast::<IUnknown>())?;
            let progress = ComPtr::from_borrowed(lp_progress);
            let interface = guid_in(lp_dest_interface).unwrap_or(guid_from_abi(&IID_IMAPIFolder));
            let target = CopyTarget {
                object: &object,
                interface,
                progress: progress.as_ref().map(|p| p as &dyn Progress),
            };
            let problems = o.do_copy_to(
                ComRef::from_raw(lp_src_obj.cast()).ok_or(ErrorCode::INVALID_PARAMETER)?,
                &guids_in(ciid_exclude, rgiid_exclude)?,
                &tags_in(lp_exclude_props)?.unwrap_or_default(),
                &target,
                ul_flags,
            )?;
            put_problems(
                Shell::<dyn MapiSupport>::scope_of(this.cast())?.allocator(),
                &problems,
                lpp_problems,
            )
        })
    })
}

unsafe extern "system" fn do_copy_props(
    this: *mut IMAPISupport,
    _lp_src_interface: LPCIID,
    lp_src_obj: LPVOID,
    lp_include_props: LPSPropTagArray,
    _ul_ui_param: usize,
    lp_progress: LPMAPIPROGRESS,
    lp_dest_interface: LPCIID,
    lp_dest_obj: LPVOID,
    ul_flags: u32,
    lpp_problems: *mut LPSPropProblemArray,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            preset(lpp_problems, std::ptr::null_mut());
            let object = object_in(lp_dest_obj.cast::<IUnknown>())?;
            let progress = ComPtr::from_borrowed(lp_progress);
            let interface = guid_in(lp_dest_interface).unwrap_or(guid_from_abi(&IID_IMAPIFolder));
            let target = CopyTarget {
                object: &object,
                interface,
                progress: progress.as_ref().map(|p| p as &dyn Progress),
            };
            let problems = o.do_copy_props(
                ComRef::from_raw(lp_src_obj.cast()).ok_or(ErrorCode::INVALID_PARAMETER)?,
                &tags_in(lp_include_props)?.ok_or(ErrorCode::INVALID_PARAMETER)?,
                &target,
                ul_flags,
            )?;
            put_problems(
                Shell::<dyn MapiSupport>::scope_of(this.cast())?.allocator(),
                &problems,
                lpp_problems,
            )
        })
    })
}

unsafe extern "system" fn expand_recips(
    this: *mut IMAPISupport,
    lp_message: LPMESSAGE,
    lpul_flags: *mut u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            put(
                lpul_flags,
                o.expand_recips(ComRef::from_raw(lp_message).ok_or(ErrorCode::INVALID_PARAMETER)?)?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn do_sent_mail(
    this: *mut IMAPISupport,
    ul_flags: u32,
    lp_message: LPMESSAGE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            o.do_sent_mail(
                ul_flags,
                ComRef::from_raw(lp_message).ok_or(ErrorCode::INVALID_PARAMETER)?,
            )
        })
    })
}

unsafe extern "system" fn open_address_book(
    this: *mut IMAPISupport,
    lp_interface: LPCIID,
    ul_flags: u32,
    lpp_adr_book: *mut LPADRBOOK,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            required(lpp_adr_book)?;
            put(lpp_adr_book, std::ptr::null_mut());
            put_object(
                lpp_adr_book,
                o.open_address_book(guid_in(lp_interface).as_ref(), ul_flags)?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn complete_msg(
    this: *mut IMAPISupport,
    ul_flags: u32,
    cb_entry_id: u32,
    lp_entry_id: LPENTRYID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            o.complete_msg(ul_flags, &entry_in(cb_entry_id, lp_entry_id)?)
        })
    })
}

unsafe extern "system" fn status_recips(
    this: *mut IMAPISupport,
    lp_message: LPMESSAGE,
    lp_recip_list: LPADRLIST,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            o.status_recips(
                ComRef::from_raw(lp_message).ok_or(ErrorCode::INVALID_PARAMETER)?,
                &rows_in(lp_recip_list)?,
            )
        })
    })
}

unsafe extern "system" fn wrap_store_entry_id(
    this: *mut IMAPISupport,
    cb_orig_entry: u32,
    lp_orig_entry: LPENTRYID,
    lpcb_wrapped_entry: *mut u32,
    lpp_wrapped_entry: *mut LPENTRYID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            let id = o.wrap_store_entry_id(&entry_in(cb_orig_entry, lp_orig_entry)?)?;
            put_entry_id(
                Shell::<dyn MapiSupport>::scope_of(this.cast())?.allocator(),
                &id,
                lpcb_wrapped_entry,
                lpp_wrapped_entry,
            )
        })
    })
}

unsafe extern "system" fn modify_profile(this: *mut IMAPISupport, ul_flags: u32) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe { Shell::<dyn MapiSupport>::enter(this.cast(), |o| o.modify_profile(ul_flags)) })
}

unsafe extern "system" fn get_svc_config_support_obj(
    this: *mut IMAPISupport,
    ul_flags: u32,
    lpp_svc_support: *mut LPMAPISUP,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiSupport>::enter(this.cast(), |o| {
            required(lpp_svc_support)?;
            put(lpp_svc_support, std::ptr::null_mut());
            put_object(lpp_svc_support, o.get_svc_config_support_obj(ul_flags)?);
            Ok(())
        })
    })
}

type This = Shell<dyn MapiSupport>;

unsafe extern "system" fn get_mem_alloc_routines(
    this: *mut IMAPISupport,
    allocate: *mut LPALLOCATEBUFFER,
    more: *mut LPALLOCATEMORE,
    free: *mut LPFREEBUFFER,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let (a, m, f) = o.allocator().functions();
            put(allocate, Some(a));
            put(more, Some(m));
            put(free, Some(f));
            Ok(())
        })
    })
}

unsafe extern "system" fn notify(
    this: *mut IMAPISupport,
    key: LPNOTIFKEY,
    count: u32,
    notifications: LPNOTIFICATION,
    flags: *mut u32,
) -> HRESULT {
    // SAFETY: as in `get_mem_alloc_routines`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let given = flags.as_ref().copied().unwrap_or(0);
            put(
                flags,
                o.notify(
                    key_in(key)?,
                    &notifications_in(count, notifications)?,
                    given,
                )?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn register_preprocessor(
    this: *mut IMAPISupport,
    uid: LPMAPIUID,
    address_type: LPTSTR,
    library: LPTSTR,
    preprocess: LPSTR,
    remove: LPSTR,
    flags: u32,
) -> HRESULT {
    // SAFETY: as in `get_mem_alloc_routines`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let address_type = opt_text_in(address_type, flags)?;
            let library = text_in(library, flags)?;
            let (preprocess, remove) = (text_in(preprocess.cast(), 0)?, text_in(remove.cast(), 0)?);
            o.register_preprocessor(
                uid_in(uid).as_ref(),
                address_type.as_deref(),
                &library,
                &preprocess,
                &remove,
                flags,
            )
        })
    })
}

unsafe extern "system" fn new_uid(this: *mut IMAPISupport, uid: LPMAPIUID) -> HRESULT {
    // SAFETY: as in `get_mem_alloc_routines`.
    hresult(unsafe {
        This::enter(this.cast(), |_| {
            required(uid)?;
            put(uid.cast(), *uuid::Uuid::new_v4().as_bytes());
            Ok(())
        })
    })
}

unsafe extern "system" fn make_invalid(
    this: *mut IMAPISupport,
    flags: u32,
    object: LPVOID,
    references: u32,
    methods: u32,
) -> HRESULT {
    // SAFETY: as in `get_mem_alloc_routines`; the provider says that `object` is its own and that nobody is inside.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            if flags != 0 {
                return Err(ErrorCode::UNKNOWN_FLAGS.into());
            }
            crate::invalid::make_invalid(object, references, methods)?;
            o.made_invalid(methods);
            Ok(())
        })
    })
}

unsafe extern "system" fn spooler_yield(this: *mut IMAPISupport, flags: u32) -> HRESULT {
    // SAFETY: as in `get_mem_alloc_routines`.
    status(unsafe {
        This::enter(this.cast(), |o| {
            let cancel = o.spooler_yield(flags)?;
            Ok(if cancel {
                ErrorCode::W_CANCEL_MESSAGE.hresult()
            } else {
                0
            })
        })
    })
}

unsafe extern "system" fn prepare_submit(
    this: *mut IMAPISupport,
    message: LPMESSAGE,
    flags: *mut u32,
) -> HRESULT {
    // SAFETY: as in `get_mem_alloc_routines`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let message = ComRef::from_raw(message).ok_or(ErrorCode::INVALID_PARAMETER)?;
            let given = flags.as_ref().copied().unwrap_or(0);
            put(flags, o.prepare_submit(message, given)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn store_logoff_transports(
    this: *mut IMAPISupport,
    flags: *mut u32,
) -> HRESULT {
    // SAFETY: as in `get_mem_alloc_routines`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            required(flags)?;
            put(flags, o.store_logoff_transports(*flags)?);
            Ok(())
        })
    })
}

/// A slot that is not built; each has its own arguments, none of which is touched.
macro_rules! not_built {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {$(
        #[allow(clippy::too_many_arguments)] // as many as the slot has
        unsafe extern "system" fn $name(this: *mut IMAPISupport, $($argument: $type),*) -> HRESULT {
            // SAFETY: `this` is our shell.
            hresult(unsafe { This::enter(this.cast(), |o| o.not_built()) })
        }
    )*};
}

not_built! {
    open_template_id(_a: u32, _b: LPENTRYID, _c: u32, _d: LPMAPIPROP, _e: LPCIID, _f: *mut LPMAPIPROP, _g: LPMAPIPROP);
    address(_a: *mut usize, _b: LPADRPARM, _c: *mut LPADRLIST);
    details(_a: *mut usize, _b: LPFNDISMISS, _c: LPVOID, _d: u32, _e: LPENTRYID, _f: LPFNBUTTON, _g: LPVOID, _h: LPTSTR,
        _i: u32);
    new_entry(_a: usize, _b: u32, _c: u32, _d: LPENTRYID, _e: u32, _f: LPENTRYID, _g: *mut u32, _h: *mut LPENTRYID);
    do_config_propsheet(_a: usize, _b: u32, _c: LPTSTR, _d: LPMAPITABLE, _e: LPMAPIPROP, _f: u32);
    do_progress_dialog(_a: usize, _b: u32, _c: *mut LPMAPIPROGRESS);
    read_receipt(_a: u32, _b: LPMESSAGE, _c: *mut LPMESSAGE);
    update_pab(_a: u32, _b: LPMESSAGE);
    preprocess(_a: u32, _b: u32, _c: LPENTRYID);
    i_storage_from_stream(_a: LPUNKNOWN, _b: LPCIID, _c: u32, _d: *mut LPSTORAGE);
}
