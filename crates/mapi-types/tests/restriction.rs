//! Restrictions, kind by kind, against rows.

use mapi_types::{
    ErrorCode, FuzzyLevel, FuzzyMatch, MAX_RESTRICTION_DEPTH, PropLookup, PropTag, PropType,
    PropValue, Property, RelOp, Restriction, Result, Row, tag,
};
use proptest::prelude::*;

const KEYWORDS: PropTag = PropTag::new(0x8001, PropType::MV_UNICODE);

fn row() -> Row {
    vec![
        Property::new(tag::PR_SUBJECT, "Grüße aus Köln"),
        Property::new(
            tag::PR_MESSAGE_CLASS,
            PropValue::String8(b"IPM.Note".to_vec()),
        ),
        Property::new(tag::PR_MESSAGE_SIZE, 1000),
        Property::new(tag::PR_MESSAGE_FLAGS, 0x11),
        Property::new(tag::PR_SEARCH_KEY, &b"SMTP:\x00\xFF"[..]),
        Property::new(
            KEYWORDS,
            PropValue::MvUnicode(vec!["red".into(), "Blue".into()]),
        ),
        Property::error(tag::PR_BODY, ErrorCode::NOT_ENOUGH_MEMORY),
    ]
    .into()
}

fn relation(relop: RelOp, tag: PropTag, value: impl Into<PropValue>) -> Restriction {
    Restriction::Property {
        relop,
        tag,
        value: Property::new(tag, value),
    }
}

fn content(
    part: FuzzyMatch,
    loose: &str,
    tag: PropTag,
    value: impl Into<PropValue>,
) -> Restriction {
    Restriction::Content {
        fuzzy: FuzzyLevel {
            part,
            ignore_case: loose.contains('c'),
            ignore_nonspace: loose.contains('n'),
            loose: loose.contains('l'),
        },
        tag,
        value: Property::new(tag, value),
    }
}

fn not(inner: Restriction) -> Restriction {
    Restriction::Not(Box::new(inner))
}

#[track_caller]
fn assert_matches(expected: bool, restriction: &Restriction) {
    assert_eq!(
        restriction.matches(&row()).expect("evaluates"),
        expected,
        "{restriction:?}"
    );
}

#[track_caller]
fn assert_too_complex(restriction: &Restriction) {
    let error = restriction.compile().expect_err("should be refused");
    assert_eq!(error.code(), ErrorCode::TOO_COMPLEX, "{restriction:?}");
}

#[test]
fn property_knows_all_relations() {
    use RelOp::{Eq, Ge, Gt, Le, Lt, Ne};
    for (constant, holding) in [
        (999, [Gt, Ge, Ne]),
        (1000, [Le, Ge, Eq]),
        (1001, [Lt, Le, Ne]),
    ] {
        for relop in [Lt, Le, Gt, Ge, Eq, Ne] {
            assert_matches(
                holding.contains(&relop),
                &relation(relop, tag::PR_MESSAGE_SIZE, constant),
            );
        }
    }
    assert_too_complex(&relation(RelOp::Re, tag::PR_SUBJECT, "a.*"));
}

#[test]
fn text_compares_without_case_and_in_either_width() {
    assert_matches(
        true,
        &relation(
            RelOp::Eq,
            tag::PR_SUBJECT,
            "GRÜSSE aus köln".replace("SS", "ß"),
        ),
    );
    assert_matches(
        true,
        &relation(RelOp::Eq, tag::PR_MESSAGE_CLASS, "ipm.note"),
    );
    let narrow = PropTag::new(tag::PR_SUBJECT.id(), PropType::STRING8);
    assert_matches(
        true,
        &relation(RelOp::Ge, narrow, PropValue::String8(b"gr".to_vec())),
    );
}

#[test]
fn conditions_on_missing_properties_are_false_and_their_negation_true() {
    let missing = [
        relation(RelOp::Ne, tag::PR_IMPORTANCE, 1),
        relation(RelOp::Lt, tag::PR_IMPORTANCE, 1),
        content(FuzzyMatch::Substring, "", tag::PR_SENDER_NAME, ""),
        Restriction::Bitmask {
            nonzero: false,
            tag: tag::PR_IMPORTANCE,
            mask: 1,
        },
        Restriction::Size {
            relop: RelOp::Ge,
            tag: tag::PR_SENDER_NAME,
            size_bytes: 0,
        },
        Restriction::CompareProps {
            relop: RelOp::Ne,
            left: tag::PR_MESSAGE_SIZE,
            right: tag::PR_IMPORTANCE,
        },
        Restriction::Exist(tag::PR_IMPORTANCE),
        // PT_ERROR in a row is a property that is not there.
        Restriction::Exist(tag::PR_BODY),
        content(FuzzyMatch::Substring, "", tag::PR_BODY, ""),
    ];
    for restriction in missing {
        assert_matches(false, &restriction);
        assert_matches(true, &not(restriction));
    }
}

#[test]
fn a_value_of_another_type_is_a_missing_property() {
    let other = PropTag::new(tag::PR_SUBJECT.id(), PropType::LONG);
    assert_matches(false, &relation(RelOp::Ne, other, 1));
    assert_matches(false, &Restriction::Exist(other));
    assert_matches(
        true,
        &Restriction::Exist(PropTag::new(other.id(), PropType::UNSPECIFIED)),
    );
    assert_matches(
        true,
        &Restriction::Exist(PropTag::new(other.id(), PropType::STRING8)),
    );
}

#[test]
fn content_matches_parts_of_text() {
    use FuzzyMatch::{FullString, Prefix, Substring};
    let subject = |part, loose, needle: &str| content(part, loose, tag::PR_SUBJECT, needle);
    assert_matches(true, &subject(FullString, "", "Grüße aus Köln"));
    assert_matches(false, &subject(FullString, "", "Grüße aus"));
    assert_matches(false, &subject(FullString, "", "GRÜßE AUS KÖLN"));
    assert_matches(true, &subject(FullString, "c", "GRÜßE AUS KÖLN"));
    assert_matches(true, &subject(Prefix, "", "Grüße"));
    assert_matches(false, &subject(Prefix, "", "grüße"));
    assert_matches(false, &subject(Prefix, "c", "aus"));
    assert_matches(true, &subject(Substring, "", "aus K"));
    assert_matches(true, &subject(Substring, "c", "AUS kÖ"));
    assert_matches(false, &subject(Substring, "c", "koln"));
    assert_matches(true, &subject(Substring, "cn", "koln"));
    assert_matches(true, &subject(Substring, "n", "Ko\u{308}ln"));
    assert_matches(true, &subject(Substring, "l", "KOLN"));
    assert_matches(true, &subject(Substring, "", ""));
    assert_matches(false, &subject(FullString, "", ""));
    let class = |part, loose, needle: &str| content(part, loose, tag::PR_MESSAGE_CLASS, needle);
    assert_matches(true, &class(Prefix, "c", "ipm."));
    assert_matches(true, &class(Substring, "c", "NOTE"));
    assert_matches(false, &class(Substring, "c", "NOTES"));
    assert_matches(false, &class(Prefix, "", "ipm."));
}

#[test]
fn content_matches_bytes_and_members_of_lists() {
    use FuzzyMatch::{FullString, Prefix, Substring};
    let key = |part, needle: &[u8]| content(part, "c", tag::PR_SEARCH_KEY, needle);
    assert_matches(true, &key(Prefix, b"SMTP:"));
    assert_matches(false, &key(Prefix, b"smtp:"));
    assert_matches(true, &key(Substring, b"\x00\xFF"));
    assert_matches(false, &key(FullString, b"SMTP:"));
    assert_matches(true, &content(FullString, "", KEYWORDS, "red"));
    assert_matches(true, &content(Prefix, "c", KEYWORDS, "blu"));
    assert_matches(false, &content(Prefix, "", KEYWORDS, "blu"));
    assert_too_complex(&content(Prefix, "", tag::PR_MESSAGE_SIZE, 7));
    assert_too_complex(&content(
        Prefix,
        "",
        KEYWORDS,
        PropValue::MvUnicode(vec!["red".into()]),
    ));
}

#[test]
fn a_list_matches_by_a_member_or_as_a_tuple() {
    let instances = KEYWORDS.with_type(PropType(PropType::MV_UNICODE.0 | PropType::MV_INSTANCE));
    let one = |tag, relop, value: &str| Restriction::Property {
        relop,
        tag,
        value: Property::new(tag, value),
    };
    for tag in [KEYWORDS, instances] {
        assert_matches(true, &one(tag, RelOp::Eq, "blue"));
        assert_matches(true, &one(tag, RelOp::Ne, "blue"));
        assert_matches(false, &one(tag, RelOp::Eq, "green"));
    }
    let tuple = |relop, list: &[&str]| {
        let value = PropValue::MvUnicode(list.iter().map(|s| (*s).into()).collect());
        relation(relop, KEYWORDS, value)
    };
    assert_matches(true, &tuple(RelOp::Eq, &["RED", "blue"]));
    assert_matches(false, &tuple(RelOp::Eq, &["blue", "red"]));
    assert_matches(true, &tuple(RelOp::Gt, &["red"]));
    assert_matches(true, &tuple(RelOp::Lt, &["red", "green"]));
    assert_too_complex(&Restriction::Property {
        relop: RelOp::Eq,
        tag: instances,
        value: Property::new(KEYWORDS, PropValue::MvUnicode(vec!["red".into()])),
    });
}

#[test]
fn compare_props_bitmask_size() {
    let pair = |relop, left, right| Restriction::CompareProps { relop, left, right };
    assert_matches(
        true,
        &pair(RelOp::Gt, tag::PR_MESSAGE_SIZE, tag::PR_MESSAGE_FLAGS),
    );
    assert_matches(
        false,
        &pair(RelOp::Eq, tag::PR_SUBJECT, tag::PR_MESSAGE_CLASS),
    );
    assert_too_complex(&pair(RelOp::Gt, tag::PR_MESSAGE_SIZE, tag::PR_SUBJECT));
    assert_too_complex(&pair(RelOp::Re, tag::PR_SUBJECT, tag::PR_SUBJECT));

    let bits = |nonzero, mask| Restriction::Bitmask {
        nonzero,
        tag: tag::PR_MESSAGE_FLAGS,
        mask,
    };
    assert_matches(true, &bits(true, 0x30));
    assert_matches(false, &bits(true, 0x20));
    assert_matches(true, &bits(false, 0x20));
    assert_matches(false, &bits(false, 0x11));
    assert_too_complex(&Restriction::Bitmask {
        nonzero: true,
        tag: tag::PR_SUBJECT,
        mask: 1,
    });

    let size = |relop, tag, size_bytes| Restriction::Size {
        relop,
        tag,
        size_bytes,
    };
    assert_matches(true, &size(RelOp::Eq, tag::PR_SEARCH_KEY, 7));
    assert_matches(true, &size(RelOp::Eq, tag::PR_MESSAGE_CLASS, 8));
    assert_matches(true, &size(RelOp::Eq, tag::PR_SUBJECT, 28));
    assert_matches(false, &size(RelOp::Gt, tag::PR_MESSAGE_SIZE, 4));
    assert_too_complex(&size(RelOp::Re, tag::PR_SUBJECT, 1));
}

#[test]
fn comments_are_ignored_and_counts_are_refused() {
    let comment = |inner| Restriction::Comment {
        props: vec![Property::new(tag::PR_SUBJECT, "why")],
        inner,
    };
    assert_matches(true, &comment(None));
    let no = relation(RelOp::Eq, tag::PR_MESSAGE_SIZE, 1);
    assert_matches(false, &comment(Some(Box::new(no.clone()))));
    assert_too_complex(&Restriction::Count {
        count: 1,
        inner: Box::new(no),
    });
}

#[test]
fn types_must_agree() {
    let crossed = |tag, value: PropValue| Restriction::Property {
        relop: RelOp::Eq,
        tag,
        value: Property::new(tag::PR_SUBJECT, value),
    };
    assert_too_complex(&crossed(tag::PR_MESSAGE_SIZE, "x".into()));
    assert_too_complex(&crossed(tag::PR_SUBJECT, 1.into()));
    assert_too_complex(&crossed(tag::PR_MESSAGE_SIZE, PropValue::MvLong(vec![1])));
    let unspecified = PropTag::new(tag::PR_MESSAGE_SIZE.id(), PropType::UNSPECIFIED);
    assert_matches(true, &crossed(unspecified, 1000.into()));
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: u32| (1..depth).fold(Restriction::Exist(tag::PR_SUBJECT), |r, _| not(r));
    assert!(nested(MAX_RESTRICTION_DEPTH).compile().is_ok());
    assert_too_complex(&nested(MAX_RESTRICTION_DEPTH + 1));
}

/// A message with recipients.
struct WithRecipients(Row, Vec<Row>);

impl PropLookup for WithRecipients {
    fn prop(&self, tag: PropTag) -> Option<&PropValue> {
        self.0.get(tag)
    }

    fn any_sub_object(
        &self,
        tag: PropTag,
        test: &mut dyn FnMut(&dyn PropLookup) -> Result<bool>,
    ) -> Result<bool> {
        let rows: &[Row] = if tag == tag::PR_MESSAGE_RECIPIENTS {
            &self.1
        } else {
            &[]
        };
        for row in rows {
            if test(row)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[test]
fn sub_objects_are_asked_where_there_are_any() {
    let sent_to = |tag, name: &str| Restriction::SubObject {
        tag,
        inner: Box::new(content(FuzzyMatch::Prefix, "c", tag::PR_DISPLAY_NAME, name)),
    };
    let recipient = |name: &str| vec![Property::new(tag::PR_DISPLAY_NAME, name)].into();
    let message = WithRecipients(row(), vec![recipient("Ann"), recipient("Bob")]);
    let to_bob = sent_to(tag::PR_MESSAGE_RECIPIENTS, "bob");
    assert!(to_bob.matches(&message).unwrap());
    assert!(
        !sent_to(tag::PR_MESSAGE_RECIPIENTS, "carl")
            .matches(&message)
            .unwrap()
    );
    assert!(
        !sent_to(tag::PR_MESSAGE_ATTACHMENTS, "bob")
            .matches(&message)
            .unwrap()
    );
    assert_too_complex(&sent_to(tag::PR_SUBJECT, "bob"));

    assert!(to_bob.compile().unwrap().needs_sub_objects());
    assert_eq!(
        to_bob.matches(&row()).unwrap_err().code(),
        ErrorCode::TOO_COMPLEX
    );
}

fn any_row() -> impl Strategy<Value = Row> {
    let subject = prop::option::of("[a-cA-Cä]{0,4}");
    let size = prop::option::of(-2..3i32);
    let words = prop::option::of(prop::collection::vec("[a-c]{1}", 0..3));
    (subject, size, words).prop_map(|(subject, size, words)| {
        let mut props = Vec::new();
        props.extend(subject.map(|s| Property::new(tag::PR_SUBJECT, s)));
        props.extend(size.map(|n| Property::new(tag::PR_MESSAGE_SIZE, n)));
        props.extend(words.map(|list| {
            let list = list.into_iter().map(Into::into).collect();
            Property::new(KEYWORDS, PropValue::MvUnicode(list))
        }));
        props.into()
    })
}

fn any_relop() -> impl Strategy<Value = RelOp> {
    prop::sample::select(vec![
        RelOp::Lt,
        RelOp::Le,
        RelOp::Gt,
        RelOp::Ge,
        RelOp::Eq,
        RelOp::Ne,
    ])
}

fn any_leaf() -> impl Strategy<Value = Restriction> {
    let parts = vec![
        FuzzyMatch::FullString,
        FuzzyMatch::Prefix,
        FuzzyMatch::Substring,
    ];
    let loose = prop::sample::select(vec!["", "c", "n", "cn", "l"]);
    prop_oneof![
        (any_relop(), -2..3i32).prop_map(|(r, n)| relation(r, tag::PR_MESSAGE_SIZE, n)),
        (any_relop(), "[a-cA-C]{0,2}").prop_map(|(r, s)| relation(r, tag::PR_SUBJECT, s)),
        (any_relop(), "[a-c]{1}").prop_map(|(r, s)| relation(r, KEYWORDS, s)),
        (prop::sample::select(parts), loose, "[a-cäA]{0,2}").prop_map(|(part, loose, s)| content(
            part,
            loose,
            tag::PR_SUBJECT,
            s
        )),
        any::<bool>().prop_map(|nonzero| Restriction::Bitmask {
            nonzero,
            tag: tag::PR_MESSAGE_SIZE,
            mask: 1
        }),
        Just(Restriction::Exist(tag::PR_SUBJECT)),
    ]
}

fn any_restriction() -> impl Strategy<Value = Restriction> {
    any_leaf().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Restriction::And),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Restriction::Or),
            inner.prop_map(not),
        ]
    })
}

proptest! {
    #[test]
    fn de_morgan(row in any_row(), a in any_restriction(), b in any_restriction()) {
        let of = |r: Restriction| r.matches(&row).unwrap();
        prop_assert_eq!(
            of(not(Restriction::And(vec![a.clone(), b.clone()]))),
            of(Restriction::Or(vec![not(a.clone()), not(b.clone())]))
        );
        prop_assert_eq!(
            of(not(Restriction::Or(vec![a.clone(), b.clone()]))),
            of(Restriction::And(vec![not(a), not(b)]))
        );
    }

    #[test]
    fn and_and_or_are_all_and_any(row in any_row(), list in prop::collection::vec(any_restriction(), 0..4)) {
        let single: Vec<bool> = list.iter().map(|r| r.matches(&row).unwrap()).collect();
        prop_assert_eq!(Restriction::And(list.clone()).matches(&row).unwrap(), single.iter().all(|b| *b));
        prop_assert_eq!(Restriction::Or(list).matches(&row).unwrap(), single.iter().any(|b| *b));
    }

    #[test]
    fn a_relation_and_its_opposite_split_the_rows_that_have_the_property(
        row in any_row(), n in -2..3i32,
    ) {
        let of = |relop| relation(relop, tag::PR_MESSAGE_SIZE, n).matches(&row).unwrap();
        let there = Restriction::Exist(tag::PR_MESSAGE_SIZE).matches(&row).unwrap();
        for (a, b) in [(RelOp::Lt, RelOp::Ge), (RelOp::Gt, RelOp::Le), (RelOp::Eq, RelOp::Ne)] {
            prop_assert_eq!(of(a) || of(b), there);
            prop_assert!(!(of(a) && of(b)));
        }
    }

    #[test]
    fn a_prefix_is_a_substring(row in any_row(), s in "[a-cäA]{0,2}", loose in "[cn]{0,2}") {
        let of = |part| content(part, &loose, tag::PR_SUBJECT, &*s).matches(&row).unwrap();
        prop_assert!(!of(FuzzyMatch::FullString) || of(FuzzyMatch::Prefix));
        prop_assert!(!of(FuzzyMatch::Prefix) || of(FuzzyMatch::Substring));
    }
}
