//! Folders.

use std::sync::Arc;

use mapi_provider::{
    Change, ChangeKind, Completion, DeleteFolder, Folder, Message, NewFolder, ObjectKind, Progress,
    PropObject, PropProblem, ReadFlags, RowTable, TableSource, Transfer, select,
};
use mapi_types::{EntryId, Error, ErrorCode, PropTag, Property, Result, Row, tag};

use super::disk::{self, MessageData, Place, State};
use super::message::MemoryMessage;
use super::{INBOX, ROOT, SUBTREE, Shared};
use crate::journal::Alive;

pub(super) struct MemoryFolder {
    shared: Arc<Shared>,
    number: u32,
    writable: bool,
    alive: Alive,
}

impl MemoryFolder {
    pub(super) fn new(shared: &Arc<Shared>, number: u32, writable: bool) -> Self {
        Self {
            alive: Alive::new(&shared.journal),
            shared: Arc::clone(shared),
            number,
            writable,
        }
    }

    fn change(&self, kind: ChangeKind, object: ObjectKind, number: u32) {
        self.shared.tell(Change {
            kind,
            object,
            entry_id: self.shared.id(number),
            parent: self.shared.id(self.number),
        });
    }

    fn transfer_one(&self, number: u32, target: u32, how: Transfer) {
        let mut state = self.shared.disk.lock();
        if how == Transfer::Move {
            if let Some(row) = state.messages.get_mut(&number) {
                row.folder = target;
            }
        } else if let Some(mut row) = state.messages.get(&number).cloned() {
            row.folder = target;
            let copy = state.number();
            state.messages.insert(copy, row);
        }
    }

    /// The messages of this folder among `messages`, and whether those are all.
    fn here(&self, state: &State, messages: &[EntryId]) -> (Vec<u32>, Completion) {
        let here = |number: &u32| {
            let row = state.messages.get(number);
            row.is_some_and(|row| row.folder == self.number)
        };
        let numbers = messages.iter().filter_map(|id| self.shared.number(id).ok());
        let found: Vec<u32> = numbers.filter(here).collect();
        let completion = if found.len() == messages.len() {
            Completion::Full
        } else {
            Completion::Partial
        };
        (found, completion)
    }
}

fn folder_row(shared: &Shared, state: &State, number: u32, depth: i32) -> Vec<Property> {
    let Some(row) = state.folders.get(&number) else {
        return Vec::new();
    };
    let (id, parent) = (shared.id(number), shared.id(row.parent.max(ROOT)));
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let mut props = row.props.clone();
    disk::set(
        &mut props,
        &[
            Property::new(tag::PR_ENTRYID, id.as_bytes()),
            Property::new(tag::PR_RECORD_KEY, id.as_bytes()),
            Property::new(tag::PR_INSTANCE_KEY, id.data()),
            Property::new(tag::PR_PARENT_ENTRYID, parent.as_bytes()),
            Property::new(tag::PR_OBJECT_TYPE, 3),
            Property::new(tag::PR_DEPTH, depth),
            Property::new(tag::PR_SUBFOLDERS, !state.children(number).is_empty()),
            Property::new(
                tag::PR_CONTENT_COUNT,
                count(state.messages_of(number, false).len()),
            ),
        ],
    );
    props
}

fn collect_folders(
    shared: &Shared,
    state: &State,
    parent: u32,
    depth: Option<i32>,
    rows: &mut Vec<Row>,
) {
    for child in state.children(parent) {
        rows.push(folder_row(shared, state, child, depth.unwrap_or(0)).into());
        if let Some(depth) = depth {
            collect_folders(shared, state, child, Some(depth + 1), rows);
        }
    }
}

impl PropObject for MemoryFolder {
    fn get_props(&self, tags: &[PropTag], limit_bytes: usize) -> Result<Vec<Property>> {
        self.alive.check();
        let props = folder_row(&self.shared, &self.shared.disk.lock(), self.number, 0);
        let one = |asked: &PropTag| select(&props, *asked, limit_bytes);
        Ok(tags.iter().map(one).collect())
    }

    fn prop_tags(&self) -> Result<Vec<PropTag>> {
        let props = folder_row(&self.shared, &self.shared.disk.lock(), self.number, 0);
        Ok(props.iter().map(|p| p.tag).collect())
    }

    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        let mut state = self.shared.disk.lock();
        let row = state.folders.get_mut(&self.number);
        disk::set(&mut row.ok_or(ErrorCode::OBJECT_DELETED)?.props, props);
        Ok(Vec::new())
    }

    fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
        let mut state = self.shared.disk.lock();
        let row = state.folders.get_mut(&self.number);
        disk::delete(&mut row.ok_or(ErrorCode::OBJECT_DELETED)?.props, tags);
        Ok(Vec::new())
    }

    fn writable(&self) -> bool {
        self.writable
    }
}

impl Folder for MemoryFolder {
    fn hierarchy(&self, deep: bool) -> Result<Box<dyn TableSource>> {
        let mut rows = Vec::new();
        let state = self.shared.disk.lock();
        let depth = deep.then_some(1);
        collect_folders(&self.shared, &state, self.number, depth, &mut rows);
        let first = [tag::PR_DISPLAY_NAME, tag::PR_ENTRYID, tag::PR_INSTANCE_KEY];
        Ok(Box::new(RowTable::with_columns(rows, &first)))
    }

    fn contents(&self, associated: bool) -> Result<Box<dyn TableSource>> {
        let state = self.shared.disk.lock();
        let numbers = state.messages_of(self.number, associated);
        let rows = numbers.iter().filter_map(|number| {
            let row = state.messages.get(number)?;
            let props = MemoryMessage::props(&self.shared, Some(*number), self.number, &row.data);
            Some(Row::from(props))
        });
        let first = [tag::PR_SUBJECT, tag::PR_ENTRYID, tag::PR_INSTANCE_KEY];
        Ok(Box::new(RowTable::with_columns(rows.collect(), &first)))
    }

    fn create_message(&self, associated: bool) -> Result<Box<dyn Message>> {
        let place = Place {
            folder: self.number,
            associated,
        };
        let message = MemoryMessage::new(&self.shared, place, MessageData::default());
        Ok(Box::new(message))
    }

    fn create_folder(&self, new: &NewFolder<'_>) -> Result<Box<dyn Folder>> {
        if new.search {
            return Err(Error::no_support());
        }
        let mut state = self.shared.disk.lock();
        let number = match state.child(self.number, new.name) {
            Some(number) if new.open_if_exists => number,
            Some(_) => return Err(ErrorCode::COLLISION.into()),
            None => state.add_folder(self.number, new.name),
        };
        drop(state);
        self.change(ChangeKind::Created, ObjectKind::Folder, number);
        Ok(Box::new(Self::new(&self.shared, number, true)))
    }

    fn transfer_messages(
        &self,
        messages: &[EntryId],
        target: &EntryId,
        how: Transfer,
        progress: &dyn Progress,
    ) -> Result<Completion> {
        let target = self.shared.number(target)?;
        let (numbers, completion) = self.here(&self.shared.disk.lock(), messages);
        let total = numbers.len() as u64;
        for (done, number) in (1..).zip(&numbers) {
            self.transfer_one(*number, target, how);
            // Not under the lock: a client's code runs here.
            progress.step(done, total)?;
        }
        Ok(completion)
    }

    fn delete_messages(&self, messages: &[EntryId], progress: &dyn Progress) -> Result<Completion> {
        let (numbers, completion) = self.here(&self.shared.disk.lock(), messages);
        let total = numbers.len() as u64;
        for (done, number) in (1..).zip(numbers) {
            self.shared.disk.lock().messages.remove(&number);
            self.change(ChangeKind::Deleted, ObjectKind::Message, number);
            progress.step(done, total)?;
        }
        Ok(completion)
    }

    fn delete_folder(
        &self,
        folder: &EntryId,
        along: DeleteFolder,
        _progress: &dyn Progress,
    ) -> Result<Completion> {
        let number = self.shared.number(folder)?;
        let mut state = self.shared.disk.lock();
        if [ROOT, SUBTREE, INBOX].contains(&number) {
            return Err(ErrorCode::NO_ACCESS.into());
        }
        let row = state.folders.get(&number);
        if row.is_none_or(|row| row.parent != self.number) {
            return Err(ErrorCode::NOT_FOUND.into());
        }
        if !along.folders && !state.children(number).is_empty() {
            return Err(ErrorCode::HAS_FOLDERS.into());
        }
        if !along.messages && !state.messages_of(number, false).is_empty() {
            return Err(ErrorCode::HAS_MESSAGES.into());
        }
        let mut doomed = vec![number];
        while let Some(number) = doomed.pop() {
            doomed.extend(state.children(number));
            state.folders.remove(&number);
            state.messages.retain(|_, row| row.folder != number);
        }
        drop(state);
        self.change(ChangeKind::Deleted, ObjectKind::Folder, number);
        Ok(Completion::Full)
    }

    fn set_read(
        &self,
        messages: Option<&[EntryId]>,
        flags: ReadFlags,
        _progress: &dyn Progress,
    ) -> Result<Completion> {
        const MSGFLAG_READ: i32 = 1;
        let mut state = self.shared.disk.lock();
        let (numbers, completion) = match messages {
            Some(messages) => self.here(&state, messages),
            None => (state.messages_of(self.number, false), Completion::Full),
        };
        for number in numbers {
            if let Some(row) = state.messages.get_mut(&number) {
                let old = select(&row.data.props, tag::PR_MESSAGE_FLAGS, usize::MAX);
                let old = old.value.as_long().unwrap_or(0);
                let new = if flags.unread {
                    old & !MSGFLAG_READ
                } else {
                    old | MSGFLAG_READ
                };
                let new = Property::new(tag::PR_MESSAGE_FLAGS, new);
                disk::set(&mut row.data.props, &[new]);
            }
        }
        Ok(completion)
    }
}
