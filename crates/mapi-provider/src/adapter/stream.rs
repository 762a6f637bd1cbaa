//! IStream over the bytes of a property.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mapi_com::iface::{ComObject, Stream, StreamOrigin};
use mapi_com::ptr::{ComPtr, Unknown};
use mapi_com::shell::export;
use mapi_sys::IStream;
use mapi_types::{Error, ErrorCode, PropTag, PropType, PropValue, Property, Result};

use super::home::Home;
use super::text::{from_bytes, to_bytes};
use crate::{PropObject, PropStream, StreamMode};

/// Bytes copied at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// A cursor on the bytes; clones share them.
pub(crate) struct StreamObject {
    home: Arc<Home>,
    bytes: Arc<Mutex<Bytes>>,
    position: Mutex<u64>,
    writable: bool,
}

struct Bytes {
    stream: Box<dyn PropStream>,
    /// Written to since the last commit.
    dirty: bool,
}

impl StreamObject {
    pub(crate) fn open(
        home: &Arc<Home>,
        stream: Box<dyn PropStream>,
        writable: bool,
    ) -> Result<Unknown> {
        let bytes = Bytes {
            stream,
            dirty: false,
        };
        let this = Self {
            home: Arc::clone(home),
            bytes: Arc::new(Mutex::new(bytes)),
            position: Mutex::new(0),
            writable,
        };
        Ok(export::<dyn Stream>(&home.scope, Arc::new(this))?.into_unknown())
    }

    fn check_writable(&self) -> Result<()> {
        if self.writable {
            return Ok(());
        }
        Err(Error::caller(ErrorCode::NO_ACCESS)
            .context("the stream was opened for reading only; open it with MAPI_MODIFY"))
    }

    fn bytes(&self) -> MutexGuard<'_, Bytes> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn position(&self) -> MutexGuard<'_, u64> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bytes {
    fn commit(&mut self) -> Result<()> {
        self.stream.commit()?;
        self.dirty = false;
        Ok(())
    }
}

impl ComObject for StreamObject {
    /// Many clients never call Commit and rely on Release.
    fn last_release(&self) {
        let mut bytes = self.bytes();
        if bytes.dirty {
            // Release has no way to report it; saving the object will fail for the same reason.
            let _ = bytes.commit();
        }
    }
}

impl Stream for StreamObject {
    fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        let mut position = self.position();
        let read = self.bytes().stream.read_at(*position, buffer)?;
        *position += read as u64;
        Ok(read)
    }

    fn write(&self, bytes: &[u8]) -> Result<usize> {
        self.check_writable()?;
        let mut position = self.position();
        let mut target = self.bytes();
        target.stream.write_at(*position, bytes)?;
        target.dirty = true;
        *position += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn seek(&self, offset: i64, origin: StreamOrigin) -> Result<u64> {
        let mut position = self.position();
        let base = match origin {
            StreamOrigin::Set => 0,
            StreamOrigin::Current => *position,
            StreamOrigin::End => self.bytes().stream.len()?,
        };
        *position = base.checked_add_signed(offset).ok_or_else(|| {
            Error::caller(ErrorCode::INVALID_PARAMETER)
                .context("a seek to before the beginning of the stream")
        })?;
        Ok(*position)
    }

    fn set_size(&self, size_bytes: u64) -> Result<()> {
        self.check_writable()?;
        let mut bytes = self.bytes();
        bytes.stream.set_len(size_bytes)?;
        bytes.dirty = true;
        Ok(())
    }

    fn copy_to(&self, target: &ComPtr<IStream>, size_bytes: u64) -> Result<(u64, u64)> {
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut copied = 0;
        while copied < size_bytes {
            let left = usize::try_from(size_bytes - copied).unwrap_or(usize::MAX);
            // No lock is held while the target writes: it may be another cursor on the same bytes.
            let read = self.read(&mut buffer[..left.min(CHUNK_BYTES)])?;
            if read == 0 {
                break;
            }
            write_all(target, &buffer[..read])?;
            copied += read as u64;
        }
        Ok((copied, copied))
    }

    fn commit(&self) -> Result<()> {
        self.bytes().commit()
    }

    fn size(&self) -> Result<u64> {
        self.bytes().stream.len()
    }

    fn clone_stream(&self) -> Result<ComPtr<IStream>> {
        let clone = Self {
            home: Arc::clone(&self.home),
            bytes: Arc::clone(&self.bytes),
            position: Mutex::new(*self.position()),
            writable: self.writable,
        };
        export::<dyn Stream>(&self.home.scope, Arc::new(clone))
    }
}

/// Writes all of `bytes`; a stream that takes nothing is full.
pub(crate) fn write_all(target: &ComPtr<IStream>, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        let written = target.write(bytes)?;
        if written == 0 {
            return Err(Error::provider(ErrorCode::NOT_ENOUGH_DISK)
                .context("the target stream takes no more bytes"));
        }
        bytes = bytes.get(written..).unwrap_or(&[]);
    }
    Ok(())
}

/// All bytes of a property into a foreign stream.
pub(crate) fn pump(source: &mut dyn PropStream, target: &ComPtr<IStream>) -> Result<()> {
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut at = 0;
    loop {
        let read = source.read_at(at, &mut buffer)?;
        if read == 0 {
            return target.commit();
        }
        write_all(target, &buffer[..read])?;
        at += read as u64;
    }
}

/// Bytes in memory, with the arithmetic of files.
#[derive(Default)]
struct Memory(Vec<u8>);

impl Memory {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.0.len());
        let rest = &self.0[start..];
        let size = rest.len().min(buffer.len());
        buffer[..size].copy_from_slice(&rest[..size]);
        size
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let start = usize::try_from(offset).map_err(|_| ErrorCode::TOO_BIG)?;
        let end = start.checked_add(bytes.len()).ok_or(ErrorCode::TOO_BIG)?;
        if self.0.len() < end {
            self.resize(end)?;
        }
        self.0[start..end].copy_from_slice(bytes);
        Ok(())
    }

    /// A size out of a client's hand must not end the process.
    fn resize(&mut self, size: usize) -> Result<()> {
        let more = size.saturating_sub(self.0.len());
        self.0
            .try_reserve(more)
            .map_err(|_| Error::system(ErrorCode::NOT_ENOUGH_MEMORY))?;
        self.0.resize(size, 0);
        Ok(())
    }

    fn set_len(&mut self, size_bytes: u64) -> Result<()> {
        self.resize(usize::try_from(size_bytes).map_err(|_| ErrorCode::TOO_BIG)?)
    }

    fn len(&self) -> u64 {
        self.0.len() as u64
    }
}

/// A property whose object has no streams of its own: its value, set again on Commit.
pub(crate) struct ValueStream {
    object: Arc<dyn PropObject>,
    tag: PropTag,
    memory: Memory,
}

impl ValueStream {
    pub(crate) fn open(
        object: &Arc<dyn PropObject>,
        tag: PropTag,
        mode: StreamMode,
    ) -> Result<Self> {
        let found = object.get_props(&[tag], usize::MAX)?;
        let bytes = match found.into_iter().next().map(|p| p.value) {
            Some(PropValue::Binary(bytes)) => bytes,
            Some(PropValue::Unicode(text)) => utf16_bytes(&text.to_utf16()),
            Some(PropValue::Error(code)) if code != ErrorCode::NOT_FOUND => return Err(code.into()),
            _ if mode == StreamMode::Create => Vec::new(),
            _ => return Err(ErrorCode::NOT_FOUND.into()),
        };
        Ok(Self {
            object: Arc::clone(object),
            tag,
            memory: Memory(bytes),
        })
    }
}

impl PropStream for ValueStream {
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        Ok(self.memory.read_at(offset, buffer))
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.memory.write_at(offset, bytes)
    }

    fn set_len(&mut self, size_bytes: u64) -> Result<()> {
        self.memory.set_len(size_bytes)
    }

    fn len(&mut self) -> Result<u64> {
        Ok(self.memory.len())
    }

    fn commit(&mut self) -> Result<()> {
        let value = if self.tag.ptype() == PropType::UNICODE {
            PropValue::Unicode(mapi_types::UnicodeString::from_utf16(&utf16_units(
                &self.memory.0,
            )))
        } else {
            PropValue::Binary(self.memory.0.clone())
        };
        let problems = self.object.set_props(&[Property::new(self.tag, value)])?;
        problems.first().map_or(Ok(()), |p| Err(p.code.into()))
    }
}

/// A PT_UNICODE property read and written as PT_STRING8: converted as a whole, since the sizes differ.
pub(crate) struct NarrowStream {
    wide: Box<dyn PropStream>,
    memory: Memory,
    changed: bool,
}

impl NarrowStream {
    pub(crate) fn open(mut wide: Box<dyn PropStream>) -> Result<Self> {
        let mut bytes = Vec::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            match wide.read_at(bytes.len() as u64, &mut chunk)? {
                0 => break,
                read => bytes.extend_from_slice(&chunk[..read]),
            }
        }
        let text = mapi_types::UnicodeString::from_utf16(&utf16_units(&bytes));
        Ok(Self {
            wide,
            memory: Memory(to_bytes(&text)),
            changed: false,
        })
    }
}

impl PropStream for NarrowStream {
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        Ok(self.memory.read_at(offset, buffer))
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.changed = true;
        self.memory.write_at(offset, bytes)
    }

    fn set_len(&mut self, size_bytes: u64) -> Result<()> {
        self.changed = true;
        self.memory.set_len(size_bytes)
    }

    fn len(&mut self) -> Result<u64> {
        Ok(self.memory.len())
    }

    fn commit(&mut self) -> Result<()> {
        if self.changed {
            let bytes = utf16_bytes(&from_bytes(&self.memory.0).to_utf16());
            self.wide.write_at(0, &bytes)?;
            self.wide.set_len(bytes.len() as u64)?;
            self.changed = false;
        }
        self.wide.commit()
    }
}

fn utf16_bytes(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

fn utf16_units(bytes: &[u8]) -> Vec<u16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_behaves_like_a_file() {
        let mut memory = Memory::default();
        memory.write_at(2, b"abc").unwrap();
        assert_eq!(memory.0, b"\0\0abc");
        let mut buffer = [0; 8];
        assert_eq!(memory.read_at(3, &mut buffer), 2);
        assert_eq!(&buffer[..2], b"bc");
        assert_eq!(memory.read_at(99, &mut buffer), 0);
        memory.set_len(3).unwrap();
        assert_eq!(memory.0, b"\0\0a");
        assert_eq!(
            memory.write_at(u64::MAX, b"x").unwrap_err().code(),
            ErrorCode::TOO_BIG
        );
        assert_eq!(
            memory.set_len(1 << 62).unwrap_err().code(),
            ErrorCode::NOT_ENOUGH_MEMORY
        );
    }
}
