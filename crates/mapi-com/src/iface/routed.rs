//! What all interfaces have that route by entry identifier: OpenEntry, CompareEntryIDs, Advise and Unadvise, with the same
//! arguments. Each has a vtable of its own, so that no function can serve them all.

/// These methods, in an import: a call through the vtable of `$interface`.
macro_rules! import_routed {
    ($interface:ident) => {
        fn open_entry(
            &self,
            entry_id: &EntryId,
            interface: Option<&Guid>,
            flags: u32,
        ) -> Result<OpenedEntry> {
            let interface = interface.map(guid_to_abi);
            let (mut object_type, mut out) = (0, std::ptr::null_mut::<IUnknown>());
            // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
            unsafe {
                let hr = (self.vtbl().OpenEntry)(
                    self.as_raw(),
                    size(entry_id.as_bytes()),
                    id_ptr(entry_id),
                    guid_ptr(interface.as_ref()),
                    flags,
                    &raw mut object_type,
                    (&raw mut out),
                );
                check_last(self, hr, concat!(stringify!($interface), "::OpenEntry"))?;
                Ok(OpenedEntry {
                    object_type,
                    object: take(out, concat!(stringify!($interface), "::OpenEntry"))?,
                })
            }
        }

        fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool> {
            let mut out = 0;
            // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
            unsafe {
                let hr = (self.vtbl().CompareEntryIDs)(
                    self.as_raw(),
                    size(left.as_bytes()),
                    id_ptr(left),
                    size(right.as_bytes()),
                    id_ptr(right),
                    flags,
                    &raw mut out,
                );
                check_last(
                    self,
                    hr,
                    concat!(stringify!($interface), "::CompareEntryIDs"),
                )?;
                Ok(out != 0)
            }
        }

        fn advise(
            &self,
            entry_id: &EntryId,
            event_mask: u32,
            sink: ComPtr<mapi_sys::IMAPIAdviseSink>,
        ) -> Result<usize> {
            let mut out = Default::default();
            // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
            unsafe {
                let hr = (self.vtbl().Advise)(
                    self.as_raw(),
                    size(entry_id.as_bytes()),
                    id_ptr(entry_id),
                    event_mask,
                    sink.as_raw(),
                    &raw mut out,
                );
                check_last(self, hr, concat!(stringify!($interface), "::Advise"))?;
                Ok(out)
            }
        }

        fn unadvise(&self, connection: usize) -> Result<()> {
            // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
            unsafe {
                let hr = (self.vtbl().Unadvise)(self.as_raw(), connection);
                check_last(self, hr, concat!(stringify!($interface), "::Unadvise"))
            }
        }
    };
}

/// These methods, as functions of the vtable of `$interface` for objects that are a `$object`.
macro_rules! export_routed {
    ($object:ident, $interface:ident) => {
        unsafe extern "system" fn open_entry(
            this: *mut $interface,
            cb_entry_id: u32,
            lp_entry_id: LPENTRYID,
            lp_interface: LPCIID,
            ul_flags: u32,
            lpul_obj_type: *mut u32,
            lpp_unk: *mut LPUNKNOWN,
        ) -> HRESULT {
            // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
            hresult(unsafe {
                Shell::<dyn $object>::enter(this.cast(), |o| {
                    required(lpp_unk)?;
                    put(lpp_unk, std::ptr::null_mut());
                    put_entry(
                        lpul_obj_type,
                        lpp_unk,
                        o.open_entry(
                            &entry_in(cb_entry_id, lp_entry_id)?,
                            guid_in(lp_interface).as_ref(),
                            ul_flags,
                        )?,
                    );
                    Ok(())
                })
            })
        }

        unsafe extern "system" fn compare_entry_ids(
            this: *mut $interface,
            cb_entry_id1: u32,
            lp_entry_id1: LPENTRYID,
            cb_entry_id2: u32,
            lp_entry_id2: LPENTRYID,
            ul_flags: u32,
            lpul_result: *mut u32,
        ) -> HRESULT {
            // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
            hresult(unsafe {
                Shell::<dyn $object>::enter(this.cast(), |o| {
                    required(lpul_result)?;
                    put(
                        lpul_result,
                        u32::from(o.compare_entry_ids(
                            &entry_in(cb_entry_id1, lp_entry_id1)?,
                            &entry_in(cb_entry_id2, lp_entry_id2)?,
                            ul_flags,
                        )?),
                    );
                    Ok(())
                })
            })
        }

        unsafe extern "system" fn advise(
            this: *mut $interface,
            cb_entry_id: u32,
            lp_entry_id: LPENTRYID,
            ul_event_mask: u32,
            lp_advise_sink: LPMAPIADVISESINK,
            lpul_connection: *mut usize,
        ) -> HRESULT {
            // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
            hresult(unsafe {
                Shell::<dyn $object>::enter(this.cast(), |o| {
                    required(lpul_connection)?;
                    put(
                        lpul_connection,
                        o.advise(
                            &entry_in(cb_entry_id, lp_entry_id)?,
                            ul_event_mask,
                            object_in(lp_advise_sink)?,
                        )?,
                    );
                    Ok(())
                })
            })
        }

        unsafe extern "system" fn unadvise(this: *mut $interface, ul_connection: usize) -> HRESULT {
            // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
            hresult(unsafe {
                Shell::<dyn $object>::enter(this.cast(), |o| o.unadvise(ul_connection))
            })
        }
    };
}
