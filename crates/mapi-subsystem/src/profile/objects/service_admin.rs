//! IMsgServiceAdmin and IMsgServiceAdmin2.

use std::sync::Arc;

use mapi_com::iface::{ComObject, CopyTarget, MapiProp, MapiSession, MsgServiceAdmin};
use mapi_com::ptr::ComPtr;
use mapi_sys::{
    IMAPISession, IMAPITable, IMsgServiceAdmin, IProfSect, IProviderAdmin, MSG_SERVICE_CONFIGURE,
    MSG_SERVICE_DELETE, MSG_SERVICE_UI_READ_ONLY, SERVICE_UI_ALLOWED, SERVICE_UI_ALWAYS,
};
use mapi_types::{Error, ErrorCode, MapiUid, Property, Result, tag};

use super::provider_admin::ServiceProviders;
use super::{Administration, ClientScope, Opener, tables};
use crate::profile::INSTANCE_SECTION;

pub(super) struct ServiceAdminObject {
    admin: Arc<Administration>,
    client: ClientScope,
    profile: String,
}

const UI: u32 = SERVICE_UI_ALLOWED | SERVICE_UI_ALWAYS | MSG_SERVICE_UI_READ_ONLY;

impl ServiceAdminObject {
    pub(super) fn new(admin: Arc<Administration>, client: ClientScope, profile: String) -> Self {
        Self {
            admin,
            client,
            profile,
        }
    }

    fn update<R>(
        &self,
        change: impl FnOnce(&mut crate::profile::Edit<'_>) -> Result<R>,
    ) -> Result<R> {
        self.admin.store().update(&self.profile, change)
    }
}

/// The profile of the object that a service is copied to. Whatever implements the interface, its profile sections know
/// their profile's name.
fn profile_of(target: &CopyTarget<'_>) -> Result<String> {
    let uid = Some(&INSTANCE_SECTION);
    let section = match target.object.query::<IMsgServiceAdmin>() {
        // The import of the newer interface is used for the slots that both have.
        Ok(admin) => open_section_of(&admin, uid)?,
        Err(_) => {
            let session: ComPtr<IMAPISession> = target.object.query()?;
            session.open_profile_section(uid, 0)?
        }
    };
    let props = section.get_props(Some(&[tag::PR_PROFILE_NAME]), mapi_sys::MAPI_UNICODE)?;
    let name = props.first().and_then(|p| p.value.as_str());
    name.map(|n| n.into_owned()).ok_or_else(|| {
        Error::caller(ErrorCode::INVALID_PARAMETER).context("the target has no profile")
    })
}

fn open_section_of(
    admin: &ComPtr<IMsgServiceAdmin>,
    uid: Option<&MapiUid>,
) -> Result<ComPtr<IProfSect>> {
    admin.open_profile_section(uid, 0)
}

impl ComObject for ServiceAdminObject {}

impl MsgServiceAdmin for ServiceAdminObject {
    fn get_msg_service_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
        let profile = self.admin.store().read(&self.profile)?;
        tables::services(&profile, &self.client, flags)
    }

    fn create_msg_service(
        &self,
        service: &str,
        display_name: Option<&str>,
        flags: u32,
    ) -> Result<()> {
        self.create_msg_service_ex(service, display_name, flags)
            .map(drop)
    }

    fn delete_msg_service(&self, uid: &MapiUid) -> Result<()> {
        self.admin.store().read(&self.profile)?.service(uid)?;
        self.admin
            .tell_entry(&self.profile, uid, MSG_SERVICE_DELETE);
        self.update(|edit| edit.profile.delete_service(uid, edit.in_use))
    }

    fn copy_msg_service(
        &self,
        uid: &MapiUid,
        _display_name: Option<&str>, // deprecated
        target: Option<&CopyTarget<'_>>,
        _flags: u32,
    ) -> Result<()> {
        let store = self.admin.store();
        let target = match target {
            Some(target) => profile_of(target)?,
            None => self.profile.clone(),
        };
        let source = store.read(&self.profile)?;
        source.service(uid)?;
        let secrets = store.read_secrets(&self.profile)?;
        store.update(&target, |edit| {
            for (from, to) in edit.profile.copy_service(&source, uid)? {
                if from != to && secrets.section(&from).is_some() {
                    edit.secrets()?.copy_section(&secrets, &from, &to);
                }
            }
            Ok(())
        })
    }

    fn rename_msg_service(&self, uid: &MapiUid, display_name: &str) -> Result<()> {
        self.update(|edit| edit.profile.rename_service(uid, display_name))
    }

    fn configure_msg_service(&self, uid: &MapiUid, flags: u32, props: &[Property]) -> Result<()> {
        let context = MSG_SERVICE_CONFIGURE;
        let admin = &self.admin;
        if admin.call_entry(&self.profile, uid, context, flags & UI, props)? {
            return Ok(());
        }
        let text = "the message service has no entry point, so it cannot be configured";
        Err(Error::caller(ErrorCode::NOT_INITIALIZED).context(text))
    }

    fn open_profile_section(&self, uid: Option<&MapiUid>, flags: u32) -> Result<ComPtr<IProfSect>> {
        let (admin, opener) = (&self.admin, Opener::Client);
        admin.open_section(&self.client.scope, &self.profile, uid, flags, opener)
    }

    fn msg_service_transport_order(&self, order: &[MapiUid]) -> Result<()> {
        self.update(|edit| edit.profile.set_transport_order(order))
    }

    fn admin_providers(&self, uid: &MapiUid, _flags: u32) -> Result<ComPtr<IProviderAdmin>> {
        self.admin.store().read(&self.profile)?.service(uid)?;
        let admin = Arc::clone(&self.admin);
        ServiceProviders::for_client(admin, &self.profile, *uid).export(&self.client)
    }

    fn set_primary_identity(&self, uid: Option<&MapiUid>) -> Result<()> {
        self.update(|edit| edit.profile.set_primary_identity(uid))
    }

    fn get_provider_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
        let profile = self.admin.store().read(&self.profile)?;
        tables::providers(&profile, None, &self.client, flags)
    }

    fn create_msg_service_ex(
        &self,
        service: &str,
        display_name: Option<&str>,
        flags: u32,
    ) -> Result<MapiUid> {
        let info = self.admin.catalog().service(service)?;
        let uid = self.update(|edit| edit.profile.add_service(&info, display_name))?;
        self.admin.created(&self.profile, &uid, flags & UI)?;
        Ok(uid)
    }
}
