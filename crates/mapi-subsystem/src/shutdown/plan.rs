//! The planner: what has happened goes in, what is to be done comes out.

use std::collections::BTreeMap;

use super::action::{Action, Event, Lane, Outcome, Step, StepId};
use super::record::{
    Kind, Libraries, LibraryId, Logon, LogonId, LogonOwner, LogonState, Provider, ProviderId,
    ProviderState, SessionState,
};
use super::{ORDER, Stage};

/// Why a logon cannot begin now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// The session is Closing or Closed.
    SessionEnds,
    /// The provider object is Ending: a new one may be made when it has gone (OP-24).
    ProviderEnds,
    /// The provider object has gone or was abandoned: a new one is needed.
    ProviderGone,
}

/// The plan of one session: records of its provider objects and logons, and what is next.
///
/// It is a plain value without clock or thread. Whoever owns it feeds it events, one after another, and begins the steps it yields, in
/// that order and without holding the lock that guards the plan.
///
/// ```
/// use mapi_subsystem::shutdown::{Action, Event, Kind, LibraryId, LogonOwner, Outcome, Plan, SessionState, Step};
///
/// let mut plan = Plan::new();
/// let provider = plan.start_provider(Kind::Store, LibraryId(0));
/// let logon = plan.begin_logon(provider, LogonOwner::Client).unwrap();
/// plan.on(Event::LogonStarted(logon));
///
/// let mut due = plan.on(Event::SessionEnds);
/// let mut calls = Vec::new();
/// while let Some(Step { id, action, .. }) = (!due.is_empty()).then(|| due.remove(0)) {
///     calls.push(action);
///     due.extend(plan.on(Event::StepEnded(id, Outcome::DONE)));
/// }
/// assert!(calls.contains(&Action::CallLogoff(logon)));
/// assert_eq!(plan.session(), SessionState::Closed);
/// ```
#[derive(Debug, Default)]
pub struct Plan {
    session: SessionState,
    /// The place in [`ORDER`], once the session is Closing.
    stage: usize,
    /// The step of MAPI's own that is awaited.
    own: Option<StepId>,
    /// Fast shutdown: nothing is to be done any more.
    frozen: bool,
    /// The session's total is used up: nothing that begins now is awaited, and nothing waits for its turn.
    pub(super) total_used_up: bool,
    pub(super) providers: BTreeMap<ProviderId, Provider>,
    pub(super) logons: BTreeMap<LogonId, Logon>,
    pub(super) libraries: Libraries,
    awaited: BTreeMap<StepId, Awaited>,
    last_provider: u32,
    last_logon: u32,
    last_step: u32,
    out: Vec<Step>,
}

#[derive(Debug)]
struct Awaited {
    step: Step,
    /// The provider object that it concerns, if any.
    provider: Option<ProviderId>,
    /// It could not be made on another thread before.
    second_try: bool,
}

impl Plan {
    /// The plan of a session that is Open and has no providers yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An entry point has returned a provider object.
    pub fn start_provider(&mut self, kind: Kind, library: LibraryId) -> ProviderId {
        self.last_provider += 1;
        let id = ProviderId(self.last_provider);
        self.providers.insert(id, Provider::new(kind, library));
        self.libraries.entry(library).or_default();
        id
    }

    /// The logon method of this provider object is about to be called. Follow with [`Event::LogonStarted`] or
    /// [`Event::LogonFailed`].
    ///
    /// # Errors
    /// If it must not be called now.
    pub fn begin_logon(
        &mut self,
        provider: ProviderId,
        owner: LogonOwner,
    ) -> Result<LogonId, Refused> {
        if self.session != SessionState::Open {
            return Err(Refused::SessionEnds);
        }
        match self.provider(provider) {
            None | Some(ProviderState::Abandoned) => return Err(Refused::ProviderGone),
            Some(ProviderState::Ending) => return Err(Refused::ProviderEnds),
            Some(ProviderState::Quiet) => self.stay_open(provider),
            Some(ProviderState::Open) => {}
        }
        self.last_logon += 1;
        let id = LogonId(self.last_logon);
        self.logons.insert(id, Logon::starting(provider, owner));
        if let Some(provider) = self.providers.get_mut(&provider) {
            provider.logons.insert(id);
        }
        Ok(id)
    }

    /// Takes an event in and yields what is to be begun now, in this order.
    #[must_use = "the steps have to be begun"]
    pub fn on(&mut self, event: Event) -> Vec<Step> {
        if self.frozen {
            return Vec::new();
        }
        match event {
            Event::LogonStarted(logon) => self.logon_started(logon),
            Event::LogonFailed(logon) => self.logon_failed(logon),
            Event::SupportGone(logon) => self.support_gone(logon),
            Event::CriticalError(logon) => self.critical_error(logon),
            Event::EndLogon(logon) => self.end_logon(logon),
            Event::SessionEnds => self.session_ends(),
            Event::StepEnded(step, outcome) => self.step_ended(step, outcome),
            Event::TotalExpired => self.total_expired(),
        }
        self.settle();
        std::mem::take(&mut self.out)
    }

    /// DoFastShutdown has been done: from here on nothing is called, whatever happens.
    pub fn freeze(&mut self) {
        self.frozen = true;
        self.session = SessionState::Closed;
        self.awaited.clear();
    }

    /// The provider objects that can be called, in the order of a way down: by kind, and the last started first.
    #[must_use]
    pub fn in_order(&self) -> Vec<ProviderId> {
        let kinds = ORDER.iter().filter_map(|stage| match stage {
            Stage::Kind(kind) => Some(*kind),
            _ => None,
        });
        let in_use = |provider: &Provider| {
            matches!(provider.state, ProviderState::Open | ProviderState::Quiet)
        };
        kinds
            .flat_map(|kind| {
                let of_kind = self.providers.iter().rev();
                of_kind.filter(move |(_, provider)| provider.kind == kind && in_use(provider))
            })
            .map(|(id, _)| *id)
            .collect()
    }

    /// The state of the session core.
    #[must_use]
    pub fn session(&self) -> SessionState {
        self.session
    }

    /// The state of a logon; `None` if it is Closed or its logon method failed.
    #[must_use]
    pub fn logon(&self, logon: LogonId) -> Option<LogonState> {
        self.logons.get(&logon).map(|logon| logon.state)
    }

    /// The state of a provider object; `None` if it has been released.
    #[must_use]
    pub fn provider(&self, provider: ProviderId) -> Option<ProviderState> {
        self.providers.get(&provider).map(|provider| provider.state)
    }

    /// The other logons of a logon's provider object.
    #[cfg(feature = "sabotage")]
    pub(super) fn companions(&self, logon: LogonId) -> Vec<LogonId> {
        let provider = self.logons.get(&logon).map(|logon| logon.provider);
        let provider = provider.and_then(|provider| self.providers.get(&provider));
        let logons = provider.map(|provider| provider.logons.clone());
        let others = logons.unwrap_or_default().into_iter();
        others.filter(|other| *other != logon).collect()
    }

    /// Whether the end of this step is still of interest. If not, it was given up, or has become needless.
    #[must_use]
    pub fn awaits(&self, step: StepId) -> bool {
        self.awaited.contains_key(&step)
    }

    /// The libraries of provider objects that have not been released: abandoned ones, and those whose end was begun but not
    /// awaited. They must not be freed (LIFE-UNLOAD-005).
    pub fn unreleased_libraries(&self) -> impl Iterator<Item = LibraryId> + '_ {
        self.providers.values().map(|provider| provider.library)
    }

    fn session_ends(&mut self) {
        if self.session != SessionState::Open {
            return;
        }
        self.session = SessionState::Closing;
        // What only waits goes back: it ends in the session's order now.
        let waiting: Vec<Action> = self
            .awaited
            .values()
            .map(|awaited| awaited.step.action)
            .collect();
        for action in waiting {
            match action {
                Action::Drain(logon) => self.queue_again(logon),
                Action::AwaitQuiet(provider) => self.stay_open(provider),
                _ => {}
            }
        }
    }

    fn total_expired(&mut self) {
        if self.session != SessionState::Closing || self.total_used_up {
            return;
        }
        self.total_used_up = true;
        let given_up: Vec<StepId> = self
            .awaited
            .values()
            .map(|awaited| awaited.step)
            .filter(|step| {
                step.lane != Lane::Caller && !matches!(step.action, Action::AwaitQuiet(_))
            })
            .map(|step| step.id)
            .collect();
        for step in given_up {
            self.step_ended(step, Outcome::TimedOut);
        }
    }

    fn step_ended(&mut self, id: StepId, mut outcome: Outcome) {
        let Some(Awaited {
            mut step,
            provider,
            second_try,
        }) = self.awaited.remove(&id)
        else {
            return;
        };
        if matches!(outcome, Outcome::TimedOut | Outcome::NotMade) {
            self.retire_lane(step.lane);
        }
        if outcome == Outcome::NotMade
            && matches!(step.lane, Lane::Library { .. } | Lane::Transport(_))
            && !second_try
            && let Some(provider) = provider
        {
            step.lane = self.fresh_lane(provider);
            if !self.is_forbidden(step.action) {
                return self.try_again(step);
            }
            outcome = Outcome::DONE;
        }
        match step.action {
            Action::AwaitLogon(logon) => self.logon_awaited(logon, step, outcome),
            Action::Drain(logon) => self.drained(logon),
            Action::EndTransport(logon, part) => self.transport_step_ended(logon, part, outcome),
            Action::CallLogoff(logon) => self.logoff_ended(logon, step.lane, outcome),
            Action::ReleaseLogon(logon) => self.logon_released(logon, outcome),
            Action::ReturnSpoolerStore(logon) => {
                self.spooler_store_returned(logon, provider, outcome);
            }
            Action::AwaitQuiet(provider) => self.quiet(provider, outcome),
            Action::CallShutdown(provider) => self.shutdown_ended(provider, step.lane, outcome),
            Action::ReleaseProvider(provider) => self.provider_released(provider, outcome),
            _ => {
                self.own = None;
                self.stage += 1;
            }
        }
    }

    /// There was no thread for a call: its lane may have been given up by another session. Another one is tried, once.
    fn try_again(&mut self, step: Step) {
        let again = self.emit(step.action, step.lane);
        if let Some(again) = self.awaited.get_mut(&again) {
            again.second_try = true;
        }
    }

    /// Whether a critical error that was reported meanwhile forbids this call (OP-35).
    fn is_forbidden(&self, action: Action) -> bool {
        match action {
            Action::CallLogoff(logon) | Action::EndTransport(logon, _) => self
                .logons
                .get(&logon)
                .is_some_and(|logon| logon.release_only),
            Action::CallShutdown(provider) => self
                .providers
                .get(&provider)
                .is_some_and(|provider| provider.critical),
            _ => false,
        }
    }

    /// Begins whatever may begin now.
    fn settle(&mut self) {
        loop {
            let last_started_first: Vec<ProviderId> =
                self.providers.keys().rev().copied().collect();
            for provider in last_started_first {
                self.begin_due(provider);
            }
            if !self.pass_stage() {
                return;
            }
        }
    }

    /// Begins the next end of this provider object: of a logon if one is due, else its own.
    fn begin_due(&mut self, id: ProviderId) {
        self.begin_ready(id);
        let Some(library) = self.providers.get(&id).map(|provider| provider.library) else {
            return;
        };
        if self.total_used_up {
            while let Some(logon) = self.next_logon(id) {
                self.begin_block_l(logon);
            }
        } else if self.turn(library).is_some() {
            return;
        } else if let Some(logon) = self.next_logon(id) {
            self.begin_block_l(logon);
            return;
        }
        if self.block_p_is_due(id) {
            self.begin_block_p(id);
        }
    }

    /// Goes on to the next stage if this one is over. The answer is whether there was something to do.
    fn pass_stage(&mut self) -> bool {
        if self.session != SessionState::Closing {
            return false;
        }
        let over = match ORDER[self.stage] {
            Stage::Own(action, Lane::Inline) => {
                self.emit(action, Lane::Inline);
                true
            }
            Stage::Own(action, lane) => {
                if self.own.is_none() {
                    self.own = Some(self.emit(action, lane));
                }
                false
            }
            Stage::SpoolerStores => self.total_used_up || self.return_spooler_stores(),
            Stage::Kind(kind) => {
                self.total_used_up
                    || self
                        .of_kind(kind)
                        .all(|(_, provider)| provider.is_finished())
            }
        };
        if over && self.stage + 1 == ORDER.len() {
            self.session = SessionState::Closed;
            return true;
        }
        self.stage += usize::from(over);
        over
    }

    /// Whether the session's end has come to this kind.
    pub(super) fn reached(&self, kind: Kind) -> bool {
        match self.session {
            SessionState::Open => false,
            SessionState::Closing => ORDER[..=self.stage].contains(&Stage::Kind(kind)),
            SessionState::Closed => true,
        }
    }

    /// Whether a provider object may make its first ending call: those of its kind that were started later have to begin before it.
    pub(super) fn gate_is_open(&self, id: ProviderId) -> bool {
        let Some(provider) = self.providers.get(&id) else {
            return false;
        };
        provider.begun
            || self.total_used_up
            || !self.reached(provider.kind)
            || self
                .of_kind(provider.kind)
                .filter(|(other, _)| **other > id)
                .all(|(_, later)| later.begun || later.is_finished())
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (&ProviderId, &Provider)> {
        self.providers
            .iter()
            .filter(move |(_, provider)| provider.kind == kind)
    }

    /// Yields a step. Its end is awaited unless it is inline.
    pub(super) fn emit(&mut self, action: Action, lane: Lane) -> StepId {
        self.last_step += 1;
        let id = StepId(self.last_step);
        let step = Step { id, action, lane };
        self.out.push(step);
        if lane != Lane::Inline {
            let provider = self.subject(action);
            let calls_it = !matches!(lane, Lane::Waiting | Lane::Caller);
            if let Some(provider) = provider.and_then(|id| self.providers.get_mut(&id)) {
                provider.begun |= calls_it;
            }
            let awaited = Awaited {
                step,
                provider,
                second_try: false,
            };
            self.awaited.insert(id, awaited);
        }
        id
    }

    /// Awaits a step again that has ended too early.
    pub(super) fn await_again(&mut self, step: Step) {
        let awaited = Awaited {
            step,
            provider: self.subject(step.action),
            second_try: false,
        };
        self.awaited.insert(step.id, awaited);
    }

    /// Forgets awaited steps for which `needless` answers true.
    pub(super) fn forget(&mut self, needless: impl Fn(Action) -> bool) {
        self.awaited
            .retain(|_, awaited| !needless(awaited.step.action));
    }

    pub(super) fn is_awaited(&self, wanted: impl Fn(Action) -> bool) -> bool {
        self.awaited
            .values()
            .any(|awaited| wanted(awaited.step.action))
    }

    fn subject(&self, action: Action) -> Option<ProviderId> {
        match action {
            Action::AwaitQuiet(provider)
            | Action::CallShutdown(provider)
            | Action::ReleaseProvider(provider) => Some(provider),
            Action::ReturnSpoolerStore(logon)
            | Action::AwaitLogon(logon)
            | Action::Drain(logon)
            | Action::EndTransport(logon, _)
            | Action::CallLogoff(logon)
            | Action::ReleaseLogon(logon) => self.logons.get(&logon).map(|logon| logon.provider),
            _ => None,
        }
    }

    /// Whose turn it is in a library.
    pub(super) fn turn(&self, library: LibraryId) -> Option<ProviderId> {
        self.libraries
            .get(&library)
            .and_then(|library| library.turn)
    }

    /// Takes the turn in its library for a provider object and chooses the thread: the library's usual one, or one of its own if nobody
    /// waits for what is begun now.
    pub(super) fn take_turn(&mut self, id: ProviderId) -> u32 {
        if self.total_used_up {
            return self.fresh_thread(id);
        }
        let Some(provider) = self.providers.get(&id) else {
            return 0;
        };
        let library = self.libraries.entry(provider.library).or_default();
        library.turn = Some(id);
        library.thread
    }

    /// A thread of this provider object's library that was not used before.
    fn fresh_thread(&mut self, id: ProviderId) -> u32 {
        let library = self.providers.get(&id).map(|provider| provider.library);
        let library = library.and_then(|library| self.libraries.get_mut(&library));
        library.map_or(0, |library| {
            library.thread += 1;
            library.thread
        })
    }

    fn fresh_lane(&mut self, id: ProviderId) -> Lane {
        let thread = self.fresh_thread(id);
        match self.providers.get(&id) {
            Some(provider) => Lane::Library {
                library: provider.library,
                thread,
            },
            None => Lane::Waiting,
        }
    }

    pub(super) fn give_turn_back(&mut self, id: ProviderId) {
        for library in self.libraries.values_mut() {
            if library.turn == Some(id) {
                library.turn = None;
            }
        }
    }

    /// The lane on which a library's calls are made now.
    pub(super) fn lane(&self, library: LibraryId) -> Lane {
        let thread = self
            .libraries
            .get(&library)
            .map_or(0, |library| library.thread);
        Lane::Library { library, thread }
    }

    /// A call hangs on this lane: use it no more.
    fn retire_lane(&mut self, lane: Lane) {
        if let Lane::Library { library, thread } = lane
            && let Some(library) = self.libraries.get_mut(&library)
            && library.thread == thread
        {
            library.thread += 1;
        }
    }
}
