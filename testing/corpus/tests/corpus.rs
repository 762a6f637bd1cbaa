//! The corpus is what it says, and the same everywhere.
#![allow(clippy::unwrap_used)] // helpers of tests fail by panicking

use corpus::{Corpus, Format, Mail};
use mapi_mime::{ImportOptions, MapiMessage, MemoryNames, import, source};
use mapi_types::{PropValue, tag};
use sha2::{Digest, Sha256};

fn digest(mails: impl Iterator<Item = Mail>) -> String {
    let mut hash = Sha256::new();
    for mail in mails {
        hash.update(&mail.bytes);
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn a_seed_is_the_same_on_every_platform() {
    // Whoever changes the generator changes this number, and every figure measured with it.
    assert_eq!(
        digest(Corpus::new(1).take(1_000)),
        "07ed3856d7b49ae6048d0712cbf1eb711d1280bd6e78ac75da8407f228fc0df2"
    );
    assert_ne!(
        digest(Corpus::new(1).take(3)),
        digest(Corpus::new(2).take(3))
    );
}

#[test]
fn sizes_and_shares_are_as_announced() {
    const COUNT: usize = 4_000;
    let (mut bytes, mut attached, mut answers) = (0, 0, 0);
    let mut senders = std::collections::HashMap::new();
    for mail in Corpus::new(7).take(COUNT) {
        bytes += mail.bytes.len();
        attached += usize::from(mail.attachments > 0);
        answers += usize::from(mail.subject.starts_with("Re: "));
        *senders.entry(mail.from).or_insert(0_usize) += 1;
    }
    let mean = bytes / COUNT;
    assert!((23_000..27_000).contains(&mean), "mean {mean}");
    assert!(
        (760..960).contains(&attached),
        "{attached} with attachments"
    );
    assert!((1_800..2_600).contains(&answers), "{answers} answers");
    let most = senders.values().max().unwrap();
    assert!(
        *most > COUNT / 20 && senders.len() > 200,
        "{most} of {}",
        senders.len()
    );
}

#[test]
fn every_mail_is_imported_as_it_was_meant() {
    for mail in Corpus::new(3).take(500) {
        let names = MemoryNames::default();
        let mut message = MapiMessage::default();
        let options = ImportOptions::default();
        import(&mut mail.bytes.as_slice(), &names, &options, &mut message).unwrap();
        let text = |tag| {
            message
                .get(tag)
                .and_then(PropValue::as_str)
                .unwrap_or_default()
        };
        assert_eq!(text(tag::PR_SUBJECT), mail.subject);
        assert_eq!(text(tag::PR_SENDER_EMAIL_ADDRESS), mail.from);
        assert_eq!(message.attachments.len(), mail.attachments as usize);
        assert_eq!(message.recipients.len(), mail.recipients as usize);
        let sent = message
            .get(tag::PR_CLIENT_SUBMIT_TIME)
            .and_then(PropValue::as_time);
        assert_eq!(sent.map(mapi_types::FileTime::to_unix), Some(mail.sent));
        assert!(!text(tag::PR_BODY).contains('\u{FFFD}'), "{}", mail.number);
        assert!(text(tag::PR_BODY).len() > 200);
    }
}

#[test]
fn all_formats_hold_the_same_mails() {
    const COUNT: u64 = 60;
    let dir = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    for (format, name) in [
        (Format::Eml, "eml"),
        (Format::Mbox, "mbox"),
        (Format::Maildir, "maildir"),
    ] {
        let path = dir.path().join(name);
        corpus::write(5, COUNT, format, &path).unwrap();
        assert!(
            corpus::write(5, COUNT, format, &path).is_err(),
            "overwritten"
        );
        let mut subjects: Vec<String> = source::open(&path)
            .unwrap()
            .map(|mail| {
                let names = MemoryNames::default();
                let mut message = MapiMessage::default();
                let mut reader = mail.unwrap().reader().unwrap();
                import(&mut reader, &names, &ImportOptions::default(), &mut message).unwrap();
                message
                    .get(tag::PR_INTERNET_MESSAGE_ID)
                    .unwrap()
                    .as_str()
                    .unwrap()
                    .into_owned()
            })
            .collect();
        subjects.sort();
        assert_eq!(subjects.len(), 60);
        seen.push(subjects);
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
}
