//! The calls that start a provider: its entry point, its logon method, its message service.

use mapi_sys::{
    ABPROVIDERINIT, CURRENT_SPI_VERSION, HINSTANCE, HRESULT, IABLogon, IABProvider, IMAPISupport,
    IMSLogon, IMSProvider, IMalloc, IMsgStore, IXPLogon, IXPProvider, LPBYTE, LPMAPIERROR,
    MAPI_UNICODE, MSGSERVICEENTRY, MSPROVIDERINIT, ULONG, XPPROVIDERINIT,
};
use mapi_types::{EntryId, Error, ErrorCode, Guid, Property, Result};

use super::{LogonObject, ProviderObject};
use crate::alloc::Allocator;
use crate::ptr::{ComPtr, guid_to_abi};
use crate::trampoline::frames::{
    ABProviderInitFrame, IABProviderLogonFrame, IMSProviderCompareStoreIDsFrame,
    IMSProviderLogonFrame, IMSProviderSpoolerLogonFrame, IXPProviderTransportLogonFrame,
    MSProviderInitFrame, MsgServiceEntryFrame, XPProviderInitFrame,
};
use crate::trampoline::{CallEnd, Completion, Frame, Outcome, WithOutputs, Worker};
use crate::wire::{PropArray, take_bytes, take_error};

/// The entry point of a provider library.
#[derive(Clone, Copy, Debug)]
pub enum ProviderInit {
    /// ABProviderInit.
    AddressBook(ABPROVIDERINIT),
    /// MSProviderInit.
    Store(MSPROVIDERINIT),
    /// XPProviderInit.
    Transport(XPPROVIDERINIT),
}

/// What an entry point is given (LIFE-INIT-007).
#[derive(Clone)]
pub struct InitArguments {
    /// The library's handle; not null.
    pub instance: usize,
    /// MAPI's IMalloc.
    pub malloc: ComPtr<IMalloc>,
    /// The three functions.
    pub allocator: Allocator,
    /// MAPI_NT_SERVICE or 0.
    pub flags: u32,
}

/// What an entry point has given back.
pub struct Initialized {
    /// The provider object.
    pub provider: ProviderObject,
    /// The provider's SPI version.
    pub version: u32,
}

/// Calls an entry point on `worker`.
///
/// # Errors
/// What the entry point answered (MAPI_E_VERSION ...); MAPI_E_CALL_FAILED if it threw or gave S_OK without an object.
///
/// # Safety
/// The function is the entry point of a library that stays mapped until the provider object is gone.
pub unsafe fn provider_init(
    worker: &Worker,
    init: ProviderInit,
    arguments: &InitArguments,
) -> Result<Initialized> {
    struct Out<P> {
        version: ULONG,
        provider: *mut P,
        malloc: ComPtr<IMalloc>,
    }
    // SAFETY: the pointer is written by the call and read after it; nobody else has it.
    unsafe impl<P> Send for Out<P> {}
    macro_rules! call {
        ($frame:ident, $function:expr, $interface:ty, $kind:ident) => {{
            let out = Out::<$interface> { version: 0, provider: std::ptr::null_mut(), malloc: arguments.malloc.clone() };
            let (allocate, more, free) = arguments.allocator.functions();
            let instance = std::ptr::with_exposed_provenance_mut(arguments.instance) as HINSTANCE;
            let frame = WithOutputs::new(out, |out| {
                // SAFETY: the outputs live as long as the frame; by the contract the function may be called.
                unsafe {
                    $frame::new(
                        $function,
                        instance,
                        (*out).malloc.as_raw(),
                        Some(allocate),
                        Some(more),
                        Some(free),
                        arguments.flags,
                        CURRENT_SPI_VERSION,
                        &raw mut (*out).version,
                        &raw mut (*out).provider,
                    )
                }
            });
            let mut over = finished(worker, frame)?;
            succeeded(over.frame.result(), $frame::CALL, None)?;
            let out = over.frame.outputs_mut();
            // SAFETY: on success the entry point gives us one reference on its object.
            let provider = unsafe { ComPtr::from_raw(std::mem::replace(&mut out.provider, std::ptr::null_mut())) };
            let provider = provider.ok_or_else(|| without_object($frame::CALL))?;
            Ok(Initialized { provider: ProviderObject::$kind(provider), version: out.version })
        }};
    }
    match init {
        ProviderInit::AddressBook(f) => call!(ABProviderInitFrame, f, IABProvider, AddressBook),
        ProviderInit::Store(f) => call!(MSProviderInitFrame, f, IMSProvider, Store),
        ProviderInit::Transport(f) => call!(XPProviderInitFrame, f, IXPProvider, Transport),
    }
}

/// The arguments of a logon method.
pub struct LogonArguments {
    /// The new support object: the creation reference, which comes back in [`LoggedOn`] or is released on failure.
    pub support: ComPtr<IMAPISupport>,
    /// Window handle.
    pub ui_param: usize,
    /// Name of the profile.
    pub profile_name: String,
    /// The logon's flags; MAPI_UNICODE is added.
    pub flags: u32,
    /// MS: the store, unwrapped.
    pub entry_id: EntryId,
    /// MS: the interface wanted.
    pub interface: Option<Guid>,
    /// MS: `Some` calls SpoolerLogon with these data.
    pub spool_security: Option<Vec<u8>>,
}

/// What a logon method has come to. The support object's creation reference is here in any case, because whether the
/// provider kept one of its own shows only when this one is released (LIFE-LOGON-009, -011).
pub struct LoggedOn {
    /// The creation reference.
    pub support: ComPtr<IMAPISupport>,
    /// The logon object; `None` on success means that an open store was opened again.
    pub result: Result<Logon>,
}

/// A successful logon.
pub struct Logon {
    /// The logon object.
    pub object: Option<LogonObject>,
    /// MS: the store.
    pub store: Option<ComPtr<IMsgStore>>,
    /// MS: for SpoolerLogon.
    pub spool_security: Vec<u8>,
    /// XP: LOGON_SP_ bits.
    pub flags: u32,
    /// MAPI_W_ERRORS_RETURNED, with its text.
    pub warning: Option<Error>,
}

/// Everything a logon call may write to or read from while it runs.
struct LogonFrameData {
    support: Option<ComPtr<IMAPISupport>>,
    profile_name: Vec<u16>,
    entry_id: Vec<u8>,
    interface: Option<mapi_sys::GUID>,
    spool_in: Vec<u8>,
    flags: ULONG,
    error: LPMAPIERROR,
    security_size: ULONG,
    security: LPBYTE,
    ab: *mut IABLogon,
    ms: *mut IMSLogon,
    xp: *mut IXPLogon,
    store: *mut IMsgStore,
}

// SAFETY: the raw pointers are outputs, written by the call and read after it.
unsafe impl Send for LogonFrameData {}

/// Calls the logon method of `provider` on `worker` and waits for it.
///
/// Outputs of a failed call are not touched, except the MAPIERROR and the spool security, which are freed exactly once on
/// success and on failure (LIFE-LOGON-021, -023). S_OK without the promised object is MAPI_E_CALL_FAILED (LIFE-LOGON-014).
#[must_use]
pub fn logon(
    worker: &Worker,
    provider: &ProviderObject,
    arguments: LogonArguments,
    allocator: Allocator,
) -> LoggedOn {
    let LogonArguments {
        support,
        ui_param,
        profile_name,
        flags,
        entry_id,
        interface,
        spool_security,
    } = arguments;
    let data = LogonFrameData {
        support: Some(support),
        profile_name: profile_name.encode_utf16().chain([0]).collect(),
        entry_id: entry_id.into_bytes(),
        interface: interface.map(|i| guid_to_abi(&i)),
        spool_in: spool_security.clone().unwrap_or_default(),
        flags: flags | MAPI_UNICODE,
        error: std::ptr::null_mut(),
        security_size: 0,
        security: std::ptr::null_mut(),
        ab: std::ptr::null_mut(),
        ms: std::ptr::null_mut(),
        xp: std::ptr::null_mut(),
        store: std::ptr::null_mut(),
    };
    match provider {
        ProviderObject::AddressBook(p) => {
            let raw = p.as_raw();
            let frame = WithOutputs::new(data, |d| {
                // SAFETY: everything pointed to lives in `d`, as long as the frame; the caller keeps the provider object.
                unsafe {
                    let d = &mut *d;
                    IABProviderLogonFrame::new(
                        raw,
                        d.support
                            .as_ref()
                            .map_or(std::ptr::null_mut(), ComPtr::as_raw),
                        ui_param,
                        d.profile_name.as_mut_ptr().cast(),
                        d.flags,
                        &raw mut d.security_size,
                        &raw mut d.security,
                        &raw mut d.error,
                        &raw mut d.ab,
                    )
                }
            });
            conclude(worker, frame, allocator)
        }
        ProviderObject::Store(p) if spool_security.is_some() => {
            let raw = p.as_raw();
            let frame = WithOutputs::new(data, |d| {
                // SAFETY: as above.
                unsafe {
                    let d = &mut *d;
                    IMSProviderSpoolerLogonFrame::new(
                        raw,
                        d.support
                            .as_ref()
                            .map_or(std::ptr::null_mut(), ComPtr::as_raw),
                        ui_param,
                        d.profile_name.as_mut_ptr().cast(),
                        size(&d.entry_id),
                        d.entry_id.as_mut_ptr().cast(),
                        d.flags,
                        d.interface
                            .as_ref()
                            .map_or(std::ptr::null(), std::ptr::from_ref),
                        size(&d.spool_in),
                        d.spool_in.as_mut_ptr(),
                        &raw mut d.error,
                        &raw mut d.ms,
                        &raw mut d.store,
                    )
                }
            });
            conclude(worker, frame, allocator)
        }
        ProviderObject::Store(p) => {
            let raw = p.as_raw();
            let frame = WithOutputs::new(data, |d| {
                // SAFETY: as above.
                unsafe {
                    let d = &mut *d;
                    IMSProviderLogonFrame::new(
                        raw,
                        d.support
                            .as_ref()
                            .map_or(std::ptr::null_mut(), ComPtr::as_raw),
                        ui_param,
                        d.profile_name.as_mut_ptr().cast(),
                        size(&d.entry_id),
                        d.entry_id.as_mut_ptr().cast(),
                        d.flags,
                        d.interface
                            .as_ref()
                            .map_or(std::ptr::null(), std::ptr::from_ref),
                        &raw mut d.security_size,
                        &raw mut d.security,
                        &raw mut d.error,
                        &raw mut d.ms,
                        &raw mut d.store,
                    )
                }
            });
            conclude(worker, frame, allocator)
        }
        ProviderObject::Transport(p) => {
            let raw = p.as_raw();
            let frame = WithOutputs::new(data, |d| {
                // SAFETY: as above.
                unsafe {
                    let d = &mut *d;
                    IXPProviderTransportLogonFrame::new(
                        raw,
                        d.support
                            .as_ref()
                            .map_or(std::ptr::null_mut(), ComPtr::as_raw),
                        ui_param,
                        d.profile_name.as_mut_ptr().cast(),
                        &raw mut d.flags,
                        &raw mut d.error,
                        &raw mut d.xp,
                    )
                }
            });
            conclude(worker, frame, allocator)
        }
    }
}

fn conclude<F: Frame<Output = HRESULT>>(
    worker: &Worker,
    frame: Box<WithOutputs<F, LogonFrameData>>,
    _allocator: Allocator,
) -> LoggedOn {
    let Outcome::Done(mut over) = worker.call(frame, None) else {
        unreachable!("a call without a limit is waited for");
    };
    let hr = if over.returned() {
        over.frame.result()
    } else {
        ErrorCode::CALL_FAILED.hresult()
    };
    let end = over.end.clone();
    let data = over.frame.outputs_mut();
    // SAFETY: the provider allocated both with MAPI's allocator, if it did; they are taken out, so freed once.
    let (error, spool_security) = unsafe {
        (
            take_error(
                std::mem::replace(&mut data.error, std::ptr::null_mut()),
                hr,
                MAPI_UNICODE,
            ),
            take_bytes(
                std::mem::take(&mut data.security_size),
                std::mem::replace(&mut data.security, std::ptr::null_mut()),
            ),
        )
    };
    let support = data.support.take().expect("taken once");
    let result = outcome::<F>(hr, &end, error).and_then(|warning| {
        // SAFETY: on success each output that is not null is a reference of ours.
        let (ab, ms, xp, store) = unsafe {
            (
                ComPtr::from_raw(data.ab),
                ComPtr::from_raw(data.ms),
                ComPtr::from_raw(data.xp),
                ComPtr::from_raw(data.store),
            )
        };
        let object = ab
            .map(LogonObject::AddressBook)
            .or_else(|| ms.map(LogonObject::Store))
            .or_else(|| xp.map(LogonObject::Transport));
        if object.is_none() && store.is_none() {
            return Err(without_object(F::CALL));
        }
        Ok(Logon {
            object,
            store,
            spool_security: spool_security.unwrap_or_default(),
            flags: data.flags,
            warning,
        })
    });
    LoggedOn { support, result }
}

fn outcome<F: Frame>(hr: HRESULT, end: &CallEnd, error: Option<Error>) -> Result<Option<Error>> {
    if *end != CallEnd::Returned {
        return Err(Error::provider(ErrorCode::CALL_FAILED).context(format!("{} {end}", F::CALL)));
    }
    succeeded(hr, F::CALL, error.clone())?;
    let code = ErrorCode::from_hresult(hr);
    if code != ErrorCode::W_ERRORS_RETURNED {
        return Ok(None);
    }
    let text = error.map(|e| e.text().to_owned()).unwrap_or_default();
    Ok(Some(Error::provider(code).context(text)))
}

/// IMSProvider::CompareStoreIDs on `worker`: whether both name the same store.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for another kind of provider; what the provider answered.
pub fn compare_store_ids(
    worker: &Worker,
    provider: &ProviderObject,
    left: &EntryId,
    right: &EntryId,
) -> Result<bool> {
    struct Data {
        left: Vec<u8>,
        right: Vec<u8>,
        same: ULONG,
    }
    let ProviderObject::Store(provider) = provider else {
        return Err(ErrorCode::INVALID_PARAMETER.into());
    };
    let raw = provider.as_raw();
    let data = Data {
        left: left.as_bytes().to_vec(),
        right: right.as_bytes().to_vec(),
        same: 0,
    };
    let frame = WithOutputs::new(data, |d| {
        // SAFETY: everything pointed to lives in `d`, as long as the frame; the caller keeps the provider object, and waits.
        unsafe {
            let d = &mut *d;
            IMSProviderCompareStoreIDsFrame::new(
                raw,
                size(&d.left),
                d.left.as_mut_ptr().cast(),
                size(&d.right),
                d.right.as_mut_ptr().cast(),
                0,
                &raw mut d.same,
            )
        }
    });
    let over = finished(worker, frame)?;
    succeeded(
        over.frame.result(),
        IMSProviderCompareStoreIDsFrame::CALL,
        None,
    )?;
    Ok(over.frame.outputs().same != 0)
}

/// A call of a message service's entry point.
pub struct ServiceCall {
    /// MAPI's IMalloc.
    pub malloc: ComPtr<IMalloc>,
    /// The configuration support object.
    pub support: ComPtr<IMAPISupport>,
    /// The library's handle.
    pub instance: usize,
    /// SERVICE_ and MSG_SERVICE_ flags.
    pub flags: u32,
    /// MSG_SERVICE_CREATE and so on.
    pub context: u32,
    /// Properties to configure with.
    pub props: Vec<Property>,
    /// The providers of the service.
    pub admin: Option<ComPtr<mapi_sys::IProviderAdmin>>,
}

/// Calls a service entry point on `worker` and waits for it.
///
/// # Errors
/// What it answered, with the text of its MAPIERROR.
///
/// # Safety
/// The function is a service entry point of a library that stays mapped during the call.
pub unsafe fn service_entry(
    worker: &Worker,
    entry: MSGSERVICEENTRY,
    call: ServiceCall,
    _allocator: Allocator,
) -> Result<()> {
    struct Data {
        call: ServiceCall,
        props: Option<PropArray>,
        error: LPMAPIERROR,
    }
    // SAFETY: the raw pointers are written by the call and read after it.
    unsafe impl Send for Data {}
    let props = if call.props.is_empty() {
        None
    } else {
        Some(PropArray::new(&call.props)?)
    };
    let data = Data {
        props,
        error: std::ptr::null_mut(),
        call,
    };
    let frame = WithOutputs::new(data, |d| {
        // SAFETY: everything pointed to lives in `d`; by the contract the function may be called.
        unsafe {
            let d = &mut *d;
            MsgServiceEntryFrame::new(
                entry,
                std::ptr::with_exposed_provenance_mut(d.call.instance) as HINSTANCE,
                d.call.malloc.as_raw(),
                d.call.support.as_raw(),
                0,
                d.call.flags | MAPI_UNICODE,
                d.call.context,
                d.props.as_ref().map_or(0, PropArray::len),
                d.props
                    .as_ref()
                    .map_or(std::ptr::null_mut(), PropArray::as_ptr),
                d.call
                    .admin
                    .as_ref()
                    .map_or(std::ptr::null_mut(), ComPtr::as_raw),
                &raw mut d.error,
            )
        }
    });
    let mut over = finished(worker, frame)?;
    let hr = over.frame.result();
    let data = over.frame.outputs_mut();
    // SAFETY: allocated by the service with MAPI's allocator, if at all, and taken out here.
    let error = unsafe {
        take_error(
            std::mem::replace(&mut data.error, std::ptr::null_mut()),
            hr,
            MAPI_UNICODE,
        )
    };
    succeeded(hr, MsgServiceEntryFrame::CALL, error)
}

fn finished<F: Frame>(worker: &Worker, frame: Box<F>) -> Result<Completion<F>> {
    let Outcome::Done(over) = worker.call(frame, None) else {
        unreachable!("a call without a limit is waited for");
    };
    if over.returned() {
        return Ok(over);
    }
    Err(Error::provider(ErrorCode::CALL_FAILED).context(format!("{} {}", F::CALL, over.end)))
}

fn succeeded(hr: HRESULT, call: &'static str, error: Option<Error>) -> Result<()> {
    if hr >= 0 {
        return Ok(());
    }
    let text = error.map(|e| e.text().to_owned()).filter(|t| !t.is_empty());
    let error = Error::provider(ErrorCode::from_hresult(hr));
    Err(match text {
        Some(text) => error.context(text),
        None => error.context(call),
    })
}

fn without_object(call: &'static str) -> Error {
    Error::provider(ErrorCode::CALL_FAILED)
        .context(format!("{call} answered S_OK without an object"))
}

fn size(bytes: &[u8]) -> ULONG {
    ULONG::try_from(bytes.len()).unwrap_or(ULONG::MAX)
}
