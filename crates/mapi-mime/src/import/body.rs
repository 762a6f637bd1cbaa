//! Which part is the body, and how it becomes PR_BODY or PR_HTML.

use std::io::{Cursor, Read};

use mapi_types::{PropTag, Property, Result, Row, tag};

use super::{no_text, one};
use crate::message::{Content, MessageSink};
use crate::parse::mime::Mime;
use crate::parse::{charset, text};

/// A body longer than this is streamed.
const HELD_BYTES: u64 = 1024 * 1024;

/// Where in the structure of a mail a part stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// The outermost multipart/alternative around; 0 outside of any.
    alternative: u32,
    /// Inside a multipart/related.
    pub related: bool,
    digest: bool,
}

impl Place {
    /// The place of the parts of a multipart that stands here.
    pub fn inside(self, multipart: &str, bodies: &mut Bodies) -> Self {
        let mut place = self;
        place.digest = multipart == "multipart/digest";
        place.related |= multipart == "multipart/related";
        if multipart == "multipart/alternative" && place.alternative == 0 {
            bodies.alternatives += 1;
            place.alternative = bodies.alternatives;
        }
        place
    }

    /// The type of a part that names none.
    pub fn default_type(self) -> &'static str {
        if self.digest {
            "message/rfc822"
        } else {
            "text/plain"
        }
    }
}

/// The bodies found so far. The first text is the body; another one joins it only as its alternative. Any other text is an
/// attachment, because a MAPI message has one body.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    text: bool,
    html: bool,
    place: Place,
    alternatives: u32,
    code_page: Option<i32>,
    /// There is something beside a body.
    pub attachments: bool,
}

impl Bodies {
    /// Whether the part becomes a body.
    pub fn takes(&mut self, mime: &Mime, place: Place) -> bool {
        let slot = match mime.content_type.value.as_str() {
            "text/plain" => self.text,
            "text/html" => self.html,
            _ => true,
        };
        let first = !self.text && !self.html;
        let joins = place.alternative != 0 && place.alternative == self.place.alternative;
        let taken = !slot && !mime.is_attached() && (first || joins);
        if taken {
            self.place = place;
            if mime.content_type.value == "text/html" {
                self.html = true;
            } else {
                self.text = true;
            }
        } else {
            self.attachments = true;
        }
        taken
    }

    /// Hands over what is known at the end only.
    pub fn finish(self, sink: &mut dyn MessageSink) -> Result<()> {
        if let Some(code_page) = self.code_page {
            sink.props(one(Property::new(tag::PR_INTERNET_CPID, code_page)))?;
        }
        if !self.text && !self.html && !self.attachments {
            sink.props(no_text())?;
        }
        Ok(())
    }
}

/// Reads a part that [`Bodies::takes`].
pub(super) fn read(
    mime: &Mime,
    data: &mut dyn Read,
    sink: &mut dyn MessageSink,
    bodies: &mut Bodies,
) -> Result<()> {
    let mut held = Vec::new();
    (&mut *data).take(HELD_BYTES).read_to_end(&mut held)?;
    let long = u64::try_from(held.len()).is_ok_and(|n| n == HELD_BYTES);
    if mime.content_type.value == "text/html" {
        return html(mime, held, long.then_some(data), sink, bodies);
    }
    if bodies.code_page.is_none() {
        bodies.code_page = mime.charset().and_then(charset::code_page);
    }
    if long {
        let encoding = charset::streamed(mime.charset(), &held);
        let mut text = text::Utf16Reader::new(Cursor::new(held).chain(data), encoding);
        return sink.stream(tag::PR_BODY, &mut text);
    }
    let text = charset::decode(mime.charset(), &held);
    // A zero would end the text for whoever reads it.
    let text = text::crlf(&text).replace('\0', "");
    sink.props(one(Property::new(tag::PR_BODY, text)))
}

/// PR_HTML keeps its bytes; PR_INTERNET_CPID says what they are.
fn html(
    mime: &Mime,
    held: Vec<u8>,
    more: Option<&mut dyn Read>,
    sink: &mut dyn MessageSink,
    bodies: &mut Bodies,
) -> Result<()> {
    const US_ASCII: i32 = 20127;
    const WINDOWS_1252: i32 = 1252;
    let declared = mime.charset().and_then(charset::code_page);
    let usable = declared.filter(|page| *page != US_ASCII || held.is_ascii());
    if let Some(more) = more {
        let utf8 = charset::streamed(None, &held) == encoding_rs::UTF_8;
        let guess = if utf8 { charset::UTF8 } else { WINDOWS_1252 };
        bodies.code_page = Some(usable.unwrap_or(guess));
        return sink.stream(tag::PR_HTML, &mut Cursor::new(held).chain(more));
    }
    let (code_page, bytes) = match usable {
        Some(page) => (page, held),
        None => {
            let text = charset::decode(mime.charset(), &held);
            (charset::UTF8, text.into_bytes())
        }
    };
    bodies.code_page = Some(code_page);
    sink.props(one(Property::new(tag::PR_HTML, bytes)))
}

/// Lets bodies through and leaves out attachments.
pub(super) struct BodyOnly<'a>(pub &'a mut dyn MessageSink);

impl MessageSink for BodyOnly<'_> {
    fn props(&mut self, props: Vec<Property>) -> Result<()> {
        self.0.props(props)
    }

    fn recipients(&mut self, rows: Vec<Row>) -> Result<()> {
        self.0.recipients(rows)
    }

    fn stream(&mut self, tag: PropTag, data: &mut dyn Read) -> Result<()> {
        self.0.stream(tag, data)
    }

    fn attachment(&mut self, _: Vec<Property>, _: Content<'_>) -> Result<()> {
        Ok(())
    }
}
