//! The header of a message as properties.

use std::collections::BTreeMap;

use mapi_types::{
    FileTime, NamedProp, PropName, PropValue, Property, Result, Row, UnicodeString, tag,
};

use crate::export::encode;
use crate::fields::{self, FROM, KNOWN, Meaning, Person, SENDER, View};
use crate::message::find;
use crate::names::{self, NameResolver};
use crate::parse::address::Mailbox;
use crate::parse::charset::utf8_or_1252;
use crate::parse::header::Header;
use crate::parse::mime::{Mime, WithParams};
use crate::parse::{date, encoded_word, text};
use crate::tags::PS_INTERNET_HEADERS;

/// Fields that say how the mail is put together: export makes them anew.
const STRUCTURE: &[&str] = &[
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
];

/// Recipient rows and properties that a header gives.
pub(super) struct Head {
    pub props: Vec<Property>,
    pub recipients: Vec<Row>,
}

/// Reads the header of a message of class `class`. With `whole` the body is kept as it is, MIME fields included, so these
/// are not kept beside it.
pub(super) fn read(
    header: &Header,
    mime: &Mime,
    class: &str,
    received: Option<FileTime>,
    whole: bool,
    resolver: &dyn NameResolver,
) -> Result<Head> {
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for field in &header.fields {
        values.entry(&field.name).or_default().push(&field.value);
    }
    let mut head = Head {
        props: vec![Property::new(tag::PR_MESSAGE_CLASS, class)],
        recipients: Vec::new(),
    };
    for known in KNOWN {
        if let Some(found) = values.get(known.name.to_ascii_lowercase().as_str()) {
            head.add(known.read_all(found.iter().copied()));
        }
    }
    head.derive(header, received);
    let mut kept: Vec<(String, PropValue)> = Vec::new();
    for (name, found) in &values {
        if STRUCTURE.contains(name) || (whole && name.starts_with("content-")) {
            continue;
        }
        let known = KNOWN.iter().find(|k| k.name.eq_ignore_ascii_case(name));
        match known {
            Some(known) if head.is_written_back(known, found) => {}
            Some(_) => kept.push(((*name).to_owned(), value(found.iter().map(|v| (*v).into())))),
            None => kept.push(((*name).to_owned(), value(found.iter().map(|v| readable(v))))),
        }
    }
    if let Some(own) = own_content_type(&mime.content_type).filter(|_| !whole) {
        kept.push(("content-type".to_owned(), own.into()));
    }
    head.props.extend(named(kept, resolver)?);
    head.props.push(Property::new(
        tag::PR_TRANSPORT_MESSAGE_HEADERS,
        text::crlf(&utf8_or_1252(&header.raw)).replace('\0', ""),
    ));
    Ok(head)
}

/// Named properties of PS_INTERNET_HEADERS.
pub(super) fn named(
    kept: Vec<(String, PropValue)>,
    resolver: &dyn NameResolver,
) -> Result<Vec<Property>> {
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<NamedProp> = kept
        .iter()
        .map(|(name, _)| NamedProp {
            set: PS_INTERNET_HEADERS,
            name: PropName::Name(name.clone()),
        })
        .collect();
    let ids = resolver.ids(&wanted)?;
    let props = kept.into_iter().zip(ids).filter_map(|((_, value), id)| {
        let tag = names::tag(id?, value.ptype());
        Some(Property::new(tag, value))
    });
    Ok(props.collect())
}

/// An unknown field's value for people, if it can be written back from that; else as it is.
pub(super) fn readable(raw: &str) -> String {
    let text = encoded_word::decode(raw);
    let back = encoded_word::decode(&encode::kept(&text));
    // What may hold addresses would change its meaning.
    if encode::kept(&text) == text && text != raw || back != text {
        raw.replace('\0', "")
    } else {
        text.replace('\0', "")
    }
}

fn value(values: impl ExactSizeIterator<Item = String>) -> PropValue {
    let mut list: Vec<UnicodeString> = values.map(UnicodeString::from).collect();
    if list.len() == 1 {
        PropValue::Unicode(list.remove(0))
    } else {
        PropValue::MvUnicode(list)
    }
}

/// The part of a Content-Type that export would not make by itself: an unusual multipart, parameters of a text.
fn own_content_type(content_type: &WithParams) -> Option<String> {
    let usual = [
        "multipart/mixed",
        "multipart/alternative",
        "multipart/related",
    ];
    let multipart = content_type.value.starts_with("multipart/");
    if usual.contains(&content_type.value.as_str())
        || !(multipart || content_type.value.starts_with("text/"))
    {
        return None;
    }
    let own = params_but(content_type, &["boundary", "charset", "name"]);
    (multipart || own.contains(';')).then_some(own)
}

/// The value with all parameters but some.
pub(super) fn params_but(content_type: &WithParams, but: &[&str]) -> String {
    let mut out = content_type.value.clone();
    for (name, value) in &content_type.params {
        if !but.contains(&name.as_str()) && !value.is_empty() {
            out.push_str(&encode::param(name, value));
        }
    }
    out
}

impl Head {
    fn add(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Props(list) => {
                for property in list {
                    if find(&self.props, property.tag).is_none() {
                        self.props.push(property);
                    }
                }
            }
            Meaning::Recipients(kind, list) => {
                for mailbox in list {
                    let id = i32::try_from(self.recipients.len()).unwrap_or(i32::MAX);
                    self.recipients.push(recipient(id, kind, &mailbox));
                }
            }
        }
    }

    /// Whether export would write the field as it is, from its properties alone.
    fn is_written_back(&self, known: &fields::Known, found: &[&str]) -> bool {
        let view = View {
            props: &self.props,
            recipients: &self.recipients,
        };
        let written = (known.write)(&view);
        found.len() == 1 && written.is_some_and(|w| fields::same_text(&w, found[0]))
    }

    /// Properties that follow from others.
    fn derive(&mut self, header: &Header, received: Option<FileTime>) {
        let copy = |props: &mut Vec<Property>, from: &Person, to: &Person| {
            if find(props, to.address).is_none() {
                for (from, to) in [(from.name, to.name), (from.address, to.address)] {
                    if let Some(value) = find(props, from).cloned() {
                        props.push(Property::new(to, value));
                    }
                }
            }
        };
        copy(&mut self.props, &FROM, &SENDER);
        complete_person(&mut self.props, &FROM);
        complete_person(&mut self.props, &SENDER);
        let subject = View {
            props: &self.props,
            recipients: &[],
        }
        .text(tag::PR_SUBJECT)
        .unwrap_or_default();
        let (prefix, rest) = fields::split_subject(&subject);
        self.add(Meaning::Props(vec![
            Property::new(tag::PR_SUBJECT_PREFIX, prefix),
            Property::new(tag::PR_NORMALIZED_SUBJECT, rest),
            Property::new(tag::PR_CONVERSATION_TOPIC, rest),
            Property::new(tag::PR_IMPORTANCE, 1),
            Property::new(tag::PR_PRIORITY, 0),
            Property::new(tag::PR_SENSITIVITY, 0),
        ]));
        let delivered = header
            .get("received")
            .and_then(date::of_received)
            .or(received)
            .or_else(|| find(&self.props, tag::PR_CLIENT_SUBMIT_TIME)?.as_time());
        if let Some(time) = delivered {
            self.props
                .push(Property::new(tag::PR_MESSAGE_DELIVERY_TIME, time));
        }
    }
}

fn complete_person(props: &mut Vec<Property>, person: &Person) {
    let view = View {
        props,
        recipients: &[],
    };
    let (Some(name), Some(address)) = (view.text(person.name), view.text(person.address)) else {
        return;
    };
    let id = fields::entry_id(&name, &address);
    props.extend([
        Property::new(person.addr_type, "SMTP"),
        Property::new(person.search_key, fields::search_key(&address)),
        Property::new(person.smtp, address),
        Property::new(person.entry_id, id.into_bytes()),
    ]);
}

fn recipient(id: i32, kind: i32, mailbox: &Mailbox) -> Row {
    const MAPI_MAILUSER: i32 = 6;
    const DT_MAILUSER: i32 = 0;
    let address = &mailbox.address;
    let name = if mailbox.name.is_empty() {
        address
    } else {
        &mailbox.name
    };
    Row::from(vec![
        Property::new(tag::PR_ROWID, id),
        Property::new(tag::PR_RECIPIENT_TYPE, kind),
        Property::new(tag::PR_DISPLAY_NAME, name.as_str()),
        Property::new(tag::PR_ADDRTYPE, "SMTP"),
        Property::new(tag::PR_EMAIL_ADDRESS, address.as_str()),
        Property::new(tag::PR_SMTP_ADDRESS, address.as_str()),
        Property::new(
            tag::PR_ENTRYID,
            fields::entry_id(name, address).into_bytes(),
        ),
        Property::new(tag::PR_SEARCH_KEY, fields::search_key(address)),
        Property::new(tag::PR_OBJECT_TYPE, MAPI_MAILUSER),
        Property::new(tag::PR_DISPLAY_TYPE, DT_MAILUSER),
    ])
}
