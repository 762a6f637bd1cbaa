//! What export writes, and that it follows the properties.

mod common;

use common::{Imported, imported};
use mapi_mime::{ExportOptions, MapiMessage, MemoryNames, export};
use mapi_types::{PropTag, PropValue, Property, Row, tag};

fn set(mail: &mut Imported, tag: PropTag, value: impl Into<PropValue>) {
    mail.message.props.retain(|p| !p.tag.same_id(tag));
    mail.message.props.push(Property::new(tag, value));
}

#[test]
fn a_message_made_by_a_client_becomes_a_mail() {
    let names = MemoryNames::default();
    let message = MapiMessage {
        props: vec![
            Property::new(tag::PR_SUBJECT, "Grüße"),
            Property::new(tag::PR_SENDER_NAME, "Ann"),
            Property::new(tag::PR_SENDER_EMAIL_ADDRESS, "ann@example.org"),
            Property::new(tag::PR_BODY, "one\ntwo\n"),
            Property::new(tag::PR_HTML, b"<p>one</p>".as_slice()),
        ],
        recipients: vec![Row::from(vec![
            Property::new(tag::PR_RECIPIENT_TYPE, 3),
            Property::new(tag::PR_DISPLAY_NAME, "Bob"),
            Property::new(tag::PR_EMAIL_ADDRESS, "bob@example.org"),
        ])],
        attachments: Vec::new(),
    };
    let write = |options| {
        let mut out = Vec::new();
        export(&message, &names, &options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let mail = write(ExportOptions::default());
    assert_eq!(mail, write(ExportOptions::default()), "two exports differ");
    for line in [
        "From: Ann <ann@example.org>\r\n",
        "Bcc: Bob <bob@example.org>\r\n",
        "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n",
        "Content-Type: multipart/alternative; boundary=\"=_",
        "\r\none\r\ntwo\r\n",
        "<p>one</p>",
    ] {
        assert!(mail.contains(line), "{line:?} is not in\n{mail}");
    }
    assert!(!write(ExportOptions { bcc: false }).contains("bob@example.org"));
}

#[test]
fn a_kept_spelling_goes_when_its_property_changes() {
    let mail =
        "From: a@x.org\nTo: team: b@x.org, c@x.org;\nDate: Tue, 3 Mar 2020 09:00:00 +0100\n\nx\n";
    let mut mail = imported(mail);
    let same = mail.exported_text();
    assert!(same.contains("Date: Tue, 3 Mar 2020 09:00:00 +0100\r\n"));
    assert!(same.contains("To: team: b@x.org, c@x.org;\r\n"));
    set(
        &mut mail,
        tag::PR_CLIENT_SUBMIT_TIME,
        mapi_types::FileTime::from_unix(0),
    );
    mail.message.recipients.pop();
    let changed = mail.exported_text();
    assert!(
        changed.contains("Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n"),
        "{changed}"
    );
    assert!(changed.contains("To: b@x.org\r\n"), "{changed}");
}

#[test]
fn an_importance_is_said_once() {
    let mut mail = imported("From: a@x.org\nX-Priority: 1 (Highest)\n\nx\n");
    let same = mail.exported_text();
    assert!(same.contains("X-Priority: 1 (Highest)\r\n") && !same.contains("Importance"));
    set(&mut mail, tag::PR_IMPORTANCE, 0);
    let changed = mail.exported_text();
    assert!(changed.contains("Importance: low\r\n") && !changed.contains("X-Priority"));
}

#[test]
fn no_property_can_add_a_field_or_a_part() {
    let mut mail = imported("From: a@x.org\n\nx\n");
    set(
        &mut mail,
        tag::PR_SUBJECT,
        "x\r\nBcc: evil@x.org\r\n\r\nbody",
    );
    set(&mut mail, tag::PR_INTERNET_MESSAGE_ID, "<a>\r\nX-Evil: 1");
    let changed = mail.exported_text();
    assert!(
        !changed.contains("\r\nBcc") && !changed.contains("\r\nX-Evil"),
        "{changed}"
    );
}

#[test]
fn an_rtf_body_is_decompressed() {
    let mut mail = imported("From: a@x.org\n\nx\n");
    mail.message.props.retain(|p| !p.tag.same_id(tag::PR_BODY));
    let mut stored = b"\0\0\0\0\x07\0\0\0MELA\0\0\0\0".to_vec();
    stored.extend_from_slice(b"{\\rtf1}");
    set(&mut mail, tag::PR_RTF_COMPRESSED, stored);
    let changed = mail.exported_text();
    assert!(
        changed.contains("Content-Type: application/rtf\r\n"),
        "{changed}"
    );
    assert!(changed.contains("e1xydGYxfQ=="), "{changed}");
}
