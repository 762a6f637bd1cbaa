//! Reading a message.

use std::io::Read;

use mapi::{Attachment, Message, Props, Table};
use mapi_mime::{AttachmentView, MessageView};
use mapi_types::{Error, ErrorCode, PropTag, Property, Result, Row, SortOrder, decode_8bit, tag};

/// TBL_ALL_COLUMNS.
const ALL_COLUMNS: u32 = 0x1;

/// A message as `mapi-mime` exports it.
pub struct ReadMessage {
    message: Message,
    attachments: Vec<u32>,
}

impl ReadMessage {
    /// Of an open message.
    ///
    /// # Errors
    /// Those of the attachment table.
    pub fn new(message: Message) -> Result<Self> {
        let table = message.attachments()?.columns(&[tag::PR_ATTACH_NUM])?;
        let mut attachments = Vec::new();
        for row in table.sort(&SortOrder::by(tag::PR_ATTACH_NUM))?.rows() {
            attachments.extend(number(&row?));
        }
        Ok(Self {
            message,
            attachments,
        })
    }
}

fn number(row: &Row) -> Option<u32> {
    let number = row.get(tag::PR_ATTACH_NUM)?.as_long()?;
    Some(number.cast_unsigned())
}

impl MessageView for ReadMessage {
    fn props(&self) -> Result<Vec<Property>> {
        self.message.get_all()
    }

    fn recipients(&self) -> Result<Vec<Row>> {
        all_rows(self.message.recipients()?)
    }

    fn open(&self, tag: PropTag) -> Result<Box<dyn Read + '_>> {
        Ok(Box::new(Props::open(&self.message, tag, false)?))
    }

    fn attachment_count(&self) -> Result<usize> {
        Ok(self.attachments.len())
    }

    fn attachment(&self, index: usize) -> Result<Box<dyn AttachmentView + '_>> {
        let number = self.attachments.get(index).ok_or(ErrorCode::NOT_FOUND)?;
        let attachment = self.message.attachment(*number)?;
        Ok(Box::new(ReadAttachment(attachment)))
    }
}

struct ReadAttachment(Attachment);

impl AttachmentView for ReadAttachment {
    fn props(&self) -> Result<Vec<Property>> {
        let mut props = self.0.get_all()?;
        props.retain(|p| {
            !p.tag.same_id(tag::PR_ATTACH_DATA_BIN) && !p.tag.same_id(tag::PR_ATTACH_DATA_OBJ)
        });
        Ok(props)
    }

    fn open(&self) -> Result<Box<dyn Read + '_>> {
        match Props::open(&self.0, tag::PR_ATTACH_DATA_BIN, false) {
            Ok(stream) => Ok(Box::new(stream)),
            Err(e) if e.code() == ErrorCode::NOT_FOUND => Ok(Box::new(std::io::empty())),
            Err(e) => Err(e),
        }
    }

    fn message(&self) -> Result<Box<dyn MessageView + '_>> {
        let inner = self.0.embedded_message(false)?;
        Ok(Box::new(ReadMessage::new(inner)?))
    }
}

/// All rows of a table, with all columns there are.
fn all_rows(table: Table) -> Result<Vec<Row>> {
    use mapi::MapiTable as _;
    let columns = table.object().query_columns(ALL_COLUMNS)?;
    table.columns(&columns)?.rows().collect()
}

/// The rows of the attachment table, with what lists show, in the order of their numbers.
///
/// # Errors
/// Those of the table.
pub fn attachment_infos(message: &Message) -> Result<Vec<Row>> {
    const COLUMNS: [PropTag; 7] = [
        tag::PR_ATTACH_NUM,
        tag::PR_ATTACH_LONG_FILENAME,
        tag::PR_ATTACH_FILENAME,
        tag::PR_DISPLAY_NAME,
        tag::PR_ATTACH_SIZE,
        tag::PR_ATTACH_MIME_TAG,
        tag::PR_ATTACH_METHOD,
    ];
    let table = message.attachments()?.columns(&COLUMNS)?;
    let table = table.sort(&SortOrder::by(tag::PR_ATTACH_NUM))?;
    table.rows().collect()
}

/// The name of an attachment, as its sender wrote it.
pub fn attachment_name(row: &Row) -> Option<String> {
    let names = [
        tag::PR_ATTACH_LONG_FILENAME,
        tag::PR_ATTACH_FILENAME,
        tag::PR_DISPLAY_NAME,
    ];
    names
        .iter()
        .filter_map(|tag| row.get(*tag)?.as_str().map(|s| s.into_owned()))
        .find(|name| !name.trim().is_empty())
}

/// The body as text: PR_BODY, else what PR_HTML says without its tags. `None` if there is neither.
///
/// # Errors
/// Those of the message.
pub fn body_text(message: &Message) -> Result<Option<String>> {
    if let Some(text) = message.get_text(tag::PR_BODY)?
        && !text.trim().is_empty()
    {
        return Ok(Some(text));
    }
    let html = match message.get_bytes(tag::PR_HTML) {
        Ok(html) => html,
        Err(error) if error.code() == ErrorCode::NO_SUPPORT => None,
        Err(error) => return Err(Error::context(error, "reading the HTML body")),
    };
    Ok(html.map(|html| super::to_text(&decode_8bit(&html))))
}
