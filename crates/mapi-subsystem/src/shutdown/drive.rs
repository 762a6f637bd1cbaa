//! The driver: has the planned steps performed, measures time, gives up what hangs, and feeds the report.
//!
//! There is no thread of its own. Whoever brings an event (a worker whose call has ended, a client that releases a store, the
//! thread in Logoff) begins what follows. One thread at a time does so, in the planner's order, so that calls begin in that order too;
//! another one that comes meanwhile only leaves its event. Only the thread in [`Driver::end_session`] waits, and
//! whoever waits looks after the deadlines. The lock is never held while a step is performed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::action::{Action, Event, Lane, Outcome, Step, StepId};
use super::deadlines::Deadlines;
use super::performer::{Ended, Performer, Ticket};
use super::plan::{Plan, Refused};
use super::record::{
    Kind, LibraryId, LogonId, LogonOwner, LogonState, ProviderId, ProviderState, SessionState,
};
use crate::clock::{Clock, Signal};
use crate::report::Recorder;

/// Another thread has begun to end the session already: MAPI_E_INVALID_OBJECT (OP-26).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AlreadyEnding;

/// A step has ended that nobody awaits any more.
pub(super) struct Late;

/// Drives the way down of one session.
pub struct Driver {
    performer: Arc<dyn Performer>,
    clock: Arc<dyn Clock>,
    deadlines: Deadlines,
    recorder: Arc<Recorder>,
    /// Raised when whoever waits has to look again.
    signal: Arc<Signal>,
    state: Mutex<State>,
    #[cfg(feature = "sabotage")]
    pub(super) sabotage: std::sync::OnceLock<super::Sabotage>,
}

#[derive(Default)]
struct State {
    plan: Plan,
    /// Planned and not yet begun.
    outbox: VecDeque<Step>,
    /// A thread is emptying the outbox.
    emptying: bool,
    /// For the thread in `end_session`.
    for_caller: VecDeque<Step>,
    running: BTreeMap<StepId, Running>,
    /// Given up, and not returned since.
    given_up: BTreeSet<StepId>,
    /// When the session's total is used up.
    total: Option<Instant>,
    /// The earliest time for which somebody sleeps.
    sleeping_until: Option<Instant>,
    /// Threads that wait for something else than the session's end.
    other_waiters: usize,
}

struct Running {
    step: Step,
    until: Option<Instant>,
}

enum Next {
    Over,
    Perform(Step),
    Tell(Vec<Event>),
    Sleep(Option<Instant>),
}

impl Driver {
    /// A driver for a session that is open and has no providers yet.
    #[must_use]
    pub fn new(
        performer: Arc<dyn Performer>,
        clock: Arc<dyn Clock>,
        deadlines: Deadlines,
        recorder: Arc<Recorder>,
    ) -> Arc<Self> {
        Arc::new(Self {
            performer,
            clock,
            deadlines,
            recorder,
            signal: Signal::new(),
            state: Mutex::default(),
            #[cfg(feature = "sabotage")]
            sabotage: std::sync::OnceLock::new(),
        })
    }

    /// As [`Plan::start_provider`]; `name` is the display name for the report.
    pub fn start_provider(&self, kind: Kind, library: LibraryId, name: &str) -> ProviderId {
        let id = self.lock().plan.start_provider(kind, library);
        self.recorder.provider(id, kind, library, name);
        id
    }

    /// As [`Plan::begin_logon`]; `name` is for the report.
    ///
    /// # Errors
    /// If the logon method must not be called now. On [`Refused::ProviderEnds`], [`Driver::await_end_of`] helps.
    pub fn begin_logon(
        &self,
        provider: ProviderId,
        owner: LogonOwner,
        name: &str,
    ) -> Result<LogonId, Refused> {
        let id = self.lock().plan.begin_logon(provider, owner)?;
        self.recorder.logon(id, provider, name);
        Ok(id)
    }

    /// The logon method has returned success, and MAPI has dropped its reference on the support object. The answer is whether the logon
    /// is Active; if not, it has no support object (OP-41), or its session ends, and counts as failed: its end is under way.
    pub fn logon_started(self: &Arc<Self>, provider: ProviderId, logon: LogonId) -> bool {
        let mut state = self.lock();
        let open = state.plan.session() == SessionState::Open;
        let steps = state.plan.on(Event::LogonStarted(logon));
        let is_active = state.plan.logon(logon) == Some(LogonState::Active);
        self.follow(state, steps, None);
        if open && !is_active {
            let what = "returned success from its logon method, but kept no reference on its support object";
            self.recorder.fault(provider, "LIFE-LOGON-010", what);
        }
        is_active
    }

    /// The logon method has failed.
    pub fn logon_failed(self: &Arc<Self>, logon: LogonId) {
        self.recorder.forget_logon(logon);
        self.tell(Event::LogonFailed(logon));
    }

    /// The logon has reported NOTIFY_CRITICAL_ERROR.
    pub fn critical_error(self: &Arc<Self>, logon: LogonId) {
        self.recorder.critical_error(logon);
        self.tell(Event::CriticalError(logon));
    }

    /// Ends one logon while the session goes on (OP-54). Comes back at once.
    pub fn end_logon(self: &Arc<Self>, logon: LogonId) {
        self.tell(Event::EndLogon(logon));
    }

    /// Ends the session, by [`super::ORDER`], and waits for it: until all is done, or at the longest for the session's total. What
    /// MAPI does itself is done on the calling thread.
    ///
    /// # Errors
    /// If the session does not end by this call.
    pub fn end_session(self: &Arc<Self>) -> Result<(), AlreadyEnding> {
        let now = self.clock.now();
        let mut state = self.lock();
        if state.plan.session() != SessionState::Open {
            return Err(AlreadyEnding);
        }
        state.total = self
            .deadlines
            .session()
            .and_then(|total| now.checked_add(total));
        for running in state.running.values_mut() {
            if running.step.lane == Lane::Client {
                running.until = self.after_limit(running.step.action);
            }
        }
        self.recorder.session_begins_to_close(now);
        let steps = state.plan.on(Event::SessionEnds);
        self.follow(state, steps, None);
        self.wait(true, |plan| plan.session() == SessionState::Closed);
        self.recorder.session_closed(self.clock.now());
        Ok(())
    }

    /// Waits until a provider object has gone, or has been abandoned, so that a new one may be made (OP-24). Bounded by the
    /// deadlines of its calls.
    pub fn await_end_of(self: &Arc<Self>, provider: ProviderId) {
        self.lock().other_waiters += 1;
        self.wait(false, |plan| {
            matches!(
                plan.provider(provider),
                None | Some(ProviderState::Abandoned)
            )
        });
        self.lock().other_waiters -= 1;
    }

    /// The other logons of a logon's provider object.
    #[cfg(feature = "sabotage")]
    pub(super) fn companions(&self, logon: LogonId) -> Vec<LogonId> {
        self.lock().plan.companions(logon)
    }

    /// DoFastShutdown has been done: this driver begins nothing any more, and whoever waits for the session's end comes back.
    pub fn freeze(&self) {
        let mut state = self.lock();
        state.plan.freeze();
        state.outbox.clear();
        state.for_caller.clear();
        drop(state);
        self.signal.raise();
    }

    /// As [`Plan::in_order`].
    #[must_use]
    pub fn providers_in_order(&self) -> Vec<ProviderId> {
        self.lock().plan.in_order()
    }

    /// The state of the session core.
    #[must_use]
    pub fn session(&self) -> SessionState {
        self.lock().plan.session()
    }

    /// The state of a logon; `None` if it is closed.
    #[must_use]
    pub fn logon(&self, logon: LogonId) -> Option<LogonState> {
        self.lock().plan.logon(logon)
    }

    /// The state of a provider object; `None` if it has gone.
    #[must_use]
    pub fn provider(&self, provider: ProviderId) -> Option<ProviderState> {
        self.lock().plan.provider(provider)
    }

    /// Libraries that must not be freed now: a provider object of theirs has not gone.
    #[must_use]
    pub fn unreleased_libraries(&self) -> BTreeSet<LibraryId> {
        self.lock().plan.unreleased_libraries().collect()
    }

    /// The clock from which all times are taken.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The recorder that this driver feeds.
    #[must_use]
    pub fn recorder(&self) -> &Arc<Recorder> {
        &self.recorder
    }

    /// A step has ended. What follows for the calling thread itself (block S) is handed back.
    pub(super) fn end_step(
        self: &Arc<Self>,
        id: StepId,
        ended: Ended,
    ) -> Result<Option<Step>, Late> {
        let now = self.clock.now();
        let outcome = ended.outcome;
        let mut state = self.lock();
        if state.running.remove(&id).is_some() {
            self.recorder.ended(id, ended, now);
            let steps = state.plan.on(Event::StepEnded(id, outcome));
            return Ok(self.follow(state, steps, None));
        }
        if state.given_up.remove(&id) {
            self.recorder.returned_late(id, now);
        }
        Err(Late)
    }

    /// Tells the planner, and begins what follows.
    fn tell(self: &Arc<Self>, event: Event) {
        let mut state = self.lock();
        let steps = state.plan.on(event);
        self.follow(state, steps, None);
    }

    /// As `tell`, for an event of this logon. Yields its state before the event, and the step for the calling thread, if any.
    pub(super) fn tell_of(
        self: &Arc<Self>,
        logon: LogonId,
        event: Event,
    ) -> (Option<LogonState>, Option<Step>) {
        let mut state = self.lock();
        let before = state.plan.logon(logon);
        let steps = state.plan.on(event);
        (before, self.follow(state, steps, None))
    }

    /// Begins what the planner has yielded, and lets go what it does not await any more, and `hangs`. A step for the calling thread
    /// itself (block S) is handed back.
    fn follow(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        mut steps: Vec<Step>,
        hangs: Option<Step>,
    ) -> Option<Step> {
        let own = steps.iter().position(|step| step.lane == Lane::Client);
        let own = own.map(|place| steps.remove(place));
        if let Some(step) = own {
            // From here on it can be given up, also before the call itself is made.
            let until = self.until(&state, step);
            state.running.insert(step.id, Running { step, until });
        }
        state.outbox.extend(steps);
        let mut given_up = self.take_out_needless(&mut state);
        given_up.extend(hangs);
        let look_again = state.other_waiters > 0 || state.plan.session() == SessionState::Closed;
        drop(state);
        for step in &given_up {
            self.performer.give_up(step);
        }
        self.empty_outbox();
        if look_again {
            self.signal.raise();
        }
        own
    }

    /// Takes out what is running but not awaited any more, because something else has ended its logon or made it needless. Yields
    /// the calls among it.
    fn take_out_needless(&self, state: &mut State) -> Vec<Step> {
        let now = self.clock.now();
        let plan = &state.plan;
        let needless: Vec<Step> = state
            .running
            .values()
            .map(|running| running.step)
            .filter(|step| !plan.awaits(step.id))
            .collect();
        for step in &needless {
            state.running.remove(&step.id);
            if step.lane == Lane::Waiting {
                self.recorder.not_needed(step.id);
            } else {
                state.given_up.insert(step.id);
                self.recorder.ended(step.id, Outcome::TimedOut.into(), now);
            }
        }
        let is_call = |step: &Step| step.lane != Lane::Waiting;
        needless.into_iter().filter(is_call).collect()
    }

    fn empty_outbox(self: &Arc<Self>) {
        let mut state = self.lock();
        if std::mem::replace(&mut state.emptying, true) {
            return;
        }
        while let Some(step) = state.outbox.pop_front() {
            let due = step.lane == Lane::Inline || state.plan.awaits(step.id);
            if due && step.lane == Lane::Caller {
                state.for_caller.push_back(step);
                self.signal.raise();
            } else if due {
                let wake = step.lane != Lane::Inline && self.register(&mut state, step);
                drop(state);
                self.begin(step);
                if wake {
                    self.signal.raise();
                }
                state = self.lock();
            }
        }
        state.emptying = false;
    }

    fn begin(self: &Arc<Self>, step: Step) {
        if step.lane == Lane::Inline {
            let begun = self.clock.now();
            let _ = self.performer.perform(step.action);
            self.recorder.done_inline(&step, begun, self.clock.now());
        } else if !matches!(step.action, Action::AwaitLogon(_)) {
            // The end of a logon method is an event of its own.
            let ticket = Ticket::new(Arc::clone(self), step.id);
            #[cfg(feature = "sabotage")]
            if self.waits_for_ever(step) {
                return std::mem::forget(ticket);
            }
            #[cfg(feature = "sabotage")]
            let Some(step) = self.sabotaged(step) else {
                return ticket.done(Outcome::DONE);
            };
            self.performer.start(&step, ticket);
        }
    }

    /// Notes that a step begins. The answer is whether a sleeper has to hear of its deadline.
    fn register(&self, state: &mut State, step: Step) -> bool {
        let until = self.until(state, step);
        state.running.insert(step.id, Running { step, until });
        self.recorder.begun(&step, self.clock.now());
        until.is_some_and(|until| state.sleeping_until.is_some_and(|sleeper| until < sleeper))
    }

    /// The deadline of a step that begins now.
    fn until(&self, state: &State, step: Step) -> Option<Instant> {
        match step.lane {
            Lane::Caller => None,
            // Nobody can wait for a client's thread before the session ends.
            Lane::Client if state.plan.session() == SessionState::Open => None,
            // The total is used up: nobody waits.
            _ if state.plan.total_used_up => None,
            _ => self.after_limit(step.action),
        }
    }

    fn after_limit(&self, action: Action) -> Option<Instant> {
        let limit = self.deadlines.of(action)?;
        self.clock.now().checked_add(limit)
    }

    /// Performs a step on this thread, unless it is not awaited any more. What follows for this thread is handed back.
    pub(super) fn perform_here(self: &Arc<Self>, step: Step) -> Option<Step> {
        let mut state = self.lock();
        if !state.plan.awaits(step.id) {
            state.given_up.remove(&step.id);
            return None;
        }
        self.register(&mut state, step);
        drop(state);
        #[cfg(feature = "sabotage")]
        let Some(step) = self.sabotaged(step) else {
            return self.end_step(step.id, Outcome::DONE.into()).ok().flatten();
        };
        let ended = self.performer.perform(step.action);
        self.end_step(step.id, ended).ok().flatten()
    }

    /// Waits, and looks after the deadlines meanwhile.
    fn wait(self: &Arc<Self>, is_caller: bool, is_over: impl Fn(&Plan) -> bool) {
        loop {
            let seen = self.signal.count();
            let next = self.next(is_caller, &is_over);
            match next {
                Next::Over => return,
                Next::Perform(step) => drop(self.perform_here(step)),
                Next::Tell(events) => events.into_iter().for_each(|event| self.expire(event)),
                Next::Sleep(until) => {
                    self.clock.wait(&self.signal, seen, until);
                    self.lock().sleeping_until = None;
                }
            }
        }
    }

    fn next(&self, is_caller: bool, is_over: &impl Fn(&Plan) -> bool) -> Next {
        let now = self.clock.now();
        let mut state = self.lock();
        if is_over(&state.plan) {
            return Next::Over;
        }
        if let Some(step) = is_caller.then(|| state.for_caller.pop_front()).flatten() {
            return Next::Perform(step);
        }
        if state.total.is_some_and(|total| now >= total) {
            state.total = None;
            return Next::Tell(vec![Event::TotalExpired]);
        }
        let expired: Vec<Event> = state
            .running
            .values()
            .filter(|running| running.until.is_some_and(|until| now >= until))
            .map(|running| Event::StepEnded(running.step.id, Outcome::TimedOut))
            .collect();
        if !expired.is_empty() {
            return Next::Tell(expired);
        }
        let first = state
            .running
            .values()
            .filter_map(|running| running.until)
            .min();
        let until = earlier(first, state.total);
        state.sleeping_until = earlier(state.sleeping_until, until);
        Next::Sleep(until)
    }

    /// A deadline has passed.
    fn expire(self: &Arc<Self>, event: Event) {
        let now = self.clock.now();
        let mut state = self.lock();
        let mut hangs = None;
        match event {
            Event::StepEnded(id, outcome) => {
                // It may have ended just now.
                let Some(running) = state.running.remove(&id) else {
                    return;
                };
                self.recorder.ended(id, outcome.into(), now);
                if running.step.lane != Lane::Waiting {
                    state.given_up.insert(id);
                    hangs = Some(running.step);
                }
            }
            _ => self.recorder.total_used_up(),
        }
        let steps = state.plan.on(event);
        self.follow(state, steps, hangs);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("session", &self.session())
            .finish_non_exhaustive()
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
