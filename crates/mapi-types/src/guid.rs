//! GUIDs.

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorCode};

/// A GUID as its 16 bytes in memory order (the first three fields little-endian, as on the wire and in MAPIUIDs).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// From the four fields of the C structure.
    #[must_use]
    pub const fn from_fields(d1: u32, d2: u16, d3: u16, d4: [u8; 8]) -> Self {
        let a = d1.to_le_bytes();
        let b = d2.to_le_bytes();
        let c = d3.to_le_bytes();
        Self([
            a[0], a[1], a[2], a[3], b[0], b[1], c[0], c[1], d4[0], d4[1], d4[2], d4[3], d4[4],
            d4[5], d4[6], d4[7],
        ])
    }

    /// DEFINE_OLEGUID: the identifiers of MAPI and COM differ in the first 32 bits only.
    #[must_use]
    pub const fn ole(first: u32) -> Self {
        Self::from_fields(first, 0, 0, [0xC0, 0, 0, 0, 0, 0, 0, 0x46])
    }
}

impl fmt::Display for Guid {
    /// Registry form: `{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let b = &self.0;
        write!(
            f,
            "{{{:02X}{:02X}{:02X}{:02X}-{:02X}{:02X}-{:02X}{:02X}-{:02X}{:02X}-",
            b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9]
        )?;
        for byte in &b[10..] {
            write!(f, "{byte:02X}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Guid {
    type Err = Error;

    /// Reads the registry form, with or without braces, in either case.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER if the text has another form.
    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || {
            Error::caller(ErrorCode::INVALID_PARAMETER).context(format!("'{text}' is not a GUID"))
        };
        let inner = text
            .strip_prefix('{')
            .and_then(|t| t.strip_suffix('}'))
            .unwrap_or(text);
        let hex: Vec<u8> = inner.bytes().filter(|b| *b != b'-').collect();
        let dashes: Vec<usize> = inner
            .bytes()
            .enumerate()
            .filter(|(_, b)| *b == b'-')
            .map(|(i, _)| i)
            .collect();
        if hex.len() != 32 || dashes != [8, 13, 18, 23] {
            return Err(bad());
        }
        let mut bytes = [0u8; 16];
        for (i, pair) in hex.chunks(2).enumerate() {
            let pair = std::str::from_utf8(pair).map_err(|_| bad())?;
            bytes[i] = u8::from_str_radix(pair, 16).map_err(|_| bad())?;
        }
        bytes[0..4].reverse();
        bytes[4..6].reverse();
        bytes[6..8].reverse();
        Ok(Self(bytes))
    }
}
