//! Fast shutdown as clients see it (lifecycle.md, 6.6); what is decided is in `shutdown`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use mapi_com::iface::{ClientShutdown, ComObject, ProviderShutdown as _};
use mapi_com::ptr::ComPtr;
use mapi_types::{Error, ErrorCode, Result};

use super::SessionCore;
use crate::host::Provider;
use crate::shutdown::{FastAnswer, FastShutdown};
use crate::subsystem::Subsystem;

/// IMAPIClientShutdown of any session: it speaks for all sessions of the process (OP-36).
pub(super) struct FastShutdownObject {
    subsystem: Weak<Subsystem>,
    decision: Mutex<FastShutdown>,
}

impl FastShutdownObject {
    pub fn new(subsystem: &Arc<Subsystem>) -> Self {
        let behavior = subsystem.config().fast_shutdown.into();
        Self {
            subsystem: Arc::downgrade(subsystem),
            decision: Mutex::new(FastShutdown::new(behavior)),
        }
    }

    fn decision(&self) -> MutexGuard<'_, FastShutdown> {
        self.decision.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sessions(&self) -> Vec<Arc<SessionCore>> {
        self.subsystem
            .upgrade()
            .map(|subsystem| subsystem.open_sessions())
            .unwrap_or_default()
    }

    /// Every provider object, session by session: transports, address books, stores (LIFE-FAST-001).
    fn providers(&self) -> Vec<Arc<Provider>> {
        self.sessions().iter().flat_map(providers_of).collect()
    }

    /// Tells every provider that takes part; an error of one does not stop the others (LIFE-FAST-005).
    fn tell(&self, tell: impl Fn(&ComPtr<mapi_sys::IMAPIProviderShutdown>) -> Result<()>) {
        for provider in self.providers() {
            let fast = provider
                .object()
                .and_then(|object| object.fast_shutdown().ok());
            if let Some(Err(error)) = fast.map(|fast| tell(&fast)) {
                tracing::warn!(library = provider.library.name(), %error, "fast shutdown");
            }
        }
    }
}

fn providers_of(session: &Arc<SessionCore>) -> Vec<Arc<Provider>> {
    let mut providers: Vec<Arc<Provider>> = session.parts().providers.values().cloned().collect();
    providers.sort_by_key(|provider| provider.kind);
    providers
}

fn ask(provider: &Provider) -> FastAnswer {
    match provider.object().map(|object| object.fast_shutdown()) {
        Some(Ok(fast)) => {
            let answer = fast.query_fast_shutdown();
            FastAnswer::Returned(answer.map_or_else(|error| error.code(), |()| ErrorCode::OK))
        }
        _ => FastAnswer::Lacks,
    }
}

fn refused(code: ErrorCode) -> Error {
    Error::caller(code).context("fast shutdown is not agreed on: log off instead")
}

impl ComObject for FastShutdownObject {}

impl ClientShutdown for FastShutdownObject {
    fn query_fast_shutdown(&self) -> Result<()> {
        let asks = self.decision().asks_providers();
        let answers: Vec<FastAnswer> = if asks {
            self.providers()
                .iter()
                .map(|provider| ask(provider))
                .collect()
        } else {
            Vec::new()
        };
        self.decision().conclude(&answers).map_err(refused)
    }

    fn notify_process_shutdown(&self) -> Result<()> {
        if self.decision().tells_providers() {
            self.tell(|fast| fast.notify_process_shutdown());
        }
        Ok(())
    }

    fn do_fast_shutdown(&self) -> Result<()> {
        self.decision().may_be_done().map_err(refused)?;
        self.tell(|fast| fast.do_fast_shutdown());
        // From here on nothing is called any more, whatever the client or the end of the process still releases (LIFE-FAST-007).
        self.sessions()
            .iter()
            .for_each(|session| session.way_down().driver().freeze());
        if let Some(subsystem) = self.subsystem.upgrade() {
            subsystem
                .libraries()
                .pin_all("after a fast shutdown no library is freed");
        }
        Ok(())
    }
}
