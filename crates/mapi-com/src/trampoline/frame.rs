//! What is handed to a worker: the arguments of one call and the places for what it yields.

use std::ffi::c_void;
use std::ptr::NonNull;

/// A C++ function that makes one call: it takes object and arguments from the frame and puts the result there.
///
/// Exceptions may pass through it, so Rust never calls it but hands it to the containing side of the trampoline.
pub type Thunk = unsafe extern "C" fn(frame: *mut c_void);

/// The arguments of one foreign call and the place for its result. [`super::frames`] has one for each call MAPI makes.
///
/// # Safety
/// `THUNK` must be a function without Rust frames that takes a pointer to `Self` as the C++ side declares it. The call must be sound
/// with what the frame holds, on any thread, and what it points to must stay valid until the frame is dropped.
pub unsafe trait Frame: Send + 'static {
    /// What the call returns.
    type Output;
    /// The call's name in logs and reports: `IMSLogon::Logoff`.
    const CALL: &'static str;
    /// The function that makes the call.
    const THUNK: Thunk;
    /// The result. If the call has not returned (it threw, or was not made yet): MAPI_E_CALL_FAILED, or 0 for what is not an
    /// HRESULT.
    fn result(&self) -> Self::Output;
}

/// A frame together with what its pointers point to: output variables, and whatever else has to live as long as the call.
///
/// Most calls fill variables of their caller. A caller that stops waiting would leave such a call with a pointer into a stack that is
/// gone; here the variables live on the heap, exactly as long as the frame.
#[repr(C)]
pub struct WithOutputs<F, O> {
    // First, because the thunk takes a pointer to this value for one to the frame.
    frame: F,
    outputs: NonNull<O>,
}

impl<F, O> WithOutputs<F, O> {
    /// Moves `outputs` to the heap and lets `make` build the frame with a pointer to them.
    pub fn new(outputs: O, make: impl FnOnce(*mut O) -> F) -> Box<Self> {
        let outputs = NonNull::from(Box::leak(Box::new(outputs)));
        let frame = make(outputs.as_ptr());
        Box::new(Self { frame, outputs })
    }

    /// The variables, as the call left them. They are only meaningful if it returned, and, with most calls, succeeded.
    #[must_use]
    pub fn outputs(&self) -> &O {
        // SAFETY: leaked in `new`, freed in `drop`. While a call runs, the job has this value and nobody else can get here.
        unsafe { self.outputs.as_ref() }
    }

    /// The variables, to take out what the caller owns now.
    pub fn outputs_mut(&mut self) -> &mut O {
        // SAFETY: as in `outputs`, and borrowed uniquely.
        unsafe { self.outputs.as_mut() }
    }
}

impl<F, O> Drop for WithOutputs<F, O> {
    fn drop(&mut self) {
        // SAFETY: leaked in `new`, and the frame that points there is dropped with this value.
        drop(unsafe { Box::from_raw(self.outputs.as_ptr()) });
    }
}

// SAFETY: the pointer is owned like a box, so it may go wherever both parts may.
unsafe impl<F: Send, O: Send> Send for WithOutputs<F, O> {}

// SAFETY: the frame is the first member of a `repr(C)` struct, so a pointer to this value is one to the frame.
unsafe impl<F: Frame, O: Send + 'static> Frame for WithOutputs<F, O> {
    type Output = F::Output;
    const CALL: &'static str = F::CALL;
    const THUNK: Thunk = F::THUNK;
    fn result(&self) -> F::Output {
        self.frame.result()
    }
}
