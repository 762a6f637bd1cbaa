use mapi_com::iface::{CopyTarget, MsgServiceAdmin, ProfAdmin, ProviderAdmin};
use mapi_com::ptr::ComPtr;
use mapi_subsystem::profile::ProviderKind;
use mapi_sys::{IMsgServiceAdmin, MAPI_DEFAULT_SERVICES};
use mapi_types::{ErrorCode, MapiUid, Property, tag};

use super::common::*;

#[test]
fn profiles_are_administered() {
    let it = Fixture::new();
    let admin = &it.profiles;
    assert_eq!(
        code(admin.create_profile("Work", "", 0)),
        ErrorCode::NO_ACCESS
    );
    assert_eq!(
        code(admin.create_profile("x ", "", 0)),
        ErrorCode::INVALID_PARAMETER
    );
    assert_eq!(
        code(admin.create_profile("x", "secret", 0)),
        ErrorCode::INVALID_PARAMETER
    );
    admin.copy_profile("Work", "", "Größe", 0).unwrap();
    assert_eq!(
        code(admin.copy_profile("Work", "x", "y", 0)),
        ErrorCode::LOGON_FAILED
    );
    assert_eq!(
        code(admin.copy_profile("Nobody", "", "y", 0)),
        ErrorCode::NOT_FOUND
    );
    assert_eq!(
        code(admin.copy_profile("Work", "", "GRÖSSE", 0)),
        ErrorCode::OK
    );
    assert_eq!(
        code(admin.copy_profile("Work", "", "größe", 0)),
        ErrorCode::NO_ACCESS
    );
    admin.rename_profile("Größe", "", "Job", 0).unwrap();
    assert_eq!(
        code(admin.rename_profile("Nobody", "", "y", 0)),
        ErrorCode::NOT_FOUND
    );
    admin.set_default_profile(Some("Job"), 0).unwrap();
    assert_eq!(
        code(admin.set_default_profile(Some("Nobody"), 0)),
        ErrorCode::NOT_FOUND
    );
    assert_eq!(it.store.default_profile().unwrap().unwrap(), "Job");
    admin.set_default_profile(None, 0).unwrap();
    assert_eq!(it.store.default_profile().unwrap(), None);
    assert_eq!(
        code(admin.change_profile_password("Job", "", "x", 0)),
        ErrorCode::NO_SUPPORT
    );
    assert_eq!(
        code(admin.admin_services("Nobody", "", 0)),
        ErrorCode::LOGON_FAILED
    );
    assert_eq!(
        code(admin.admin_services("Job", "x", 0)),
        ErrorCode::LOGON_FAILED
    );
    admin.delete_profile("Job", 0).unwrap();
    assert_eq!(code(admin.delete_profile("Job", 0)), ErrorCode::NOT_FOUND);
}

#[test]
fn an_error_says_what_is_wrong() {
    let it = Fixture::new();
    let error = it.profiles.create_profile("work", "", 0).unwrap_err();
    // The import asks GetLastError for the text.
    assert!(
        error.text().contains("there is a profile 'work' already"),
        "{error}"
    );
    let error = it
        .services()
        .create_msg_service("NOTHING", None, 0)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::NOT_FOUND);
    assert!(error.text().contains("NOTHING"), "{error}");
}

#[test]
fn a_new_profile_may_have_the_default_services() {
    let it = Fixture::new();
    it.profiles
        .create_profile("New", "", MAPI_DEFAULT_SERVICES)
        .unwrap();
    let profile = it.store.read("New").unwrap();
    let names: Vec<String> = profile
        .services()
        .map(|s| s.props.text(tag::PR_SERVICE_NAME).unwrap().into_owned())
        .collect();
    assert_eq!(names, ["MAIL", "BOOK"]);
    assert_eq!(it.service.contexts(), [mapi_sys::MSG_SERVICE_CREATE]);
    it.profiles.delete_profile("New", 0).unwrap();
    assert_eq!(it.service.contexts(), [mapi_sys::MSG_SERVICE_DELETE]);

    it.service.does(|_| Err(ErrorCode::NETWORK_ERROR.into()));
    let result = it.profiles.create_profile("New", "", MAPI_DEFAULT_SERVICES);
    assert_eq!(code(result), ErrorCode::NETWORK_ERROR);
    assert_eq!(
        code(it.store.read("New")),
        ErrorCode::NOT_FOUND,
        "not half a profile"
    );
}

#[test]
fn services_come_and_go() {
    let it = Fixture::new();
    let admin = it.services();
    let missing = MapiUid([9; 16]);
    assert_eq!(
        code(admin.create_msg_service("NOTHING", None, 0)),
        ErrorCode::NOT_FOUND
    );
    admin
        .create_msg_service("book", Some("ignored"), 0)
        .unwrap();
    assert_eq!(
        code(admin.create_msg_service("BOOK", None, 0)),
        ErrorCode::NO_ACCESS
    );
    let mail = admin
        .create_msg_service_ex("MAIL", Some("My mail"), 0)
        .unwrap();
    let name = |uid: &MapiUid| {
        let profile = it.read();
        let section = profile.service(uid).unwrap();
        section
            .props
            .text(tag::PR_DISPLAY_NAME)
            .unwrap()
            .into_owned()
    };
    let book = it.read().services().next().unwrap().uid;
    assert_eq!(
        (name(&mail).as_str(), name(&book).as_str()),
        ("My mail", "Book")
    );
    admin.rename_msg_service(&mail, "Renamed").unwrap();
    assert_eq!(name(&mail), "Renamed");
    assert_eq!(
        code(admin.rename_msg_service(&missing, "x")),
        ErrorCode::NOT_FOUND
    );
    assert_eq!(
        code(admin.set_primary_identity(Some(&book))),
        ErrorCode::NO_ACCESS
    );
    admin.set_primary_identity(Some(&mail)).unwrap();
    admin.set_primary_identity(None).unwrap();
    assert_eq!(
        code(admin.delete_msg_service(&missing)),
        ErrorCode::NOT_FOUND
    );
    admin.delete_msg_service(&mail).unwrap();
    assert_eq!(it.read().services().count(), 1);
    assert_eq!(code(admin.admin_providers(&mail, 0)), ErrorCode::NOT_FOUND);
}

#[test]
fn a_service_is_copied_within_a_profile_and_to_another() {
    let it = Fixture::new();
    let (mail, book) = (it.add("MAIL"), it.add("BOOK"));
    let xp = it.provider(ProviderKind::Transport);
    let secret = Property::new(PASSWORD, "hunter2");
    it.store
        .update("Work", |edit| {
            edit.secrets()?.set(&xp, secret);
            Ok(())
        })
        .unwrap();
    let admin = it.services();
    admin.copy_msg_service(&mail, None, None, 0).unwrap();
    assert_eq!(it.read().services().count(), 3);
    assert_eq!(
        code(admin.copy_msg_service(&book, None, None, 0)),
        ErrorCode::NO_ACCESS
    );
    assert_eq!(
        code(admin.copy_msg_service(&MapiUid([9; 16]), None, None, 0)),
        ErrorCode::NOT_FOUND
    );

    it.profiles.create_profile("Other", "", 0).unwrap();
    let other: ComPtr<IMsgServiceAdmin> = it.profiles.admin_services("Other", "", 0).unwrap();
    let other = other.into_unknown();
    let target = CopyTarget {
        object: &other,
        interface: guid(&mapi_sys::IID_IMsgServiceAdmin),
        progress: None,
    };
    for service in [&mail, &book] {
        admin
            .copy_msg_service(service, None, Some(&target), 0)
            .unwrap();
    }
    // The entry point is not called.
    assert!(it.service.contexts().is_empty());
    let copy = it.store.read("Other").unwrap();
    assert_eq!(copy.services().count(), 2);
    assert_eq!(copy.provider_entries().len(), 3);
    let xp = copy.providers(ProviderKind::Transport).next().unwrap().uid;
    let secrets = it.store.read_secrets("Other").unwrap();
    assert!(secrets.get(&xp, PASSWORD).is_some());
}

pub fn guid(abi: &mapi_sys::GUID) -> mapi_types::Guid {
    mapi_com::ptr::guid_from_abi(abi)
}

#[test]
fn transports_have_an_order() {
    let it = Fixture::new();
    it.add("MAIL");
    it.add("PLAIN");
    let order = || -> Vec<MapiUid> {
        let profile = it.read();
        profile
            .providers(ProviderKind::Transport)
            .map(|s| s.uid)
            .collect()
    };
    let mut wanted = order();
    wanted.reverse();
    it.services().msg_service_transport_order(&wanted).unwrap();
    assert_eq!(order(), wanted);
    let short = it.services().msg_service_transport_order(&wanted[1..]);
    assert_eq!(code(short), ErrorCode::BUSY);
    let wrong = [wanted[0], MapiUid([9; 16])];
    assert_eq!(
        code(it.services().msg_service_transport_order(&wrong)),
        ErrorCode::NOT_FOUND
    );
}

#[test]
fn providers_come_and_go() {
    let it = Fixture::new();
    let mail = it.add("MAIL");
    let admin = it.services().admin_providers(&mail, 0).unwrap();
    assert_eq!(
        code(admin.create_provider("NOTHING", &[], 0)),
        ErrorCode::NOT_FOUND
    );
    assert_eq!(
        code(admin.create_provider("BOOK AB", &[], 0)),
        ErrorCode::NOT_FOUND,
        "not of this service"
    );
    let props = [
        Property::new(tag::PR_DISPLAY_NAME, "Second"),
        Property::new(NUMBER, 7),
    ];
    let uid = admin.create_provider("mail store", &props, 0).unwrap();
    let profile = it.read();
    let section = profile.section(&uid).unwrap();
    assert_eq!(section.props.text(tag::PR_DISPLAY_NAME).unwrap(), "Second");
    assert_eq!(
        section.props.text(tag::PR_PROVIDER_DLL_NAME).unwrap(),
        "mail"
    );
    assert_eq!(section.props.bits(NUMBER), 7);
    let book = it.add("BOOK");
    let other = it.services().admin_providers(&book, 0).unwrap();
    assert_eq!(code(other.delete_provider(&uid)), ErrorCode::NOT_FOUND);
    admin.delete_provider(&uid).unwrap();
    assert_eq!(code(admin.delete_provider(&uid)), ErrorCode::NOT_FOUND);
    assert!(it.read().section(&uid).is_none());
    let contexts = [
        mapi_sys::MSG_SERVICE_PROVIDER_CREATE,
        mapi_sys::MSG_SERVICE_PROVIDER_DELETE,
    ];
    it.service.contexts();
    let uid = admin.create_provider("MAIL XP", &[], 0).unwrap();
    admin.delete_provider(&uid).unwrap();
    assert_eq!(it.service.contexts(), contexts);
}

/// LIFE-LOGOFF-026, through the interfaces: deleting what a session uses answers S_OK and happens later.
#[test]
fn life_logoff_026_deletions_wait_for_the_last_session() {
    let it = Fixture::new();
    let mail = it.add("MAIL");
    let store = it.provider(ProviderKind::Store);
    let session = it.store.begin_use("Work").unwrap();
    let admin = it.services().admin_providers(&mail, 0).unwrap();
    admin.delete_provider(&store).unwrap();
    assert!(it.read().section(&store).is_some());
    it.services().delete_msg_service(&mail).unwrap();
    assert_eq!(it.read().services().count(), 0);
    assert!(it.read().section(&mail).is_some());
    it.profiles.delete_profile("Work", 0).unwrap();
    let file = it.folder.path().join("profiles").join("work.toml");
    assert!(file.exists());
    session.end().unwrap();
    assert!(!file.exists());
}
