//! IMessage.

use mapi_sys::*;
use mapi_types::{ErrorCode, Guid, Result, Row};

use super::*;
use crate::convert::*;
use crate::ptr::{ComPtr, guid_to_abi};
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// What ModifyRecipients does with its list (ulFlags).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecipientChange {
    /// 0: replaces all recipients.
    Replace,
    /// MODRECIP_ADD.
    Add,
    /// MODRECIP_MODIFY: rows found by PR_ROWID.
    Modify,
    /// MODRECIP_REMOVE: rows found by PR_ROWID.
    Remove,
}

/// IMessage (imessageimapiprop.md).
pub trait Message: MapiProp {
    /// GetAttachmentTable.
    ///
    /// # Errors
    /// Only those of the storage.
    fn get_attachment_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>>;

    /// OpenAttach by PR_ATTACH_NUM.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn open_attach(
        &self,
        number: u32,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<IAttach>>;

    /// CreateAttach: its number and the attachment; it exists once it and the message are saved.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS.
    fn create_attach(&self, interface: Option<&Guid>, flags: u32)
    -> Result<(u32, ComPtr<IAttach>)>;

    /// DeleteAttach.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn delete_attach(&self, number: u32, progress: Option<&dyn Progress>, flags: u32)
    -> Result<()>;

    /// GetRecipientTable.
    ///
    /// # Errors
    /// Only those of the storage.
    fn get_recipient_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>>;

    /// ModifyRecipients.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_INVALID_PARAMETER.
    fn modify_recipients(&self, change: RecipientChange, recipients: &[Row]) -> Result<()>;

    /// SubmitMessage.
    ///
    /// # Errors
    /// MAPI_E_NO_RECIPIENTS, MAPI_E_NO_ACCESS, MAPI_E_NO_SUPPORT.
    fn submit_message(&self, flags: u32) -> Result<()>;

    /// SetReadFlag.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPRESS.
    fn set_read_flag(&self, flags: u32) -> Result<()>;
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn Message>; the interfaces are IMessage and its ancestors.
unsafe impl Export for dyn Message {
    type Interface = IMessage;
    const VTBL: &'static IMessageVtbl = &IMessageVtbl {
        base: mapi_prop::vtbl::<dyn Message>(),
        GetAttachmentTable: get_attachment_table,
        OpenAttach: open_attach,
        CreateAttach: create_attach,
        DeleteAttach: delete_attach,
        GetRecipientTable: get_recipient_table,
        ModifyRecipients: modify_recipients,
        SubmitMessage: submit_message,
        SetReadFlag: set_read_flag,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPIProp, IID_IMessage];
}

unsafe extern "system" fn get_attachment_table(
    this: *mut IMessage,
    ul_flags: u32,
    lpp_table: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn Message>::enter(this.cast(), |o| {
            required(lpp_table)?;
            put(lpp_table, std::ptr::null_mut());
            put_object(lpp_table, o.get_attachment_table(ul_flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn open_attach(
    this: *mut IMessage,
    ul_attachment_num: u32,
    lp_interface: LPCIID,
    ul_flags: u32,
    lpp_attach: *mut LPATTACH,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn Message>::enter(this.cast(), |o| {
            required(lpp_attach)?;
            put(lpp_attach, std::ptr::null_mut());
            put_object(
                lpp_attach,
                o.open_attach(ul_attachment_num, guid_in(lp_interface).as_ref(), ul_flags)?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn delete_attach(
    this: *mut IMessage,
    ul_attachment_num: u32,
    _ul_ui_param: usize,
    lp_progress: LPMAPIPROGRESS,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn Message>::enter(this.cast(), |o| {
            let progress = ComPtr::from_borrowed(lp_progress);
            o.delete_attach(
                ul_attachment_num,
                progress.as_ref().map(|p| p as &dyn Progress),
                ul_flags,
            )
        })
    })
}

unsafe extern "system" fn get_recipient_table(
    this: *mut IMessage,
    ul_flags: u32,
    lpp_table: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn Message>::enter(this.cast(), |o| {
            required(lpp_table)?;
            put(lpp_table, std::ptr::null_mut());
            put_object(lpp_table, o.get_recipient_table(ul_flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn submit_message(this: *mut IMessage, ul_flags: u32) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe { Shell::<dyn Message>::enter(this.cast(), |o| o.submit_message(ul_flags)) })
}

unsafe extern "system" fn set_read_flag(this: *mut IMessage, ul_flags: u32) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe { Shell::<dyn Message>::enter(this.cast(), |o| o.set_read_flag(ul_flags)) })
}

type This = Shell<dyn Message>;

unsafe extern "system" fn create_attach(
    this: *mut IMessage,
    interface: LPCIID,
    flags: u32,
    number: *mut u32,
    out: *mut LPATTACH,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            required(out)?;
            put(out, std::ptr::null_mut());
            let (n, attachment) = o.create_attach(guid_in(interface).as_ref(), flags)?;
            put(number, n);
            put_object(out, attachment);
            Ok(())
        })
    })
}

unsafe extern "system" fn modify_recipients(
    this: *mut IMessage,
    flags: u32,
    list: LPADRLIST,
) -> HRESULT {
    // SAFETY: as in `create_attach`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let change = match flags & (MODRECIP_ADD | MODRECIP_MODIFY | MODRECIP_REMOVE) {
                0 => RecipientChange::Replace,
                MODRECIP_ADD => RecipientChange::Add,
                MODRECIP_MODIFY => RecipientChange::Modify,
                MODRECIP_REMOVE => RecipientChange::Remove,
                _ => return Err(ErrorCode::INVALID_PARAMETER.into()),
            };
            o.modify_recipients(change, &rows_in(list)?)
        })
    })
}

// Import.

impl Message for ComPtr<IMessage> {
    fn get_attachment_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetAttachmentTable)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMessage::GetAttachmentTable")?;
            take(out, "IMessage::GetAttachmentTable")
        }
    }

    fn open_attach(
        &self,
        number: u32,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IAttach>> {
        let interface = interface.map(guid_to_abi);
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().OpenAttach)(
                self.as_raw(),
                number,
                guid_ptr(interface.as_ref()),
                flags,
                &raw mut out,
            );
            check_last(self, hr, "IMessage::OpenAttach")?;
            take(out, "IMessage::OpenAttach")
        }
    }

    fn delete_attach(
        &self,
        number: u32,
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<()> {
        let progress = ProgressShell::new(progress)?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().DeleteAttach)(self.as_raw(), number, 0, progress.as_ptr(), flags);
            check_last(self, hr, "IMessage::DeleteAttach")
        }
    }

    fn get_recipient_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetRecipientTable)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMessage::GetRecipientTable")?;
            take(out, "IMessage::GetRecipientTable")
        }
    }

    fn submit_message(&self, flags: u32) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SubmitMessage)(self.as_raw(), flags);
            check_last(self, hr, "IMessage::SubmitMessage")
        }
    }

    fn set_read_flag(&self, flags: u32) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SetReadFlag)(self.as_raw(), flags);
            check_last(self, hr, "IMessage::SetReadFlag")
        }
    }

    fn create_attach(
        &self,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<(u32, ComPtr<IAttach>)> {
        let interface = interface.map(guid_to_abi);
        let (mut number, mut out) = (0, std::ptr::null_mut());
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let call = self.vtbl().CreateAttach;
            let hr = call(
                self.as_raw(),
                guid_ptr(interface.as_ref()),
                flags,
                &raw mut number,
                &raw mut out,
            );
            check_last(self, hr, "IMessage::CreateAttach")?;
            Ok((number, take(out, "IMessage::CreateAttach")?))
        }
    }

    fn modify_recipients(&self, change: RecipientChange, recipients: &[Row]) -> Result<()> {
        let flags = match change {
            RecipientChange::Replace => 0,
            RecipientChange::Add => MODRECIP_ADD,
            RecipientChange::Modify => MODRECIP_MODIFY,
            RecipientChange::Remove => MODRECIP_REMOVE,
        };
        let list = AdrList::new(recipients)?;
        // SAFETY: as in `create_attach`.
        let hr = unsafe { (self.vtbl().ModifyRecipients)(self.as_raw(), flags, list.as_ptr()) };
        check_last(self, hr, "IMessage::ModifyRecipients")
    }
}
