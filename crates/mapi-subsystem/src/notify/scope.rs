//! Scopes: the registrations of one owner, and their end.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mapi_com::iface::AdviseSink;
use mapi_sys::NOTIFY_SYNC;
use mapi_types::{Error, ErrorCode, Notification, Result};

use super::engine::{Shared, inside_on_notify};
use super::registry::{Request, ScopeId};

/// The registrations of one owner: of a session handle with its tables, or of a support object.
///
/// When the owner ends, it seals the scope, drains it, and closes it (lifecycle.md, 6.1, steps 4 and 11). Dropping a scope
/// closes it without waiting.
pub struct AdviseScope {
    engine: Arc<Shared>,
    id: ScopeId,
}

impl AdviseScope {
    pub(super) fn new(engine: &Arc<Shared>) -> Arc<Self> {
        let id = engine.registry().open_scope();
        Arc::new(Self {
            engine: Arc::clone(engine),
            id,
        })
    }

    /// Advise: registers a sink for the events in `mask`; they reach it asynchronously. The answer is the connection number,
    /// which is never 0 and never used again.
    ///
    /// # Errors
    /// MAPI_E_INVALID_OBJECT if the scope has been sealed, MAPI_E_NOT_INITIALIZED if the engine has been stopped; the sink is
    /// released then.
    pub fn advise(&self, mask: u32, sink: Arc<dyn AdviseSink>) -> Result<usize> {
        self.register(mask, None, false, sink)
    }

    /// IMAPISupport::Subscribe: as [`AdviseScope::advise`], for the events that are told to `key` with
    /// [`AdviseScope::notify`] of any scope. With NOTIFY_SYNC the sink is called inside Notify.
    ///
    /// # Errors
    /// As [`AdviseScope::advise`]; MAPI_E_UNKNOWN_FLAGS, and MAPI_E_INVALID_PARAMETER for an empty key.
    pub fn subscribe(
        &self,
        key: &[u8],
        mask: u32,
        flags: u32,
        sink: Arc<dyn AdviseSink>,
    ) -> Result<usize> {
        if flags & !NOTIFY_SYNC != 0 {
            return Err(ErrorCode::UNKNOWN_FLAGS.into());
        }
        if key.is_empty() {
            return Err(Error::caller(ErrorCode::INVALID_PARAMETER)
                .context("a notification key needs at least one byte"));
        }
        self.register(mask, Some(key), flags & NOTIFY_SYNC != 0, sink)
    }

    fn register(
        &self,
        mask: u32,
        key: Option<&[u8]>,
        sync: bool,
        sink: Arc<dyn AdviseSink>,
    ) -> Result<usize> {
        // The request must not be dropped with the lock held: that would release the sink.
        let kept = Arc::clone(&sink);
        let registered = self.engine.registry().register(Request {
            scope: self.id,
            mask,
            key: key.map(Arc::from),
            sync,
            sink,
        });
        drop(kept);
        registered
    }

    /// Unadvise, Unsubscribe: ends a registration. When it returns, no OnNotify of it runs any more, and the sink has been
    /// released; inside an OnNotify it does not wait, and the sink is released when its own OnNotify has returned.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND for a number that is not a registration of this scope.
    pub fn unadvise(&self, connection: usize) -> Result<()> {
        let unknown = || {
            Error::caller(ErrorCode::NOT_FOUND)
                .context(format!("there is no registration {connection} here"))
        };
        if !self.engine.registry().belongs_to(connection, self.id) {
            return Err(unknown());
        }
        let limit = inside_on_notify().then_some(Duration::ZERO);
        if self.engine.end(&[connection], limit).ended == 0 {
            return Err(unknown());
        }
        Ok(())
    }

    /// Ends registrations without waiting: no OnNotify of them begins any more, and the sinks are released, those whose OnNotify
    /// is running when it returns. For an advise source that goes with its sinks still registered.
    pub fn abandon(&self, connections: &[usize]) {
        self.engine.end(connections, Some(Duration::ZERO));
    }

    /// Queues notifications for one registration of this scope, to reach it in one OnNotify. An unknown number is ignored:
    /// the registration may just have ended.
    pub fn post(&self, connection: usize, notifications: impl Into<Arc<[Notification]>>) {
        let batch = notifications.into();
        let mut registry = self.engine.registry();
        if registry.belongs_to(connection, self.id) && registry.push(connection, &batch) {
            drop(registry);
            self.engine.wake();
        }
    }

    /// Queues a notification for all registrations of this scope that want it.
    pub fn broadcast(&self, notification: Notification) {
        let batch = [notification].into();
        let mut registry = self.engine.registry();
        for connection in registry.connections(self.id) {
            registry.push(connection, &batch);
        }
        drop(registry);
        self.engine.wake();
    }

    /// IMAPISupport::Notify: tells everybody subscribed to `key`, in whatever scope; sinks with NOTIFY_SYNC are called before
    /// it returns. The answer is the flags out: NOTIFY_CANCELED if one of those answered CALLBACK_DISCONTINUE; sinks that were
    /// subscribed later than that one are not told then.
    ///
    /// Nothing happens if this scope has been sealed, or nobody is subscribed.
    pub fn notify(&self, key: &[u8], notifications: &[Notification]) -> u32 {
        if notifications.is_empty() || self.engine.registry().is_sealed(self.id) {
            return 0;
        }
        self.engine.notify(key, &notifications.into())
    }

    /// From now on nothing can be registered, and no notification is accepted for the scope or from it. What is queued is still
    /// delivered.
    pub fn seal(&self) {
        self.engine.registry().seal(self.id);
    }

    /// Waits until what is queued for the scope has been delivered, `limit` at the longest; whether it has. The thread that calls
    /// the sinks delivers it here and now, inside an OnNotify too; the OnNotify it is inside of is not awaited (OP-46).
    pub fn drain(&self, limit: Duration) -> bool {
        self.engine.drain(self.id, limit)
    }

    /// Ends the scope: what is queued is dropped, running OnNotify calls are awaited, `limit` at the longest, all sinks are released. The
    /// answer is how many calls were still running; their sinks are released when they return. A call that this thread is
    /// inside of is neither awaited nor counted (OP-46).
    pub fn close(&self, limit: Duration) -> usize {
        let connections = {
            let mut registry = self.engine.registry();
            registry.close_scope(self.id);
            registry.connections(self.id)
        };
        self.engine.end(&connections, Some(limit)).running
    }
}

impl Drop for AdviseScope {
    fn drop(&mut self) {
        self.close(Duration::ZERO);
    }
}

impl fmt::Debug for AdviseScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = self.engine.registry().connections(self.id).len();
        write!(f, "AdviseScope({open} registrations)")
    }
}
