//! Shells, scopes and MakeInvalid, through the vtables.
#![allow(unsafe_code, clippy::unwrap_used)]

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use mapi_com::alloc::{Allocator, OwnerSlot, malloc_object};
use mapi_com::iface::{ComObject, Progress};
use mapi_com::invalid;
use mapi_com::ptr::{ComPtr, Unknown};
use mapi_com::scope::Scope;
use mapi_com::shell::{export, export_weak};
use mapi_sys::{GUID, IID_IMAPIProgress, IID_IMAPITable, IMAPIProgress, IUnknown};
use mapi_types::{ErrorCode, Guid, Result};

/// Counts what happens to it.
#[derive(Default)]
struct Told {
    last_releases: AtomicU32,
    drops: AtomicU32,
    calls: AtomicU32,
    panics: AtomicBool,
}

struct Probe(Arc<Told>, Option<Unknown>);

impl Drop for Probe {
    fn drop(&mut self) {
        self.0.drops.fetch_add(1, Ordering::SeqCst);
    }
}

impl ComObject for Probe {
    fn other_interface(&self, interface: &Guid) -> Option<Unknown> {
        self.act();
        (*interface == mapi_com::ptr::guid_from_abi(&IID_IMAPITable))
            .then(|| self.1.clone())
            .flatten()
    }

    fn last_release(&self) {
        self.0.last_releases.fetch_add(1, Ordering::SeqCst);
        self.act();
    }
}

impl Probe {
    fn act(&self) {
        self.0.calls.fetch_add(1, Ordering::SeqCst);
        assert!(!self.0.panics.load(Ordering::SeqCst), "told to panic");
    }
}

impl Progress for Probe {
    fn progress(&self, value: u32, count: u32, total: u32) -> Result<()> {
        self.act();
        if value + count + total == 0 {
            return Err(mapi_types::Error::caller(ErrorCode::USER_CANCEL).context("enough"));
        }
        Ok(())
    }

    fn get_flags(&self) -> Result<u32> {
        self.act();
        Ok(7)
    }

    fn get_limits(&self) -> Result<(u32, u32)> {
        self.act();
        Ok((1, 100))
    }

    fn set_limits(&self, _: Option<u32>, _: Option<u32>, _: Option<u32>) -> Result<()> {
        self.act();
        Ok(())
    }
}

fn probe(scope: &Arc<Scope>, told: &Arc<Told>) -> ComPtr<IMAPIProgress> {
    export::<dyn Progress>(scope, Arc::new(Probe(Arc::clone(told), None))).unwrap()
}

fn invalidate(scope: &Scope) -> usize {
    scope.invalidate_all(&invalid::take_over).len()
}

/// Calls every slot from 3 on without arguments that mean anything: only for objects that do not look at them.
fn call_all_slots(object: &Unknown, slots: usize) -> Vec<u32> {
    // SAFETY: an invalid object does not look at its arguments, and its vtable is longer than any interface.
    unsafe {
        let vtbl = *object
            .as_raw()
            .cast::<*const unsafe extern "system" fn(*mut c_void) -> i32>();
        (3..slots)
            .map(|slot| (*vtbl.add(slot))(object.as_raw().cast()).cast_unsigned())
            .collect()
    }
}

// A shell's life.

#[test]
fn counts_are_what_addref_and_release_say() {
    let told = Arc::new(Told::default());
    let slot = OwnerSlot::reserve("counts");
    let scope = Scope::new("test", slot.owner().allocator());
    let object = probe(&scope, &told);
    let second = object.clone();
    assert_eq!(scope.open_objects()[0].references, 2);
    assert_eq!(scope.open_objects()[0].kind, "IMAPIProgress");
    assert_eq!(second.release(), 1);
    assert_eq!(told.drops.load(Ordering::SeqCst), 0);
    assert_eq!(object.release(), 0);
    assert_eq!(told.last_releases.load(Ordering::SeqCst), 1);
    assert_eq!(told.drops.load(Ordering::SeqCst), 1);
    assert_eq!(scope.open_count(), 0);
    assert_eq!(slot.owner().usage().blocks, 0);
}

#[test]
fn query_interface_keeps_identity_and_refuses_what_is_not_there() {
    let told = Arc::new(Told::default());
    let scope = Scope::new("test", Allocator::local());
    let inner = probe(&scope, &told).into_unknown();
    let inner_raw = inner.as_raw();
    let outer = Arc::new(Probe(Arc::clone(&told), Some(inner)));
    let object = export::<dyn Progress>(&scope, outer).unwrap();
    let unknown = object.query::<IUnknown>().unwrap();
    assert_eq!(unknown.as_raw().cast(), object.as_raw());
    let again = unknown.query::<IMAPIProgress>().unwrap();
    assert_eq!(again.as_raw(), object.as_raw());
    let other = object.query::<mapi_sys::IMAPITable>().unwrap();
    assert_eq!(other.as_raw().cast(), inner_raw);
    let refused = object.query::<mapi_sys::IMAPISession>().unwrap_err();
    assert_eq!(refused.code(), ErrorCode::INTERFACE_NOT_SUPPORTED);
    // SAFETY: the null arguments are what is tested.
    unsafe {
        let vtbl = &object.vtbl().base;
        let mut out = std::ptr::null_mut();
        let this = object.as_raw().cast();
        let invalid = ErrorCode::INVALID_PARAMETER.hresult();
        assert_eq!(
            (vtbl.QueryInterface)(this, std::ptr::null(), &raw mut out),
            invalid
        );
        let iid: GUID = IID_IMAPIProgress;
        assert_eq!(
            (vtbl.QueryInterface)(this, &raw const iid, std::ptr::null_mut()),
            invalid
        );
    }
}

/// LIFE-MEM-009: no panic crosses a vtable, whichever slot it happens in.
#[test]
fn life_mem_009_a_panic_in_any_slot_is_call_failed() {
    let told = Arc::new(Told::default());
    let scope = Scope::new("test", Allocator::local());
    let object = probe(&scope, &told);
    told.panics.store(true, Ordering::SeqCst);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let failed = Some(ErrorCode::CALL_FAILED);
    assert_eq!(object.progress(1, 2, 3).err().map(|e| e.code()), failed);
    assert_eq!(object.get_flags().err().map(|e| e.code()), failed);
    assert_eq!(object.get_limits().err().map(|e| e.code()), failed);
    assert_eq!(
        object.set_limits(None, None, None).err().map(|e| e.code()),
        failed
    );
    assert!(object.query::<mapi_sys::IMAPITable>().is_err());
    assert_eq!(
        object.release(),
        0,
        "last_release panics too, and the object is dropped all the same"
    );
    std::panic::set_hook(hook);
    assert_eq!(told.drops.load(Ordering::SeqCst), 1);
    assert_eq!(scope.running(), 0, "a call that panicked is over");
}

#[test]
fn life_logoff_018_a_closed_scope_answers_invalid_object_and_release_is_safe() {
    let told = Arc::new(Told::default());
    let scope = Scope::new("test", Allocator::local());
    let object = probe(&scope, &told);
    scope.close();
    assert_eq!(
        object.get_flags().unwrap_err().code(),
        ErrorCode::INVALID_OBJECT
    );
    drop(scope);
    let second = object.clone();
    assert_eq!(second.release(), 1);
    assert_eq!(object.release(), 0);
    assert_eq!(told.drops.load(Ordering::SeqCst), 1);
}

#[test]
fn a_weak_pointer_gives_the_object_as_long_as_it_lives() {
    let told = Arc::new(Told::default());
    let scope = Scope::new("test", Allocator::local());
    let probe = Arc::new(Probe(Arc::clone(&told), None));
    let (object, weak) = export_weak::<dyn Progress>(&scope, probe).unwrap();
    assert_eq!(weak.upgrade().unwrap().as_raw(), object.as_raw());
    drop(object);
    assert!(weak.upgrade().is_none());
    let told = Arc::new(Told::default());
    let probe = Arc::new(Probe(Arc::clone(&told), None));
    let (object, weak) = export_weak::<dyn Progress>(&scope, probe).unwrap();
    invalidate(&scope);
    assert!(weak.upgrade().is_none());
    drop(object);
}

// MakeInvalid.

#[test]
fn life_sup_006_an_invalid_object_counts_and_refuses_everything_else() {
    let told = Arc::new(Told::default());
    let slot = OwnerSlot::reserve("invalid");
    let scope = Scope::new("test", slot.owner().allocator());
    let object = probe(&scope, &told).into_unknown();
    let second = object.clone();
    assert_eq!(invalidate(&scope), 1);
    assert_eq!(
        told.drops.load(Ordering::SeqCst),
        1,
        "what was inside is gone"
    );
    assert_eq!(
        told.last_releases.load(Ordering::SeqCst),
        0,
        "nobody has released it"
    );
    assert_eq!(slot.owner().usage().blocks, 1, "the block is not");
    drop(scope);
    assert!(
        call_all_slots(&object, 256)
            .iter()
            .all(|c| *c == ErrorCode::INVALID_OBJECT.0)
    );
    let unknown = object.query::<IUnknown>().unwrap();
    assert_eq!(unknown.as_raw(), object.as_raw());
    assert_eq!(unknown.release(), 2);
    let refused = object.query::<IMAPIProgress>().unwrap_err();
    assert_eq!(refused.code(), ErrorCode::INVALID_OBJECT);
    assert_eq!(second.release(), 1);
    assert_eq!(object.release(), 0);
    assert_eq!(slot.owner().usage().blocks, 0);
}

#[repr(C)]
struct Foreign {
    vtbl: *const c_void,
    count: u64,
}

#[test]
fn life_sup_006_what_cannot_be_made_invalid_is_refused_and_left_alone() {
    let slot = OwnerSlot::reserve("refused");
    let allocator = slot.owner().allocator();
    let make = |object: *mut c_void, references, methods| {
        // SAFETY: the arguments are what is tested; what they point to has bytes before it.
        let result = unsafe { invalid::make_invalid(object, references, methods) };
        result.map_err(|e| e.code())
    };
    let refused = Err(ErrorCode::INVALID_PARAMETER);
    let block = allocator.allocate(16).unwrap();
    let small = allocator.allocate(15).unwrap();
    // SAFETY: live blocks.
    unsafe {
        block.cast::<Foreign>().write(Foreign {
            vtbl: std::ptr::null(),
            count: 5,
        });
        let more = allocator.allocate_more(64, block).unwrap();
        assert_eq!(make(more.as_ptr().cast(), 1, 3), refused, "an addition");
    }
    let mut own = [0u64; 8];
    assert_eq!(
        make((&raw mut own[4]).cast(), 1, 3),
        refused,
        "not from MAPI's allocator"
    );
    assert_eq!(make(std::ptr::null_mut(), 1, 3), refused);
    assert_eq!(make(small.as_ptr().cast(), 1, 3), refused, "15 bytes");
    assert_eq!(make(block.as_ptr().cast(), 1, 2), refused, "two methods");
    assert_eq!(make(block.as_ptr().cast(), 0, 3), refused, "no reference");
    assert_eq!(
        make(block.as_ptr().cast(), 1, 257),
        refused,
        "more methods than anything has"
    );
    let malloc = malloc_object(slot.owner());
    // SAFETY: a block of IMalloc.
    unsafe {
        let plain = (malloc.vtbl().Alloc)(malloc.as_raw(), 64);
        assert_eq!(make(plain, 1, 3), refused, "from IMalloc");
        (malloc.vtbl().Free)(malloc.as_raw(), plain);
        assert!((*block.cast::<Foreign>().as_ptr()).vtbl.is_null());
    }
    assert_eq!(make(block.as_ptr().cast(), 2, 3), Ok(()));
    assert_eq!(
        make(block.as_ptr().cast(), 2, 3),
        Err(ErrorCode::INVALID_OBJECT)
    );
    // SAFETY: the block is an object with two references now; `small` is a live block.
    unsafe {
        let object = Unknown::from_raw(block.as_ptr().cast()).unwrap();
        assert_eq!(object.clone().release(), 2);
        let second = Unknown::from_raw(block.as_ptr().cast()).unwrap();
        assert_eq!(second.release(), 1);
        assert_eq!(object.release(), 0);
        allocator.free(small);
    }
    assert_eq!(slot.owner().usage().blocks, 0);
}

#[test]
fn what_make_invalid_refuses_stays_a_shell_that_answers_invalid_object() {
    let told = Arc::new(Told::default());
    let slot = OwnerSlot::reserve("stays");
    let scope = Scope::new("test", slot.owner().allocator());
    let object = probe(&scope, &told);
    let census = scope.invalidate_all(&|_| Err(mapi_types::Error::no_support()));
    assert_eq!(census.len(), 1);
    assert_eq!(
        object.get_flags().unwrap_err().code(),
        ErrorCode::INVALID_OBJECT
    );
    assert_eq!(object.clone().release(), 1);
    assert_eq!(object.release(), 0);
    assert_eq!(slot.owner().usage().blocks, 0);
}

// Races. Each runs often enough that a count which is lost shows in the ledger.

const ROUNDS: usize = 300;

#[test]
fn life_mem_010_references_and_calls_race_with_the_end_of_their_scope() {
    let slot = OwnerSlot::reserve("races");
    for _ in 0..ROUNDS {
        let told = Arc::new(Told::default());
        let scope = Scope::new("race", slot.owner().allocator());
        let objects: Vec<_> = (0..4).map(|_| probe(&scope, &told)).collect();
        let start = Arc::new(Barrier::new(9));
        thread::scope(|threads| {
            for _ in 0..8 {
                let (mine, start) = (objects.clone(), Arc::clone(&start));
                threads.spawn(move || {
                    start.wait();
                    for object in &mine {
                        let again = object.clone();
                        let code = again.get_flags().err().map(|e| e.code());
                        assert!(code.is_none() || code == Some(ErrorCode::INVALID_OBJECT));
                        let _ = again.query::<IUnknown>();
                    }
                });
            }
            start.wait();
            scope.close();
            assert!(scope.wait_idle(0, Some(Duration::from_secs(60))));
            scope.invalidate_all(&invalid::take_over);
        });
        drop(objects);
        assert_eq!(told.drops.load(Ordering::SeqCst), 4);
        assert_eq!(slot.owner().usage().blocks, 0);
    }
}

#[test]
fn the_last_release_races_with_the_end_of_the_scope() {
    let slot = OwnerSlot::reserve("last");
    for _ in 0..ROUNDS {
        let told = Arc::new(Told::default());
        let scope = Scope::new("race", slot.owner().allocator());
        let mut objects: Vec<_> = (0..64).map(|_| probe(&scope, &told)).collect();
        let start = Arc::new(Barrier::new(3));
        thread::scope(|threads| {
            let (front, back) = (objects.split_off(32), std::mem::take(&mut objects));
            for mine in [front, back] {
                let start = Arc::clone(&start);
                threads.spawn(move || {
                    start.wait();
                    drop(mine);
                });
            }
            start.wait();
            scope.invalidate_all(&invalid::take_over);
        });
        assert_eq!(told.drops.load(Ordering::SeqCst), 64);
        assert_eq!(scope.open_count(), 0);
        assert_eq!(slot.owner().usage().blocks, 0);
    }
}

#[test]
fn a_weak_pointer_races_with_the_last_release() {
    let slot = OwnerSlot::reserve("weak");
    for _ in 0..ROUNDS {
        let told = Arc::new(Told::default());
        let scope = Scope::new("race", slot.owner().allocator());
        let inside = Arc::new(Probe(Arc::clone(&told), None));
        let (object, weak) = export_weak::<dyn Progress>(&scope, inside).unwrap();
        thread::scope(|threads| {
            threads.spawn(move || drop(object));
            threads.spawn(|| {
                if let Some(object) = weak.upgrade() {
                    assert_eq!(object.get_flags().unwrap(), 7);
                }
            });
        });
        assert_eq!(told.drops.load(Ordering::SeqCst), 1);
        assert_eq!(told.last_releases.load(Ordering::SeqCst), 1);
        assert_eq!(slot.owner().usage().blocks, 0);
    }
}

// Many.

/// A permutation that jumps about: multiplication by an odd number modulo a power of two.
fn shuffled(count: usize) -> Vec<usize> {
    let size = count.next_power_of_two();
    let jump = |i: usize| i.wrapping_mul(0x9E37_79B1) % size;
    (0..size).map(jump).filter(|i| *i < count).collect()
}

#[test]
fn a_hundred_thousand_children_go_in_any_order() {
    const COUNT: usize = 100_000;
    let orders: [Vec<usize>; 3] = [
        (0..COUNT).collect(),
        (0..COUNT).rev().collect(),
        shuffled(COUNT),
    ];
    for order in orders {
        let told = Arc::new(Told::default());
        let slot = OwnerSlot::reserve("many");
        let scope = Scope::new("test", slot.owner().allocator());
        let mut objects: Vec<_> = (0..COUNT).map(|_| Some(probe(&scope, &told))).collect();
        assert_eq!(scope.open_count(), COUNT);
        for i in order {
            objects[i] = None;
        }
        assert_eq!(told.drops.load(Ordering::SeqCst) as usize, COUNT);
        assert_eq!(scope.open_count(), 0);
        assert_eq!(slot.owner().usage().blocks, 0);
    }
}

#[test]
fn a_hundred_thousand_children_left_open_end_with_their_scope() {
    const COUNT: usize = 100_000;
    let told = Arc::new(Told::default());
    let slot = OwnerSlot::reserve("left");
    let scope = Scope::new("test", slot.owner().allocator());
    let objects: Vec<_> = (0..COUNT).map(|_| probe(&scope, &told)).collect();
    assert_eq!(invalidate(&scope), COUNT);
    assert_eq!(told.drops.load(Ordering::SeqCst) as usize, COUNT);
    assert_eq!(slot.owner().usage().blocks, COUNT as u64);
    drop(objects);
    assert_eq!(slot.owner().usage().blocks, 0);
}

#[test]
fn the_census_tells_who_made_an_object() {
    let told = Arc::new(Told::default());
    let scope = Scope::with_traces("traced", Allocator::local(), true);
    let object = probe(&scope, &told);
    let open = scope.open_objects();
    let trace = open[0].trace.as_deref().unwrap();
    assert!(
        trace.contains("the_census_tells_who_made_an_object"),
        "{trace}"
    );
    assert_eq!(scope.owner(), "traced");
    drop(object);
}

#[test]
fn invalid_objects_pin_the_library() {
    let told = Arc::new(Told::default());
    let scope = Scope::new("test", Allocator::local());
    let object = probe(&scope, &told);
    invalidate(&scope);
    assert!(invalid::outstanding() > 0);
    drop(object);
}
