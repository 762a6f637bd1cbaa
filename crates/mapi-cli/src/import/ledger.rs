//! Which mails are in the store already.
//!
//! Each imported message has two named properties, set together with everything else of it, so that there is no message without
//! them and no trace without a message: where it came from, and its offset there with the SHA-256 of its bytes.
//!
//! A mail is known if a message of the store came from the same source, offset and bytes. So two equal mails in one mbox are two
//! messages. It is also known if such a message came from the same offset and bytes of *another* source that has them there no
//! longer: the file was moved, an mbox rotated, or a Maildir renamed it because its flags changed. If the other source still
//! has them, it is a copy, and a message of its own.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::Result;
use mapi::{Props as _, Rows, Store, row_entry_id};
use mapi_mime::source::FoundMail;
use mapi_types::{
    EntryId, Guid, NamedProp, PropName, PropTag, PropType, Property, Restriction, Row, hex, tag,
};

use crate::folders::Tree;

/// The property set of the two: {0F6B3C7E-52D4-4B1B-9D0A-1C9D5A3E7F21}.
const SET: Guid = Guid::from_fields(
    0x0F6B_3C7E,
    0x52D4,
    0x4B1B,
    [0x9D, 0x0A, 0x1C, 0x9D, 0x5A, 0x3E, 0x7F, 0x21],
);

/// Offset (8 bytes, big-endian) and the first half of the SHA-256. Half of it is kept in memory; 128 bits do not collide.
type Key = [u8; 24];

/// The mails that are in a store.
pub struct Ledger {
    /// PT_UNICODE: the path of the file, `-` for standard input.
    source_tag: PropTag,
    /// PT_BINARY: offset and SHA-256.
    key_tag: PropTag,
    sources: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
    known: HashMap<Key, Vec<u32>>,
    /// Mails that were moved from one source to another, which their messages do not say yet.
    moved: HashMap<(Key, u32), Vec<u32>>,
}

/// What the ledger says about a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known {
    /// It is not there.
    New,
    /// It is there.
    Here,
    /// It is there, from where it has been moved away since.
    Moved,
}

impl Ledger {
    /// Reads it from the messages of a store. With `create` the two properties are made if the store does not have them yet.
    ///
    /// # Errors
    /// Those of the store.
    pub fn load(store: &Store, tree: &Tree, create: bool) -> Result<Self> {
        let name = |name: &str| NamedProp {
            set: SET,
            name: PropName::Name(name.to_owned()),
        };
        let tags = store.named(&[name("import-source"), name("import-key")], create)?;
        let mut ledger = Self {
            source_tag: PropTag::new(0, PropType::ERROR),
            key_tag: PropTag::new(0, PropType::ERROR),
            sources: Vec::new(),
            numbers: HashMap::new(),
            known: HashMap::new(),
            moved: HashMap::new(),
        };
        if let [source, key] = tags[..]
            && source.ptype() != PropType::ERROR
            && key.ptype() != PropType::ERROR
        {
            ledger.source_tag = source.with_type(PropType::UNICODE);
            ledger.key_tag = key.with_type(PropType::BINARY);
            ledger.read(store, tree)?;
        }
        Ok(ledger)
    }

    fn read(&mut self, store: &Store, tree: &Tree) -> Result<()> {
        for folder in tree.folders().iter().filter(|f| f.messages > 0) {
            for row in self.rows(store, &folder.id)? {
                if let Some((key, source)) = self.marks_of(&row?) {
                    self.known.entry(key).or_default().push(source);
                }
            }
        }
        Ok(())
    }

    /// The messages of a folder that were imported.
    fn rows(&self, store: &Store, folder: &EntryId) -> Result<Rows> {
        let table = store.folder(folder)?.contents()?;
        let table = table.columns(&[self.source_tag, self.key_tag, tag::PR_ENTRYID])?;
        Ok(table.restrict(&Restriction::Exist(self.key_tag))?.rows())
    }

    fn marks_of(&mut self, row: &Row) -> Option<(Key, u32)> {
        let key = row.get(self.key_tag)?.as_bytes()?.get(..24)?;
        let key: Key = key.try_into().ok()?;
        let source = row.get(self.source_tag)?.as_str()?;
        Some((key, self.number(&source)))
    }

    /// Writes the new sources of moved mails to their messages.
    ///
    /// # Errors
    /// Those of the store.
    pub fn settle(&mut self, store: &Store, tree: &Tree) -> Result<()> {
        for folder in tree.folders().iter().filter(|f| f.messages > 0) {
            if self.moved.is_empty() {
                break;
            }
            let mut changes = Vec::new();
            for row in self.rows(store, &folder.id)? {
                let row = row?;
                if let Some(marks) = self.marks_of(&row)
                    && let Some(new) = self.moved.get_mut(&marks).and_then(Vec::pop)
                    && let Some(entry) = row_entry_id(&row)
                {
                    changes.push((entry, new));
                }
            }
            for (entry, new) in changes {
                let number = usize::try_from(new).unwrap_or(usize::MAX);
                let source = self.sources.get(number).map_or("", |s| s);
                let message = store.message(&entry)?;
                message.set(&[Property::new(self.source_tag, source)])?;
                message.save_deferred()?;
            }
        }
        self.moved.clear();
        Ok(())
    }

    fn number(&mut self, source: &str) -> u32 {
        if let Some(number) = self.numbers.get(source) {
            return *number;
        }
        let number = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        self.sources.push(source.into());
        self.numbers.insert(source.into(), number);
        number
    }

    /// Whether a mail is in the store.
    pub fn look_up(&mut self, mail: &FoundMail) -> Known {
        let key = key(mail);
        let source = self.number(&text(&mail.source));
        let Some(known) = self.known.get_mut(&key) else {
            return Known::New;
        };
        if known.contains(&source) {
            return Known::Here;
        }
        let sources = &self.sources;
        let gone = |number: &u32| {
            let other = usize::try_from(*number).ok().and_then(|n| sources.get(n));
            other.is_some_and(|other| !still_has(&path(other), mail))
        };
        match known.iter().position(gone) {
            Some(at) => {
                // It is at its new place now: a further copy of it is a new message.
                let old = std::mem::replace(&mut known[at], source);
                self.moved.entry((key, old)).or_default().push(source);
                Known::Moved
            }
            None => Known::New,
        }
    }

    /// What is to be set on the message of a mail.
    pub fn marks(&self, mail: &FoundMail) -> [Property; 2] {
        let mut whole = mail.offset.to_be_bytes().to_vec();
        whole.extend_from_slice(&mail.sha256);
        [
            Property::new(self.source_tag, text(&mail.source).as_str()),
            Property::new(self.key_tag, whole),
        ]
    }

    /// The message of a mail has been saved.
    pub fn add(&mut self, mail: &FoundMail) {
        let source = self.number(&text(&mail.source));
        self.known.entry(key(mail)).or_default().push(source);
    }
}

fn key(mail: &FoundMail) -> Key {
    let mut key = [0; 24];
    key[..8].copy_from_slice(&mail.offset.to_be_bytes());
    key[8..].copy_from_slice(&mail.sha256[..16]);
    key
}

/// What a source that is no UTF-8 begins with; its bytes follow in hexadecimal. A path begins otherwise: it is absolute.
const BYTES: &str = "bytes:";

/// A source as text; two sources never have the same.
fn text(source: &Path) -> String {
    match source.to_str() {
        Some(text) => text.to_owned(),
        None => format!(
            "{BYTES}{}",
            hex::encode(source.as_os_str().as_encoded_bytes())
        ),
    }
}

/// The source that a text stands for.
fn path(text: &str) -> PathBuf {
    #[cfg(unix)]
    if let Some(bytes) = text
        .strip_prefix(BYTES)
        .and_then(|digits| hex::decode(digits.as_bytes()))
    {
        use std::os::unix::ffi::OsStringExt as _;
        return std::ffi::OsString::from_vec(bytes).into();
    }
    text.into()
}

/// Whether a file has the same bytes at the same place as a mail's own file has.
fn still_has(other: &Path, mail: &FoundMail) -> bool {
    // What came through a pipe is nowhere to be compared with: it counts as a copy.
    if [other, &mail.source].contains(&Path::new("-")) {
        return true;
    }
    let at = |path: &Path| {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(mail.offset))?;
        std::io::Result::Ok(file.take(mail.length))
    };
    let (Ok(theirs), Ok(ours)) = (at(other), at(&mail.source)) else {
        return false;
    };
    same_bytes(theirs, ours).unwrap_or(false)
}

fn same_bytes(mut a: impl Read, mut b: impl Read) -> std::io::Result<bool> {
    let (mut left, mut right) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let (n, m) = (fill(&mut a, &mut left)?, fill(&mut b, &mut right)?);
        if left[..n] != right[..m] {
            return Ok(false);
        }
        if n < left.len() {
            return Ok(true);
        }
    }
}

fn fill(from: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}
