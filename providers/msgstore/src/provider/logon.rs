//! The provider object: which file a logon means.

use std::path::PathBuf;

use mapi_provider::{Access, BuiltIn, LogonRequest, StoreProvider, store_provider};
use mapi_types::{EntryId, Error, ErrorCode, Guid, PropTag, Property, Result, tag};

use super::store::OpenStore;
use crate::engine::{MDB_PROVIDER, ObjectKind, OpenMode, Store, Uid, parse_entry_id};

/// The name in PR_PROVIDER_DLL_NAME, and of the message service.
pub const NAME: &str = "msgstore";
/// The provider's name for people.
pub const DISPLAY_NAME: &str = "OpenMAPI Message Store";
/// Where the store file is (PT_UNICODE), in the provider's section of the profile.
pub const PR_MSGSTORE_PATH: PropTag = PropTag::from_raw(0x6600_001F);
/// Whether a file that is not there is made at logon (PT_BOOLEAN; absent: no).
pub const PR_MSGSTORE_CREATE: PropTag = PropTag::from_raw(0x6601_000B);

/// The provider.
#[derive(Default, Debug)]
pub struct MsgStoreProvider;

/// The provider for a program that links it in.
#[must_use]
pub fn built_in() -> BuiltIn {
    BuiltIn {
        name: NAME,
        message_store: Some(store_provider::<MsgStoreProvider>()),
        address_book: None,
    }
}

fn path_of(request: &LogonRequest<'_>) -> Result<PathBuf> {
    match request.profile.text(PR_MSGSTORE_PATH)? {
        Some(path) if !path.is_empty() => Ok(PathBuf::from(path)),
        _ => Err(Error::caller(ErrorCode::UNCONFIGURED)
            .context(format!(
                "the profile '{}' does not say where the store file is; set its path",
                request.profile_name
            ))
            .component(DISPLAY_NAME)),
    }
}

impl StoreProvider for MsgStoreProvider {
    fn display_name(&self) -> &str {
        DISPLAY_NAME
    }

    fn kind(&self) -> Guid {
        MDB_PROVIDER
    }

    fn logon(&self, request: &LogonRequest<'_>) -> Result<Box<dyn mapi_provider::Store>> {
        let path = path_of(request)?;
        // Whoever asks for a store by its identifier asks for one that there was: a new file in its place would be another.
        let create = may_create(request)? && !is_store_id(request.entry_id);
        let mode = match (request.access, create) {
            (Access::ReadOnly, _) => OpenMode::ReadOnly,
            (_, true) => OpenMode::Create,
            (_, false) => OpenMode::Existing,
        };
        let store = match Store::open(&path, mode) {
            // A store that cannot be written can be read, if that is what the client makes of it.
            Err(e) if e.code() == ErrorCode::NO_ACCESS && request.access == Access::Best => {
                Store::open(&path, OpenMode::ReadOnly)?
            }
            // The file is made even for somebody who only wants to read.
            Err(e) if e.code() == ErrorCode::NOT_FOUND && create => {
                Store::open(&path, OpenMode::Create)?.close()?;
                Store::open(&path, mode)?
            }
            other => other?,
        };
        check_wanted(&store, request.entry_id)?;
        let name = request
            .profile
            .text(tag::PR_DISPLAY_NAME)?
            .filter(|name| !name.is_empty());
        remember(request, name.is_none())?;
        let name = name.unwrap_or_else(|| DISPLAY_NAME.to_owned());
        Ok(Box::new(OpenStore::new(store, name)))
    }

    fn identify(&self, request: &LogonRequest<'_>) -> Result<EntryId> {
        if is_store_id(request.entry_id) {
            return Ok(request.entry_id.clone());
        }
        match Store::open(&path_of(request)?, OpenMode::ReadOnly) {
            Ok(store) => {
                let id = store.store_entry_id();
                store.close()?;
                Ok(id)
            }
            // A store that is still to be made is none of those that are open.
            Err(e) if e.code() == ErrorCode::NOT_FOUND && may_create(request)? => {
                Ok(EntryId::default())
            }
            Err(e) => Err(e),
        }
    }
}

/// Whether an identifier is that of a store of this kind.
fn is_store_id(id: &EntryId) -> bool {
    let uid = id.uid().unwrap_or_default();
    parse_entry_id(uid, id)
        .is_ok_and(|(kind, named)| kind == ObjectKind::Store && named == Uid(uid.0))
}

fn may_create(request: &LogonRequest<'_>) -> Result<bool> {
    let create = request.profile.get_props(&[PR_MSGSTORE_CREATE])?;
    Ok(create.first().and_then(|p| p.value.as_bool()) == Some(true))
}

/// A client that names a store by its identifier must not get another one because the profile names another file.
fn check_wanted(store: &Store, wanted: &EntryId) -> Result<()> {
    let own = store.store_entry_id();
    if *wanted != own && is_store_id(wanted) {
        store.close()?;
        return Err(Error::caller(ErrorCode::NOT_FOUND)
            .context(format!(
                "{} holds another store than the one that was asked for",
                store.path().display()
            ))
            .component(DISPLAY_NAME));
    }
    Ok(())
}

/// Puts the store's name into the profile, for the table of message stores; its identifiers are mapi-provider's.
fn remember(request: &LogonRequest<'_>, name_too: bool) -> Result<()> {
    let mut props = Vec::new();
    if name_too {
        props.push(Property::new(tag::PR_DISPLAY_NAME, DISPLAY_NAME));
    }
    let tags: Vec<PropTag> = props.iter().map(|p| p.tag).collect();
    if !props.is_empty() && request.profile.get_props(&tags)? != props {
        request.profile.set_props(&props)?;
    }
    Ok(())
}
