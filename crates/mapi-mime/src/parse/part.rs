//! The bytes of one part, decoded.

use std::io::{self, Read};

use super::lines::Lines;
use super::transfer::Decoder;

/// The body of the part at which the lines stand, up to its end.
pub(crate) struct PartReader<'a, 'r> {
    lines: &'a mut Lines<'r>,
    decoder: Decoder,
    line: Vec<u8>,
    ready: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl<'a, 'r> PartReader<'a, 'r> {
    /// Reads the part with its transfer encoding undone.
    pub fn new(lines: &'a mut Lines<'r>, decoder: Decoder) -> Self {
        lines.begin_part();
        Self {
            lines,
            decoder,
            line: Vec::new(),
            ready: Vec::new(),
            taken: 0,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.taken = 0;
        // Some lines at a time, so that the reader above is not called for each.
        while self.ready.len() < 8 * 1024 && !self.ended {
            self.line.clear();
            if self.lines.part_line(&mut self.line)? {
                self.decoder.feed(&self.line, &mut self.ready);
            } else {
                self.ended = true;
                self.decoder.finish(&mut self.ready);
            }
        }
        Ok(())
    }
}

impl Read for PartReader<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.ready.len() {
            self.refill()?;
        }
        let rest = &self.ready[self.taken..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}
