//! Fault switches: each breaks the rule it names, so that a test can show that it would see that. Only in test builds (feature
//! `sabotage`).

use std::sync::Arc;

use super::action::{Action, Event, Lane, Step};
use super::drive::Driver;
use super::record::{LogonId, SessionState};

/// A way to break the way down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sabotage {
    /// LIFE-LOGOFF-001: no logoff method is called.
    NoLogoff,
    /// LIFE-LOGOFF-009: the logon object is released where its logoff method should be called.
    ReleaseFirst,
    /// LIFE-LOGOFF-010: Shutdown is left out.
    NoShutdown,
    /// LIFE-LOGOFF-011: the provider object is not released.
    NoRelease,
    /// LIFE-LOGOFF-027: address books end when a client releases its IAddrBook.
    EndBooks,
    /// LIFE-STORE-001: closing one store ends the others of its provider.
    CloseOthers,
    /// LIFE-STORE-018: the provider object of the last store stays until the session ends.
    KeepProvider,
    /// LIFE-UID-004: MAPIUIDs stay registered.
    KeepUids,
    /// LIFE-STATUS-007: status rows stay.
    KeepRows,
    /// LIFE-UNLOAD-001: libraries are freed when a session ends.
    FreeEarly,
}

impl Driver {
    /// Breaks this driver. For good: there is no way back.
    pub fn sabotage(&self, how: Sabotage) {
        let _ = self.sabotage.set(how);
    }

    /// Whether it is broken in this way.
    #[must_use]
    pub fn is_sabotaged(&self, how: Sabotage) -> bool {
        self.sabotage.get() == Some(&how)
    }

    /// What is done instead of a step; `None` for nothing, which counts as done.
    pub(super) fn sabotaged(&self, step: Step) -> Option<Step> {
        let action = match (self.sabotage.get(), step.action) {
            (Some(Sabotage::NoLogoff), Action::CallLogoff(_))
            | (Some(Sabotage::NoShutdown), Action::CallShutdown(_))
            | (Some(Sabotage::NoRelease), Action::ReleaseProvider(_)) => return None,
            (Some(Sabotage::ReleaseFirst), Action::CallLogoff(logon)) => {
                Action::ReleaseLogon(logon)
            }
            (_, action) => action,
        };
        Some(Step { action, ..step })
    }

    /// Whether a wait is never to end.
    pub(super) fn waits_for_ever(&self, step: Step) -> bool {
        self.is_sabotaged(Sabotage::KeepProvider)
            && step.lane == Lane::Waiting
            && matches!(step.action, Action::AwaitQuiet(_))
            && self.session() == SessionState::Open
    }

    /// A store is closed: with it go the others.
    pub(super) fn close_others(self: &Arc<Self>, closed: LogonId) {
        if self.is_sabotaged(Sabotage::CloseOthers) {
            for other in self.companions(closed) {
                let _ = self.tell_of(other, Event::EndLogon(other));
            }
        }
    }
}
