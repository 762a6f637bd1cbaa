//! Attachments.

use mapi_provider::{Access, Message, PropObject, PropProblem, PropStream, StreamMode};
use mapi_types::{PropTag, Property, Result};

use super::message::OpenMessage;
use super::{limit, set_problems, stream, tag_problems, writable};
use crate::engine::Attachment;

/// An open attachment.
pub(super) struct OpenAttachment {
    attachment: Attachment,
    writable: bool,
}

impl OpenAttachment {
    pub(super) fn new(attachment: Attachment, writable: bool) -> Self {
        Self {
            attachment,
            writable,
        }
    }
}

impl PropObject for OpenAttachment {
    fn get_props(&self, tags: &[PropTag], limit_bytes: usize) -> Result<Vec<Property>> {
        self.attachment.props(tags, limit(limit_bytes))
    }

    fn prop_tags(&self) -> Result<Vec<PropTag>> {
        Ok(self.attachment.tags())
    }

    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        Ok(set_problems(&self.attachment.set_props(props), props))
    }

    fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
        Ok(tag_problems(&self.attachment.delete_props(tags), tags))
    }

    fn open_stream(&self, tag: PropTag, mode: StreamMode) -> Result<Box<dyn PropStream>> {
        let opened = self
            .attachment
            .open_stream(tag, mode == StreamMode::Create)?;
        let attachment = self.attachment.clone();
        Ok(stream::over(opened, mode, move |s| {
            attachment.set_stream(tag, s)
        }))
    }

    /// The attachment becomes part of its message, which has to be saved as well.
    fn save(&self, _force: bool) -> Result<()> {
        self.attachment.save()
    }

    fn writable(&self) -> bool {
        self.writable
    }
}

impl mapi_provider::Attachment for OpenAttachment {
    fn open_message(&self, access: Access, create: bool) -> Result<Box<dyn Message>> {
        let writable = writable(self.attachment.store(), access)?;
        let message = self.attachment.open_message(create)?;
        Ok(Box::new(OpenMessage::new(message, writable)))
    }
}
