//! Lines of a mail, read once, in bounded memory, up to the delimiters of the multiparts around.

use std::io::{self, Read};
use std::ops::Range;

/// Bytes read at a time.
const BUFFER: usize = 64 * 1024;
/// A longer line comes in pieces.
const PIECE: usize = 16 * 1024;

/// A delimiter line that ends the part being read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Delimiter {
    /// Which multipart it belongs to: index in the stack of boundaries.
    pub level: usize,
    /// It ends the multipart: `--boundary--`.
    pub closing: bool,
    length: usize,
}

/// The lines of a mail.
pub(crate) struct Lines<'r> {
    input: &'r mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    at_line_start: bool,
    boundaries: Vec<Vec<u8>>,
    met: Option<Delimiter>,
    /// The line end before the next line of a part: it belongs to the delimiter if one follows.
    held: Vec<u8>,
}

impl<'r> Lines<'r> {
    pub fn new(input: &'r mut dyn Read) -> Self {
        Self {
            input,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            ended: false,
            at_line_start: true,
            boundaries: Vec::new(),
            met: None,
            held: Vec::new(),
        }
    }

    /// Whether nothing is left.
    pub fn is_empty(&mut self) -> io::Result<bool> {
        Ok(self.peek()?.is_none())
    }

    /// From here on lines `--boundary` end parts. Returns the level of the new multipart.
    pub fn enter(&mut self, boundary: &str) -> usize {
        self.boundaries.push(boundary.as_bytes().to_vec());
        self.boundaries.len() - 1
    }

    /// Leaves the multipart of `level`.
    pub fn leave(&mut self, level: usize) {
        self.boundaries.truncate(level);
        if self.met.is_some_and(|met| met.level >= level) {
            self.met = None;
        }
    }

    /// The delimiter that stopped reading, if it was one and not the end of the mail.
    pub fn met(&self) -> Option<Delimiter> {
        self.met
    }

    /// Goes on behind the delimiter that was met.
    pub fn pass_delimiter(&mut self) {
        if let Some(met) = self.met.take() {
            self.start += met.length;
            self.held.clear();
        }
    }

    /// The next line, or piece of a line, with its line end; `None` at a delimiter and at the end.
    pub fn line(&mut self) -> io::Result<Option<&[u8]>> {
        Ok(self.advance()?.map(|range| &self.buffer[range]))
    }

    /// Gives back the line that was read last.
    pub fn unread(&mut self, length: usize) {
        self.start -= length;
        self.at_line_start = true;
    }

    /// Appends the next line of a part to `out`; `false` at the end of the part. The line end before a delimiter is left
    /// out, also where the mail ends without it.
    pub fn part_line(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        let Some(range) = self.advance()? else {
            let last = self.boundaries.is_empty() && !self.held.is_empty();
            if last {
                out.append(&mut self.held);
            }
            return Ok(last);
        };
        out.append(&mut self.held);
        let line = &self.buffer[range];
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        let content = if content.len() < line.len() {
            content.strip_suffix(b"\r").unwrap_or(content)
        } else {
            content
        };
        out.extend_from_slice(content);
        self.held.extend_from_slice(&line[content.len()..]);
        Ok(true)
    }

    /// The line end that [`Lines::part_line`] left out.
    pub fn take_line_end(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    /// A new part begins: no line end is held back.
    pub fn begin_part(&mut self) {
        self.held.clear();
    }

    /// Reads to the end of the part.
    pub fn skip_part(&mut self) -> io::Result<()> {
        while self.advance()?.is_some() {}
        self.held.clear();
        Ok(())
    }

    fn advance(&mut self) -> io::Result<Option<Range<usize>>> {
        if self.met.is_some() {
            return Ok(None);
        }
        let Some((range, whole)) = self.peek()? else {
            return Ok(None);
        };
        if self.at_line_start
            && !self.boundaries.is_empty()
            && let Some(met) = self.delimiter(&self.buffer[range.clone()])
        {
            self.met = Some(met);
            return Ok(None);
        }
        self.start = range.end;
        self.at_line_start = whole;
        Ok(Some(range))
    }

    /// The next line or piece, unread, and whether it has its line end.
    fn peek(&mut self) -> io::Result<Option<(Range<usize>, bool)>> {
        let mut searched = 0;
        loop {
            let ready = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memchr(b'\n', &ready[searched..]) {
                return Ok(Some((self.start..self.start + searched + at + 1, true)));
            }
            searched = ready.len();
            if searched >= PIECE {
                // A line end of two bytes is not torn apart.
                let torn = usize::from(ready.last() == Some(&b'\r'));
                return Ok(Some((self.start..self.end - torn, false)));
            }
            if self.ended {
                let rest = self.start..self.end;
                return Ok((searched > 0).then_some((rest, false)));
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }

    fn delimiter(&self, line: &[u8]) -> Option<Delimiter> {
        let rest = line.strip_prefix(b"--")?.trim_ascii_end();
        let closed = rest.strip_suffix(b"--");
        for (level, boundary) in self.boundaries.iter().enumerate().rev() {
            let closing = closed == Some(boundary);
            if closing || rest == boundary.as_slice() {
                return Some(Delimiter {
                    level,
                    closing,
                    length: line.len(),
                });
            }
        }
        None
    }
}
