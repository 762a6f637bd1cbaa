//! What the tests of the engine share.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::PathBuf;

use mapi_msgstore::engine::{Durability, Folder, Message, OpenMode, Special, Store};
use mapi_types::{FileTime, PropValue, Property, Row, tag};
use tempfile::TempDir;

/// A store in a folder that goes with it.
pub struct Fixture {
    pub dir: TempDir,
    pub store: Store,
}

impl Fixture {
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let store = Store::open(&dir.path().join("store.omsg"), OpenMode::Create).unwrap();
        Self { dir, store }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("store.omsg")
    }

    pub fn inbox(&self) -> Folder {
        self.store.special(Special::Inbox).unwrap()
    }

    /// Closes and opens again.
    pub fn reopen(&mut self) {
        self.store.close().unwrap();
        self.store = Store::open(&self.path(), OpenMode::Existing).unwrap();
    }

    /// Nothing is wrong in the store.
    pub fn assert_sound(&self) {
        assert_eq!(self.store.check(&|_, _| Ok(())).unwrap(), Vec::new());
    }
}

pub fn nobody(_: u64, _: u64) -> mapi_types::Result<()> {
    Ok(())
}

/// A saved message.
pub fn deliver(folder: &Folder, subject: &str, sender: &str, seconds: i64) -> Message {
    let message = folder.create_message(false);
    let problems = message.set_props(&[
        Property::new(tag::PR_SUBJECT, subject),
        Property::new(tag::PR_SENDER_NAME, sender),
        Property::new(tag::PR_MESSAGE_DELIVERY_TIME, FileTime::from_unix(seconds)),
        Property::new(tag::PR_BODY, format!("The body of {subject}")),
        Property::new(tag::PR_MESSAGE_FLAGS, 0),
    ]);
    assert_eq!(problems, []);
    message.save(false, Durability::Now).unwrap();
    message
}

pub fn recipient(kind: i32, name: &str) -> Row {
    Row::from(vec![
        Property::new(tag::PR_RECIPIENT_TYPE, kind),
        Property::new(tag::PR_DISPLAY_NAME, name),
        Property::new(tag::PR_EMAIL_ADDRESS, format!("{name}@example.org")),
    ])
}

/// The first column of rows as text.
pub fn texts(rows: &[Row]) -> Vec<String> {
    rows.iter()
        .map(|row| match &row.props[0].value {
            PropValue::Unicode(text) => text.to_str().into_owned(),
            other => format!("{other:?}"),
        })
        .collect()
}

pub fn one(props: mapi_types::Result<Vec<Property>>) -> PropValue {
    props.unwrap().remove(0).value
}
