//! Owned and borrowed COM pointers.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

use mapi_sys::{IUnknown, IUnknownVtbl, Inherits, Interface};
use mapi_types::{Error, ErrorCode, Guid, Result};

/// Owns one reference of a COM object: made with it, cloned by AddRef, dropped by Release.
///
/// MAPI objects are free-threaded (lifecycle.md, 5.6), so the pointer may be sent and shared.
#[repr(transparent)]
pub struct ComPtr<I: Interface>(NonNull<I>);

/// Any object, not yet asked for an interface (LPUNKNOWN).
pub type Unknown = ComPtr<IUnknown>;

// SAFETY: MAPI's objects may be used and released on any thread (using-thread-safe-objects.md); the exceptions,
// transport status objects and forms, are kept on their thread by those who open them.
unsafe impl<I: Interface> Send for ComPtr<I> {}
// SAFETY: as above.
unsafe impl<I: Interface> Sync for ComPtr<I> {}

impl<I: Interface> ComPtr<I> {
    /// Takes over one reference. `None` for a null pointer.
    ///
    /// # Safety
    /// `raw` is null or points to a live object with the vtable of `I` whose reference the caller gives away.
    #[must_use]
    pub unsafe fn from_raw(raw: *mut I) -> Option<Self> {
        NonNull::new(raw).map(Self)
    }

    /// Adds a reference to an object that somebody else keeps alive. `None` for a null pointer.
    ///
    /// # Safety
    /// `raw` is null or points to a live object with the vtable of `I`.
    #[must_use]
    pub unsafe fn from_borrowed(raw: *mut I) -> Option<Self> {
        let this = ManuallyDrop::new(Self(NonNull::new(raw)?));
        Some(Self::clone(&this))
    }

    /// The pointer; the reference stays here.
    #[must_use]
    pub fn as_raw(&self) -> *mut I {
        self.0.as_ptr()
    }

    /// Gives the reference away.
    #[must_use]
    pub fn into_raw(self) -> *mut I {
        ManuallyDrop::new(self).0.as_ptr()
    }

    /// QueryInterface for `J`.
    ///
    /// # Errors
    /// What the object answers, usually MAPI_E_INTERFACE_NOT_SUPPORTED; MAPI_E_CALL_FAILED for S_OK without an object.
    pub fn query<J: Interface>(&self) -> Result<ComPtr<J>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object is alive (we hold a reference); `out` is written on success with a pointer of J's vtable.
        let hr = unsafe {
            (self.unknown_vtbl().QueryInterface)(self.0.as_ptr().cast(), &J::IID, &raw mut out)
        };
        if hr < 0 {
            return Err(Error::provider(ErrorCode::from_hresult(hr))
                .context(format!("QueryInterface for {}", J::NAME)));
        }
        // SAFETY: on success QueryInterface gives us one reference on a J.
        unsafe { ComPtr::from_raw(out.cast()) }.ok_or_else(|| {
            Error::provider(ErrorCode::CALL_FAILED).context("QueryInterface gave no object")
        })
    }

    /// The same pointer as a parent interface.
    #[must_use]
    pub fn upcast<B: Interface>(self) -> ComPtr<B>
    where
        I: Inherits<B>,
    {
        ComPtr(NonNull::new(self.into_raw().cast()).expect("not null before the cast"))
    }

    /// The same pointer as a parent interface, borrowed.
    #[must_use]
    pub fn as_base<B: Interface>(&self) -> &ComPtr<B>
    where
        I: Inherits<B>,
    {
        // SAFETY: both are transparent wrappers of a pointer, and an I is a B: its vtable begins with B's.
        unsafe { &*std::ptr::from_ref(self).cast::<ComPtr<B>>() }
    }

    /// The same pointer as IUnknown.
    #[must_use]
    pub fn into_unknown(self) -> Unknown {
        ComPtr(NonNull::new(self.into_raw().cast()).expect("not null before the cast"))
    }

    /// Release, with what it answers: 0 means that this was the last reference.
    ///
    /// The value is for the report (OP-23); nothing else may rest on it.
    #[must_use]
    pub fn release(self) -> u32 {
        let this = ManuallyDrop::new(self);
        // SAFETY: we own one reference and give it back exactly here.
        unsafe { (this.unknown_vtbl().Release)(this.0.as_ptr().cast()) }
    }

    /// The vtable.
    #[must_use]
    pub fn vtbl(&self) -> &I::Vtbl {
        // SAFETY: every interface begins with a pointer to its vtable, and the object lives while we hold a reference.
        unsafe { &**self.0.as_ptr().cast::<*const I::Vtbl>() }
    }

    fn unknown_vtbl(&self) -> &IUnknownVtbl {
        // SAFETY: every interface begins with a pointer to a vtable that begins with IUnknown's three methods, and the
        // object lives while we hold a reference.
        unsafe { &**self.0.as_ptr().cast::<*const IUnknownVtbl>() }
    }
}

impl<I: Interface> Clone for ComPtr<I> {
    fn clone(&self) -> Self {
        // SAFETY: the object is alive, we hold a reference.
        unsafe { (self.unknown_vtbl().AddRef)(self.0.as_ptr().cast()) };
        Self(self.0)
    }
}

impl<I: Interface> Drop for ComPtr<I> {
    fn drop(&mut self) {
        // SAFETY: we own one reference and give it back exactly here.
        unsafe { (self.unknown_vtbl().Release)(self.0.as_ptr().cast()) };
    }
}

impl<I: Interface> fmt::Debug for ComPtr<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:p})", I::NAME, self.0)
    }
}

/// A pointer that somebody else keeps alive: an argument for the length of a call.
pub struct ComRef<'a, I: Interface>(NonNull<I>, PhantomData<&'a I>);

impl<I: Interface> Clone for ComRef<'_, I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I: Interface> Copy for ComRef<'_, I> {}

impl<I: Interface> ComRef<'_, I> {
    /// Borrows. `None` for a null pointer.
    ///
    /// # Safety
    /// `raw` is null or points to an object with the vtable of `I` that lives at least as long as the borrow.
    #[must_use]
    pub unsafe fn from_raw(raw: *mut I) -> Option<Self> {
        NonNull::new(raw).map(|p| Self(p, PhantomData))
    }

    /// A reference of one's own.
    #[must_use]
    pub fn to_owned(self) -> ComPtr<I> {
        let this = ManuallyDrop::new(ComPtr(self.0));
        ComPtr::clone(&this)
    }
}

impl<I: Interface> Deref for ComRef<'_, I> {
    type Target = ComPtr<I>;

    fn deref(&self) -> &ComPtr<I> {
        // SAFETY: ComPtr is a transparent-in-layout wrapper of the same NonNull, and the target is not dropped.
        unsafe { &*std::ptr::from_ref(&self.0).cast::<ComPtr<I>>() }
    }
}

/// Between the ABI's GUID and ours: the same 16 bytes on little-endian machines.
#[must_use]
pub fn guid_from_abi(guid: &mapi_sys::GUID) -> Guid {
    Guid::from_fields(guid.Data1, guid.Data2, guid.Data3, guid.Data4)
}

/// The way back.
#[must_use]
pub fn guid_to_abi(guid: &Guid) -> mapi_sys::GUID {
    let b = &guid.0;
    mapi_sys::GUID {
        Data1: u32::from_le_bytes([b[0], b[1], b[2], b[3]]),
        Data2: u16::from_le_bytes([b[4], b[5]]),
        Data3: u16::from_le_bytes([b[6], b[7]]),
        Data4: [b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]],
    }
}
