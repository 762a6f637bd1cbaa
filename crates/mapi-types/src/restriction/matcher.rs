//! Restrictions at work.

use std::cmp::Ordering;

use super::RelOp;
use super::content::Content;
use crate::{Error, ErrorCode, PropTag, PropType, PropValue, Result, Row};

/// What a restriction is asked of: a row of a table, or an object with its properties.
pub trait PropLookup {
    /// The value of a property, found by its identifier; `None` if it has none (or PT_ERROR).
    fn prop(&self, tag: PropTag) -> Option<&PropValue>;

    /// Whether `test` is true for a row of a sub-object table: PR_MESSAGE_RECIPIENTS or PR_MESSAGE_ATTACHMENTS.
    /// Stops at the first.
    ///
    /// # Errors
    /// MAPI_E_TOO_COMPLEX where rows have no sub-objects (the default); errors of reading them, and those of `test`.
    fn any_sub_object(
        &self,
        tag: PropTag,
        test: &mut dyn FnMut(&dyn PropLookup) -> Result<bool>,
    ) -> Result<bool> {
        let _ = (tag, test);
        Err(Error::caller(ErrorCode::TOO_COMPLEX)
            .context("the rows of this table have no sub-objects to restrict"))
    }
}

impl PropLookup for Row {
    fn prop(&self, tag: PropTag) -> Option<&PropValue> {
        self.get(tag)
    }
}

/// A restriction prepared for many rows; made by [`Restriction::compile`](super::Restriction::compile).
#[derive(Clone, Debug)]
pub struct Matcher {
    root: Node,
    sub_objects: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Content {
        tag: PropTag,
        content: Content,
    },
    /// The value against a constant, the list against a constant list.
    Value {
        tag: PropTag,
        relop: RelOp,
        value: PropValue,
    },
    /// Some member of the list against a constant.
    Member {
        tag: PropTag,
        relop: RelOp,
        value: PropValue,
    },
    Pair {
        left: PropTag,
        right: PropTag,
        relop: RelOp,
    },
    Bits {
        tag: PropTag,
        mask: u32,
        nonzero: bool,
    },
    Size {
        tag: PropTag,
        relop: RelOp,
        size_bytes: usize,
    },
    Exist(PropTag),
    SubObject {
        tag: PropTag,
        inner: Box<Node>,
    },
}

impl Matcher {
    pub(super) fn new(restriction: &super::Restriction) -> Result<Self> {
        let mut sub_objects = false;
        let root = Node::compile(restriction, super::MAX_RESTRICTION_DEPTH, &mut sub_objects)?;
        Ok(Self { root, sub_objects })
    }

    /// Whether the restriction looks at recipients or attachments (RES_SUBRESTRICTION).
    #[must_use]
    pub fn needs_sub_objects(&self) -> bool {
        self.sub_objects
    }

    /// Whether `row` satisfies the restriction.
    ///
    /// A condition on a property that the row does not have, or has with another type, is false (types-of-restrictions.md
    /// recommends it), RELOP_NE and BMR_EQZ included; so RES_NOT of it is true. PT_STRING8 and PT_UNICODE are one type here.
    /// A list (PT_MV_) satisfies a condition on a single value if one of its members does; against a list it compares as a
    /// tuple.
    ///
    /// # Errors
    /// Those of [`PropLookup::any_sub_object`]; without sub-objects none.
    pub fn matches(&self, row: &dyn PropLookup) -> Result<bool> {
        self.root.matches(row)
    }
}

impl Node {
    fn matches(&self, row: &dyn PropLookup) -> Result<bool> {
        Ok(match self {
            Self::All(nodes) => {
                for node in nodes {
                    if !node.matches(row)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Any(nodes) => {
                for node in nodes {
                    if node.matches(row)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::Not(node) => !node.matches(row)?,
            Self::Content { tag, content } => row.prop(*tag).is_some_and(|v| content.matches(v)),
            Self::Value { tag, relop, value } => row
                .prop(*tag)
                .and_then(|found| found.compare(value))
                .is_some_and(|order| relop.holds(order)),
            Self::Member { tag, relop, value } => row
                .prop(*tag)
                .is_some_and(|found| any_member(found, value, *relop)),
            Self::Pair { left, right, relop } => row
                .prop(*left)
                .zip(row.prop(*right))
                .and_then(|(a, b)| a.compare(b))
                .is_some_and(|order| relop.holds(order)),
            Self::Bits { tag, mask, nonzero } => row
                .prop(*tag)
                .and_then(PropValue::as_long)
                .is_some_and(|bits| (bits.cast_unsigned() & mask != 0) == *nonzero),
            Self::Size {
                tag,
                relop,
                size_bytes,
            } => row
                .prop(*tag)
                .is_some_and(|v| relop.holds(v.size_bytes().cmp(size_bytes))),
            Self::Exist(tag) => row.prop(*tag).is_some_and(|v| is_of_type(v, tag.ptype())),
            Self::SubObject { tag, inner } => {
                return row.any_sub_object(*tag, &mut |sub| inner.matches(sub));
            }
        })
    }
}

impl RelOp {
    /// Whether the relation holds for values in this order. RELOP_RE never does.
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Re => false,
        }
    }
}

/// Whether a member of the list `found` stands in the relation to `value`; a single value counts as a list of one (a table
/// that shows one row per member has single values in that column).
fn any_member(found: &PropValue, value: &PropValue, relop: RelOp) -> bool {
    if !found.ptype().is_multi() {
        return found.compare(value).is_some_and(|order| relop.holds(order));
    }
    (0..found.member_count())
        .filter_map(|at| found.member(at))
        .filter_map(|member| member.compare(value))
        .any(|order| relop.holds(order))
}

/// Whether a value can be what a tag of type `wanted` means.
fn is_of_type(value: &PropValue, wanted: PropType) -> bool {
    let has = value.ptype();
    wanted == PropType::UNSPECIFIED
        || has.single() == wanted.single()
        || has.is_string() && wanted.is_string()
}
