//! Where provider libraries are taken from, and which are refused (lifecycle.md, section 4.3).
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use mapi_subsystem::host::Search;
use mapi_types::ErrorCode;

/// Folders with empty files: the search does not look into them.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[&str]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for file in files {
            let path = tree.path(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            set_mode(&path, 0o644);
            path.ancestors()
                .skip(1)
                .take_while(|p| *p != tree.root())
                .for_each(|p| set_mode(p, 0o755));
        }
        tree
    }

    fn root(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    fn path(&self, file: &str) -> PathBuf {
        self.root().join(file)
    }

    fn search(&self, folders: &[&str]) -> Search {
        Search::with(folders.iter().map(|folder| self.path(folder)), None, None)
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn refused(search: &Search, name: &str, rule: &str) {
    let error = search.find(name).unwrap_err();
    assert_eq!(
        error.code(),
        ErrorCode::NOT_FOUND,
        "a refusal counts as a library that is not there"
    );
    assert!(error.text().contains(rule), "{error}");
}

#[test]
fn the_first_folder_wins_and_lib_comes_before_the_plain_name() {
    let tree = Tree::new(&[
        "a/one.so",
        "b/libone.so",
        "b/one.so",
        "b/libtwo.so",
        "c/libthree.so",
    ]);
    let search = Search::with(
        [tree.path("a")],
        Some(&tree.path("prefix")),
        Some(OsString::from(format!(
            "{}:{}",
            tree.path("b").display(),
            tree.path("c").display()
        ))),
    );
    assert_eq!(search.find("one").unwrap(), tree.path("a/one.so"));
    assert_eq!(search.find("one.dll").unwrap(), tree.path("a/one.so"));
    assert_eq!(
        tree.search(&["b"]).find("one.DLL").unwrap(),
        tree.path("b/libone.so")
    );
    assert_eq!(search.find("two").unwrap(), tree.path("b/libtwo.so"));
    assert_eq!(search.find("three").unwrap(), tree.path("c/libthree.so"));
    refused(&search, "four", "looked in: ");
}

#[test]
fn the_prefix_has_a_folder_for_providers() {
    let tree = Tree::new(&["usr/lib/mapi/libstore.so"]);
    let search = Search::with([], Some(&tree.path("usr")), None);
    assert_eq!(
        search.find("store").unwrap(),
        tree.path("usr/lib/mapi/libstore.so")
    );
}

#[test]
fn a_name_with_a_separator_is_an_absolute_path_or_refused() {
    let tree = Tree::new(&["a/libone.so", "a/other.name"]);
    let search = tree.search(&["a"]);
    let absolute = tree.path("a/other.name");
    assert_eq!(search.find(absolute.to_str().unwrap()).unwrap(), absolute);
    for relative in ["./libone.so", "../a/libone.so", "a/libone.so"] {
        refused(&search, relative, "relative paths are not taken");
    }
    for nonsense in ["", "..", ".", "a\0b"] {
        refused(&search, nonsense, "the name is empty or malformed");
    }
    // A folder is no library.
    assert!(search.find(tree.path("a").to_str().unwrap()).is_err());
    assert!(
        search
            .find(tree.path("absent.so").to_str().unwrap())
            .is_err()
    );
}

#[test]
fn a_library_that_others_can_write_to_is_refused() {
    let tree = Tree::new(&["a/libone.so", "b/libone.so"]);
    for mode in [0o664, 0o646, 0o666] {
        set_mode(&tree.path("a/libone.so"), mode);
        refused(&tree.search(&["a"]), "one", "the library");
        // It counts as one that is not there: the next folder has its turn.
        assert_eq!(
            tree.search(&["a", "b"]).find("one").unwrap(),
            tree.path("b/libone.so")
        );
    }
}

#[test]
fn a_library_in_a_folder_that_others_can_write_to_is_refused() {
    let tree = Tree::new(&["outer/inner/libone.so"]);
    let search = tree.search(&["outer/inner"]);
    for mode in [0o775, 0o757, 0o777, 0o1777] {
        set_mode(&tree.path("outer/inner"), mode);
        refused(&search, "one", "outer/inner can be written");
    }
    set_mode(&tree.path("outer/inner"), 0o755);
    set_mode(&tree.path("outer"), 0o777);
    refused(&search, "one", "outer can be written");
    refused(
        &search,
        tree.path("outer/inner/libone.so").to_str().unwrap(),
        "outer can be written",
    );
    // In a sticky folder nobody can replace a folder of ours.
    set_mode(&tree.path("outer"), 0o1777);
    assert!(search.find("one").is_ok());
}

#[test]
fn a_link_is_followed_and_what_it_leads_to_is_looked_at() {
    let tree = Tree::new(&["a/keep", "real/libone.so"]);
    symlink(tree.path("real/libone.so"), tree.path("a/libone.so")).unwrap();
    let search = tree.search(&["a"]);
    assert_eq!(search.find("one").unwrap(), tree.path("real/libone.so"));
    set_mode(&tree.path("real"), 0o777);
    refused(&search, "one", "real can be written");
}

#[test]
fn relative_folders_are_left_out() {
    let search = Search::with([PathBuf::from("here")], None, Some("::relative:.".into()));
    assert!(search.folders().is_empty());
}

/// The environment belongs to the whole process, so a child with this test's program looks at it.
#[test]
fn the_environment_names_folders() {
    const TOLD: &str = "SEARCH_TEST_EXPECTS";
    if let Some(expected) = std::env::var_os(TOLD) {
        let search = Search::new(["/inf".into()]);
        assert_eq!(search.folders().first().unwrap(), Path::new("/inf"));
        assert_eq!(search.folders().last().unwrap(), Path::new(&expected));
        return;
    }
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_environment_names_folders"])
        .env(TOLD, "/two")
        .env("MAPI_PROVIDER_PATH", "/one:relative:/two")
        .output()
        .unwrap();
    assert!(
        child.status.success(),
        "{}",
        String::from_utf8_lossy(&child.stdout)
    );
}
