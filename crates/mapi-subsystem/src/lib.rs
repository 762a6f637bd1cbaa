//! MAPI itself: the subsystem between clients and service providers.

pub mod host;
pub mod profile;
pub mod shutdown;
pub mod notify;
