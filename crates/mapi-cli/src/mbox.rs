//! Writing mbox files (RFC 4155, with the quoting of mboxrd: a line of any number of `>` and `From ` gets one `>` more).

use std::io::{self, Write};

use jiff::tz::TimeZone;
use mapi_types::FileTime;

/// Writes one message: lines end with LF, as in every mbox, and lines that look like the beginning of a message are quoted.
pub struct MboxWriter<'a> {
    out: &'a mut dyn Write,
    /// The beginning of a line that may have to be quoted, held back until it is clear.
    held: Vec<u8>,
    /// The line is past the point where it matters.
    plain: bool,
    /// A CR that may be followed by a LF.
    cr: bool,
}

const FROM: &[u8] = b"From ";

impl<'a> MboxWriter<'a> {
    /// Writes the line in front of a message.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn begin(out: &'a mut dyn Write, sender: &str, time: FileTime) -> io::Result<Self> {
        let time = jiff::Timestamp::from_second(time.to_unix()).unwrap_or_default();
        let time = time.to_zoned(TimeZone::UTC);
        let date = time.strftime("%a %b %e %H:%M:%S %Y");
        writeln!(out, "From {sender} {date}")?;
        Ok(Self {
            out,
            held: Vec::new(),
            plain: false,
            cr: false,
        })
    }

    /// Writes what is held back, and the blank line after a message.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn end(mut self) -> io::Result<()> {
        if self.cr {
            self.byte(b'\r')?;
        }
        if self.plain || !self.held.is_empty() {
            self.release(b"\n")?;
        }
        self.out.write_all(b"\n")
    }

    fn byte(&mut self, byte: u8) -> io::Result<()> {
        if byte == b'\n' {
            self.release(b"\n")?;
            self.plain = false;
            return Ok(());
        }
        if self.plain {
            return self.out.write_all(&[byte]);
        }
        self.held.push(byte);
        let from = self.held.iter().position(|b| *b != b'>');
        let after = from.map_or(&[][..], |at| &self.held[at..]);
        if after == FROM {
            self.out.write_all(b">")?;
        }
        if !FROM.starts_with(after) || after == FROM || self.held.len() > 1000 {
            self.release(b"")?;
            self.plain = true;
        }
        Ok(())
    }

    fn release(&mut self, end: &[u8]) -> io::Result<()> {
        self.out.write_all(&self.held)?;
        self.held.clear();
        self.out.write_all(end)
    }
}

impl Write for MboxWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for &byte in bytes {
            if std::mem::replace(&mut self.cr, byte == b'\r') && byte != b'\n' {
                self.byte(b'\r')?;
            }
            if byte != b'\r' {
                self.byte(byte)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(pieces: &[&[u8]]) -> String {
        let mut out = Vec::new();
        let time = FileTime::from_unix(1_715_940_000);
        let mut mbox = MboxWriter::begin(&mut out, "ann@example.org", time).unwrap();
        for piece in pieces {
            mbox.write_all(piece).unwrap();
        }
        mbox.end().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_that_begin_a_message_are_quoted() {
        let text = written(&[
            b"Subject: x\r\n\r\nFrom here\r\n>From there\r\n> From\r\nFro",
            b"m me",
        ]);
        assert_eq!(
            text,
            "From ann@example.org Fri May 17 10:00:00 2024\n\
             Subject: x\n\n>From here\n>>From there\n> From\n>From me\n\n"
        );
    }

    proptest! {
        #[test]
        fn a_message_comes_back(lines in prop::collection::vec("(>{0,2}(From )?[a-z ]{0,6})", 1..8), cut in 0usize..40) {
            let body = lines.join("\n") + "\n";
            let cut = cut.min(body.len());
            let text = written(&[&body.as_bytes()[..cut], &body.as_bytes()[cut..]]);
            let (_, rest) = text.split_once('\n').unwrap();
            let read: String = rest
                .strip_suffix('\n')
                .unwrap()
                .lines()
                .map(|line| {
                    let quoted = line.starts_with('>') && line.trim_start_matches('>').starts_with("From ");
                    format!("{}\n", if quoted { &line[1..] } else { line })
                })
                .collect();
            prop_assert_eq!(read, body);
        }
    }
}
