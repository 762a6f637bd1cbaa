//! Places of owners; in a process of its own, because it uses all of them up.
#![allow(unsafe_code, clippy::unwrap_used)]

use mapi_com::alloc::{Owner, OwnerSlot};

#[test]
fn a_place_is_not_used_again_before_its_last_block_is_freed() {
    let slot = OwnerSlot::reserve("leaver");
    let owner = slot.owner();
    let block = owner.allocator().allocate(10).unwrap();
    drop(slot);
    assert_eq!(owner.name(), "leaver");
    let others: Vec<_> = (0..70)
        .map(|i| OwnerSlot::reserve(format!("other {i}")))
        .collect();
    assert!(others.iter().all(|o| o.owner() != owner));
    assert!(
        others.iter().any(|o| o.owner() == Owner::OTHERS),
        "late comers share a place"
    );
    drop(others);
    // SAFETY: the block is live and nobody else uses it.
    unsafe { owner.allocator().free(block) };
    let again: Vec<_> = (0..62).map(|_| OwnerSlot::reserve("again")).collect();
    assert!(again.iter().any(|o| o.owner() == owner));
}
