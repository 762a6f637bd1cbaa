//! Import and export, seen by an independent reader: Python's email package.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::imported;
use mapi_mime::{AttachmentData, MapiMessage};
use mapi_types::tag;

/// The mail that is shared between projects, if it is there.
fn shared() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/eml");
    root.is_dir().then_some(root)
}

/// Removes what is a raw copy of the mail: export has to do without.
fn forget_raw_copies(message: &mut MapiMessage) {
    message
        .props
        .retain(|p| !p.tag.same_id(tag::PR_TRANSPORT_MESSAGE_HEADERS));
    for attachment in &mut message.attachments {
        if let AttachmentData::Message(inner) = &mut attachment.data {
            forget_raw_copies(inner);
        }
    }
}

fn round_trip(mail: &[u8]) -> Vec<u8> {
    let mut imported = imported(mail);
    forget_raw_copies(&mut imported.message);
    imported.exported()
}

#[allow(clippy::unwrap_used)] // it fails by panicking
fn compare(originals: &Path) {
    let python = Command::new("python3").arg("--version").output();
    if !python.is_ok_and(|p| p.status.success()) {
        eprintln!("no python3: not compared");
        return;
    }
    let exported = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(originals).unwrap() {
        let path = entry.unwrap().path();
        let mail = fs::read(&path).unwrap();
        let once = round_trip(&mail);
        fs::write(exported.path().join(path.file_name().unwrap()), &once).unwrap();
        let twice = round_trip(&once);
        let name = path.display();
        assert!(round_trip(&twice) == twice, "{name}: export is not stable");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compare.py");
    let status = Command::new("python3")
        .arg(script)
        .arg(originals)
        .arg(exported.path())
        .status()
        .unwrap();
    if !status.success() {
        panic!("see above; exported mails: {}", exported.keep().display());
    }
}

#[test]
fn fixtures_read_the_same_after_a_round_trip() {
    compare(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"));
}

#[test]
fn shared_mail_reads_the_same_after_a_round_trip() {
    match shared() {
        Some(mails) => compare(&mails),
        None => eprintln!("no shared mail: not compared"),
    }
}
