//! A folder of small files that are replaced as a whole.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use mapi_types::{Error, ErrorCode, Result};

use super::format::MAX_FILE_BYTES;

/// A folder that only its owner can enter (0700), with files that only their owner can read (0600).
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

/// What changes when a file changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
    inode: (u64, i64, i64),
}

impl Stamp {
    fn of(meta: &fs::Metadata) -> Self {
        #[cfg(unix)]
        let inode = {
            use std::os::unix::fs::MetadataExt;
            (meta.ino(), meta.ctime(), meta.ctime_nsec())
        };
        #[cfg(not(unix))]
        let inode = (0, 0, 0);
        Self {
            len: meta.len(),
            modified: meta.modified().ok(),
            inode,
        }
    }

    /// Whether a change right now would show: clocks of file systems tick in milliseconds, so a file that has just been
    /// written may change again and keep its stamp.
    pub(super) fn is_settled(&self) -> bool {
        let age = self.modified.and_then(|at| at.elapsed().ok());
        age.is_some_and(|age| age > Duration::from_secs(1))
    }
}

impl Folder {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let fail = |e| failed("create", path, e);
        let mut missing: Vec<&Path> = path.ancestors().take_while(|p| !p.exists()).collect();
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(fail)?;
        // What is written into a folder is durable if the folder is.
        missing.extend(missing.last().and_then(|p| p.parent()));
        for folder in missing.into_iter().filter(|p| !p.as_os_str().is_empty()) {
            sync_folder(folder).map_err(fail)?;
        }
        Ok(Self(path.to_owned()))
    }

    /// Whether nobody but its owner can read a file.
    pub(super) fn is_private(&self, name: &str) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let meta = fs::metadata(self.path(name));
            meta.is_ok_and(|m| m.permissions().mode() & 0o077 == 0)
        }
        #[cfg(not(unix))]
        self.path(name).exists()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The stamp of a file; `None` if it is not there.
    pub(super) fn stamp(&self, name: &str) -> Result<Option<Stamp>> {
        let path = self.path(name);
        match fs::metadata(&path) {
            Ok(meta) => Ok(Some(Stamp::of(&meta))),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(failed("read", &path, e)),
        }
    }

    /// The text of a file; `None` if it is not there.
    pub(super) fn read(&self, name: &str) -> Result<Option<String>> {
        Ok(self.read_stamped(name)?.map(|(text, _)| text))
    }

    /// The text of a file with its stamp.
    pub(super) fn read_stamped(&self, name: &str) -> Result<Option<(String, Stamp)>> {
        let path = self.path(name);
        let fail = |e| failed("read", &path, e);
        match fs::metadata(&path) {
            // Opening a pipe would wait for its other end.
            Ok(meta) if !meta.is_file() => {
                let text = format!("{} is no file", path.display());
                return Err(Error::system(ErrorCode::CORRUPT_DATA).context(text));
            }
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(fail(e)),
        }
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(fail(e)),
        };
        let stamp = Stamp::of(&file.metadata().map_err(fail)?);
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(fail)?;
        check_size(bytes.len(), &path)?;
        let text = String::from_utf8(bytes).map_err(|e| {
            let good = &e.as_bytes()[..e.utf8_error().valid_up_to()];
            let line = good.iter().filter(|b| **b == b'\n').count() + 1;
            let text = format!("{}:{line}: this is no UTF-8", path.display());
            Error::system(ErrorCode::CORRUPT_DATA).context(text)
        })?;
        Ok(Some((text, stamp)))
    }

    /// Replaces a file: whoever reads it, and whatever happens meanwhile, sees the old text or the new one. When this
    /// returns the new text is on the disk.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name);
        check_size(text.len(), &path)?;
        let temp = self.path(&format!(".{name}.tmp"));
        let written = write_new(&temp, text).and_then(|()| fs::rename(&temp, &path));
        written.and_then(|()| sync_folder(&self.0)).map_err(|e| {
            // It may not be there any more; the first error is the one that matters.
            let _ = fs::remove_file(&temp);
            failed("write", &path, e)
        })
    }

    /// Removes a file, if it is there.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Ok(()) => sync_folder(&self.0).map_err(|e| failed("remove", &path, e)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
            Err(e) => Err(failed("remove", &path, e)),
        }
    }

    /// The names of the files with this extension, without it, sorted.
    pub(super) fn list(&self, extension: &str) -> Result<Vec<String>> {
        let fail = |e| failed("read", &self.0, e);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            let stem = name.to_str().and_then(|n| n.strip_suffix(extension));
            names.extend(stem.filter(|s| !s.starts_with('.')).map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }

    /// Opens a file to lock it; its content means nothing.
    pub(super) fn open_lock(&self, name: &str) -> Result<File> {
        let path = self.path(name);
        private(&mut OpenOptions::new())
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| failed("open", &path, e))
    }
}

/// Makes the names in a folder durable.
#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)] // as on Unix
fn sync_folder(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    // A writer that was killed may have left one, with whatever mode.
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = private(&mut OpenOptions::new())
        .create_new(true)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.read(true).write(true)
}

fn check_size(len: usize, path: &Path) -> Result<()> {
    if u64::try_from(len).unwrap_or(u64::MAX) <= MAX_FILE_BYTES {
        return Ok(());
    }
    let text = format!(
        "{} has more than {} MiB",
        path.display(),
        MAX_FILE_BYTES >> 20
    );
    Err(Error::system(ErrorCode::TOO_BIG).context(text))
}

/// A lock on a file, until it is dropped.
///
/// It is unlocked and not only closed: a child process that is just being started has a copy of every open file until it
/// begins its program, and with it would keep the lock.
#[derive(Debug)]
pub(super) struct Locked(File);

impl Locked {
    /// For us alone; `None` if anybody has a lock on it.
    pub(super) fn alone(file: File, path: &Path) -> Result<Option<Self>> {
        Self::taken(file.try_lock(), file, path)
    }

    /// Together with others; `None` if somebody has it alone.
    pub(super) fn shared(file: File, path: &Path) -> Result<Option<Self>> {
        Self::taken(file.try_lock_shared(), file, path)
    }

    fn taken(
        result: std::result::Result<(), TryLockError>,
        file: File,
        path: &Path,
    ) -> Result<Option<Self>> {
        match result {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(failed("lock", path, e)),
        }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing it is the second best way.
        let _ = self.0.unlock();
    }
}

/// Locks a file for us alone. A process that has been stopped while it holds the lock must not stop all others, so there is
/// a limit.
pub(super) fn lock_alone(file: &File, path: &Path, limit: Duration) -> Result<()> {
    let begin = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(e)) => return Err(failed("lock", path, e)),
            Err(TryLockError::WouldBlock) if begin.elapsed() >= limit => {
                let text = format!("another process holds the lock on {}", path.display());
                return Err(Error::system(ErrorCode::TIMEOUT).context(text));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

pub(super) fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::from(error).context(format!("cannot {what} {}", path.display()))
}
