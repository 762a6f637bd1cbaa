//! From a restriction to a [`Matcher`](super::Matcher): all that can be wrong with it, found before the first row.

use super::content::Content;
use super::matcher::Node;
use super::{RelOp, Restriction};
use crate::{Error, ErrorCode, PropTag, PropType, PropValue, Result, tag};

impl Node {
    /// `depth` is how deep `restriction` may still be.
    pub(super) fn compile(
        restriction: &Restriction,
        depth: u32,
        sub_objects: &mut bool,
    ) -> Result<Self> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(too_complex("the restriction is nested too deeply"));
        };
        let mut all = |list: &[Restriction]| -> Result<Vec<Self>> {
            list.iter()
                .map(|r| Self::compile(r, depth, sub_objects))
                .collect()
        };
        Ok(match restriction {
            Restriction::And(list) => Self::All(all(list)?),
            Restriction::Or(list) => Self::Any(all(list)?),
            Restriction::Not(inner) => {
                Self::Not(Box::new(Self::compile(inner, depth, sub_objects)?))
            }
            Restriction::Comment { inner: None, .. } => Self::All(Vec::new()),
            Restriction::Comment {
                inner: Some(inner), ..
            } => Self::compile(inner, depth, sub_objects)?,
            Restriction::SubObject { tag, inner } => {
                if ![tag::PR_MESSAGE_RECIPIENTS, tag::PR_MESSAGE_ATTACHMENTS].contains(tag) {
                    return Err(too_complex("no sub-object has this tag").context(tag.to_string()));
                }
                *sub_objects = true;
                Self::SubObject {
                    tag: *tag,
                    inner: Box::new(Self::compile(inner, depth, sub_objects)?),
                }
            }
            Restriction::Content { fuzzy, tag, value } => {
                same_type(*tag, value.value.ptype())?;
                let content = Content::new(*fuzzy, &value.value)
                    .ok_or_else(|| too_complex("RES_CONTENT looks for text or bytes only"))?;
                Self::Content { tag: *tag, content }
            }
            Restriction::Property { relop, tag, value } => property(*relop, *tag, &value.value)?,
            Restriction::CompareProps { relop, left, right } => {
                same_type(*left, right.ptype())?;
                Self::Pair {
                    left: *left,
                    right: *right,
                    relop: usable(*relop)?,
                }
            }
            Restriction::Bitmask { nonzero, tag, mask } => {
                same_type(*tag, PropType::LONG)?;
                Self::Bits {
                    tag: *tag,
                    mask: *mask,
                    nonzero: *nonzero,
                }
            }
            Restriction::Size {
                relop,
                tag,
                size_bytes,
            } => Self::Size {
                tag: *tag,
                relop: usable(*relop)?,
                size_bytes: *size_bytes as usize,
            },
            Restriction::Exist(tag) => Self::Exist(*tag),
            Restriction::Count { .. } => {
                return Err(too_complex("RES_COUNT is not evaluated"));
            }
        })
    }
}

/// RES_PROPERTY: the constant has the type of the property, or that of its members.
fn property(relop: RelOp, tag: PropTag, value: &PropValue) -> Result<Node> {
    let relop = usable(relop)?;
    same_type(tag, value.ptype())?;
    let value = value.clone();
    let (wanted, list) = (tag.ptype(), value.ptype().is_multi());
    if !list {
        return Ok(Node::Member { tag, relop, value });
    }
    let one_by_one = wanted.0 & PropType::MV_INSTANCE != 0;
    if wanted == PropType::UNSPECIFIED || wanted.is_multi() && !one_by_one {
        return Ok(Node::Value { tag, relop, value });
    }
    Err(too_complex("single values are compared with a list"))
}

/// Whether the types agree, widths of text and lists aside. PT_UNSPECIFIED agrees with all.
fn same_type(tag: PropTag, other: PropType) -> Result<()> {
    let (a, b) = (tag.ptype(), other);
    let agree = a == PropType::UNSPECIFIED
        || b == PropType::UNSPECIFIED
        || a.single() == b.single()
        || a.is_string() && b.is_string();
    if agree {
        Ok(())
    } else {
        Err(
            too_complex("the two sides of a condition have different types")
                .context(tag.to_string()),
        )
    }
}

fn usable(relop: RelOp) -> Result<RelOp> {
    if relop == RelOp::Re {
        Err(too_complex("RELOP_RE is not evaluated"))
    } else {
        Ok(relop)
    }
}

fn too_complex(why: &str) -> Error {
    Error::caller(ErrorCode::TOO_COMPLEX).context(why)
}
