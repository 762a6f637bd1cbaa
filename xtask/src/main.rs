//! Developer tasks: `cargo xtask TASK`.

mod codegen;
mod coverage;
mod endurance;
mod facts;
mod source;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask TASK

tasks:
  codegen [--check]   write the files generated from abi/ (or fail when one is stale)
  coverage [--check]  write docs/coverage.md: rules and their tests, methods built or not
  endure              thousands of sessions, loads and unloads: nothing may pile up (some minutes)
  sanitize            the tests at the ABI under AddressSanitizer (x86-64 Linux)
  tidy                check file lengths, places of unsafe, machine paths
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args.as_slice() {
        ["codegen"] => codegen::run(&root(), false),
        ["codegen", "--check"] => codegen::run(&root(), true),
        ["coverage"] => coverage::run(&root(), false),
        ["coverage", "--check"] => coverage::run(&root(), true),
        ["endure"] => endurance::endure(&root()),
        ["sanitize"] => endurance::address_sanitizer(&root()),
        ["tidy"] => tidy::run(&root()),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
