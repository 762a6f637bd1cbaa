//! Large values: in pieces in the store, or not saved yet in memory or a temporary file.

use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use mapi_types::{ErrorCode, PropTag, Result};
use rusqlite::{Connection, OptionalExtension, params};
use tempfile::SpooledTempFile;

use super::Store;
use super::codec::StreamRef;
use super::sql::{Tried, corrupt, count, gone, int, refused};
use super::tx::Tx;

/// Bytes per piece.
pub(crate) const CHUNK: usize = 64 * 1024;
/// Pieces per stream that the ids leave room for.
const PIECES: i64 = 1 << 20;
/// An unsaved value that is larger lies in a temporary file.
const IN_MEMORY: usize = 512 * 1024;

/// A large value that is not saved yet. Clones share it.
#[derive(Clone)]
pub(crate) struct Spool(Arc<Mutex<SpoolFile>>);

struct SpoolFile {
    file: SpooledTempFile,
    len: u64,
}

impl Spool {
    /// Holding `bytes`.
    pub(crate) fn new(bytes: &[u8]) -> Result<Self> {
        let mut file = SpooledTempFile::new(IN_MEMORY);
        file.write_all(bytes)?;
        let len = count(int(bytes.len()));
        Ok(Self(Arc::new(Mutex::new(SpoolFile { file, len }))))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, SpoolFile> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes in it.
    pub(crate) fn len(&self) -> u64 {
        self.lock().len
    }

    /// Reads at `offset`; fewer bytes than asked for only at the end.
    pub(crate) fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let mut spool = self.lock();
        if offset >= spool.len {
            return Ok(0);
        }
        spool.file.seek(SeekFrom::Start(offset))?;
        let mut done = 0;
        while done < buf.len() {
            match spool.file.read(&mut buf[done..])? {
                0 => break,
                n => done += n,
            }
        }
        Ok(done)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let mut spool = self.lock();
        if offset > spool.len {
            spool.file.set_len(offset)?;
        }
        spool.file.seek(SeekFrom::Start(offset))?;
        spool.file.write_all(bytes)?;
        spool.len = spool
            .len
            .max(offset.saturating_add(count(int(bytes.len()))));
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<()> {
        let mut spool = self.lock();
        spool.file.set_len(len)?;
        spool.len = len;
        Ok(())
    }
}

fn first_piece(stream: i64) -> i64 {
    stream.saturating_mul(PIECES)
}

/// Bytes that are there of a stream.
pub(crate) fn stored_len(conn: &Connection, stream: StreamRef) -> Result<u64> {
    conn.prepare_cached(
        "SELECT COALESCE(SUM(LENGTH(data)), 0) FROM chunk WHERE id >= ?1 AND id < ?2",
    )
    .and_then(|mut s| {
        s.query_row(
            [first_piece(stream.id), first_piece(stream.id + 1)],
            |row| row.get(0),
        )
    })
    .map(count)
    .tried("checking a large value")
}

/// Pieces that `len` bytes take.
pub(crate) fn pieces(len: u64) -> u64 {
    len.div_ceil(count(int(CHUNK)))
}

/// Writes a new stream from `read`, which fills a buffer and says how many bytes it put there (0: the end).
pub(crate) fn write_stream(
    tx: &mut Tx<'_>,
    whole: bool,
    mut read: impl FnMut(&mut [u8]) -> Result<usize>,
) -> Result<StreamRef> {
    let id = tx.next_id();
    let mut buf = vec![0; CHUNK];
    let mut len = 0u64;
    for piece in 0.. {
        let n = read(&mut buf)?;
        if n == 0 {
            break;
        }
        if piece >= PIECES {
            return Err(refused(
                ErrorCode::TOO_BIG,
                "a value may have 64 GB at most",
            ));
        }
        insert_piece(tx, first_piece(id) + piece, &buf[..n])?;
        len += count(int(n));
    }
    Ok(StreamRef { id, len, whole })
}

/// Writes a new stream from memory.
pub(crate) fn write_bytes(tx: &mut Tx<'_>, whole: bool, bytes: &[u8]) -> Result<StreamRef> {
    let id = tx.next_id();
    for (piece, chunk) in bytes.chunks(CHUNK).enumerate() {
        insert_piece(tx, first_piece(id) + int(piece), chunk)?;
    }
    let len = count(int(bytes.len()));
    Ok(StreamRef { id, len, whole })
}

fn insert_piece(tx: &mut Tx<'_>, id: i64, data: &[u8]) -> Result<()> {
    tx.add_bytes(data.len());
    tx.conn()
        .prepare_cached("INSERT INTO chunk (id, data) VALUES (?1, ?2)")
        .and_then(|mut s| s.execute(params![id, data]))
        .tried("writing a large value")?;
    Ok(())
}

/// Writes a spool as a new stream.
pub(crate) fn write_spool(tx: &mut Tx<'_>, spool: &Spool) -> Result<StreamRef> {
    let mut offset = 0;
    write_stream(tx, false, |buf| {
        let n = spool.read_at(offset, buf)?;
        offset += count(int(n));
        Ok(n)
    })
}

/// Copies a stream of this store.
pub(crate) fn copy_stream(tx: &mut Tx<'_>, from: StreamRef) -> Result<StreamRef> {
    let id = tx.next_id();
    let copied = tx
        .conn()
        .prepare_cached(
            "INSERT INTO chunk (id, data) SELECT id + ?1, data FROM chunk WHERE id >= ?2 AND id < ?3",
        )
        .and_then(|mut s| {
            s.execute(params![
                first_piece(id) - first_piece(from.id),
                first_piece(from.id),
                first_piece(from.id + 1)
            ])
        })
        .tried("copying a large value")?;
    if count(int(copied)) != pieces(from.len) {
        return Err(gone("value to be copied"));
    }
    Ok(StreamRef { id, ..from })
}

/// Deletes a stream.
pub(crate) fn delete_stream(tx: &mut Tx<'_>, stream: StreamRef) -> Result<()> {
    tx.conn()
        .prepare_cached("DELETE FROM chunk WHERE id >= ?1 AND id < ?2")
        .and_then(|mut s| s.execute([first_piece(stream.id), first_piece(stream.id + 1)]))
        .tried("deleting a large value")?;
    Ok(())
}

/// Reads from a stream at `offset`; fewer bytes than asked for only at the end.
pub(crate) fn read_stream(
    conn: &Connection,
    stream: StreamRef,
    offset: u64,
    buf: &mut [u8],
) -> Result<usize> {
    let left = usize::try_from(stream.len.saturating_sub(offset)).unwrap_or(usize::MAX);
    let want = buf.len().min(left);
    let mut query = conn
        .prepare_cached("SELECT data FROM chunk WHERE id = ?1")
        .tried("reading a large value")?;
    let mut done = 0;
    while done < want {
        let at = offset + count(int(done));
        let piece = at / count(int(CHUNK));
        let skip = usize::try_from(at % count(int(CHUNK))).unwrap_or(0);
        let copied = query
            .query_row([first_piece(stream.id) + int(piece)], |row| {
                let data = row.get_ref(0)?.as_blob()?;
                let part = data.get(skip..).unwrap_or(&[]);
                let n = part.len().min(want - done);
                buf[done..done + n].copy_from_slice(&part[..n]);
                Ok(n)
            })
            .optional()
            .tried("reading a large value")?;
        match copied {
            None => return Err(gone("value that was being read")),
            Some(0) => return Err(corrupt("a large value is shorter than it should be")),
            Some(n) => done += n,
        }
    }
    Ok(done)
}

/// Reads a whole stream into memory; for values known to be small.
pub(crate) fn read_whole(conn: &Connection, stream: StreamRef) -> Result<Vec<u8>> {
    let len = usize::try_from(stream.len)
        .map_err(|_| refused(ErrorCode::TOO_BIG, "the value does not fit into memory"))?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| {
        refused(
            ErrorCode::NOT_ENOUGH_MEMORY,
            "the value does not fit into memory",
        )
    })?;
    bytes.resize(len, 0);
    let n = read_stream(conn, stream, 0, &mut bytes)?;
    bytes.truncate(n);
    Ok(bytes)
}

/// A stream over one property: reads come from the store piece by piece, the first write makes a private copy.
///
/// What was written becomes the property's value when the object it was opened on takes it back
/// (`set_stream`), and lasting when that object is saved.
pub struct PropStream {
    source: Source,
    dirty: bool,
}

#[derive(Clone)]
pub(crate) enum Source {
    /// In the store.
    Stored(Store, StreamRef),
    /// Not saved.
    Spool(Spool),
}

impl PropStream {
    pub(crate) fn stored(store: Store, stream: StreamRef) -> Self {
        Self {
            source: Source::Stored(store, stream),
            dirty: false,
        }
    }

    /// Over bytes in memory.
    pub(crate) fn over(bytes: &[u8]) -> Result<Self> {
        Ok(Self::spooled(Spool::new(bytes)?))
    }

    /// Empty, for a property that is not there yet.
    pub(crate) fn empty(tag: PropTag) -> Result<Self> {
        super::props::streamable(tag)?;
        Self::over(&[])
    }

    pub(crate) fn spooled(spool: Spool) -> Self {
        Self {
            source: Source::Spool(spool),
            dirty: false,
        }
    }

    /// Bytes in the stream.
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.source {
            Source::Stored(_, stream) => stream.len,
            Source::Spool(spool) => spool.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether something was written since it was opened or taken back.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Reads at `offset`; fewer bytes than asked for only at the end.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED if the value was deleted in the meantime; errors of the disk.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<usize> {
        match &self.source {
            Source::Stored(store, stream) => {
                store.read(|conn| read_stream(conn, *stream, offset, buf))
            }
            Source::Spool(spool) => spool.read_at(offset, buf),
        }
    }

    /// Writes at `offset`; a gap before it is filled with zeros.
    ///
    /// # Errors
    /// Those of [`PropStream::read_at`], and of the temporary folder's disk.
    pub fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.own(u64::MAX)?.write_at(offset, bytes)?;
        self.dirty = true;
        Ok(())
    }

    /// Cuts off or fills with zeros.
    ///
    /// # Errors
    /// Those of [`PropStream::write_at`].
    pub fn set_len(&mut self, len: u64) -> Result<()> {
        self.own(len)?.set_len(len)?;
        self.dirty = true;
        Ok(())
    }

    /// The private copy, made of the first `keep` bytes if there is none yet.
    fn own(&mut self, keep: u64) -> Result<&Spool> {
        if let Source::Stored(store, stream) = &self.source {
            let spool = Spool::new(&[])?;
            let end = stream.len.min(keep);
            let mut buf = vec![0; CHUNK];
            let mut at = 0;
            while at < end {
                let n = store.read(|conn| read_stream(conn, *stream, at, &mut buf))?;
                spool.write_at(at, &buf[..n])?;
                at += count(int(n));
            }
            self.source = Source::Spool(spool);
        }
        match &self.source {
            Source::Spool(spool) => Ok(spool),
            Source::Stored(..) => Err(corrupt("a stream lost its copy")),
        }
    }

    /// What the property becomes.
    pub(crate) fn take(&mut self) -> Result<Spool> {
        let spool = self.own(u64::MAX)?.clone();
        self.dirty = false;
        Ok(spool)
    }
}
