//! Block P: how a provider object ends.

use super::action::{Action, Lane, Outcome, PinCause};
use super::plan::Plan;
use super::record::{Kind, ProviderId, ProviderState, SessionState};

impl Plan {
    /// Whether it is time: no logon is left, and either the session's end has come to its kind, or a client has closed the last
    /// store, or the last transport logon has gone (OP-24).
    pub(super) fn block_p_is_due(&self, id: ProviderId) -> bool {
        let Some(provider) = self.providers.get(&id) else {
            return false;
        };
        let by_itself = self.session() == SessionState::Open
            && provider.kind != Kind::AddressBook
            && provider.had_logon;
        provider.state == ProviderState::Open
            && provider.logons.is_empty()
            && (by_itself || self.reached(provider.kind))
    }

    pub(super) fn begin_block_p(&mut self, id: ProviderId) {
        if !self.total_used_up {
            self.take_turn(id);
        }
        if let Some(provider) = self.providers.get_mut(&id) {
            provider.state = ProviderState::Quiet;
            self.emit(Action::AwaitQuiet(id), Lane::Waiting);
        }
    }

    /// Block P has only been waiting, and is not to go on: a new logon begins, or the session ends and has an order for it.
    pub(super) fn stay_open(&mut self, id: ProviderId) {
        self.forget(|action| action == Action::AwaitQuiet(id));
        if let Some(provider) = self.providers.get_mut(&id) {
            provider.state = ProviderState::Open;
            provider.ready = false;
            self.give_turn_back(id);
        }
    }

    pub(super) fn quiet(&mut self, id: ProviderId, outcome: Outcome) {
        if matches!(outcome, Outcome::TimedOut | Outcome::NotMade) {
            // Shutdown under a running call would pull the ground away from it.
            return self.abandon_provider(id);
        }
        if let Some(provider) = self.providers.get_mut(&id) {
            provider.ready = true;
        }
    }

    pub(super) fn first_call_of_provider(&mut self, id: ProviderId) {
        let thread = self.take_turn(id);
        let Some(provider) = self.providers.get_mut(&id) else {
            return;
        };
        provider.ready = false;
        provider.state = ProviderState::Ending;
        let action = match provider.critical {
            true => Action::ReleaseProvider(id),
            false => Action::CallShutdown(id),
        };
        let lane = Lane::Library {
            library: provider.library,
            thread,
        };
        self.emit(action, lane);
    }

    pub(super) fn shutdown_ended(&mut self, id: ProviderId, lane: Lane, outcome: Outcome) {
        match outcome {
            Outcome::TimedOut | Outcome::NotMade => self.abandon_provider(id),
            // Any result counts as shut down (OP-22).
            _ => drop(self.emit(Action::ReleaseProvider(id), lane)),
        }
    }

    pub(super) fn provider_released(&mut self, id: ProviderId, outcome: Outcome) {
        match outcome {
            Outcome::TimedOut | Outcome::NotMade => return self.abandon_provider(id),
            Outcome::Returned(_) | Outcome::Count(0) => {}
            Outcome::Count(count) => self.pin_provider(id, PinCause::ProviderReferenced(id, count)),
            Outcome::Threw => self.pin_provider(id, PinCause::ProviderReleaseThrew(id)),
        }
        self.give_turn_back(id);
        self.providers.remove(&id);
    }

    fn abandon_provider(&mut self, id: ProviderId) {
        self.pin_provider(id, PinCause::ProviderAbandoned(id));
        self.give_turn_back(id);
        if let Some(provider) = self.providers.get_mut(&id) {
            provider.state = ProviderState::Abandoned;
        }
    }

    fn pin_provider(&mut self, id: ProviderId, cause: PinCause) {
        if let Some(provider) = self.providers.get(&id) {
            let library = provider.library;
            self.emit(Action::Pin(library, cause), Lane::Inline);
        }
    }
}
