//! Message services: their entry points, and the configuration support object that lives as long as such a call
//! (lifecycle.md, 4.6).

use std::sync::{Arc, OnceLock, Weak};

use mapi_com::alloc::{Allocator, malloc_object};
use mapi_com::host_call::ServiceCall;
use mapi_com::iface::{ComObject, MapiSupport};
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_types::{Error, ErrorCode, MapiUid, Result};

use crate::profile::objects::{ClientScope, ServiceEntry, ServiceEntryCall, ServiceProviders};
use crate::subsystem::Subsystem;

/// Calls service entry points: loads the library, makes the configuration support object, calls on the library's thread.
#[derive(Default)]
pub(crate) struct ServiceEntries {
    subsystem: OnceLock<Weak<Subsystem>>,
}

impl ServiceEntries {
    /// Where libraries are loaded from. Said once, when the subsystem stands.
    pub fn belong_to(&self, subsystem: &Arc<Subsystem>) {
        // It is said by the subsystem's start only.
        let _ = self.subsystem.set(Arc::downgrade(subsystem));
    }
}

impl ServiceEntry for ServiceEntries {
    fn call(&self, call: ServiceEntryCall<'_>) -> Result<()> {
        let subsystem = self
            .subsystem
            .get()
            .and_then(Weak::upgrade)
            .ok_or(ErrorCode::NOT_INITIALIZED)?;
        let library = subsystem
            .libraries()
            .get(call.library, subsystem.search())?;
        let allocator = library.owner().allocator();
        let scope = Scope::new(
            format!("configuration of {}", call.library),
            Allocator::local(),
        );
        let client = ClientScope {
            scope: Arc::clone(&scope),
            sinks: subsystem.engine().scope(),
        };
        let support: Arc<dyn MapiSupport> = Arc::new(ConfigSupport {
            providers: Arc::clone(call.providers),
            scope: Arc::clone(&scope),
            allocator,
        });
        let arguments = ServiceCall {
            malloc: malloc_object(library.owner()),
            support: export(&scope, support)?,
            instance: library.library().instance().expose_provenance(),
            flags: call.flags,
            context: call.context,
            props: call.props.to_vec(),
            admin: Some(call.providers.export(&client)?),
        };
        let worker = library.worker()?;
        let result = library
            .library()
            .call_service(&worker, call.function, arguments, allocator);
        // The support object is dead when the entry point has returned, whoever kept it (LIFE-LOGON-025).
        scope.cut_off();
        result
    }
}

/// The configuration support object. Of the 41 methods it has seven (constants.md, 14); those with dialogs are not built.
struct ConfigSupport {
    providers: Arc<ServiceProviders>,
    scope: Arc<Scope>,
    allocator: Allocator,
}

impl ComObject for ConfigSupport {}

impl MapiSupport for ConfigSupport {
    fn allocator(&self) -> Allocator {
        self.allocator
    }

    fn open_profile_section(
        &self,
        uid: Option<&MapiUid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IProfSect>> {
        self.providers.open_section(&self.scope, uid, flags)
    }

    fn get_svc_config_support_obj(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPISupport>> {
        if flags != 0 {
            return Err(Error::caller(ErrorCode::UNKNOWN_FLAGS));
        }
        let support: Arc<dyn MapiSupport> = Arc::new(Self {
            providers: Arc::clone(&self.providers),
            scope: Arc::clone(&self.scope),
            allocator: self.allocator,
        });
        export(&self.scope, support)
    }
}
