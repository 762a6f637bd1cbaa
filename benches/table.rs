//! The table in memory: 100,000 rows of 8 properties, each operation beside the same work done by hand.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use mapi_com::alloc::Allocator;
use mapi_com::iface::{Bookmark, MapiTable};
use mapi_com::marshal::RowSetBuilder;
use mapi_subsystem::notify::{AdviseScope, Delivery, Engine};
use mapi_subsystem::table::{TableData, TableType, TableView};
use mapi_types::{
    FileTime, FuzzyLevel, FuzzyMatch, PropTag, PropValue, Property, RelOp, Restriction, Row,
    SortOrder, fold_case, tag,
};
use openmapi_benches::{Report, timed};

const ROWS: u32 = 100_000;
const COLUMNS: [PropTag; 8] = [
    tag::PR_INSTANCE_KEY,
    tag::PR_ENTRYID,
    tag::PR_SUBJECT,
    tag::PR_SENDER_NAME,
    tag::PR_MESSAGE_DELIVERY_TIME,
    tag::PR_MESSAGE_SIZE,
    tag::PR_MESSAGE_FLAGS,
    tag::PR_MESSAGE_CLASS,
];

/// A message; the same one for the same number.
fn row(number: u32) -> Row {
    // Numbers without any visible order (splitmix64).
    let mut mixed = u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^= mixed >> 27;
    let long = |n: u64| PropValue::Long(i32::try_from(n).unwrap_or(i32::MAX));
    let [key, entry, subject, sender, time, size, flags, class] = COLUMNS;
    Row {
        props: vec![
            Property::new(key, number.to_be_bytes().as_slice()),
            Property::new(entry, [[7u8; 20].as_slice(), &mixed.to_be_bytes()].concat()),
            Property::new(
                subject,
                format!("Re: report {} of project {}", mixed % 977, mixed % 89),
            ),
            Property::new(sender, format!("Sender Number {}", mixed % 4001)),
            Property::new(time, FileTime(130_000_000_000_000_000 + mixed % (1 << 52))),
            Property::new(size, long(mixed % 90_000)),
            Property::new(flags, long(mixed % 2)),
            Property::new(class, "IPM.Note"),
        ],
    }
}

fn rows() -> Vec<Row> {
    (0..ROWS).map(row).collect()
}

fn table() -> Arc<TableData> {
    TableData::new(TableType::Dynamic, tag::PR_INSTANCE_KEY, &COLUMNS).expect("a table")
}

fn view_of_all(scope: &Arc<AdviseScope>) -> Arc<TableView> {
    let data = table();
    data.modify_rows(rows()).expect("good rows");
    data.get_view(None, scope, None).expect("a view")
}

fn main() {
    let engine = Engine::start(Delivery::OwnThread).expect("an engine");
    let view = view_of_all(&engine.scope());
    let rows = rows();
    let mut report = Report::begin("Table in memory, 100,000 rows x 8 properties");
    build(&mut report);
    for (name, tag) in [
        ("subject", tag::PR_SUBJECT),
        ("sender", tag::PR_SENDER_NAME),
        ("date", tag::PR_MESSAGE_DELIVERY_TIME),
        ("size", tag::PR_MESSAGE_SIZE),
    ] {
        sort(&mut report, name, tag, &view, &rows);
    }
    read(&mut report, &view, &rows);
    restrict(&mut report, &view, &rows);
    report.end();
}

fn build(report: &mut Report) {
    report.compare(
        "build row by row / pushing owned rows to a vector",
        2.0,
        || {
            let build = || {
                let data = table();
                for number in 0..ROWS {
                    data.modify_row(row(number)).expect("a good row");
                }
                data
            };
            timed(build).0
        },
        || {
            let fill = || {
                let mut rows = Vec::new();
                for number in 0..ROWS {
                    rows.push(row(number));
                }
                rows
            };
            timed(fill).0
        },
    );
    report.compare(
        "build at once / collecting owned rows in a vector",
        2.0,
        || {
            let build = || {
                let data = table();
                data.modify_rows(self::rows()).expect("good rows");
                data
            };
            timed(build).0
        },
        || timed(self::rows).0,
    );
}

fn sort(report: &mut Report, name: &str, tag: PropTag, view: &TableView, rows: &[Row]) {
    report.compare(
        &format!("sort by {name} / a bare sort of references"),
        2.0,
        || {
            view.sort_table(&SortOrder::default(), 0).expect("unsorted");
            timed(|| view.sort_table(&SortOrder::by(tag), 0).expect("sorted")).0
        },
        || {
            let sorted = || {
                let mut keyed: Vec<(&PropValue, u32)> = rows
                    .iter()
                    .filter_map(|row| row.get(tag))
                    .zip(0..)
                    .collect();
                keyed.sort_by(|(a, _), (b, _)| a.compare(b).expect("one type"));
                keyed
            };
            timed(sorted).0
        },
    );
    view.sort_table(&SortOrder::default(), 0).expect("unsorted");
}

fn read(report: &mut Report, view: &TableView, rows: &[Row]) {
    let begin = || view.seek_row(Bookmark::BEGINNING, 0).expect("a seek");
    let read_all = || {
        let mut set = RowSetBuilder::new(Allocator::local());
        let mut put = |columns: &[mapi_com::iface::ColumnRef<'_>]| {
            set.push(columns.iter().map(|c| (c.tag, c.value)))
        };
        view.read_rows(i32::MAX, 0, &mut put).expect("rows");
        set.finish().expect("a row set")
    };
    let ours = || {
        begin();
        timed(read_all).0
    };
    report.compare(
        "QueryRows of all / a plain copy, one block per row",
        1.5,
        ours,
        || {
            let copied = || {
                let mut set = RowSetBuilder::new(Allocator::local());
                for row in rows {
                    set.push_row(row).expect("memory");
                }
                set.finish().expect("a row set")
            };
            timed(copied).0
        },
    );
    report.compare(
        "safe query_rows of all / cloning all rows",
        1.5,
        || {
            begin();
            timed(|| view.query_rows(i32::MAX, 0).expect("rows")).0
        },
        || timed(|| rows.to_vec()).0,
    );
}

fn restrict(report: &mut Report, view: &TableView, rows: &[Row]) {
    let ours = |restriction: &Restriction| -> Duration {
        view.restrict(None, 0).expect("all rows");
        timed(|| view.restrict(Some(restriction), 0).expect("restricted")).0
    };
    let by_hand = |predicate: &dyn Fn(&Row) -> bool| -> Duration {
        let kept = || -> Vec<u32> {
            let kept = (0..).zip(rows).filter(|(_, row)| predicate(row));
            kept.map(|(at, _)| at).collect()
        };
        timed(kept).0
    };

    let large = Restriction::Property {
        relop: RelOp::Ge,
        tag: tag::PR_MESSAGE_SIZE,
        value: Property::new(tag::PR_MESSAGE_SIZE, 60_000),
    };
    report.compare(
        "restrict by size / the same by hand",
        2.0,
        || ours(&large),
        || {
            by_hand(&|row| {
                let size = row.get(tag::PR_MESSAGE_SIZE).and_then(PropValue::as_long);
                size.is_some_and(|size| size >= 60_000)
            })
        },
    );

    let named = Restriction::Content {
        fuzzy: FuzzyLevel {
            part: FuzzyMatch::Substring,
            ignore_case: true,
            ignore_nonspace: false,
            loose: false,
        },
        tag: tag::PR_SUBJECT,
        value: Property::new(tag::PR_SUBJECT, "PROJECT 7"),
    };
    report.compare(
        "restrict by text in subject / the same by hand",
        2.0,
        || ours(&named),
        || {
            by_hand(&|row| {
                let subject = row.get(tag::PR_SUBJECT).and_then(PropValue::as_str);
                subject.is_some_and(|subject| fold_case(&subject).contains("project 7"))
            })
        },
    );

    let both = Restriction::And(vec![large, Restriction::Not(Box::new(named))]);
    report.compare(
        "restrict by size and not text / the same by hand",
        2.0,
        || ours(&both),
        || {
            by_hand(&|row| {
                let size = row.get(tag::PR_MESSAGE_SIZE).and_then(PropValue::as_long);
                let subject = row.get(tag::PR_SUBJECT).and_then(PropValue::as_str);
                size.is_some_and(|size| size >= 60_000)
                    && !subject.is_some_and(|subject| fold_case(&subject).contains("project 7"))
            })
        },
    );
    view.restrict(None, 0).expect("all rows");
    black_box(view.get_row_count(0).expect("a count"));
}
