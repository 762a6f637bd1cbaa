//! The example client in C reads the mail that the program imported.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test may fail

use mapi32 as _; // builds libmapi32.so beside this test
use std::path::Path;
use std::process::{Command, Output};

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}

#[test]
fn the_example_client_in_c_reads_imported_mail() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let test = std::env::current_exe().unwrap();
    let libraries = test.parent().unwrap();

    std::fs::write(
        at("mail.eml"),
        "From: a@example.org\nTo: b@example.org\nSubject: Hello\n\nGood day\n",
    )
    .unwrap();
    run(Command::new(env!("CARGO_BIN_EXE_mapi"))
        .arg("import")
        .arg(at("mail.eml"))
        .env("MAPI_DATA_DIR", at("data")));

    run(Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror"])
        .arg("-I")
        .arg(root.join("include"))
        .arg(root.join("examples/c/client.c"))
        .arg("-L")
        .arg(libraries)
        .args(["-lmapi32", "-o"])
        .arg(at("client")));
    let output = run(Command::new(at("client"))
        .env("LD_LIBRARY_PATH", libraries)
        .env("MAPI_DATA_DIR", at("data")));

    let printed = String::from_utf8(output.stdout).unwrap();
    for line in ["folder Inbox: 1", "message Hello", "body Good day"] {
        assert!(printed.contains(line), "{line} is not in {printed}");
    }
}
