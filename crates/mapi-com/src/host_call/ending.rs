//! The calls that end a logon or a provider (blocks L, P and S of lifecycle.md, 6.0).

use std::time::Instant;

use mapi_sys::{HRESULT, IUnknown, ULONG};

use super::{LogonObject, ProviderObject};
use crate::ptr::Unknown;
use crate::trampoline::frames::{
    IABLogonLogoffFrame, IABProviderShutdownFrame, IMSLogonLogoffFrame, IMSProviderShutdownFrame,
    IUnknownReleaseFrame, IXPLogonTransportLogoffFrame, IXPProviderShutdownFrame,
};
use crate::trampoline::{CallEnd, Completion, Frame, WithOutputs, Worker, call_contained};

/// One ending call, with MAPI's reference on what it ends.
#[derive(Debug)]
pub enum EndingCall {
    /// IABLogon::Logoff(0), IMSLogon::Logoff(&0) or IXPLogon::TransportLogoff(0) (LIFE-LOGOFF-002).
    Logoff(LogonObject),
    /// Release of the logon object.
    ReleaseLogon(LogonObject),
    /// Shutdown(&0) of the provider object.
    Shutdown(ProviderObject),
    /// Release of the provider object.
    ReleaseProvider(ProviderObject),
}

/// What an ending call has come to.
#[derive(Debug)]
pub struct Ended {
    /// The call, such as `IMSLogon::Logoff`.
    pub call: &'static str,
    /// Whether it returned.
    pub end: CallEnd,
    /// Logoff and Shutdown: the HRESULT. MAPI_E_CALL_FAILED if it did not return.
    pub hresult: HRESULT,
    /// Release: the references left. 0 for the others.
    pub references: ULONG,
    /// When it began.
    pub started: Instant,
    /// When it was over.
    pub ended: Instant,
    /// MAPI's reference, for the Release that follows; `None` after a Release. Who has given the call up must forget it
    /// (`std::mem::forget`): nothing may be called on it any more.
    pub object: Option<EndedObject>,
}

/// What a Logoff or Shutdown gives back.
#[derive(Debug)]
pub enum EndedObject {
    /// After a logoff method.
    Logon(LogonObject),
    /// After Shutdown.
    Provider(ProviderObject),
}

impl EndingCall {
    /// Makes the call on `worker`; `done` runs there when it is over, however late.
    pub fn submit(self, worker: &Worker, done: impl FnOnce(Ended) + Send + 'static) {
        match self.prepare() {
            Prepared::AbLogoff(f) => worker.submit(f).on_done(|c| done(hresult(c))),
            Prepared::MsLogoff(f) => worker.submit(f).on_done(|c| done(hresult(c))),
            Prepared::XpLogoff(f) => worker.submit(f).on_done(|c| done(hresult(c))),
            Prepared::AbShutdown(f) => worker.submit(f).on_done(|c| done(hresult(c))),
            Prepared::MsShutdown(f) => worker.submit(f).on_done(|c| done(hresult(c))),
            Prepared::XpShutdown(f) => worker.submit(f).on_done(|c| done(hresult(c))),
            Prepared::Release(f) => worker.submit(f).on_done(|c| done(references(c))),
        }
    }

    /// Makes the call now, on this thread, with its exceptions stopped: for block S, which runs inside a provider's own
    /// Release. It cannot be given up.
    #[must_use]
    pub fn contained(self) -> Ended {
        match self.prepare() {
            Prepared::AbLogoff(f) => hresult(call_contained(f)),
            Prepared::MsLogoff(f) => hresult(call_contained(f)),
            Prepared::XpLogoff(f) => hresult(call_contained(f)),
            Prepared::AbShutdown(f) => hresult(call_contained(f)),
            Prepared::MsShutdown(f) => hresult(call_contained(f)),
            Prepared::XpShutdown(f) => hresult(call_contained(f)),
            Prepared::Release(f) => references(call_contained(f)),
        }
    }

    fn prepare(self) -> Prepared {
        match self {
            Self::Logoff(logon) => prepare_logoff(logon),
            Self::Shutdown(provider) => prepare_shutdown(provider),
            Self::ReleaseLogon(logon) => prepare_release(logon.into_unknown()),
            Self::ReleaseProvider(provider) => prepare_release(provider.into_unknown()),
        }
    }
}

/// What a frame keeps alive: the reference, and the flags the call may write to.
struct Kept {
    object: Option<EndedObject>,
    flags: ULONG,
}

type Ending<F> = Box<WithOutputs<F, Kept>>;

enum Prepared {
    AbLogoff(Ending<IABLogonLogoffFrame>),
    MsLogoff(Ending<IMSLogonLogoffFrame>),
    XpLogoff(Ending<IXPLogonTransportLogoffFrame>),
    AbShutdown(Ending<IABProviderShutdownFrame>),
    MsShutdown(Ending<IMSProviderShutdownFrame>),
    XpShutdown(Ending<IXPProviderShutdownFrame>),
    Release(Box<IUnknownReleaseFrame>),
}

fn keep<F>(object: EndedObject, make: impl FnOnce(*mut ULONG) -> F) -> Ending<F> {
    // SAFETY: `addr_of` of a field of the heap value that lives as long as the frame.
    WithOutputs::new(
        Kept {
            object: Some(object),
            flags: 0,
        },
        |kept| make(unsafe { &raw mut (*kept).flags }),
    )
}

fn prepare_logoff(logon: LogonObject) -> Prepared {
    match logon {
        LogonObject::AddressBook(ref p) => {
            let raw = p.as_raw();
            // SAFETY: the frame keeps the reference and the flags; these objects may be called on any thread.
            let frame = |_| unsafe { IABLogonLogoffFrame::new(raw, 0) };
            Prepared::AbLogoff(keep(EndedObject::Logon(logon), frame))
        }
        LogonObject::Store(ref p) => {
            let raw = p.as_raw();
            // SAFETY: the frame keeps the reference and the flags; these objects may be called on any thread.
            let frame = |flags| unsafe { IMSLogonLogoffFrame::new(raw, flags) };
            Prepared::MsLogoff(keep(EndedObject::Logon(logon), frame))
        }
        LogonObject::Transport(ref p) => {
            let raw = p.as_raw();
            // SAFETY: the frame keeps the reference and the flags; these objects may be called on any thread.
            let frame = |_| unsafe { IXPLogonTransportLogoffFrame::new(raw, 0) };
            Prepared::XpLogoff(keep(EndedObject::Logon(logon), frame))
        }
    }
}

fn prepare_shutdown(provider: ProviderObject) -> Prepared {
    match provider {
        ProviderObject::AddressBook(ref p) => {
            let raw = p.as_raw();
            // SAFETY: the frame keeps the reference and the flags; these objects may be called on any thread.
            let frame = |flags| unsafe { IABProviderShutdownFrame::new(raw, flags) };
            Prepared::AbShutdown(keep(EndedObject::Provider(provider), frame))
        }
        ProviderObject::Store(ref p) => {
            let raw = p.as_raw();
            // SAFETY: the frame keeps the reference and the flags; these objects may be called on any thread.
            let frame = |flags| unsafe { IMSProviderShutdownFrame::new(raw, flags) };
            Prepared::MsShutdown(keep(EndedObject::Provider(provider), frame))
        }
        ProviderObject::Transport(ref p) => {
            let raw = p.as_raw();
            // SAFETY: the frame keeps the reference and the flags; these objects may be called on any thread.
            let frame = |flags| unsafe { IXPProviderShutdownFrame::new(raw, flags) };
            Prepared::XpShutdown(keep(EndedObject::Provider(provider), frame))
        }
    }
}

fn prepare_release(object: Unknown) -> Prepared {
    let raw: *mut IUnknown = object.into_raw();
    // SAFETY: the reference is ours and is given back by exactly this call.
    Prepared::Release(Box::new(unsafe { IUnknownReleaseFrame::new(raw) }))
}

fn hresult<F: Frame<Output = HRESULT>>(mut over: Completion<WithOutputs<F, Kept>>) -> Ended {
    Ended {
        call: F::CALL,
        hresult: over.frame.result(),
        references: 0,
        object: over.frame.outputs_mut().object.take(),
        end: over.end,
        started: over.started,
        ended: over.ended,
    }
}

fn references(over: Completion<IUnknownReleaseFrame>) -> Ended {
    Ended {
        call: IUnknownReleaseFrame::CALL,
        hresult: 0,
        references: over.frame.result(),
        object: None,
        end: over.end,
        started: over.started,
        ended: over.ended,
    }
}
