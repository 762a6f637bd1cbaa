//! The library as it was built, beside the test.
#![allow(dead_code)] // each test uses a part

use std::path::PathBuf;

/// `libmapi32.so`.
pub fn library() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let folder = test.parent().expect("it lies in a folder");
    folder.join("libmapi32.so")
}
