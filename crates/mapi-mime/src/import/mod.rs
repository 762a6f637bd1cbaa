//! An Internet message read into a MAPI message, in one pass and in bounded memory.

mod attachment;
mod body;
mod headers;

use std::io::{Cursor, Read};

use mapi_types::{Error, ErrorCode, FileTime, Property, Result, tag};

use crate::message::{Content, MessageSink};
use crate::names::NameResolver;
use crate::parse::header::Header;
use crate::parse::lines::Lines;
use crate::parse::mime::Mime;
use crate::parse::part::PartReader;
use crate::parse::transfer::Decoder;
use crate::tags::{ATTACH_BY_VALUE, ATTACH_EMBEDDED_MSG};
use body::{Bodies, BodyOnly, Place};

/// Multiparts and messages deeper than this are attachments as they are.
const DEPTH: usize = 60;
/// What follows after this many parts is one attachment.
const PARTS: usize = 20_000;
/// Text before the first part of a multipart, which is the body if no part comes.
const PREAMBLE_BYTES: usize = 1024 * 1024;
/// So much of a signed mail is searched for its body.
const SIGNED_BYTES: usize = 4 * 1024 * 1024;

/// What the mail itself does not say.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportOptions {
    /// PR_MESSAGE_DELIVERY_TIME where the mail has no Received field: from an mbox's `From ` line, a file's date.
    pub received: Option<FileTime>,
}

/// Reads one mail and hands it to `sink` as it comes. Malformed mail is read as far as anything in it is readable.
///
/// Holds some hundred kilobytes at most, whatever the size of the mail; header fields (up to 4 MB) and, of signed mail,
/// the first 4 MB come on top.
///
/// # Errors
/// MAPI_E_CORRUPT_DATA if there is nothing at all; those of reading `input`, of `names` and of `sink`.
pub fn import(
    input: &mut dyn Read,
    names: &dyn NameResolver,
    options: &ImportOptions,
    sink: &mut dyn MessageSink,
) -> Result<()> {
    let mut importer = Importer::new(input, names, 0);
    importer.message(sink, options.received, true)
}

/// A message inside a message, not read yet.
pub struct Embedded<'a>(Box<Delivery<'a>>);

type Delivery<'a> = dyn FnOnce(&mut dyn MessageSink) -> Result<()> + 'a;

impl std::fmt::Debug for Embedded<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Embedded")
    }
}

impl Embedded<'_> {
    /// Reads the embedded message and hands it to `sink`, as [`import`] does.
    ///
    /// # Errors
    /// As [`import`].
    pub fn deliver(self, sink: &mut dyn MessageSink) -> Result<()> {
        (self.0)(sink)
    }
}

struct Importer<'r> {
    lines: Lines<'r>,
    names: &'r dyn NameResolver,
    depth: usize,
    parts: usize,
}

impl<'r> Importer<'r> {
    fn new(input: &'r mut dyn Read, names: &'r dyn NameResolver, depth: usize) -> Self {
        Self {
            lines: Lines::new(input),
            names,
            depth,
            parts: 0,
        }
    }

    fn message(
        &mut self,
        sink: &mut dyn MessageSink,
        received: Option<FileTime>,
        outermost: bool,
    ) -> Result<()> {
        if outermost && self.lines.is_empty()? {
            let error = Error::caller(ErrorCode::CORRUPT_DATA);
            return Err(error.context("the message has no bytes at all"));
        }
        let header = Header::read(&mut self.lines)?;
        let mut part = Part::new(header, Place::default());
        let class = message_class(&part.mime);
        let whole = class == SIGNED;
        let (header, mime) = (&part.header, &part.mime);
        let head = headers::read(header, mime, class, received, whole, self.names)?;
        sink.props(head.props)?;
        sink.recipients(head.recipients)?;
        let mut bodies = Bodies::default();
        if whole {
            self.signed(&part, sink, &mut bodies)?;
        } else {
            // The other fields belong to the message, also where its body is an attachment.
            part.header
                .fields
                .retain(|f| attachment::OWN.contains(&f.name.as_str()));
            self.entity(&part, sink, &mut bodies)?;
        }
        bodies.finish(sink)
    }

    /// Reads the body of a message or a part.
    fn entity(
        &mut self,
        part: &Part,
        sink: &mut dyn MessageSink,
        bodies: &mut Bodies,
    ) -> Result<()> {
        let kind = part.mime.content_type.value.as_str();
        let shallow = self.depth < DEPTH;
        self.depth += 1;
        let done = if kind.starts_with("multipart/") && shallow {
            match part.mime.content_type.param("boundary") {
                Some(boundary) => self.multipart(boundary, part, sink, bodies),
                None => self.partless(part, Vec::new(), true, sink, bodies),
            }
        } else if matches!(kind, "message/rfc822" | "message/global" | "message/news") && shallow {
            bodies.attachments = true;
            self.embedded(part, sink)
        } else {
            self.leaf(part, sink, bodies)
        };
        self.depth -= 1;
        done
    }

    fn multipart(
        &mut self,
        boundary: &str,
        part: &Part,
        sink: &mut dyn MessageSink,
        bodies: &mut Bodies,
    ) -> Result<()> {
        let level = self.lines.enter(boundary);
        let preamble = self.preamble()?;
        let met = self.lines.met().filter(|met| met.level == level);
        if met.is_none_or(|met| met.closing) {
            // There is no part: what was taken for the preamble is the text, and what follows a closing delimiter none.
            if met.is_some() {
                self.lines.pass_delimiter();
            }
            self.lines.leave(level);
            return self.partless(part, preamble, met.is_none(), sink, bodies);
        }
        let place = part.place.inside(&part.mime.content_type.value, bodies);
        while let Some(met) = self.lines.met().filter(|met| met.level == level) {
            self.lines.pass_delimiter();
            if met.closing {
                break;
            }
            if self.parts >= PARTS {
                self.lines.leave(level);
                return self.rest(place, sink);
            }
            let header = Header::read(&mut self.lines)?;
            // Two delimiters in a row hold no part between them.
            if header.raw.is_empty() && self.lines.met().is_some_and(|met| met.level == level) {
                continue;
            }
            self.parts += 1;
            self.entity(&Part::new(header, place), sink, bodies)?;
            self.lines.skip_part()?;
        }
        self.lines.leave(level);
        self.lines.skip_part()?;
        Ok(())
    }

    fn preamble(&mut self) -> Result<Vec<u8>> {
        let mut preamble = Vec::new();
        self.lines.begin_part();
        while preamble.len() < PREAMBLE_BYTES && self.lines.part_line(&mut preamble)? {}
        preamble.extend(self.lines.take_line_end());
        Ok(preamble)
    }

    /// A multipart without parts is text, body if there is none yet: what was read of it and, if there is `more`, the
    /// rest.
    fn partless(
        &mut self,
        part: &Part,
        text: Vec<u8>,
        more: bool,
        sink: &mut dyn MessageSink,
        bodies: &mut Bodies,
    ) -> Result<()> {
        let mut part = part.clone();
        "text/plain".clone_into(&mut part.mime.content_type.value);
        let rest = PartReader::new(&mut self.lines, Decoder::Identity);
        let limit = if more { u64::MAX } else { 0 };
        let mut data = Cursor::new(text).chain(rest.take(limit));
        deliver(&part, &mut data, self.names, sink, bodies)?;
        Ok(self.lines.skip_part()?)
    }

    /// All that is left of the mail, as one attachment.
    fn rest(&mut self, place: Place, sink: &mut dyn MessageSink) -> Result<()> {
        let mut part = Part::new(Header::default(), place);
        OCTETS.clone_into(&mut part.mime.content_type.value);
        let props = attachment::props(&part, ATTACH_BY_VALUE, self.names)?;
        let mut data = PartReader::new(&mut self.lines, Decoder::Identity);
        sink.attachment(props, Content::Data(&mut data))?;
        Ok(self.lines.skip_part()?)
    }

    fn leaf(&mut self, part: &Part, sink: &mut dyn MessageSink, bodies: &mut Bodies) -> Result<()> {
        let decoder = Decoder::named(&part.mime.encoding);
        let mut data = PartReader::new(&mut self.lines, decoder);
        deliver(part, &mut data, self.names, sink, bodies)?;
        Ok(self.lines.skip_part()?)
    }

    fn embedded(&mut self, part: &Part, sink: &mut dyn MessageSink) -> Result<()> {
        let props = attachment::props(part, ATTACH_EMBEDDED_MSG, self.names)?;
        let decoder = Decoder::named(&part.mime.encoding);
        let (names, depth) = (self.names, self.depth);
        if decoder.is_identity() {
            let inner = Embedded(Box::new(|sink| self.message(sink, None, false)));
            sink.attachment(props, Content::Message(inner))?;
        } else {
            // Not allowed by RFC 2046, and found in real mail all the same.
            let mut data = PartReader::new(&mut self.lines, decoder);
            let inner = Embedded(Box::new(move |sink| {
                Importer::new(&mut data, names, depth).message(sink, None, false)
            }));
            sink.attachment(props, Content::Message(inner))?;
        }
        Ok(self.lines.skip_part()?)
    }

    /// A clear-signed mail: the whole entity is one attachment, so that the signature stays valid (MS-OXOSMIME 2.1.3.1); its
    /// text is given as body besides, to be read and searched.
    fn signed(
        &mut self,
        part: &Part,
        sink: &mut dyn MessageSink,
        bodies: &mut Bodies,
    ) -> Result<()> {
        let mut start = part.header.raw_mime_fields();
        start.extend_from_slice(if start.ends_with(b"\r\n") {
            b"\r\n"
        } else {
            b"\n"
        });
        let mut outer = Part::new(Header::default(), part.place);
        outer
            .mime
            .content_type
            .value
            .clone_from(&part.mime.content_type.value);
        let props = attachment::props(&outer, ATTACH_BY_VALUE, self.names)?;
        let rest = PartReader::new(&mut self.lines, Decoder::Identity);
        let mut copied = Copied {
            input: Cursor::new(start).chain(rest),
            copy: Vec::new(),
        };
        sink.attachment(props, Content::Data(&mut copied))?;
        let copy = copied.copy;
        self.lines.skip_part()?;
        let mut input = copy.as_slice();
        let mut inner = Importer::new(&mut input, self.names, self.depth);
        let header = Header::read(&mut inner.lines)?;
        let part = Part::new(header, Place::default());
        inner.entity(&part, &mut BodyOnly(sink), bodies)
    }
}

/// A message or a part of one, its header read and its body not.
#[derive(Clone, Debug)]
struct Part {
    header: Header,
    mime: Mime,
    place: Place,
}

impl Part {
    fn new(header: Header, place: Place) -> Self {
        let mime = Mime::of(&header, place.default_type());
        Self {
            header,
            mime,
            place,
        }
    }
}

/// Hands over a part that is no container: as body, or as attachment.
fn deliver(
    part: &Part,
    data: &mut dyn Read,
    names: &dyn NameResolver,
    sink: &mut dyn MessageSink,
    bodies: &mut Bodies,
) -> Result<()> {
    if bodies.takes(&part.mime, part.place) {
        body::read(&part.mime, data, sink, bodies)
    } else {
        let props = attachment::props(part, ATTACH_BY_VALUE, names)?;
        sink.attachment(props, Content::Data(data))
    }
}

const OCTETS: &str = "application/octet-stream";
const SIGNED: &str = "IPM.Note.SMIME.MultipartSigned";

/// PR_MESSAGE_CLASS by the type of the mail.
fn message_class(mime: &Mime) -> &'static str {
    let content_type = &mime.content_type;
    match content_type.value.as_str() {
        "multipart/signed" if content_type.param("boundary").is_some() => SIGNED,
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => "IPM.Note.SMIME",
        "multipart/report" => match content_type.param("report-type") {
            Some(kind) if kind.eq_ignore_ascii_case("delivery-status") => "REPORT.IPM.Note.NDR",
            Some(kind) if kind.eq_ignore_ascii_case("disposition-notification") => {
                "REPORT.IPM.Note.IPNRN"
            }
            _ => "IPM.Note",
        },
        _ => "IPM.Note",
    }
}

/// A reader that keeps a copy of the first bytes that pass.
struct Copied<R> {
    input: R,
    copy: Vec<u8>,
}

impl<R: Read> Read for Copied<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let count = self.input.read(out)?;
        let room = SIGNED_BYTES.saturating_sub(self.copy.len()).min(count);
        self.copy.extend_from_slice(&out[..room]);
        Ok(count)
    }
}

/// A property list with one property.
fn one(property: Property) -> Vec<Property> {
    vec![property]
}

/// An empty text body, for a mail that has nothing else.
fn no_text() -> Vec<Property> {
    one(Property::new(tag::PR_BODY, ""))
}
