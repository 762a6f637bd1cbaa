//! MAPI itself: the subsystem between clients and service providers.

pub mod host;
pub mod notify;
pub mod profile;
pub mod shutdown;
