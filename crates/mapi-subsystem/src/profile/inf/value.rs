//! The property entries of INF files.

use mapi_sys as sys;
use mapi_types::{FileTime, Guid, PropTag, PropType, PropValue, Property, UnicodeString};

use super::super::format::value::unhex;

/// Reads an entry that sets a property; `None` if its key is no property.
///
/// 8-bit text is kept as UTF-8. Numbers are names joined with `|`, or `0x...`, or decimal, or, as the format has it for eight
/// digits, the bytes of the number in memory order: `05010000` is 0x105. The other types are their bytes in memory order,
/// lists of text are separated by commas.
pub(super) fn property(key: &str, value: &str) -> Option<Result<Property, String>> {
    let tag = tag(key)?;
    Some(read(tag, value).map(|value| Property::new(tag, value)))
}

fn tag(key: &str) -> Option<PropTag> {
    key.parse()
        .or_else(|_| key.to_uppercase().parse::<PropTag>())
        .or_else(|_| key.to_lowercase().parse::<PropTag>())
        .ok()
}

fn read(tag: PropTag, value: &str) -> Result<PropValue, String> {
    use PropValue as V;
    Ok(match tag.ptype() {
        PropType::STRING8 => V::String8(value.into()),
        PropType::UNICODE => V::from(value),
        PropType::MV_STRING8 => V::MvString8(items(value).map(Vec::from).collect()),
        PropType::MV_UNICODE => V::MvUnicode(items(value).map(UnicodeString::from).collect()),
        PropType::LONG => V::Long(long(value)?.cast_signed()),
        PropType::BOOLEAN => V::Boolean(boolean(value)?),
        PropType::BINARY => V::Binary(bytes(value)?),
        PropType::CLSID => V::Clsid(guid(value)?),
        PropType::I2 => V::I2(i16::from_le_bytes(sized(value)?)),
        PropType::I8 => V::I8(i64::from_le_bytes(sized(value)?)),
        PropType::CURRENCY => V::Currency(i64::from_le_bytes(sized(value)?)),
        PropType::R4 => V::R4(f32::from_le_bytes(sized(value)?)),
        PropType::DOUBLE => V::Double(f64::from_le_bytes(sized(value)?)),
        PropType::APPTIME => V::AppTime(f64::from_le_bytes(sized(value)?)),
        PropType::SYSTIME => V::SysTime(FileTime(u64::from_le_bytes(sized(value)?))),
        _ => return Err("properties of this type cannot be set in such a file".to_owned()),
    })
}

/// The items of a list with commas.
pub(super) fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|i| !i.is_empty())
}

/// Hexadecimal digits in pairs.
pub(super) fn bytes(value: &str) -> Result<Vec<u8>, String> {
    unhex(value).ok_or_else(|| {
        let digits = value.chars().filter(|c| !c.is_whitespace()).count();
        if value
            .chars()
            .all(|c| c.is_whitespace() || c.is_ascii_hexdigit())
        {
            format!("hexadecimal digits come in pairs, and there are {digits}")
        } else {
            "hexadecimal digits are expected".to_owned()
        }
    })
}

fn sized<const N: usize>(value: &str) -> Result<[u8; N], String> {
    let bytes = bytes(value)?;
    bytes
        .try_into()
        .map_err(|_| format!("{} hexadecimal digits are expected", 2 * N))
}

fn guid(value: &str) -> Result<Guid, String> {
    let plain = || sized(value).map(Guid);
    value.parse().or_else(|_| plain())
}

fn boolean(value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "01000000" | "0100" => Ok(true),
        "0" | "false" | "no" | "00000000" | "0000" => Ok(false),
        _ => Err("true or false is expected".to_owned()),
    }
}

fn long(value: &str) -> Result<u32, String> {
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    if value.len() == 8 && is_hex(value) {
        return sized(value).map(u32::from_le_bytes);
    }
    if let Some(digits) = value.strip_prefix("0x").or(value.strip_prefix("0X"))
        && is_hex(digits)
    {
        return u32::from_str_radix(digits, 16).map_err(|_| "the number is too large".to_owned());
    }
    if let Ok(number) = value.parse::<u32>() {
        return Ok(number);
    }
    if let Ok(number) = value.parse::<i32>() {
        return Ok(number.cast_unsigned());
    }
    names(value)
}

fn names(value: &str) -> Result<u32, String> {
    let mut bits = 0;
    for name in value.split('|').map(str::trim) {
        let known = NAMES.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        match known {
            Some((_, value)) => bits |= value,
            None if name.is_empty() => return Err("a number is expected".to_owned()),
            None => return Err(format!("'{name}' is no number, and no name of one")),
        }
    }
    Ok(bits)
}

macro_rules! names {
    ($($name:ident)*) => { &[$((stringify!($name), sys::$name)),*] };
}

const NAMES: &[(&str, u32)] = names! {
    MAPI_STORE_PROVIDER MAPI_AB MAPI_AB_PROVIDER MAPI_TRANSPORT_PROVIDER MAPI_SPOOLER MAPI_PROFILE_PROVIDER MAPI_SUBSYSTEM
    MAPI_HOOK_PROVIDER
    STATUS_DEFAULT_OUTBOUND STATUS_DEFAULT_STORE STATUS_PRIMARY_IDENTITY STATUS_SIMPLE_STORE STATUS_XP_PREFER_LAST
    STATUS_NO_PRIMARY_IDENTITY STATUS_NO_DEFAULT_STORE STATUS_TEMP_SECTION STATUS_OWN_STORE STATUS_NEED_IPM_TREE
    STATUS_PRIMARY_STORE STATUS_SECONDARY_STORE
    HOOK_INBOUND HOOK_OUTBOUND
    SERVICE_DEFAULT_STORE SERVICE_SINGLE_COPY SERVICE_CREATE_WITH_STORE SERVICE_PRIMARY_IDENTITY
    SERVICE_NO_PRIMARY_IDENTITY
};
