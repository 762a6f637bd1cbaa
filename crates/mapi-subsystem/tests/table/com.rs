//! ITableData and IMAPITable as a foreign caller sees them: through their vtables.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mapi_com::alloc::Allocator;
use mapi_com::iface::{
    AdviseSink, Bookmark, ComObject, ForeignTableData, MapiTable, TableDataObject,
};
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_subsystem::table::TableDataHandle;
use mapi_sys::{IMAPIAdviseSink, ITableData, LPMAPITABLE, LPTABLEDATA, TAD_ALL_ROWS};
use mapi_types::{
    ErrorCode, Notification, PropValue, Property, RowChange, SortOrder, TableEvent, event, tag,
};

use crate::fixture::*;

/// The table of a fixture as an object, and the scope of its views.
fn foreign(f: &Fixture) -> (ForeignTableData, Arc<Scope>) {
    let owner = Scope::new("client", Allocator::local());
    let handle = TableDataHandle::new(
        Arc::clone(&f.data),
        Arc::clone(&owner),
        Arc::clone(&f.scope),
    );
    let table = export::<dyn TableDataObject>(&owner, handle).unwrap();
    let index_column = tag::PR_ROWID;
    (
        ForeignTableData {
            table,
            index_column,
        },
        owner,
    )
}

fn read_all(view: &ComPtr<mapi_sys::IMAPITable>) -> Vec<i32> {
    view.seek_row(Bookmark::BEGINNING, 0).unwrap();
    ids(&view.query_rows(i32::MAX, 0).unwrap())
}

#[test]
fn rows_go_in_and_come_out() {
    let f = Fixture::new();
    let (table, owner) = foreign(&f);
    table.modify_rows(vec![row(1, "b"), row(2, "a")]).unwrap();
    table.modify_row(row(3, "c")).unwrap();
    table.insert_row(0, row(4, "Ä")).unwrap();
    assert_eq!(
        table.insert_row(0, row(4, "x")).unwrap_err().code(),
        ErrorCode::INVALID_PARAMETER
    );
    let (found, place) = table.query_row(&id(4)).unwrap();
    assert_eq!((found.get(tag::PR_SUBJECT), place), (Some(&"Ä".into()), 0));
    assert_eq!(found, f.data.query_row(&id(4)).unwrap().0);
    assert_eq!(
        table.query_row(&id(9)).unwrap_err().code(),
        ErrorCode::NOT_FOUND
    );
    assert_eq!(ids(&[table.enum_row(3).unwrap().unwrap()]), [3]);
    assert_eq!(table.enum_row(4).unwrap(), None);
    table.notify(&id(1), 0).unwrap();
    assert_eq!(
        table.notify(&id(1), 1).unwrap_err().code(),
        ErrorCode::UNKNOWN_FLAGS
    );
    table.delete_row(&id(1)).unwrap();
    assert_eq!(
        table.delete_row(&id(1)).unwrap_err().code(),
        ErrorCode::NOT_FOUND
    );
    assert_eq!(table.delete_rows(0, &[id(1), id(2)]).unwrap(), 1);
    assert_eq!(
        table.delete_rows(2, &[]).unwrap_err().code(),
        ErrorCode::UNKNOWN_FLAGS
    );

    let view = table
        .get_view(Some(&SortOrder::by(tag::PR_SUBJECT)), None)
        .unwrap();
    view.set_columns(&[tag::PR_ROWID], 0).unwrap();
    assert_eq!(read_all(&view), [3, 4]);
    assert_eq!(table.delete_rows(TAD_ALL_ROWS, &[]).unwrap(), 2);
    assert!(read_all(&view).is_empty());
    drop((table, view));
    assert_eq!(owner.open_count(), 0);
}

#[test]
fn another_property_than_the_index_names_no_row() {
    let f = Fixture::with(&[(1, "a")]);
    let (table, _owner) = foreign(&f);
    let wrong = ForeignTableData {
        table: table.table.clone(),
        index_column: tag::PR_MESSAGE_SIZE,
    };
    let ten = PropValue::from(10);
    assert_eq!(
        wrong.query_row(&ten).unwrap_err().code(),
        ErrorCode::INVALID_PARAMETER
    );
    assert_eq!(
        wrong.delete_row(&ten).unwrap_err().code(),
        ErrorCode::NOT_FOUND
    );
    assert_eq!(
        wrong.notify(&ten, 0).unwrap_err().code(),
        ErrorCode::INVALID_PARAMETER
    );
    assert_eq!(wrong.delete_rows(0, &[ten]).unwrap(), 0);
    assert_eq!(f.data.row_count(), 1);
}

static RELEASED: Mutex<Vec<(usize, usize, usize)>> = Mutex::new(Vec::new());

unsafe extern "system" fn on_release(data: usize, table: LPTABLEDATA, view: LPMAPITABLE) {
    let told = (data, table as usize, view as usize);
    RELEASED.lock().unwrap().push(told);
}

#[test]
fn the_caller_is_told_when_its_view_goes() {
    let f = Fixture::new();
    let (table, owner) = foreign(&f);
    let mut out = std::ptr::null_mut();
    // SAFETY: the table lives, the callback is a function, and the output a place.
    let view = unsafe {
        let order = std::ptr::null_mut();
        let get_view = table.table.vtbl().HrGetView;
        let hr = get_view(
            table.table.as_raw(),
            order,
            Some(on_release),
            77,
            &raw mut out,
        );
        assert_eq!(hr, 0);
        ComPtr::from_raw(out).unwrap()
    };
    let address: *mut ITableData = table.table.as_raw();
    drop(table);
    assert_eq!(*RELEASED.lock().unwrap(), []);
    // The table lives as long as the callback may ask for it.
    assert_eq!(view.get_row_count(0).unwrap(), 0);
    assert_eq!(owner.open_count(), 2);
    drop(view);
    assert_eq!(
        *RELEASED.lock().unwrap(),
        [(77, address as usize, out as usize)]
    );
    assert_eq!(owner.open_count(), 0);
}

#[test]
fn a_closure_is_called_once_when_the_view_goes() {
    let f = Fixture::new();
    let (table, _owner) = foreign(&f);
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let count = Box::new(move || {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let view = table.get_view(None, Some(count)).unwrap();
    let again = view.clone();
    drop(view);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    drop(again);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let never = Box::new(|| panic!("there was no view"));
    let categories = SortOrder {
        categories: 1,
        ..SortOrder::by(tag::PR_SUBJECT)
    };
    let refused = table.get_view(Some(&categories), Some(never));
    assert_eq!(refused.unwrap_err().code(), ErrorCode::NO_SUPPORT);
}

struct Sink(Arc<Mutex<Vec<RowChange>>>, Arc<AtomicUsize>);

impl ComObject for Sink {}

impl AdviseSink for Sink {
    fn on_notify(&self, notifications: &[Notification]) -> u32 {
        for notification in notifications {
            let Notification::Table(change) = notification else {
                panic!("a table told {notification:?}");
            };
            self.0.lock().unwrap().push(change.clone());
        }
        0
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.1.fetch_add(1, Ordering::SeqCst);
    }
}

/// LIFE-MEM-001 for the sink of a table, counted at the object.
#[test]
fn life_mem_001_a_foreign_sink_is_told_and_released_once() {
    let f = Fixture::with(&[(1, "a")]);
    let (table, _owner) = foreign(&f);
    let client = Scope::new("sinks", Allocator::local());
    for by_unadvise in [true, false] {
        let view = table.get_view(None, None).unwrap();
        view.set_columns(&[tag::PR_SUBJECT, tag::PR_ROWID], 0)
            .unwrap();
        let (told, released) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
        let sink = Arc::new(Sink(Arc::clone(&told), Arc::clone(&released)));
        let sink: ComPtr<IMAPIAdviseSink> = export::<dyn AdviseSink>(&client, sink).unwrap();
        let connection = view.advise(event::TABLE_MODIFIED, sink).unwrap();
        assert_ne!(connection, 0);
        table.modify_row(row(2, "Ünïcode")).unwrap();
        assert_eq!(f.engine.dispatch(), 1);
        let (first, _) = f.data.query_row(&id(1)).unwrap();
        let (second, _) = f.data.query_row(&id(2)).unwrap();
        let key = |row: &mapi_types::Row| {
            Property::new(
                tag::PR_INSTANCE_KEY,
                row.get(tag::PR_INSTANCE_KEY).unwrap().clone(),
            )
        };
        assert_eq!(
            *told.lock().unwrap(),
            [RowChange {
                event: TableEvent::RowAdded,
                index: key(&second),
                prior: key(&first),
                row: vec![
                    Property::new(tag::PR_SUBJECT, "Ünïcode"),
                    Property::new(tag::PR_ROWID, 2),
                ]
                .into(),
            }]
        );
        assert_eq!(released.load(Ordering::SeqCst), 0);
        if by_unadvise {
            view.unadvise(connection).unwrap();
        } else {
            drop(view);
        }
        assert_eq!(released.load(Ordering::SeqCst), 1);
        f.data.delete_row(&id(2)).unwrap();
        assert_eq!(f.engine.dispatch(), 0);
    }
    assert_eq!(client.open_count(), 0);
}
