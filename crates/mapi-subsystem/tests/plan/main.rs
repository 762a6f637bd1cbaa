//! The planner of the way down, by enumeration: every provider fails, hangs, throws, returns late or re-enters at every step.

#![allow(clippy::unwrap_used)]

mod check;
mod smaller;
mod world;

use std::collections::BTreeMap;

use mapi_subsystem::shutdown::{Event, Kind, LogonId};
use proptest::prelude::*;

use check::check;
use world::{Before, Choice, Fault, Spec, World};

const XP: Kind = Kind::Transport;
const AB: Kind = Kind::AddressBook;
const MS: Kind = Kind::Store;
const ONE: &[Before] = &[Before::Active];
const TWO: &[Before] = &[Before::Active, Before::Active];

/// Sets of providers: all kinds, two logons in one library, two libraries, one library with all kinds.
const SETS: &[&[Spec]] = &[
    &[],
    &[(MS, 0, ONE)],
    &[(XP, 0, ONE), (AB, 1, ONE), (MS, 2, ONE)],
    &[(MS, 0, TWO), (MS, 1, TWO), (AB, 2, ONE)],
    &[(MS, 0, TWO), (AB, 0, ONE), (XP, 0, TWO)],
    &[(AB, 0, ONE), (AB, 1, ONE), (AB, 2, &[]), (MS, 0, ONE)],
    &[
        (XP, 0, TWO),
        (XP, 1, ONE),
        (MS, 1, &[Before::Spooler, Before::Active]),
    ],
    &[
        (AB, 0, &[Before::Failed]),
        (MS, 1, &[Before::Active, Before::Failed]),
        (XP, 2, &[Before::Unsupported]),
    ],
    &[
        (MS, 0, &[Before::ClosedByClient, Before::Active]),
        (MS, 1, &[Before::Starting]),
        (AB, 1, &[Before::Starting, Before::Active]),
    ],
    &[
        (MS, 0, &[Before::ClosedByClient]),
        (MS, 1, &[Before::Spooler]),
        (AB, 0, &[Before::Unsupported]),
    ],
];

const FAULTS: &[Fault] = &[
    Fault::Error,
    Fault::Throws,
    Fault::Hangs,
    Fault::ReturnsLate(1),
    Fault::ReturnsLate(4),
    Fault::NoThread,
    Fault::Referenced,
    Fault::KeepsSupport,
    Fault::TotalExpires,
    Fault::Meanwhile(Event::SessionEnds),
];

fn run(specs: &[Spec], choice: Choice, faults: BTreeMap<usize, Fault>) -> usize {
    let mut world = World::new(specs, choice, faults);
    world.end_session();
    check(&world);
    world.begun
}

/// Enough of them that every pair is different in kind.
const FAULTS_IN_PAIRS: &[Fault] = &[
    Fault::Throws,
    Fault::Hangs,
    Fault::ReturnsLate(1),
    Fault::NoThread,
    Fault::Referenced,
    Fault::KeepsSupport,
    Fault::TotalExpires,
    Fault::Meanwhile(Event::SupportGone(LogonId(1))),
    Fault::Meanwhile(Event::SupportGone(LogonId(2))),
    Fault::Meanwhile(Event::CriticalError(LogonId(2))),
    Fault::Meanwhile(Event::CriticalError(LogonId(4))),
    Fault::Meanwhile(Event::EndLogon(LogonId(3))),
];

/// Everything that may come in from outside while a step runs.
fn reentries(specs: &[Spec]) -> Vec<Fault> {
    let logons: u32 = specs
        .iter()
        .map(|(_, _, logons)| u32::try_from(logons.len()).unwrap())
        .sum();
    (1..=logons)
        .map(LogonId)
        .flat_map(|logon| {
            [
                Event::SupportGone(logon),
                Event::CriticalError(logon),
                Event::EndLogon(logon),
            ]
        })
        .map(Fault::Meanwhile)
        .collect()
}

#[test]
fn life_logoff_001_a_clean_way_down() {
    for specs in SETS {
        for choice in [Choice::First, Choice::Last] {
            run(specs, choice, BTreeMap::new());
        }
    }
}

#[test]
fn life_logoff_015_and_016_one_fault_at_every_step() {
    for specs in SETS {
        for choice in [Choice::First, Choice::Last] {
            let steps = run(specs, choice.clone(), BTreeMap::new());
            for at in 0..steps {
                for fault in FAULTS.iter().copied().chain(reentries(specs)) {
                    run(specs, choice.clone(), BTreeMap::from([(at, fault)]));
                }
            }
        }
    }
}

/// All pairs of a set are too many for every run, so the larger sets are gone through in equal strides.
#[test]
fn life_logoff_016_two_faults_at_pairs_of_steps() {
    const RUNS: usize = 4000;
    for specs in SETS {
        let steps = run(specs, Choice::First, BTreeMap::new());
        // A fault may add steps, so the second one goes a little beyond the end.
        let places = (0..steps).flat_map(|one| (one + 1..steps + 3).map(move |two| (one, two)));
        let faults = || FAULTS_IN_PAIRS.iter().copied();
        let pairs: Vec<_> = places
            .flat_map(|(one, two)| {
                faults().flat_map(move |first| {
                    faults().map(move |second| [(one, first), (two, second)])
                })
            })
            .collect();
        // Odd and no multiple of three, so that no fault is left out.
        let stride = (pairs.len() / RUNS / 6) * 6 + 1;
        for pair in pairs.into_iter().step_by(stride) {
            run(specs, Choice::First, BTreeMap::from(pair));
        }
    }
}

#[test]
fn life_logoff_016_everything_hangs() {
    for specs in SETS {
        for choice in [Choice::First, Choice::Last] {
            for fault in [
                Fault::Hangs,
                Fault::ReturnsLate(1),
                Fault::NoThread,
                Fault::Throws,
            ] {
                let faults = (0..200).map(|at| (at, fault)).collect();
                run(specs, choice.clone(), faults);
            }
        }
    }
}

#[test]
fn life_logoff_016_total_used_up_while_everything_hangs() {
    for specs in SETS {
        let steps = run(specs, Choice::First, BTreeMap::new());
        for at in 0..steps {
            let mut faults: BTreeMap<usize, Fault> =
                (0..200).map(|at| (at, Fault::Hangs)).collect();
            faults.insert(at, Fault::TotalExpires);
            run(specs, Choice::First, faults);
        }
    }
}

fn any_specs() -> impl Strategy<Value = Vec<Spec>> {
    let logons = prop::sample::select(vec![
        &[] as &[Before],
        ONE,
        TWO,
        &[Before::Failed],
        &[Before::Starting],
        &[Before::Active, Before::Starting],
        &[Before::Unsupported],
        &[Before::Active, Before::Active, Before::Active],
    ]);
    let kind = prop::sample::select(vec![XP, AB, MS]);
    let provider = (kind, 0..3u32, logons);
    prop::collection::vec(provider, 0..6).prop_map(|mut specs| {
        // One provider object per session, kind and library (OP-06).
        let mut seen = Vec::new();
        specs.retain(|(kind, library, _)| {
            let new = !seen.contains(&(*kind, *library));
            seen.push((*kind, *library));
            new
        });
        specs
    })
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let logon = || (1..12u32).prop_map(LogonId);
    prop_oneof![
        prop::sample::select(FAULTS.to_vec()),
        (0..12usize).prop_map(Fault::ReturnsLate),
        logon().prop_map(|id| Fault::Meanwhile(Event::SupportGone(id))),
        logon().prop_map(|id| Fault::Meanwhile(Event::CriticalError(id))),
        logon().prop_map(|id| Fault::Meanwhile(Event::EndLogon(id))),
        Just(Fault::Meanwhile(Event::TotalExpired)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn life_logoff_001_any_order_of_events(
        specs in any_specs(),
        order in prop::collection::vec(any::<u8>(), 200),
        faults in prop::collection::btree_map(0..60usize, any_fault(), 0..8),
    ) {
        run(&specs, Choice::Random(order), faults);
    }
}
