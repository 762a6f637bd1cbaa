//! Bodies and attachments.

use std::io::{self, Read};

use mapi_types::{PropTag, PropValue, Property, Result, UnicodeString, tag};

use super::header::{self, Kept};
use super::{Exporter, Head, encode, text_of};
use crate::decompress_rtf;
use crate::message::{MessageView, find};
use crate::names::NameResolver;
use crate::parse::mime::is_type;
use crate::parse::{charset, text};
use crate::tags::{
    ATT_MHTML_REF, ATTACH_EMBEDDED_MSG, PR_ATTACH_CHARSET, PR_ATTACH_CONTENT_LOCATION,
    PR_ATTACH_DISPOSITION, PR_ATTACH_FLAGS,
};

/// A part of the mail to be written.
pub(super) enum Node {
    Text,
    Html,
    Rtf,
    Attachment(Attachment),
    /// Content-Type without delimiter, and the parts.
    Multipart(String, Vec<Node>),
}

/// An attachment: which one it is, and its properties.
pub(super) struct Attachment {
    index: usize,
    props: Vec<Property>,
    kept: Kept,
}

impl Attachment {
    fn mime_tag(&self) -> String {
        let tag = text_of(&self.props, tag::PR_ATTACH_MIME_TAG).unwrap_or_default();
        tag.trim().to_ascii_lowercase()
    }

    fn is_message(&self) -> bool {
        let method = find(&self.props, tag::PR_ATTACH_METHOD);
        method == Some(&PropValue::Long(ATTACH_EMBEDDED_MSG))
    }

    fn belongs_to_html(&self) -> bool {
        let flags = find(&self.props, PR_ATTACH_FLAGS).and_then(PropValue::as_long);
        flags.is_some_and(|flags| flags & ATT_MHTML_REF != 0)
    }
}

/// The attachments of a message, without their data.
pub(super) fn attachments(
    message: &dyn MessageView,
    names: &dyn NameResolver,
) -> Result<Vec<Attachment>> {
    let read = |index| {
        let props = message.attachment(index)?.props()?;
        let kept = Kept::of(&props, names)?;
        Ok(Attachment { index, props, kept })
    };
    (0..message.attachment_count()?).map(read).collect()
}

/// The attachment that is the whole body of a clear-signed mail.
pub(super) fn whole(class: &str, attachments: &[Attachment]) -> Option<usize> {
    match attachments {
        [only]
            if class.eq_ignore_ascii_case("IPM.Note.SMIME.MultipartSigned")
                && only.mime_tag() == "multipart/signed" =>
        {
            Some(only.index)
        }
        _ => None,
    }
}

/// How bodies and attachments are put together.
pub(super) fn structure(
    props: &[Property],
    kept: &Kept,
    class: &str,
    mut attachments: Vec<Attachment>,
) -> Node {
    // Values too long to be held are there too, as PT_ERROR.
    let has = |tag: PropTag| props.iter().any(|p| p.tag.same_id(tag) && !is_absent(p));
    if attachments.len() == 1 && class.eq_ignore_ascii_case("IPM.Note.SMIME") {
        return Node::Attachment(attachments.remove(0));
    }
    let mut bodies = Vec::new();
    if has(tag::PR_BODY) {
        bodies.push(Node::Text);
    }
    let (related, mixed): (Vec<_>, Vec<_>) = attachments
        .into_iter()
        .partition(|a| a.belongs_to_html() && has(tag::PR_HTML));
    if has(tag::PR_HTML) {
        bodies.push(grouped(
            "multipart/related; type=\"text/html\"",
            Node::Html,
            related,
        ));
    } else if bodies.is_empty() && has(tag::PR_RTF_COMPRESSED) {
        bodies.push(Node::Rtf);
    }
    let own = kept
        .first("content-type")
        .filter(|own| own.starts_with("multipart/"));
    let body = match bodies.len() {
        0 if mixed.is_empty() => Some(Node::Text),
        0 | 1 => bodies.pop(),
        _ => Some(Node::Multipart("multipart/alternative".to_owned(), bodies)),
    };
    let outer = own.unwrap_or(match class {
        "REPORT.IPM.Note.NDR" | "REPORT.IPM.Note.DR" => {
            "multipart/report; report-type=delivery-status"
        }
        _ => "multipart/mixed",
    });
    match body {
        Some(body) => grouped(outer, body, mixed),
        None => Node::Multipart(
            outer.to_owned(),
            mixed.into_iter().map(Node::Attachment).collect(),
        ),
    }
}

fn is_absent(property: &Property) -> bool {
    let too_long = PropValue::Error(mapi_types::ErrorCode::NOT_ENOUGH_MEMORY);
    matches!(property.value, PropValue::Error(_)) && property.value != too_long
}

fn grouped(kind: &str, first: Node, attachments: Vec<Attachment>) -> Node {
    if attachments.is_empty() {
        return first;
    }
    let mut parts = vec![first];
    parts.extend(attachments.into_iter().map(Node::Attachment));
    Node::Multipart(kind.to_owned(), parts)
}

impl Exporter<'_> {
    pub(super) fn plain_body(&mut self, message: &dyn MessageView, head: &Head) -> Result<()> {
        let own = head.kept.first("content-type").unwrap_or_default();
        let params = match own.split_once(';') {
            Some((kind, params)) if kind.trim() == "text/plain" => format!("; {}", params.trim()),
            _ => String::new(),
        };
        match find(&head.props, tag::PR_BODY) {
            Some(value) => {
                let text = text::crlf(&value.as_str().unwrap_or_default());
                let charset = if text.is_ascii() { "us-ascii" } else { "utf-8" };
                self.body_fields(&format!("text/plain; charset={charset}{params}"))?;
                self.short(text.as_bytes())
            }
            None => {
                self.body_fields(&format!("text/plain; charset=utf-8{params}"))?;
                match message.open(tag::PR_BODY) {
                    Ok(data) => self.base64(&mut Utf8Reader::new(data)),
                    // A message without any body.
                    Err(_) if find(&head.props, tag::PR_BODY).is_none() => self.short(b""),
                    Err(error) => Err(error),
                }
            }
        }
    }

    pub(super) fn html_body(&mut self, message: &dyn MessageView, head: &Head) -> Result<()> {
        let page = find(&head.props, tag::PR_INTERNET_CPID).and_then(PropValue::as_long);
        let known = page.and_then(charset::name);
        let held = find(&head.props, tag::PR_HTML);
        let bytes = match held {
            Some(PropValue::Binary(bytes) | PropValue::String8(bytes)) => bytes.clone(),
            Some(text) => text.as_str().unwrap_or_default().into_owned().into_bytes(),
            None => Vec::new(),
        };
        let guess = match std::str::from_utf8(&bytes) {
            Ok(_) => "utf-8",
            Err(_) => "windows-1252",
        };
        let charset = known.unwrap_or(guess);
        self.body_fields(&format!("text/html; charset={charset}"))?;
        if held.is_none() {
            return self.base64(&mut message.open(tag::PR_HTML)?);
        }
        if charset.starts_with("utf-16") {
            return self.base64(&mut bytes.as_slice());
        }
        self.short(&crlf_bytes(&bytes))
    }

    /// The RTF body of a message that has no other, for readers to open; compressed as it is if it is damaged.
    pub(super) fn rtf_body(&mut self, message: &dyn MessageView) -> Result<()> {
        let mut bytes = Vec::new();
        message
            .open(tag::PR_RTF_COMPRESSED)?
            .read_to_end(&mut bytes)?;
        let (kind, name, bytes) = match decompress_rtf(&bytes) {
            Ok(text) => ("application/rtf", "body.rtf", text),
            Err(_) => ("application/octet-stream", "body.rtf.lzfu", bytes),
        };
        self.body_fields(kind)?;
        let disposition = format!("inline{}", encode::param("filename", name));
        self.text(&encode::field("Content-Disposition", &disposition))?;
        self.base64(&mut bytes.as_slice())
    }

    pub(super) fn attachment(
        &mut self,
        message: &dyn MessageView,
        attachment: &Attachment,
    ) -> Result<()> {
        self.attachment_fields(attachment)?;
        let opened = message.attachment(attachment.index)?;
        if attachment.is_message() {
            self.text("\r\n")?;
            return self.message(&*opened.message()?);
        }
        let mut data = opened.open()?;
        if attachment.mime_tag().starts_with("message/") {
            // These must not be encoded (RFC 2046, 5.2).
            self.text("\r\n")?;
            io::copy(&mut data, &mut self.out)?;
            return Ok(());
        }
        self.base64(&mut data)
    }

    fn attachment_fields(&mut self, attachment: &Attachment) -> Result<()> {
        let text = |tag| text_of(&attachment.props, tag).filter(|t| !t.is_empty());
        let name = text(tag::PR_ATTACH_LONG_FILENAME).or_else(|| text(tag::PR_ATTACH_FILENAME));
        let mut kind = attachment.mime_tag();
        if attachment.is_message() {
            "message/rfc822".clone_into(&mut kind);
        } else if !is_type(&kind) || kind.starts_with("multipart/") || kind == "message/rfc822" {
            "application/octet-stream".clone_into(&mut kind);
        }
        let own = attachment.kept.first("content-type").unwrap_or_default();
        if let Some((own_kind, params)) = own.split_once(';')
            && own_kind.trim() == kind
        {
            kind = format!("{kind}; {}", params.trim());
        }
        if let Some(charset) = text(PR_ATTACH_CHARSET) {
            kind.push_str(&encode::param("charset", &charset));
        }
        self.text(&encode::field("Content-Type", &kind))?;
        let disposition =
            text(PR_ATTACH_DISPOSITION).or_else(|| name.is_some().then(|| "attachment".to_owned()));
        if let Some(mut disposition) = disposition {
            if let Some(name) = name {
                disposition.push_str(&encode::param("filename", &name));
            }
            self.text(&encode::field("Content-Disposition", &disposition))?;
        }
        if let Some(id) = text(tag::PR_ATTACH_CONTENT_ID) {
            self.text(&encode::field("Content-ID", &format!("<{id}>")))?;
        }
        if let Some(location) = text(PR_ATTACH_CONTENT_LOCATION) {
            self.text(&encode::field("Content-Location", &location))?;
        }
        let mut fields = String::new();
        for (name, values) in attachment.kept.but(&["content-type"]) {
            header::put(&mut fields, name, values);
        }
        self.text(&fields)
    }

    fn body_fields(&mut self, content_type: &str) -> Result<()> {
        self.text(&encode::field("Content-Type", content_type))
    }

    /// A body that is held, in the encoding that leaves most of it readable.
    fn short(&mut self, bytes: &[u8]) -> Result<()> {
        if encode::is_plain(bytes) {
            self.text("Content-Transfer-Encoding: 7bit\r\n\r\n")?;
            return Ok(self.out.write_all(bytes)?);
        }
        let escaped = bytes.iter().filter(|b| !b.is_ascii()).count();
        if escaped > bytes.len() / 4 {
            return self.base64(&mut &bytes[..]);
        }
        self.text("Content-Transfer-Encoding: quoted-printable\r\n\r\n")?;
        self.text(&encode::quoted_printable(bytes))
    }

    fn base64(&mut self, data: &mut dyn Read) -> Result<()> {
        self.text("Content-Transfer-Encoding: base64\r\n\r\n")?;
        encode::base64_lines(data, self.out)?;
        self.text("\r\n")
    }
}

/// CR LF line ends, of bytes in a character set that has ASCII.
fn crlf_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for (i, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' && (i == 0 || bytes[i - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

/// UTF-16 little-endian read as UTF-8.
struct Utf8Reader<R> {
    input: R,
    raw: Vec<u8>,
    ready: Vec<u8>,
    taken: usize,
}

impl<R: Read> Utf8Reader<R> {
    fn new(input: R) -> Self {
        Self {
            input,
            raw: Vec::new(),
            ready: Vec::new(),
            taken: 0,
        }
    }

    /// Reads more; `false` at the end.
    fn refill(&mut self) -> io::Result<bool> {
        const PIECE: u64 = 32 * 1024;
        let count = (&mut self.input).take(PIECE).read_to_end(&mut self.raw)?;
        let mut units: Vec<u16> = self
            .raw
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        // A pair of surrogates is not torn apart.
        if count > 0 && units.last().is_some_and(|unit| unit & 0xFC00 == 0xD800) {
            units.pop();
        }
        self.raw.drain(..units.len() * 2);
        let text = UnicodeString::from_utf16(&units).into_string();
        self.ready = text.into_bytes();
        self.taken = 0;
        Ok(count > 0)
    }
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.ready.len() {
            if !self.refill()? && self.ready.is_empty() {
                return Ok(0);
            }
        }
        let rest = &self.ready[self.taken..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}
