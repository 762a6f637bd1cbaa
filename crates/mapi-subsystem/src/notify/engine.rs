//! The engine: its thread, and the waiting.

use std::cell::Cell;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use mapi_com::boundary::contain;
use mapi_sys::{CALLBACK_DISCONTINUE, NOTIFY_CANCELED};
use mapi_types::{Error, ErrorCode, Result};

use super::registry::{Batch, Call, Registry, ScopeId, Sink};
use super::scope::AdviseScope;

/// Who calls the sinks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// MAPI_MULTITHREAD_NOTIFICATIONS: a thread of the engine's own.
    OwnThread,
    /// The thread that starts the engine, which is that of the first MAPIInitialize, when it calls [`Engine::dispatch`].
    FirstThread,
}

/// The notification engine of the process; from the first MAPIInitialize to the last MAPIUninitialize.
///
/// Any thread may call any method.
pub struct Engine {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

pub(super) struct Shared {
    registry: Mutex<Registry>,
    /// Something has been queued, or the engine stops.
    work: Condvar,
    /// An OnNotify has returned.
    returned: Condvar,
    /// The only thread that calls asynchronous sinks.
    deliverer: OnceLock<ThreadId>,
}

thread_local! {
    /// How many OnNotify calls this thread is inside of.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// The name of the engine's thread, as the system shows it.
const THREAD_NAME: &str = "mapi-notify";

/// How long an engine that nobody has stopped waits when it is dropped.
const DROP_LIMIT: Duration = Duration::from_secs(1);

/// What [`Shared::end`] did.
pub(super) struct Ended {
    /// Registrations ended here; the others were unknown, or others are ending them.
    pub ended: usize,
    /// Registrations whose OnNotify is still running.
    pub running: usize,
}

impl Engine {
    /// Starts the engine; with [`Delivery::OwnThread`] its thread (LIFE-INIT-003).
    ///
    /// # Errors
    /// MAPI_E_INVALID_OBJECT if there is no thread to be had (the step's own code, lifecycle.md 4.1).
    pub fn start(delivery: Delivery) -> Result<Self> {
        let shared = Arc::new(Shared {
            registry: Mutex::default(),
            work: Condvar::new(),
            returned: Condvar::new(),
            deliverer: OnceLock::new(),
        });
        let thread = match delivery {
            Delivery::FirstThread => {
                shared.deliverer.get_or_init(|| thread::current().id());
                None
            }
            Delivery::OwnThread => {
                shared.registry().serving = true;
                let served = Arc::clone(&shared);
                let thread = thread::Builder::new()
                    .name(THREAD_NAME.to_owned())
                    .spawn(move || served.serve())
                    .map_err(|error| {
                        Error::system(ErrorCode::INVALID_OBJECT).context(format!(
                            "the notification thread cannot be started: {error}"
                        ))
                    })?;
                shared.deliverer.get_or_init(|| thread.thread().id());
                Some(thread)
            }
        };
        Ok(Self {
            shared,
            thread: Mutex::new(thread),
        })
    }

    /// A scope for a session handle, a support object, or what else has events to tell.
    #[must_use]
    pub fn scope(&self) -> Arc<AdviseScope> {
        AdviseScope::new(&self.shared)
    }

    /// Calls the sinks of what is queued now, if this is the thread that has to do it and the engine has none of its own
    /// (HrDispatchNotifications). The answer is how many OnNotify calls were made.
    pub fn dispatch(&self) -> usize {
        if lock(&self.thread).is_some() || !self.shared.is_deliverer() {
            return 0;
        }
        // What the sinks cause is for the next time: a sink that answers every event with another must not hold the thread.
        let queued = self.shared.registry().queued();
        (0..queued).map_while(|_| self.shared.deliver(None)).count()
    }

    /// Ends the engine: the queue is dropped, every registration ends, running OnNotify calls are awaited, `limit` at the
    /// longest, the sinks released and the thread joined. `false` if one is still running: then the thread is left to itself, and
    /// the sink is released when it returns. Inside an OnNotify that one is not awaited.
    pub fn stop(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        let connections = {
            let mut registry = self.shared.registry();
            registry.stopped = true;
            registry.all_connections()
        };
        self.shared.work.notify_all();
        let delivered = self.shared.end(&connections, Some(limit)).running == 0;
        let Some(thread) = lock(&self.thread).take() else {
            return delivered;
        };
        if self.shared.is_deliverer() {
            return delivered;
        }
        // Joined also means that its thread-local destructors have run, before any library is freed.
        let left = until.saturating_duration_since(Instant::now());
        self.shared.served(left) && thread.join().is_ok() && delivered
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop(DROP_LIMIT);
    }
}

impl Shared {
    pub fn registry(&self) -> MutexGuard<'_, Registry> {
        lock(&self.registry)
    }

    /// Whether asynchronous sinks are called on this thread and no other.
    pub fn is_deliverer(&self) -> bool {
        self.deliverer.get() == Some(&thread::current().id())
    }

    /// Wakes the engine's thread after something has been queued.
    pub fn wake(&self) {
        self.work.notify_one();
    }

    /// The engine's thread.
    fn serve(&self) {
        loop {
            let mut registry = self.registry();
            while registry.queued() == 0 && !registry.stopped {
                registry = wait(&self.work, registry);
            }
            if registry.stopped {
                registry.serving = false;
                self.returned.notify_all();
                return;
            }
            drop(registry);
            self.deliver(None);
        }
    }

    /// Makes the oldest queued call, of one scope or of all. `None` if there is none.
    fn deliver(&self, scope: Option<ScopeId>) -> Option<()> {
        let call = self.registry().take(scope)?;
        self.make(call);
        Some(())
    }

    /// Calls a sink: what OnNotify answered.
    fn make(&self, call: Call) -> u32 {
        DEPTH.set(DEPTH.get() + 1);
        let (connection, queued, answer) = call.make();
        DEPTH.set(DEPTH.get() - 1);
        let released = self.registry().finish(connection, queued);
        self.returned.notify_all();
        release(released);
        answer
    }

    /// Tells everybody subscribed to `key`: NOTIFY_CANCELED if a synchronous sink answered CALLBACK_DISCONTINUE, which ends it.
    pub fn notify(&self, key: &[u8], batch: &Batch) -> u32 {
        let subscribed = self.registry().subscribed(key);
        for connection in subscribed {
            let mut registry = self.registry();
            if !registry.is_sync(connection) {
                if registry.push(connection, batch) {
                    self.wake();
                }
                continue;
            }
            let call = registry.take_sync(connection, batch);
            drop(registry);
            if call.is_some_and(|call| self.make(call) & CALLBACK_DISCONTINUE != 0) {
                return NOTIFY_CANCELED;
            }
        }
        0
    }

    /// Ends registrations: no OnNotify of them begins any more; running ones on other threads are awaited (`None`: for ever), and
    /// the sinks released. Sinks that are still running then are released when they return.
    pub fn end(&self, connections: &[usize], limit: Option<Duration>) -> Ended {
        let mut registry = self.registry();
        let ended = registry.end(connections);
        // From here on these can only become fewer.
        let mut running = connections.to_vec();
        running.retain(|connection| registry.runs_elsewhere(*connection));
        let still = |registry: &Registry| {
            let running = running.iter().filter(|c| registry.runs_elsewhere(**c));
            running.count()
        };
        registry = self.wait_until(registry, limit, |registry| still(registry) == 0);
        let running = still(&registry);
        let released: Vec<Sink> = (ended.iter())
            .filter_map(|connection| registry.let_go(*connection))
            .collect();
        drop(registry);
        released.into_iter().for_each(|sink| release(Some(sink)));
        Ended {
            ended: ended.len(),
            running,
        }
    }

    /// Waits until the engine's thread has left its loop.
    fn served(&self, limit: Duration) -> bool {
        let registry = self.registry();
        !self
            .wait_until(registry, Some(limit), |r| !r.serving)
            .serving
    }

    /// Waits until `condition` holds, which some OnNotify that returns may bring about; `limit` at the longest, `None`: for ever.
    fn wait_until<'a>(
        &self,
        mut registry: MutexGuard<'a, Registry>,
        limit: Option<Duration>,
        condition: impl Fn(&Registry) -> bool,
    ) -> MutexGuard<'a, Registry> {
        let until = limit.map(|limit| Instant::now() + limit);
        while !condition(&registry) {
            registry = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => wait(&self.returned, registry),
                Some(Duration::ZERO) => break,
                Some(left) => wait_for(&self.returned, registry, left),
            };
        }
        registry
    }

    /// Waits until all that is queued for a scope has been delivered, but for what this thread is inside of; if nobody else can
    /// deliver, this thread does it here.
    pub fn drain(&self, scope: ScopeId, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        loop {
            if self.is_deliverer() && self.deliver(Some(scope)).is_some() {
                continue;
            }
            let registry = self.registry();
            if registry.undelivered(scope) == 0 {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            drop(wait_for(&self.returned, registry, left));
        }
    }
}

/// Whether this thread is inside an OnNotify.
pub(super) fn inside_on_notify() -> bool {
    DEPTH.get() > 0
}

/// Releases a sink, which is foreign code: no lock is held here.
fn release(sink: Option<Sink>) {
    let released = contain(|| {
        drop(sink);
        Ok(())
    });
    if let Err(error) = released {
        tracing::warn!(%error, "a sink has failed in its Release");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait<'a>(condvar: &Condvar, guard: MutexGuard<'a, Registry>) -> MutexGuard<'a, Registry> {
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

fn wait_for<'a>(
    condvar: &Condvar,
    guard: MutexGuard<'a, Registry>,
    limit: Duration,
) -> MutexGuard<'a, Registry> {
    let waited = condvar.wait_timeout(guard, limit);
    waited.unwrap_or_else(PoisonError::into_inner).0
}
