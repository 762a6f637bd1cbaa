use std::path::Path;

use mapi_types::{
    ErrorCode, FileTime, Guid, MapiUid, PropTag, PropType, PropValue, Property, UnicodeString, tag,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::content::{Profile, ProviderKind, Section, SectionKind};
use super::super::name::ProfileName;
use super::super::secret::Secrets;
use super::*;

fn profile(sections: Vec<Section>) -> Profile {
    let mut profile = Profile::new(ProfileName::new("Test").unwrap());
    profile.sections.extend(sections);
    profile
}

/// Equal to the last bit: NaN is itself, and -0.0 is not 0.0.
fn same(a: &PropValue, b: &PropValue) -> bool {
    use PropValue as V;
    let list = |a: &[f64], b: &[f64]| {
        a.iter()
            .map(|n| n.to_bits())
            .eq(b.iter().map(|n| n.to_bits()))
    };
    match (a, b) {
        (V::R4(a), V::R4(b)) => a.to_bits() == b.to_bits(),
        (V::MvR4(a), V::MvR4(b)) => a
            .iter()
            .map(|n| n.to_bits())
            .eq(b.iter().map(|n| n.to_bits())),
        (V::Double(a), V::Double(b)) | (V::AppTime(a), V::AppTime(b)) => list(&[*a], &[*b]),
        (V::MvDouble(a), V::MvDouble(b)) | (V::MvAppTime(a), V::MvAppTime(b)) => list(a, b),
        (a, b) => a == b,
    }
}

fn unicode() -> impl Strategy<Value = UnicodeString> {
    prop_oneof![
        any::<String>().prop_map(UnicodeString::from),
        vec(any::<u16>(), 0..8).prop_map(|units| UnicodeString::from_utf16(&units)),
    ]
}

fn string8() -> impl Strategy<Value = Vec<u8>> {
    let no_zero = |bytes: Vec<u8>| bytes.into_iter().filter(|b| *b != 0).collect();
    prop_oneof![
        "[ -~]{0,20}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..20).prop_map(no_zero),
    ]
}

fn value() -> impl Strategy<Value = PropValue> {
    use PropValue as V;
    let f64s = || any::<u64>().prop_map(f64::from_bits);
    let f32s = || any::<u32>().prop_map(f32::from_bits);
    let bytes = || vec(any::<u8>(), 0..40);
    let times = || any::<u64>().prop_map(FileTime);
    let guids = || any::<[u8; 16]>().prop_map(Guid);
    let single = prop_oneof![
        Just(V::Null),
        Just(V::Object),
        any::<i16>().prop_map(V::I2),
        any::<i32>().prop_map(V::Long),
        f32s().prop_map(V::R4),
        f64s().prop_map(V::Double),
        any::<i64>().prop_map(V::Currency),
        f64s().prop_map(V::AppTime),
        any::<u32>().prop_map(|n| V::Error(ErrorCode(n))),
        any::<bool>().prop_map(V::Boolean),
        any::<i64>().prop_map(V::I8),
        string8().prop_map(V::String8),
        unicode().prop_map(V::Unicode),
        times().prop_map(V::SysTime),
        guids().prop_map(V::Clsid),
        bytes().prop_map(V::Binary),
    ];
    let multi = prop_oneof![
        vec(any::<i16>(), 0..4).prop_map(V::MvI2),
        vec(any::<i32>(), 0..4).prop_map(V::MvLong),
        vec(f32s(), 0..4).prop_map(V::MvR4),
        vec(f64s(), 0..4).prop_map(V::MvDouble),
        vec(any::<i64>(), 0..4).prop_map(V::MvCurrency),
        vec(f64s(), 0..4).prop_map(V::MvAppTime),
        vec(any::<i64>(), 0..4).prop_map(V::MvI8),
        vec(string8(), 0..4).prop_map(V::MvString8),
        vec(unicode(), 0..4).prop_map(V::MvUnicode),
        vec(times(), 0..4).prop_map(V::MvSysTime),
        vec(guids(), 0..4).prop_map(V::MvClsid),
        vec(bytes(), 0..4).prop_map(V::MvBinary),
    ];
    prop_oneof![single, multi]
}

fn property() -> impl Strategy<Value = Property> {
    let known = prop_oneof![
        Just(tag::PR_DISPLAY_NAME.id()),
        Just(tag::PR_SERVICES.id()),
        Just(tag::PR_ENTRYID.id()),
        (0x0001..0x67F0_u16),
    ];
    (known, value()).prop_map(|(id, value)| {
        let tag = PropTag::new(id, value.ptype());
        Property { tag, value }
    })
}

proptest! {
    #[test]
    fn every_value_comes_back_to_the_last_bit(
        props in vec(property(), 0..12), uid in any::<[u8; 16]>(), deleted: bool,
    ) {
        let mut section = Section::new(MapiUid(uid), SectionKind::Provider);
        section.deleted = deleted;
        section.props = props.into_iter().collect();
        let written = profile(vec![section]);
        let text = write_profile(&written);
        let read = read_profile(&text, Path::new("x")).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        let (w, r) = (written.sections.last().unwrap(), read.sections.last().unwrap());
        prop_assert_eq!(w.props.len(), r.props.len());
        for (w, r) in w.props.iter().zip(r.props.iter()) {
            prop_assert!(w.tag == r.tag && same(&w.value, &r.value), "{w:?} is {r:?} in\n{text}");
        }
        prop_assert_eq!((w.uid, w.kind, w.deleted), (r.uid, r.kind, r.deleted));
        prop_assert_eq!(write_profile(&read), text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = read_profile(&text, Path::new("x"));
    }

    #[test]
    fn damaged_text_is_read_or_refused_with_its_line(
        props in vec(property(), 1..6), at in any::<prop::sample::Index>(), by in "[\\[\\]=\"{}#\n0x-]{0,3}",
    ) {
        let mut section = Section::new(MapiUid([7; 16]), SectionKind::Other);
        section.props = props.into_iter().collect();
        let mut text = write_profile(&profile(vec![section]));
        let chars: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
        let at = chars[at.index(chars.len())];
        text.replace_range(at..=at + text[at..].chars().next().unwrap().len_utf8() - 1, &by);
        if let Err(error) = read_profile(&text, Path::new("file.toml")) {
            prop_assert!(error.text().starts_with("file.toml:"), "{error}");
        }
    }
}

#[test]
fn a_profile_reads_well() {
    let mut section = Section::new(MapiUid([0xAB; 16]), SectionKind::Provider);
    section.props.put(tag::PR_DISPLAY_NAME, "Mail \"of\"\nGrün");
    section.props.put(tag::PR_RESOURCE_TYPE, 33);
    section
        .props
        .put(tag::PR_ENTRYID, [0_u8, 1, 0xFE].as_slice());
    let time = FileTime::from_unix(1_764_000_000);
    section.props.put(tag::PR_CREATION_TIME, time);
    section.props.put(PropTag::from_raw(0x6600_0003), 5_i32);
    let mut written = profile(vec![section]);
    written.sections[0].set_uids(ProviderKind::Store.list(), &[MapiUid([0xAB; 16])]);
    let text = write_profile(&written);
    for line in [
        "name = \"Test\"",
        "kind = \"provider\"",
        "PR_DISPLAY_NAME = \"Mail \\\"of\\\"\\nGrün\"",
        "PR_RESOURCE_TYPE = 33",
        "PR_ENTRYID = \"0001fe\"",
        "PR_CREATION_TIME = 2025-11-24T16:00:00Z",
        "0x66000003 = 5",
        "PR_STORE_PROVIDERS = [",
        "    \"abababababababababababababababab\",",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
    }
}

/// What a hand may write, although MAPI writes it otherwise.
#[test]
fn other_spellings_are_read() {
    let text = "format = 1\nname = \"X\"\n[[section]]\nuid = \"AB AB AB AB AB AB AB AB AB AB AB AB AB AB AB AB\"\n\
                [section.props]\nPR_RESOURCE_FLAGS = 0x80000001\nPR_DISPLAY_NAME_A = 'a'\n66000005 = 2\n";
    let read = read_profile(text, Path::new("x")).unwrap();
    let section = &read.sections[0];
    assert_eq!(section.uid, MapiUid([0xAB; 16]));
    assert_eq!(section.props.bits(tag::PR_RESOURCE_FLAGS), 0x8000_0001);
    assert_eq!(
        section.props.get(tag::PR_DISPLAY_NAME),
        Some(&PropValue::String8(b"a".to_vec()))
    );
    let number = PropTag::new(0x6600, PropType::DOUBLE);
    assert_eq!(section.props.get(number), Some(&PropValue::Double(2.0)));
}

#[test]
fn errors_name_their_line() {
    let section =
        "format = 1\nname = \"X\"\n[[section]]\nuid = \"abababababababababababababababab\"\n";
    let uid = "uid = \"abababababababababababababababab\"\n";
    for (text, line, code) in [
        (String::new(), 1, ErrorCode::CORRUPT_DATA),
        ("format = 2\n".into(), 1, ErrorCode::VERSION),
        ("format = 1\nname = \"X".into(), 2, ErrorCode::CORRUPT_DATA),
        (
            "format = 1\nname = \" X\"".into(),
            2,
            ErrorCode::CORRUPT_DATA,
        ),
        (
            "format = 1\nname = \"X\"\nnaem = 1".into(),
            3,
            ErrorCode::CORRUPT_DATA,
        ),
        (
            "format = 1\nname = \"X\"\nsection = 1".into(),
            3,
            ErrorCode::CORRUPT_DATA,
        ),
        (
            format!("{section}[[section]]\n{uid}"),
            6,
            ErrorCode::CORRUPT_DATA,
        ),
        (format!("{section}kind = \"x\""), 5, ErrorCode::CORRUPT_DATA),
        (
            format!("{section}[section.props]\nPR_X = 1"),
            6,
            ErrorCode::CORRUPT_DATA,
        ),
        (
            format!("{section}[section.props]\nPR_RESOURCE_TYPE = \"x\""),
            6,
            ErrorCode::CORRUPT_DATA,
        ),
        (
            format!("{section}[section.props]\nPR_RESOURCE_TYPE = 4294967296"),
            6,
            ErrorCode::CORRUPT_DATA,
        ),
        (
            format!("{section}[section.props]\nPR_ENTRYID = \"0\""),
            6,
            ErrorCode::CORRUPT_DATA,
        ),
        (
            format!("{section}[section.props]\nPR_DISPLAY_NAME = 'a'\nPR_DISPLAY_NAME_A = 'b'"),
            7,
            ErrorCode::CORRUPT_DATA,
        ),
        (
            format!("{section}[section.props]\n0x67F0001F = 'secret'"),
            6,
            ErrorCode::CORRUPT_DATA,
        ),
        ("[".repeat(100_000), 1, ErrorCode::CORRUPT_DATA),
        (
            format!("format = {}", "[".repeat(100_000)),
            1,
            ErrorCode::CORRUPT_DATA,
        ),
    ] {
        let error = read_profile(&text, Path::new("dir/x.toml")).unwrap_err();
        let start = format!("dir/x.toml:{line}:");
        assert!(error.text().starts_with(&start), "{error}");
        assert_eq!(error.code(), code, "{error}");
    }
}

#[test]
fn an_error_in_the_secrets_does_not_tell_them() {
    let uid = MapiUid([1; 16]);
    let mut secrets = Secrets::default();
    let tag = PropTag::from_raw(0x67F0_001F);
    secrets.set(&uid, Property::new(tag, "hunter2"));
    let text = write_secrets(&secrets);
    assert_eq!(read_secrets(&text, Path::new("x")).unwrap(), secrets);
    for bad in [
        text.replace("0x67f0001f = \"hunter2\"", "0x67f00003 = \"hunter2\""),
        text.replace("0x67f0001f = \"hunter2\"", "0x67f00102 = \"hunter2\""),
        text.replace("\"hunter2\"", "hunter2"),
        text.replace("\"hunter2\"", "\"hunter2"),
    ] {
        let error = read_secrets(&bad, Path::new("x")).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error}");
    }
}

/// What the documentation shows is what is read and written.
#[test]
fn the_example_of_the_documentation_is_right() {
    let text = include_str!("../../../../../docs/profiles.md");
    let block = |start: &str| {
        text.split(start)
            .nth(1)
            .unwrap()
            .split("```")
            .next()
            .unwrap()
    };
    let example = block("```toml\n");
    let profile = read_profile(example, Path::new("docs/profiles.md")).unwrap();
    assert_eq!(profile.flaws(), []);
    assert_eq!(profile.provider_entries().len(), 1);
    let written = write_profile(&profile);
    let without_comment: String = written.lines().skip(1).map(|l| format!("{l}\n")).collect();
    assert_eq!(without_comment, example);

    let inf = super::super::inf::parse(block("```ini\n").as_bytes(), Path::new("docs/profiles.md"));
    let catalog = super::super::inf::ServiceCatalog::from_files([inf]);
    assert_eq!(catalog.problems(), []);
    assert_eq!(catalog.service("MAIL").unwrap().providers.len(), 1);
}
