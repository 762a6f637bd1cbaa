//! The report of a way down: what was called, how long it took, what was left open, and whose fault that is.
//!
//! It is written from calls that were made, never from the plan: the driver and the proxies of host and session feed a [`Recorder`]; from
//! that comes a [`ShutdownReport`], which can be shown as text ([`ShutdownReport::text`]), as JSON (serde; docs/report.md is the
//! contract) and as a timeline for Perfetto or Chrome ([`ShutdownReport::timeline`]).
//!
//! A report can be taken again at any time: a call that was given up and returns later is in the next one.

mod census;
mod names;
mod open;
mod recorder;
mod text;
mod timeline;
mod verdict;

use serde::{Deserialize, Serialize};

pub use open::{Left, LeftBy, LeftObject, LeftOpen};
pub use recorder::Recorder;
pub use text::TextStyle;
pub use verdict::{Fault, Verdict};

/// How a session came down. The JSON form is described in docs/report.md.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ShutdownReport {
    /// The version of the JSON form: [`ShutdownReport::VERSION`].
    pub version: u32,
    /// The name of the session.
    pub session: String,
    /// The name of the profile.
    pub profile: String,
    /// When the session began to close, in RFC 3339; `None` if it has not yet.
    pub began: Option<String>,
    /// From there to the end, in microseconds; `None` if it has not ended yet.
    pub duration_us: Option<u64>,
    /// `session_deadline_ms`; 0 if there was none.
    pub session_deadline_ms: u64,
    /// The total was used up: what was left was begun, and nobody waited for it.
    pub total_used_up: bool,
    /// Every provider came down by the book.
    pub by_the_book: bool,
    /// The provider objects, in the order of start.
    pub providers: Vec<ProviderReport>,
    /// What was done, in the order in which it began.
    pub calls: Vec<CallReport>,
    /// Each end of a support object (block S).
    pub supports: Vec<SupportReport>,
    /// Libraries that are never freed.
    pub pins: Vec<PinReport>,
    /// What was left open.
    pub left_open: Vec<LeftOpen>,
    /// How many logons and providers that came down by the book while the session was open are not listed, to save memory.
    pub omitted: u64,
}

impl ShutdownReport {
    /// The version of the JSON form. It rises when a field changes its meaning or goes; new fields may come without.
    pub const VERSION: u32 = 1;

    /// What went wrong, in one line, for IMAPISession::GetLastError after a Logoff (OP-22); `None` if nothing did.
    #[must_use]
    pub fn fault_summary(&self) -> Option<String> {
        let faulty = self
            .providers
            .iter()
            .filter(|provider| !provider.verdict.by_the_book);
        let told = faulty.filter_map(|provider| {
            let first = provider.verdict.faults.first()?;
            let more = match provider.verdict.faults.len() {
                1 => String::new(),
                count => format!(" (and {} more)", count - 1),
            };
            Some(format!("{}: {}{more}", provider.name, first.what))
        });
        let told: Vec<String> = told.collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

/// A kind of provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// Transport.
    Transport,
    /// Address book.
    AddressBook,
    /// Message store.
    Store,
}

/// One provider object.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProviderReport {
    /// Its number in this session; numbers rise in the order of start.
    pub id: u32,
    /// Its display name.
    pub name: String,
    /// Its kind.
    pub kind: ProviderKind,
    /// Its library.
    pub library: String,
    /// Its logons, in the order of start.
    pub logons: Vec<LogonReport>,
    /// By the book, or the faults.
    pub verdict: Verdict,
}

/// One logon.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LogonReport {
    /// Its number in this session.
    pub id: u32,
    /// Its name: of the store, the account, the directory.
    pub name: String,
    /// It has reported NOTIFY_CRITICAL_ERROR.
    pub critical_error: bool,
}

/// One call that was made, or one step of MAPI's own.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CallReport {
    /// The provider object; `None` for a step of MAPI's own.
    pub provider: Option<u32>,
    /// The logon, if it concerns one.
    pub logon: Option<u32>,
    /// `IMSLogon::Logoff`, or in words what MAPI did or waited for.
    pub call: String,
    /// The thread on which it was made.
    pub lane: String,
    /// When it began, in microseconds from the moment the session began to close; negative before.
    pub start_us: i64,
    /// How long it took, in microseconds; how long it was waited for, if it was given up; `None` while it runs.
    pub duration_us: Option<u64>,
    /// How it ended.
    pub outcome: CallOutcome,
    /// It was given up and returned this long after its beginning, in microseconds.
    pub late_us: Option<u64>,
}

/// How a call ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CallOutcome {
    /// Well.
    Done,
    /// It returned an error.
    Failed {
        /// Its name, `MAPI_E_CALL_FAILED`, or its number if it has none.
        code: String,
        /// Its number.
        value: u32,
    },
    /// It threw an exception or ended its thread, which was stopped.
    Threw {
        /// What was thrown, if it says so.
        what: Option<String>,
    },
    /// It was given up at its deadline, or when the total was used up.
    TimedOut,
    /// A Release that left references.
    StillReferenced {
        /// What it returned.
        count: u32,
    },
    /// There was no thread to make it.
    NotMade,
    /// It has not ended when the report was written, and nobody waits for it.
    Running,
}

/// The end of a support object.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SupportReport {
    /// The provider object.
    pub provider: u32,
    /// The logon.
    pub logon: u32,
    /// When the provider's last Release of it came, in microseconds as in [`CallReport::start_us`].
    pub start_us: i64,
    /// How long MAPI's part took, in microseconds. For a store that its client released this has no deadline.
    pub duration_us: u64,
    /// Where it ended.
    pub ended: SupportEnd,
}

/// Where a support object ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupportEnd {
    /// In the final Release of a store, on the client's thread.
    StoreRelease,
    /// While MAPI was ending the logon.
    Logoff,
    /// By the provider itself, outside its logoff method (OP-20).
    Provider,
    /// Not at all: MAPI cut it off (L4).
    CutOff,
}

/// A library that is never freed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PinReport {
    /// The library.
    pub library: String,
    /// The provider object that caused it, if it is one.
    pub provider: Option<u32>,
    /// Why.
    pub cause: String,
}
