//! Tables, as a client sees what mapi-provider makes of an author's objects.
#![allow(unsafe_code, clippy::unwrap_used)]

mod host;

use host::fixture::{Fixture, code, mail, one};
use mapi_com::iface::{Bookmark, MapiContainer, MapiTable};
use mapi_com::ptr::ComPtr;
use mapi_sys::{DIR_BACKWARD, IMAPITable, MAPI_UNICODE, TBL_ALL_COLUMNS, TBL_NOADVANCE};
use mapi_types::{
    ErrorCode, PropType, PropValue, Property, RelOp, Restriction, Row, SortOrder, tag,
};

/// A folder with the mails `a` to `e`, and its contents.
fn alphabet(fixture: &Fixture) -> ComPtr<IMAPITable> {
    let root = fixture.root();
    for subject in ["c", "a", "e", "b", "d"] {
        mail(&root, subject);
    }
    let table = root.get_contents_table(MAPI_UNICODE).unwrap();
    table.set_columns(&[tag::PR_SUBJECT], 0).unwrap();
    table
        .sort_table(&SortOrder::by(tag::PR_SUBJECT), 0)
        .unwrap();
    table
}

fn subjects(rows: &[Row]) -> String {
    let subject = |row: &Row| {
        row.get(tag::PR_SUBJECT)
            .unwrap()
            .as_str()
            .unwrap()
            .into_owned()
    };
    rows.iter().map(subject).collect()
}

fn subject_is(relop: RelOp, subject: &str) -> Restriction {
    // As a client without Unicode would ask.
    let tag = tag::PR_SUBJECT.with_type(PropType::STRING8);
    Restriction::Property {
        relop,
        tag,
        value: Property::new(tag, PropValue::String8(subject.into())),
    }
}

#[test]
fn tables_move_find_and_restrict() {
    let fixture = Fixture::new("tables");
    let table = alphabet(&fixture);
    let rows = |n: i32| subjects(&table.query_rows(n, 0).unwrap());
    assert_eq!(rows(2), "ab");
    assert_eq!(subjects(&table.query_rows(2, TBL_NOADVANCE).unwrap()), "cd");
    assert_eq!(subjects(&table.query_rows(-1, TBL_NOADVANCE).unwrap()), "b");
    assert_eq!(rows(-9), "ab");
    assert_eq!(
        rows(1),
        "a",
        "the cursor stands before what was read backwards"
    );
    assert_eq!(code(table.query_rows(0, 0)), ErrorCode::INVALID_PARAMETER);
    assert_eq!(table.seek_row(Bookmark::END, -2).unwrap(), (-2, false));
    assert_eq!(rows(9), "de");
    assert_eq!(table.seek_row(Bookmark::CURRENT, 7).unwrap(), (0, false));
    table.seek_row_approx(2, 5).unwrap();
    assert_eq!(rows(1), "c");
    assert_eq!(
        code(table.seek_row_approx(1, 0)),
        ErrorCode::INVALID_PARAMETER
    );
    let position = table.query_position().unwrap();
    assert_eq!(
        (position.row, position.numerator, position.denominator),
        (3, 3, 5)
    );

    let mark = table.create_bookmark().unwrap();
    assert!(
        !table
            .find_row(&subject_is(RelOp::Lt, "c"), Bookmark::CURRENT, DIR_BACKWARD)
            .unwrap()
    );
    assert_eq!(rows(1), "b");
    assert_eq!(
        code(table.find_row(&subject_is(RelOp::Eq, "z"), Bookmark::BEGINNING, 0)),
        ErrorCode::NOT_FOUND
    );
    assert_eq!(rows(1), "c", "a search in vain moves nothing");
    assert_eq!(table.seek_row(mark, 0).unwrap(), (0, false));
    assert_eq!(rows(1), "d");
    table.free_bookmark(mark).unwrap();
    assert_eq!(code(table.seek_row(mark, 0)), ErrorCode::INVALID_BOOKMARK);
    assert_eq!(code(table.free_bookmark(mark)), ErrorCode::INVALID_BOOKMARK);

    table
        .restrict(Some(&subject_is(RelOp::Ge, "d")), 0)
        .unwrap();
    assert_eq!(
        (table.get_row_count(0).unwrap(), rows(9)),
        (2, "de".to_owned())
    );
    table.restrict(None, 0).unwrap();
    assert_eq!(table.get_row_count(0).unwrap(), 5);
    drop(table);
    fixture.end();
}

#[test]
fn table_columns_come_in_order_width_and_with_the_crates_own() {
    let fixture = Fixture::new("columns");
    let table = alphabet(&fixture);
    let narrow = tag::PR_SUBJECT.with_type(PropType::STRING8);
    let columns = [tag::PR_STORE_RECORD_KEY, tag::PR_NULL, narrow, tag::PR_BODY];
    table.set_columns(&columns, 0).unwrap();
    assert_eq!(table.query_columns(0).unwrap(), columns);
    let row = table.query_rows(1, 0).unwrap().remove(0);
    assert_eq!(
        row.props[0].value,
        one(&fixture.open.store, tag::PR_RECORD_KEY)
    );
    assert_eq!(row.props[1].tag, tag::PR_NULL);
    assert_eq!(
        row.props[2],
        Property::new(narrow, PropValue::String8(b"a".to_vec()))
    );
    assert_eq!(
        row.props[3],
        Property::error(tag::PR_BODY, ErrorCode::NOT_FOUND)
    );
    let all = table.query_columns(TBL_ALL_COLUMNS).unwrap();
    assert!(all.contains(&tag::PR_SUBJECT) && all.contains(&tag::PR_STORE_ENTRYID));
    assert_eq!(
        code(table.set_columns(&[], 0)),
        ErrorCode::INVALID_PARAMETER
    );
    let order = SortOrder {
        categories: 1,
        ..SortOrder::by(tag::PR_SUBJECT)
    };
    assert_eq!(code(table.sort_table(&order, 0)), ErrorCode::NO_SUPPORT);
    assert_eq!(
        table.query_sort_order().unwrap(),
        SortOrder::by(tag::PR_SUBJECT)
    );
    drop(table);
    fixture.end();
}
