//! String width: text is PT_UNICODE inside, PT_STRING8 only at the door.

use mapi_types::{
    PropTag, PropType, PropValue, Property, Restriction, Row, SortOrder, UnicodeString, decode_8bit,
};

/// The tag as the semantic traits know it: PT_STRING8 becomes PT_UNICODE.
pub(crate) fn wide_tag(tag: PropTag) -> PropTag {
    let ptype = tag.ptype();
    match ptype.single() {
        PropType::STRING8 => tag.with_type(PropType(
            ptype.0 - PropType::STRING8.0 + PropType::UNICODE.0,
        )),
        _ => tag,
    }
}

/// The tag of a string property as a client that did not (or did) say MAPI_UNICODE sees it.
pub(crate) fn tag_for_client(tag: PropTag, unicode: bool) -> PropTag {
    let ptype = tag.ptype();
    if unicode || ptype.single() != PropType::UNICODE {
        return tag;
    }
    tag.with_type(PropType(
        ptype.0 - PropType::UNICODE.0 + PropType::STRING8.0,
    ))
}

/// A property from outside as the semantic traits know it.
pub(crate) fn widen(prop: &Property) -> Property {
    let value = match &prop.value {
        PropValue::String8(bytes) => PropValue::Unicode(from_bytes(bytes)),
        PropValue::MvString8(list) => {
            PropValue::MvUnicode(list.iter().map(|bytes| from_bytes(bytes)).collect())
        }
        other => other.clone(),
    };
    Property {
        tag: wide_tag(prop.tag),
        value,
    }
}

/// A row from outside as the semantic traits know it.
pub(crate) fn widen_row(row: &Row) -> Row {
    Row::from(row.props.iter().map(widen).collect::<Vec<_>>())
}

/// A property for the place of `asked`: strings get the width asked for (PT_UNSPECIFIED: the one `unicode` says).
pub(crate) fn narrow_for(prop: &mut Property, asked: PropTag, unicode: bool) {
    let wanted = asked.ptype().single();
    let narrow = wanted == PropType::STRING8 || (wanted == PropType::UNSPECIFIED && !unicode);
    if narrow {
        match &prop.value {
            PropValue::Unicode(text) => prop.value = PropValue::String8(to_bytes(text)),
            PropValue::MvUnicode(list) => {
                prop.value = PropValue::MvString8(list.iter().map(to_bytes).collect());
            }
            _ => {}
        }
    }
    prop.tag = asked.with_type(prop.value.ptype());
}

/// A restriction from outside as the semantic traits know it.
pub(crate) fn widen_restriction(restriction: &Restriction) -> Restriction {
    use Restriction as R;
    let inner = |r: &Restriction| Box::new(widen_restriction(r));
    match restriction {
        R::And(list) => R::And(list.iter().map(widen_restriction).collect()),
        R::Or(list) => R::Or(list.iter().map(widen_restriction).collect()),
        R::Not(r) => R::Not(inner(r)),
        R::Content { fuzzy, tag, value } => R::Content {
            fuzzy: *fuzzy,
            tag: wide_tag(*tag),
            value: widen(value),
        },
        R::Property { relop, tag, value } => R::Property {
            relop: *relop,
            tag: wide_tag(*tag),
            value: widen(value),
        },
        R::CompareProps { relop, left, right } => R::CompareProps {
            relop: *relop,
            left: wide_tag(*left),
            right: wide_tag(*right),
        },
        R::Exist(tag) => R::Exist(wide_tag(*tag)),
        R::SubObject { tag, inner: r } => R::SubObject {
            tag: *tag,
            inner: inner(r),
        },
        R::Comment { props, inner: r } => R::Comment {
            props: props.clone(),
            inner: r.as_deref().map(inner),
        },
        R::Count { count, inner: r } => R::Count {
            count: *count,
            inner: inner(r),
        },
        R::Bitmask { .. } | R::Size { .. } => restriction.clone(),
    }
}

/// A sort order from outside as the semantic traits know it.
pub(crate) fn widen_order(order: &SortOrder) -> SortOrder {
    let mut order = order.clone();
    for key in &mut order.keys {
        key.tag = wide_tag(key.tag);
    }
    order
}

/// Text of PT_STRING8.
pub(crate) fn from_bytes(bytes: &[u8]) -> UnicodeString {
    decode_8bit(bytes).into()
}

/// Bytes of PT_STRING8: UTF-8.
pub(crate) fn to_bytes(text: &UnicodeString) -> Vec<u8> {
    text.to_str().into_owned().into_bytes()
}

#[cfg(test)]
mod tests {
    use mapi_types::tag;

    use super::*;

    #[test]
    fn string8_comes_in_as_unicode_and_goes_out_as_asked() {
        let narrow_subject = tag::PR_SUBJECT.with_type(PropType::STRING8);
        let outside = Property::new(narrow_subject, PropValue::String8(b"Gr\xfc\xdfe".to_vec()));
        let mut inside = widen(&outside);
        assert_eq!(inside.tag, tag::PR_SUBJECT);
        assert_eq!(inside.value.as_str().as_deref(), Some("Grüße"));
        narrow_for(&mut inside, narrow_subject, true);
        assert_eq!(inside.tag, narrow_subject);
        assert_eq!(inside.value, PropValue::String8("Grüße".into()));
    }

    #[test]
    fn unspecified_follows_the_flag() {
        let asked = tag::PR_SUBJECT.with_type(PropType::UNSPECIFIED);
        for (unicode, ptype) in [(true, PropType::UNICODE), (false, PropType::STRING8)] {
            let mut prop = Property::new(tag::PR_SUBJECT, "x");
            narrow_for(&mut prop, asked, unicode);
            assert_eq!(prop.tag.ptype(), ptype);
            assert_eq!(tag_for_client(tag::PR_SUBJECT, unicode).ptype(), ptype);
        }
    }
}
