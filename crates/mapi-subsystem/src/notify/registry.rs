//! What the engine knows: registrations, scopes, the queue. Nothing here waits or calls a sink.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::thread::{self, ThreadId};

use mapi_com::iface::AdviseSink;
use mapi_types::{
    Error, ErrorCode, Notification, PropValue, Property, Result, RowChange, TableEvent, tag,
};

pub(super) type ScopeId = u64;
pub(super) type Sink = Arc<dyn AdviseSink>;

/// Notifications that reach a sink in one OnNotify.
pub(super) type Batch = Arc<[Notification]>;

/// A registration as it is asked for.
pub(super) struct Request {
    pub scope: ScopeId,
    pub mask: u32,
    /// NOTIFKEY; of Subscribe only.
    pub key: Option<Arc<[u8]>>,
    /// NOTIFY_SYNC.
    pub sync: bool,
    pub sink: Sink,
}

struct Registration {
    request: Request,
    /// Its calls in the queue.
    queued: usize,
    /// The threads on which its OnNotify runs now.
    running: Vec<ThreadId>,
    /// No OnNotify begins any more.
    ended: bool,
    /// Somebody waits for the running OnNotify and takes the sink then; otherwise the one who made the call does.
    awaited: bool,
}

/// So many calls may wait for one sink. A table that has more to tell says TABLE_CHANGED instead; what others tell is dropped. A sink that
/// hangs, or hinders others by hanging, must not use up the memory.
const MAX_QUEUED_CHANGES: usize = 1_000;
const MAX_QUEUED: usize = 100_000;

#[derive(Default)]
struct Scope {
    connections: BTreeSet<usize>,
    /// OnNotify calls that are queued, or running after having been queued.
    pending: usize,
    sealed: bool,
    closed: bool,
}

/// One OnNotify to be made.
pub(super) struct Call {
    pub connection: usize,
    pub sink: Sink,
    pub batch: Batch,
    /// It was in the queue; a synchronous one was not.
    queued: bool,
}

#[derive(Default)]
pub(super) struct Registry {
    registrations: HashMap<usize, Registration>,
    scopes: HashMap<ScopeId, Scope>,
    /// Subscriptions by key, oldest first.
    keys: HashMap<Arc<[u8]>, BTreeSet<usize>>,
    queue: VecDeque<(usize, Batch)>,
    /// Counts up: a connection number is never 0 and never given twice.
    last_connection: usize,
    last_scope: ScopeId,
    /// The engine has been stopped.
    pub stopped: bool,
    /// The engine's thread is in its loop.
    pub serving: bool,
}

impl Registry {
    pub fn open_scope(&mut self) -> ScopeId {
        self.last_scope += 1;
        self.scopes.insert(self.last_scope, Scope::default());
        self.last_scope
    }

    /// Adds a registration: its connection number.
    pub fn register(&mut self, request: Request) -> Result<usize> {
        if self.stopped {
            return Err(Error::caller(ErrorCode::NOT_INITIALIZED)
                .context("the notification engine has ended"));
        }
        let scope = self.scopes.get_mut(&request.scope);
        let Some(scope) = scope.filter(|s| !s.sealed) else {
            return Err(Error::caller(ErrorCode::INVALID_OBJECT)
                .context("the session or logon is ending: nothing can be registered any more"));
        };
        self.last_connection += 1;
        let connection = self.last_connection;
        scope.connections.insert(connection);
        if let Some(key) = &request.key {
            let subscribed = self.keys.entry(Arc::clone(key)).or_default();
            subscribed.insert(connection);
        }
        let registration = Registration {
            request,
            queued: 0,
            running: Vec::new(),
            ended: false,
            awaited: false,
        };
        self.registrations.insert(connection, registration);
        Ok(connection)
    }

    /// Nothing is queued for this scope any more, and nothing registered.
    pub fn seal(&mut self, scope: ScopeId) {
        if let Some(scope) = self.scopes.get_mut(&scope) {
            scope.sealed = true;
        }
    }

    pub fn is_sealed(&self, scope: ScopeId) -> bool {
        self.stopped || self.scopes.get(&scope).is_none_or(|s| s.sealed)
    }

    /// The connections of a scope, oldest first.
    pub fn connections(&self, scope: ScopeId) -> Vec<usize> {
        (self.scopes.get(&scope))
            .map(|s| s.connections.iter().copied().collect())
            .unwrap_or_default()
    }

    /// The connections subscribed to a key, oldest first.
    pub fn subscribed(&self, key: &[u8]) -> Vec<usize> {
        (self.keys.get(key))
            .map(|found| found.iter().copied().collect())
            .unwrap_or_default()
    }

    /// The registration, if it still takes notifications.
    fn active(&self, connection: usize) -> Option<&Registration> {
        let found = self.registrations.get(&connection)?;
        (!found.ended && !self.is_sealed(found.request.scope)).then_some(found)
    }

    pub fn is_sync(&self, connection: usize) -> bool {
        self.active(connection).is_some_and(|r| r.request.sync)
    }

    /// Queues what the registration's mask lets through. Whether there was anything.
    pub fn push(&mut self, connection: usize, batch: &Batch) -> bool {
        let Some(found) = self.active(connection) else {
            return false;
        };
        let Some(mut batch) = filter(batch, found.request.mask) else {
            return false;
        };
        if found.queued >= MAX_QUEUED_CHANGES && batch.iter().all(is_table_change) {
            self.take_out_of_queue(|queued| queued == connection);
            batch = table_changed();
        } else if found.queued >= MAX_QUEUED {
            tracing::warn!(
                connection,
                "a sink does not keep up: notifications are dropped"
            );
            return false;
        }
        if let Some(found) = self.registrations.get_mut(&connection) {
            found.queued += 1;
            if let Some(scope) = self.scopes.get_mut(&found.request.scope) {
                scope.pending += 1;
            }
        }
        self.queue.push_back((connection, batch));
        true
    }

    /// Drops what is queued for some connections.
    fn take_out_of_queue(&mut self, which: impl Fn(usize) -> bool) {
        let Self {
            queue,
            registrations,
            scopes,
            ..
        } = self;
        queue.retain(|(connection, _)| {
            if !which(*connection) {
                return true;
            }
            if let Some(found) = registrations.get_mut(connection) {
                found.queued -= 1;
                if let Some(scope) = scopes.get_mut(&found.request.scope) {
                    scope.pending -= 1;
                }
            }
            false
        });
    }

    /// The oldest queued OnNotify, of one scope or of all; it counts as running until [`Registry::finish`].
    pub fn take(&mut self, scope: Option<ScopeId>) -> Option<Call> {
        let of_scope = |(connection, _): &(usize, Batch)| {
            let found = self.registrations.get(connection);
            scope.is_none() || found.map(|r| r.request.scope) == scope
        };
        let at = self.queue.iter().position(of_scope)?;
        let (connection, batch) = self.queue.remove(at)?;
        // Ending a registration takes its calls out of the queue, so it is there.
        let found = self.registrations.get_mut(&connection)?;
        found.queued -= 1;
        found.running.push(thread::current().id());
        Some(Call {
            connection,
            sink: Arc::clone(&found.request.sink),
            batch,
            queued: true,
        })
    }

    /// The OnNotify of a synchronous sink; as [`Registry::take`].
    pub fn take_sync(&mut self, connection: usize, batch: &Batch) -> Option<Call> {
        let batch = (self.active(connection)).and_then(|r| filter(batch, r.request.mask))?;
        let found = self.registrations.get_mut(&connection)?;
        found.running.push(thread::current().id());
        Some(Call {
            connection,
            sink: Arc::clone(&found.request.sink),
            batch,
            queued: false,
        })
    }

    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// An OnNotify made by this thread has returned. The answer is the sink if it has to be released now.
    pub fn finish(&mut self, connection: usize, queued: bool) -> Option<Sink> {
        let me = thread::current().id();
        let found = self.registrations.get_mut(&connection)?;
        if let Some(at) = found.running.iter().rposition(|id| *id == me) {
            found.running.remove(at);
        }
        let scope = self.scopes.get_mut(&found.request.scope);
        if let Some(scope) = scope.filter(|_| queued) {
            scope.pending -= 1;
        }
        let over = found.ended && found.running.is_empty() && !found.awaited;
        over.then(|| self.remove(connection)).flatten()
    }

    /// From now on no OnNotify of these begins, and what is queued for them is dropped. Whoever calls this has to wait
    /// for the running ones and [`Registry::let_go`] of each. The answer leaves out those that others are ending.
    pub fn end(&mut self, connections: &[usize]) -> Vec<usize> {
        let mut ended = Vec::with_capacity(connections.len());
        for connection in connections {
            let found = self.registrations.get_mut(connection);
            if let Some(found) = found.filter(|r| !r.ended) {
                found.ended = true;
                found.awaited = true;
                ended.push(*connection);
            }
        }
        if ended
            .iter()
            .any(|connection| self.registrations[connection].queued > 0)
        {
            let chosen: HashSet<usize> = ended.iter().copied().collect();
            self.take_out_of_queue(|connection| chosen.contains(&connection));
        }
        ended
    }

    /// Gives up waiting for a registration that has been ended: the sink if it can be released now, else the one who made
    /// the call that is still running gets it from [`Registry::finish`].
    pub fn let_go(&mut self, connection: usize) -> Option<Sink> {
        let found = self.registrations.get_mut(&connection)?;
        found.awaited = false;
        let idle = found.running.is_empty();
        idle.then(|| self.remove(connection)).flatten()
    }

    /// Whether an OnNotify of this registration runs on another thread than this.
    pub fn runs_elsewhere(&self, connection: usize) -> bool {
        let me = thread::current().id();
        (self.registrations.get(&connection)).is_some_and(|r| r.running.iter().any(|id| *id != me))
    }

    /// Queued calls of a scope that have not returned, but for those this thread is inside of.
    pub fn undelivered(&self, scope: ScopeId) -> usize {
        let me = thread::current().id();
        let Some(scope) = self.scopes.get(&scope) else {
            return 0;
        };
        let mine = (scope.connections.iter())
            .filter_map(|connection| self.registrations.get(connection))
            .filter(|r| !r.request.sync)
            .map(|r| r.running.iter().filter(|id| **id == me).count())
            .sum();
        scope.pending.saturating_sub(mine)
    }

    pub fn belongs_to(&self, connection: usize, scope: ScopeId) -> bool {
        (self.registrations.get(&connection)).is_some_and(|r| r.request.scope == scope)
    }

    /// Forgets a scope as soon as its last registration is gone.
    pub fn close_scope(&mut self, id: ScopeId) {
        let Some(scope) = self.scopes.get_mut(&id) else {
            return;
        };
        (scope.sealed, scope.closed) = (true, true);
        if scope.connections.is_empty() {
            self.scopes.remove(&id);
        }
    }

    fn remove(&mut self, connection: usize) -> Option<Sink> {
        let Request {
            scope, key, sink, ..
        } = self.registrations.remove(&connection)?.request;
        if let Some(found) = self.scopes.get_mut(&scope) {
            found.connections.remove(&connection);
            if found.closed && found.connections.is_empty() {
                self.scopes.remove(&scope);
            }
        }
        if let Some(key) = key
            && let Some(subscribed) = self.keys.get_mut(&key)
        {
            subscribed.remove(&connection);
            if subscribed.is_empty() {
                self.keys.remove(&key);
            }
        }
        Some(sink)
    }

    pub fn all_connections(&self) -> Vec<usize> {
        self.registrations.keys().copied().collect()
    }
}

impl Call {
    /// Calls the sink, without any lock, and gives up the reference on it. What remains is to tell the registry.
    pub fn make(self) -> (usize, bool, u32) {
        let Self {
            connection,
            sink,
            batch,
            queued,
        } = self;
        let answer = mapi_com::boundary::contain(|| Ok(sink.on_notify(&batch)));
        let answer = answer.unwrap_or_else(|error| {
            tracing::warn!(connection, %error, "a sink has failed in OnNotify");
            0
        });
        (connection, queued, answer)
    }
}

/// The notifications whose events are in the mask; `None` if there is none.
fn filter(batch: &Batch, mask: u32) -> Option<Batch> {
    let wanted = |n: &Notification| n.event() & mask != 0;
    if batch.iter().all(wanted) {
        return (!batch.is_empty()).then(|| Arc::clone(batch));
    }
    let some: Vec<Notification> = batch.iter().filter(|n| wanted(n)).cloned().collect();
    (!some.is_empty()).then(|| some.into())
}

fn is_table_change(notification: &Notification) -> bool {
    matches!(notification, Notification::Table(_))
}

/// TABLE_CHANGED: read the table again.
fn table_changed() -> Batch {
    let none = || Property::new(tag::PR_NULL, PropValue::Null);
    Arc::new([Notification::Table(RowChange {
        event: TableEvent::Changed,
        index: none(),
        prior: none(),
        row: Default::default(),
    })])
}
