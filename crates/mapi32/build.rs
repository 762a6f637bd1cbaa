//! Names the library, as the loader wants it: a cdylib has no soname of its own. It has no version, because MAPI's ABI is
//! what it has been since 1996.

fn main() {
    let target = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if target == "linux" {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libmapi32.so");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
