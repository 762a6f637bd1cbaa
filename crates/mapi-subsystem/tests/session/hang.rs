//! Calls that do not come back, and the order in which what does come back is ended.

use std::sync::Arc;
use std::time::Duration;

use exemplary::{Installed, Log, Phase};
use mapi_com::iface::MapiSession as _;
use mapi_subsystem::clock::TestClock;
use mapi_subsystem::report::CallOutcome;

use crate::world::{World, eventually, open_store};

/// Whether `call` of the library has begun and not come back. Of the Releases of an object the last one counts.
fn hangs(log: &Log, call: &str) -> bool {
    let (interface, method) = call.split_once('.').unwrap();
    let of_it = || log.lines.iter().filter(|l| l.interface == interface);
    if method == "Release" {
        let last = of_it().filter(|l| l.phase == Phase::Note && l.method == "last release");
        let back = of_it().filter(|l| l.method == method && l.result() == Some(0));
        return last.count() > back.count();
    }
    let count = |phase| {
        of_it()
            .filter(|l| l.phase == phase && l.method == method)
            .count()
    };
    count(Phase::Enter) > count(Phase::Leave)
}

/// Logs off with `call` of the hanging library not coming back, turns the clock by `limit` and not less, and lets the call
/// come back late. The logs of the hanging library and of a good one beside it.
fn logged_off(call: &str, limit: Duration, logoff_deadline_ms: u64) -> (Log, Log) {
    let vice = call.replace(".Release", ".last_release");
    let hanging = vices::install("hanging", &[(&vice, "hang@1")]);
    let good = Installed::cpp();
    let clock = TestClock::new();
    let time = Arc::clone(&clock);
    let world = World::with(move |config| {
        config.clock = time;
        config.deadlines.logoff_deadline_ms = logoff_deadline_ms;
    });
    world.profile("p", &[]);
    world.add_foreign("p", hanging.path(), "AASS");
    world.add_foreign("p", good.path(), "AS");
    let session = world.logon("p");
    drop(session.open_address_book(0, None, 0).unwrap());
    let stores: Vec<_> = (0..3).map(|number| open_store(&session, number)).collect();
    // The good provider of the same kind needs no time of this clock; it is done before the clock is turned.
    let beside = if call.starts_with("IAB") {
        "IABProvider.Shutdown"
    } else {
        "IMSProvider.Shutdown"
    };
    std::thread::scope(|scope| {
        let logoff = scope.spawn(|| session.logoff(0, 0, 0));
        eventually(|| hangs(&hanging.log(), call) && good.log().count(beside) > 0);
        clock.until_waiting(1);
        clock.turn(limit - Duration::from_millis(1));
        clock.until_waiting(1);
        assert!(!logoff.is_finished(), "{call}: not before the deadline");
        clock.turn(Duration::from_millis(1));
        logoff.join().unwrap().unwrap();
    });
    let report = world.report();
    assert!(!report.by_the_book, "{call}");
    assert_eq!(report.pins.len(), 1, "{call}: {report:#?}");
    let given_up = (report.calls.iter()).filter(|c| c.outcome == CallOutcome::TimedOut);
    let given_up: Vec<&str> = given_up.map(|c| c.call.as_str()).collect();
    assert_eq!(given_up, [call.replace('.', "::")]);
    hanging.open_gate();
    eventually(|| !hangs(&hanging.log(), call));
    std::mem::forget(stores);
    drop(session);
    world.subsystem.stop();
    (hanging.log(), good.log())
}

const DEADLINE: Duration = Duration::from_secs(30);

// LIFE-LOGOFF-016
#[test]
fn what_hangs_is_given_up_and_the_logon_beside_it_ends_normally() {
    for kind in ["AB", "MS"] {
        let (logoff, shutdown) = (
            format!("I{kind}Logon.Logoff"),
            format!("I{kind}Provider.Shutdown"),
        );
        for call in [&logoff, &shutdown] {
            let (hanging, good) = logged_off(call, DEADLINE, 30_000);
            assert_eq!(hanging.count(&logoff), 2, "{call}: both logons");
            assert_eq!(
                hanging.count(&shutdown),
                usize::from(call == &shutdown),
                "{call}: no Shutdown where a logoff hangs"
            );
            let other = if kind == "AB" { "MS" } else { "AB" };
            let others = [
                format!("I{other}Logon.Logoff"),
                format!("I{other}Provider.Shutdown"),
            ];
            assert_eq!(others.map(|c| hanging.count(&c)), [2, 1], "{call}");
            for ending in [
                "IABLogon.Logoff",
                "IABProvider.Shutdown",
                "IMSLogon.Logoff",
                "IMSProvider.Shutdown",
            ] {
                assert_eq!(good.count(ending), 1, "{call}: {ending} of the good one");
            }
            // Nothing reaches the object after the call that hangs, not even when that has come back at last.
            let begin = hanging.position(call).unwrap();
            let object = (&hanging.lines[begin].interface, hanging.lines[begin].number);
            let later = hanging.lines[begin + 1..]
                .iter()
                .filter(|l| l.phase == Phase::Enter && (&l.interface, l.number) == object);
            assert_eq!(later.count(), 0, "{call}");
        }
    }
}

// LIFE-LOGOFF-016, LIFE-UNLOAD-005
#[test]
fn a_last_release_that_hangs_is_given_up_like_any_other_call() {
    for kind in ["AB", "MS"] {
        let (logoff, shutdown) = (
            format!("I{kind}Logon.Logoff"),
            format!("I{kind}Provider.Shutdown"),
        );
        for object in ["Logon", "Provider"] {
            let call = format!("I{kind}{object}.Release");
            let (hanging, good) = logged_off(&call, DEADLINE, 30_000);
            assert_eq!(hanging.count(&logoff), 2, "{call}: both logons");
            assert_eq!(
                hanging.count(&shutdown),
                usize::from(object == "Provider"),
                "{call}: no Shutdown where the Release of a logon hangs"
            );
            let other = if kind == "AB" { "MS" } else { "AB" };
            for log in [&hanging, &good] {
                let ends = [
                    format!("I{other}Logon.Logoff"),
                    format!("I{other}Provider.Shutdown"),
                ];
                let logons = log.count(&format!("I{other}Provider.Logon"));
                assert_eq!(ends.map(|c| log.count(&c)), [logons, 1], "{call}");
            }
            assert_eq!(good.count(&shutdown), 1, "{call}");
            let unloaded = |log: &Log| log.lines.iter().any(|l| l.method == "unloaded");
            assert!(unloaded(&good) && !unloaded(&hanging), "{call}");
            // Its count was zero when it hung: nothing may reach the object after that.
            let is_last = |l: &&exemplary::Line| {
                l.phase == Phase::Leave && l.call() == call && l.result() == Some(0)
            };
            let last = hanging.lines.iter().find(is_last).unwrap();
            let later = (hanging.lines.iter()).filter(|l| {
                l.sequence > last.sequence
                    && (&l.interface, l.number) == (&last.interface, last.number)
            });
            assert_eq!(later.count(), 0, "{call}");
        }
    }
}

// LIFE-LOGOFF-016
#[test]
fn without_single_deadlines_the_total_of_the_session_ends_it() {
    let (hanging, _) = logged_off("IMSProvider.Shutdown", Duration::from_secs(60), 0);
    assert_eq!(hanging.count("IMSProvider.Shutdown"), 1);
}

// LIFE-LOGOFF-014
#[test]
fn kinds_end_one_after_another_and_logons_of_a_library_last_one_first() {
    let libraries = [Installed::cpp(), Installed::cpp(), Installed::cpp()];
    let world = World::new();
    world.profile("p", &[]);
    for library in &libraries {
        world.add_foreign("p", library.path(), "ASS");
    }
    let session = world.logon("p");
    drop(session.open_address_book(0, None, 0).unwrap());
    let stores: Vec<_> = (0..6).map(|number| open_store(&session, number)).collect();
    session.logoff(0, 0, 0).unwrap();
    drop(stores);
    let logs = libraries.each_ref().map(Installed::log);
    // All logs have the time of one clock.
    let times = |call: &str, phase| {
        let lines = logs.iter().flat_map(|log| &log.lines);
        let lines = lines.filter(move |l| l.phase == phase && l.call() == call);
        lines.map(|l| l.time_ns).collect::<Vec<u64>>()
    };
    let books_done = times("IABProvider.Shutdown", Phase::Leave);
    let stores_begin = times("IMSLogon.Logoff", Phase::Enter);
    assert_eq!((books_done.len(), stores_begin.len()), (3, 6));
    assert!(books_done.iter().max() < stores_begin.iter().min());
    for log in &logs {
        let lines: Vec<_> = log
            .lines
            .iter()
            .filter(|l| l.call() == "IMSLogon.Logoff")
            .collect();
        let phases: Vec<Phase> = lines.iter().map(|l| l.phase).collect();
        assert_eq!(
            phases,
            [Phase::Enter, Phase::Leave, Phase::Enter, Phase::Leave]
        );
        assert!(
            lines[0].number > lines[2].number,
            "the one that started last"
        );
    }
}
