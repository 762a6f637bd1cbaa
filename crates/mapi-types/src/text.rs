//! Text of PT_UNICODE properties.

use std::borrow::Cow;

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
