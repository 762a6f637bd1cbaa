//! Objects of ours against bare heap blocks of the same size, as ratios inside one run:
//! `cargo bench -p mapi-com --bench census`.
//!
//! N objects are opened in one scope and released in order, in reverse and at random, or are left open and end with their
//! scope; beside it as many blocks are allocated and freed in the same order.
#![allow(unsafe_code)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use mapi_com::alloc::Allocator;
use mapi_com::iface::{ComObject, Progress};
use mapi_com::invalid;
use mapi_com::scope::Scope;
use mapi_com::shell::{Shell, export};
use mapi_types::Result;

struct Nothing;

impl ComObject for Nothing {}

impl Progress for Nothing {
    fn progress(&self, _: u32, _: u32, _: u32) -> Result<()> {
        Ok(())
    }
    fn get_flags(&self) -> Result<u32> {
        Ok(0)
    }
    fn get_limits(&self) -> Result<(u32, u32)> {
        Ok((0, 0))
    }
    fn set_limits(&self, _: Option<u32>, _: Option<u32>, _: Option<u32>) -> Result<()> {
        Ok(())
    }
}

/// The best of several runs, in nanoseconds per object.
fn time(count: usize, mut body: impl FnMut() -> Duration) -> f64 {
    let best = (0..9).map(|_| body()).min().unwrap_or_default();
    #[allow(clippy::cast_precision_loss)] // counts are small
    let per_object = best.as_secs_f64() * 1e9 / count as f64;
    per_object
}

fn heap(order: &[usize]) -> Duration {
    let size = size_of::<Shell<dyn Progress>>();
    let start = Instant::now();
    // SAFETY: each block is freed once.
    unsafe {
        let blocks: Vec<_> = order.iter().map(|_| libc::malloc(size)).collect();
        for block in &blocks {
            // As an object would: touch it.
            block.cast::<u64>().write(1);
        }
        for i in order {
            libc::free(blocks[*i]);
        }
    }
    start.elapsed()
}

fn released(object: &Arc<Nothing>, order: &[usize]) -> Duration {
    let scope = Scope::new("bench", Allocator::local());
    let start = Instant::now();
    let mut objects: Vec<_> = (order.iter())
        .map(|_| export::<dyn Progress>(&scope, object.clone()).ok())
        .collect();
    for i in order {
        objects[*i] = None;
    }
    start.elapsed()
}

fn left_open(object: &Arc<Nothing>, order: &[usize]) -> Duration {
    let scope = Scope::new("bench", Allocator::local());
    let start = Instant::now();
    let mut objects: Vec<_> = (order.iter())
        .map(|_| export::<dyn Progress>(&scope, object.clone()).ok())
        .collect();
    scope.invalidate_all(&invalid::take_over);
    for i in order {
        objects[*i] = None;
    }
    start.elapsed()
}

fn orders(count: usize) -> [(&'static str, Vec<usize>); 3] {
    let size = count.next_power_of_two();
    let jump = |i: usize| i.wrapping_mul(0x9E37_79B1) % size;
    [
        ("in order", (0..count).collect()),
        ("in reverse", (0..count).rev().collect()),
        (
            "at random",
            (0..size).map(jump).filter(|i| *i < count).collect(),
        ),
    ]
}

fn main() {
    let size = size_of::<Shell<dyn Progress>>();
    println!("{size} bytes each; ns per object");
    println!(
        "{:<22} {:>8} {:>8} {:>6} {:>10} {:>6}",
        "", "heap", "released", "ratio", "left open", "ratio"
    );
    let object = Arc::new(Nothing);
    for count in [1_000, 10_000, 100_000] {
        for (name, order) in orders(count) {
            let limit = time(count, || heap(&order));
            let ours = time(count, || released(&object, &order));
            let left = time(count, || left_open(&object, &order));
            println!(
                "{count:>7} {name:<14} {limit:>8.1} {ours:>8.1} {:>6.2} {left:>10.1} {:>6.2}",
                ours / limit,
                left / limit
            );
        }
    }
}
