//! Being told what happens.

use std::sync::Arc;

use mapi_com::alloc::Allocator;
use mapi_com::iface::{AdviseSink, ComObject};
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_types::{Notification, Result};

struct Closure<F>(F);

impl<F: Fn(&[Notification]) + Send + Sync> ComObject for Closure<F> {}

impl<F: Fn(&[Notification]) + Send + Sync> AdviseSink for Closure<F> {
    fn on_notify(&self, notifications: &[Notification]) -> u32 {
        (self.0)(notifications);
        0
    }
}

/// A sink (IMAPIAdviseSink) for [`Session::advise`](crate::Session::advise) and [`Store::advise`](crate::Store::advise).
///
/// `told` runs on MAPI's notification thread, never inside the call that caused the event (LIFE-MEM-003); it may call MAPI.
/// It is dropped at Unadvise, or when the session ends (LIFE-MEM-001).
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn sink(
    told: impl Fn(&[Notification]) + Send + Sync + 'static,
) -> Result<ComPtr<mapi_sys::IMAPIAdviseSink>> {
    let scope = Scope::new("a client's sink", Allocator::local());
    let object: Arc<dyn AdviseSink> = Arc::new(Closure(told));
    export(&scope, object)
}
