//! `constants.rs` and `guids.rs`.

use super::{GENERATED, hex};
use crate::facts::{Constant, Facts};
use std::fmt::Write;

/// `generated/constants.rs`.
pub fn write(facts: &Facts) -> String {
    let mut out = GENERATED.to_owned();
    out += "// Values are those without UNICODE. PR_X of a string property is its 8-bit form, like PR_X_A; PR_X_W is the other.\n\n";
    out += "use super::*;\n\n";
    for (header, constants) in facts.distinct_constants() {
        let _ = writeln!(out, "// {header}\n");
        for constant in constants {
            let _ = writeln!(
                out,
                "pub const {}: {};",
                constant.name,
                typed_value(constant)
            );
        }
        out.push('\n');
    }
    out
}

/// `HRESULT = ...` for status codes, `BOOKMARK` for the three predefined bookmarks, `u32` for the rest.
fn typed_value(constant: &Constant) -> String {
    let value = constant.value();
    if constant.kind == "hresult" || constant.name == "hrSuccess" {
        match i32::try_from(value) {
            Ok(value) => format!("HRESULT = {value:#X}"),
            Err(_) => format!("HRESULT = {}_u32.cast_signed()", hex(value)),
        }
    } else if constant.name.starts_with("BOOKMARK_") {
        format!("BOOKMARK = {value}")
    } else if value <= 0xFFFF {
        format!("u32 = {value:#X}")
    } else {
        format!("u32 = {}", hex(value))
    }
}

/// `generated/guids.rs`.
pub fn guids(facts: &Facts) -> String {
    let mut out = GENERATED.to_owned();
    out += "use super::*;\n\n";
    for guid in &facts.constants.guids {
        let _ = writeln!(out, "/// `{}` of {}.", guid.guid, guid.header);
        let _ = writeln!(
            out,
            "pub const {}: GUID = {};",
            guid.name,
            guid_literal(&guid.guid)
        );
    }
    for uid in &facts.constants.uids {
        let bytes: Vec<String> = uid_bytes(&uid.bytes)
            .iter()
            .map(|b| format!("0x{b:02X}"))
            .collect();
        let _ = writeln!(out, "/// A byte string of {}.", uid.header);
        let _ = writeln!(
            out,
            "pub const {}: [u8; {}] = [{}];",
            uid.name,
            bytes.len(),
            bytes.join(", ")
        );
    }
    out
}

/// A registry-form GUID as a Rust value.
fn guid_literal(text: &str) -> String {
    let parts = guid_parts(text);
    let tail: Vec<String> = parts.tail.iter().map(|b| format!("0x{b:02X}")).collect();
    let Guid {
        first,
        second,
        third,
        ..
    } = parts;
    format!(
        "GUID {{ Data1: {}, Data2: {second:#06X}, Data3: {third:#06X}, Data4: [{}] }}",
        hex(first),
        tail.join(", ")
    )
}

/// The four fields of a GUID.
pub struct Guid {
    pub first: u32,
    pub second: u16,
    pub third: u16,
    pub tail: Vec<u8>,
}

/// Reads `{00020300-0000-0000-C000-000000000046}`.
pub fn guid_parts(text: &str) -> Guid {
    let bytes = uid_bytes(&text.replace(['{', '}', '-'], ""));
    Guid {
        first: u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
        second: u16::from_be_bytes([bytes[4], bytes[5]]),
        third: u16::from_be_bytes([bytes[6], bytes[7]]),
        tail: bytes[8..].to_vec(),
    }
}

/// Reads hexadecimal digits.
pub fn uid_bytes(digits: &str) -> Vec<u8> {
    let byte = |at| {
        u8::from_str_radix(&digits[at..at + 2], 16).unwrap_or_else(|_| panic!("{digits} is no hex"))
    };
    (0..digits.len()).step_by(2).map(byte).collect()
}
