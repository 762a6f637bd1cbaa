//! PR_RTF_COMPRESSED, decompressed (MS-OXRTFCP).

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
        fn any_bytes_are_survived(mut bytes in proptest::collection::vec(any::<u8>(), 16..300)) {
            bytes[8..12].copy_from_slice(b"LZFu");
            prop_assert!(decompress_rtf(&bytes).unwrap().len() <= bytes.len() * 9);
        }
    }
}
