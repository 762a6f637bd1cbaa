//! Object shells: our COM objects.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use mapi_sys::{FREEBUFFER, GUID, HRESULT, IID_IUnknown, IUnknown, IUnknownVtbl, Interface};
use mapi_types::{Error, ErrorCode, Result};

use crate::boundary::contain;
use crate::head::{Changed, Head, HeadPtr, Kind, MOVING};
use crate::iface::ComObject;
use crate::ptr::{ComPtr, guid_from_abi};
use crate::scope::{MakeInvalid, OpenObject, Scope, ShellBlock};

/// A safe trait object that has a vtable: `dyn MsgStore` is exported as `IMsgStore`.
///
/// # Safety
/// `VTBL` must be made of functions that expect `This` to be a `Shell<Self>`; `INTERFACES` may name only `Interface` and
/// its ancestors.
pub unsafe trait Export: ComObject + 'static {
    /// The COM interface.
    type Interface: Interface;
    /// Its vtable.
    const VTBL: &'static <Self::Interface as Interface>::Vtbl;
    /// What QueryInterface answers with the same pointer; IUnknown is understood.
    const INTERFACES: &'static [GUID];
}

/// A COM object of ours.
///
/// The block comes from MAPI's allocator and begins with the vtable pointer and the count: just what MakeInvalid needs to
/// turn it into a shell of MAPI's (LIFE-SUP-006). The rest is ours: the safe object inside, and the scope it belongs to.
///
/// Its life: *alive* -> (last Release) *dying* -> freed, or *alive* -> (scope invalidated) a block of MAPI's.
#[repr(C)]
pub struct Shell<T: ?Sized + Export> {
    head: Head,
    /// MAPIFreeBuffer for the block.
    free: FREEBUFFER,
    state: Mutex<State<T>>,
}

struct State<T: ?Sized> {
    live: Option<Live<T>>,
    last_error: Option<Error>,
}

struct Live<T: ?Sized> {
    object: Arc<T>,
    scope: Arc<Scope>,
}

/// Who needs this library's code: scopes with open objects, and shells that have been cut off from theirs.
static NEEDED: AtomicIsize = AtomicIsize::new(0);

/// Whether there are shells that run code of this library: its DllCanUnloadNow answers S_FALSE then.
#[must_use]
pub fn any_outstanding() -> bool {
    NEEDED.load(Ordering::Acquire) != 0
}

pub(crate) fn need(by: isize) {
    NEEDED.fetch_add(by, Ordering::AcqRel);
}

/// Makes a COM object in `scope`; the caller gets its only reference.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn export<T: ?Sized + Export>(
    scope: &Arc<Scope>,
    object: Arc<T>,
) -> Result<ComPtr<T::Interface>> {
    make(scope, object, false).map(|(object, _)| object)
}

/// As [`export`], with a pointer that does not keep the object alive: for whoever may have to hand the same object out again.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
#[allow(clippy::type_complexity)] // the two belong together
pub fn export_weak<T: ?Sized + Export>(
    scope: &Arc<Scope>,
    object: Arc<T>,
) -> Result<(ComPtr<T::Interface>, WeakShell<T::Interface>)> {
    let (object, serial) = make(scope, object, true)?;
    let weak = WeakShell {
        scope: Arc::downgrade(scope),
        serial,
        interface: PhantomData,
    };
    Ok((object, weak))
}

fn make<T: ?Sized + Export>(
    scope: &Arc<Scope>,
    object: Arc<T>,
    weak: bool,
) -> Result<(ComPtr<T::Interface>, u64)> {
    let allocator = scope.allocator();
    let block: NonNull<Shell<T>> = allocator.allocate_whole(size_of::<Shell<T>>())?.cast();
    let vtbl = std::ptr::from_ref(T::VTBL).cast_mut().cast();
    // SAFETY: the block is ours, large enough, and aligned for any type (the allocator's contract). It is complete before
    // it is registered, when others see it; and it begins with a vtable pointer of T::Interface and has one reference,
    // which we give away.
    unsafe {
        block.write(Shell {
            head: Head::new(vtbl, Shell::<T>::KIND),
            free: allocator.functions().2,
            state: Mutex::new(State {
                live: Some(Live {
                    object,
                    scope: Arc::clone(scope),
                }),
                last_error: None,
            }),
        });
        let serial = scope.register(block.as_ptr().cast(), weak);
        let made = ComPtr::from_raw(block.as_ptr().cast());
        let made = made.ok_or_else(|| Error::system(ErrorCode::NOT_ENOUGH_MEMORY))?;
        Ok((made, serial))
    }
}

/// A pointer to one of our objects that does not keep it alive.
pub struct WeakShell<I: Interface> {
    scope: Weak<Scope>,
    serial: u64,
    interface: PhantomData<fn() -> I>,
}

impl<I: Interface> WeakShell<I> {
    /// A reference to the object, unless it has ended or its last reference is just being given back.
    #[must_use]
    pub fn upgrade(&self) -> Option<ComPtr<I>> {
        let HeadPtr(held) = self.scope.upgrade()?.hold(self.serial)?;
        // SAFETY: the number is that of a shell exported with the interface I, and `hold` has added the reference that is
        // given away here.
        unsafe { ComPtr::from_raw(held.cast()) }
    }
}

impl<T: ?Sized + Export> Shell<T> {
    /// The one way from a vtable function to the object: checks that it is still valid, enters its scope, stops panics,
    /// remembers the error for GetLastError.
    ///
    /// # Safety
    /// `this` is the `This` of a call on a shell of type `T`; the caller holds a reference for the length of the call.
    pub unsafe fn enter<R>(this: *mut c_void, body: impl FnOnce(&T) -> Result<R>) -> Result<R> {
        // SAFETY: by the contract above.
        let shell = unsafe { &*this.cast::<Self>() };
        let state = lock(&shell.state);
        let target = state.live.as_ref().ok_or_else(invalid_object)?;
        let scope = Arc::clone(&target.scope);
        let running = scope.enter()?;
        let object = Arc::clone(&target.object);
        drop(state);
        let result = contain(|| body(&object));
        shell.remember(result.as_ref().err());
        // If the scope has let the object go meanwhile, this is the last of it: before the call counts as over.
        drop(contain(|| {
            drop(object);
            Ok(())
        }));
        drop(running);
        result
    }

    /// As [`Shell::enter`], but the scope may be closed already and the call does not count as running: for Logoff and
    /// for what ends the scope itself.
    ///
    /// # Safety
    /// As [`Shell::enter`].
    pub unsafe fn enter_ending<R>(
        this: *mut c_void,
        body: impl FnOnce(&T) -> Result<R>,
    ) -> Result<R> {
        // SAFETY: by the contract above.
        let shell = unsafe { &*this.cast::<Self>() };
        let (object, _scope) = shell.target().ok_or_else(invalid_object)?;
        let result = contain(|| body(&object));
        shell.remember(result.as_ref().err());
        result
    }

    /// The object and scope of a shell, for exports that make child objects.
    ///
    /// # Safety
    /// As [`Shell::enter`].
    ///
    /// # Errors
    /// MAPI_E_INVALID_OBJECT.
    pub unsafe fn scope_of(this: *mut c_void) -> Result<Arc<Scope>> {
        // SAFETY: by the contract above.
        let shell = unsafe { &*this.cast::<Self>() };
        shell
            .target()
            .map(|(_, scope)| scope)
            .ok_or_else(invalid_object)
    }

    /// The error that the last failing call on this object returned, if it had this code; for a success what the object
    /// itself has to say.
    ///
    /// # Safety
    /// As [`Shell::enter`].
    pub unsafe fn last_error(this: *mut c_void, code: ErrorCode) -> Option<Error> {
        // SAFETY: by the contract above.
        let shell = unsafe { &*this.cast::<Self>() };
        if code.is_error() {
            let error = lock(&shell.state).last_error.clone();
            return error.filter(|e| e.code() == code);
        }
        let (object, _scope) = shell.target()?;
        contain(|| Ok(object.remark(code))).ok().flatten()
    }

    fn target(&self) -> Option<(Arc<T>, Arc<Scope>)> {
        lock(&self.state)
            .live
            .as_ref()
            .map(|live| (Arc::clone(&live.object), Arc::clone(&live.scope)))
    }

    fn remember(&self, error: Option<&Error>) {
        if let Some(error) = error {
            lock(&self.state).last_error = Some(error.clone());
        }
    }

    const KIND: &'static Kind = &Kind {
        name: T::Interface::NAME,
        invalidate: invalidate::<T>,
    };

    /// IUnknown's slots for a shell of type `T`: the base of every vtable.
    pub const UNKNOWN: IUnknownVtbl = IUnknownVtbl {
        QueryInterface: query_interface::<T>,
        AddRef: add_ref::<T>,
        Release: release::<T>,
    };
}

impl Scope {
    /// Ends every object that is still open, newest first: the object inside is dropped, and the shell is handed to
    /// `make_invalid` (IMAPISupport::MakeInvalid), from where on it belongs to MAPI and outlives this library.
    /// What is refused stays a shell of ours that answers MAPI_E_INVALID_OBJECT.
    ///
    /// Closes the scope first. The answer is the census as it was. A second call that comes meanwhile finds nothing to do.
    pub fn invalidate_all(&self, make_invalid: &MakeInvalid<'_>) -> Vec<OpenObject> {
        self.close();
        need(1);
        let (held, census) = self.hold_all();
        for (head, line) in held.into_iter().zip(&census).rev() {
            // SAFETY: `hold_all` has given us a reference on each.
            let kind = unsafe { (*head.0).kind() };
            (kind.invalidate)(head, line, make_invalid);
        }
        need(-1);
        census
    }
}

impl Scope {
    /// Ends every object that is still open without giving it to anybody: the object inside is dropped, and the shell stays
    /// ours, answers MAPI_E_INVALID_OBJECT, and may be released at any time. Nothing of [`ComObject::last_release`] runs.
    pub fn cut_off(&self) -> Vec<OpenObject> {
        self.invalidate_all(&|_| Err(Error::no_support()))
    }
}

fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn invalid_object() -> Error {
    Error::caller(ErrorCode::INVALID_OBJECT).context("the object has ended")
}

/// Turns a result into an HRESULT.
#[must_use]
pub fn hresult(result: Result<()>) -> HRESULT {
    match result {
        Ok(()) => 0,
        Err(error) => error.code().hresult(),
    }
}

unsafe extern "system" fn query_interface<T: ?Sized + Export>(
    this: *mut IUnknown,
    interface: *const GUID,
    out: *mut *mut c_void,
) -> HRESULT {
    if this.is_null() || interface.is_null() || out.is_null() {
        return ErrorCode::INVALID_PARAMETER.hresult();
    }
    // SAFETY: checked for null; the caller passes a GUID and a place for a pointer.
    let interface = unsafe {
        *out = std::ptr::null_mut();
        &*interface
    };
    // SAFETY: `this` is a shell of T: the function stands in its vtable.
    let shell = unsafe { &*this.cast::<Shell<T>>() };
    if *interface == IID_IUnknown || T::INTERFACES.contains(interface) {
        // SAFETY: as above; the new reference is the caller's.
        unsafe {
            add_ref::<T>(this);
            *out = this.cast();
        }
        return 0;
    }
    let Some((object, _scope)) = shell.target() else {
        return ErrorCode::INVALID_OBJECT.hresult();
    };
    match contain(|| Ok(object.other_interface(&guid_from_abi(interface)))) {
        Ok(Some(other)) => {
            // SAFETY: `out` was checked; the reference goes to the caller.
            unsafe { *out = other.into_raw().cast() };
            0
        }
        _ => ErrorCode::INTERFACE_NOT_SUPPORTED.hresult(),
    }
}

unsafe extern "system" fn add_ref<T: ?Sized + Export>(this: *mut IUnknown) -> u32 {
    // SAFETY: `this` is a shell of T and the caller holds a reference.
    let shell = unsafe { &*this.cast::<Shell<T>>() };
    match shell.head.change(1) {
        Changed::To(count) => count,
        Changed::Ended => 0,
        // SAFETY: as above; the vtable is another one by now.
        Changed::Moved => unsafe { (moved::<T>(shell).AddRef)(this) },
    }
}

unsafe extern "system" fn release<T: ?Sized + Export>(this: *mut IUnknown) -> u32 {
    // SAFETY: `this` is a shell of T and the caller gives a reference back.
    let shell = unsafe { &*this.cast::<Shell<T>>() };
    match shell.head.change(-1) {
        Changed::To(count) => count,
        Changed::Ended => {
            // SAFETY: the count has reached zero for the first time: nobody else frees the block.
            unsafe { end::<T>(this.cast()) };
            0
        }
        // SAFETY: as above; the vtable is another one by now.
        Changed::Moved => unsafe { (moved::<T>(shell).Release)(this) },
    }
}

/// The vtable that has taken the object over. MakeInvalid writes a count of its own and then the vtable, a few instructions;
/// until then there is nothing to do but wait.
fn moved<T: ?Sized + Export>(shell: &Shell<T>) -> &'static IUnknownVtbl {
    let ours = std::ptr::from_ref(T::VTBL).cast_mut().cast();
    loop {
        let vtbl = shell.head.vtbl.load(Ordering::Acquire);
        if vtbl != ours {
            // SAFETY: a vtable of MAPI's, which is never freed, or ours if MakeInvalid was refused.
            return unsafe { &*vtbl.cast::<IUnknownVtbl>() };
        }
        if shell.head.count.load(Ordering::Acquire) & MOVING == 0 {
            // SAFETY: T::VTBL begins with IUnknown's slots.
            return unsafe { &*std::ptr::from_ref(T::VTBL).cast::<IUnknownVtbl>() };
        }
        std::thread::yield_now();
    }
}

/// The end of a shell whose count has reached zero.
///
/// # Safety
/// Called once, by the Release that made the count zero.
unsafe fn end<T: ?Sized + Export>(shell: *mut Shell<T>) {
    // SAFETY: the block is still a shell: we free it below. Nobody can hold it any more, so that nobody takes the object out
    // of it meanwhile; what `last_release` does with the shell from inside only looks.
    let object = unsafe {
        lock(&(*shell).state)
            .live
            .as_ref()
            .map(|l| Arc::as_ptr(&l.object))
    };
    if let Some(object) = object {
        // A panic has nowhere to go from here; the object is dropped all the same.
        drop(contain(|| {
            // SAFETY: as above.
            unsafe { (*object).last_release() };
            Ok(())
        }));
    }
    // SAFETY: nobody has a reference any more, and nobody is inside; the census looks at the head only.
    let (state, free) = unsafe { (&mut (*shell).state, (*shell).free) };
    let state = state.get_mut().unwrap_or_else(PoisonError::into_inner);
    match state.live.take() {
        Some(Live { object, scope }) => {
            // In this order: whoever waits for the census to drain relies on the objects being gone. Nobody holds the block
            // meanwhile, because its count is zero.
            drop(contain(|| {
                drop(object);
                Ok(())
            }));
            // SAFETY: the head of a live shell of this scope.
            unsafe { scope.unregister(shell.cast()) };
        }
        // It was cut off from its scope.
        None => need(-1),
    }
    // SAFETY: nobody has a reference any more; the fields are dropped in place, then the block is given back.
    unsafe {
        std::ptr::drop_in_place(shell);
        free(shell.cast());
    }
}

fn invalidate<T: ?Sized + Export>(
    head: HeadPtr,
    line: &OpenObject,
    make_invalid: &MakeInvalid<'_>,
) {
    // SAFETY: `hold` gave us a reference, and the kind of the head is that of shells of T.
    let shell = unsafe { &*head.0.cast::<Shell<T>>() };
    let mut state = lock(&shell.state);
    let (live, error) = (state.live.take(), state.last_error.take());
    drop(state);
    drop(error);
    if let Some(Live { object, .. }) = live {
        drop(contain(|| {
            drop(object);
            Ok(())
        }));
        let count = shell.head.count.fetch_or(MOVING, Ordering::AcqRel);
        let methods = u32::try_from(T::Interface::SLOTS.len()).unwrap_or(u32::MAX);
        if make_invalid(&ShellBlock {
            object: head.0.cast(),
            references: count,
            methods,
            interface: T::Interface::IID,
            age: line.age,
            trace: line.trace.clone(),
        })
        .is_err()
        {
            need(1);
            // It stays a shell of ours, empty, until its last Release.
            shell.head.count.fetch_and(!MOVING, Ordering::AcqRel);
        }
    }
    // SAFETY: gives back the reference of `hold`, through whatever vtable the object has now.
    unsafe { drop(ComPtr::<IUnknown>::from_raw(head.0.cast())) };
}
