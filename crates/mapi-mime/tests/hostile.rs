//! Hostile input: no panic, no unbounded memory, no lost text.
#![allow(clippy::unwrap_used)] // helpers of tests fail by panicking

mod common;

use common::imported;
use mapi_mime::{AttachmentData, ImportOptions, MapiMessage, MemoryNames, import};
use mapi_types::{PropValue, tag};
use proptest::prelude::*;

/// Mail-like text: what the parser looks for, in any order.
fn mail() -> impl Strategy<Value = Vec<u8>> {
    let pieces = vec![
        "From: a@x.org\n",
        "To: g: b, c <d@x>;\r\n",
        "Subject: =?utf-8?q?=C3?= =?utf-8?b?pA==?=\n",
        "Content-Type: multipart/mixed; boundary=b\n",
        "Content-Type: multipart/alternative; boundary=\"c\"\n",
        "Content-Type: message/rfc822\n",
        "Content-Type: text/html; charset=utf-7\n",
        "Content-Type: ;;=\n",
        "Content-Type: multipart/signed; boundary=b\n",
        "Content-Transfer-Encoding: base64\n",
        "Content-Transfer-Encoding: quoted-printable\n",
        "Content-Transfer-Encoding: x-uuencode\n",
        "Content-Disposition: attachment; filename*0*=utf-8''%C3; filename*1*=%A4\n",
        "Date: 1 Jan\n",
        "\n",
        "\r\n",
        "\r",
        "--b\n",
        "--b--\n",
        "--c\r\n",
        "--c--",
        "text =3D=\n",
        "aGVsbG8=\n",
        "begin 644 x\n",
        "\u{fc}\u{65e5} ",
        "Thread-Index: AQ==\n",
        "Reply-To: (\n",
        " folded\n",
        "From \n",
        "X-A: =?x?q?y?=\n",
    ];
    let piece = prop_oneof![
        8 => proptest::sample::select(pieces).prop_map(|p| p.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_mail_is_imported_and_its_export_is_stable(mail in mail()) {
        if mail.is_empty() {
            return Ok(());
        }
        let once = imported(&mail).exported();
        let twice = imported(&once).exported();
        let thrice = imported(&twice).exported();
        prop_assert_eq!(String::from_utf8_lossy(&thrice), String::from_utf8_lossy(&twice));
    }

    #[test]
    fn any_bytes_are_survived(mail in proptest::collection::vec(any::<u8>(), 1..400)) {
        let _ = imported(&mail).exported();
    }
}

#[test]
fn deep_nesting_is_cut_and_kept() {
    let mut mail = String::new();
    for i in 0..5_000 {
        mail.push_str(&format!(
            "Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n"
        ));
    }
    mail.push_str("\nthe bottom\n");
    let message = imported(&mail).message;
    let AttachmentData::Bytes(rest) = &message.attachments[0].data else {
        panic!("no bytes");
    };
    assert!(rest.ends_with(b"the bottom"));
    let nested = "Content-Type: message/rfc822\n\n".repeat(5_000);
    let _ = imported(nested).exported();
}

#[test]
fn endless_parts_end_in_one_attachment() {
    let parts = "--b\n\nx\n".repeat(30_000);
    let mail = format!("Content-Type: multipart/mixed; boundary=b\n\n{parts}--b--\n");
    let message = imported(mail).message;
    assert!(message.attachments.len() <= 20_001);
    let AttachmentData::Bytes(rest) = &message.attachments.last().unwrap().data else {
        panic!("no bytes");
    };
    assert!(rest.len() > 50_000);
}

#[test]
fn endless_headers_end_in_the_body() {
    let fields: String = (0..50_000).map(|i| format!("X-{i}: v\n")).collect();
    let imported = imported(format!("Subject: s\n{fields}\nbody"));
    assert!(
        imported
            .text(tag::PR_BODY)
            .contains("X-49999: v\r\n\r\nbody")
    );
}

#[test]
fn a_long_body_streams_in_and_out() {
    let text = "Zeile mit Umlaut: äöü 😀\n".repeat(60_000);
    let mail = format!("Content-Type: text/plain; charset=utf-8\n\n{text}");
    let names = MemoryNames::default();
    let mut message = MapiMessage::default();
    let options = ImportOptions::default();
    import(&mut mail.as_bytes(), &names, &options, &mut message).unwrap();
    let body = message
        .get(tag::PR_BODY)
        .and_then(PropValue::as_str)
        .unwrap();
    assert_eq!(body, text.replace('\n', "\r\n"));
}

#[test]
fn zeros_end_no_text() {
    let mail = "Subject: a\0b\nX-Odd: \0c\nContent-Type: text/plain; name=\"n\0.txt\"\n\nd\0e\n";
    let message = imported(mail.replace("; name=\"n\0.txt\"", "")).message;
    let text = |tag| message.get(tag).and_then(PropValue::as_str).unwrap();
    assert_eq!(
        (&*text(tag::PR_SUBJECT), &*text(tag::PR_BODY)),
        ("ab", "de\r\n")
    );
    let attached = imported(mail).message.attachments;
    assert_eq!(
        attached[0].get(tag::PR_ATTACH_LONG_FILENAME),
        Some(&"n.txt".into())
    );
}
