//! An address book in memory: a root container, one container in it, a few people and a list.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use mapi_provider::{
    Access, AddressBook, AddressBookProvider, Container, DistList, LogonRequest, MailUser,
    NameMatch, OpenedAddress, PropObject, RowTable, StatusInfo, TableSource, select,
};
use mapi_types::{
    EntryId, Error, ErrorCode, MapiUid, PropTag, PropValue, Property, Result, Row, tag,
};

use crate::journal::{Alive, Journal};

/// The MAPIUID of all its entries: fixed, so that identifiers outlive a reinstallation (OP-48).
pub const UID: MapiUid = MapiUid(*b"ExemplaryAddrBk1");

/// The people, in alphabetical order.
pub const PEOPLE: [(&str, &str); 5] = [
    ("Ada Lovelace", "ada@example.org"),
    ("Alan Turing", "alan@example.org"),
    ("Grace Hopper", "grace@example.org"),
    ("Katherine Johnson", "katherine@example.org"),
    ("Zoë Müller", "zoe@example.org"),
];

/// The list, and which of the people are in it.
pub const LIST: (&str, &[u8]) = ("Pioneers", &[0, 1, 2]);

const MAPI_ABCONT: i32 = 4;
const MAPI_MAILUSER: i32 = 6;
const MAPI_DISTLIST: i32 = 8;
const DT_MAILUSER: i32 = 0;
const DT_DISTLIST: i32 = 1;
const DT_LOCAL: i32 = 0x30000;
const AB_RECIPIENTS: i32 = 1;
const AB_SUBCONTAINERS: i32 = 2;
const AB_UNMODIFIABLE: i32 = 8;

/// The provider.
#[derive(Default)]
pub struct ExemplaryAddressBook;

impl AddressBookProvider for ExemplaryAddressBook {
    fn display_name(&self) -> &'static str {
        "Exemplary Address Book"
    }

    fn logon(&self, request: &LogonRequest<'_>) -> Result<Box<dyn AddressBook>> {
        let name = request
            .profile
            .text(tag::PR_DISPLAY_NAME)?
            .unwrap_or_else(|| "Exemplary Address Book".to_owned());
        let journal = Journal::of(&name);
        if journal.fail_next_logon.swap(false, Ordering::AcqRel) {
            return Err(Error::provider(ErrorCode::FAILONEPROVIDER).context("as the test wanted"));
        }
        journal.note("logon");
        Ok(Box::new(Book { name, journal }))
    }
}

struct Book {
    name: String,
    journal: Arc<Journal>,
}

/// What an identifier names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Root,
    Everybody,
    Person(u8),
    List,
}

impl Entry {
    const ALL_RECIPIENTS: usize = PEOPLE.len() + 1;

    fn id(self) -> EntryId {
        let data = match self {
            Self::Root => [0, 0],
            Self::Everybody => [1, 0],
            Self::Person(n) => [2, n],
            Self::List => [3, 0],
        };
        EntryId::new(UID, &data)
    }

    fn of(id: &EntryId) -> Result<Self> {
        if id.is_empty() {
            return Ok(Self::Root);
        }
        if id.uid() != Some(UID) {
            return Err(ErrorCode::UNKNOWN_ENTRYID.into());
        }
        match id.data() {
            [0, 0] => Ok(Self::Root),
            [1, 0] => Ok(Self::Everybody),
            [2, n] if usize::from(*n) < PEOPLE.len() => Ok(Self::Person(*n)),
            [3, 0] => Ok(Self::List),
            _ => Err(ErrorCode::NOT_FOUND.into()),
        }
    }

    /// Everybody in the container, the list last.
    fn recipients() -> impl Iterator<Item = Self> {
        (0..).map_while(|n| match usize::from(n) {
            at if at < PEOPLE.len() => Some(Self::Person(n)),
            at if at < Self::ALL_RECIPIENTS => Some(Self::List),
            _ => None,
        })
    }

    fn props(self) -> Vec<Property> {
        let id = self.id();
        let mut props = vec![
            Property::new(tag::PR_ENTRYID, id.as_bytes()),
            Property::new(tag::PR_RECORD_KEY, id.as_bytes()),
            Property::new(tag::PR_INSTANCE_KEY, id.data()),
        ];
        let mut add = |tag: PropTag, value: PropValue| props.push(Property::new(tag, value));
        let (name, object_type, display_type) = match self {
            Self::Root => ("", MAPI_ABCONT, DT_LOCAL),
            Self::Everybody => ("Everybody", MAPI_ABCONT, DT_LOCAL),
            Self::Person(n) => (PEOPLE[usize::from(n)].0, MAPI_MAILUSER, DT_MAILUSER),
            Self::List => (LIST.0, MAPI_DISTLIST, DT_DISTLIST),
        };
        add(tag::PR_DISPLAY_NAME, name.into());
        add(tag::PR_OBJECT_TYPE, object_type.into());
        add(tag::PR_DISPLAY_TYPE, display_type.into());
        match self {
            Self::Root => add(
                tag::PR_CONTAINER_FLAGS,
                (AB_SUBCONTAINERS | AB_UNMODIFIABLE).into(),
            ),
            Self::Everybody => {
                add(
                    tag::PR_CONTAINER_FLAGS,
                    (AB_RECIPIENTS | AB_UNMODIFIABLE).into(),
                );
            }
            Self::Person(n) => {
                let address = PEOPLE[usize::from(n)].1;
                add(tag::PR_ADDRTYPE, "SMTP".into());
                add(tag::PR_EMAIL_ADDRESS, address.into());
                add(tag::PR_SMTP_ADDRESS, address.into());
                let key = format!("SMTP:{}\0", address.to_uppercase());
                add(tag::PR_SEARCH_KEY, key.into_bytes().into());
            }
            Self::List => {
                add(tag::PR_ADDRTYPE, "MAPIPDL".into());
                add(tag::PR_SEARCH_KEY, id.into_bytes().into());
            }
        }
        props
    }
}

impl AddressBook for Book {
    fn uid(&self) -> MapiUid {
        UID
    }

    fn status(&self) -> StatusInfo {
        StatusInfo::available(self.name.clone())
    }

    fn open_entry(&self, entry_id: &EntryId, _access: Access) -> Result<OpenedAddress> {
        let entry = Entry::of(entry_id)?;
        let object = Object {
            entry,
            alive: Alive::new(&self.journal),
        };
        Ok(match entry {
            Entry::Root | Entry::Everybody => OpenedAddress::Container(Box::new(object)),
            Entry::Person(_) => OpenedAddress::MailUser(Box::new(object)),
            Entry::List => OpenedAddress::DistList(Box::new(object)),
        })
    }

    fn same_entry(&self, left: &EntryId, right: &EntryId) -> Result<bool> {
        Ok(Entry::of(left)? == Entry::of(right)?)
    }

    fn flush(&self) -> Result<()> {
        self.journal.note("flush");
        Ok(())
    }

    fn close(&self) -> Result<()> {
        self.journal.note("close");
        Ok(())
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        self.journal.note("drop");
    }
}

/// An open entry of any kind.
struct Object {
    entry: Entry,
    alive: Alive,
}

impl PropObject for Object {
    fn get_props(&self, tags: &[PropTag], limit_bytes: usize) -> Result<Vec<Property>> {
        self.alive.check();
        let props = self.entry.props();
        let one = |asked: &PropTag| select(&props, *asked, limit_bytes);
        Ok(tags.iter().map(one).collect())
    }

    fn prop_tags(&self) -> Result<Vec<PropTag>> {
        Ok(self.entry.props().iter().map(|p| p.tag).collect())
    }
}

fn table(entries: impl Iterator<Item = Entry>) -> Box<dyn TableSource> {
    let rows = entries.map(|entry| Row::from(entry.props()));
    Box::new(RowTable::with_columns(
        rows.collect(),
        &[tag::PR_ENTRYID, tag::PR_INSTANCE_KEY, tag::PR_DISPLAY_NAME],
    ))
}

impl Container for Object {
    fn hierarchy(&self, _deep: bool) -> Result<Box<dyn TableSource>> {
        match self.entry {
            Entry::Root => Ok(table(std::iter::once(Entry::Everybody))),
            _ => Ok(table(std::iter::empty())),
        }
    }

    fn contents(&self) -> Result<Box<dyn TableSource>> {
        match self.entry {
            Entry::Everybody => Ok(table(Entry::recipients())),
            Entry::List => Ok(table(LIST.1.iter().map(|n| Entry::Person(*n)))),
            Entry::Root | Entry::Person(_) => Err(Error::no_support()),
        }
    }

    fn resolve_names(&self, names: &[&str], columns: &[PropTag]) -> Result<Vec<NameMatch>> {
        if self.entry != Entry::Everybody {
            return Err(Error::no_support());
        }
        Ok(names.iter().map(|name| resolve(name, columns)).collect())
    }
}

/// A name fits if it begins any word of the display name, or is the address.
fn resolve(name: &str, columns: &[PropTag]) -> NameMatch {
    let wanted = name.to_lowercase();
    let fits = |entry: &Entry| {
        let props = entry.props();
        let display = select(&props, tag::PR_DISPLAY_NAME, usize::MAX).value;
        let address = select(&props, tag::PR_EMAIL_ADDRESS, usize::MAX).value;
        let display = display.as_str().unwrap_or_default().to_lowercase();
        let by_word = display
            .match_indices(&wanted)
            .any(|(at, _)| at == 0 || display[..at].ends_with(char::is_whitespace));
        by_word
            || address
                .as_str()
                .is_some_and(|a| a.eq_ignore_ascii_case(name))
    };
    let mut found = Entry::recipients().filter(|entry| !wanted.is_empty() && fits(entry));
    match (found.next(), found.next()) {
        (None, _) => NameMatch::None,
        (Some(_), Some(_)) => NameMatch::Ambiguous,
        (Some(entry), None) => {
            let props = entry.props();
            let one = |asked: &PropTag| select(&props, *asked, usize::MAX);
            NameMatch::One(columns.iter().map(one).collect())
        }
    }
}

impl MailUser for Object {}
impl DistList for Object {}
