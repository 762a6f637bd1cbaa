//! What must be true of every way down, whatever the providers did. Read from the log of what was done.

use std::collections::{BTreeMap, BTreeSet};

use mapi_subsystem::shutdown::{
    Action, Event, Kind, Lane, LibraryId, LogonId, Outcome, ProviderId, ProviderState, Step, StepId,
};

use super::world::{Before, Entry, World};

/// A call, with its places in the log.
#[derive(Clone, Copy, Debug)]
struct Call {
    step: Step,
    begun: usize,
    ended: Option<(usize, Outcome)>,
}

pub struct Checked<'a> {
    world: &'a World,
    calls: Vec<Call>,
    /// There was no thread for some call, so that it was made later than planned.
    no_threads: bool,
    given_up: BTreeSet<StepId>,
    session_ends: usize,
    /// From here on nothing is awaited.
    expired: usize,
}

pub fn check(world: &World) {
    let checked = Checked::new(world);
    checked.life_logoff_001_ending_calls_come_once();
    checked.life_logoff_009_release_follows_logoff();
    checked.life_logoff_010_shutdown_follows_the_last_logon();
    checked.life_logoff_011_release_follows_shutdown();
    checked.life_logoff_014_kinds_never_overlap();
    checked.life_logoff_014_last_started_begins_first();
    checked.life_logoff_014_one_library_one_after_another();
    checked.life_logoff_016_nothing_is_called_after_giving_up();
    checked.life_logoff_016_a_hanging_thread_is_not_used_again();
    checked.life_uid_004_support_is_cut_off_once();
    checked.life_unload_005_what_did_not_end_is_pinned();
    checked.life_xp_012_only_release_after_a_critical_error();
    checked.own_steps_come_in_order();
}

impl<'a> Checked<'a> {
    fn new(world: &'a World) -> Self {
        let mut calls: Vec<Call> = Vec::new();
        let mut places: BTreeMap<StepId, usize> = BTreeMap::new();
        let place = |event: Event| {
            let is_it = |entry: &Entry| *entry == Entry::Event(event);
            world.log.iter().position(is_it).unwrap_or(usize::MAX)
        };
        for (at, entry) in world.log.iter().enumerate() {
            match *entry {
                Entry::Begun(step) => {
                    places.insert(step.id, calls.len());
                    calls.push(Call {
                        step,
                        begun: at,
                        ended: None,
                    });
                }
                Entry::Ended(step, outcome) => {
                    calls[places[&step.id]].ended = Some((at, outcome));
                }
                Entry::Event(_) => {}
            }
        }
        let refused = |call: &Call| matches!(call.ended, Some((_, Outcome::NotMade)));
        let no_threads = calls.iter().any(refused);
        calls.retain(|call| !refused(call));
        Self {
            world,
            calls,
            no_threads,
            given_up: world.given_up(),
            session_ends: place(Event::SessionEnds),
            expired: place(Event::TotalExpired),
        }
    }

    fn of(&self, action: Action) -> Vec<Call> {
        let is_it = |call: &&Call| call.step.action == action;
        self.calls.iter().filter(is_it).copied().collect()
    }

    fn one(&self, action: Action) -> Option<Call> {
        self.of(action).first().copied()
    }

    /// When a call came back by itself.
    fn returned(&self, action: Action) -> Option<usize> {
        let call = self.one(action)?;
        let given_up = self.given_up.contains(&call.step.id);
        call.ended.map(|(at, _)| at).filter(|_| !given_up)
    }

    fn is_critical(&self, logon: LogonId) -> bool {
        let event = Entry::Event(Event::CriticalError(logon));
        self.world.log.contains(&event)
    }

    /// The support object went before the logon had begun (OP-41).
    fn is_unsupported(&self, logon: LogonId) -> bool {
        let place = |event| {
            let is_it = |entry: &Entry| *entry == Entry::Event(event);
            self.world.log.iter().position(is_it).unwrap_or(usize::MAX)
        };
        place(Event::SupportGone(logon)) < place(Event::LogonStarted(logon))
    }

    fn started(&self, logon: LogonId) -> bool {
        let event = Entry::Event(Event::LogonStarted(logon));
        self.world.log.contains(&event)
    }

    fn is_tainted(&self, provider: ProviderId) -> bool {
        let (_, _, logons) = &self.world.providers[&provider];
        logons.iter().any(|logon| self.world.is_abandoned(*logon))
    }

    fn show(&self) -> String {
        self.world.show()
    }

    fn life_logoff_001_ending_calls_come_once(&self) {
        for (logon, before) in &self.world.logons {
            let logoffs = self.of(Action::CallLogoff(*logon)).len();
            let releases = self.of(Action::ReleaseLogon(*logon)).len();
            assert!(
                logoffs <= 1 && releases <= 1,
                "twice: {logon:?}\n{}",
                self.show()
            );
            if *before == Before::Failed || !self.started(*logon) {
                assert_eq!((logoffs, releases), (0, 0), "{logon:?}\n{}", self.show());
            } else if self.world.is_abandoned(*logon) || self.still_runs(*logon) {
                continue;
            } else if self.is_critical(*logon) || self.is_unsupported(*logon) {
                assert_eq!(releases, 1, "{logon:?}\n{}", self.show());
            } else {
                assert_eq!((logoffs, releases), (1, 1), "{logon:?}\n{}", self.show());
            }
        }
        for (provider, (_, _, logons)) in &self.world.providers {
            let shutdowns = self.of(Action::CallShutdown(*provider)).len();
            let releases = self.of(Action::ReleaseProvider(*provider)).len();
            assert!(
                shutdowns <= 1 && releases <= 1,
                "twice: {provider:?}\n{}",
                self.show()
            );
            if self.is_tainted(*provider) {
                assert_eq!(
                    (shutdowns, releases),
                    (0, 0),
                    "{provider:?}\n{}",
                    self.show()
                );
            } else if self.world.plan.provider(*provider).is_none() {
                let critical = logons.iter().any(|logon| self.is_critical(*logon));
                assert!(critical || shutdowns == 1, "{provider:?}\n{}", self.show());
                assert_eq!(releases, 1, "{provider:?}\n{}", self.show());
            } else {
                // Given up, or begun when nobody waited any more.
                let abandoned =
                    self.world.plan.provider(*provider) == Some(ProviderState::Abandoned);
                let detached = self.expired != usize::MAX;
                assert!(abandoned || detached, "{provider:?} stays\n{}", self.show());
            }
        }
    }

    /// A call on it was begun when the total was used up, and has not come back.
    fn still_runs(&self, logon: LogonId) -> bool {
        self.world.plan.logon(logon).is_some() && self.expired != usize::MAX
    }

    fn life_logoff_009_release_follows_logoff(&self) {
        for logon in self.world.logons.keys() {
            let (Some(release), Some(_)) = (
                self.one(Action::ReleaseLogon(*logon)),
                self.one(Action::CallLogoff(*logon)),
            ) else {
                continue;
            };
            let returned = self.returned(Action::CallLogoff(*logon));
            assert!(
                returned.is_some_and(|returned| returned < release.begun),
                "Release of {logon:?} before its logoff method returned\n{}",
                self.show()
            );
        }
    }

    fn life_logoff_010_shutdown_follows_the_last_logon(&self) {
        for (provider, (_, _, logons)) in &self.world.providers {
            let ends = [
                Action::CallShutdown(*provider),
                Action::ReleaseProvider(*provider),
            ];
            for end in ends.into_iter().filter_map(|action| self.one(action)) {
                for logon in logons.iter().filter(|logon| self.started(**logon)) {
                    let returned = self.returned(Action::ReleaseLogon(*logon));
                    assert!(
                        returned.is_some_and(|returned| returned < end.begun),
                        "{provider:?} ends before {logon:?} is released\n{}",
                        self.show()
                    );
                }
            }
        }
    }

    fn life_logoff_011_release_follows_shutdown(&self) {
        for provider in self.world.providers.keys() {
            let release = self.one(Action::ReleaseProvider(*provider));
            let shutdown = self.one(Action::CallShutdown(*provider));
            if let (Some(release), Some(_)) = (release, shutdown) {
                let returned = self.returned(Action::CallShutdown(*provider));
                assert!(
                    returned.is_some_and(|at| at < release.begun),
                    "{}",
                    self.show()
                );
            }
        }
    }

    /// The blocks of each provider object on MAPI's threads: kind, library, provider, begin, end.
    fn blocks(&self) -> Vec<(Kind, LibraryId, ProviderId, usize, usize)> {
        let mut blocks = Vec::new();
        for (provider, (kind, library, logons)) in &self.world.providers {
            let mut add = |belongs: &dyn Fn(Action) -> bool| {
                let calls: Vec<&Call> = self
                    .calls
                    .iter()
                    .filter(|call| belongs(call.step.action))
                    .filter(|call| {
                        matches!(call.step.lane, Lane::Library { .. } | Lane::Transport(_))
                    })
                    .collect();
                let begun = calls.iter().map(|call| call.begun).min();
                let end = |call: &&Call| call.ended.map_or(usize::MAX, |(at, _)| at);
                let ended = calls.iter().map(end).max();
                if let (Some(begun), Some(ended)) = (begun, ended) {
                    blocks.push((*kind, *library, *provider, begun, ended.min(self.expired)));
                }
            };
            for logon in logons {
                add(&|action| {
                    matches!(action, Action::CallLogoff(id) | Action::ReleaseLogon(id)
                        | Action::EndTransport(id, _) if id == *logon)
                });
            }
            add(&|action| {
                matches!(action, Action::CallShutdown(id) | Action::ReleaseProvider(id)
                    if id == *provider)
            });
        }
        blocks.retain(|(.., begun, _)| *begun < self.expired);
        blocks
    }

    fn life_logoff_014_kinds_never_overlap(&self) {
        let blocks = self.blocks();
        let by_session = |begun: usize| begun > self.session_ends;
        for (kind, .., ended) in blocks.iter().filter(|block| by_session(block.3)) {
            for (later, .., begun, _) in blocks.iter().filter(|block| by_session(block.3)) {
                assert!(
                    kind >= later || ended <= begun,
                    "{later:?} begins at {begun}, {kind:?} ends at {ended}\n{}",
                    self.show()
                );
            }
        }
    }

    fn life_logoff_014_last_started_begins_first(&self) {
        if self.no_threads {
            return;
        }
        let mut first: BTreeMap<ProviderId, (Kind, usize)> = BTreeMap::new();
        for (kind, _, provider, begun, _) in self.blocks() {
            let entry = first.entry(provider).or_insert((kind, begun));
            entry.1 = entry.1.min(begun);
        }
        // A logon method that is still running holds up nobody.
        first.retain(|provider, (_, begun)| {
            let (_, _, logons) = &self.world.providers[provider];
            let starting = logons
                .iter()
                .any(|id| self.world.logons[id] == Before::Starting);
            let on_client = logons
                .iter()
                .any(|id| self.world.logons[id] == Before::ClosedByClient);
            *begun > self.session_ends && !starting && !on_client && !self.closed_by_client(logons)
        });
        for (provider, (kind, begun)) in &first {
            for (later, (other, later_begun)) in &first {
                assert!(
                    kind != other || later <= provider || later_begun < begun,
                    "{later:?} begins after {provider:?}\n{}",
                    self.show()
                );
            }
        }
    }

    fn closed_by_client(&self, logons: &[LogonId]) -> bool {
        self.calls.iter().any(|call| {
            call.step.lane == Lane::Client
                && matches!(call.step.action, Action::CallLogoff(id) | Action::ReleaseLogon(id)
                    if logons.contains(&id))
        })
    }

    fn life_logoff_014_one_library_one_after_another(&self) {
        let blocks = self.blocks();
        for (place, (_, library, _, begun, ended)) in blocks.iter().enumerate() {
            for (_, other, _, other_begun, other_ended) in &blocks[place + 1..] {
                let apart = ended <= other_begun || other_ended <= begun;
                assert!(library != other || apart, "{library:?}\n{}", self.show());
            }
        }
    }

    fn life_logoff_016_nothing_is_called_after_giving_up(&self) {
        for call in self
            .calls
            .iter()
            .filter(|call| self.given_up.contains(&call.step.id))
        {
            let at = call.ended.map_or(self.expired, |(at, _)| at);
            let Some(logon) = logon_of(call.step.action) else {
                continue;
            };
            let waits =
                matches!(call.step.action, Action::Drain(_)) || call.step.lane == Lane::Waiting;
            let later = |other: &Call| {
                other.begun > at
                    && logon_of(other.step.action) == Some(logon)
                    && other.step.lane != Lane::Inline
            };
            assert!(
                waits || !self.calls.iter().any(later),
                "{logon:?} is called after {:?} was given up\n{}",
                call.step,
                self.show()
            );
        }
    }

    fn life_logoff_016_a_hanging_thread_is_not_used_again(&self) {
        let mut last: BTreeMap<Lane, &Call> = BTreeMap::new();
        for call in &self.calls {
            if !matches!(call.step.lane, Lane::Library { .. } | Lane::Transport(_)) {
                continue;
            }
            if let Some(before) = last.insert(call.step.lane, call) {
                let free = before.ended.is_some_and(|(at, _)| at < call.begun);
                assert!(
                    free && !self.given_up.contains(&before.step.id),
                    "{:?} begins on a thread that is not free\n{}",
                    call.step,
                    self.show()
                );
            }
        }
    }

    fn life_uid_004_support_is_cut_off_once(&self) {
        for logon in self
            .world
            .logons
            .keys()
            .filter(|logon| self.started(**logon))
        {
            if self.still_runs(*logon) && !self.world.is_abandoned(*logon) {
                continue;
            }
            let cuts = self.of(Action::CutOff(*logon)).len();
            let gone = Entry::Event(Event::SupportGone(*logon));
            assert!(cuts <= 1, "{}", self.show());
            assert!(
                cuts == 1 || self.world.log.contains(&gone),
                "{logon:?}\n{}",
                self.show()
            );
        }
    }

    fn life_unload_005_what_did_not_end_is_pinned(&self) {
        let pinned: BTreeSet<LibraryId> = self
            .calls
            .iter()
            .filter_map(|call| match call.step.action {
                Action::Pin(library, _) => Some(library),
                _ => None,
            })
            .chain(self.world.plan.unreleased_libraries())
            .collect();
        for (provider, (_, library, _)) in &self.world.providers {
            if self.is_tainted(*provider) {
                assert!(pinned.contains(library), "{}", self.show());
            }
        }
        for call in &self.calls {
            if let Some((_, Outcome::Count(2))) = call.ended {
                assert!(!pinned.is_empty(), "{}", self.show());
            }
        }
    }

    fn life_xp_012_only_release_after_a_critical_error(&self) {
        for logon in self.world.logons.keys() {
            let event = Entry::Event(Event::CriticalError(*logon));
            let Some(at) = self.world.log.iter().position(|entry| *entry == event) else {
                continue;
            };
            let calls_it = |call: &Call| match call.step.action {
                Action::CallLogoff(id) => id == *logon,
                Action::EndTransport(id, part) => id == *logon && part.calls_transport(),
                Action::CallShutdown(id) => self.world.providers[&id].2.contains(logon),
                _ => false,
            };
            let later = self
                .calls
                .iter()
                .find(|call| call.begun > at && calls_it(call));
            assert!(
                later.is_none(),
                "{later:?} after a critical error\n{}",
                self.show()
            );
        }
    }

    fn own_steps_come_in_order(&self) {
        let own: Vec<Action> = self
            .calls
            .iter()
            .map(|call| call.step.action)
            .filter(|action| {
                matches!(
                    action,
                    Action::RefuseNewWork
                        | Action::DeliverLogoffEvent
                        | Action::ReleaseHooks
                        | Action::MakeAddressBooksInert
                        | Action::RemoveOwnRows
                        | Action::DropNotifications
                        | Action::CleanProfile
                        | Action::Closed
                )
            })
            .collect();
        let order = [
            Action::RefuseNewWork,
            Action::DeliverLogoffEvent,
            Action::ReleaseHooks,
            Action::MakeAddressBooksInert,
            Action::RemoveOwnRows,
            Action::DropNotifications,
            Action::CleanProfile,
            Action::Closed,
        ];
        assert_eq!(own, order, "{}", self.show());
    }
}

fn logon_of(action: Action) -> Option<LogonId> {
    match action {
        Action::CallLogoff(logon)
        | Action::ReleaseLogon(logon)
        | Action::EndTransport(logon, _)
        | Action::ReturnSpoolerStore(logon) => Some(logon),
        _ => None,
    }
}
