//! Contents tables: order, restriction, position, search, bookmarks, notifications. Every answer is compared with the same
//! operation on a plain list.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::{Arc, Mutex};

use common::{Fixture, deliver, nobody, recipient, texts};
use mapi_msgstore::engine::{ContentsTable, Durability, Folder, RecipientChange, TableChange};
use mapi_types::{
    FileTime, FuzzyLevel, FuzzyMatch, PropTag, PropValue, Property, RelOp, Restriction, SortKey,
    SortOrder, tag,
};
use proptest::prelude::*;

fn table(folder: &Folder) -> ContentsTable {
    let mut table = folder.contents(false).unwrap();
    table.set_columns(&[tag::PR_SUBJECT]);
    table
}

fn all(table: &mut ContentsTable) -> Vec<String> {
    table.seek_to(0).unwrap();
    let mut out = Vec::new();
    loop {
        let rows = table.next_rows(3).unwrap();
        if rows.is_empty() {
            return out;
        }
        out.extend(texts(&rows));
    }
}

fn property(relop: RelOp, tag: PropTag, value: impl Into<PropValue>) -> Restriction {
    let value = Property::new(tag, value);
    Restriction::Property { relop, tag, value }
}

fn content(part: FuzzyMatch, ignore_case: bool, tag: PropTag, text: &str) -> Restriction {
    let fuzzy = FuzzyLevel {
        part,
        ignore_case,
        ignore_nonspace: false,
        loose: false,
    };
    Restriction::Content {
        fuzzy,
        tag,
        value: Property::new(tag, text),
    }
}

fn sample(fixture: &Fixture) -> Folder {
    let inbox = fixture.inbox();
    for (subject, sender, at) in [
        ("beta", "Zoe", 5),
        ("Alpha", "ann", 3),
        ("gamma", "Bob", 9),
        ("alpha 2", "Zoe", 1),
        ("Ärger", "ann", 7),
    ] {
        deliver(&inbox, subject, sender, at);
    }
    // Another folder's messages are never seen.
    let other = inbox.create_folder("Other", "", false).unwrap();
    deliver(&other, "elsewhere", "ann", 4);
    inbox
}

#[test]
fn rows_come_in_every_order() {
    let fixture = Fixture::new();
    let mut table = table(&sample(&fixture));
    assert_eq!(
        all(&mut table),
        ["alpha 2", "Alpha", "beta", "Ärger", "gamma"]
    );
    table.sort(&SortOrder::by(tag::PR_SUBJECT));
    assert_eq!(
        all(&mut table),
        ["Alpha", "alpha 2", "beta", "gamma", "Ärger"]
    );
    table.sort(&SortOrder::by_descending(tag::PR_SUBJECT));
    assert_eq!(
        all(&mut table),
        ["Ärger", "gamma", "beta", "alpha 2", "Alpha"]
    );
    table.sort(&SortOrder {
        keys: vec![
            SortKey {
                tag: tag::PR_SENDER_NAME,
                descending: false,
            },
            SortKey {
                tag: tag::PR_MESSAGE_DELIVERY_TIME,
                descending: true,
            },
        ],
        ..SortOrder::default()
    });
    assert_eq!(
        all(&mut table),
        ["Ärger", "Alpha", "gamma", "beta", "alpha 2"]
    );
    // Not a column of its own.
    table.sort(&SortOrder::by_descending(tag::PR_BODY));
    assert_eq!(
        all(&mut table),
        ["Ärger", "gamma", "beta", "alpha 2", "Alpha"]
    );
}

#[test]
fn restrictions_hold_in_sql_and_outside() {
    let fixture = Fixture::new();
    let inbox = sample(&fixture);
    let mut table = table(&inbox);
    let mut check = |restriction: Restriction, expected: &[&str]| {
        table.restrict(Some(&restriction)).unwrap();
        assert_eq!(all(&mut table), expected, "{restriction:?}");
        assert_eq!(table.row_count().unwrap(), expected.len() as u64);
    };
    check(
        property(RelOp::Eq, tag::PR_SENDER_NAME, "ZOE"),
        &["alpha 2", "beta"],
    );
    check(
        property(
            RelOp::Ge,
            tag::PR_MESSAGE_DELIVERY_TIME,
            FileTime::from_unix(7),
        ),
        &["Ärger", "gamma"],
    );
    let alpha = || content(FuzzyMatch::Prefix, true, tag::PR_SUBJECT, "ALPHA");
    check(alpha(), &["alpha 2", "Alpha"]);
    check(
        content(FuzzyMatch::Prefix, false, tag::PR_SUBJECT, "alpha"),
        &["alpha 2"],
    );
    check(
        Restriction::Not(Box::new(Restriction::Or(vec![
            alpha(),
            content(FuzzyMatch::Substring, false, tag::PR_BODY, "gamma"),
        ]))),
        &["beta", "Ärger"],
    );
    check(
        content(FuzzyMatch::Substring, true, tag::PR_SUBJECT, "%"),
        &[],
    );
    check(
        Restriction::And(vec![
            Restriction::Exist(tag::PR_BODY),
            Restriction::Not(Box::new(Restriction::Exist(tag::PR_COMMENT))),
            property(RelOp::Lt, tag::PR_SUBJECT, "B"),
        ]),
        &["alpha 2", "Alpha"],
    );
    let loose = FuzzyLevel {
        part: FuzzyMatch::FullString,
        ignore_case: false,
        ignore_nonspace: false,
        loose: true,
    };
    check(
        Restriction::Content {
            fuzzy: loose,
            tag: tag::PR_SUBJECT,
            value: Property::new(tag::PR_SUBJECT, "arger"),
        },
        &["Ärger"],
    );
    let unread = |nonzero| Restriction::Bitmask {
        nonzero,
        tag: tag::PR_MESSAGE_FLAGS,
        mask: 1,
    };
    check(unread(true), &[]);
    check(
        Restriction::And(vec![
            unread(false),
            property(RelOp::Eq, tag::PR_HASATTACH, true),
        ]),
        &[],
    );
    check(
        Restriction::Size {
            relop: RelOp::Eq,
            tag: tag::PR_SUBJECT,
            size_bytes: 10,
        },
        &["Alpha", "Ärger", "gamma"],
    );
    let again = table.restrict(None);
    again.unwrap();
    assert_eq!(table.row_count().unwrap(), 5);
}

#[test]
fn recipients_and_attachments_can_be_restricted() {
    let fixture = Fixture::new();
    let inbox = sample(&fixture);
    let message = inbox.create_message(false);
    message.set_props(&[Property::new(tag::PR_SUBJECT, "to ann")]);
    message
        .modify_recipients(
            RecipientChange::Add,
            &[recipient(1, "bob"), recipient(2, "ann")],
        )
        .unwrap();
    let attachment = message.create_attachment().unwrap();
    attachment.set_props(&[Property::new(tag::PR_ATTACH_LONG_FILENAME, "report.pdf")]);
    attachment.save().unwrap();
    message.save(false, Durability::Now).unwrap();
    let mut table = table(&inbox);
    let mut count = |which: PropTag, inner: Restriction| {
        let restriction = Restriction::SubObject {
            tag: which,
            inner: Box::new(inner),
        };
        table.restrict(Some(&restriction)).unwrap();
        table.row_count().unwrap()
    };
    let name = |name: &str| property(RelOp::Eq, tag::PR_DISPLAY_NAME, name);
    let kind = |n: i32| property(RelOp::Eq, tag::PR_RECIPIENT_TYPE, n);
    let recipients = tag::PR_MESSAGE_RECIPIENTS;
    assert_eq!(
        count(recipients, Restriction::And(vec![name("ann"), kind(2)])),
        1
    );
    assert_eq!(
        count(recipients, Restriction::And(vec![name("ann"), kind(1)])),
        0
    );
    let pdf = content(
        FuzzyMatch::Substring,
        true,
        tag::PR_ATTACH_LONG_FILENAME,
        ".PDF",
    );
    assert_eq!(count(tag::PR_MESSAGE_ATTACHMENTS, pdf), 1);
}

#[test]
fn a_table_is_alive() {
    let fixture = Fixture::new();
    let inbox = sample(&fixture);
    for order in [SortOrder::by(tag::PR_SUBJECT), SortOrder::by(tag::PR_BODY)] {
        let mut table = table(&inbox);
        table.sort(&order);
        table.seek_to(2).unwrap();
        assert_eq!(texts(&table.next_rows(1).unwrap()), ["beta"]);
        let mark = table.mark().unwrap();
        let new = deliver(&inbox, "aardvark", "x", 100);
        assert_eq!(table.position().unwrap(), 4, "stands before the same row");
        assert_eq!(texts(&table.next_rows(1).unwrap()), ["gamma"]);
        fixture.store.delete_message(new.uid()).unwrap();
        assert!(table.seek_mark(&mark).unwrap());
        assert_eq!(table.position().unwrap(), 3);
        assert_eq!(texts(&table.previous_rows(2).unwrap()), ["alpha 2", "beta"]);
        assert_eq!(table.position().unwrap(), 1);
        let gone = deliver(&inbox, "always", "x", 1);
        assert!(
            table
                .find(&property(RelOp::Eq, tag::PR_SUBJECT, "ALWAYS"), false)
                .unwrap()
        );
        let mark = table.mark().unwrap();
        fixture.store.delete_message(gone.uid()).unwrap();
        assert!(!table.seek_mark(&mark).unwrap());
        assert_eq!(texts(&table.next_rows(1).unwrap()), ["beta"]);
    }
}

#[test]
fn deleted_columns_and_types() {
    let fixture = Fixture::new();
    let inbox = fixture.inbox();
    let message = inbox.create_message(false);
    message.set_props(&[
        Property::new(tag::PR_SUBJECT, PropValue::String8(b"eight".to_vec())),
        Property::new(tag::PR_IMPORTANCE, PropValue::I2(2)),
        Property::new(tag::PR_HTML, vec![b'h'; 50_000]),
        Property::new(tag::PR_BODY, "b".repeat(50_000)),
    ]);
    message.save(false, Durability::Now).unwrap();
    let mut table = inbox.contents(false).unwrap();
    let any = |t: PropTag| t.with_type(mapi_types::PropType::UNSPECIFIED);
    table.set_columns(&[
        any(tag::PR_SUBJECT),
        any(tag::PR_IMPORTANCE),
        tag::PR_SENDER_NAME,
        tag::PR_HTML,
        tag::PR_BODY,
        PropTag::from_raw(1),
    ]);
    let row = table.next_rows(1).unwrap().remove(0);
    let not_found = || PropValue::Error(mapi_types::ErrorCode::NOT_FOUND);
    assert_eq!(row.props[0].value, PropValue::String8(b"eight".to_vec()));
    assert_eq!(row.props[1].value, PropValue::I2(2));
    assert_eq!(row.props[2].value, not_found());
    assert_eq!(
        row.props[3].value,
        PropValue::Error(mapi_types::ErrorCode::NOT_ENOUGH_MEMORY)
    );
    assert_eq!(row.props[4].value, "b".repeat(255).into());
    assert_eq!(row.props[5].value, PropValue::Null);
    // The text of either width is one text to a restriction; a number of the wrong type is none.
    table
        .restrict(Some(&property(RelOp::Eq, tag::PR_SUBJECT, "Eight")))
        .unwrap();
    assert_eq!(table.row_count().unwrap(), 1);
    table
        .restrict(Some(&property(RelOp::Eq, tag::PR_IMPORTANCE, 2)))
        .unwrap();
    assert_eq!(table.row_count().unwrap(), 0);
}

#[test]
fn watchers_are_told_rows() {
    let fixture = Fixture::new();
    let inbox = sample(&fixture);
    let mut table = table(&inbox);
    table.sort(&SortOrder::by(tag::PR_SUBJECT));
    let heard: Arc<Mutex<Vec<TableChange>>> = Arc::default();
    let ears = Arc::clone(&heard);
    table.watch(move |changes| ears.lock().unwrap().extend_from_slice(changes));
    let take = || std::mem::take(&mut *heard.lock().unwrap());

    let message = deliver(&inbox, "aaa", "x", 1);
    assert!(
        matches!(&take()[..], [TableChange::Added(_, None, row)] if texts(std::slice::from_ref(row)) == ["aaa"])
    );
    message.set_props(&[Property::new(tag::PR_SUBJECT, "zzz")]);
    message.save(false, Durability::Now).unwrap();
    let told = take();
    assert!(
        matches!(&told[..], [TableChange::Modified(_, Some(_), _)]),
        "{told:?}"
    );
    let other = inbox.create_folder("More", "", false).unwrap();
    inbox
        .move_messages(&[message.uid()], other.at().uid, &nobody)
        .unwrap();
    assert!(matches!(&take()[..], [TableChange::Deleted(_)]));
    deliver(&other, "unheard", "x", 1);
    assert!(take().is_empty());
    drop(table);
    deliver(&inbox, "unheard", "x", 1);
    assert!(take().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any walk through a table in any order gives what a list gives.
    #[test]
    fn walks_agree_with_a_list(
        subjects in prop::collection::vec("[a-cA-Cä]{0,2}", 1..20),
        by_subject: bool,
        descending: bool,
        restricted: bool,
        steps in prop::collection::vec((0u8..7, 0u32..12), 1..20),
    ) {
        let fixture = Fixture::new();
        let inbox = fixture.inbox();
        for (i, subject) in subjects.iter().enumerate() {
            deliver(&inbox, subject, &i.to_string(), i64::try_from(i % 3).unwrap());
        }
        let by = if by_subject { tag::PR_SUBJECT } else { tag::PR_BODY };
        let mut table = table(&inbox);
        table.set_columns(&[tag::PR_SENDER_NAME]);
        table.sort(&SortOrder { keys: vec![SortKey { tag: by, descending }], ..SortOrder::default() });
        if restricted {
            let keep = content(FuzzyMatch::Substring, true, tag::PR_SUBJECT, "a");
            table.restrict(Some(&keep)).unwrap();
        }
        let mut list: Vec<(String, usize)> = subjects
            .iter()
            .enumerate()
            .map(|(i, s)| (mapi_types::fold_case(s), i))
            .filter(|(s, _)| !restricted || s.contains('a'))
            .collect();
        list.sort();
        if descending {
            list.reverse();
            if !by_subject {
                // A list that is sorted in memory keeps equal rows in the order they came.
                list.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            }
        }
        let expected: Vec<String> = list.iter().map(|(_, i)| i.to_string()).collect();
        let mut at = 0usize;
        for (step, n) in steps {
            let len = expected.len();
            let rows_asked = n;
            let n = n as usize;
            match step {
                0 => {
                    let rows = texts(&table.next_rows(rows_asked).unwrap());
                    let to = (at + n).min(len);
                    prop_assert_eq!(&rows[..], &expected[at..to]);
                    at = to;
                }
                1 => {
                    let rows = texts(&table.previous_rows(rows_asked).unwrap());
                    let from = at.saturating_sub(n);
                    prop_assert_eq!(&rows[..], &expected[from..at]);
                    at = from;
                }
                2 => {
                    table.seek_to(n as u64).unwrap();
                    at = n.min(len);
                }
                3 => {
                    let mark = table.mark().unwrap();
                    table.seek_to(0).unwrap();
                    prop_assert!(table.seek_mark(&mark).unwrap());
                }
                4 | 5 => {
                    let signed = i64::from(rows_asked) * if step == 4 { 1 } else { -1 };
                    let to = (i64::try_from(at).unwrap() + signed).clamp(0, i64::try_from(len).unwrap());
                    let moved = table.seek_by(signed).unwrap();
                    prop_assert_eq!(moved, to - i64::try_from(at).unwrap());
                    at = usize::try_from(to).unwrap();
                }
                _ => {
                    let wanted = property(RelOp::Eq, tag::PR_SENDER_NAME, n.to_string());
                    let found = table.find(&wanted, false).unwrap();
                    let place = expected[at..].iter().position(|s| *s == n.to_string());
                    prop_assert_eq!(found, place.is_some());
                    at += place.unwrap_or(0);
                }
            }
            if n.is_multiple_of(2) {
                prop_assert_eq!(table.position().unwrap(), at as u64);
                prop_assert_eq!(table.row_count().unwrap(), len as u64);
            }
        }
    }
}
