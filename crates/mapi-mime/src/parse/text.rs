//! Text bodies: CR LF line ends, and text too long to be held.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding};

/// The text with CR LF line ends.
pub(crate) fn crlf(text: &str) -> String {
    let lone = memchr::memchr_iter(b'\n', text.as_bytes()).count();
    let mut out = String::with_capacity(text.len() + lone);
    for piece in text.split_inclusive('\n') {
        match piece.strip_suffix('\n') {
            Some(line) => {
                out.push_str(line);
                out.push_str(if line.ends_with('\r') { "\n" } else { "\r\n" });
            }
            None => out.push_str(piece),
        }
    }
    out
}

/// Text read as UTF-16 little-endian with CR LF line ends, from bytes of some character set.
pub(crate) struct Utf16Reader<R> {
    input: R,
    decoder: Decoder,
    raw: Vec<u8>,
    ready: Vec<u8>,
    taken: usize,
    after_cr: bool,
    ended: bool,
}

impl<R: Read> Utf16Reader<R> {
    pub fn new(input: R, encoding: &'static Encoding) -> Self {
        Self {
            input,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; 16 * 1024],
            ready: Vec::new(),
            taken: 0,
            after_cr: false,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        let count = self.input.read(&mut self.raw)?;
        self.ended = count == 0;
        let mut rest = &self.raw[..count];
        let mut text = String::with_capacity(4 * count + 16);
        loop {
            let (result, used, _) = self.decoder.decode_to_string(rest, &mut text, self.ended);
            rest = &rest[used..];
            if result == CoderResult::InputEmpty {
                break;
            }
            text.reserve(64);
        }
        self.ready.clear();
        self.taken = 0;
        // A zero would end the text for whoever reads it.
        for unit in text.encode_utf16().filter(|unit| *unit != 0) {
            if unit == u16::from(b'\n') && !self.after_cr {
                self.ready.extend_from_slice(b"\r\0");
            }
            self.ready.extend_from_slice(&unit.to_le_bytes());
            self.after_cr = unit == u16::from(b'\r');
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.ready.len() && !self.ended {
            self.refill()?;
        }
        let rest = &self.ready[self.taken..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn long_text_reads_as_short_text_does(text in "[a\r\nü日😀]{0,200}") {
            let mut bytes = Vec::new();
            Utf16Reader::new(text.as_bytes(), encoding_rs::UTF_8).read_to_end(&mut bytes).unwrap();
            let units: Vec<u16> = bytes.chunks(2).map(|p| u16::from_le_bytes([p[0], p[1]])).collect();
            prop_assert_eq!(String::from_utf16(&units).unwrap(), crlf(&text));
        }
    }
}
