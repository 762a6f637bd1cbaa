//! Property values as TOML values.
//!
//! | Type | Written as |
//! |---|---|
//! | PT_I2, PT_LONG, PT_I8 | a number |
//! | PT_CURRENCY | a number: ten-thousandths |
//! | PT_R4, PT_DOUBLE, PT_APPTIME | a float; `"0x..."` with all its bits if it is not a number |
//! | PT_BOOLEAN | `true`, `false` |
//! | PT_UNICODE | a string; `{ utf16 = "..." }` with the units in hexadecimal if it is ill-formed |
//! | PT_STRING8 | a string if it is UTF-8, else `{ bytes = "..." }` |
//! | PT_SYSTIME | a date and time in UTC; `"0x..."` after the year 9999 |
//! | PT_CLSID | `"{XXXXXXXX-...}"` |
//! | PT_BINARY | hexadecimal digits; lists of MAPIUIDs as an array of them |
//! | PT_ERROR | the name of the code, or `"0x..."` |
//! | PT_NULL, PT_OBJECT | `""` |
//! | PT_MV_... | an array of these |

use std::fmt::Write;

use jiff::Timestamp;
use mapi_types::{
    ErrorCode, FileTime, Guid, PropTag, PropType, PropValue, UnicodeString, hex, tag,
};
use toml::de::DeValue;

use super::super::content::ProviderKind;

/// Writes a value as TOML.
#[must_use]
pub fn encode(tag: PropTag, value: &PropValue) -> String {
    use PropValue as V;
    match value {
        V::Null | V::Object => quote(""),
        V::I2(n) => n.to_string(),
        V::Long(n) => n.to_string(),
        V::I8(n) | V::Currency(n) => n.to_string(),
        V::R4(n) => float32(*n),
        V::Double(n) | V::AppTime(n) => float64(*n),
        V::Boolean(b) => b.to_string(),
        V::Error(code) => error(*code),
        V::String8(bytes) => string8(bytes),
        V::Unicode(text) => unicode(text),
        V::SysTime(time) => systime(*time),
        V::Clsid(guid) => quote(&guid.to_string()),
        V::Binary(bytes) if is_uid_list(tag) && bytes.len() % 16 == 0 => uid_list(bytes),
        V::Binary(bytes) => quote(&hex::encode(bytes)),
        V::MvI2(v) => array(v, ToString::to_string),
        V::MvLong(v) => array(v, ToString::to_string),
        V::MvI8(v) | V::MvCurrency(v) => array(v, ToString::to_string),
        V::MvR4(v) => array(v, |n| float32(*n)),
        V::MvDouble(v) | V::MvAppTime(v) => array(v, |n| float64(*n)),
        V::MvString8(v) => array(v, |bytes| string8(bytes)),
        V::MvUnicode(v) => array(v, unicode),
        V::MvSysTime(v) => array(v, |time| systime(*time)),
        V::MvClsid(v) => array(v, |guid| quote(&guid.to_string())),
        V::MvBinary(v) => array(v, |bytes| quote(&hex::encode(bytes))),
    }
}

/// Reads the TOML value of a property whose tag has this type. The error says what was expected.
///
/// # Errors
/// The value has another form.
pub fn decode(ptype: PropType, value: &DeValue<'_>) -> Result<PropValue, String> {
    use PropValue as V;
    Ok(match ptype {
        PropType::NULL => text(value, "\"\"").map(|_| V::Null)?,
        PropType::OBJECT => text(value, "\"\"").map(|_| V::Object)?,
        PropType::I2 => V::I2(integer(value)?),
        PropType::LONG => V::Long(long(value)?),
        PropType::I8 => V::I8(integer(value)?),
        PropType::CURRENCY => V::Currency(integer(value)?),
        PropType::R4 => V::R4(read_float32(value)?),
        PropType::DOUBLE => V::Double(read_float64(value)?),
        PropType::APPTIME => V::AppTime(read_float64(value)?),
        PropType::BOOLEAN => V::Boolean(value.as_bool().ok_or("true or false is expected")?),
        PropType::ERROR => V::Error(read_error(value)?),
        PropType::STRING8 => V::String8(read_string8(value)?),
        PropType::UNICODE => V::Unicode(read_unicode(value)?),
        PropType::SYSTIME => V::SysTime(read_systime(value)?),
        PropType::CLSID => V::Clsid(read_clsid(value)?),
        PropType::BINARY => V::Binary(read_binary(value)?),
        PropType::MV_I2 => V::MvI2(list(value, integer)?),
        PropType::MV_LONG => V::MvLong(list(value, long)?),
        PropType::MV_I8 => V::MvI8(list(value, integer)?),
        PropType::MV_CURRENCY => V::MvCurrency(list(value, integer)?),
        PropType::MV_R4 => V::MvR4(list(value, read_float32)?),
        PropType::MV_DOUBLE => V::MvDouble(list(value, read_float64)?),
        PropType::MV_APPTIME => V::MvAppTime(list(value, read_float64)?),
        PropType::MV_STRING8 => V::MvString8(list(value, read_string8)?),
        PropType::MV_UNICODE => V::MvUnicode(list(value, read_unicode)?),
        PropType::MV_SYSTIME => V::MvSysTime(list(value, read_systime)?),
        PropType::MV_CLSID => V::MvClsid(list(value, read_clsid)?),
        PropType::MV_BINARY => V::MvBinary(list(value, read_binary)?),
        PropType(other) => return Err(format!("{other:#06x} is no property type")),
    })
}

/// Properties that hold MAPIUIDs one after the other.
fn is_uid_list(tag: PropTag) -> bool {
    let lists = ProviderKind::ALL.map(ProviderKind::list);
    lists.contains(&tag) || tag == tag::PR_SERVICES || tag == tag::PR_SERVICE_EXTRA_UIDS
}

fn uid_list(bytes: &[u8]) -> String {
    let mut out = String::from("[");
    for uid in bytes.chunks(16) {
        out += "\n    ";
        out += &quote(&hex::encode(uid));
        out += ",";
    }
    out += if bytes.is_empty() { "]" } else { "\n]" };
    out
}

fn array<T>(items: &[T], mut one: impl FnMut(&T) -> String) -> String {
    let items: Vec<String> = items.iter().map(&mut one).collect();
    format!("[{}]", items.join(", "))
}

/// A basic string of TOML.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            '\t' => out += "\\t",
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Hexadecimal digits in pairs; blanks between them do not count.
pub(in crate::profile) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    hex::decode(&digits)
}

fn float32(n: f32) -> String {
    if n.is_nan() {
        quote(&format!("{:#010x}", n.to_bits()))
    } else {
        float64(f64::from(n))
    }
}

fn float64(n: f64) -> String {
    if n.is_nan() {
        quote(&format!("{:#018x}", n.to_bits()))
    } else {
        format!("{n:?}")
    }
}

fn error(code: ErrorCode) -> String {
    match code.name() {
        Some(name) => quote(name),
        None => quote(&format!("{:#010x}", code.0)),
    }
}

fn string8(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => quote(text),
        Err(_) => format!("{{ bytes = {} }}", quote(&hex::encode(bytes))),
    }
}

fn unicode(text: &UnicodeString) -> String {
    let plain = text.to_str();
    if UnicodeString::from(plain.as_ref()) == *text {
        return quote(&plain);
    }
    let units: Vec<u8> = text
        .to_utf16()
        .into_iter()
        .flat_map(u16::to_be_bytes)
        .collect();
    format!("{{ utf16 = {} }}", quote(&hex::encode(&units)))
}

const EPOCH: i128 = 116_444_736_000_000_000;

fn systime(time: FileTime) -> String {
    let nanos = (i128::from(time.0) - EPOCH) * 100;
    match Timestamp::from_nanosecond(nanos) {
        Ok(at) => at.to_string(),
        Err(_) => quote(&format!("{:#018x}", time.0)),
    }
}

fn text<'a>(value: &'a DeValue<'_>, expected: &str) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| {
        format!(
            "{expected} is expected, and not a value of type {}",
            value.type_str()
        )
    })
}

fn integer<T: TryFrom<i64>>(value: &DeValue<'_>) -> Result<T, String> {
    let number = value.as_integer().ok_or("a number is expected")?;
    let parsed = i64::from_str_radix(number.as_str(), number.radix()).ok();
    let fits = parsed.and_then(|n| T::try_from(n).ok());
    fits.ok_or_else(|| "the number is out of range".to_owned())
}

/// Flags may be written with their highest bit set.
fn long(value: &DeValue<'_>) -> Result<i32, String> {
    integer::<i32>(value).or_else(|e| integer::<u32>(value).map(u32::cast_signed).or(Err(e)))
}

/// `0x` and exactly as many digits as the type has.
fn bits(value: &DeValue<'_>, digits: usize) -> Option<u64> {
    let text = value.as_str()?.strip_prefix("0x")?;
    let fits = text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit());
    fits.then(|| u64::from_str_radix(text, 16).ok())?
}

fn read_float64(value: &DeValue<'_>) -> Result<f64, String> {
    if let Some(bits) = bits(value, 16) {
        return Ok(f64::from_bits(bits));
    }
    let number = match (value.as_float(), value.as_integer()) {
        (Some(float), _) => float.as_str().parse().ok(),
        (None, Some(int)) => int.as_str().parse().ok(),
        (None, None) => None,
    };
    number.ok_or_else(|| "a number is expected".to_owned())
}

#[allow(clippy::cast_possible_truncation)] // what we wrote is an f32 in full; what a hand wrote is rounded
fn read_float32(value: &DeValue<'_>) -> Result<f32, String> {
    if let Some(bits) = bits(value, 8) {
        let bits = u32::try_from(bits).map_err(|e| e.to_string())?;
        return Ok(f32::from_bits(bits));
    }
    read_float64(value).map(|n| n as f32)
}

fn read_error(value: &DeValue<'_>) -> Result<ErrorCode, String> {
    let expected = "the name of a MAPI code, or \"0x\" and eight digits,";
    let name = text(value, expected)?;
    let number = bits(value, 8).and_then(|b| u32::try_from(b).ok());
    let code = number.map(ErrorCode).or_else(|| ErrorCode::from_name(name));
    code.ok_or_else(|| format!("{expected} is expected"))
}

/// A table with one key, such as `{ bytes = "c3a9" }`.
fn escaped(value: &DeValue<'_>, key: &str) -> Option<Vec<u8>> {
    let table = value.as_table().filter(|t| t.len() == 1)?;
    unhex(table.get(key)?.get_ref().as_str()?)
}

fn read_string8(value: &DeValue<'_>) -> Result<Vec<u8>, String> {
    match (escaped(value, "bytes"), value.as_str()) {
        (Some(bytes), _) => Ok(bytes),
        (None, Some(text)) => Ok(text.as_bytes().to_vec()),
        (None, None) => Err("a string, or { bytes = \"...\" }, is expected".to_owned()),
    }
}

fn read_unicode(value: &DeValue<'_>) -> Result<UnicodeString, String> {
    if let Some(text) = value.as_str() {
        return Ok(text.into());
    }
    let bytes = escaped(value, "utf16").filter(|b| b.len() % 2 == 0);
    let bytes = bytes.ok_or("a string, or { utf16 = \"...\" }, is expected")?;
    let units = bytes.chunks(2).map(|b| u16::from_be_bytes([b[0], b[1]]));
    Ok(UnicodeString::from_utf16(&units.collect::<Vec<_>>()))
}

fn read_systime(value: &DeValue<'_>) -> Result<FileTime, String> {
    if let Some(units) = bits(value, 16) {
        return Ok(FileTime(units));
    }
    let expected = "a date and time in UTC, such as 2026-01-31T12:00:00Z, is expected";
    let written = value.as_datetime().ok_or(expected)?.to_string();
    let at: Timestamp = written.parse().map_err(|_| expected)?;
    let units = at.as_nanosecond() / 100 + EPOCH;
    let units = u64::try_from(units).map_err(|_| "times begin with the year 1601")?;
    Ok(FileTime(units))
}

fn read_clsid(value: &DeValue<'_>) -> Result<Guid, String> {
    let written = text(value, "a GUID")?;
    written.parse().map_err(|_| "a GUID is expected".to_owned())
}

fn read_binary(value: &DeValue<'_>) -> Result<Vec<u8>, String> {
    let one = |value: &DeValue<'_>| -> Result<Vec<u8>, String> {
        let written = text(value, "hexadecimal digits")?;
        unhex(written).ok_or_else(|| "hexadecimal digits in pairs are expected".to_owned())
    };
    match value.as_array() {
        Some(_) => Ok(list(value, one)?.concat()),
        None => one(value),
    }
}

fn list<T>(
    value: &DeValue<'_>,
    one: impl Fn(&DeValue<'_>) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let items = value.as_array().ok_or("an array is expected")?;
    items.iter().map(|item| one(item.get_ref())).collect()
}
