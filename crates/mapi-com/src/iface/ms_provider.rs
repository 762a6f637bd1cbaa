//! IMSProvider.

use mapi_sys::*;
use mapi_types::{EntryId, Error, ErrorCode, Guid, Result};

use super::*;
use crate::alloc::Allocator;
use crate::convert::*;
use crate::ptr::{ComPtr, ComRef};
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// The arguments of IMSProvider::Logon and SpoolerLogon.
pub struct MsLogonRequest<'a> {
    /// MAPI's support object for this logon; a success keeps a reference (LIFE-LOGON-010).
    pub support: ComRef<'a, IMAPISupport>,
    /// Window handle; 0 without one.
    pub ui_param: usize,
    /// Name of the profile, for messages to the user.
    pub profile_name: &'a str,
    /// The store, unwrapped; empty: the provider's profile section tells.
    pub entry_id: EntryId,
    /// MDB_.
    pub flags: u32,
    /// The interface of the store.
    pub interface: Option<Guid>,
    /// SpoolerLogon: what Logon had put out for it.
    pub spool_security: &'a [u8],
}

/// What a successful store logon yields.
pub struct MsLogonResult {
    /// The logon object; `None` if this store was already open in the session (LIFE-LOGON-012).
    pub logon: Option<ComPtr<IMSLogon>>,
    /// The store.
    pub store: ComPtr<IMsgStore>,
    /// For SpoolerLogon.
    pub spool_security: Vec<u8>,
    /// MAPI_W_ERRORS_RETURNED with its text.
    pub warning: Option<Error>,
}

/// IMSProvider: the entry of a message store provider (imsprovideriunknown.md).
pub trait MsProvider: ComObject {
    /// Shutdown: the last call but Release.
    ///
    /// # Errors
    /// Recorded, nothing else (OP-22).
    fn shutdown(&self) -> Result<()>;

    /// Logon.
    ///
    /// # Errors
    /// lifecycle.md, 4.5.
    fn logon(&self, request: &MsLogonRequest<'_>) -> Result<MsLogonResult>;

    /// SpoolerLogon.
    ///
    /// # Errors
    /// lifecycle.md, 4.5.
    fn spooler_logon(&self, request: &MsLogonRequest<'_>) -> Result<MsLogonResult>;

    /// CompareStoreIDs: whether both name the same store.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID.
    fn compare_store_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool>;
}

// Export. There is no import: MAPI calls provider objects through `host_call`.

// SAFETY: the functions of the vtable expect a Shell<dyn MsProvider>; the interfaces are IMSProvider and its ancestors.
unsafe impl Export for dyn MsProvider {
    type Interface = IMSProvider;
    const VTBL: &'static IMSProviderVtbl = &IMSProviderVtbl {
        base: Shell::<dyn MsProvider>::UNKNOWN,
        Shutdown: shutdown,
        Logon: logon,
        SpoolerLogon: spooler_logon,
        CompareStoreIDs: compare_store_ids,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMSProvider];
}

type This = Shell<dyn MsProvider>;

unsafe extern "system" fn shutdown(this: *mut IMSProvider, _flags: *mut u32) -> HRESULT {
    // SAFETY: `this` is our shell.
    hresult(unsafe { This::enter_ending(this.cast(), |o| o.shutdown()) })
}

unsafe extern "system" fn logon(
    this: *mut IMSProvider,
    support: LPMAPISUP,
    ui_param: usize,
    profile_name: LPTSTR,
    size: u32,
    id: LPENTRYID,
    flags: u32,
    interface: LPCIID,
    security_size: *mut u32,
    security: *mut LPBYTE,
    error: *mut LPMAPIERROR,
    logon: *mut LPMSLOGON,
    store: *mut LPMDB,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    status(unsafe {
        This::enter(this.cast(), |o| {
            put(security_size, 0);
            put(security, std::ptr::null_mut());
            let arguments = (support, ui_param, profile_name, size, id, flags, interface);
            let allocator = This::scope_of(this.cast())?.allocator();
            let request = Request::read(arguments, &[])?;
            let wanted = !security.is_null() && !security_size.is_null();
            let made = conclude(allocator, flags, error, logon, store, || {
                let made = o.logon(&request.as_logon())?;
                // The block before the objects are given away: a failure must leave nothing behind.
                if wanted {
                    put(security, copy_out(allocator, &made.spool_security)?);
                    put(security_size, count_of(&made.spool_security)?);
                }
                Ok(made)
            })?;
            Ok(if made.warning.is_some() { WARNING } else { 0 })
        })
    })
}

unsafe extern "system" fn spooler_logon(
    this: *mut IMSProvider,
    support: LPMAPISUP,
    ui_param: usize,
    profile_name: LPTSTR,
    size: u32,
    id: LPENTRYID,
    flags: u32,
    interface: LPCIID,
    security_size: u32,
    security: LPBYTE,
    error: *mut LPMAPIERROR,
    logon: *mut LPMSLOGON,
    store: *mut LPMDB,
) -> HRESULT {
    // SAFETY: as in `logon`.
    status(unsafe {
        This::enter(this.cast(), |o| {
            let arguments = (support, ui_param, profile_name, size, id, flags, interface);
            let allocator = This::scope_of(this.cast())?.allocator();
            let request = Request::read(arguments, bytes_ref(security, security_size)?)?;
            let made = conclude(allocator, flags, error, logon, store, || {
                o.spooler_logon(&request.as_logon())
            })?;
            Ok(if made.warning.is_some() { WARNING } else { 0 })
        })
    })
}

unsafe extern "system" fn compare_store_ids(
    this: *mut IMSProvider,
    left_size: u32,
    left: LPENTRYID,
    right_size: u32,
    right: LPENTRYID,
    flags: u32,
    result: *mut u32,
) -> HRESULT {
    // SAFETY: as in `logon`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            required(result)?;
            let same = o.compare_store_ids(
                &entry_in(left_size, left)?,
                &entry_in(right_size, right)?,
                flags,
            )?;
            put(result, u32::from(same));
            Ok(())
        })
    })
}

type Arguments = (LPMAPISUP, usize, LPTSTR, u32, LPENTRYID, u32, LPCIID);

/// The arguments of a logon, read.
struct Request<'a> {
    support: ComRef<'a, IMAPISupport>,
    ui_param: usize,
    profile_name: String,
    entry_id: EntryId,
    flags: u32,
    interface: Option<Guid>,
    spool_security: &'a [u8],
}

impl<'a> Request<'a> {
    /// # Safety
    /// The pointers are those of the call, valid during `'a`.
    unsafe fn read(arguments: Arguments, spool_security: &'a [u8]) -> Result<Self> {
        let (support, ui_param, profile_name, size, id, flags, interface) = arguments;
        // SAFETY: by the contract above.
        unsafe {
            Ok(Self {
                support: ComRef::from_raw(support).ok_or(ErrorCode::INVALID_PARAMETER)?,
                ui_param,
                profile_name: opt_text_in(profile_name, flags)?.unwrap_or_default(),
                entry_id: entry_in(size, id)?,
                flags,
                interface: guid_in(interface),
                spool_security,
            })
        }
    }

    fn as_logon(&self) -> MsLogonRequest<'_> {
        MsLogonRequest {
            support: self.support,
            ui_param: self.ui_param,
            profile_name: &self.profile_name,
            entry_id: self.entry_id.clone(),
            flags: self.flags,
            interface: self.interface,
            spool_security: self.spool_security,
        }
    }
}

/// Presets the outputs, logs on, and fills them on success, or the MAPIERROR on failure (LIFE-LOGON-012).
///
/// # Safety
/// The outputs are null or valid for writing.
unsafe fn conclude(
    allocator: Allocator,
    flags: u32,
    error: *mut LPMAPIERROR,
    logon: *mut LPMSLOGON,
    store: *mut LPMDB,
    call: impl FnOnce() -> Result<MsLogonResult>,
) -> Result<MsLogonResult> {
    // SAFETY: by the contract above.
    unsafe {
        put(error, std::ptr::null_mut());
        put(logon, std::ptr::null_mut());
        required(logon)?;
        required(store)?;
        put(store, std::ptr::null_mut());
        let mut made = call().inspect_err(|e| put_error(allocator, e, flags, error))?;
        if let Some(warning) = &made.warning {
            put_error(allocator, warning, flags, error);
        }
        if let Some(object) = made.logon.take() {
            put_object(logon, object);
        }
        put_object(store, made.store.clone());
        Ok(made)
    }
}
