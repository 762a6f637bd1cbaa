//! A thread that the host owns, for calls into one provider library.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ffi::{CString, c_char, c_int, c_void};
use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mapi_types::{Error, ErrorCode, Result};

use super::ffi::{Host, Joined, RawJob, Thread, call_contained, call_end};
use super::frame::Frame;
use super::job::{CallEnd, Job, Outcome, Pending};

/// Threads that were abandoned inside a foreign call which has not come back.
static ABANDONED: AtomicUsize = AtomicUsize::new(0);

/// The number of threads of this process that were abandoned and have not ended since.
///
/// While it is not zero, foreign code may return into this library's code, which therefore must stay mapped (LIFE-UNLOAD-005).
#[must_use]
pub fn abandoned_threads() -> usize {
    ABANDONED.load(Ordering::Acquire)
}

/// A thread on which foreign code is called, one call after another.
///
/// Glibc keeps a library mapped while a living thread has thread-local destructors of it registered, so the thread has to be joined
/// before its library is freed. Dropping a worker joins its thread, or abandons it if a call is running; `join` and `abandon` say
/// which of the two.
pub struct Worker {
    shared: Arc<Shared>,
}

struct Shared {
    /// At most 15 bytes, the longest name Linux takes.
    name: CString,
    state: Mutex<State>,
    /// The thread waits here for jobs.
    wake: Condvar,
}

struct State {
    queue: VecDeque<Arc<Job>>,
    running: Option<Arc<Job>>,
    /// A thread is in the loop. Not so: a job has ended it and nothing was to be done since, or the worker has ended.
    looping: bool,
    /// The thread in the loop, and those that jobs have ended; all have to be joined or detached.
    threads: Vec<Thread>,
    /// The thread waits for a job, so a new one has to wake it.
    idle: bool,
    /// The thread is to end when the queue is empty.
    stop: bool,
    /// Nobody waits for the thread any more; if it was in its loop then, it is counted until it leaves it.
    abandoned: bool,
}

impl Worker {
    /// Starts a thread. Linux shows the first 15 bytes of the name.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_RESOURCES if the system has no thread left.
    pub fn spawn(name: &str) -> Result<Self> {
        let name: Vec<u8> = name.bytes().filter(|byte| *byte != 0).take(15).collect();
        let worker = Self {
            shared: Arc::new(Shared {
                name: CString::new(name).unwrap_or_default(),
                state: Mutex::new(State {
                    queue: VecDeque::new(),
                    running: None,
                    looping: false,
                    threads: Vec::new(),
                    idle: false,
                    stop: false,
                    abandoned: false,
                }),
                wake: Condvar::new(),
            }),
        };
        start_thread(&worker.shared, &mut worker.shared.lock())?;
        Ok(worker)
    }

    /// Hands a call to the thread; it is made when those submitted before are over. Any thread may submit.
    pub fn submit<F: Frame>(&self, frame: Box<F>) -> Pending<F> {
        let pending = Pending::new(frame);
        let mut state = self.shared.lock();
        state.queue.push_back(Arc::clone(pending.job()));
        let idle = state.idle;
        // The queue of a worker that has ended is not served any more.
        let refused = if state.abandoned || (state.stop && !state.looping) {
            std::mem::take(&mut state.queue)
        } else {
            ensure_thread(&self.shared, &mut state)
        };
        drop(state);
        if idle {
            self.shared.wake.notify_one();
        }
        not_called(refused);
        pending
    }

    /// Makes a call and waits for it; on the worker's own thread, where nobody else could make it, it is made at once and `limit` is
    /// without effect. That happens when a provider calls MAPI from inside a call and MAPI needs the same library for the answer.
    pub fn call<F: Frame>(&self, frame: Box<F>, limit: Option<Duration>) -> Outcome<F> {
        if self.is_current() {
            return Outcome::Done(call_contained(frame));
        }
        self.submit(frame).wait(limit)
    }

    /// Whether the calling thread is this worker's.
    #[must_use]
    pub fn is_current(&self) -> bool {
        CURRENT.get() == Arc::as_ptr(&self.shared)
    }

    /// Whether a call is running now.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.shared.lock().running.is_some()
    }

    /// Makes the calls still in the queue, ends the thread and waits until it is gone, with its thread-local destructors. Yields whether it
    /// is. With a `limit`, each wait ends when that time has passed; where the system has no join with a limit (POSIX systems without
    /// glibc) it waits for ever. Calls submitted after the end are not made.
    pub fn join(&self, limit: Option<Duration>) -> bool {
        self.shared.lock().stop = true;
        self.shared.wake.notify_one();
        loop {
            let Some(thread) = self.shared.lock().threads.pop() else {
                return true;
            };
            // Meanwhile a job may end the thread, and the next one start another, which is found in the next round.
            if let Joined::NotYet(thread) = thread.join(limit) {
                self.shared.lock().threads.push(thread);
                return false;
            }
        }
    }

    /// Lets the thread go, with the call in which it hangs. Calls that wait in the queue, or are submitted later, end as
    /// [`CallEnd::NotCalled`]. If the call returns later, its callback still runs, and the thread ends.
    pub fn abandon(&self) {
        let mut state = self.shared.lock();
        state.stop = true;
        let left = std::mem::take(&mut state.queue);
        for thread in std::mem::take(&mut state.threads) {
            thread.detach();
        }
        if !state.abandoned {
            state.abandoned = true;
            if state.looping {
                ABANDONED.fetch_add(1, Ordering::AcqRel);
            }
        }
        drop(state);
        self.shared.wake.notify_one();
        not_called(left);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let state = self.shared.lock();
        // `stop` tells that `join` has done all there was to do, or has tried.
        let abandon = state.running.is_some() || state.stop;
        drop(state);
        if abandon {
            self.abandon();
        } else {
            self.join(None);
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("name", &self.shared.name)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a thread that has a reference of its own on `shared`, whose state this is.
fn start_thread(shared: &Arc<Shared>, state: &mut State) -> Result<()> {
    let reference = Arc::into_raw(Arc::clone(shared))
        .cast_mut()
        .cast::<c_void>();
    // SAFETY: the reference is given to the thread, which gives it back in `gone`.
    let started = unsafe { Thread::start(&HOST, reference, &shared.name) };
    let thread = started.map_err(|error| {
        // SAFETY: no thread was started, so nobody else gives this reference back.
        drop(unsafe { Arc::from_raw(reference.cast::<Shared>().cast_const()) });
        Error::system(ErrorCode::NOT_ENOUGH_RESOURCES).context(format!(
            "cannot start a thread for calls into a provider: {error}"
        ))
    })?;
    state.looping = true;
    state.threads.push(thread);
    Ok(())
}

/// Starts a new thread if there is work and a job has ended the last one. Yields the jobs that cannot be done.
fn ensure_thread(shared: &Arc<Shared>, state: &mut State) -> VecDeque<Arc<Job>> {
    if !state.looping && !state.queue.is_empty() && start_thread(shared, state).is_err() {
        return std::mem::take(&mut state.queue);
    }
    VecDeque::new()
}

fn not_called(jobs: impl IntoIterator<Item = Arc<Job>>) {
    for job in jobs {
        job.finish(CallEnd::NotCalled);
    }
}

thread_local! {
    /// The worker whose thread this is. Only compared, never followed; a constant without destructor, so that it registers nothing.
    static CURRENT: Cell<*const Shared> = const { Cell::new(ptr::null()) };
}

static HOST: Host = Host { next, done, gone };

/// # Safety
/// `worker` is what `start_thread` gave to the thread that calls, `job` a place for a job.
unsafe extern "C" fn next(worker: *mut c_void, job: *mut RawJob) -> bool {
    // SAFETY: the thread holds a reference until `gone`.
    let shared = unsafe { &*worker.cast::<Shared>() };
    CURRENT.set(shared);
    let mut state = shared.lock();
    let taken = loop {
        if let Some(taken) = state.queue.pop_front() {
            break taken;
        }
        if state.stop {
            return false;
        }
        state.idle = true;
        state = shared
            .wake
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
        state.idle = false;
    };
    state.running = Some(Arc::clone(&taken));
    drop(state);
    // SAFETY: promised by the caller.
    unsafe { job.write(taken.begin()) };
    true
}

/// # Safety
/// `worker` as in `next`; `what` is valid for reading `size` bytes.
unsafe extern "C" fn done(worker: *mut c_void, end: c_int, what: *const c_char, size: usize) {
    // SAFETY: the thread holds a reference until `gone`.
    let shared = unsafe { &*worker.cast::<Shared>() };
    // SAFETY: promised by the caller.
    let end = unsafe { call_end(end, what, size) };
    let job = shared.lock().running.take();
    if let Some(job) = job {
        job.finish(end);
    }
}

/// # Safety
/// `worker` as in `next`; the caller does not use it again.
unsafe extern "C" fn gone(worker: *mut c_void) {
    // SAFETY: the reference that `start_thread` made for this thread.
    let shared = unsafe { Arc::from_raw(worker.cast::<Shared>().cast_const()) };
    let mut state = shared.lock();
    // A job that is still marked as running has ended the thread.
    let job = state.running.take();
    let abandoned = state.abandoned;
    state.looping = false;
    let refused = ensure_thread(&shared, &mut state);
    drop(state);
    CURRENT.set(ptr::null());
    if let Some(job) = job {
        job.finish(CallEnd::EndedThread);
    }
    not_called(refused);
    drop(shared);
    if abandoned {
        ABANDONED.fetch_sub(1, Ordering::AcqRel);
    }
}
