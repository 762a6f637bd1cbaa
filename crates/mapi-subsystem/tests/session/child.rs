//! Tests that need a process of their own: this test program once more, running one test.

use std::process::{Command, ExitStatus};

/// Set in the child, with what the parent has to say.
const ARGUMENT: &str = "MAPI_SESSION_TEST_CHILD";

/// What the parent said, in the child; `None` in the parent.
pub fn argument() -> Option<String> {
    std::env::var(ARGUMENT).ok()
}

/// Runs the test of this name alone, in a process of its own.
pub fn run(test: &str, argument: &str) -> ExitStatus {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ARGUMENT, argument);
    command.status().unwrap()
}
