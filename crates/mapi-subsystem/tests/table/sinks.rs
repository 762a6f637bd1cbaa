//! Table notifications.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mapi_com::iface::{AdviseSink, ComObject, MapiTable};
use mapi_subsystem::notify::{Delivery, Engine};
use mapi_subsystem::table::{TableData, TableType};
use mapi_sys::{TBL_ASYNC, TBLTYPE_DYNAMIC};
use mapi_types::{
    ErrorCode, Notification, PropValue, Property, RowChange, SortOrder, TableEvent, event, tag,
};

use crate::fixture::*;

const LONG: Duration = Duration::from_secs(60);

struct Sink(Mutex<Vec<RowChange>>, Arc<AtomicBool>);

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
        self.1.store(true, Ordering::SeqCst);
    }
}

fn sink() -> (Arc<Sink>, Arc<AtomicBool>) {
    let released = Arc::new(AtomicBool::new(false));
    (
        Arc::new(Sink(Mutex::default(), Arc::clone(&released))),
        released,
    )
}

/// What a sink has been told: event, row, and the row before it.
fn told(f: &Fixture, sink: &Sink) -> Vec<(TableEvent, Option<i32>, Option<i32>)> {
    f.engine.dispatch();
    let changes = std::mem::take(&mut *sink.0.lock().unwrap());
    let of_key = |key: &Property| {
        let rows = (0..).map_while(|at| f.data.enum_row(at));
        let mut rows = rows.filter(|row| row.get(tag::PR_INSTANCE_KEY) == Some(&key.value));
        rows.next().map(|row| ids(&[row])[0])
    };
    changes
        .iter()
        .map(|change| {
            if let (Some(row), false) = (of_key(&change.index), change.row.props.is_empty()) {
                assert_eq!(ids(std::slice::from_ref(&change.row)), [row]);
                assert_eq!(change.row.props.len(), 1, "the columns of the view");
            }
            if change.prior.tag == tag::PR_NULL {
                assert_eq!(change.prior.value, PropValue::Null);
            }
            (change.event, of_key(&change.index), of_key(&change.prior))
        })
        .collect()
}

#[test]
fn sinks_are_told_what_happens_to_the_rows_of_their_view() {
    use TableEvent::{Changed, Reload, RowAdded, RowDeleted, RowModified};
    let f = Fixture::with(&[(1, "b"), (2, "d")]);
    let view = f.view(Some(&SortOrder::by(tag::PR_SUBJECT)));
    let (own, released) = sink();
    let connection = view
        .advise_sink(event::TABLE_MODIFIED, Arc::clone(&own) as _)
        .unwrap();
    assert_ne!(connection, 0);

    f.data.modify_row(row(3, "c")).unwrap();
    assert_eq!(told(&f, &own), [(RowAdded, Some(3), Some(1))]);
    f.data.modify_row(row(1, "bb")).unwrap();
    assert_eq!(told(&f, &own), [(RowModified, Some(1), None)]);
    f.data.modify_row(row(1, "z")).unwrap();
    assert_eq!(told(&f, &own), [(RowModified, Some(1), Some(2))]);
    f.data.insert_row(0, row(4, "a")).unwrap();
    assert_eq!(told(&f, &own), [(RowAdded, Some(4), None)]);
    f.data.notify(&id(3)).unwrap();
    assert_eq!(told(&f, &own), [(RowModified, Some(3), Some(4))]);
    assert_code(ErrorCode::NOT_FOUND, f.data.notify(&id(99)));
    f.data.delete_row(&id(3)).unwrap();
    assert_eq!(told(&f, &own), [(RowDeleted, None, None)]);

    // Up to eight rows one by one, more as one event.
    f.data
        .modify_rows((10..18).map(|n| row(n, "m")).collect())
        .unwrap();
    let events: Vec<_> = told(&f, &own)
        .into_iter()
        .map(|(event, ..)| event)
        .collect();
    assert_eq!(events, [RowAdded; 8]);
    f.data
        .modify_rows((20..29).map(|n| row(n, "m")).collect())
        .unwrap();
    assert_eq!(told(&f, &own), [(Changed, None, None)]);
    let gone: Vec<PropValue> = (20..29).map(id).collect();
    f.data.delete_rows(&gone).unwrap();
    assert_eq!(told(&f, &own), [(Changed, None, None)]);

    f.data.delete_all_rows().unwrap();
    assert_eq!(told(&f, &own), [(Reload, None, None)]);
    drop(own);
    view.unadvise(connection).unwrap();
    assert!(released.load(Ordering::SeqCst));
    assert_code(ErrorCode::NOT_FOUND, view.unadvise(connection));
    f.data.modify_row(row(1, "x")).unwrap();
    assert_eq!(f.engine.dispatch(), 0);
}

#[test]
fn hidden_rows_are_not_told_and_rows_come_and_go_with_the_restriction() {
    use TableEvent::{RowAdded, RowDeleted, RowModified};
    let f = Fixture::with(&[(1, "a"), (5, "b")]);
    let view = f.view(None);
    let (own, _) = sink();
    view.restrict(Some(&size_at_least(30)), 0).unwrap();
    view.advise_sink(event::TABLE_MODIFIED, Arc::clone(&own) as _)
        .unwrap();
    let sized = |id, size: i32| {
        let mut row = row(id, "x");
        row.props[2] = Property::new(tag::PR_MESSAGE_SIZE, size);
        row
    };
    f.data.modify_row(sized(1, 20)).unwrap();
    f.data.modify_row(sized(2, 10)).unwrap();
    f.data.delete_row(&id(2)).unwrap();
    f.data.notify(&id(1)).unwrap();
    assert!(told(&f, &own).is_empty());
    f.data.modify_row(sized(1, 30)).unwrap();
    assert_eq!(told(&f, &own), [(RowAdded, Some(1), None)]);
    f.data.modify_row(sized(5, 40)).unwrap();
    assert_eq!(told(&f, &own), [(RowModified, Some(5), Some(1))]);
    f.data.modify_row(sized(1, 3)).unwrap();
    assert_eq!(told(&f, &own), [(RowDeleted, Some(1), None)]);
}

#[test]
fn asynchronous_operations_say_when_they_are_done() {
    use TableEvent::{RestrictDone, SetColDone, SortDone};
    let f = Fixture::with(&[(1, "a")]);
    let view = f.view(None);
    let (own, _) = sink();
    view.advise_sink(event::TABLE_MODIFIED, Arc::clone(&own) as _)
        .unwrap();
    view.sort_table(&SortOrder::by(tag::PR_SUBJECT), TBL_ASYNC)
        .unwrap();
    view.restrict(None, TBL_ASYNC).unwrap();
    view.set_columns(&[tag::PR_ROWID], TBL_ASYNC).unwrap();
    let done = [SortDone, RestrictDone, SetColDone].map(|event| (event, None, None));
    assert_eq!(told(&f, &own), done);
    view.abort().unwrap();
    assert_eq!(view.wait_for_completion(0, u32::MAX).unwrap(), 0);
    assert_eq!(view.get_status().unwrap(), (0, TBLTYPE_DYNAMIC));
    let code = view.advise_sink(event::NEW_MAIL, sink().0);
    assert_code(ErrorCode::INVALID_PARAMETER, code);
}

#[test]
fn a_view_that_goes_releases_its_sinks_and_calls_back() {
    let f = Fixture::with(&[(1, "a")]);
    let called = Arc::new(AtomicBool::new(false));
    let callback = Arc::clone(&called);
    let on_release = Box::new(move || callback.store(true, Ordering::SeqCst));
    let view = f.data.get_view(None, &f.scope, Some(on_release)).unwrap();
    let (own, released) = sink();
    view.advise_sink(event::TABLE_MODIFIED, own).unwrap();
    f.data.modify_row(row(2, "b")).unwrap();
    assert!(!called.load(Ordering::SeqCst));
    drop(view);
    assert!(called.load(Ordering::SeqCst));
    assert!(released.load(Ordering::SeqCst));
    assert_eq!(f.engine.dispatch(), 0);
    f.data.modify_row(row(3, "c")).unwrap();
}

/// LIFE-STATUS-006, the second half: a closing session tells nothing any more.
#[test]
fn a_sealed_scope_hears_nothing() {
    let f = Fixture::with(&[(1, "a")]);
    let view = f.view(None);
    let (own, _) = sink();
    view.advise_sink(event::TABLE_MODIFIED, Arc::clone(&own) as _)
        .unwrap();
    f.scope.seal();
    f.data.delete_row(&id(1)).unwrap();
    assert!(told(&f, &own).is_empty());
    assert_code(
        ErrorCode::INVALID_OBJECT,
        view.advise_sink(event::TABLE_MODIFIED, sink().0),
    );
    assert_eq!(f.scope.close(LONG), 0);
}

#[test]
fn threads_may_read_and_write_at_once() {
    let engine = Engine::start(Delivery::OwnThread).unwrap();
    let scope = engine.scope();
    let data = TableData::new(TableType::Dynamic, tag::PR_ROWID, &[tag::PR_ROWID]).unwrap();
    std::thread::scope(|threads| {
        for writer in 0..2 {
            let data = &data;
            threads.spawn(move || {
                for n in 0..400 {
                    data.modify_row(row(writer * 1000 + n % 50, &format!("{}", n % 7)))
                        .unwrap();
                    if n % 3 == 0 {
                        data.delete_row(&id(writer * 1000 + n % 50)).unwrap();
                    }
                }
            });
        }
        for reader in 0..2 {
            let (data, scope) = (&data, &scope);
            threads.spawn(move || {
                for n in 0..100 {
                    let view = data.get_view(None, scope, None).unwrap();
                    let connection = view.advise_sink(event::TABLE_MODIFIED, sink().0).unwrap();
                    view.sort_table(&SortOrder::by(tag::PR_SUBJECT), 0).unwrap();
                    while !view.query_rows(7, 0).unwrap().is_empty() {}
                    if n % 2 == reader {
                        view.unadvise(connection).unwrap();
                    }
                }
            });
        }
    });
    assert!(engine.stop(LONG));
}
