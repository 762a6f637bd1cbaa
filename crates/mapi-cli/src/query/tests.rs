use jiff::tz::TimeZone;
use mapi_types::{FileTime, PropTag, PropType, PropValue, Property, Restriction, Row, tag};
use proptest::prelude::*;

use super::value::{self, Moment};
use super::*;

/// 2024-05-17 12:00 in Berlin, summer time.
fn moment() -> Moment {
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let time: jiff::Timestamp = "2024-05-17T10:00:00Z".parse().unwrap();
    Moment(time.to_zoned(zone))
}

fn lowered(text: &str) -> Restriction {
    parse_where(text, &moment()).unwrap_or_else(|e| panic!("{}", e.explain(text)))
}

fn row(props: Vec<Property>) -> Row {
    Row::from(props)
}

#[track_caller]
fn check(text: &str, props: Vec<Property>, expected: bool) {
    let found = lowered(text).matches(&row(props)).unwrap();
    assert_eq!(found, expected, "{text}");
}

#[track_caller]
fn refused(text: &str, because: &str) {
    let error = parse_where(text, &moment()).unwrap_err();
    let told = error.explain(text);
    assert!(told.contains(because), "{text}: {told}");
}

fn time(text: &str) -> FileTime {
    value::file_time(text.parse().unwrap())
}

#[test]
fn the_example_of_the_issue() {
    let query = r#"subject ~ "invoice" and date >= 2024-01-01 and not read and size > 1M"#;
    let mail = |subject: &str, date: &str, flags: i32, size: i32| {
        vec![
            Property::new(tag::PR_SUBJECT, subject),
            Property::new(tag::PR_MESSAGE_DELIVERY_TIME, time(date)),
            Property::new(tag::PR_MESSAGE_FLAGS, flags),
            Property::new(tag::PR_MESSAGE_SIZE, size),
        ]
    };
    let large = 1024 * 1024 + 1;
    check(
        query,
        mail("Your INVOICE 7", "2024-03-01T00:00:00Z", 0, large),
        true,
    );
    check(
        query,
        mail("Your invoice 7", "2024-03-01T00:00:00Z", 1, large),
        false,
    );
    check(
        query,
        mail("Your invoice 7", "2024-03-01T00:00:00Z", 0, large - 1),
        false,
    );
    check(
        query,
        mail("Your bill", "2024-03-01T00:00:00Z", 0, large),
        false,
    );
    // The day begins at midnight here, which is 23:00 of the day before in UTC.
    check(
        query,
        mail("invoice", "2023-12-31T23:00:00Z", 0, large),
        true,
    );
    check(
        query,
        mail("invoice", "2023-12-31T22:59:59Z", 0, large),
        false,
    );
}

#[test]
fn text_is_compared_in_any_case() {
    let subject = |text: &str| vec![Property::new(tag::PR_SUBJECT, text)];
    check("subject = 'hello world'", subject("Hello World"), true);
    check("subject = hello", subject("Hello World"), false);
    check("SUBJECT ^= hello", subject("Hello World"), true);
    check("subject != hello", subject("Hello World"), true);
    check("subject !~ WORLD", subject("Hello World"), false);
    check("pr_subject ~ world", subject("Hello World"), true);
    check("0037001F ~ world", subject("Hello World"), true);
    check("0x0037001f ~ world", subject("Hello World"), true);
    check(
        r#"subject ~ "a \"quoted\" word""#,
        subject("a \"quoted\" word"),
        true,
    );
    check(
        "from ~ ann",
        vec![Property::new(tag::PR_SENT_REPRESENTING_NAME, "Ann")],
        true,
    );
}

#[test]
fn what_is_not_there_is_not_equal() {
    check("subject != x", vec![], true);
    check("subject = x", vec![], false);
    check("has subject", vec![], false);
    check("not has subject", vec![], true);
    check(
        "importance = high",
        vec![Property::new(tag::PR_IMPORTANCE, 2)],
        true,
    );
    check(
        "importance >= normal",
        vec![Property::new(tag::PR_IMPORTANCE, 0)],
        false,
    );
}

#[test]
fn and_binds_closer_than_or() {
    let flags = |n: i32| vec![Property::new(tag::PR_MESSAGE_FLAGS, n)];
    check("read or unsent and attachments", flags(0x1), true);
    check("(read or unsent) and attachments", flags(0x1), false);
    check("(read or unsent) and attachments", flags(0x11), true);
    check("not read and not unsent", flags(0), true);
    check("unread", flags(0), true);
    check("PR_MESSAGE_FLAGS & 0x18", flags(0x8), true);
    check("PR_MESSAGE_FLAGS & 0x18", flags(0x1), false);
}

#[test]
fn days_months_and_years_are_periods() {
    let at = |text: &str| vec![Property::new(tag::PR_MESSAGE_DELIVERY_TIME, time(text))];
    check("date = 2024-05-16", at("2024-05-15T22:00:00Z"), true);
    check("date = 2024-05-16", at("2024-05-16T22:00:00Z"), false);
    check("date = yesterday", at("2024-05-16T10:00:00Z"), true);
    check("date <= 2024-05", at("2024-05-31T21:59:59Z"), true);
    check("date > 2024-05", at("2024-05-31T21:59:59Z"), false);
    check("date > 2023", at("2023-12-31T23:00:00Z"), true);
    check("date >= 7d", at("2024-05-10T10:00:00Z"), true);
    check("date >= 7d", at("2024-05-10T09:59:59Z"), false);
    check("date = 2024-05-17T12:00", at("2024-05-17T10:00:00Z"), true);
    check(
        "date = '2024-05-17 12:00'",
        at("2024-05-17T10:00:00Z"),
        true,
    );
    check(
        "date = 2024-05-17T10:00:00Z",
        at("2024-05-17T10:00:00Z"),
        true,
    );
    check("date != today", at("2024-05-17T10:00:00Z"), false);
}

#[test]
fn other_types_are_compared_as_they_are() {
    let tag = |raw| PropTag::from_raw(raw);
    let prop = |raw, value: PropValue| vec![Property::new(tag(raw), value)];
    check("6600000B = true", prop(0x6600_000B, true.into()), true);
    check(
        "66000014 > 5000000000",
        prop(0x6600_0014, 5_000_000_001_i64.into()),
        true,
    );
    check(
        "66000102 ^= dead",
        prop(0x6600_0102, vec![0xDE_u8, 0xAD, 0xBE].into()),
        true,
    );
    check("66000005 < 2.5", prop(0x6600_0005, 2.25.into()), true);
    check("66001003 = 7", prop(0x6600_1003, vec![1, 7].into()), true);
}

#[test]
fn recipients_and_attachments_are_looked_into() {
    let Restriction::SubObject { tag, inner } = lowered("to ~ ann") else {
        panic!("no sub-object");
    };
    assert_eq!(tag, mapi_types::tag::PR_MESSAGE_RECIPIENTS);
    let ann = row(vec![
        Property::new(tag::PR_RECIPIENT_TYPE, 1),
        Property::new(tag::PR_EMAIL_ADDRESS, "ann@example.org"),
    ]);
    assert!(inner.matches(&ann).unwrap());
    assert!(matches!(lowered("to !~ ann"), Restriction::Not(_)));
    assert!(matches!(
        lowered("attachment ~ pdf"),
        Restriction::SubObject { .. }
    ));
}

#[test]
fn errors_say_what_would_be_right() {
    refused("", "expected a property");
    refused("subject", "expected an operator after 'subject'");
    refused("subject ~", "expected a value after '~'");
    refused(
        "colour = red",
        "there is no property 'colour'; write subject, from",
    );
    refused(
        "subject ~ 'x",
        "this quote is not closed\n  subject ~ 'x\n            ^",
    );
    refused("(read", "a ')' is missing");
    refused("read)", "no '(' for this");
    refused("read unread", "expected 'and' or 'or'");
    refused("size > huge", "size: 'huge' is not a size; write 500, 10k");
    refused("date > soon", "date: 'soon' is not a time");
    refused("date ~ 2024", "'~' is not for times");
    refused("importance = medium", "is none of low, normal, high");
    refused("subject & 1", "'&' is for numbers");
    refused("!read", "this character means nothing here");
    refused(&format!("{}read", "not ".repeat(100)), "nested too deeply");
    refused(&"(".repeat(100_000), "nested too deeply");
}

#[test]
fn sizes_are_powers_of_1024() {
    for (text, bytes) in [
        ("500", 500),
        ("10k", 10_240),
        ("10 KB".trim_end_matches(" KB"), 10),
        ("2M", 2 << 20),
        ("1.5G", 3 << 29),
        ("1MiB", 1 << 20),
        ("0.5k", 512),
    ] {
        assert_eq!(value::size(text).unwrap(), bytes, "{text}");
    }
    for bad in ["", "k", "-1", "1.k.", "1x", "99999999999T", ".5"] {
        assert!(value::size(bad).is_err(), "{bad}");
    }
}

#[test]
fn sort_orders() {
    let order = parse_sort("-date, sender,+PR_SUBJECT").unwrap();
    let keys: Vec<(PropTag, bool)> = order.keys.iter().map(|k| (k.tag, k.descending)).collect();
    assert_eq!(
        keys,
        [
            (tag::PR_MESSAGE_DELIVERY_TIME, true),
            (tag::PR_SENDER_NAME, false),
            (tag::PR_SUBJECT, false)
        ]
    );
    for bad in ["", "-", "date,,size", "colour", "attachment"] {
        assert!(parse_sort(bad).is_err(), "{bad}");
    }
}

fn literal() -> impl Strategy<Value = Literal> {
    let quoted = any::<String>().prop_map(|text| Literal { text, quoted: true });
    let bare = "[a-zA-Z0-9_.:@/+-]{1,12}".prop_map(|text| Literal {
        text,
        quoted: false,
    });
    prop_oneof![quoted, bare]
}

fn field() -> impl Strategy<Value = Field> {
    let known = (0..KNOWN.len()).prop_map(|i| Field::Known(&KNOWN[i]));
    let numbers = any::<u16>().prop_map(|id| Field::Tag(PropTag::new(id, PropType::LONG)));
    prop_oneof![known, numbers]
}

fn condition() -> impl Strategy<Value = Condition> {
    let op = (0..Op::ALL.len()).prop_map(|i| Op::ALL[i].1);
    let leaf = prop_oneof![
        (0..Flag::ALL.len()).prop_map(|i| Condition::Flag(Flag::ALL[i])),
        field().prop_map(Condition::Has),
        (field(), op, literal()).prop_map(|(f, o, l)| Condition::Compare(f, o, l)),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::Or),
            inner.prop_map(|c| Condition::Not(Box::new(c))),
        ]
    })
}

proptest! {
    #[test]
    fn a_condition_reads_as_it_is_displayed(condition in condition()) {
        let text = condition.to_string();
        prop_assert_eq!(parse::parse(&text).map_err(|e| e.explain(&text)), Ok(condition));
    }

    #[test]
    fn nothing_makes_it_panic(text in any::<String>()) {
        if let Err(error) = parse_where(&text, &moment()) {
            error.explain(&text);
        }
        let _ = parse_sort(&text);
    }

    #[test]
    fn nothing_that_looks_like_a_query_makes_it_panic(
        text in "(subject|size|date|not|and|or|has|[(]|[)]|~|>=|'|\\\\|[0-9a-z-]{1,8}| ){0,12}"
    ) {
        if let Ok(restriction) = parse_where(&text, &moment()) {
            restriction.compile().unwrap();
        }
    }
}
