//! The store as a MAPI provider: the traits of `mapi-provider`, implemented on the engine.
//!
//! A profile section names the file with [`PR_MSGSTORE_PATH`]; with [`PR_MSGSTORE_CREATE`] the file is made at the first
//! logon.

mod attachment;
mod folder;
mod logon;
mod message;
mod store;
mod stream;
mod table;

pub use logon::{
    DISPLAY_NAME, MsgStoreProvider, NAME, PR_MSGSTORE_CREATE, PR_MSGSTORE_PATH, built_in,
};

use mapi_provider::{Access, PropProblem};
use mapi_types::{Error, ErrorCode, PropTag, Property, Result};

use crate::engine::{Problems, Store};

/// Refused properties, as the traits have them; `tag_at` gives the tag of an index.
fn problems(found: &Problems, tag_at: impl Fn(usize) -> PropTag) -> Vec<PropProblem> {
    found
        .iter()
        .map(|(index, code)| PropProblem {
            index: u32::try_from(*index).unwrap_or(u32::MAX),
            tag: tag_at(*index),
            code: *code,
        })
        .collect()
}

/// Refused properties of a list that was to be set.
fn set_problems(found: &Problems, props: &[Property]) -> Vec<PropProblem> {
    problems(found, |index| props[index].tag)
}

/// Refused tags of a list that was to be deleted.
fn tag_problems(found: &Problems, tags: &[PropTag]) -> Vec<PropProblem> {
    problems(found, |index| tags[index])
}

/// Whether an object opened with `access` can be written.
fn writable(store: &Store, access: Access) -> Result<bool> {
    match access {
        Access::ReadOnly => Ok(false),
        Access::Best => Ok(!store.is_read_only()),
        Access::ReadWrite if store.is_read_only() => Err(Error::caller(ErrorCode::NO_ACCESS)
            .context("the message store was opened for reading only")
            .component(DISPLAY_NAME)),
        Access::ReadWrite => Ok(true),
    }
}

/// A number of bytes as the engine counts them.
fn limit(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
