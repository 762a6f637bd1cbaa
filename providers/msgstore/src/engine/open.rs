//! Opening and creating the file.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use mapi_types::{Error, ErrorCode, MapiUid, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};
use uuid::Uuid;

use super::Store;
use super::schema::{self, APPLICATION_ID, PAGE_SIZE, VERSION};
use super::sql::{COMPONENT, Tried, cannot_open};

/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(10);

/// What to do about the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OpenMode {
    /// Open it; create it if it is not there.
    #[default]
    Create,
    /// Open it; MAPI_E_NOT_FOUND if it is not there.
    Existing,
    /// Open it and write nothing.
    ReadOnly,
}

impl Store {
    /// Opens the store in the file `path`, and brings an older file up to date.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if there is no file; MAPI_E_CORRUPT_STORE if it is damaged or another program's;
    /// MAPI_E_VERSION if it was made by a newer version; MAPI_E_NO_ACCESS if it may not be read or written;
    /// MAPI_E_NOT_ENOUGH_DISK; MAPI_E_BUSY if another process kept it locked. None of them changes the file.
    pub fn open(path: &Path, mode: OpenMode) -> Result<Self> {
        let named = |e: Error| {
            e.context(format!("opening {}", path.display()))
                .component(COMPONENT)
        };
        match inspect(path) {
            Ok(()) => {}
            Err(e) if e.code() == ErrorCode::NOT_FOUND && mode == OpenMode::Create => {
                create(path).map_err(named)?;
            }
            Err(e) => return Err(named(e)),
        }
        open_existing(path, mode == OpenMode::ReadOnly).map_err(named)
    }
}

fn open_existing(path: &Path, read_only: bool) -> Result<Store> {
    if !read_only {
        // SQLite would silently open such a file for reading.
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|e| {
                Error::from(e).context("the store file may not be written; check its permissions")
            })?;
    }
    let conn = connect(path, read_only)?;
    if !read_only {
        if conn.is_readonly("main").tried("opening")? {
            return Err(Error::system(ErrorCode::NO_ACCESS).context(
                "the store file or its folder may not be written; check their permissions",
            ));
        }
        // A batch fits: pages that are pushed out before the commit would be written twice.
        conn.execute_batch("PRAGMA cache_size = -24000")
            .tried("opening the store file")?;
        schema::migrate(&conn)?;
    }
    let uid: Vec<u8> = conn
        .query_row("SELECT value FROM meta WHERE name = 'uid'", [], |row| {
            row.get(0)
        })
        .tried("reading the identity of the store")?;
    let uid: [u8; 16] = uid
        .try_into()
        .map_err(|_| cannot_open("the identity of the store is damaged"))?;
    Ok(Store::assemble(
        path.to_owned(),
        conn,
        MapiUid(uid),
        read_only,
    ))
}

/// A connection as all of them are set up.
pub(crate) fn connect(path: &Path, read_only: bool) -> Result<Connection> {
    let access = if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE
    };
    let conn = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .tried("opening the store file")?;
    conn.busy_timeout(BUSY).tried("opening the store file")?;
    conn.set_prepared_statement_cache_capacity(64);
    // Without this SQLite plans a cached statement anew each time it is run with other values.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .tried("opening the store file")?;
    conn.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
         PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF;
         PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
    )
    .tried("opening the store file")?;
    Ok(conn)
}

/// Looks at the file without SQLite, which might already change it.
fn inspect(path: &Path) -> Result<()> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => {
            return Err(Error::system(ErrorCode::NOT_FOUND)
                .context("there is no store file; put it back, or restore a backup"));
        }
        Err(e) => {
            return Err(
                Error::from(e).context("the store file may not be read; check its permissions")
            );
        }
    };
    let mut header = Vec::new();
    file.by_ref().take(100).read_to_end(&mut header)?;
    let number = |at: usize| {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&header[at..at + 4]);
        u32::from_be_bytes(bytes)
    };
    if header.len() < 100 || !header.starts_with(b"SQLite format 3\0") {
        return Err(cannot_open(
            "the file is no message store, or its beginning is damaged",
        ));
    }
    if number(68) != APPLICATION_ID {
        return Err(Error::system(ErrorCode::CORRUPT_STORE).context(
            "the file belongs to another program; name another file for the message store",
        ));
    }
    let version = number(60);
    if version > VERSION {
        return Err(Error::system(ErrorCode::VERSION).context(format!(
            "the store was made by a newer OpenMAPI (layout {version}, this program knows up to {VERSION}); update it"
        )));
    }
    // With a write-ahead log beside it the file may rightly be shorter than it says.
    let has_log = std::fs::metadata(with_suffix(path, "-wal")).is_ok_and(|m| m.len() > 0);
    let page = u64::from(u16::from_be_bytes([header[16], header[17]]));
    let page = if page == 1 { 65536 } else { page };
    if !has_log && file.metadata()?.len() < page * u64::from(number(28)) {
        return Err(cannot_open("the store file has been cut off"));
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Creates the file: under another name first, so that it is there whole or not at all.
fn create(path: &Path) -> Result<()> {
    let temporary = with_suffix(path, &format!(".{}.new", Uuid::new_v4().simple()));
    let made = fill(&temporary).and_then(|()| publish(&temporary, path));
    // Gone already if all went well; if not, nothing may be left behind.
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let _ = std::fs::remove_file(with_suffix(&temporary, suffix));
    }
    made.map_err(|e| e.context("creating the store file"))?;
    sync_folder(path)
}

fn fill(path: &Path) -> Result<()> {
    private_file(path)?;
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .tried("opening the new file")?;
    conn.execute_batch(&format!(
        "PRAGMA page_size = {PAGE_SIZE}; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;"
    ))
    .tried("preparing the new file")?;
    schema::migrate(&conn)?;
    conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))
        .tried("preparing the new file")?;
    conn.close()
        .map_err(|(_, e)| e)
        .tried("writing the new file")?;
    File::open(path)?.sync_all()?;
    Ok(())
}

#[cfg(unix)]
fn private_file(path: &Path) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    Ok(())
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?;
    Ok(())
}

/// Gives the file its name unless another process was faster; then that one's file is the store.
fn publish(temporary: &Path, path: &Path) -> Result<()> {
    match std::fs::hard_link(temporary, path) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
        // A file system without hard links.
        Err(_) => Ok(std::fs::rename(temporary, path)?),
    }
}

/// Makes the name of a file last.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Writes what a new store holds.
pub(crate) fn first_rows(conn: &Connection) -> Result<()> {
    let uid = Uuid::new_v4().into_bytes();
    let add = |name: &str, value: &[u8]| {
        conn.execute(
            "INSERT INTO meta (name, value) VALUES (?1, ?2)",
            params![name, value],
        )
        .tried("preparing the new file")
    };
    add("uid", &uid)?;
    add("props", &super::codec::begin())?;
    let next = super::folder::create_standard_folders(conn)?;
    conn.execute(
        "INSERT INTO counter (name, value) VALUES ('object', ?1)",
        [next],
    )
    .tried("preparing the new file")?;
    Ok(())
}
