//! A table in memory against the simplest thing that could be one, under random operations.

use std::sync::{Arc, Mutex};

use mapi_com::iface::{AdviseSink, Bookmark, ComObject, MapiTable};
use mapi_subsystem::notify::{AdviseScope, Delivery, Engine};
use mapi_subsystem::table::{TableData, TableType, TableView};
use mapi_sys::TBL_NOADVANCE;
use mapi_types::{
    Notification, PropTag, PropType, PropValue, Property, RelOp, Restriction, Row, RowChange,
    SortKey, SortOrder, TableEvent, event, tag,
};
use proptest::prelude::*;

const WORDS: PropTag = PropTag::new(0x8001, PropType::MV_UNICODE);
const EACH_WORD: PropTag = PropTag::new(
    0x8001,
    PropType(PropType::MV_UNICODE.0 | PropType::MV_INSTANCE),
);

/// What is done to the table.
#[derive(Clone, Debug)]
enum Step {
    Modify(Vec<Row>),
    Insert(u32, Row),
    Delete(Vec<i32>),
    Clear,
}

fn any_row() -> impl Strategy<Value = Row> {
    let subject = prop::option::weighted(0.8, "[a-cA-C]{0,2}");
    let size = prop::option::weighted(0.8, 0..4i32);
    let words = prop::option::of(prop::collection::vec("[x-z]", 0..3));
    (0..20i32, subject, size, words).prop_map(|(id, subject, size, words)| {
        let mut props = vec![Property::new(tag::PR_ROWID, id)];
        props.extend(subject.map(|s| Property::new(tag::PR_SUBJECT, s)));
        props.extend(size.map(|n| Property::new(tag::PR_MESSAGE_SIZE, n)));
        props.extend(words.map(|list| {
            let list = list.into_iter().map(Into::into).collect();
            Property::new(WORDS, PropValue::MvUnicode(list))
        }));
        props.into()
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec(any_row(), 1..4).prop_map(Step::Modify),
        1 => prop::collection::vec(any_row(), 9..20).prop_map(Step::Modify),
        3 => (0..20u32, any_row()).prop_map(|(at, row)| Step::Insert(at, row)),
        4 => prop::collection::vec(0..20i32, 1..4).prop_map(Step::Delete),
        1 => prop::collection::vec(0..20i32, 9..15).prop_map(Step::Delete),
        1 => Just(Step::Clear),
    ]
}

fn any_order() -> impl Strategy<Value = SortOrder> {
    let tags = vec![
        tag::PR_SUBJECT,
        tag::PR_MESSAGE_SIZE,
        tag::PR_ROWID,
        WORDS,
        EACH_WORD,
    ];
    let key = (prop::sample::select(tags), any::<bool>())
        .prop_map(|(tag, descending)| SortKey { tag, descending });
    prop::collection::vec(key, 0..3).prop_map(|keys| SortOrder {
        keys,
        ..SortOrder::default()
    })
}

fn any_restriction() -> impl Strategy<Value = Option<Restriction>> {
    prop::option::of((0..4i32).prop_map(|size| Restriction::Property {
        relop: RelOp::Ge,
        tag: tag::PR_MESSAGE_SIZE,
        value: Property::new(tag::PR_MESSAGE_SIZE, size),
    }))
}

#[derive(Clone, Debug)]
struct Setting {
    order: SortOrder,
    restriction: Option<Restriction>,
    each_word: bool,
}

fn any_setting() -> impl Strategy<Value = Setting> {
    (any_order(), any_restriction(), any::<bool>()).prop_map(|(order, restriction, each_word)| {
        Setting {
            order,
            restriction,
            each_word,
        }
    })
}

impl Setting {
    fn columns(&self) -> Vec<PropTag> {
        let words = if self.each_word { EACH_WORD } else { WORDS };
        vec![tag::PR_INSTANCE_KEY, tag::PR_ROWID, tag::PR_SUBJECT, words]
    }

    fn apply(&self, view: &TableView) {
        view.set_columns(&self.columns(), 0).unwrap();
        view.restrict(self.restriction.as_ref(), 0).unwrap();
        view.sort_table(&self.order, 0).unwrap();
    }
}

fn id_of(row: &Row) -> i32 {
    row.get(tag::PR_ROWID).unwrap().as_long().unwrap()
}

/// The simplest table there could be, in the order of insertion.
#[derive(Default)]
struct Model(Vec<Row>);

impl Model {
    fn apply(&mut self, step: &Step, data: &TableData) {
        match step {
            Step::Modify(rows) => {
                data.modify_rows(rows.clone()).unwrap();
                for row in rows {
                    match self.0.iter_mut().find(|known| id_of(known) == id_of(row)) {
                        Some(known) => *known = row.clone(),
                        None => self.0.push(row.clone()),
                    }
                }
            }
            Step::Insert(at, row) => {
                let place = *at as usize;
                let taken = self.0.iter().any(|known| id_of(known) == id_of(row));
                let good = place <= self.0.len() && !taken;
                assert_eq!(data.insert_row(*at, row.clone()).is_ok(), good);
                if good {
                    self.0.insert(place, row.clone());
                }
            }
            Step::Delete(ids) => {
                let before = self.0.len();
                self.0.retain(|row| !ids.contains(&id_of(row)));
                let indexes: Vec<PropValue> = ids.iter().map(|id| (*id).into()).collect();
                let deleted = data.delete_rows(&indexes).unwrap();
                assert_eq!(deleted as usize, before - self.0.len());
            }
            Step::Clear => {
                data.delete_all_rows().unwrap();
                self.0.clear();
            }
        }
    }

    /// PR_ROWID of the rows of a view without lists, by filter and stable sort.
    fn shown(&self, setting: &Setting) -> Vec<i32> {
        let mut rows: Vec<&Row> = self.0.iter().collect();
        if let Some(restriction) = &setting.restriction {
            rows.retain(|row| restriction.matches(*row).unwrap());
        }
        rows.sort_by(|a, b| {
            let by_key = |key: &SortKey| match (a.get(key.tag), b.get(key.tag)) {
                (Some(a), Some(b)) if key.descending => b.compare_any(a),
                (Some(a), Some(b)) => a.compare_any(b),
                (a, b) => a.is_none().cmp(&b.is_none()),
            };
            let mut orders = setting.order.keys.iter().map(by_key);
            orders
                .find(|o| o.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        rows.into_iter().map(id_of).collect()
    }
}

fn read(view: &TableView) -> Vec<Row> {
    let at = view.query_position().unwrap().row;
    view.seek_row(Bookmark::BEGINNING, 0).unwrap();
    let rows = view.query_rows(i32::MAX, TBL_NOADVANCE).unwrap();
    view.seek_row(Bookmark::BEGINNING, i32::try_from(at).unwrap())
        .unwrap();
    rows
}

/// A client that keeps a copy of the view with nothing but the notifications.
struct Mirror(Mutex<Vec<RowChange>>);

impl ComObject for Mirror {}

impl AdviseSink for Mirror {
    fn on_notify(&self, notifications: &[Notification]) -> u32 {
        for notification in notifications {
            if let Notification::Table(change) = notification {
                self.0.lock().unwrap().push(change.clone());
            }
        }
        0
    }
}

impl Mirror {
    /// Brings a copy up to date. `false` if it has to be read again.
    fn update(&self, copy: &mut Vec<Row>) -> bool {
        for change in self.0.lock().unwrap().drain(..) {
            let place = |copy: &[Row], key: &Property| {
                copy.iter()
                    .position(|row| row.get(tag::PR_INSTANCE_KEY) == Some(&key.value))
            };
            let found = place(copy, &change.index);
            match change.event {
                TableEvent::Changed | TableEvent::Reload => return false,
                TableEvent::RowAdded => assert_eq!(found, None, "added twice"),
                _ => drop(copy.remove(found.expect("a row the client knows"))),
            }
            if change.event != TableEvent::RowDeleted {
                let prior = change.prior.tag != tag::PR_NULL;
                let after = prior.then(|| place(copy, &change.prior).expect("a prior row"));
                copy.insert(after.map_or(0, |at| at + 1), change.row);
            }
        }
        true
    }
}

struct Fixture {
    engine: Engine,
    scope: Arc<AdviseScope>,
    data: Arc<TableData>,
}

fn fixture() -> Fixture {
    let engine = Engine::start(Delivery::FirstThread).unwrap();
    Fixture {
        scope: engine.scope(),
        engine,
        data: TableData::new(TableType::Dynamic, tag::PR_ROWID, &[]).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(200)
    })]

    #[test]
    fn a_view_is_the_filtered_and_sorted_table(
        setting in any_setting(),
        steps in prop::collection::vec(any_step(), 1..12),
    ) {
        let f = fixture();
        let view = f.data.get_view(None, &f.scope, None).unwrap();
        setting.apply(&view);
        let mut model = Model::default();
        let lists = setting.each_word || setting.order.keys.iter().any(|k| k.tag == EACH_WORD);
        for step in steps {
            model.apply(&step, &f.data);
            let in_order = (0..).map_while(|at| f.data.enum_row(at)).map(|row| id_of(&row));
            let expected: Vec<i32> = model.0.iter().map(id_of).collect();
            prop_assert_eq!(in_order.collect::<Vec<_>>(), expected);
            // What was kept up to date is what would be made anew.
            let anew = f.data.get_view(None, &f.scope, None).unwrap();
            setting.apply(&anew);
            let rows = read(&view);
            prop_assert_eq!(&rows, &read(&anew));
            if !lists {
                let ids: Vec<i32> = rows.iter().map(id_of).collect();
                prop_assert_eq!(ids, model.shown(&setting));
            }
        }
    }

    #[test]
    fn notifications_are_enough_to_keep_a_copy(
        setting in any_setting(),
        steps in prop::collection::vec(any_step(), 1..12),
    ) {
        let f = fixture();
        let view = f.data.get_view(None, &f.scope, None).unwrap();
        setting.apply(&view);
        let mirror = Arc::new(Mirror(Mutex::default()));
        view.advise_sink(event::TABLE_MODIFIED, Arc::clone(&mirror) as _).unwrap();
        let (mut model, mut copy) = (Model::default(), Vec::new());
        for step in steps {
            model.apply(&step, &f.data);
            f.engine.dispatch();
            if !mirror.update(&mut copy) {
                copy = read(&view);
            }
            prop_assert_eq!(&copy, &read(&view));
        }
    }

    #[test]
    fn a_bookmark_stays_with_its_row(
        setting in any_setting(),
        rows in prop::collection::vec(any_row(), 1..20),
        at in any::<prop::sample::Index>(),
        steps in prop::collection::vec(any_step(), 1..8),
    ) {
        let f = fixture();
        f.data.modify_rows(rows).unwrap();
        let view = f.data.get_view(None, &f.scope, None).unwrap();
        setting.apply(&view);
        let shown = read(&view);
        prop_assume!(!shown.is_empty());
        let at = at.index(shown.len());
        view.seek_row(Bookmark::BEGINNING, i32::try_from(at).unwrap()).unwrap();
        let bookmark = view.create_bookmark().unwrap();
        let key = shown[at].get(tag::PR_INSTANCE_KEY).cloned();
        let mut model = Model((0..).map_while(|at| f.data.enum_row(at)).collect());
        for step in steps {
            model.apply(&step, &f.data);
            if matches!(step, Step::Clear) {
                prop_assert!(view.seek_row(bookmark, 0).is_err());
                return Ok(());
            }
            let there = read(&view).iter().any(|row| row.get(tag::PR_INSTANCE_KEY) == key.as_ref());
            if !there {
                let (_, lost) = view.seek_row(bookmark, 0).unwrap();
                prop_assert!(lost);
                return Ok(());
            }
            let (_, lost) = view.seek_row(bookmark, 0).unwrap();
            prop_assert!(!lost);
            let row = &view.query_rows(1, TBL_NOADVANCE).unwrap()[0];
            prop_assert_eq!(row.get(tag::PR_INSTANCE_KEY), key.as_ref());
        }
    }
}
