//! Profiles and their message services: who can log on, and to what.

use std::borrow::Cow;
use std::sync::Arc;

use mapi_subsystem::profile::inf::{ServiceCatalog, ServiceInfo};
use mapi_subsystem::profile::{Profile, ProfileStore, Section, is_secure};
use mapi_types::{Error, ErrorCode, MapiUid, Property, Result, tag};

pub use mapi_subsystem::profile::{ProfileListing, ProfileName, ProviderKind, When};

/// The administration of profiles; see [`Mapi::profiles`](crate::Mapi::profiles).
///
/// What is changed acts on the next session (OP-56). Any thread, and any number of processes: there is one writer at a time.
#[derive(Clone, Copy)]
pub struct Profiles<'a> {
    store: &'a Arc<ProfileStore>,
    catalog: &'a ServiceCatalog,
}

/// A message service of a profile.
#[derive(Clone, Debug)]
pub struct Service {
    /// PR_SERVICE_UID.
    pub uid: MapiUid,
    /// PR_SERVICE_NAME: the name in mapisvc.inf.
    pub name: String,
    /// PR_DISPLAY_NAME.
    pub display_name: String,
    /// Its providers.
    pub providers: Vec<ServiceProvider>,
}

/// A service provider of a message service.
#[derive(Clone, Debug)]
pub struct ServiceProvider {
    /// PR_PROVIDER_UID: its section.
    pub uid: MapiUid,
    /// What it is.
    pub kind: Option<ProviderKind>,
    /// PR_DISPLAY_NAME.
    pub display_name: String,
    /// PR_PROVIDER_DLL_NAME.
    pub library: String,
    /// PR_RESOURCE_FLAGS has STATUS_DEFAULT_STORE, and it is a store.
    pub is_default_store: bool,
    /// What it is set up with: the properties of its section, without secure ones.
    pub settings: Vec<Property>,
}

impl<'a> Profiles<'a> {
    pub(crate) fn new(store: &'a Arc<ProfileStore>, catalog: &'a ServiceCatalog) -> Self {
        Self { store, catalog }
    }

    /// The store itself, for what is not wrapped.
    #[must_use]
    pub fn store(&self) -> &'a Arc<ProfileStore> {
        self.store
    }

    /// The profiles, by name.
    ///
    /// # Errors
    /// As [`ProfileStore::list`].
    pub fn list(&self) -> Result<Vec<ProfileListing>> {
        self.store.list()
    }

    /// The name of the default profile, if there is one.
    ///
    /// # Errors
    /// As [`ProfileStore::default_profile`].
    pub fn default_profile(&self) -> Result<Option<String>> {
        self.store.default_profile()
    }

    /// Makes a profile the default; `None`: there is none any more.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn set_default(&self, name: Option<&str>) -> Result<()> {
        self.store.set_default(name)
    }

    /// Creates an empty profile.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER for a bad name, MAPI_E_NO_ACCESS if there is such a profile.
    pub fn create(&self, name: &str) -> Result<()> {
        self.store.create(name)
    }

    /// Copies a profile with its secure properties. Both lead to the same stores.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_INVALID_PARAMETER, MAPI_E_NO_ACCESS if the new name is taken.
    pub fn copy(&self, old: &str, new: &str) -> Result<()> {
        self.store.copy(old, new)
    }

    /// Gives a profile another name.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_INVALID_PARAMETER, MAPI_E_NO_ACCESS if the new name is taken.
    pub fn rename(&self, old: &str, new: &str) -> Result<When> {
        self.store.rename(old, new)
    }

    /// Deletes a profile. The stores it leads to stay.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn delete(&self, name: &str) -> Result<When> {
        self.store.delete(name)
    }

    /// The message services that can be added to a profile.
    #[must_use]
    pub fn available_services(&self) -> Vec<ServiceInfo> {
        let names = self.catalog.names();
        names
            .filter_map(|name| self.catalog.service(name).ok())
            .collect()
    }

    /// The message services of a profile.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_CORRUPT_DATA with file and line.
    pub fn services(&self, profile: &str) -> Result<Vec<Service>> {
        let profile = self.store.read(profile)?;
        Ok(profile.services().map(|s| service(&profile, s)).collect())
    }

    /// Adds a message service, set up with `settings`; the answer is its PR_SERVICE_UID.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if there is no such service or profile, MAPI_E_NO_ACCESS if it is there and may be there once only.
    pub fn add_service(
        &self,
        profile: &str,
        name: &str,
        display_name: Option<&str>,
        settings: &[Property],
    ) -> Result<MapiUid> {
        let info = self.catalog.service(name)?;
        self.store.update(profile, |edit| {
            let uid = edit.profile.add_service(&info, display_name)?;
            let mut settings = settings.to_vec();
            if let Some(name) = display_name {
                settings.push(Property::new(tag::PR_DISPLAY_NAME, name));
            }
            configure(edit, &uid, &settings)?;
            Ok(uid)
        })
    }

    /// Sets properties of a message service: PR_DISPLAY_NAME of the service and its providers, all others of its providers.
    /// Secure ones are kept apart.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn set_service(&self, profile: &str, uid: &MapiUid, settings: &[Property]) -> Result<()> {
        self.store
            .update(profile, |edit| configure(edit, uid, settings))
    }

    /// Makes the store of a message service the default store of the profile.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if the service has no store, MAPI_E_NO_ACCESS if it cannot be the default.
    pub fn set_default_store(&self, profile: &str, service: &MapiUid) -> Result<()> {
        self.store.update(profile, |edit| {
            let mut providers = edit.profile.providers_of(service);
            let store = providers.find(|s| s.provider_kind() == Some(ProviderKind::Store));
            let uid = store.map(|s| s.uid).ok_or_else(|| {
                Error::caller(ErrorCode::NOT_FOUND).context("this message service has no store")
            })?;
            drop(providers);
            edit.profile.set_default_store(&uid)
        })
    }

    /// Removes a message service. The store it leads to stays.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn remove_service(&self, profile: &str, uid: &MapiUid) -> Result<()> {
        self.store.update(profile, |edit| {
            let in_use = edit.in_use;
            edit.profile.delete_service(uid, in_use)
        })
    }
}

impl std::fmt::Debug for Profiles<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Profiles")
    }
}

fn configure(
    edit: &mut mapi_subsystem::profile::Edit<'_>,
    uid: &MapiUid,
    settings: &[Property],
) -> Result<()> {
    edit.profile.service(uid)?;
    let providers: Vec<MapiUid> = edit.profile.providers_of(uid).map(|s| s.uid).collect();
    for setting in settings {
        if setting.tag.same_id(tag::PR_DISPLAY_NAME) {
            edit.profile.section_mut(uid)?.props.set(setting.clone());
        }
        for provider in &providers {
            if is_secure(setting.tag) {
                edit.secrets()?.set(provider, setting.clone());
            } else {
                let section = edit.profile.section_mut(provider)?;
                section.props.set(setting.clone());
            }
        }
    }
    Ok(())
}

fn service(profile: &Profile, section: &Section) -> Service {
    Service {
        uid: section.uid,
        name: text(section, tag::PR_SERVICE_NAME),
        display_name: text(section, tag::PR_DISPLAY_NAME),
        providers: profile.providers_of(&section.uid).map(provider).collect(),
    }
}

fn provider(section: &Section) -> ServiceProvider {
    let flags = section.props.bits(tag::PR_RESOURCE_FLAGS);
    let kind = section.provider_kind();
    let is_default = flags & mapi_sys::STATUS_DEFAULT_STORE != 0;
    ServiceProvider {
        uid: section.uid,
        kind,
        display_name: text(section, tag::PR_DISPLAY_NAME),
        library: text(section, tag::PR_PROVIDER_DLL_NAME),
        is_default_store: kind == Some(ProviderKind::Store) && is_default,
        settings: section.props.iter().cloned().collect(),
    }
}

fn text(section: &Section, tag: mapi_types::PropTag) -> String {
    section
        .props
        .text(tag)
        .map_or_else(String::new, Cow::into_owned)
}
