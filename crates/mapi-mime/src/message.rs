//! What an imported message is written to, what an exported one is read from, and a message in memory that is both.

use std::io::{Cursor, Read};

use mapi_types::{Error, ErrorCode, PropTag, PropType, PropValue, Property, Result, Row};

use crate::import::Embedded;

/// Where an imported message goes, in the order in which the mail has it; nothing large is held by the caller.
///
/// The calls come in this order: `props` with what the header says, `recipients` once, then bodies (`props` or `stream`)
/// and attachments as they come. A property is given once.
///
/// One call at a time, on the thread that imports.
pub trait MessageSink {
    /// Sets properties (SetProps).
    ///
    /// # Errors
    /// Those of the store; they end the import.
    fn props(&mut self, props: Vec<Property>) -> Result<()>;

    /// Sets all recipients (ModifyRecipients).
    ///
    /// # Errors
    /// Those of the store; they end the import.
    fn recipients(&mut self, rows: Vec<Row>) -> Result<()>;

    /// Writes a large property (OpenProperty with IID_IStream). A PT_UNICODE property comes as UTF-16 little-endian. What is
    /// left unread is skipped.
    ///
    /// # Errors
    /// Those of the store, and those of reading `data`; they end the import.
    fn stream(&mut self, tag: PropTag, data: &mut dyn Read) -> Result<()>;

    /// Adds an attachment (CreateAttach): sets `props`, then takes `content`.
    ///
    /// # Errors
    /// Those of the store, and those of reading `content`; they end the import.
    fn attachment(&mut self, props: Vec<Property>, content: Content<'_>) -> Result<()>;
}

/// What an attachment holds. What is not taken is skipped.
pub enum Content<'a> {
    /// The bytes of PR_ATTACH_DATA_BIN, decoded.
    Data(&'a mut dyn Read),
    /// The message of PR_ATTACH_DATA_OBJ.
    Message(Embedded<'a>),
}

/// A message as it is exported.
///
/// One call at a time; what is opened is closed before the next thing is opened.
pub trait MessageView {
    /// All properties (GetProps). A value too large to hold is PT_ERROR with MAPI_E_NOT_ENOUGH_MEMORY: it is read with
    /// [`MessageView::open`].
    ///
    /// # Errors
    /// Those of the store.
    fn props(&self) -> Result<Vec<Property>>;

    /// All recipients.
    ///
    /// # Errors
    /// Those of the store.
    fn recipients(&self) -> Result<Vec<Row>>;

    /// A property as bytes; a PT_UNICODE property as UTF-16 little-endian.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, and those of the store.
    fn open(&self, tag: PropTag) -> Result<Box<dyn Read + '_>>;

    /// How many attachments there are.
    ///
    /// # Errors
    /// Those of the store.
    fn attachment_count(&self) -> Result<usize>;

    /// One attachment, counted from 0.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, and those of the store.
    fn attachment(&self, index: usize) -> Result<Box<dyn AttachmentView + '_>>;
}

/// An attachment as it is exported.
pub trait AttachmentView {
    /// All properties but the bytes.
    ///
    /// # Errors
    /// Those of the store.
    fn props(&self) -> Result<Vec<Property>>;

    /// The bytes of PR_ATTACH_DATA_BIN; no bytes if there are none.
    ///
    /// # Errors
    /// Those of the store.
    fn open(&self) -> Result<Box<dyn Read + '_>>;

    /// The embedded message of an ATTACH_EMBEDDED_MSG.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if it is no message, and those of the store.
    fn message(&self) -> Result<Box<dyn MessageView + '_>>;
}

/// A message in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MapiMessage {
    /// The properties, named ones with the numbers of the [`NameResolver`](crate::NameResolver) in use.
    pub props: Vec<Property>,
    /// The recipients: PR_RECIPIENT_TYPE, PR_DISPLAY_NAME, PR_ADDRTYPE, PR_EMAIL_ADDRESS, PR_ENTRYID ...
    pub recipients: Vec<Row>,
    /// The attachments.
    pub attachments: Vec<MapiAttachment>,
}

/// An attachment in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct MapiAttachment {
    /// The properties, without the data.
    pub props: Vec<Property>,
    /// The data.
    pub data: AttachmentData,
}

/// The data of an attachment in memory.
#[derive(Clone, Debug, PartialEq)]
pub enum AttachmentData {
    /// PR_ATTACH_DATA_BIN.
    Bytes(Vec<u8>),
    /// PR_ATTACH_DATA_OBJ: an embedded message.
    Message(Box<MapiMessage>),
}

/// The value of a property in a list, by identifier.
pub(crate) fn find(props: &[Property], tag: PropTag) -> Option<&PropValue> {
    let found = props.iter().find(|p| p.tag.same_id(tag))?;
    (found.tag.ptype() != PropType::ERROR).then_some(&found.value)
}

impl MapiMessage {
    /// The value of a property, by identifier.
    #[must_use]
    pub fn get(&self, tag: PropTag) -> Option<&PropValue> {
        find(&self.props, tag)
    }
}

impl MapiAttachment {
    /// The value of a property, by identifier.
    #[must_use]
    pub fn get(&self, tag: PropTag) -> Option<&PropValue> {
        find(&self.props, tag)
    }
}

impl MessageSink for MapiMessage {
    fn props(&mut self, props: Vec<Property>) -> Result<()> {
        self.props.extend(props);
        Ok(())
    }

    fn recipients(&mut self, rows: Vec<Row>) -> Result<()> {
        self.recipients = rows;
        Ok(())
    }

    fn stream(&mut self, tag: PropTag, data: &mut dyn Read) -> Result<()> {
        let mut bytes = Vec::new();
        data.read_to_end(&mut bytes)?;
        let value = if tag.ptype() == PropType::UNICODE {
            let units: Vec<u16> = bytes
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                .collect();
            PropValue::Unicode(mapi_types::UnicodeString::from_utf16(&units))
        } else {
            PropValue::Binary(bytes)
        };
        self.props.push(Property::new(tag, value));
        Ok(())
    }

    fn attachment(&mut self, props: Vec<Property>, content: Content<'_>) -> Result<()> {
        let data = match content {
            Content::Data(data) => {
                let mut bytes = Vec::new();
                data.read_to_end(&mut bytes)?;
                AttachmentData::Bytes(bytes)
            }
            Content::Message(embedded) => {
                let mut message = MapiMessage::default();
                embedded.deliver(&mut message)?;
                AttachmentData::Message(Box::new(message))
            }
        };
        self.attachments.push(MapiAttachment { props, data });
        Ok(())
    }
}

fn not_found() -> Error {
    Error::caller(ErrorCode::NOT_FOUND)
}

impl MessageView for MapiMessage {
    fn props(&self) -> Result<Vec<Property>> {
        Ok(self.props.clone())
    }

    fn recipients(&self) -> Result<Vec<Row>> {
        Ok(self.recipients.clone())
    }

    fn open(&self, tag: PropTag) -> Result<Box<dyn Read + '_>> {
        match self.get(tag).ok_or_else(not_found)? {
            PropValue::Binary(bytes) | PropValue::String8(bytes) => Ok(Box::new(bytes.as_slice())),
            PropValue::Unicode(text) => {
                let bytes = text.to_utf16().into_iter().flat_map(u16::to_le_bytes);
                Ok(Box::new(Cursor::new(bytes.collect::<Vec<u8>>())))
            }
            _ => Err(not_found()),
        }
    }

    fn attachment_count(&self) -> Result<usize> {
        Ok(self.attachments.len())
    }

    fn attachment(&self, index: usize) -> Result<Box<dyn AttachmentView + '_>> {
        let found = self.attachments.get(index).ok_or_else(not_found)?;
        Ok(Box::new(found))
    }
}

impl AttachmentView for &MapiAttachment {
    fn props(&self) -> Result<Vec<Property>> {
        Ok(self.props.clone())
    }

    fn open(&self) -> Result<Box<dyn Read + '_>> {
        match &self.data {
            AttachmentData::Bytes(bytes) => Ok(Box::new(bytes.as_slice())),
            AttachmentData::Message(_) => Ok(Box::new(std::io::empty())),
        }
    }

    fn message(&self) -> Result<Box<dyn MessageView + '_>> {
        match &self.data {
            AttachmentData::Message(message) => Ok(Box::new(ByRef(message))),
            AttachmentData::Bytes(_) => Err(not_found()),
        }
    }
}

/// A borrowed message, so that an embedded one need not be copied.
struct ByRef<'a>(&'a MapiMessage);

impl MessageView for ByRef<'_> {
    fn props(&self) -> Result<Vec<Property>> {
        MessageView::props(self.0)
    }

    fn recipients(&self) -> Result<Vec<Row>> {
        MessageView::recipients(self.0)
    }

    fn open(&self, tag: PropTag) -> Result<Box<dyn Read + '_>> {
        self.0.open(tag)
    }

    fn attachment_count(&self) -> Result<usize> {
        self.0.attachment_count()
    }

    fn attachment(&self, index: usize) -> Result<Box<dyn AttachmentView + '_>> {
        MessageView::attachment(self.0, index)
    }
}
