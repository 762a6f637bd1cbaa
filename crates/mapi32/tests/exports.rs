//! What the library exports: MAPI's names as the data has them, and nothing else.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test may fail

mod common;

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

fn binutils(arguments: &[&str]) -> String {
    let output = Command::new(arguments[0])
        .args(&arguments[1..])
        .arg(common::library())
        .output()
        .expect("the tools of the linker are there");
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

fn expected() -> BTreeSet<String> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../abi/exports.json");
    let data: Value = serde_json::from_str(&std::fs::read_to_string(data).unwrap()).unwrap();
    let known = |export: &&Value| {
        export["in_mapi32"] == true
            && (export["signature"].is_string() || export["name"] == "DllCanUnloadNow")
    };
    let exports = data["exports"].as_array().unwrap();
    let names = exports.iter().filter(known);
    names
        .map(|e| e["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_dynamic_symbols_are_the_exports_of_the_data() {
    let table = binutils(&["nm", "--dynamic", "--defined-only"]);
    let found: BTreeSet<String> = table
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .map(str::to_owned)
        .collect();
    let expected = expected();
    assert!(expected.len() > 100);
    let missing: Vec<_> = expected.difference(&found).collect();
    let foreign: Vec<_> = found.difference(&expected).collect();
    assert!(
        missing.is_empty() && foreign.is_empty(),
        "missing {missing:?}, not MAPI's {foreign:?}"
    );
}

#[test]
fn the_library_has_a_soname() {
    assert!(binutils(&["readelf", "--dynamic", "--wide"]).contains("[libmapi32.so]"));
}
