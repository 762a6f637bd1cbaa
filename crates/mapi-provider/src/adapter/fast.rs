//! IMAPIProviderShutdown: fast shutdown (lifecycle.md, 6.6).

use std::sync::Arc;

use mapi_com::iface::{ComObject, ProviderShutdown};
use mapi_com::ptr::{Unknown, guid_from_abi};
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_sys::IID_IMAPIProviderShutdown;
use mapi_types::{Guid, Result};

use super::logon::Logon;

/// What a provider object does for it.
pub(crate) trait FastShutdown: Send + Sync {
    /// Whether the author agrees. No side effect (LIFE-FAST-010).
    fn query(&self) -> Result<()>;

    /// Makes the data of all logons survive a kill; the first error is reported, the others are flushed all the same.
    fn flush(&self) -> Result<()>;
}

/// Flushes all logons, whatever one of them answers.
pub(crate) fn flush_all<'a>(logons: impl Iterator<Item = &'a Arc<Logon>>) -> Result<()> {
    let results: Vec<Result<()>> = logons.map(|logon| logon.flush()).collect();
    results.into_iter().collect()
}

struct Face<P>(Arc<P>);

impl<P: FastShutdown> ComObject for Face<P> {}

impl<P: FastShutdown> ProviderShutdown for Face<P> {
    fn query_fast_shutdown(&self) -> Result<()> {
        self.0.query()
    }

    fn notify_process_shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn do_fast_shutdown(&self) -> Result<()> {
        self.0.flush()
    }
}

/// The interface, as an object beside the provider object.
pub(crate) fn shutdown_interface<P: FastShutdown + 'static>(
    scope: &Arc<Scope>,
    provider: Arc<P>,
    interface: &Guid,
) -> Option<Unknown> {
    if guid_from_abi(&IID_IMAPIProviderShutdown) != *interface {
        return None;
    }
    let face = export::<dyn ProviderShutdown>(scope, Arc::new(Face(provider)));
    face.ok().map(mapi_com::ptr::ComPtr::into_unknown)
}
