use std::fs;
use std::path::Path;

use super::common::*;
use mapi_subsystem::profile::*;
use mapi_types::*;

/// Every file but the one for secrets, searched for a text.
fn found_in_plain_files(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        let is_secret = path.extension().is_some_and(|e| e == "secrets");
        let bytes = fs::read(&path).unwrap();
        !is_secret && bytes.windows(text.len()).any(|w| w == text.as_bytes())
    })
}

#[test]
fn secrets_are_never_in_the_plain_file() {
    let it = Fixture::with_profile();
    it.add("MAIL");
    let uid = it.provider(ProviderKind::Transport);
    let section = it.open(&uid, true).unwrap();
    let problems = section
        .set_props(&[Property::new(PASSWORD, "hunter2"), Property::new(NUMBER, 7)])
        .unwrap();
    assert!(problems.is_empty());
    assert!(!found_in_plain_files(&it.profiles(), "hunter2"));
    // Only by identifier.
    let all = section.get_props(None, true).unwrap();
    assert!(all.iter().all(|p| p.tag != PASSWORD) && all.iter().any(|p| p.tag == NUMBER));
    assert!(!section.prop_list(true).unwrap().contains(&PASSWORD));
    let read = section.get_props(Some(&[PASSWORD]), true).unwrap();
    assert_eq!(read[0].value, PropValue::from("hunter2"));
    assert!(!format!("{:?}", it.store.read_secrets("Work").unwrap()).contains("hunter2"));
    drop(section);

    // They follow a copy and a new name, and go with what they belong to.
    it.store.copy("Work", "Copy").unwrap();
    it.store.rename("Work", "Job").unwrap();
    for name in ["Copy", "Job"] {
        let secrets = it.store.read_secrets(name).unwrap();
        assert_eq!(
            secrets.get(&uid, PASSWORD),
            Some(&PropValue::from("hunter2"))
        );
    }
    it.store
        .update("Job", |edit| {
            edit.profile.delete_provider(&uid, edit.in_use)
        })
        .unwrap();
    assert!(it.store.read_secrets("Job").unwrap().is_empty());
    it.store.delete("Copy").unwrap();
    it.store.create("Copy").unwrap();
    assert!(it.store.read_secrets("Copy").unwrap().is_empty());
    assert!(!it.profiles().join("job.secrets").exists());
}

#[test]
fn a_secret_can_be_deleted() {
    let it = Fixture::with_profile();
    let section = it.open(&MapiUid([3; 16]), true).unwrap();
    section
        .set_props(&[Property::new(PASSWORD, "hunter2")])
        .unwrap();
    assert!(section.delete_props(&[PASSWORD]).unwrap().is_empty());
    let problems = section.delete_props(&[PASSWORD]).unwrap();
    assert_eq!(problems[0].code, ErrorCode::NOT_FOUND);
    assert!(!it.profiles().join("work.secrets").exists());
}

#[test]
fn a_section_has_many_readers_or_one_writer() {
    let it = Fixture::with_profile();
    let uid = MapiUid([3; 16]);
    assert_eq!(code(it.open(&uid, false)), ErrorCode::NOT_FOUND);
    let writer = it.open(&uid, true).unwrap();
    assert_eq!(code(it.open(&uid, true)), ErrorCode::NO_ACCESS);
    assert_eq!(code(it.open(&uid, false)), ErrorCode::NO_ACCESS);
    assert!(
        it.open(&GLOBAL_SECTION, true).is_ok(),
        "another section is another matter"
    );
    drop(writer);
    let readers = [it.open(&uid, false).unwrap(), it.open(&uid, false).unwrap()];
    assert_eq!(code(it.open(&uid, true)), ErrorCode::NO_ACCESS);
    let set = readers[0].set_props(&[Property::new(NUMBER, 1)]);
    assert_eq!(code(set), ErrorCode::NO_ACCESS);
    drop(readers);
    assert!(it.open(&uid, true).is_ok());
}

#[test]
fn sections_of_providers_are_not_for_clients() {
    let it = Fixture::with_profile();
    it.add("MAIL");
    let uid = it.provider(ProviderKind::Store);
    let client = SectionAccess::default();
    let result = it.store.open_section("Work", Some(&uid), client);
    assert_eq!(code(result), ErrorCode::NO_ACCESS);
    assert!(it.open(&uid, false).is_ok());
    assert_eq!(code(it.open(&INSTANCE_SECTION, true)), ErrorCode::NO_ACCESS);
    let instance = it
        .store
        .open_section("Work", Some(&INSTANCE_SECTION), client)
        .unwrap();
    assert!(
        instance
            .prop_list(true)
            .unwrap()
            .contains(&tag::PR_SEARCH_KEY)
    );
    let main = it.store.open_section("Work", None, client).unwrap();
    let name = tag::PR_PROFILE_NAME.with_type(PropType::STRING8);
    let read = main
        .get_props(Some(&[name, tag::PR_OBJECT_TYPE, NUMBER]), true)
        .unwrap();
    assert_eq!(read[0].value, PropValue::String8(b"Work".to_vec()));
    assert_eq!(read[1].value.as_long(), Some(9));
    assert_eq!(read[2].value.as_error(), Some(ErrorCode::NOT_FOUND));
    assert_eq!(
        code(main.get_props(Some(&[]), true)),
        ErrorCode::INVALID_PARAMETER
    );
}

/// LIFE-LOGON-016: inside its logon method a provider cannot set what it was loaded by.
#[test]
fn life_logon_016_flags_and_library_cannot_be_set_at_logon() {
    let it = Fixture::with_profile();
    it.add("MAIL");
    let uid = it.provider(ProviderKind::Store);
    let access = SectionAccess {
        write: true,
        all_sections: true,
        logging_on: true,
    };
    let section = it.store.open_section("Work", Some(&uid), access).unwrap();
    let before = it.read();
    let problems = section
        .set_props(&[
            Property::new(tag::PR_RESOURCE_FLAGS, 0x80),
            Property::new(NUMBER, 1),
            Property::new(tag::PR_PROVIDER_DLL_NAME, "other"),
        ])
        .unwrap();
    assert_eq!(problems.iter().map(|p| p.index).collect::<Vec<_>>(), [0, 2]);
    assert!(problems.iter().all(|p| p.code == ErrorCode::NO_ACCESS));
    let after = it.read();
    let (before, after) = (before.section(&uid).unwrap(), after.section(&uid).unwrap());
    for tag in [tag::PR_RESOURCE_FLAGS, tag::PR_PROVIDER_DLL_NAME] {
        assert_eq!(before.props.get(tag), after.props.get(tag));
    }
    assert_eq!(after.props.bits(NUMBER), 1);
}

#[test]
fn what_cannot_be_set_is_a_problem_or_an_error() {
    let it = Fixture::with_profile();
    let main = it.open(&MAIN_SECTION, true).unwrap();
    let problems = main
        .set_props(&[
            Property::new(tag::PR_PROFILE_NAME, "x"),
            Property::new(tag::PR_SERVICES, vec![1_u8]),
            Property::new(PropTag::from_raw(0x8001_0003), 1),
            Property::error(NUMBER, ErrorCode::NOT_FOUND),
        ])
        .unwrap();
    let codes: Vec<_> = problems.iter().map(|p| (p.index, p.code)).collect();
    let computed = ErrorCode::COMPUTED;
    assert_eq!(
        codes,
        [(0, computed), (1, computed), (2, ErrorCode::UNEXPECTED_ID)]
    );
    for bad in [
        PropValue::Object,
        PropValue::MvLong(vec![]),
        PropValue::MvBinary(vec![]),
    ] {
        let result = main.set_props(&[Property::new(NUMBER, bad)]);
        assert_eq!(code(result), ErrorCode::INVALID_PARAMETER);
    }
    let empty = Property::new(
        PropTag::from_raw(0x6600_1102),
        PropValue::MvBinary(vec![vec![]]),
    );
    assert!(
        main.set_props(&[empty]).unwrap().is_empty(),
        "one value, without bytes"
    );
    assert_eq!(code(main.set_props(&[])), ErrorCode::INVALID_PARAMETER);
    assert_eq!(code(main.delete_props(&[])), ErrorCode::INVALID_PARAMETER);
}

/// A deletion that was cut short between its files leaves passwords; the next profile of that name does not get them.
#[test]
fn a_new_profile_has_no_old_secrets() {
    let it = Fixture::with_profile();
    let section = it.open(&GLOBAL_SECTION, true).unwrap();
    let secret = Property::new(PASSWORD, "hunter2");
    section.set_props(&[secret]).unwrap();
    fs::remove_file(it.profiles().join("work.toml")).unwrap();
    it.store.create("Work").unwrap();
    assert!(it.store.read_secrets("Work").unwrap().is_empty());
}
