//! Objects against heap blocks of the same size: N objects are opened in one scope and released in order, in reverse and at
//! random, or are left open, end with their scope and are released then. An object is two blocks, its shell and what is
//! inside; the limit is to allocate and free as many of each size in the same order.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use mapi_com::alloc::Allocator;
use mapi_com::iface::{ComObject, Progress};
use mapi_com::invalid;
use mapi_com::scope::Scope;
use mapi_com::shell::{Shell, export};
use mapi_types::Result;
use openmapi_benches::{Report, timed};

/// As large as a small object.
struct Nothing(#[allow(dead_code)] [u64; 6]);

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

type Block = [u8; size_of::<Shell<dyn Progress>>()];
type Inside = [u8; size_of::<Nothing>() + 16];

/// So many objects are opened and ended in each measurement, in rounds of N.
const TOTAL: usize = 100_000;

fn rounds(count: usize, mut round: impl FnMut()) -> Duration {
    timed(|| (0..TOTAL / count).for_each(|_| round())).0
}

fn blocks(order: &[usize]) {
    let block = || -> Box<Block> { black_box(Box::new([0; size_of::<Block>()])) };
    let inside = || -> Box<Inside> { black_box(Box::new([0; size_of::<Inside>()])) };
    let mut blocks: Vec<_> = order.iter().map(|_| Some((block(), inside()))).collect();
    for i in order {
        blocks[*i] = None;
    }
}

fn objects(order: &[usize], left_open: bool) {
    let scope = Scope::new("bench", Allocator::local());
    let mut objects: Vec<_> = (order.iter())
        .map(|_| export::<dyn Progress>(&scope, Arc::new(Nothing([1; 6]))).ok())
        .collect();
    if left_open {
        black_box(scope.invalidate_all(&invalid::take_over));
    }
    for i in order {
        objects[*i] = None;
    }
}

/// The last one multiplies by an odd number modulo a power of two.
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
    let mut report = Report::begin("Open objects, 100,000 in all");
    for count in [1_000, 10_000, TOTAL] {
        for (name, order) in orders(count) {
            for (left_open, how) in [(false, "released"), (true, "left open, ended, released")] {
                report.compare(
                    &format!("{count} {how} {name}"),
                    3.0,
                    || rounds(count, || objects(&order, left_open)),
                    || rounds(count, || blocks(&order)),
                );
            }
        }
    }
    report.end();
}
