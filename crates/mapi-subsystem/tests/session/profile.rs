//! What a session does with its profile.

use mapi_com::iface::{MapiProp as _, MapiSession as _, MsgServiceAdmin as _, ProviderAdmin as _};
use mapi_subsystem::LogonRequest;
use mapi_subsystem::profile::ProviderKind;
use mapi_subsystem::profile::objects::MAPI_FORCE_ACCESS;
use mapi_sys::{MAPI_MODIFY, MAPI_NEW_SESSION, STATUS_TEMP_SECTION};
use mapi_types::{ErrorCode, MapiUid, PropTag, tag};

use crate::world::{World, open_store, prop};

fn has_section(world: &World, profile: &str, uid: &MapiUid) -> bool {
    let profile = world.subsystem.profiles().read(profile).unwrap();
    profile.section(uid).is_some()
}

/// LIFE-LOGOFF-026: after Logoff there are no temporary sections any more.
#[test]
fn life_logoff_026_a_temporary_section_is_gone_after_logoff() {
    let world = World::new();
    world.profile("p", &["EXMS"]);
    let session = world.logon("p");
    let admin = session.admin_services(0).unwrap();
    let service = world
        .subsystem
        .profiles()
        .read("p")
        .unwrap()
        .services()
        .next()
        .unwrap()
        .uid;
    let providers = admin.admin_providers(&service, 0).unwrap();
    let temporary = prop(tag::PR_RESOURCE_FLAGS, STATUS_TEMP_SECTION.cast_signed());
    let uid = providers
        .create_provider("EXMS_P", &[temporary], 0)
        .unwrap();
    assert!(has_section(&world, "p", &uid));
    drop((providers, admin));
    session.logoff(0, 0, 0).unwrap();
    assert!(!has_section(&world, "p", &uid));
}

/// LIFE-LOGOFF-026: what is deleted while it is used goes when the last session using it has ended, and works until then.
#[test]
fn life_logoff_026_a_provider_in_use_is_deleted_after_the_last_session() {
    let world = World::new();
    world.profile("p", &["EXMS"]);
    let (first, second) = (world.logon("p"), world.logon("p"));
    let profile = world.subsystem.profiles().read("p").unwrap();
    let service = profile.services().next().unwrap().uid;
    let store = profile.providers(ProviderKind::Store).next().unwrap().uid;
    let admin = first.admin_services(0).unwrap();
    admin.delete_msg_service(&service).unwrap();
    drop(admin);
    first.logoff(0, 0, 0).unwrap();
    assert!(has_section(&world, "p", &service) && has_section(&world, "p", &store));
    // Changes act on the next session (OP-56).
    let opened = open_store(&second, 0);
    drop(opened);
    second.logoff(0, 0, 0).unwrap();
    assert!(!has_section(&world, "p", &service) && !has_section(&world, "p", &store));
    let third = world.logon("p");
    assert!(crate::world::stores(&third).is_empty());
}

/// LIFE-LOGOFF-026, for the profile as a whole; leaving without Logoff is the same (LIFE-LOGOFF-021).
#[test]
fn life_logoff_026_a_profile_in_use_is_deleted_after_the_last_session() {
    let world = World::new();
    world.profile("p", &["EXMS"]);
    let session = world.logon("p");
    let store = open_store(&session, 0);
    world.subsystem.profiles().delete("p").unwrap();
    let again = world.try_logon("p", MAPI_NEW_SESSION);
    assert_eq!(again.unwrap_err().code(), ErrorCode::LOGON_FAILED);
    let file = world.folder.path().join("profiles").join("p.toml");
    assert!(file.exists());
    drop(store);
    drop(session);
    assert!(!file.exists());
}

/// LIFE-LOGON-003: wrong arguments are MAPI_E_LOGON_FAILED and start no provider.
#[test]
fn life_logon_003_wrong_arguments_fail_the_logon() {
    let world = World::new();
    world.profile("p", &["EXMS"]);
    let long = "x".repeat(65);
    for (profile, password) in [
        (Some("nobody"), None),
        (Some(long.as_str()), None),
        (Some(" p"), None),
        (Some("p"), Some("secret")),
        (None, None),
    ] {
        let result = world.subsystem.logon(&LogonRequest {
            profile,
            password,
            flags: MAPI_NEW_SESSION,
            ..LogonRequest::default()
        });
        let code = result.err().map(|e| e.code());
        assert_eq!(code, Some(ErrorCode::LOGON_FAILED), "{profile:?}");
    }
    assert!(world.subsystem.libraries().log().events().is_empty());
}

/// LIFE-LOGOFF-024: a section that is left open fails every call after Logoff, and no longer keeps others from it.
#[test]
fn life_logoff_024_a_section_left_open_is_dead_and_free() {
    let world = World::new();
    world.profile("p", &["EXMS"]);
    let number = PropTag::from_raw(0x6600_0003);
    let uid = MapiUid([5; 16]);
    let session = world.logon("p");
    let section = session
        .open_profile_section(Some(&uid), MAPI_MODIFY)
        .unwrap();
    section.set_props(&[prop(number, 7)]).unwrap();
    let busy = session.open_profile_section(Some(&uid), 0).unwrap_err();
    assert_eq!(busy.code(), ErrorCode::NO_ACCESS);
    session.logoff(0, 0, 0).unwrap();
    let code = |result: mapi_types::Result<_>| result.map(|_: Vec<_>| ()).unwrap_err().code();
    assert_eq!(code(section.get_props(None, 0)), ErrorCode::INVALID_OBJECT);
    let session = world.logon("p");
    let again = session
        .open_profile_section(Some(&uid), MAPI_MODIFY | MAPI_FORCE_ACCESS)
        .unwrap();
    let read = again.get_props(Some(&[number]), 0).unwrap();
    assert_eq!(read[0].value.as_long(), Some(7));
    drop(section);
}
