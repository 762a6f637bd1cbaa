//! Exit codes: named, documented in docs/exit-codes.md, and never given another meaning.

use std::fmt;
use std::process::ExitCode;

use mapi_types::ErrorCode;

use crate::query::QueryError;

/// How the program ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Everything was done.
    Ok,
    /// It failed, for none of the reasons below.
    Failed,
    /// The command line is wrong.
    Usage,
    /// A profile, folder, message, service or file is not there.
    NotFound,
    /// Something may not be read, written or done.
    NoAccess,
    /// Something of that name is there already.
    Exists,
    /// Some of it was done; the messages say what was not.
    Partly,
    /// A provider did not come down by the book.
    NotByTheBook,
    /// Somebody else uses it, or it took too long.
    Busy,
    /// The data are damaged.
    Damaged,
    /// This is not built.
    NoSupport,
    /// The disk is full.
    NoSpace,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::NotFound,
        Self::NoAccess,
        Self::Exists,
        Self::Partly,
        Self::NotByTheBook,
        Self::Busy,
        Self::Damaged,
        Self::NoSupport,
        Self::NoSpace,
        Self::Interrupted,
    ];

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::NoAccess => 4,
            Self::Exists => 5,
            Self::Partly => 6,
            Self::NotByTheBook => 7,
            Self::Busy => 8,
            Self::Damaged => 9,
            Self::NoSupport => 10,
            Self::NoSpace => 11,
            Self::Interrupted => 130,
        }
    }

    /// The name in JSON and in docs/exit-codes.md.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::NotFound => "not_found",
            Self::NoAccess => "no_access",
            Self::Exists => "exists",
            Self::Partly => "partly",
            Self::NotByTheBook => "not_by_the_book",
            Self::Busy => "busy",
            Self::Damaged => "damaged",
            Self::NoSupport => "no_support",
            Self::NoSpace => "no_space",
            Self::Interrupted => "interrupted",
        }
    }

    /// For people.
    pub fn about(self) -> &'static str {
        match self {
            Self::Ok => "everything was done",
            Self::Failed => "it failed, for none of the reasons below",
            Self::Usage => "the command line is wrong",
            Self::NotFound => "a profile, folder, message, service or file is not there",
            Self::NoAccess => "something may not be read, written or done",
            Self::Exists => "something of that name is there already",
            Self::Partly => "some of it was done; the messages say what was not",
            Self::NotByTheBook => "a provider did not come down by the book",
            Self::Busy => "somebody else uses it, or it took too long",
            Self::Damaged => "the data are damaged",
            Self::NoSupport => "this is not built",
            Self::NoSpace => "the disk is full",
            Self::Interrupted => "interrupted with Ctrl-C",
        }
    }

    /// What a MAPI code means for the end of the program.
    pub fn from_mapi(code: ErrorCode) -> Self {
        match code {
            ErrorCode::NOT_FOUND
            | ErrorCode::UNKNOWN_ENTRYID
            | ErrorCode::OBJECT_DELETED
            | ErrorCode::INVALID_ENTRYID => Self::NotFound,
            ErrorCode::NO_ACCESS | ErrorCode::LOGON_FAILED => Self::NoAccess,
            ErrorCode::COLLISION => Self::Exists,
            ErrorCode::BUSY | ErrorCode::TIMEOUT => Self::Busy,
            ErrorCode::CORRUPT_STORE | ErrorCode::CORRUPT_DATA | ErrorCode::VERSION => {
                Self::Damaged
            }
            ErrorCode::NO_SUPPORT | ErrorCode::TOO_COMPLEX => Self::NoSupport,
            ErrorCode::NOT_ENOUGH_DISK => Self::NoSpace,
            ErrorCode::USER_CANCEL => Self::Interrupted,
            _ => Self::Failed,
        }
    }

    /// What an error means for the end of the program. The outermost that says something counts.
    pub fn of(error: &anyhow::Error) -> Self {
        for cause in error.chain() {
            if let Some(failure) = cause.downcast_ref::<Failure>() {
                return failure.exit;
            }
            if let Some(mapi) = cause.downcast_ref::<mapi_types::Error>() {
                return Self::from_mapi(mapi.code());
            }
            if cause.is::<QueryError>() {
                return Self::Usage;
            }
            if let Some(io) = cause.downcast_ref::<std::io::Error>() {
                return Self::from_io(io);
            }
        }
        Self::Failed
    }

    fn from_io(error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::NoAccess,
            ErrorKind::AlreadyExists => Self::Exists,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::NoSpace,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error of the program itself, with what it means for its end.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    text: String,
}

impl Failure {
    /// An error that says how the program ends.
    pub fn error(exit: Exit, text: impl Into<String>) -> anyhow::Error {
        Self {
            exit,
            text: text.into(),
        }
        .into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}

/// Standard output was closed by its reader, as `mapi ls | head` does. It ends the work and is no error.
#[derive(Debug)]
pub struct ClosedPipe;

impl fmt::Display for ClosedPipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("standard output was closed")
    }
}

impl std::error::Error for ClosedPipe {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_every_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/exit-codes.md");
        let text = std::fs::read_to_string(path).unwrap();
        for exit in Exit::ALL {
            let line = format!("| {} | `{}` | {} |", exit.code(), exit.name(), exit.about());
            assert!(text.contains(&line), "docs/exit-codes.md lacks: {line}");
        }
    }

    #[test]
    fn a_context_does_not_hide_the_reason() {
        let error = mapi_types::Error::caller(ErrorCode::NOT_FOUND);
        let error = anyhow::Error::new(error).context("looking for it");
        assert_eq!(Exit::of(&error), Exit::NotFound);
        let failure = Failure::error(Exit::Partly, "two of three").context("importing");
        assert_eq!(Exit::of(&failure), Exit::Partly);
    }
}
