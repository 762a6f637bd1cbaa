//! Gates: who counts running calls and refuses new ones.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use mapi_types::{Error, ErrorCode, Result};

/// Counts running calls and refuses new ones once closed.
#[derive(Default)]
pub struct Gate {
    /// The number of running calls, and [`Gate::CLOSED`].
    state: AtomicU32,
    idle: Mutex<Vec<OnIdle>>,
    changed: Condvar,
}

impl Gate {
    const CLOSED: u32 = 1 << 31;

    /// Lets a call in; it runs until the guard is dropped.
    ///
    /// # Errors
    /// MAPI_E_INVALID_OBJECT if the gate is closed.
    pub fn enter(&self) -> Result<Running<'_>> {
        if self.state.fetch_add(1, Ordering::AcqRel) & Self::CLOSED == 0 {
            return Ok(Running(self));
        }
        self.leave();
        Err(Error::caller(ErrorCode::INVALID_OBJECT)
            .context("the session or logon of this object has ended"))
    }

    fn leave(&self) {
        if self.state.fetch_sub(1, Ordering::AcqRel) & Self::CLOSED != 0 {
            // Taking the lock orders this with a waiter that has just read the count.
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let due = if self.running() == 0 {
                std::mem::take(&mut *idle)
            } else {
                Vec::new()
            };
            drop(idle);
            self.changed.notify_all();
            due.into_iter().for_each(|tell| tell());
        }
    }

    /// From now on every call is refused. Running ones go on.
    pub fn close(&self) {
        self.state.fetch_or(Self::CLOSED, Ordering::AcqRel);
    }

    /// Whether it has been closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) & Self::CLOSED != 0
    }

    /// How many calls are running.
    #[must_use]
    pub fn running(&self) -> u32 {
        self.state.load(Ordering::Acquire) & !Self::CLOSED
    }

    /// Waits until no more than `but` calls are running (a caller that is inside a call itself passes 1), `timeout` at the
    /// longest (for ever if `None`). The answer is whether that came true.
    pub fn wait_idle(&self, but: u32, timeout: Option<Duration>) -> bool {
        let guard = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        match timeout {
            None => {
                drop(self.changed.wait_while(guard, |_| self.running() > but));
                true
            }
            Some(limit) => {
                let waited = self
                    .changed
                    .wait_timeout_while(guard, limit, |_| self.running() > but);
                // Not the count once more: a call that is being refused is in it for a moment.
                !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
            }
        }
    }
}

impl Gate {
    /// Has `tell` called once no call is running any more, by whoever leaves last, or here and now. Only for a gate that is
    /// closed: an open one may never be idle.
    pub fn on_idle(&self, tell: OnIdle) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if self.running() > 0 {
            idle.push(tell);
            return;
        }
        drop(idle);
        tell();
    }
}

/// See [`Gate::on_idle`].
pub type OnIdle = Box<dyn FnOnce() + Send>;

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate")
            .field("running", &self.running())
            .field("closed", &self.is_closed())
            .finish()
    }
}

/// A call that has been let in.
#[derive(Debug)]
pub struct Running<'a>(&'a Gate);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}
