//! MAPI itself: the subsystem between clients and service providers.

pub mod clock;
pub mod host;
pub mod notify;
pub mod profile;
pub mod report;
pub mod shutdown;
pub mod table;

mod init;
mod read_only;
mod routing;
mod session;
mod status;
mod subsystem;

pub use init::{Init, admin_profiles, current, initialize, logon, uninitialize};
pub use session::{LogonRequest, wrap_store_entry_id};
pub use subsystem::{Config, Stopped, Subsystem};
