//! Whatever properties are set come back exactly: from the object, after it was saved, after the store was opened again,
//! from a recipient, from an attachment, and in a table.
#![allow(clippy::unwrap_used)]

mod common;

use common::Fixture;
use mapi_msgstore::engine::{Durability, RecipientChange};
use mapi_types::{
    ErrorCode, FileTime, Guid, PropTag, PropValue, Property, Row, UnicodeString, tag,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn text() -> impl Strategy<Value = UnicodeString> {
    prop_oneof![
        any::<String>().prop_map(UnicodeString::from),
        vec(any::<u16>(), 0..20).prop_map(|u| UnicodeString::from_utf16(&u)),
        (0usize..40_000).prop_map(|n| UnicodeString::from("é".repeat(n))),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..50),
        (0usize..200_000, any::<u8>()).prop_map(|(n, b)| vec![b; n]),
    ]
}

fn value() -> impl Strategy<Value = PropValue> {
    use PropValue as V;
    let guid = any::<[u8; 16]>().prop_map(Guid);
    let time = any::<u64>().prop_map(FileTime);
    prop_oneof![
        any::<i16>().prop_map(V::I2),
        any::<i32>().prop_map(V::Long),
        any::<u32>().prop_map(|b| V::R4(f32::from_bits(b))),
        any::<u64>().prop_map(|b| V::Double(f64::from_bits(b))),
        any::<u64>().prop_map(|b| V::AppTime(f64::from_bits(b))),
        any::<i64>().prop_map(V::Currency),
        any::<bool>().prop_map(V::Boolean),
        any::<i64>().prop_map(V::I8),
        bytes().prop_map(V::String8),
        text().prop_map(V::Unicode),
        time.clone().prop_map(V::SysTime),
        guid.clone().prop_map(V::Clsid),
        bytes().prop_map(V::Binary),
        vec(any::<i16>(), 0..9).prop_map(V::MvI2),
        vec(any::<i32>(), 0..9).prop_map(V::MvLong),
        vec(any::<u32>().prop_map(f32::from_bits), 0..9).prop_map(V::MvR4),
        vec(any::<u64>().prop_map(f64::from_bits), 0..9).prop_map(V::MvDouble),
        vec(any::<i64>(), 0..9).prop_map(V::MvCurrency),
        vec(any::<u64>().prop_map(f64::from_bits), 0..9).prop_map(V::MvAppTime),
        vec(any::<i64>(), 0..3000).prop_map(V::MvI8),
        vec(bytes(), 0..4).prop_map(V::MvString8),
        vec(text(), 0..4).prop_map(V::MvUnicode),
        vec(time, 0..9).prop_map(V::MvSysTime),
        vec(guid, 0..9).prop_map(V::MvClsid),
        vec(bytes(), 0..4).prop_map(V::MvBinary),
    ]
}

/// Properties under identifiers that have a column of their own, that have none, and named ones.
fn props() -> impl Strategy<Value = Vec<Property>> {
    let special = prop::sample::select(vec![
        tag::PR_SUBJECT,
        tag::PR_SENDER_NAME,
        tag::PR_MESSAGE_DELIVERY_TIME,
        tag::PR_IMPORTANCE,
        tag::PR_MESSAGE_CLASS,
        tag::PR_BODY,
        tag::PR_HTML,
    ]);
    let id = prop_oneof![
        special.prop_map(PropTag::id),
        0x6000u16..0x6010,
        0x8000u16..0x8010
    ];
    vec((id, value()), 1..12).prop_map(|list| {
        let mut props: Vec<Property> = Vec::new();
        for (id, value) in list {
            let tag = PropTag::new(id, value.ptype());
            props.retain(|p| p.tag.id() != id);
            props.push(Property { tag, value });
        }
        props
    })
}

/// Equal to the bit: NaNs are what they were.
fn same(a: &PropValue, b: &PropValue) -> bool {
    format!("{a:?}") == format!("{b:?}") && {
        use PropValue as V;
        match (a, b) {
            (V::R4(x), V::R4(y)) => x.to_bits() == y.to_bits(),
            (V::Double(x), V::Double(y)) | (V::AppTime(x), V::AppTime(y)) => {
                x.to_bits() == y.to_bits()
            }
            (V::MvR4(x), V::MvR4(y)) => x
                .iter()
                .map(|f| f.to_bits())
                .eq(y.iter().map(|f| f.to_bits())),
            (V::MvDouble(x), V::MvDouble(y)) | (V::MvAppTime(x), V::MvAppTime(y)) => x
                .iter()
                .map(|f| f.to_bits())
                .eq(y.iter().map(|f| f.to_bits())),
            _ => a == b,
        }
    }
}

fn assert_same(found: &[Property], set: &[Property]) {
    for (found, set) in found.iter().zip(set) {
        assert_eq!(found.tag, set.tag);
        assert!(
            same(&found.value, &set.value),
            "{:?} became {:?}",
            set,
            found
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn properties_come_back_exactly(first in props(), second in props()) {
        let mut fixture = Fixture::new();
        let all = usize::MAX as u64;
        let tags = |props: &[Property]| props.iter().map(|p| p.tag).collect::<Vec<_>>();
        let message = fixture.inbox().create_message(false);
        prop_assert_eq!(message.set_props(&first), vec![]);
        assert_same(&message.props(&tags(&first), all).unwrap(), &first);
        message.modify_recipients(RecipientChange::Add, &[Row::from(second.clone())]).unwrap();
        let attachment = message.create_attachment().unwrap();
        attachment.set_props(&second);
        let inner = attachment.open_message(true).unwrap();
        inner.set_props(&first);
        inner.save(false, Durability::Now).unwrap();
        attachment.save().unwrap();
        message.save(false, Durability::Now).unwrap();
        assert_same(&message.props(&tags(&first), all).unwrap(), &first);

        // Change it: what is set again is replaced, whatever type it had.
        let message = fixture.store.open_message(message.uid()).unwrap();
        message.set_props(&second);
        message.save(false, Durability::Now).unwrap();
        let mut expected: Vec<Property> = first.clone();
        expected.retain(|p| second.iter().all(|s| !s.tag.same_id(p.tag)));
        expected.extend(second.iter().cloned());
        fixture.reopen();
        let message = fixture.store.open_message(message.uid()).unwrap();
        assert_same(&message.props(&tags(&expected), all).unwrap(), &expected);
        let attachment = message.open_attachment(0).unwrap();
        assert_same(&attachment.props(&tags(&second), all).unwrap(), &second);
        let inner = attachment.open_message(false).unwrap();
        assert_same(&inner.props(&tags(&first), all).unwrap(), &first);

        // In a table they are the same, unless they are large.
        let mut table = fixture.inbox().contents(false).unwrap();
        table.set_columns(&tags(&expected));
        let row = table.next_rows(1).unwrap().remove(0);
        for (shown, set) in row.props.iter().zip(&expected) {
            let cut = set.value.size_bytes() > 8000;
            prop_assert!(cut || same(&shown.value, &set.value), "{:?} {:?}", shown, set);
        }

        // Deleted is deleted, and nothing is left behind.
        message.delete_props(&tags(&expected));
        message.save(false, Durability::Now).unwrap();
        let gone = message.props(&tags(&expected), all).unwrap();
        for property in gone {
            let computed = matches!(property.tag.id(), id if id == tag::PR_MESSAGE_CLASS.id());
            prop_assert!(computed || property.value.as_error() == Some(ErrorCode::NOT_FOUND));
        }
        fixture.assert_sound();
    }

    /// A stream does to a property what the same writes do to a vector.
    #[test]
    fn streams_are_like_vectors(
        start in bytes(),
        steps in vec((any::<bool>(), 0u64..150_000, vec(any::<u8>(), 0..100)), 0..12),
    ) {
        let fixture = Fixture::new();
        let message = fixture.inbox().create_message(false);
        message.set_props(&[Property::new(tag::PR_HTML, start.clone())]);
        message.save(false, Durability::Now).unwrap();
        let mut stream = message.open_stream(tag::PR_HTML, false).unwrap();
        let mut model = start;
        for (cut, at, data) in steps {
            let at_usize = usize::try_from(at).unwrap();
            if cut {
                stream.set_len(at).unwrap();
                model.resize(at_usize, 0);
            } else {
                stream.write_at(at, &data).unwrap();
                let end = at_usize + data.len();
                if model.len() < end {
                    model.resize(end, 0);
                }
                model[at_usize..end].copy_from_slice(&data);
            }
        }
        message.set_stream(tag::PR_HTML, &mut stream).unwrap();
        message.save(false, Durability::Now).unwrap();
        let message = fixture.store.open_message(message.uid()).unwrap();
        let found = message.props(&[tag::PR_HTML], u64::MAX).unwrap().remove(0);
        prop_assert!(found.value == PropValue::Binary(model));
        fixture.assert_sound();
    }
}
