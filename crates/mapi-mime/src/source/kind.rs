//! What a file or folder is, by its content.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use mapi_types::{Error, ErrorCode, Result};

use super::mbox;

/// A kind of mail source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One mail.
    Eml,
    /// Many mails in one file.
    Mbox,
    /// A folder with `cur` and `new`.
    Maildir,
    /// Any other folder.
    Folder,
}

/// The byte order mark that some editors put in front.
pub(super) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Kinds of files that hold mail and are not read here.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"!BDN", "an Outlook data file (.pst)"),
    (
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        "an Outlook item (.msg)",
    ),
    (b"\x78\x9F\x3E\x22", "a TNEF stream (winmail.dat)"),
    (b"\x1F\x8B", "a compressed file (gzip): unpack it first"),
    (b"PK\x03\x04", "a compressed file (zip): unpack it first"),
];

impl Kind {
    /// Recognises a file or folder.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS, MAPI_E_DISK_ERROR; MAPI_E_NO_SUPPORT for a kind of mail file that is not built,
    /// MAPI_E_CORRUPT_DATA for a file that is no mail.
    pub fn of(path: &Path) -> Result<Self> {
        if path.is_dir() {
            let maildir = ["cur", "new"].iter().all(|sub| path.join(sub).is_dir());
            return Ok(if maildir { Self::Maildir } else { Self::Folder });
        }
        let mut start = Vec::new();
        File::open(path)
            .and_then(|file| read_some(file, &mut start))
            .map_err(Error::from)?;
        Self::of_start(&start).or_else(|error| {
            // A mail whose header is damaged has its name to say so.
            let is_text = !start.is_empty() && !start.contains(&0);
            let known = error.code() == ErrorCode::NO_SUPPORT;
            if is_eml(path) && is_text && !known {
                Ok(Self::Eml)
            } else {
                Err(error)
            }
        })
    }

    fn of_start(start: &[u8]) -> Result<Self> {
        if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| start.starts_with(magic)) {
            return Err(Error::no_support().context(format!("{what} cannot be read yet")));
        }
        let start = start.strip_prefix(BOM).unwrap_or(start);
        if start.starts_with(b"From ") {
            return Ok(Self::Mbox);
        }
        let mut lines = start.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
        let first = lines.find(|line| !line.is_empty()).unwrap_or(&[]);
        if mbox::is_field(first) {
            return Ok(Self::Eml);
        }
        let why = if start.is_empty() {
            "the file is empty"
        } else {
            "no kind of mail: it begins neither with a header field nor with \"From \""
        };
        Err(Error::caller(ErrorCode::CORRUPT_DATA).context(why))
    }
}

/// Whether the name says that the file is one mail.
pub(super) fn is_eml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("eml"))
}

fn read_some(file: File, out: &mut Vec<u8>) -> io::Result<usize> {
    const ENOUGH: u64 = 4096;
    file.take(ENOUGH).read_to_end(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_the_kind() {
        let kind = |start: &[u8]| Kind::of_start(start);
        assert_eq!(
            kind(b"From a@x Mon Jan  1 00:00:00 2020\n").unwrap(),
            Kind::Mbox
        );
        assert_eq!(kind(b"Received: x\n").unwrap(), Kind::Eml);
        assert_eq!(kind(b"\xEF\xBB\xBFSubject: x").unwrap(), Kind::Eml);
        assert_eq!(kind(b"\r\n\nX-A : b\n").unwrap(), Kind::Eml);
        assert_eq!(kind(b"!BDNxxxx").unwrap_err().code(), ErrorCode::NO_SUPPORT);
        for other in [&b""[..], b"hello world\n", b"#!/bin/sh\n", b"\0\0\0\0: x"] {
            assert_eq!(kind(other).unwrap_err().code(), ErrorCode::CORRUPT_DATA);
        }
    }
}
