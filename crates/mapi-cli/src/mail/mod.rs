//! Mail between MAPI's objects and `mapi-mime`: what a message is written to and read from, through the session.

mod html;
mod names;
mod reading;
mod writing;

pub use html::to_text;
pub use names::StoreNames;
pub use reading::{ReadMessage, attachment_infos, attachment_name, body_text};
pub use writing::WriteMessage;

use std::io;

use mapi_types::Error;

/// An error that went through `Read` or `Write`, with its MAPI code if it has one.
pub fn from_io(error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(mapi) => mapi,
        Err(other) => Error::from(other),
    }
}
