//! IMAPIFolder.

use mapi_sys::*;
use mapi_types::{EntryId, Error, ErrorCode, Guid, Result, SortOrder};

use super::*;
use crate::convert::*;
use crate::ptr::{ComPtr, guid_from_abi, guid_to_abi};
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// IMAPIFolder: a folder of a message store (imapifolderimapicontainer.md).
pub trait MapiFolder: MapiContainer {
    /// CreateMessage: MAPI_ASSOCIATED. The message exists once it is saved.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_INTERFACE_NOT_SUPPORTED.
    fn create_message(&self, interface: Option<&Guid>, flags: u32) -> Result<ComPtr<IMessage>>;

    /// CopyMessages: MESSAGE_MOVE moves.
    ///
    /// # Errors
    /// MAPI_E_DECLINE_COPY, MAPI_E_NOT_FOUND, MAPI_E_USER_CANCEL.
    fn copy_messages(
        &self,
        messages: &[EntryId],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Completion>;

    /// DeleteMessages.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_USER_CANCEL.
    fn delete_messages(
        &self,
        messages: &[EntryId],
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion>;

    /// CreateFolder: OPEN_IF_EXISTS.
    ///
    /// # Errors
    /// MAPI_E_COLLISION, MAPI_E_NO_ACCESS.
    fn create_folder(
        &self,
        folder_type: u32,
        name: &str,
        comment: Option<&str>,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<IMAPIFolder>>;

    /// CopyFolder: FOLDER_MOVE moves, COPY_SUBFOLDERS takes what is below along.
    ///
    /// # Errors
    /// MAPI_E_COLLISION, MAPI_E_FOLDER_CYCLE, MAPI_E_DECLINE_COPY, MAPI_E_USER_CANCEL.
    fn copy_folder(
        &self,
        folder: &EntryId,
        target: &CopyTarget<'_>,
        new_name: Option<&str>,
        flags: u32,
    ) -> Result<Completion>;

    /// DeleteFolder: DEL_MESSAGES, DEL_FOLDERS.
    ///
    /// # Errors
    /// MAPI_E_HAS_FOLDERS, MAPI_E_HAS_MESSAGES, MAPI_E_NO_ACCESS.
    fn delete_folder(
        &self,
        folder: &EntryId,
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion>;

    /// SetReadFlags of the messages, or of all if the list is `None`.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPRESS, MAPI_E_USER_CANCEL.
    fn set_read_flags(
        &self,
        messages: Option<&[EntryId]>,
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion>;

    /// GetMessageStatus: MSGSTATUS_.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn get_message_status(&self, message: &EntryId) -> Result<u32>;

    /// SetMessageStatus: the status before.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn set_message_status(&self, message: &EntryId, status: u32, mask: u32) -> Result<u32>;

    /// SaveContentsSort.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn save_contents_sort(&self, order: &SortOrder, flags: u32) -> Result<()> {
        let _ = (order, flags);
        Err(Error::no_support())
    }

    /// EmptyFolder: DEL_ASSOCIATED.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_USER_CANCEL.
    fn empty_folder(&self, progress: Option<&dyn Progress>, flags: u32) -> Result<Completion>;
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn MapiFolder>; the interfaces are IMAPIFolder and its ancestors.
unsafe impl Export for dyn MapiFolder {
    type Interface = IMAPIFolder;
    const VTBL: &'static IMAPIFolderVtbl = &IMAPIFolderVtbl {
        base: mapi_container::vtbl::<dyn MapiFolder>(),
        CreateMessage: create_message,
        CopyMessages: copy_messages,
        DeleteMessages: delete_messages,
        CreateFolder: create_folder,
        CopyFolder: copy_folder,
        DeleteFolder: delete_folder,
        SetReadFlags: set_read_flags,
        GetMessageStatus: get_message_status,
        SetMessageStatus: set_message_status,
        SaveContentsSort: save_contents_sort,
        EmptyFolder: empty_folder,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPIProp, IID_IMAPIContainer, IID_IMAPIFolder];
}

unsafe extern "system" fn create_message(
    this: *mut IMAPIFolder,
    lp_interface: LPCIID,
    ul_flags: u32,
    lpp_message: *mut LPMESSAGE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiFolder>::enter(this.cast(), |o| {
            required(lpp_message)?;
            put(lpp_message, std::ptr::null_mut());
            put_object(
                lpp_message,
                o.create_message(guid_in(lp_interface).as_ref(), ul_flags)?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn copy_messages(
    this: *mut IMAPIFolder,
    lp_msg_list: LPENTRYLIST,
    lp_interface: LPCIID,
    lp_dest_folder: LPVOID,
    _ul_ui_param: usize,
    lp_progress: LPMAPIPROGRESS,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    status(unsafe {
        Shell::<dyn MapiFolder>::enter(this.cast(), |o| {
            let object = object_in(lp_dest_folder.cast::<IUnknown>())?;
            let progress = ComPtr::from_borrowed(lp_progress);
            let interface = guid_in(lp_interface).unwrap_or(guid_from_abi(&IID_IMAPIFolder));
            let target = CopyTarget {
                object: &object,
                interface,
                progress: progress.as_ref().map(|p| p as &dyn Progress),
            };
            o.copy_messages(
                &entries_in(lp_msg_list)?.unwrap_or_default(),
                &target,
                ul_flags,
            )
            .map(completion)
        })
    })
}

unsafe extern "system" fn delete_messages(
    this: *mut IMAPIFolder,
    lp_msg_list: LPENTRYLIST,
    _ul_ui_param: usize,
    lp_progress: LPMAPIPROGRESS,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    status(unsafe {
        Shell::<dyn MapiFolder>::enter(this.cast(), |o| {
            let progress = ComPtr::from_borrowed(lp_progress);
            o.delete_messages(
                &entries_in(lp_msg_list)?.unwrap_or_default(),
                progress.as_ref().map(|p| p as &dyn Progress),
                ul_flags,
            )
            .map(completion)
        })
    })
}

unsafe extern "system" fn create_folder(
    this: *mut IMAPIFolder,
    ul_folder_type: u32,
    lpsz_folder_name: LPTSTR,
    lpsz_folder_comment: LPTSTR,
    lp_interface: LPCIID,
    ul_flags: u32,
    lpp_folder: *mut LPMAPIFOLDER,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiFolder>::enter(this.cast(), |o| {
            required(lpp_folder)?;
            put(lpp_folder, std::ptr::null_mut());
            put_object(
                lpp_folder,
                o.create_folder(
                    ul_folder_type,
                    &text_in(lpsz_folder_name, ul_flags)?,
                    opt_text_in(lpsz_folder_comment, ul_flags)?.as_deref(),
                    guid_in(lp_interface).as_ref(),
                    ul_flags,
                )?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn copy_folder(
    this: *mut IMAPIFolder,
    cb_entry_id: u32,
    lp_entry_id: LPENTRYID,
    lp_interface: LPCIID,
    lp_dest_folder: LPVOID,
    lpsz_new_folder_name: LPTSTR,
    _ul_ui_param: usize,
    lp_progress: LPMAPIPROGRESS,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    status(unsafe {
        Shell::<dyn MapiFolder>::enter(this.cast(), |o| {
            let object = object_in(lp_dest_folder.cast::<IUnknown>())?;
            let progress = ComPtr::from_borrowed(lp_progress);
            let interface = guid_in(lp_interface).unwrap_or(guid_from_abi(&IID_IMAPIFolder));
            let target = CopyTarget {
                object: &object,
                interface,
                progress: progress.as_ref().map(|p| p as &dyn Progress),
            };
            o.copy_folder(
                &entry_in(cb_entry_id, lp_entry_id)?,
                &target,
                opt_text_in(lpsz_new_folder_name, ul_flags)?.as_deref(),
                ul_flags,
            )
            .map(completion)
        })
    })
}

unsafe extern "system" fn delete_folder(
    this: *mut IMAPIFolder,
    cb_entry_id: u32,
    lp_entry_id: LPENTRYID,
    _ul_ui_param: usize,
    lp_progress: LPMAPIPROGRESS,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    status(unsafe {
        Shell::<dyn MapiFolder>::enter(this.cast(), |o| {
            let progress = ComPtr::from_borrowed(lp_progress);
            o.delete_folder(
                &entry_in(cb_entry_id, lp_entry_id)?,
                progress.as_ref().map(|p| p as &dyn Progress),
                ul_flags,
            )
            .map(completion)
        })
    })
}

unsafe extern "system" fn set_read_flags(
    this: *mut IMAPIFolder,
    lp_msg_list: LPENTRYLIST,
    _ul_ui_param: usize,
    lp_progress: LPMAPIPROGRESS,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    status(unsafe {
        Shell::<dyn MapiFolder>::enter(this.cast(), |o| {
            let progress = ComPtr::from_borrowed(lp_progress);
            o.set_read_flags(
                entries_in(lp_msg_list)?.as_deref(),
                progress.as_ref().map(|p| p as &dyn Progress),
                ul_flags,
            )
            .map(completion)
        })
    })
}

unsafe extern "system" fn get_message_status(
    this: *mut IMAPIFolder,
    cb_entry_id: u32,
    lp_entry_id: LPENTRYID,
    _ul_flags: u32,
    lpul_message_status: *mut u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiFolder>::enter(this.cast(), |o| {
            required(lpul_message_status)?;
            put(
                lpul_message_status,
                o.get_message_status(&entry_in(cb_entry_id, lp_entry_id)?)?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn set_message_status(
    this: *mut IMAPIFolder,
    cb_entry_id: u32,
    lp_entry_id: LPENTRYID,
    ul_new_status: u32,
    ul_new_status_mask: u32,
    lpul_old_status: *mut u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiFolder>::enter(this.cast(), |o| {
            put(
                lpul_old_status,
                o.set_message_status(
                    &entry_in(cb_entry_id, lp_entry_id)?,
                    ul_new_status,
                    ul_new_status_mask,
                )?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn save_contents_sort(
    this: *mut IMAPIFolder,
    lp_sort_criteria: LPSSortOrderSet,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiFolder>::enter(this.cast(), |o| {
            o.save_contents_sort(
                &sort_in(lp_sort_criteria)?.ok_or(ErrorCode::INVALID_PARAMETER)?,
                ul_flags,
            )
        })
    })
}

unsafe extern "system" fn empty_folder(
    this: *mut IMAPIFolder,
    _ul_ui_param: usize,
    lp_progress: LPMAPIPROGRESS,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    status(unsafe {
        Shell::<dyn MapiFolder>::enter(this.cast(), |o| {
            let progress = ComPtr::from_borrowed(lp_progress);
            o.empty_folder(progress.as_ref().map(|p| p as &dyn Progress), ul_flags)
                .map(completion)
        })
    })
}

// Import.

impl MapiFolder for ComPtr<IMAPIFolder> {
    fn create_message(
        &self,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IMessage>> {
        let interface = interface.map(guid_to_abi);
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().CreateMessage)(
                self.as_raw(),
                guid_ptr(interface.as_ref()),
                flags,
                &raw mut out,
            );
            check_last(self, hr, "IMAPIFolder::CreateMessage")?;
            take(out, "IMAPIFolder::CreateMessage")
        }
    }

    fn copy_messages(
        &self,
        messages: &[EntryId],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Completion> {
        let messages = EntryList::new(messages)?;
        let interface = guid_to_abi(&target.interface);
        let progress = ProgressShell::new(target.progress)?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().CopyMessages)(
                self.as_raw(),
                messages.as_ptr(),
                &raw const interface,
                target.object.as_raw().cast(),
                0,
                progress.as_ptr(),
                flags,
            );
            check_last(self, hr, "IMAPIFolder::CopyMessages")?;
            Ok(completion_of(hr))
        }
    }

    fn delete_messages(
        &self,
        messages: &[EntryId],
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion> {
        let messages = EntryList::new(messages)?;
        let progress = ProgressShell::new(progress)?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().DeleteMessages)(
                self.as_raw(),
                messages.as_ptr(),
                0,
                progress.as_ptr(),
                flags,
            );
            check_last(self, hr, "IMAPIFolder::DeleteMessages")?;
            Ok(completion_of(hr))
        }
    }

    fn create_folder(
        &self,
        folder_type: u32,
        name: &str,
        comment: Option<&str>,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IMAPIFolder>> {
        let mut name = wide(name);
        let mut comment = comment.map(wide);
        let interface = interface.map(guid_to_abi);
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().CreateFolder)(
                self.as_raw(),
                folder_type,
                name.as_mut_ptr().cast(),
                wide_ptr(comment.as_mut()),
                guid_ptr(interface.as_ref()),
                flags | MAPI_UNICODE,
                &raw mut out,
            );
            check_last(self, hr, "IMAPIFolder::CreateFolder")?;
            take(out, "IMAPIFolder::CreateFolder")
        }
    }

    fn copy_folder(
        &self,
        folder: &EntryId,
        target: &CopyTarget<'_>,
        new_name: Option<&str>,
        flags: u32,
    ) -> Result<Completion> {
        let interface = guid_to_abi(&target.interface);
        let progress = ProgressShell::new(target.progress)?;
        let mut new_name = new_name.map(wide);
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().CopyFolder)(
                self.as_raw(),
                size(folder.as_bytes()),
                id_ptr(folder),
                &raw const interface,
                target.object.as_raw().cast(),
                wide_ptr(new_name.as_mut()),
                0,
                progress.as_ptr(),
                flags | MAPI_UNICODE,
            );
            check_last(self, hr, "IMAPIFolder::CopyFolder")?;
            Ok(completion_of(hr))
        }
    }

    fn delete_folder(
        &self,
        folder: &EntryId,
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion> {
        let progress = ProgressShell::new(progress)?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().DeleteFolder)(
                self.as_raw(),
                size(folder.as_bytes()),
                id_ptr(folder),
                0,
                progress.as_ptr(),
                flags,
            );
            check_last(self, hr, "IMAPIFolder::DeleteFolder")?;
            Ok(completion_of(hr))
        }
    }

    fn set_read_flags(
        &self,
        messages: Option<&[EntryId]>,
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion> {
        let messages = messages.map(EntryList::new).transpose()?;
        let progress = ProgressShell::new(progress)?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SetReadFlags)(
                self.as_raw(),
                messages
                    .as_ref()
                    .map_or(std::ptr::null_mut(), EntryList::as_ptr),
                0,
                progress.as_ptr(),
                flags,
            );
            check_last(self, hr, "IMAPIFolder::SetReadFlags")?;
            Ok(completion_of(hr))
        }
    }

    fn get_message_status(&self, message: &EntryId) -> Result<u32> {
        let mut out = Default::default();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetMessageStatus)(
                self.as_raw(),
                size(message.as_bytes()),
                id_ptr(message),
                0,
                &raw mut out,
            );
            check_last(self, hr, "IMAPIFolder::GetMessageStatus")?;
            Ok(out)
        }
    }

    fn set_message_status(&self, message: &EntryId, status: u32, mask: u32) -> Result<u32> {
        let mut out = Default::default();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SetMessageStatus)(
                self.as_raw(),
                size(message.as_bytes()),
                id_ptr(message),
                status,
                mask,
                &raw mut out,
            );
            check_last(self, hr, "IMAPIFolder::SetMessageStatus")?;
            Ok(out)
        }
    }

    fn save_contents_sort(&self, order: &SortOrder, flags: u32) -> Result<()> {
        let order = SortBlock::new(order)?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SaveContentsSort)(self.as_raw(), order.as_ptr(), flags);
            check_last(self, hr, "IMAPIFolder::SaveContentsSort")
        }
    }

    fn empty_folder(&self, progress: Option<&dyn Progress>, flags: u32) -> Result<Completion> {
        let progress = ProgressShell::new(progress)?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().EmptyFolder)(self.as_raw(), 0, progress.as_ptr(), flags);
            check_last(self, hr, "IMAPIFolder::EmptyFolder")?;
            Ok(completion_of(hr))
        }
    }
}
