//! Messages and attachments.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mapi_provider::{
    Access, Attachment, Change, ChangeKind, Message, ObjectKind, PropObject, PropProblem,
    RecipientChange, RowTable, TableSource, select,
};
use mapi_types::{Error, ErrorCode, PropTag, PropValue, Property, Result, Row, tag};

use super::Shared;
use super::disk::{self, AttachmentData, MessageData, MessageRow, Place};
use crate::journal::Alive;

/// Where a message is saved to.
enum Home {
    Folder(Place),
    /// Into the attachment it is embedded in.
    Attachment(Arc<Mutex<AttachmentData>>),
}

pub(super) struct MemoryMessage {
    shared: Arc<Shared>,
    home: Home,
    number: Mutex<Option<u32>>,
    /// The message as it will be when it is saved.
    data: Arc<Mutex<MessageData>>,
    writable: bool,
    alive: Alive,
}

impl MemoryMessage {
    pub(super) fn new(shared: &Arc<Shared>, place: Place, data: MessageData) -> Self {
        Self::with(shared, Home::Folder(place), None, data, true)
    }

    pub(super) fn stored(
        shared: &Arc<Shared>,
        number: u32,
        place: Place,
        data: MessageData,
        writable: bool,
    ) -> Self {
        Self::with(shared, Home::Folder(place), Some(number), data, writable)
    }

    fn with(
        shared: &Arc<Shared>,
        home: Home,
        number: Option<u32>,
        data: MessageData,
        writable: bool,
    ) -> Self {
        Self {
            alive: Alive::new(&shared.journal),
            shared: Arc::clone(shared),
            home,
            number: Mutex::new(number),
            data: Arc::new(Mutex::new(data)),
            writable,
        }
    }

    /// All properties, the computed ones too.
    pub(super) fn props(
        shared: &Shared,
        number: Option<u32>,
        folder: u32,
        data: &MessageData,
    ) -> Vec<Property> {
        let mut props = data.props.clone();
        let mut computed = vec![
            Property::new(tag::PR_HASATTACH, !data.attachments.is_empty()),
            Property::new(tag::PR_OBJECT_TYPE, 5),
            Property::new(tag::PR_MESSAGE_RECIPIENTS, PropValue::Object),
            Property::new(tag::PR_MESSAGE_ATTACHMENTS, PropValue::Object),
        ];
        if let Some(number) = number {
            let (id, parent) = (shared.id(number), shared.id(folder));
            computed.push(Property::new(tag::PR_ENTRYID, id.as_bytes()));
            computed.push(Property::new(tag::PR_RECORD_KEY, id.as_bytes()));
            computed.push(Property::new(tag::PR_INSTANCE_KEY, id.data()));
            computed.push(Property::new(tag::PR_PARENT_ENTRYID, parent.as_bytes()));
        }
        disk::set(&mut props, &computed);
        props
    }

    fn own_props(&self) -> Vec<Property> {
        let folder = match &self.home {
            Home::Folder(place) => place.folder,
            Home::Attachment(_) => 0,
        };
        Self::props(&self.shared, *lock(&self.number), folder, &lock(&self.data))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PropObject for MemoryMessage {
    fn get_props(&self, tags: &[PropTag], limit_bytes: usize) -> Result<Vec<Property>> {
        self.alive.check();
        let props = self.own_props();
        let one = |asked: &PropTag| select(&props, *asked, limit_bytes);
        Ok(tags.iter().map(one).collect())
    }

    fn prop_tags(&self) -> Result<Vec<PropTag>> {
        Ok(self.own_props().iter().map(|p| p.tag).collect())
    }

    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        let computed = [
            tag::PR_ENTRYID,
            tag::PR_RECORD_KEY,
            tag::PR_PARENT_ENTRYID,
            tag::PR_HASATTACH,
        ];
        let mut problems = Vec::new();
        let mut data = lock(&self.data);
        for (index, prop) in (0..).zip(props) {
            if computed.iter().any(|tag| tag.same_id(prop.tag)) {
                problems.push(PropProblem {
                    index,
                    tag: prop.tag,
                    code: ErrorCode::COMPUTED,
                });
            } else {
                disk::set(&mut data.props, std::slice::from_ref(prop));
            }
        }
        Ok(problems)
    }

    fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
        disk::delete(&mut lock(&self.data).props, tags);
        Ok(Vec::new())
    }

    fn save(&self, _force: bool) -> Result<()> {
        let data = lock(&self.data).clone();
        match &self.home {
            Home::Attachment(attachment) => {
                lock(attachment).message = Some(Box::new(data));
                return Ok(());
            }
            Home::Folder(place) => {
                let mut number = lock(&self.number);
                let mut state = self.shared.disk.lock();
                if number.is_some_and(|n| !state.messages.contains_key(&n)) {
                    return Err(ErrorCode::OBJECT_DELETED.into());
                }
                let kind = match *number {
                    Some(_) => ChangeKind::Modified(Vec::new()),
                    None => ChangeKind::Created,
                };
                let to = *number.get_or_insert_with(|| state.number());
                state.messages.insert(
                    to,
                    MessageRow {
                        folder: place.folder,
                        associated: place.associated,
                        data,
                    },
                );
                drop(state);
                self.shared.tell(Change {
                    kind,
                    object: ObjectKind::Message,
                    entry_id: self.shared.id(to),
                    parent: self.shared.id(place.folder),
                });
            }
        }
        Ok(())
    }

    fn writable(&self) -> bool {
        self.writable
    }
}

impl Message for MemoryMessage {
    fn recipients(&self) -> Result<Box<dyn TableSource>> {
        let rows = lock(&self.data).recipients.clone();
        let first = [tag::PR_ROWID, tag::PR_DISPLAY_NAME, tag::PR_RECIPIENT_TYPE];
        Ok(Box::new(RowTable::with_columns(rows, &first)))
    }

    fn modify_recipients(&self, change: RecipientChange, rows: &[Row]) -> Result<()> {
        let mut data = lock(&self.data);
        if change == RecipientChange::Replace {
            data.recipients.clear();
        }
        let row_id = |row: &Row| row.get(tag::PR_ROWID).and_then(PropValue::as_long);
        for row in rows {
            let mut row = row.clone();
            match change {
                RecipientChange::Replace | RecipientChange::Add => {
                    let id = Property::new(tag::PR_ROWID, data.next_recipient);
                    data.next_recipient += 1;
                    disk::set(&mut row.props, &[id]);
                    data.recipients.push(row);
                }
                RecipientChange::Modify | RecipientChange::Remove => {
                    let id = row_id(&row).ok_or(ErrorCode::INVALID_PARAMETER)?;
                    let mut old = data.recipients.iter();
                    let at = old.position(|old| row_id(old) == Some(id));
                    let at = at.ok_or(ErrorCode::NOT_FOUND)?;
                    if change == RecipientChange::Remove {
                        data.recipients.remove(at);
                    } else {
                        data.recipients[at] = row;
                    }
                }
            }
        }
        Ok(())
    }

    fn attachments(&self) -> Result<Box<dyn TableSource>> {
        let data = lock(&self.data);
        let rows = data.attachments.iter().map(|(number, attachment)| {
            let mut props = attachment.props.clone();
            props.retain(|p| !p.tag.same_id(tag::PR_ATTACH_DATA_BIN));
            disk::set(&mut props, &attach_ids(*number));
            Row::from(props)
        });
        let first = [tag::PR_ATTACH_NUM, tag::PR_ATTACH_FILENAME];
        Ok(Box::new(RowTable::with_columns(rows.collect(), &first)))
    }

    fn open_attachment(&self, number: u32, access: Access) -> Result<Box<dyn Attachment>> {
        let found = lock(&self.data).attachments.get(&number).cloned();
        Ok(Box::new(MemoryAttachment {
            alive: Alive::new(&self.shared.journal),
            shared: Arc::clone(&self.shared),
            message: Arc::clone(&self.data),
            number,
            data: Arc::new(Mutex::new(found.ok_or(ErrorCode::NOT_FOUND)?)),
            writable: self.writable && access != Access::ReadOnly,
        }))
    }

    fn create_attachment(&self) -> Result<(u32, Box<dyn Attachment>)> {
        let mut data = lock(&self.data);
        let number = data.next_attachment;
        data.next_attachment += 1;
        let attachment = MemoryAttachment {
            alive: Alive::new(&self.shared.journal),
            shared: Arc::clone(&self.shared),
            message: Arc::clone(&self.data),
            number,
            data: Arc::default(),
            writable: true,
        };
        Ok((number, Box::new(attachment)))
    }

    fn delete_attachment(&self, number: u32) -> Result<()> {
        let removed = lock(&self.data).attachments.remove(&number);
        removed.map(drop).ok_or_else(|| ErrorCode::NOT_FOUND.into())
    }
}

fn attach_ids(number: u32) -> [Property; 2] {
    [
        Property::new(tag::PR_ATTACH_NUM, number.cast_signed()),
        Property::new(tag::PR_INSTANCE_KEY, &number.to_le_bytes()[..]),
    ]
}

struct MemoryAttachment {
    shared: Arc<Shared>,
    message: Arc<Mutex<MessageData>>,
    number: u32,
    data: Arc<Mutex<AttachmentData>>,
    writable: bool,
    alive: Alive,
}

impl MemoryAttachment {
    fn props(&self) -> Vec<Property> {
        let data = lock(&self.data);
        let mut props = data.props.clone();
        if data.message.is_some() {
            props.push(Property::new(tag::PR_ATTACH_DATA_OBJ, PropValue::Object));
        }
        disk::set(&mut props, &attach_ids(self.number));
        props
    }
}

impl PropObject for MemoryAttachment {
    fn get_props(&self, tags: &[PropTag], limit_bytes: usize) -> Result<Vec<Property>> {
        self.alive.check();
        let props = self.props();
        let one = |asked: &PropTag| select(&props, *asked, limit_bytes);
        Ok(tags.iter().map(one).collect())
    }

    fn prop_tags(&self) -> Result<Vec<PropTag>> {
        Ok(self.props().iter().map(|p| p.tag).collect())
    }

    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        disk::set(&mut lock(&self.data).props, props);
        Ok(Vec::new())
    }

    fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
        disk::delete(&mut lock(&self.data).props, tags);
        Ok(Vec::new())
    }

    fn save(&self, _force: bool) -> Result<()> {
        let data = lock(&self.data).clone();
        lock(&self.message).attachments.insert(self.number, data);
        Ok(())
    }

    fn writable(&self) -> bool {
        self.writable
    }
}

impl Attachment for MemoryAttachment {
    fn open_message(&self, access: Access, create: bool) -> Result<Box<dyn Message>> {
        let writable = self.writable && access != Access::ReadOnly;
        let stored = lock(&self.data).message.clone();
        let data = match stored {
            Some(data) => *data,
            None if create && writable => MessageData::default(),
            None => return Err(Error::caller(ErrorCode::NOT_FOUND)),
        };
        let home = Home::Attachment(Arc::clone(&self.data));
        let message = MemoryMessage::with(&self.shared, home, None, data, writable);
        Ok(Box::new(message))
    }
}
