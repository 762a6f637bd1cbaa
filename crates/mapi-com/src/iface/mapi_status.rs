//! IMAPIStatus.

use mapi_sys::*;
use mapi_types::{EntryId, Error, Result};

use super::*;
use crate::convert::*;
use crate::ptr::ComPtr;
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// IMAPIStatus: a row of the status table as an object (imapistatusimapiprop.md).
pub trait MapiStatus: MapiProp {
    /// ValidateState.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT, MAPI_E_BUSY, MAPI_E_USER_CANCEL.
    fn validate_state(&self, flags: u32) -> Result<()> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// SettingsDialog.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn settings_dialog(&self, flags: u32) -> Result<()> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// ChangePassword.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT, MAPI_E_NO_ACCESS.
    fn change_password(&self, old: &str, new: &str) -> Result<()> {
        let _ = (old, new);
        Err(Error::no_support())
    }

    /// FlushQueues of one transport, or of all if the identifier is empty.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT, MAPI_E_BUSY.
    fn flush_queues(&self, target: &EntryId, flags: u32) -> Result<()> {
        let _ = (target, flags);
        Err(Error::no_support())
    }
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn MapiStatus>; the interfaces are IMAPIStatus and its ancestors.
unsafe impl Export for dyn MapiStatus {
    type Interface = IMAPIStatus;
    const VTBL: &'static IMAPIStatusVtbl = &IMAPIStatusVtbl {
        base: mapi_prop::vtbl::<dyn MapiStatus>(),
        ValidateState: validate_state,
        SettingsDialog: settings_dialog,
        ChangePassword: change_password,
        FlushQueues: flush_queues,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPIProp, IID_IMAPIStatus];
}

unsafe extern "system" fn validate_state(
    this: *mut IMAPIStatus,
    _ul_ui_param: usize,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe { Shell::<dyn MapiStatus>::enter(this.cast(), |o| o.validate_state(ul_flags)) })
}

unsafe extern "system" fn settings_dialog(
    this: *mut IMAPIStatus,
    _ul_ui_param: usize,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe { Shell::<dyn MapiStatus>::enter(this.cast(), |o| o.settings_dialog(ul_flags)) })
}

unsafe extern "system" fn change_password(
    this: *mut IMAPIStatus,
    lp_old_pass: LPTSTR,
    lp_new_pass: LPTSTR,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiStatus>::enter(this.cast(), |o| {
            o.change_password(
                &text_in(lp_old_pass, ul_flags)?,
                &text_in(lp_new_pass, ul_flags)?,
            )
        })
    })
}

unsafe extern "system" fn flush_queues(
    this: *mut IMAPIStatus,
    _ul_ui_param: usize,
    cb_target_transport: u32,
    lp_target_transport: LPENTRYID,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MapiStatus>::enter(this.cast(), |o| {
            o.flush_queues(
                &entry_in(cb_target_transport, lp_target_transport)?,
                ul_flags,
            )
        })
    })
}

// Import.

impl MapiStatus for ComPtr<IMAPIStatus> {
    fn validate_state(&self, flags: u32) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().ValidateState)(self.as_raw(), 0, flags);
            check_last(self, hr, "IMAPIStatus::ValidateState")
        }
    }

    fn settings_dialog(&self, flags: u32) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SettingsDialog)(self.as_raw(), 0, flags);
            check_last(self, hr, "IMAPIStatus::SettingsDialog")
        }
    }

    fn change_password(&self, old: &str, new: &str) -> Result<()> {
        let mut old = wide(old);
        let mut new = wide(new);
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().ChangePassword)(
                self.as_raw(),
                old.as_mut_ptr().cast(),
                new.as_mut_ptr().cast(),
                MAPI_UNICODE,
            );
            check_last(self, hr, "IMAPIStatus::ChangePassword")
        }
    }

    fn flush_queues(&self, target: &EntryId, flags: u32) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().FlushQueues)(
                self.as_raw(),
                0,
                size(target.as_bytes()),
                id_ptr(target),
                flags,
            );
            check_last(self, hr, "IMAPIStatus::FlushQueues")
        }
    }
}
