//! The planner's vocabulary: what happens (events), what is to be done (actions), where (lanes).

use std::fmt;

use mapi_types::ErrorCode;

use super::record::{LibraryId, LogonId, ProviderId};

/// Something to be done on the way down.
///
/// Which COM method an action means depends on the kind of provider: `CallLogoff` is IABLogon::Logoff(0), IMSLogon::Logoff(&0) or
/// IXPLogon::TransportLogoff(0) (LIFE-LOGOFF-002).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
    /// New client calls fail from now on, the spooler takes no more work (6.1, step 3 and 5).
    RefuseNewWork,
    /// fnevExtended is queued for the session's sinks; later notifications are not accepted (step 4).
    DeliverLogoffEvent,
    /// The spooler's hooks are released and its threads end (step 7, OP-47).
    ReleaseHooks,
    /// Each open IAddrBook becomes inert (step 8).
    MakeAddressBooksInert,
    /// MAPI's own status rows go, table views become inert (step 10).
    RemoveOwnRows,
    /// Queued notifications are dropped, running OnNotify calls awaited, sinks released (step 11).
    DropNotifications,
    /// Temporary sections go, and what was marked for deletion (step 12).
    CleanProfile,
    /// The session is Closed (step 13).
    Closed,

    /// StoreLogoff(LOGOFF_ORDERLY) and Release on a store that the spooler opened (step 6).
    ReturnSpoolerStore(LogonId),

    /// L1: stop routing to this logon.
    BeginClosing(LogonId),
    /// The logon method is still running: wait for it. Ends with [`Event::LogonStarted`] or [`Event::LogonFailed`].
    AwaitLogon(LogonId),
    /// L1: wait for calls that are running inside this logon; the spooler's message in process does not count (OP-21).
    Drain(LogonId),
    /// One step of the spooler's part (6.5).
    EndTransport(LogonId, TransportStep),
    /// L2 or S5: the logoff method.
    CallLogoff(LogonId),
    /// L4: MAPIUIDs, status rows, subscriptions go; the support object is an inert shell from now on.
    CutOff(LogonId),
    /// L5 or S6: Release on the logon object.
    ReleaseLogon(LogonId),

    /// Wait until no call of this provider object is on any stack (OP-24, OP-34).
    AwaitQuiet(ProviderId),
    /// P1: Shutdown(&0).
    CallShutdown(ProviderId),
    /// P2: Release on the provider object.
    ReleaseProvider(ProviderId),

    /// The library is never freed (OP-23).
    Pin(LibraryId, PinCause),
}

/// The spooler's part of ending a transport logon, in order (6.5). A step that has nothing to do is done at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TransportStep {
    /// TransportNotify(NOTIFY_END_...) for what was begun, flushes first (LIFE-XP-002).
    EndInboundOutbound,
    /// TransportNotify(NOTIFY_CANCEL_MESSAGE) for a message in process (LIFE-XP-003).
    CancelMessage,
    /// Wait until that message's call has returned.
    AwaitMessage,
    /// EndMessage for what SubmitMessage had accepted (LIFE-XP-005).
    EndMessage,
    /// TransportNotify(NOTIFY_ABORT_DEFERRED) for each deferred message (LIFE-XP-006).
    AbortDeferred,
    /// The transport's address types and MAPIUIDs are forgotten (LIFE-XP-007).
    ForgetAddressTypes,
}

impl TransportStep {
    /// All steps in their order.
    pub const ORDER: [Self; 6] = [
        Self::EndInboundOutbound,
        Self::CancelMessage,
        Self::AwaitMessage,
        Self::EndMessage,
        Self::AbortDeferred,
        Self::ForgetAddressTypes,
    ];

    /// Whether the step calls the transport. After NOTIFY_CRITICAL_ERROR such a step is left out (LIFE-XP-012).
    #[must_use]
    pub fn calls_transport(self) -> bool {
        !matches!(self, Self::AwaitMessage | Self::ForgetAddressTypes)
    }
}

/// Where an action is performed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lane {
    /// MAPI's own work, which calls no foreign code and cannot fail: done at once by whoever finds it due. Nothing is reported back.
    Inline,
    /// The thread that waits for the end of the session.
    Caller,
    /// The thread that is inside the final Release of the support object (block S).
    Client,
    /// No thread: something is waited for.
    Waiting,
    /// A host-owned thread for calls into this library: 0 is the usual one, each higher number another thread, because those
    /// before it hang.
    Library {
        /// The library whose code is called.
        library: LibraryId,
        /// The number of the thread.
        thread: u32,
    },
    /// The spooler's worker of this transport logon.
    Transport(LogonId),
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline => f.write_str("inline"),
            Self::Caller => f.write_str("caller"),
            Self::Client => f.write_str("client"),
            Self::Waiting => f.write_str("waiting"),
            Self::Library { library, thread } => write!(f, "library {}/{thread}", library.0),
            Self::Transport(logon) => write!(f, "transport {}", logon.0),
        }
    }
}

/// Names one step of one plan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StepId(pub u32);

/// An action to be begun now. Steps are begun in the order in which the planner yields them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// What [`Event::StepEnded`] refers to.
    pub id: StepId,
    /// What is to be done.
    pub action: Action,
    /// Where.
    pub lane: Lane,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It returned this code; an error counts as done (OP-22). For steps without a code: S_OK.
    Returned(ErrorCode),
    /// A Release, which returned this count.
    Count(u32),
    /// An exception, or the end of its thread, was stopped (OP-43). Counts as MAPI_E_CALL_FAILED of this call.
    Threw,
    /// Given up at its deadline.
    TimedOut,
    /// There was no thread to make the call.
    NotMade,
}

impl Outcome {
    /// Done, without an error.
    pub const DONE: Self = Self::Returned(ErrorCode::OK);
}

/// What the planner is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The logon method has returned success.
    LogonStarted(LogonId),
    /// The logon method has failed; its outputs are ignored (6.8).
    LogonFailed(LogonId),
    /// The provider's last Release of the support object: block S begins (S0).
    SupportGone(LogonId),
    /// SpoolerNotify(NOTIFY_CRITICAL_ERROR): only Release calls from now on (OP-35).
    CriticalError(LogonId),
    /// MAPI ends this one logon while the session goes on, for example a transport when the last handle with mail goes (OP-54).
    EndLogon(LogonId),
    /// The last handle logs off or is released. Without effect if the session is not Open.
    SessionEnds,
    /// A step has ended. If it is not awaited any more (it was given up and returns late) nothing follows.
    StepEnded(StepId, Outcome),
    /// `session_deadline_ms` is used up.
    TotalExpired,
}

/// Why a library is never freed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PinCause {
    /// A call on a logon was given up, or never made for want of a thread.
    LogonAbandoned(LogonId),
    /// A call on the provider object was given up, or calls of it are still on a stack.
    ProviderAbandoned(ProviderId),
    /// MAPI's Release of the logon object returned this count.
    LogonReferenced(LogonId, u32),
    /// MAPI's Release of the provider object returned this count.
    ProviderReferenced(ProviderId, u32),
    /// Release of the logon object threw, so its count is unknown.
    LogonReleaseThrew(LogonId),
    /// Release of the provider object threw, so its count is unknown.
    ProviderReleaseThrew(ProviderId),
}
