//! Copying and moving, as a client sees what mapi-provider makes of an author's objects.
#![allow(unsafe_code, clippy::unwrap_used)]

mod host;

use host::fixture::{Fixture, code, id_of, mail, one, read_all, stream};
use mapi_com::iface::{
    CopyTarget, MapiContainer, MapiFolder, MapiProp, MapiTable, Message, MsgStore, RecipientChange,
    Stream,
};
use mapi_com::ptr::{ComPtr, Unknown, guid_from_abi};
use mapi_sys::{
    ATTACH_EMBEDDED_MSG, IAttach, IID_IMAPIFolder, IID_IMAPIProp, IID_IMAPITable, IID_IMessage,
    IMAPIFolder, IMAPIProp, IMAPITable, IMessage, KEEP_OPEN_READWRITE, MAPI_CREATE, MAPI_MODIFY,
    MAPI_UNICODE, MESSAGE_MOVE, PS_PUBLIC_STRINGS,
};
use mapi_types::{
    EntryId, ErrorCode, NamedProp, PropName, PropType, PropValue, Property, Row, tag,
};

/// A message with recipients, a large attachment, and a message in a message in it.
fn nested(folder: &ComPtr<IMAPIFolder>) -> ComPtr<IMessage> {
    let message = mail(folder, "outer");
    let recipient = |name: &str| {
        Row::from(vec![
            Property::new(tag::PR_RECIPIENT_TYPE, 1),
            Property::new(
                tag::PR_DISPLAY_NAME.with_type(PropType::STRING8),
                PropValue::String8(name.into()),
            ),
        ])
    };
    message
        .modify_recipients(
            RecipientChange::Replace,
            &[recipient("Ada"), recipient("Zoë")],
        )
        .unwrap();
    let name = NamedProp {
        set: guid_from_abi(&PS_PUBLIC_STRINGS),
        name: PropName::Name("Keywords".to_owned()),
    };
    let keywords = message.get_ids_from_names(&[name], MAPI_CREATE).unwrap()[0];
    message
        .set_props(&[Property::new(keywords, "one, two")])
        .unwrap();
    let (_, file) = message.create_attach(None, 0).unwrap();
    file.set_props(&[Property::new(tag::PR_ATTACH_FILENAME, "large.bin")])
        .unwrap();
    let bytes = stream(&file, tag::PR_ATTACH_DATA_BIN, MAPI_CREATE | MAPI_MODIFY).unwrap();
    bytes.write(&vec![7; 200_000]).unwrap();
    drop(bytes);
    file.save_changes(0).unwrap();
    embed(&message, "middle", |middle| embed(middle, "inner", |_| {}));
    message.save_changes(KEEP_OPEN_READWRITE).unwrap();
    message
}

fn embed(message: &ComPtr<IMessage>, subject: &str, then: impl FnOnce(&ComPtr<IMessage>)) {
    let (_, attachment) = message.create_attach(None, 0).unwrap();
    let method = Property::new(tag::PR_ATTACH_METHOD, ATTACH_EMBEDDED_MSG.cast_signed());
    attachment.set_props(&[method]).unwrap();
    let inner = embedded(&attachment, MAPI_CREATE | MAPI_MODIFY);
    inner
        .set_props(&[Property::new(tag::PR_SUBJECT, subject)])
        .unwrap();
    then(&inner);
    inner.save_changes(0).unwrap();
    attachment.save_changes(0).unwrap();
}

fn embedded(attachment: &ComPtr<IAttach>, flags: u32) -> ComPtr<IMessage> {
    let iid = guid_from_abi(&IID_IMessage);
    let object = attachment.open_property(tag::PR_ATTACH_DATA_OBJ, &iid, 0, flags);
    object.unwrap().query().unwrap()
}

/// Everything [`nested`] put in, with the number its named property has in this store.
fn check_nested(message: &ComPtr<IMessage>) {
    assert_eq!(one(message, tag::PR_SUBJECT), "outer".into());
    let recipients = message.get_recipient_table(MAPI_UNICODE).unwrap();
    let rows = recipients.query_rows(9, 0).unwrap();
    let names: Vec<_> = rows
        .iter()
        .map(|r| r.get(tag::PR_DISPLAY_NAME).unwrap().clone())
        .collect();
    assert_eq!(names, ["Ada".into(), "Zoë".into()]);
    let name = message.get_names_from_ids(None, None, 0).unwrap();
    let keywords = name
        .iter()
        .find(|(_, n)| matches!(&n.as_ref().unwrap().name, PropName::Name(n) if n == "Keywords"));
    assert_eq!(one(message, keywords.unwrap().0), "one, two".into());
    let file = message.open_attach(0, None, 0).unwrap();
    assert_eq!(one(&file, tag::PR_ATTACH_FILENAME), "large.bin".into());
    assert_eq!(
        read_all(&stream(&file, tag::PR_ATTACH_DATA_BIN, 0).unwrap()),
        vec![7; 200_000]
    );
    let middle = embedded(&message.open_attach(1, None, 0).unwrap(), 0);
    assert_eq!(one(&middle, tag::PR_SUBJECT), "middle".into());
    let inner = embedded(&middle.open_attach(0, None, 0).unwrap(), 0);
    assert_eq!(one(&inner, tag::PR_SUBJECT), "inner".into());
}

/// A destination of a copy.
struct Target(Unknown);

impl Target {
    fn of<I: mapi_sys::Interface>(object: &ComPtr<I>) -> Self {
        Self(object.clone().into_unknown())
    }

    fn folder(&self) -> CopyTarget<'_> {
        self.with(&IID_IMAPIFolder)
    }

    fn message(&self) -> CopyTarget<'_> {
        self.with(&IID_IMessage)
    }

    fn with(&self, interface: &mapi_sys::GUID) -> CopyTarget<'_> {
        CopyTarget {
            object: &self.0,
            interface: guid_from_abi(interface),
            progress: None,
        }
    }
}

#[test]
fn copy_to_takes_everything_along_into_another_store() {
    let (a, b) = (Fixture::new("copy a"), Fixture::new("copy b"));
    // Another number for the named property there.
    let other = NamedProp {
        set: guid_from_abi(&PS_PUBLIC_STRINGS),
        name: PropName::Name("Something else".to_owned()),
    };
    b.open
        .store
        .get_ids_from_names(&[other], MAPI_CREATE)
        .unwrap();
    let source = nested(&a.root());
    let copy = b.root().create_message(None, 0).unwrap();
    let to = Target::of(&copy);
    assert!(
        source
            .copy_to(&[], &[], &to.message(), 0)
            .unwrap()
            .is_empty()
    );
    copy.save_changes(KEEP_OPEN_READWRITE).unwrap();
    check_nested(&copy);
    assert_ne!(id_of(&copy), id_of(&source));

    let bare = b.root().create_message(None, 0).unwrap();
    let bare_target = Target::of(&bare);
    let to_bare = bare_target.message();
    let without = [
        tag::PR_MESSAGE_RECIPIENTS,
        tag::PR_MESSAGE_ATTACHMENTS,
        tag::PR_SUBJECT,
    ];
    source.copy_to(&[], &without, &to_bare, 0).unwrap();
    assert_eq!(one(&bare, tag::PR_SUBJECT), ErrorCode::NOT_FOUND.into());
    assert_eq!(
        bare.get_attachment_table(0)
            .unwrap()
            .get_row_count(0)
            .unwrap(),
        0
    );
    source.copy_props(&[tag::PR_SUBJECT], &to_bare, 0).unwrap();
    assert_eq!(one(&bare, tag::PR_SUBJECT), "outer".into());
    let everything = [guid_from_abi(&IID_IMAPIProp)];
    assert_eq!(
        code(source.copy_to(&everything, &[], &to_bare, 0)),
        ErrorCode::INTERFACE_NOT_SUPPORTED
    );
    drop((source, copy, bare, to, bare_target));
    a.end();
    b.end();
}

#[test]
fn messages_and_folders_move_within_a_store_and_to_another() {
    let (a, b) = (Fixture::new("move a"), Fixture::new("move b"));
    let here = a
        .root()
        .create_folder(1, "Here", Some("c"), None, 0)
        .unwrap();
    let there = a.root().create_folder(1, "There", None, None, 0).unwrap();
    assert_eq!(
        code(a.root().create_folder(1, "here", None, None, 0)),
        ErrorCode::COLLISION
    );
    let message = nested(&here);
    let id = id_of(&message);
    drop(message);
    let count = |folder: &ComPtr<IMAPIFolder>| {
        folder
            .get_contents_table(0)
            .unwrap()
            .get_row_count(0)
            .unwrap()
    };
    here.copy_messages(
        std::slice::from_ref(&id),
        &Target::of(&there).folder(),
        MESSAGE_MOVE,
    )
    .unwrap();
    assert_eq!((count(&here), count(&there)), (0, 1));

    let far = b.root();
    let to = Target::of(&far);
    there
        .copy_messages(std::slice::from_ref(&id), &to.folder(), MESSAGE_MOVE)
        .unwrap();
    assert_eq!((count(&there), count(&far)), (0, 1));
    let table = far.get_contents_table(0).unwrap();
    table.set_columns(&[tag::PR_ENTRYID], 0).unwrap();
    let row = table.query_rows(1, 0).unwrap().remove(0);
    let moved = EntryId::from(row.get(tag::PR_ENTRYID).unwrap().as_bytes().unwrap());
    let opened = b.open.store.open_entry(&moved, None, 0).unwrap();
    check_nested(&opened.object.query().unwrap());

    mail(&here, "deep");
    a.root()
        .copy_folder(
            &id_of(&here),
            &to.folder(),
            Some("Copied"),
            mapi_sys::COPY_SUBFOLDERS,
        )
        .unwrap();
    let copied = far
        .create_folder(1, "Copied", None, None, mapi_sys::OPEN_IF_EXISTS)
        .unwrap();
    assert_eq!(count(&copied), 1);
    assert_eq!(
        code(a.root().delete_folder(&id_of(&here), None, 0)),
        ErrorCode::HAS_MESSAGES
    );
    a.root()
        .delete_folder(&id_of(&here), None, mapi_sys::DEL_MESSAGES)
        .unwrap();
    drop((here, there, far, copied, to, table, opened));
    a.end();
    b.end();
}

#[test]
fn sub_objects_open_as_tables_too() {
    let fixture = Fixture::new("sub tables");
    let message = nested(&fixture.root());
    let as_table = |object: &ComPtr<IMAPIProp>, tag| -> ComPtr<IMAPITable> {
        let opened = object.open_property(tag, &guid_from_abi(&IID_IMAPITable), 0, 0);
        opened.unwrap().query().unwrap()
    };
    let props: ComPtr<IMAPIProp> = message.clone().upcast();
    assert_eq!(
        as_table(&props, tag::PR_MESSAGE_RECIPIENTS)
            .get_row_count(0)
            .unwrap(),
        2
    );
    assert_eq!(
        as_table(&props, tag::PR_MESSAGE_ATTACHMENTS)
            .get_row_count(0)
            .unwrap(),
        2
    );
    let root: ComPtr<IMAPIProp> = fixture.root().upcast();
    assert_eq!(
        as_table(&root, tag::PR_CONTAINER_CONTENTS)
            .get_row_count(0)
            .unwrap(),
        1
    );
    assert_eq!(
        as_table(&root, tag::PR_CONTAINER_HIERARCHY)
            .get_row_count(0)
            .unwrap(),
        1
    );
    message.delete_attach(1, None, 0).unwrap();
    assert_eq!(
        code(message.delete_attach(1, None, 0)),
        ErrorCode::NOT_FOUND
    );
    drop((message, props, root));
    fixture.end();
}
