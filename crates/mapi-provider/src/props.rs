//! Objects with properties.

use mapi_types::{Error, ErrorCode, PropTag, PropType, PropValue, Property, Result};

use crate::PropProblem;

/// What an object is opened for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Reading only: no MAPI_MODIFY.
    ReadOnly,
    /// Reading and writing: MAPI_MODIFY, or MAPI_E_NO_ACCESS.
    ReadWrite,
    /// MAPI_BEST_ACCESS: writing if that is allowed; [`PropObject::writable`] says what came out.
    Best,
}

/// How a property is opened as a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StreamMode {
    /// Reading.
    Read,
    /// Reading and writing; the property must exist.
    Write,
    /// MAPI_CREATE: reading and writing; the property is made if it is not there and keeps its bytes if it is.
    Create,
}

/// An object with properties (IMAPIProp): store, folder, message, attachment, container, recipient.
///
/// Changes of folders, stores and containers count at once. Those of messages and attachments count with
/// [`PropObject::save`]; an attachment's also need its message saved.
///
/// The crate answers these properties if the object does not have them: PR_OBJECT_TYPE, PR_ACCESS_LEVEL, PR_STORE_ENTRYID,
/// PR_STORE_RECORD_KEY, PR_MAPPING_SIGNATURE, PR_MDB_PROVIDER, PR_PROVIDER_DISPLAY. An object gives PR_ENTRYID,
/// PR_RECORD_KEY, PR_PARENT_ENTRYID, PR_ACCESS and the like itself, as far as it has them.
///
/// Any thread, several at once.
pub trait PropObject: Send + Sync {
    /// The values of `tags`, one for each, in their order. A tag of type PT_UNSPECIFIED is answered with the type the object
    /// has; one with another type than the object has is MAPI_E_NOT_FOUND unless the object likes to convert. A value of more than
    /// `limit_bytes` is not loaded: PT_ERROR with MAPI_E_NOT_ENOUGH_MEMORY stands in its place, and
    /// [`PropObject::open_stream`] gives it. A PT_OBJECT property is [`PropValue::Object`](mapi_types::PropValue::Object).
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED, and those of the storage. A missing property is no error.
    fn get_props(&self, tags: &[PropTag], limit_bytes: usize) -> Result<Vec<Property>>;

    /// The tags of all properties, each with the type the object has, computed and large ones included.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED, and those of the storage.
    fn prop_tags(&self) -> Result<Vec<PropTag>>;

    /// Sets properties, replacing type and value. What cannot be set is in the answer with MAPI_E_COMPUTED,
    /// MAPI_E_NO_ACCESS, MAPI_E_UNEXPECTED_TYPE or MAPI_E_INVALID_TYPE; the others are set.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS if nothing can be set; MAPI_E_NO_SUPPORT where nothing ever can.
    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        let _ = props;
        Err(Error::no_support())
    }

    /// Deletes properties by identifier, whatever type the tag has. Deleting what is not there is a success.
    ///
    /// # Errors
    /// As [`PropObject::set_props`].
    fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
        let _ = tags;
        Err(Error::no_support())
    }

    /// A string or binary property as a stream. The bytes of a text property are UTF-16 little-endian.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS, MAPI_E_NO_SUPPORT (then the crate streams what
    /// [`PropObject::get_props`] gives, out of memory).
    fn open_stream(&self, tag: PropTag, mode: StreamMode) -> Result<Box<dyn PropStream>> {
        let _ = (tag, mode);
        Err(Error::no_support())
    }

    /// Makes the changes durable (SaveChanges). What was acknowledged survives a crash. The object stays usable.
    /// With `force` a change somebody else saved meanwhile is overwritten (FORCE_SAVE).
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_OBJECT_CHANGED, MAPI_E_OBJECT_DELETED, MAPI_E_NOT_ENOUGH_DISK.
    fn save(&self, force: bool) -> Result<()> {
        let _ = force;
        Ok(())
    }

    /// As [`PropObject::save`], but the changes may become durable a little later, together with others
    /// (MAPI_DEFERRED_ERRORS): at the latest when something is saved without it, when the store is flushed or closed, or
    /// when somebody reads what was saved. What goes wrong then is told to whoever saves or flushes next.
    ///
    /// # Errors
    /// As [`PropObject::save`].
    fn save_deferred(&self, force: bool) -> Result<()> {
        self.save(force)
    }

    /// Whether the object was opened for writing; otherwise the crate refuses changes with MAPI_E_NO_ACCESS.
    fn writable(&self) -> bool {
        false
    }
}

/// The bytes of a large property (IStream). The crate keeps position and end of file; this is plain storage.
///
/// One call at a time.
pub trait PropStream: Send {
    /// Reads at `offset` (bytes) into `buffer`: how many bytes; fewer than asked for only at the end.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED, and those of the storage.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize>;

    /// Writes all of `bytes` at `offset`, growing the property; a gap is filled with zeros.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_NOT_ENOUGH_DISK, MAPI_E_TOO_BIG.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let _ = (offset, bytes);
        Err(Error::caller(ErrorCode::NO_ACCESS))
    }

    /// Cuts, or grows with zeros.
    ///
    /// # Errors
    /// As [`PropStream::write_at`].
    fn set_len(&mut self, size_bytes: u64) -> Result<()> {
        let _ = size_bytes;
        Err(Error::caller(ErrorCode::NO_ACCESS))
    }

    /// The size in bytes.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED, and those of the storage.
    fn len(&mut self) -> Result<u64>;

    /// Whether there are no bytes.
    ///
    /// # Errors
    /// As [`PropStream::len`].
    fn is_empty(&mut self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Hands what was written over to the object; on a message it counts when that is saved. Called on Commit, and before
    /// the stream is dropped if there were writes after the last Commit.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_DISK, MAPI_E_OBJECT_DELETED.
    fn commit(&mut self) -> Result<()> {
        Ok(())
    }
}

/// One value out of a list, as [`PropObject::get_props`] answers it: for objects and rows whose properties are in memory.
#[must_use]
pub fn select(props: &[Property], asked: PropTag, limit_bytes: usize) -> Property {
    if asked == mapi_types::tag::PR_NULL {
        return Property::new(asked, PropValue::Null);
    }
    let fits = |prop: &&Property| {
        prop.tag == asked || (prop.tag.same_id(asked) && asked.ptype() == PropType::UNSPECIFIED)
    };
    match props.iter().find(fits) {
        None => Property::error(asked, ErrorCode::NOT_FOUND),
        Some(prop) if prop.value.size_bytes() > limit_bytes => {
            Property::error(asked, ErrorCode::NOT_ENOUGH_MEMORY)
        }
        Some(prop) => prop.clone(),
    }
}
