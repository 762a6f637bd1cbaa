//! Address fields.

use mail_parser::parsers::MessageStream;
use mail_parser::{Addr, Address, HeaderValue};

use super::{encoded_word, guarded};

/// A mailbox: name and address, each possibly empty, not both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mailbox {
    pub name: String,
    pub address: String,
}

/// The mailboxes of a field, groups taken apart. A field that cannot be read as addresses is one name.
pub(crate) fn parse(text: &str) -> Vec<Mailbox> {
    let line = format!("{}\n", encoded_word::join(text));
    let read = guarded(
        || match MessageStream::new(line.as_bytes()).parse_address() {
            HeaderValue::Address(Address::List(list)) => list.iter().filter_map(mailbox).collect(),
            HeaderValue::Address(Address::Group(groups)) => groups
                .iter()
                .flat_map(|group| &group.addresses)
                .filter_map(mailbox)
                .collect(),
            _ => Vec::new(),
        },
    );
    let read = read.map(|mut list: Vec<Mailbox>| {
        // mail-parser takes the comment of an empty group for an address.
        let comment = |m: &Mailbox| text.contains(&format!("({}{})", m.name, m.address));
        list.retain(|m| m.address.contains('@') || !comment(m));
        list
    });
    read.unwrap_or_else(|| {
        vec![Mailbox {
            name: encoded_word::decode(text),
            address: String::new(),
        }]
    })
}

fn mailbox(addr: &Addr<'_>) -> Option<Mailbox> {
    let clean = |text: &Option<std::borrow::Cow<'_, str>>| {
        text.as_deref().map_or("", str::trim).replace('\0', "")
    };
    let (mut name, mut address) = (clean(&addr.name), clean(&addr.address));
    address.retain(|c| !matches!(c, '<' | '>'));
    // Without any "@": one word is an address all the same, several are a name.
    if name.is_empty() != address.is_empty() && !address.contains('@') {
        let words = format!("{name}{address}");
        (name, address) = if words.contains(' ') {
            (words, String::new())
        } else {
            (String::new(), words)
        };
    }
    (!name.is_empty() || !address.is_empty()).then_some(Mailbox { name, address })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let list = parse(text).into_iter();
        list.map(|m| (m.name, m.address)).collect()
    }

    #[test]
    fn names_comments_and_groups_are_read() {
        let one = |n: &str, a: &str| (n.to_owned(), a.to_owned());
        assert_eq!(
            pairs("\"Doe, J\" <j@x.org>, =?utf-8?q?M=C3=BC?= =?utf-8?q?ller?= <m@x.org>, k@x.org"),
            [
                one("Doe, J", "j@x.org"),
                one("Müller", "m@x.org"),
                one("", "k@x.org")
            ]
        );
        assert_eq!(pairs("team: a@x.org, B <b@x.org>;, c@x.org").len(), 3);
        assert_eq!(pairs("undisclosed-recipients:;"), []);
        assert_eq!(pairs("nobody :(here)  ;"), []);
        assert_eq!(pairs("j@x.org (John)"), [one("John", "j@x.org")]);
    }
}
