//! IProfAdmin.

use std::sync::Arc;

use mapi_com::iface::{ComObject, ProfAdmin};
use mapi_com::ptr::ComPtr;
use mapi_sys::{
    IMAPITable, IMsgServiceAdmin, MAPI_DEFAULT_SERVICES, MAPI_DIALOG, MSG_SERVICE_DELETE,
    SERVICE_UI_ALLOWED,
};
use mapi_types::{Error, ErrorCode, MapiUid, Result};

use super::{Administration, ClientScope, tables};

pub(super) struct ProfAdminObject {
    admin: Arc<Administration>,
    client: ClientScope,
}

impl ProfAdminObject {
    pub(super) fn new(admin: Arc<Administration>, client: ClientScope) -> Self {
        Self { admin, client }
    }

    /// Adds the services of [Default Services].
    fn add_default_services(&self, profile: &str, flags: u32) -> Result<()> {
        let ui = if flags & MAPI_DIALOG != 0 {
            SERVICE_UI_ALLOWED
        } else {
            0
        };
        let catalog = self.admin.catalog();
        for name in catalog.default_names() {
            let info = catalog.service(name)?;
            let uid = self
                .admin
                .store()
                .update(profile, |edit| edit.profile.add_service(&info, None))?;
            self.admin.created(profile, &uid, ui)?;
        }
        Ok(())
    }
}

/// Profiles have no password: whoever has one for us means another profile.
fn no_password(password: &str) -> Result<()> {
    if password.is_empty() {
        return Ok(());
    }
    Err(Error::caller(ErrorCode::LOGON_FAILED).context("profiles have no password"))
}

impl ComObject for ProfAdminObject {}

impl ProfAdmin for ProfAdminObject {
    fn get_profile_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
        tables::profiles(self.admin.store(), &self.client, flags)
    }

    fn create_profile(&self, name: &str, password: &str, flags: u32) -> Result<()> {
        if !password.is_empty() {
            return Err(
                Error::caller(ErrorCode::INVALID_PARAMETER).context("profiles have no password")
            );
        }
        let store = self.admin.store();
        store.create(name)?;
        if flags & MAPI_DEFAULT_SERVICES == 0 {
            return Ok(());
        }
        self.add_default_services(name, flags).inspect_err(|_| {
            // Half a profile is of no use; the first error is the one that matters.
            let _ = store.delete(name);
        })
    }

    fn delete_profile(&self, name: &str, _flags: u32) -> Result<()> {
        let store = self.admin.store();
        // A profile that cannot be read can be deleted, but has no services to be told.
        if let Ok(profile) = store.read(name) {
            let services: Vec<MapiUid> = profile.services().map(|s| s.uid).collect();
            for uid in &services {
                self.admin.tell_entry(name, uid, MSG_SERVICE_DELETE);
            }
        }
        store.delete(name).map(drop)
    }

    fn change_profile_password(
        &self,
        _name: &str,
        _old: &str,
        _new: &str,
        _flags: u32,
    ) -> Result<()> {
        Err(Error::no_support().context("profiles have no password"))
    }

    fn copy_profile(&self, old: &str, password: &str, new: &str, _flags: u32) -> Result<()> {
        no_password(password)?;
        self.admin.store().copy(old, new)
    }

    fn rename_profile(&self, old: &str, password: &str, new: &str, _flags: u32) -> Result<()> {
        no_password(password)?;
        self.admin.store().rename(old, new).map(drop)
    }

    fn set_default_profile(&self, name: Option<&str>, _flags: u32) -> Result<()> {
        self.admin.store().set_default(name)
    }

    fn admin_services(
        &self,
        name: &str,
        password: &str,
        _flags: u32,
    ) -> Result<ComPtr<IMsgServiceAdmin>> {
        no_password(password)?;
        self.admin.store().read(name).map_err(|error| {
            // iprofadmin-adminservices.md has this code for a profile that is not there.
            if error.code() == ErrorCode::NOT_FOUND {
                Error::caller(ErrorCode::LOGON_FAILED).context(error.text())
            } else {
                error
            }
        })?;
        let admin = self.admin.service_admin(&self.client, name)?;
        Ok(admin.upcast())
    }
}
