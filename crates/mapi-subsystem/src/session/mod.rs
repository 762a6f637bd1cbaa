//! Sessions: what a client logs on to, and what it starts.
//!
//! - `logon`: MAPILogonEx, from arguments to a handle (lifecycle.md, 4.2).
//! - `handle`: IMAPISession, one client's handle on a session.
//! - `core`: the session itself: its profile, its provider objects and logons, routing, status table.
//! - `start`: how a provider is loaded, initialised and logged on (4.3 to 4.5).
//! - `stores`: the message store table and OpenMsgStore.
//! - `address_book`: IAddrBook over the address book providers.
//! - `fast`: fast shutdown (6.6).
//! - `way_down`: how the steps of the shutdown plan are performed.
//!
//! Nothing here sees a library handle; that is `host`'s.

mod address_book;
mod core;
mod fast;
mod handle;
mod logon;
mod start;
mod stores;
mod way_down;
mod wrapped;

pub(crate) use self::core::SessionCore;
pub use logon::LogonRequest;
pub use wrapped::wrap_store_entry_id;
