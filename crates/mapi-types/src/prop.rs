//! Property tags and types.

use std::fmt;
use std::str::FromStr;

use crate::tag_names::{BY_NAME, BY_VALUE};
use crate::{Error, ErrorCode};

/// A property tag: identifier in the high half, type in the low half (MAPIDefS.h, PROP_TAG).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PropTag(u32);

impl PropTag {
    /// From the 32-bit number of the headers, for example `0x0037_001F`.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// From identifier and type.
    #[must_use]
    pub const fn new(id: u16, ptype: PropType) -> Self {
        Self(((id as u32) << 16) | ptype.0 as u32)
    }

    /// The 32-bit number.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// PROP_ID: the identifier.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // the high half of 32 bits is 16 bits
    pub const fn id(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// PROP_TYPE: the type, with its multi-value bits.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // masked to 16 bits
    pub const fn ptype(self) -> PropType {
        PropType((self.0 & 0xFFFF) as u16)
    }

    /// CHANGE_PROP_TYPE: the same identifier with another type.
    #[must_use]
    pub const fn with_type(self, ptype: PropType) -> Self {
        Self::new(self.id(), ptype)
    }

    /// Whether the identifier lies in the range of named properties (0x8000 to 0xFFFE).
    #[must_use]
    pub const fn is_named(self) -> bool {
        self.id() >= 0x8000 && self.id() != 0xFFFF
    }

    /// Whether both tags have the same identifier, whatever their types.
    #[must_use]
    pub const fn same_id(self, other: Self) -> bool {
        self.id() == other.id()
    }

    /// The MAPI name, for example `PR_SUBJECT`, of a tag in its Unicode form.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        BY_VALUE
            .binary_search_by_key(&self.0, |(value, _)| *value)
            .ok()
            .map(|i| BY_VALUE[i].1)
    }

    fn in_form(self, narrow: bool) -> Option<Self> {
        let (from, to) = if narrow { (0x1F, 0x1E) } else { (0x1E, 0x1F) };
        let multi = self.ptype().0 & PropType::MV_FLAG;
        (self.ptype().0 == from | multi).then(|| self.with_type(PropType(to | multi)))
    }
}

impl fmt::Debug for PropTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

impl fmt::Display for PropTag {
    /// The MAPI name where there is one (`PR_SUBJECT`, `PR_SUBJECT_A`), else the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.name() {
            f.write_str(name)
        } else if let Some(name) = self.in_form(false).and_then(Self::name) {
            write!(f, "{name}_A")
        } else {
            write!(f, "{:#010x}", self.0)
        }
    }
}

impl FromStr for PropTag {
    type Err = Error;

    /// Reads what [`PropTag`] displays: a MAPI name, with `_W` or `_A` for one form of a string, or eight hexadecimal
    /// digits with or without `0x`.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER if the text is neither.
    fn from_str(text: &str) -> Result<Self, Error> {
        let named = |name: &str| {
            let at = BY_NAME.binary_search_by_key(&name, |(n, _)| *n).ok()?;
            Some(Self(BY_NAME[at].1))
        };
        let form = |suffix, narrow| {
            let tag = named(text.strip_suffix(suffix)?)?;
            if narrow {
                tag.in_form(true)
            } else {
                tag.ptype().is_string().then_some(tag)
            }
        };
        let number = || {
            let digits = text.strip_prefix("0x").unwrap_or(text);
            let plain = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_hexdigit());
            plain.then(|| u32::from_str_radix(digits, 16).ok())?
        };
        named(text)
            .or_else(|| form("_W", false))
            .or_else(|| form("_A", true))
            .or_else(|| number().map(Self))
            .ok_or_else(|| {
                Error::caller(ErrorCode::INVALID_PARAMETER)
                    .context(format!("'{text}' is not a property tag"))
            })
    }
}

/// A property type, with MV_FLAG and MV_INSTANCE where they apply (MAPIDefS.h, PT_ constants).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PropType(pub u16);

#[allow(missing_docs)] // the names are those of MAPIDefS.h and say it all
impl PropType {
    pub const UNSPECIFIED: Self = Self(0x0000);
    pub const NULL: Self = Self(0x0001);
    pub const I2: Self = Self(0x0002);
    pub const LONG: Self = Self(0x0003);
    pub const R4: Self = Self(0x0004);
    pub const DOUBLE: Self = Self(0x0005);
    pub const CURRENCY: Self = Self(0x0006);
    pub const APPTIME: Self = Self(0x0007);
    pub const ERROR: Self = Self(0x000A);
    pub const BOOLEAN: Self = Self(0x000B);
    pub const OBJECT: Self = Self(0x000D);
    pub const I8: Self = Self(0x0014);
    pub const STRING8: Self = Self(0x001E);
    pub const UNICODE: Self = Self(0x001F);
    pub const SYSTIME: Self = Self(0x0040);
    pub const CLSID: Self = Self(0x0048);
    pub const BINARY: Self = Self(0x0102);
    pub const MV_I2: Self = Self(0x1002);
    pub const MV_LONG: Self = Self(0x1003);
    pub const MV_R4: Self = Self(0x1004);
    pub const MV_DOUBLE: Self = Self(0x1005);
    pub const MV_CURRENCY: Self = Self(0x1006);
    pub const MV_APPTIME: Self = Self(0x1007);
    pub const MV_I8: Self = Self(0x1014);
    pub const MV_STRING8: Self = Self(0x101E);
    pub const MV_UNICODE: Self = Self(0x101F);
    pub const MV_SYSTIME: Self = Self(0x1040);
    pub const MV_CLSID: Self = Self(0x1048);
    pub const MV_BINARY: Self = Self(0x1102);

    /// MV_FLAG: the value is a list.
    pub const MV_FLAG: u16 = 0x1000;
    /// MV_INSTANCE: in a table, one row per member of the list.
    pub const MV_INSTANCE: u16 = 0x2000;

    #[must_use]
    pub const fn is_multi(self) -> bool {
        self.0 & Self::MV_FLAG != 0
    }

    /// The type of one member: without MV_FLAG and MV_INSTANCE.
    #[must_use]
    pub const fn single(self) -> Self {
        Self(self.0 & !(Self::MV_FLAG | Self::MV_INSTANCE))
    }

    /// PT_STRING8 or PT_UNICODE, single or multi.
    #[must_use]
    pub const fn is_string(self) -> bool {
        matches!(self.single().0, 0x001E | 0x001F)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag;

    #[test]
    fn a_tag_reads_as_it_is_displayed() {
        let narrow = tag::PR_SUBJECT.with_type(PropType::STRING8);
        for (tag, text) in [
            (tag::PR_SUBJECT, "PR_SUBJECT"),
            (narrow, "PR_SUBJECT_A"),
            (tag::PR_RESOURCE_FLAGS, "PR_RESOURCE_FLAGS"),
            (PropTag::from_raw(0x6600_0102), "0x66000102"),
        ] {
            assert_eq!(tag.to_string(), text);
            assert_eq!(text.parse::<PropTag>().unwrap(), tag);
        }
        assert_eq!("PR_SUBJECT_W".parse::<PropTag>().unwrap(), tag::PR_SUBJECT);
        assert_eq!("6600001e".parse::<PropTag>().unwrap().raw(), 0x6600_001E);
        for bad in ["", "PR_", "PR_ENTRYID_A", "0x660001", "+6600001"] {
            assert!(bad.parse::<PropTag>().is_err(), "{bad}");
        }
        for (value, name) in BY_VALUE {
            let tag = PropTag::from_raw(*value);
            assert_eq!(tag.to_string().parse::<PropTag>().unwrap(), tag, "{name}");
        }
    }
}
