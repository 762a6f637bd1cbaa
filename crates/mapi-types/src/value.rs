//! Property values.

use std::borrow::Cow;

use crate::{ErrorCode, FileTime, Guid, PropTag, PropType, UnicodeString};

/// A property value of any MAPI type (SPropValue without its tag).
///
/// Conversion from and to the ABI is exact, whatever the bits: floats keep their payload, ill-formed UTF-16 its units.
#[derive(Clone, Debug, PartialEq)]
pub enum PropValue {
    /// PT_NULL: no value; as a column type "not there".
    Null,
    /// PT_I2.
    I2(i16),
    /// PT_LONG.
    Long(i32),
    /// PT_R4.
    R4(f32),
    /// PT_DOUBLE.
    Double(f64),
    /// PT_CURRENCY: ten-thousandths.
    Currency(i64),
    /// PT_APPTIME: days since 1899-12-30.
    AppTime(f64),
    /// PT_ERROR: why there is no value.
    Error(ErrorCode),
    /// PT_BOOLEAN.
    Boolean(bool),
    /// PT_OBJECT: to be opened with OpenProperty.
    Object,
    /// PT_I8.
    I8(i64),
    /// PT_STRING8: bytes of some code page, without the terminating zero.
    String8(Vec<u8>),
    /// PT_UNICODE.
    Unicode(UnicodeString),
    /// PT_SYSTIME.
    SysTime(FileTime),
    /// PT_CLSID.
    Clsid(Guid),
    /// PT_BINARY.
    Binary(Vec<u8>),
    /// PT_MV_I2.
    MvI2(Vec<i16>),
    /// PT_MV_LONG.
    MvLong(Vec<i32>),
    /// PT_MV_R4.
    MvR4(Vec<f32>),
    /// PT_MV_DOUBLE.
    MvDouble(Vec<f64>),
    /// PT_MV_CURRENCY.
    MvCurrency(Vec<i64>),
    /// PT_MV_APPTIME.
    MvAppTime(Vec<f64>),
    /// PT_MV_I8.
    MvI8(Vec<i64>),
    /// PT_MV_STRING8.
    MvString8(Vec<Vec<u8>>),
    /// PT_MV_UNICODE.
    MvUnicode(Vec<UnicodeString>),
    /// PT_MV_SYSTIME.
    MvSysTime(Vec<FileTime>),
    /// PT_MV_CLSID.
    MvClsid(Vec<Guid>),
    /// PT_MV_BINARY.
    MvBinary(Vec<Vec<u8>>),
}

impl PropValue {
    /// The property type of this value.
    #[must_use]
    pub fn ptype(&self) -> PropType {
        match self {
            Self::Null => PropType::NULL,
            Self::I2(_) => PropType::I2,
            Self::Long(_) => PropType::LONG,
            Self::R4(_) => PropType::R4,
            Self::Double(_) => PropType::DOUBLE,
            Self::Currency(_) => PropType::CURRENCY,
            Self::AppTime(_) => PropType::APPTIME,
            Self::Error(_) => PropType::ERROR,
            Self::Boolean(_) => PropType::BOOLEAN,
            Self::Object => PropType::OBJECT,
            Self::I8(_) => PropType::I8,
            Self::String8(_) => PropType::STRING8,
            Self::Unicode(_) => PropType::UNICODE,
            Self::SysTime(_) => PropType::SYSTIME,
            Self::Clsid(_) => PropType::CLSID,
            Self::Binary(_) => PropType::BINARY,
            Self::MvI2(_) => PropType::MV_I2,
            Self::MvLong(_) => PropType::MV_LONG,
            Self::MvR4(_) => PropType::MV_R4,
            Self::MvDouble(_) => PropType::MV_DOUBLE,
            Self::MvCurrency(_) => PropType::MV_CURRENCY,
            Self::MvAppTime(_) => PropType::MV_APPTIME,
            Self::MvI8(_) => PropType::MV_I8,
            Self::MvString8(_) => PropType::MV_STRING8,
            Self::MvUnicode(_) => PropType::MV_UNICODE,
            Self::MvSysTime(_) => PropType::MV_SYSTIME,
            Self::MvClsid(_) => PropType::MV_CLSID,
            Self::MvBinary(_) => PropType::MV_BINARY,
        }
    }

    /// The text of a PT_UNICODE value, or of a PT_STRING8 value read as Windows-1252's ASCII half (other bytes U+FFFD).
    #[must_use]
    pub fn as_str(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Unicode(text) => Some(text.to_str()),
            Self::String8(bytes) => Some(String::from_utf8_lossy(bytes)),
            _ => None,
        }
    }

    /// The number of a PT_LONG value.
    #[must_use]
    pub fn as_long(&self) -> Option<i32> {
        if let Self::Long(n) = self {
            Some(*n)
        } else {
            None
        }
    }

    /// The number of a PT_I8 value.
    #[must_use]
    pub fn as_i8(&self) -> Option<i64> {
        if let Self::I8(n) = self {
            Some(*n)
        } else {
            None
        }
    }

    /// The truth of a PT_BOOLEAN value.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Boolean(b) = self {
            Some(*b)
        } else {
            None
        }
    }

    /// The bytes of a PT_BINARY value.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Binary(bytes) = self {
            Some(bytes)
        } else {
            None
        }
    }

    /// The time of a PT_SYSTIME value.
    #[must_use]
    pub fn as_time(&self) -> Option<FileTime> {
        if let Self::SysTime(time) = self {
            Some(*time)
        } else {
            None
        }
    }

    /// The code of a PT_ERROR value.
    #[must_use]
    pub fn as_error(&self) -> Option<ErrorCode> {
        if let Self::Error(code) = self {
            Some(*code)
        } else {
            None
        }
    }

    /// Bytes of memory that the value holds: what PR_MESSAGE_SIZE and RES_SIZE count.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Null | Self::Object => 0,
            Self::I2(_) | Self::Boolean(_) => 2,
            Self::Long(_) | Self::R4(_) | Self::Error(_) => 4,
            Self::Double(_)
            | Self::Currency(_)
            | Self::AppTime(_)
            | Self::I8(_)
            | Self::SysTime(_) => 8,
            Self::Clsid(_) => 16,
            Self::String8(s) | Self::Binary(s) => s.len(),
            Self::Unicode(s) => s.to_str().encode_utf16().count() * 2,
            Self::MvI2(v) => v.len() * 2,
            Self::MvLong(v) => v.len() * 4,
            Self::MvR4(v) => v.len() * 4,
            Self::MvDouble(v) | Self::MvAppTime(v) => v.len() * 8,
            Self::MvCurrency(v) | Self::MvI8(v) => v.len() * 8,
            Self::MvSysTime(v) => v.len() * 8,
            Self::MvClsid(v) => v.len() * 16,
            Self::MvString8(v) | Self::MvBinary(v) => v.iter().map(Vec::len).sum(),
            Self::MvUnicode(v) => v
                .iter()
                .map(|s| s.to_str().encode_utf16().count() * 2)
                .sum(),
        }
    }

    /// How many members a list (PT_MV_) has; 1 for a single value.
    #[must_use]
    pub fn member_count(&self) -> usize {
        match self {
            Self::MvI2(v) => v.len(),
            Self::MvLong(v) => v.len(),
            Self::MvR4(v) => v.len(),
            Self::MvDouble(v) | Self::MvAppTime(v) => v.len(),
            Self::MvCurrency(v) | Self::MvI8(v) => v.len(),
            Self::MvString8(v) | Self::MvBinary(v) => v.len(),
            Self::MvUnicode(v) => v.len(),
            Self::MvSysTime(v) => v.len(),
            Self::MvClsid(v) => v.len(),
            _ => 1,
        }
    }

    /// One member of a list as a single value; `None` past the end, and for a value that is no list.
    #[must_use]
    pub fn member(&self, at: usize) -> Option<PropValue> {
        Some(match self {
            Self::MvI2(v) => Self::I2(*v.get(at)?),
            Self::MvLong(v) => Self::Long(*v.get(at)?),
            Self::MvR4(v) => Self::R4(*v.get(at)?),
            Self::MvDouble(v) => Self::Double(*v.get(at)?),
            Self::MvCurrency(v) => Self::Currency(*v.get(at)?),
            Self::MvAppTime(v) => Self::AppTime(*v.get(at)?),
            Self::MvI8(v) => Self::I8(*v.get(at)?),
            Self::MvString8(v) => Self::String8(v.get(at)?.clone()),
            Self::MvUnicode(v) => Self::Unicode(v.get(at)?.clone()),
            Self::MvSysTime(v) => Self::SysTime(*v.get(at)?),
            Self::MvClsid(v) => Self::Clsid(*v.get(at)?),
            Self::MvBinary(v) => Self::Binary(v.get(at)?.clone()),
            _ => return None,
        })
    }
}

macro_rules! from {
    ($($t:ty => $v:ident),* $(,)?) => {
        $(impl From<$t> for PropValue {
            fn from(value: $t) -> Self {
                Self::$v(value.into())
            }
        })*
    };
}

from! {
    i16 => I2, i32 => Long, f32 => R4, f64 => Double, bool => Boolean, i64 => I8, &str => Unicode, String => Unicode,
    UnicodeString => Unicode, FileTime => SysTime, Guid => Clsid, Vec<u8> => Binary, &[u8] => Binary, ErrorCode => Error,
    Vec<i32> => MvLong, Vec<Vec<u8>> => MvBinary,
}

/// A property: tag and value (SPropValue).
///
/// The type in the tag is that of the value; [`Property::new`] sees to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// The tag, with the type of `value`.
    pub tag: PropTag,
    /// The value.
    pub value: PropValue,
}

impl Property {
    /// A property with the identifier of `tag` and the type of `value`.
    #[must_use]
    pub fn new(tag: PropTag, value: impl Into<PropValue>) -> Self {
        let value = value.into();
        Self {
            tag: tag.with_type(value.ptype()),
            value,
        }
    }

    /// A property that is not there: PT_ERROR with `code`.
    #[must_use]
    pub fn error(tag: PropTag, code: ErrorCode) -> Self {
        Self {
            tag: tag.with_type(PropType::ERROR),
            value: PropValue::Error(code),
        }
    }
}
