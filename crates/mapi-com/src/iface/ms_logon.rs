//! IMSLogon.

use mapi_sys::*;
use mapi_types::{EntryId, Error, Guid, Result};

use super::*;
use crate::convert::*;
use crate::ptr::{ComPtr, guid_to_abi};
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// IMSLogon: one logon of a message store provider, MAPI's side of it (imslogoniunknown.md).
pub trait MsLogon: ComObject {
    /// Logoff: the flags out.
    ///
    /// # Errors
    /// Recorded, nothing else (OP-22).
    fn logoff(&self, flags: u32) -> Result<u32>;

    /// OpenEntry.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_UNKNOWN_ENTRYID.
    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry>;

    /// CompareEntryIDs.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID.
    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool>;

    /// Advise.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn advise(
        &self,
        entry_id: &EntryId,
        event_mask: u32,
        sink: ComPtr<IMAPIAdviseSink>,
    ) -> Result<usize>;

    /// Unadvise.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn unadvise(&self, connection: usize) -> Result<()>;

    /// OpenStatusEntry: the status object of this logon.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn open_status_entry(&self, interface: Option<&Guid>, flags: u32) -> Result<OpenedEntry> {
        let _ = (interface, flags);
        Err(Error::no_support())
    }
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn MsLogon>; the interfaces are IMSLogon and its ancestors.
unsafe impl Export for dyn MsLogon {
    type Interface = IMSLogon;
    const VTBL: &'static IMSLogonVtbl = &IMSLogonVtbl {
        base: Shell::<dyn MsLogon>::UNKNOWN,
        GetLastError: get_last_error::<dyn MsLogon, IMSLogon>,
        Logoff: logoff,
        OpenEntry: open_entry,
        CompareEntryIDs: compare_entry_ids,
        Advise: advise,
        Unadvise: unadvise,
        OpenStatusEntry: open_status_entry,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMSLogon];
}

export_routed!(MsLogon, IMSLogon);

unsafe extern "system" fn open_status_entry(
    this: *mut IMSLogon,
    lp_interface: LPCIID,
    ul_flags: u32,
    lpul_obj_type: *mut u32,
    lpp_entry: *mut LPVOID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn MsLogon>::enter(this.cast(), |o| {
            required(lpp_entry)?;
            put(lpp_entry, std::ptr::null_mut());
            put_entry(
                lpul_obj_type,
                lpp_entry.cast(),
                o.open_status_entry(guid_in(lp_interface).as_ref(), ul_flags)?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn logoff(this: *mut IMSLogon, flags: *mut u32) -> HRESULT {
    // SAFETY: `this` is our shell; `flags` is a place for a number, or null.
    hresult(unsafe {
        Shell::<dyn MsLogon>::enter_ending(this.cast(), |o| {
            let given = flags.as_ref().copied().unwrap_or(0);
            put(flags, o.logoff(given)?);
            Ok(())
        })
    })
}

// Import.

impl MsLogon for ComPtr<IMSLogon> {
    import_routed!(IMSLogon);

    fn open_status_entry(&self, interface: Option<&Guid>, flags: u32) -> Result<OpenedEntry> {
        let interface = interface.map(guid_to_abi);
        let (mut object_type, mut out) = (0, std::ptr::null_mut::<IUnknown>());
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().OpenStatusEntry)(
                self.as_raw(),
                guid_ptr(interface.as_ref()),
                flags,
                &raw mut object_type,
                (&raw mut out).cast(),
            );
            check_last(self, hr, "IMSLogon::OpenStatusEntry")?;
            Ok(OpenedEntry {
                object_type,
                object: take(out, "IMSLogon::OpenStatusEntry")?,
            })
        }
    }

    fn logoff(&self, flags: u32) -> Result<u32> {
        let mut flags = flags;
        // SAFETY: the object lives while we hold it; `flags` is a place of ours.
        let hr = unsafe { (self.vtbl().Logoff)(self.as_raw(), &raw mut flags) };
        check_last(self, hr, "IMSLogon::Logoff")?;
        Ok(flags)
    }
}
