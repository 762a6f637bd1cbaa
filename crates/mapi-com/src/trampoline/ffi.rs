//! The C++ half as Rust sees it. `cpp/contain.hpp` declares the same things.

use std::ffi::{CString, c_char, c_int, c_void};
use std::io;
use std::time::{Duration, Instant};

use super::frame::{Frame, Thunk};
use super::job::{CallEnd, Completion};

/// One job as the loop of the thread takes it.
#[repr(C)]
pub(super) struct RawJob {
    pub(super) thunk: Thunk,
    pub(super) frame: *mut c_void,
}

/// What the loop of a thread calls between two jobs.
#[repr(C)]
pub(super) struct Host {
    pub(super) next: unsafe extern "C" fn(worker: *mut c_void, job: *mut RawJob) -> bool,
    pub(super) done:
        unsafe extern "C" fn(worker: *mut c_void, end: c_int, what: *const c_char, size: usize),
    pub(super) gone: unsafe extern "C" fn(worker: *mut c_void),
}

unsafe extern "C" {
    fn openmapi_thread_start(
        thread: *mut usize,
        host: &'static Host,
        worker: *mut c_void,
        name: *const c_char,
    ) -> c_int;
    fn openmapi_thread_join(thread: usize, timeout_ms: i64) -> c_int;
    fn openmapi_thread_detach(thread: usize);
    fn openmapi_call_contained(
        thunk: Thunk,
        frame: *mut c_void,
        what: *mut c_char,
        what_size: *mut usize,
    ) -> c_int;
}

const THREW: c_int = 1;
const WHAT_SIZE: usize = 512;

/// A thread that was started and neither joined nor detached yet.
#[derive(Debug)]
#[must_use = "a thread has to be joined or detached"]
pub(super) struct Thread(usize);

/// How waiting for the end of a thread ended.
pub(super) enum Joined {
    Ended,
    /// The time is up; the thread is still there.
    NotYet(Thread),
}

impl Thread {
    /// Starts a thread that runs the loop with `worker`.
    ///
    /// # Safety
    /// `worker` must stay valid for the functions of `host` until `host.gone` has been called with it.
    pub(super) unsafe fn start(
        host: &'static Host,
        worker: *mut c_void,
        name: &CString,
    ) -> io::Result<Self> {
        let mut thread = 0;
        // SAFETY: the pointers are valid for the call; `worker` for as long as the caller promised.
        match unsafe { openmapi_thread_start(&raw mut thread, host, worker, name.as_ptr()) } {
            0 => Ok(Self(thread)),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }

    /// Waits for the end of the thread, with or without a limit. A thread that would wait for itself is detached.
    pub(super) fn join(self, limit: Option<Duration>) -> Joined {
        let limit = limit.map_or(-1, |limit| {
            i64::try_from(limit.as_millis()).unwrap_or(i64::MAX)
        });
        // SAFETY: the thread was started and, since this value exists, neither joined nor detached.
        match unsafe { openmapi_thread_join(self.0, limit) } {
            0 => Joined::Ended,
            libc::EDEADLK => {
                self.detach();
                Joined::Ended
            }
            _ => Joined::NotYet(self),
        }
    }

    /// Lets the thread go its way.
    pub(super) fn detach(self) {
        // SAFETY: as in `join`.
        unsafe { openmapi_thread_detach(self.0) }
    }
}

/// How a call ended, from what the loop reports.
///
/// # Safety
/// `what` must be valid for reading `size` bytes.
pub(super) unsafe fn call_end(end: c_int, what: *const c_char, size: usize) -> CallEnd {
    if end != THREW {
        return CallEnd::Returned;
    }
    // SAFETY: promised by the caller; WHAT_SIZE is the size of the buffers on both sides.
    let text = unsafe { std::slice::from_raw_parts(what.cast::<u8>(), size.min(WHAT_SIZE)) };
    CallEnd::Threw {
        what: (!text.is_empty()).then(|| String::from_utf8_lossy(text).into_owned()),
    }
}

/// Makes the call on the calling thread and stops what it throws.
///
/// For calls that MAPI makes on a client's thread, where there is no worker: IMSLogon::Logoff inside the final Release of a
/// store's support object. It has no limit of time, and a pthread_exit inside it ends the process (`std::terminate`), because
/// there are Rust frames below it (lifecycle.md, OP-43).
pub fn call_contained<F: Frame>(mut frame: Box<F>) -> Completion<F> {
    let mut what = [0 as c_char; WHAT_SIZE];
    let mut size = 0;
    let pointer: *mut F = &raw mut *frame;
    let started = Instant::now();
    // SAFETY: `F: Frame` promises that its thunk may be called with a frame of this type; the frame and the buffer, of the size that
    // contain.hpp states, outlive the call.
    let end = unsafe {
        openmapi_call_contained(F::THUNK, pointer.cast(), what.as_mut_ptr(), &raw mut size)
    };
    let ended = Instant::now();
    // SAFETY: the C++ side has written `size` bytes of the buffer.
    let end = unsafe { call_end(end, what.as_ptr(), size) };
    Completion {
        frame,
        end,
        started,
        ended,
    }
}
