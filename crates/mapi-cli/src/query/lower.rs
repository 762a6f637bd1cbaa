//! From [`Condition`] to MAPI's restrictions.

use mapi_types::{
    FuzzyLevel, FuzzyMatch, PropTag, PropType, PropValue, Property, RelOp, Restriction, tag,
};

use super::names::{Flag, Kind};
use super::value::{self, Moment};
use super::{Condition, Field, Literal, Op, QueryError};

type Lowered = Result<Restriction, QueryError>;

/// The restriction that says the same.
///
/// # Errors
/// A value that does not fit its property, or an operator that does not.
pub fn lower(condition: &Condition, moment: &Moment) -> Lowered {
    let all = |parts: &[Condition]| -> Result<Vec<Restriction>, QueryError> {
        parts.iter().map(|part| lower(part, moment)).collect()
    };
    Ok(match condition {
        Condition::And(parts) => Restriction::And(all(parts)?),
        Condition::Or(parts) => Restriction::Or(all(parts)?),
        Condition::Not(inner) => not(lower(inner, moment)?),
        Condition::Flag(flag) => bits(*flag),
        Condition::Has(field) => has(*field),
        Condition::Compare(field, op, literal) => compare(*field, *op, literal, moment)
            .map_err(|error| QueryError::new(format!("{field}: {error}")))?,
    })
}

fn not(inner: Restriction) -> Restriction {
    Restriction::Not(Box::new(inner))
}

fn any(mut parts: Vec<Restriction>) -> Restriction {
    match parts.len() {
        1 => parts.remove(0),
        _ => Restriction::Or(parts),
    }
}

fn bits(flag: Flag) -> Restriction {
    let (mask, nonzero) = flag.bit();
    Restriction::Bitmask {
        nonzero,
        tag: tag::PR_MESSAGE_FLAGS,
        mask,
    }
}

fn has(field: Field) -> Restriction {
    match field {
        Field::Tag(tag) => Restriction::Exist(tag),
        Field::Known(known) => match &known.kind {
            Kind::Text(tags) => any(tags.iter().map(|t| Restriction::Exist(*t)).collect()),
            Kind::Time(tag) | Kind::Size(tag) | Kind::Word(tag, _) => Restriction::Exist(*tag),
            Kind::Recipient(kind) => recipients(*kind, Restriction::Exist(tag::PR_RECIPIENT_TYPE)),
            Kind::Attachment => bits(Flag::Attachments),
        },
    }
}

fn compare(field: Field, op: Op, literal: &Literal, moment: &Moment) -> Lowered {
    let known = match field {
        Field::Tag(tag) => return by_type(tag, op, literal, moment),
        Field::Known(known) => known,
    };
    match &known.kind {
        Kind::Text(tags) => in_texts(tags, op, &literal.text),
        Kind::Time(tag) => in_time(*tag, op, &literal.text, moment),
        Kind::Size(tag) => relation(*tag, op, long(value::size(&literal.text)?)),
        Kind::Word(tag, words) => {
            let mut known = words.iter();
            let word = known.find(|(word, _)| word.eq_ignore_ascii_case(&literal.text));
            let number = match word {
                Some((_, number)) => *number,
                None => long(value::number(&literal.text).map_err(|_| {
                    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                    QueryError::new(format!(
                        "'{}' is none of {}",
                        literal.text,
                        words.join(", ")
                    ))
                })?),
            };
            relation(*tag, op, number)
        }
        Kind::Recipient(kind) => in_rows(op, |op| {
            let name = in_texts(&RECIPIENT, op, &literal.text)?;
            Ok(recipients(*kind, name))
        }),
        Kind::Attachment => in_rows(op, |op| {
            Ok(Restriction::SubObject {
                tag: tag::PR_MESSAGE_ATTACHMENTS,
                inner: Box::new(in_texts(&FILE_NAMES, op, &literal.text)?),
            })
        }),
    }
}

const RECIPIENT: [PropTag; 2] = [tag::PR_DISPLAY_NAME, tag::PR_EMAIL_ADDRESS];
const FILE_NAMES: [PropTag; 2] = [tag::PR_ATTACH_LONG_FILENAME, tag::PR_ATTACH_FILENAME];

fn recipients(kind: Option<i32>, condition: Restriction) -> Restriction {
    let inner = match kind {
        None => condition,
        Some(kind) => Restriction::And(vec![
            Restriction::Property {
                relop: RelOp::Eq,
                tag: tag::PR_RECIPIENT_TYPE,
                value: Property::new(tag::PR_RECIPIENT_TYPE, kind),
            },
            condition,
        ]),
    };
    Restriction::SubObject {
        tag: tag::PR_MESSAGE_RECIPIENTS,
        inner: Box::new(inner),
    }
}

/// "Not equal" of rows means that no row is equal.
fn in_rows(op: Op, positive: impl Fn(Op) -> Lowered) -> Lowered {
    match op {
        Op::Ne => positive(Op::Eq).map(not),
        Op::Lacks => positive(Op::Contains).map(not),
        op => positive(op),
    }
}

fn in_texts(tags: &[PropTag], op: Op, text: &str) -> Lowered {
    let content = |part| {
        let parts = tags.iter().map(|tag| Restriction::Content {
            fuzzy: FuzzyLevel {
                part,
                ignore_case: true,
                ignore_nonspace: false,
                loose: false,
            },
            tag: *tag,
            value: Property::new(tag.with_type(tag.ptype().single()), text),
        });
        any(parts.collect())
    };
    Ok(match op {
        Op::Eq => content(FuzzyMatch::FullString),
        Op::Ne => not(content(FuzzyMatch::FullString)),
        Op::Contains => content(FuzzyMatch::Substring),
        Op::Lacks => not(content(FuzzyMatch::Substring)),
        Op::Begins => content(FuzzyMatch::Prefix),
        Op::Mask => return Err(QueryError::new("'&' is for numbers")),
        op => {
            let relop = relop(op)?;
            let parts = tags.iter().map(|tag| Restriction::Property {
                relop,
                tag: *tag,
                value: Property::new(*tag, text),
            });
            any(parts.collect())
        }
    })
}

/// A year, month or day is before another moment if all of it is, and equal to every moment in it.
fn in_time(tag: PropTag, op: Op, text: &str, moment: &Moment) -> Lowered {
    let period = value::time(text, moment)?;
    let side = |relop, at: mapi_types::FileTime| Restriction::Property {
        relop,
        tag,
        value: Property::new(tag, at),
    };
    let instant = period.from == period.to;
    let within = || {
        if instant {
            side(RelOp::Eq, period.from)
        } else {
            Restriction::And(vec![
                side(RelOp::Ge, period.from),
                side(RelOp::Lt, period.to),
            ])
        }
    };
    Ok(match op {
        Op::Eq => within(),
        Op::Ne => not(within()),
        Op::Lt => side(RelOp::Lt, period.from),
        Op::Ge => side(RelOp::Ge, period.from),
        Op::Le if instant => side(RelOp::Le, period.to),
        Op::Le => side(RelOp::Lt, period.to),
        Op::Gt if instant => side(RelOp::Gt, period.to),
        Op::Gt => side(RelOp::Ge, period.to),
        Op::Contains | Op::Lacks | Op::Begins | Op::Mask => return Err(not_for(op, "times")),
    })
}

fn by_type(tag: PropTag, op: Op, literal: &Literal, moment: &Moment) -> Lowered {
    let text = &literal.text;
    let single = tag.ptype().single();
    let value = match single {
        PropType::UNICODE | PropType::STRING8 => return in_texts(&[tag], op, text),
        PropType::SYSTIME => return in_time(tag, op, text, moment),
        PropType::BINARY => return in_bytes(tag, op, &value::bytes(text)?),
        PropType::LONG if op == Op::Mask => {
            let mask = u32::try_from(value::number(text)?)
                .map_err(|_| QueryError::new(format!("'{text}' has more than 32 bits")))?;
            return Ok(Restriction::Bitmask {
                nonzero: true,
                tag,
                mask,
            });
        }
        PropType::LONG => PropValue::Long(long(integer(text)?)),
        PropType::I2 => PropValue::I2(i16::try_from(integer(text)?).map_err(|_| too_large(text))?),
        PropType::I8 => PropValue::I8(integer(text)?),
        PropType::CURRENCY => PropValue::Currency(integer(text)?),
        PropType::BOOLEAN => PropValue::Boolean(value::truth(text)?),
        PropType::DOUBLE => PropValue::Double(float(text)?),
        PropType::APPTIME => PropValue::AppTime(float(text)?),
        PropType::CLSID => PropValue::Clsid(
            text.parse()
                .map_err(|_| QueryError::new(format!("'{text}' is not a GUID")))?,
        ),
        _ => {
            return Err(QueryError::new(
                "nothing can be compared with a property of this type; write 'has'",
            ));
        }
    };
    relation(tag, op, value)
}

fn in_bytes(tag: PropTag, op: Op, bytes: &[u8]) -> Lowered {
    let content = |part| Restriction::Content {
        fuzzy: FuzzyLevel {
            part,
            ignore_case: false,
            ignore_nonspace: false,
            loose: false,
        },
        tag,
        value: Property::new(tag, bytes),
    };
    Ok(match op {
        Op::Contains => content(FuzzyMatch::Substring),
        Op::Lacks => not(content(FuzzyMatch::Substring)),
        Op::Begins => content(FuzzyMatch::Prefix),
        Op::Mask => return Err(not_for(op, "bytes")),
        op => return relation(tag, op, bytes),
    })
}

fn relation(tag: PropTag, op: Op, value: impl Into<PropValue>) -> Lowered {
    let value = Property::new(tag, value);
    if op == Op::Ne {
        let relop = RelOp::Eq;
        return Ok(not(Restriction::Property { relop, tag, value }));
    }
    let relop = relop(op)?;
    Ok(Restriction::Property { relop, tag, value })
}

fn relop(op: Op) -> Result<RelOp, QueryError> {
    Ok(match op {
        Op::Eq => RelOp::Eq,
        Op::Ne => RelOp::Ne,
        Op::Lt => RelOp::Lt,
        Op::Le => RelOp::Le,
        Op::Gt => RelOp::Gt,
        Op::Ge => RelOp::Ge,
        Op::Contains | Op::Lacks | Op::Begins | Op::Mask => {
            return Err(not_for(op, "numbers here"));
        }
    })
}

fn not_for(op: Op, what: &str) -> QueryError {
    QueryError::new(format!("'{op}' is not for {what}; use = != < <= > >="))
}

fn integer(text: &str) -> Result<i64, QueryError> {
    value::number(text).or_else(|error| value::size(text).map_err(|_| error))
}

fn float(text: &str) -> Result<f64, QueryError> {
    text.parse()
        .map_err(|_| QueryError::new(format!("'{text}' is not a number")))
}

fn too_large(text: &str) -> QueryError {
    QueryError::new(format!("'{text}' does not fit this property"))
}

/// PT_LONG holds at most 2,147,483,647: beyond that nothing is greater, which is what a comparison with it says.
fn long(number: i64) -> i32 {
    let bounded = number.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
    i32::try_from(bounded).unwrap_or(i32::MAX)
}
