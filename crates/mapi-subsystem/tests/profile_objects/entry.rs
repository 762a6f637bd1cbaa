use std::sync::Arc;

use mapi_com::iface::{MapiProp, MsgServiceAdmin, ProviderAdmin};
use mapi_subsystem::notify::{Delivery, Engine};
use mapi_subsystem::profile::ProviderKind;
use mapi_sys::{MAPI_MODIFY, SERVICE_UI_ALLOWED};
use mapi_types::{Error, ErrorCode, MapiUid, Property, tag};

use super::common::*;

#[test]
fn a_new_service_is_told_and_may_refuse() {
    let it = Fixture::new();
    let admin = it.services();
    admin
        .create_msg_service("MAIL", None, SERVICE_UI_ALLOWED)
        .unwrap();
    let log = it.service.log.lock().unwrap().pop().unwrap();
    assert_eq!(
        log,
        (mapi_sys::MSG_SERVICE_CREATE, SERVICE_UI_ALLOWED, vec![])
    );
    admin.create_msg_service("PLAIN", None, 0).unwrap();
    assert!(it.service.contexts().is_empty(), "it has no entry point");

    // One that is not configured yet stays.
    it.service.does(|_| Err(ErrorCode::UNCONFIGURED.into()));
    admin.create_msg_service("MAIL", None, 0).unwrap();
    assert_eq!(it.read().services().count(), 3);
    it.service
        .does(|_| Err(Error::provider(ErrorCode::NETWORK_ERROR).context("no server")));
    let before = it.read();
    let error = admin.create_msg_service("MAIL", None, 0).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NETWORK_ERROR);
    assert!(error.text().contains("no server"), "{error}");
    assert_eq!(it.read(), before);
}

#[test]
fn a_service_is_configured_with_properties() {
    let it = Fixture::new();
    let (mail, plain) = (it.add("MAIL"), it.add("PLAIN"));
    let store = it.provider(ProviderKind::Store);
    // What a service does: it finds its providers, and writes what it was given into their sections.
    it.service.does(move |call| {
        let engine = Engine::start(Delivery::FirstThread)?;
        let client = client(&engine);
        let admin = call.providers.export(&client)?;
        let section = admin.open_profile_section(Some(&store), MAPI_MODIFY)?;
        assert!(section.set_props(call.props)?.is_empty());
        let own = call.providers.open_section(&client.scope, None, 0)?;
        let uid = own.get_props(Some(&[tag::PR_SERVICE_UID]), 0)?;
        assert_eq!(
            uid[0].value.as_bytes(),
            Some(call.providers.service().0.as_slice())
        );
        Ok(())
    });
    let admin = it.services();
    let props = [
        Property::new(NUMBER, 42),
        Property::new(PASSWORD, "hunter2"),
    ];
    admin.configure_msg_service(&mail, 0, &props).unwrap();
    assert_eq!(it.service.contexts(), [mapi_sys::MSG_SERVICE_CONFIGURE]);
    assert_eq!(it.read().section(&store).unwrap().props.bits(NUMBER), 42);
    let secrets = it.store.read_secrets("Work").unwrap();
    assert!(secrets.get(&store, PASSWORD).is_some());

    let configure = |uid: &MapiUid| admin.configure_msg_service(uid, 0, &[]);
    assert_eq!(code(configure(&plain)), ErrorCode::NOT_INITIALIZED);
    assert_eq!(code(configure(&MapiUid([9; 16]))), ErrorCode::NOT_FOUND);
    for refusal in [ErrorCode::EXTENDED_ERROR, ErrorCode::USER_CANCEL] {
        it.service
            .does(move |_| Err(Error::provider(refusal).context("the server says no")));
        let error = configure(&mail).unwrap_err();
        assert_eq!(error.code(), refusal);
        assert!(error.text().contains("the server says no"), "{error}");
    }
}

/// A service that is asked for one more provider makes it through the object it is given. That must not ask it again.
#[test]
fn a_service_may_administer_its_own_providers() {
    let it = Fixture::new();
    let mail = it.add("MAIL");
    it.service.does(|call| {
        let engine = Engine::start(Delivery::FirstThread)?;
        let client = client(&engine);
        let admin = call.providers.export(&client)?;
        if call.context == mapi_sys::MSG_SERVICE_CONFIGURE {
            let uid = admin.create_provider("MAIL XP", &[], 0)?;
            admin.delete_provider(&uid)?;
            admin.create_provider("MAIL STORE", &[], 0)?;
        }
        Ok(())
    });
    let before = it.read().provider_entries().len();
    it.services().configure_msg_service(&mail, 0, &[]).unwrap();
    assert_eq!(it.service.contexts(), [mapi_sys::MSG_SERVICE_CONFIGURE]);
    assert_eq!(it.read().provider_entries().len(), before + 1);
}

#[test]
fn a_service_may_refuse_providers() {
    let it = Fixture::new();
    let mail = it.add("MAIL");
    it.service.does(|_| Err(ErrorCode::NO_SUPPORT.into()));
    let admin = it.services().admin_providers(&mail, 0).unwrap();
    let before = it.read();
    assert_eq!(
        code(admin.create_provider("MAIL XP", &[], 0)),
        ErrorCode::NO_SUPPORT
    );
    let store = it.provider(ProviderKind::Store);
    assert_eq!(code(admin.delete_provider(&store)), ErrorCode::NO_SUPPORT);
    assert_eq!(it.read(), before);
}

/// LIFE-LOGOFF-017: nothing of MAPI's is locked while foreign code runs, and a service may use any of it.
#[test]
fn life_logoff_017_nothing_is_locked_during_an_entry_point() {
    let it = Fixture::new();
    let mail = it.add("MAIL");
    let store = Arc::clone(&it.store);
    let administration = Arc::clone(&it.administration);
    it.service.does(move |_| {
        let (store, administration) = (Arc::clone(&store), Arc::clone(&administration));
        // On another thread, and waited for: a lock held by the caller would never come free.
        let other = std::thread::spawn(move || {
            store.create("Meanwhile").unwrap();
            store.update("Work", |_| Ok(())).unwrap();
            let engine = Engine::start(Delivery::FirstThread).unwrap();
            let client = client(&engine);
            let admin = administration.service_admin(&client, "Work").unwrap();
            let admin = admin.upcast::<mapi_sys::IMsgServiceAdmin>();
            admin.create_msg_service("PLAIN", None, 0).unwrap();
        });
        other.join().unwrap();
        Ok(())
    });
    it.services().configure_msg_service(&mail, 0, &[]).unwrap();
    assert_eq!(it.read().services().count(), 2);
}
