//! Messages.

use mapi_provider::{
    Access, Attachment, PropObject, PropProblem, PropStream, ReadFlags, RecipientChange,
    StreamMode, TableSource,
};
use mapi_types::{PropTag, Property, Result, Row};

use super::attachment::OpenAttachment;
use super::table::Table;
use super::{limit, set_problems, stream, tag_problems, writable};
use crate::engine::{self, Durability, Message};

/// An open message.
pub(super) struct OpenMessage {
    message: Message,
    writable: bool,
}

impl OpenMessage {
    pub(super) fn new(message: Message, writable: bool) -> Self {
        Self { message, writable }
    }
}

/// The flags as the engine has them.
pub(super) fn read_flags(flags: ReadFlags) -> engine::ReadFlags {
    engine::ReadFlags {
        unread: flags.unread,
        suppress_receipt: flags.suppress_receipt,
        receipt_only: flags.receipt_only,
        clear_read_pending: flags.clear_read_pending,
        clear_unread_pending: flags.clear_unread_pending,
    }
}

impl PropObject for OpenMessage {
    fn get_props(&self, tags: &[PropTag], limit_bytes: usize) -> Result<Vec<Property>> {
        self.message.props(tags, limit(limit_bytes))
    }

    fn prop_tags(&self) -> Result<Vec<PropTag>> {
        Ok(self.message.tags())
    }

    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        Ok(set_problems(&self.message.set_props(props), props))
    }

    fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
        Ok(tag_problems(&self.message.delete_props(tags), tags))
    }

    fn open_stream(&self, tag: PropTag, mode: StreamMode) -> Result<Box<dyn PropStream>> {
        let opened = self.message.open_stream(tag, mode == StreamMode::Create)?;
        let message = self.message.clone();
        Ok(stream::over(opened, mode, move |s| {
            message.set_stream(tag, s)
        }))
    }

    fn save(&self, force: bool) -> Result<()> {
        self.message.save(force, Durability::Now)
    }

    fn save_deferred(&self, force: bool) -> Result<()> {
        self.message.save(force, Durability::Deferred)
    }

    fn writable(&self) -> bool {
        self.writable
    }
}

impl mapi_provider::Message for OpenMessage {
    fn recipients(&self) -> Result<Box<dyn TableSource>> {
        Ok(Box::new(Table(self.message.recipient_table())))
    }

    fn modify_recipients(&self, change: RecipientChange, rows: &[Row]) -> Result<()> {
        let change = match change {
            RecipientChange::Replace => engine::RecipientChange::Replace,
            RecipientChange::Add => engine::RecipientChange::Add,
            RecipientChange::Modify => engine::RecipientChange::Modify,
            RecipientChange::Remove => engine::RecipientChange::Remove,
        };
        self.message.modify_recipients(change, rows)
    }

    fn attachments(&self) -> Result<Box<dyn TableSource>> {
        Ok(Box::new(Table(self.message.attachment_table())))
    }

    fn open_attachment(&self, number: u32, access: Access) -> Result<Box<dyn Attachment>> {
        let writable = writable(self.message.store(), access)?;
        let attachment = self.message.open_attachment(number)?;
        Ok(Box::new(OpenAttachment::new(attachment, writable)))
    }

    fn create_attachment(&self) -> Result<(u32, Box<dyn Attachment>)> {
        let attachment = self.message.create_attachment()?;
        Ok((
            attachment.num(),
            Box::new(OpenAttachment::new(attachment, true)),
        ))
    }

    fn delete_attachment(&self, number: u32) -> Result<()> {
        self.message.delete_attachment(number)
    }

    fn set_read(&self, flags: ReadFlags) -> Result<()> {
        self.message.set_read(read_flags(flags))
    }

    fn submit(&self) -> Result<()> {
        self.message.submit()
    }
}
