//! HrAllocAdviseSink, HrThisThreadAdviseSink, HrDispatchNotifications.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::ThreadId;

use mapi_com::alloc::Allocator;
use mapi_com::convert::{object_in, put_object};
use mapi_com::iface::{AdviseSink, ComObject};
use mapi_com::marshal::write_notifications;
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_sys::*;
use mapi_types::{Notification, Result};

use crate::guard::{bad, hr, known_flags, output};

/// A sink that calls a C function.
struct Callback {
    function: NOTIFCALLBACK,
    context: *mut c_void,
}

// SAFETY: the context is the caller's, who says with MAPI_MULTITHREAD_NOTIFICATIONS, or not, on which thread it is used.
unsafe impl Send for Callback {}
// SAFETY: as above.
unsafe impl Sync for Callback {}

impl ComObject for Callback {}

impl AdviseSink for Callback {
    fn on_notify(&self, notifications: &[Notification]) -> u32 {
        let Ok(block) = write_notifications(Allocator::local(), notifications) else {
            return 0;
        };
        let count = u32::try_from(notifications.len()).unwrap_or(0);
        // SAFETY: the function and its context are the caller's; the block lives as long as the call.
        unsafe { (self.function)(self.context, count, block.as_ptr()) }.cast_unsigned()
    }
}

fn exported(sink: Arc<dyn AdviseSink>) -> Result<ComPtr<IMAPIAdviseSink>> {
    export(&Scope::new("advise sink", Allocator::local()), sink)
}

/// HrAllocAdviseSink: a sink that calls `callback` with `context`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HrAllocAdviseSink(
    callback: LPNOTIFCALLBACK,
    context: LPVOID,
    sink: *mut LPMAPIADVISESINK,
) -> HRESULT {
    hr("HrAllocAdviseSink", || {
        // SAFETY: as the page says.
        unsafe {
            output(sink, std::ptr::null_mut())?;
            let function = callback.ok_or_else(|| bad("no callback"))?;
            let made = exported(Arc::new(Callback { function, context }))?;
            put_object(sink, made);
        }
        Ok(())
    })
}

/// A sink whose calls wait for its thread.
struct OneThread {
    thread: ThreadId,
    sink: ComPtr<IMAPIAdviseSink>,
    waiting: Mutex<VecDeque<Vec<Notification>>>,
}

/// The sinks that have something to wait for, or had. A sink that goes takes what waits with it.
static WAITING: Mutex<Vec<Weak<OneThread>>> = Mutex::new(Vec::new());

/// What a sink keeps that nobody fetches.
const MOST_WAITING: usize = 4096;

impl OneThread {
    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<Vec<Notification>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls the sink with what waits now. Not under a lock: the sink is foreign code.
    fn deliver(&self) {
        let now = self.queue().len();
        for _ in 0..now {
            let Some(next) = self.queue().pop_front() else {
                return;
            };
            self.sink.on_notify(&next);
        }
    }
}

impl ComObject for OneThread {}

impl AdviseSink for OneThread {
    /// On its own thread at once, behind what waits; on others the notification waits for HrDispatchNotifications there. A thread
    /// that never calls it loses the oldest.
    fn on_notify(&self, notifications: &[Notification]) -> u32 {
        if std::thread::current().id() == self.thread {
            self.deliver();
            return self.sink.on_notify(notifications);
        }
        let mut queue = self.queue();
        if queue.len() == MOST_WAITING {
            queue.pop_front();
        }
        queue.push_back(notifications.to_vec());
        0
    }
}

/// HrThisThreadAdviseSink: a sink that calls `sink` on this thread and no other: when it is told here, and in
/// HrDispatchNotifications.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HrThisThreadAdviseSink(
    sink: LPMAPIADVISESINK,
    wrapped: *mut LPMAPIADVISESINK,
) -> HRESULT {
    hr("HrThisThreadAdviseSink", || {
        // SAFETY: as the page says.
        unsafe {
            output(wrapped, std::ptr::null_mut())?;
            let made = Arc::new(OneThread {
                thread: std::thread::current().id(),
                sink: object_in(sink)?,
                waiting: Mutex::default(),
            });
            let weak = Arc::downgrade(&made);
            put_object(wrapped, exported(made)?);
            let mut all = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|other| other.strong_count() > 0);
            all.push(weak);
        }
        Ok(())
    })
}

/// HrDispatchNotifications: delivers what is queued for this thread.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HrDispatchNotifications(flags: ULONG) -> HRESULT {
    hr("HrDispatchNotifications", || {
        known_flags(flags, 0)?;
        mapi_subsystem::current()?.dispatch();
        let here = std::thread::current().id();
        let all = WAITING
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mine = all.iter().filter_map(Weak::upgrade);
        mine.filter(|sink| sink.thread == here)
            .for_each(|sink| sink.deliver());
        Ok(())
    })
}
