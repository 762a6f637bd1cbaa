//! The store engine: folders, messages, recipients, attachments, named properties, tables and the outgoing queue in one
//! SQLite file, in safe Rust without COM.
//!
//! - What an operation acknowledges survives a crash of the program and of the machine, unless it was asked to be
//!   [`Durability::Deferred`]; then it survives the next [`Store::flush`].
//! - One connection writes, a few read; several processes may use one file.
//! - Large values are read and written piece by piece and never held whole.
//! - Every call can be made from any thread. No lock is held while a listener runs, except those of the object through
//!   which the change was made.

mod attachment;
mod changes;
mod codec;
mod folder;
mod id;
mod maintain;
mod message;
mod named;
mod open;
mod props;
mod queue;
mod receive;
mod schema;
mod sql;
mod store;
mod store_props;
mod stream;
mod table;
mod transfer;
mod tree;
mod tx;

pub use attachment::Attachment;
pub use changes::{Change, ChangeKind, Event, FolderRef};
pub use folder::{Folder, Special};
pub use id::{ObjectKind, Uid, entry_id, parse_entry_id};
pub use maintain::{Finding, Step};
pub use message::{Message, Problems, ReadFlags, RecipientChange, flag};
pub use open::OpenMode;
pub use queue::Queued;
pub use receive::ReceiveFolder;
pub use store::Store;
pub use store_props::MDB_PROVIDER;
pub use stream::PropStream;
pub use table::{ContentsTable, ListTable, Mark, TableChange};
pub use transfer::{Done, Steps};
pub use tx::Durability;
