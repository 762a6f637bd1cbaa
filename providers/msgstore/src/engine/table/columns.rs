//! The columns of a message row that contents tables sort by and mostly show.

use std::borrow::Cow;

use mapi_types::{FileTime, PropTag, PropType, PropValue, Result, tag};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::engine::message::data::time;
use crate::engine::props::{PropSet, Value};
use crate::engine::sql::{Tried, count, long};

/// A text column holds this many characters of a longer text.
const TEXT_MAX: usize = 1024;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Long,
    Time,
    Text,
}

/// A property with a column of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fixed {
    pub tag: PropTag,
    /// The column with the value.
    pub column: &'static str,
    /// The column that orders, if the order can be had from SQL.
    pub key: Option<&'static str>,
    /// The index that has it.
    pub indexed: bool,
    /// The bit in `present`; `None` for what is the store's own and always there.
    pub bit: Option<u8>,
    pub kind: Kind,
}

const fn fixed(
    tag: PropTag,
    column: &'static str,
    key: Option<&'static str>,
    indexed: bool,
    bit: Option<u8>,
    kind: Kind,
) -> Fixed {
    Fixed {
        tag,
        column,
        key,
        indexed,
        bit,
        kind,
    }
}

/// All of them.
pub(crate) const FIXED: [Fixed; 12] = [
    fixed(
        tag::PR_MESSAGE_DELIVERY_TIME,
        "delivery",
        Some("delivery"),
        true,
        Some(0),
        Kind::Time,
    ),
    fixed(
        tag::PR_CLIENT_SUBMIT_TIME,
        "submit",
        Some("submit"),
        false,
        Some(1),
        Kind::Time,
    ),
    fixed(
        tag::PR_IMPORTANCE,
        "importance",
        Some("importance"),
        false,
        Some(2),
        Kind::Long,
    ),
    fixed(
        tag::PR_MESSAGE_CLASS,
        "class",
        None,
        false,
        Some(3),
        Kind::Text,
    ),
    fixed(
        tag::PR_SUBJECT,
        "subject",
        Some("subject_key"),
        true,
        Some(4),
        Kind::Text,
    ),
    fixed(
        tag::PR_SENDER_NAME,
        "sender",
        Some("sender_key"),
        true,
        Some(5),
        Kind::Text,
    ),
    fixed(
        tag::PR_DISPLAY_TO,
        "display_to",
        None,
        false,
        Some(6),
        Kind::Text,
    ),
    fixed(
        tag::PR_MESSAGE_FLAGS,
        "flags",
        Some("flags"),
        false,
        None,
        Kind::Long,
    ),
    fixed(
        tag::PR_MSG_STATUS,
        "status",
        Some("status"),
        false,
        None,
        Kind::Long,
    ),
    fixed(
        tag::PR_MESSAGE_SIZE,
        "size",
        Some("size"),
        true,
        None,
        Kind::Long,
    ),
    fixed(
        tag::PR_CREATION_TIME,
        "created",
        Some("created"),
        false,
        None,
        Kind::Time,
    ),
    fixed(
        tag::PR_LAST_MODIFICATION_TIME,
        "modified",
        Some("modified"),
        false,
        None,
        Kind::Time,
    ),
];

/// The column for a tag, if its type is the column's.
pub(crate) fn find(tag: PropTag) -> Option<&'static Fixed> {
    FIXED
        .iter()
        .find(|f| f.tag == tag || (f.tag.same_id(tag) && tag.ptype() == PropType::UNSPECIFIED))
}

impl Fixed {
    /// The condition that the row has the property with the column's meaning.
    pub(crate) fn present(&self) -> Option<String> {
        self.bit
            .map(|bit| format!("(present & {}) <> 0", 1i64 << bit))
    }

    /// The value in a row, given the row's `present`: `None`, it is not there; `Some(None)`, it has to be taken from
    /// the property set.
    pub(crate) fn value(
        &self,
        present: i64,
        raw: ValueRef<'_>,
    ) -> rusqlite::Result<Option<Option<PropValue>>> {
        if let Some(bit) = self.bit {
            if present & (1i64 << (32 + bit)) != 0 {
                return Ok(Some(None));
            }
            if present & (1i64 << bit) == 0 {
                return Ok(None);
            }
        }
        Ok(Some(Some(match self.kind {
            Kind::Long => PropValue::Long(long(raw.as_i64()?)),
            Kind::Time => PropValue::SysTime(FileTime(count(raw.as_i64()?))),
            Kind::Text => PropValue::from(raw.as_str()?),
        })))
    }
}

/// The columns that follow from the properties.
#[derive(Default)]
pub(crate) struct Derived {
    pub present: i64,
    pub delivery: i64,
    pub submit: i64,
    pub importance: i64,
    pub class: String,
    pub subject: String,
    pub sender: String,
    pub display_to: String,
}

/// Computes them.
pub(crate) fn derive(conn: &Connection, props: &PropSet) -> Result<Derived> {
    let mut d = Derived::default();
    for fixed in &FIXED {
        let Some(bit) = fixed.bit else { continue };
        let Some((stored, value)) = props.find(fixed.tag) else {
            continue;
        };
        // A text that is too long for the property set is looked at all the same.
        let value = match value {
            Value::Inline(value) => Cow::Borrowed(value),
            other if stored.ptype().is_string() => Cow::Owned(other.load(conn, stored)?),
            _ => Cow::Owned(PropValue::Object),
        };
        let (meaning, exact) = d.take(fixed, &value);
        d.present |= i64::from(meaning) << bit;
        d.present |= i64::from(!exact) << (32 + bit);
    }
    Ok(d)
}

impl Derived {
    /// Puts a value into its column: whether it has the column's meaning, and whether the column says it all.
    fn take(&mut self, fixed: &Fixed, value: &PropValue) -> (bool, bool) {
        match (fixed.kind, value) {
            (Kind::Long, PropValue::Long(n)) => {
                self.importance = i64::from(*n);
                (true, true)
            }
            (Kind::Time, PropValue::SysTime(t)) => {
                let column = if fixed.column == "delivery" {
                    &mut self.delivery
                } else {
                    &mut self.submit
                };
                *column = time(*t);
                (true, i64::try_from(t.0).is_ok())
            }
            (Kind::Text, PropValue::Unicode(_) | PropValue::String8(_)) => {
                let text = value.as_str().unwrap_or_default();
                let cut: String = text.chars().take(TEXT_MAX).collect();
                let exact = matches!(value, PropValue::Unicode(u)
                    if matches!(u.to_str(), Cow::Borrowed(whole) if whole.len() == cut.len()));
                let column = match fixed.column {
                    "class" => &mut self.class,
                    "subject" => &mut self.subject,
                    "sender" => &mut self.sender,
                    _ => &mut self.display_to,
                };
                *column = cut;
                (true, exact)
            }
            _ => (false, false),
        }
    }
}

/// Reads one column of a row.
pub(crate) fn raw<'a>(row: &'a rusqlite::Row<'_>, index: usize) -> Result<ValueRef<'a>> {
    row.get_ref(index).tried("reading a table")
}
