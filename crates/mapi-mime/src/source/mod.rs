//! Where mails come from: .eml files, mboxes, Maildirs, folders and trees of them, standard input.
//!
//! What a file or folder is, its content says. No file is read whole: a mail is a place in a file, and its bytes are read
//! when they are wanted.
//!
//! ```no_run
//! # fn main() -> mapi_types::Result<()> {
//! for found in mapi_mime::source::open("Mail".as_ref())? {
//!     match found {
//!         Ok(mail) => println!("{}: {} bytes", mail.source.display(), mail.length),
//!         Err(error) => eprintln!("{error}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod kind;
mod maildir;
mod mbox;
mod reader;
mod walk;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mapi_types::{Error, FileTime, Result};

pub use kind::Kind;
pub use reader::MailReader;
pub use walk::{Mails, open, spool, total_bytes};

/// A mail that was found, not read yet.
#[derive(Clone, Debug)]
pub struct FoundMail {
    /// The folders below what was opened, outermost first: none for a single file.
    pub folder: Arc<[String]>,
    /// The file; `-` for standard input.
    pub source: PathBuf,
    /// Where the mail begins in the file, in bytes.
    pub offset: u64,
    /// How many bytes of the file it takes.
    pub length: u64,
    /// SHA-256 of the bytes that [`FoundMail::reader`] gives.
    pub sha256: [u8; 32],
    /// When it was received, as far as an mbox or a Maildir knows. The date of any other file is that of its last copy.
    pub received: Option<FileTime>,
    /// What its owner did with it.
    pub flags: Flags,
    place: reader::Place,
}

impl FoundMail {
    /// The bytes of the mail: without the `From ` line of an mbox and with its quoting undone.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS, MAPI_E_DISK_ERROR.
    pub fn reader(&self) -> Result<MailReader> {
        self.place.reader()
    }
}

/// What the owner of a mail did with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Read (MSGFLAG_READ).
    pub seen: bool,
    /// Answered.
    pub answered: bool,
    /// Forwarded.
    pub forwarded: bool,
    /// Marked for attention (PR_FLAG_STATUS).
    pub flagged: bool,
    /// Not sent yet (MSGFLAG_UNSENT).
    pub draft: bool,
    /// Deleted, and not removed yet.
    pub deleted: bool,
}

/// A file, folder or mail that could not be read. The others can.
#[derive(Debug)]
pub struct SourceError {
    /// The file or folder.
    pub source: PathBuf,
    /// Where in the file, in bytes.
    pub offset: u64,
    /// Why.
    pub error: Error,
}

impl SourceError {
    fn new(source: &Path, offset: u64, error: impl Into<Error>) -> Self {
        Self {
            source: source.to_owned(),
            offset,
            error: error.into(),
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source.display())?;
        if self.offset > 0 {
            write!(f, ", byte {}", self.offset)?;
        }
        write!(f, ": {}", self.error)
    }
}

impl std::error::Error for SourceError {}
