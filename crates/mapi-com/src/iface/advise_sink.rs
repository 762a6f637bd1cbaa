//! IMAPIAdviseSink.

use mapi_sys::*;
use mapi_types::Notification;

use super::*;
use crate::ptr::ComPtr;
use crate::shell::{Export, Shell};
use crate::wire::*;

/// IMAPIAdviseSink: who wants to be told (imapiadvisesinkiunknown.md).
pub trait AdviseSink: ComObject {
    /// OnNotify. The answer is CALLBACK_DISCONTINUE to a synchronous notification, else ignored.
    ///
    /// Runs on MAPI's notification thread (or the first MAPIInitialize's), with no lock of MAPI held.
    fn on_notify(&self, notifications: &[Notification]) -> u32;
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn AdviseSink>; the interfaces are IMAPIAdviseSink and its ancestors.
unsafe impl Export for dyn AdviseSink {
    type Interface = IMAPIAdviseSink;
    const VTBL: &'static IMAPIAdviseSinkVtbl = &IMAPIAdviseSinkVtbl {
        base: Shell::<dyn AdviseSink>::UNKNOWN,
        OnNotify: on_notify,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPIAdviseSink];
}

unsafe extern "system" fn on_notify(
    this: *mut IMAPIAdviseSink,
    count: u32,
    notifications: LPNOTIFICATION,
) -> u32 {
    // SAFETY: `this` is our shell; the notifications are valid for the length of the call.
    let answer = unsafe {
        Shell::<dyn AdviseSink>::enter(this.cast(), |o| {
            Ok(o.on_notify(&notifications_in(count, notifications)?))
        })
    };
    answer.unwrap_or(0)
}

// Import.

impl AdviseSink for ComPtr<IMAPIAdviseSink> {
    fn on_notify(&self, notifications: &[Notification]) -> u32 {
        let Ok(notifications) = NotificationArray::new(notifications) else {
            return 0;
        };
        // SAFETY: the object lives while we hold it; the notifications live as long as the call.
        unsafe {
            (self.vtbl().OnNotify)(self.as_raw(), notifications.len(), notifications.as_ptr())
        }
    }
}
