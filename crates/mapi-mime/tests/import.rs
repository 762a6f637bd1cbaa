//! What import makes of mail: properties, recipients, bodies and attachments.
#![allow(clippy::unwrap_used)] // helpers of tests fail by panicking

mod common;

use common::{Imported, imported};
use mapi_mime::tags::{
    ATT_MHTML_REF, ATTACH_EMBEDDED_MSG, MAPI_BCC, MAPI_CC, PR_ATTACH_CHARSET, PR_ATTACH_FLAGS,
    PR_ATTACHMENT_HIDDEN, PS_INTERNET_HEADERS,
};
use mapi_mime::{AttachmentData, MapiAttachment, MapiMessage, NameResolver};
use mapi_types::{
    EntryId, FileTime, NamedProp, OneOff, PropName, PropTag, PropType, PropValue, tag,
};

fn fixture(name: &str) -> Imported {
    let path = format!("{}/tests/fixtures/{name}.eml", env!("CARGO_MANIFEST_DIR"));
    imported(std::fs::read(path).unwrap())
}

/// The value of a field that is kept by name.
fn kept(mail: &Imported, field: &str) -> Option<PropValue> {
    let name = NamedProp {
        set: PS_INTERNET_HEADERS,
        name: PropName::Name(field.to_owned()),
    };
    let id = mail.names.ids(&[name]).unwrap()[0]?;
    let tag = PropTag::new(id, PropType::UNSPECIFIED);
    mail.message.get(tag).cloned()
}

fn inner(attachment: &MapiAttachment) -> &MapiMessage {
    match &attachment.data {
        AttachmentData::Message(message) => message,
        AttachmentData::Bytes(_) => panic!("no message"),
    }
}

fn bytes(attachment: &MapiAttachment) -> &[u8] {
    match &attachment.data {
        AttachmentData::Bytes(bytes) => bytes,
        AttachmentData::Message(_) => panic!("a message"),
    }
}

fn text(message: &MapiMessage, tag: PropTag) -> String {
    let value = message.get(tag).and_then(PropValue::as_str);
    value.unwrap_or_default().into_owned()
}

#[test]
fn a_header_becomes_properties() {
    let mail = fixture("newsletter");
    for (tag, value) in [
        (tag::PR_MESSAGE_CLASS, "IPM.Note"),
        (tag::PR_SUBJECT, "Re: Grüße aus Köln"),
        (tag::PR_SUBJECT_PREFIX, "Re: "),
        (tag::PR_NORMALIZED_SUBJECT, "Grüße aus Köln"),
        (tag::PR_CONVERSATION_TOPIC, "Grüße aus Köln"),
        (tag::PR_SENT_REPRESENTING_NAME, "Jörg Müller"),
        (tag::PR_SENT_REPRESENTING_EMAIL_ADDRESS, "joerg@example.org"),
        (tag::PR_SENDER_NAME, "Büro"),
        (tag::PR_SENDER_ADDRTYPE, "SMTP"),
        (tag::PR_REPLY_RECIPIENT_NAMES, "Answers"),
        (tag::PR_INTERNET_MESSAGE_ID, "<news.1@example.org>"),
        (tag::PR_IN_REPLY_TO, "<ask.1@example.com>"),
        (
            tag::PR_INTERNET_REFERENCES,
            "<first@example.com> <ask.1@example.com>",
        ),
    ] {
        assert_eq!(mail.text(tag), value, "{tag}");
    }
    let get = |tag| mail.message.get(tag).cloned();
    assert_eq!(get(tag::PR_IMPORTANCE), Some(2.into()));
    assert_eq!(get(tag::PR_SENSITIVITY), Some(2.into()));
    let nine = 1_583_222_400;
    assert_eq!(
        get(tag::PR_CLIENT_SUBMIT_TIME),
        Some(FileTime::from_unix(nine).into())
    );
    assert_eq!(
        get(tag::PR_MESSAGE_DELIVERY_TIME),
        Some(FileTime::from_unix(nine + 5).into())
    );
    let id = EntryId::from(get(tag::PR_SENDER_ENTRYID).unwrap().as_bytes().unwrap());
    assert_eq!(OneOff::parse(&id).unwrap().address, "office@example.org");
    assert_eq!(
        get(tag::PR_SENDER_SEARCH_KEY),
        Some(b"SMTP:OFFICE@EXAMPLE.ORG\0".as_slice().into())
    );
    assert!(
        mail.text(tag::PR_TRANSPORT_MESSAGE_HEADERS)
            .starts_with("Return-Path: <bounce@")
    );
}

#[test]
fn recipients_are_one_offs_and_groups_are_taken_apart() {
    let mail = fixture("newsletter");
    let rows: Vec<(i32, String, String)> = mail
        .message
        .recipients
        .iter()
        .map(|row| {
            let text = |tag| row.get(tag).unwrap().as_str().unwrap().into_owned();
            let kind = row.get(tag::PR_RECIPIENT_TYPE).unwrap().as_long().unwrap();
            (
                kind,
                text(tag::PR_DISPLAY_NAME),
                text(tag::PR_EMAIL_ADDRESS),
            )
        })
        .collect();
    let row = |kind, name: &str, address: &str| (kind, name.to_owned(), address.to_owned());
    assert_eq!(
        rows,
        [
            row(1, "Doe, Jane", "jane@example.com"),
            row(1, "bob@example.com", "bob@example.com"),
            row(MAPI_CC, "İlker", "ilker@example.net"),
            row(MAPI_CC, "ada@example.net", "ada@example.net"),
        ]
    );
    let forward = fixture("forward").message.recipients;
    assert_eq!(forward.len(), 1);
    assert_eq!(
        forward[0].get(tag::PR_RECIPIENT_TYPE),
        Some(&MAPI_BCC.into())
    );
}

#[test]
fn bodies_are_told_from_attachments() {
    let mail = fixture("newsletter");
    let body = mail.text(tag::PR_BODY);
    assert_eq!(
        body,
        "Grüße aus Köln,\r\neine lange Zeile, die mit einem weichen Umbruch weitergeht.\r\n"
    );
    let html = mail.message.get(tag::PR_HTML).unwrap().as_bytes().unwrap();
    assert_eq!(html, b"<p>Gr\xFC\xDFe <img src=\"cid:logo@x\"></p>\n");
    assert_eq!(mail.message.get(tag::PR_INTERNET_CPID), Some(&28591.into()));
    let [logo, report, invite, second] = mail.message.attachments.as_slice() else {
        panic!("{} attachments", mail.message.attachments.len());
    };
    assert_eq!(logo.get(tag::PR_ATTACH_CONTENT_ID), Some(&"logo@x".into()));
    assert_eq!(logo.get(PR_ATTACH_FLAGS), Some(&ATT_MHTML_REF.into()));
    assert_eq!(logo.get(PR_ATTACHMENT_HIDDEN), Some(&true.into()));
    assert_eq!(bytes(logo), (0..200).collect::<Vec<u8>>());
    assert_eq!(
        report.get(tag::PR_ATTACH_LONG_FILENAME),
        Some(&"Bericht März.pdf".into())
    );
    assert_eq!(
        report.get(tag::PR_ATTACH_FILENAME),
        Some(&"BerichtM.pdf".into())
    );
    assert_eq!(report.get(tag::PR_ATTACH_EXTENSION), Some(&".pdf".into()));
    assert_eq!(report.get(PR_ATTACHMENT_HIDDEN), None);
    assert_eq!(
        invite.get(tag::PR_ATTACH_MIME_TAG),
        Some(&"text/calendar".into())
    );
    assert_eq!(invite.get(PR_ATTACH_CHARSET), Some(&"utf-8".into()));
    assert_eq!(bytes(second), b"A second text.");
}

#[test]
fn messages_inside_messages_are_embedded() {
    let mail = fixture("forward");
    let [first, second] = mail.message.attachments.as_slice() else {
        panic!("{} attachments", mail.message.attachments.len());
    };
    assert_eq!(
        first.get(tag::PR_ATTACH_METHOD),
        Some(&ATTACH_EMBEDDED_MSG.into())
    );
    assert_eq!(text(inner(first), tag::PR_SUBJECT), "inner");
    assert_eq!(text(inner(first), tag::PR_BODY), "inner text");
    let deeper = inner(second);
    assert_eq!(
        deeper.get(tag::PR_HTML).unwrap().as_bytes(),
        Some("<b>no charset: ü</b>".as_bytes())
    );
    let deepest = inner(&deeper.attachments[0]);
    assert_eq!(text(deepest, tag::PR_BODY), "bottom\r\n");
    assert!(
        mail.exported_text()
            .contains("Content-Type: multipart/digest")
    );
}

#[test]
fn a_signed_mail_is_kept_whole_and_can_be_read() {
    let mail = fixture("signed");
    assert_eq!(
        mail.text(tag::PR_MESSAGE_CLASS),
        "IPM.Note.SMIME.MultipartSigned"
    );
    assert_eq!(mail.text(tag::PR_BODY), "Dies ist unterschrieben: ü.");
    let original = include_str!("fixtures/signed.eml");
    let entity = &original[original.find("Content-Type").unwrap()..];
    assert_eq!(mail.message.attachments.len(), 1);
    assert_eq!(bytes(&mail.message.attachments[0]), entity.as_bytes());
    assert!(mail.exported_text().ends_with(entity));
    let sealed = fixture("smime");
    assert_eq!(sealed.text(tag::PR_MESSAGE_CLASS), "IPM.Note.SMIME");
    assert!(
        sealed
            .exported_text()
            .contains("smime-type=\"enveloped-data\"")
    );
}

#[test]
fn reports_have_their_class() {
    let mail = fixture("bounce");
    assert_eq!(mail.text(tag::PR_MESSAGE_CLASS), "REPORT.IPM.Note.NDR");
    assert_eq!(mail.message.attachments.len(), 2);
    assert!(
        mail.exported_text()
            .contains("multipart/report; report-type=\"delivery-status\"")
    );
}

#[test]
fn bytes_outside_ascii_are_read_without_a_character_set() {
    let mail = fixture("raw8bit");
    assert_eq!(mail.text(tag::PR_SUBJECT), "Ça va?");
    assert_eq!(mail.text(tag::PR_SENDER_NAME), "Jürgen");
    assert_eq!(mail.text(tag::PR_BODY), "À bientôt\r\n");
    assert_eq!(kept(&mail, "x-note"), Some("déjà vu".into()));
}

#[test]
fn what_no_property_holds_is_kept_by_name() {
    let mail = fixture("newsletter");
    assert_eq!(
        kept(&mail, "list-id"),
        Some("News <news.lists.example.org>".into())
    );
    assert_eq!(kept(&mail, "x-mailer"), Some("Pigeon 1.0 ♥".into()));
    assert_eq!(kept(&mail, "received").unwrap().member_count(), 2);
    // A group is no property; a plain list is.
    assert!(kept(&mail, "cc").is_some());
    for written_back in [
        "from",
        "sender",
        "to",
        "subject",
        "message-id",
        "references",
        "reply-to",
    ] {
        assert_eq!(kept(&mail, written_back), None, "{written_back}");
    }
}

#[test]
fn nothing_readable_of_a_broken_mail_is_lost() {
    let mail = fixture("broken");
    assert_eq!(mail.text(tag::PR_SUBJECT), "first subject");
    assert_eq!(kept(&mail, "subject").unwrap().member_count(), 2);
    assert_eq!(kept(&mail, "date"), Some("some day".into()));
    assert!(kept(&mail, "to").is_some());
    assert!(bytes(&mail.message.attachments[0]).starts_with(b"GIF89a"));
}

#[test]
fn only_a_mail_without_any_byte_is_refused() {
    let names = mapi_mime::MemoryNames::default();
    let mut sink = MapiMessage::default();
    let error =
        mapi_mime::import(&mut &b""[..], &names, &Default::default(), &mut sink).unwrap_err();
    assert_eq!(error.code(), mapi_types::ErrorCode::CORRUPT_DATA);
    assert_eq!(imported("\n").text(tag::PR_BODY), "");
    assert_eq!(imported("just text").text(tag::PR_BODY), "just text");
}

#[test]
fn a_store_without_numbers_left_loses_no_header() {
    /// Has no number for any name.
    struct Full;
    impl NameResolver for Full {
        fn ids(&self, names: &[NamedProp]) -> mapi_types::Result<Vec<Option<u16>>> {
            Ok(vec![None; names.len()])
        }

        fn names(&self, ids: &[u16]) -> mapi_types::Result<Vec<Option<NamedProp>>> {
            Ok(vec![None; ids.len()])
        }
    }
    let mut message = MapiMessage::default();
    let mail = b"Subject: s\nX-Rare: kept\n\nx\n";
    mapi_mime::import(&mut &mail[..], &Full, &Default::default(), &mut message).unwrap();
    assert!(message.props.iter().all(|p| !p.tag.is_named()));
    assert!(text(&message, tag::PR_TRANSPORT_MESSAGE_HEADERS).contains("X-Rare: kept"));
}
