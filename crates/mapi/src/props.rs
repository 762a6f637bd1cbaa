//! What every object with properties can do.

use std::io::{self, Read, Seek, SeekFrom, Write};

use mapi_com::iface::{MapiProp, Stream as _, StreamOrigin};
use mapi_com::ptr::{ComPtr, guid_from_abi};
use mapi_types::{Error, ErrorCode, NamedProp, PropTag, PropType, PropValue, Property, Result};

/// MAPI_MODIFY.
pub(crate) const MODIFY: u32 = 0x1;
/// MAPI_CREATE.
pub(crate) const CREATE: u32 = 0x2;

const KEEP_OPEN_READWRITE: u32 = 0x2;

/// An object with properties: store, folder, message, attachment, recipient, profile section.
pub trait Props {
    /// The object.
    fn prop(&self) -> &dyn MapiProp;

    /// The values of `tags`, in their order; what is missing is PT_ERROR.
    ///
    /// # Errors
    /// As [`MapiProp::get_props`].
    fn get(&self, tags: &[PropTag]) -> Result<Vec<Property>> {
        self.prop().get_props(Some(tags), mapi_sys::MAPI_UNICODE)
    }

    /// The values of all properties; those too large to be held are PT_ERROR with MAPI_E_NOT_ENOUGH_MEMORY.
    ///
    /// # Errors
    /// As [`MapiProp::get_props`].
    fn get_all(&self) -> Result<Vec<Property>> {
        self.prop().get_props(None, mapi_sys::MAPI_UNICODE)
    }

    /// One value; `None` if it is not there.
    ///
    /// # Errors
    /// As [`MapiProp::get_props`]; MAPI_E_NOT_ENOUGH_MEMORY for a value that must be opened with [`Props::open`].
    fn get_one(&self, tag: PropTag) -> Result<Option<PropValue>> {
        let Some(found) = self.get(&[tag])?.into_iter().next() else {
            return Ok(None);
        };
        match found.value {
            PropValue::Error(ErrorCode::NOT_FOUND) => Ok(None),
            PropValue::Error(code) => Err(Error::provider(code).context(format!("property {tag}"))),
            value => Ok(Some(value)),
        }
    }

    /// One text; `None` if it is not there. Reads it as a stream if it is large.
    ///
    /// # Errors
    /// As [`MapiProp::get_props`] and [`MapiProp::open_property`].
    fn get_text(&self, tag: PropTag) -> Result<Option<String>> {
        let tag = tag.with_type(PropType::UNICODE);
        match self.get_one(tag) {
            Ok(value) => Ok(value.and_then(|v| v.as_str().map(std::borrow::Cow::into_owned))),
            Err(error) if error.code() == ErrorCode::NOT_ENOUGH_MEMORY => {
                let units: Vec<u16> = self
                    .read_all(tag)?
                    .chunks_exact(2)
                    .map(|b| u16::from_le_bytes([b[0], b[1]]))
                    .collect();
                Ok(Some(String::from_utf16_lossy(&units)))
            }
            Err(error) => Err(error),
        }
    }

    /// The bytes of a PT_BINARY property; `None` if it is not there. Reads it as a stream if it is large.
    ///
    /// # Errors
    /// As [`MapiProp::get_props`] and [`MapiProp::open_property`].
    fn get_bytes(&self, tag: PropTag) -> Result<Option<Vec<u8>>> {
        match self.get_one(tag) {
            Ok(value) => Ok(value.and_then(|v| v.as_bytes().map(<[u8]>::to_vec))),
            Err(error) if error.code() == ErrorCode::NOT_ENOUGH_MEMORY => {
                self.read_all(tag).map(Some)
            }
            Err(error) => Err(error),
        }
    }

    /// All bytes of a property, by its stream.
    ///
    /// # Errors
    /// As [`MapiProp::open_property`].
    fn read_all(&self, tag: PropTag) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(tag, false)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The tags of all properties.
    ///
    /// # Errors
    /// As [`MapiProp::get_prop_list`].
    fn tags(&self) -> Result<Vec<PropTag>> {
        self.prop().get_prop_list(mapi_sys::MAPI_UNICODE)
    }

    /// Sets properties; all of them, or an error that names the first refusal.
    ///
    /// # Errors
    /// As [`MapiProp::set_props`], or the code of a problem.
    fn set(&self, props: &[Property]) -> Result<()> {
        first_problem(&self.prop().set_props(props)?)
    }

    /// Deletes properties.
    ///
    /// # Errors
    /// As [`MapiProp::delete_props`], or the code of a problem.
    fn delete(&self, tags: &[PropTag]) -> Result<()> {
        first_problem(&self.prop().delete_props(tags)?)
    }

    /// A property as a stream; with `write` it is emptied, or made if it is not there.
    ///
    /// # Errors
    /// As [`MapiProp::open_property`].
    fn open(&self, tag: PropTag, write: bool) -> Result<PropReader> {
        let flags = if write { MODIFY | CREATE } else { 0 };
        let stream = guid_from_abi(&mapi_sys::IID_IStream);
        let object = self.prop().open_property(tag, &stream, 0, flags)?;
        Ok(PropReader(object.query()?))
    }

    /// The tags of named properties; with `create` they are made. PT_ERROR for a name without one.
    ///
    /// # Errors
    /// As [`MapiProp::get_ids_from_names`].
    fn named(&self, names: &[NamedProp], create: bool) -> Result<Vec<PropTag>> {
        self.prop()
            .get_ids_from_names(names, if create { CREATE } else { 0 })
    }

    /// The names of named properties; `None` for a tag that has none.
    ///
    /// # Errors
    /// As [`MapiProp::get_names_from_ids`].
    fn names_of(&self, tags: &[PropTag]) -> Result<Vec<Option<NamedProp>>> {
        let found = self.prop().get_names_from_ids(Some(tags), None, 0)?;
        Ok(found.into_iter().map(|(_, name)| name).collect())
    }

    /// SaveChanges; the object stays usable.
    ///
    /// # Errors
    /// As [`MapiProp::save_changes`].
    fn save(&self) -> Result<()> {
        self.prop().save_changes(KEEP_OPEN_READWRITE)
    }

    /// SaveChanges with MAPI_DEFERRED_ERRORS: the provider may write it together with what follows. It is safe on the disk
    /// after the next [`Props::save`], of the store for instance.
    ///
    /// # Errors
    /// As [`MapiProp::save_changes`], also for what was deferred before.
    fn save_deferred(&self) -> Result<()> {
        const DEFERRED_ERRORS: u32 = 0x8;
        self.prop()
            .save_changes(KEEP_OPEN_READWRITE | DEFERRED_ERRORS)
    }
}

fn first_problem(problems: &[mapi_com::iface::PropProblem]) -> Result<()> {
    match problems.first() {
        None => Ok(()),
        Some(problem) => {
            Err(Error::provider(problem.code).context(format!("property {}", problem.tag)))
        }
    }
}

/// A large property, as `Read`, `Write` and `Seek`. [`PropReader::commit`] makes writes count.
#[derive(Debug)]
pub struct PropReader(ComPtr<mapi_sys::IStream>);

impl PropReader {
    /// Commit.
    ///
    /// # Errors
    /// As [`mapi_com::iface::Stream::commit`].
    pub fn commit(&self) -> Result<()> {
        self.0.commit()
    }

    /// The size in bytes.
    ///
    /// # Errors
    /// As [`mapi_com::iface::Stream::size`].
    pub fn size_bytes(&self) -> Result<u64> {
        self.0.size()
    }
}

impl Read for PropReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(io::Error::other)
    }
}

impl Write for PropReader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for PropReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (offset, origin) = match to {
            SeekFrom::Start(at) => (i64::try_from(at).unwrap_or(i64::MAX), StreamOrigin::Set),
            SeekFrom::Current(by) => (by, StreamOrigin::Current),
            SeekFrom::End(by) => (by, StreamOrigin::End),
        };
        self.0.seek(offset, origin).map_err(io::Error::other)
    }
}
