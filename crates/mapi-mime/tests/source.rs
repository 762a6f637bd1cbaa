//! Mails are found in every kind of place, and read as they were written.
#![allow(clippy::unwrap_used)] // helpers of tests fail by panicking

mod common;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use mapi_mime::source::{FoundMail, Kind, SourceError, open, spool, total_bytes};
use mapi_types::{ErrorCode, FileTime};
use proptest::prelude::*;

fn all(path: &Path) -> Vec<Result<FoundMail, SourceError>> {
    open(path).unwrap().collect()
}

fn found(path: &Path) -> Vec<FoundMail> {
    all(path).into_iter().map(Result::unwrap).collect()
}

fn bytes(mail: &FoundMail) -> Vec<u8> {
    let mut out = Vec::new();
    mail.reader().unwrap().read_to_end(&mut out).unwrap();
    out
}

fn text(mail: &FoundMail) -> String {
    String::from_utf8(bytes(mail)).unwrap()
}

fn put(path: &Path, text: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

const JAN: &str = "Thu Jan  2 03:04:05 2020";

#[test]
fn an_mbox_is_taken_apart_at_its_from_lines() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("anything.txt");
    let mbox = format!(
        "From a@x {JAN}\nSubject: one\nStatus: RO\nX-Status: AF\n\nHello\n>From me\n>>From you\nFrom now on\n\nFrom b {JAN}\n\
         Subject: two\n\n\nFrom c {JAN} +0200\nSubject: three\nX-Mozilla-Status: 1001\n\nlast"
    );
    put(&path, &mbox);
    assert_eq!(Kind::of(&path).unwrap(), Kind::Mbox);
    let mails = found(&path);
    let texts: Vec<String> = mails.iter().map(text).collect();
    assert_eq!(
        texts,
        [
            "Subject: one\nStatus: RO\nX-Status: AF\n\nHello\nFrom me\n>From you\nFrom now on\n",
            "Subject: two\n\n",
            "Subject: three\nX-Mozilla-Status: 1001\n\nlast",
        ]
    );
    assert!(mails[0].flags.seen && mails[0].flags.answered && mails[0].flags.flagged);
    assert!(!mails[1].flags.seen && mails[2].flags.seen && mails[2].flags.forwarded);
    assert_eq!(mails[0].received, Some(FileTime::from_unix(1_577_934_245)));
    assert_eq!(
        mails[2].received,
        Some(FileTime::from_unix(1_577_934_245 - 7200))
    );
    assert!(
        mails
            .iter()
            .all(|m| m.folder.is_empty() && m.source == path)
    );
    let third = usize::try_from(mails[2].offset).unwrap();
    assert!(mbox[third..].starts_with("Subject: three"));
    assert_eq!(total_bytes(&path), mbox.len() as u64);
}

#[test]
fn a_content_length_counts_where_it_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mbox");
    // mboxcl2: nothing is quoted, the length tells.
    let body = format!("text\n\nFrom a {JAN}\nSubject: no mail\n\n>From kept\n");
    let mbox = format!(
        "From a {JAN}\nSubject: one\nContent-Length: {}\n\n{body}\nFrom b {JAN}\nSubject: two\nContent-Length: 9999\n\nx\n",
        body.len()
    );
    put(&path, mbox);
    let mails = found(&path);
    assert_eq!(mails.len(), 2);
    assert!(text(&mails[0]).ends_with(&body));
    assert!(text(&mails[1]).ends_with("\n\nx\n"));
}

#[test]
fn an_mbox_with_cr_lf_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mbox");
    put(
        &path,
        format!("From a {JAN}\r\nA: b\r\n\r\nx\r\n\r\nFrom b {JAN}\r\nC: d\r\n\r\ny\r\n\r\n"),
    );
    let texts: Vec<String> = found(&path).iter().map(text).collect();
    assert_eq!(texts, ["A: b\r\n\r\nx\r\n", "C: d\r\n\r\ny\r\n"]);
}

#[test]
fn a_tree_keeps_its_folder_names() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    put(&root.join("b.eml"), "\u{feff}Subject: b\n\nx");
    put(&root.join("a.txt"), "Subject: a\n\nx");
    put(&root.join("damaged.EML"), "no header\n");
    let kept_line = format!("From a {JAN}\nSubject: f\n\nx\n");
    put(&root.join("from.eml"), kept_line);
    put(
        &root.join("Archive/old.mbox"),
        format!("From a {JAN}\nSubject: c\n\nx\n"),
    );
    put(
        &root.join("Inbox"),
        format!("From a {JAN}\nSubject: d\n\nx\n"),
    );
    put(&root.join("Inbox.msf"), "index");
    put(
        &root.join("Inbox.sbd/Sub"),
        format!("From a {JAN}\nSubject: e\n\nx\n"),
    );
    put(&root.join("Empty"), "");
    put(&root.join("readme.md"), "# not a mail\n");
    put(&root.join("item.msg"), b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
    let (mails, errors): (Vec<_>, Vec<_>) = all(root).into_iter().partition(Result::is_ok);
    let seen: Vec<(String, String)> = mails
        .into_iter()
        .map(|m| m.unwrap())
        .map(|m| {
            (
                m.folder.join("/"),
                text(&m).lines().next().unwrap().to_owned(),
            )
        })
        .collect();
    let pair = |folder: &str, first: &str| (folder.to_owned(), format!("Subject: {first}"));
    assert_eq!(
        seen,
        [
            pair("Archive/old", "c"),
            pair("Inbox", "d"),
            pair("Inbox/Sub", "e"),
            pair("", "a"),
            pair("", "b"),
            (String::new(), "no header".to_owned()),
            pair("", "f"),
        ]
    );
    let errors: Vec<SourceError> = errors.into_iter().map(|e| e.unwrap_err()).collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert_eq!(errors[0].error.code(), ErrorCode::NO_SUPPORT);
    assert!(errors[1].to_string().contains("readme.md: no kind of mail"));
}

#[test]
fn a_maildir_has_flags_and_folders() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let mail = |name: &str| format!("Subject: {name}\n\nx\n");
    // Windows allows no colon in names, so the other separator is used there.
    let colon = if cfg!(windows) { ';' } else { ':' };
    put(
        &root.join(format!("cur/1577934245.M1.h{colon}2,FS")),
        mail("one"),
    );
    put(&root.join("new/1577934246.M1.h"), mail("two"));
    put(&root.join(".Entw&APw-rfe.2020/cur/x"), mail("three"));
    put(&root.join("Nested/cur/y"), mail("four"));
    put(&root.join("cur/.hidden"), "junk");
    put(&root.join("dovecot.index"), "junk");
    for sub in ["tmp", ".Entw&APw-rfe.2020/new", "Nested/new"] {
        fs::create_dir_all(root.join(sub)).unwrap();
    }
    assert_eq!(Kind::of(root).unwrap(), Kind::Maildir);
    let mails = found(root);
    let names: Vec<String> = mails.iter().map(|m| m.folder.join("/")).collect();
    assert_eq!(names, ["", "", "Entwürfe/2020", "Nested"]);
    assert!(mails[0].flags.seen && mails[0].flags.flagged);
    assert_eq!(mails[0].received, Some(FileTime::from_unix(1_577_934_245)));
    assert!(!mails[1].flags.seen);
    assert!(mails[2].received.is_some());
}

#[test]
fn a_stream_is_a_source_too() {
    let mbox = format!("From a {JAN}\nSubject: c\n\nx\n\nFrom a {JAN}\nSubject: c\n\nx\n");
    let mails: Vec<FoundMail> = spool(&mut mbox.as_bytes())
        .unwrap()
        .map(Result::unwrap)
        .collect();
    // Two equal mails are two: they differ in their place.
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].sha256, mails[1].sha256);
    assert_ne!(mails[0].offset, mails[1].offset);
    assert_eq!(mails[0].source, Path::new("-"));
    assert_eq!(text(&mails[1]), "Subject: c\n\nx\n");
    assert_eq!(
        spool(&mut &b"nothing\n"[..]).unwrap_err().code(),
        ErrorCode::CORRUPT_DATA
    );
}

#[test]
fn a_file_that_is_gone_is_an_error_of_its_own() {
    assert_eq!(
        open("no/such/file".as_ref()).unwrap_err().code(),
        ErrorCode::NOT_FOUND
    );
}

#[test]
fn shared_mboxes_have_as_many_mails_as_others_count() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let Ok(table) = fs::read_to_string(root.join("FACTS.tsv")) else {
        eprintln!("no shared mail: not compared");
        return;
    };
    let mut wrong = Vec::new();
    for line in table.lines().filter(|l| l.starts_with("mbox/")) {
        let facts: Vec<&str> = line.split('\t').collect();
        // Python takes "From Russia with love" for the beginning of a mail.
        let count = if facts[0].contains("unmunged") {
            "2"
        } else {
            facts[5]
        };
        let mails = found(&root.join(facts[0]));
        if mails.len().to_string() != count {
            wrong.push(format!(
                "{}: facts {}, found {}",
                facts[0],
                count,
                mails.len()
            ));
        }
        for mail in &mails {
            let _ = common::imported(bytes(mail)).exported();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What Python's mailbox module reads, one line for each mail: its SHA-256.
fn python_reads(path: &Path) -> Option<Vec<String>> {
    const SCRIPT: &str = "import mailbox, hashlib, sys\n\
        box = mailbox.mbox(sys.argv[1])\n\
        for key in box.keys(): print(hashlib.sha256(box.get_bytes(key)).hexdigest())\n";
    let mut python = Command::new("python3")
        .args(["-", path.to_str()?])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    python.stdin.take()?.write_all(SCRIPT.as_bytes()).ok()?;
    let out = python.wait_with_output().ok()?;
    let text = String::from_utf8(out.stdout).ok()?;
    out.status
        .success()
        .then(|| text.lines().map(str::to_owned).collect())
}

#[test]
fn an_mbox_reads_as_python_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mbox");
    let mut mbox = String::new();
    for i in 0..50 {
        let body = "a line\n\nanother\n".repeat(i % 7);
        mbox.push_str(&format!("From a@x {JAN}\nSubject: {i}\n\n{body}\n"));
    }
    put(&path, mbox);
    let Some(theirs) = python_reads(&path) else {
        eprintln!("no python3: not compared");
        return;
    };
    let hex = |m: FoundMail| {
        m.sha256
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<String>()
    };
    let ours: Vec<String> = found(&path).into_iter().map(hex).collect();
    assert_eq!(ours, theirs);
}

proptest! {
    #[test]
    fn what_an_mboxrd_writer_writes_is_read(bodies in proptest::collection::vec("(>{0,2}(From |x: )?[a-c]{0,3}\n){0,6}", 1..6)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mbox");
        let mut mbox = String::new();
        for body in &bodies {
            mbox.push_str(&format!("From a {JAN}\nSubject: x\n\n"));
            for line in body.split_inclusive('\n') {
                let quote = line.trim_start_matches('>').starts_with("From ");
                mbox.push_str(&format!("{}{line}", if quote { ">" } else { "" }));
            }
            mbox.push('\n');
        }
        put(&path, mbox);
        let texts: Vec<String> = found(&path).iter().map(text).collect();
        let want: Vec<String> = bodies.iter().map(|b| format!("Subject: x\n\n{b}")).collect();
        prop_assert_eq!(texts, want);
    }

    #[test]
    fn any_file_is_survived_and_read_in_order(bytes in proptest::collection::vec(
        proptest::sample::select(vec!["From a Thu Jan  2 03:04:05 2020", "\n", "\r\n", "Content-Length: 3", "x", "A: b", ">From "]), 0..40)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mbox");
        let file = format!("From a {JAN}\n{}", bytes.concat());
        put(&path, &file);
        let mut end = 0;
        for mail in found(&path) {
            prop_assert!(mail.offset >= end);
            end = mail.offset + mail.length;
        }
        prop_assert!(end <= file.len() as u64);
    }
}
