//! IMAPIAdviseSink.

use mapi_types::Notification;

use super::ComObject;

/// IMAPIAdviseSink: who wants to be told (imapiadvisesinkiunknown.md).
pub trait AdviseSink: ComObject {
    /// OnNotify. The answer is CALLBACK_DISCONTINUE to a synchronous notification, else ignored.
    ///
    /// Runs on MAPI's notification thread (or the first MAPIInitialize's), with no lock of MAPI held.
    fn on_notify(&self, notifications: &[Notification]) -> u32;
}
