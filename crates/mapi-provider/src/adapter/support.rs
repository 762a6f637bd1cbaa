//! The support object of a logon.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mapi_com::gate::Gate;
use mapi_com::ptr::ComPtr;
use mapi_sys::IMAPISupport;
use mapi_types::{Error, ErrorCode, Result};

/// Longest wait for calls that are still running when something ends (constants.md, 17: `drain_deadline_ms`).
pub(crate) const DRAIN: Duration = Duration::from_secs(10);

/// One logon's reference on its support object: the only lasting one, given back as the last use of it
/// (LIFE-LOGOFF-004, LIFE-SUP-005).
pub(crate) struct Support {
    pointer: Mutex<Option<Arc<ComPtr<IMAPISupport>>>>,
    /// Lets uses in until the end, and counts them.
    gate: Gate,
}

impl Support {
    pub(crate) fn new(pointer: ComPtr<IMAPISupport>) -> Arc<Self> {
        Arc::new(Self {
            pointer: Mutex::new(Some(Arc::new(pointer))),
            gate: Gate::default(),
        })
    }

    /// Uses it. No lock is held meanwhile.
    pub(crate) fn with<R>(
        &self,
        body: impl FnOnce(&ComPtr<IMAPISupport>) -> Result<R>,
    ) -> Result<R> {
        let _running = self.gate.enter()?;
        let pointer = self.lock().clone();
        body(&*pointer.ok_or_else(|| Error::caller(ErrorCode::INVALID_OBJECT))?)
    }

    /// Gives it back once nobody uses it any more. MAPI's part of the end runs inside (lifecycle.md 6.0, block S).
    pub(crate) fn release(&self) {
        self.gate.close();
        self.gate.wait_idle(0, Some(DRAIN));
        let last = self.lock().take();
        // If a use has not come back in time, it gives the reference back when it does.
        drop(last);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<ComPtr<IMAPISupport>>>> {
        self.pointer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
