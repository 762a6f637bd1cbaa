//! Profiles behind their COM interfaces: IProfAdmin, IMsgServiceAdmin(2), IProviderAdmin, IProfSect.
//!
//! [`Administration`] makes the objects. Each works on the profile as it is at the moment of a call; tables show what was
//! there when they were made. Nothing is locked while a service entry point runs.

mod entry;
mod prof_admin;
mod prof_sect;
mod provider_admin;
mod service_admin;
mod tables;

pub use entry::{NoEntryPoints, ServiceEntry, ServiceEntryCall};
pub use provider_admin::ServiceProviders;

use std::sync::{Arc, OnceLock};

use mapi_com::iface::{MsgServiceAdmin, ProfAdmin, ProfSect};
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_sys::{IMsgServiceAdmin2, IProfAdmin, IProfSect, MAPI_DEFERRED_ERRORS, MAPI_MODIFY};
use mapi_types::{Error, ErrorCode, MapiUid, Result};

use super::inf::ServiceCatalog;
use super::sections::SectionAccess;
use super::store::ProfileStore;
use crate::notify::AdviseScope;

/// MAPI_FORCE_ACCESS of OpenProfileSection. The public headers do not have it, and all clients define it alike.
pub const MAPI_FORCE_ACCESS: u32 = 0x0008_0000;

/// What the administration of profiles needs: the profiles, the message services that can be added to them, and a way to
/// call service entry points.
pub struct Administration {
    store: Arc<ProfileStore>,
    load: Box<dyn Fn() -> ServiceCatalog + Send + Sync>,
    catalog: OnceLock<ServiceCatalog>,
    entry: Arc<dyn ServiceEntry>,
}

/// Whom the objects belong to: a client of MAPIAdminProfiles, a session handle, or the call of a service entry point.
#[derive(Clone)]
pub struct ClientScope {
    /// Its objects.
    pub scope: Arc<Scope>,
    /// Its sinks: tables can be advised.
    pub sinks: Arc<AdviseScope>,
}

/// Who opens a section.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opener {
    /// A client: sections of providers only with MAPI_FORCE_ACCESS.
    Client,
    /// A provider.
    Provider {
        /// Inside its logon method (LIFE-LOGON-016).
        logging_on: bool,
    },
    /// A message service, in its entry point.
    Service,
}

impl Administration {
    /// `load` reads the mapisvc.inf files, the first time that somebody needs them.
    #[must_use]
    pub fn new(
        store: Arc<ProfileStore>,
        load: impl Fn() -> ServiceCatalog + Send + Sync + 'static,
        entry: Arc<dyn ServiceEntry>,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            load: Box::new(load),
            catalog: OnceLock::new(),
            entry,
        })
    }

    /// The profiles.
    #[must_use]
    pub fn store(&self) -> &Arc<ProfileStore> {
        &self.store
    }

    /// The message services that can be added.
    pub fn catalog(&self) -> &ServiceCatalog {
        self.catalog.get_or_init(|| {
            let catalog = (self.load)();
            for problem in catalog.problems() {
                tracing::warn!(%problem, "mapisvc.inf");
            }
            catalog
        })
    }

    /// MAPIAdminProfiles.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_MEMORY.
    pub fn prof_admin(self: &Arc<Self>, client: &ClientScope) -> Result<ComPtr<IProfAdmin>> {
        let object = prof_admin::ProfAdminObject::new(Arc::clone(self), client.clone());
        export(&client.scope, Arc::new(object) as Arc<dyn ProfAdmin>)
    }

    /// IMAPISession::AdminServices, and IProfAdmin's, for a profile that is there.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_CORRUPT_DATA.
    pub fn service_admin(
        self: &Arc<Self>,
        client: &ClientScope,
        profile: &str,
    ) -> Result<ComPtr<IMsgServiceAdmin2>> {
        self.store.read_any(profile)?;
        let object = service_admin::ServiceAdminObject::new(
            Arc::clone(self),
            client.clone(),
            profile.to_owned(),
        );
        export(&client.scope, Arc::new(object) as Arc<dyn MsgServiceAdmin>)
    }

    /// OpenProfileSection of a session or a support object; `None` is the section of MAPI.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_FLAGS; MAPI_E_NOT_FOUND and MAPI_E_NO_ACCESS as [`ProfileStore::open_section`].
    pub fn open_section(
        &self,
        scope: &Arc<Scope>,
        profile: &str,
        uid: Option<&MapiUid>,
        flags: u32,
        opener: Opener,
    ) -> Result<ComPtr<IProfSect>> {
        let unknown = flags & !(MAPI_MODIFY | MAPI_DEFERRED_ERRORS | MAPI_FORCE_ACCESS);
        if unknown != 0 {
            let text = format!("flags {unknown:#x} mean nothing to OpenProfileSection");
            return Err(Error::caller(ErrorCode::UNKNOWN_FLAGS).context(text));
        }
        let access = SectionAccess {
            write: flags & MAPI_MODIFY != 0,
            all_sections: opener != Opener::Client || flags & MAPI_FORCE_ACCESS != 0,
            logging_on: opener == Opener::Provider { logging_on: true },
        };
        let section = self.store.open_section(profile, uid, access)?;
        let object = prof_sect::ProfSectObject::new(section);
        export(scope, Arc::new(object) as Arc<dyn ProfSect>)
    }
}
