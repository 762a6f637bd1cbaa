//! The host of service providers. The life of a provider, as seen from here:
//!
//! 1. [`search`] finds the library that a profile names, in protected folders only.
//! 2. [`Libraries`] loads it, once, and gives it a thread of its own ([`HostedLibrary::worker`]), on which MAPI's calls into it run.
//! 3. Its entry point (MSProviderInit and its sisters) yields a provider object.
//! 4. The provider object's logon method yields a logon object: the provider works.
//! 5. The logoff method, then Release of the logon object.
//! 6. Shutdown, then Release of the provider object.
//! 7. After the last MAPIUninitialize the thread is joined and the library is freed ([`Libraries::free_all`]), unless it was pinned;
//!    [`Freed`] says whether it is unmapped then, and if not, why.
//!
//! Built-in providers have the same entry points and take the same road; only the steps 1 and 7 have nothing to do.

mod ledger;
mod libraries;
mod library;
mod log;
mod logon;
mod provider;
pub mod search;
mod service;
mod support;
pub mod unmapped;

pub use libraries::{HostedLibrary, Libraries, LibraryEnd};
pub use library::{
    BuiltIn, CanUnload, EntryPoints, Freed, Library, ProviderLibrary, is_set_user_id,
};
pub use log::{LibraryEvent, LibraryLog, LibraryStep};
pub(crate) use logon::{Logon, Place};
pub(crate) use provider::Provider;
pub use search::Search;
pub(crate) use service::ServiceEntries;
pub(crate) use support::{Support, one_off};
