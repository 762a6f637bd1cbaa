//! The calls that MAPI makes on service providers to start and to end them.
//!
//! All of them go through the trampoline: on a worker, where they can be given up, or contained on the caller's thread.
//! References travel with the call: an ending call takes the pointer it acts on and gives it back when it is over, so a
//! call that never returns keeps its object, and nobody can call on it again (OP-42).

mod ending;
mod start;

pub use ending::{Ended, EndedObject, EndingCall};
pub use start::{
    InitArguments, Initialized, LoggedOn, Logon, LogonArguments, ProviderInit, ServiceCall,
    compare_store_ids, logon, provider_init, service_entry,
};

use std::fmt;

use mapi_sys::{
    IABLogon, IABProvider, IMAPIProviderShutdown, IMSLogon, IMSProvider, IXPLogon, IXPProvider,
};
use mapi_types::Result;

use crate::ptr::{ComPtr, Unknown};

/// The kind of a service provider, in the order in which kinds are ended (OP-27).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ProviderKind {
    /// XP.
    Transport,
    /// AB.
    AddressBook,
    /// MS.
    Store,
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Transport => "transport",
            Self::AddressBook => "address book",
            Self::Store => "store",
        })
    }
}

/// MAPI's reference on a provider object.
#[derive(Clone, Debug)]
pub enum ProviderObject {
    /// IABProvider.
    AddressBook(ComPtr<IABProvider>),
    /// IMSProvider.
    Store(ComPtr<IMSProvider>),
    /// IXPProvider.
    Transport(ComPtr<IXPProvider>),
}

impl ProviderObject {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ProviderKind {
        match self {
            Self::AddressBook(_) => ProviderKind::AddressBook,
            Self::Store(_) => ProviderKind::Store,
            Self::Transport(_) => ProviderKind::Transport,
        }
    }

    /// The fast shutdown interface, if it has one.
    ///
    /// # Errors
    /// MAPI_E_INTERFACE_NOT_SUPPORTED, or whatever the provider answers.
    pub fn fast_shutdown(&self) -> Result<ComPtr<IMAPIProviderShutdown>> {
        match self {
            Self::AddressBook(p) => p.query(),
            Self::Store(p) => p.query(),
            Self::Transport(p) => p.query(),
        }
    }

    fn into_unknown(self) -> Unknown {
        match self {
            Self::AddressBook(p) => p.into_unknown(),
            Self::Store(p) => p.into_unknown(),
            Self::Transport(p) => p.into_unknown(),
        }
    }
}

/// MAPI's reference on a logon object.
#[derive(Clone, Debug)]
pub enum LogonObject {
    /// IABLogon.
    AddressBook(ComPtr<IABLogon>),
    /// IMSLogon.
    Store(ComPtr<IMSLogon>),
    /// IXPLogon.
    Transport(ComPtr<IXPLogon>),
}

impl LogonObject {
    fn into_unknown(self) -> Unknown {
        match self {
            Self::AddressBook(p) => p.into_unknown(),
            Self::Store(p) => p.into_unknown(),
            Self::Transport(p) => p.into_unknown(),
        }
    }
}
