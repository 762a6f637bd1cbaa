use mapi_com::iface::{Bookmark, MapiTable, MsgServiceAdmin, ProfAdmin, ProviderAdmin};
use mapi_com::ptr::ComPtr;
use mapi_sys::{IMAPITable, MAPI_TRANSPORT_PROVIDER, MAPI_UNICODE};
use mapi_types::{
    ErrorCode, MapiUid, PropTag, PropType, PropValue, Property, RelOp, Restriction, Row, SortOrder,
    tag,
};

use super::common::*;

fn rows(table: &ComPtr<IMAPITable>) -> Vec<Row> {
    table.seek_row(Bookmark::BEGINNING, 0).unwrap();
    table.query_rows(100, 0).unwrap()
}

fn texts(rows: &[Row], tag: PropTag) -> Vec<String> {
    rows.iter()
        .map(|r| {
            r.get(tag)
                .and_then(|v| v.as_str())
                .map_or("-".into(), |t| t.into_owned())
        })
        .collect()
}

fn columns(table: &ComPtr<IMAPITable>) -> Vec<PropTag> {
    table.query_columns(0).unwrap()
}

#[test]
fn the_profile_table_lists_profiles_that_stay() {
    let it = Fixture::new();
    it.profiles.create_profile("Größe", "", 0).unwrap();
    it.profiles.create_profile("Gone", "", 0).unwrap();
    it.profiles.set_default_profile(Some("Work"), 0).unwrap();
    let session = it.store.begin_use("Gone").unwrap();
    it.profiles.delete_profile("Gone", 0).unwrap();
    let table = it.profiles.get_profile_table(MAPI_UNICODE).unwrap();
    assert_eq!(
        columns(&table),
        [tag::PR_DISPLAY_NAME, tag::PR_DEFAULT_PROFILE]
    );
    let all = rows(&table);
    assert_eq!(texts(&all, tag::PR_DISPLAY_NAME), ["Größe", "Work"]);
    let defaults: Vec<bool> = all
        .iter()
        .map(|r| r.get(tag::PR_DEFAULT_PROFILE).unwrap().as_bool().unwrap())
        .collect();
    assert_eq!(defaults, [false, true]);
    // It is static.
    it.profiles.create_profile("New", "", 0).unwrap();
    assert_eq!(rows(&table).len(), 2);
    drop(session);

    let narrow = it.profiles.get_profile_table(0).unwrap();
    assert_eq!(columns(&narrow)[0].ptype(), PropType::STRING8);
    let value = rows(&narrow)[0].props[0].value.clone();
    assert_eq!(value, PropValue::String8("Größe".into()));
    let unknown = it.profiles.get_profile_table(0x4000_0000);
    assert_eq!(code(unknown), ErrorCode::UNKNOWN_FLAGS);
}

#[test]
fn without_anything_tables_are_empty() {
    let it = Fixture::new();
    let services = it.services();
    assert!(rows(&services.get_msg_service_table(0).unwrap()).is_empty());
    assert!(rows(&services.get_provider_table(0).unwrap()).is_empty());
    it.profiles.delete_profile("Work", 0).unwrap();
    assert!(rows(&it.profiles.get_profile_table(0).unwrap()).is_empty());
    assert_eq!(
        code(services.get_msg_service_table(0)),
        ErrorCode::NOT_FOUND
    );
}

#[test]
fn the_message_service_table_has_its_columns() {
    let it = Fixture::new();
    let (mail, _) = (it.add("MAIL"), it.add("BOOK"));
    let table = it.services().get_msg_service_table(MAPI_UNICODE).unwrap();
    let all = rows(&table);
    // Sorted by name.
    assert_eq!(texts(&all, tag::PR_DISPLAY_NAME), ["Book", "Mail"]);
    assert_eq!(texts(&all, tag::PR_SERVICE_NAME), ["BOOK", "MAIL"]);
    assert_eq!(texts(&all, tag::PR_SERVICE_DLL_NAME), ["-", "mail"]);
    assert_eq!(
        texts(&all, tag::PR_SERVICE_ENTRY_NAME),
        ["-", "ServiceEntry"]
    );
    let uid = all[1].get(tag::PR_SERVICE_UID).unwrap();
    assert_eq!(uid.as_bytes().unwrap(), mail.0);
    let flags: Vec<i32> = all
        .iter()
        .map(|r| r.get(tag::PR_RESOURCE_FLAGS).unwrap().as_long().unwrap())
        .collect();
    assert_eq!(flags, [0x22, 1], "the second has the default store");
    let files = all[1].get(tag::PR_SERVICE_SUPPORT_FILES).unwrap();
    assert!(matches!(files, PropValue::MvUnicode(list) if list.len() == 2));
    // How a client finds a service that it has just added (imsgserviceadmin-createmsgservice.md).
    let named = Restriction::Property {
        relop: RelOp::Eq,
        tag: tag::PR_SERVICE_NAME,
        value: Property::new(tag::PR_SERVICE_NAME, "MAIL"),
    };
    table.restrict(Some(&named), 0).unwrap();
    assert_eq!(rows(&table).len(), 1);
}

#[test]
fn the_provider_table_gives_the_transport_order() {
    let it = Fixture::new();
    let mail = it.add("MAIL");
    it.add("BOOK");
    it.add("PLAIN");
    let uids = || -> Vec<MapiUid> {
        // The way of the page: restrict, sort, read (imsgserviceadmin-getprovidertable.md).
        let table = it.services().get_provider_table(MAPI_UNICODE).unwrap();
        let transport = MAPI_TRANSPORT_PROVIDER.cast_signed();
        let only = Restriction::Property {
            relop: RelOp::Eq,
            tag: tag::PR_RESOURCE_TYPE,
            value: Property::new(tag::PR_RESOURCE_TYPE, transport),
        };
        table.restrict(Some(&only), 0).unwrap();
        table
            .sort_table(&SortOrder::by(tag::PR_PROVIDER_ORDINAL), 0)
            .unwrap();
        let uid = |row: &Row| {
            let uid = row.get(tag::PR_PROVIDER_UID).unwrap();
            MapiUid(uid.as_bytes().unwrap().try_into().unwrap())
        };
        rows(&table).iter().map(uid).collect()
    };
    let mut order = uids();
    assert_eq!(order.len(), 2);
    order.reverse();
    it.services().msg_service_transport_order(&order).unwrap();
    assert_eq!(uids(), order);

    let all = rows(&it.services().get_provider_table(MAPI_UNICODE).unwrap());
    assert_eq!(
        texts(&all, tag::PR_SERVICE_NAME),
        ["BOOK", "MAIL", "PLAIN", "MAIL"]
    );
    let ordinals: Vec<i32> = all
        .iter()
        .map(|r| r.get(tag::PR_PROVIDER_ORDINAL).unwrap().as_long().unwrap())
        .collect();
    assert_eq!(ordinals, [0, 1, 2, 3]);

    // That of one service also has its extra sections, without a kind.
    let own = it.services().admin_providers(&mail, 0).unwrap();
    let own = rows(&own.get_provider_table(MAPI_UNICODE).unwrap());
    let names = ["Folders", "Transport", "Extra"];
    assert_eq!(texts(&own, tag::PR_DISPLAY_NAME), names);
    assert!(
        own[1].get(tag::PR_RESOURCE_TYPE).is_some() && own[2].get(tag::PR_RESOURCE_TYPE).is_none()
    );
}

/// A provider that is marked is not in the table (imsgserviceadmin-getprovidertable.md).
#[test]
fn what_is_marked_for_deletion_is_in_no_table() {
    let it = Fixture::new();
    let mail = it.add("MAIL");
    let session = it.store.begin_use("Work").unwrap();
    let admin = it.services().admin_providers(&mail, 0).unwrap();
    let uid = it.provider(mapi_subsystem::profile::ProviderKind::Store);
    admin.delete_provider(&uid).unwrap();
    for table in [
        admin.get_provider_table(0),
        it.services().get_provider_table(0),
    ] {
        let names = texts(&rows(&table.unwrap()), tag::PR_DISPLAY_NAME);
        assert!(!names.contains(&"Folders".to_owned()), "{names:?}");
    }
    it.services().delete_msg_service(&mail).unwrap();
    assert!(rows(&it.services().get_msg_service_table(0).unwrap()).is_empty());
    session.end().unwrap();
}
