//! One call: handed to a worker, waited for, given up, or followed by a callback.

use std::ffi::c_void;
use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::ffi::RawJob;
use super::frame::{Frame, Thunk};

/// How a call ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CallEnd {
    /// It returned; the frame holds its result.
    Returned,
    /// It threw a C++ exception, which was stopped. Counts as MAPI_E_CALL_FAILED of this call.
    Threw {
        /// `std::exception::what`, or the name of the type that was thrown.
        what: Option<String>,
    },
    /// It ended its thread (pthread_exit). Counts as MAPI_E_CALL_FAILED of this call. The worker goes on with a new thread.
    EndedThread,
    /// It was never made: its worker was abandoned, or got no thread, before its turn came.
    NotCalled,
}

impl fmt::Display for CallEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned => f.write_str("returned"),
            Self::Threw { what: Some(what) } => write!(f, "threw an exception: {what}"),
            Self::Threw { what: None } => f.write_str("threw an exception"),
            Self::EndedThread => f.write_str("ended its thread"),
            Self::NotCalled => f.write_str("was not called"),
        }
    }
}

/// A call that is over.
#[derive(Debug)]
pub struct Completion<F> {
    /// What was given to the call, with the results it stored. Results are only meaningful if it returned.
    pub frame: Box<F>,
    /// How the call ended.
    pub end: CallEnd,
    /// When the call began, not when it was submitted.
    pub started: Instant,
    /// When it was over.
    pub ended: Instant,
}

impl<F> Completion<F> {
    /// The time the call took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.ended.saturating_duration_since(self.started)
    }

    /// Whether the call returned, with whatever result.
    #[must_use]
    pub fn returned(&self) -> bool {
        self.end == CallEnd::Returned
    }
}

/// What waiting for a call has yielded.
#[derive(Debug)]
#[must_use]
pub enum Outcome<F: Frame> {
    /// The call is over.
    Done(Completion<F>),
    /// The time is up and the call is not over. Dropping the `Pending` leaves the frame to the call.
    StillRunning(Pending<F>),
}

impl<F: Frame> Outcome<F> {
    /// The call, if it is over.
    #[must_use]
    pub fn done(self) -> Option<Completion<F>> {
        match self {
            Self::Done(completion) => Some(completion),
            Self::StillRunning(_) => None,
        }
    }
}

/// A call that was submitted.
#[must_use = "nobody will learn how the call ended"]
pub struct Pending<F: Frame> {
    job: Arc<Job>,
    // The job owns the frame; this value gets it back when the call is over.
    frame: PhantomData<fn() -> F>,
}

impl<F: Frame> Pending<F> {
    pub(super) fn new(frame: Box<F>) -> Self {
        let frame = NonNull::from(Box::leak(frame)).cast::<c_void>();
        Self {
            job: Arc::new(Job {
                thunk: F::THUNK,
                drop_frame: drop_frame::<F>,
                progress: Mutex::new(Progress {
                    frame: Some(frame),
                    started: None,
                    over: None,
                    callback: None,
                    waited_for: false,
                }),
                over: Condvar::new(),
            }),
            frame: PhantomData,
        }
    }

    pub(super) fn job(&self) -> &Arc<Job> {
        &self.job
    }

    /// Whether the call is over, so that `wait` will not wait.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.job.lock().over.is_some()
    }

    /// Waits until the call is over, or until `limit` has passed if there is one.
    ///
    /// Never call it on the worker's own thread without a limit: nobody would make the call. [`super::Worker::call`] knows.
    pub fn wait(self, limit: Option<Duration>) -> Outcome<F> {
        let until = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut progress = self.job.lock();
        while progress.over.is_none() {
            progress.waited_for = true;
            progress = match until {
                None => self
                    .job
                    .over
                    .wait(progress)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        drop(progress);
                        return Outcome::StillRunning(self);
                    }
                    let waited = self.job.over.wait_timeout(progress, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        // SAFETY: the call is over; the frame of this job is an `F`, and only `Pending` takes it, by value.
        Outcome::Done(unsafe { progress.take() })
    }

    /// Has `callback` called with the completion when the call is over, however late.
    ///
    /// It runs on the worker's thread, after the call has come back or was stopped and with no foreign code below it; if the call is
    /// over already, it runs now, on this thread. It must not panic. It may submit further jobs to the same worker, which then run
    /// without a change of threads. This is for who waits on a condition of its own, for example with a clock that tests turn.
    pub fn on_done(self, callback: impl FnOnce(Completion<F>) + Send + 'static) {
        let mut progress = self.job.lock();
        if progress.over.is_some() {
            // SAFETY: as in `wait`.
            let completion = unsafe { progress.take() };
            drop(progress);
            return callback(completion);
        }
        progress.callback = Some(Box::new(move |job: &Job| {
            // SAFETY: as in `wait`: callbacks are called when the call is over, and the `Pending` is consumed.
            let completion = unsafe { job.lock().take() };
            callback(completion);
        }));
    }
}

impl<F: Frame> fmt::Debug for Pending<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("is_done", &self.is_done())
            .finish()
    }
}

/// A call, without the type of its frame. Shared by its `Pending` and by the worker while it runs: who lets go of it last frees
/// the frame, so a call that never returns keeps its frame for ever.
pub(super) struct Job {
    thunk: Thunk,
    drop_frame: unsafe fn(NonNull<c_void>),
    progress: Mutex<Progress>,
    over: Condvar,
}

type Callback = Box<dyn FnOnce(&Job) + Send>;

struct Progress {
    /// Leaked from its box; taken back by the `Pending`, or by the callback.
    frame: Option<NonNull<c_void>>,
    started: Option<Instant>,
    over: Option<(CallEnd, Instant)>,
    callback: Option<Callback>,
    waited_for: bool,
}

// SAFETY: the frame is `Send` (a bound of `Frame`) and is used by one thread at a time: by the worker until the call is over, after that by
// who takes it out under the lock.
unsafe impl Send for Job {}
// SAFETY: all that changes is behind the mutex.
unsafe impl Sync for Job {}

impl Job {
    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks the call as begun and says how to make it.
    pub(super) fn begin(&self) -> RawJob {
        let mut progress = self.lock();
        progress.started = Some(Instant::now());
        RawJob {
            thunk: self.thunk,
            frame: progress.frame.map_or(std::ptr::null_mut(), NonNull::as_ptr),
        }
    }

    /// The call is over: wakes who waits, or calls back.
    pub(super) fn finish(&self, end: CallEnd) {
        let now = Instant::now();
        let mut progress = self.lock();
        progress.over = Some((end, now));
        let callback = progress.callback.take();
        let waited_for = progress.waited_for;
        drop(progress);
        if let Some(callback) = callback {
            callback(self);
        } else if waited_for {
            self.over.notify_one();
        }
    }
}

impl Progress {
    /// Takes the completion out of a job that is over.
    ///
    /// # Safety
    /// The job was made by a `Pending<F>`, is over, and nobody has taken its completion.
    unsafe fn take<F>(&mut self) -> Completion<F> {
        let (end, ended) = self.over.take().expect("the call is over");
        let frame = self.frame.take().expect("taken once").cast::<F>();
        Completion {
            // SAFETY: leaked from a `Box<F>` by `Pending::new`, and nobody else has it any more.
            frame: unsafe { Box::from_raw(frame.as_ptr()) },
            end,
            started: self.started.unwrap_or(ended),
            ended,
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let progress = self
            .progress
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(frame) = progress.frame.take() {
            // SAFETY: the frame was not taken, and nobody else refers to this job: neither a worker that runs it nor a `Pending`.
            unsafe { (self.drop_frame)(frame) }
        }
    }
}

/// # Safety
/// `frame` must come from a leaked `Box<F>` that nobody else has.
unsafe fn drop_frame<F>(frame: NonNull<c_void>) {
    // SAFETY: promised by the caller.
    drop(unsafe { Box::from_raw(frame.cast::<F>().as_ptr()) });
}
