//! The census of what was left open.

use serde::{Deserialize, Serialize};

/// Who did not close it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftBy {
    /// The client. It is told so; providers are not to blame.
    Client,
    /// The provider.
    Provider,
}

/// Objects of one kind that one owner has left open, and what MAPI did about them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LeftOpen {
    /// The kind of object: `IMessage`, `IMAPITable`, `memory block`.
    pub kind: String,
    /// The provider object that it belongs to; `None` for an object of MAPI's own.
    pub provider: Option<u32>,
    /// Who did not close it.
    pub left_by: LeftBy,
    /// What was done about it: `made invalid, safe to release`.
    pub done: String,
    /// How many there were.
    pub count: u64,
    /// The first of them, at most [`LeftOpen::LISTED`].
    pub objects: Vec<LeftObject>,
}

impl LeftOpen {
    /// How many objects of a group are listed one by one; beyond that they are only counted, so that the census stays cheap.
    pub const LISTED: usize = 100;
}

/// One object that was left open.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LeftObject {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its entry identifier in hexadecimal, if it has one.
    pub entry: Option<String>,
    /// How long it had been open, in microseconds.
    pub age_us: u64,
    /// The stack that created it, at debug level `trace`.
    pub stack: Vec<String>,
}

impl LeftObject {
    /// Whether nothing is known of it but its age.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.name.is_none() && self.entry.is_none() && self.stack.is_empty()
    }
}

/// A group as it is handed to the recorder.
#[derive(Clone, Debug)]
pub struct Left<'a> {
    /// As [`LeftOpen::kind`].
    pub kind: &'a str,
    /// As [`LeftOpen::provider`].
    pub provider: Option<crate::shutdown::ProviderId>,
    /// As [`LeftOpen::left_by`].
    pub left_by: LeftBy,
    /// As [`LeftOpen::done`].
    pub done: &'a str,
}
