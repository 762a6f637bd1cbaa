//! Safe Rust for writing service providers.
//!
//! An author implements *semantic* traits, in Rust's own terms: [`StoreProvider`] and [`Store`] for a message store,
//! [`AddressBookProvider`] and [`AddressBook`] for an address book. No pointer, no reference count and no flag of the ABI
//! appears in them. Everything MAPI asks of a provider beyond its data comes from this crate: the COM objects, the census of
//! open objects, status row and MAPIUID, notifications, the StoreLogoff protocol, fast shutdown and a Logoff that ends
//! children first, turns what a client still holds into harmless shells and gives the support object back last
//! (lifecycle.md, 6). An author cannot get the shutdown wrong, because there is nothing to write for it but
//! [`Store::close`].
//!
//! # What holds for all traits
//!
//! - **Threads.** Clients call from any thread, several at once (LIFE-MEM-010). Methods with `&self` may run side by side;
//!   [`TableSource`] and [`PropStream`] are cursors, take `&mut self`, and the crate sees to it that one call runs at a time.
//!   Leave no trace on a client's thread: a thread-local with a destructor keeps the library mapped, and `thread::current()`
//!   (also inside `park` and `mpsc`) registers code that runs when the thread ends, in a library that is gone by then. Threads
//!   that the provider starts itself are free to do both.
//! - **Text** is `PT_UNICODE`: the crate asks for and sets nothing else, and converts to and from `PT_STRING8` at the door.
//! - **Properties that are not there** are `PT_ERROR` with `MAPI_E_NOT_FOUND` in the place of the value.
//! - **What is not built** answers `MAPI_E_NO_SUPPORT`; that is what the default methods do.
//! - **Panics** are contained at the boundary and answer `MAPI_E_CALL_FAILED` (OP-43).
//! - **Order of the end.** Streams and tables are dropped first, then messages, attachments and folders, then
//!   [`Store::close`] runs, then the store is dropped. No method runs after `close`.

mod adapter;
mod address_book;
mod change;
mod debug;
mod entry;
mod folder;
mod message;
mod progress;
mod props;
mod provider;
mod rows;
mod status;
mod store;
mod table;

pub use address_book::{
    AddressBook, AddressBookProvider, Container, DistList, MailUser, NameMatch, OpenedAddress,
};
pub use change::{Change, ChangeFeed, ChangeKind, ObjectKind};
pub use debug::{
    DEBUG_VARIABLE, DebugLevel, TraceSink, debug_level, set_debug_level, set_trace_sink,
};
pub use entry::{BuiltIn, address_book_provider, store_provider};
pub use folder::{DeleteFolder, Folder, NewFolder, Transfer};
pub use mapi_com::iface::{Completion, PropProblem, RecipientChange, SearchCriteria};
pub use message::{Attachment, Message, ReadFlags};
pub use progress::Progress;
pub use props::{Access, PropObject, PropStream, StreamMode, select};
pub use provider::{LogonRequest, ProfileSection, StoreProvider};
pub use rows::RowTable;
pub use status::StatusInfo;
pub use store::{Opened, ReceiveFolder, Store};
pub use table::{RowMark, TableFeed, TableSource};

#[doc(hidden)]
pub use mapi_com::export_entry_point;
