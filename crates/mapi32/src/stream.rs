//! OpenStreamOnFile.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mapi_com::alloc::Allocator;
use mapi_com::convert::put_object;
use mapi_com::iface::{ComObject, Stream, StreamOrigin};
use mapi_com::marshal::read_text_opt;
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_sys::*;
use mapi_types::{Error, ErrorCode, Result};

use crate::guard::{bad, hr, known_flags, output};

/// SOF_UNIQUEFILENAME of MAPIUtil.h.
const UNIQUE: u32 = 0x8000_0000;
/// STGM_DELETEONRELEASE of objbase.h.
const STGM_DELETEONRELEASE: u32 = 0x0400_0000;
/// The three access modes; two of them write.
const ACCESS: u32 = STGM_READ | STGM_WRITE | STGM_READWRITE;
/// Sharing and buffering, which the file systems off Windows leave to their users.
const SHARING: u32 = 0x70 | STGM_TRANSACTED;

/// A cursor on a file; clones share the file.
struct FileStream {
    shared: Arc<Shared>,
    position: Mutex<u64>,
    scope: Arc<Scope>,
}

struct Shared {
    file: Mutex<File>,
    writable: bool,
    /// Goes with the last stream on it.
    delete: Option<PathBuf>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(path) = &self.delete {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn disk(error: &io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::NotFound => ErrorCode::NOT_FOUND,
        io::ErrorKind::StorageFull => ErrorCode::NOT_ENOUGH_DISK,
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::AlreadyExists
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::ReadOnlyFilesystem => ErrorCode::NO_ACCESS,
        _ => ErrorCode::DISK_ERROR,
    };
    Error::system(code).context(error.to_string())
}

impl FileStream {
    fn file(&self) -> MutexGuard<'_, File> {
        self.shared
            .file
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn position(&self) -> MutexGuard<'_, u64> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something at the cursor, and moves it by the answer.
    fn at_cursor(&self, act: impl FnOnce(&mut File) -> io::Result<usize>) -> Result<usize> {
        let mut position = self.position();
        let mut file = self.file();
        let moved = file
            .seek(SeekFrom::Start(*position))
            .and_then(|_| act(&mut file))
            .map_err(|e| disk(&e))?;
        *position += u64::try_from(moved).unwrap_or(0);
        Ok(moved)
    }

    fn check_writable(&self) -> Result<()> {
        if self.shared.writable {
            return Ok(());
        }
        Err(Error::caller(ErrorCode::NO_ACCESS).context("opened with STGM_READ"))
    }
}

impl ComObject for FileStream {}

impl Stream for FileStream {
    fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        // Fewer bytes than asked for mean the end.
        self.at_cursor(|file| {
            let mut filled = 0;
            while filled < buffer.len() {
                match file.read(&mut buffer[filled..])? {
                    0 => break,
                    more => filled += more,
                }
            }
            Ok(filled)
        })
    }

    fn write(&self, bytes: &[u8]) -> Result<usize> {
        self.check_writable()?;
        self.at_cursor(|file| file.write_all(bytes).map(|()| bytes.len()))
    }

    fn seek(&self, offset: i64, origin: StreamOrigin) -> Result<u64> {
        let mut position = self.position();
        let base = match origin {
            StreamOrigin::Set => 0,
            StreamOrigin::Current => *position,
            StreamOrigin::End => self.size()?,
        };
        *position = base
            .checked_add_signed(offset)
            .ok_or_else(|| bad("before the beginning"))?;
        Ok(*position)
    }

    fn set_size(&self, size_bytes: u64) -> Result<()> {
        self.check_writable()?;
        self.file().set_len(size_bytes).map_err(|e| disk(&e))
    }

    fn copy_to(&self, target: &ComPtr<IStream>, size_bytes: u64) -> Result<(u64, u64)> {
        let mut buffer = vec![0; 64 * 1024];
        let (mut read, mut written) = (0, 0);
        while read < size_bytes {
            let left = usize::try_from(size_bytes - read).unwrap_or(usize::MAX);
            let wanted = left.min(buffer.len());
            let got = self.read(&mut buffer[..wanted])?;
            if got == 0 {
                break;
            }
            read += u64::try_from(got).unwrap_or(0);
            // No lock of ours is held: the target may be anything.
            let mut rest = &buffer[..got];
            while !rest.is_empty() {
                let taken = target.write(rest)?.min(rest.len());
                if taken == 0 {
                    return Ok((read, written));
                }
                written += u64::try_from(taken).unwrap_or(0);
                rest = &rest[taken..];
            }
        }
        Ok((read, written))
    }

    fn commit(&self) -> Result<()> {
        if !self.shared.writable {
            return Ok(());
        }
        self.file().sync_all().map_err(|e| disk(&e))
    }

    fn size(&self) -> Result<u64> {
        let metadata = self.file().metadata().map_err(|e| disk(&e))?;
        Ok(metadata.len())
    }

    fn clone_stream(&self) -> Result<ComPtr<IStream>> {
        let clone = Arc::new(Self {
            shared: Arc::clone(&self.shared),
            position: Mutex::new(*self.position()),
            scope: Arc::clone(&self.scope),
        });
        export(&self.scope, clone as Arc<dyn Stream>)
    }
}

/// OpenStreamOnFile: a stream on a file that is there, a new one, or with SOF_UNIQUEFILENAME a temporary one.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OpenStreamOnFile(
    _allocate: LPALLOCATEBUFFER,
    _free: LPFREEBUFFER,
    flags: ULONG,
    name: LPCTSTR,
    prefix: LPCTSTR,
    stream: *mut LPSTREAM,
) -> HRESULT {
    hr("OpenStreamOnFile", || {
        // SAFETY: as the page says.
        unsafe {
            output(stream, std::ptr::null_mut())?;
            known_flags(
                flags,
                UNIQUE | STGM_CREATE | STGM_DELETEONRELEASE | ACCESS | SHARING,
            )?;
            let name = read_text_opt(name.cast_mut(), 0)?;
            let prefix = read_text_opt(prefix.cast_mut(), 0)?;
            put_object(stream, open(flags, name.as_deref(), prefix.as_deref())?);
        }
        Ok(())
    })
}

fn open(flags: u32, name: Option<&str>, prefix: Option<&str>) -> Result<ComPtr<IStream>> {
    let create = flags & STGM_CREATE != 0;
    let delete = flags & STGM_DELETEONRELEASE != 0;
    let writable = flags & ACCESS != STGM_READ;
    if create && !writable {
        return Err(bad("STGM_CREATE needs STGM_READWRITE"));
    }
    if name.is_none() && !(create && delete) {
        return Err(bad(
            "without a name, STGM_CREATE and STGM_DELETEONRELEASE are needed",
        ));
    }
    let (file, path) = match name {
        Some(name) if flags & UNIQUE == 0 => {
            let path = PathBuf::from(name);
            let mut options = private();
            options
                .read(true)
                .write(writable)
                .create(create)
                .truncate(create);
            (options.open(&path).map_err(|e| disk(&e))?, path)
        }
        folder => {
            let folder = folder.map_or_else(std::env::temp_dir, PathBuf::from);
            temporary(&folder, prefix.unwrap_or("SOF"))?
        }
    };
    let scope = Scope::new("OpenStreamOnFile", Allocator::local());
    let stream = FileStream {
        shared: Arc::new(Shared {
            file: Mutex::new(file),
            writable: writable || flags & UNIQUE != 0,
            delete: delete.then_some(path),
        }),
        position: Mutex::default(),
        scope: Arc::clone(&scope),
    };
    export(&scope, Arc::new(stream) as Arc<dyn Stream>)
}

/// What is created is for its owner alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A new file PREFIXHHHH.TMP.
fn temporary(folder: &Path, prefix: &str) -> Result<(File, PathBuf)> {
    if prefix.chars().count() > 3 || prefix.contains(['/', '\\']) {
        return Err(bad("the prefix has more than three characters"));
    }
    for _ in 0..1000 {
        let [high, low, ..] = *uuid::Uuid::new_v4().as_bytes();
        let path = folder.join(format!("{prefix}{high:02X}{low:02X}.TMP"));
        match private()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
        {
            Ok(file) => return Ok((file, path)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(disk(&e)),
        }
    }
    Err(Error::system(ErrorCode::NO_ACCESS).context("no name is free in the folder"))
}
