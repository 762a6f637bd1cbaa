//! Calls into foreign code with a net below them, on threads that can be waited for with a limit.
//!
//! A provider's C++ exception, or its pthread_exit, cannot be stopped by Rust: the process aborts, in spite of `catch_unwind`
//! (lifecycle.md, OP-43). C++ can stop both, if no Rust frame lies between the foreign code and the catch. So the calls that
//! end a logon or a provider, and those that begin them, take this road:
//!
//! 1. The caller puts the arguments into a [`Frame`] and gives it to a [`Worker`] (`submit`, or `call`).
//! 2. The worker's thread takes the job. Its start routine and loop are C++ (`cpp/thread_posix.cpp`); Rust is only entered
//!    between two jobs.
//! 3. The loop calls the frame's thunk, C++ too (`cpp/thunks.generated.cpp`), inside `try`/`catch` (`cpp/contain.cpp`). The
//!    thunk calls the method and stores the result in the frame.
//! 4. The frame comes back in a [`Completion`], with the times and how the call ended.
//!
//! A caller that has waited long enough may stop waiting: the frame lives until the call has come back, whoever has given
//! up on it, and [`Worker::abandon`] lets the thread go. What is not contained: an abort, a corrupted heap, and whatever happens
//! in a call that a client makes directly on a provider's object.
//!
//! Between two threads the way there and back costs about as much as two signals of a bare condition variable; jobs that
//! are submitted by the `on_done` callback of the one before them cost no change of thread at all.

mod ffi;
mod frame;
#[path = "generated.rs"]
pub mod frames;
mod job;
mod worker;

pub use ffi::call_contained;
pub use frame::{Frame, Thunk, WithOutputs};
pub use job::{CallEnd, Completion, Outcome, Pending};
pub use worker::{Worker, abandoned_threads};
