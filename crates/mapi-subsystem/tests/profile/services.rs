use super::common::*;
use mapi_subsystem::profile::*;
use mapi_types::*;

#[test]
fn a_service_is_copied_into_the_profile() {
    let it = Fixture::with_profile();
    let mail = it.add("MAIL");
    let profile = it.read();
    let service = profile.service(&mail).unwrap();
    assert_eq!(service.kind, SectionKind::Service);
    let text = |tag| service.props.text(tag).unwrap().into_owned();
    assert_eq!(text(tag::PR_SERVICE_NAME), "MAIL");
    assert_eq!(text(tag::PR_DISPLAY_NAME), "Mail");
    assert_eq!(text(tag::PR_SERVICE_ENTRY_NAME), "ServiceEntry");
    let extra: Vec<MapiUid> = service.uids(tag::PR_SERVICE_EXTRA_UIDS).collect();
    assert_eq!(profile.section(&extra[0]).unwrap().props.bits(NUMBER), 5);
    let entries = profile.provider_entries();
    assert_eq!(entries.len(), 2);
    for (entry, kind) in entries
        .iter()
        .zip([ProviderKind::Store, ProviderKind::Transport])
    {
        assert_eq!((entry.kind, entry.service), (kind, Some(mail)));
        assert_eq!(entry.library, "mail");
        let section = profile.section(&entry.uid).unwrap();
        assert_eq!(section.uid_prop(tag::PR_PROVIDER_UID), Some(entry.uid));
        assert_eq!(service.uids(kind.list()).collect::<Vec<_>>(), [entry.uid]);
    }
    // The first store is the default store.
    assert_eq!(
        entries[0].flags & mapi_sys::STATUS_DEFAULT_STORE,
        mapi_sys::STATUS_DEFAULT_STORE
    );
    assert!(profile.flaws().is_empty());

    it.add("BOOK");
    let book = catalog().service("BOOK").unwrap();
    let again = it
        .store
        .update("Work", |edit| edit.profile.add_service(&book, None));
    assert_eq!(code(again), ErrorCode::NO_ACCESS);

    it.store
        .update("Work", |edit| {
            edit.profile.delete_service(&mail, edit.in_use)
        })
        .unwrap();
    let profile = it.read();
    assert_eq!(profile.provider_entries().len(), 1);
    assert!(profile.section(&extra[0]).is_none() && profile.section(&GLOBAL_SECTION).is_some());
    assert_eq!(profile.services().count(), 1);
}

#[test]
fn services_are_copied_renamed_and_ordered() {
    let it = Fixture::with_profile();
    let mail = it.add("MAIL");
    let copies = it
        .store
        .update("Work", |edit| {
            let source = edit.profile.clone();
            edit.profile.copy_service(&source, &mail)
        })
        .unwrap();
    let copy = copies[0].1;
    let profile = it.read();
    assert_eq!(profile.services().count(), 2);
    let stores: Vec<u32> = profile
        .providers(ProviderKind::Store)
        .map(|s| s.props.bits(tag::PR_RESOURCE_FLAGS))
        .collect();
    assert_eq!(
        stores,
        [mapi_sys::STATUS_DEFAULT_STORE, 0],
        "one default store"
    );

    let transports: Vec<MapiUid> = profile
        .providers(ProviderKind::Transport)
        .map(|s| s.uid)
        .collect();
    let reverse = [transports[1], transports[0]];
    let order = |uids: &[MapiUid]| {
        it.store
            .update("Work", |e| e.profile.set_transport_order(uids))
    };
    assert_eq!(code(order(&reverse[..1])), ErrorCode::BUSY);
    assert_eq!(code(order(&[reverse[0], reverse[0]])), ErrorCode::NOT_FOUND);
    assert_eq!(code(order(&[reverse[0], mail])), ErrorCode::NOT_FOUND);
    order(&reverse).unwrap();
    let now: Vec<MapiUid> = it
        .read()
        .providers(ProviderKind::Transport)
        .map(|s| s.uid)
        .collect();
    assert_eq!(now, reverse);

    let rename = |name: &str| {
        it.store
            .update("Work", |e| e.profile.rename_service(&copy, name))
    };
    assert_eq!(code(rename("")), ErrorCode::INVALID_PARAMETER);
    rename("Second").unwrap();
    let renamed = it.read();
    let name = renamed
        .service(&copy)
        .unwrap()
        .props
        .text(tag::PR_DISPLAY_NAME);
    assert_eq!(name.unwrap(), "Second");

    let identity = |uid: Option<&MapiUid>| {
        it.store
            .update("Work", |e| e.profile.set_primary_identity(uid))
    };
    let book = it.add("BOOK");
    assert_eq!(code(identity(Some(&book))), ErrorCode::NO_ACCESS);
    assert_eq!(
        code(identity(Some(&MapiUid([9; 16])))),
        ErrorCode::NOT_FOUND
    );
    identity(Some(&mail)).unwrap();
    identity(Some(&copy)).unwrap();
    let primary = |flag, sections: Vec<(MapiUid, u32)>| -> Vec<MapiUid> {
        let with = sections.into_iter().filter(|(_, bits)| bits & flag != 0);
        with.map(|(uid, _)| uid).collect()
    };
    let bits = |sections: Vec<&Section>| -> Vec<(MapiUid, u32)> {
        sections
            .iter()
            .map(|s| (s.uid, s.props.bits(tag::PR_RESOURCE_FLAGS)))
            .collect()
    };
    let profile = it.read();
    let services = bits(profile.services().collect());
    assert_eq!(
        primary(mapi_sys::SERVICE_PRIMARY_IDENTITY, services),
        [copy]
    );
    let providers = primary(
        mapi_sys::STATUS_PRIMARY_IDENTITY,
        bits(profile.all_providers().collect()),
    );
    assert_eq!(
        providers,
        profile
            .providers_of(&copy)
            .map(|s| s.uid)
            .collect::<Vec<_>>()
    );
    identity(None).unwrap();
    let profile = it.read();
    let services = bits(profile.services().collect());
    assert!(primary(mapi_sys::SERVICE_PRIMARY_IDENTITY, services).is_empty());
}
