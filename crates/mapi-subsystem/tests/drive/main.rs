//! The driver of the way down, with a scripted performer and a clock that is turned by hand.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier, Mutex, OnceLock, Weak, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mapi_subsystem::clock::{Clock, SystemClock, TestClock};
use mapi_subsystem::report::{CallOutcome, Recorder, ShutdownReport, SupportEnd};
use mapi_subsystem::shutdown::{
    Action, AlreadyEnding, Deadlines, Driver, Ended, Kind, Lane, LibraryId, LogonId, LogonOwner,
    Outcome, Performer, ProviderId, ProviderState, Refused, SessionState, Step, Ticket,
};
use mapi_types::ErrorCode;

mod script;

use script::*;

#[test]
fn life_logoff_014_a_session_ends_in_order() {
    let session = Session::new(Deadlines::default());
    let store = session.provider(Kind::Store, 0);
    let directory = session.provider(Kind::AddressBook, 1);
    let (one, two) = (session.logon(store), session.logon(store));
    let three = session.logon(directory);
    session.driver.end_session().unwrap();

    let calls = [
        Action::CallLogoff(three),
        Action::ReleaseLogon(three),
        Action::CallShutdown(directory),
        Action::ReleaseProvider(directory),
        Action::CallLogoff(two),
        Action::ReleaseLogon(two),
        Action::CallLogoff(one),
        Action::ReleaseLogon(one),
        Action::CallShutdown(store),
        Action::ReleaseProvider(store),
    ];
    assert_eq!(session.script.started(), calls);
    let report = session.report();
    assert!(report.by_the_book, "{report:#?}");
    let told: Vec<&str> = report.calls.iter().map(|call| call.call.as_str()).collect();
    assert_eq!(
        told[3..7],
        [
            "IABLogon::Logoff",
            "IABLogon::Release",
            "IABProvider::Shutdown",
            "IABProvider::Release"
        ]
    );
    assert!(
        report
            .supports
            .iter()
            .all(|support| support.ended == SupportEnd::Logoff)
    );
    assert!(session.driver.unreleased_libraries().is_empty());
}

#[test]
fn life_logoff_016_given_up_when_the_clock_is_turned_past_the_deadline_and_not_before() {
    for hangs in [
        |logon: LogonId, _: ProviderId| Action::CallLogoff(logon),
        |logon, _| Action::ReleaseLogon(logon),
        |_, provider| Action::CallShutdown(provider),
        |_, provider| Action::ReleaseProvider(provider),
    ] {
        let session = Session::new(Deadlines::default());
        let bad = session.provider(Kind::Store, 0);
        let bad_logon = session.logon(bad);
        let good = session.provider(Kind::Store, 1);
        let good_logon = session.logon(good);
        let hangs = hangs(bad_logon, bad);
        session.script.script(hangs, Act::Hang);

        let ending = session.end_on_a_thread();
        session.turn(29_999);
        assert!(ending.still_waits());
        assert_eq!(session.script.given_up(), []);
        // The other library did not wait.
        assert!(
            session
                .script
                .started()
                .contains(&Action::ReleaseProvider(good))
        );
        session.turn_to_the_end(1, ending);
        assert_eq!(session.script.given_up(), [hangs]);
        assert_eq!(
            session
                .script
                .started()
                .iter()
                .filter(|action| **action == hangs)
                .count(),
            1
        );

        // It returns late: written down, and nothing is called.
        let before = session.script.started();
        assert!(!session.script.let_return(hangs));
        assert_eq!(session.script.started(), before);
        let report = session.report();
        let call = report
            .calls
            .iter()
            .find(|call| call.outcome == CallOutcome::TimedOut)
            .unwrap();
        assert_eq!(
            (call.duration_us, call.late_us),
            (Some(30_000_000), Some(30_000_000))
        );
        assert_eq!(report.pins.len(), 1);
        assert!(!report.by_the_book);
        assert!(report.providers[1].verdict.by_the_book);
        assert_eq!(session.driver.logon(good_logon), None);
        assert_eq!(session.driver.provider(bad), Some(ProviderState::Abandoned));
    }
}

#[test]
fn life_logoff_016_other_logons_of_the_provider_go_on_on_another_thread() {
    let session = Session::new(Deadlines::default());
    let provider = session.provider(Kind::AddressBook, 0);
    let (one, two) = (session.logon(provider), session.logon(provider));
    session.script.script(Action::CallLogoff(two), Act::Hang);
    let ending = session.end_on_a_thread();
    session.turn_to_the_end(30_000, ending);
    let started = session.script.started.lock().unwrap().clone();
    let lane = |action| {
        started
            .iter()
            .find(|step| step.action == action)
            .unwrap()
            .lane
    };
    assert_ne!(lane(Action::CallLogoff(one)), lane(Action::CallLogoff(two)));
    assert!(
        started
            .iter()
            .any(|step| step.action == Action::ReleaseLogon(one))
    );
    assert!(
        !started
            .iter()
            .any(|step| step.action == Action::CallShutdown(provider))
    );
}

#[test]
fn life_logoff_016_the_total_wins_over_the_sum() {
    let session = Session::new(Deadlines::default());
    let provider = session.provider(Kind::Store, 0);
    let logons: Vec<LogonId> = (0..4).map(|_| session.logon(provider)).collect();
    for logon in &logons {
        session.script.script(Action::CallLogoff(*logon), Act::Hang);
    }
    let later = session.provider(Kind::Store, 1);
    let ending = session.end_on_a_thread();
    session.turn(30_000);
    assert_eq!(session.script.given_up(), [Action::CallLogoff(logons[3])]);
    session.turn(29_999);
    assert!(ending.still_waits());
    session.turn_to_the_end(1, ending);
    // What was running is given up; what had not begun has begun, and nobody waited.
    assert_eq!(
        session.script.given_up(),
        [Action::CallLogoff(logons[3]), Action::CallLogoff(logons[2])]
    );
    let started = session.script.started();
    assert!(started.contains(&Action::CallLogoff(logons[1])));
    assert!(started.contains(&Action::CallLogoff(logons[0])));
    let report = session.report();
    assert!(report.total_used_up);
    assert_eq!(report.duration_us, Some(60_000_000));
    let running = report
        .calls
        .iter()
        .filter(|call| call.outcome == CallOutcome::Running)
        .count();
    assert_eq!(running, 2);
    assert!(
        session
            .driver
            .unreleased_libraries()
            .contains(&LibraryId(0))
    );
    assert_eq!(session.driver.provider(later), None);

    // Those that were not awaited end by the book, in their own time.
    let _ = session.script.let_return(Action::CallLogoff(logons[1]));
    assert_eq!(
        session.script.started().last(),
        Some(&Action::ReleaseLogon(logons[1]))
    );
}

#[test]
fn life_logoff_016_a_sleeper_hears_of_an_earlier_deadline() {
    let session = Session::new(Deadlines::default());
    let slow = session.provider(Kind::Store, 0);
    let slow = session.logon(slow);
    let other = session.provider(Kind::Store, 1);
    let (next, first) = (session.logon(other), session.logon(other));
    for action in [
        Action::CallLogoff(slow),
        Action::CallLogoff(first),
        Action::Drain(next),
    ] {
        session.script.script(action, Act::Hang);
    }
    let ending = session.end_on_a_thread();
    session.turn(5_000);
    // Logoff sleeps for 25 seconds more; what begins now is only waited for during 10.
    let _ = session.script.let_return(Action::CallLogoff(first));
    session.turn(9_999);
    assert!(!session.script.started().contains(&Action::CallLogoff(next)));
    session.turn(1);
    assert!(
        session
            .script
            .started()
            .contains(&Action::ReleaseProvider(other))
    );
    session.turn_to_the_end(15_000, ending);
}

#[test]
fn life_logoff_014_steps_begin_one_after_another_whichever_thread_brings_them() {
    let session = Session::new(Deadlines::default());
    let (one, two) = (
        session.provider(Kind::AddressBook, 0),
        session.provider(Kind::AddressBook, 1),
    );
    let (one, two) = (session.logon(one), session.logon(two));
    session
        .script
        .script(Action::CallLogoff(one), Act::HandOverSlowly);
    let slow = session.script.slow.as_ref().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| session.driver.end_logon(one));
        slow.wait();
        // The first thread is still handing its step over; the second one leaves its own to it.
        session.driver.end_logon(two);
        assert_eq!(session.script.started(), []);
        slow.wait();
    });
    let started = session.script.started();
    assert_eq!(started[0], Action::CallLogoff(one));
    assert!(started.contains(&Action::ReleaseLogon(two)));
}

#[test]
fn life_logoff_016_without_limits_it_waits() {
    let session = Session::new(Deadlines {
        logoff_deadline_ms: 0,
        session_deadline_ms: 0,
        ..Deadlines::default()
    });
    let provider = session.provider(Kind::Store, 0);
    let logon = session.logon(provider);
    session.script.script(Action::CallLogoff(logon), Act::Hang);
    let ending = session.end_on_a_thread();
    session.turn(1_000_000_000);
    assert!(ending.still_waits());
    assert!(session.script.let_return(Action::CallLogoff(logon)));
    ending.join();
    assert_eq!(session.driver.provider(provider), None);
}

#[test]
fn life_logoff_015_errors_and_exceptions_change_nothing_in_the_sequence() {
    for (act, outcome) in [
        (
            Act::Fail,
            CallOutcome::Failed {
                code: "MAPI_E_CALL_FAILED".to_owned(),
                value: 0x8000_4005,
            },
        ),
        (
            Act::Throw,
            CallOutcome::Threw {
                what: Some("bad_alloc".to_owned()),
            },
        ),
    ] {
        let session = Session::new(Deadlines::default());
        let provider = session.provider(Kind::AddressBook, 0);
        let logon = session.logon(provider);
        session.script.script(Action::CallLogoff(logon), act);
        session.driver.end_session().unwrap();
        assert_eq!(session.outcome("IABLogon::Logoff"), outcome);
        assert_eq!(session.driver.provider(provider), None);
        // It has not dropped its support object, so MAPI has cut it off.
        assert_eq!(session.report().supports[0].ended, SupportEnd::CutOff);
    }
}

#[test]
fn life_logoff_016_a_call_without_a_thread_is_tried_on_another() {
    let session = Session::new(Deadlines::default());
    let provider = session.provider(Kind::AddressBook, 0);
    let logon = session.logon(provider);
    session
        .script
        .script(Action::CallLogoff(logon), Act::Refuse);
    session.driver.end_session().unwrap();
    assert_eq!(session.driver.provider(provider), None);
    let attempts = session.script.started();
    assert_eq!(
        attempts[..2],
        [Action::CallLogoff(logon), Action::CallLogoff(logon)]
    );
}

#[test]
fn life_logoff_018_a_second_end_is_refused_while_the_first_one_runs() {
    let session = Session::new(Deadlines::default());
    let provider = session.provider(Kind::Store, 0);
    let logon = session.logon(provider);
    session.script.script(Action::CallLogoff(logon), Act::Hang);
    let ending = session.end_on_a_thread();
    session.clock.until_waiting(1);
    assert_eq!(session.driver.end_session(), Err(AlreadyEnding));
    let refused = session
        .driver
        .begin_logon(provider, LogonOwner::Client, "late");
    assert_eq!(refused, Err(Refused::SessionEnds));
    assert!(session.script.let_return(Action::CallLogoff(logon)));
    ending.join();
    assert_eq!(session.driver.end_session(), Err(AlreadyEnding));
}

#[test]
fn life_store_006_a_store_ends_on_the_thread_that_releases_it() {
    let session = Session::new(Deadlines::default());
    let provider = session.provider(Kind::Store, 0);
    let logon = session.logon(provider);
    let block_s = session.driver.support_gone(logon);
    assert!(block_s.ends_the_logon());
    assert!(
        !session
            .script
            .performed
            .lock()
            .unwrap()
            .contains(&Action::CallLogoff(logon))
    );
    session.clock.turn(Duration::from_millis(3));
    block_s.finish();
    let performed = session.script.performed.lock().unwrap().clone();
    assert_eq!(
        performed,
        [
            Action::BeginClosing(logon),
            Action::CallLogoff(logon),
            Action::ReleaseLogon(logon)
        ]
    );
    // Block P follows on a thread of MAPI (OP-24).
    assert_eq!(
        session.script.started(),
        [
            Action::CallShutdown(provider),
            Action::ReleaseProvider(provider)
        ]
    );
    let report = session.report();
    let support = report
        .supports
        .iter()
        .find(|support| support.ended == SupportEnd::StoreRelease)
        .unwrap();
    assert_eq!(support.duration_us, 3_000);
    assert_eq!(session.driver.session(), SessionState::Open);
}

#[test]
fn life_store_018_a_store_is_reopened_when_its_provider_has_gone() {
    let session = Session::new(Deadlines::default());
    let provider = session.provider(Kind::Store, 0);
    let logon = session.logon(provider);
    session
        .script
        .script(Action::CallShutdown(provider), Act::Hang);
    session.driver.support_gone(logon).finish();
    let refused = session
        .driver
        .begin_logon(provider, LogonOwner::Client, "again");
    assert_eq!(refused, Err(Refused::ProviderEnds));

    let (waits, waited) = mpsc::channel();
    let opener = thread::spawn({
        let driver = Arc::clone(&session.driver);
        move || {
            driver.await_end_of(provider);
            waits.send(()).unwrap();
        }
    });
    session.turn(29_999);
    assert!(waited.try_recv().is_err());
    session.clock.turn(Duration::from_millis(1));
    opener.join().unwrap();
    assert_eq!(
        session.driver.provider(provider),
        Some(ProviderState::Abandoned)
    );
    assert_eq!(session.script.given_up(), [Action::CallShutdown(provider)]);
}

#[test]
fn life_logoff_016_a_client_that_hangs_in_block_s_does_not_hold_the_session() {
    let session = Session::new(Deadlines::default());
    let provider = session.provider(Kind::Store, 0);
    let logon = session.logon(provider);
    // A client's thread is inside the store's Release, before S5.
    let block_s = session.driver.support_gone(logon);
    session.clock.turn(Duration::from_secs(3600));
    let ending = session.end_on_a_thread();
    session.turn(29_999);
    assert!(ending.still_waits());
    session.turn_to_the_end(1, ending);
    block_s.finish();
    assert!(
        !session
            .script
            .performed
            .lock()
            .unwrap()
            .contains(&Action::CallLogoff(logon))
    );
}

#[test]
fn life_logon_011_a_logon_without_support_reference_is_a_fault_of_the_provider() {
    let session = Session::new(Deadlines::default());
    let provider = session.provider(Kind::AddressBook, 0);
    let logon = session
        .driver
        .begin_logon(provider, LogonOwner::Client, "logon")
        .unwrap();
    session.driver.support_gone(logon).finish();
    assert!(!session.driver.logon_started(provider, logon));
    assert_eq!(session.script.started(), [Action::ReleaseLogon(logon)]);
    let verdict = &session.report().providers[0].verdict;
    assert_eq!(verdict.faults[0].rule, "LIFE-LOGON-010");
}

#[test]
fn life_fast_007_a_frozen_driver_begins_nothing_and_nobody_waits() {
    let session = Session::new(Deadlines::default());
    let provider = session.provider(Kind::Store, 0);
    let logon = session.logon(provider);
    session.script.script(Action::CallLogoff(logon), Act::Hang);
    let ending = session.end_on_a_thread();
    session.clock.until_waiting(1);
    session.driver.freeze();
    ending.join();
    let _ = session.script.let_return(Action::CallLogoff(logon));
    assert_eq!(session.script.started(), [Action::CallLogoff(logon)]);
}

/// Makes calls on real threads, one for each lane.
#[derive(Default)]
struct Threads {
    lanes: Mutex<BTreeMap<Lane, mpsc::Sender<(Action, Ticket)>>>,
    log: Arc<Mutex<Vec<(Lane, Action)>>>,
}

impl Performer for Threads {
    fn perform(&self, action: Action) -> Ended {
        well(action).into()
    }

    fn start(&self, step: &Step, ticket: Ticket) {
        if step.lane == Lane::Waiting {
            return ticket.done(Outcome::DONE);
        }
        let mut lanes = self.lanes.lock().unwrap();
        let lane = lanes.entry(step.lane).or_insert_with(|| {
            let (sender, receiver) = mpsc::channel::<(Action, Ticket)>();
            let (log, lane) = (Arc::clone(&self.log), step.lane);
            thread::spawn(move || {
                for (action, ticket) in receiver {
                    log.lock().unwrap().push((lane, action));
                    ticket.done(well(action));
                }
            });
            sender
        });
        lane.send((step.action, ticket)).unwrap();
    }

    fn give_up(&self, step: &Step) {
        panic!("{step:?} was given up");
    }
}

#[test]
fn life_logoff_001_sessions_end_at_once_on_real_threads() {
    let ends = (0..8).map(|_| {
        thread::spawn(|| {
            for _ in 0..50 {
                end_one_on_real_threads();
            }
        })
    });
    let ends: Vec<JoinHandle<()>> = ends.collect();
    ends.into_iter().for_each(|end| end.join().unwrap());
}

fn end_one_on_real_threads() {
    let threads = Arc::new(Threads::default());
    let recorder = Arc::new(Recorder::new("session", "test", 60_000, SystemClock.now()));
    let driver = Driver::new(
        Arc::clone(&threads) as _,
        Arc::new(SystemClock),
        Deadlines::default(),
        recorder,
    );
    for (kind, library) in [
        (Kind::AddressBook, 0),
        (Kind::AddressBook, 1),
        (Kind::Store, 1),
        (Kind::Store, 2),
    ] {
        let provider = driver.start_provider(kind, LibraryId(library), "provider");
        for _ in 0..2 {
            let logon = driver
                .begin_logon(provider, LogonOwner::Client, "logon")
                .unwrap();
            driver.logon_started(provider, logon);
        }
    }
    driver.end_session().unwrap();
    let log = threads.log.lock().unwrap();
    // Four provider objects: two calls for each of two logons, two for the object.
    assert_eq!(log.len(), 4 * (2 * 2 + 2));
    assert!(driver.unreleased_libraries().is_empty());
    assert_eq!(
        driver
            .recorder()
            .report()
            .calls
            .iter()
            .filter(|call| call.duration_us.is_none())
            .count(),
        0
    );
}
