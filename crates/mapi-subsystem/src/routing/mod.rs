//! Routing: from an entry identifier to the logon that registered its MAPIUID (lifecycle.md, 5.2).

use std::sync::{Arc, PoisonError, RwLock};

use mapi_types::{EntryId, Error, ErrorCode, MapiUid, Result};

use crate::host::Logon;

/// The MAPIUIDs of one session, in the order of registration.
///
/// SetProviderUID adds and never removes; a MAPIUID may be there several times, and the first one gets the call
/// (LIFE-UID-002, -003). All of a logon's go at once when it ends (LIFE-UID-004).
#[derive(Default)]
pub(crate) struct Routing {
    entries: RwLock<Vec<(MapiUid, Arc<Logon>)>>,
}

impl Routing {
    /// SetProviderUID.
    pub fn add(&self, uid: MapiUid, logon: &Arc<Logon>) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.push((uid, Arc::clone(logon)));
    }

    /// The logon has ended: none of its MAPIUIDs is registered any more.
    pub fn remove(&self, logon: &Logon) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|(_, other)| other.id != logon.id);
    }

    /// Who gets calls about this entry.
    ///
    /// # Errors
    /// MAPI_E_INVALID_ENTRYID if it is too short to have a MAPIUID, MAPI_E_UNKNOWN_ENTRYID if nobody registered it.
    pub fn find(&self, entry_id: &EntryId) -> Result<Arc<Logon>> {
        let uid = entry_id.uid().ok_or(ErrorCode::INVALID_ENTRYID)?;
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let found = entries.iter().find(|(known, _)| *known == uid);
        found.map(|(_, logon)| Arc::clone(logon)).ok_or_else(|| {
            Error::caller(ErrorCode::UNKNOWN_ENTRYID)
                .context(format!("no provider has registered the MAPIUID {uid:?}"))
        })
    }
}
