//! Stores, folders, messages, recipients, attachments: what is written is read back.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Fixture, deliver, nobody, one, recipient};
use mapi_msgstore::engine::{
    Done, Durability, ObjectKind, OpenMode, ReadFlags, RecipientChange, Special, Store, flag,
};
use mapi_types::{ErrorCode, FileTime, Guid, NamedProp, PropName, PropValue, Property, tag};

#[test]
fn a_store_keeps_its_identity_when_its_file_moves() {
    let fixture = Fixture::new();
    let uid = fixture.store.uid();
    let message = deliver(&fixture.inbox(), "moved", "A", 1);
    let id = fixture.store.entry_id(ObjectKind::Message, message.uid());
    fixture.store.close().unwrap();
    let elsewhere = fixture.dir.path().join("elsewhere.omsg");
    std::fs::rename(fixture.path(), &elsewhere).unwrap();

    let store = Store::open(&elsewhere, OpenMode::Existing).unwrap();
    assert_eq!(store.uid(), uid);
    let (kind, uid) = store.parse(&id).unwrap();
    assert_eq!(kind, ObjectKind::Message);
    let message = store.open_message(uid).unwrap();
    assert_eq!(one(message.props(&[tag::PR_SUBJECT], 1000)), "moved".into());
    assert_eq!(
        one(message.props(&[tag::PR_ENTRYID], 1000)),
        PropValue::Binary(id.into_bytes())
    );
}

#[test]
fn closing_leaves_one_file() {
    let fixture = Fixture::new();
    deliver(&fixture.inbox(), "x", "A", 1);
    fixture.store.interrupt();
    fixture.store.close().unwrap();
    let names: Vec<_> = std::fs::read_dir(fixture.dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names, ["store.omsg"]);
    let error = fixture.store.special(Special::Inbox).err().unwrap();
    assert_eq!(error.code(), ErrorCode::INVALID_OBJECT);
}

#[test]
fn the_standard_folders_are_there() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let root = store.special(Special::Root).unwrap();
    let mut table = root.hierarchy(true).unwrap();
    table.set_columns(&[tag::PR_DISPLAY_NAME]);
    let names = common::texts(&table.next_rows(100).unwrap());
    assert_eq!(
        names,
        [
            "Common Views",
            "Search Root",
            "Top of Personal Folders",
            "Deleted Items",
            "Drafts",
            "Inbox",
            "Outbox",
            "Sent Items",
            "Views"
        ]
    );
    let ids = store
        .props(
            &[tag::PR_IPM_SUBTREE_ENTRYID, tag::PR_IPM_OUTBOX_ENTRYID],
            1000,
        )
        .unwrap();
    for (property, name) in ids.iter().zip(["Top of Personal Folders", "Outbox"]) {
        let id = property.value.as_bytes().unwrap().into();
        let (_, uid) = store.parse(&id).unwrap();
        let folder = store.open_folder(uid).unwrap();
        assert_eq!(
            one(folder.props(&[tag::PR_DISPLAY_NAME], 1000)),
            name.into()
        );
    }
}

#[test]
fn a_message_is_nothing_until_it_is_saved() {
    let fixture = Fixture::new();
    let inbox = fixture.inbox();
    let message = inbox.create_message(false);
    message.set_props(&[Property::new(tag::PR_SUBJECT, "Re: hello")]);
    assert_eq!(inbox.contents(false).unwrap().row_count().unwrap(), 0);
    assert!(fixture.store.open_message(message.uid()).is_err());
    assert_eq!(
        one(message.props(&[tag::PR_NORMALIZED_SUBJECT], 1000)),
        "hello".into()
    );
    message.save(false, Durability::Now).unwrap();
    assert_eq!(inbox.contents(false).unwrap().row_count().unwrap(), 1);
    assert_eq!(one(inbox.props(&[tag::PR_CONTENT_COUNT], 1000)), 1.into());
    assert_eq!(one(inbox.props(&[tag::PR_CONTENT_UNREAD], 1000)), 0.into());
    fixture.assert_sound();
}

#[test]
fn computed_properties_cannot_be_set() {
    let fixture = Fixture::new();
    let message = deliver(&fixture.inbox(), "x", "A", 1);
    let problems = message.set_props(&[
        Property::new(tag::PR_MESSAGE_SIZE, 5),
        Property::new(tag::PR_MESSAGE_FLAGS, 5),
        Property::new(tag::PR_COMMENT, "fine"),
        Property::new(tag::PR_ENTRYID, &[1u8][..]),
    ]);
    let computed = ErrorCode::COMPUTED;
    assert_eq!(problems, [(0, computed), (1, computed), (3, computed)]);
    assert_eq!(one(message.props(&[tag::PR_COMMENT], 1000)), "fine".into());
}

#[test]
fn the_second_of_two_writers_is_told() {
    let fixture = Fixture::new();
    let first = deliver(&fixture.inbox(), "x", "A", 1);
    let second = fixture.store.open_message(first.uid()).unwrap();
    first.set_props(&[Property::new(tag::PR_SUBJECT, "first")]);
    second.set_props(&[Property::new(tag::PR_SUBJECT, "second")]);
    first.save(false, Durability::Now).unwrap();
    let error = second.save(false, Durability::Now).unwrap_err();
    assert_eq!(error.code(), ErrorCode::OBJECT_CHANGED);
    second.save(true, Durability::Now).unwrap();
    fixture.store.delete_message(first.uid()).unwrap();
    first.set_props(&[Property::new(tag::PR_SUBJECT, "late")]);
    let error = first.save(true, Durability::Now).unwrap_err();
    assert_eq!(error.code(), ErrorCode::OBJECT_DELETED);
    fixture.assert_sound();
}

#[test]
fn large_values_stream() {
    let fixture = Fixture::new();
    let message = fixture.inbox().create_message(false);
    let mut stream = message.open_stream(tag::PR_BODY, true).unwrap();
    let piece: Vec<u8> = "0123456789abcdef"
        .repeat(8192)
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for i in 0..8u64 {
        stream.write_at(i * piece.len() as u64, &piece).unwrap();
    }
    message.set_stream(tag::PR_BODY, &mut stream).unwrap();
    message.save(false, Durability::Now).unwrap();

    let message = fixture.store.open_message(message.uid()).unwrap();
    assert_eq!(
        one(message.props(&[tag::PR_BODY], 32 << 10)),
        ErrorCode::NOT_ENOUGH_MEMORY.into()
    );
    let mut stream = message.open_stream(tag::PR_BODY, false).unwrap();
    assert_eq!(stream.len(), 8 * piece.len() as u64);
    let mut buf = vec![0; 100];
    let at = 3 * piece.len() as u64 + 30;
    assert_eq!(stream.read_at(at, &mut buf).unwrap(), 100);
    assert_eq!(buf, piece[30..130]);
    assert_eq!(stream.read_at(stream.len() - 10, &mut buf).unwrap(), 10);

    stream.set_len(64).unwrap();
    stream.write_at(70, b"!\0").unwrap();
    message.set_stream(tag::PR_BODY, &mut stream).unwrap();
    message.save(false, Durability::Now).unwrap();
    let body = one(message.props(&[tag::PR_BODY], 32 << 10));
    assert_eq!(body, "0123456789abcdef0123456789abcdef\0\0\0!".into());
    fixture.assert_sound();
}

#[test]
fn recipients_are_kept_by_row_id() {
    let fixture = Fixture::new();
    let message = fixture.inbox().create_message(false);
    let rows = [
        recipient(1, "ann"),
        recipient(2, "bob"),
        recipient(1, "cid"),
    ];
    message
        .modify_recipients(RecipientChange::Add, &rows)
        .unwrap();
    assert_eq!(
        one(message.props(&[tag::PR_DISPLAY_TO], 1000)),
        "ann; cid".into()
    );
    let mut changed = recipient(3, "bea");
    changed.props.push(Property::new(tag::PR_ROWID, 1));
    message
        .modify_recipients(RecipientChange::Modify, &[changed])
        .unwrap();
    let bad = message.modify_recipients(RecipientChange::Remove, &[recipient(1, "x")]);
    assert_eq!(bad.unwrap_err().code(), ErrorCode::INVALID_PARAMETER);
    message.save(false, Durability::Now).unwrap();

    let message = fixture.store.open_message(message.uid()).unwrap();
    let found = message.recipients().unwrap();
    assert_eq!(found.len(), 3);
    assert!(found[1].contains(&Property::new(tag::PR_DISPLAY_NAME, "bea")));
    assert!(found[1].contains(&Property::new(tag::PR_ROWID, 1)));
    assert_eq!(
        one(message.props(&[tag::PR_DISPLAY_BCC], 1000)),
        "bea".into()
    );
    assert_eq!(one(message.props(&[tag::PR_DISPLAY_CC], 1000)), "".into());
}

#[test]
fn attachments_count_when_message_and_attachment_are_saved() {
    let fixture = Fixture::new();
    let message = deliver(&fixture.inbox(), "with", "A", 1);
    let attachment = message.create_attachment().unwrap();
    attachment.set_props(&[
        Property::new(tag::PR_ATTACH_METHOD, 1),
        Property::new(tag::PR_ATTACH_LONG_FILENAME, "data.bin"),
        Property::new(tag::PR_ATTACH_DATA_BIN, vec![7u8; 300_000]),
    ]);
    assert!(message.attachments().unwrap().is_empty());
    attachment.save().unwrap();
    assert_eq!(message.attachments().unwrap().len(), 1);
    let other = fixture.store.open_message(message.uid()).unwrap();
    assert!(other.attachments().unwrap().is_empty());
    message.save(false, Durability::Now).unwrap();

    let message = fixture.store.open_message(message.uid()).unwrap();
    assert_eq!(one(message.props(&[tag::PR_HASATTACH], 100)), true.into());
    let size = one(message.props(&[tag::PR_MESSAGE_SIZE], 100))
        .as_long()
        .unwrap();
    assert!((300_000..301_000).contains(&size), "{size}");
    let attachment = message.open_attachment(0).unwrap();
    let stream = attachment
        .open_stream(tag::PR_ATTACH_DATA_BIN, false)
        .unwrap();
    assert_eq!(stream.len(), 300_000);

    message.delete_attachment(0).unwrap();
    message.save(false, Durability::Now).unwrap();
    assert_eq!(one(message.props(&[tag::PR_HASATTACH], 100)), false.into());
    fixture.assert_sound();
}

#[test]
fn embedded_messages_nest() {
    let fixture = Fixture::new();
    let outer = deliver(&fixture.inbox(), "outer", "A", 1);
    let attachment = outer.create_attachment().unwrap();
    let inner = attachment.open_message(true).unwrap();
    inner.set_props(&[Property::new(tag::PR_SUBJECT, "inner")]);
    let inner_attachment = inner.create_attachment().unwrap();
    let innermost = inner_attachment.open_message(true).unwrap();
    innermost.set_props(&[
        Property::new(tag::PR_SUBJECT, "innermost"),
        Property::new(tag::PR_HTML, vec![b'x'; 100_000]),
    ]);
    innermost.save(false, Durability::Now).unwrap();
    inner_attachment.save().unwrap();
    inner.save(false, Durability::Now).unwrap();
    attachment.save().unwrap();
    outer.save(false, Durability::Now).unwrap();
    fixture.assert_sound();

    let copy_to = fixture.store.special(Special::Drafts).unwrap();
    fixture
        .inbox()
        .copy_messages(&[outer.uid()], copy_to.at().uid, &nobody)
        .unwrap();
    fixture.store.delete_message(outer.uid()).unwrap();
    fixture.assert_sound();
    let copy = copy_to.message_uids(false).unwrap()[0];
    let copy = fixture.store.open_message(copy).unwrap();
    let inner = copy
        .open_attachment(0)
        .unwrap()
        .open_message(false)
        .unwrap();
    let innermost = inner
        .open_attachment(0)
        .unwrap()
        .open_message(false)
        .unwrap();
    assert_eq!(
        one(innermost.props(&[tag::PR_SUBJECT], 100)),
        "innermost".into()
    );
    let html = innermost.open_stream(tag::PR_HTML, false).unwrap();
    assert_eq!(html.len(), 100_000);

    innermost.set_props(&[Property::new(tag::PR_SUBJECT, "changed")]);
    assert_eq!(one(copy.props(&[tag::PR_HASATTACH], 100)), true.into());
    drop((inner, innermost));
    fixture.store.delete_message(copy.uid()).unwrap();
    fixture.assert_sound();
}

#[test]
fn copies_have_a_new_identifier_and_the_same_search_key() {
    let fixture = Fixture::new();
    let inbox = fixture.inbox();
    let message = deliver(&inbox, "x", "A", 1);
    let done = inbox.copy_messages(&[message.uid()], inbox.at().uid, &nobody);
    assert_eq!(done.unwrap(), Done::All);
    let uids = inbox.message_uids(false).unwrap();
    assert_eq!(uids.len(), 2);
    let copy = fixture.store.open_message(uids[1]).unwrap();
    let tags = [tag::PR_SEARCH_KEY, tag::PR_RECORD_KEY];
    let (a, b) = (
        message.props(&tags, 100).unwrap(),
        copy.props(&tags, 100).unwrap(),
    );
    assert_eq!(a[0], b[0]);
    assert_ne!(a[1], b[1]);
}

#[test]
fn moved_messages_keep_their_identifier_and_folders_count() {
    let fixture = Fixture::new();
    let (inbox, store) = (fixture.inbox(), &fixture.store);
    let bin = store.special(Special::DeletedItems).unwrap();
    let a = deliver(&inbox, "a", "A", 1);
    deliver(&inbox, "b", "A", 2);
    let gone = deliver(&inbox, "c", "A", 2).uid();
    store.delete_message(gone).unwrap();
    let done = inbox.move_messages(&[a.uid(), gone], bin.at().uid, &nobody);
    assert_eq!(done.unwrap(), Done::Partly);
    let counts = [tag::PR_CONTENT_COUNT, tag::PR_CONTENT_UNREAD];
    assert_eq!(inbox.props(&counts, 10).unwrap()[0].value, 1.into());
    assert_eq!(bin.props(&counts, 10).unwrap()[1].value, 1.into());
    let moved = store.open_message(a.uid()).unwrap();
    assert_eq!(
        one(moved.props(&[tag::PR_PARENT_ENTRYID], 100)),
        PropValue::Binary(
            store
                .entry_id(ObjectKind::Folder, bin.at().uid)
                .into_bytes()
        )
    );
    // An object opened before the move saves where the message is now.
    a.set_props(&[Property::new(tag::PR_SUBJECT, "a2")]);
    a.save(false, Durability::Now).unwrap();
    fixture.assert_sound();
}

#[test]
fn reading_and_unreading_counts() {
    let fixture = Fixture::new();
    let inbox = fixture.inbox();
    let a = deliver(&inbox, "a", "A", 1);
    deliver(&inbox, "b", "A", 1);
    let unread = || one(inbox.props(&[tag::PR_CONTENT_UNREAD], 10));
    assert_eq!(unread(), 2.into());
    a.set_read(ReadFlags::default()).unwrap();
    a.set_read(ReadFlags::default()).unwrap();
    assert_eq!(unread(), 1.into());
    inbox
        .set_read_flags(None, ReadFlags::default(), &nobody)
        .unwrap();
    assert_eq!(unread(), 0.into());
    let again = ReadFlags {
        unread: true,
        ..ReadFlags::default()
    };
    inbox
        .set_read_flags(Some(&[a.uid()]), again, &nobody)
        .unwrap();
    assert_eq!(unread(), 1.into());
    fixture.assert_sound();
}

#[test]
fn the_folder_tree() {
    let fixture = Fixture::new();
    let inbox = fixture.inbox();
    let a = inbox.create_folder("A", "first", false).unwrap();
    let b = a.create_folder("B", "", false).unwrap();
    deliver(&b, "in b", "X", 1);
    let error = inbox.create_folder("a", "", false).err().unwrap();
    assert_eq!(error.code(), ErrorCode::COLLISION);
    assert_eq!(inbox.create_folder("a", "", true).unwrap().at(), a.at());
    let cycle = inbox.move_folder(a.at().uid, b.at().uid, None);
    assert_eq!(cycle.unwrap_err().code(), ErrorCode::FOLDER_CYCLE);
    let special = fixture.store.special(Special::IpmSubtree).unwrap();
    let fixed = special.move_folder(inbox.at().uid, a.at().uid, None);
    assert_eq!(fixed.unwrap_err().code(), ErrorCode::FOLDER_CYCLE);
    let fixed = special.delete_folder(inbox.at().uid, true, true, &nobody);
    assert_eq!(fixed.unwrap_err().code(), ErrorCode::NO_ACCESS);

    let drafts = fixture.store.special(Special::Drafts).unwrap();
    inbox
        .copy_folder(a.at().uid, drafts.at().uid, Some("Copy"), true, &nobody)
        .unwrap();
    inbox
        .move_folder(a.at().uid, drafts.at().uid, Some("Moved"))
        .unwrap();
    let mut table = drafts.hierarchy(true).unwrap();
    table.set_columns(&[tag::PR_DISPLAY_NAME, tag::PR_DEPTH, tag::PR_CONTENT_COUNT]);
    let rows = table.next_rows(10).unwrap();
    assert_eq!(common::texts(&rows), ["Copy", "B", "Moved", "B"]);
    assert_eq!(rows[1].props[1].value, 2.into());
    assert_eq!(rows[1].props[2].value, 1.into());

    let delete = |messages, folders| drafts.delete_folder(a.at().uid, messages, folders, &nobody);
    assert_eq!(
        delete(true, false).unwrap_err().code(),
        ErrorCode::HAS_FOLDERS
    );
    assert_eq!(delete(true, true).unwrap(), Done::All);
    assert_eq!(drafts.empty(false, &nobody).unwrap(), Done::All);
    assert_eq!(table.row_count().unwrap(), 0);
    fixture.assert_sound();
}

#[test]
fn named_properties_last() {
    let mut fixture = Fixture::new();
    let set = Guid([3; 16]);
    let names = [
        NamedProp {
            set,
            name: PropName::Name("X-Mailer".into()),
        },
        NamedProp {
            set,
            name: PropName::Id(0x8005),
        },
    ];
    assert_eq!(
        fixture.store.ids_from_names(&names, false).unwrap(),
        [None, None]
    );
    let ids = fixture.store.ids_from_names(&names, true).unwrap();
    assert_eq!(ids, [Some(0x8000), Some(0x8001)]);
    fixture.reopen();
    assert_eq!(fixture.store.ids_from_names(&names, false).unwrap(), ids);
    let back = fixture.store.names_from_ids(&[0x8001, 0x8002]).unwrap();
    assert_eq!(back, [Some(names[1].clone()), None]);
    assert_eq!(fixture.store.all_names().unwrap().len(), 2);
}

#[test]
fn receive_folders_go_by_the_longest_prefix() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let drafts = store.special(Special::Drafts).unwrap();
    store
        .set_receive_folder("IPM.Note.Special", Some(drafts.at().uid))
        .unwrap();
    let to = |class: &str| store.receive_folder(class).unwrap();
    assert_eq!(to("ipm.note.special.one").class, "IPM.Note.Special");
    assert_eq!(to("IPM.Note.Specialist").class, "IPM");
    assert_eq!(to("REPORT.IPM").class, "");
    assert!(store.receive_folder("a..b").is_err());
    store.set_receive_folder("IPM.Note.Special", None).unwrap();
    assert_eq!(to("ipm.note.special").class, "IPM");
    assert_eq!(store.receive_folders().unwrap().len(), 2);
}

#[test]
fn life_store_020_submitted_messages_are_claimed_by_one() {
    use std::time::Duration;
    let fixture = Fixture::new();
    let store = &fixture.store;
    let outbox = store.special(Special::Outbox).unwrap();
    let message = deliver(&outbox, "out", "A", 1);
    message.submit().unwrap();
    assert_eq!(message.submit().unwrap_err().code(), ErrorCode::SUBMITTED);
    let flags = one(message.props(&[tag::PR_MESSAGE_FLAGS], 10))
        .as_long()
        .unwrap();
    assert_eq!(
        flags & (flag::SUBMIT | flag::UNSENT),
        flag::SUBMIT | flag::UNSENT
    );

    let (uid, now) = (message.uid(), FileTime::now());
    let kept = outbox.delete_messages(&[uid], &nobody).unwrap();
    assert_eq!(kept, Done::Partly);
    let (one, two) = (Default::default(), Default::default());
    let lease = Duration::from_secs(120);
    store.claim(uid, one, now, lease).unwrap();
    assert!(store.outgoing(now).unwrap()[0].locked);
    let busy = store.claim(uid, two, now, lease).unwrap_err();
    assert_eq!(busy.code(), ErrorCode::NO_ACCESS);
    let busy = store.abort_submit(uid, now).unwrap_err();
    assert_eq!(busy.code(), ErrorCode::UNABLE_TO_ABORT);
    let later = FileTime(now.0 + 1_300_000_000);
    store.claim(uid, two, later, lease).unwrap();
    store.unclaim(uid, two, later).unwrap();
    let mut table = store.outgoing_table();
    assert_eq!(table.row_count().unwrap(), 1);
    store.finished_sending(uid).unwrap();
    assert_eq!(table.row_count().unwrap(), 0);
    let gone = store.abort_submit(uid, later).unwrap_err();
    assert_eq!(gone.code(), ErrorCode::NOT_IN_QUEUE);
    fixture.assert_sound();
}

#[test]
fn deferred_saves_are_seen_and_last() {
    let mut fixture = Fixture::new();
    let inbox = fixture.inbox();
    for i in 0..50 {
        let message = inbox.create_message(false);
        message.set_props(&[Property::new(tag::PR_SUBJECT, format!("m{i}"))]);
        message.save(false, Durability::Deferred).unwrap();
    }
    assert_eq!(inbox.contents(false).unwrap().row_count().unwrap(), 50);
    let message = inbox.create_message(false);
    message.save(false, Durability::Deferred).unwrap();
    fixture.reopen();
    assert_eq!(fixture.inbox().message_uids(false).unwrap().len(), 51);
    fixture.assert_sound();
}

#[test]
fn backup_and_compact() {
    let fixture = Fixture::new();
    let inbox = fixture.inbox();
    for i in 0..20 {
        let message = deliver(&inbox, &format!("m{i}"), "A", i);
        message.set_props(&[Property::new(tag::PR_HTML, vec![1u8; 200_000])]);
        message.save(false, Durability::Now).unwrap();
    }
    let copy = fixture.dir.path().join("copy.omsg");
    fixture.store.backup(&copy, &nobody).unwrap();
    let again = fixture.store.backup(&copy, &nobody).unwrap_err();
    assert_eq!(again.code(), ErrorCode::COLLISION);
    inbox.empty(true, &nobody).unwrap();
    assert!(fixture.store.compact(&nobody).unwrap() > 3_000_000);
    fixture.assert_sound();
    let copy = Store::open(&copy, OpenMode::Existing).unwrap();
    assert_eq!(copy.uid(), fixture.store.uid());
    let inbox = copy.special(Special::Inbox).unwrap();
    assert_eq!(inbox.message_uids(false).unwrap().len(), 20);
    assert!(copy.check(&nobody).unwrap().is_empty());
}
