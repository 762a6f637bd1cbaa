//! Block L: how one logon ends, from its logon method to the Release of the logon object.

use super::action::{Action, Lane, Outcome, PinCause, Step, TransportStep};
use super::plan::Plan;
use super::record::{
    Kind, Logon, LogonId, LogonOwner, LogonState, Progress, Provider, ProviderId, ProviderState,
    SessionState,
};

impl Plan {
    // ---- How a logon begins, or does not ----

    pub(super) fn logon_started(&mut self, id: LogonId) {
        let Some(logon) = self.starting(id) else {
            return;
        };
        logon.state = LogonState::Active;
        if logon.support_gone {
            // OP-41: success without a reference on the support object. Block S has run, only Release is left.
            logon.release_only = true;
            self.close(id, Progress::Queued);
        }
    }

    pub(super) fn logon_failed(&mut self, id: LogonId) {
        let Some(logon) = self.starting(id) else {
            return;
        };
        let provider = logon.provider;
        self.logons.remove(&id);
        if let Some(provider) = self.providers.get_mut(&provider) {
            provider.logons.remove(&id);
        }
    }

    /// A logon whose logon method has come back. If the session's end was waiting for it, it waits no longer.
    fn starting(&mut self, id: LogonId) -> Option<&mut Logon> {
        let logon = self.logons.get(&id)?;
        if logon.state != LogonState::Starting {
            return None;
        }
        if logon.progress == Progress::Running {
            self.give_turn_back(logon.provider);
            self.forget(|action| action == Action::AwaitLogon(id));
        }
        let logon = self.logons.get_mut(&id)?;
        logon.progress = Progress::None;
        Some(logon)
    }

    pub(super) fn logon_awaited(&mut self, id: LogonId, step: Step, outcome: Outcome) {
        match outcome {
            Outcome::TimedOut => self.abandon_logon(id),
            // Only the logon method's own result counts.
            _ => self.await_again(step),
        }
    }

    // ---- Who begins the end of a logon: Active -> Closing happens once ----

    /// S0. A store ends on the thread that released it; for other kinds block L follows (OP-20).
    pub(super) fn support_gone(&mut self, id: LogonId) {
        let Some((logon, provider)) = self.logon_and_provider(id) else {
            return;
        };
        if std::mem::replace(&mut logon.support_gone, true) || logon.state != LogonState::Active {
            return;
        }
        if provider.kind != Kind::Store {
            return self.close(id, Progress::Queued);
        }
        let action = match logon.release_only {
            true => Action::ReleaseLogon(id),
            false => Action::CallLogoff(id),
        };
        self.close(id, Progress::OnClient);
        self.emit(action, Lane::Client);
    }

    pub(super) fn end_logon(&mut self, id: LogonId) {
        let state = self.logons.get(&id).map(|logon| logon.state);
        if state == Some(LogonState::Active) {
            self.close(id, Progress::Queued);
        }
    }

    pub(super) fn critical_error(&mut self, id: LogonId) {
        if let Some((logon, provider)) = self.logon_and_provider(id) {
            logon.release_only = true;
            provider.critical = true;
        }
    }

    fn close(&mut self, id: LogonId, progress: Progress) {
        if let Some(logon) = self.logons.get_mut(&id) {
            logon.state = LogonState::Closing;
            logon.progress = progress;
            self.emit(Action::BeginClosing(id), Lane::Inline);
        }
    }

    // ---- Its turn ----

    /// The logon of this provider object that ends next: the last started one whose time has come. While a client's thread ends
    /// one, there is none.
    pub(super) fn next_logon(&self, provider: ProviderId) -> Option<LogonId> {
        let provider = self.providers.get(&provider)?;
        let reached = self.reached(provider.kind);
        let open = self.session() == SessionState::Open;
        let progress = |id: &LogonId| self.logons.get(id).map(|logon| logon.progress);
        let is_due = |id: &&LogonId| match progress(id) {
            Some(Progress::Queued) => open || reached,
            Some(Progress::None) => reached,
            _ => false,
        };
        let on_client = |id: &LogonId| progress(id) == Some(Progress::OnClient);
        if !self.total_used_up && provider.logons.iter().any(on_client) {
            return None;
        }
        provider.logons.iter().rev().find(is_due).copied()
    }

    pub(super) fn begin_block_l(&mut self, id: LogonId) {
        let Some((logon, _)) = self.logon_and_provider(id) else {
            return;
        };
        let (state, provider) = (logon.state, logon.provider);
        if self.total_used_up && state == LogonState::Starting {
            return self.abandon_logon(id);
        }
        let thread = self.take_turn(provider);
        if state == LogonState::Active {
            self.close(id, Progress::Running);
        }
        let Some((logon, provider)) = self.logon_and_provider(id) else {
            return;
        };
        logon.progress = Progress::Running;
        logon.thread = thread;
        if state == LogonState::Starting {
            // A logon method that hangs must not hold up the other providers of its kind.
            provider.begun = true;
            self.emit(Action::AwaitLogon(id), Lane::Waiting);
        } else if self.total_used_up {
            self.first_call(id);
        } else {
            self.emit(Action::Drain(id), Lane::Waiting);
        }
    }

    /// The session ends while this logon is only waited for: its turn comes again, in the session's order.
    pub(super) fn queue_again(&mut self, id: LogonId) {
        self.forget(|action| action == Action::Drain(id));
        if let Some(logon) = self.logons.get_mut(&id) {
            logon.progress = Progress::Queued;
            let provider = logon.provider;
            self.give_turn_back(provider);
        }
    }

    pub(super) fn drained(&mut self, id: LogonId) {
        if let Some(logon) = self.logons.get_mut(&id) {
            logon.progress = Progress::Ready;
        }
    }

    /// Makes the first ending call of a logon or provider object that only waited for others to begin before it.
    pub(super) fn begin_ready(&mut self, id: ProviderId) {
        if !self.gate_is_open(id) {
            return;
        }
        let Some(provider) = self.providers.get(&id) else {
            return;
        };
        if provider.ready {
            return self.first_call_of_provider(id);
        }
        let is_ready = |id: &&LogonId| {
            let logon = self.logons.get(id);
            logon.is_some_and(|logon| logon.progress == Progress::Ready)
        };
        let ready: Vec<LogonId> = provider.logons.iter().filter(is_ready).copied().collect();
        for logon in ready {
            self.first_call(logon);
        }
    }

    fn first_call(&mut self, id: LogonId) {
        let Some((logon, provider)) = self.logon_and_provider(id) else {
            return;
        };
        logon.progress = Progress::Running;
        if provider.kind == Kind::Transport {
            return self.transport_step(id, 0);
        }
        if logon.release_only {
            return self.release(id, None);
        }
        let lane = self.library_lane(id);
        self.emit(Action::CallLogoff(id), lane);
    }

    // ---- 6.5: the spooler's part ----

    /// Begins the steps from this one on, up to the first that has to be waited for; after the last, the logoff method.
    fn transport_step(&mut self, id: LogonId, from: usize) {
        let Some(logon) = self.logons.get(&id) else {
            return;
        };
        let (release_only, stuck) = (logon.release_only, logon.stuck);
        // Its worker, unless a message's call still holds it.
        let worker = match stuck {
            true => self.library_lane(id),
            false => Lane::Transport(id),
        };
        for part in TransportStep::ORDER.into_iter().skip(from) {
            let lane = match part {
                _ if release_only && part.calls_transport() => continue,
                TransportStep::EndMessage if stuck => continue,
                TransportStep::EndMessage => Lane::Transport(id),
                TransportStep::AwaitMessage => Lane::Waiting,
                TransportStep::ForgetAddressTypes => Lane::Inline,
                _ => self.library_lane(id),
            };
            self.emit(Action::EndTransport(id, part), lane);
            if lane != Lane::Inline {
                return;
            }
        }
        if release_only {
            return self.release(id, Some(worker));
        }
        self.emit(Action::CallLogoff(id), worker);
    }

    pub(super) fn transport_step_ended(
        &mut self,
        id: LogonId,
        part: TransportStep,
        outcome: Outcome,
    ) {
        let Some(logon) = self.logons.get_mut(&id) else {
            return;
        };
        let given_up = matches!(outcome, Outcome::TimedOut | Outcome::NotMade);
        if part == TransportStep::AwaitMessage {
            logon.stuck = given_up;
            if logon.logged_off {
                return self.release(id, None);
            }
        } else if given_up {
            return self.abandon_logon(id);
        }
        let place = TransportStep::ORDER.iter().position(|other| *other == part);
        self.transport_step(id, place.map_or(0, |place| place + 1));
    }

    // ---- L2 to L5 ----

    pub(super) fn logoff_ended(&mut self, id: LogonId, lane: Lane, outcome: Outcome) {
        if matches!(outcome, Outcome::TimedOut | Outcome::NotMade) {
            return self.abandon_logon(id);
        }
        let Some(logon) = self.logons.get_mut(&id) else {
            return;
        };
        logon.logged_off = true;
        let stuck = logon.stuck;
        self.cut_off(id);
        if stuck {
            // TransportLogoff stops a message in process; the object is not released under its call.
            let part = TransportStep::AwaitMessage;
            self.emit(Action::EndTransport(id, part), Lane::Waiting);
        } else {
            self.release(id, Some(lane));
        }
    }

    fn cut_off(&mut self, id: LogonId) {
        let Some(logon) = self.logons.get_mut(&id) else {
            return;
        };
        if !std::mem::replace(&mut logon.support_gone, true) {
            self.emit(Action::CutOff(id), Lane::Inline);
        }
    }

    fn release(&mut self, id: LogonId, lane: Option<Lane>) {
        let Some(logon) = self.logons.get(&id) else {
            return;
        };
        if logon.stuck {
            return self.abandon_logon(id);
        }
        let lane = lane.unwrap_or_else(|| self.library_lane(id));
        self.emit(Action::ReleaseLogon(id), lane);
    }

    pub(super) fn logon_released(&mut self, id: LogonId, outcome: Outcome) {
        let cause = match outcome {
            Outcome::TimedOut | Outcome::NotMade => return self.abandon_logon(id),
            Outcome::Returned(_) | Outcome::Count(0) => None,
            Outcome::Count(count) => Some(PinCause::LogonReferenced(id, count)),
            Outcome::Threw => Some(PinCause::LogonReleaseThrew(id)),
        };
        let Some((logon, provider)) = self.logon_and_provider(id) else {
            return;
        };
        provider.had_logon = true;
        let logged_off = logon.logged_off;
        if let Some(cause) = cause {
            self.pin(id, cause);
        }
        if !logged_off {
            // Only now, because a transport may do the work of TransportLogoff in its final Release.
            self.cut_off(id);
        }
        self.remove(id, None);
    }

    /// Gives a logon up: L4 for it, and nothing else, ever.
    pub(super) fn abandon_logon(&mut self, id: LogonId) {
        let state = self.logons.get(&id).map(|logon| logon.state);
        if state.is_none() || state == Some(LogonState::Abandoned) {
            return;
        }
        self.cut_off(id);
        self.forget(|action| {
            matches!(action,
                Action::Drain(logon) | Action::AwaitLogon(logon) | Action::EndTransport(logon, _)
                | Action::CallLogoff(logon) | Action::ReleaseLogon(logon) if logon == id)
        });
        self.pin(id, PinCause::LogonAbandoned(id));
        if let Some((_, provider)) = self.logon_and_provider(id) {
            provider.state = ProviderState::Abandoned;
        }
        self.remove(id, Some(LogonState::Abandoned));
    }

    /// The end of a logon record; an abandoned one stays, so that its state can be told.
    fn remove(&mut self, id: LogonId, stays: Option<LogonState>) {
        let Some((logon, provider)) = self.logon_and_provider(id) else {
            return;
        };
        provider.logons.remove(&id);
        let owner = logon.provider;
        let had_turn = matches!(logon.progress, Progress::Running | Progress::Ready);
        logon.progress = Progress::None;
        match stays {
            Some(state) => logon.state = state,
            None => drop(self.logons.remove(&id)),
        }
        if had_turn {
            self.give_turn_back(owner);
        }
    }

    fn pin(&mut self, id: LogonId, cause: PinCause) {
        if let Some((_, provider)) = self.logon_and_provider(id) {
            let library = provider.library;
            self.emit(Action::Pin(library, cause), Lane::Inline);
        }
    }

    // ---- 6.1, step 6: the spooler's own stores ----

    /// Begins to return what can be returned now. The answer is whether all is done.
    pub(super) fn return_spooler_stores(&mut self) -> bool {
        let owed = |logon: &Logon| {
            logon.owner == LogonOwner::Spooler
                && logon.state == LogonState::Active
                && !logon.returned
        };
        let stores: Vec<LogonId> = self.logons.keys().rev().copied().collect();
        for id in stores {
            let Some((logon, provider)) = self.logon_and_provider(id) else {
                continue;
            };
            let (owed, owner, library) = (owed(logon), logon.provider, provider.library);
            if owed && logon.progress == Progress::None && self.turn(library).is_none() {
                self.take_turn(owner);
                if let Some(logon) = self.logons.get_mut(&id) {
                    logon.progress = Progress::Running;
                }
                let lane = self.lane(library);
                self.emit(Action::ReturnSpoolerStore(id), lane);
            }
        }
        !self.logons.values().any(owed)
            && !self.is_awaited(|action| matches!(action, Action::ReturnSpoolerStore(_)))
    }

    pub(super) fn spooler_store_returned(
        &mut self,
        id: LogonId,
        provider: Option<ProviderId>,
        outcome: Outcome,
    ) {
        if matches!(outcome, Outcome::TimedOut | Outcome::NotMade) {
            self.abandon_logon(id);
        } else if let Some(logon) = self.logons.get_mut(&id) {
            // Normally it has ended inside, on this very thread. If not, block L ends it with the stores.
            logon.returned = true;
            if logon.progress == Progress::Running {
                logon.progress = Progress::None;
            }
        }
        if let Some(provider) = provider {
            self.give_turn_back(provider);
        }
    }

    // ---- Small helpers ----

    fn logon_and_provider(&mut self, id: LogonId) -> Option<(&mut Logon, &mut Provider)> {
        let logon = self.logons.get_mut(&id)?;
        let provider = self.providers.get_mut(&logon.provider)?;
        Some((logon, provider))
    }

    fn library_lane(&self, id: LogonId) -> Lane {
        let logon = self.logons.get(&id);
        let provider = logon.and_then(|logon| self.providers.get(&logon.provider));
        match (logon, provider) {
            (Some(logon), Some(provider)) => Lane::Library {
                library: provider.library,
                thread: logon.thread,
            },
            _ => Lane::Waiting,
        }
    }
}
