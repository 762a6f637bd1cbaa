//! Block S: the final Release of a support object, as far as the logon is concerned.

use std::sync::Arc;
use std::time::Instant;

use super::action::{Event, Step};
use super::drive::Driver;
use super::record::{LogonId, LogonState};
use crate::report::SupportEnd;

impl Driver {
    /// S0: the provider's last Release of a support object. Do S1 to S4, and then call [`BlockS::finish`].
    pub fn support_gone(self: &Arc<Self>, logon: LogonId) -> BlockS {
        let begun = self.clock().now();
        let (before, step) = self.tell_of(logon, Event::SupportGone(logon));
        let end = match (before, step) {
            (_, Some(_)) => SupportEnd::StoreRelease,
            (Some(LogonState::Active), None) => SupportEnd::Provider,
            _ => SupportEnd::Logoff,
        };
        #[cfg(feature = "sabotage")]
        if step.is_some() {
            self.close_others(logon);
        }
        BlockS {
            driver: Arc::clone(self),
            logon,
            step,
            begun,
            // A logon that has never begun, or is cut off already, has nothing to tell.
            end: matches!(before, Some(LogonState::Active | LogonState::Closing)).then_some(end),
        }
    }
}

/// Block S, from S0 on. S1 to S4 belong to whoever holds it; they come before [`BlockS::finish`].
#[derive(Debug)]
#[must_use = "the logon has to be ended"]
pub struct BlockS {
    driver: Arc<Driver>,
    logon: LogonId,
    step: Option<Step>,
    begun: Instant,
    end: Option<SupportEnd>,
}

impl BlockS {
    /// Whether S5 and S6 are done here: a store that its client closes.
    #[must_use]
    pub fn ends_the_logon(&self) -> bool {
        self.step.is_some()
    }

    /// S5 and S6, if they belong here: IMSLogon::Logoff and Release, on this thread.
    pub fn finish(mut self) {
        while let Some(step) = self.step.take() {
            self.step = self.driver.perform_here(step);
        }
        if let Some(end) = self.end {
            let now = self.driver.clock().now();
            self.driver
                .recorder()
                .support_ended(self.logon, end, self.begun, now);
        }
    }
}
