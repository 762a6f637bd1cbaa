//! IAddrBook.

use mapi_sys::*;
use mapi_types::{EntryId, Error, Guid, PropTag, Result, Row};

use super::*;
use crate::convert::*;
use crate::ptr::{ComPtr, guid_to_abi};
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// IAddrBook: all address book providers of a session as one (iaddrbookimapiprop.md).
pub trait AddrBook: MapiProp {
    /// OpenEntry: the root of all hierarchies if the identifier is empty.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID, MAPI_E_NOT_FOUND.
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
    /// MAPI_E_UNKNOWN_ENTRYID, MAPI_E_NO_SUPPORT.
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

    /// CreateOneOff: an entry identifier that carries the whole recipient.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER.
    fn create_one_off(
        &self,
        name: &str,
        address_type: &str,
        address: &str,
        flags: u32,
    ) -> Result<EntryId>;

    /// ResolveName without a dialog: the list is changed in place.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_AMBIGUOUS_RECIP.
    fn resolve_name(&self, flags: u32, recipients: &mut Vec<Row>) -> Result<()>;

    /// GetPAB; empty if there is none.
    ///
    /// # Errors
    /// None of its own.
    fn get_pab(&self) -> Result<EntryId>;

    /// SetPAB.
    ///
    /// # Errors
    /// MAPI_E_INVALID_ENTRYID.
    fn set_pab(&self, entry_id: &EntryId) -> Result<()>;

    /// GetDefaultDir.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn get_default_dir(&self) -> Result<EntryId>;

    /// SetDefaultDir.
    ///
    /// # Errors
    /// MAPI_E_INVALID_ENTRYID.
    fn set_default_dir(&self, entry_id: &EntryId) -> Result<()>;

    /// GetSearchPath: the containers that ResolveName looks into, in order.
    ///
    /// # Errors
    /// None of its own.
    fn get_search_path(&self, flags: u32) -> Result<Vec<Row>>;

    /// SetSearchPath.
    ///
    /// # Errors
    /// MAPI_E_MISSING_REQUIRED_COLUMN.
    fn set_search_path(&self, flags: u32, path: &[Row]) -> Result<()>;

    /// PrepareRecips.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn prepare_recips(
        &self,
        flags: u32,
        columns: &[PropTag],
        recipients: &mut Vec<Row>,
    ) -> Result<()>;

    /// NewEntry, Address, Details, RecipOptions, QueryDefaultRecipOpt: dialogs, not built.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn not_built(&self) -> Result<()> {
        Err(Error::no_support())
    }
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn AddrBook>; the interfaces are IAddrBook and its ancestors.
unsafe impl Export for dyn AddrBook {
    type Interface = IAddrBook;
    const VTBL: &'static IAddrBookVtbl = &IAddrBookVtbl {
        base: mapi_prop::vtbl::<dyn AddrBook>(),
        OpenEntry: open_entry,
        CompareEntryIDs: compare_entry_ids,
        Advise: advise,
        Unadvise: unadvise,
        CreateOneOff: create_one_off,
        NewEntry: new_entry,
        ResolveName: resolve_name,
        Address: address,
        Details: details,
        RecipOptions: recip_options,
        QueryDefaultRecipOpt: query_default_recip_opt,
        GetPAB: get_pab,
        SetPAB: set_pab,
        GetDefaultDir: get_default_dir,
        SetDefaultDir: set_default_dir,
        GetSearchPath: get_search_path,
        SetSearchPath: set_search_path,
        PrepareRecips: prepare_recips,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPIProp, IID_IAddrBook];
}

export_routed!(AddrBook, IAddrBook);

unsafe extern "system" fn create_one_off(
    this: *mut IAddrBook,
    lpsz_name: LPTSTR,
    lpsz_adr_type: LPTSTR,
    lpsz_address: LPTSTR,
    ul_flags: u32,
    lpcb_entry_id: *mut u32,
    lpp_entry_id: *mut LPENTRYID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn AddrBook>::enter(this.cast(), |o| {
            let id = o.create_one_off(
                &text_in(lpsz_name, ul_flags)?,
                &text_in(lpsz_adr_type, ul_flags)?,
                &text_in(lpsz_address, ul_flags)?,
                ul_flags,
            )?;
            put_entry_id(
                Shell::<dyn AddrBook>::scope_of(this.cast())?.allocator(),
                &id,
                lpcb_entry_id,
                lpp_entry_id,
            )
        })
    })
}

unsafe extern "system" fn get_pab(
    this: *mut IAddrBook,
    lpcb_entry_id: *mut u32,
    lpp_entry_id: *mut LPENTRYID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn AddrBook>::enter(this.cast(), |o| {
            let id = o.get_pab()?;
            put_entry_id(
                Shell::<dyn AddrBook>::scope_of(this.cast())?.allocator(),
                &id,
                lpcb_entry_id,
                lpp_entry_id,
            )
        })
    })
}

unsafe extern "system" fn set_pab(
    this: *mut IAddrBook,
    cb_entry_id: u32,
    lp_entry_id: LPENTRYID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn AddrBook>::enter(this.cast(), |o| {
            o.set_pab(&entry_in(cb_entry_id, lp_entry_id)?)
        })
    })
}

unsafe extern "system" fn get_default_dir(
    this: *mut IAddrBook,
    lpcb_entry_id: *mut u32,
    lpp_entry_id: *mut LPENTRYID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn AddrBook>::enter(this.cast(), |o| {
            let id = o.get_default_dir()?;
            put_entry_id(
                Shell::<dyn AddrBook>::scope_of(this.cast())?.allocator(),
                &id,
                lpcb_entry_id,
                lpp_entry_id,
            )
        })
    })
}

unsafe extern "system" fn set_default_dir(
    this: *mut IAddrBook,
    cb_entry_id: u32,
    lp_entry_id: LPENTRYID,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn AddrBook>::enter(this.cast(), |o| {
            o.set_default_dir(&entry_in(cb_entry_id, lp_entry_id)?)
        })
    })
}

unsafe extern "system" fn get_search_path(
    this: *mut IAddrBook,
    ul_flags: u32,
    lpp_search_path: *mut LPSRowSet,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn AddrBook>::enter(this.cast(), |o| {
            required(lpp_search_path)?;
            put(lpp_search_path, std::ptr::null_mut());
            let rows = o.get_search_path(ul_flags)?;
            put(
                lpp_search_path,
                rows_out(
                    Shell::<dyn AddrBook>::scope_of(this.cast())?.allocator(),
                    &rows,
                )?,
            );
            Ok(())
        })
    })
}

type This = Shell<dyn AddrBook>;

unsafe extern "system" fn resolve_name(
    this: *mut IAddrBook,
    _ui_param: usize,
    flags: u32,
    _title: LPTSTR,
    list: LPADRLIST,
) -> HRESULT {
    // SAFETY: `this` is our shell; the list is the caller's and its rows are replaced as ADRLIST's rules say.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let before = rows_in(list)?;
            let mut rows = before.clone();
            let result = o.resolve_name(flags, &mut rows);
            replace_rows(list, &before, &rows)?;
            result
        })
    })
}

unsafe extern "system" fn set_search_path(
    this: *mut IAddrBook,
    flags: u32,
    path: LPSRowSet,
) -> HRESULT {
    // SAFETY: as in `resolve_name`; SRowSet and ADRLIST have one layout.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            o.set_search_path(flags, &rows_in(path.cast())?)
        })
    })
}

unsafe extern "system" fn prepare_recips(
    this: *mut IAddrBook,
    flags: u32,
    columns: LPSPropTagArray,
    list: LPADRLIST,
) -> HRESULT {
    // SAFETY: as in `resolve_name`.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let before = rows_in(list)?;
            let mut rows = before.clone();
            o.prepare_recips(flags, &tags_in(columns)?.unwrap_or_default(), &mut rows)?;
            replace_rows(list, &before, &rows)
        })
    })
}

/// A slot that is not built; each has its own arguments, none of which is touched.
macro_rules! not_built {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {$(
        #[allow(clippy::too_many_arguments)] // as many as the slot has
        unsafe extern "system" fn $name(this: *mut IAddrBook, $($argument: $type),*) -> HRESULT {
            // SAFETY: `this` is our shell.
            hresult(unsafe { This::enter(this.cast(), |o| o.not_built()) })
        }
    )*};
}

not_built! {
    new_entry(_a: usize, _b: u32, _c: u32, _d: LPENTRYID, _e: u32, _f: LPENTRYID, _g: *mut u32, _h: *mut LPENTRYID);
    address(_a: *mut usize, _b: LPADRPARM, _c: *mut LPADRLIST);
    details(_a: *mut usize, _b: LPFNDISMISS, _c: LPVOID, _d: u32, _e: LPENTRYID, _f: LPFNBUTTON, _g: LPVOID, _h: LPTSTR,
        _i: u32);
    recip_options(_a: usize, _b: u32, _c: LPADRENTRY);
    query_default_recip_opt(_a: LPTSTR, _b: u32, _c: *mut u32, _d: *mut LPSPropValue);
}

// Import.

impl AddrBook for ComPtr<IAddrBook> {
    import_routed!(IAddrBook);

    fn create_one_off(
        &self,
        name: &str,
        address_type: &str,
        address: &str,
        flags: u32,
    ) -> Result<EntryId> {
        let mut name = wide(name);
        let mut address_type = wide(address_type);
        let mut address = wide(address);
        let (mut cb, mut out) = (0, std::ptr::null_mut());
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().CreateOneOff)(
                self.as_raw(),
                name.as_mut_ptr().cast(),
                address_type.as_mut_ptr().cast(),
                address.as_mut_ptr().cast(),
                flags | MAPI_UNICODE,
                &raw mut cb,
                &raw mut out,
            );
            check_last(self, hr, "IAddrBook::CreateOneOff")?;
            take_entry_id(cb, out)
        }
    }

    fn get_pab(&self) -> Result<EntryId> {
        let (mut cb, mut out) = (0, std::ptr::null_mut());
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetPAB)(self.as_raw(), &raw mut cb, &raw mut out);
            check_last(self, hr, "IAddrBook::GetPAB")?;
            take_entry_id(cb, out)
        }
    }

    fn set_pab(&self, entry_id: &EntryId) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr =
                (self.vtbl().SetPAB)(self.as_raw(), size(entry_id.as_bytes()), id_ptr(entry_id));
            check_last(self, hr, "IAddrBook::SetPAB")
        }
    }

    fn get_default_dir(&self) -> Result<EntryId> {
        let (mut cb, mut out) = (0, std::ptr::null_mut());
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetDefaultDir)(self.as_raw(), &raw mut cb, &raw mut out);
            check_last(self, hr, "IAddrBook::GetDefaultDir")?;
            take_entry_id(cb, out)
        }
    }

    fn set_default_dir(&self, entry_id: &EntryId) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SetDefaultDir)(
                self.as_raw(),
                size(entry_id.as_bytes()),
                id_ptr(entry_id),
            );
            check_last(self, hr, "IAddrBook::SetDefaultDir")
        }
    }

    fn get_search_path(&self, flags: u32) -> Result<Vec<Row>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetSearchPath)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IAddrBook::GetSearchPath")?;
            take_rows(out)
        }
    }

    fn resolve_name(&self, flags: u32, recipients: &mut Vec<Row>) -> Result<()> {
        let list = AdrList::new(recipients)?;
        // SAFETY: the object lives while we hold it; the list lives as long as the call.
        unsafe {
            let call = self.vtbl().ResolveName;
            let hr = call(
                self.as_raw(),
                0,
                flags | MAPI_UNICODE,
                std::ptr::null_mut(),
                list.as_ptr(),
            );
            *recipients = list.rows()?;
            check_last(self, hr, "IAddrBook::ResolveName")
        }
    }

    fn set_search_path(&self, flags: u32, path: &[Row]) -> Result<()> {
        let list = AdrList::new(path)?;
        // SAFETY: as in `resolve_name`; SRowSet and ADRLIST have one layout.
        let hr = unsafe { (self.vtbl().SetSearchPath)(self.as_raw(), flags, list.as_ptr().cast()) };
        check_last(self, hr, "IAddrBook::SetSearchPath")
    }

    fn prepare_recips(
        &self,
        flags: u32,
        columns: &[PropTag],
        recipients: &mut Vec<Row>,
    ) -> Result<()> {
        let columns = TagArray::new(columns);
        let list = AdrList::new(recipients)?;
        // SAFETY: as in `resolve_name`.
        unsafe {
            let hr =
                (self.vtbl().PrepareRecips)(self.as_raw(), flags, columns.as_ptr(), list.as_ptr());
            check_last(self, hr, "IAddrBook::PrepareRecips")?;
            *recipients = list.rows()?;
        }
        Ok(())
    }
}
