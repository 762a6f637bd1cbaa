//! MAPIAllocateBuffer against malloc, as ratios inside one run: `cargo bench -p mapi-com --bench alloc`.
#![allow(unsafe_code)]

use std::hint::black_box;
use std::time::Instant;

use mapi_com::alloc::{DebugLevel, Owner, set_level};

const ROUNDS: u32 = 200_000;

/// Nanoseconds of one round, the best of seven runs.
fn time(mut body: impl FnMut()) -> f64 {
    let run = |body: &mut dyn FnMut()| {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            body();
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS)
    };
    (0..7).map(|_| run(&mut body)).fold(f64::MAX, f64::min)
}

fn main() {
    let (allocate, more, free) = Owner::MAPI.allocator().functions();
    println!(
        "{:<34} {:>8} {:>8} {:>6}",
        "", "limit ns", "ours ns", "ratio"
    );
    let line = |name: &str, limit: f64, ours: f64| {
        println!("{name:<34} {limit:>8.1} {ours:>8.1} {:>6.2}", ours / limit);
    };
    for size in [24u32, 200, 800, 4000] {
        // SAFETY: each block is freed once.
        let limit = time(|| unsafe {
            let p = libc::malloc(black_box(size as usize));
            libc::free(black_box(p));
        });
        // SAFETY: as above.
        let ours = time(|| unsafe {
            let mut p = std::ptr::null_mut();
            allocate(black_box(size), &raw mut p);
            free(black_box(p));
        });
        line(&format!("allocate and free, {size} bytes"), limit, ours);
    }
    for (root, each) in [(48u32, 24u32), (64, 40), (192, 60), (400, 100)] {
        // SAFETY: each block is freed once.
        let limit = time(|| unsafe {
            let p = libc::malloc(black_box((root + 8 * each) as usize));
            libc::free(black_box(p));
        });
        // SAFETY: as above; the root is live while it is added to.
        let ours = time(|| unsafe {
            let (mut p, mut q) = (std::ptr::null_mut(), std::ptr::null_mut());
            allocate(black_box(root), &raw mut p);
            for _ in 0..8 {
                more(black_box(each), black_box(p), &raw mut q);
            }
            free(black_box(p));
        });
        line(&format!("{root} bytes and 8 more of {each}"), limit, ours);
    }
    set_level(DebugLevel::ALL);
    // SAFETY: as above.
    let ours = time(|| unsafe {
        let mut p = std::ptr::null_mut();
        allocate(black_box(24), &raw mut p);
        free(black_box(p));
    });
    println!("{:<34} {:>8} {ours:>8.1}", "24 bytes, all levels", "");
}
