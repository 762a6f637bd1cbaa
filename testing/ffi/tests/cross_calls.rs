//! Every slot of the interfaces at MAPI's seams, called across the languages in both directions.
#![allow(unsafe_code)]

use mapi_ffi_tests::calls::{CASES, guids};
use mapi_ffi_tests::{Object, lock};
use std::ffi::CStr;

#[test]
fn rust_calls_every_slot_of_a_cpp_object() {
    let _log = lock();
    for case in CASES {
        // SAFETY: the object is the C++ recorder of the interface that `call_from_rust` calls.
        let wrong = unsafe { (case.call_from_rust)((case.cpp_object)()) };
        assert_eq!(wrong, None, "{}", case.name);
    }
}

#[test]
fn cpp_calls_every_slot_of_a_rust_object() {
    let _log = lock();
    for case in CASES {
        let mut object = Object {
            vtable: case.vtable,
        };
        // SAFETY: the object has the vtable of the interface that `call_from_cpp` calls, and outlives the call.
        let wrong = unsafe { (case.call_from_cpp)((&raw mut object).cast()) };
        // SAFETY: null, or a string literal.
        let wrong = (!wrong.is_null()).then(|| unsafe { CStr::from_ptr(wrong) });
        assert_eq!(wrong, None, "{}", case.name);
    }
}

#[test]
fn identifiers_are_the_same_in_c_and_rust() {
    for (name, rust, c) in guids() {
        assert_eq!(rust, c, "{name}");
    }
}
