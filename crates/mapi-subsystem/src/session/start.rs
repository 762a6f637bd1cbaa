//! How a provider is started: library, entry point, logon (lifecycle.md, 4.3 to 4.5 and 6.8).

use std::sync::Arc;

use mapi_com::host_call::{
    self, Logon as LogonSuccess, LogonArguments, LogonObject, ProviderKind as CallKind,
};
use mapi_com::ptr::ComPtr;
use mapi_types::{EntryId, Error, ErrorCode, Guid, Result};

use super::SessionCore;
use crate::host::{Logon, Place, Provider, Support};
use crate::profile::{ProviderEntry, ProviderKind};
use crate::shutdown::{Kind, LogonState, Refused};

/// The arguments of a logon that differ from kind to kind.
#[derive(Clone, Default)]
pub(super) struct LogonWish {
    pub ui_param: usize,
    pub flags: u32,
    pub entry_id: EntryId,
    pub interface: Option<Guid>,
}

/// A logon that has succeeded.
pub(super) struct Started {
    /// The store, for a store provider.
    pub store: Option<ComPtr<mapi_sys::IMsgStore>>,
    /// MAPI_W_ERRORS_RETURNED.
    pub warning: Option<Error>,
}

impl SessionCore {
    /// Logs on to the provider of `entry`, starting it if need be. What its logon method answers decides what becomes of it
    /// (lifecycle.md, 4.5).
    ///
    /// # Errors
    /// What the provider answered, unchanged (LIFE-LOGON-020); MAPI_E_LOGON_FAILED if its service is disabled.
    pub(super) fn log_on(
        self: &Arc<Self>,
        entry: &ProviderEntry,
        wish: &LogonWish,
    ) -> Result<Started> {
        if entry
            .service
            .is_some_and(|service| self.parts().disabled.contains(&service))
        {
            let text = format!(
                "{}: its message service is disabled for this session",
                entry.display_name
            );
            return Err(Error::provider(ErrorCode::LOGON_FAILED).context(text));
        }
        let mut result = self.try_logon(entry, wish);
        if let Err(error) = &result
            && error.code() == ErrorCode::UNCONFIGURED
            && self.configure(entry)
        {
            result = self.try_logon(entry, wish);
        }
        result.inspect_err(|error| self.logon_refused(entry, error))
    }

    /// After most errors the provider's service gets no service calls any more (LIFE-LOGON-019).
    fn logon_refused(&self, entry: &ProviderEntry, error: &Error) {
        // Who opens a store gets the error and tells it himself; that an address book is missing nobody else would say.
        let provider = &entry.display_name;
        if entry.kind == ProviderKind::Store {
            tracing::debug!(provider, %error, "the provider did not log on");
        } else {
            tracing::warn!(provider, %error, "the provider did not log on");
        }
        let harmless = [
            ErrorCode::UNCONFIGURED,
            ErrorCode::FAILONEPROVIDER,
            ErrorCode::USER_CANCEL,
            ErrorCode::NOT_FOUND,
            ErrorCode::VERSION,
        ];
        if let Some(service) = entry.service
            && !harmless.contains(&error.code())
        {
            self.parts().disabled.insert(service);
        }
    }

    fn try_logon(self: &Arc<Self>, entry: &ProviderEntry, wish: &LogonWish) -> Result<Started> {
        loop {
            let provider = self.provider_of(entry)?;
            match self
                .way_down()
                .begin_logon(provider.id, &entry.display_name)
            {
                Ok(id) => return self.call_logon(id, &provider, entry, wish),
                Err(Refused::SessionEnds) => {
                    return Err(
                        Error::caller(ErrorCode::INVALID_OBJECT).context("the session is ending")
                    );
                }
                // The old object has to be gone before there is a new one (LIFE-STORE-018).
                Err(Refused::ProviderEnds) => self.way_down().driver().await_end_of(provider.id),
                Err(Refused::ProviderGone) => drop(self.take_provider(provider.id)),
            }
        }
    }

    fn call_logon(
        self: &Arc<Self>,
        id: crate::shutdown::LogonId,
        provider: &Arc<Provider>,
        entry: &ProviderEntry,
        wish: &LogonWish,
    ) -> Result<Started> {
        let place = Place {
            section: entry.uid,
            display_name: entry.display_name.clone(),
            library: entry.library.clone(),
            flags: entry.flags,
        };
        let logon = Logon::new(id, provider, place, self.subsystem().engine().scope());
        self.parts().logons.insert(id, Arc::clone(&logon));
        let result = self.call_logon_method(&logon, wish);
        // A logon that has begun to work, or whose end is under way, is the plan's; any other one never came to be.
        if self.way_down().driver().logon(id) == Some(LogonState::Starting) {
            self.take_logon(id);
            self.way_down().driver().logon_failed(id);
        }
        result
    }

    fn call_logon_method(
        self: &Arc<Self>,
        logon: &Arc<Logon>,
        wish: &LogonWish,
    ) -> Result<Started> {
        let provider = &logon.provider;
        let allocator = provider.library.owner().allocator();
        let support = Support::create(logon, self, allocator)?;
        let object = provider.object().ok_or(ErrorCode::INVALID_OBJECT)?;
        let worker = provider.library.worker()?;
        let arguments = LogonArguments {
            support,
            ui_param: wish.ui_param,
            profile_name: self.profile_name().to_owned(),
            flags: wish.flags,
            entry_id: wish.entry_id.clone(),
            interface: wish.interface,
            spool_security: None,
        };
        let called = host_call::logon(&worker, &object, arguments, allocator);
        drop(object);
        match called.result {
            Ok(success) => self.logon_succeeded(logon, success, called.support),
            Err(error) => {
                self.logon_ended_early(logon, called.support);
                Err(error)
            }
        }
    }

    fn logon_succeeded(
        self: &Arc<Self>,
        logon: &Arc<Logon>,
        success: LogonSuccess,
        support: ComPtr<mapi_sys::IMAPISupport>,
    ) -> Result<Started> {
        let LogonSuccess {
            object,
            store,
            warning,
            ..
        } = success;
        let kind_fits = match &object {
            Some(LogonObject::AddressBook(_)) => logon.kind == CallKind::AddressBook,
            Some(LogonObject::Store(_)) => logon.kind == CallKind::Store && store.is_some(),
            _ => false,
        };
        let Some(object) = object.filter(|_| kind_fits) else {
            return self.opened_again(logon, store, warning, support);
        };
        logon.put_object(object);
        // Whether the provider has kept a reference of its own shows only now (LIFE-LOGON-011).
        drop(support);
        if self
            .way_down()
            .driver()
            .logon_started(logon.provider.id, logon.id)
        {
            return Ok(Started { store, warning });
        }
        drop(store);
        let name = &logon.place.display_name;
        let text = format!("{name} did not keep its support object, so its logon does not count");
        Err(Error::provider(ErrorCode::CALL_FAILED).context(text))
    }

    /// S_OK without a logon object: right for a store that is open in this session already, else a failure
    /// (LIFE-LOGON-013, -014).
    fn opened_again(
        self: &Arc<Self>,
        logon: &Arc<Logon>,
        store: Option<ComPtr<mapi_sys::IMsgStore>>,
        warning: Option<Error>,
        support: ComPtr<mapi_sys::IMAPISupport>,
    ) -> Result<Started> {
        self.logon_ended_early(logon, support);
        let parts = self.parts();
        let open = parts.logons.values().any(|other| {
            other.id != logon.id
                && other.provider.id == logon.provider.id
                && other.kind == CallKind::Store
        });
        drop(parts);
        if store.is_some() && open {
            return Ok(Started { store, warning });
        }
        drop(store);
        let name = &logon.place.display_name;
        let text = format!("{name} answered S_OK without a logon object");
        Err(Error::provider(ErrorCode::CALL_FAILED).context(text))
    }

    /// Nothing made through the support object of a logon that has not come to be survives (LIFE-LOGON-023).
    fn logon_ended_early(&self, logon: &Arc<Logon>, support: ComPtr<mapi_sys::IMAPISupport>) {
        self.forget_registrations(logon);
        if support.release() > 0 {
            // The provider has kept it: from now on it is an inert shell.
            logon.cut_support_off();
        }
    }

    /// The provider object of this session, kind and library, made now if there is none (LIFE-INIT-013).
    pub(super) fn provider_of(self: &Arc<Self>, entry: &ProviderEntry) -> Result<Arc<Provider>> {
        let kind = plan_kind(entry.kind)?;
        let key = (kind, entry.library.to_lowercase());
        let clock = &self.subsystem().config().clock;
        loop {
            let seen = self.changed().count();
            let mut parts = self.parts();
            let known = parts
                .providers
                .values()
                .find(|p| plan_of(p.kind) == kind && same_library(p, &entry.library));
            if let Some(provider) = known {
                return Ok(Arc::clone(provider));
            }
            if parts.starting.insert(key.clone()) {
                break;
            }
            drop(parts);
            clock.wait(self.changed(), seen, None);
        }
        let made = self.start_provider(entry, kind);
        self.parts().starting.remove(&key);
        self.changed().raise();
        made
    }

    fn start_provider(
        self: &Arc<Self>,
        entry: &ProviderEntry,
        kind: Kind,
    ) -> Result<Arc<Provider>> {
        let subsystem = self.subsystem();
        let library = subsystem
            .libraries()
            .get(&entry.library, subsystem.search())?;
        let flags = if subsystem.config().nt_service {
            mapi_sys::MAPI_NT_SERVICE
        } else {
            0
        };
        let object = library.start_provider(call_kind(kind), flags)?;
        let library_id = self.library_id(&library);
        self.way_down()
            .driver()
            .recorder()
            .library(library_id, library.name());
        let id = self
            .way_down()
            .start_provider(kind, library_id, &entry.display_name);
        let provider = Provider::new(id, library, object);
        self.parts().providers.insert(id, Arc::clone(&provider));
        Ok(provider)
    }

    /// MAPI_E_UNCONFIGURED: the service's entry point, then the logon once more (LIFE-LOGON-017).
    /// `false` if there is none, or it could not.
    fn configure(&self, entry: &ProviderEntry) -> bool {
        let Some(service) = &entry.service else {
            return false;
        };
        let (context, flags) = (
            mapi_sys::MSG_SERVICE_CONFIGURE,
            mapi_sys::SERVICE_LOGON_FAILED,
        );
        let admin = self.subsystem().administration();
        let called = admin.call_entry(self.profile_name(), service, context, flags, &[]);
        called.unwrap_or_else(|error| {
            tracing::warn!(provider = entry.display_name, %error, "its message service did not configure it");
            false
        })
    }

    /// A provider object that is over: forgotten, with MAPI's reference if it still has it.
    pub(super) fn take_provider(&self, id: crate::shutdown::ProviderId) -> Option<Arc<Provider>> {
        let taken = self.parts().providers.remove(&id);
        self.changed().raise();
        taken
    }

    /// A logon that is over: forgotten.
    pub(super) fn take_logon(&self, id: crate::shutdown::LogonId) -> Option<Arc<Logon>> {
        self.parts().logons.remove(&id)
    }
}

fn same_library(provider: &Provider, name: &str) -> bool {
    provider.library.is_named(name)
}

fn plan_kind(kind: ProviderKind) -> Result<Kind> {
    match kind {
        ProviderKind::AddressBook => Ok(Kind::AddressBook),
        ProviderKind::Store => Ok(Kind::Store),
        ProviderKind::Transport | ProviderKind::Hook => {
            Err(Error::no_support().context("transports and hooks are not built yet"))
        }
    }
}

fn plan_of(kind: CallKind) -> Kind {
    match kind {
        CallKind::Transport => Kind::Transport,
        CallKind::AddressBook => Kind::AddressBook,
        CallKind::Store => Kind::Store,
    }
}

fn call_kind(kind: Kind) -> CallKind {
    match kind {
        Kind::Transport => CallKind::Transport,
        Kind::AddressBook => CallKind::AddressBook,
        Kind::Store => CallKind::Store,
    }
}
