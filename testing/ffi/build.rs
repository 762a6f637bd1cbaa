//! Compiles the C and C++ sides. The static assertions of the layout files are checked here: a wrong size or value does
//! not build.

fn main() {
    println!("cargo::rerun-if-changed=cpp");
    println!("cargo::rerun-if-changed=../../include");
    build("layout_c", &["cpp/layout.c", "cpp/guids.c"], None);
    build(
        "calls",
        &["cpp/layout.cpp", "cpp/calls.cpp", "cpp/calls.generated.cpp"],
        Some("c++11"),
    );
}

fn build(name: &str, files: &[&str], cpp: Option<&str>) {
    let mut build = cc::Build::new();
    build
        .include("../../include")
        .warnings(true)
        .extra_warnings(true)
        .files(files);
    match cpp {
        Some(standard) => build.cpp(true).std(standard),
        None => build.std("c11"),
    };
    build.compile(name);
}
