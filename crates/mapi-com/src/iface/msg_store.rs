//! IMsgStore.

use mapi_sys::*;
use mapi_types::{EntryId, Error, Guid, Notification, Result};

use super::*;
use crate::convert::*;
use crate::marshal;
use crate::ptr::{ComPtr, guid_to_abi};
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// GetReceiveFolder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiveFolder {
    /// The folder.
    pub folder: EntryId,
    /// The class that is registered for it: the longest prefix of the class asked for.
    pub explicit_class: String,
}

/// IMsgStore (imsgstoreimapiprop.md).
pub trait MsgStore: MapiProp {
    /// Advise on an entry, or on the whole store if the identifier is empty.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT, MAPI_E_NOT_FOUND.
    fn advise(
        &self,
        entry_id: &EntryId,
        event_mask: u32,
        sink: ComPtr<IMAPIAdviseSink>,
    ) -> Result<usize>;

    /// Unadvise.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn unadvise(&self, connection: usize) -> Result<()>;

    /// CompareEntryIDs: whether both name the same object.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID.
    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool>;

    /// OpenEntry: the root folder if the identifier is empty.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_UNKNOWN_ENTRYID, MAPI_E_NO_ACCESS.
    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry>;

    /// SetReceiveFolder; `None` takes the registration of the class away.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT, MAPI_E_NOT_FOUND.
    fn set_receive_folder(&self, class: &str, folder: Option<&EntryId>, flags: u32) -> Result<()>;

    /// GetReceiveFolder.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn get_receive_folder(&self, class: &str, flags: u32) -> Result<ReceiveFolder>;

    /// GetReceiveFolderTable.
    ///
    /// # Errors
    /// Only those of the storage.
    fn get_receive_folder_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>>;

    /// StoreLogoff: one of LOGOFF_NO_WAIT .. LOGOFF_QUIET in, the output bits back (constants.md, 5).
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER, MAPI_E_UNKNOWN_FLAGS (OP-32).
    fn store_logoff(&self, flags: u32) -> Result<u32>;

    /// AbortSubmit.
    ///
    /// # Errors
    /// MAPI_E_NOT_IN_QUEUE, MAPI_E_UNABLE_TO_ABORT.
    fn abort_submit(&self, message: &EntryId, flags: u32) -> Result<()> {
        let _ = (message, flags);
        Err(Error::no_support())
    }

    /// GetOutgoingQueue; the spooler's.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn get_outgoing_queue(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// SetLockState; the spooler's.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_NO_SUPPORT.
    fn set_lock_state(&self, message: &ComPtr<IMessage>, state: u32) -> Result<()> {
        let _ = (message, state);
        Err(Error::no_support())
    }

    /// FinishedMsg; the spooler's.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn finished_msg(&self, flags: u32, message: &EntryId) -> Result<()> {
        let _ = (flags, message);
        Err(Error::no_support())
    }

    /// NotifyNewMail; the spooler's.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn notify_new_mail(&self, notification: &Notification) -> Result<()> {
        let _ = notification;
        Err(Error::no_support())
    }
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn MsgStore>; the interfaces are IMsgStore and its ancestors.
unsafe impl Export for dyn MsgStore {
    type Interface = IMsgStore;
    const VTBL: &'static IMsgStoreVtbl = &IMsgStoreVtbl {
        base: mapi_prop::vtbl::<dyn MsgStore>(),
        Advise: advise,
        Unadvise: unadvise,
        CompareEntryIDs: compare_entry_ids,
        OpenEntry: open_entry,
        SetReceiveFolder: set_receive_folder,
        GetReceiveFolder: get_receive_folder,
        GetReceiveFolderTable: get_receive_folder_table,
        StoreLogoff: store_logoff,
        AbortSubmit: abort_submit,
        GetOutgoingQueue: get_outgoing_queue,
        SetLockState: set_lock_state,
        FinishedMsg: finished_msg,
        NotifyNewMail: notify_new_mail,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPIProp, IID_IMsgStore];
}

export_routed!(MsgStore, IMsgStore);

unsafe extern "system" fn get_receive_folder_table(
    this: *mut IMsgStore,
    ul_flags: u32,
    lpp_table: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgStore>::enter(this.cast(), |o| {
            required(lpp_table)?;
            put(lpp_table, std::ptr::null_mut());
            put_object(lpp_table, o.get_receive_folder_table(ul_flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn abort_submit(
    this: *mut IMsgStore,
    cb_entry_id: u32,
    lp_entry_id: LPENTRYID,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgStore>::enter(this.cast(), |o| {
            o.abort_submit(&entry_in(cb_entry_id, lp_entry_id)?, ul_flags)
        })
    })
}

unsafe extern "system" fn get_outgoing_queue(
    this: *mut IMsgStore,
    ul_flags: u32,
    lpp_table: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgStore>::enter(this.cast(), |o| {
            required(lpp_table)?;
            put(lpp_table, std::ptr::null_mut());
            put_object(lpp_table, o.get_outgoing_queue(ul_flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn set_lock_state(
    this: *mut IMsgStore,
    lp_message: LPMESSAGE,
    ul_lock_state: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgStore>::enter(this.cast(), |o| {
            o.set_lock_state(&object_in(lp_message)?, ul_lock_state)
        })
    })
}

unsafe extern "system" fn finished_msg(
    this: *mut IMsgStore,
    ul_flags: u32,
    cb_entry_id: u32,
    lp_entry_id: LPENTRYID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgStore>::enter(this.cast(), |o| {
            o.finished_msg(ul_flags, &entry_in(cb_entry_id, lp_entry_id)?)
        })
    })
}

unsafe extern "system" fn notify_new_mail(
    this: *mut IMsgStore,
    lp_notification: LPNOTIFICATION,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsgStore>::enter(this.cast(), |o| {
            o.notify_new_mail(&notification_in(lp_notification)?)
        })
    })
}

type This = Shell<dyn MsgStore>;

unsafe extern "system" fn set_receive_folder(
    this: *mut IMsgStore,
    class: LPTSTR,
    flags: u32,
    size: u32,
    folder: LPENTRYID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let class = opt_text_in(class, flags)?.unwrap_or_default();
            let folder = entry_in(size, folder)?;
            o.set_receive_folder(&class, (!folder.is_empty()).then_some(&folder), flags)
        })
    })
}

unsafe extern "system" fn get_receive_folder(
    this: *mut IMsgStore,
    class: LPTSTR,
    flags: u32,
    size: *mut u32,
    out: *mut LPENTRYID,
    explicit: *mut LPTSTR,
) -> HRESULT {
    // SAFETY: as in `set_receive_folder`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let class = opt_text_in(class, flags)?.unwrap_or_default();
            let found = o.get_receive_folder(&class, flags)?;
            let allocator = This::scope_of(this.cast())?.allocator();
            // Before the first block is given away: a failure must leave nothing behind.
            let class = marshal::write_text(allocator, &found.explicit_class, flags)?;
            put_entry_id(allocator, &found.folder, size, out)?;
            if !explicit.is_null() {
                put(explicit, class.into_raw().cast());
            }
            Ok(())
        })
    })
}

unsafe extern "system" fn store_logoff(this: *mut IMsgStore, flags: *mut u32) -> HRESULT {
    // SAFETY: as in `set_receive_folder`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            required(flags)?;
            put(flags, o.store_logoff(*flags)?);
            Ok(())
        })
    })
}

// Import.

impl MsgStore for ComPtr<IMsgStore> {
    import_routed!(IMsgStore);

    fn get_receive_folder_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetReceiveFolderTable)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMsgStore::GetReceiveFolderTable")?;
            take(out, "IMsgStore::GetReceiveFolderTable")
        }
    }

    fn abort_submit(&self, message: &EntryId, flags: u32) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().AbortSubmit)(
                self.as_raw(),
                size(message.as_bytes()),
                id_ptr(message),
                flags,
            );
            check_last(self, hr, "IMsgStore::AbortSubmit")
        }
    }

    fn get_outgoing_queue(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetOutgoingQueue)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMsgStore::GetOutgoingQueue")?;
            take(out, "IMsgStore::GetOutgoingQueue")
        }
    }

    fn set_lock_state(&self, message: &ComPtr<mapi_sys::IMessage>, state: u32) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SetLockState)(self.as_raw(), message.as_raw(), state);
            check_last(self, hr, "IMsgStore::SetLockState")
        }
    }

    fn finished_msg(&self, flags: u32, message: &EntryId) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().FinishedMsg)(
                self.as_raw(),
                flags,
                size(message.as_bytes()),
                id_ptr(message),
            );
            check_last(self, hr, "IMsgStore::FinishedMsg")
        }
    }

    fn notify_new_mail(&self, notification: &Notification) -> Result<()> {
        let notification = NotificationArray::new(std::slice::from_ref(notification))?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().NotifyNewMail)(self.as_raw(), notification.as_ptr());
            check_last(self, hr, "IMsgStore::NotifyNewMail")
        }
    }

    fn set_receive_folder(&self, class: &str, folder: Option<&EntryId>, flags: u32) -> Result<()> {
        let mut class = wide(class);
        let none = EntryId::default();
        let folder = folder.unwrap_or(&none);
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        let hr = unsafe {
            let class = class.as_mut_ptr().cast();
            let call = self.vtbl().SetReceiveFolder;
            call(
                self.as_raw(),
                class,
                flags | MAPI_UNICODE,
                size(folder.as_bytes()),
                id_ptr(folder),
            )
        };
        check_last(self, hr, "IMsgStore::SetReceiveFolder")
    }

    fn get_receive_folder(&self, class: &str, flags: u32) -> Result<ReceiveFolder> {
        let mut class = wide(class);
        let (mut size, mut id, mut explicit) = (0, std::ptr::null_mut(), std::ptr::null_mut());
        let flags = flags | MAPI_UNICODE;
        // SAFETY: as in `set_receive_folder`.
        unsafe {
            let call = self.vtbl().GetReceiveFolder;
            let class = class.as_mut_ptr().cast();
            let hr = call(
                self.as_raw(),
                class,
                flags,
                &raw mut size,
                &raw mut id,
                &raw mut explicit,
            );
            check_last(self, hr, "IMsgStore::GetReceiveFolder")?;
            let folder = take_entry_id(size, id)?;
            Ok(ReceiveFolder {
                folder,
                explicit_class: take_text(explicit, flags)?.unwrap_or_default(),
            })
        }
    }

    fn store_logoff(&self, flags: u32) -> Result<u32> {
        let mut flags = flags;
        // SAFETY: as in `set_receive_folder`.
        let hr = unsafe { (self.vtbl().StoreLogoff)(self.as_raw(), &raw mut flags) };
        check_last(self, hr, "IMsgStore::StoreLogoff")?;
        Ok(flags)
    }
}
