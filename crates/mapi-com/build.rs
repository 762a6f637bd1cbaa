//! Compiles the C++ half of the trampoline: every `.cpp` file in `cpp/`.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=cpp");
    println!("cargo::rerun-if-changed=tests/cpp");
    let include = Path::new("../../include");
    if include.exists() {
        println!("cargo::rerun-if-changed={}", include.display());
    }
    build()
        .include(include)
        .include("cpp")
        .files(sources("cpp"))
        .compile("openmapi_trampoline");

    // The tests link thunks of their own, which throw, hang and end their thread.
    build()
        .cargo_metadata(false)
        .files(sources("tests/cpp"))
        .compile("openmapi_test_thunks");
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    println!("cargo::rustc-link-arg-tests={out}/libopenmapi_test_thunks.a");
}

fn build() -> cc::Build {
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .std("c++17")
        .warnings(true)
        .extra_warnings(true)
        // Nothing of it is to be seen from outside the library that links it, nor to keep that library mapped.
        .flag_if_supported("-fvisibility=hidden")
        .flag_if_supported("-fno-gnu-unique");
    build
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let mut sources: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is part of the source")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "cpp"))
        .collect();
    sources.sort();
    sources
}
