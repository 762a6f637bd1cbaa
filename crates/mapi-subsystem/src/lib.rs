//! MAPI itself: the subsystem between clients and service providers.

pub mod clock;
pub mod host;
pub mod notify;
pub mod profile;
pub mod report;
pub mod shutdown;
pub mod table;
