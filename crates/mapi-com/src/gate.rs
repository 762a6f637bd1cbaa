//! Gates: who counts running calls and refuses new ones.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use mapi_types::{Error, ErrorCode, Result};

/// Counts running calls and refuses new ones once closed.
#[derive(Default, Debug)]
pub struct Gate {
    /// The number of running calls, and [`Gate::CLOSED`].
    state: AtomicU32,
    idle: Mutex<()>,
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
            drop(self.idle.lock().unwrap_or_else(PoisonError::into_inner));
            self.changed.notify_all();
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
                drop(self.changed.wait_while(guard, |()| self.running() > but));
                true
            }
            Some(limit) => {
                drop(
                    self.changed
                        .wait_timeout_while(guard, limit, |()| self.running() > but),
                );
                self.running() <= but
            }
        }
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
