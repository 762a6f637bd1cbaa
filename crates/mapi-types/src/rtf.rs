//! PR_RTF_COMPRESSED: compressed RTF and back (MS-OXRTFCP).

use crate::{Error, ErrorCode, Result};

/// What the window holds before the first byte, so that common RTF compresses from the start.
const PRELOADED: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \
\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\
\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

const WINDOW: usize = 4096;
const HEADER: usize = 16;
const COMPRESSED: u32 = 0x7546_5A4C;
const PLAIN: u32 = 0x414C_454D;

/// The RTF text of PR_RTF_COMPRESSED. Its length is bounded by that of `bytes`: a reference gives 17 bytes for 2. The checksum
/// is not looked at, because damaged text is better than none.
///
/// # Errors
/// MAPI_E_CORRUPT_DATA if the header is no header of compressed RTF.
pub fn decompress_rtf(bytes: &[u8]) -> Result<Vec<u8>> {
    let corrupt = || Error::caller(ErrorCode::CORRUPT_DATA).context("no compressed RTF");
    let number = |at: usize| {
        let four = bytes.get(at..at + 4)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*four))
    };
    let raw_size = number(4).ok_or_else(corrupt)?;
    let raw_size = usize::try_from(raw_size).unwrap_or(usize::MAX);
    let content = bytes.get(HEADER..).ok_or_else(corrupt)?;
    match number(8) {
        Some(PLAIN) => Ok(content[..raw_size.min(content.len())].to_vec()),
        Some(COMPRESSED) => {
            let mut text = expand(content);
            text.truncate(raw_size);
            Ok(text)
        }
        _ => Err(corrupt()),
    }
}

/// Runs of eight literals or references, each run behind a byte that says which is which.
fn expand(content: &[u8]) -> Vec<u8> {
    let mut window = [0; WINDOW];
    window[..PRELOADED.len()].copy_from_slice(PRELOADED);
    let mut at = PRELOADED.len();
    let mut out = Vec::new();
    let mut put = |byte: u8, window: &mut [u8; WINDOW], at: &mut usize| {
        window[*at] = byte;
        *at = (*at + 1) % WINDOW;
        out.push(byte);
    };
    let mut input = content.iter().copied();
    while let Some(control) = input.next() {
        for bit in 0..8 {
            let Some(first) = input.next() else {
                return out;
            };
            if control >> bit & 1 == 0 {
                put(first, &mut window, &mut at);
                continue;
            }
            let Some(second) = input.next() else {
                return out;
            };
            let offset = usize::from(first) << 4 | usize::from(second >> 4);
            // A reference to the place written next is the end.
            if offset == at {
                return out;
            }
            for i in 0..usize::from(second & 0x0F) + 2 {
                let byte = window[(offset + i) % WINDOW];
                put(byte, &mut window, &mut at);
            }
        }
    }
    out
}

/// RTF as PR_RTF_COMPRESSED holds it.
///
/// # Errors
/// MAPI_E_TOO_BIG for more than 2 GB.
pub fn compress_rtf(text: &[u8]) -> Result<Vec<u8>> {
    let content = shrink(text);
    let crc = checksum(&content);
    with_header(COMPRESSED, text.len(), crc, &content)
}

/// RTF in the container of PR_RTF_COMPRESSED without being compressed, for stores that want it so (STORE_UNCOMPRESSED_RTF).
///
/// # Errors
/// As [`compress_rtf`].
pub fn store_rtf(text: &[u8]) -> Result<Vec<u8>> {
    with_header(PLAIN, text.len(), 0, text)
}

fn with_header(kind: u32, raw_size: usize, crc: u32, content: &[u8]) -> Result<Vec<u8>> {
    let size = |bytes: usize| {
        let small = i32::try_from(bytes).map_err(|_| ErrorCode::TOO_BIG)?;
        Ok::<_, Error>(small.cast_unsigned())
    };
    let mut out = Vec::with_capacity(HEADER + content.len());
    // The first size counts what follows it.
    for number in [
        size(content.len() + HEADER - 4)?,
        size(raw_size)?,
        kind,
        crc,
    ] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(content);
    Ok(out)
}

/// How many earlier places are tried for a match.
const TRIES: usize = 48;
const LONGEST: usize = 17;

/// What [`expand`] reads.
fn shrink(text: &[u8]) -> Vec<u8> {
    let mut history = PRELOADED.to_vec();
    history.extend_from_slice(text);
    let mut places = Places::new();
    (0..PRELOADED.len()).for_each(|at| places.add(&history, at));
    let mut out = Runs::default();
    let mut at = PRELOADED.len();
    while at < history.len() {
        match places.longest(&history, at) {
            Some((from, length)) => {
                out.reference(from % WINDOW, length);
                (at..at + length).for_each(|i| places.add(&history, i));
                at += length;
            }
            None => {
                out.literal(history[at]);
                places.add(&history, at);
                at += 1;
            }
        }
    }
    out.reference(at % WINDOW, 2);
    out.finish()
}

/// Where pairs of bytes last stood, and before that.
struct Places {
    last: Vec<usize>,
    before: Vec<usize>,
}

const NOWHERE: usize = usize::MAX;

impl Places {
    fn new() -> Self {
        Self {
            last: vec![NOWHERE; 1 << 16],
            before: vec![NOWHERE; WINDOW],
        }
    }

    fn add(&mut self, history: &[u8], at: usize) {
        if let Some(pair) = pair(history, at) {
            self.before[at % WINDOW] = self.last[pair];
            self.last[pair] = at;
        }
    }

    /// The longest match that the window still holds, of several the oldest. The window's very oldest place would read as the end.
    fn longest(&self, history: &[u8], at: usize) -> Option<(usize, usize)> {
        let mut from = self.last[pair(history, at)?];
        let most = LONGEST.min(history.len() - at);
        let mut best: Option<(usize, usize)> = None;
        for _ in 0..TRIES {
            if from == NOWHERE || from + WINDOW <= at {
                break;
            }
            let same = (0..most)
                .take_while(|i| history[from + i] == history[at + i])
                .count();
            if best.is_none_or(|(_, length)| same >= length) {
                best = Some((from, same));
            }
            let earlier = self.before[from % WINDOW];
            if earlier >= from {
                break;
            }
            from = earlier;
        }
        best.filter(|(_, length)| *length >= 2)
    }
}

fn pair(history: &[u8], at: usize) -> Option<usize> {
    let two = history.get(at..at + 2)?;
    Some(usize::from(two[0]) << 8 | usize::from(two[1]))
}

/// Eight literals or references behind their control byte.
#[derive(Default)]
struct Runs {
    out: Vec<u8>,
    control: u8,
    count: u8,
    run: Vec<u8>,
}

impl Runs {
    fn literal(&mut self, byte: u8) {
        self.run.push(byte);
        self.next();
    }

    fn reference(&mut self, offset: usize, length: usize) {
        // 12 bits of offset, 4 of length less two.
        let number = (offset & (WINDOW - 1)) << 4 | (length - 2) & 0x0F;
        let number = u16::try_from(number).unwrap_or(0);
        self.control |= 1 << self.count;
        self.run.extend_from_slice(&number.to_be_bytes());
        self.next();
    }

    fn next(&mut self) {
        self.count += 1;
        if self.count == 8 {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.out.push(self.control);
        self.out.append(&mut self.run);
        self.control = 0;
        self.count = 0;
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.flush();
        }
        self.out
    }
}

/// CRC-32 without its two inversions.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc: u32, _| {
            let odd = crc & 1 != 0;
            crc >> 1 ^ if odd { 0xEDB8_8320 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_the_specification_is_read() {
        let bytes = [
            0x2d, 0, 0, 0, 0x2b, 0, 0, 0, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03,
            0x00, 0x0a, 0x00, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3,
            0x20, 0x68, 0x65, 0x6c, 0x09, 0x00, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d,
            0x0a, 0x80, 0x0f, 0xa0,
        ];
        let text = b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n";
        assert_eq!(decompress_rtf(&bytes).unwrap(), text);
        assert_eq!(PRELOADED.len(), 207);
        assert_eq!(checksum(&bytes[16..]), 0xA7C7_C5F1);
        assert_eq!(compress_rtf(text).unwrap(), bytes);
    }

    #[test]
    fn text_that_was_stored_is_given_as_it_is() {
        let mut bytes = vec![0; 16];
        bytes[4] = 3;
        bytes[8..12].copy_from_slice(b"MELA");
        bytes.extend_from_slice(b"{}\nmore");
        assert_eq!(decompress_rtf(&bytes).unwrap(), b"{}\n");
        assert!(decompress_rtf(&bytes[..10]).is_err());
        assert!(decompress_rtf(&[0; 20]).is_err());
    }

    proptest! {
        #[test]
        fn any_text_survives_compression(
            text in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..300),
                proptest::collection::vec(b'a'..b'd', 0..9000),
                "(\\\\par |[a-z]{0,9} ){0,900}".prop_map(String::into_bytes),
            ]
        ) {
            prop_assert_eq!(decompress_rtf(&compress_rtf(&text).unwrap()).unwrap(), &text[..]);
            prop_assert_eq!(decompress_rtf(&store_rtf(&text).unwrap()).unwrap(), text);
        }

        #[test]
        fn any_bytes_are_survived(mut bytes in proptest::collection::vec(any::<u8>(), 16..300)) {
            bytes[8..12].copy_from_slice(b"LZFu");
            prop_assert!(decompress_rtf(&bytes).unwrap().len() <= bytes.len() * 9);
        }
    }
}
