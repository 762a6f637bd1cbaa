//! A session comes up, works, and goes down by the book.

use mapi_com::iface::{
    MapiContainer as _, MapiFolder as _, MapiProp as _, MapiSession as _, MapiTable as _,
    Message as _, MsgStore as _,
};
use mapi_com::ptr::ComPtr;
use mapi_subsystem::report::LeftBy;
use mapi_sys::{IMAPIFolder, IMessage};
use mapi_types::{EntryId, ErrorCode, PropValue, tag};

use crate::world::{World, open_store, prop};

#[test]
fn a_message_survives_the_session_that_wrote_it() {
    let world = World::new();
    world.profile("p", &["MSGSTORE"]);
    let session = world.logon("p");
    let store = open_store(&session, 0);
    let inbox = store.get_receive_folder("IPM", 0).unwrap().folder;
    let folder: ComPtr<IMAPIFolder> = store
        .open_entry(&inbox, None, 0x10)
        .unwrap()
        .object
        .query()
        .unwrap();
    let message = folder.create_message(None, 0).unwrap();
    assert!(
        message
            .set_props(&[prop(tag::PR_SUBJECT, "Hello")])
            .unwrap()
            .is_empty()
    );
    message.save_changes(0).unwrap();
    drop((message, folder, store));
    session.logoff(0, 0, 0).unwrap();
    drop(session);

    let session = world.logon("p");
    let store = open_store(&session, 0);
    let folder: ComPtr<IMAPIFolder> = store
        .open_entry(&inbox, None, 0)
        .unwrap()
        .object
        .query()
        .unwrap();
    let contents = folder.get_contents_table(0).unwrap();
    contents
        .set_columns(&[tag::PR_SUBJECT, tag::PR_ENTRYID], 0)
        .unwrap();
    let rows = contents.query_rows(10, 0).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        rows[0].get(tag::PR_SUBJECT).unwrap().as_str().unwrap(),
        "Hello"
    );
    let id = EntryId::from(
        rows[0]
            .get(tag::PR_ENTRYID)
            .and_then(PropValue::as_bytes)
            .unwrap(),
    );
    let message: ComPtr<IMessage> = session
        .open_entry(&id, None, 0)
        .unwrap()
        .object
        .query()
        .unwrap();
    drop((message, contents, folder, store));
    session.logoff(0, 0, 0).unwrap();
    let report = world.subsystem.reports().pop().unwrap();
    assert!(report.by_the_book, "{report:#?}");
}

/// The census of mapi-provider comes into the report with all it knows.
#[test]
fn the_report_tells_attachment_from_stream_and_where_each_was_made() {
    for traces in [true, false] {
        let world = World::with(|config| config.traces = traces);
        world.profile("p", &["MSGSTORE"]);
        let session = world.logon("p");
        let store = open_store(&session, 0);
        let inbox = store.get_receive_folder("IPM", 0).unwrap().folder;
        let opened = store.open_entry(&inbox, None, 0x10).unwrap();
        let folder: ComPtr<IMAPIFolder> = opened.object.query().unwrap();
        let message = folder.create_message(None, 0).unwrap();
        let (_, attachment) = message.create_attach(None, 0).unwrap();
        let create = mapi_sys::MAPI_CREATE | mapi_sys::MAPI_MODIFY;
        let iid = mapi_com::ptr::guid_from_abi(&mapi_sys::IID_IStream);
        let stream = attachment
            .open_property(tag::PR_ATTACH_DATA_BIN, &iid, 0, create)
            .unwrap();
        // The store comes last: its Release ends the logon.
        drop((opened.object, folder, store));
        session.logoff(0, 0, 0).unwrap();
        let report = world.report();
        let kinds: Vec<_> = report
            .left_open
            .iter()
            .map(|l| (&*l.kind, l.count))
            .collect();
        assert_eq!(
            kinds,
            [("IAttach", 1), ("IMessage", 1), ("IStream", 1)],
            "{:#?}",
            report.left_open
        );
        for left in &report.left_open {
            assert_eq!(left.objects.len(), 1, "{left:?}");
            let stack = left.objects[0].stack.join("\n");
            assert_eq!(
                stack.contains("the_report_tells_attachment"),
                traces,
                "{stack}"
            );
        }
        drop((message, attachment, stream));
    }
}

#[test]
fn what_a_client_leaves_open_is_reported_and_fails_safely() {
    let world = World::new();
    world.profile("p", &["EXAB", "MSGSTORE"]);
    let session = world.logon("p");
    let (book, failed) = session.open_address_book(0, None, 0).unwrap();
    assert!(!failed);
    let store = open_store(&session, 0);
    let inbox = store.get_receive_folder("IPM", 0).unwrap().folder;
    let folder: ComPtr<IMAPIFolder> = store
        .open_entry(&inbox, None, 0)
        .unwrap()
        .object
        .query()
        .unwrap();
    let table = folder.get_contents_table(0).unwrap();
    session.logoff(0, 0, 0).unwrap();
    let report = world.subsystem.reports().pop().unwrap();
    assert!(report.by_the_book, "{report:#?}");
    let left = |kind: &str| {
        let groups = report.left_open.iter().filter(|left| left.kind == kind);
        let by_client = groups.filter(|left| left.left_by == LeftBy::Client);
        by_client
            .map(|left| (left.count, left.provider.is_some()))
            .collect::<Vec<_>>()
    };
    // MAPI's own object, and what the store's provider gave to MakeInvalid.
    assert_eq!(left("IAddrBook"), [(1, false)], "{:#?}", report.left_open);
    for kind in ["IMsgStore", "IMAPIFolder", "IMAPITable"] {
        assert_eq!(left(kind), [(1, true)], "{:#?}", report.left_open);
    }
    assert_eq!(
        table.get_row_count(0).unwrap_err().code(),
        ErrorCode::INVALID_OBJECT
    );
    assert_eq!(
        folder.get_prop_list(0).unwrap_err().code(),
        ErrorCode::INVALID_OBJECT
    );
    assert_eq!(
        store.get_prop_list(0).unwrap_err().code(),
        ErrorCode::INVALID_OBJECT
    );
    assert_eq!(
        book.get_prop_list(0).unwrap_err().code(),
        ErrorCode::INVALID_OBJECT
    );
    world.subsystem.stop();
    drop((table, folder, store, book, session));
}
