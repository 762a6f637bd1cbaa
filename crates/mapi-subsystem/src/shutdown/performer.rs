//! Who performs the steps: the host's part of the way down, as the driver sees it.

use std::sync::Arc;
use std::time::Instant;

use super::action::{Action, Outcome, Step, StepId};
use super::drive::Driver;

/// Performs steps. The driver holds no lock while it calls one of these, and calls them from any thread.
pub trait Performer: Send + Sync {
    /// Performs an action here and now, on the calling thread: MAPI's own ([`super::Lane::Inline`], [`super::Lane::Caller`]), or a
    /// call on the thread of a client that is inside the final Release of a store ([`super::Lane::Client`]; make it with
    /// `call_contained`).
    ///
    /// The end of an inline action is not looked at; it must neither wait nor call foreign code.
    fn perform(&self, action: Action) -> Ended;

    /// Has a step performed on the thread that its lane names, or, on [`super::Lane::Waiting`], has something waited for, and comes
    /// back at once; [`Ticket::done`] tells the end, from any thread, also before this comes back, also years later.
    ///
    /// Steps are handed over in the order in which they have to begin, one after another. For a call made through a worker,
    /// `Ticket::done` belongs into the callback of its completion: what follows on the same thread is then submitted without a change of
    /// threads.
    fn start(&self, step: &Step, ticket: Ticket);

    /// A step was given up: let its thread go, nothing else will be started there. The ticket still takes the late return. Of
    /// [`super::Lane::Client`] there is nothing to let go.
    fn give_up(&self, step: &Step);
}

/// How a step ended, and what is known about it besides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// When the call itself began and ended, if somebody has measured that. Otherwise the driver's own times count.
    pub span: Option<(Instant, Instant)>,
    /// What it threw.
    pub what: Option<String>,
}

impl From<Outcome> for Ended {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            span: None,
            what: None,
        }
    }
}

/// Stands for one running step. A ticket that is dropped unused counts as [`Outcome::NotMade`].
#[derive(Debug)]
#[must_use = "somebody waits for the end of the step"]
pub struct Ticket {
    driver: Arc<Driver>,
    step: StepId,
    used: bool,
}

impl Ticket {
    pub(super) fn new(driver: Arc<Driver>, step: StepId) -> Self {
        let used = false;
        Self { driver, step, used }
    }

    /// The step has ended. What follows is begun on this thread; foreign code is not called on it.
    pub fn done(self, ended: impl Into<Ended>) {
        let _ = self.done_in_time(ended);
    }

    /// As [`Ticket::done`]. The answer is whether the step was still awaited. If it was not, it was given up: what its call has given
    /// back must not be touched, not even released (OP-42).
    #[must_use = "what came late must be let alone"]
    pub fn done_in_time(mut self, ended: impl Into<Ended>) -> bool {
        self.used = true;
        self.driver.end_step(self.step, ended.into()).is_ok()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.used {
            let _ = self.driver.end_step(self.step, Outcome::NotMade.into());
        }
    }
}
