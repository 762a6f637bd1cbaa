//! How long the way down waits (constants.md, section 17).

use std::time::Duration;

use super::action::{Action, TransportStep};

/// The limits, in milliseconds; 0 means that there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deadlines {
    /// For one Logoff, TransportLogoff, Shutdown or final Release that MAPI calls on a host-owned thread. A final Release by a client
    /// has no deadline; it is measured.
    pub logoff_deadline_ms: u64,
    /// For one session's way down, from the moment it is Closing; wins over the sum of the others.
    pub session_deadline_ms: u64,
    /// For calls still running inside a provider before its logoff method is called.
    pub drain_deadline_ms: u64,
    /// For a message in process after NOTIFY_CANCEL_MESSAGE.
    pub cancel_deadline_ms: u64,
    /// For an OnNotify that is running when its session ends. Kept by whoever performs [`Action::DropNotifications`].
    pub notify_drain_ms: u64,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            logoff_deadline_ms: 30_000,
            session_deadline_ms: 60_000,
            drain_deadline_ms: 10_000,
            cancel_deadline_ms: 15_000,
            notify_drain_ms: 5_000,
        }
    }
}

impl Deadlines {
    /// How long to wait for the end of this action; `None` for ever.
    #[must_use]
    pub fn of(&self, action: Action) -> Option<Duration> {
        limit(match action {
            Action::Drain(_) | Action::AwaitQuiet(_) => self.drain_deadline_ms,
            Action::EndTransport(_, TransportStep::AwaitMessage) => self.cancel_deadline_ms,
            _ => self.logoff_deadline_ms,
        })
    }

    /// The session's total; `None` if there is none.
    #[must_use]
    pub fn session(&self) -> Option<Duration> {
        limit(self.session_deadline_ms)
    }
}

fn limit(ms: u64) -> Option<Duration> {
    (ms > 0).then(|| Duration::from_millis(ms))
}
