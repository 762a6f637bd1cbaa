//! IABLogon.

use mapi_sys::*;
use mapi_types::{EntryId, Error, Guid, PropTag, Result, Row};

use super::*;
use crate::convert::*;
use crate::ptr::{ComPtr, guid_to_abi};
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// IABLogon: one logon of an address book provider (iablogoniunknown.md).
pub trait AbLogon: ComObject {
    /// Logoff.
    ///
    /// # Errors
    /// Recorded, nothing else (OP-22).
    fn logoff(&self, flags: u32) -> Result<()>;

    /// OpenEntry: the root container if the identifier is empty.
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
    ) -> Result<usize> {
        let _ = (entry_id, event_mask, sink);
        Err(Error::no_support())
    }

    /// Unadvise.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn unadvise(&self, connection: usize) -> Result<()> {
        let _ = connection;
        Err(Error::no_support())
    }

    /// OpenStatusEntry.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn open_status_entry(&self, interface: Option<&Guid>, flags: u32) -> Result<OpenedEntry> {
        let _ = (interface, flags);
        Err(Error::no_support())
    }

    /// OpenTemplateID.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn open_template_id(
        &self,
        template: &EntryId,
        flags: u32,
        data: &ComPtr<IMAPIProp>,
        interface: Option<&Guid>,
    ) -> Result<ComPtr<IMAPIProp>> {
        let _ = (template, flags, data, interface);
        Err(Error::no_support())
    }

    /// GetOneOffTable.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn get_one_off_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// PrepareRecips: adds `columns` to the recipients that are this provider's.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn prepare_recips(
        &self,
        flags: u32,
        columns: &[PropTag],
        recipients: &mut [Row],
    ) -> Result<()> {
        let _ = (flags, columns, recipients);
        Err(Error::no_support())
    }
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn AbLogon>; the interfaces are IABLogon and its ancestors.
unsafe impl Export for dyn AbLogon {
    type Interface = IABLogon;
    const VTBL: &'static IABLogonVtbl = &IABLogonVtbl {
        base: Shell::<dyn AbLogon>::UNKNOWN,
        GetLastError: get_last_error::<dyn AbLogon, IABLogon>,
        Logoff: logoff,
        OpenEntry: open_entry,
        CompareEntryIDs: compare_entry_ids,
        Advise: advise,
        Unadvise: unadvise,
        OpenStatusEntry: open_status_entry,
        OpenTemplateID: open_template_id,
        GetOneOffTable: get_one_off_table,
        PrepareRecips: prepare_recips,
    };
    const INTERFACES: &'static [GUID] = &[IID_IABLogon];
}

unsafe extern "system" fn logoff(this: *mut IABLogon, ul_flags: u32) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe { Shell::<dyn AbLogon>::enter_ending(this.cast(), |o| o.logoff(ul_flags)) })
}

export_routed!(AbLogon, IABLogon);

unsafe extern "system" fn open_status_entry(
    this: *mut IABLogon,
    lp_interface: LPCIID,
    ul_flags: u32,
    lpul_obj_type: *mut u32,
    lpp_entry: *mut LPMAPISTATUS,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn AbLogon>::enter(this.cast(), |o| {
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

unsafe extern "system" fn open_template_id(
    this: *mut IABLogon,
    cb_template_id: u32,
    lp_template_id: LPENTRYID,
    ul_template_flags: u32,
    lp_mapi_prop_data: LPMAPIPROP,
    lp_interface: LPCIID,
    lpp_mapi_prop_new: *mut LPMAPIPROP,
    _lp_mapi_prop_sibling: LPMAPIPROP,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn AbLogon>::enter(this.cast(), |o| {
            required(lpp_mapi_prop_new)?;
            put(lpp_mapi_prop_new, std::ptr::null_mut());
            put_object(
                lpp_mapi_prop_new,
                o.open_template_id(
                    &entry_in(cb_template_id, lp_template_id)?,
                    ul_template_flags,
                    &object_in(lp_mapi_prop_data)?,
                    guid_in(lp_interface).as_ref(),
                )?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn get_one_off_table(
    this: *mut IABLogon,
    ul_flags: u32,
    lpp_table: *mut LPMAPITABLE,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn AbLogon>::enter(this.cast(), |o| {
            required(lpp_table)?;
            put(lpp_table, std::ptr::null_mut());
            put_object(lpp_table, o.get_one_off_table(ul_flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn prepare_recips(
    this: *mut IABLogon,
    flags: u32,
    columns: LPSPropTagArray,
    list: LPADRLIST,
) -> HRESULT {
    // SAFETY: `this` is our shell; the list is the caller's and its rows are replaced as ADRLIST's rules say.
    hresult(unsafe {
        Shell::<dyn AbLogon>::enter(this.cast(), |o| {
            let before = rows_in(list)?;
            let mut rows = before.clone();
            o.prepare_recips(flags, &tags_in(columns)?.unwrap_or_default(), &mut rows)?;
            replace_rows(list, &before, &rows)
        })
    })
}

// Import.

impl AbLogon for ComPtr<IABLogon> {
    fn logoff(&self, flags: u32) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().Logoff)(self.as_raw(), flags);
            check_last(self, hr, "IABLogon::Logoff")
        }
    }

    import_routed!(IABLogon);

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
            check_last(self, hr, "IABLogon::OpenStatusEntry")?;
            Ok(OpenedEntry {
                object_type,
                object: take(out, "IABLogon::OpenStatusEntry")?,
            })
        }
    }

    fn open_template_id(
        &self,
        template: &EntryId,
        flags: u32,
        data: &ComPtr<mapi_sys::IMAPIProp>,
        interface: Option<&Guid>,
    ) -> Result<ComPtr<mapi_sys::IMAPIProp>> {
        let interface = interface.map(guid_to_abi);
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().OpenTemplateID)(
                self.as_raw(),
                size(template.as_bytes()),
                id_ptr(template),
                flags,
                data.as_raw(),
                guid_ptr(interface.as_ref()),
                &raw mut out,
                std::ptr::null_mut(),
            );
            check_last(self, hr, "IABLogon::OpenTemplateID")?;
            take(out, "IABLogon::OpenTemplateID")
        }
    }

    fn get_one_off_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetOneOffTable)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IABLogon::GetOneOffTable")?;
            take(out, "IABLogon::GetOneOffTable")
        }
    }

    fn prepare_recips(
        &self,
        flags: u32,
        columns: &[PropTag],
        recipients: &mut [Row],
    ) -> Result<()> {
        let columns = TagArray::new(columns);
        let list = AdrList::new(recipients)?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call.
        unsafe {
            let hr =
                (self.vtbl().PrepareRecips)(self.as_raw(), flags, columns.as_ptr(), list.as_ptr());
            check_last(self, hr, "IABLogon::PrepareRecips")?;
            for (row, new) in recipients.iter_mut().zip(list.rows()?) {
                *row = new;
            }
        }
        Ok(())
    }
}
