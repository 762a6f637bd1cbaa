//! Folders.

use mapi_provider::{
    Completion, DeleteFolder, Message, NewFolder, Progress, PropObject, PropProblem, PropStream,
    ReadFlags, StreamMode, TableSource, Transfer,
};
use mapi_types::{EntryId, Error, PropTag, Property, Result};

use super::message::{OpenMessage, read_flags};
use super::store::folder_uid;
use super::table::Table;
use super::{limit, set_problems, stream, tag_problems};
use crate::engine::{Done, Folder, ObjectKind, Uid};

/// An open folder.
pub(super) struct OpenFolder {
    folder: Folder,
    writable: bool,
}

impl OpenFolder {
    pub(super) fn new(folder: Folder, writable: bool) -> Self {
        Self { folder, writable }
    }

    /// The messages that identifiers name, and whether all of them name one.
    fn messages(&self, ids: &[EntryId]) -> (Vec<Uid>, Completion) {
        let uids: Vec<Uid> = ids
            .iter()
            .filter_map(|id| match self.folder.store().parse(id) {
                Ok((ObjectKind::Message, uid)) => Some(uid),
                _ => None,
            })
            .collect();
        let all = if uids.len() == ids.len() {
            Completion::Full
        } else {
            Completion::Partial
        };
        (uids, all)
    }

    fn uid(&self, id: &EntryId) -> Result<Uid> {
        folder_uid(self.folder.store(), id)
    }

    fn one_message(&self, id: &EntryId) -> Result<Uid> {
        match self.folder.store().parse(id)? {
            (ObjectKind::Message, uid) => Ok(uid),
            _ => Err(super::store::not_found("message")),
        }
    }
}

fn completion(done: Done, before: Completion) -> Completion {
    match done {
        Done::All => before,
        Done::Partly => Completion::Partial,
    }
}

impl PropObject for OpenFolder {
    fn get_props(&self, tags: &[PropTag], limit_bytes: usize) -> Result<Vec<Property>> {
        self.folder.props(tags, limit(limit_bytes))
    }

    fn prop_tags(&self) -> Result<Vec<PropTag>> {
        self.folder.tags()
    }

    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        Ok(set_problems(&self.folder.set_props(props)?, props))
    }

    fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
        Ok(tag_problems(&self.folder.delete_props(tags)?, tags))
    }

    fn open_stream(&self, tag: PropTag, mode: StreamMode) -> Result<Box<dyn PropStream>> {
        let opened = self.folder.open_stream(tag, mode == StreamMode::Create)?;
        let folder = self.folder.clone();
        Ok(stream::over(opened, mode, move |s| {
            folder.set_stream(tag, s)
        }))
    }

    fn save(&self, _force: bool) -> Result<()> {
        self.folder.store().flush()
    }

    fn writable(&self) -> bool {
        self.writable
    }
}

impl mapi_provider::Folder for OpenFolder {
    fn hierarchy(&self, deep: bool) -> Result<Box<dyn TableSource>> {
        Ok(Box::new(Table(self.folder.hierarchy(deep)?)))
    }

    fn contents(&self, associated: bool) -> Result<Box<dyn TableSource>> {
        Ok(Box::new(Table(self.folder.contents(associated)?)))
    }

    fn create_message(&self, associated: bool) -> Result<Box<dyn Message>> {
        let message = self.folder.create_message(associated);
        Ok(Box::new(OpenMessage::new(message, true)))
    }

    fn create_folder(&self, new: &NewFolder<'_>) -> Result<Box<dyn mapi_provider::Folder>> {
        if new.search {
            return Err(Error::no_support().context("search folders are not built yet"));
        }
        let folder = self
            .folder
            .create_folder(new.name, new.comment, new.open_if_exists)?;
        Ok(Box::new(Self::new(folder, true)))
    }

    fn transfer_messages(
        &self,
        messages: &[EntryId],
        target: &EntryId,
        how: Transfer,
        progress: &dyn Progress,
    ) -> Result<Completion> {
        let (uids, all) = self.messages(messages);
        let target = self.uid(target)?;
        let steps = |done, total| progress.step(done, total);
        let done = match how {
            Transfer::Copy => self.folder.copy_messages(&uids, target, &steps)?,
            Transfer::Move => self.folder.move_messages(&uids, target, &steps)?,
        };
        Ok(completion(done, all))
    }

    fn delete_messages(&self, messages: &[EntryId], progress: &dyn Progress) -> Result<Completion> {
        let (uids, all) = self.messages(messages);
        let done = self
            .folder
            .delete_messages(&uids, &|done, total| progress.step(done, total))?;
        Ok(completion(done, all))
    }

    fn transfer_folder(
        &self,
        folder: &EntryId,
        target: &EntryId,
        how: Transfer,
        new_name: Option<&str>,
        subfolders: bool,
        progress: &dyn Progress,
    ) -> Result<Completion> {
        let (uid, target) = (self.uid(folder)?, self.uid(target)?);
        let steps = |done, total| progress.step(done, total);
        let done = match how {
            Transfer::Copy => self
                .folder
                .copy_folder(uid, target, new_name, subfolders, &steps)?,
            Transfer::Move => {
                self.folder.move_folder(uid, target, new_name)?;
                Done::All
            }
        };
        Ok(completion(done, Completion::Full))
    }

    fn delete_folder(
        &self,
        folder: &EntryId,
        along: DeleteFolder,
        progress: &dyn Progress,
    ) -> Result<Completion> {
        let steps = |done, total| progress.step(done, total);
        let uid = self.uid(folder)?;
        let done = self
            .folder
            .delete_folder(uid, along.messages, along.folders, &steps)?;
        Ok(completion(done, Completion::Full))
    }

    fn empty(&self, associated: bool, progress: &dyn Progress) -> Result<Completion> {
        let done = self
            .folder
            .empty(associated, &|done, total| progress.step(done, total))?;
        Ok(completion(done, Completion::Full))
    }

    fn set_read(
        &self,
        messages: Option<&[EntryId]>,
        flags: ReadFlags,
        progress: &dyn Progress,
    ) -> Result<Completion> {
        let steps = |done, total| progress.step(done, total);
        let (uids, all) = match messages {
            Some(ids) => {
                let (uids, all) = self.messages(ids);
                (Some(uids), all)
            }
            None => (None, Completion::Full),
        };
        let done = self
            .folder
            .set_read_flags(uids.as_deref(), read_flags(flags), &steps)?;
        Ok(completion(done, all))
    }

    fn message_status(&self, message: &EntryId) -> Result<u32> {
        self.folder.message_status(self.one_message(message)?)
    }

    fn set_message_status(&self, message: &EntryId, status: u32, mask: u32) -> Result<u32> {
        let uid = self.one_message(message)?;
        self.folder.set_message_status(uid, status, mask)
    }
}
