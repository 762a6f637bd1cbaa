//! SRestriction.

use mapi_sys as sys;
use mapi_sys::{SPropValue, SRestriction, SRestriction_res};
use mapi_types::{
    Error, ErrorCode, FuzzyLevel, FuzzyMatch, MAX_RESTRICTION_DEPTH, PropTag, Property, RelOp,
    Restriction, Result,
};

use super::reader::{Reader, not_null};
use super::value::{put_prop, put_props};
use super::writer::{Place, Writer, count_of};
use crate::alloc::{Allocator, MapiBuffer};

/// Reads a restriction; null is `None`.
///
/// # Errors
/// MAPI_E_TOO_COMPLEX if it is nested too deep or of a kind nobody evaluates, MAPI_E_INVALID_PARAMETER for what is no
/// restriction, MAPI_E_TOO_BIG.
///
/// # Safety
/// `restriction` is null or points to an SRestriction whose pointers are valid.
pub unsafe fn read_restriction(restriction: *const SRestriction) -> Result<Option<Restriction>> {
    if restriction.is_null() {
        return Ok(None);
    }
    // SAFETY: by the contract above.
    unsafe { read(&mut Reader::new(), restriction, 0) }.map(Some)
}

/// Writes a restriction into one block.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn write_restriction(
    allocator: Allocator,
    restriction: &Restriction,
) -> Result<MapiBuffer<SRestriction>> {
    Writer::build(allocator, |w| {
        put_many(w, std::slice::from_ref(restriction)).map(drop)
    })
}

/// # Safety
/// As [`read_restriction`].
unsafe fn read(
    reader: &mut Reader,
    restriction: *const SRestriction,
    depth: u32,
) -> Result<Restriction> {
    not_null(restriction)?;
    if depth >= MAX_RESTRICTION_DEPTH {
        return Err(
            Error::caller(ErrorCode::TOO_COMPLEX).context("the restriction is nested too deep")
        );
    }
    reader.spend::<Restriction>(1)?;
    // SAFETY: by the contract above; the member of the union read is the one that `rt` stands for.
    unsafe {
        let SRestriction { rt, res } = restriction.read_unaligned();
        let mut inner = |at| read(reader, at, depth + 1);
        Ok(match rt {
            sys::RES_AND => {
                Restriction::And(read_many(reader, res.resAnd.cRes, res.resAnd.lpRes, depth)?)
            }
            sys::RES_OR => {
                Restriction::Or(read_many(reader, res.resOr.cRes, res.resOr.lpRes, depth)?)
            }
            sys::RES_NOT => Restriction::Not(Box::new(inner(res.resNot.lpRes)?)),
            sys::RES_SUBRESTRICTION => Restriction::SubObject {
                tag: PropTag::from_raw(res.resSub.ulSubObject),
                inner: Box::new(inner(res.resSub.lpRes)?),
            },
            sys::RES_COUNT => Restriction::Count {
                count: res.resCount.ulCount,
                inner: Box::new(inner(res.resCount.lpRes)?),
            },
            sys::RES_COMMENT | sys::RES_ANNOTATION => {
                // The two have the same members.
                let comment = res.resComment;
                Restriction::Comment {
                    inner: if comment.lpRes.is_null() {
                        None
                    } else {
                        Some(Box::new(inner(comment.lpRes)?))
                    },
                    props: reader.properties(comment.cValues, comment.lpProp, false)?,
                }
            }
            sys::RES_CONTENT => Restriction::Content {
                fuzzy: fuzzy_in(res.resContent.ulFuzzyLevel)?,
                tag: PropTag::from_raw(res.resContent.ulPropTag),
                value: value_in(reader, res.resContent.lpProp)?,
            },
            sys::RES_PROPERTY => Restriction::Property {
                relop: relop_in(res.resProperty.relop)?,
                tag: PropTag::from_raw(res.resProperty.ulPropTag),
                value: value_in(reader, res.resProperty.lpProp)?,
            },
            sys::RES_COMPAREPROPS => Restriction::CompareProps {
                relop: relop_in(res.resCompareProps.relop)?,
                left: PropTag::from_raw(res.resCompareProps.ulPropTag1),
                right: PropTag::from_raw(res.resCompareProps.ulPropTag2),
            },
            sys::RES_BITMASK => Restriction::Bitmask {
                nonzero: match res.resBitMask.relBMR {
                    sys::BMR_EQZ => false,
                    sys::BMR_NEZ => true,
                    _ => return Err(invalid("a bitmask relation is neither BMR_EQZ nor BMR_NEZ")),
                },
                tag: PropTag::from_raw(res.resBitMask.ulPropTag),
                mask: res.resBitMask.ulMask,
            },
            sys::RES_SIZE => Restriction::Size {
                relop: relop_in(res.resSize.relop)?,
                tag: PropTag::from_raw(res.resSize.ulPropTag),
                size_bytes: res.resSize.cb,
            },
            sys::RES_EXIST => Restriction::Exist(PropTag::from_raw(res.resExist.ulPropTag)),
            _ => return Err(invalid("a restriction has no known type")),
        })
    }
}

/// # Safety
/// `first` is null or points to `count` restrictions as in [`read_restriction`].
unsafe fn read_many(
    reader: &mut Reader,
    count: u32,
    first: *const SRestriction,
    depth: u32,
) -> Result<Vec<Restriction>> {
    if count > 0 {
        not_null(first)?;
    }
    let mut many = Vec::new();
    for i in 0..count as usize {
        // SAFETY: by the contract above.
        many.push(unsafe { read(reader, first.add(i), depth + 1)? });
    }
    Ok(many)
}

unsafe fn value_in(reader: &mut Reader, prop: *const SPropValue) -> Result<Property> {
    not_null(prop)?;
    // SAFETY: the pointers of the restriction are valid.
    unsafe { reader.property(&prop.read_unaligned()) }
}

fn fuzzy_in(level: u32) -> Result<FuzzyLevel> {
    Ok(FuzzyLevel {
        part: match level & 0xFFFF {
            sys::FL_FULLSTRING => FuzzyMatch::FullString,
            sys::FL_SUBSTRING => FuzzyMatch::Substring,
            sys::FL_PREFIX => FuzzyMatch::Prefix,
            _ => return Err(invalid("a fuzzy level is none of the three")),
        },
        ignore_case: level & sys::FL_IGNORECASE != 0,
        ignore_nonspace: level & sys::FL_IGNORENONSPACE != 0,
        loose: level & sys::FL_LOOSE != 0,
    })
}

fn fuzzy_out(level: FuzzyLevel) -> u32 {
    let flag = |on: bool, bit| if on { bit } else { 0 };
    let part = match level.part {
        FuzzyMatch::FullString => sys::FL_FULLSTRING,
        FuzzyMatch::Substring => sys::FL_SUBSTRING,
        FuzzyMatch::Prefix => sys::FL_PREFIX,
    };
    part | flag(level.ignore_case, sys::FL_IGNORECASE)
        | flag(level.ignore_nonspace, sys::FL_IGNORENONSPACE)
        | flag(level.loose, sys::FL_LOOSE)
}

fn relop_in(relop: u32) -> Result<RelOp> {
    Ok(match relop {
        sys::RELOP_LT => RelOp::Lt,
        sys::RELOP_LE => RelOp::Le,
        sys::RELOP_GT => RelOp::Gt,
        sys::RELOP_GE => RelOp::Ge,
        sys::RELOP_EQ => RelOp::Eq,
        sys::RELOP_NE => RelOp::Ne,
        sys::RELOP_RE => RelOp::Re,
        sys::RELOP_MEMBER_OF_DL => {
            return Err(Error::caller(ErrorCode::TOO_COMPLEX).context("RELOP_MEMBER_OF_DL"));
        }
        _ => return Err(invalid("a relational operator is none of the seven")),
    })
}

fn relop_out(relop: RelOp) -> u32 {
    match relop {
        RelOp::Lt => sys::RELOP_LT,
        RelOp::Le => sys::RELOP_LE,
        RelOp::Gt => sys::RELOP_GT,
        RelOp::Ge => sys::RELOP_GE,
        RelOp::Eq => sys::RELOP_EQ,
        RelOp::Ne => sys::RELOP_NE,
        RelOp::Re => sys::RELOP_RE,
    }
}

fn invalid(text: &str) -> Error {
    Error::caller(ErrorCode::INVALID_PARAMETER).context(text)
}

fn put_many(w: &mut Writer, many: &[Restriction]) -> Result<*mut SRestriction> {
    let place: Place<SRestriction> = w.reserve(many.len())?;
    for (i, one) in many.iter().enumerate() {
        place.set(i, put(w, one)?);
    }
    Ok(place.pointer())
}

fn put_inner(w: &mut Writer, inner: &Restriction) -> Result<*mut SRestriction> {
    put_many(w, std::slice::from_ref(inner))
}

fn put_value(w: &mut Writer, value: &Property) -> Result<*mut SPropValue> {
    let place: Place<SPropValue> = w.reserve(1)?;
    place.set(0, put_prop(w, value.tag, &value.value)?);
    Ok(place.pointer())
}

fn put(w: &mut Writer, restriction: &Restriction) -> Result<SRestriction> {
    // SAFETY: all zeros is a valid value of every member.
    let mut res: SRestriction_res = unsafe { std::mem::zeroed() };
    let rt = match restriction {
        Restriction::And(many) => {
            res.resAnd.cRes = count_of(many)?;
            res.resAnd.lpRes = put_many(w, many)?;
            sys::RES_AND
        }
        Restriction::Or(many) => {
            res.resOr.cRes = count_of(many)?;
            res.resOr.lpRes = put_many(w, many)?;
            sys::RES_OR
        }
        Restriction::Not(inner) => {
            res.resNot.lpRes = put_inner(w, inner)?;
            sys::RES_NOT
        }
        Restriction::Content { fuzzy, tag, value } => {
            res.resContent.ulFuzzyLevel = fuzzy_out(*fuzzy);
            res.resContent.ulPropTag = tag.raw();
            res.resContent.lpProp = put_value(w, value)?;
            sys::RES_CONTENT
        }
        Restriction::Property { relop, tag, value } => {
            res.resProperty.relop = relop_out(*relop);
            res.resProperty.ulPropTag = tag.raw();
            res.resProperty.lpProp = put_value(w, value)?;
            sys::RES_PROPERTY
        }
        Restriction::CompareProps { relop, left, right } => {
            res.resCompareProps.relop = relop_out(*relop);
            res.resCompareProps.ulPropTag1 = left.raw();
            res.resCompareProps.ulPropTag2 = right.raw();
            sys::RES_COMPAREPROPS
        }
        Restriction::Bitmask { nonzero, tag, mask } => {
            res.resBitMask.relBMR = if *nonzero { sys::BMR_NEZ } else { sys::BMR_EQZ };
            res.resBitMask.ulPropTag = tag.raw();
            res.resBitMask.ulMask = *mask;
            sys::RES_BITMASK
        }
        Restriction::Size {
            relop,
            tag,
            size_bytes,
        } => {
            res.resSize.relop = relop_out(*relop);
            res.resSize.ulPropTag = tag.raw();
            res.resSize.cb = *size_bytes;
            sys::RES_SIZE
        }
        Restriction::Exist(tag) => {
            res.resExist.ulPropTag = tag.raw();
            sys::RES_EXIST
        }
        Restriction::SubObject { tag, inner } => {
            res.resSub.ulSubObject = tag.raw();
            res.resSub.lpRes = put_inner(w, inner)?;
            sys::RES_SUBRESTRICTION
        }
        Restriction::Comment { props, inner } => {
            res.resComment.cValues = count_of(props)?;
            res.resComment.lpProp = put_props(w, props.iter().map(|p| (p.tag, &p.value)))?;
            if let Some(inner) = inner {
                res.resComment.lpRes = put_inner(w, inner)?;
            }
            sys::RES_COMMENT
        }
        Restriction::Count { count, inner } => {
            res.resCount.ulCount = *count;
            res.resCount.lpRes = put_inner(w, inner)?;
            sys::RES_COUNT
        }
    };
    Ok(SRestriction { rt, res })
}
