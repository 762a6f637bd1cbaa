//! The provider through the traits of mapi-provider: logon, identity, objects, changes.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use mapi_msgstore::MsgStoreProvider;
use mapi_msgstore::provider::{PR_MSGSTORE_CREATE, PR_MSGSTORE_PATH};
use mapi_provider::{
    Access, ChangeKind, LogonRequest, NewFolder, Opened, ProfileSection, PropProblem, Store,
    StoreProvider, StreamMode,
};
use mapi_types::{EntryId, ErrorCode, PropTag, Property, Result, tag};

#[derive(Default)]
struct Profile(Mutex<Vec<Property>>);

impl Profile {
    fn with(props: &[Property]) -> Self {
        Self(Mutex::new(props.to_vec()))
    }
}

impl ProfileSection for Profile {
    fn get_props(&self, tags: &[PropTag]) -> Result<Vec<Property>> {
        let props = self.0.lock().unwrap();
        let one = |t: &PropTag| {
            let found = props.iter().find(|p| p.tag == *t).cloned();
            found.unwrap_or_else(|| Property::error(*t, ErrorCode::NOT_FOUND))
        };
        Ok(tags.iter().map(one).collect())
    }

    fn set_props(&self, new: &[Property]) -> Result<Vec<PropProblem>> {
        let mut props = self.0.lock().unwrap();
        props.retain(|p| new.iter().all(|n| n.tag != p.tag));
        props.extend_from_slice(new);
        Ok(Vec::new())
    }
}

fn request<'a>(profile: &'a Profile, entry_id: &'a EntryId, access: Access) -> LogonRequest<'a> {
    LogonRequest {
        profile,
        profile_name: "test",
        entry_id,
        access,
        allow_ui: false,
        temporary: false,
        spooler: false,
    }
}

fn logon(profile: &Profile, entry_id: &EntryId) -> Result<Box<dyn Store>> {
    MsgStoreProvider.logon(&request(profile, entry_id, Access::ReadWrite))
}

fn code<T>(result: Result<T>) -> ErrorCode {
    result.err().unwrap().code()
}

#[test]
fn a_profile_says_which_file() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("mail.omsg");
    let any = EntryId::default();
    assert_eq!(
        code(logon(&Profile::default(), &any)),
        ErrorCode::UNCONFIGURED
    );
    let named = Property::new(PR_MSGSTORE_PATH, path.to_str().unwrap());
    let profile = Profile::with(std::slice::from_ref(&named));
    assert_eq!(code(logon(&profile, &any)), ErrorCode::NOT_FOUND);
    assert_eq!(
        code(MsgStoreProvider.identify(&request(&profile, &any, Access::Best))),
        ErrorCode::NOT_FOUND
    );
    profile
        .set_props(&[Property::new(PR_MSGSTORE_CREATE, true)])
        .unwrap();
    let to_be = MsgStoreProvider
        .identify(&request(&profile, &any, Access::Best))
        .unwrap();
    assert!(to_be.is_empty());

    let store = logon(&profile, &any).unwrap();
    let id = store.entry_id();
    assert_eq!(
        MsgStoreProvider
            .identify(&request(&profile, &any, Access::Best))
            .unwrap(),
        id
    );
    store.close().unwrap();
    drop(store);
    let again = logon(&profile, &id).unwrap();
    assert_eq!(again.entry_id(), id);
    again.close().unwrap();

    // The file is another store now than the client asks for.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(code(logon(&profile, &id)), ErrorCode::NOT_FOUND);
}

#[test]
fn objects_and_changes() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("mail.omsg");
    let profile = Profile::with(&[
        Property::new(PR_MSGSTORE_PATH, path.to_str().unwrap()),
        Property::new(PR_MSGSTORE_CREATE, true),
        Property::new(tag::PR_DISPLAY_NAME, "My mail"),
    ]);
    let store = logon(&profile, &EntryId::default()).unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ears = Arc::clone(&heard);
    store
        .watch(Arc::new(move |changes| {
            ears.lock().unwrap().extend_from_slice(changes)
        }))
        .unwrap();
    let props = store
        .get_props(&[tag::PR_DISPLAY_NAME, tag::PR_IPM_SUBTREE_ENTRYID], 1000)
        .unwrap();
    assert_eq!(props[0].value, "My mail".into());
    let subtree = EntryId::from(props[1].value.as_bytes().unwrap());
    let Opened::Folder(subtree) = store.open_entry(&subtree, Access::ReadWrite).unwrap() else {
        panic!("not a folder");
    };
    let new = NewFolder {
        name: "Lists",
        comment: "",
        search: false,
        open_if_exists: false,
    };
    let folder = subtree.create_folder(&new).unwrap();
    assert_eq!(
        code(subtree.create_folder(&NewFolder {
            search: true,
            ..new
        })),
        ErrorCode::NO_SUPPORT
    );
    let message = folder.create_message(false).unwrap();
    let mut stream = message
        .open_stream(tag::PR_BODY, StreamMode::Create)
        .unwrap();
    stream.write_at(0, &[b'a', 0, b'b', 0]).unwrap();
    stream.commit().unwrap();
    drop(stream);
    message.save_deferred(false).unwrap();
    assert_eq!(
        message.get_props(&[tag::PR_BODY], 1000).unwrap()[0].value,
        "ab".into()
    );
    let mut reading = message.open_stream(tag::PR_BODY, StreamMode::Read).unwrap();
    assert_eq!(code(reading.write_at(0, b"x")), ErrorCode::NO_ACCESS);

    let mut table = folder.contents(false).unwrap();
    assert_eq!(table.row_count().unwrap(), 1);
    let kinds: Vec<ChangeKind> = heard
        .lock()
        .unwrap()
        .iter()
        .map(|c| c.kind.clone())
        .collect();
    assert_eq!(
        kinds,
        [
            ChangeKind::Created,
            ChangeKind::Created,
            ChangeKind::Modified(Vec::new())
        ]
    );
    drop((table, reading, message, folder, subtree));
    store.close().unwrap();
    assert_eq!(code(store.validate()), ErrorCode::INVALID_OBJECT);
}
