//! Attachments: edited in memory, saved into their message.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mapi_types::{ErrorCode, PropTag, PropType, PropValue, Property, Result, tag};

use super::Store;
use super::message::computed::{ATTACHMENT, attachment_computed};
use super::message::data::{AttachData, AttachEntry, Body, Embedded};
use super::message::{Message, Problems, open_stream, settable};
use super::sql::refused;
use super::stream::PropStream;

/// ATTACH_EMBEDDED_MSG of PR_ATTACH_METHOD.
const EMBEDDED_MSG: i32 = 5;

/// An attachment. Clones are the same object; it can be used from any thread.
///
/// It belongs to its message once [`Attachment::save`] has been called, and is in the store once that has been saved.
#[derive(Clone)]
pub struct Attachment {
    message: Message,
    state: Arc<Mutex<State>>,
}

struct State {
    num: u32,
    row: Option<i64>,
    data: AttachData,
    dirty: bool,
}

impl Attachment {
    pub(crate) fn new(message: Message, num: u32) -> Self {
        let mut data = AttachData::default();
        data.props.set(Property::new(tag::PR_ATTACH_METHOD, 0));
        data.props
            .set(Property::new(tag::PR_RENDERING_POSITION, -1));
        Self::with(message, num, None, data, true)
    }

    pub(crate) fn opened(message: Message, entry: &AttachEntry, data: AttachData) -> Self {
        Self::with(message, entry.num, entry.row, data, false)
    }

    fn with(message: Message, num: u32, row: Option<i64>, data: AttachData, dirty: bool) -> Self {
        let state = State {
            num,
            row,
            data,
            dirty,
        };
        Self {
            message,
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store it is in.
    #[must_use]
    pub fn store(&self) -> &Store {
        self.message.store()
    }

    /// PR_ATTACH_NUM.
    #[must_use]
    pub fn num(&self) -> u32 {
        self.lock().num
    }

    /// The values of `tags` in their order; PT_ERROR where there is none, or where it has more than `limit_bytes`.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED if a large value has gone with the message; errors of the file.
    pub fn props(&self, tags: &[PropTag], limit_bytes: u64) -> Result<Vec<Property>> {
        let state = self.lock();
        tags.iter()
            .map(|asked| {
                if let Some(found) = state.computed(*asked) {
                    return Ok(found);
                }
                if asked.same_id(tag::PR_ATTACH_DATA_OBJ) && state.has_message() {
                    return Ok(match asked.ptype() {
                        PropType::OBJECT | PropType::UNSPECIFIED => {
                            Property::new(tag::PR_ATTACH_DATA_OBJ, PropValue::Object)
                        }
                        _ => Property::error(*asked, ErrorCode::NOT_FOUND),
                    });
                }
                state.data.props.get(self.store(), *asked, limit_bytes)
            })
            .collect()
    }

    /// The tags of all properties, in order of their identifiers.
    #[must_use]
    pub fn tags(&self) -> Vec<PropTag> {
        let state = self.lock();
        let mut tags: Vec<PropTag> = ATTACHMENT
            .into_iter()
            .filter(|t| *t != tag::PR_INSTANCE_KEY)
            .collect();
        tags.extend(state.data.props.tags());
        if state.has_message() {
            tags.push(tag::PR_ATTACH_DATA_OBJ);
        }
        tags.sort_unstable();
        tags
    }

    /// Sets properties. What the store computes is refused with MAPI_E_COMPUTED.
    pub fn set_props(&self, props: &[Property]) -> Problems {
        let mut state = self.lock();
        state.dirty = true;
        let mut problems = Vec::new();
        for (index, property) in props.iter().enumerate() {
            let result = if computed(property.tag) {
                Err(ErrorCode::COMPUTED)
            } else {
                settable(property)
            };
            match result {
                Ok(()) => state.data.props.set(property.clone()),
                Err(code) => problems.push((index, code)),
            }
        }
        problems
    }

    /// Deletes properties; what is not there is deleted already. PR_ATTACH_DATA_OBJ takes the embedded message away.
    pub fn delete_props(&self, tags: &[PropTag]) -> Problems {
        let mut state = self.lock();
        state.dirty = true;
        let mut problems = Vec::new();
        for (index, asked) in tags.iter().enumerate() {
            if computed(*asked) {
                problems.push((index, ErrorCode::COMPUTED));
                continue;
            }
            state.data.props.delete(*asked);
            if asked.same_id(tag::PR_ATTACH_DATA_OBJ) && asked.ptype() == PropType::OBJECT {
                state.data.embedded = Embedded::None;
            }
        }
        problems
    }

    /// Opens text or bytes as a stream; with `create` an empty one if the property is not there.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND; MAPI_E_INTERFACE_NOT_SUPPORTED for other types; MAPI_E_COMPUTED.
    pub fn open_stream(&self, tag: PropTag, create: bool) -> Result<PropStream> {
        if computed(tag) {
            return Err(refused(
                ErrorCode::COMPUTED,
                "the store computes this property",
            ));
        }
        open_stream(&self.lock().data.props, self.store(), tag, create)
    }

    /// Makes what was written to `stream` the value of `tag`.
    ///
    /// # Errors
    /// Errors of the temporary file.
    pub fn set_stream(&self, tag: PropTag, stream: &mut PropStream) -> Result<()> {
        let mut state = self.lock();
        state.dirty = true;
        state.data.props.set_stream(tag, stream)
    }

    /// Opens the message inside; with `create` a new one if there is none.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if there is none.
    pub fn open_message(&self, create: bool) -> Result<Message> {
        let embedded = self.lock().data.embedded.clone();
        let body = match embedded {
            Embedded::None => None,
            embedded => self.store().snapshot(|conn| embedded.load(conn))?,
        };
        if body.is_none() && !create {
            return Err(refused(
                ErrorCode::NOT_FOUND,
                "the attachment holds no message",
            ));
        }
        Ok(Message::inside(self.store().clone(), self.clone(), body))
    }

    /// What the message inside does when it is saved.
    pub(crate) fn put_message(&self, body: Body) {
        let mut state = self.lock();
        state.data.embedded = Embedded::Body(Box::new(body));
        state
            .data
            .props
            .set(Property::new(tag::PR_ATTACH_METHOD, EMBEDDED_MSG));
        state.dirty = true;
    }

    /// Makes the changes part of the message.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn save(&self) -> Result<()> {
        let entry = {
            let mut state = self.lock();
            if !state.dirty {
                return Ok(());
            }
            state.dirty = false;
            AttachEntry {
                num: state.num,
                row: state.row,
                size: state.size(),
                data: Some(state.data.clone()),
            }
        };
        self.message.put_attachment(entry)
    }
}

impl State {
    fn has_message(&self) -> bool {
        !matches!(self.data.embedded, Embedded::None)
    }

    fn size(&self) -> u64 {
        let inner = match &self.data.embedded {
            Embedded::Body(body) => body.props.size_bytes(),
            _ => 0,
        };
        self.data.props.size_bytes() + inner
    }

    fn computed(&self, asked: PropTag) -> Option<Property> {
        let entry = AttachEntry {
            num: self.num,
            row: self.row,
            size: 0,
            data: None,
        };
        attachment_computed(&entry, self.size(), asked)
    }
}

fn computed(tag: PropTag) -> bool {
    ATTACHMENT.iter().any(|t| t.same_id(tag))
}
