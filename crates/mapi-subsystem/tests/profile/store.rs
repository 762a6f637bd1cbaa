use std::fs;
use std::path::Path;

use super::common::*;
use mapi_subsystem::profile::*;
use mapi_types::*;

#[test]
fn profiles_come_and_go() {
    let it = Fixture::new();
    assert!(it.names().is_empty());
    it.store.create("Work").unwrap();
    it.store.create("Home").unwrap();
    assert_eq!(it.names(), ["Home", "Work"]);
    assert_eq!(code(it.store.create("work")), ErrorCode::NO_ACCESS);
    assert_eq!(code(it.store.create(" x")), ErrorCode::INVALID_PARAMETER);

    assert_eq!(it.store.default_profile().unwrap(), None);
    assert_eq!(
        code(it.store.set_default(Some("Nobody"))),
        ErrorCode::NOT_FOUND
    );
    it.store.set_default(Some("work")).unwrap();
    assert_eq!(it.store.default_profile().unwrap().unwrap(), "Work");
    let default = it.store.list().unwrap().into_iter().find(|l| l.is_default);
    assert_eq!(default.unwrap().name, "Work");

    it.store.copy("Work", "Copy").unwrap();
    assert_eq!(code(it.store.copy("Work", "HOME")), ErrorCode::NO_ACCESS);
    assert_eq!(code(it.store.copy("Nobody", "N")), ErrorCode::NOT_FOUND);
    let key = |name: &str| {
        let profile = it.store.read(name).unwrap();
        let section = profile.section(&INSTANCE_SECTION).unwrap();
        section.props.get(tag::PR_SEARCH_KEY).cloned().unwrap()
    };
    // PR_SEARCH_KEY is unique among all profiles.
    assert_ne!(key("Work"), key("Copy"));
    assert_ne!(key("Work"), key("Home"));

    let before = key("Work");
    assert_eq!(code(it.store.rename("Work", "Home")), ErrorCode::NO_ACCESS);
    assert_eq!(code(it.store.rename("Nobody", "N")), ErrorCode::NOT_FOUND);
    assert_eq!(it.store.rename("Work", "Büro").unwrap(), When::Now);
    assert_eq!(it.names(), ["Büro", "Copy", "Home"]);
    assert_eq!(key("Büro"), before);
    // The default follows.
    assert_eq!(it.store.default_profile().unwrap().unwrap(), "Büro");
    assert_eq!(it.store.rename("Büro", "BÜRO").unwrap(), When::Now);
    let renamed = it.store.read("büro").unwrap();
    let main = renamed.section(&MAIN_SECTION).unwrap();
    assert_eq!(main.props.text(tag::PR_PROFILE_NAME).unwrap(), "BÜRO");

    assert_eq!(it.store.delete("büro").unwrap(), When::Now);
    assert_eq!(code(it.store.delete("büro")), ErrorCode::NOT_FOUND);
    assert_eq!(it.store.default_profile().unwrap(), None);
    it.store.set_default(Some("Home")).unwrap();
    it.store.set_default(None).unwrap();
    assert_eq!(it.store.default_profile().unwrap(), None);
}

#[test]
fn any_name_is_a_file_in_the_folder() {
    let it = Fixture::new();
    let long = "ü".repeat(64);
    let wide = "𠀀".repeat(32);
    let names = [
        "../../escape",
        "/etc/passwd",
        "a/b",
        "..",
        ".",
        ".hidden",
        "CON",
        "nul.txt",
        "a:b",
        "日本語",
        "x.toml",
        "lock",
        "default-profile",
        "a%2fb",
        "tab\u{2003}wide",
        "e\u{301}",
        "é",
        "-rf",
        "*?<>|\"'",
        "x.secrets",
        &long,
        &wide,
    ];
    for name in names {
        it.store.create(name).unwrap();
        it.store.set_default(Some(name)).unwrap();
        assert_eq!(it.store.default_profile().unwrap().as_deref(), Some(name));
    }
    let mut expected: Vec<&str> = names.to_vec();
    let mut listed = it.names();
    expected.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, expected);
    let inside = fs::read_dir(it.folder.path()).unwrap().count();
    assert_eq!(inside, 1, "nothing beside the folder");
    for name in names {
        it.store.delete(name).unwrap();
    }
    let left: Vec<_> = fs::read_dir(it.profiles())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left, ["lock"]);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let it = Fixture::with_profile();
    let uid = MapiUid([3; 16]);
    let section = it.open(&uid, true).unwrap();
    section
        .set_props(&[Property::new(PASSWORD, "hunter2")])
        .unwrap();
    it.store.set_default(Some("Work")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&it.profiles()), 0o700);
    for entry in fs::read_dir(it.profiles()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_change_that_fails_changes_nothing() {
    let it = Fixture::with_profile();
    let before = it.read();
    let result: Result<()> = it.store.update("Work", |edit| {
        edit.profile.sections.clear();
        Err(ErrorCode::CANCEL.into())
    });
    assert_eq!(code(result), ErrorCode::CANCEL);
    assert_eq!(it.read(), before);
    assert_eq!(
        code(it.store.update("Nobody", |_| Ok(()))),
        ErrorCode::NOT_FOUND
    );
}

#[test]
fn a_file_that_cannot_be_read_says_where() {
    let it = Fixture::with_profile();
    let path = it.profiles().join("work.toml");
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, good.replace("kind = \"main\"", "kind = \"mian\"")).unwrap();
    let error = it.store.read("Work").unwrap_err();
    assert_eq!(error.code(), ErrorCode::CORRUPT_DATA);
    let place = format!("{}:7: kind", path.display());
    assert!(error.text().starts_with(&place), "{error}");
    let list = it.store.list().unwrap();
    assert_eq!(list[0].name, "work");
    assert!(list[0].error.is_some());
    assert_eq!(code(it.store.begin_use("Work")), ErrorCode::CORRUPT_DATA);
    assert_eq!(code(it.store.create("Work")), ErrorCode::NO_ACCESS);

    fs::write(&path, b"format = 1\nname = \"\xFF\"\n").unwrap();
    let error = it.store.read("Work").unwrap_err();
    assert!(error.text().contains("work.toml:2:"), "{error}");
    fs::copy(&path, it.profiles().join("other.toml")).unwrap();
    fs::write(it.profiles().join("other.toml"), &good).unwrap();
    let error = it.store.read("Other").unwrap_err();
    assert!(error.text().contains("whose file is work.toml"), "{error}");
    // What cannot be read can be deleted.
    it.store.delete("Work").unwrap();
    it.store.delete("Other").unwrap();
    assert!(it.names().is_empty());
}

#[test]
fn a_file_is_read_up_to_a_limit_and_not_at_all_if_it_is_none() {
    let it = Fixture::with_profile();
    let path = it.profiles().join("work.toml");
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    assert_eq!(code(it.store.read("Work")), ErrorCode::TOO_BIG);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(code(it.store.read("Work")), ErrorCode::CORRUPT_DATA);
}

#[test]
fn a_hand_may_change_the_file() {
    let it = Fixture::with_profile();
    it.add("MAIL");
    let path = it.profiles().join("work.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"Folders\"", "\"My folders\"")).unwrap();
    let entries = it.read().provider_entries();
    assert_eq!(entries[0].display_name, "My folders");
}
