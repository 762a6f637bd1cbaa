//! The thread of a store.

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use mapi_types::Result;

use super::{Store, lock};
use crate::engine::tx::{BATCH_AGE, closed};

/// The thread that commits a batch nobody asks for, and looks for changes of other processes if somebody wants to know.
/// It starts with the first of both.
#[derive(Default)]
pub(super) struct Flusher {
    pub(super) state: Mutex<FlusherState>,
    pub(super) wake: Condvar,
}

#[derive(Default)]
pub(super) struct FlusherState {
    pub(super) thread: Option<JoinHandle<()>>,
    pub(super) pending: bool,
    polling: bool,
    pub(super) stop: bool,
}

thread_local! {
    /// The flusher whose thread this is. Only compared, never followed.
    ///
    /// Not `thread::current()`: close runs on threads of clients, where that registers a destructor in this library for the end
    /// of the thread (a pthread key, which keeps no library mapped), and by then the library may be gone (LIFE-UNLOAD-004).
    static CURRENT: Cell<*const Flusher> = const { Cell::new(ptr::null()) };
}

/// How often the thread looks for changes of other processes.
const POLL: Duration = Duration::from_secs(1);

impl Flusher {
    /// Whether the calling thread is this flusher's own.
    pub(super) fn is_current(&self) -> bool {
        ptr::eq(CURRENT.get(), self)
    }

    /// Waits until a batch has had time to age, or it is time to look around; false when the store is closing.
    fn wait(&self) -> bool {
        let mut state = lock(&self.state);
        while !state.stop && !state.pending {
            if state.polling {
                let (after, waited) = self
                    .wake
                    .wait_timeout(state, POLL)
                    .unwrap_or_else(PoisonError::into_inner);
                state = after;
                if waited.timed_out() {
                    return !state.stop;
                }
            } else {
                state = self
                    .wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
        state.pending = false;
        if !state.stop {
            state = self
                .wake
                .wait_timeout_while(state, BATCH_AGE, |s| !s.stop)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        !state.stop
    }
}

impl Store {
    /// From now on the listeners are told of changes by other processes without anybody asking.
    pub fn watch_others(&self) {
        self.wake_flusher(|state| state.polling = true);
    }

    pub(super) fn wake_flusher(&self, change: impl FnOnce(&mut FlusherState)) {
        let mut state = lock(&self.0.flusher.state);
        change(&mut state);
        if state.thread.is_none() && !state.stop {
            let weak = Arc::downgrade(&self.0);
            let flusher = Arc::clone(&self.0.flusher);
            // Without the thread a batch is still committed by the next read, by flush() and by close().
            state.thread = std::thread::Builder::new()
                .name("msgstore-flush".into())
                .spawn(move || {
                    CURRENT.set(Arc::as_ptr(&flusher));
                    while flusher.wait() {
                        let Some(inner) = weak.upgrade() else { break };
                        let store = Self(inner);
                        // A failure is kept by the writer for the next who asks.
                        let _ = store.flush_old().and_then(|()| store.poll());
                    }
                })
                .ok();
        }
        self.0.flusher.wake.notify_one();
    }

    /// The flusher's part: commits a batch that is old enough, and keeps an error for somebody who can be told.
    fn flush_old(&self) -> Result<()> {
        let mut guard = lock(&self.0.writer);
        let writer = guard.as_mut().ok_or_else(closed)?;
        let result = match writer.batch_since() {
            Some(since) if since.elapsed() >= BATCH_AGE => writer.commit_quietly(),
            _ => Vec::new(),
        };
        let open = writer.batch_since().is_some();
        self.0.deferred.store(open, Ordering::Release);
        drop(guard);
        if open {
            lock(&self.0.flusher.state).pending = true;
        }
        self.publish(&result);
        Ok(())
    }
}
