//! Proof that C, C++ and Rust mean the same thing: objects that record the slot and the arguments of each call, one in
//! each language, called from the other. `cpp/calls.hpp` is the other half of this file and computes the same values.
#![allow(unsafe_code)]

pub mod calls;

use std::ffi::{c_char, c_void};
use std::mem::{size_of, transmute_copy};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One interface: its C++ recorder, its Rust recorder, and the callers of either.
pub struct Case {
    /// The interface.
    pub name: &'static str,
    /// The C++ object.
    pub cpp_object: unsafe extern "C" fn() -> *mut c_void,
    /// Calls every slot of an object from C++; the name of the first method that did not get what was sent, or null.
    pub call_from_cpp: unsafe extern "C" fn(*mut c_void) -> *const c_char,
    /// The vtable of the Rust object.
    pub vtable: *const c_void,
    /// Calls every slot of an object from Rust.
    pub call_from_rust: unsafe fn(*mut c_void) -> Option<&'static str>,
}

// SAFETY: the pointer is the address of a static that nobody changes.
unsafe impl Sync for Case {}

/// An object: a vtable pointer and nothing else, for recorders keep their log elsewhere.
#[repr(C)]
pub struct Object {
    /// As every interface begins.
    pub vtable: *const c_void,
}

const ARGUMENTS: usize = 16;

/// `openmapi_ffi_call` of `cpp/calls.hpp`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Call {
    slot: u32,
    count: u32,
    words: [u64; ARGUMENTS],
}

unsafe extern "C" {
    static mut openmapi_ffi_last: Call;
}

/// The log has room for one call: whoever calls a recorder holds this lock.
pub fn lock() -> MutexGuard<'static, ()> {
    static LOG: Mutex<()> = Mutex::new(());
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pattern(slot: u32, at: u32, size: usize) -> u64 {
    let low = u64::from(0x5A00_0000 | (slot << 16) | (at << 8) | 0x40);
    if size == 8 {
        (u64::from(0x7B00 | at) << 32) | low
    } else {
        low
    }
}

/// The value of argument `at` of the method in `slot`. Pointers are never followed.
///
/// # Safety
/// `T` is an integer, a pointer or an `Option` of a function, of four or eight bytes.
unsafe fn value<T: Copy>(slot: u32, at: u32) -> T {
    let wide = pattern(slot, at, size_of::<T>());
    match size_of::<T>() {
        // SAFETY: every pattern of bits is a value of such a type, as the caller promises.
        8 => unsafe { transmute_copy(&wide) },
        4 => {
            let narrow = u32::try_from(wide).expect("a narrow pattern");
            // SAFETY: as above.
            unsafe { transmute_copy(&narrow) }
        }
        size => panic!("an argument of {size} bytes"),
    }
}

/// The bits of an argument.
fn word<T: Copy>(value: T) -> u64 {
    match size_of::<T>() {
        // SAFETY: the type has that size and, being an integer, a pointer or a function, no padding.
        8 => unsafe { transmute_copy(&value) },
        // SAFETY: as above.
        4 => u64::from(unsafe { transmute_copy::<T, u32>(&value) }),
        size => panic!("an argument of {size} bytes"),
    }
}

/// What the method in `slot` answers.
fn result<R: From<u8>>(slot: u32) -> R {
    R::from(u8::try_from(0x20 + slot).expect("no interface has so many slots"))
}

/// What a recorder does when the method in `slot` is called.
fn record<R: From<u8>>(slot: u32, words: &[u64]) -> R {
    let mut call = Call {
        slot,
        count: u32::try_from(words.len()).expect("few arguments"),
        words: [0; ARGUMENTS],
    };
    call.words[..words.len()].copy_from_slice(words);
    // SAFETY: recorders are called under `lock`.
    unsafe { openmapi_ffi_last = call };
    result(slot)
}

/// Whether the last call reached `slot` with the `count` arguments that were sent, and `answered` as it should.
fn arrived(slot: u32, count: u32, answered: bool) -> bool {
    // SAFETY: read under `lock`, after the call has come back.
    let call = unsafe { openmapi_ffi_last };
    let same = |at: u32| {
        let found = call.words[at as usize];
        found == pattern(slot, at, 8) || found == pattern(slot, at, 4)
    };
    answered && call.slot == slot && call.count == count && (0..count).all(same)
}
