//! Header fields that MAPI has properties for, in both directions.
//!
//! Each field has one reading and one writing. What the writing of its properties does not give back (a time zone, a
//! group, a comment, a second field of the name) is kept as a named property of PS_INTERNET_HEADERS as well; export uses
//! that spelling for as long as it still says what the properties say.

use mapi_types::{EntryId, OneOff, PropTag, PropValue, Property, Row, tag};

use crate::export::encode;
use crate::message::find;
use crate::parse::address::{self, Mailbox};
use crate::parse::{date, encoded_word, transfer};
use crate::tags::{MAPI_BCC, MAPI_CC, MAPI_TO};

/// What a field says.
#[derive(Debug, PartialEq)]
pub(crate) enum Meaning {
    /// Properties of the message; none if the text makes no sense.
    Props(Vec<Property>),
    /// Recipients of one kind.
    Recipients(i32, Vec<Mailbox>),
}

/// A message as the fields see it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub props: &'a [Property],
    pub recipients: &'a [Row],
}

/// A field that MAPI has properties for.
pub(crate) struct Known {
    /// The name as it is written.
    pub name: &'static str,
    /// The meaning of a value (unfolded, encoded words as they are).
    read: fn(&str) -> Meaning,
    /// The value that says what the message says (encoded words in place); `None` for no field.
    pub write: fn(&View<'_>) -> Option<String>,
}

impl Known {
    /// The meaning of all fields of the name: recipients of all of them, else what the first says.
    pub fn read_all<'a>(&self, values: impl IntoIterator<Item = &'a str>) -> Meaning {
        let mut all = values.into_iter().map(self.read);
        match all.next() {
            Some(Meaning::Recipients(kind, mut list)) => {
                for more in all {
                    if let Meaning::Recipients(_, more) = more {
                        list.extend(more);
                    }
                }
                Meaning::Recipients(kind, list)
            }
            Some(first) => first,
            None => Meaning::Props(Vec::new()),
        }
    }
}

/// The fields in the order in which they are written.
pub(crate) const KNOWN: &[Known] = &[
    Known {
        name: "Date",
        read: |v| time(tag::PR_CLIENT_SUBMIT_TIME, v),
        write: |m| m.time(tag::PR_CLIENT_SUBMIT_TIME),
    },
    Known {
        name: "From",
        read: |v| person(&FROM, v),
        write: |m| m.from().map(|from| write_mailbox(&from)),
    },
    Known {
        name: "Sender",
        read: |v| person(&SENDER, v),
        write: |m| {
            let sender = m.person(&SENDER)?;
            (Some(&sender) != m.from().as_ref()).then(|| write_mailbox(&sender))
        },
    },
    Known {
        name: "Reply-To",
        read: reply_to,
        write: |m| {
            let entries = m.props_bytes(tag::PR_REPLY_RECIPIENT_ENTRIES)?;
            write_list(&flat_entries(entries))
        },
    },
    Known {
        name: "To",
        read: |v| Meaning::Recipients(MAPI_TO, address::parse(v)),
        write: |m| write_list(&m.recipients(MAPI_TO)),
    },
    Known {
        name: "Cc",
        read: |v| Meaning::Recipients(MAPI_CC, address::parse(v)),
        write: |m| write_list(&m.recipients(MAPI_CC)),
    },
    Known {
        name: "Bcc",
        read: |v| Meaning::Recipients(MAPI_BCC, address::parse(v)),
        write: |m| write_list(&m.recipients(MAPI_BCC)),
    },
    Known {
        name: "Subject",
        read: |v| text(tag::PR_SUBJECT, &encoded_word::decode(v)),
        write: |m| m.text(tag::PR_SUBJECT).map(|t| encode::unstructured(&t)),
    },
    Known {
        name: "Thread-Topic",
        read: |v| text(tag::PR_CONVERSATION_TOPIC, &encoded_word::decode(v)),
        write: |m| {
            let topic = m.text(tag::PR_CONVERSATION_TOPIC)?;
            let own = m.text(tag::PR_SUBJECT).unwrap_or_default();
            (topic != split_subject(&own).1).then(|| encode::unstructured(&topic))
        },
    },
    Known {
        name: "Thread-Index",
        read: |v| {
            let index = transfer::base64(v.as_bytes());
            props(!index.is_empty(), tag::PR_CONVERSATION_INDEX, index)
        },
        write: |m| {
            m.props_bytes(tag::PR_CONVERSATION_INDEX)
                .map(encode::base64)
        },
    },
    Known {
        name: "Message-ID",
        read: |v| text(tag::PR_INTERNET_MESSAGE_ID, &collapse(v)),
        write: |m| m.text(tag::PR_INTERNET_MESSAGE_ID),
    },
    Known {
        name: "In-Reply-To",
        read: |v| text(tag::PR_IN_REPLY_TO, &collapse(v)),
        write: |m| m.text(tag::PR_IN_REPLY_TO),
    },
    Known {
        name: "References",
        read: |v| text(tag::PR_INTERNET_REFERENCES, &collapse(v)),
        write: |m| m.text(tag::PR_INTERNET_REFERENCES),
    },
    Known {
        name: "Importance",
        read: |v| choice(tag::PR_IMPORTANCE, IMPORTANCE, v),
        write: |m| m.choice(tag::PR_IMPORTANCE, IMPORTANCE, 1),
    },
    Known {
        name: "X-Priority",
        read: |v| {
            let value = match v.trim_start().as_bytes().first() {
                Some(b'1' | b'2') => 2,
                Some(b'3') => 1,
                Some(b'4' | b'5') => 0,
                _ => return Meaning::Props(Vec::new()),
            };
            props(true, tag::PR_IMPORTANCE, value)
        },
        write: |_| None,
    },
    Known {
        name: "Priority",
        read: |v| choice(tag::PR_PRIORITY, PRIORITY, v),
        write: |m| m.choice(tag::PR_PRIORITY, PRIORITY, 0),
    },
    Known {
        name: "Sensitivity",
        read: |v| choice(tag::PR_SENSITIVITY, SENSITIVITY, v),
        write: |m| m.choice(tag::PR_SENSITIVITY, SENSITIVITY, 0),
    },
    Known {
        name: "Disposition-Notification-To",
        read: |_| props(true, tag::PR_READ_RECEIPT_REQUESTED, true),
        write: |m| m.receipt(tag::PR_READ_RECEIPT_REQUESTED),
    },
    Known {
        name: "Return-Receipt-To",
        read: |_| props(true, tag::PR_ORIGINATOR_DELIVERY_REPORT_REQUESTED, true),
        write: |m| m.receipt(tag::PR_ORIGINATOR_DELIVERY_REPORT_REQUESTED),
    },
    Known {
        name: "Expires",
        read: |v| time(tag::PR_EXPIRY_TIME, v),
        write: |m| m.time(tag::PR_EXPIRY_TIME),
    },
    Known {
        name: "Reply-By",
        read: |v| time(tag::PR_REPLY_TIME, v),
        write: |m| m.time(tag::PR_REPLY_TIME),
    },
];

const IMPORTANCE: &[(&str, i32)] = &[("low", 0), ("normal", 1), ("high", 2)];
const PRIORITY: &[(&str, i32)] = &[("non-urgent", -1), ("normal", 0), ("urgent", 1)];
const SENSITIVITY: &[(&str, i32)] = &[
    ("normal", 0),
    ("personal", 1),
    ("private", 2),
    ("company-confidential", 3),
];

/// The properties of one person of a message.
pub(crate) struct Person {
    pub name: PropTag,
    pub addr_type: PropTag,
    pub address: PropTag,
    pub smtp: PropTag,
    pub entry_id: PropTag,
    pub search_key: PropTag,
}

/// PR_SENT_REPRESENTING_...: who the message is from.
pub(crate) const FROM: Person = Person {
    name: tag::PR_SENT_REPRESENTING_NAME,
    addr_type: tag::PR_SENT_REPRESENTING_ADDRTYPE,
    address: tag::PR_SENT_REPRESENTING_EMAIL_ADDRESS,
    smtp: tag::PR_SENT_REPRESENTING_SMTP_ADDRESS,
    entry_id: tag::PR_SENT_REPRESENTING_ENTRYID,
    search_key: tag::PR_SENT_REPRESENTING_SEARCH_KEY,
};

/// PR_SENDER_...: who sent it.
pub(crate) const SENDER: Person = Person {
    name: tag::PR_SENDER_NAME,
    addr_type: tag::PR_SENDER_ADDRTYPE,
    address: tag::PR_SENDER_EMAIL_ADDRESS,
    smtp: tag::PR_SENDER_SMTP_ADDRESS,
    entry_id: tag::PR_SENDER_ENTRYID,
    search_key: tag::PR_SENDER_SEARCH_KEY,
};

/// PR_ENTRYID of an Internet address, which is in no address book.
pub(crate) fn entry_id(name: &str, address: &str) -> EntryId {
    let one_off = OneOff {
        no_rich_info: true,
        ..OneOff::new(name, "SMTP", address)
    };
    one_off.entry_id()
}

/// PR_SEARCH_KEY of an Internet address.
pub(crate) fn search_key(address: &str) -> Vec<u8> {
    let mut key = format!("SMTP:{}", address.to_uppercase()).into_bytes();
    key.push(0);
    key
}

/// Prefix ("Re: ") and rest of a subject: up to three letters, a colon and a blank (MS-OXCMSG 2.2.1.9).
pub(crate) fn split_subject(subject: &str) -> (&str, &str) {
    let prefix = subject.split_once(": ").map(|(prefix, _)| prefix);
    let is_prefix = |prefix: &&str| {
        (1..=3).contains(&prefix.chars().count()) && prefix.chars().all(char::is_alphabetic)
    };
    subject.split_at(
        prefix
            .filter(is_prefix)
            .map_or(0, |prefix| prefix.len() + 2),
    )
}

/// Whether two values read the same: encoded words, quotes, angle brackets with an address and runs of blanks aside.
pub(crate) fn same_text(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        let text = encoded_word::decode(text);
        collapse(&text.replace("<>", "()").replace(['"', '<', '>', '\\'], ""))
    };
    plain(a) == plain(b)
}

/// Runs of blanks made one blank, none at the ends.
pub(crate) fn collapse(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn props(sensible: bool, tag: PropTag, value: impl Into<PropValue>) -> Meaning {
    Meaning::Props(if sensible {
        vec![Property::new(tag, value)]
    } else {
        Vec::new()
    })
}

fn text(tag: PropTag, value: &str) -> Meaning {
    props(true, tag, value.replace('\0', ""))
}

fn time(tag: PropTag, value: &str) -> Meaning {
    Meaning::Props(
        date::parse(value)
            .map(|time| Property::new(tag, time))
            .into_iter()
            .collect(),
    )
}

fn choice(tag: PropTag, choices: &[(&str, i32)], value: &str) -> Meaning {
    let found = choices
        .iter()
        .find(|(name, _)| value.eq_ignore_ascii_case(name));
    Meaning::Props(
        found
            .map(|(_, number)| Property::new(tag, *number))
            .into_iter()
            .collect(),
    )
}

fn person(person: &Person, value: &str) -> Meaning {
    let Some(first) = address::parse(value).into_iter().next() else {
        return Meaning::Props(Vec::new());
    };
    let name = if first.name.is_empty() {
        first.address.clone()
    } else {
        first.name
    };
    Meaning::Props(vec![
        Property::new(person.name, name),
        Property::new(person.address, first.address),
    ])
}

fn reply_to(value: &str) -> Meaning {
    let list = address::parse(value);
    if list.is_empty() {
        return Meaning::Props(Vec::new());
    }
    let names: Vec<&str> = list
        .iter()
        .map(|m| {
            if m.name.is_empty() {
                &m.address
            } else {
                &m.name
            }
        })
        .map(String::as_str)
        .collect();
    Meaning::Props(vec![
        Property::new(tag::PR_REPLY_RECIPIENT_NAMES, names.join("; ")),
        Property::new(tag::PR_REPLY_RECIPIENT_ENTRIES, flat_entry_list(&list)),
    ])
}

/// FLATENTRYLIST of one-off entry identifiers.
fn flat_entry_list(list: &[Mailbox]) -> Vec<u8> {
    let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let mut entries = Vec::new();
    for mailbox in list {
        let name = if mailbox.name.is_empty() {
            &mailbox.address
        } else {
            &mailbox.name
        };
        let id = entry_id(name, &mailbox.address);
        entries.extend_from_slice(&length(id.as_bytes().len()));
        entries.extend_from_slice(id.as_bytes());
        entries.resize(entries.len().next_multiple_of(4), 0);
    }
    let mut all = length(list.len()).to_vec();
    all.extend_from_slice(&length(entries.len()));
    all.extend(entries);
    all
}

/// The one-offs of a FLATENTRYLIST; other entries are left out.
fn flat_entries(bytes: &[u8]) -> Vec<Mailbox> {
    let mut rest = bytes.get(8..).unwrap_or(&[]);
    let mut list = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let Some(id) = tail.get(..length) else {
            break;
        };
        if let Ok(one_off) = OneOff::parse(&EntryId::from(id)) {
            list.push(mailbox(&one_off.name, &one_off.address));
        }
        rest = tail.get(length.next_multiple_of(4)..).unwrap_or(&[]);
    }
    list
}

/// A name that only repeats the address is none.
fn mailbox(name: &str, address: &str) -> Mailbox {
    Mailbox {
        name: if name == address { "" } else { name }.to_owned(),
        address: address.to_owned(),
    }
}

fn write_mailbox(mailbox: &Mailbox) -> String {
    let address = mailbox.address.replace(['<', '>'], "");
    match (mailbox.name.as_str(), address.as_str()) {
        ("", address) => address.to_owned(),
        (name, address) => format!("{} <{address}>", encode::phrase(name)),
    }
}

fn write_list(list: &[Mailbox]) -> Option<String> {
    let written: Vec<String> = list.iter().map(write_mailbox).collect();
    (!written.is_empty()).then(|| written.join(", "))
}

impl View<'_> {
    /// Whether the message says what `meaning` says.
    pub fn agrees(&self, meaning: &Meaning) -> bool {
        match meaning {
            Meaning::Props(list) => list
                .iter()
                .all(|p| find(self.props, p.tag) == Some(&p.value)),
            Meaning::Recipients(kind, list) => {
                let plain = |m: &Mailbox| mailbox(&m.name, &m.address);
                self.recipients(*kind) == list.iter().map(plain).collect::<Vec<_>>()
            }
        }
    }

    /// The text of a property.
    pub fn text(&self, tag: PropTag) -> Option<String> {
        Some(find(self.props, tag)?.as_str()?.into_owned())
    }

    fn props_bytes(&self, tag: PropTag) -> Option<&[u8]> {
        find(self.props, tag)?.as_bytes()
    }

    fn time(&self, tag: PropTag) -> Option<String> {
        Some(date::write(find(self.props, tag)?.as_time()?))
    }

    fn choice(&self, tag: PropTag, choices: &[(&str, i32)], usual: i32) -> Option<String> {
        let value = find(self.props, tag)?.as_long().filter(|n| *n != usual)?;
        let found = choices.iter().find(|(_, number)| *number == value)?;
        Some(found.0.to_owned())
    }

    fn receipt(&self, tag: PropTag) -> Option<String> {
        let wanted = find(self.props, tag)?.as_bool()?;
        self.person(&SENDER)
            .filter(|_| wanted)
            .map(|sender| write_mailbox(&sender))
    }

    fn from(&self) -> Option<Mailbox> {
        self.person(&FROM).or_else(|| self.person(&SENDER))
    }

    fn person(&self, person: &Person) -> Option<Mailbox> {
        let name = self.text(person.name);
        // An address of another kind (EX) is of no use in a mail.
        let address = self.text(person.smtp).or_else(|| self.text(person.address));
        if name.is_none() && address.is_none() {
            return None;
        }
        Some(mailbox(
            &name.unwrap_or_default(),
            &address.unwrap_or_default(),
        ))
    }

    fn recipients(&self, kind: i32) -> Vec<Mailbox> {
        let rows = self.recipients.iter();
        rows.filter(|row| row.get(tag::PR_RECIPIENT_TYPE) == Some(&PropValue::Long(kind)))
            .map(|row| {
                let text = |tag| row.get(tag).and_then(|v| v.as_str()).unwrap_or_default();
                let smtp = text(tag::PR_SMTP_ADDRESS);
                let plain = text(tag::PR_EMAIL_ADDRESS);
                mailbox(
                    &text(tag::PR_DISPLAY_NAME),
                    if smtp.is_empty() { &plain } else { &smtp },
                )
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_split_at_short_prefixes_only() {
        assert_eq!(split_subject("Re: x"), ("Re: ", "x"));
        assert_eq!(split_subject("FWD: Re: x"), ("FWD: ", "Re: x"));
        for whole in ["Note: x", "R2: x", "x", ": x", "Re:x", ""] {
            assert_eq!(split_subject(whole), ("", whole));
        }
    }

    #[test]
    fn a_list_of_entries_is_read_as_it_was_written() {
        let list = [mailbox("Ann", "a@x.org"), mailbox("", "bo@x.org")];
        assert_eq!(flat_entries(&flat_entry_list(&list)), list);
        assert_eq!(flat_entries(&[1, 2, 3]), []);
        assert_eq!(
            flat_entries(&[1, 0, 0, 0, 9, 0, 0, 0, 255, 255, 255, 255, 0]),
            []
        );
    }
}
