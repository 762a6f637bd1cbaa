//! Text of PT_UNICODE properties.

use std::borrow::Cow;
use std::mem::MaybeUninit;

/// A PT_UNICODE string.
///
/// Nearly all of them are well-formed UTF-16 and kept as UTF-8. MAPI does not forbid lone surrogates, so the
/// ill-formed ones keep their 16-bit units: conversion from and to the ABI is exact either way.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UnicodeString(Repr);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Repr {
    WellFormed(String),
    IllFormed(Box<[u16]>),
}

impl UnicodeString {
    /// From UTF-16 units (without the terminating zero).
    #[must_use]
    pub fn from_utf16(units: &[u16]) -> Self {
        // Most text is ASCII, and that is a plain copy.
        if units.iter().all(|unit| *unit < 0x80) {
            let bytes: Vec<u8> = units.iter().map(|unit| unit.to_le_bytes()[0]).collect();
            if let Ok(text) = String::from_utf8(bytes) {
                return Self(Repr::WellFormed(text));
            }
        }
        Self(match String::from_utf16(units) {
            Ok(text) => Repr::WellFormed(text),
            Err(_) => Repr::IllFormed(units.into()),
        })
    }

    /// The UTF-16 units, without a terminating zero.
    #[must_use]
    pub fn to_utf16(&self) -> Vec<u16> {
        match &self.0 {
            Repr::WellFormed(text) => text.encode_utf16().collect(),
            Repr::IllFormed(units) => units.to_vec(),
        }
    }

    /// A number of UTF-16 units that the text does not exceed, found without looking at it.
    #[must_use]
    pub fn max_units(&self) -> usize {
        match &self.0 {
            // A character needs no more units in UTF-16 than bytes in UTF-8.
            Repr::WellFormed(text) => text.len(),
            Repr::IllFormed(units) => units.len(),
        }
    }

    /// Writes the UTF-16 units, without a terminating zero, as far as there is room, and answers how many there were.
    pub fn encode_into(&self, out: &mut [MaybeUninit<u16>]) -> usize {
        fn put(out: &mut [MaybeUninit<u16>], units: impl Iterator<Item = u16>) -> usize {
            let mut count = 0;
            for (place, unit) in out.iter_mut().zip(units) {
                place.write(unit);
                count += 1;
            }
            count
        }
        match &self.0 {
            Repr::WellFormed(text) if text.is_ascii() => {
                // Written so that the compiler uses vector instructions: most text is ASCII.
                let count = out.len().min(text.len());
                for (place, byte) in out[..count].iter_mut().zip(&text.as_bytes()[..count]) {
                    place.write(u16::from(*byte));
                }
                count
            }
            Repr::WellFormed(text) => put(out, text.encode_utf16()),
            Repr::IllFormed(units) => put(out, units.iter().copied()),
        }
    }

    /// The text; a lone surrogate shows as U+FFFD.
    #[must_use]
    pub fn to_str(&self) -> Cow<'_, str> {
        match &self.0 {
            Repr::WellFormed(text) => Cow::Borrowed(text),
            Repr::IllFormed(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }

    /// The text as an owned string; a lone surrogate becomes U+FFFD.
    #[must_use]
    pub fn into_string(self) -> String {
        match self.0 {
            Repr::WellFormed(text) => text,
            Repr::IllFormed(units) => String::from_utf16_lossy(&units),
        }
    }

    /// Whether there is no unit at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Repr::WellFormed(text) => text.is_empty(),
            Repr::IllFormed(units) => units.is_empty(),
        }
    }
}

impl From<&str> for UnicodeString {
    fn from(text: &str) -> Self {
        Self(Repr::WellFormed(text.to_owned()))
    }
}

impl From<String> for UnicodeString {
    fn from(text: String) -> Self {
        Self(Repr::WellFormed(text))
    }
}

/// Text from 8-bit characters (a LPSTR): UTF-8, or where it is not, Windows-1252.
#[must_use]
pub fn decode_8bit(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| decode_1252(*byte)).collect(),
    }
}

fn decode_1252(byte: u8) -> char {
    /// 0x80 to 0x9F; where Windows-1252 has no character, the control character of that number.
    const HIGH: [char; 32] = [
        '\u{20AC}', '\u{81}', '\u{201A}', '\u{192}', '\u{201E}', '\u{2026}', '\u{2020}',
        '\u{2021}', '\u{2C6}', '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8D}', '\u{17D}',
        '\u{8F}', '\u{90}', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}',
        '\u{2014}', '\u{2DC}', '\u{2122}', '\u{161}', '\u{203A}', '\u{153}', '\u{9D}', '\u{17E}',
        '\u{178}',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bit_text_is_utf8_or_windows_1252() {
        assert_eq!(
            decode_8bit("Gr\u{fc}\u{df}e \u{20ac}".as_bytes()),
            "Gr\u{fc}\u{df}e \u{20ac}"
        );
        assert_eq!(decode_8bit(b"Gr\xFC\xDFe \x80"), "Gr\u{fc}\u{df}e \u{20ac}");
    }

    #[test]
    fn encoding_never_exceeds_the_bound() {
        for text in ["", "abc", "\u{e4}\u{20ac}\u{1F600}", "a\u{10FFFF}"] {
            let text = UnicodeString::from(text);
            let mut out = vec![MaybeUninit::uninit(); text.max_units()];
            assert_eq!(text.encode_into(&mut out), text.to_utf16().len());
        }
    }
}
