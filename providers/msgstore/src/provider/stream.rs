//! Streams over properties.

use mapi_provider::StreamMode;
use mapi_types::{Error, ErrorCode, Result};

use crate::engine::PropStream;

/// Gives what was written back to the object.
type Commit = Box<dyn FnMut(&mut PropStream) -> Result<()> + Send>;

struct OnObject {
    stream: PropStream,
    commit: Commit,
    writable: bool,
}

/// A stream whose content `commit` makes the value of the property.
pub(super) fn over(
    stream: PropStream,
    mode: StreamMode,
    commit: impl FnMut(&mut PropStream) -> Result<()> + Send + 'static,
) -> Box<dyn mapi_provider::PropStream> {
    Box::new(OnObject {
        stream,
        commit: Box::new(commit),
        writable: mode != StreamMode::Read,
    })
}

impl OnObject {
    fn writing(&mut self) -> Result<&mut PropStream> {
        if self.writable {
            Ok(&mut self.stream)
        } else {
            Err(Error::caller(ErrorCode::NO_ACCESS)
                .context("the stream was opened for reading")
                .component(super::DISPLAY_NAME))
        }
    }
}

impl mapi_provider::PropStream for OnObject {
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.stream.read_at(offset, buffer)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.writing()?.write_at(offset, bytes)
    }

    fn set_len(&mut self, size_bytes: u64) -> Result<()> {
        self.writing()?.set_len(size_bytes)
    }

    fn len(&mut self) -> Result<u64> {
        Ok(self.stream.len())
    }

    fn commit(&mut self) -> Result<()> {
        // A property that was opened with MAPI_CREATE and not written to is there all the same, and empty.
        if self.writable {
            (self.commit)(&mut self.stream)?;
        }
        Ok(())
    }
}
