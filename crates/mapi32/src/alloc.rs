//! MAPIAllocateBuffer and its kin. They need no MAPIInitialize and stay valid after the last MAPIUninitialize (OP-38).

use mapi_com::alloc::{Allocator, Owner, malloc_object};
use mapi_sys::{LPADRLIST, LPMALLOC, LPSRowSet, LPVOID, SCODE, ULONG};

use crate::guard::or;

/// MAPIAllocateBuffer: a block of its own. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MAPIAllocateBuffer(size: ULONG, buffer: *mut LPVOID) -> SCODE {
    let (allocate, _, _) = Allocator::local().functions();
    // SAFETY: the inner function checks its arguments, and is a panic boundary of its own.
    unsafe { allocate(size, buffer) }
}

/// MAPIAllocateMore: a block that is freed with `object`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MAPIAllocateMore(
    size: ULONG,
    object: LPVOID,
    buffer: *mut LPVOID,
) -> SCODE {
    let (_, more, _) = Allocator::local().functions();
    // SAFETY: as above.
    unsafe { more(size, object, buffer) }
}

/// MAPIFreeBuffer: frees a block and what was added to it; NULL is a success.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MAPIFreeBuffer(buffer: LPVOID) -> ULONG {
    let (_, _, free) = Allocator::local().functions();
    // SAFETY: as above.
    unsafe { free(buffer) }
}

/// MAPIGetDefaultMalloc: the IMalloc of MAPI, with a reference for the caller.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MAPIGetDefaultMalloc() -> LPMALLOC {
    or("MAPIGetDefaultMalloc", std::ptr::null_mut(), || {
        Ok(malloc_object(Owner::MAPI).into_raw())
    })
}

/// FreeProws: frees a row set and the properties of its rows, which are blocks of their own.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FreeProws(rows: LPSRowSet) {
    or("FreeProws", (), || {
        // SAFETY: the caller gives the set away, by the page; the value frees it.
        drop(unsafe { mapi_com::marshal::RowSet::from_raw(rows, Allocator::local()) });
        Ok(())
    });
}

/// FreePadrlist: the same for an address list.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FreePadrlist(list: LPADRLIST) {
    or("FreePadrlist", (), || {
        // SAFETY: as above.
        drop(unsafe { mapi_com::marshal::RowSet::from_adr_list(list, Allocator::local()) });
        Ok(())
    });
}
