//! From SQLite's errors to MAPI's, and the small conversions that SQL needs.

use mapi_types::{Error, ErrorCode, Result};
use rusqlite::ErrorCode as Sqlite;

/// The name errors of this provider carry.
pub(crate) const COMPONENT: &str = "OpenMAPI Message Store";

/// Says what was tried when a statement fails.
pub(crate) trait Tried<T> {
    /// Turns the failure into a MAPI error with `what` as its text.
    fn tried(self, what: &str) -> Result<T>;
}

impl<T> Tried<T> for rusqlite::Result<T> {
    fn tried(self, what: &str) -> Result<T> {
        self.map_err(|e| from_sqlite(&e).context(what))
    }
}

/// The MAPI error for an error of SQLite.
pub(crate) fn from_sqlite(error: &rusqlite::Error) -> Error {
    let (code, help) = match error.sqlite_error_code() {
        Some(Sqlite::DatabaseBusy | Sqlite::DatabaseLocked) => (
            ErrorCode::BUSY,
            "another program is using the store file; try again when it has finished",
        ),
        Some(Sqlite::DiskFull) => (
            ErrorCode::NOT_ENOUGH_DISK,
            "the disk is full; nothing was changed, free some space and try again",
        ),
        Some(
            Sqlite::ReadOnly | Sqlite::PermissionDenied | Sqlite::AuthorizationForStatementDenied,
        ) => (
            ErrorCode::NO_ACCESS,
            "the store file or its folder may not be written; check their permissions",
        ),
        Some(Sqlite::CannotOpen) => (
            ErrorCode::NO_ACCESS,
            "the store file cannot be opened; check the path and the permissions",
        ),
        Some(Sqlite::DatabaseCorrupt | Sqlite::NotADatabase) => (
            ErrorCode::CORRUPT_STORE,
            "the store file is damaged; run `mapi store check`, or restore a backup",
        ),
        Some(
            Sqlite::SystemIoFailure
            | Sqlite::NoLargeFileSupport
            | Sqlite::FileLockingProtocolFailed,
        ) => (
            ErrorCode::DISK_ERROR,
            "reading or writing the store file failed",
        ),
        Some(Sqlite::OutOfMemory) => (ErrorCode::NOT_ENOUGH_MEMORY, "out of memory"),
        Some(Sqlite::OperationInterrupted) => (ErrorCode::USER_CANCEL, "the operation was stopped"),
        Some(Sqlite::TooBig) => (ErrorCode::TOO_BIG, "the value is too big for the store"),
        _ => (ErrorCode::CALL_FAILED, ""),
    };
    let text = if help.is_empty() {
        error.to_string()
    } else {
        format!("{help} ({error})")
    };
    Error::system(code).context(text).component(COMPONENT)
}

/// The store holds something that this program did not write.
pub(crate) fn corrupt(what: &str) -> Error {
    damaged(what, "run `mapi store check`, or restore a backup")
}

/// The store is damaged so that it cannot be opened, not even to be checked.
pub(crate) fn cannot_open(what: &str) -> Error {
    damaged(what, "restore a backup")
}

fn damaged(what: &str, remedy: &str) -> Error {
    Error::system(ErrorCode::CORRUPT_STORE)
        .context(format!("{what}; {remedy}"))
        .component(COMPONENT)
}

/// An object that is not there (any more).
pub(crate) fn gone(what: &str) -> Error {
    Error::caller(ErrorCode::OBJECT_DELETED)
        .context(format!("the {what} has been deleted"))
        .component(COMPONENT)
}

/// A caller's mistake.
pub(crate) fn refused(code: ErrorCode, why: &str) -> Error {
    Error::caller(code)
        .context(why.to_owned())
        .component(COMPONENT)
}

/// A length as SQL's 64-bit integer; lengths of this program never reach 2^63.
pub(crate) fn int(n: impl TryInto<i64>) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}

/// A count from SQL; never negative in a sound store.
pub(crate) fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// A number as PT_LONG, at most its largest.
pub(crate) fn long(n: impl TryInto<i32>) -> i32 {
    n.try_into().unwrap_or(i32::MAX)
}
