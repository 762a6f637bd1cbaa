//! The shutdown report: what it says, as text, JSON and timeline.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use mapi_com::scope::OpenObject;
use mapi_subsystem::report::{
    CallOutcome, Left, LeftBy, LeftObject, LeftOpen, Recorder, ShutdownReport, SupportEnd,
    TextStyle,
};
use mapi_subsystem::shutdown::{
    Action, Ended, Kind, Lane, LibraryId, LogonId, Outcome, PinCause, ProviderId, Step, StepId,
};
use mapi_types::ErrorCode;

/// A recorder with a clock in microseconds, and short words for what is fed.
struct Feed {
    recorder: Recorder,
    zero: Instant,
    last: u32,
}

impl Feed {
    fn new() -> Self {
        let zero = Instant::now() + Duration::from_secs(100);
        let recorder = Recorder::new("session 1", "demo", 60_000, zero - Duration::from_secs(90));
        recorder.session_begins_to_close(zero);
        Self {
            recorder,
            zero,
            last: 0,
        }
    }

    fn at(&self, us: i64) -> Instant {
        let distance = Duration::from_micros(us.unsigned_abs());
        if us < 0 {
            self.zero - distance
        } else {
            self.zero + distance
        }
    }

    fn provider(&self, id: u32, kind: Kind, library: (u32, &str), name: &str) {
        self.recorder.library(LibraryId(library.0), library.1);
        self.recorder
            .provider(ProviderId(id), kind, LibraryId(library.0), name);
    }

    fn step(&mut self, action: Action, lane: Lane) -> Step {
        self.last += 1;
        Step {
            id: StepId(self.last),
            action,
            lane,
        }
    }

    fn call(
        &mut self,
        action: Action,
        lane: Lane,
        start: i64,
        took: i64,
        ended: impl Into<Ended>,
    ) -> StepId {
        let step = self.step(action, lane);
        self.recorder.begun(&step, self.at(start));
        self.recorder
            .ended(step.id, ended.into(), self.at(start + took));
        step.id
    }

    fn inline(&mut self, action: Action, start: i64, took: i64) {
        let step = self.step(action, Lane::Inline);
        self.recorder
            .done_inline(&step, self.at(start), self.at(start + took));
    }

    fn report(&self) -> ShutdownReport {
        ShutdownReport {
            began: Some("2026-11-25T14:03:12.123Z".to_owned()),
            ..self.recorder.report()
        }
    }
}

fn lane(library: u32) -> Lane {
    let thread = 0;
    let library = LibraryId(library);
    Lane::Library { library, thread }
}

const DONE: Outcome = Outcome::DONE;
const GONE: Outcome = Outcome::Count(0);

/// An address book and a store that do all by the book, and a client that leaves things open.
fn by_the_book() -> Feed {
    let mut feed = Feed::new();
    feed.provider(
        1,
        Kind::AddressBook,
        (0, "addrbook"),
        "OpenMAPI Address Book",
    );
    feed.provider(
        2,
        Kind::Store,
        (1, "libmsgstore.so"),
        "OpenMAPI Message Store",
    );
    feed.recorder.logon(LogonId(1), ProviderId(1), "Contacts");
    feed.recorder.logon(LogonId(2), ProviderId(2), "Archive");
    feed.recorder.logon(LogonId(3), ProviderId(2), "Mail");
    // A store that its client closed while the session was open.
    feed.call(
        Action::CallLogoff(LogonId(2)),
        Lane::Client,
        -2_500_000,
        1_200,
        DONE,
    );
    feed.call(
        Action::ReleaseLogon(LogonId(2)),
        Lane::Client,
        -2_498_700,
        9,
        GONE,
    );
    let (begun, ended) = (feed.at(-2_500_100), feed.at(-2_498_690));
    feed.recorder
        .support_ended(LogonId(2), SupportEnd::StoreRelease, begun, ended);
    feed.inline(Action::RefuseNewWork, 3, 2);
    feed.inline(Action::DeliverLogoffEvent, 6, 11);
    feed.call(Action::CallLogoff(LogonId(1)), lane(0), 60, 240, DONE);
    let (begun, ended) = (feed.at(250), feed.at(262));
    feed.recorder
        .support_ended(LogonId(1), SupportEnd::Logoff, begun, ended);
    feed.call(Action::ReleaseLogon(LogonId(1)), lane(0), 310, 4, GONE);
    feed.call(Action::CallShutdown(ProviderId(1)), lane(0), 320, 12, DONE);
    feed.call(
        Action::ReleaseProvider(ProviderId(1)),
        lane(0),
        340,
        3,
        GONE,
    );
    feed.call(Action::Drain(LogonId(3)), Lane::Waiting, 350, 0, DONE);
    feed.call(Action::CallLogoff(LogonId(3)), lane(1), 400, 9_650, DONE);
    let (begun, ended) = (feed.at(10_000), feed.at(10_031));
    feed.recorder
        .support_ended(LogonId(3), SupportEnd::Logoff, begun, ended);
    feed.call(Action::ReleaseLogon(LogonId(3)), lane(1), 10_060, 21, GONE);
    feed.call(
        Action::CallShutdown(ProviderId(2)),
        lane(1),
        10_090,
        2_100,
        DONE,
    );
    feed.call(
        Action::ReleaseProvider(ProviderId(2)),
        lane(1),
        12_200,
        8,
        GONE,
    );
    feed.call(Action::DropNotifications, Lane::Caller, 12_230, 40, DONE);
    feed.call(Action::CleanProfile, Lane::Caller, 12_280, 90, DONE);
    feed.recorder.session_closed(feed.at(12_400));
    let left = Left {
        kind: "IMessage",
        provider: Some(ProviderId(2)),
        left_by: LeftBy::Client,
        done: "made invalid, safe to release",
    };
    let message = LeftObject {
        name: Some("Re: the minutes of Tuesday".to_owned()),
        entry: None,
        age_us: 2_300_000,
        stack: vec![
            "mapi_cli::demo::open_one".to_owned(),
            "mapi_cli::main".to_owned(),
        ],
    };
    let nameless = LeftObject {
        entry: Some("00000000c8a1".to_owned()),
        age_us: 950,
        ..LeftObject::default()
    };
    feed.recorder.left_open(&left, 2, [message, nameless]);
    let left = Left {
        kind: "IMAPITable",
        provider: None,
        done: "inert until released",
        ..left
    };
    let tables = (0..100_000).map(|age_us| LeftObject {
        age_us,
        ..LeftObject::default()
    });
    feed.recorder.left_open(&left, 100_000, tables);
    feed
}

/// Everything that can go wrong.
fn not_by_the_book() -> Feed {
    let mut feed = Feed::new();
    feed.provider(1, Kind::Transport, (0, "libsmtp.so"), "SMTP");
    feed.provider(
        2,
        Kind::AddressBook,
        (1, "libldap.so"),
        "Directory of a company with a very long name, so long that it does not fit",
    );
    feed.provider(3, Kind::Store, (2, "libpst.so"), "Evil \u{1b}[2J store");
    feed.recorder.logon(LogonId(1), ProviderId(1), "out");
    feed.recorder.critical_error(LogonId(1));
    feed.recorder
        .logon(LogonId(2), ProviderId(2), "ldap://example.org");
    feed.recorder
        .logon(LogonId(3), ProviderId(2), "ldap://example.net");
    feed.recorder.logon(LogonId(4), ProviderId(3), "old.pst");
    feed.call(
        Action::ReleaseLogon(LogonId(1)),
        Lane::Transport(LogonId(1)),
        1_000,
        200,
        GONE,
    );
    feed.call(
        Action::ReleaseProvider(ProviderId(1)),
        lane(0),
        1_300,
        80,
        GONE,
    );
    let hangs = feed.call(
        Action::CallLogoff(LogonId(3)),
        lane(1),
        2_000,
        30_000_000,
        Outcome::TimedOut,
    );
    feed.inline(Action::CutOff(LogonId(3)), 30_002_000, 10);
    feed.inline(
        Action::Pin(LibraryId(1), PinCause::LogonAbandoned(LogonId(3))),
        30_002_020,
        1,
    );
    feed.recorder.returned_late(hangs, feed.at(41_002_000));
    let next = Lane::Library {
        library: LibraryId(1),
        thread: 1,
    };
    feed.call(
        Action::CallLogoff(LogonId(2)),
        next,
        30_002_100,
        400,
        Outcome::Returned(ErrorCode::NETWORK_ERROR),
    );
    feed.inline(Action::CutOff(LogonId(2)), 30_002_600, 10);
    feed.call(
        Action::ReleaseLogon(LogonId(2)),
        next,
        30_003_000,
        10,
        Outcome::Count(2),
    );
    feed.inline(
        Action::Pin(LibraryId(1), PinCause::LogonReferenced(LogonId(2), 2)),
        30_003_020,
        1,
    );
    let threw = Ended {
        what: Some(
            "std::length_error: a vector that would be longer than all the memory there is"
                .to_owned(),
        ),
        ..Outcome::Threw.into()
    };
    feed.call(
        Action::CallLogoff(LogonId(4)),
        lane(2),
        30_003_100,
        1_500_000,
        threw,
    );
    let (begun, ended) = (feed.at(30_003_200), feed.at(30_003_900));
    feed.recorder
        .support_ended(LogonId(4), SupportEnd::Logoff, begun, ended);
    feed.call(
        Action::ReleaseLogon(LogonId(4)),
        lane(2),
        31_504_000,
        10,
        GONE,
    );
    feed.recorder.fault(
        ProviderId(3),
        "LIFE-SUP-005",
        "called GetLastError on its support object after releasing it",
    );
    feed.call(
        Action::AwaitQuiet(ProviderId(3)),
        Lane::Waiting,
        31_504_100,
        10_000_000,
        Outcome::TimedOut,
    );
    feed.inline(
        Action::Pin(LibraryId(2), PinCause::ProviderAbandoned(ProviderId(3))),
        41_504_100,
        1,
    );
    let left = Left {
        kind: "memory block",
        provider: Some(ProviderId(3)),
        left_by: LeftBy::Provider,
        done: "kept",
    };
    feed.recorder.left_open(&left, 3, []);
    feed.recorder.session_closed(feed.at(41_600_000));
    feed
}

#[test]
fn life_logoff_016_text_of_a_way_down_by_the_book() {
    let report = by_the_book().report();
    assert!(report.by_the_book);
    insta::assert_snapshot!(report.text(TextStyle::default()));
}

#[test]
fn life_logoff_016_text_of_a_way_down_with_faults() {
    let report = not_by_the_book().report();
    assert!(!report.by_the_book);
    insta::assert_snapshot!(report.text(TextStyle::default()));
}

#[test]
fn the_text_fits_100_columns_and_names_cannot_steer_the_terminal() {
    for report in [by_the_book().report(), not_by_the_book().report()] {
        let text = report.text(TextStyle::default());
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
        assert!(!text.contains('\u{1b}'));
        let colored = report.text(TextStyle { color: true });
        assert!(!colored.contains("\u{1b}[2J"));
        assert!(colored.contains("\u{1b}[0m"));
    }
}

#[test]
fn json_of_a_way_down_with_faults() {
    let report = not_by_the_book().report();
    let json = serde_json::to_string_pretty(&report).unwrap();
    let back: ShutdownReport = serde_json::from_str(&json).unwrap();
    assert_eq!(back, report);
    insta::assert_snapshot!(json);
}

#[test]
fn the_timeline_has_a_track_for_each_thread_and_a_bar_for_each_call() {
    let report = not_by_the_book().report();
    let timeline = report.timeline();
    insta::assert_snapshot!(serde_json::to_string_pretty(&timeline).unwrap());
    let events = timeline["traceEvents"].as_array().unwrap();
    let bars = events.iter().filter(|event| event["ph"] == "X").count();
    assert_eq!(bars, report.calls.len());
    // What happened before the session's end stands before it, and nothing at a negative time.
    let events = by_the_book().report().timeline();
    let times = events["traceEvents"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["ts"].as_i64());
    assert!(times.into_iter().all(|at| at >= 0));
}

#[test]
fn what_a_client_leaves_open_does_not_spoil_the_verdict() {
    let report = by_the_book().report();
    assert!(
        report
            .providers
            .iter()
            .all(|provider| provider.verdict.by_the_book)
    );
    let counts: Vec<(u64, usize)> = report
        .left_open
        .iter()
        .map(|left| (left.count, left.objects.len()))
        .collect();
    assert_eq!(counts, [(2, 2), (100_000, LeftOpen::LISTED)]);
}

#[test]
fn life_logoff_018_the_faults_in_one_line() {
    assert_eq!(by_the_book().report().fault_summary(), None);
    let summary = not_by_the_book().report().fault_summary().unwrap();
    assert!(
        summary.contains("IABLogon::Logoff had not returned after 30 s (and 3 more); "),
        "{summary}"
    );
}

#[test]
fn the_census_of_a_scope_is_grouped_by_kind() {
    let open = |kind, ms| OpenObject {
        kind,
        references: 1,
        age: Duration::from_millis(ms),
        trace: Some(" 0: one\n 1: two".to_owned()),
    };
    let feed = by_the_book();
    let objects: Vec<OpenObject> = (0..250)
        .map(|ms| {
            open(
                if ms % 5 == 0 {
                    "IMAPIFolder"
                } else {
                    "IMessage"
                },
                ms,
            )
        })
        .collect();
    feed.recorder.census(
        &objects,
        Some(ProviderId(2)),
        LeftBy::Client,
        "made invalid",
    );
    let left = &feed.report().left_open[2..];
    let counts: Vec<(&str, u64, usize)> = left
        .iter()
        .map(|left| (left.kind.as_str(), left.count, left.objects.len()))
        .collect();
    assert_eq!(counts, [("IMAPIFolder", 50, 50), ("IMessage", 200, 100)]);
    assert_eq!(left[0].objects[1].age_us, 5_000);
    assert_eq!(left[0].objects[1].stack, ["0: one", "1: two"]);
}

#[test]
fn life_unload_005_pins_name_their_cause() {
    let report = not_by_the_book().report();
    let pins: Vec<(&str, &str)> = report
        .pins
        .iter()
        .map(|pin| (pin.library.as_str(), pin.cause.as_str()))
        .collect();
    assert_eq!(
        pins,
        [
            (
                "libldap.so",
                "a call on logon 3 \"ldap://example.net\" was given up"
            ),
            (
                "libldap.so",
                "logon 2 \"ldap://example.org\" still has 2 references"
            ),
            ("libpst.so", "the provider object was given up"),
        ]
    );
}

#[test]
fn life_logoff_006_and_012_what_a_release_leaves_is_a_fault() {
    for (action, rule) in [
        (Action::ReleaseLogon(LogonId(1)), "LIFE-LOGOFF-006"),
        (Action::ReleaseProvider(ProviderId(1)), "LIFE-LOGOFF-012"),
    ] {
        let mut feed = Feed::new();
        feed.provider(1, Kind::Store, (0, "lib.so"), "store");
        feed.recorder.logon(LogonId(1), ProviderId(1), "logon");
        feed.call(action, lane(0), 0, 1, Outcome::Count(1));
        let report = feed.report();
        assert_eq!(report.providers[0].verdict.faults[0].rule, rule);
        assert_eq!(
            report.calls[0].outcome,
            CallOutcome::StillReferenced { count: 1 }
        );
    }
}

#[test]
fn an_open_session_does_not_remember_every_store_that_was_ever_closed() {
    let zero = Instant::now();
    let recorder = Recorder::new("session", "profile", 0, zero);
    recorder.provider(ProviderId(1), Kind::Store, LibraryId(0), "store");
    let logons = 5_000;
    for logon in 0..logons {
        recorder.logon(LogonId(logon), ProviderId(1), "mail");
        let release = Step {
            id: StepId(logon),
            action: Action::ReleaseLogon(LogonId(logon)),
            lane: Lane::Client,
        };
        // One in a thousand leaves something behind, and that is not forgotten.
        let count = u32::from(logon % 1000 == 999);
        recorder.begun(&release, zero);
        recorder.ended(release.id, Outcome::Count(count).into(), zero);
    }
    let report = recorder.report();
    assert!(report.providers[0].logons.len() <= 2 * Recorder::KEPT + 5);
    assert_eq!(report.providers[0].verdict.faults.len(), 5);
    let listed = u64::try_from(report.providers[0].logons.len()).unwrap();
    assert_eq!(report.omitted + listed, u64::from(logons));
}
