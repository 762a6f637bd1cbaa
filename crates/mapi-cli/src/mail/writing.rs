//! Writing a message.

use std::io::{self, Read, Write as _};

use mapi::{Attachment, Message, Props};
use mapi_mime::{Content, MessageSink};
use mapi_types::{Error, ErrorCode, PropTag, Property, Result, Row, tag};

use super::from_io;

/// Puts what comes from a mail into a message that is open. Whoever owns the message saves it.
pub struct WriteMessage<'a>(pub &'a Message);

/// Bytes copied at once.
const PIECE: usize = 64 * 1024;

impl MessageSink for WriteMessage<'_> {
    fn props(&mut self, props: Vec<Property>) -> Result<()> {
        set(self.0, &props)
    }

    fn recipients(&mut self, rows: Vec<Row>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.0.add_recipients(&rows)
    }

    fn stream(&mut self, tag: PropTag, data: &mut dyn Read) -> Result<()> {
        copy(self.0, tag, data)
    }

    fn attachment(&mut self, props: Vec<Property>, content: Content<'_>) -> Result<()> {
        let attachment: Attachment = self.0.create_attachment()?;
        set(&attachment, &props)?;
        match content {
            Content::Data(data) => copy(&attachment, tag::PR_ATTACH_DATA_BIN, data)?,
            Content::Message(embedded) => {
                let inner = attachment.embedded_message(true)?;
                embedded.deliver(&mut WriteMessage(&inner))?;
                inner.save()?;
            }
        }
        attachment.save()
    }
}

/// Sets properties; what the store computes itself may be refused.
fn set(object: &impl Props, props: &[Property]) -> Result<()> {
    if props.is_empty() {
        return Ok(());
    }
    let problems = object.prop().set_props(props)?;
    let real = |p: &&mapi::PropProblem| p.code != ErrorCode::COMPUTED;
    match problems.iter().find(real) {
        None => Ok(()),
        Some(problem) => {
            Err(Error::provider(problem.code).context(format!("property {}", problem.tag)))
        }
    }
}

/// Writes a property piece by piece: nothing large is ever held.
fn copy(object: &impl Props, tag: PropTag, data: &mut dyn Read) -> Result<()> {
    let mut piece = vec![0; PIECE];
    let mut filled = fill(data, &mut piece)?;
    let mut stream = object.open(tag, true)?;
    while filled > 0 {
        stream.write_all(&piece[..filled]).map_err(from_io)?;
        filled = fill(data, &mut piece)?;
    }
    stream.commit()
}

fn fill(data: &mut dyn Read, piece: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while filled < piece.len() {
        match data.read(&mut piece[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(from_io(e)),
        }
    }
    Ok(filled)
}
