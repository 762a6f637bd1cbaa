//! Restrictions (SRestriction).

mod compile;
mod content;
mod matcher;

pub use matcher::{Matcher, PropLookup};

use crate::{PropTag, Property, Result};

/// How a RES_CONTENT matches: the low half of ulFuzzyLevel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FuzzyMatch {
    /// FL_FULLSTRING.
    FullString,
    /// FL_SUBSTRING.
    Substring,
    /// FL_PREFIX.
    Prefix,
}

/// ulFuzzyLevel of RES_CONTENT.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FuzzyLevel {
    /// What part must match.
    pub part: FuzzyMatch,
    /// FL_IGNORECASE.
    pub ignore_case: bool,
    /// FL_IGNORENONSPACE: marks are ignored.
    pub ignore_nonspace: bool,
    /// FL_LOOSE: as loose as the provider likes; here both of the above.
    pub loose: bool,
}

/// RELOP_ of RES_PROPERTY and RES_COMPAREPROPS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // the names say it
pub enum RelOp {
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    /// RELOP_RE: regular expression; not built anywhere, MAPI_E_TOO_COMPLEX.
    Re,
}

/// A restriction: a tree of conditions on the properties of a row (SRestriction).
#[derive(Clone, PartialEq, Debug)]
pub enum Restriction {
    /// RES_AND; true if empty.
    And(Vec<Restriction>),
    /// RES_OR; false if empty.
    Or(Vec<Restriction>),
    /// RES_NOT.
    Not(Box<Restriction>),
    /// RES_CONTENT: text or bytes of `tag` match `value`.
    Content {
        /// How.
        fuzzy: FuzzyLevel,
        /// The column.
        tag: PropTag,
        /// What to look for.
        value: Property,
    },
    /// RES_PROPERTY: `tag` relop `value`.
    Property {
        /// The relation.
        relop: RelOp,
        /// The column.
        tag: PropTag,
        /// What to compare with.
        value: Property,
    },
    /// RES_COMPAREPROPS: `left` relop `right`.
    CompareProps {
        /// The relation.
        relop: RelOp,
        /// Left column.
        left: PropTag,
        /// Right column.
        right: PropTag,
    },
    /// RES_BITMASK: (`tag` & `mask`) is zero (BMR_EQZ) or not (BMR_NEZ).
    Bitmask {
        /// BMR_NEZ if true.
        nonzero: bool,
        /// The column.
        tag: PropTag,
        /// The mask.
        mask: u32,
    },
    /// RES_SIZE: size of the value in bytes.
    Size {
        /// The relation.
        relop: RelOp,
        /// The column.
        tag: PropTag,
        /// Bytes.
        size_bytes: u32,
    },
    /// RES_EXIST.
    Exist(PropTag),
    /// RES_SUBRESTRICTION: some recipient (PR_MESSAGE_RECIPIENTS) or attachment (PR_MESSAGE_ATTACHMENTS) satisfies it.
    SubObject {
        /// Which table.
        tag: PropTag,
        /// The condition on its rows.
        inner: Box<Restriction>,
    },
    /// RES_COMMENT: `inner` (true if none) with properties that mean nothing to the match.
    Comment {
        /// The properties.
        props: Vec<Property>,
        /// The condition.
        inner: Option<Box<Restriction>>,
    },
    /// RES_COUNT: at most `count` rows satisfy `inner`.
    Count {
        /// The limit.
        count: u32,
        /// The condition.
        inner: Box<Restriction>,
    },
}

/// How deep restrictions may be nested; beyond that they are MAPI_E_TOO_COMPLEX. They come from outside, and evaluating,
/// copying and dropping them recurses.
pub const MAX_RESTRICTION_DEPTH: u32 = 64;

impl Restriction {
    /// Prepares the restriction for many rows. What is wrong with it shows here, whatever the rows are.
    ///
    /// # Errors
    /// MAPI_E_TOO_COMPLEX: RELOP_RE; types that differ where the reference wants the same type on both sides; a type that
    /// the condition does not apply to; RES_COUNT; nested deeper than [`MAX_RESTRICTION_DEPTH`].
    pub fn compile(&self) -> Result<Matcher> {
        Matcher::new(self)
    }

    /// Whether one row satisfies the restriction; see [`Matcher::matches`].
    ///
    /// # Errors
    /// Those of [`Restriction::compile`] and [`Matcher::matches`].
    pub fn matches(&self, row: &dyn PropLookup) -> Result<bool> {
        self.compile()?.matches(row)
    }
}
