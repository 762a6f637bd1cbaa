//! IProviderAdmin.

use std::sync::Arc;

use mapi_com::iface::{ComObject, ProviderAdmin};
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_sys::{
    IMAPITable, IProfSect, IProviderAdmin, MAPI_DIALOG, MSG_SERVICE_PROVIDER_CREATE,
    MSG_SERVICE_PROVIDER_DELETE, SERVICE_UI_ALLOWED,
};
use mapi_types::{Error, ErrorCode, MapiUid, Property, Result, tag};

use super::{Administration, ClientScope, Opener, tables};

/// The providers of one message service: for a client, or for the service itself while its entry point runs.
pub struct ServiceProviders {
    admin: Arc<Administration>,
    profile: String,
    service: MapiUid,
    /// Then its entry point is not called again for what it does itself, and all sections are open to it.
    is_service: bool,
}

impl ServiceProviders {
    pub(super) fn for_client(
        admin: Arc<Administration>,
        profile: &str,
        service: MapiUid,
    ) -> Arc<Self> {
        Arc::new(Self {
            admin,
            profile: profile.to_owned(),
            service,
            is_service: false,
        })
    }

    pub(super) fn for_service(
        admin: Arc<Administration>,
        profile: &str,
        service: MapiUid,
    ) -> Arc<Self> {
        Arc::new(Self {
            admin,
            profile: profile.to_owned(),
            service,
            is_service: true,
        })
    }

    /// The provider administration object, in the scope of a client or of the call.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_MEMORY.
    pub fn export(self: &Arc<Self>, client: &ClientScope) -> Result<ComPtr<IProviderAdmin>> {
        let object = ProviderAdminObject {
            providers: Arc::clone(self),
            client: client.clone(),
        };
        export(&client.scope, Arc::new(object) as Arc<dyn ProviderAdmin>)
    }

    /// OpenProfileSection of the provider administration and of the configuration support object; `None` is the section
    /// of the service.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER for a client that passes `None`; as [`Administration::open_section`].
    pub fn open_section(
        &self,
        scope: &Arc<Scope>,
        uid: Option<&MapiUid>,
        flags: u32,
    ) -> Result<ComPtr<IProfSect>> {
        let (uid, opener) = match (uid, self.is_service) {
            (Some(uid), true) => (uid, Opener::Service),
            (Some(uid), false) => (uid, Opener::Client),
            (None, true) => (&self.service, Opener::Service),
            (None, false) => return Err(ErrorCode::INVALID_PARAMETER.into()),
        };
        let admin = &self.admin;
        admin.open_section(scope, &self.profile, Some(uid), flags, opener)
    }

    /// The profile.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// PR_SERVICE_UID.
    #[must_use]
    pub fn service(&self) -> MapiUid {
        self.service
    }

    fn create(&self, name: &str, props: &[Property], flags: u32) -> Result<MapiUid> {
        let store = self.admin.store();
        let profile = store.read_any(&self.profile)?;
        let service = profile.service(&self.service)?;
        let service_name = service.props.text(tag::PR_SERVICE_NAME).unwrap_or_default();
        let info = self.admin.catalog().provider(&service_name, name)?;
        let uid = store.update_any(&self.profile, |edit| {
            edit.profile.add_provider(&self.service, &info, props)
        })?;
        let flags = if flags & MAPI_DIALOG != 0 {
            SERVICE_UI_ALLOWED
        } else {
            0
        };
        match self.tell(MSG_SERVICE_PROVIDER_CREATE, flags, props) {
            Err(error) if error.code() != ErrorCode::UNCONFIGURED => {
                self.remove(&uid)?;
                Err(error)
            }
            _ => Ok(uid),
        }
    }

    fn delete(&self, uid: &MapiUid) -> Result<()> {
        let profile = self.admin.store().read_any(&self.profile)?;
        if !profile.providers_of(&self.service).any(|s| s.uid == *uid) {
            let text = format!("the message service has no provider {uid:?}");
            return Err(Error::caller(ErrorCode::NOT_FOUND).context(text));
        }
        self.tell(MSG_SERVICE_PROVIDER_DELETE, 0, &[])?;
        self.remove(uid)
    }

    fn tell(&self, context: u32, flags: u32, props: &[Property]) -> Result<()> {
        if self.is_service {
            return Ok(());
        }
        let admin = &self.admin;
        admin
            .call_entry(&self.profile, &self.service, context, flags, props)
            .map(drop)
    }

    /// Removes a provider. The service may have done so itself.
    fn remove(&self, uid: &MapiUid) -> Result<()> {
        let store = self.admin.store();
        let removed = store.update_any(&self.profile, |edit| {
            edit.profile.delete_provider(uid, edit.in_use)
        });
        removed.or_else(|e| (e.code() == ErrorCode::NOT_FOUND).then_some(()).ok_or(e))
    }
}

struct ProviderAdminObject {
    providers: Arc<ServiceProviders>,
    client: ClientScope,
}

impl ComObject for ProviderAdminObject {}

impl ProviderAdmin for ProviderAdminObject {
    fn get_provider_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
        let it = &self.providers;
        let profile = it.admin.store().read_any(&it.profile)?;
        tables::providers(&profile, Some(&it.service), &self.client, flags)
    }

    fn create_provider(&self, provider: &str, props: &[Property], flags: u32) -> Result<MapiUid> {
        self.providers.create(provider, props, flags)
    }

    fn delete_provider(&self, uid: &MapiUid) -> Result<()> {
        self.providers.delete(uid)
    }

    fn open_profile_section(&self, uid: Option<&MapiUid>, flags: u32) -> Result<ComPtr<IProfSect>> {
        self.providers.open_section(&self.client.scope, uid, flags)
    }
}
