//! Builds the C++ provider library from `cpp/`. Its objects are passed on to testing/vices, which links them with another conduct.

use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=cpp");
    println!("cargo::rerun-if-changed=../../include");
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .std("c++17")
        .pic(true)
        .warnings(true)
        .extra_warnings(true)
        .include("../../include")
        .flag("-fvisibility=hidden")
        // Without it the library could never be unmapped.
        .flag_if_supported("-fno-gnu-unique")
        .files(sources());
    let objects = build.compile_intermediates();

    let library = out().join("libexemplary_cpp.so");
    let mut link = build.get_compiler().to_command();
    link.arg("-shared").arg("-o").arg(&library).args(&objects);
    if cfg!(target_os = "linux") {
        link.arg("-Wl,--no-undefined").arg("-pthread");
    }
    let status = link.status().expect("the C++ compiler can be run");
    assert!(status.success(), "the C++ provider does not link");
    println!("cargo::rustc-env=EXEMPLARY_LIBRARY={}", library.display());

    let is_conduct = |object: &&PathBuf| object.to_string_lossy().ends_with("-conduct.o");
    let conduct = objects.iter().filter(is_conduct).count();
    assert_eq!(conduct, 1, "one object holds the conduct");
    let others: Vec<_> = objects
        .iter()
        .filter(|object| !is_conduct(object))
        .collect();
    let others = std::env::join_paths(others).expect("no colon in the path of the target folder");
    println!("cargo::metadata=objects={}", others.display());
}

fn sources() -> Vec<PathBuf> {
    let mut sources: Vec<PathBuf> = std::fs::read_dir("cpp")
        .expect("cpp is part of the source")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "cpp"))
        .collect();
    sources.sort();
    sources
}

fn out() -> PathBuf {
    PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"))
}
