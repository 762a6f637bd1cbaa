//! What a process takes up.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::sync::atomic::{AtomicIsize, Ordering};

use crate::world::eventually;

/// Blocks of Rust's heap that may have become more: the reports that are kept differ in length.
const BLOCK_SLACK: isize = 200;
/// Bytes that the heap may have grown by after all cycles: what the C library keeps for later counts as in use.
const HEAP_SLACK_BYTES: usize = 256 * 1024;
/// Bytes of memory that may have become resident.
const RESIDENT_SLACK_BYTES: usize = 4 * 1024 * 1024;
/// Mappings more: stacks that the C library keeps, and its arenas.
const MAPPING_SLACK: usize = 12;

/// Rust's heap, with a count of the blocks in use.
struct Counting;

static BLOCKS: AtomicIsize = AtomicIsize::new(0);

#[global_allocator]
static HEAP: Counting = Counting;

// SAFETY: all of it is the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BLOCKS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        BLOCKS.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Footprint {
    pub threads: usize,
    pub descriptors: usize,
    pub mappings: usize,
    /// In use in Rust's heap.
    pub blocks: isize,
    /// In use in all arenas of the C library, Rust's heap and that of the C++ providers alike.
    pub heap_bytes: usize,
    pub resident_bytes: usize,
}

impl Footprint {
    pub fn now() -> Self {
        let entries = |folder: &str| fs::read_dir(folder).unwrap().count();
        // SAFETY: it takes nothing and only reads the allocator's books.
        let heap = unsafe { libc::mallinfo2() };
        let resident_pages: usize = fs::read_to_string("/proc/self/statm")
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        Self {
            threads: entries("/proc/self/task"),
            descriptors: entries("/proc/self/fd"),
            mappings: fs::read_to_string("/proc/self/maps")
                .unwrap()
                .lines()
                .count(),
            blocks: BLOCKS.load(Ordering::Relaxed),
            heap_bytes: heap.uordblks + heap.hblkhd,
            resident_bytes: resident_pages * 4096,
        }
    }

    /// Nothing has become more since `before`, `what` having been done.
    pub fn assert_as_flat_as(before: &Self, what: &str) {
        // The system takes a moment to forget a thread that was joined.
        eventually(|| Self::now().threads <= before.threads);
        let now = Self::now();
        println!("before {what}: {before:?}\nafter: {now:?}");
        assert_eq!(now.threads, before.threads, "threads");
        assert!(now.descriptors <= before.descriptors, "descriptors");
        assert!(
            now.mappings <= before.mappings + MAPPING_SLACK,
            "mappings:\n{}",
            fs::read_to_string("/proc/self/maps").unwrap()
        );
        assert!(now.blocks <= before.blocks + BLOCK_SLACK, "blocks");
        assert!(
            now.heap_bytes <= before.heap_bytes + HEAP_SLACK_BYTES,
            "heap"
        );
        assert!(
            now.resident_bytes <= before.resident_bytes + RESIDENT_SLACK_BYTES,
            "resident memory"
        );
    }
}

/// Runs `cycle` that many times after a tenth of it to warm up; the process takes up no more afterwards.
pub fn assert_flat(what: &str, cycles: usize, mut cycle: impl FnMut(usize)) {
    let warm_up = cycles.div_ceil(10);
    (0..warm_up).for_each(&mut cycle);
    let before = Footprint::now();
    let begun = std::time::Instant::now();
    (0..cycles).for_each(&mut cycle);
    println!("{cycles} {what} took {:?}", begun.elapsed());
    Footprint::assert_as_flat_as(&before, what);
}
