//! The VFS: SQLite's default one with a page cache of ours in front of the files.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, Ordering};

use rusqlite::ffi::{
    SQLITE_FULL, SQLITE_IOERR, SQLITE_IOERR_SHORT_READ, SQLITE_OK, sqlite3_file, sqlite3_int64,
    sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

use crate::cache::{self, Pending, Weather};

/// A file of this VFS; the real one lies behind it.
#[repr(C)]
struct File {
    base: sqlite3_file,
    /// Its path; null for a temporary file, which has no cache.
    name: *mut String,
    real: *mut sqlite3_file,
}

static REAL: AtomicPtr<sqlite3_vfs> = AtomicPtr::new(ptr::null_mut());

/// Makes the VFS the default of the process, once.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the default VFS lives as long as the process, and so does the copy, which is leaked. Its own functions
        // are called with the original VFS, except for the two that are replaced.
        unsafe {
            let real = sqlite3_vfs_find(ptr::null());
            assert!(!real.is_null(), "SQLite has no VFS");
            REAL.store(real, Ordering::Release);
            let mut ours = *real;
            ours.pNext = ptr::null_mut();
            ours.zName = c"faulty".as_ptr();
            ours.szOsFile = (*real).szOsFile + c_int::try_from(size_of::<File>()).unwrap_or(0);
            ours.xOpen = Some(open);
            ours.xDelete = Some(delete);
            sqlite3_vfs_register(Box::leak(Box::new(ours)), 1);
        }
    });
}

fn real_vfs() -> *mut sqlite3_vfs {
    REAL.load(Ordering::Acquire)
}

/// The result code of what an operation meets, if it is not fine. A stop is settled here.
fn code(weather: Weather) -> Result<(), c_int> {
    match weather {
        Weather::Fine => Ok(()),
        Weather::Full => Err(SQLITE_FULL),
        Weather::Error | Weather::Stopped => Err(SQLITE_IOERR),
        Weather::StopsNow(keep) => {
            for (name, pending) in cache::take_pending() {
                to_disk(&name, cache::survivors(pending, keep));
            }
            Err(SQLITE_IOERR)
        }
    }
}

/// Writes to the real file.
fn to_disk(name: &str, writes: Vec<Pending>) {
    if writes.is_empty() {
        return;
    }
    let Ok(mut file) = OpenOptions::new().write(true).open(name) else {
        return;
    };
    for op in writes {
        let done = match op {
            Pending::Write(at, bytes) => file
                .seek(SeekFrom::Start(at))
                .and_then(|_| file.write_all(&bytes)),
            Pending::Truncate(len) => file.set_len(len),
        };
        done.expect("the real disk must work");
    }
}

fn load(name: &str) -> Vec<u8> {
    std::fs::read(name).unwrap_or_default()
}

/// The name of a file with a cache.
///
/// # Safety
/// `file` was opened by [`open`] and not closed.
unsafe fn name_of<'a>(file: *mut sqlite3_file) -> Option<&'a String> {
    // SAFETY: open() has put a File there.
    unsafe { (*file.cast::<File>()).name.as_ref() }
}

/// The real file.
///
/// # Safety
/// As [`name_of`].
unsafe fn real_of(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: open() has put a File there.
    unsafe { (*file.cast::<File>()).real }
}

/// Calls a method of the real file.
macro_rules! real {
    ($file:expr, $method:ident ( $($arg:expr),* )) => {{
        // SAFETY: SQLite calls with a file that open() has opened and close() has not closed; the real file's table is
        // complete for its version, and the arguments are SQLite's own.
        unsafe {
            let real = real_of($file);
            match (*(*real).pMethods).$method {
                Some(method) => method(real $(, $arg)*),
                None => SQLITE_IOERR,
            }
        }
    }};
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let ours = file.cast::<File>();
    // SAFETY: SQLite gives szOsFile bytes: ours, and those of the real file behind it. `name` is null or a path.
    unsafe {
        (*ours).base.pMethods = ptr::null();
        if cache::is_stopped() {
            return SQLITE_IOERR;
        }
        (*ours).real = ours.add(1).cast();
        let real = real_vfs();
        let Some(open) = (*real).xOpen else {
            return SQLITE_IOERR;
        };
        let result = open(real, name, (*ours).real, flags, out);
        if result != SQLITE_OK {
            return result;
        }
        (*ours).name = if name.is_null() {
            ptr::null_mut()
        } else {
            let name = CStr::from_ptr(name).to_string_lossy().into_owned();
            Box::into_raw(Box::new(name))
        };
        (*ours).base.pMethods = &METHODS;
    }
    SQLITE_OK
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    if let Err(code) = code(cache::operate()) {
        return code;
    }
    let real = real_vfs();
    // SAFETY: `name` is a path; the real VFS is alive.
    unsafe {
        cache::forget(&CStr::from_ptr(name).to_string_lossy());
        match (*real).xDelete {
            Some(delete) => delete(real, name, sync),
            None => SQLITE_IOERR,
        }
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let result = real!(file, xClose());
    let ours = file.cast::<File>();
    // SAFETY: SQLite closes a file once; the name was boxed by open().
    unsafe {
        if !(*ours).name.is_null() {
            drop(Box::from_raw((*ours).name));
            (*ours).name = ptr::null_mut();
        }
    }
    result
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    to: *mut c_void,
    len: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: see real!.
    let Some(name) = (unsafe { name_of(file) }) else {
        return real!(file, xRead(to, len, at));
    };
    if cache::is_stopped() {
        return SQLITE_IOERR;
    }
    let (len, at) = (
        usize::try_from(len).unwrap_or(0),
        usize::try_from(at).unwrap_or(0),
    );
    // SAFETY: SQLite gives a buffer of `len` bytes.
    let to = unsafe { std::slice::from_raw_parts_mut(to.cast::<u8>(), len) };
    cache::with(
        name,
        || load(name),
        |cached| {
            let from = cached.content.get(at..).unwrap_or(&[]);
            let n = from.len().min(len);
            to[..n].copy_from_slice(&from[..n]);
            to[n..].fill(0);
            if n < len {
                SQLITE_IOERR_SHORT_READ
            } else {
                SQLITE_OK
            }
        },
    )
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    len: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: see real!.
    let Some(name) = (unsafe { name_of(file) }) else {
        return real!(file, xWrite(from, len, at));
    };
    if let Err(code) = code(cache::operate()) {
        return code;
    }
    let len = usize::try_from(len).unwrap_or(0);
    // SAFETY: SQLite gives `len` bytes.
    let bytes = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), len) };
    let (start, offset) = (
        usize::try_from(at).unwrap_or(0),
        u64::try_from(at).unwrap_or(0),
    );
    cache::with(
        name,
        || load(name),
        |cached| {
            if cached.content.len() < start + len {
                cached.content.resize(start + len, 0);
            }
            cached.content[start..start + len].copy_from_slice(bytes);
            cached.pending.push(Pending::Write(offset, bytes.to_vec()));
        },
    );
    SQLITE_OK
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: see real!.
    let Some(name) = (unsafe { name_of(file) }) else {
        return real!(file, xTruncate(size));
    };
    if let Err(code) = code(cache::operate()) {
        return code;
    }
    let size = u64::try_from(size).unwrap_or(0);
    cache::with(
        name,
        || load(name),
        |cached| {
            cached.content.truncate(usize::try_from(size).unwrap_or(0));
            cached.pending.push(Pending::Truncate(size));
        },
    );
    SQLITE_OK
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: see real!.
    let Some(name) = (unsafe { name_of(file) }) else {
        return real!(file, xSync(flags));
    };
    match code(cache::operate()) {
        Ok(()) | Err(SQLITE_FULL) => {}
        Err(code) => return code,
    }
    let pending = cache::with(
        name,
        || load(name),
        |cached| std::mem::take(&mut cached.pending),
    );
    to_disk(name, pending);
    SQLITE_OK
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    // SAFETY: see real!.
    let Some(name) = (unsafe { name_of(file) }) else {
        return real!(file, xFileSize(size));
    };
    if cache::is_stopped() {
        return SQLITE_IOERR;
    }
    let len = cache::with(name, || load(name), |cached| cached.content.len());
    // SAFETY: SQLite gives a place for the size.
    unsafe { *size = sqlite3_int64::try_from(len).unwrap_or(0) };
    SQLITE_OK
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    real!(file, xLock(level))
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    real!(file, xUnlock(level))
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, out: *mut c_int) -> c_int {
    real!(file, xCheckReservedLock(out))
}

unsafe extern "C" fn file_control(file: *mut sqlite3_file, op: c_int, arg: *mut c_void) -> c_int {
    real!(file, xFileControl(op, arg))
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    real!(file, xSectorSize())
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    real!(file, xDeviceCharacteristics())
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    real!(file, xShmMap(page, size, extend, out))
}

unsafe extern "C" fn shm_lock(
    file: *mut sqlite3_file,
    offset: c_int,
    n: c_int,
    flags: c_int,
) -> c_int {
    real!(file, xShmLock(offset, n, flags))
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: see real!.
    unsafe {
        let real = real_of(file);
        if let Some(barrier) = (*(*real).pMethods).xShmBarrier {
            barrier(real);
        }
    }
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, delete: c_int) -> c_int {
    real!(file, xShmUnmap(delete))
}

/// Version 2: shared memory for the write-ahead log, no mapping of the file, which would go past the cache.
static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};
