//! Fast shutdown with providers written in C++.

use std::path::Path;

use exemplary::{Installed, Log, Phase};
use mapi_com::iface::{ClientShutdown as _, MapiSession as _};
use mapi_com::ptr::ComPtr;
use mapi_sys::{IMAPIClientShutdown, IMAPISession};
use mapi_types::{ErrorCode, Result};

use crate::child;
use crate::world::{World, open_store};

const QUERY: &str = "QueryFastShutdown";
const NOTIFY: &str = "NotifyProcessShutdown";
const DO: &str = "DoFastShutdown";

/// A session with the providers of these libraries started, under this setting.
fn started(setting: u32, libraries: &[&Path]) -> (World, ComPtr<IMAPISession>) {
    let world = World::with(|config| config.fast_shutdown = setting);
    world.profile("p", &[]);
    for library in libraries {
        world.add_foreign("p", library, "SA");
    }
    let session = world.logon("p");
    drop(session.open_address_book(0, None, 0).unwrap());
    for number in 0..libraries.len() {
        // Kept open: a store that is closed would end its provider object.
        std::mem::forget(open_store(&session, number));
    }
    (world, session)
}

fn fast(session: &ComPtr<IMAPISession>) -> ComPtr<IMAPIClientShutdown> {
    session.query().unwrap()
}

fn code(result: Result<()>) -> ErrorCode {
    result.map_or_else(|error| error.code(), |()| ErrorCode::OK)
}

/// How often both provider objects of a library were asked, told, and told to do it.
fn counts(log: &Log) -> [usize; 3] {
    [QUERY, NOTIFY, DO].map(|method| {
        ["IABProvider", "IMSProvider"]
            .map(|interface| log.count(&format!("{interface}.{method}")))
            .iter()
            .sum()
    })
}

// LIFE-FAST-001
#[test]
fn providers_are_asked_session_by_session_address_books_before_stores() {
    let library = Installed::cpp();
    let (world, first) = started(0, &[library.path()]);
    let second = world.logon("p");
    drop(second.open_address_book(0, None, 0).unwrap());
    let fast = fast(&second);
    fast.query_fast_shutdown().unwrap();
    fast.notify_process_shutdown().unwrap();
    fast.do_fast_shutdown().unwrap();
    let log = library.log();
    let is_fast = |line: &&exemplary::Line| {
        line.phase == Phase::Enter && [QUERY, NOTIFY, DO].contains(&line.method.as_str())
    };
    let calls: Vec<(String, u32)> = log
        .lines
        .iter()
        .filter(is_fast)
        .map(|line| (line.call(), line.number))
        .collect();
    let order: Vec<&str> = calls.iter().map(|(call, _)| call.as_str()).collect();
    let mut expected = Vec::new();
    for method in [QUERY, NOTIFY, DO] {
        for interface in ["IABProvider", "IMSProvider", "IABProvider"] {
            expected.push(format!("{interface}.{method}"));
        }
    }
    assert_eq!(order, expected);
    for round in calls.chunks(3) {
        assert_ne!(round[0].1, round[2].1, "an address book of each session");
        assert_eq!(
            round,
            [&calls[0], &calls[1], &calls[2]].map(|(call, number)| {
                let method = round[0].0.split('.').next_back().unwrap();
                let interface = call.split('.').next().unwrap();
                (format!("{interface}.{method}"), *number)
            })
        );
    }
    std::mem::forget((first, second));
}

// LIFE-FAST-002, LIFE-FAST-003, LIFE-FAST-004, LIFE-FAST-010
#[test]
fn the_setting_and_the_providers_decide() {
    let no_support = ErrorCode::NO_SUPPORT;
    type Vices = &'static [(&'static str, &'static str)];
    let refuses: Vices = &[("IMSProvider.QueryFastShutdown.result", "0x80004005")];
    let lacks: Vices = &[("IMSProvider.no_fast_shutdown", "yes")];
    let cases = [
        (0, &[] as Vices, true),
        (0, refuses, false),
        (0, lacks, true),
        (1, &[], true),
        (1, refuses, false),
        (1, lacks, false),
        (2, &[], false),
        (2, refuses, false),
        (2, lacks, false),
    ];
    for (setting, vices, allowed) in cases {
        let library = vices::install("other", vices);
        let good = Installed::cpp();
        let (world, session) = started(setting, &[library.path(), good.path()]);
        let fast = fast(&session);
        let answer = fast.query_fast_shutdown();
        assert_eq!(answer.is_ok(), allowed, "setting {setting}, {vices:?}");
        if setting == 2 {
            assert_eq!(code(answer), no_support);
            assert_eq!(code(fast.do_fast_shutdown()), no_support);
            fast.notify_process_shutdown().unwrap();
            assert_eq!(counts(&good.log()), [0, 0, 0]);
            assert_eq!(counts(&library.log()), [0, 0, 0]);
        }
        // Asking has no side effect: the session works, and ends as usual.
        drop(session.get_status_table(0).unwrap());
        drop(fast);
        session.logoff(0, 0, 0).unwrap();
        let log = good.log();
        assert_eq!(
            [
                "IMSLogon.Logoff",
                "IMSProvider.Shutdown",
                "IABLogon.Logoff",
                "IABProvider.Shutdown"
            ]
            .map(|call| log.count(call)),
            [1, 1, 1, 1]
        );
        drop(world);
    }
}

// LIFE-FAST-005, LIFE-FAST-006
#[test]
fn every_provider_is_told_once_and_only_after_a_positive_answer() {
    let vices = [
        ("IABProvider.NotifyProcessShutdown.result", "0x80004005"),
        ("IABProvider.DoFastShutdown.result", "0x80004005"),
    ];
    let library = vices::install("grumpy", &vices);
    let (_world, session) = started(0, &[library.path()]);
    let fast = fast(&session);
    assert_eq!(code(fast.do_fast_shutdown()), ErrorCode::NO_SUPPORT);
    assert_eq!(counts(&library.log()), [0, 0, 0], "not even asked");
    fast.query_fast_shutdown().unwrap();
    fast.notify_process_shutdown().unwrap();
    fast.do_fast_shutdown().unwrap();
    let log = library.log();
    for interface in ["IABProvider", "IMSProvider"] {
        for method in [QUERY, NOTIFY, DO] {
            assert_eq!(log.count(&format!("{interface}.{method}")), 1);
        }
    }
    std::mem::forget(session);
}

/// Calls that must not be made any more.
fn ending_calls(log: &Log) -> usize {
    let ends = |line: &&exemplary::Line| {
        line.phase == Phase::Enter
            && (["Logoff", "Shutdown"].contains(&line.method.as_str())
                || line.call() == "library.DllCanUnloadNow")
    };
    log.lines.iter().filter(ends).count()
}

// LIFE-FAST-007
#[test]
fn after_do_fast_shutdown_nothing_is_called_up_to_the_exit() {
    if let Some(path) = child::argument() {
        let (world, session) = started(0, &[Path::new(&path)]);
        let fast = fast(&session);
        fast.query_fast_shutdown().unwrap();
        fast.do_fast_shutdown().unwrap();
        // What a client must not do, and what the end of its process does without being asked.
        drop(session.logoff(0, 0, 0));
        drop((fast, session));
        world.subsystem.stop();
        let path = Path::new(&path).canonicalize().unwrap();
        assert_eq!(world.subsystem.libraries().log().counts(&path), (1, 0));
        drop(world);
        std::process::exit(0);
    }
    let library = Installed::cpp();
    let test = "fast::after_do_fast_shutdown_nothing_is_called_up_to_the_exit";
    assert!(child::run(test, library.path().to_str().unwrap()).success());
    let log = library.log();
    assert_eq!(counts(&log), [2, 0, 2]);
    assert_eq!(ending_calls(&log), 0, "{:#?}", log.calls());
    let after = log.position("IMSProvider.DoFastShutdown").unwrap();
    let released = log.lines[after..].iter().filter(|line| {
        line.method == "Release" && line.phase == Phase::Leave && line.result() == Some(0)
    });
    assert_eq!(released.count(), 0);
}
