//! The attachments of a message that is being edited.

use mapi_types::{ErrorCode, PropType, Property, Result};

use super::computed;
use super::data::{AttachData, AttachEntry, Attachments};
use super::{Message, State, all_props};
use crate::engine::attachment::Attachment;
use crate::engine::sql::{gone, refused};

impl Message {
    /// The attachments as they are saved in the message: one property list each, in order of PR_ATTACH_NUM. Large
    /// values are left out.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn attachments(&self) -> Result<Vec<Vec<Property>>> {
        let entries = self.entries()?;
        entries
            .iter()
            .map(|entry| {
                let data = self.entry_data(entry)?;
                let mut props = all_props(&data.props, &self.store)?;
                props.extend(computed::ATTACHMENT.iter().filter_map(|t| {
                    computed::attachment_computed(
                        entry,
                        entry.size,
                        t.with_type(PropType::UNSPECIFIED),
                    )
                }));
                Ok(props)
            })
            .collect()
    }

    fn entries(&self) -> Result<Vec<AttachEntry>> {
        let mut state = self.lock();
        if matches!(state.body.attachments, Attachments::Unread) {
            self.store
                .read(|conn| state.body.know_attachments(conn).map(|_| ()))?;
        }
        match &state.body.attachments {
            Attachments::Known(entries) => Ok(entries.clone()),
            Attachments::Unread => Ok(Vec::new()),
        }
    }

    fn entry_data(&self, entry: &AttachEntry) -> Result<AttachData> {
        match (&entry.data, entry.row) {
            (Some(data), _) => Ok(data.clone()),
            (None, Some(row)) => self.store.read(|conn| AttachData::load(conn, row)),
            (None, None) => Err(gone("attachment")),
        }
    }

    /// A new attachment; it becomes part of the message when it is saved.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn create_attachment(&self) -> Result<Attachment> {
        self.entries()?;
        let mut state = self.lock();
        let num = state.next_num();
        Ok(Attachment::new(self.clone(), num))
    }

    /// Opens an attachment by PR_ATTACH_NUM.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn open_attachment(&self, num: u32) -> Result<Attachment> {
        let entries = self.entries()?;
        let entry = entries
            .iter()
            .find(|e| e.num == num)
            .ok_or_else(|| refused(ErrorCode::NOT_FOUND, "the message has no such attachment"))?;
        let data = self.entry_data(entry)?;
        Ok(Attachment::opened(self.clone(), entry, data))
    }

    /// Takes an attachment out of the message.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn delete_attachment(&self, num: u32) -> Result<()> {
        self.entries()?;
        let mut state = self.lock();
        let Attachments::Known(entries) = &mut state.body.attachments else {
            return Err(gone("attachment"));
        };
        let at = entries
            .iter()
            .position(|e| e.num == num)
            .ok_or_else(|| refused(ErrorCode::NOT_FOUND, "the message has no such attachment"))?;
        entries.remove(at);
        state.dirty = true;
        Ok(())
    }

    /// What an attachment does when it is saved.
    pub(crate) fn put_attachment(&self, mut entry: AttachEntry) -> Result<()> {
        self.entries()?;
        let mut state = self.lock();
        state.dirty = true;
        let Attachments::Known(entries) = &mut state.body.attachments else {
            return Err(gone("message"));
        };
        match entries.iter().position(|e| e.num == entry.num) {
            Some(at) => {
                // It has got a row if the message was saved since this attachment object was made.
                entry.row = entry.row.or(entries[at].row);
                entries[at] = entry;
            }
            None => {
                entries.push(entry);
                entries.sort_by_key(|e| e.num);
            }
        }
        Ok(())
    }
}

impl State {
    fn next_num(&mut self) -> u32 {
        // Numbers of attachments that were made and not saved yet stay taken.
        let Attachments::Known(entries) = &self.body.attachments else {
            return 0;
        };
        let after = entries.iter().map(|e| e.num + 1).max().unwrap_or(0);
        let num = after.max(self.body.next_attachment);
        self.body.next_attachment = num + 1;
        num
    }
}
