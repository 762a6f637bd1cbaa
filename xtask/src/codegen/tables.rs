//! The tables of mapi-types: property tags and the names of status codes.

use super::{GENERATED, hex};
use crate::facts::{Constant, Facts};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// `crates/mapi-types/src/tag.rs`: one tag per property. Strings are Unicode under the plain name; users derive
/// the 8-bit form.
pub fn tags(facts: &Facts) -> String {
    let mut out = GENERATED.to_owned();
    out += "//! Generated property tags: `PR_SUBJECT` and the others. String properties have their Unicode type.\n\n";
    out += "use crate::PropTag;\n\n";
    for (name, value) in plain_tags(facts) {
        let (id, kind) = (value >> 16, type_name(value & 0xFFFF));
        let _ = writeln!(out, "/// Property {id:#06X}, `{kind}`.");
        let _ = writeln!(
            out,
            "pub const {name}: PropTag = PropTag::from_raw({});",
            hex(value)
        );
    }
    out
}

/// `crates/mapi-types/src/tag_names.rs`: the names of the tags both ways. Of several names for one tag the headers of
/// MAPI proper win over the others.
pub fn tag_names(facts: &Facts) -> String {
    let tags = plain_tags(facts);
    let proper: BTreeSet<&str> = ["MAPITags.h", "MAPIDefS.h"]
        .iter()
        .filter_map(|header| facts.constants.headers.get(*header))
        .flatten()
        .map(|c| c.name.as_str())
        .collect();
    let mut by_value = BTreeMap::new();
    for wanted in [true, false] {
        for (name, value) in &tags {
            if proper.contains(name) == wanted {
                by_value.entry(*value).or_insert(*name);
            }
        }
    }
    let by_name: BTreeMap<&str, u32> = tags.iter().copied().collect();
    let mut out = GENERATED.to_owned();
    out +=
        "//! Generated: the names of property tags, string properties in their Unicode form.\n\n";
    out += "/// Tag and name, sorted by tag.\n";
    out += "pub(crate) const BY_VALUE: &[(u32, &str)] = &[\n";
    for (value, name) in by_value {
        let _ = writeln!(out, "({}, \"{name}\"),", hex(value));
    }
    out += "];\n\n/// Name and tag, sorted by name.\n";
    out += "pub(crate) const BY_NAME: &[(&str, u32)] = &[\n";
    for (name, value) in by_name {
        let _ = writeln!(out, "(\"{name}\", {}),", hex(value));
    }
    out += "];\n";
    out
}

/// Every `PR_` constant with its Unicode value, in the order of the headers; of the forms of a string only the plain name.
fn plain_tags(facts: &Facts) -> Vec<(&str, u32)> {
    let headers = facts.distinct_constants();
    let all: Vec<&Constant> = headers.into_iter().flat_map(|(_, list)| list).collect();
    let names: BTreeSet<&str> = all.iter().map(|c| c.name.as_str()).collect();
    let form = |name: &str| {
        let base = name.strip_suffix("_W").or(name.strip_suffix("_A"));
        base.is_some_and(|base| names.contains(base))
    };
    all.iter()
        .filter(|c| c.kind == "prop_tag" && c.name.starts_with("PR_") && !form(&c.name))
        .map(|c| (c.name.as_str(), c.value_unicode()))
        .collect()
}

/// The name of a property type, or its number where it has none.
pub fn type_name(value: u32) -> String {
    let base = match value & !0x1000 {
        0x0000 => "UNSPECIFIED",
        0x0001 => "NULL",
        0x0002 => "I2",
        0x0003 => "LONG",
        0x0004 => "R4",
        0x0005 => "DOUBLE",
        0x0006 => "CURRENCY",
        0x0007 => "APPTIME",
        0x000A => "ERROR",
        0x000B => "BOOLEAN",
        0x000D => "OBJECT",
        0x0014 => "I8",
        0x001E => "STRING8",
        0x001F => "UNICODE",
        0x0040 => "SYSTIME",
        0x0048 => "CLSID",
        0x0102 => "BINARY",
        _ => return format!("{value:#06X}"),
    };
    let multi = if value & 0x1000 == 0 { "" } else { "MV_" };
    format!("PT_{multi}{base}")
}

/// `crates/mapi-types/src/code_names.rs`: one name for each status code, by value. The first header that names a
/// value wins, the SDK's names come last.
pub fn code_names(facts: &Facts) -> String {
    let mut names = BTreeMap::new();
    let codes = facts
        .constants
        .headers
        .get("MAPICode.h")
        .into_iter()
        .flatten();
    let codes = codes
        .chain(facts.constants.headers.values().flatten())
        .chain(facts.sdk.values().flatten());
    for code in codes.filter(|c| c.kind == "hresult") {
        names.entry(code.value()).or_insert(code.name.as_str());
    }
    let mut out = GENERATED.to_owned();
    out += "//! Generated: status codes by value.\n\n";
    out += "/// Value of the `HRESULT` as an unsigned number, and the name; sorted by value.\n";
    out += "pub(crate) const NAMES: &[(u32, &str)] = &[\n";
    for (value, name) in names {
        let _ = writeln!(out, "({}, \"{name}\"),", hex(value));
    }
    out += "];\n";
    out
}
