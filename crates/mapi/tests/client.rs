//! The client crate over a real session and the embedded store, from Mapi::start to Mapi::finish.
#![allow(clippy::unwrap_used)] // what goes wrong here is a failed test

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::mpsc;
use std::time::Duration;

use mapi::embedded::{NAME, PR_MSGSTORE_CREATE, PR_MSGSTORE_PATH};
use mapi::types::{
    EntryId, ErrorCode, PropName, Property, RelOp, Restriction, SortOrder, event, tag,
};
use mapi::{Completion, Entry, Folder, Mapi, Message, Props as _, recipient, sink};

struct Place {
    mapi: Mapi,
    _folder: tempfile::TempDir,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let mapi = Mapi::start(folder.path().join("data")).unwrap();
    let path = folder.path().join("test.mapistore");
    let settings = [
        Property::new(PR_MSGSTORE_PATH, path.to_str().unwrap()),
        Property::new(PR_MSGSTORE_CREATE, true),
    ];
    let profiles = mapi.profiles();
    profiles.create("Test").unwrap();
    profiles
        .add_service("Test", NAME, Some("My mail"), &settings)
        .unwrap();
    profiles.set_default(Some("Test")).unwrap();
    Place {
        mapi,
        _folder: folder,
    }
}

fn message(folder: &Folder, subject: &str) -> Message {
    let message = folder.create_message().unwrap();
    message
        .set(&[
            Property::new(tag::PR_MESSAGE_CLASS, "IPM.Note"),
            Property::new(tag::PR_SUBJECT, subject),
        ])
        .unwrap();
    message.save().unwrap();
    message
}

fn subjects(folder: &Folder) -> Vec<String> {
    let table = folder
        .contents()
        .unwrap()
        .columns(&[tag::PR_SUBJECT])
        .unwrap();
    let rows = table.sort(&SortOrder::by(tag::PR_SUBJECT)).unwrap().rows();
    rows.map(|r| {
        r.unwrap()
            .get(tag::PR_SUBJECT)
            .unwrap()
            .as_str()
            .unwrap()
            .into_owned()
    })
    .collect()
}

fn id(object: &impl mapi::Props) -> EntryId {
    object.get_bytes(tag::PR_ENTRYID).unwrap().unwrap().into()
}

#[test]
fn a_session_lists_its_stores_and_comes_down_by_the_book() {
    let place = place();
    let session = place.mapi.logon(None).unwrap();
    let stores = session.stores().unwrap();
    assert_eq!(stores.len(), 1);
    assert_eq!(stores[0].name, "My mail");
    assert!(stores[0].is_default);
    let store = session.default_store().unwrap();
    assert_eq!(
        store.get_text(tag::PR_DISPLAY_NAME).unwrap().as_deref(),
        Some("My mail")
    );
    assert!(session.status_table().unwrap().count().unwrap() >= 2);
    let (_book, failed) = session.address_book().unwrap();
    assert!(!failed);
    store.logoff(2).unwrap();
    drop(store);
    let report = session.logoff().unwrap();
    assert!(report.by_the_book);
    assert_eq!(report.profile, "Test");
    assert_eq!(report.providers.len(), 1);
    assert!(place.mapi.finish().sessions.is_empty());
}

#[test]
fn objects_that_are_left_open_turn_invalid_and_are_in_the_report() {
    let place = place();
    let session = place.mapi.logon(None).unwrap();
    let store = session.default_store().unwrap();
    let inbox = store.receive_folder("IPM").unwrap();
    let left = message(&inbox, "left open");
    let table = inbox.contents().unwrap();
    let report = session.logoff().unwrap();
    assert!(
        report.by_the_book,
        "the client's objects are not held against providers"
    );
    let count = |kind: &str| -> u64 {
        report
            .left_open
            .iter()
            .filter(|l| l.kind == kind)
            .map(|l| l.count)
            .sum()
    };
    assert_eq!(count("IMessage"), 1, "{:?}", report.left_open);
    assert_eq!(count("IMAPIFolder"), 1, "{:?}", report.left_open);
    assert_eq!(count("IMsgStore"), 1, "{:?}", report.left_open);
    assert_eq!(count("IMAPITable"), 1, "{:?}", report.left_open);
    // LIFE-LOGOFF-018, LIFE-STORE-019
    assert_eq!(
        left.get_all().unwrap_err().code(),
        ErrorCode::INVALID_OBJECT
    );
    assert_eq!(store.root().unwrap_err().code(), ErrorCode::INVALID_OBJECT);
    let stopped = place.mapi.finish();
    assert!(stopped.sessions.is_empty());
    // After the last MAPIUninitialize they are safe to release.
    drop((left, store, inbox, table));
}

#[test]
fn a_session_that_is_forgotten_is_ended_by_finish() {
    let place = place();
    let session = place.mapi.logon(None).unwrap();
    let store = session.default_store().unwrap();
    let stopped = place.mapi.finish();
    assert_eq!(stopped.sessions.len(), 1);
    assert!(stopped.sessions[0].by_the_book);
    drop((store, session));
}

#[test]
fn messages_folders_and_streams() {
    let place = place();
    let session = place.mapi.logon(Some("Test")).unwrap();
    let store = session.default_store().unwrap();
    let inbox = store.receive_folder("IPM.Note").unwrap();
    let work = store.root().unwrap().create_folder("Work").unwrap();
    let first = message(&inbox, "first");
    let second = message(&inbox, "second");
    assert_eq!(subjects(&inbox), ["first", "second"]);

    let done = inbox
        .copy_messages(&[id(&first)], &work, false, None)
        .unwrap();
    assert_eq!(done, Completion::Full);
    let done = inbox
        .copy_messages(&[id(&second)], &work, true, None)
        .unwrap();
    assert_eq!(done, Completion::Full);
    assert_eq!(subjects(&inbox), ["first"]);
    assert_eq!(subjects(&work), ["first", "second"]);
    inbox.delete_messages(&[id(&first)], None).unwrap();
    assert!(subjects(&inbox).is_empty());

    let again = store.root().unwrap().new_folder("Work").unwrap_err();
    assert_eq!(again.code(), ErrorCode::COLLISION);
    assert!(matches!(store.open(&id(&work)).unwrap(), Entry::Folder(_)));
    assert!(store.message(&id(&work)).is_err());

    let large = message(&work, "third");
    large
        .add_recipients(&[recipient(1, "Ann", "SMTP", "ann@example.org")])
        .unwrap();
    let text = "x".repeat(200_000);
    let mut body = large.open(tag::PR_BODY, true).unwrap();
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    body.write_all(&bytes).unwrap();
    body.commit().unwrap();
    large.save_deferred().unwrap();
    store.save().unwrap();
    let found = store.message(&id(&large)).unwrap();
    assert_eq!(found.get_text(tag::PR_BODY).unwrap().unwrap(), text);
    assert_eq!(found.recipients().unwrap().count().unwrap(), 1);
    let mut stream = found.open(tag::PR_BODY, false).unwrap();
    assert_eq!(stream.size_bytes().unwrap(), 400_000);
    stream.seek(SeekFrom::End(-2)).unwrap();
    let mut last = Vec::new();
    stream.read_to_end(&mut last).unwrap();
    assert_eq!(last, [b'x', 0]);
    // What a client writes itself is read.
    found.set_read(false).unwrap();
    let unread = Restriction::Bitmask {
        nonzero: false,
        tag: tag::PR_MESSAGE_FLAGS,
        mask: 1,
    };
    let table = work.contents().unwrap().restrict(&unread).unwrap();
    assert_eq!(table.count().unwrap(), 1);
    drop(stream);

    let (root, gone) = (store.root().unwrap(), id(&work));
    root.delete_folder(&gone, None).unwrap();
    assert_eq!(
        store.folder(&gone).unwrap_err().code(),
        ErrorCode::NOT_FOUND
    );
    drop((first, second, large, found, body, table, work, inbox, root));
    store.logoff(2).unwrap();
    drop(store);
    let report = session.logoff().unwrap();
    assert!(
        report.by_the_book && report.left_open.is_empty(),
        "{:?}",
        report.left_open
    );
}

#[test]
fn attachments_embedded_messages_and_named_properties() {
    let place = place();
    let session = place.mapi.logon(None).unwrap();
    let store = session.default_store().unwrap();
    let outer = message(&store.receive_folder("IPM").unwrap(), "outer");
    let attachment = outer.create_attachment().unwrap();
    attachment
        .set(&[Property::new(tag::PR_ATTACH_METHOD, 5)])
        .unwrap();
    let inner = attachment.embedded_message(true).unwrap();
    inner
        .set(&[Property::new(tag::PR_SUBJECT, "inner")])
        .unwrap();
    inner.save().unwrap();
    attachment.save().unwrap();

    let name = mapi::types::NamedProp {
        set: mapi::types::Guid::ole(0x0002_0329),
        name: PropName::Name("colour".to_owned()),
    };
    let unknown = store.named(std::slice::from_ref(&name), false).unwrap();
    assert_eq!(unknown[0].ptype(), mapi::types::PropType::ERROR);
    let colour = store.named(std::slice::from_ref(&name), true).unwrap()[0];
    let colour = colour.with_type(mapi::types::PropType::UNICODE);
    outer.set(&[Property::new(colour, "red")]).unwrap();
    outer.save().unwrap();

    let found = store.message(&id(&outer)).unwrap();
    assert_eq!(found.get_text(colour).unwrap().unwrap(), "red");
    assert_eq!(store.names_of(&[colour]).unwrap(), [Some(name)]);
    let inner = found
        .attachment(0)
        .unwrap()
        .embedded_message(false)
        .unwrap();
    assert_eq!(inner.get_text(tag::PR_SUBJECT).unwrap().unwrap(), "inner");
    found.delete(&[colour]).unwrap();
    assert_eq!(found.get_text(colour).unwrap(), None);
    assert_eq!(found.get_one(tag::PR_BODY).unwrap(), None);
}

#[test]
fn a_sink_hears_of_new_messages_until_unadvise() {
    let place = place();
    let session = place.mapi.logon(None).unwrap();
    let store = session.default_store().unwrap();
    let inbox = store.receive_folder("IPM").unwrap();
    let (tell, heard) = mpsc::channel();
    let sink = sink(move |all| {
        all.iter().for_each(|n| tell.send(n.clone()).unwrap());
    })
    .unwrap();
    let connection = store
        .advise(&EntryId::default(), event::OBJECT_CREATED, sink)
        .unwrap();
    let new = message(&inbox, "new");
    let notification = heard.recv_timeout(Duration::from_secs(30)).unwrap();
    let mapi::types::Notification::Object {
        event,
        entry_id,
        parent,
        ..
    } = notification
    else {
        panic!("{notification:?}");
    };
    assert_eq!(event, event::OBJECT_CREATED);
    assert_eq!((entry_id, parent), (id(&new), id(&inbox)));
    store.unadvise(connection).unwrap();
    message(&inbox, "another");
    // The sink is gone, and its end of the channel with it.
    assert!(heard.recv_timeout(Duration::from_secs(30)).is_err());
    assert_eq!(
        store.unadvise(connection).unwrap_err().code(),
        ErrorCode::NOT_FOUND
    );
}

#[test]
fn profiles_and_services_are_administered() {
    let place = place();
    let profiles = place.mapi.profiles();
    profiles.copy("Test", "Copy").unwrap();
    profiles.rename("Copy", "Renamed").unwrap();
    let names: Vec<String> = profiles
        .list()
        .unwrap()
        .into_iter()
        .map(|p| p.name)
        .collect();
    assert_eq!(names, ["Renamed", "Test"]);
    assert_eq!(profiles.default_profile().unwrap().as_deref(), Some("Test"));
    assert_eq!(profiles.available_services()[0].name, NAME);

    let uid = profiles
        .add_service("Renamed", NAME, Some("Second"), &[])
        .unwrap();
    let services = profiles.services("Renamed").unwrap();
    assert_eq!(services.len(), 2);
    let second = services.iter().find(|s| s.uid == uid).unwrap();
    assert_eq!(second.display_name, "Second");
    assert!(!second.providers[0].is_default_store);
    profiles.set_default_store("Renamed", &uid).unwrap();
    let secret = mapi::types::PropTag::from_raw(0x67F0_001F);
    let settings = [
        Property::new(PR_MSGSTORE_PATH, "/x"),
        Property::new(secret, "hush"),
    ];
    profiles.set_service("Renamed", &uid, &settings).unwrap();
    let services = profiles.services("Renamed").unwrap();
    let provider = &services.iter().find(|s| s.uid == uid).unwrap().providers[0];
    assert!(provider.is_default_store);
    assert!(provider.settings.contains(&settings[0]));
    assert!(
        !format!("{services:?}").contains("hush"),
        "secrets are kept apart"
    );
    let file = profiles.store().read_secrets("Renamed").unwrap();
    assert_eq!(
        file.get(&provider.uid, secret).unwrap().as_str().unwrap(),
        "hush"
    );
    profiles.remove_service("Renamed", &uid).unwrap();
    assert_eq!(profiles.services("Renamed").unwrap().len(), 1);
    profiles.delete("Renamed").unwrap();
    assert_eq!(
        profiles.services("Renamed").unwrap_err().code(),
        ErrorCode::NOT_FOUND
    );
    let failed = place.mapi.logon(Some("Renamed")).unwrap_err();
    assert_eq!(failed.code(), ErrorCode::LOGON_FAILED);
}

#[test]
fn a_restriction_that_is_none_of_the_rows_gives_none() {
    let place = place();
    let session = place.mapi.logon(None).unwrap();
    let store = session.default_store().unwrap();
    let inbox = store.receive_folder("IPM").unwrap();
    for i in 0..600 {
        let new = inbox.create_message().unwrap();
        new.set(&[Property::new(tag::PR_SUBJECT, format!("{i:03}"))])
            .unwrap();
        new.save_deferred().unwrap();
    }
    store.save().unwrap();
    // More rows than one block has.
    assert_eq!(subjects(&inbox).len(), 600);
    let table = inbox
        .contents()
        .unwrap()
        .columns(&[tag::PR_SUBJECT])
        .unwrap();
    let table = table
        .sort(&SortOrder::by_descending(tag::PR_SUBJECT))
        .unwrap();
    table.seek(599).unwrap();
    let last = table.next_rows(10).unwrap();
    assert_eq!(last.len(), 1);
    assert_eq!(
        last[0].get(tag::PR_SUBJECT).unwrap().as_str().unwrap(),
        "000"
    );
    let none = Restriction::Property {
        relop: RelOp::Eq,
        tag: tag::PR_SUBJECT,
        value: Property::new(tag::PR_SUBJECT, "no such"),
    };
    let mut rows = inbox.contents().unwrap().restrict(&none).unwrap().rows();
    assert!(rows.next().is_none());
}
