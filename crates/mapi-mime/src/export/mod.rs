//! A MAPI message written as an Internet message, from its properties alone. The same message gives the same bytes.

mod content;
pub(crate) mod encode;
mod header;

use std::io::{self, Write};

use mapi_types::{Property, Result, Row, tag};

use crate::fields::View;
use crate::message::{MessageView, find};
use crate::names::NameResolver;
use content::Node;
use header::Kept;

/// What is left out or added.
#[derive(Clone, Copy, Debug)]
pub struct ExportOptions {
    /// Write the Bcc field: yes for an archive, no for a mail that is sent.
    pub bcc: bool,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self { bcc: true }
    }
}

/// Writes `message` to `out`. Lines end with CR LF; everything is ASCII but what stands
/// beside addresses in fields kept as they came.
///
/// Large properties and attachments stream.
///
/// # Errors
/// Those of `message`, `names` and `out`.
pub fn export(
    message: &dyn MessageView,
    names: &dyn NameResolver,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<()> {
    let mut exporter = Exporter {
        names,
        options,
        out,
        seed: 0,
        boundaries: 0,
    };
    exporter.message(message)
}

struct Exporter<'a> {
    names: &'a dyn NameResolver,
    options: &'a ExportOptions,
    out: &'a mut dyn Write,
    /// From the header of the outermost message: delimiters differ between mails.
    seed: u64,
    boundaries: u32,
}

/// What is written first of a message.
struct Head {
    props: Vec<Property>,
    recipients: Vec<Row>,
    kept: Kept,
}

impl Exporter<'_> {
    fn message(&mut self, message: &dyn MessageView) -> Result<()> {
        let props = message.props()?;
        let kept = Kept::of(&props, self.names)?;
        let head = Head {
            recipients: message.recipients()?,
            props,
            kept,
        };
        let view = View {
            props: &head.props,
            recipients: &head.recipients,
        };
        let fields = header::write(&view, &head.kept, self.options);
        if self.seed == 0 {
            self.seed = fnv(fields.as_bytes());
        }
        self.text(&fields)?;
        self.text("MIME-Version: 1.0\r\n")?;
        let class = view.text(tag::PR_MESSAGE_CLASS).unwrap_or_default();
        let attachments = content::attachments(message, self.names)?;
        if let Some(signed) = content::whole(&class, &attachments) {
            return self.verbatim(message, signed);
        }
        let node = content::structure(&head.props, &head.kept, &class, attachments);
        self.node(message, &head, &node)
    }

    /// A signed mail: its one attachment is the whole entity, MIME fields included.
    fn verbatim(&mut self, message: &dyn MessageView, index: usize) -> Result<()> {
        let attachment = message.attachment(index)?;
        io::copy(&mut attachment.open()?, &mut self.out)?;
        Ok(())
    }

    fn node(&mut self, message: &dyn MessageView, head: &Head, node: &Node) -> Result<()> {
        match node {
            Node::Text => self.plain_body(message, head),
            Node::Html => self.html_body(message, head),
            Node::Rtf => self.rtf_body(message),
            Node::Attachment(attachment) => self.attachment(message, attachment),
            Node::Multipart(kind, parts) => {
                let boundary = self.boundary();
                let value = format!("{kind}; boundary=\"{boundary}\"");
                self.text(&encode::field("Content-Type", &value))?;
                self.text("\r\n")?;
                for part in parts {
                    self.text(&format!("--{boundary}\r\n"))?;
                    self.node(message, head, part)?;
                    self.text("\r\n")?;
                }
                self.text(&format!("--{boundary}--\r\n"))
            }
        }
    }

    fn boundary(&mut self) -> String {
        self.boundaries += 1;
        // "=_" occurs neither in base64 nor in quoted-printable, and no body is sent plain with a line that begins so.
        format!("=_{:016x}_{}_", self.seed, self.boundaries)
    }

    fn text(&mut self, text: &str) -> Result<()> {
        Ok(self.out.write_all(text.as_bytes())?)
    }
}

/// The 64-bit FNV-1a hash; never 0.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, step).max(1)
}

/// The text of a property in a list.
fn text_of(props: &[Property], tag: mapi_types::PropTag) -> Option<String> {
    Some(find(props, tag)?.as_str()?.into_owned())
}
