//! What the tests of tables share.

use std::sync::Arc;

use mapi_com::iface::{Bookmark, MapiTable};
use mapi_subsystem::notify::{AdviseScope, Delivery, Engine};
use mapi_subsystem::table::{TableData, TableType, TableView};
use mapi_sys::{TBL_BATCH, TBL_NOADVANCE};
use mapi_types::{
    ErrorCode, PropTag, PropType, PropValue, Property, RelOp, Restriction, Row, SortOrder, tag,
};

pub const KEYWORDS: PropTag = PropTag::new(0x8001, PropType::MV_UNICODE);
pub const EACH_KEYWORD: PropTag = PropTag::new(
    0x8001,
    PropType(PropType::MV_UNICODE.0 | PropType::MV_INSTANCE),
);

/// A table of messages whose index is PR_ROWID, with an engine that delivers when told.
pub struct Fixture {
    pub engine: Engine,
    pub scope: Arc<AdviseScope>,
    pub data: Arc<TableData>,
}

impl Fixture {
    pub fn new() -> Self {
        let engine = Engine::start(Delivery::FirstThread).unwrap();
        let columns = [tag::PR_ROWID, tag::PR_SUBJECT, tag::PR_MESSAGE_SIZE];
        Self {
            scope: engine.scope(),
            engine,
            data: TableData::new(TableType::Dynamic, tag::PR_ROWID, &columns).unwrap(),
        }
    }

    pub fn with(subjects: &[(i32, &str)]) -> Self {
        let fixture = Self::new();
        let rows = subjects.iter().map(|(id, subject)| row(*id, subject));
        fixture.data.modify_rows(rows.collect()).unwrap();
        fixture
    }

    pub fn view(&self, order: Option<&SortOrder>) -> Arc<TableView> {
        let view = self.data.get_view(order, &self.scope, None).unwrap();
        view.set_columns(&[tag::PR_ROWID], TBL_BATCH).unwrap();
        view
    }
}

pub fn row(id: i32, subject: &str) -> Row {
    vec![
        Property::new(tag::PR_ROWID, id),
        Property::new(tag::PR_SUBJECT, subject),
        Property::new(tag::PR_MESSAGE_SIZE, id * 10),
    ]
    .into()
}

pub fn id(id: i32) -> PropValue {
    id.into()
}

/// PR_ROWID of some rows.
pub fn ids(rows: &[Row]) -> Vec<i32> {
    let id = |row: &Row| row.get(tag::PR_ROWID).unwrap().as_long().unwrap();
    rows.iter().map(id).collect()
}

/// PR_ROWID of all rows of a view; the cursor ends at the beginning.
pub fn all(view: &TableView) -> Vec<i32> {
    view.seek_row(Bookmark::BEGINNING, 0).unwrap();
    let rows = view.query_rows(i32::MAX, TBL_NOADVANCE).unwrap();
    ids(&rows)
}

pub fn next(view: &TableView, count: i32) -> Vec<i32> {
    ids(&view.query_rows(count, 0).unwrap())
}

pub fn size_at_least(size: i32) -> Restriction {
    Restriction::Property {
        relop: RelOp::Ge,
        tag: tag::PR_MESSAGE_SIZE,
        value: Property::new(tag::PR_MESSAGE_SIZE, size),
    }
}

pub fn row_is(id: i32) -> Restriction {
    Restriction::Property {
        relop: RelOp::Eq,
        tag: tag::PR_ROWID,
        value: Property::new(tag::PR_ROWID, id),
    }
}

#[track_caller]
pub fn assert_code<T: std::fmt::Debug>(expected: ErrorCode, result: mapi_types::Result<T>) {
    assert_eq!(result.unwrap_err().code(), expected);
}
