//! What others count in real mail (FACTS.tsv, made with Python's email package) is what import finds.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::imported;
use mapi_mime::{AttachmentData, MapiMessage};
use mapi_types::{PropValue, tag};
use sha2::{Digest, Sha256};

/// Where import differs from the facts, and why.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "james-mime4j--obsolete.eml",
        "a blank before a colon: the subject is a field for us, body for Python",
    ),
    (
        "mail-parser--019-2.eml",
        "a blank before a colon: fields for us, body for Python",
    ),
    (
        "james-mime4j--intl.eml",
        "Python puts a blank between encoded words of different character sets",
    ),
    (
        "james-mime4j--twopart.eml",
        "a blank behind \"base64\": Python does not decode",
    ),
    (
        "spamassassin--unicode1.eml",
        "a language in an encoded word (RFC 2231), which Python does not know",
    ),
];

fn hex(bytes: impl AsRef<[u8]>) -> String {
    let digest = Sha256::digest(bytes.as_ref());
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

/// The data of all attachments, those of embedded messages included.
fn hashes(message: &MapiMessage, found: &mut BTreeSet<String>) {
    for attachment in &message.attachments {
        match &attachment.data {
            AttachmentData::Bytes(bytes) => {
                found.insert(hex(bytes));
            }
            AttachmentData::Message(inner) => hashes(inner, found),
        }
    }
}

fn differences(mail: &[u8], facts: &[&str]) -> Vec<String> {
    let message = imported(mail).message;
    let mut wrong = Vec::new();
    let mut check = |what: &str, want: &str, got: String| {
        if want != got {
            wrong.push(format!("{what}: facts {want}, import {got}"));
        }
    };
    check("recipients", facts[7], message.recipients.len().to_string());
    let raw = message.get(tag::PR_TRANSPORT_MESSAGE_HEADERS);
    // Python shows U+FFFD for bytes above ASCII in a header; we read them.
    if raw
        .and_then(PropValue::as_str)
        .is_none_or(|raw| raw.is_ascii())
    {
        let subject = message.get(tag::PR_SUBJECT).and_then(PropValue::as_str);
        check(
            "subject",
            facts[9],
            hex(subject.unwrap_or_default().as_bytes()),
        );
    }
    let class = message
        .get(tag::PR_MESSAGE_CLASS)
        .and_then(PropValue::as_str);
    if class.as_deref() == Some("IPM.Note.SMIME.MultipartSigned") {
        // The signed entity is kept whole, with what is attached inside it.
        return wrong;
    }
    let mut found = BTreeSet::new();
    hashes(&message, &mut found);
    for hash in facts[8].split(',').filter(|h| !h.is_empty()) {
        check(
            "attachment",
            hash,
            found.get(hash).cloned().unwrap_or_default(),
        );
    }
    wrong
}

#[test]
fn import_finds_what_others_count() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let Ok(table) = std::fs::read_to_string(root.join("FACTS.tsv")) else {
        eprintln!("no shared mail: not compared");
        return;
    };
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in table.lines().filter(|l| l.starts_with("eml/")) {
        let facts: Vec<&str> = line.split('\t').collect();
        let name = facts[0].trim_start_matches("eml/");
        if facts[11] == "no" || DIFFERENT.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let mail = std::fs::read(root.join(facts[0])).unwrap();
        count += 1;
        for difference in differences(&mail, &facts) {
            wrong.push(format!("{name}: {difference}"));
        }
    }
    assert!(count > 250, "only {count} mails");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
