//! The long runs: many cycles, and the tests of the ABI under AddressSanitizer.

use std::path::Path;
use std::process::Command;

/// What the sanitizer reports although it is meant: the test's gates, which are never freed because late calls use them.
const LEAKS: &str = "leak:trampoline::Gate\n";

/// Frees a block twice on purpose and looks at the mark in memory that is no longer its own.
const UNDEFINED: &str = "a_second_free_is_refused_while_the_mark_is_there";

/// 10,000 sessions, 4,000 loads and unloads, 32 threads with 80 rounds each.
pub fn endure(root: &Path) -> Result<(), String> {
    let mut cargo = cargo(root);
    cargo
        .args(["test", "-p", "mapi-subsystem", "--test", "endure"])
        .args(["--", "--nocapture", "--test-threads=1"])
        .env("OPENMAPI_ENDURE", "400");
    run(cargo)
}

/// The tests at the ABI under AddressSanitizer. The C++ side is not instrumented, but uses the sanitizer's allocator.
pub fn address_sanitizer(root: &Path) -> Result<(), String> {
    let folder = root.join("target/asan");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let folder = folder.canonicalize().map_err(|error| error.to_string())?;
    let leaks = folder.join("leaks");
    std::fs::write(&leaks, LEAKS).map_err(|error| error.to_string())?;
    let mut cargo = cargo(root);
    cargo
        .args(["test", "-p", "mapi-ffi-tests", "-p", "mapi-com", "--tests"])
        // Naming the target keeps build scripts free of the sanitizer.
        .args(["--target", "x86_64-unknown-linux-gnu", "--target-dir"])
        .arg(&folder)
        .args(["--", "--skip", UNDEFINED])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zsanitizer=address")
        .env("LSAN_OPTIONS", format!("suppressions={}", leaks.display()));
    run(cargo)
}

fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    cargo
}

fn run(mut command: Command) -> Result<(), String> {
    let status = command.status().map_err(|error| error.to_string())?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| "it failed: see above".to_owned())
}
