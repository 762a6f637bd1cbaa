//! What the planner remembers of sessions, provider objects and logons.

use std::collections::{BTreeMap, BTreeSet};

/// The kinds of service provider, in the order in which they end (OP-27).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// IXPProvider, IXPLogon.
    Transport,
    /// IABProvider, IABLogon.
    AddressBook,
    /// IMSProvider, IMSLogon.
    Store,
}

/// A provider library, numbered by the host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LibraryId(pub u32);

/// A provider object of a session. Numbers rise in the order of start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProviderId(pub u32);

/// A logon of a session. Numbers rise in the order of start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LogonId(pub u32);

/// The state of a session core.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum SessionState {
    /// Calls are served.
    #[default]
    Open,
    /// On its way down.
    Closing,
    /// Down.
    Closed,
}

/// The state of a logon record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogonState {
    /// The logon method has been called.
    Starting,
    /// Served.
    Active,
    /// On its way down: no service calls.
    Closing,
    /// A call on it was given up: nothing is called any more.
    Abandoned,
}

/// The state of a provider object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProviderState {
    /// In use, or kept for a further logon.
    Open,
    /// Without logons; waiting until no call of it is on a stack.
    Quiet,
    /// Shutdown or Release has been called.
    Ending,
    /// Given up: neither Shutdown nor Release is called any more.
    Abandoned,
}

/// For whom a logon was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogonOwner {
    /// The client.
    Client,
    /// The spooler, which opened a store for itself (IMSProvider::SpoolerLogon).
    Spooler,
}

/// How far block L has come for a logon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Progress {
    /// Not begun.
    None,
    /// Closing, and waiting for its turn.
    Queued,
    /// Its library's turn is its own; steps are under way.
    Running,
    /// As Running, drained, and waiting for providers that have to begin before it.
    Ready,
    /// Ends on the thread of the client that released the store.
    OnClient,
}

#[derive(Debug)]
pub(super) struct Logon {
    pub provider: ProviderId,
    pub owner: LogonOwner,
    pub state: LogonState,
    pub progress: Progress,
    /// Block S has begun, or L4 has been done: what was registered through the support object goes once.
    pub support_gone: bool,
    /// Only Release is due: critical error, or a logon without support object.
    pub release_only: bool,
    /// A message's call has not come back, so the spooler's worker is not free and the object is in use.
    pub stuck: bool,
    /// The logoff method has ended.
    pub logged_off: bool,
    /// ReturnSpoolerStore has been tried.
    pub returned: bool,
    /// The thread of the library on which its calls are made.
    pub thread: u32,
}

impl Logon {
    pub fn starting(provider: ProviderId, owner: LogonOwner) -> Self {
        Self {
            provider,
            owner,
            state: LogonState::Starting,
            progress: Progress::None,
            support_gone: false,
            release_only: false,
            stuck: false,
            logged_off: false,
            returned: false,
            thread: 0,
        }
    }
}

#[derive(Debug)]
pub(super) struct Provider {
    pub kind: Kind,
    pub library: LibraryId,
    pub state: ProviderState,
    /// Logons that are neither closed nor abandoned.
    pub logons: BTreeSet<LogonId>,
    /// It has had a logon that is gone, so block P need not wait for the session's end (OP-24).
    pub had_logon: bool,
    /// It has reported a critical error, so Shutdown is left out.
    pub critical: bool,
    /// Its first ending call has begun.
    pub begun: bool,
    /// Quiet, and waiting for providers that have to begin before it.
    pub ready: bool,
}

impl Provider {
    pub fn new(kind: Kind, library: LibraryId) -> Self {
        Self {
            kind,
            library,
            state: ProviderState::Open,
            logons: BTreeSet::new(),
            had_logon: false,
            critical: false,
            begun: false,
            ready: false,
        }
    }

    /// Nothing is left to do for it.
    pub fn is_finished(&self) -> bool {
        self.state == ProviderState::Abandoned && self.logons.is_empty()
    }
}

/// The threads of one library.
#[derive(Debug, Default)]
pub(super) struct Library {
    /// Whose turn it is: ends of one library come one after another.
    pub turn: Option<ProviderId>,
    /// The number of the thread to use; those before it hang.
    pub thread: u32,
}

pub(super) type Libraries = BTreeMap<LibraryId, Library>;
