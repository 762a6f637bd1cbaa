//! Properties, streams, names and notifications, as a client sees what mapi-provider makes of an author's objects.
#![allow(unsafe_code, clippy::unwrap_used)]

mod host;

use host::fixture::{Fixture, code, id_of, mail, one, read_all, stream};
use host::lock;
use mapi_com::iface::{MapiFolder, MapiProp, MsgStore, Stream, StreamOrigin};
use mapi_com::ptr::{ComPtr, guid_from_abi};
use mapi_sys::{
    IMessage, KEEP_OPEN_READWRITE, MAPI_CREATE, MAPI_MODIFY, MAPI_UNICODE, PS_PUBLIC_STRINGS,
};
use mapi_types::{
    EntryId, ErrorCode, NamedProp, Notification, PropName, PropType, PropValue, Property, event,
    tag,
};

#[test]
fn get_props_answers_what_was_asked_in_the_width_that_was_asked() {
    let fixture = Fixture::new("get_props");
    let message = mail(&fixture.root(), "Grüße");
    let narrow = tag::PR_SUBJECT.with_type(PropType::STRING8);
    let open = tag::PR_SUBJECT.with_type(PropType::UNSPECIFIED);
    let asked = [
        narrow,
        tag::PR_SUBJECT,
        open,
        tag::PR_BODY,
        tag::PR_OBJECT_TYPE,
    ];
    let props = message.get_props(Some(&asked), 0).unwrap();
    assert_eq!(
        props[0],
        Property::new(narrow, PropValue::String8("Grüße".into()))
    );
    assert_eq!(props[1], Property::new(tag::PR_SUBJECT, "Grüße"));
    assert_eq!(props[2].tag, narrow, "without MAPI_UNICODE");
    assert_eq!(
        props[3],
        Property::error(tag::PR_BODY, ErrorCode::NOT_FOUND)
    );
    assert_eq!(props[4].value.as_long(), Some(5));
    let props = message.get_props(Some(&asked), MAPI_UNICODE).unwrap();
    assert_eq!(props[2].tag, tag::PR_SUBJECT);
    assert_eq!(
        code(message.get_props(Some(&[]), 0)),
        ErrorCode::INVALID_PARAMETER
    );

    // What every object of the store has, whether its author thought of it or not.
    let key = one(&message, tag::PR_STORE_RECORD_KEY);
    assert_eq!(key, one(&fixture.open.store, tag::PR_RECORD_KEY));
    assert_eq!(key, one(&message, tag::PR_MAPPING_SIGNATURE));
    let id = one(&message, tag::PR_STORE_ENTRYID);
    assert!(
        id.as_bytes().unwrap().starts_with(b"wrapped:"),
        "as a client can open it"
    );
    let list = message.get_prop_list(0).unwrap();
    assert!(list.contains(&narrow) && list.contains(&tag::PR_STORE_RECORD_KEY));
    assert!(
        message
            .get_prop_list(MAPI_UNICODE)
            .unwrap()
            .contains(&tag::PR_SUBJECT)
    );
    let all = message.get_props(None, MAPI_UNICODE).unwrap();
    assert!(all.iter().all(|p| p.value.as_error().is_none()));
    drop(message);
    fixture.end();
}

#[test]
fn set_and_delete_props_report_each_problem_at_its_place() {
    let fixture = Fixture::new("set_props");
    let message = mail(&fixture.root(), "x");
    let narrow = tag::PR_BODY.with_type(PropType::STRING8);
    let problems = message
        .set_props(&[
            Property::error(tag::PR_COMMENT, ErrorCode::NOT_FOUND), // nothing there: passed over
            Property::new(tag::PR_STORE_RECORD_KEY, &b"mine"[..]),
            Property::new(narrow, PropValue::String8(b"text".to_vec())),
            Property::new(tag::PR_ENTRYID, &b"mine"[..]),
        ])
        .unwrap();
    let found: Vec<_> = problems.iter().map(|p| (p.index, p.code)).collect();
    assert_eq!(found, [(1, ErrorCode::COMPUTED), (3, ErrorCode::COMPUTED)]);
    assert_eq!(one(&message, tag::PR_BODY), "text".into());
    let problems = message
        .delete_props(&[tag::PR_OBJECT_TYPE, narrow])
        .unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!(one(&message, tag::PR_BODY), ErrorCode::NOT_FOUND.into());

    message.save_changes(0).unwrap();
    let subject = [Property::new(tag::PR_SUBJECT, "y")];
    assert_eq!(
        code(message.set_props(&subject)),
        ErrorCode::NO_ACCESS,
        "saved for good"
    );
    let opened = fixture
        .open
        .store
        .open_entry(&id_of(&message), None, 0)
        .unwrap();
    let again: ComPtr<IMessage> = opened.object.query().unwrap();
    assert_eq!(
        code(again.set_props(&subject)),
        ErrorCode::NO_ACCESS,
        "opened without MAPI_MODIFY"
    );
    assert_eq!(one(&again, tag::PR_ACCESS_LEVEL), 0.into());
    assert_eq!(one(&again, tag::PR_SUBJECT), "x".into());
    drop((message, again, opened));
    fixture.end();
}

#[test]
fn large_values_are_streams() {
    let fixture = Fixture::new("streams");
    let message = mail(&fixture.root(), "x");
    let body: String = "äbc".repeat(20_000);
    message
        .set_props(&[Property::new(tag::PR_BODY, body.as_str())])
        .unwrap();
    assert_eq!(
        one(&message, tag::PR_BODY),
        ErrorCode::NOT_ENOUGH_MEMORY.into()
    );
    let wide = read_all(&stream(&message, tag::PR_BODY, 0).unwrap());
    assert_eq!(wide.len(), 2 * body.encode_utf16().count());
    let narrow_tag = tag::PR_BODY.with_type(PropType::STRING8);
    let narrow = stream(&message, narrow_tag, MAPI_MODIFY).unwrap();
    assert_eq!(read_all(&narrow), body.as_bytes());
    // Without Commit: the last Release commits.
    narrow.set_size(0).unwrap();
    narrow.seek(0, StreamOrigin::Set).unwrap();
    narrow.write("schön".as_bytes()).unwrap();
    drop(narrow);
    assert_eq!(one(&message, tag::PR_BODY), "schön".into());

    let reading = stream(&message, tag::PR_BODY, 0).unwrap();
    assert_eq!(code(reading.write(b"x")), ErrorCode::NO_ACCESS);
    assert_eq!(
        code(reading.seek(-1, StreamOrigin::Set)),
        ErrorCode::INVALID_PARAMETER
    );
    let clone = reading.clone_stream().unwrap();
    reading.seek(0, StreamOrigin::End).unwrap();
    assert_eq!(
        clone.seek(0, StreamOrigin::Current).unwrap(),
        0,
        "a cursor of its own"
    );
    let copy = stream(&message, tag::PR_HTML, MAPI_CREATE | MAPI_MODIFY).unwrap();
    assert_eq!(clone.copy_to(&copy, u64::MAX).unwrap(), (10, 10));
    copy.commit().unwrap();
    assert_eq!(one(&message, tag::PR_HTML).as_bytes().unwrap().len(), 10);
    assert_eq!(
        code(stream(&message, tag::PR_COMMENT, MAPI_MODIFY)),
        ErrorCode::NOT_FOUND
    );
    assert_eq!(
        code(stream(&message, tag::PR_OBJECT_TYPE, 0)),
        ErrorCode::INTERFACE_NOT_SUPPORTED
    );
    drop((message, reading, clone, copy));
    fixture.end();
}

#[test]
fn named_properties_have_numbers_and_names() {
    let fixture = Fixture::new("names");
    let message = mail(&fixture.root(), "x");
    let name = |text: &str| NamedProp {
        set: guid_from_abi(&PS_PUBLIC_STRINGS),
        name: PropName::Name(text.to_owned()),
    };
    let missing = message.get_ids_from_names(&[name("Keywords")], 0).unwrap();
    assert_eq!(missing[0].ptype(), PropType::ERROR);
    let made = message
        .get_ids_from_names(&[name("Keywords"), name("Colour")], MAPI_CREATE)
        .unwrap();
    assert!(
        made.iter()
            .all(|t| t.is_named() && t.ptype() == PropType::UNSPECIFIED)
    );
    assert_eq!(
        fixture
            .open
            .store
            .get_ids_from_names(&[name("Colour")], 0)
            .unwrap()[0],
        made[1]
    );
    let names = message
        .get_names_from_ids(Some(&[made[1], tag::PR_SUBJECT]), None, 0)
        .unwrap();
    assert_eq!(names[0].1, Some(name("Colour")));
    assert_eq!(
        names[1].1.as_ref().unwrap().name,
        PropName::Id(tag::PR_SUBJECT.id().into())
    );
    let fixed = names[1].1.clone().unwrap();
    assert_eq!(
        message.get_ids_from_names(&[fixed], 0).unwrap()[0].id(),
        tag::PR_SUBJECT.id()
    );
    assert_eq!(message.get_names_from_ids(None, None, 0).unwrap().len(), 2);
    drop(message);
    fixture.end();
}

#[test]
fn sinks_hear_of_their_object_its_folder_and_the_store() {
    let fixture = Fixture::new("sinks");
    let root = fixture.root();
    let ((all, all_sink), (one, one_sink)) = (fixture.host.listener(), fixture.host.listener());
    let store = &fixture.open.store;
    store
        .advise(
            &EntryId::default(),
            event::OBJECT_CREATED | event::OBJECT_DELETED,
            all_sink,
        )
        .unwrap();
    let first = mail(&root, "first");
    let connection = store
        .advise(&id_of(&first), event::OBJECT_MODIFIED, one_sink)
        .unwrap();
    mail(&root, "second");
    first.save_changes(KEEP_OPEN_READWRITE).unwrap();
    root.delete_messages(&[id_of(&first)], None, 0).unwrap();
    let events = |listener: &host::Listener| -> Vec<(u32, EntryId)> {
        let heard = lock(&listener.0);
        let object = |n: &Notification| match n {
            Notification::Object {
                event, entry_id, ..
            } => (*event, entry_id.clone()),
            other => panic!("{other:?}"),
        };
        heard.iter().map(object).collect()
    };
    let id = id_of(&first);
    assert_eq!(events(&one), [(event::OBJECT_MODIFIED, id.clone())]);
    let heard: Vec<u32> = events(&all).iter().map(|(event, _)| *event).collect();
    assert_eq!(
        heard,
        [
            event::OBJECT_CREATED,
            event::OBJECT_CREATED,
            event::OBJECT_DELETED
        ]
    );
    store.unadvise(connection).unwrap();
    drop((root, first));
    fixture.end();
}
