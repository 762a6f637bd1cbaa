//! WrapCompressedRTFStream, RTFSync.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mapi_com::alloc::Allocator;
use mapi_com::convert::{object_in, put, put_object};
use mapi_com::iface::{ComObject, MapiProp, Stream, StreamOrigin};
use mapi_com::ptr::{ComPtr, guid_from_abi};
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_sys::*;
use mapi_types::{
    Error, ErrorCode, PropValue, Property, Result, compress_rtf, decompress_rtf, rtf_to_text,
    store_rtf, tag, text_to_rtf,
};

use crate::guard::{hr, known_flags, output};

/// No RTF is longer than this; what claims to be is damaged.
const MOST: usize = 1 << 30;

/// What is left of a stream.
fn read_all(stream: &ComPtr<IStream>) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut part = vec![0; 64 * 1024];
    loop {
        let read = stream.read(&mut part)?.min(part.len());
        if read == 0 {
            return Ok(all);
        }
        if all.len() + read > MOST {
            return Err(Error::caller(ErrorCode::TOO_BIG).context("a stream of more than 1 GB"));
        }
        all.extend_from_slice(&part[..read]);
    }
}

/// Replaces what a stream holds.
fn write_all(stream: &ComPtr<IStream>, bytes: &[u8]) -> Result<()> {
    stream.seek(0, StreamOrigin::Set)?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let written = stream.write(rest)?.min(rest.len());
        if written == 0 {
            return Err(Error::provider(ErrorCode::CALL_FAILED).context("the stream takes no more"));
        }
        rest = &rest[written..];
    }
    let size = u64::try_from(bytes.len()).map_err(|_| ErrorCode::TOO_BIG)?;
    // A stream that is new, or does not shrink, is no reason to fail where it fits.
    if stream.set_size(size).is_err() && stream.size()? != size {
        return Err(
            Error::provider(ErrorCode::CALL_FAILED).context("the stream keeps what it held before")
        );
    }
    stream.commit()
}

/// The text of a stream of compressed RTF.
struct Reading {
    text: Vec<u8>,
    at: Mutex<usize>,
}

impl Reading {
    fn rest(&self) -> (MutexGuard<'_, usize>, &[u8]) {
        let at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = self.text.get(*at..).unwrap_or_default();
        (at, rest)
    }
}

impl ComObject for Reading {}

/// The page names the methods that are there: reading, from the beginning to the end.
impl Stream for Reading {
    fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        let (mut at, rest) = self.rest();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        *at += count;
        Ok(count)
    }

    fn write(&self, _bytes: &[u8]) -> Result<usize> {
        Err(Error::caller(ErrorCode::NO_ACCESS).context("wrapped without MAPI_MODIFY"))
    }

    fn seek(&self, _offset: i64, _origin: StreamOrigin) -> Result<u64> {
        Err(Error::no_support())
    }

    fn set_size(&self, _size_bytes: u64) -> Result<()> {
        Err(Error::no_support())
    }

    fn copy_to(&self, target: &ComPtr<IStream>, size_bytes: u64) -> Result<(u64, u64)> {
        let part = {
            let (mut at, rest) = self.rest();
            let count = usize::try_from(size_bytes).map_or(rest.len(), |n| n.min(rest.len()));
            *at += count;
            rest[..count].to_vec()
        };
        let mut written = 0;
        while written < part.len() {
            match target.write(&part[written..])? {
                0 => break,
                more => written += more,
            }
        }
        let size = |n: usize| u64::try_from(n).map_err(|_| ErrorCode::TOO_BIG);
        Ok((size(part.len())?, size(written)?))
    }

    fn commit(&self) -> Result<()> {
        Ok(())
    }

    fn size(&self) -> Result<u64> {
        Err(Error::no_support())
    }
}

/// New text for a stream of compressed RTF: written there at Commit, or when the last reference goes.
struct Writing {
    target: ComPtr<IStream>,
    compressed: bool,
    text: Mutex<(Vec<u8>, bool)>,
}

impl Writing {
    fn text(&self) -> MutexGuard<'_, (Vec<u8>, bool)> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ComObject for Writing {
    fn last_release(&self) {
        if let Err(error) = self.commit() {
            crate::guard::trace("Release of WrapCompressedRTFStream", &error);
        }
    }
}

impl Stream for Writing {
    fn read(&self, _buffer: &mut [u8]) -> Result<usize> {
        Err(Error::caller(ErrorCode::NO_ACCESS).context("wrapped for writing"))
    }

    fn write(&self, bytes: &[u8]) -> Result<usize> {
        let mut text = self.text();
        if text.0.len() + bytes.len() > MOST {
            return Err(ErrorCode::TOO_BIG.into());
        }
        text.0.extend_from_slice(bytes);
        text.1 = true;
        Ok(bytes.len())
    }

    fn seek(&self, _offset: i64, _origin: StreamOrigin) -> Result<u64> {
        Err(Error::no_support())
    }

    fn set_size(&self, _size_bytes: u64) -> Result<()> {
        Err(Error::no_support())
    }

    fn copy_to(&self, _target: &ComPtr<IStream>, _size_bytes: u64) -> Result<(u64, u64)> {
        Err(Error::caller(ErrorCode::NO_ACCESS).context("wrapped for writing"))
    }

    fn commit(&self) -> Result<()> {
        // No lock is held while the foreign stream is called.
        let text = {
            let mut text = self.text();
            if !std::mem::take(&mut text.1) {
                return Ok(());
            }
            text.0.clone()
        };
        let bytes = if self.compressed {
            compress_rtf(&text)?
        } else {
            store_rtf(&text)?
        };
        write_all(&self.target, &bytes)
    }

    fn size(&self) -> Result<u64> {
        Err(Error::no_support())
    }
}

/// WrapCompressedRTFStream: the text of a stream of compressed RTF, to be read; with MAPI_MODIFY, to be written.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WrapCompressedRTFStream(
    compressed: LPSTREAM,
    flags: ULONG,
    uncompressed: *mut LPSTREAM,
) -> HRESULT {
    hr("WrapCompressedRTFStream", || {
        // SAFETY: as the page says.
        unsafe {
            output(uncompressed, std::ptr::null_mut())?;
            known_flags(flags, MAPI_MODIFY | STORE_UNCOMPRESSED_RTF)?;
            let inner = object_in(compressed)?;
            let stream: Arc<dyn Stream> = if flags & MAPI_MODIFY != 0 {
                Arc::new(Writing {
                    target: inner,
                    compressed: flags & STORE_UNCOMPRESSED_RTF == 0,
                    text: Mutex::default(),
                })
            } else {
                Arc::new(Reading {
                    text: decompress_rtf(&read_all(&inner)?)?,
                    at: Mutex::default(),
                })
            };
            let scope = Scope::new("WrapCompressedRTFStream", Allocator::local());
            put_object(uncompressed, export(&scope, stream)?);
        }
        Ok(())
    })
}

/// RTFSync: makes PR_BODY and PR_RTF_COMPRESSED say the same: the one that has changed is the source, RTF if both have.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RTFSync(
    message: LPMESSAGE,
    flags: ULONG,
    updated: *mut BOOL,
) -> HRESULT {
    hr("RTFSync", || {
        // SAFETY: as the page says.
        let message = unsafe {
            put(updated, 0);
            known_flags(flags, RTF_SYNC_RTF_CHANGED | RTF_SYNC_BODY_CHANGED)?;
            object_in(message)?
        };
        let in_sync = message.get_props(Some(&[tag::PR_RTF_IN_SYNC]), 0)?;
        let in_sync = in_sync.first().and_then(|p| p.value.as_bool()) == Some(true);
        let changed = if flags & RTF_SYNC_RTF_CHANGED != 0 {
            body_from_rtf(&message)?
        } else if flags & RTF_SYNC_BODY_CHANGED != 0 {
            rtf_from_body(&message)?
        } else {
            false
        };
        if flags != 0 && (changed || !in_sync) {
            set(&message, Property::new(tag::PR_RTF_IN_SYNC, true))?;
            // SAFETY: a place or null.
            unsafe { put(updated, 1) };
        }
        Ok(())
    })
}

fn set(message: &ComPtr<IMessage>, prop: Property) -> Result<()> {
    match message.set_props(&[prop])?.first() {
        Some(problem) => Err(Error::provider(problem.code).context("SetProps of the message")),
        None => Ok(()),
    }
}

/// A property of the message as a stream; `None` if it is not there.
fn stream_of(
    message: &ComPtr<IMessage>,
    tag: mapi_types::PropTag,
    flags: u32,
) -> Result<Option<ComPtr<IStream>>> {
    let iid = guid_from_abi(&IID_IStream);
    match message.open_property(tag, &iid, 0, flags) {
        Ok(stream) => stream.query().map(Some),
        Err(e) if e.code() == ErrorCode::NOT_FOUND => Ok(None),
        Err(e) => Err(e),
    }
}

/// The text of PR_BODY, however long it is.
fn body_of(message: &ComPtr<IMessage>) -> Result<Option<String>> {
    let found = message.get_props(Some(&[tag::PR_BODY]), MAPI_UNICODE)?;
    if let Some(text) = found.first().and_then(|p| p.value.as_str()) {
        return Ok(Some(text.into_owned()));
    }
    let Some(stream) = stream_of(message, tag::PR_BODY, 0)? else {
        return Ok(None);
    };
    let bytes = read_all(&stream)?;
    let units = bytes
        .chunks_exact(2)
        .map(|b| u16::from_le_bytes([b[0], b[1]]));
    Ok(Some(String::from_utf16_lossy(&units.collect::<Vec<_>>())))
}

/// RTF of the text, if the RTF that is there shows another. Whether there is a new one.
fn rtf_from_body(message: &ComPtr<IMessage>) -> Result<bool> {
    let Some(body) = body_of(message)? else {
        return Ok(false);
    };
    let there = match stream_of(message, tag::PR_RTF_COMPRESSED, 0)? {
        Some(stream) => decompress_rtf(&read_all(&stream)?).ok(),
        None => None,
    };
    if there.is_some_and(|rtf| same_text(&rtf_to_text(&rtf), &body)) {
        return Ok(false);
    }
    let rtf = compress_rtf(&text_to_rtf(&body))?;
    let modify = MAPI_MODIFY | MAPI_CREATE;
    match stream_of(message, tag::PR_RTF_COMPRESSED, modify)? {
        Some(stream) => write_all(&stream, &rtf)?,
        None => return Err(ErrorCode::NOT_FOUND.into()),
    }
    Ok(true)
}

/// The text of the RTF, if PR_BODY is another. Whether there is a new one.
fn body_from_rtf(message: &ComPtr<IMessage>) -> Result<bool> {
    let Some(stream) = stream_of(message, tag::PR_RTF_COMPRESSED, 0)? else {
        return Ok(false);
    };
    let text = rtf_to_text(&decompress_rtf(&read_all(&stream)?)?);
    if body_of(message)?.is_some_and(|body| same_text(&text, &body)) {
        return Ok(false);
    }
    let value = PropValue::from(text);
    set(message, Property::new(tag::PR_BODY, value))?;
    Ok(true)
}

/// Whether two texts differ in no more than how lines end.
fn same_text(a: &str, b: &str) -> bool {
    a.trim_end().lines().eq(b.trim_end().lines())
}
