//! Restrictions as SQL, as far as that goes.
//!
//! The SQL never leaves out a row that satisfies the restriction. If it may let through one that does not, it is not
//! `exact`, and the rows are looked at one by one.

use mapi_types::{
    EntryId, FuzzyLevel, FuzzyMatch, Matcher, PropTag, PropType, PropValue, Property, RelOp,
    Restriction, Result, fold_case, tag,
};
use rusqlite::types::Value;

use super::columns::{self, Fixed, Kind};
use crate::engine::message::data::{flag, time};
use crate::engine::{ObjectKind, Store};

/// A restriction, ready to be used.
#[derive(Clone)]
pub(crate) struct Filter {
    /// A condition on `message m`.
    pub sql: String,
    /// Its parameters, for each `?` in it.
    pub params: Vec<Value>,
    /// Whether the condition says it all.
    pub exact: bool,
    pub matcher: Matcher,
    /// The columns `matcher` looks at.
    pub needs: Vec<PropTag>,
}

impl Filter {
    /// Prepares a restriction.
    ///
    /// # Errors
    /// MAPI_E_TOO_COMPLEX if it cannot be evaluated.
    pub(crate) fn new(store: &Store, restriction: &Restriction) -> Result<Self> {
        let matcher = restriction.compile()?;
        let mut writer = Writer {
            store,
            params: Vec::new(),
        };
        let (sql, exact) = writer.write(restriction);
        let mut needs = Vec::new();
        collect(restriction, &mut needs);
        Ok(Self {
            sql,
            params: writer.params,
            exact,
            matcher,
            needs,
        })
    }
}

/// The columns of a restriction, not those of its sub-objects.
fn collect(restriction: &Restriction, into: &mut Vec<PropTag>) {
    let mut add = |tag: PropTag| {
        let any = tag.with_type(PropType::UNSPECIFIED);
        if !into.contains(&any) {
            into.push(any);
        }
    };
    match restriction {
        Restriction::And(list) | Restriction::Or(list) => {
            list.iter().for_each(|r| collect(r, into));
        }
        Restriction::Not(inner) | Restriction::Count { inner, .. } => collect(inner, into),
        Restriction::Comment { inner, .. } => {
            if let Some(inner) = inner {
                collect(inner, into);
            }
        }
        Restriction::Content { tag, .. }
        | Restriction::Property { tag, .. }
        | Restriction::Bitmask { tag, .. }
        | Restriction::Size { tag, .. }
        | Restriction::Exist(tag) => add(*tag),
        Restriction::CompareProps { left, right, .. } => {
            add(*left);
            add(*right);
        }
        Restriction::SubObject { .. } => {}
    }
}

const ALL: &str = "1 = 1";
const NONE: &str = "1 = 0";

struct Writer<'a> {
    store: &'a Store,
    params: Vec<Value>,
}

/// Condition, and whether it is exact.
type Sql = (String, bool);

fn unknown() -> Sql {
    (ALL.to_owned(), false)
}

fn exactly(sql: impl Into<String>) -> Sql {
    (sql.into(), true)
}

impl Writer<'_> {
    fn write(&mut self, restriction: &Restriction) -> Sql {
        match restriction {
            Restriction::And(list) => self.join(list, " AND ", ALL),
            Restriction::Or(list) => self.join(list, " OR ", NONE),
            Restriction::Not(inner) => {
                let before = self.params.len();
                match self.write(inner) {
                    (sql, true) => exactly(format!("NOT ({sql})")),
                    _ => {
                        self.params.truncate(before);
                        unknown()
                    }
                }
            }
            Restriction::Comment { inner: None, .. } => exactly(ALL),
            Restriction::Comment {
                inner: Some(inner), ..
            } => self.write(inner),
            Restriction::Property { relop, tag, value } => self.property(*relop, *tag, value),
            Restriction::Content { fuzzy, tag, value } => self.content(*fuzzy, *tag, value),
            Restriction::Bitmask { nonzero, tag, mask } => match columns::find(*tag) {
                Some(f) if f.kind == Kind::Long => {
                    self.params.push(Value::Integer(i64::from(*mask)));
                    let relop = if *nonzero { "<>" } else { "=" };
                    exactly(with_presence(f, &format!("(m.{} & ?) {relop} 0", f.column)))
                }
                _ => unknown(),
            },
            Restriction::Exist(tag) => match columns::find(*tag) {
                Some(f) if tag.ptype() != PropType::UNSPECIFIED => {
                    exactly(f.present().unwrap_or_else(|| ALL.to_owned()))
                }
                _ => unknown(),
            },
            Restriction::CompareProps { relop, left, right } => compare(*relop, *left, *right),
            Restriction::Size { .. }
            | Restriction::SubObject { .. }
            | Restriction::Count { .. } => unknown(),
        }
    }

    fn join(&mut self, list: &[Restriction], with: &str, empty: &str) -> Sql {
        if list.is_empty() {
            return exactly(empty);
        }
        let mut exact = true;
        let parts: Vec<String> = list
            .iter()
            .map(|r| {
                let (sql, is_exact) = self.write(r);
                exact &= is_exact;
                format!("({sql})")
            })
            .collect();
        (parts.join(with), exact)
    }

    fn property(&mut self, relop: RelOp, tag: PropTag, value: &Property) -> Sql {
        let Some(op) = operator(relop) else {
            return unknown();
        };
        if relop == RelOp::Eq
            && let Some(sql) = self.key(tag, &value.value)
        {
            return sql;
        }
        if tag == tag::PR_HASATTACH {
            return match value.value {
                PropValue::Boolean(b) => {
                    let has = format!("(m.flags & {}) <> 0", flag::HASATTACH);
                    exactly(format!("({has}) {op} {}", i32::from(b)))
                }
                _ => unknown(),
            };
        }
        let Some(f) = fixed(tag) else {
            return unknown();
        };
        let (Some(key), Some(param)) = (f.key, key_value(f, &value.value)) else {
            return unknown();
        };
        let absent = if absent_satisfies(relop, &param) {
            f.present()
        } else {
            None
        };
        self.params.push(param);
        exactly(with(absent, &format!("m.{key} {op} ?")))
    }

    /// Equality with something that names one message.
    fn key(&mut self, tag: PropTag, value: &PropValue) -> Option<Sql> {
        let bytes = value.as_bytes()?;
        let (column, param) = match tag {
            tag::PR_ENTRYID => match self.store.parse(&EntryId::from(bytes)) {
                Ok((ObjectKind::Message, uid)) => ("m.uid", Value::Blob(uid.0.to_vec())),
                _ => return Some(exactly(NONE)),
            },
            tag::PR_RECORD_KEY => ("m.uid", Value::Blob(bytes.to_vec())),
            tag::PR_INSTANCE_KEY => match bytes.try_into() {
                Ok(id) => ("m.id", Value::Integer(i64::from_be_bytes(id))),
                Err(_) => return Some(exactly(NONE)),
            },
            _ => return None,
        };
        self.params.push(param);
        Some(exactly(format!("{column} = ?")))
    }

    fn content(&mut self, fuzzy: FuzzyLevel, tag: PropTag, value: &Property) -> Sql {
        let (Some(f), Some(text)) = (fixed(tag), value.value.as_str()) else {
            return unknown();
        };
        let Some(key) = f.key.filter(|_| f.kind == Kind::Text) else {
            return unknown();
        };
        if fuzzy.ignore_nonspace || fuzzy.loose {
            return unknown();
        }
        let folded = fold_case(&text);
        let condition = match fuzzy.part {
            FuzzyMatch::FullString => {
                self.params.push(Value::Text(folded));
                format!("m.{key} = ?")
            }
            FuzzyMatch::Prefix => match after(&folded) {
                Some(end) => {
                    self.params.push(Value::Text(folded));
                    self.params.push(Value::Text(end));
                    format!("m.{key} >= ? AND m.{key} < ?")
                }
                None => {
                    self.params.push(Value::Text(folded));
                    format!("m.{key} >= ?")
                }
            },
            // Not LIKE, which is slower, and for which some characters would have to be escaped.
            FuzzyMatch::Substring => {
                self.params.push(Value::Text(folded));
                format!("INSTR(m.{key}, ?) > 0")
            }
        };
        // Where nothing is looked for, an empty text matches, and so would one that is not there.
        let absent = if text.is_empty() { f.present() } else { None };
        (with(absent, &condition), fuzzy.ignore_case)
    }
}

/// The first text behind all that begin with `prefix`; `None` if there is none.
fn after(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        // Over the gap of the surrogates.
        let next = if last == '\u{D7FF}' {
            Some('\u{E000}')
        } else {
            char::from_u32(u32::from(last) + 1)
        };
        if let Some(next) = next {
            end.push(next);
            return Some(end);
        }
    }
    None
}

fn operator(relop: RelOp) -> Option<&'static str> {
    Some(match relop {
        RelOp::Lt => "<",
        RelOp::Le => "<=",
        RelOp::Gt => ">",
        RelOp::Ge => ">=",
        RelOp::Eq => "=",
        RelOp::Ne => "<>",
        RelOp::Re => return None,
    })
}

/// The column of a tag; text of either width.
fn fixed(tag: PropTag) -> Option<&'static Fixed> {
    columns::find(tag).or_else(|| {
        columns::find(tag.with_type(PropType::UNICODE)).filter(|_| tag.ptype() == PropType::STRING8)
    })
}

/// A value as the ordering column has it; `None` if it has another type.
fn key_value(f: &Fixed, value: &PropValue) -> Option<Value> {
    Some(match (f.kind, value) {
        (Kind::Long, PropValue::Long(n)) => Value::Integer(i64::from(*n)),
        (Kind::Time, PropValue::SysTime(t)) => Value::Integer(time(*t)),
        (Kind::Text, PropValue::Unicode(_) | PropValue::String8(_)) => {
            Value::Text(fold_case(&value.as_str()?))
        }
        _ => return None,
    })
}

fn with_presence(f: &Fixed, condition: &str) -> String {
    with(f.present(), condition)
}

fn with(present: Option<String>, condition: &str) -> String {
    match present {
        Some(present) => format!("{present} AND {condition}"),
        None => condition.to_owned(),
    }
}

/// Whether 0 or the empty text, which stand in the column where there is no value, would satisfy a condition. If not, the
/// index alone decides it.
fn absent_satisfies(relop: RelOp, value: &Value) -> bool {
    let order = match value {
        Value::Integer(n) => 0.cmp(n),
        Value::Text(text) => "".cmp(text.as_str()),
        _ => return true,
    };
    match relop {
        RelOp::Lt => order.is_lt(),
        RelOp::Le => order.is_le(),
        RelOp::Gt => order.is_gt(),
        RelOp::Ge => order.is_ge(),
        RelOp::Eq => order.is_eq(),
        RelOp::Ne => order.is_ne(),
        RelOp::Re => true,
    }
}

fn compare(relop: RelOp, left: PropTag, right: PropTag) -> Sql {
    let (Some(a), Some(b), Some(op)) = (fixed(left), fixed(right), operator(relop)) else {
        return unknown();
    };
    match (a.key, b.key) {
        (Some(x), Some(y)) if a.kind == b.kind => exactly(with_presence(
            a,
            &with_presence(b, &format!("m.{x} {op} m.{y}")),
        )),
        _ => unknown(),
    }
}
