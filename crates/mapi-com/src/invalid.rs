//! MakeInvalid, MAPI's side of it: objects that have ended and still have references.
//!
//! An object that came from MAPIAllocateBuffer becomes a shell of MAPI's: its first pointer is replaced by a vtable of ours
//! whose AddRef and Release count, whose QueryInterface knows IUnknown (OP-13), and whose other methods answer
//! MAPI_E_INVALID_OBJECT. The last Release gives the block back with MAPIFreeBuffer. So a client may keep and release it
//! whenever it likes, also after the library that made it is gone (imapisupport-makeinvalid.md, LIFE-SUP-006).

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use mapi_sys::{
    GUID, HRESULT, IABContainer, IABContainerVtbl, IAttach, IDistList, IID_IUnknown,
    IMAPIContainer, IMAPIFolder, IMAPIFolderVtbl, IMAPIProgress, IMAPIProp, IMAPIPropVtbl,
    IMAPIStatus, IMAPIStatusVtbl, IMAPITable, IMAPITableVtbl, IMailUser, IMessage, IMessageVtbl,
    IMsgStore, IMsgStoreVtbl, IProfSect, IStream, IUnknown, IUnknownVtbl, Interface,
};
use mapi_types::{Error, ErrorCode, Guid, Result};

use crate::alloc::{Allocator, root_size};
use crate::ptr::guid_to_abi;
use crate::scope::ShellBlock;

/// What MakeInvalid wants of an object: room for [`Invalid`].
const MIN_SIZE: usize = 16;
const MIN_METHODS: u32 = 3;
/// Slots of our vtable; the largest interface of MAPI has 44.
const SLOTS: usize = 256;

/// What an object is from then on.
///
/// The count stands in the last four of the 16 bytes, not behind the vtable pointer: there our own shells have theirs, which
/// a thread that was just on its way into the old Release may still look at (see [`crate::shell`]).
#[repr(C)]
struct Invalid {
    vtbl: AtomicPtr<Vtbl>,
    kept: [u8; MIN_SIZE - size_of::<usize>() - size_of::<u32>()],
    references: AtomicU32,
}

const _: () = assert!(size_of::<Invalid>() == MIN_SIZE);

#[repr(C)]
struct Vtbl {
    unknown: IUnknownVtbl,
    methods: [unsafe extern "system" fn() -> HRESULT; SLOTS - 3],
}

/// Off 32-bit Windows the caller removes the arguments, so that one function does for all signatures.
static VTBL: Vtbl = Vtbl {
    unknown: IUnknownVtbl {
        QueryInterface: query_interface,
        AddRef: add_ref,
        Release: release,
    },
    methods: [method; SLOTS - 3],
};

/// How many objects are outstanding: they need this library's code.
static OUTSTANDING: AtomicUsize = AtomicUsize::new(0);

/// How many objects are MAPI's shells now. While there are any, the library must not be unloaded.
#[must_use]
pub fn outstanding() -> usize {
    OUTSTANDING.load(Ordering::Acquire)
}

/// IMAPISupport::MakeInvalid.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER: `object` is no root block of MAPI's allocator, is smaller than 16 bytes or has fewer than three
/// methods, or there is no reference; nothing has happened. MAPI_E_INVALID_OBJECT: it is invalid already.
///
/// # Safety
/// `object` is null, a block of MAPI's allocator that is an object nobody is inside of and whose count nobody changes
/// through the old vtable any more, or memory whose 8 bytes before it may be read.
pub unsafe fn make_invalid(object: *mut c_void, references: u32, methods: u32) -> Result<()> {
    let refuse = |text| Err(Error::caller(ErrorCode::INVALID_PARAMETER).context(text));
    if cfg!(all(windows, target_arch = "x86")) {
        return Err(Error::no_support());
    }
    // SAFETY: by the contract above.
    let Some(size) = (unsafe { root_size(object.cast()) }) else {
        return refuse("the object did not come from MAPIAllocateBuffer");
    };
    if size < MIN_SIZE || methods < MIN_METHODS {
        return refuse("an object has at least 16 bytes and three methods");
    }
    if methods as usize > SLOTS || references == 0 {
        return refuse("the number of methods or references cannot be right");
    }
    // SAFETY: a live block of at least 16 bytes, aligned for a pointer.
    let invalid = unsafe { &*object.cast::<Invalid>() };
    let ours = std::ptr::from_ref(&VTBL).cast_mut();
    if invalid.vtbl.load(Ordering::Acquire) == ours {
        return Err(
            Error::caller(ErrorCode::INVALID_OBJECT).context("the object is invalid already")
        );
    }
    OUTSTANDING.fetch_add(1, Ordering::AcqRel);
    invalid.references.store(references, Ordering::Relaxed);
    // Whoever sees the vtable sees the count as well.
    invalid.vtbl.store(ours, Ordering::Release);
    Ok(())
}

/// As [`make_invalid`], for a shell of ours.
///
/// # Errors
/// As [`make_invalid`].
pub fn take_over(shell: &ShellBlock) -> Result<()> {
    // SAFETY: only a shell makes a ShellBlock, of itself, while its count stands still.
    unsafe { make_invalid(shell.object, shell.references, shell.methods) }
}

/// What an object with so many methods is. MakeInvalid says no more about it.
#[must_use]
pub fn kind_of(methods: u32) -> &'static str {
    const fn slots<V>() -> usize {
        size_of::<V>() / size_of::<usize>()
    }
    const PROP: usize = slots::<IMAPIPropVtbl>();
    const KINDS: [(usize, &str); 7] = [
        (slots::<IMsgStoreVtbl>(), "IMsgStore"),
        (slots::<IMAPIFolderVtbl>(), "IMAPIFolder"),
        (slots::<IMessageVtbl>(), "IMessage"),
        (slots::<IMAPITableVtbl>(), "IMAPITable"),
        (slots::<IABContainerVtbl>(), "IABContainer"),
        (slots::<IMAPIStatusVtbl>(), "IMAPIStatus"),
        // An attachment, a recipient or a profile section has no method of its own, and a stream has as many.
        (PROP, "IMAPIProp or IStream"),
    ];
    let mut kinds = KINDS.iter();
    let found = kinds.find(|(slots, _)| u32::try_from(*slots) == Ok(methods));
    found.map_or("object", |(_, name)| name)
}

/// The name of the interface that an object of a provider has; `None` if no such object exists.
#[must_use]
pub fn name_of(interface: &Guid) -> Option<&'static str> {
    const fn known<I: Interface>() -> (GUID, &'static str) {
        (I::IID, I::NAME)
    }
    const NAMES: [(GUID, &str); 14] = [
        known::<IMsgStore>(),
        known::<IMAPIFolder>(),
        known::<IMessage>(),
        known::<IAttach>(),
        known::<IStream>(),
        known::<IMAPITable>(),
        known::<IMAPIStatus>(),
        known::<IABContainer>(),
        known::<IDistList>(),
        known::<IMailUser>(),
        known::<IMAPIContainer>(),
        known::<IMAPIProp>(),
        known::<IProfSect>(),
        known::<IMAPIProgress>(),
    ];
    let wanted = guid_to_abi(interface);
    let mut names = NAMES.iter();
    names.find(|(iid, _)| *iid == wanted).map(|(_, name)| *name)
}

unsafe extern "system" fn query_interface(
    this: *mut IUnknown,
    interface: *const GUID,
    out: *mut *mut c_void,
) -> HRESULT {
    if out.is_null() {
        return ErrorCode::INVALID_PARAMETER.hresult();
    }
    // SAFETY: the caller holds the object; `out` is a place for a pointer and `interface` null or a GUID.
    unsafe {
        if !interface.is_null() && *interface == IID_IUnknown {
            add_ref(this);
            *out = this.cast();
            return 0;
        }
        *out = std::ptr::null_mut();
    }
    ErrorCode::INVALID_OBJECT.hresult()
}

unsafe extern "system" fn add_ref(this: *mut IUnknown) -> u32 {
    // SAFETY: the caller holds the object.
    let invalid = unsafe { &*this.cast::<Invalid>() };
    invalid.references.fetch_add(1, Ordering::AcqRel) + 1
}

unsafe extern "system" fn release(this: *mut IUnknown) -> u32 {
    // SAFETY: the caller gives a reference back; with the last one the block is nobody's.
    unsafe {
        let left = (*this.cast::<Invalid>())
            .references
            .fetch_sub(1, Ordering::AcqRel)
            - 1;
        if left == 0 {
            Allocator::local().free(NonNull::new_unchecked(this.cast()));
            OUTSTANDING.fetch_sub(1, Ordering::AcqRel);
        }
        left
    }
}

unsafe extern "system" fn method() -> HRESULT {
    ErrorCode::INVALID_OBJECT.hresult()
}

#[cfg(test)]
mod tests {
    use super::kind_of;

    #[test]
    fn the_number_of_methods_tells_what_an_object_is() {
        assert_eq!(kind_of(14), "IMAPIProp or IStream");
        assert_eq!(kind_of(3), "object");
        let all: std::collections::BTreeSet<&str> = (0..60).map(kind_of).collect();
        assert_eq!(all.len(), 8, "two kinds with the same number: {all:?}");
    }
}
