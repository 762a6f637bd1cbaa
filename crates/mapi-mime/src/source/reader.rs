//! The bytes of one mail in a file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Take};
use std::path::PathBuf;
use std::sync::Arc;

use mapi_types::{Error, Result};
use sha2::{Digest, Sha256};
use tempfile::TempPath;

use crate::parse::lines::Lines;

/// Where a mail is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub file: PathBuf,
    /// The file of standard input, removed when nobody needs it any more.
    pub spooled: Option<Arc<TempPath>>,
    pub offset: u64,
    pub length: u64,
    /// Lines `>From ` of an mbox are `From ` (mboxrd: one `>` less).
    pub quoted: bool,
}

impl Place {
    pub fn reader(&self) -> Result<MailReader> {
        let mut file = File::open(&self.file).map_err(Error::from)?;
        file.seek(SeekFrom::Start(self.offset))
            .map_err(Error::from)?;
        let bytes = file.take(self.length);
        Ok(MailReader {
            bytes,
            unquoter: self.quoted.then(Unquoter::default),
            _spooled: self.spooled.clone(),
        })
    }

    /// SHA-256 of the bytes.
    pub fn digest(&self) -> Result<[u8; 32]> {
        let mut reader = self.reader()?;
        let mut buffer = vec![0; 64 * 1024];
        let mut hash = Sha256::new();
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(hash.finalize().into()),
                Ok(count) => hash.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Reads one mail.
#[derive(Debug)]
pub struct MailReader {
    bytes: Take<File>,
    unquoter: Option<Unquoter>,
    _spooled: Option<Arc<TempPath>>,
}

impl Read for MailReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.unquoter {
            Some(unquoter) => unquoter.read(&mut self.bytes, out),
            None => self.bytes.read(out),
        }
    }
}

/// Takes one `>` from each line `>From `, `>>From ` and so on.
#[derive(Debug, Default)]
struct Unquoter {
    ready: Vec<u8>,
    taken: usize,
    /// The start of a line that may be quoted, until it is known.
    start: Vec<u8>,
    inside: bool,
    ended: bool,
}

impl Unquoter {
    fn read(&mut self, input: &mut dyn Read, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.ready.len() && !self.ended {
            self.refill(input)?;
        }
        let rest = &self.ready[self.taken..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }

    fn refill(&mut self, input: &mut dyn Read) -> io::Result<()> {
        let mut raw = [0; 16 * 1024];
        let count = input.read(&mut raw)?;
        self.ready.clear();
        self.taken = 0;
        self.ended = count == 0;
        if self.ended {
            self.ready.append(&mut self.start);
        }
        let read = &raw[..count];
        let quoted = memchr::memmem::find(read, b"\n>").is_some();
        if self.start.is_empty() && !quoted && (self.inside || !read.starts_with(b">")) {
            // Nothing in it can be a quoted line, not even the beginning of one.
            self.ready.extend_from_slice(read);
            self.inside = read.last().map_or(self.inside, |last| *last != b'\n');
            return Ok(());
        }
        for piece in raw[..count].split_inclusive(|b| *b == b'\n') {
            self.piece(piece);
        }
        Ok(())
    }

    fn piece(&mut self, piece: &[u8]) {
        const QUOTED: &[u8] = b"From ";
        let ends = piece.ends_with(b"\n");
        if self.inside {
            self.ready.extend_from_slice(piece);
            self.inside = !ends;
            return;
        }
        self.start.extend_from_slice(piece);
        let marks = self.start.iter().take_while(|b| **b == b'>').count();
        let text = &self.start[marks..];
        let undecided = !ends
            && (marks > 0 || text.is_empty())
            && text.len() < QUOTED.len()
            && QUOTED.starts_with(text);
        // A line of nothing but marks is none.
        if undecided && self.start.len() < 1024 {
            return;
        }
        let from = usize::from(marks > 0 && text.starts_with(QUOTED));
        self.ready.extend_from_slice(&self.start[from..]);
        self.start.clear();
        self.inside = !ends;
    }
}

/// The lines of a file from some byte on, with a count of the bytes that have passed.
pub(super) struct Scan<'r> {
    lines: Lines<'r>,
    pub position: u64,
}

impl<'r> Scan<'r> {
    pub fn new(input: &'r mut dyn Read, position: u64) -> Self {
        Self {
            lines: Lines::new(input),
            position,
        }
    }

    /// The next line or piece of one; `None` at the end.
    pub fn line(&mut self) -> io::Result<Option<&[u8]>> {
        let line = self.lines.line()?;
        if let Some(line) = line {
            self.position += u64::try_from(line.len()).unwrap_or(0);
        }
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unquote(text: &[u8], step: usize) -> Vec<u8> {
        /// Gives a few bytes at a time.
        struct Drops<'a>(&'a [u8], usize);
        impl Read for Drops<'_> {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let count = self.1.min(out.len());
                self.0.read(&mut out[..count])
            }
        }
        let (mut unquoter, mut input) = (Unquoter::default(), Drops(text, step));
        let mut out = Vec::new();
        let mut buffer = [0; 7];
        loop {
            match unquoter.read(&mut input, &mut buffer).unwrap() {
                0 => return out,
                count => out.extend_from_slice(&buffer[..count]),
            }
        }
    }

    #[test]
    fn one_mark_is_taken_from_quoted_lines_only() {
        let quoted = b">From a\n>>From b\n> From c\nx >From d\n>Fro\n>>\n>From";
        let plain = b"From a\n>From b\n> From c\nx >From d\n>Fro\n>>\n>From";
        for step in 1..20 {
            assert_eq!(unquote(quoted, step), plain, "{step} bytes at a time");
        }
    }

    proptest! {
        #[test]
        fn what_a_writer_quotes_is_unquoted(text in "(>{0,3}(From |Fro|x)?\n?){0,20}", step in 1usize..9) {
            let quoted: String = text
                .split_inclusive('\n')
                .map(|l| if l.trim_start_matches('>').starts_with("From ") { format!(">{l}") } else { l.to_owned() })
                .collect();
            prop_assert_eq!(unquote(quoted.as_bytes(), step), text.as_bytes());
        }
    }
}
