//! The fields of a message.

use std::collections::BTreeMap;

use mapi_types::{PropName, PropValue, Property, Result};

use super::ExportOptions;
use super::encode;
use crate::fields::{KNOWN, View};
use crate::names::NameResolver;
use crate::tags::PS_INTERNET_HEADERS;

/// Fields kept as named properties of PS_INTERNET_HEADERS: name in lower case, values in order.
#[derive(Debug, Default)]
pub(super) struct Kept(BTreeMap<String, Vec<String>>);

impl Kept {
    /// Those among the properties of a message or attachment.
    pub fn of(props: &[Property], names: &dyn NameResolver) -> Result<Self> {
        let named: Vec<&Property> = props.iter().filter(|p| p.tag.is_named()).collect();
        if named.is_empty() {
            return Ok(Self::default());
        }
        let ids: Vec<u16> = named.iter().map(|p| p.tag.id()).collect();
        let mut kept = BTreeMap::new();
        for (property, name) in named.into_iter().zip(names.names(&ids)?) {
            let Some(name) = name.filter(|n| n.set == PS_INTERNET_HEADERS) else {
                continue;
            };
            let PropName::Name(name) = name.name else {
                continue;
            };
            let is_field = |b: u8| (0x21..=0x7E).contains(&b) && b != b':';
            let values = values(&property.value);
            if !name.is_empty() && name.bytes().all(is_field) && !values.is_empty() {
                kept.insert(name.to_ascii_lowercase(), values);
            }
        }
        Ok(Self(kept))
    }

    /// The values of a field.
    pub fn get(&self, name: &str) -> Option<&[String]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// The first value of a field.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.get(name)?.first().map(String::as_str)
    }

    /// All fields but some, by name.
    pub fn but<'a>(&'a self, but: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a [String])> {
        let wanted = self
            .0
            .iter()
            .filter(|(name, _)| !but.contains(&name.as_str()));
        wanted.map(|(name, values)| (name.as_str(), values.as_slice()))
    }
}

fn values(value: &PropValue) -> Vec<String> {
    match value {
        PropValue::MvUnicode(list) => list.iter().map(|s| s.to_str().into_owned()).collect(),
        single => single
            .as_str()
            .map(|s| vec![s.into_owned()])
            .unwrap_or_default(),
    }
}

/// What other systems added on the way: it comes first.
const TRACE: &[&str] = &[
    "return-path",
    "delivered-to",
    "x-original-to",
    "received",
    "authentication-results",
    "dkim-signature",
];

/// Fields that say how the mail is put together: they are made with the body.
const STRUCTURE: &[&str] = &[
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
];

/// All fields of a message but those of MIME.
pub(super) fn write(view: &View<'_>, kept: &Kept, options: &ExportOptions) -> String {
    let mut out = String::new();
    for name in TRACE {
        put(&mut out, name, kept.get(name).unwrap_or_default());
    }
    for known in KNOWN {
        let lower = known.name.to_ascii_lowercase();
        if lower == "bcc" && !options.bcc {
            continue;
        }
        if let Some(values) = spelled(view, kept, &lower) {
            for value in values {
                // The others are made of addresses, dates and words, where an encoded word would swallow punctuation.
                let is_text = matches!(known.name, "Subject" | "Thread-Topic");
                let value = if is_text {
                    encode::words(value)
                } else {
                    value.clone()
                };
                out.push_str(&encode::field(known.name, &value));
            }
        } else if let Some(value) = (known.write)(view) {
            // A kept X-Priority says it already.
            if lower != "importance" || spelled(view, kept, "x-priority").is_none() {
                out.push_str(&encode::field(known.name, &value));
            }
        }
    }
    let is_known = |name: &str| KNOWN.iter().any(|k| k.name.eq_ignore_ascii_case(name));
    for (name, values) in kept.but(STRUCTURE) {
        if !TRACE.contains(&name) && !is_known(name) {
            put(&mut out, name, values);
        }
    }
    out
}

/// The kept spelling of a known field, if it still says what the properties say.
fn spelled<'a>(view: &View<'_>, kept: &'a Kept, lower: &str) -> Option<&'a [String]> {
    let values = kept.get(lower)?;
    let known = KNOWN.iter().find(|k| k.name.eq_ignore_ascii_case(lower))?;
    let meaning = known.read_all(values.iter().map(String::as_str));
    view.agrees(&meaning).then_some(values)
}

/// Fields that are not known, as they were kept.
pub(super) fn put(out: &mut String, name: &str, values: &[String]) {
    for value in values {
        out.push_str(&encode::field(
            &encode::field_name(name),
            &encode::kept(value),
        ));
    }
}
