//! The debugging levels of the allocator. They are one for the process, so the tests take turns.
#![allow(unsafe_code, clippy::unwrap_used)]

use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mapi_com::alloc::{
    Allocator, DebugLevel, Fault, Finding, OwnerSlot, live_blocks, malloc_object, set_level,
    take_findings,
};

struct Turn(OwnerSlot, #[allow(dead_code)] MutexGuard<'static, ()>);

impl Turn {
    fn at(level: DebugLevel) -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let guard = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        set_level(level);
        let _ = take_findings();
        Self(OwnerSlot::reserve("debugged"), guard)
    }

    fn allocator(&self) -> Allocator {
        self.0.owner().allocator()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        set_level(DebugLevel::OFF);
    }
}

fn free(allocator: Allocator, block: NonNull<u8>) -> u32 {
    // SAFETY: tests pass blocks, or what must be recognised as none.
    unsafe { (allocator.functions().2)(block.as_ptr().cast()) }
}

fn faults(findings: &[Finding]) -> Vec<Fault> {
    findings.iter().map(|f| f.fault).collect()
}

#[test]
fn fill_paints_fresh_memory() {
    let turn = Turn::at(DebugLevel::FILL);
    let root = turn.allocator().allocate(33).unwrap();
    // SAFETY: live blocks of these sizes.
    unsafe {
        let more = turn.allocator().allocate_more(17, root).unwrap();
        assert!(
            std::slice::from_raw_parts(root.as_ptr(), 33)
                .iter()
                .all(|b| *b == 0xA5)
        );
        assert!(
            std::slice::from_raw_parts(more.as_ptr(), 17)
                .iter()
                .all(|b| *b == 0xA5)
        );
    }
    assert_eq!(free(turn.allocator(), root), 0);
}

#[test]
fn guard_notices_writing_behind_a_block_and_its_additions() {
    let turn = Turn::at(DebugLevel::GUARD);
    for in_addition in [false, true] {
        let root = turn.allocator().allocate(33).unwrap();
        // SAFETY: the byte behind the end lies within the guard.
        unsafe {
            let more = turn.allocator().allocate_more(17, root).unwrap();
            if in_addition {
                more.add(17).write(1);
            } else {
                root.add(33).write(1);
            }
        }
        assert_eq!(free(turn.allocator(), root), 0);
        let findings = take_findings();
        assert_eq!(faults(&findings), [Fault::Overrun]);
        let block = findings[0].block.clone().unwrap();
        assert_eq!((block.owner, block.size_bytes), (turn.0.owner(), 33));
    }
}

#[test]
fn guard_notices_a_second_free_and_a_write_after_free_for_certain() {
    let turn = Turn::at(DebugLevel::GUARD.and(DebugLevel::FILL));
    let root = turn.allocator().allocate(64).unwrap();
    assert_eq!(free(turn.allocator(), root), 0);
    assert_ne!(free(turn.allocator(), root), 0);
    let findings = take_findings();
    assert_eq!(faults(&findings), [Fault::FreedTwice]);
    assert_eq!(findings[0].block.as_ref().unwrap().size_bytes, 64);
    // SAFETY: the block is in quarantine: its memory is still there.
    unsafe { root.add(5).write(0) };
    for _ in 0..2000 {
        let block = turn.allocator().allocate(10).unwrap();
        assert_eq!(free(turn.allocator(), block), 0);
    }
    assert_eq!(faults(&take_findings()), [Fault::UsedAfterFree]);
    assert_eq!(turn.0.owner().usage().blocks, 0);
}

#[test]
fn what_is_no_block_is_a_finding() {
    let turn = Turn::at(DebugLevel::LEAKS);
    let own = Box::new([0u64; 8]);
    // SAFETY: only the bytes before it are looked at.
    let inner = unsafe { NonNull::from(&*own).cast::<u8>().add(16) };
    assert_ne!(free(turn.allocator(), inner), 0);
    assert_eq!(faults(&take_findings()), [Fault::NotABlock]);
}

#[test]
fn leaks_lists_live_blocks_with_owner_size_and_stack() {
    let turn = Turn::at(DebugLevel::TRACE);
    let first = turn.allocator().allocate(11).unwrap();
    let second = turn.allocator().allocate(22).unwrap();
    let malloc = malloc_object(turn.0.owner());
    // SAFETY: IMalloc's own block.
    unsafe {
        let third = (malloc.vtbl().Alloc)(malloc.as_raw(), 33);
        let live = live_blocks(Some(turn.0.owner()));
        assert_eq!(
            live.iter().map(|b| b.size_bytes).collect::<Vec<_>>(),
            [11, 22, 33]
        );
        assert!(live.is_sorted_by_key(|b| b.number));
        let trace = live[0].trace.as_deref().unwrap();
        assert!(trace.contains("leaks_lists_live_blocks"), "{trace}");
        assert_eq!(free(turn.allocator(), first), 0);
        (malloc.vtbl().Free)(malloc.as_raw(), third);
    }
    let live = live_blocks(Some(turn.0.owner()));
    assert_eq!(live.len(), 1);
    assert_eq!(live[0].address, second.as_ptr().addr());
    assert_eq!(free(turn.allocator(), second), 0);
    assert!(live_blocks(Some(turn.0.owner())).is_empty());
}

#[test]
fn levels_may_change_while_blocks_live() {
    let turn = Turn::at(DebugLevel::OFF);
    let plain = turn.allocator().allocate(10).unwrap();
    set_level(DebugLevel::ALL);
    let watched = turn.allocator().allocate(10).unwrap();
    // SAFETY: live roots.
    unsafe {
        turn.allocator().allocate_more(2000, plain).unwrap();
        turn.allocator().allocate_more(2000, watched).unwrap();
        set_level(DebugLevel::OFF);
        turn.allocator().allocate_more(2000, watched).unwrap();
    }
    assert_eq!(free(turn.allocator(), plain), 0);
    assert_eq!(free(turn.allocator(), watched), 0);
    assert!(take_findings().is_empty());
    assert_eq!(turn.0.owner().usage().bytes, 0);
}

#[test]
fn switches_of_mapidbg_ini_are_understood() {
    assert_eq!(DebugLevel::from_switch("FillMemory", "1"), DebugLevel::FILL);
    assert_eq!(DebugLevel::from_switch("fillmemory", "0"), DebugLevel::OFF);
    assert_eq!(
        DebugLevel::from_switch("VirtualMemory", "4"),
        DebugLevel::GUARD
    );
    assert!(DebugLevel::from_switch("DumpLeaks", "1").has(DebugLevel::LEAKS));
    assert_eq!(DebugLevel::from_switch("RetainDLLs", "1"), DebugLevel::OFF);
    assert_eq!(
        "fill, guard".parse::<DebugLevel>().unwrap(),
        DebugLevel::FILL.and(DebugLevel::GUARD)
    );
    assert!("loud".parse::<DebugLevel>().is_err());
}
