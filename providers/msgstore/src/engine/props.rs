//! A set of properties being worked on: small values in memory, large ones as references.

use mapi_types::{Error, ErrorCode, PropTag, PropType, PropValue, Property, Result};
use rusqlite::Connection;

use super::Store;
use super::codec::{self, Found, StreamRef};
use super::sql::{corrupt, count, int, refused};
use super::stream::{self, PropStream, Spool};
use super::tx::Tx;

/// A value with more bytes than this is not kept beside the others: rows stay short.
const INLINE_MAX: usize = 2 * 1024;
/// Text and bytes with more than this are kept so that a stream can start anywhere in them.
const WHOLE_MAX: usize = 16 * 1024;
/// The largest value that a table shows whole.
const TABLE_MAX: u64 = 8 * 1024;
/// How much of a large text a table shows, in UTF-16 units.
const TABLE_TEXT: usize = 255;

/// One value.
#[derive(Clone)]
pub(crate) enum Value {
    /// In memory.
    Inline(PropValue),
    /// In pieces in the store.
    Stored(StreamRef),
    /// Written through a stream, not saved yet; the bytes that a stream shows.
    Spooled(Spool),
}

/// Properties by identifier: one value for each.
#[derive(Clone, Default)]
pub(crate) struct PropSet {
    entries: Vec<(PropTag, Value)>,
}

impl PropSet {
    /// Decodes a saved set.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let mut reader = codec::Reader::new(bytes)?;
        let mut entries = Vec::new();
        while let Some((tag, found)) = reader.next()? {
            let value = match found {
                Found::Inline(payload) => Value::Inline(codec::decode(tag.ptype(), payload)?),
                Found::Stored(stream) => Value::Stored(stream),
            };
            entries.push((tag, value));
        }
        if !entries.is_sorted_by(|a, b| a.0.id() < b.0.id()) {
            return Err(corrupt("a property set is out of order"));
        }
        Ok(Self { entries })
    }

    fn position(&self, tag: PropTag) -> Result<usize, usize> {
        self.entries
            .binary_search_by_key(&tag.id(), |(t, _)| t.id())
    }

    /// The entry with the identifier of `tag`.
    pub(crate) fn find(&self, tag: PropTag) -> Option<(PropTag, &Value)> {
        let (found, value) = &self.entries[self.position(tag).ok()?];
        Some((*found, value))
    }

    /// The value in memory with the identifier of `tag`.
    pub(crate) fn inline(&self, tag: PropTag) -> Option<&PropValue> {
        match self.find(tag)?.1 {
            Value::Inline(value) => Some(value),
            _ => None,
        }
    }

    /// The tags, in order of their identifiers.
    pub(crate) fn tags(&self) -> impl Iterator<Item = PropTag> + '_ {
        self.entries.iter().map(|(tag, _)| *tag)
    }

    /// Sets a property, whatever type it had before.
    pub(crate) fn set(&mut self, property: Property) {
        self.put(property.tag, Value::Inline(property.value));
    }

    fn put(&mut self, tag: PropTag, value: Value) {
        match self.position(tag) {
            Ok(at) => self.entries[at] = (tag, value),
            Err(at) => self.entries.insert(at, (tag, value)),
        }
    }

    /// Removes a property; whether it was there.
    pub(crate) fn delete(&mut self, tag: PropTag) -> bool {
        match self.position(tag) {
            Ok(at) => {
                self.entries.remove(at);
                true
            }
            Err(_) => false,
        }
    }

    /// The bytes all values take, as PR_MESSAGE_SIZE counts them.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.entries.iter().map(|(_, value)| value.len()).sum()
    }

    /// A property in one piece, as GetProps hands it over: PT_ERROR with MAPI_E_NOT_FOUND if it is not there in that
    /// type, with MAPI_E_NOT_ENOUGH_MEMORY if it has more than `limit_bytes`.
    pub(crate) fn get(&self, conn: &dyn Fetch, tag: PropTag, limit_bytes: u64) -> Result<Property> {
        match self.find(tag) {
            Some((stored, _)) if !type_fits(tag, stored) => {
                Ok(Property::error(tag, ErrorCode::NOT_FOUND))
            }
            None => Ok(Property::error(tag, ErrorCode::NOT_FOUND)),
            Some((_, value)) if value.len() > limit_bytes => {
                Ok(Property::error(tag, ErrorCode::NOT_ENOUGH_MEMORY))
            }
            Some((stored, value)) => Ok(Property {
                tag: stored,
                value: value.load(conn, stored)?,
            }),
        }
    }

    /// A property as a table shows it: a large text is cut, large bytes are an error value.
    pub(crate) fn table_value(&self, conn: &dyn Fetch, tag: PropTag) -> Result<Option<Property>> {
        let Some((stored, value)) = self.find(tag) else {
            return Ok(None);
        };
        if !type_fits(tag, stored) {
            return Ok(None);
        }
        if value.len() <= TABLE_MAX {
            let value = value.load(conn, stored)?;
            return Ok(Some(Property { tag: stored, value }));
        }
        let head = |bytes: usize| -> Result<Vec<u8>> {
            let mut buf = vec![0; bytes];
            let n = value.read_head(conn, stored, &mut buf)?;
            buf.truncate(n);
            Ok(buf)
        };
        Ok(Some(match stored.ptype() {
            PropType::UNICODE => Property {
                tag: stored,
                value: PropValue::Unicode(codec::text_from_utf16_bytes(&head(TABLE_TEXT * 2)?)),
            },
            PropType::STRING8 => Property {
                tag: stored,
                value: PropValue::String8(head(TABLE_TEXT)?),
            },
            _ => Property::error(stored, ErrorCode::NOT_ENOUGH_MEMORY),
        }))
    }

    /// Opens a property as a stream.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, or MAPI_E_INTERFACE_NOT_SUPPORTED if it is neither text nor bytes.
    pub(crate) fn open_stream(&self, store: &Store, tag: PropTag) -> Result<PropStream> {
        let (stored, value) = self
            .find(tag)
            .filter(|(stored, _)| type_fits(tag, *stored))
            .ok_or_else(|| Error::caller(ErrorCode::NOT_FOUND))?;
        streamable(stored)?;
        match value {
            Value::Stored(stream) if !stream.whole => {
                Ok(PropStream::stored(store.clone(), *stream))
            }
            Value::Spooled(spool) => Ok(PropStream::spooled(spool.clone())),
            _ => {
                let value = value.load(store, stored)?;
                PropStream::over(&stream_bytes(&value))
            }
        }
    }

    /// Makes what was written to a stream the value of `tag`.
    pub(crate) fn set_stream(&mut self, tag: PropTag, stream: &mut PropStream) -> Result<()> {
        streamable(tag)?;
        let spool = stream.take()?;
        self.put(tag, Value::Spooled(spool));
        Ok(())
    }

    /// Writes the set: the bytes for the row, and the set as it will be read back. `old` are the bytes that the row
    /// holds now; streams that are no longer used are deleted, streams of other objects are copied.
    pub(crate) fn save(&self, tx: &mut Tx<'_>, old: &[u8]) -> Result<(Vec<u8>, Self)> {
        let mut unused = codec::streams(old)?;
        let mut out = codec::begin();
        let mut saved = Self {
            entries: Vec::with_capacity(self.entries.len()),
        };
        for (tag, value) in &self.entries {
            let stream = match value {
                Value::Inline(value) => match save_inline(tx, value)? {
                    Saved::Here(bytes) => {
                        codec::push_inline(&mut out, *tag, &bytes);
                        saved.entries.push((*tag, Value::Inline(value.clone())));
                        continue;
                    }
                    Saved::Elsewhere(stream) => stream,
                },
                Value::Spooled(spool) => stream::write_spool(tx, spool)?,
                Value::Stored(stream) => match unused.iter().position(|s| s.id == stream.id) {
                    Some(at) => unused.swap_remove(at),
                    None => stream::copy_stream(tx, *stream)?,
                },
            };
            codec::push_stored(&mut out, *tag, stream);
            saved.entries.push((*tag, Value::Stored(stream)));
        }
        for stream in unused {
            stream::delete_stream(tx, stream)?;
        }
        Ok((out, saved))
    }

    /// Encodes a set that has no large values of its own (a recipient's): all in one place.
    pub(crate) fn encode_flat(&self, conn: &dyn Fetch) -> Result<Vec<u8>> {
        let mut out = codec::begin();
        for (tag, value) in &self.entries {
            codec::push_inline(&mut out, *tag, &codec::encode(&value.load(conn, *tag)?));
        }
        Ok(out)
    }
}

enum Saved<'a> {
    Here(std::borrow::Cow<'a, [u8]>),
    Elsewhere(StreamRef),
}

fn save_inline<'a>(tx: &mut Tx<'_>, value: &'a PropValue) -> Result<Saved<'a>> {
    let bytes = codec::encode(value);
    if bytes.len() <= INLINE_MAX {
        return Ok(Saved::Here(bytes));
    }
    if bytes.len() > WHOLE_MAX && is_streamable(value.ptype()) {
        let stream = match value {
            PropValue::Unicode(text) => stream::write_bytes(tx, false, &codec::utf16_bytes(text))?,
            _ => stream::write_bytes(tx, false, &bytes)?,
        };
        return Ok(Saved::Elsewhere(stream));
    }
    Ok(Saved::Elsewhere(stream::write_bytes(tx, true, &bytes)?))
}

/// Deletes the streams of an encoded set.
pub(crate) fn delete_streams(tx: &mut Tx<'_>, bytes: &[u8]) -> Result<()> {
    for stream in codec::streams(bytes)? {
        stream::delete_stream(tx, stream)?;
    }
    Ok(())
}

/// Where values that lie in the store are read from: a connection, or the store's pool of them.
pub(crate) trait Fetch {
    /// Reads a whole stream.
    fn whole(&self, stream: StreamRef) -> Result<Vec<u8>>;
    /// Reads the beginning of a stream.
    fn head(&self, stream: StreamRef, buf: &mut [u8]) -> Result<usize>;
}

impl Fetch for Connection {
    fn whole(&self, stream: StreamRef) -> Result<Vec<u8>> {
        stream::read_whole(self, stream)
    }

    fn head(&self, stream: StreamRef, buf: &mut [u8]) -> Result<usize> {
        stream::read_stream(self, stream, 0, buf)
    }
}

impl Fetch for Store {
    fn whole(&self, stream: StreamRef) -> Result<Vec<u8>> {
        self.read(|conn| stream::read_whole(conn, stream))
    }

    fn head(&self, stream: StreamRef, buf: &mut [u8]) -> Result<usize> {
        self.read(|conn| stream::read_stream(conn, stream, 0, buf))
    }
}

impl Value {
    /// Bytes of the value.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Inline(value) => count(int(value.size_bytes())),
            Self::Stored(stream) => stream.len,
            Self::Spooled(spool) => spool.len(),
        }
    }

    /// The value in memory.
    pub(crate) fn load(&self, conn: &dyn Fetch, tag: PropTag) -> Result<PropValue> {
        match self {
            Self::Inline(value) => Ok(value.clone()),
            Self::Stored(stream) if stream.whole => {
                codec::decode(tag.ptype(), &conn.whole(*stream)?)
            }
            Self::Stored(stream) => from_stream_bytes(tag, conn.whole(*stream)?),
            Self::Spooled(spool) => {
                let mut bytes = vec![0; usize::try_from(spool.len()).unwrap_or(usize::MAX)];
                let n = spool.read_at(0, &mut bytes)?;
                bytes.truncate(n);
                from_stream_bytes(tag, bytes)
            }
        }
    }

    fn read_head(&self, conn: &dyn Fetch, tag: PropTag, buf: &mut [u8]) -> Result<usize> {
        match self {
            Self::Stored(stream) if !stream.whole => conn.head(*stream, buf),
            Self::Spooled(spool) => spool.read_at(0, buf),
            _ => {
                let bytes = stream_bytes(&self.load(conn, tag)?);
                let n = bytes.len().min(buf.len());
                buf[..n].copy_from_slice(&bytes[..n]);
                Ok(n)
            }
        }
    }
}

/// The bytes that a stream over a value shows.
fn stream_bytes(value: &PropValue) -> Vec<u8> {
    match value {
        PropValue::Unicode(text) => codec::utf16_bytes(text),
        PropValue::String8(bytes) | PropValue::Binary(bytes) => bytes.clone(),
        _ => Vec::new(),
    }
}

fn from_stream_bytes(tag: PropTag, bytes: Vec<u8>) -> Result<PropValue> {
    match tag.ptype() {
        PropType::UNICODE => Ok(PropValue::Unicode(codec::text_from_utf16_bytes(&bytes))),
        PropType::STRING8 => Ok(PropValue::String8(bytes)),
        PropType::BINARY => Ok(PropValue::Binary(bytes)),
        _ => Err(corrupt("a value of this type cannot be a stream")),
    }
}

fn is_streamable(ptype: PropType) -> bool {
    matches!(
        ptype,
        PropType::UNICODE | PropType::STRING8 | PropType::BINARY
    )
}

/// Refuses what is neither text nor bytes.
pub(crate) fn streamable(tag: PropTag) -> Result<()> {
    if is_streamable(tag.ptype()) {
        Ok(())
    } else {
        Err(refused(
            ErrorCode::INTERFACE_NOT_SUPPORTED,
            "only text and bytes can be opened as a stream",
        ))
    }
}

/// Whether a property of type `stored` answers for `asked`: the same type, or any if none is named.
pub(crate) fn type_fits(asked: PropTag, stored: PropTag) -> bool {
    asked.ptype() == stored.ptype() || asked.ptype() == PropType::UNSPECIFIED
}
