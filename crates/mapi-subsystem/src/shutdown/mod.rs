//! The way down: how sessions, logons and provider objects end.
//!
//! # States, and who may take which step
//!
//! A step that is not in these tables does not exist. Each is taken under the lock of the session's plan, so whoever comes second
//! finds it done; this is what makes "at most once" hold for every ending call (LIFE-STORE-007, LIFE-LOGOFF-001).
//!
//! Session core ([`SessionState`]):
//!
//! | From | To | Taken by | What follows |
//! |---|---|---|---|
//! | Open | Closing | the first `Logoff` of the last handle, its last Release, or the last MAPIUninitialize | [`ORDER`] begins, the total runs |
//! | Closing | Closed | the last step of [`ORDER`] | the caller returns |
//! | any | Closed | DoFastShutdown has been done ([`Plan::freeze`]) | nothing is called any more, ever (LIFE-FAST-007) |
//!
//! Logon record ([`LogonState`]):
//!
//! | From | To | Taken by | What follows |
//! |---|---|---|---|
//! | (none) | Starting | whoever is about to call the logon method | |
//! | Starting | Active | the logon method returned success, and the support object lives | service calls |
//! | Starting | (none) | the logon method failed | nothing is called on its outputs (6.8) |
//! | Starting | Closing | success, but the support object has gone already (OP-41) | only Release |
//! | Starting | Abandoned | the session ends and the logon method does not return | library pinned |
//! | Active | Closing | its turn in [`ORDER`]; the last Release of its support object; MAPI ends this one logon | block L, or S5 and S6 of block S |
//! | Closing | Closed | the logon object's Release has returned | block P if it was the last one |
//! | Closing | Abandoned | a deadline, or the session's total | L4, library pinned, no call on it any more |
//!
//! Provider object ([`ProviderState`]):
//!
//! | From | To | Taken by | What follows |
//! |---|---|---|---|
//! | (none) | Open | the entry point returned it | |
//! | Open | Quiet | its last logon has gone and its time has come ([`ORDER`], or OP-24) | wait until no call of it is on a stack |
//! | Quiet | Open | a new logon begins, or the session ends and has an order for it | |
//! | Quiet | Ending | nothing of it is on a stack | Shutdown, then Release |
//! | Ending | (gone) | its Release has returned | |
//! | any | Abandoned | one of its calls or of its logons' calls was given up | no Shutdown, no Release, library pinned; its other logons still end |
//!
//! # The order
//!
//! [`ORDER`] has the stages of a session's end. Inside them:
//!
//! - **Block L**, one logon: stop routing to it and wait for calls inside it; transport: the steps of [`TransportStep`]; its logoff
//!   method; cut the support object off if the provider kept it; Release.
//! - **Block P**, one provider object, when no logon is left: Shutdown; Release.
//! - Within a kind the ending calls begin with the provider that was started last. Those of different libraries overlap; those
//!   of one library come one after another, logon by logon (LIFE-LOGOFF-014).
//! - A logon that hangs is given up. What is left of its library goes on on another thread ([`Lane`]).
//! - A transport that has reported NOTIFY_CRITICAL_ERROR gets Release calls only (LIFE-XP-012).
//! - When the session's total is used up, running calls are given up, and what has not begun is begun in the same order, on threads
//!   of its own, but nobody waits for it (LIFE-LOGOFF-016).
//!
//! The smaller ways down are the same blocks: a store that its client closes (S5 and S6 on the client's thread, then block P), a
//! provider that drops its support object (block L, OP-20), a logon that failed (block P at the end of the session, 6.8).
//!
//! # Files
//!
//! - `plan`, `block_l`, `block_p`: the *planner*: events in, steps out; no clock, no thread, no provider. `action` has its
//!   vocabulary, `record` what it remembers.
//! - `drive`: the driver. It has the steps performed, measures time (`deadlines`), gives up what hangs, and feeds the report.
//! - `block_s`: where a support object's last Release meets the driver.
//! - `fast`: whether the whole way down may be left out.
//! - `sabotage`: fault switches for tests of tests.
//! - `performer`: what the host implements for the driver.

mod action;
mod block_l;
mod block_p;
mod block_s;
mod deadlines;
mod drive;
mod fast;
mod performer;
mod plan;
mod record;
#[cfg(feature = "sabotage")]
mod sabotage;

pub use action::{Action, Event, Lane, Outcome, PinCause, Step, StepId, TransportStep};
pub use block_s::BlockS;
pub use deadlines::Deadlines;
pub use drive::{AlreadyEnding, Driver};
pub use fast::{FastAnswer, FastShutdown, FastShutdownBehavior};
pub use performer::{Ended, Performer, Ticket};
pub use plan::{Plan, Refused};
pub use record::{
    Kind, LibraryId, LogonId, LogonOwner, LogonState, ProviderId, ProviderState, SessionState,
};

#[cfg(feature = "sabotage")]
pub use sabotage::Sabotage;

/// One stage of a session's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// A step of MAPI's own.
    Own(Action, Lane),
    /// The stores that the spooler opened for itself are given back.
    SpoolerStores,
    /// All provider objects of a kind: block L for each of their logons, then block P.
    Kind(Kind),
}

/// The order in which a session ends (lifecycle.md 6.1, steps 3 to 13; OP-27). A stage is finished, or given up at its deadlines,
/// before the next one begins.
pub const ORDER: [Stage; 12] = [
    Stage::Own(Action::RefuseNewWork, Lane::Inline),
    Stage::Own(Action::DeliverLogoffEvent, Lane::Inline),
    Stage::Kind(Kind::Transport),
    Stage::SpoolerStores,
    Stage::Own(Action::ReleaseHooks, Lane::Caller),
    Stage::Kind(Kind::AddressBook),
    Stage::Own(Action::MakeAddressBooksInert, Lane::Inline),
    Stage::Kind(Kind::Store),
    Stage::Own(Action::RemoveOwnRows, Lane::Inline),
    Stage::Own(Action::DropNotifications, Lane::Caller),
    Stage::Own(Action::CleanProfile, Lane::Caller),
    Stage::Own(Action::Closed, Lane::Inline),
];
