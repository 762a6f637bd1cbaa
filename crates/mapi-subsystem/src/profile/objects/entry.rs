//! Calls of service entry points.

use std::sync::Arc;

use mapi_types::{Error, ErrorCode, MapiUid, Property, Result, tag};

use super::Administration;
use super::provider_admin::ServiceProviders;
use crate::profile::Profile;

/// Calls the entry points of message services (MSGSERVICEENTRY). The host supplies it: it loads the library, makes a
/// configuration support object, and calls.
pub trait ServiceEntry: Send + Sync {
    /// Calls one and waits for it. Nothing of the profile store is locked meanwhile.
    ///
    /// # Errors
    /// What the entry point answered, with the text of its MAPIERROR; MAPI_E_NOT_FOUND if there is no such library or
    /// function in it.
    fn call(&self, call: ServiceEntryCall<'_>) -> Result<()>;
}

/// A call of a service entry point.
pub struct ServiceEntryCall<'a> {
    /// PR_SERVICE_DLL_NAME.
    pub library: &'a str,
    /// PR_SERVICE_ENTRY_NAME.
    pub function: &'a str,
    /// MSG_SERVICE_CREATE and its kind.
    pub context: u32,
    /// SERVICE_UI_ALLOWED and its kind.
    pub flags: u32,
    /// What to configure it with.
    pub props: &'a [Property],
    /// Makes the provider administration object, and opens sections for the configuration support object.
    pub providers: &'a Arc<ServiceProviders>,
}

/// Calls nothing: for a program that administers profiles without loading anybody's library.
#[derive(Clone, Copy, Debug)]
pub struct NoEntryPoints;

impl ServiceEntry for NoEntryPoints {
    /// # Errors
    /// MAPI_E_NO_SUPPORT, always.
    fn call(&self, call: ServiceEntryCall<'_>) -> Result<()> {
        let text = format!(
            "service entry points are not called here ({})",
            call.library
        );
        Err(Error::no_support().context(text))
    }
}

/// A message service with its entry point.
pub(super) struct EntryPoint {
    library: String,
    function: String,
    service: MapiUid,
}

impl EntryPoint {
    /// The entry point of a service; `None` if it has none.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if there is no such service.
    pub(super) fn of(profile: &Profile, service: &MapiUid) -> Result<Option<Self>> {
        let section = profile.service(service)?;
        let text = |tag| {
            let text = section.props.text(tag)?;
            (!text.is_empty()).then(|| text.into_owned())
        };
        let library = text(tag::PR_SERVICE_DLL_NAME);
        Ok(library
            .zip(text(tag::PR_SERVICE_ENTRY_NAME))
            .map(|(library, function)| Self {
                library,
                function,
                service: *service,
            }))
    }
}

impl Administration {
    /// Calls the entry point of a service; without one there is nothing to do, and the answer is `false`.
    pub(crate) fn call_entry(
        self: &Arc<Self>,
        profile: &str,
        service: &MapiUid,
        context: u32,
        flags: u32,
        props: &[Property],
    ) -> Result<bool> {
        let content = self.store().read_any(profile)?;
        let Some(point) = EntryPoint::of(&content, service)? else {
            return Ok(false);
        };
        let providers = ServiceProviders::for_service(Arc::clone(self), profile, point.service);
        let call = ServiceEntryCall {
            library: &point.library,
            function: &point.function,
            context,
            flags,
            props,
            providers: &providers,
        };
        self.entry.call(call).map_err(|error| {
            // The caller has not broken anything; the code is the service's.
            let text = format!(
                "the message service in '{}': {}",
                point.library,
                error.text()
            );
            Error::provider(error.code()).context(text)
        })?;
        Ok(true)
    }

    /// The same where a refusal must not keep anybody from going on.
    pub(super) fn tell_entry(self: &Arc<Self>, profile: &str, service: &MapiUid, context: u32) {
        if let Err(error) = self.call_entry(profile, service, context, 0, &[]) {
            tracing::warn!(profile, %error, "a service entry point failed");
        }
    }

    /// Tells a service that it has been added. One that says it is not configured yet stays, to be configured.
    pub(super) fn created(
        self: &Arc<Self>,
        profile: &str,
        service: &MapiUid,
        flags: u32,
    ) -> Result<()> {
        let context = mapi_sys::MSG_SERVICE_CREATE;
        match self.call_entry(profile, service, context, flags, &[]) {
            Err(error) if error.code() != ErrorCode::UNCONFIGURED => {
                let undo = self.store().update(profile, |edit| {
                    edit.profile.delete_service(service, edit.in_use)
                });
                // The first error is the one that matters; the service may have removed itself.
                undo.or_else(|e| (e.code() == ErrorCode::NOT_FOUND).then_some(()).ok_or(e))?;
                Err(error)
            }
            _ => Ok(()),
        }
    }
}
