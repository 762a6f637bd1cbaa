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
    let headers = facts.distinct_constants();
    let all: Vec<&Constant> = headers.into_iter().flat_map(|(_, list)| list).collect();
    let names: BTreeSet<&str> = all.iter().map(|c| c.name.as_str()).collect();
    for constant in &all {
        let name = &constant.name;
        let wide_or_narrow = name
            .strip_suffix("_W")
            .or(name.strip_suffix("_A"))
            .is_some_and(|n| names.contains(n));
        if constant.kind != "prop_tag" || !name.starts_with("PR_") || wide_or_narrow {
            continue;
        }
        let value = constant.value_unicode();
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
