//! How a set of properties is written as bytes.
//!
//! A version byte, then per property: tag (4 bytes), form (1), length (4), that many bytes. All numbers are
//! little-endian. The form says whether the value is here or in pieces in the table `chunk`.

use std::borrow::Cow;

use mapi_types::{ErrorCode, FileTime, Guid, PropTag, PropType, PropValue, Result, UnicodeString};

use super::sql::corrupt;

const VERSION: u8 = 1;
/// The value follows.
pub(crate) const INLINE: u8 = 0;
/// The value, encoded as it would be here, is in pieces; read whole.
pub(crate) const WHOLE: u8 = 1;
/// The bytes a stream over the value shows are in pieces.
pub(crate) const STREAM: u8 = 2;

/// A value that lies in the table `chunk`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct StreamRef {
    /// The stream.
    pub id: i64,
    /// Bytes in it.
    pub len: u64,
    /// Whether the bytes are an encoded value ([`WHOLE`]) or the value as a stream shows it ([`STREAM`]).
    pub whole: bool,
}

/// One property as it was found.
pub(crate) enum Found<'a> {
    /// Encoded bytes.
    Inline(&'a [u8]),
    /// A reference.
    Stored(StreamRef),
}

/// Starts a set.
pub(crate) fn begin() -> Vec<u8> {
    vec![VERSION]
}

/// Appends a property with its encoded value.
pub(crate) fn push_inline(out: &mut Vec<u8>, tag: PropTag, payload: &[u8]) {
    push(out, tag, INLINE, payload);
}

/// Appends a property whose value is stored elsewhere.
pub(crate) fn push_stored(out: &mut Vec<u8>, tag: PropTag, stream: StreamRef) {
    let mut payload = [0; 16];
    payload[..8].copy_from_slice(&stream.id.to_le_bytes());
    payload[8..].copy_from_slice(&stream.len.to_le_bytes());
    push(
        out,
        tag,
        if stream.whole { WHOLE } else { STREAM },
        &payload,
    );
}

fn push(out: &mut Vec<u8>, tag: PropTag, form: u8, payload: &[u8]) {
    out.extend_from_slice(&tag.raw().to_le_bytes());
    out.push(form);
    put_len(out, payload.len());
    out.extend_from_slice(payload);
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    // Values of 4 GB never come here: they are stored in pieces.
    out.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
}

/// Walks over the properties of an encoded set.
pub(crate) struct Reader<'a> {
    rest: Bytes<'a>,
}

impl<'a> Reader<'a> {
    /// Over `bytes`; none at all are an empty set.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self> {
        match bytes.split_first() {
            None => Ok(Self { rest: Bytes(&[]) }),
            Some((&VERSION, rest)) => Ok(Self { rest: Bytes(rest) }),
            Some(_) => Err(corrupt("a property set has an unknown layout")),
        }
    }

    /// The next property.
    pub(crate) fn next(&mut self) -> Result<Option<(PropTag, Found<'a>)>> {
        if self.rest.0.is_empty() {
            return Ok(None);
        }
        let tag = PropTag::from_raw(self.rest.u32()?);
        let form = self.rest.take(1)?[0];
        let len = self.rest.len()?;
        let mut payload = Bytes(self.rest.take(len)?);
        let found = match form {
            INLINE => Found::Inline(payload.0),
            WHOLE | STREAM => Found::Stored(StreamRef {
                id: payload.i64()?,
                len: u64::from_le_bytes(payload.array()?),
                whole: form == WHOLE,
            }),
            _ => return Err(corrupt("a property has an unknown form")),
        };
        Ok(Some((tag, found)))
    }
}

/// The streams an encoded set refers to.
pub(crate) fn streams(bytes: &[u8]) -> Result<Vec<StreamRef>> {
    let mut reader = Reader::new(bytes)?;
    let mut found = Vec::new();
    while let Some((_, value)) = reader.next()? {
        if let Found::Stored(stream) = value {
            found.push(stream);
        }
    }
    Ok(found)
}

/// Encodes a value.
pub(crate) fn encode(value: &PropValue) -> Cow<'_, [u8]> {
    use PropValue as V;
    let mut out = Vec::new();
    match value {
        V::String8(s) | V::Binary(s) => return Cow::Borrowed(s),
        V::Null | V::Object => {}
        V::I2(n) => out.extend_from_slice(&n.to_le_bytes()),
        V::Long(n) => out.extend_from_slice(&n.to_le_bytes()),
        V::R4(n) => out.extend_from_slice(&n.to_bits().to_le_bytes()),
        V::Double(n) | V::AppTime(n) => out.extend_from_slice(&n.to_bits().to_le_bytes()),
        V::Currency(n) | V::I8(n) => out.extend_from_slice(&n.to_le_bytes()),
        V::Error(code) => out.extend_from_slice(&code.0.to_le_bytes()),
        V::Boolean(b) => out.push(u8::from(*b)),
        V::SysTime(time) => out.extend_from_slice(&time.0.to_le_bytes()),
        V::Clsid(guid) => out.extend_from_slice(&guid.0),
        V::Unicode(text) => put_text(&mut out, text),
        V::MvI2(v) => v
            .iter()
            .for_each(|n| out.extend_from_slice(&n.to_le_bytes())),
        V::MvLong(v) => v
            .iter()
            .for_each(|n| out.extend_from_slice(&n.to_le_bytes())),
        V::MvR4(v) => v
            .iter()
            .for_each(|n| out.extend_from_slice(&n.to_bits().to_le_bytes())),
        V::MvDouble(v) | V::MvAppTime(v) => {
            v.iter()
                .for_each(|n| out.extend_from_slice(&n.to_bits().to_le_bytes()));
        }
        V::MvCurrency(v) | V::MvI8(v) => v
            .iter()
            .for_each(|n| out.extend_from_slice(&n.to_le_bytes())),
        V::MvSysTime(v) => v
            .iter()
            .for_each(|t| out.extend_from_slice(&t.0.to_le_bytes())),
        V::MvClsid(v) => v.iter().for_each(|g| out.extend_from_slice(&g.0)),
        V::MvString8(v) | V::MvBinary(v) => {
            for item in v {
                put_len(&mut out, item.len());
                out.extend_from_slice(item);
            }
        }
        V::MvUnicode(v) => {
            for item in v {
                let mut text = Vec::new();
                put_text(&mut text, item);
                put_len(&mut out, text.len());
                out.extend_from_slice(&text);
            }
        }
    }
    Cow::Owned(out)
}

/// Text: 0 and UTF-8, or, if it is ill-formed, 1 and its 16-bit units.
fn put_text(out: &mut Vec<u8>, text: &UnicodeString) {
    if let Cow::Borrowed(utf8) = text.to_str() {
        out.push(0);
        out.extend_from_slice(utf8.as_bytes());
    } else {
        out.push(1);
        out.extend_from_slice(&utf16_bytes(text));
    }
}

/// The bytes of the 16-bit units, little-endian: what a stream over a PT_UNICODE property shows.
pub(crate) fn utf16_bytes(text: &UnicodeString) -> Vec<u8> {
    text.to_utf16()
        .iter()
        .flat_map(|u| u.to_le_bytes())
        .collect()
}

/// The text of such bytes; an odd last byte is dropped.
pub(crate) fn text_from_utf16_bytes(bytes: &[u8]) -> UnicodeString {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    UnicodeString::from_utf16(&units)
}

fn get_text(bytes: &[u8]) -> Result<UnicodeString> {
    match bytes.split_first() {
        Some((0, utf8)) => std::str::from_utf8(utf8)
            .map(UnicodeString::from)
            .map_err(|_| corrupt("a text is not UTF-8")),
        Some((1, units)) => Ok(text_from_utf16_bytes(units)),
        _ => Err(corrupt("a text has an unknown form")),
    }
}

/// Decodes a value of type `ptype`.
///
/// # Errors
/// MAPI_E_CORRUPT_STORE if the bytes are not such a value.
pub(crate) fn decode(ptype: PropType, bytes: &[u8]) -> Result<PropValue> {
    use PropValue as V;
    let mut b = Bytes(bytes);
    let value = match ptype {
        PropType::STRING8 => return Ok(V::String8(bytes.to_vec())),
        PropType::BINARY => return Ok(V::Binary(bytes.to_vec())),
        PropType::UNICODE => return get_text(bytes).map(V::Unicode),
        PropType::NULL => V::Null,
        PropType::OBJECT => V::Object,
        PropType::I2 => V::I2(i16::from_le_bytes(b.array()?)),
        PropType::LONG => V::Long(i32::from_le_bytes(b.array()?)),
        PropType::R4 => V::R4(b.f32()?),
        PropType::DOUBLE => V::Double(b.f64()?),
        PropType::APPTIME => V::AppTime(b.f64()?),
        PropType::CURRENCY => V::Currency(b.i64()?),
        PropType::I8 => V::I8(b.i64()?),
        PropType::ERROR => V::Error(ErrorCode(b.u32()?)),
        PropType::BOOLEAN => V::Boolean(b.take(1)?[0] != 0),
        PropType::SYSTIME => V::SysTime(b.time()?),
        PropType::CLSID => V::Clsid(b.guid()?),
        PropType::MV_I2 => V::MvI2(b.all(|b| Ok(i16::from_le_bytes(b.array()?)))?),
        PropType::MV_LONG => V::MvLong(b.all(|b| Ok(i32::from_le_bytes(b.array()?)))?),
        PropType::MV_R4 => V::MvR4(b.all(Bytes::f32)?),
        PropType::MV_DOUBLE => V::MvDouble(b.all(Bytes::f64)?),
        PropType::MV_APPTIME => V::MvAppTime(b.all(Bytes::f64)?),
        PropType::MV_CURRENCY => V::MvCurrency(b.all(Bytes::i64)?),
        PropType::MV_I8 => V::MvI8(b.all(Bytes::i64)?),
        PropType::MV_SYSTIME => V::MvSysTime(b.all(Bytes::time)?),
        PropType::MV_CLSID => V::MvClsid(b.all(Bytes::guid)?),
        PropType::MV_STRING8 => V::MvString8(b.all(Bytes::item)?),
        PropType::MV_BINARY => V::MvBinary(b.all(Bytes::item)?),
        PropType::MV_UNICODE => V::MvUnicode(b.all(|b| get_text(&b.item()?))?),
        _ => return Err(corrupt("a property has an unknown type")),
    };
    if !b.0.is_empty() {
        return Err(corrupt("a property value is too long"));
    }
    Ok(value)
}

/// Bytes being read from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (head, rest) = self
            .0
            .split_at_checked(n)
            .ok_or_else(|| corrupt("a property value is cut short"))?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn len(&mut self) -> Result<usize> {
        Ok(usize::try_from(self.u32()?).unwrap_or(usize::MAX))
    }

    fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    fn f32(&mut self) -> Result<f32> {
        Ok(f32::from_bits(self.u32()?))
    }

    fn f64(&mut self) -> Result<f64> {
        Ok(f64::from_bits(u64::from_le_bytes(self.array()?)))
    }

    fn time(&mut self) -> Result<FileTime> {
        Ok(FileTime(u64::from_le_bytes(self.array()?)))
    }

    fn guid(&mut self) -> Result<Guid> {
        Ok(Guid(self.array()?))
    }

    fn item(&mut self) -> Result<Vec<u8>> {
        let len = self.len()?;
        Ok(self.take(len)?.to_vec())
    }

    fn all<T>(&mut self, one: impl Fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut out = Vec::new();
        while !self.0.is_empty() {
            out.push(one(self)?);
        }
        Ok(out)
    }
}

/// Appends a length-prefixed block.
pub(crate) fn put_block(out: &mut Vec<u8>, bytes: &[u8]) {
    put_len(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Takes a length-prefixed block off the front.
pub(crate) fn take_block<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8]> {
    let mut b = Bytes(bytes);
    let len = b.len()?;
    let block = b.take(len)?;
    *bytes = b.0;
    Ok(block)
}

/// Takes a number off the front.
pub(crate) fn take_u32(bytes: &mut &[u8]) -> Result<u32> {
    let mut b = Bytes(bytes);
    let n = b.u32()?;
    *bytes = b.0;
    Ok(n)
}
