//! Names of messages for people.
//!
//! An entry identifier is 40 bytes, most of them the same for all messages of a store. So a message has an *ID*: the first 16
//! bytes of the SHA-256 of its entry identifier, in hexadecimal. Lists show ten digits; any prefix that only one message of the
//! store has will do. A whole entry identifier in hexadecimal is accepted as well, and is quicker.

use anyhow::Result;
use mapi::{Store, row_entry_id};
use mapi_types::{EntryId, hex, tag};
use sha2::{Digest, Sha256};

use crate::exit::{Exit, Failure};
use crate::folders::Tree;
use crate::stop::Stop;

/// How many digits lists show.
pub const SHOWN: usize = 10;

/// How many digits it takes to change or delete a message: a shorter text is rather a folder's name that is written wrong.
pub const FEWEST_TO_CHANGE: usize = 4;

/// The ID of an entry identifier: 32 digits.
pub fn id_of(entry: &EntryId) -> String {
    hex::encode(&Sha256::digest(entry.as_bytes())[..16])
}

/// The part of it that lists show.
pub fn short_id(entry: &EntryId) -> String {
    let mut id = id_of(entry);
    id.truncate(SHOWN);
    id
}

/// Whether it can be an ID or a prefix of one.
pub fn looks_like_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The message that each text names, in their order.
///
/// # Errors
/// One names none or several; those of the store.
pub fn find_messages(
    store: &Store,
    tree: &Tree,
    texts: &[String],
    stop: &Stop,
) -> Result<Vec<EntryId>> {
    let mut found: Vec<Vec<EntryId>> = texts.iter().map(|t| whole_entry_id(t)).collect();
    if found.iter().any(Vec::is_empty) {
        scan(store, tree, texts, &mut found, stop)?;
    }
    let named = texts.iter().zip(found);
    named.map(|(text, found)| only_one(text, found)).collect()
}

/// An entry identifier in full: long-term, so that its flags are zero.
fn whole_entry_id(text: &str) -> Vec<EntryId> {
    let long = text.len() > 40 && text.starts_with("00000000");
    let bytes = hex::decode(text.as_bytes()).filter(|_| long);
    bytes.map(EntryId::from).into_iter().collect()
}

fn scan(
    store: &Store,
    tree: &Tree,
    texts: &[String],
    found: &mut [Vec<EntryId>],
    stop: &Stop,
) -> Result<()> {
    let wanted: Vec<String> = texts.iter().map(|t| t.to_ascii_lowercase()).collect();
    let open: Vec<usize> = (0..texts.len()).filter(|i| found[*i].is_empty()).collect();
    for text in open.iter().map(|i| &texts[*i]) {
        if !looks_like_id(text) {
            return Err(none(text));
        }
    }
    for folder in tree.folders().iter().filter(|f| f.messages > 0) {
        let table = store.folder(&folder.id)?.contents()?;
        for row in table.columns(&[tag::PR_ENTRYID])?.rows() {
            stop.check()?;
            let Some(entry) = row_entry_id(&row?) else {
                continue;
            };
            let id = id_of(&entry);
            for i in &open {
                if id.starts_with(&wanted[*i]) {
                    found[*i].push(entry.clone());
                }
            }
        }
    }
    Ok(())
}

fn only_one(text: &str, mut found: Vec<EntryId>) -> Result<EntryId> {
    match found.len() {
        0 => Err(none(text)),
        1 => Ok(found.remove(0)),
        several => {
            let mut ids: Vec<String> = found.iter().take(8).map(short_id).collect();
            if several > ids.len() {
                ids.push("...".to_owned());
            }
            let text = format!(
                "'{text}' is the beginning of {several} IDs: {}; write more of it",
                ids.join(", ")
            );
            Err(Failure::error(Exit::NotFound, text))
        }
    }
}

fn none(text: &str) -> anyhow::Error {
    Failure::error(
        Exit::NotFound,
        format!("there is no message '{text}'; `mapi ls FOLDER` shows their IDs"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stable() {
        let entry = EntryId::from(&b"some bytes"[..]);
        assert_eq!(id_of(&entry).len(), 32);
        assert!(id_of(&entry).starts_with(&short_id(&entry)));
        assert_eq!(short_id(&entry), "0d22cdcc10");
    }

    #[test]
    fn only_a_whole_entry_identifier_is_one() {
        let whole = format!("00000000{}", "ab".repeat(36));
        assert_eq!(whole_entry_id(&whole).len(), 1);
        assert!(whole_entry_id("00000000ab").is_empty());
        assert!(whole_entry_id(&"ab".repeat(40)).is_empty());
    }
}
