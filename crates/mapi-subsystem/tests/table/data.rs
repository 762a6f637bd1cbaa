//! ITableData, and the columns of its views.

use mapi_com::iface::MapiTable;
use mapi_subsystem::table::{TableData, TableType};
use mapi_sys::TBL_ALL_COLUMNS;
use mapi_types::{ErrorCode, PropTag, PropType, PropValue, Property, Row, tag};

use crate::fixture::*;

#[test]
fn rows_are_named_by_the_index_column() {
    let f = Fixture::with(&[(1, "a"), (2, "b"), (3, "c")]);
    assert_eq!(f.data.row_count(), 3);
    let (found, place) = f.data.query_row(&id(2)).unwrap();
    assert_eq!((found.get(tag::PR_SUBJECT), place), (Some(&"b".into()), 1));
    assert_code(ErrorCode::NOT_FOUND, f.data.query_row(&id(9)));

    f.data.modify_row(row(2, "B")).unwrap();
    assert_eq!(f.data.row_count(), 3);
    let (found, place) = f.data.query_row(&id(2)).unwrap();
    assert_eq!((found.get(tag::PR_SUBJECT), place), (Some(&"B".into()), 1));

    f.data.delete_row(&id(1)).unwrap();
    assert_code(ErrorCode::NOT_FOUND, f.data.delete_row(&id(1)));
    assert_eq!(f.data.delete_rows(&[id(3), id(1), id(3)]).unwrap(), 1);
    assert_eq!(f.data.row_count(), 1);
}

#[test]
fn enum_row_and_insert_row_follow_the_order_of_insertion() {
    let f = Fixture::with(&[(1, "a"), (2, "b")]);
    f.data.insert_row(0, row(3, "c")).unwrap();
    f.data.insert_row(1, row(4, "d")).unwrap();
    f.data.insert_row(4, row(5, "e")).unwrap();
    assert_code(
        ErrorCode::INVALID_PARAMETER,
        f.data.insert_row(6, row(6, "f")),
    );
    assert_code(
        ErrorCode::INVALID_PARAMETER,
        f.data.insert_row(0, row(1, "again")),
    );
    let rows: Vec<Row> = (0..5).map(|at| f.data.enum_row(at).unwrap()).collect();
    assert_eq!(ids(&rows), [3, 4, 1, 2, 5]);
    assert_eq!(f.data.enum_row(5), None);
    assert_eq!(all(&f.view(None)), [3, 4, 1, 2, 5]);
}

#[test]
fn a_place_can_be_inserted_at_without_end() {
    let f = Fixture::with(&[(0, "first"), (1, "last")]);
    for number in 2..200 {
        f.data.insert_row(1, row(number, "between")).unwrap();
    }
    let expected: Vec<i32> = [0].into_iter().chain((2..200).rev()).chain([1]).collect();
    assert_eq!(all(&f.view(None)), expected);
    let (_, place) = f.data.query_row(&id(1)).unwrap();
    assert_eq!(place, 199);
}

#[test]
fn rows_without_an_index_are_refused_and_nothing_changes() {
    let f = Fixture::with(&[(1, "a")]);
    let bare: Row = vec![Property::new(tag::PR_SUBJECT, "no index")].into();
    assert_code(
        ErrorCode::INVALID_PARAMETER,
        f.data.modify_row(bare.clone()),
    );
    assert_code(
        ErrorCode::INVALID_PARAMETER,
        f.data.insert_row(0, bare.clone()),
    );
    let mixed = vec![row(2, "b"), bare];
    assert_code(ErrorCode::INVALID_PARAMETER, f.data.modify_rows(mixed));
    assert_eq!(f.data.row_count(), 1);
    let list = TableData::new(TableType::Dynamic, KEYWORDS, &[]);
    assert_code(ErrorCode::INVALID_PARAMETER, list.map(drop));
}

#[test]
fn rows_get_an_instance_key_and_keep_it() {
    let f = Fixture::with(&[(1, "a"), (2, "b")]);
    let key = |n: i32| {
        let (row, _) = f.data.query_row(&id(n)).unwrap();
        row.get(tag::PR_INSTANCE_KEY).unwrap().clone()
    };
    let before = key(1);
    assert_ne!(before, key(2));
    f.data.modify_row(row(1, "changed")).unwrap();
    assert_eq!(key(1), before);
    f.data.delete_row(&id(1)).unwrap();
    f.data.modify_row(row(1, "anew")).unwrap();
    assert_ne!(key(1), before, "another row, another key");
    let mut own = row(5, "own key");
    own.props
        .push(Property::new(tag::PR_INSTANCE_KEY, &b"mine"[..]));
    f.data.modify_row(own).unwrap();
    assert_eq!(key(5), PropValue::from(&b"mine"[..]));
}

#[test]
fn new_columns_are_available_at_once_and_shown_by_later_views() {
    let f = Fixture::with(&[(1, "a")]);
    let early = f.data.get_view(None, &f.scope, None).unwrap();
    let before = early.query_columns(0).unwrap();
    assert_eq!(
        before,
        [
            tag::PR_ROWID,
            tag::PR_SUBJECT,
            tag::PR_MESSAGE_SIZE,
            tag::PR_INSTANCE_KEY
        ]
    );
    let mut more = row(2, "b");
    more.props.push(Property::new(tag::PR_IMPORTANCE, 2));
    f.data.modify_row(more).unwrap();
    let available = early.query_columns(TBL_ALL_COLUMNS).unwrap();
    assert!(available.contains(&tag::PR_IMPORTANCE));
    assert_eq!(early.query_columns(0).unwrap(), before);
    let late = f.data.get_view(None, &f.scope, None).unwrap();
    assert_eq!(late.query_columns(0).unwrap(), available);
    f.data.delete_row(&id(2)).unwrap();
    assert_eq!(late.query_columns(TBL_ALL_COLUMNS).unwrap(), available);
    assert_code(ErrorCode::UNKNOWN_FLAGS, late.query_columns(0x80));
}

#[test]
fn columns_have_the_order_and_the_types_that_were_asked_for() {
    let f = Fixture::with(&[(1, "Grüße")]);
    let view = f.view(None);
    let narrow = PropTag::new(tag::PR_SUBJECT.id(), PropType::STRING8);
    let whatever = PropTag::new(tag::PR_MESSAGE_SIZE.id(), PropType::UNSPECIFIED);
    let wrong = PropTag::new(tag::PR_SUBJECT.id(), PropType::LONG);
    view.set_columns(&[narrow, tag::PR_NULL, whatever, tag::PR_BODY, wrong], 0)
        .unwrap();
    assert_eq!(
        view.query_rows(1, 0).unwrap()[0].props,
        [
            Property::new(tag::PR_SUBJECT, PropValue::String8("Grüße".into())),
            Property::new(tag::PR_NULL, PropValue::Null),
            Property::new(tag::PR_MESSAGE_SIZE, 10),
            Property::error(tag::PR_BODY, ErrorCode::NOT_FOUND),
            Property::error(tag::PR_SUBJECT, ErrorCode::NOT_FOUND),
        ]
    );
    assert_eq!(view.query_columns(0).unwrap()[0], narrow);
    assert_code(ErrorCode::INVALID_PARAMETER, view.set_columns(&[], 0));
    assert_code(ErrorCode::UNKNOWN_FLAGS, view.set_columns(&[narrow], 0x100));
}

#[test]
fn set_columns_keeps_cursor_and_bookmarks() {
    let f = Fixture::with(&[(1, "a"), (2, "b"), (3, "c")]);
    let view = f.view(None);
    assert_eq!(next(&view, 1), [1]);
    let bookmark = view.create_bookmark().unwrap();
    view.set_columns(&[tag::PR_SUBJECT, tag::PR_ROWID], 0)
        .unwrap();
    assert_eq!(next(&view, 5), [2, 3]);
    assert_eq!(view.seek_row(bookmark, 0).unwrap(), (0, false));
    assert_eq!(next(&view, 1), [2]);
}
