//! Values across the ABI and back.
#![allow(unsafe_code, clippy::unwrap_used)]

use std::ptr::{null, null_mut};

use mapi_com::alloc::{Allocator, OwnerSlot};
use mapi_com::iface::PropProblem;
use mapi_com::marshal::*;
use mapi_sys as sys;
use mapi_types::{
    EntryId, Error, ErrorCode, FileTime, FuzzyLevel, FuzzyMatch, Guid, MAX_RESTRICTION_DEPTH,
    NamedProp, Notification, PropName, PropTag, PropType, PropValue, Property, RelOp, Restriction,
    Row, RowChange, SortKey, SortOrder, TableEvent, UnicodeString, event,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn allocator() -> Allocator {
    Allocator::local()
}

// Values.

/// UTF-16 units but zero, often ill-formed.
fn unicode() -> impl Strategy<Value = UnicodeString> {
    let unit = prop_oneof![1u16..0x80, 0xD800u16..0xE000, 1u16..];
    prop_oneof![
        "[^\0]{0,20}".prop_map(UnicodeString::from),
        vec(unit, 0..20).prop_map(|units| UnicodeString::from_utf16(&units)),
    ]
}

fn string8() -> impl Strategy<Value = Vec<u8>> {
    vec(1u8.., 0..40)
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

fn guid() -> impl Strategy<Value = Guid> {
    any::<[u8; 16]>().prop_map(Guid)
}

/// All bits, NaNs with their payload among them.
fn double() -> impl Strategy<Value = f64> {
    any::<u64>().prop_map(f64::from_bits)
}

fn real() -> impl Strategy<Value = f32> {
    any::<u32>().prop_map(f32::from_bits)
}

fn few<S: Strategy>(one: S) -> impl Strategy<Value = Vec<S::Value>> {
    vec(one, 0..6)
}

fn value() -> impl Strategy<Value = PropValue> {
    use PropValue as V;
    let single = prop_oneof![
        Just(V::Null),
        Just(V::Object),
        any::<i16>().prop_map(V::I2),
        any::<i32>().prop_map(V::Long),
        real().prop_map(V::R4),
        double().prop_map(V::Double),
        any::<i64>().prop_map(V::Currency),
        double().prop_map(V::AppTime),
        any::<u32>().prop_map(|c| V::Error(ErrorCode(c))),
        any::<bool>().prop_map(V::Boolean),
        any::<i64>().prop_map(V::I8),
        string8().prop_map(V::String8),
        unicode().prop_map(V::Unicode),
        any::<u64>().prop_map(|t| V::SysTime(FileTime(t))),
        guid().prop_map(V::Clsid),
        bytes().prop_map(V::Binary),
    ];
    let multi = prop_oneof![
        few(any::<i16>()).prop_map(V::MvI2),
        few(any::<i32>()).prop_map(V::MvLong),
        few(real()).prop_map(V::MvR4),
        few(double()).prop_map(V::MvDouble),
        few(any::<i64>()).prop_map(V::MvCurrency),
        few(double()).prop_map(V::MvAppTime),
        few(any::<i64>()).prop_map(V::MvI8),
        few(string8()).prop_map(V::MvString8),
        few(unicode()).prop_map(V::MvUnicode),
        few(any::<u64>().prop_map(FileTime)).prop_map(V::MvSysTime),
        few(guid()).prop_map(V::MvClsid),
        few(bytes()).prop_map(V::MvBinary),
    ];
    prop_oneof![single, multi]
}

fn property() -> impl Strategy<Value = Property> {
    (1u16.., value()).prop_map(|(id, value)| Property::new(PropTag::new(id, PropType::NULL), value))
}

fn row() -> impl Strategy<Value = Row> {
    vec(property(), 0..6).prop_map(Row::from)
}

/// Equal bit by bit: `==` says no to a NaN.
fn same(a: &PropValue, b: &PropValue) -> bool {
    use PropValue as V;
    let bits = |v: &[f64]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let bits4 = |v: &[f32]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    match (a, b) {
        (V::R4(a), V::R4(b)) => a.to_bits() == b.to_bits(),
        (V::Double(a), V::Double(b)) | (V::AppTime(a), V::AppTime(b)) => a.to_bits() == b.to_bits(),
        (V::MvR4(a), V::MvR4(b)) => bits4(a) == bits4(b),
        (V::MvDouble(a), V::MvDouble(b)) | (V::MvAppTime(a), V::MvAppTime(b)) => bits(a) == bits(b),
        (a, b) => a == b,
    }
}

fn same_props(a: &[Property], b: &[Property]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| a.tag == b.tag && same(&a.value, &b.value))
}

fn same_rows(a: &[Row], b: &[Row]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_props(&a.props, &b.props))
}

fn tag() -> impl Strategy<Value = PropTag> {
    any::<u32>().prop_map(PropTag::from_raw)
}

fn entry() -> impl Strategy<Value = EntryId> {
    bytes().prop_map(EntryId::from)
}

fn relop() -> impl Strategy<Value = RelOp> {
    use RelOp::{Eq, Ge, Gt, Le, Lt, Ne, Re};
    proptest::sample::select(vec![Lt, Le, Gt, Ge, Eq, Ne, Re])
}

fn fuzzy() -> impl Strategy<Value = FuzzyLevel> {
    let part = proptest::sample::select(vec![
        FuzzyMatch::FullString,
        FuzzyMatch::Substring,
        FuzzyMatch::Prefix,
    ]);
    (part, any::<[bool; 3]>()).prop_map(|(part, [ignore_case, ignore_nonspace, loose])| {
        FuzzyLevel {
            part,
            ignore_case,
            ignore_nonspace,
            loose,
        }
    })
}

fn restriction() -> impl Strategy<Value = Restriction> {
    use Restriction as R;
    // NaNs are left to the tests of values: here `==` decides.
    let plain = property()
        .prop_filter("no NaN", |p| p.value == p.value.clone())
        .boxed();
    let leaf = prop_oneof![
        tag().prop_map(R::Exist),
        (fuzzy(), tag(), plain.clone()).prop_map(|(fuzzy, tag, value)| R::Content {
            fuzzy,
            tag,
            value
        }),
        (relop(), tag(), plain.clone()).prop_map(|(relop, tag, value)| R::Property {
            relop,
            tag,
            value
        }),
        (relop(), tag(), tag()).prop_map(|(relop, left, right)| R::CompareProps {
            relop,
            left,
            right
        }),
        (any::<bool>(), tag(), any::<u32>()).prop_map(|(nonzero, tag, mask)| R::Bitmask {
            nonzero,
            tag,
            mask
        }),
        (relop(), tag(), any::<u32>()).prop_map(|(relop, tag, size_bytes)| R::Size {
            relop,
            tag,
            size_bytes
        }),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(R::And),
            vec(inner, 0..4).prop_map(R::Or),
            boxed.clone().prop_map(R::Not),
            (tag(), boxed.clone()).prop_map(|(tag, inner)| R::SubObject { tag, inner }),
            (any::<u32>(), boxed.clone()).prop_map(|(count, inner)| R::Count { count, inner }),
            (vec(plain.clone(), 0..3), proptest::option::of(boxed))
                .prop_map(|(props, inner)| R::Comment { props, inner }),
        ]
    })
}

proptest! {
    #[test]
    fn properties_come_back_exactly(props in vec(property(), 1..20)) {
        let block = write_props(allocator(), &props).unwrap();
        // SAFETY: the block was written by us.
        let back = unsafe { read_props(u32::try_from(props.len()).unwrap(), block.as_ptr()) }.unwrap();
        prop_assert!(same_props(&props, &back), "{props:?} became {back:?}");
    }

    #[test]
    fn row_sets_come_back_exactly_and_leave_nothing(rows in vec(row(), 0..8)) {
        let slot = OwnerSlot::reserve("rows");
        let set = RowSet::write(slot.owner().allocator(), &rows).unwrap();
        prop_assert!(same_rows(&rows, &set.read().unwrap()));
        let blocks = rows.iter().filter(|r| !r.props.is_empty()).count() + 1;
        prop_assert_eq!(slot.owner().usage().blocks, blocks as u64, "each row has a block of its own");
        // SAFETY: the same layout, owned by us.
        let list = unsafe { read_adr_list(set.as_adr_list()) }.unwrap();
        prop_assert!(same_rows(&rows, &list));
        drop(set);
        prop_assert_eq!(slot.owner().usage().blocks, 0);
    }

    #[test]
    fn restrictions_come_back_exactly(restriction in restriction()) {
        let block = write_restriction(allocator(), &restriction).unwrap();
        // SAFETY: the block was written by us.
        let back = unsafe { read_restriction(block.as_ptr()) }.unwrap();
        prop_assert_eq!(Some(restriction), back);
    }

    #[test]
    fn small_ones_come_back_exactly(
        tags in vec(tag(), 0..20),
        entries in vec(entry(), 0..8),
        keys in vec((tag(), any::<bool>()), 0..8),
        problems in vec((any::<u32>(), tag(), any::<u32>()), 0..8),
        names in vec(proptest::option::of((guid(), prop_oneof![
            any::<u32>().prop_map(PropName::Id),
            "[^\0]{0,20}".prop_map(PropName::Name),
        ])), 0..8),
    ) {
        let order = SortOrder {
            keys: keys.into_iter().map(|(tag, descending)| SortKey { tag, descending }).collect(),
            categories: 3,
            expanded: 2,
        };
        let problems: Vec<_> = (problems.into_iter())
            .map(|(index, tag, code)| PropProblem { index, tag, code: ErrorCode(code) })
            .collect();
        let names: Vec<_> = names.into_iter().map(|n| n.map(|(set, name)| NamedProp { set, name })).collect();
        // SAFETY: all blocks were written by us.
        unsafe {
            let block = write_tags(allocator(), &tags).unwrap();
            prop_assert_eq!(read_tags(block.as_ptr()).unwrap(), Some(tags));
            let block = write_sort_order(allocator(), &order).unwrap();
            prop_assert_eq!(read_sort_order(block.as_ptr()).unwrap(), Some(order));
            let block = write_entry_list(allocator(), &entries).unwrap();
            prop_assert_eq!(read_entry_list(block.as_ptr()).unwrap(), Some(entries.clone()));
            let block = write_problems(allocator(), &problems).unwrap();
            prop_assert_eq!(block.is_some(), !problems.is_empty());
            let back = read_problems(block.as_ref().map_or(null(), |b| b.as_ptr())).unwrap();
            prop_assert_eq!(back, problems);
            let block = write_names(allocator(), names.iter().map(Option::as_ref)).unwrap();
            prop_assert_eq!(read_names(u32::try_from(names.len()).unwrap(), block.as_ptr()).unwrap(), names);
            for entry in &entries {
                let (size, block) = write_entry_id(allocator(), entry).unwrap();
                let back = read_entry_id(size, block.as_ref().map_or(null(), |b| b.as_ptr())).unwrap();
                prop_assert_eq!(&back, entry);
            }
        }
        let flat = flat_entries_to_bytes(&entries).unwrap();
        prop_assert_eq!(flat_entries_from_bytes(&flat).unwrap(), entries);
    }

    #[test]
    fn flat_entries_never_panic(bytes in vec(any::<u8>(), 0..64)) {
        let _ = flat_entries_from_bytes(&bytes);
    }

    #[test]
    fn notifications_come_back_exactly(
        ids in (entry(), entry(), entry(), entry()),
        class in "[^\0]{0,20}",
        numbers in any::<[u32; 3]>(),
        changed in vec(tag(), 0..5),
        props in vec(property(), 0..5),
        keys in (bytes(), bytes()),
    ) {
        let key = |bytes: Vec<u8>| Property::new(mapi_types::tag::PR_INSTANCE_KEY, bytes);
        let none = || Property::new(PropTag::from_raw(0), PropValue::Null);
        let table = |event, index, prior, row| Notification::Table(RowChange { event, index, prior, row });
        let all = vec![
            Notification::NewMail { message: ids.0.clone(), folder: ids.1.clone(), class, message_flags: numbers[0] },
            Notification::Object {
                event: event::OBJECT_MOVED,
                object_type: numbers[1],
                entry_id: ids.0.clone(),
                parent: ids.1.clone(),
                old_entry_id: ids.2.clone(),
                old_parent: ids.3.clone(),
                changed,
            },
            table(TableEvent::RowAdded, key(keys.0.clone()), none(), Row::from(props.clone())),
            table(TableEvent::RowModified, key(keys.0.clone()), key(keys.1), Row::from(props.clone())),
            table(TableEvent::RowDeleted, key(keys.0), none(), Row::default()),
            table(TableEvent::SortDone, none(), none(), Row::default()),
            Notification::Extended { event: numbers[2], data: ids.3.clone().into_bytes() },
            Notification::StatusObject { entry_id: ids.2.clone(), props },
            Notification::CriticalError {
                entry_id: ids.0,
                error: Error::provider(ErrorCode::NETWORK_ERROR).context("gone").component("store"),
                flags: sys::MAPI_UNICODE,
            },
        ];
        let block = write_notifications(allocator(), &all).unwrap();
        // SAFETY: the block was written by us.
        let back = unsafe { read_notifications(9, block.as_ptr()) }.unwrap();
        prop_assert_eq!(format!("{all:?}"), format!("{back:?}"));
    }

    #[test]
    fn text_comes_back(text in "[^\0]{0,30}") {
        for flags in [0, sys::MAPI_UNICODE] {
            let block = write_text(allocator(), &text, flags).unwrap();
            // SAFETY: the block was written by us.
            prop_assert_eq!(&unsafe { read_text(block.as_ptr().cast(), flags) }.unwrap(), &text);
        }
    }
}

// Hostile and borderline input.

fn code<T: std::fmt::Debug>(result: mapi_types::Result<T>) -> ErrorCode {
    result.unwrap_err().code()
}

#[test]
fn null_pointers_and_lying_counts_are_refused() {
    let mut prop: sys::SPropValue = zeroed();
    // SAFETY: what is passed is what the function must refuse before it reads.
    unsafe {
        assert_eq!(code(read_props(1, null())), ErrorCode::INVALID_PARAMETER);
        assert_eq!(read_props(0, null()).unwrap(), []);
        assert_eq!(
            code(read_props(u32::MAX, &raw const prop)),
            ErrorCode::TOO_BIG
        );
        for (ptype, expected) in [
            (PropType::UNICODE, ErrorCode::INVALID_PARAMETER),
            (PropType::STRING8, ErrorCode::INVALID_PARAMETER),
            (PropType::CLSID, ErrorCode::INVALID_PARAMETER),
            (PropType::UNSPECIFIED, ErrorCode::INVALID_TYPE),
            (PropType(0x00FD), ErrorCode::INVALID_TYPE),
            (PropType(0x1000), ErrorCode::INVALID_TYPE),
        ] {
            prop.ulPropTag = PropTag::new(0x3001, ptype).raw();
            assert_eq!(code(read_prop(&raw const prop)), expected, "{ptype:?}");
        }
        let mut byte = 0u8;
        prop.ulPropTag = PropTag::new(0x3001, PropType::BINARY).raw();
        prop.Value.bin = sys::SBinary {
            cb: 1,
            lpb: null_mut(),
        };
        assert_eq!(
            code(read_prop(&raw const prop)),
            ErrorCode::INVALID_PARAMETER
        );
        prop.Value.bin = sys::SBinary {
            cb: u32::MAX,
            lpb: &raw mut byte,
        };
        assert_eq!(code(read_prop(&raw const prop)), ErrorCode::TOO_BIG);
        prop.ulPropTag = PropTag::new(0x3001, PropType::MV_LONG).raw();
        prop.Value.MVl = sys::SLongArray {
            cValues: u32::MAX,
            lpl: (&raw mut byte).cast(),
        };
        assert_eq!(code(read_prop(&raw const prop)), ErrorCode::TOO_BIG);
        assert_eq!(code(read_row_set(null())), ErrorCode::INVALID_PARAMETER);
        assert_eq!(read_tags(null()).unwrap(), None);
        assert_eq!(read_restriction(null()).unwrap(), None);
        assert_eq!(code(read_entry_id(4, null())), ErrorCode::INVALID_PARAMETER);
    }
}

#[test]
fn many_claims_on_the_same_bytes_run_out_of_budget() {
    let mut shared = vec![1u8; 1 << 20];
    let mut members: Vec<_> = (0..2000)
        .map(|_| sys::SBinary {
            cb: 1 << 20,
            lpb: shared.as_mut_ptr(),
        })
        .collect();
    let mut prop: sys::SPropValue = zeroed();
    prop.ulPropTag = PropTag::new(0x3001, PropType::MV_BINARY).raw();
    prop.Value.MVbin = sys::SBinaryArray {
        cValues: 2000,
        lpbin: members.as_mut_ptr(),
    };
    // SAFETY: all pointers are valid.
    let result = unsafe { read_prop(&raw const prop) };
    assert_eq!(code(result), ErrorCode::TOO_BIG);
}

#[test]
fn a_column_of_an_unknown_type_does_not_spoil_a_row() {
    let mut props: [sys::SPropValue; 2] = [zeroed(), zeroed()];
    props[0].ulPropTag = 0x3001_00FD;
    props[1].ulPropTag = PropTag::new(0x3002, PropType::LONG).raw();
    let mut set: sys::SRowSet = zeroed();
    set.cRows = 1;
    set.aRow[0] = sys::SRow {
        ulAdrEntryPad: 0,
        cValues: 2,
        lpProps: props.as_mut_ptr(),
    };
    // SAFETY: all pointers are valid.
    let rows = unsafe { read_row_set(&raw const set) }.unwrap();
    assert_eq!(
        rows[0].props[0].value,
        PropValue::Error(ErrorCode::NO_SUPPORT)
    );
    assert_eq!(rows[0].props[1].value, PropValue::Long(0));
}

#[test]
fn an_instance_of_a_list_is_a_single_value_under_its_own_tag() {
    let tag = PropTag::new(
        0x3001,
        PropType(PropType::MV_UNICODE.0 | PropType::MV_INSTANCE),
    );
    let prop = Property {
        tag,
        value: PropValue::from("one"),
    };
    let block = write_prop(allocator(), &prop).unwrap();
    // SAFETY: written by us.
    assert_eq!(unsafe { read_prop(block.as_ptr()) }.unwrap(), prop);
}

#[test]
fn a_tag_cannot_lie_about_the_type_that_is_written() {
    let lie = Property {
        tag: PropTag::new(0x3001, PropType::UNICODE),
        value: PropValue::Long(5),
    };
    let block = write_prop(allocator(), &lie).unwrap();
    // SAFETY: written by us.
    let back = unsafe { read_prop(block.as_ptr()) }.unwrap();
    assert_eq!(back, Property::new(lie.tag, 5));
}

#[test]
fn restrictions_are_bounded_in_depth() {
    let nested = |depth| {
        (0..depth).fold(Restriction::Exist(PropTag::from_raw(1)), |inner, _| {
            Restriction::Not(Box::new(inner))
        })
    };
    for (depth, fits) in [
        (MAX_RESTRICTION_DEPTH - 1, true),
        (MAX_RESTRICTION_DEPTH, false),
    ] {
        let block = write_restriction(allocator(), &nested(depth)).unwrap();
        // SAFETY: written by us.
        let back = unsafe { read_restriction(block.as_ptr()) };
        assert_eq!(back.is_ok(), fits);
        assert!(fits || code(back) == ErrorCode::TOO_COMPLEX);
    }
    // One that contains itself ends as well.
    let mut own: sys::SRestriction = zeroed();
    own.rt = sys::RES_NOT;
    let pointer = &raw mut own;
    // SAFETY: the pointer is valid.
    unsafe {
        (*pointer).res.resNot.lpRes = pointer;
        assert_eq!(code(read_restriction(pointer)), ErrorCode::TOO_COMPLEX);
        (*pointer).rt = 99;
        assert_eq!(
            code(read_restriction(pointer)),
            ErrorCode::INVALID_PARAMETER
        );
    }
}

#[test]
fn an_address_list_is_changed_in_place() {
    let slot = OwnerSlot::reserve("addresses");
    let allocator = slot.owner().allocator();
    let before: Vec<Row> = (0..3)
        .map(|i| Row::from(vec![Property::new(PropTag::from_raw(0x3001_0003), i)]))
        .collect();
    let mut after = before.clone();
    after[1].props.push(Property::new(
        PropTag::from_raw(0x3003_001F),
        "a@example.org",
    ));
    let list = RowSet::write(allocator, &before).unwrap();
    // SAFETY: the list is ours, its blocks come from `allocator`.
    unsafe {
        let untouched = (*list.as_ptr()).aRow[0].lpProps;
        update_adr_list(list.as_adr_list(), &before, &after, allocator).unwrap();
        assert_eq!((*list.as_ptr()).aRow[0].lpProps, untouched);
        assert!(update_adr_list(list.as_adr_list(), &after, &after[..1], allocator).is_err());
    }
    assert_eq!(list.read().unwrap(), after);
    drop(list);
    assert_eq!(slot.owner().usage().blocks, 0);
}

#[test]
fn errors_carry_text_and_component() {
    let error = Error::provider(ErrorCode::NETWORK_ERROR)
        .context("no answer")
        .component("Store");
    for flags in [0, sys::MAPI_UNICODE] {
        let block = write_error(allocator(), &error, flags).unwrap();
        // SAFETY: written by us.
        let info = unsafe { read_error(block.as_ptr(), flags) }
            .unwrap()
            .unwrap();
        assert_eq!(info.text.as_deref(), Some("no answer"));
        assert_eq!(info.component.as_deref(), Some("Store"));
    }
}

/// The tool for LIFE-MEM-009 on writing: whichever allocation fails, nothing is left.
#[test]
fn writing_fails_cleanly_at_every_allocation() {
    use mapi_com::alloc::fault;
    let slot = OwnerSlot::reserve("failing");
    let rows: Vec<Row> = (0..5)
        .map(|i| Row::from(vec![Property::new(PropTag::from_raw(0x3001_0003), i)]))
        .collect();
    for n in 1.. {
        let armed = fault::fail_nth(slot.owner(), n, fault::Repeat::Once);
        let result = RowSet::write(slot.owner().allocator(), &rows);
        if armed.fired() == 0 {
            assert!(result.is_ok());
            assert_eq!(n, 7);
            break;
        }
        assert_eq!(code(result), ErrorCode::NOT_ENOUGH_MEMORY);
        assert_eq!(slot.owner().usage().blocks, 0);
    }
}

fn zeroed<T>() -> T {
    // SAFETY: used for structures of the headers, for which all zeros is valid.
    unsafe { std::mem::zeroed() }
}
