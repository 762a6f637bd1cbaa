//! MAPI for clients: log on, read and write mail, log off by the book.
//!
//! This is a thin, safe layer over the interfaces: what a method does is what the interface's method does, and every
//! wrapper gives its object out for what is not wrapped.
//!
//! 1. [`Mapi::start`] is MAPIInitialize, and knows the profiles ([`Mapi::profiles`]).
//! 2. [`Mapi::logon`] gives a [`Session`]: message stores, address book, status table.
//! 3. [`Session::default_store`] gives a [`Store`], with its [`Folder`]s, [`Message`]s and [`Attachment`]s. All of them have
//!    properties ([`Props`]); lists are [`Table`]s.
//! 4. [`Session::logoff`] brings every provider down in order, and the [`ShutdownReport`] says how.
//! 5. [`Mapi::finish`] is the last MAPIUninitialize.
//!
//! Objects may be used and dropped on any thread, in any order, also after the session has ended.

#[cfg(feature = "embedded")]
pub mod embedded;
mod mapi;
pub mod profiles;
mod props;
mod session;
mod sink;
mod store;
mod table;

pub use mapi::Mapi;
pub use mapi_com::iface::{Completion, MapiTable, Progress, PropProblem};
pub use mapi_subsystem::report::{ShutdownReport, TextStyle};
pub use mapi_subsystem::{Config, Stopped};
pub use mapi_types as types;
pub use props::{PropReader, Props};
pub use session::{Session, StoreEntry};
pub use sink::sink;
pub use store::{Attachment, Entry, Folder, Message, Store, recipient, row_entry_id};
pub use table::{Rows, Table};
