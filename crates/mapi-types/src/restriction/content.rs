//! RES_CONTENT: text and bytes that are, begin with or contain others.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{FuzzyLevel, FuzzyMatch};
use crate::PropValue;

/// What a RES_CONTENT looks for, prepared.
#[derive(Clone, Debug)]
pub(super) struct Content {
    part: FuzzyMatch,
    needle: Needle,
}

#[derive(Clone, Debug)]
enum Needle {
    Bytes(Vec<u8>),
    Text { folded: String, fold: Fold },
}

/// What is taken out of a text before it is compared.
#[derive(Clone, Copy, Debug)]
struct Fold {
    case: bool,
    marks: bool,
}

impl Content {
    /// `None` if the value is neither text nor bytes.
    pub(super) fn new(fuzzy: FuzzyLevel, value: &PropValue) -> Option<Self> {
        let needle = match value {
            PropValue::Binary(bytes) => Needle::Bytes(bytes.clone()),
            PropValue::String8(_) | PropValue::Unicode(_) => {
                let fold = Fold {
                    case: fuzzy.ignore_case || fuzzy.loose,
                    marks: fuzzy.ignore_nonspace || fuzzy.loose,
                };
                let folded = fold.apply(&value.as_str()?).into_owned();
                Needle::Text { folded, fold }
            }
            _ => return None,
        };
        Some(Self {
            part: fuzzy.part,
            needle,
        })
    }

    /// Whether the value matches; for a list, whether one of its members does.
    pub(super) fn matches(&self, value: &PropValue) -> bool {
        match value {
            PropValue::Unicode(text) => self.text_matches(&text.to_str()),
            PropValue::String8(bytes) => self.text_matches(&String::from_utf8_lossy(bytes)),
            PropValue::Binary(bytes) => self.bytes_match(bytes),
            PropValue::MvUnicode(list) => list.iter().any(|text| self.text_matches(&text.to_str())),
            PropValue::MvString8(list) => {
                (list.iter()).any(|bytes| self.text_matches(&String::from_utf8_lossy(bytes)))
            }
            PropValue::MvBinary(list) => list.iter().any(|bytes| self.bytes_match(bytes)),
            _ => false,
        }
    }

    fn text_matches(&self, text: &str) -> bool {
        let Needle::Text { folded, fold } = &self.needle else {
            return false;
        };
        if text.is_ascii() && fold.case {
            return part_matches(
                self.part,
                text.as_bytes(),
                folded.as_bytes(),
                u8::eq_ignore_ascii_case,
            );
        }
        let text = fold.apply(text);
        match self.part {
            FuzzyMatch::FullString => *text == **folded,
            FuzzyMatch::Prefix => text.starts_with(&**folded),
            FuzzyMatch::Substring => text.contains(&**folded),
        }
    }

    fn bytes_match(&self, bytes: &[u8]) -> bool {
        let Needle::Bytes(needle) = &self.needle else {
            return false;
        };
        part_matches(self.part, bytes, needle, PartialEq::eq)
    }
}

fn part_matches(part: FuzzyMatch, hay: &[u8], needle: &[u8], eq: fn(&u8, &u8) -> bool) -> bool {
    let same = |window: &[u8]| window.iter().zip(needle).all(|(a, b)| eq(a, b));
    match part {
        FuzzyMatch::FullString => hay.len() == needle.len() && same(hay),
        FuzzyMatch::Prefix => hay.len() >= needle.len() && same(hay),
        FuzzyMatch::Substring => needle.is_empty() || hay.windows(needle.len()).any(same),
    }
}

impl Fold {
    fn apply(self, text: &str) -> Cow<'_, str> {
        // ASCII has no marks.
        let marks = self.marks && !text.is_ascii();
        match (marks, self.case) {
            (false, false) => Cow::Borrowed(text),
            (false, true) => Cow::Owned(crate::fold_case(text)),
            (true, case) => {
                let bare: String = text.nfd().filter(|c| !is_combining_mark(*c)).collect();
                Cow::Owned(if case { crate::fold_case(&bare) } else { bare })
            }
        }
    }
}
