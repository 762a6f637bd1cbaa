use mapi_com::iface::{CopyTarget, MapiProp, MsgServiceAdmin, ProviderAdmin};
use mapi_com::ptr::ComPtr;
use mapi_subsystem::profile::objects::MAPI_FORCE_ACCESS;
use mapi_subsystem::profile::{GLOBAL_SECTION, INSTANCE_SECTION, Opener, ProviderKind};
use mapi_sys::{IProfSect, MAPI_MODIFY, MAPI_MOVE, MAPI_NOREPLACE, MAPI_UNICODE};
use mapi_types::{
    ErrorCode, MapiUid, NamedProp, PropName, PropType, PropValue, Property, Result, tag,
};

use super::admin::guid;
use super::common::*;

fn open(it: &Fixture, uid: &MapiUid, flags: u32) -> Result<ComPtr<IProfSect>> {
    it.services().open_profile_section(Some(uid), flags)
}

#[test]
fn many_readers_or_one_writer() {
    let it = Fixture::new();
    let uid = MapiUid([3; 16]);
    assert_eq!(code(open(&it, &uid, 0)), ErrorCode::NOT_FOUND);
    assert_eq!(code(open(&it, &uid, 0x4000_0000)), ErrorCode::UNKNOWN_FLAGS);
    let writer = open(&it, &uid, MAPI_MODIFY).unwrap();
    assert_eq!(code(open(&it, &uid, 0)), ErrorCode::NO_ACCESS);
    assert_eq!(code(open(&it, &uid, MAPI_MODIFY)), ErrorCode::NO_ACCESS);
    drop(writer);
    let reader = open(&it, &uid, 0).unwrap();
    let second = open(&it, &uid, 0).unwrap();
    assert_eq!(code(open(&it, &uid, MAPI_MODIFY)), ErrorCode::NO_ACCESS);
    assert_eq!(
        code(reader.set_props(&[Property::new(NUMBER, 1)])),
        ErrorCode::NO_ACCESS
    );
    assert_eq!(code(reader.delete_props(&[NUMBER])), ErrorCode::NO_ACCESS);
    drop((reader, second));
    open(&it, &uid, MAPI_MODIFY).unwrap();
}

#[test]
fn a_section_that_is_left_open_is_free_when_its_scope_ends() {
    let it = Fixture::new();
    let uid = MapiUid([3; 16]);
    let left = open(&it, &uid, MAPI_MODIFY).unwrap();
    it.client
        .scope
        .invalidate_all(&|_| Err(ErrorCode::NO_SUPPORT.into()));
    assert_eq!(code(left.get_props(None, 0)), ErrorCode::INVALID_OBJECT);
    let other = mapi_com::scope::Scope::new("other", mapi_com::alloc::Allocator::local());
    let administration = &it.administration;
    administration
        .open_section(&other, "Work", Some(&uid), MAPI_MODIFY, Opener::Client)
        .unwrap();
    drop(left);
}

#[test]
fn values_are_kept_as_they_are() {
    let it = Fixture::new();
    let section = open(&it, &GLOBAL_SECTION, MAPI_MODIFY).unwrap();
    let props = [
        Property::new(tag::PR_DISPLAY_NAME, "Grün"),
        Property::new(NUMBER, -1),
        Property::new(tag::PR_ENTRYID, vec![0_u8, 255]),
        Property::new(tag::PR_CREATION_TIME, mapi_types::FileTime(1)),
        Property::new(PASSWORD, "hunter2"),
    ];
    assert!(section.set_props(&props).unwrap().is_empty());
    section.save_changes(0).unwrap();
    let tags: Vec<_> = props.iter().map(|p| p.tag).collect();
    assert_eq!(section.get_props(Some(&tags), MAPI_UNICODE).unwrap(), props);
    let narrow = tag::PR_DISPLAY_NAME.with_type(PropType::STRING8);
    let open_type = tag::PR_DISPLAY_NAME.with_type(PropType::UNSPECIFIED);
    for tag in [narrow, open_type] {
        let read = section.get_props(Some(&[tag]), 0).unwrap();
        assert_eq!(read[0].value, PropValue::String8("Grün".into()));
    }
    let listed = section.get_prop_list(0).unwrap();
    assert!(listed.contains(&narrow) && !listed.iter().any(|t| t.same_id(PASSWORD)));
    assert!(
        section
            .delete_props(&[NUMBER, PASSWORD])
            .unwrap()
            .is_empty()
    );
    let read = section.get_props(Some(&[NUMBER, PASSWORD]), 0).unwrap();
    assert!(
        read.iter()
            .all(|p| p.value.as_error() == Some(ErrorCode::NOT_FOUND))
    );
}

#[test]
fn there_are_no_named_properties() {
    let it = Fixture::new();
    let section = open(&it, &GLOBAL_SECTION, MAPI_MODIFY).unwrap();
    let name = NamedProp {
        set: mapi_types::Guid([1; 16]),
        name: PropName::Id(1),
    };
    assert_eq!(
        code(section.get_ids_from_names(&[name], 0)),
        ErrorCode::NO_SUPPORT
    );
    assert_eq!(
        code(section.get_names_from_ids(None, None, 0)),
        ErrorCode::NO_SUPPORT
    );
    let named = Property::new(mapi_types::PropTag::from_raw(0x8000_0003), 1);
    assert_eq!(section.set_props(&[named]).unwrap().len(), 1);
}

#[test]
fn sections_of_providers_need_force() {
    let it = Fixture::new();
    let mail = it.add("MAIL");
    let uid = it.provider(ProviderKind::Store);
    assert_eq!(code(open(&it, &uid, 0)), ErrorCode::NO_ACCESS);
    open(&it, &uid, MAPI_FORCE_ACCESS).unwrap();
    open(&it, &uid, MAPI_FORCE_ACCESS | MAPI_MODIFY).unwrap();
    let providers = it.services().admin_providers(&mail, 0).unwrap();
    assert_eq!(
        code(providers.open_profile_section(Some(&uid), 0)),
        ErrorCode::NO_ACCESS
    );
    assert_eq!(
        code(providers.open_profile_section(None, 0)),
        ErrorCode::INVALID_PARAMETER
    );
    providers
        .open_profile_section(Some(&uid), MAPI_FORCE_ACCESS)
        .unwrap();
    assert_eq!(
        code(open(&it, &INSTANCE_SECTION, MAPI_MODIFY)),
        ErrorCode::NO_ACCESS
    );
    let main = it.services().open_profile_section(None, 0).unwrap();
    let name = main.get_props(Some(&[tag::PR_PROFILE_NAME]), 0).unwrap();
    assert_eq!(name[0].value.as_str().unwrap(), "Work");
}

/// LIFE-LOGON-016.
#[test]
fn life_logon_016_a_provider_at_logon_cannot_set_its_flags() {
    let it = Fixture::new();
    it.add("MAIL");
    let uid = it.provider(ProviderKind::Store);
    let set = |logging_on| {
        let opener = Opener::Provider { logging_on };
        let (administration, scope) = (&it.administration, &it.client.scope);
        let section = administration
            .open_section(scope, "Work", Some(&uid), MAPI_MODIFY, opener)
            .unwrap();
        section
            .set_props(&[
                Property::new(tag::PR_RESOURCE_FLAGS, 2),
                Property::new(NUMBER, 1),
            ])
            .unwrap()
    };
    let problems = set(true);
    assert_eq!(problems.len(), 1);
    assert_eq!(
        (problems[0].index, problems[0].code),
        (0, ErrorCode::NO_ACCESS)
    );
    assert!(set(false).is_empty());
}

#[test]
fn a_section_is_copied() {
    let it = Fixture::new();
    let (from, to) = (MapiUid([1; 16]), MapiUid([2; 16]));
    let source = open(&it, &from, MAPI_MODIFY).unwrap();
    let target = open(&it, &to, MAPI_MODIFY).unwrap();
    source
        .set_props(&[
            Property::new(NUMBER, 1),
            Property::new(tag::PR_DISPLAY_NAME, "a"),
            Property::new(tag::PR_COMMENT, "b"),
            Property::new(PASSWORD, "hunter2"),
        ])
        .unwrap();
    target
        .set_props(&[Property::new(tag::PR_DISPLAY_NAME, "old")])
        .unwrap();
    let unknown = target.clone().into_unknown();
    let copy = CopyTarget {
        object: &unknown,
        interface: guid(&mapi_sys::IID_IProfSect),
        progress: None,
    };
    let get = |tag| {
        target
            .get_props(Some(&[tag]), MAPI_UNICODE)
            .unwrap()
            .remove(0)
            .value
    };
    let problems = source
        .copy_to(&[], &[tag::PR_COMMENT], &copy, MAPI_NOREPLACE)
        .unwrap();
    assert!(problems.is_empty());
    assert_eq!(get(NUMBER), PropValue::Long(1));
    assert_eq!(get(tag::PR_DISPLAY_NAME), PropValue::from("old"));
    assert!(get(tag::PR_COMMENT).as_error().is_some());
    assert!(get(PASSWORD).as_error().is_some(), "not without its name");
    let missing = tag::PR_ENTRYID;
    let problems = source
        .copy_props(&[missing, tag::PR_DISPLAY_NAME, PASSWORD], &copy, 0)
        .unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!(
        (problems[0].index, problems[0].code),
        (0, ErrorCode::NOT_FOUND)
    );
    assert_eq!(get(tag::PR_DISPLAY_NAME), PropValue::from("a"));
    assert_eq!(get(PASSWORD), PropValue::from("hunter2"));
    assert_eq!(
        code(source.copy_to(&[], &[NUMBER], &copy, MAPI_MOVE)),
        ErrorCode::NO_SUPPORT
    );
}

#[test]
fn a_section_whose_profile_goes_is_deleted() {
    let it = Fixture::new();
    let section = open(&it, &GLOBAL_SECTION, MAPI_MODIFY).unwrap();
    it.store.delete("Work").unwrap();
    assert_eq!(code(section.get_props(None, 0)), ErrorCode::OBJECT_DELETED);
    let set = section.set_props(&[Property::new(NUMBER, 1)]);
    assert_eq!(code(set), ErrorCode::OBJECT_DELETED);
}
