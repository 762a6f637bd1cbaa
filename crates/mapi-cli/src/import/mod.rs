//! Bringing mail into a store: found by `mapi_mime::source`, known by the [ledger], written through the session.

mod job;
mod ledger;

pub use job::{Job, Summary};
