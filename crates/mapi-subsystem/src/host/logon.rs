//! Logon records: what MAPI holds of one logon of a provider (lifecycle.md, 3).

use std::cell::Cell;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use mapi_com::gate::Gate;
use mapi_com::host_call::{LogonObject, ProviderKind};
use mapi_com::scope::Scope;
use mapi_types::{Error, ErrorCode, MapiUid, Result};

use super::Provider;
use crate::clock::{Clock, Signal};
use crate::notify::AdviseScope;
use crate::shutdown::LogonId;

thread_local! {
    /// How many service calls this thread is inside of.
    static SERVING: Cell<u32> = const { Cell::new(0) };
}

/// A service call on this thread.
struct Serving;

impl Serving {
    fn begin() -> Self {
        SERVING.set(SERVING.get() + 1);
        Self
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        SERVING.set(SERVING.get() - 1);
    }
}

/// What MAPI holds of one logon. Its state is in the session's plan, which takes each step of it once; here are the
/// reference that calls act on, and the gate that counts those that are running.
pub(crate) struct Logon {
    /// Its name in the plan.
    pub id: LogonId,
    /// The kind of its provider.
    pub kind: ProviderKind,
    /// The provider object it belongs to.
    pub provider: Arc<Provider>,
    /// Where it stands in the profile.
    pub place: Place,
    /// Service calls that went through MAPI (OP-21).
    gate: Gate,
    object: Mutex<Option<LogonObject>>,
    support: OnceLock<Arc<Scope>>,
    /// What its provider has subscribed.
    subscriptions: Arc<AdviseScope>,
}

/// The provider's entry in the profile, as status rows and reports need it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// PR_PROVIDER_UID: its section.
    pub section: MapiUid,
    /// Name for people.
    pub display_name: String,
    /// PR_PROVIDER_DLL_NAME.
    pub library: String,
    /// PR_RESOURCE_FLAGS.
    pub flags: u32,
}

impl Logon {
    pub fn new(
        id: LogonId,
        provider: &Arc<Provider>,
        place: Place,
        subscriptions: Arc<AdviseScope>,
    ) -> Arc<Self> {
        Arc::new(Self {
            id,
            kind: provider.kind,
            provider: Arc::clone(provider),
            place,
            gate: Gate::default(),
            object: Mutex::new(None),
            support: OnceLock::new(),
            subscriptions,
        })
    }

    /// The logon method has succeeded.
    pub fn put_object(&self, object: LogonObject) {
        *self.object.lock().unwrap_or_else(PoisonError::into_inner) = Some(object);
    }

    /// MAPI's reference, for an ending call.
    pub fn take_object(&self) -> Option<LogonObject> {
        self.object
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Stops service calls: none is let in any more (LIFE-UID-004).
    pub fn stop_serving(&self) {
        self.gate.close();
    }

    /// The service calls that are running.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Runs a service call on the logon object: refused once its end has begun, counted while it runs.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID once the logon is ending (LIFE-UID-004); what `call` returns.
    pub fn serve<R>(&self, call: impl FnOnce(&LogonObject) -> Result<R>) -> Result<R> {
        let gone = || {
            let name = &self.place.display_name;
            Error::caller(ErrorCode::UNKNOWN_ENTRYID).context(format!("{name} is not logged on"))
        };
        let _running = self.gate.enter().map_err(|_| gone())?;
        let object = self
            .object
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let _here = Serving::begin();
        call(&object.ok_or_else(gone)?)
    }

    /// Waits for the service calls that are running, `limit` at the longest (OP-21). A thread that is inside one itself, of
    /// whichever logon, does not wait: two of them could wait for one another.
    pub fn drain(&self, clock: &dyn Clock, limit: Duration) {
        if SERVING.get() > 0 {
            return;
        }
        let idle = Signal::new();
        let (seen, returned) = (idle.count(), Arc::clone(&idle));
        self.gate.on_idle(Box::new(move || returned.raise()));
        let until = clock.now() + limit;
        while idle.count() == seen && clock.now() < until {
            clock.wait(&idle, seen, Some(until));
        }
    }

    /// What its provider has subscribed.
    pub fn subscriptions(&self) -> &AdviseScope {
        &self.subscriptions
    }

    /// S4: its subscriptions end; a sink that is being called is released when it returns.
    pub fn end_subscriptions(&self) {
        self.subscriptions.close(Duration::ZERO);
    }

    /// The scope of its support object.
    pub fn set_support(&self, scope: Arc<Scope>) {
        // A second one would be another logon's.
        let _ = self.support.set(scope);
    }

    /// L4: from now on the support object is an inert shell, whoever still holds it.
    pub fn cut_support_off(&self) {
        if let Some(scope) = self.support.get() {
            scope.cut_off();
        }
    }
}
