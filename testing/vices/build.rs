//! Links the exemplary library's objects with a conduct that is anything but.

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
        .include("../exemplary/cpp")
        .flag("-fvisibility=hidden")
        .flag_if_supported("-fno-gnu-unique")
        .file("cpp/conduct.cpp");
    let conduct = build.compile_intermediates();
    let exemplary =
        std::env::var_os("DEP_EXEMPLARY_OBJECTS").expect("testing/exemplary passes its objects on");

    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let library = out.join("libvices_cpp.so");
    let mut link = build.get_compiler().to_command();
    link.arg("-shared")
        .arg("-o")
        .arg(&library)
        .args(conduct)
        .args(std::env::split_paths(&exemplary));
    if cfg!(target_os = "linux") {
        link.arg("-Wl,--no-undefined").arg("-pthread");
    }
    let status = link.status().expect("the C++ compiler can be run");
    assert!(status.success(), "the library of vices does not link");
    println!("cargo::rustc-env=VICES_LIBRARY={}", library.display());

    // The tests try the libraries with a host in C++.
    println!("cargo::rerun-if-changed=tests/cpp");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(true)
        .extra_warnings(true)
        .include("../../include")
        .files(["tests/cpp/host.cpp", "tests/cpp/rules.cpp"])
        .cargo_metadata(false)
        .compile("provider_rules");
    println!(
        "cargo::rustc-link-arg-tests={}",
        out.join("libprovider_rules.a").display()
    );
    println!("cargo::rustc-link-arg-tests=-lstdc++");
    if cfg!(target_os = "linux") {
        // Libraries that are loaded find what the test program exports (tests/entry_points.rs).
        println!("cargo::rustc-link-arg-tests=-rdynamic");
    }
}
