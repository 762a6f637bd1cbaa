//! IMalloc: the memory object that entry points get.

use std::ffi::c_void;
use std::sync::atomic::{AtomicU32, Ordering};

use mapi_sys::{
    GUID, HRESULT, IID_IMalloc, IID_IUnknown, IMalloc, IMallocVtbl, IUnknown, IUnknownVtbl, SIZE_T,
};
use mapi_types::ErrorCode;

use super::block::{self, Kind};
use super::ledger::OWNERS;
use super::{Owner, debug};
use crate::ptr::ComPtr;

/// The IMalloc of an owner: what its entry point gets, with one reference for the caller.
///
/// The object is never freed, so a provider that keeps it without AddRef, or after its end, does no harm; the count is there
/// to be looked at (LIFE-INIT-011).
#[must_use]
pub fn malloc_object(owner: Owner) -> ComPtr<IMalloc> {
    let object = &OBJECTS[owner.index() as usize];
    object.references.fetch_add(1, Ordering::AcqRel);
    let raw = std::ptr::from_ref(object).cast_mut().cast::<IMalloc>();
    // SAFETY: the object is static and begins with an IMalloc vtable; the reference was added above.
    unsafe { ComPtr::from_raw(raw) }.expect("a static is not null")
}

/// References on the IMalloc of an owner; 0 when all who kept it have given it back.
#[must_use]
pub fn malloc_references(owner: Owner) -> u32 {
    OBJECTS[owner.index() as usize]
        .references
        .load(Ordering::Acquire)
}

#[repr(C)]
struct Object {
    vtbl: &'static IMallocVtbl,
    references: AtomicU32,
}

static OBJECTS: [Object; OWNERS] = [const {
    Object {
        vtbl: &VTBL,
        references: AtomicU32::new(0),
    }
}; OWNERS];

static VTBL: IMallocVtbl = IMallocVtbl {
    base: IUnknownVtbl {
        QueryInterface: query_interface,
        AddRef: add_ref,
        Release: release,
    },
    Alloc: alloc,
    Realloc: realloc,
    Free: free,
    GetSize: get_size,
    DidAlloc: did_alloc,
    HeapMinimize: heap_minimize,
};

/// The owner of an object: its place in the table.
fn owner_of(this: *const Object) -> u8 {
    let offset = this.addr().wrapping_sub(OBJECTS.as_ptr().addr());
    u8::try_from(offset / size_of::<Object>() % OWNERS).unwrap_or(0)
}

unsafe extern "system" fn query_interface(
    this: *mut IUnknown,
    interface: *const GUID,
    out: *mut *mut c_void,
) -> HRESULT {
    if interface.is_null() || out.is_null() {
        return ErrorCode::INVALID_PARAMETER.hresult();
    }
    // SAFETY: both were checked; the caller passes a GUID and a place for a pointer.
    unsafe {
        if *interface == IID_IUnknown || *interface == IID_IMalloc {
            add_ref(this);
            *out = this.cast();
            return 0;
        }
        *out = std::ptr::null_mut();
    }
    ErrorCode::INTERFACE_NOT_SUPPORTED.hresult()
}

unsafe extern "system" fn add_ref(this: *mut IUnknown) -> u32 {
    // SAFETY: `this` is one of OBJECTS.
    let object = unsafe { &*this.cast::<Object>() };
    object.references.fetch_add(1, Ordering::AcqRel) + 1
}

unsafe extern "system" fn release(this: *mut IUnknown) -> u32 {
    // SAFETY: `this` is one of OBJECTS.
    let object = unsafe { &*this.cast::<Object>() };
    // A Release too many leaves the count at zero.
    let before = object
        .references
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1));
    before.map_or(0, |n| n - 1)
}

unsafe extern "system" fn alloc(this: *mut IMalloc, size: SIZE_T) -> *mut c_void {
    u32::try_from(size).map_or(std::ptr::null_mut(), |size| {
        debug::allocate_plain(owner_of(this.cast()), size).cast()
    })
}

unsafe extern "system" fn realloc(
    this: *mut IMalloc,
    old: *mut c_void,
    size: SIZE_T,
) -> *mut c_void {
    // SAFETY: the caller passes null or a block of this object; the smaller of the two sizes is copied.
    unsafe {
        if old.is_null() {
            return alloc(this, size);
        }
        if size == 0 {
            free(this, old);
            return std::ptr::null_mut();
        }
        let had = get_size(this, old);
        if had == SIZE_T::MAX {
            return std::ptr::null_mut();
        }
        let new = alloc(this, size);
        if !new.is_null() {
            new.cast::<u8>()
                .copy_from_nonoverlapping(old.cast(), had.min(size));
            free(this, old);
        }
        new
    }
}

unsafe extern "system" fn free(_this: *mut IMalloc, block: *mut c_void) {
    let block = block.cast::<u8>();
    if block.is_null() {
        return;
    }
    // SAFETY: the caller passes a block of this object that nobody uses any more.
    unsafe {
        match block::header_of(block, Kind::Plain) {
            None => {
                debug::refuse(block);
            }
            Some(header) if header.as_ref().watched != 0 => {
                // What is wrong is a finding; Free has no result to tell it with.
                debug::free(block, header);
            }
            Some(header) => block::give_back(block, header),
        }
    }
}

/// -1 for null and for what is no block.
unsafe extern "system" fn get_size(_this: *mut IMalloc, block: *mut c_void) -> SIZE_T {
    // SAFETY: the caller passes null or a block.
    unsafe { block::header_of(block.cast(), Kind::Plain) }
        // SAFETY: the header of a live block.
        .map_or(SIZE_T::MAX, |h| unsafe { h.as_ref().left as SIZE_T })
}

/// 1 for a block of IMalloc, 0 for something else, -1 for null.
unsafe extern "system" fn did_alloc(_this: *mut IMalloc, block: *mut c_void) -> i32 {
    if block.is_null() {
        return -1;
    }
    // SAFETY: the caller passes a block, of whomever.
    i32::from(unsafe { block::header_of(block.cast(), Kind::Plain) }.is_some())
}

unsafe extern "system" fn heap_minimize(_this: *mut IMalloc) {}
