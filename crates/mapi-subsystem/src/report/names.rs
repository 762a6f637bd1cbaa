//! What the steps of the way down are called.

use super::ProviderKind;
use crate::shutdown::{Action, Kind, TransportStep};

impl From<Kind> for ProviderKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Transport => Self::Transport,
            Kind::AddressBook => Self::AddressBook,
            Kind::Store => Self::Store,
        }
    }
}

impl ProviderKind {
    /// As people say.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::AddressBook => "address book",
            Self::Store => "message store",
        }
    }
}

/// The call that an action is, for a provider of this kind.
pub(super) fn call(action: Action, kind: Option<Kind>) -> &'static str {
    let per_kind = |names: [&'static str; 3]| match kind {
        Some(Kind::Transport) => names[0],
        Some(Kind::AddressBook) => names[1],
        Some(Kind::Store) | None => names[2],
    };
    match action {
        Action::CallLogoff(_) => per_kind([
            "IXPLogon::TransportLogoff",
            "IABLogon::Logoff",
            "IMSLogon::Logoff",
        ]),
        Action::ReleaseLogon(_) => per_kind([
            "IXPLogon::Release",
            "IABLogon::Release",
            "IMSLogon::Release",
        ]),
        Action::CallShutdown(_) => per_kind([
            "IXPProvider::Shutdown",
            "IABProvider::Shutdown",
            "IMSProvider::Shutdown",
        ]),
        Action::ReleaseProvider(_) => per_kind([
            "IXPProvider::Release",
            "IABProvider::Release",
            "IMSProvider::Release",
        ]),
        Action::EndTransport(_, step) => transport(step),
        Action::ReturnSpoolerStore(_) => "IMsgStore::StoreLogoff, Release",
        Action::AwaitLogon(_) => "wait for the logon method",
        Action::Drain(_) => "wait for calls inside the logon",
        Action::AwaitQuiet(_) => "wait for calls inside the provider",
        Action::RefuseNewWork => "refuse new work",
        Action::DeliverLogoffEvent => "tell the session's sinks",
        Action::ReleaseHooks => "release the spooler's hooks",
        Action::MakeAddressBooksInert => "make address books inert",
        Action::RemoveOwnRows => "remove MAPI's status rows",
        Action::DropNotifications => "drop notifications, release sinks",
        Action::CleanProfile => "clean the profile",
        Action::Closed => "closed",
        Action::BeginClosing(_) => "stop routing to the logon",
        Action::CutOff(_) => "cut the support object off",
        Action::Pin(..) => "pin the library",
    }
}

fn transport(step: TransportStep) -> &'static str {
    match step {
        TransportStep::EndInboundOutbound => "IXPLogon::TransportNotify(END)",
        TransportStep::CancelMessage => "IXPLogon::TransportNotify(CANCEL)",
        TransportStep::AwaitMessage => "wait for the message in process",
        TransportStep::EndMessage => "IXPLogon::EndMessage",
        TransportStep::AbortDeferred => "IXPLogon::TransportNotify(ABORT)",
        TransportStep::ForgetAddressTypes => "forget the address types",
    }
}

/// Whether an action only waits for something.
pub(super) fn is_wait(action: Action) -> bool {
    matches!(
        action,
        Action::AwaitLogon(_)
            | Action::Drain(_)
            | Action::AwaitQuiet(_)
            | Action::EndTransport(_, TransportStep::AwaitMessage)
    )
}
