//! One-off entry identifiers: a recipient without an address book.

use crate::{EntryId, Error, ErrorCode, MapiUid, Result};

/// MAPI_ONE_OFF_UID: the MAPIUID of MAPI's own one-off provider.
pub const ONE_OFF_UID: MapiUid = MapiUid([
    0x81, 0x2B, 0x1F, 0xA4, 0xBE, 0xA3, 0x10, 0x19, 0x9D, 0x6E, 0x00, 0xDD, 0x01, 0x0F, 0x54, 0x02,
]);

/// A recipient that stands in its entry identifier (CreateOneOff; layout of MS-OXCDATA, 2.2.5.1).
///
/// ```
/// use mapi_types::OneOff;
/// let ann = OneOff::new("Ann", "SMTP", "ann@example.org");
/// assert_eq!(OneOff::parse(&ann.entry_id())?, ann);
/// # Ok::<(), mapi_types::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OneOff {
    /// PR_DISPLAY_NAME.
    pub name: String,
    /// PR_ADDRTYPE, upper case.
    pub address_type: String,
    /// PR_EMAIL_ADDRESS.
    pub address: String,
    /// MAPI_SEND_NO_RICH_INFO.
    pub no_rich_info: bool,
}

const NO_RICH_INFO: u16 = 0x0001;
const UNICODE: u16 = 0x8000;

impl OneOff {
    /// A recipient that gets rich text.
    #[must_use]
    pub fn new(name: &str, address_type: &str, address: &str) -> Self {
        Self {
            name: name.to_owned(),
            address_type: address_type.to_uppercase(),
            address: address.to_owned(),
            no_rich_info: false,
        }
    }

    /// The entry identifier, with UTF-16 strings.
    #[must_use]
    pub fn entry_id(&self) -> EntryId {
        let flags = UNICODE | if self.no_rich_info { NO_RICH_INFO } else { 0 };
        let mut data = vec![0, 0];
        data.extend_from_slice(&flags.to_le_bytes());
        for text in [&self.name, &self.address_type, &self.address] {
            // A zero would end the string early, and another recipient would begin in the middle of this one.
            for unit in text.encode_utf16().filter(|unit| *unit != 0).chain([0]) {
                data.extend_from_slice(&unit.to_le_bytes());
            }
        }
        EntryId::new(ONE_OFF_UID, &data)
    }

    /// Reads one, with UTF-16 or 8-bit strings (these as UTF-8, other bytes as U+FFFD).
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID if it has another MAPIUID, MAPI_E_INVALID_ENTRYID if it is damaged.
    pub fn parse(entry_id: &EntryId) -> Result<Self> {
        if entry_id.uid() != Some(ONE_OFF_UID) {
            return Err(ErrorCode::UNKNOWN_ENTRYID.into());
        }
        let bad = || {
            Error::caller(ErrorCode::INVALID_ENTRYID).context("damaged one-off entry identifier")
        };
        let (head, rest) = entry_id.data().split_at_checked(4).ok_or_else(bad)?;
        let flags = u16::from_le_bytes([head[2], head[3]]);
        let texts = if flags & UNICODE == 0 {
            narrow(rest)
        } else {
            wide(rest)
        }
        .ok_or_else(bad)?;
        let [name, address_type, address] = texts;
        Ok(Self {
            name,
            address_type,
            address,
            no_rich_info: flags & NO_RICH_INFO != 0,
        })
    }
}

fn wide(bytes: &[u8]) -> Option<[String; 3]> {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|b| u16::from_le_bytes([b[0], b[1]]))
        .collect();
    three(&units, String::from_utf16_lossy)
}

fn narrow(bytes: &[u8]) -> Option<[String; 3]> {
    three(bytes, |b| String::from_utf8_lossy(b).into_owned())
}

fn three<U: Default + PartialEq>(
    units: &[U],
    text: impl Fn(&[U]) -> String,
) -> Option<[String; 3]> {
    let zero = U::default();
    let mut ends = units
        .iter()
        .enumerate()
        .filter(|(_, unit)| **unit == zero)
        .map(|(at, _)| at);
    let (a, b, c) = (ends.next()?, ends.next()?, ends.next()?);
    Some([
        text(&units[..a]),
        text(&units[a + 1..b]),
        text(&units[b + 1..c]),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_survives_the_way_through_its_entry_identifier() {
        let mut someone = OneOff::new("Åsa Öberg", "smtp", "asa@example.org");
        someone.no_rich_info = true;
        let id = someone.entry_id();
        assert_eq!(id.uid(), Some(ONE_OFF_UID));
        assert_eq!(OneOff::parse(&id).unwrap(), someone);
        assert_eq!(someone.address_type, "SMTP");
    }

    #[test]
    fn eight_bit_strings_are_read() {
        let mut data = vec![0, 0, 0, 0];
        data.extend_from_slice(b"Ann\0SMTP\0ann@example.org\0");
        let id = EntryId::new(ONE_OFF_UID, &data);
        assert_eq!(
            OneOff::parse(&id).unwrap(),
            OneOff::new("Ann", "SMTP", "ann@example.org")
        );
    }

    #[test]
    fn damage_is_an_error_at_every_length() {
        let id = OneOff::new("Ann", "SMTP", "ann@example.org").entry_id();
        let bytes = id.as_bytes();
        for length in 0..bytes.len() {
            assert!(
                OneOff::parse(&EntryId::from(&bytes[..length])).is_err(),
                "cut at {length}"
            );
        }
    }

    #[test]
    fn a_zero_in_a_name_does_not_smuggle_in_another_address() {
        let id =
            OneOff::new("Ann\0SMTP\0mallory@example.org", "SMTP", "ann@example.org").entry_id();
        assert_eq!(OneOff::parse(&id).unwrap().address, "ann@example.org");
    }
}
