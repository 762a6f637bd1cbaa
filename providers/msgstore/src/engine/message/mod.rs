//! Messages: an object that is edited in memory and saved in one transaction.

mod attachments;
pub(crate) mod computed;
pub(crate) mod data;
mod read;
pub(crate) mod recipients;
pub(crate) mod save;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mapi_types::{ErrorCode, FileTime, PropTag, PropValue, Property, Result, Row, tag};
use rusqlite::{OptionalExtension, params};

pub use data::flag;
pub use read::ReadFlags;
pub(crate) use read::set_read_row;
pub use recipients::RecipientChange;

use self::computed::{MESSAGE, message_prop, message_tags};
use self::data::Body;
use super::attachment::Attachment;
use super::changes::{Change, ChangeKind, FolderRef};
use super::props::PropSet;
use super::sql::{Tried, gone, refused};
use super::stream::PropStream;
use super::tx::{Counts, Durability, Tx};
use super::{ObjectKind, Store, Uid};

/// Properties that were refused: index in the list and why.
pub type Problems = Vec<(usize, ErrorCode)>;

/// A message. Clones are the same object; it can be used from any thread.
///
/// Reads show the message with its unsaved changes. Nothing is written before [`Message::save`].
#[derive(Clone)]
pub struct Message {
    store: Store,
    state: Arc<Mutex<State>>,
}

struct State {
    body: Body,
    place: Place,
    dirty: bool,
}

/// What a message is saved into.
#[derive(Clone)]
enum Place {
    Folder(FolderRef),
    Attachment(Attachment),
}

impl Place {
    fn folder(&self) -> Option<FolderRef> {
        match self {
            Self::Folder(folder) => Some(*folder),
            Self::Attachment(_) => None,
        }
    }
}

impl Store {
    /// Opens a message by its uid.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if it is not there.
    pub fn open_message(&self, uid: Uid) -> Result<Message> {
        let (body, folder) = self.snapshot(|conn| {
            let body = Body::load_uid(conn, uid)?
                .filter(|b| b.head.folder_id != 0)
                .ok_or_else(|| refused(ErrorCode::NOT_FOUND, "there is no such message"))?;
            let folder = super::folder::by_row(conn, body.head.folder_id)?;
            Ok((body, folder))
        })?;
        Ok(Message::with(
            self.clone(),
            body,
            Place::Folder(folder),
            false,
        ))
    }
}

impl Message {
    fn with(store: Store, body: Body, place: Place, dirty: bool) -> Self {
        let state = State { body, place, dirty };
        Self {
            store,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// A new message that will be saved into `folder`.
    pub(crate) fn new_in(store: Store, folder: FolderRef, associated: bool) -> Self {
        let body = Body::new(folder.id, associated);
        Self::with(store, body, Place::Folder(folder), true)
    }

    /// A message that will be saved into an attachment.
    pub(crate) fn inside(store: Store, attachment: Attachment, body: Option<Body>) -> Self {
        let dirty = body.is_none();
        let body = body.unwrap_or_else(|| Body::new(0, false));
        Self::with(store, body, Place::Attachment(attachment), dirty)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store it is in.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its name for ever; of use to others once it is saved.
    #[must_use]
    pub fn uid(&self) -> Uid {
        self.lock().body.head.uid
    }

    /// Whether something has changed since it was opened or saved.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.lock().dirty
    }

    /// Whether it has ever been saved.
    #[must_use]
    pub fn is_saved(&self) -> bool {
        self.lock().body.head.row.is_some()
    }

    /// The values of `tags` in their order; PT_ERROR where there is none, or where it has more than `limit_bytes`.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED if a large value has gone with the message; errors of the file.
    pub fn props(&self, tags: &[PropTag], limit_bytes: u64) -> Result<Vec<Property>> {
        let state = self.lock();
        let parent = state.place.folder();
        tags.iter()
            .map(|t| {
                message_prop(
                    &self.store,
                    &self.store,
                    &state.body,
                    parent,
                    *t,
                    limit_bytes,
                )
            })
            .collect()
    }

    /// The tags of all properties, in order of their identifiers.
    #[must_use]
    pub fn tags(&self) -> Vec<PropTag> {
        let state = self.lock();
        message_tags(&self.store, &state.body, state.place.folder())
    }

    /// Sets properties. What the store computes is refused with MAPI_E_COMPUTED.
    pub fn set_props(&self, props: &[Property]) -> Problems {
        let mut state = self.lock();
        state.dirty = true;
        let mut problems = Vec::new();
        for (index, property) in props.iter().enumerate() {
            if let Err(code) = state.set(property) {
                problems.push((index, code));
            }
        }
        problems
    }

    /// Deletes properties; what is not there is deleted already.
    pub fn delete_props(&self, tags: &[PropTag]) -> Problems {
        let mut state = self.lock();
        state.dirty = true;
        let mut problems = Vec::new();
        for (index, tag) in tags.iter().enumerate() {
            if MESSAGE.iter().any(|t| t.same_id(*tag)) {
                problems.push((index, ErrorCode::COMPUTED));
            } else {
                state.body.props.delete(*tag);
            }
        }
        problems
    }

    /// Opens text or bytes as a stream; with `create` an empty one if the property is not there.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND; MAPI_E_INTERFACE_NOT_SUPPORTED for other types; MAPI_E_COMPUTED.
    pub fn open_stream(&self, tag: PropTag, create: bool) -> Result<PropStream> {
        if MESSAGE.iter().any(|t| t.same_id(tag)) {
            return Err(refused(
                ErrorCode::COMPUTED,
                "the store computes this property",
            ));
        }
        open_stream(&self.lock().body.props, &self.store, tag, create)
    }

    /// Makes what was written to `stream` the value of `tag`.
    ///
    /// # Errors
    /// Errors of the temporary file.
    pub fn set_stream(&self, tag: PropTag, stream: &mut PropStream) -> Result<()> {
        let mut state = self.lock();
        state.dirty = true;
        state.body.props.set_stream(tag, stream)
    }

    /// The recipients: one property list each, PR_ROWID included.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn recipients(&self) -> Result<Vec<Vec<Property>>> {
        let state = self.lock();
        state
            .body
            .recipients
            .iter()
            .map(|r| all_props(&r.props, &self.store))
            .collect()
    }

    /// Changes the recipients: all of the change or, if a row is wrong, nothing.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER without PR_ROWID where one is needed, MAPI_E_NOT_FOUND if nobody has it.
    pub fn modify_recipients(&self, change: RecipientChange, rows: &[Row]) -> Result<()> {
        let mut state = self.lock();
        state.body.recipients.modify(change, rows)?;
        state.dirty = true;
        for tag in [tag::PR_DISPLAY_TO, tag::PR_DISPLAY_CC, tag::PR_DISPLAY_BCC] {
            state.body.props.delete(tag);
        }
        Ok(())
    }

    /// Saves the message with all its parts, in one transaction; an embedded one into its attachment.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_CHANGED if somebody else has saved it since it was opened and `force` is false;
    /// MAPI_E_OBJECT_DELETED if it or its folder has gone; errors of the file.
    pub fn save(&self, force: bool, when: Durability) -> Result<()> {
        let mut state = self.lock();
        match state.place.clone() {
            Place::Folder(folder) => {
                if state.body.head.row.is_some() && !state.dirty {
                    return Ok(());
                }
                let body = &state.body;
                let saved = self
                    .store
                    .write(when, |tx| save_in_folder(tx, body, folder, force))?;
                state.body = saved;
            }
            Place::Attachment(attachment) => attachment.put_message(state.body.clone()),
        }
        state.dirty = false;
        Ok(())
    }

    /// Saves the message and puts it into the outgoing queue, in one transaction.
    ///
    /// # Errors
    /// Those of [`Message::save`]; MAPI_E_NO_SUPPORT for an embedded message.
    pub fn submit(&self) -> Result<()> {
        let mut state = self.lock();
        let Place::Folder(folder) = state.place else {
            return Err(refused(
                ErrorCode::NO_SUPPORT,
                "an embedded message cannot be sent by itself",
            ));
        };
        if state.body.head.flags & flag::SUBMIT != 0 {
            return Err(refused(
                ErrorCode::SUBMITTED,
                "the message has been submitted already",
            ));
        }
        let now = FileTime::now();
        let mut body = state.body.clone();
        body.props
            .set(Property::new(tag::PR_CLIENT_SUBMIT_TIME, now));
        let saved = self.store.write(Durability::Now, |tx| {
            let mut saved = save_in_folder(tx, &body, folder, false)?;
            saved.head.flags = super::queue::enqueue(tx, saved.head.row, saved.head.flags, now)?;
            Ok(saved)
        })?;
        state.body = saved;
        state.dirty = false;
        Ok(())
    }
}

impl State {
    fn set(&mut self, property: &Property) -> Result<(), ErrorCode> {
        if property.tag.same_id(tag::PR_MESSAGE_FLAGS) {
            return self.set_flags(&property.value);
        }
        if MESSAGE.iter().any(|t| t.same_id(property.tag)) {
            return Err(ErrorCode::COMPUTED);
        }
        settable(property)?;
        self.body.props.set(property.clone());
        Ok(())
    }

    fn set_flags(&mut self, value: &PropValue) -> Result<(), ErrorCode> {
        let flags = value.as_long().ok_or(ErrorCode::INVALID_TYPE)?;
        if self.body.head.row.is_some() {
            return Err(ErrorCode::COMPUTED);
        }
        let kept = self.body.head.flags & !flag::SETTABLE;
        self.body.head.flags = kept | (flags & flag::SETTABLE);
        Ok(())
    }
}

/// Whether a value can be kept at all.
pub(crate) fn settable(property: &Property) -> Result<(), ErrorCode> {
    if property.tag.id() == 0 || property.tag.id() == 0xFFFF {
        return Err(ErrorCode::INVALID_PARAMETER);
    }
    match property.value {
        PropValue::Null | PropValue::Error(_) | PropValue::Object => Err(ErrorCode::INVALID_TYPE),
        _ if property.tag.ptype() != property.value.ptype() => Err(ErrorCode::INVALID_TYPE),
        _ => Ok(()),
    }
}

/// Opens a stream over a property of a set.
pub(crate) fn open_stream(
    props: &PropSet,
    store: &Store,
    tag: PropTag,
    create: bool,
) -> Result<PropStream> {
    match props.open_stream(store, tag) {
        Err(e) if create && e.code() == ErrorCode::NOT_FOUND => PropStream::empty(tag),
        other => other,
    }
}

/// All properties of a set that are not large.
pub(crate) fn all_props(set: &PropSet, store: &Store) -> Result<Vec<Property>> {
    let mut props = Vec::new();
    for tag in set.tags() {
        if let Some(property) = set.table_value(store, tag)? {
            props.push(property);
        }
    }
    Ok(props)
}

fn save_in_folder(tx: &mut Tx<'_>, body: &Body, folder: FolderRef, force: bool) -> Result<Body> {
    let mut body = body.clone();
    let mut folder = folder;
    match body.head.row {
        Some(row) => {
            let found: Option<(i64, i64)> = tx
                .conn()
                .prepare_cached("SELECT version, folder_id FROM message WHERE id = ?1")
                .and_then(|mut s| {
                    s.query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))
                        .optional()
                })
                .tried("saving a message")?;
            let (version, folder_id) = found.ok_or_else(|| gone("message"))?;
            if version != body.head.version && !force {
                return Err(refused(
                    ErrorCode::OBJECT_CHANGED,
                    "the message has been changed by somebody else since it was opened",
                ));
            }
            // It may have been moved meanwhile; then it is saved where it is.
            body.head.folder_id = folder_id;
            if folder_id != folder.id {
                folder = super::folder::by_row(tx.conn(), folder_id)?;
            }
        }
        None => {
            let exists: Option<i64> = tx
                .conn()
                .prepare_cached("SELECT id FROM folder WHERE id = ?1")
                .and_then(|mut s| s.query_row(params![folder.id], |row| row.get(0)).optional())
                .tried("saving a message")?;
            exists.ok_or_else(|| gone("folder"))?;
        }
    }
    let saved = save::write_message(tx, &body, FileTime::now(), 0)?;
    let head = &saved.head;
    let is_new = body.head.row.is_none();
    if is_new {
        tx.count(
            folder.id,
            Counts::of(head.associated, head.flags & flag::READ != 0),
        );
    }
    tx.changed(Change {
        kind: if is_new {
            ChangeKind::Created
        } else {
            ChangeKind::Modified
        },
        object: ObjectKind::Message,
        uid: head.uid,
        id: head.row.unwrap_or_default(),
        parent: Some(folder),
        old_parent: None,
        old_uid: None,
        associated: head.associated,
    });
    Ok(saved)
}
