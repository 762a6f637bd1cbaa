//! The language of `--where` and `--sort`: a small grammar over properties.
//!
//! ```text
//! condition  = both { "or" both }
//! both       = one { "and" one }
//! one        = "not" one | "(" condition ")" | flag | "has" property | property operator value
//! flag       = "read" | "unread" | "attachments" | "unsent" | "submitted"
//! property   = a name of the list in names.rs | PR_NAME | a tag as eight hexadecimal digits
//! operator   = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~" | "^=" | "&"
//! value      = a word, or text in single or double quotes; a backslash quotes the next character
//!
//! sort       = key { "," key }
//! key        = [ "-" | "+" ] property
//! ```
//!
//! Words of the grammar and names are read in any case. What a value may look like depends on the property: see [`value`].
//! `docs/cli.md` has the same for people. A query is text from outside: it is bounded in depth and never makes us panic.

mod lower;
mod names;
mod parse;
mod sort;
mod value;

#[cfg(test)]
mod tests;

use std::fmt;

use mapi_types::{PropTag, Restriction};

pub use names::{Flag, KNOWN, Known};
pub use sort::parse_sort;
pub use value::{Moment, bytes, number, truth};

/// A query that cannot be understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueryError {
    /// What is wrong, and what would be right.
    pub text: String,
    /// The byte in the query where it was noticed, if that helps.
    pub at: Option<usize>,
}

impl QueryError {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            at: None,
        }
    }

    fn at(text: impl Into<String>, at: usize) -> Self {
        Self {
            text: text.into(),
            at: Some(at),
        }
    }

    /// The error with the query and a mark under the place.
    pub fn explain(&self, query: &str) -> String {
        let Some(at) = self.at else {
            return self.text.clone();
        };
        let before = query.get(..at).unwrap_or(query);
        let indent = unicode_width::UnicodeWidthStr::width(before);
        let shown = crate::format::clean(query);
        format!("{}\n  {shown}\n  {:indent$}^", self.text, "")
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for QueryError {}

/// A condition as it was written.
#[derive(Clone, PartialEq, Debug)]
pub enum Condition {
    /// All of them; at least two.
    And(Vec<Condition>),
    /// One of them; at least two.
    Or(Vec<Condition>),
    /// The opposite.
    Not(Box<Condition>),
    /// A bit of PR_MESSAGE_FLAGS.
    Flag(Flag),
    /// The property is there.
    Has(Field),
    /// A comparison.
    Compare(Field, Op, Literal),
}

/// What is compared.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Field {
    /// A name of the list.
    Known(&'static Known),
    /// A property by its MAPI name or number.
    Tag(PropTag),
}

/// How.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    /// Equal; text in any case. A day equals every moment in it.
    Eq,
    /// Not equal, or not there.
    Ne,
    /// Less, earlier.
    Lt,
    /// Less or equal.
    Le,
    /// Greater, later.
    Gt,
    /// Greater or equal.
    Ge,
    /// Contains the text, in any case.
    Contains,
    /// Does not contain it, or is not there.
    Lacks,
    /// Begins with the text, in any case.
    Begins,
    /// Has one of these bits.
    Mask,
}

/// A value as it was written; the property says what it means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Literal {
    /// Without quotes.
    pub text: String,
    /// It stood in quotes.
    pub quoted: bool,
}

/// Reads a condition.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse_where(text: &str, moment: &Moment) -> Result<Restriction, QueryError> {
    lower::lower(&parse::parse(text)?, moment)
}

impl Op {
    /// All of them; longer ones before those that they begin with.
    const ALL: [(&'static str, Self); 11] = [
        ("!=", Self::Ne),
        ("!~", Self::Lacks),
        ("<=", Self::Le),
        (">=", Self::Ge),
        ("^=", Self::Begins),
        ("==", Self::Eq),
        ("=", Self::Eq),
        ("<", Self::Lt),
        (">", Self::Gt),
        ("~", Self::Contains),
        ("&", Self::Mask),
    ];
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = Self::ALL.iter().rev();
        let text = all.find(|(_, op)| op == self).map_or("=", |(text, _)| text);
        f.write_str(text)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(known) => f.write_str(known.name),
            Self::Tag(tag) => write!(f, "{tag}"),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.quoted {
            return f.write_str(&self.text);
        }
        f.write_str("\"")?;
        for c in self.text.chars() {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            for (i, part) in parts.iter().enumerate() {
                if i > 0 {
                    write!(f, " {word} ")?;
                }
                match part {
                    Self::And(_) | Self::Or(_) => write!(f, "({part})")?,
                    _ => write!(f, "{part}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::And(parts) => list(f, parts, "and"),
            Self::Or(parts) => list(f, parts, "or"),
            Self::Not(inner) => match **inner {
                Self::And(_) | Self::Or(_) => write!(f, "not ({inner})"),
                _ => write!(f, "not {inner}"),
            },
            Self::Flag(flag) => f.write_str(flag.name()),
            Self::Has(field) => write!(f, "has {field}"),
            Self::Compare(field, op, value) => write!(f, "{field} {op} {value}"),
        }
    }
}
