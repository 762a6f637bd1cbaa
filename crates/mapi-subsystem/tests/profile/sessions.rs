use std::fs;

use super::common::*;
use mapi_subsystem::profile::*;
use mapi_types::*;

/// LIFE-LOGOFF-026: a profile that is in use is deleted when its last session has ended.
#[test]
fn life_logoff_026_a_profile_in_use_goes_with_its_last_session() {
    let it = Fixture::with_profile();
    it.add("MAIL");
    it.store.set_default(Some("Work")).unwrap();
    let first = it.store.begin_use("Work").unwrap();
    let second = it.store.begin_use("work").unwrap();
    let uid = it.provider(ProviderKind::Store);
    assert_eq!(it.store.delete("Work").unwrap(), When::AfterLastSession);
    assert!(it.names().is_empty());
    assert_eq!(it.store.default_profile().unwrap(), None);
    assert_eq!(code(it.store.begin_use("Work")), ErrorCode::NOT_FOUND);
    assert_eq!(code(it.store.create("Work")), ErrorCode::NO_ACCESS);
    assert_eq!(code(it.store.delete("Work")), ErrorCode::NOT_FOUND);
    // A provider may write its section while it logs off.
    let access = SectionAccess {
        write: true,
        all_sections: true,
        logging_on: false,
    };
    let section = first.open_section(Some(&uid), access).unwrap();
    assert!(
        section
            .set_props(&[Property::new(NUMBER, 1)])
            .unwrap()
            .is_empty()
    );
    drop(section);
    first.end().unwrap();
    assert!(it.profiles().join("work.toml").exists());
    assert_eq!(second.profile().provider_entries().len(), 2);
    second.end().unwrap();
    let left: Vec<_> = fs::read_dir(it.profiles())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left, ["lock"]);
    it.store.create("Work").unwrap();
}

/// LIFE-LOGOFF-026, providers; OP-56: the session in use keeps its set.
#[test]
fn life_logoff_026_a_provider_in_use_goes_with_the_last_session() {
    let it = Fixture::with_profile();
    let mail = it.add("MAIL");
    let uid = it.provider(ProviderKind::Store);
    let session = it.store.begin_use("Work").unwrap();
    it.store
        .update("Work", |edit| {
            edit.profile.delete_provider(&uid, edit.in_use)
        })
        .unwrap();
    assert_eq!(it.read().provider_entries().len(), 1);
    assert!(it.read().section(&uid).is_some(), "only marked");
    assert_eq!(session.profile().provider_entries().len(), 2);
    session.end().unwrap();
    assert!(it.read().section(&uid).is_none());

    let session = it.store.begin_use("Work").unwrap();
    it.store
        .update("Work", |edit| {
            edit.profile.delete_service(&mail, edit.in_use)
        })
        .unwrap();
    assert_eq!(it.read().services().count(), 0);
    let marked = it.read().sections.iter().filter(|s| s.deleted).count();
    assert_eq!(marked, 3, "service, transport, extra section");
    drop(session);
    assert_eq!(it.read().sections.iter().filter(|s| s.deleted).count(), 0);
    assert!(it.read().section(&mail).is_none());
}

/// LIFE-LOGOFF-026, STATUS_TEMP_SECTION.
#[test]
fn life_logoff_026_temporary_sections_are_gone_after_logoff() {
    let it = Fixture::with_profile();
    let mail = it.add("MAIL");
    let info = catalog().provider("MAIL", "MAIL STORE").unwrap();
    let temporary = Property::new(tag::PR_RESOURCE_FLAGS, 0x80);
    let session = it.store.begin_use("Work").unwrap();
    let uid = it
        .store
        .update("Work", |edit| {
            edit.profile.add_provider(&mail, &info, &[temporary])
        })
        .unwrap();
    assert!(it.read().provider_entries().iter().any(|p| p.uid == uid));
    session.end().unwrap();
    let profile = it.read();
    assert!(profile.section(&uid).is_none());
    assert!(profile.flaws().is_empty(), "it has left the lists");
}

#[test]
fn a_profile_in_use_is_renamed_with_its_last_session() {
    let it = Fixture::with_profile();
    it.add("MAIL");
    it.store.set_default(Some("Work")).unwrap();
    let session = it.store.begin_use("Work").unwrap();
    assert_eq!(
        it.store.rename("Work", "Job").unwrap(),
        When::AfterLastSession
    );
    assert_eq!(it.names(), ["Work"]);
    session.end().unwrap();
    assert_eq!(it.names(), ["Job"]);
    assert_eq!(it.store.default_profile().unwrap().unwrap(), "Job");
    // If the name is taken by then, the profile keeps the one it has.
    let session = it.store.begin_use("Job").unwrap();
    it.store.rename("Job", "Next").unwrap();
    it.store.create("Next").unwrap();
    session.end().unwrap();
    assert_eq!(it.names(), ["Job", "Next"]);
    assert_eq!(it.store.read("Job").unwrap().rename_to, None);
}
