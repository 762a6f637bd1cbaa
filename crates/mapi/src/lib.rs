//! MAPI for clients: log on, read and write mail, log off by the book.
//!
//! This is a thin, safe layer over the interfaces: what a method does is what the interface's method does, and every
//! wrapper gives its object out for what is not wrapped.

mod props;
mod store;
mod table;

pub use mapi_types as types;
pub use props::{PropReader, Props};
pub use store::{Attachment, Entry, Folder, Message, Store, recipient, row_entry_id};
pub use table::{Rows, Table};
