//! The MAPIAllocateBuffer family through its three functions, at level off.
#![allow(unsafe_code, clippy::unwrap_used)]

use std::ptr::{NonNull, null_mut};

use mapi_com::alloc::{
    Allocator, MapiBuffer, Owner, OwnerSlot, fault, malloc_object, malloc_references,
};
use mapi_types::ErrorCode;

const INVALID: u32 = ErrorCode::INVALID_PARAMETER.0;

fn free(allocator: Allocator, block: NonNull<u8>) -> u32 {
    // SAFETY: tests pass blocks, or what must be recognised as none.
    unsafe { (allocator.functions().2)(block.as_ptr().cast()) }
}

#[test]
fn blocks_are_aligned_and_do_not_overlap() {
    let slot = OwnerSlot::reserve("aligned");
    let allocator = slot.owner().allocator();
    let root = allocator.allocate(100).unwrap();
    // SAFETY: a block of 100 bytes.
    unsafe { root.write_bytes(1, 100) };
    let mut pieces = vec![(root, 100usize, 1u8)];
    for (i, size) in (2u8..).zip([
        0usize, 1, 7, 16, 100, 300, 5_000, 40, 70_000, 3, 600, 200_000, 9,
    ]) {
        // SAFETY: root is live; the block has `size` bytes.
        unsafe {
            let block = allocator.allocate_more(size, root).unwrap();
            block.write_bytes(i, size);
            pieces.push((block, size, i));
        }
    }
    for (block, size, fill) in &pieces {
        assert_eq!(block.as_ptr().addr() % align_of::<usize>().max(8), 0);
        // SAFETY: live, `size` bytes were written.
        let bytes = unsafe { std::slice::from_raw_parts(block.as_ptr(), *size) };
        assert!(bytes.iter().all(|b| b == fill));
    }
    let mut addresses: Vec<_> = pieces.iter().map(|p| p.0).collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!(
        addresses.len(),
        pieces.len(),
        "an empty block has an address of its own"
    );
    assert_eq!(free(allocator, root), 0);
    assert_eq!(slot.owner().usage().blocks, 0);
    assert_eq!(slot.owner().usage().bytes, 0);
}

#[test]
fn null_is_freed_with_success_and_refused_as_a_place() {
    let (allocate, more, free) = Owner::MAPI.allocator().functions();
    let mut block = null_mut();
    // SAFETY: the arguments are what is tested.
    unsafe {
        assert_eq!(free(null_mut()), 0);
        assert_eq!(allocate(10, null_mut()).cast_unsigned(), INVALID);
        assert_eq!(
            more(10, null_mut(), &raw mut block).cast_unsigned(),
            INVALID
        );
        assert!(block.is_null());
    }
}

#[test]
fn what_is_no_root_block_is_refused() {
    let slot = OwnerSlot::reserve("refused");
    let allocator = slot.owner().allocator();
    let root = allocator.allocate(24).unwrap();
    // SAFETY: root is live; the others are only looked at.
    unsafe {
        root.write_bytes(0, 24);
        let more = allocator.allocate_more(24, root).unwrap();
        assert_eq!(
            free(allocator, more),
            INVALID,
            "an addition is freed with its root"
        );
        assert!(allocator.allocate_more(8, more).is_err());
        assert_eq!(free(allocator, root.add(8)), INVALID);
        assert_eq!(free(allocator, root.add(3)), INVALID);
        let own = Box::new([0u64; 8]);
        assert_eq!(
            free(allocator, NonNull::from(&*own).cast::<u8>().add(16)),
            INVALID
        );
        assert_eq!(free(allocator, root), 0);
    }
}

// Looks at freed memory: what glibc leaves there. At the debugging levels it is certain, see alloc_debug.rs.
#[cfg(target_env = "gnu")]
#[test]
fn a_second_free_is_refused_while_the_mark_is_there() {
    let slot = OwnerSlot::reserve("twice");
    let allocator = slot.owner().allocator();
    let root = allocator.allocate(24).unwrap();
    assert_eq!(free(allocator, root), 0);
    assert_eq!(free(allocator, root), INVALID);
    assert_eq!(slot.owner().usage().blocks, 0);
}

#[test]
fn sizes_that_cannot_be_are_not_enough_memory() {
    let allocator = Owner::MAPI.allocator();
    let code = allocator
        .allocate(u32::MAX as usize + 1)
        .unwrap_err()
        .code();
    assert_eq!(code, ErrorCode::NOT_ENOUGH_MEMORY);
    let root = allocator.allocate(8).unwrap();
    // SAFETY: root is live.
    let code = unsafe { allocator.allocate_more(usize::MAX, root) }
        .unwrap_err()
        .code();
    assert_eq!(code, ErrorCode::NOT_ENOUGH_MEMORY);
    assert_eq!(free(allocator, root), 0);
}

#[test]
fn the_ledger_charges_the_owner_whoever_frees() {
    let (a, b) = (OwnerSlot::reserve("a"), OwnerSlot::reserve("b"));
    assert_ne!(a.owner(), b.owner());
    let of_a = a.owner().allocator().allocate(1000).unwrap();
    // SAFETY: of_a is live; More through another owner's function is charged to the chain's owner.
    unsafe { b.owner().allocator().allocate_more(50_000, of_a).unwrap() };
    assert_eq!(a.owner().usage().blocks, 1);
    assert!(a.owner().usage().bytes >= 51_000);
    assert_eq!(b.owner().usage().bytes, 0);
    let block = of_a.as_ptr().addr();
    let freed = std::thread::spawn(move || {
        // SAFETY: the block is live and nobody else uses it.
        unsafe {
            (Owner::MAPI.allocator().functions().2)(std::ptr::with_exposed_provenance_mut(block))
        }
    });
    of_a.as_ptr().expose_provenance();
    assert_eq!(freed.join().unwrap(), 0);
    assert_eq!(a.owner().usage(), b.owner().usage());
    assert_eq!(a.owner().usage().bytes, 0);
}

#[test]
fn the_ledger_stays_right_with_more_threads_than_shards() {
    let slot = OwnerSlot::reserve("threads");
    let allocator = slot.owner().allocator();
    for _ in 0..3 {
        std::thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(move || {
                    let blocks: Vec<_> = (0..50)
                        .map(|i| allocator.allocate(i * 10).unwrap())
                        .collect();
                    blocks
                        .into_iter()
                        .for_each(|b| assert_eq!(free(allocator, b), 0));
                    let kept = MapiBuffer::<u64>::zeroed(allocator, 40).unwrap();
                    std::thread::spawn(move || drop(kept)).join().unwrap();
                });
            }
        });
    }
    assert_eq!(slot.owner().usage().blocks, 0);
    assert_eq!(slot.owner().usage().bytes, 0);
}

#[test]
fn imalloc_keeps_sizes_and_counts_references() {
    let slot = OwnerSlot::reserve("imalloc");
    let malloc = malloc_object(slot.owner());
    let vtbl = malloc.vtbl();
    let this = malloc.as_raw();
    // SAFETY: blocks are used as IMalloc's page says, or are what is tested.
    unsafe {
        let block = (vtbl.Alloc)(this, 10);
        assert_eq!((vtbl.GetSize)(this, block), 10);
        assert_eq!((vtbl.DidAlloc)(this, block), 1);
        assert_eq!((vtbl.DidAlloc)(this, null_mut()), -1);
        block.cast::<u8>().write_bytes(7, 10);
        let block = (vtbl.Realloc)(this, block, 5000);
        assert_eq!((vtbl.GetSize)(this, block), 5000);
        assert_eq!(std::slice::from_raw_parts(block.cast::<u8>(), 10), [7; 10]);
        assert_eq!(slot.owner().usage().blocks, 1);
        let not_root = NonNull::new(block.cast()).unwrap();
        assert_eq!(free(slot.owner().allocator(), not_root), INVALID);
        let root = slot.owner().allocator().allocate(8).unwrap();
        assert_eq!((vtbl.DidAlloc)(this, root.as_ptr().cast()), 0);
        free(slot.owner().allocator(), root);
        assert!((vtbl.Realloc)(this, block, 0).is_null());
        (vtbl.Free)(this, null_mut());
        assert!((vtbl.Alloc)(this, usize::MAX).is_null());
    }
    assert_eq!(slot.owner().usage().blocks, 0);
    assert_eq!(malloc_references(slot.owner()), 1);
    let second = malloc.clone();
    assert_eq!(malloc_references(slot.owner()), 2);
    assert_eq!(second.release(), 1);
    assert!(malloc.query::<mapi_sys::IMalloc>().is_ok());
    assert!(malloc.query::<mapi_sys::IMAPIProp>().is_err());
    assert_eq!(malloc.release(), 0);
}

/// The tool for LIFE-MEM-009: the n-th allocation fails, for all n, once and for good.
#[test]
fn allocations_fail_on_demand() {
    let slot = OwnerSlot::reserve("faults");
    let allocator = slot.owner().allocator();
    let work = || {
        let root = MapiBuffer::<u64>::zeroed(allocator, 8)?;
        for _ in 0..3 {
            // SAFETY: the root is live.
            unsafe { allocator.allocate_more(8, NonNull::new(root.as_ptr().cast()).unwrap())? };
        }
        MapiBuffer::<u64>::zeroed(allocator, 8).map(drop)
    };
    for repeat in [fault::Repeat::Once, fault::Repeat::ForGood] {
        for n in 1..=6 {
            let armed = fault::fail_nth(slot.owner(), n, repeat);
            let result = work();
            assert_eq!(result.is_err(), n <= 5, "n = {n}");
            assert_eq!(armed.fired() > 0, n <= 5);
            assert_eq!(
                work().is_err(),
                n == 6 || (n <= 5 && repeat == fault::Repeat::ForGood)
            );
            drop(armed);
            assert!(work().is_ok());
            assert_eq!(slot.owner().usage().blocks, 0);
        }
    }
}
