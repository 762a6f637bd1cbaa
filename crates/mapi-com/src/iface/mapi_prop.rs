//! IMAPIProp.

use mapi_sys::*;
use mapi_types::{ErrorCode, Guid, NamedProp, PropTag, PropType, Property, Result};

use super::*;
use crate::convert::*;
use crate::marshal;
use crate::ptr::{ComPtr, Unknown, guid_from_abi, guid_to_abi};
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// Where CopyTo and CopyProps copy to.
pub struct CopyTarget<'a> {
    /// The destination (lpDestObj).
    pub object: &'a Unknown,
    /// Its interface (lpInterface).
    pub interface: Guid,
    /// Whom to tell how far it is.
    pub progress: Option<&'a dyn Progress>,
}

/// IMAPIProp: an object with properties (imapipropiunknown.md).
pub trait MapiProp: ComObject {
    /// SaveChanges: FORCE_SAVE, KEEP_OPEN_READONLY, KEEP_OPEN_READWRITE.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_OBJECT_CHANGED, MAPI_E_OBJECT_DELETED.
    fn save_changes(&self, flags: u32) -> Result<()>;

    /// GetProps: the values of `tags` in their order (all properties if `None`); what is missing is PT_ERROR.
    /// A tag may have the type PT_UNSPECIFIED.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER for an empty list.
    fn get_props(&self, tags: Option<&[PropTag]>, flags: u32) -> Result<Vec<Property>>;

    /// GetPropList: the tags of all properties.
    ///
    /// # Errors
    /// Only those of the storage.
    fn get_prop_list(&self, flags: u32) -> Result<Vec<PropTag>>;

    /// OpenProperty: a large property as a stream, a sub-object or a table.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_INTERFACE_NOT_SUPPORTED, MAPI_E_NO_ACCESS.
    fn open_property(
        &self,
        tag: PropTag,
        interface: &Guid,
        interface_options: u32,
        flags: u32,
    ) -> Result<Unknown>;

    /// SetProps.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS if nothing can be set; single refusals are problems.
    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>>;

    /// DeleteProps.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS if nothing can be deleted; single refusals are problems.
    fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>>;

    /// CopyTo: everything but what is excluded.
    ///
    /// # Errors
    /// MAPI_E_COLLISION, MAPI_E_FOLDER_CYCLE, MAPI_E_DECLINE_COPY, MAPI_E_USER_CANCEL.
    fn copy_to(
        &self,
        exclude_interfaces: &[Guid],
        exclude_props: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>>;

    /// CopyProps: only what is named.
    ///
    /// # Errors
    /// As [`MapiProp::copy_to`].
    fn copy_props(
        &self,
        include: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>>;

    /// GetNamesFromIDs: the names of `tags` (of all named properties of `set` if `None`), with their tags; `None` where a
    /// tag has no name.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where there are no named properties.
    fn get_names_from_ids(
        &self,
        tags: Option<&[PropTag]>,
        set: Option<&Guid>,
        flags: u32,
    ) -> Result<Vec<(PropTag, Option<NamedProp>)>>;

    /// GetIDsFromNames: tags of type PT_UNSPECIFIED, PT_ERROR for a name without one; with MAPI_CREATE it is made.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where there are no named properties, MAPI_E_TOO_BIG.
    fn get_ids_from_names(&self, names: &[NamedProp], flags: u32) -> Result<Vec<PropTag>>;
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn MapiProp>; the interfaces are IMAPIProp and its ancestors.
unsafe impl Export for dyn MapiProp {
    type Interface = IMAPIProp;
    const VTBL: &'static IMAPIPropVtbl = &vtbl::<dyn MapiProp>();
    const INTERFACES: &'static [GUID] = &[IID_IMAPIProp];
}

/// The vtable of an object that is at least a `MapiProp`, for the interfaces derived from it.
pub(super) const fn vtbl<T: ?Sized + Export + MapiProp>() -> IMAPIPropVtbl {
    IMAPIPropVtbl {
        base: Shell::<T>::UNKNOWN,
        GetLastError: get_last_error::<T, IMAPIProp>,
        SaveChanges: save_changes::<T>,
        GetProps: get_props::<T>,
        GetPropList: get_prop_list::<T>,
        OpenProperty: open_property::<T>,
        SetProps: set_props::<T>,
        DeleteProps: delete_props::<T>,
        CopyTo: copy_to::<T>,
        CopyProps: copy_props::<T>,
        GetNamesFromIDs: get_names_from_ids::<T>,
        GetIDsFromNames: get_ids_from_names::<T>,
    }
}

unsafe extern "system" fn save_changes<T: ?Sized + Export + MapiProp>(
    this: *mut IMAPIProp,
    ul_flags: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe { Shell::<T>::enter(this.cast(), |o| o.save_changes(ul_flags)) })
}

unsafe extern "system" fn get_prop_list<T: ?Sized + Export + MapiProp>(
    this: *mut IMAPIProp,
    ul_flags: u32,
    lpp_prop_tag_array: *mut LPSPropTagArray,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            required(lpp_prop_tag_array)?;
            put(lpp_prop_tag_array, std::ptr::null_mut());
            let tags = o.get_prop_list(ul_flags)?;
            put(
                lpp_prop_tag_array,
                tags_out(Shell::<T>::scope_of(this.cast())?.allocator(), &tags)?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn open_property<T: ?Sized + Export + MapiProp>(
    this: *mut IMAPIProp,
    ul_prop_tag: u32,
    lpiid: LPCIID,
    ul_interface_options: u32,
    ul_flags: u32,
    lpp_unk: *mut LPUNKNOWN,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            required(lpp_unk)?;
            put(lpp_unk, std::ptr::null_mut());
            put_object(
                lpp_unk,
                o.open_property(
                    PropTag::from_raw(ul_prop_tag),
                    &guid_in(lpiid).ok_or(ErrorCode::INVALID_PARAMETER)?,
                    ul_interface_options,
                    ul_flags,
                )?,
            );
            Ok(())
        })
    })
}

unsafe extern "system" fn set_props<T: ?Sized + Export + MapiProp>(
    this: *mut IMAPIProp,
    c_values: u32,
    lp_prop_array: LPSPropValue,
    lpp_problems: *mut LPSPropProblemArray,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            preset(lpp_problems, std::ptr::null_mut());
            let problems = o.set_props(&props_in(c_values, lp_prop_array)?)?;
            put_problems(
                Shell::<T>::scope_of(this.cast())?.allocator(),
                &problems,
                lpp_problems,
            )
        })
    })
}

unsafe extern "system" fn delete_props<T: ?Sized + Export + MapiProp>(
    this: *mut IMAPIProp,
    lp_prop_tag_array: LPSPropTagArray,
    lpp_problems: *mut LPSPropProblemArray,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            preset(lpp_problems, std::ptr::null_mut());
            let problems =
                o.delete_props(&tags_in(lp_prop_tag_array)?.ok_or(ErrorCode::INVALID_PARAMETER)?)?;
            put_problems(
                Shell::<T>::scope_of(this.cast())?.allocator(),
                &problems,
                lpp_problems,
            )
        })
    })
}

unsafe extern "system" fn copy_to<T: ?Sized + Export + MapiProp>(
    this: *mut IMAPIProp,
    ciid_exclude: u32,
    rgiid_exclude: LPCIID,
    lp_exclude_props: LPSPropTagArray,
    _ul_ui_param: usize,
    lp_progress: LPMAPIPROGRESS,
    lp_interface: LPCIID,
    lp_dest_obj: LPVOID,
    ul_flags: u32,
    lpp_problems: *mut LPSPropProblemArray,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            preset(lpp_problems, std::ptr::null_mut());
            let object = object_in(lp_dest_obj.cast::<IUnknown>())?;
            let progress = ComPtr::from_borrowed(lp_progress);
            let interface = guid_in(lp_interface).unwrap_or(guid_from_abi(&IID_IMAPIFolder));
            let target = CopyTarget {
                object: &object,
                interface,
                progress: progress.as_ref().map(|p| p as &dyn Progress),
            };
            let problems = o.copy_to(
                &guids_in(ciid_exclude, rgiid_exclude)?,
                &tags_in(lp_exclude_props)?.unwrap_or_default(),
                &target,
                ul_flags,
            )?;
            put_problems(
                Shell::<T>::scope_of(this.cast())?.allocator(),
                &problems,
                lpp_problems,
            )
        })
    })
}

unsafe extern "system" fn copy_props<T: ?Sized + Export + MapiProp>(
    this: *mut IMAPIProp,
    lp_include_props: LPSPropTagArray,
    _ul_ui_param: usize,
    lp_progress: LPMAPIPROGRESS,
    lp_interface: LPCIID,
    lp_dest_obj: LPVOID,
    ul_flags: u32,
    lpp_problems: *mut LPSPropProblemArray,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            preset(lpp_problems, std::ptr::null_mut());
            let object = object_in(lp_dest_obj.cast::<IUnknown>())?;
            let progress = ComPtr::from_borrowed(lp_progress);
            let interface = guid_in(lp_interface).unwrap_or(guid_from_abi(&IID_IMAPIFolder));
            let target = CopyTarget {
                object: &object,
                interface,
                progress: progress.as_ref().map(|p| p as &dyn Progress),
            };
            let problems = o.copy_props(
                &tags_in(lp_include_props)?.ok_or(ErrorCode::INVALID_PARAMETER)?,
                &target,
                ul_flags,
            )?;
            put_problems(
                Shell::<T>::scope_of(this.cast())?.allocator(),
                &problems,
                lpp_problems,
            )
        })
    })
}

unsafe extern "system" fn get_props<T: ?Sized + Export + MapiProp>(
    this: *mut IMAPIProp,
    tags: LPSPropTagArray,
    flags: u32,
    count: *mut u32,
    out: *mut LPSPropValue,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    status(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            required(count)?;
            required(out)?;
            put(count, 0);
            put(out, std::ptr::null_mut());
            let props = o.get_props(tags_in(tags)?.as_deref(), flags)?;
            let allocator = Shell::<T>::scope_of(this.cast())?.allocator();
            put(out, props_out(allocator, &props)?);
            put(count, count_of(&props)?);
            let missing = !tags.is_null() && props.iter().any(|p| p.value.as_error().is_some());
            Ok(if missing { WARNING } else { 0 })
        })
    })
}

unsafe extern "system" fn get_names_from_ids<T: ?Sized + Export + MapiProp>(
    this: *mut IMAPIProp,
    tags: *mut LPSPropTagArray,
    set: LPGUID,
    flags: u32,
    count: *mut u32,
    out: *mut *mut LPMAPINAMEID,
) -> HRESULT {
    // SAFETY: as in `get_props`.
    status(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            required(tags)?;
            required(count)?;
            required(out)?;
            put(count, 0);
            put(out, std::ptr::null_mut());
            let wanted = tags_in(*tags)?;
            let found = o.get_names_from_ids(wanted.as_deref(), guid_in(set).as_ref(), flags)?;
            let allocator = Shell::<T>::scope_of(this.cast())?.allocator();
            let names = found.iter().map(|(_, name)| name.as_ref());
            let block = marshal::write_names(allocator, names)?;
            if wanted.is_none() {
                let all: Vec<PropTag> = found.iter().map(|(tag, _)| *tag).collect();
                put(tags, tags_out(allocator, &all)?);
            }
            put(out, block.into_raw());
            put(count, count_of(&found)?);
            let missing = found.iter().any(|(_, name)| name.is_none());
            Ok(if missing { WARNING } else { 0 })
        })
    })
}

unsafe extern "system" fn get_ids_from_names<T: ?Sized + Export + MapiProp>(
    this: *mut IMAPIProp,
    count: u32,
    names: *mut LPMAPINAMEID,
    flags: u32,
    out: *mut LPSPropTagArray,
) -> HRESULT {
    // SAFETY: as in `get_props`.
    status(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            required(out)?;
            put(out, std::ptr::null_mut());
            let tags = o.get_ids_from_names(&names_in(count, names)?, flags)?;
            put(
                out,
                tags_out(Shell::<T>::scope_of(this.cast())?.allocator(), &tags)?,
            );
            Ok(if tags.iter().any(|t| t.ptype() == PropType::ERROR) {
                WARNING
            } else {
                0
            })
        })
    })
}

// Import.

impl MapiProp for ComPtr<IMAPIProp> {
    fn save_changes(&self, flags: u32) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SaveChanges)(self.as_raw(), flags);
            check_last(self, hr, "IMAPIProp::SaveChanges")
        }
    }

    fn get_prop_list(&self, flags: u32) -> Result<Vec<PropTag>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetPropList)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMAPIProp::GetPropList")?;
            take_tags(out)
        }
    }

    fn open_property(
        &self,
        tag: PropTag,
        interface: &Guid,
        interface_options: u32,
        flags: u32,
    ) -> Result<Unknown> {
        let interface = guid_to_abi(interface);
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().OpenProperty)(
                self.as_raw(),
                tag.raw(),
                &raw const interface,
                interface_options,
                flags,
                &raw mut out,
            );
            check_last(self, hr, "IMAPIProp::OpenProperty")?;
            take(out, "IMAPIProp::OpenProperty")
        }
    }

    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        let props = PropArray::new(props)?;
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr =
                (self.vtbl().SetProps)(self.as_raw(), props.len(), props.as_ptr(), &raw mut out);
            check_last(self, hr, "IMAPIProp::SetProps")?;
            take_problems(out)
        }
    }

    fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
        let tags = TagArray::new(tags);
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().DeleteProps)(self.as_raw(), tags.as_ptr(), &raw mut out);
            check_last(self, hr, "IMAPIProp::DeleteProps")?;
            take_problems(out)
        }
    }

    fn copy_to(
        &self,
        exclude_interfaces: &[Guid],
        exclude_props: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>> {
        let exclude_interfaces = guids_block(exclude_interfaces);
        let exclude_props = TagArray::new(exclude_props);
        let interface = guid_to_abi(&target.interface);
        let progress = ProgressShell::new(target.progress)?;
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().CopyTo)(
                self.as_raw(),
                size_of_list(&exclude_interfaces),
                exclude_interfaces.as_ptr(),
                exclude_props.as_ptr(),
                0,
                progress.as_ptr(),
                &raw const interface,
                target.object.as_raw().cast(),
                flags,
                &raw mut out,
            );
            check_last(self, hr, "IMAPIProp::CopyTo")?;
            take_problems(out)
        }
    }

    fn copy_props(
        &self,
        include: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>> {
        let include = TagArray::new(include);
        let interface = guid_to_abi(&target.interface);
        let progress = ProgressShell::new(target.progress)?;
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().CopyProps)(
                self.as_raw(),
                include.as_ptr(),
                0,
                progress.as_ptr(),
                &raw const interface,
                target.object.as_raw().cast(),
                flags,
                &raw mut out,
            );
            check_last(self, hr, "IMAPIProp::CopyProps")?;
            take_problems(out)
        }
    }

    fn get_props(&self, tags: Option<&[PropTag]>, flags: u32) -> Result<Vec<Property>> {
        let tags = tags.map(TagArray::new);
        let (mut count, mut out) = (0, std::ptr::null_mut());
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let tags = tags.as_ref().map_or(std::ptr::null_mut(), TagArray::as_ptr);
            let hr =
                (self.vtbl().GetProps)(self.as_raw(), tags, flags, &raw mut count, &raw mut out);
            check_last(self, hr, "IMAPIProp::GetProps")?;
            take_props(count, out)
        }
    }

    fn get_names_from_ids(
        &self,
        tags: Option<&[PropTag]>,
        set: Option<&Guid>,
        flags: u32,
    ) -> Result<Vec<(PropTag, Option<NamedProp>)>> {
        let given = tags.map(TagArray::new);
        let set = set.map(guid_to_abi);
        let (mut count, mut out) = (0, std::ptr::null_mut());
        // SAFETY: as in `get_props`.
        unsafe {
            let mut array = given
                .as_ref()
                .map_or(std::ptr::null_mut(), TagArray::as_ptr);
            let set = guid_ptr(set.as_ref()).cast_mut();
            let call = self.vtbl().GetNamesFromIDs;
            let hr = call(
                self.as_raw(),
                &raw mut array,
                set,
                flags,
                &raw mut count,
                &raw mut out,
            );
            check_last(self, hr, "IMAPIProp::GetNamesFromIDs")?;
            let names = take_names(count, out)?;
            let tags = match tags {
                Some(tags) => tags.to_vec(),
                None => take_tags(array)?,
            };
            Ok(tags.into_iter().zip(names).collect())
        }
    }

    fn get_ids_from_names(&self, names: &[NamedProp], flags: u32) -> Result<Vec<PropTag>> {
        let names = NameArray::new(names)?;
        let mut out = std::ptr::null_mut();
        // SAFETY: as in `get_props`.
        unsafe {
            let call = self.vtbl().GetIDsFromNames;
            let hr = call(
                self.as_raw(),
                names.len(),
                names.as_ptr(),
                flags,
                &raw mut out,
            );
            check_last(self, hr, "IMAPIProp::GetIDsFromNames")?;
            take_tags(out)
        }
    }
}

import_prop!(
    IProfSect,
    IMAPIStatus,
    IMAPIContainer,
    IABContainer,
    IMailUser,
    IDistList,
    IMAPIFolder,
    IMsgStore,
    IMessage,
    IAttach,
    IAddrBook
);
