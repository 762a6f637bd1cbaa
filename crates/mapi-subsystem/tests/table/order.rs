//! Sorting, restricting, and lists shown member by member.

use mapi_com::iface::{Bookmark, MapiTable};
use mapi_subsystem::table::TableView;
use mapi_sys::{TBL_BATCH, TBL_NOADVANCE};
use mapi_types::{
    ErrorCode, PropTag, PropType, PropValue, Property, RelOp, Restriction, Row, SortKey, SortOrder,
    tag,
};

use crate::fixture::*;

#[test]
fn sorting_is_stable_with_several_keys_and_missing_values_last() {
    let f = Fixture::new();
    let with = |n: i32, subject: Option<&str>, importance: Option<i32>| -> Row {
        let mut props = vec![Property::new(tag::PR_ROWID, n)];
        props.extend(subject.map(|s| Property::new(tag::PR_SUBJECT, s)));
        props.extend(importance.map(|i| Property::new(tag::PR_IMPORTANCE, i)));
        props.into()
    };
    f.data
        .modify_rows(vec![
            with(1, Some("b"), Some(1)),
            with(2, None, Some(2)),
            with(3, Some("A"), None),
            with(4, Some("a"), Some(2)),
            with(5, Some("B"), Some(1)),
            with(6, Some("a"), Some(1)),
            with(7, None, None),
        ])
        .unwrap();
    let view = f.view(None);
    let key = |tag, descending| SortKey { tag, descending };
    let sorted = |keys: Vec<SortKey>| {
        let order = SortOrder {
            keys,
            ..SortOrder::default()
        };
        view.sort_table(&order, 0).unwrap();
        assert_eq!(view.query_sort_order().unwrap(), order);
        all(&view)
    };
    let (subject, importance) = (tag::PR_SUBJECT, tag::PR_IMPORTANCE);
    assert_eq!(sorted(vec![key(subject, false)]), [3, 4, 6, 1, 5, 2, 7]);
    assert_eq!(sorted(vec![key(subject, true)]), [1, 5, 3, 4, 6, 2, 7]);
    assert_eq!(
        sorted(vec![key(subject, false), key(importance, true)]),
        [4, 6, 3, 1, 5, 2, 7]
    );
    assert_eq!(
        sorted(vec![key(importance, false), key(subject, true)]),
        [1, 5, 6, 4, 2, 3, 7]
    );
    assert_eq!(sorted(vec![]), [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn orders_that_cannot_be_are_refused_and_the_old_one_stays() {
    let f = Fixture::with(&[(1, "b"), (2, "a")]);
    let order = SortOrder::by(tag::PR_SUBJECT);
    let view = f.view(Some(&order));
    view.seek_row(Bookmark::END, 0).unwrap();
    let categories = SortOrder {
        categories: 1,
        ..order.clone()
    };
    assert_code(ErrorCode::NO_SUPPORT, view.sort_table(&categories, 0));
    let object = SortOrder::by(tag::PR_MESSAGE_RECIPIENTS);
    assert_code(ErrorCode::TOO_COMPLEX, view.sort_table(&object, 0));
    let many = SortOrder {
        keys: vec![order.keys[0]; 1000],
        ..SortOrder::default()
    };
    assert_code(ErrorCode::TOO_COMPLEX, view.sort_table(&many, 0));
    assert_eq!(view.query_sort_order().unwrap(), order);
    assert_eq!(view.query_position().unwrap().row, 2);
    assert_eq!(all(&view), [2, 1]);
    let refused = f.data.get_view(Some(&categories), &f.scope, None);
    assert_code(ErrorCode::NO_SUPPORT, refused.map(drop));
}

#[test]
fn restrict_shows_what_satisfies_it_now() {
    let f = Fixture::with(&[(1, "a"), (2, "b"), (3, "c")]);
    let view = f.view(None);
    view.restrict(Some(&size_at_least(20)), TBL_BATCH).unwrap();
    assert_eq!(all(&view), [2, 3]);
    assert_eq!(view.get_row_count(0).unwrap(), 2);
    f.data.modify_row(row(4, "d")).unwrap();
    let mut small = row(3, "c");
    small.props[2] = Property::new(tag::PR_MESSAGE_SIZE, 1);
    f.data.modify_row(small).unwrap();
    assert_eq!(all(&view), [2, 4]);

    let re = Restriction::Property {
        relop: RelOp::Re,
        tag: tag::PR_SUBJECT,
        value: Property::new(tag::PR_SUBJECT, ".*"),
    };
    let recipients = Restriction::SubObject {
        tag: tag::PR_MESSAGE_RECIPIENTS,
        inner: Box::new(size_at_least(0)),
    };
    for refused in [re, recipients] {
        assert_code(ErrorCode::TOO_COMPLEX, view.restrict(Some(&refused), 0));
        assert_code(
            ErrorCode::TOO_COMPLEX,
            view.find_row(&refused, Bookmark::BEGINNING, 0),
        );
    }
    assert_eq!(all(&view), [2, 4], "the old restriction stays");
    view.restrict(None, 0).unwrap();
    assert_eq!(all(&view), [1, 2, 3, 4]);
}

fn with_keywords(id: i32, keywords: &[&str]) -> Row {
    let list = keywords.iter().map(|word| (*word).into()).collect();
    let mut row = row(id, "x");
    row.props
        .push(Property::new(KEYWORDS, PropValue::MvUnicode(list)));
    row
}

fn words(view: &TableView) -> Vec<(i32, Option<String>)> {
    view.seek_row(Bookmark::BEGINNING, 0).unwrap();
    let rows = view.query_rows(i32::MAX, TBL_NOADVANCE).unwrap();
    let word = |row: &Row| Some(row.get(KEYWORDS)?.as_str()?.into_owned());
    ids(&rows).into_iter().zip(rows.iter().map(word)).collect()
}

#[test]
fn instances_show_one_row_for_each_member() {
    let f = Fixture::new();
    f.data
        .modify_rows(vec![
            with_keywords(1, &["red", "blue"]),
            with_keywords(2, &[]),
            with_keywords(3, &["green"]),
        ])
        .unwrap();
    let view = f.view(None);
    view.create_bookmark().unwrap();
    let expected = |list: &[(i32, &str)]| {
        let word = |word: &str| (!word.is_empty()).then(|| word.to_owned());
        list.iter()
            .map(|(id, w)| (*id, word(w)))
            .collect::<Vec<_>>()
    };
    view.set_columns(&[tag::PR_ROWID, EACH_KEYWORD, tag::PR_INSTANCE_KEY], 0)
        .unwrap();
    assert_eq!(view.get_row_count(0).unwrap(), 4);
    assert_eq!(
        words(&view),
        expected(&[(1, "red"), (1, "blue"), (2, ""), (3, "green")])
    );
    assert_eq!(view.query_columns(0).unwrap()[1], EACH_KEYWORD);
    let rows = view.query_rows(2, 0).unwrap();
    assert_eq!(
        rows[0].props[1].tag,
        PropTag::new(0x8001, PropType::UNICODE)
    );
    let keys: std::collections::HashSet<_> = (rows.iter())
        .map(|row| format!("{:?}", row.get(tag::PR_INSTANCE_KEY)))
        .collect();
    assert_eq!(keys.len(), 2, "each instance has a key of its own");

    // Sorted by the single values, which expands by itself.
    view.set_columns(&[tag::PR_ROWID, EACH_KEYWORD], 0).unwrap();
    view.sort_table(&SortOrder::by(EACH_KEYWORD), 0).unwrap();
    assert_eq!(
        words(&view),
        expected(&[(1, "blue"), (3, "green"), (1, "red"), (2, "")])
    );

    // Restricted and found by the single values.
    let word_is = |word: &str| Restriction::Property {
        relop: RelOp::Eq,
        tag: EACH_KEYWORD,
        value: Property::new(EACH_KEYWORD.with_type(PropType::UNICODE), word),
    };
    view.find_row(&word_is("red"), Bookmark::BEGINNING, 0)
        .unwrap();
    assert_eq!(view.query_position().unwrap().row, 2);
    view.restrict(Some(&word_is("red")), 0).unwrap();
    assert_eq!(words(&view), expected(&[(1, "red")]));
    view.restrict(None, 0).unwrap();

    f.data
        .modify_row(with_keywords(1, &["yellow", "blue", "amber"]))
        .unwrap();
    let amber = [
        (1, "amber"),
        (1, "blue"),
        (3, "green"),
        (1, "yellow"),
        (2, ""),
    ];
    assert_eq!(words(&view), expected(&amber));

    // Two lists: all combinations.
    let other = PropTag::new(
        0x8002,
        PropType(PropType::MV_LONG.0 | PropType::MV_INSTANCE),
    );
    let mut both = with_keywords(1, &["a", "b", "c"]);
    both.props
        .push(Property::new(other, PropValue::MvLong(vec![7, 8])));
    f.data.modify_row(both).unwrap();
    view.set_columns(&[tag::PR_ROWID, EACH_KEYWORD, other], 0)
        .unwrap();
    assert_eq!(view.get_row_count(0).unwrap(), 8);
    f.data.delete_row(&id(1)).unwrap();
    assert_eq!(words(&view), expected(&[(3, "green"), (2, "")]));

    // Back to whole lists.
    view.sort_table(&SortOrder::default(), 0).unwrap();
    view.set_columns(&[tag::PR_ROWID, KEYWORDS], 0).unwrap();
    assert_eq!(view.get_row_count(0).unwrap(), 2);
}

#[test]
fn a_row_cannot_be_shown_too_often() {
    let f = Fixture::new();
    let view = f.view(None);
    let other = PropTag::new(
        0x8002,
        PropType(PropType::MV_LONG.0 | PropType::MV_INSTANCE),
    );
    view.set_columns(&[tag::PR_ROWID, EACH_KEYWORD, other], 0)
        .unwrap();
    let mut huge = with_keywords(1, &["x"; 1000]);
    huge.props
        .push(Property::new(other, PropValue::MvLong(vec![1; 1000])));
    assert_code(ErrorCode::TABLE_TOO_BIG, f.data.modify_row(huge.clone()));
    assert_eq!(f.data.row_count(), 0);
    view.set_columns(&[tag::PR_ROWID], 0).unwrap();
    f.data.modify_row(huge).unwrap();
    assert_code(
        ErrorCode::TABLE_TOO_BIG,
        view.set_columns(&[tag::PR_ROWID, EACH_KEYWORD, other], 0),
    );
    assert_eq!(all(&view), [1]);
}
