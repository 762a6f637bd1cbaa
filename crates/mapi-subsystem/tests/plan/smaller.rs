//! The smaller ways down: one store, one logon, one provider; and what a session's end makes of them.

use mapi_subsystem::shutdown::{
    Action, Event, Kind, Lane, LibraryId, LogonId, LogonOwner, LogonState, Outcome, Plan,
    ProviderId, ProviderState, Refused, SessionState, Step,
};

const LIBRARY: LibraryId = LibraryId(7);

/// A plan with one provider object and this many active logons.
fn plan_with(kind: Kind, logons: usize) -> (Plan, ProviderId, Vec<LogonId>) {
    let mut plan = Plan::new();
    let provider = plan.start_provider(kind, LIBRARY);
    let logons = (0..logons).map(|_| log_on(&mut plan, provider)).collect();
    (plan, provider, logons)
}

fn log_on(plan: &mut Plan, provider: ProviderId) -> LogonId {
    let logon = plan.begin_logon(provider, LogonOwner::Client).unwrap();
    assert_eq!(actions(&plan.on(Event::LogonStarted(logon))), []);
    logon
}

fn actions(steps: &[Step]) -> Vec<Action> {
    steps.iter().map(|step| step.action).collect()
}

fn awaited(steps: &[Step]) -> Step {
    *steps
        .iter()
        .rfind(|step| step.lane != Lane::Inline)
        .unwrap()
}

fn end(plan: &mut Plan, step: Step) -> Vec<Step> {
    plan.on(Event::StepEnded(step.id, Outcome::DONE))
}

/// Ends every step as it comes, and yields all actions.
fn run(plan: &mut Plan, mut steps: Vec<Step>) -> Vec<Action> {
    let mut done = Vec::new();
    while !steps.is_empty() {
        let step = steps.remove(0);
        done.push(step.action);
        if step.lane != Lane::Inline {
            steps.extend(end(plan, step));
        }
    }
    done
}

#[test]
fn life_store_006_and_018_a_closed_store_ends_on_its_clients_thread_then_its_provider() {
    let (mut plan, provider, logons) = plan_with(Kind::Store, 1);
    let steps = plan.on(Event::SupportGone(logons[0]));
    let logoff = awaited(&steps);
    assert_eq!(logoff.action, Action::CallLogoff(logons[0]));
    assert_eq!(logoff.lane, Lane::Client);
    let steps = end(&mut plan, logoff);
    assert_eq!(awaited(&steps).lane, Lane::Client);
    assert_eq!(awaited(&steps).action, Action::ReleaseLogon(logons[0]));

    // Not inside the provider's own Release: first it has to be quiet, and then on a thread of MAPI (OP-24).
    let steps = end(&mut plan, awaited(&steps));
    assert_eq!(actions(&steps), [Action::AwaitQuiet(provider)]);
    let steps = end(&mut plan, awaited(&steps));
    assert_eq!(actions(&steps), [Action::CallShutdown(provider)]);
    assert!(matches!(steps[0].lane, Lane::Library { .. }));
    assert_eq!(
        run(&mut plan, steps),
        [
            Action::CallShutdown(provider),
            Action::ReleaseProvider(provider)
        ]
    );
    assert_eq!(plan.provider(provider), None);
    assert_eq!(plan.session(), SessionState::Open);
}

#[test]
fn life_store_001_a_closed_store_leaves_the_others_alone() {
    let (mut plan, provider, logons) = plan_with(Kind::Store, 2);
    let steps = plan.on(Event::SupportGone(logons[0]));
    let done = run(&mut plan, steps);
    let first = logons[0];
    assert_eq!(
        done,
        [
            Action::BeginClosing(first),
            Action::CallLogoff(first),
            Action::ReleaseLogon(first)
        ]
    );
    assert_eq!(plan.logon(logons[1]), Some(LogonState::Active));
    assert_eq!(plan.provider(provider), Some(ProviderState::Open));
}

#[test]
fn life_store_018_reopened_before_shutdown_the_object_is_used_again() {
    let (mut plan, provider, logons) = plan_with(Kind::Store, 1);
    let mut steps = plan.on(Event::SupportGone(logons[0]));
    for _ in 0..2 {
        let step = awaited(&steps);
        steps = end(&mut plan, step);
    }
    let quiet = awaited(&steps);
    assert_eq!(plan.provider(provider), Some(ProviderState::Quiet));
    let again = log_on(&mut plan, provider);
    assert!(!plan.awaits(quiet.id));
    assert_eq!(end(&mut plan, quiet), []);

    // And when that one goes, it ends after all.
    let steps = plan.on(Event::SupportGone(again));
    assert!(run(&mut plan, steps).contains(&Action::CallShutdown(provider)));
}

#[test]
fn life_store_018_never_two_provider_objects_at_a_time() {
    let (mut plan, provider, logons) = plan_with(Kind::Store, 1);
    let mut steps = plan.on(Event::SupportGone(logons[0]));
    for _ in 0..3 {
        let step = awaited(&steps);
        steps = end(&mut plan, step);
    }
    let shutdown = awaited(&steps);
    assert_eq!(shutdown.action, Action::CallShutdown(provider));
    assert_eq!(
        plan.begin_logon(provider, LogonOwner::Client),
        Err(Refused::ProviderEnds)
    );
    run(&mut plan, vec![shutdown]);
    assert_eq!(
        plan.begin_logon(provider, LogonOwner::Client),
        Err(Refused::ProviderGone)
    );
}

#[test]
fn life_store_007_the_store_path_first_then_the_session() {
    let (mut plan, _, logons) = plan_with(Kind::Store, 1);
    let steps = plan.on(Event::SupportGone(logons[0]));
    let logoff = awaited(&steps);
    // The session comes second and finds it done; it waits for the client's thread.
    let mut session = plan.on(Event::SessionEnds);
    while let Some(step) = session
        .iter()
        .find(|step| step.lane == Lane::Caller)
        .copied()
    {
        session = end(&mut plan, step);
    }
    assert_eq!(plan.session(), SessionState::Closing);
    let done = run(&mut plan, vec![logoff]);
    let logoffs = done
        .iter()
        .filter(|action| matches!(action, Action::CallLogoff(_)))
        .count();
    assert_eq!(logoffs, 1);
    assert_eq!(plan.session(), SessionState::Closed);
}

#[test]
fn life_store_007_the_session_first_then_the_store_path() {
    let (mut plan, _, logons) = plan_with(Kind::Store, 1);
    let mut steps = plan.on(Event::SessionEnds);
    while plan.logon(logons[0]) != Some(LogonState::Closing) {
        let step = awaited(&steps);
        steps = end(&mut plan, step);
    }
    let step = awaited(&steps);
    let steps = end(&mut plan, step);
    assert_eq!(awaited(&steps).action, Action::CallLogoff(logons[0]));
    // Inside its logoff method the store drops the support object: block S without S5 and S6.
    assert_eq!(plan.on(Event::SupportGone(logons[0])), []);
}

#[test]
fn life_sup_004_a_provider_that_drops_its_support_object_is_logged_off_once() {
    for kind in [Kind::AddressBook, Kind::Transport] {
        let (mut plan, provider, logons) = plan_with(kind, 2);
        let steps = plan.on(Event::SupportGone(logons[0]));
        assert_eq!(plan.on(Event::SupportGone(logons[0])), []);
        let done = run(&mut plan, steps);
        assert_eq!(
            done[..2],
            [Action::BeginClosing(logons[0]), Action::Drain(logons[0])]
        );
        assert!(done.contains(&Action::CallLogoff(logons[0])));
        assert_eq!(done.last(), Some(&Action::ReleaseLogon(logons[0])));
        assert!(!done.contains(&Action::CutOff(logons[0])));
        assert_eq!(plan.provider(provider), Some(ProviderState::Open));
    }
}

#[test]
fn life_logoff_010_an_address_book_object_waits_for_the_end_of_the_session() {
    let (mut plan, provider, logons) = plan_with(Kind::AddressBook, 1);
    let steps = plan.on(Event::SupportGone(logons[0]));
    run(&mut plan, steps);
    assert_eq!(plan.provider(provider), Some(ProviderState::Open));
    let steps = plan.on(Event::SessionEnds);
    assert!(run(&mut plan, steps).contains(&Action::CallShutdown(provider)));
}

#[test]
fn life_xp_011_a_transport_object_ends_with_its_last_logon() {
    // The last handle with mail goes, the session stays (OP-54).
    let (mut plan, provider, logons) = plan_with(Kind::Transport, 2);
    let steps = plan.on(Event::EndLogon(logons[1]));
    assert!(!run(&mut plan, steps).contains(&Action::CallShutdown(provider)));
    let steps = plan.on(Event::EndLogon(logons[0]));
    let done = run(&mut plan, steps);
    assert_eq!(
        done[done.len() - 2..],
        [
            Action::CallShutdown(provider),
            Action::ReleaseProvider(provider)
        ]
    );
    assert_eq!(plan.session(), SessionState::Open);
}

#[test]
fn life_logoff_013_shutdown_comes_even_if_no_logon_ever_succeeded() {
    let (mut plan, provider, _) = plan_with(Kind::Store, 0);
    let logon = plan.begin_logon(provider, LogonOwner::Client).unwrap();
    assert_eq!(plan.on(Event::LogonFailed(logon)), []);
    // It stays for a retry.
    assert_eq!(plan.provider(provider), Some(ProviderState::Open));
    let steps = plan.on(Event::SessionEnds);
    let done = run(&mut plan, steps);
    assert!(done.contains(&Action::CallShutdown(provider)));
    assert!(done.contains(&Action::ReleaseProvider(provider)));
    assert!(
        !done
            .iter()
            .any(|action| matches!(action, Action::CallLogoff(_)))
    );
}

#[test]
fn life_logon_011_success_without_a_support_reference_is_only_released() {
    let (mut plan, provider, _) = plan_with(Kind::Store, 0);
    let logon = plan.begin_logon(provider, LogonOwner::Client).unwrap();
    assert_eq!(plan.on(Event::SupportGone(logon)), []);
    let steps = plan.on(Event::LogonStarted(logon));
    let done = run(&mut plan, steps);
    assert!(done.contains(&Action::ReleaseLogon(logon)));
    assert!(!done.contains(&Action::CallLogoff(logon)));
    assert!(done.contains(&Action::CallShutdown(provider)));
}

#[test]
fn life_logoff_018_a_second_end_finds_it_done() {
    let (mut plan, provider, _) = plan_with(Kind::Store, 1);
    let _steps = plan.on(Event::SessionEnds);
    assert_eq!(plan.session(), SessionState::Closing);
    assert_eq!(plan.on(Event::SessionEnds), []);
    assert_eq!(
        plan.begin_logon(provider, LogonOwner::Client),
        Err(Refused::SessionEnds)
    );
}

#[test]
fn life_xp_003_a_message_that_does_not_come_back_is_not_released_under_its_call() {
    use mapi_subsystem::shutdown::TransportStep::AwaitMessage;
    let (mut plan, _, logons) = plan_with(Kind::Transport, 1);
    let mut steps = plan.on(Event::EndLogon(logons[0]));
    let logoff = loop {
        let step = awaited(&steps);
        let outcome = match step.action {
            Action::EndTransport(_, AwaitMessage) => Outcome::TimedOut,
            Action::CallLogoff(_) => break step,
            _ => Outcome::DONE,
        };
        steps = plan.on(Event::StepEnded(step.id, outcome));
    };
    // Its own worker is inside SubmitMessage, so TransportLogoff comes from another thread.
    assert!(matches!(logoff.lane, Lane::Library { .. }));
    let steps = end(&mut plan, logoff);
    assert_eq!(
        awaited(&steps).action,
        Action::EndTransport(logons[0], AwaitMessage)
    );
    let done = run(&mut plan, steps);
    assert!(done.contains(&Action::ReleaseLogon(logons[0])));
}

#[test]
fn life_logoff_016_the_next_logon_of_a_library_uses_another_thread() {
    let (mut plan, provider, logons) = plan_with(Kind::AddressBook, 2);
    let mut lanes = Vec::new();
    let mut steps = plan.on(Event::SessionEnds);
    while plan.session() != SessionState::Closed {
        let step = awaited(&steps);
        let hangs = step.action == Action::CallLogoff(logons[1]);
        if matches!(step.action, Action::CallLogoff(_)) {
            lanes.push(step.lane);
        }
        let outcome = if hangs {
            Outcome::TimedOut
        } else {
            Outcome::DONE
        };
        steps = plan.on(Event::StepEnded(step.id, outcome));
        assert!(!actions(&steps).contains(&Action::CallShutdown(provider)));
    }
    let lane = |thread| Lane::Library {
        library: LIBRARY,
        thread,
    };
    assert_eq!(lanes, [lane(0), lane(1)]);
    assert_eq!(plan.provider(provider), Some(ProviderState::Abandoned));
    assert_eq!(plan.unreleased_libraries().collect::<Vec<_>>(), [LIBRARY]);
}

#[test]
fn life_fast_001_providers_are_asked_in_the_order_of_the_way_down() {
    let mut plan = Plan::new();
    let kinds = [
        Kind::Store,
        Kind::AddressBook,
        Kind::Transport,
        Kind::Store,
        Kind::AddressBook,
    ];
    let ids: Vec<ProviderId> = kinds
        .iter()
        .map(|kind| plan.start_provider(*kind, LIBRARY))
        .collect();
    assert_eq!(plan.in_order(), [ids[2], ids[4], ids[1], ids[3], ids[0]]);
}

#[test]
fn life_fast_007_after_fast_shutdown_nothing_is_called() {
    let (mut plan, provider, logons) = plan_with(Kind::Store, 2);
    let steps = plan.on(Event::SupportGone(logons[0]));
    plan.freeze();
    for event in [
        Event::SessionEnds,
        Event::StepEnded(awaited(&steps).id, Outcome::DONE),
        Event::SupportGone(logons[1]),
        Event::TotalExpired,
    ] {
        assert_eq!(plan.on(event), []);
    }
    assert_eq!(
        plan.begin_logon(provider, LogonOwner::Client),
        Err(Refused::SessionEnds)
    );
}

#[test]
fn life_xp_012_a_critical_error_forbids_the_second_attempt_of_a_call() {
    let (mut plan, provider, logons) = plan_with(Kind::AddressBook, 1);
    let steps = plan.on(Event::EndLogon(logons[0]));
    let steps = end(&mut plan, awaited(&steps));
    assert_eq!(awaited(&steps).action, Action::CallLogoff(logons[0]));
    // There is no thread for it, and meanwhile the provider says that it can be called no more.
    assert!(plan.on(Event::CriticalError(logons[0])).is_empty());
    let steps = plan.on(Event::StepEnded(awaited(&steps).id, Outcome::NotMade));
    assert_eq!(awaited(&steps).action, Action::ReleaseLogon(logons[0]));
    run(&mut plan, vec![awaited(&steps)]);
    let steps = plan.on(Event::SessionEnds);
    let done = run(&mut plan, steps);
    assert!(!done.contains(&Action::CallShutdown(provider)));
    assert!(done.contains(&Action::ReleaseProvider(provider)));
}

#[test]
fn life_logoff_014_a_library_waits_for_the_store_that_a_client_is_closing() {
    let (mut plan, _, logons) = plan_with(Kind::Store, 2);
    let steps = plan.on(Event::SupportGone(logons[0]));
    let on_client = awaited(&steps);
    let mut session = plan.on(Event::SessionEnds);
    while let Some(step) = session
        .iter()
        .find(|step| step.lane == Lane::Caller)
        .copied()
    {
        session = end(&mut plan, step);
    }
    assert_eq!(plan.logon(logons[1]), Some(LogonState::Active));
    let steps = end(&mut plan, on_client);
    let steps = end(&mut plan, awaited(&steps));
    assert!(actions(&steps).contains(&Action::BeginClosing(logons[1])));
}

#[test]
fn the_steps_of_a_transport_come_in_their_order_and_then_its_logoff() {
    use mapi_subsystem::shutdown::TransportStep;
    let (mut plan, provider, logons) = plan_with(Kind::Transport, 1);
    let logon = logons[0];
    let steps = plan.on(Event::EndLogon(logon));
    let done = run(&mut plan, steps);
    let mut expected = vec![Action::BeginClosing(logon), Action::Drain(logon)];
    expected.extend(TransportStep::ORDER.map(|step| Action::EndTransport(logon, step)));
    expected.extend([
        Action::CallLogoff(logon),
        Action::CutOff(logon),
        Action::ReleaseLogon(logon),
        Action::AwaitQuiet(provider),
        Action::CallShutdown(provider),
        Action::ReleaseProvider(provider),
    ]);
    assert_eq!(done, expected);
}
