//! Cursor and bookmarks.

use mapi_com::iface::{Bookmark, MapiTable, TablePosition};
use mapi_sys::{DIR_BACKWARD, TBL_NOADVANCE};
use mapi_types::{
    ErrorCode, FuzzyLevel, FuzzyMatch, PropValue, Property, RelOp, Restriction, SortOrder, tag,
};

use crate::fixture::*;

#[test]
fn query_rows_reads_both_ways() {
    let f = Fixture::with(&[(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")]);
    let view = f.view(None);
    assert_code(ErrorCode::INVALID_PARAMETER, view.query_rows(0, 0));
    assert_code(ErrorCode::UNKNOWN_FLAGS, view.query_rows(1, 0x10));
    assert!(next(&view, -1).is_empty());
    assert_eq!(next(&view, 2), [1, 2]);
    assert_eq!(ids(&view.query_rows(2, TBL_NOADVANCE).unwrap()), [3, 4]);
    assert_eq!(next(&view, 2), [3, 4]);
    // Backward: the cursor goes back, reads forward, and stands behind what it read.
    assert_eq!(next(&view, -3), [2, 3, 4]);
    assert_eq!(next(&view, 10), [5]);
    assert!(next(&view, 10).is_empty());
    assert_eq!(ids(&view.query_rows(-2, TBL_NOADVANCE).unwrap()), [4, 5]);
    assert_eq!(next(&view, 1), [4]);
    assert_eq!(next(&view, i32::MIN), [1, 2, 3, 4]);
}

#[test]
fn seek_row_stops_at_the_ends() {
    let f = Fixture::with(&[(1, "a"), (2, "b"), (3, "c")]);
    let view = f.view(None);
    let seek = |origin, rows| view.seek_row(origin, rows).unwrap();
    assert_eq!(seek(Bookmark::BEGINNING, 2), (2, false));
    assert_eq!(seek(Bookmark::CURRENT, -1), (-1, false));
    assert_eq!(seek(Bookmark::CURRENT, 9), (2, false));
    assert_eq!(seek(Bookmark::END, -2), (-2, false));
    assert_eq!(seek(Bookmark::END, i32::MIN), (-3, false));
    assert_eq!(seek(Bookmark::BEGINNING, i32::MAX), (3, false));
    assert_eq!(view.query_position().unwrap().row, 3);
    assert_code(ErrorCode::INVALID_BOOKMARK, view.seek_row(Bookmark(77), 0));
    assert_eq!(
        view.query_position().unwrap().row,
        3,
        "a failure moves nothing"
    );
}

#[test]
fn positions_are_fractions() {
    let f = Fixture::new();
    let view = f.view(None);
    let position = |row, denominator| TablePosition {
        row,
        numerator: row,
        denominator,
    };
    assert_eq!(view.query_position().unwrap(), position(0, 1));
    view.seek_row_approx(1, 2).unwrap();
    f.data
        .modify_rows((0..100).map(|n| row(n, "x")).collect())
        .unwrap();
    for (numerator, denominator, expected) in [
        (75, 100, 75),
        (1, 3, 33),
        (0, 5, 0),
        (7, 7, 100),
        (9, 7, 100),
        (u32::MAX, u32::MAX, 100),
        (u32::MAX - 1, u32::MAX, 99),
    ] {
        view.seek_row_approx(numerator, denominator).unwrap();
        assert_eq!(view.query_position().unwrap(), position(expected, 100));
    }
    assert_code(ErrorCode::INVALID_PARAMETER, view.seek_row_approx(1, 0));
    assert_eq!(view.get_row_count(0).unwrap(), 100);
    assert_code(ErrorCode::UNKNOWN_FLAGS, view.get_row_count(2));
}

#[test]
fn find_row_searches_both_ways_from_any_origin() {
    let f = Fixture::with(&[(1, "ab"), (2, "b"), (3, "abc"), (4, "c")]);
    let view = f.view(None);
    let with_a = Restriction::Content {
        fuzzy: FuzzyLevel {
            part: FuzzyMatch::Prefix,
            ignore_case: true,
            ignore_nonspace: false,
            loose: false,
        },
        tag: tag::PR_SUBJECT,
        value: Property::new(tag::PR_SUBJECT, "A"),
    };
    let find = |origin, flags| view.find_row(&with_a, origin, flags);
    assert!(!find(Bookmark::BEGINNING, 0).unwrap());
    assert_eq!(next(&view, 1), [1]);
    find(Bookmark::CURRENT, 0).unwrap();
    assert_eq!(next(&view, 1), [3]);
    assert_code(ErrorCode::NOT_FOUND, find(Bookmark::CURRENT, 0));
    assert_eq!(next(&view, 1), [4], "a failure moves nothing");
    find(Bookmark::END, DIR_BACKWARD).unwrap();
    assert_eq!(next(&view, 1), [3]);
    // Backward begins with the row before the origin.
    find(Bookmark::CURRENT, DIR_BACKWARD).unwrap();
    find(Bookmark::CURRENT, DIR_BACKWARD).unwrap();
    assert_eq!(next(&view, 1), [1]);
    assert_code(
        ErrorCode::NOT_FOUND,
        find(Bookmark::BEGINNING, DIR_BACKWARD),
    );
    assert_code(ErrorCode::NOT_FOUND, find(Bookmark::END, 0));
    assert_code(ErrorCode::INVALID_BOOKMARK, find(Bookmark(50), 0));
    assert_code(ErrorCode::UNKNOWN_FLAGS, find(Bookmark::END, 2));

    let (third, _) = f.data.query_row(&id(3)).unwrap();
    let by_key = Restriction::Property {
        relop: RelOp::Eq,
        tag: tag::PR_INSTANCE_KEY,
        value: Property::new(
            tag::PR_INSTANCE_KEY,
            third.get(tag::PR_INSTANCE_KEY).unwrap().clone(),
        ),
    };
    view.find_row(&by_key, Bookmark::BEGINNING, 0).unwrap();
    assert_eq!(next(&view, 1), [3]);
}

#[test]
fn bookmarks_stay_with_their_rows() {
    let f = Fixture::with(&[(1, "b"), (2, "d"), (3, "f")]);
    let view = f.view(Some(&SortOrder::by(tag::PR_SUBJECT)));
    view.seek_row(Bookmark::BEGINNING, 1).unwrap();
    let bookmark = view.create_bookmark().unwrap();
    let at = |expected: &[i32], lost| {
        assert_eq!(view.seek_row(bookmark, 0).unwrap().1, lost);
        assert_eq!(next(&view, 1), expected);
    };
    f.data.modify_row(row(4, "a")).unwrap();
    at(&[2], false);
    f.data.modify_row(row(5, "c")).unwrap();
    at(&[2], false);
    // The row moves, and the bookmark with it.
    f.data.modify_row(row(2, "z")).unwrap();
    at(&[2], false);
    assert_eq!(all(&view), [4, 1, 5, 3, 2]);
    f.data.modify_row(row(2, "c2")).unwrap();
    at(&[2], false);
    // The row goes: once POSITION_CHANGED, and the next visible row.
    f.data.delete_row(&id(2)).unwrap();
    at(&[3], true);
    at(&[3], false);
    view.free_bookmark(bookmark).unwrap();
    assert_code(ErrorCode::INVALID_BOOKMARK, view.free_bookmark(bookmark));
    assert_code(ErrorCode::INVALID_BOOKMARK, view.seek_row(bookmark, 0));
    view.free_bookmark(Bookmark::CURRENT).unwrap();
}

#[test]
fn bookmarks_stay_with_their_rows_when_many_change() {
    let f = Fixture::new();
    let subject = |n: i32| format!("{:04}", n * 7919 % 1000);
    let rows = |from: i32, to: i32| (from..to).map(|n| row(n, &subject(n))).collect::<Vec<_>>();
    f.data.modify_rows(rows(0, 100)).unwrap();
    let view = f.view(Some(&SortOrder::by(tag::PR_SUBJECT)));
    let place = |n: i32| all(&view).iter().position(|id| *id == n).unwrap();
    view.seek_row(Bookmark::BEGINNING, i32::try_from(place(40)).unwrap())
        .unwrap();
    let (here, end) = (view.create_bookmark().unwrap(), {
        view.seek_row(Bookmark::END, 0).unwrap();
        view.create_bookmark().unwrap()
    });
    f.data.modify_rows(rows(100, 300)).unwrap();
    assert_eq!(view.seek_row(here, 0).unwrap(), (0, false));
    assert_eq!(next(&view, 1), [40]);
    let gone: Vec<PropValue> = (0..30).map(id).collect();
    assert_eq!(f.data.delete_rows(&gone).unwrap(), 30);
    assert_eq!(view.seek_row(here, 0).unwrap(), (0, false));
    assert_eq!(next(&view, 1), [40]);
    assert_eq!(view.seek_row(end, 0).unwrap(), (0, false));
    assert!(next(&view, 1).is_empty());
    let gone: Vec<PropValue> = (30..60).map(id).collect();
    f.data.delete_rows(&gone).unwrap();
    assert_eq!(view.seek_row(here, 0).unwrap(), (0, true));
}

#[test]
fn sorting_and_restricting_lose_bookmarks_and_begin_anew() {
    let f = Fixture::with(&[(1, "b"), (2, "a")]);
    let view = f.view(None);
    for again in [true, false] {
        view.seek_row(Bookmark::END, 0).unwrap();
        let bookmark = view.create_bookmark().unwrap();
        if again {
            view.sort_table(&SortOrder::by(tag::PR_SUBJECT), 0).unwrap();
        } else {
            view.restrict(None, 0).unwrap();
        }
        assert_eq!(view.query_position().unwrap().row, 0);
        assert_code(ErrorCode::INVALID_BOOKMARK, view.seek_row(bookmark, 0));
    }
    let other = view.create_bookmark().unwrap();
    f.data.delete_all_rows().unwrap();
    assert_code(ErrorCode::INVALID_BOOKMARK, view.seek_row(other, 0));
}

#[test]
fn bookmarks_are_limited() {
    let f = Fixture::new();
    let view = f.view(None);
    let made: Vec<_> = std::iter::from_fn(|| view.create_bookmark().ok())
        .take(100_000)
        .collect();
    assert!(made.len() < 100_000);
    assert_code(ErrorCode::UNABLE_TO_COMPLETE, view.create_bookmark());
    view.free_bookmark(made[0]).unwrap();
    let again = view.create_bookmark().unwrap();
    assert!(!made.contains(&again), "a number is not used twice");
}

#[test]
fn reading_on_leaves_nothing_out_and_a_found_row_stays_found() {
    let f = Fixture::with(&[(1, "b"), (2, "d"), (3, "f")]);
    let view = f.view(Some(&SortOrder::by(tag::PR_SUBJECT)));
    // At the beginning: what comes before the first row is read.
    f.data.modify_row(row(4, "a")).unwrap();
    assert_eq!(next(&view, 2), [4, 1]);
    // Between b and d: what comes there is read next, what comes before is not.
    f.data.modify_row(row(5, "c")).unwrap();
    f.data.modify_row(row(6, "a2")).unwrap();
    assert_eq!(next(&view, 1), [5]);
    // At the end: what is added there is read next.
    assert_eq!(next(&view, 9), [2, 3]);
    f.data.modify_row(row(7, "z")).unwrap();
    assert_eq!(next(&view, 9), [7]);
    // Found: what comes before it is not read in its place.
    view.find_row(&row_is(2), Bookmark::BEGINNING, 0).unwrap();
    f.data.modify_row(row(8, "c2")).unwrap();
    assert_eq!(next(&view, 1), [2]);
    view.find_row(&row_is(2), Bookmark::BEGINNING, 0).unwrap();
    f.data.delete_row(&id(2)).unwrap();
    assert_eq!(view.seek_row(Bookmark::CURRENT, 0).unwrap(), (0, true));
    assert_eq!(next(&view, 1), [3]);
}
