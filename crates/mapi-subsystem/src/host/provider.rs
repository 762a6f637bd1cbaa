//! Provider objects: one per session, kind and library (OP-06, LIFE-INIT-013).

use std::sync::{Arc, Mutex, PoisonError};

use mapi_com::host_call::{ProviderKind, ProviderObject};

use super::HostedLibrary;
use crate::shutdown::ProviderId;

/// What MAPI holds of one provider object. Its state is in the session's plan; here is the reference that the plan's calls
/// act on.
pub(crate) struct Provider {
    /// Its name in the plan.
    pub id: ProviderId,
    /// Its kind.
    pub kind: ProviderKind,
    /// The library it came from.
    pub library: Arc<HostedLibrary>,
    object: Mutex<Option<ProviderObject>>,
}

impl Provider {
    pub fn new(id: ProviderId, library: Arc<HostedLibrary>, object: ProviderObject) -> Arc<Self> {
        Arc::new(Self {
            id,
            kind: object.kind(),
            library,
            object: Mutex::new(Some(object)),
        })
    }

    /// A reference for one call; `None` once an ending call has taken it.
    pub fn object(&self) -> Option<ProviderObject> {
        self.object
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// MAPI's reference, for an ending call.
    pub fn take_object(&self) -> Option<ProviderObject> {
        self.object
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// An ending call has given the reference back, for the next one.
    pub fn put_object(&self, object: ProviderObject) {
        *self.object.lock().unwrap_or_else(PoisonError::into_inner) = Some(object);
    }
}
