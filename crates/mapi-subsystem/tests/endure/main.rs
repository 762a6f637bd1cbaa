//! Sessions and whole subsystems by the thousand, and many threads at once: nothing piles up, and nothing is left.
//!
//! Each test runs in a process of its own, because what it measures is the process. `cargo xtask endure` runs more cycles.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test that cannot go on fails
#![allow(unsafe_code)] // mallinfo2

#[path = "../session/child.rs"]
mod child;
mod cycles;
mod footprint;
mod threads;
#[path = "../session/world.rs"]
#[allow(dead_code)]
mod world;

/// Nothing is broken on purpose here; worlds ask.
mod sabotage {
    pub fn current() -> Option<mapi_subsystem::shutdown::Sabotage> {
        None
    }
}

/// Runs `body` in a process of its own, as the test of this name.
fn alone(test: &str, body: impl FnOnce()) {
    if child::argument().is_some() {
        body();
    } else {
        assert!(child::run(test, "alone").success(), "see above");
    }
}

/// How often: `usual`, or as often as `OPENMAPI_ENDURE` says, in per cent of it.
fn times(usual: usize) -> usize {
    let percent = std::env::var("OPENMAPI_ENDURE").map_or(100, |text| text.parse().unwrap());
    (usual * percent / 100).max(1)
}
