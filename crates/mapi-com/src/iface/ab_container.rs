//! IABContainer, IDistList and IMailUser.

use mapi_sys::*;
use mapi_types::{EntryId, Error, ErrorCode, PropTag, Result, Row};

use super::*;
use crate::convert::*;
use crate::ptr::ComPtr;
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// What became of one name in ResolveNames (the FlagList).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resolved {
    /// MAPI_UNRESOLVED.
    Unresolved,
    /// MAPI_AMBIGUOUS.
    Ambiguous,
    /// MAPI_RESOLVED.
    Resolved,
}

/// The four methods that IABContainer and IDistList share.
pub trait AbEntries: MapiContainer {
    /// CreateEntry from a template.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn create_entry(&self, template: &EntryId, flags: u32) -> Result<ComPtr<IMAPIProp>> {
        let _ = (template, flags);
        Err(Error::no_support())
    }

    /// CopyEntries into this container.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn copy_entries(
        &self,
        entries: &[EntryId],
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion> {
        let _ = (entries, progress, flags);
        Err(Error::no_support())
    }

    /// DeleteEntries.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn delete_entries(&self, entries: &[EntryId], flags: u32) -> Result<Completion> {
        let _ = (entries, flags);
        Err(Error::no_support())
    }

    /// ResolveNames: rows that are still MAPI_UNRESOLVED in `flags_list` are looked up; a hit replaces the row's
    /// properties by `columns`.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where it is cheaper to search the contents table.
    fn resolve_names(
        &self,
        columns: Option<&[PropTag]>,
        flags: u32,
        recipients: &mut [Row],
        resolved: &mut [Resolved],
    ) -> Result<()> {
        let _ = (columns, flags, recipients, resolved);
        Err(Error::no_support())
    }
}

/// IABContainer: a container of an address book (iabcontainerimapicontainer.md).
pub trait AbContainer: AbEntries {}

/// IDistList: a distribution list (idistlistimapicontainer.md).
pub trait DistList: AbEntries {}

/// IMailUser: a recipient; nothing more than IMAPIProp (imailuserimapiprop.md).
pub trait MailUser: MapiProp {}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn AbContainer>; the interfaces are IABContainer and its ancestors.
unsafe impl Export for dyn AbContainer {
    type Interface = IABContainer;
    const VTBL: &'static IABContainerVtbl = &IABContainerVtbl {
        base: mapi_container::vtbl::<dyn AbContainer>(),
        CreateEntry: create_entry::<dyn AbContainer, IABContainer>,
        CopyEntries: copy_entries::<dyn AbContainer, IABContainer>,
        DeleteEntries: delete_entries::<dyn AbContainer, IABContainer>,
        ResolveNames: resolve_names::<dyn AbContainer, IABContainer>,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPIProp, IID_IMAPIContainer, IID_IABContainer];
}

// SAFETY: the functions of the vtable expect a Shell<dyn DistList>; the interfaces are IDistList and its ancestors.
unsafe impl Export for dyn DistList {
    type Interface = IDistList;
    const VTBL: &'static IDistListVtbl = &IDistListVtbl {
        base: mapi_container::vtbl::<dyn DistList>(),
        CreateEntry: create_entry::<dyn DistList, IDistList>,
        CopyEntries: copy_entries::<dyn DistList, IDistList>,
        DeleteEntries: delete_entries::<dyn DistList, IDistList>,
        ResolveNames: resolve_names::<dyn DistList, IDistList>,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPIProp, IID_IMAPIContainer, IID_IDistList];
}

// SAFETY: the functions of the vtable expect a Shell<dyn MailUser>; the interfaces are IMailUser and its ancestors.
unsafe impl Export for dyn MailUser {
    type Interface = IMailUser;
    const VTBL: &'static IMailUserVtbl = &IMailUserVtbl {
        base: mapi_prop::vtbl::<dyn MailUser>(),
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPIProp, IID_IMailUser];
}

unsafe extern "system" fn create_entry<T: ?Sized + Export + AbEntries, I>(
    this: *mut I,
    size: u32,
    template: LPENTRYID,
    flags: u32,
    out: *mut LPMAPIPROP,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            required(out)?;
            put(out, std::ptr::null_mut());
            put_object(out, o.create_entry(&entry_in(size, template)?, flags)?);
            Ok(())
        })
    })
}

unsafe extern "system" fn copy_entries<T: ?Sized + Export + AbEntries, I>(
    this: *mut I,
    entries: LPENTRYLIST,
    _ui_param: usize,
    progress: LPMAPIPROGRESS,
    flags: u32,
) -> HRESULT {
    // SAFETY: as in `create_entry`.
    status(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            let progress = ComPtr::from_borrowed(progress);
            let progress = progress.as_ref().map(|p| p as &dyn Progress);
            o.copy_entries(&entries_in(entries)?.unwrap_or_default(), progress, flags)
                .map(completion)
        })
    })
}

unsafe extern "system" fn delete_entries<T: ?Sized + Export + AbEntries, I>(
    this: *mut I,
    entries: LPENTRYLIST,
    flags: u32,
) -> HRESULT {
    // SAFETY: as in `create_entry`.
    status(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            o.delete_entries(&entries_in(entries)?.unwrap_or_default(), flags)
                .map(completion)
        })
    })
}

unsafe extern "system" fn resolve_names<T: ?Sized + Export + AbEntries, I>(
    this: *mut I,
    columns: LPSPropTagArray,
    flags: u32,
    list: LPADRLIST,
    resolved: LPFlagList,
) -> HRESULT {
    // SAFETY: as in `create_entry`; the list's rows are replaced as ADRLIST's rules say, and the flag list has one number
    // for each row.
    hresult(unsafe {
        Shell::<T>::enter(this.cast(), |o| {
            required(resolved)?;
            let before = rows_in(list)?;
            let mut rows = before.clone();
            let numbers = (&raw mut (*resolved).ulFlag).cast::<u32>();
            if (*resolved).cFlags as usize != rows.len() {
                return Err(ErrorCode::INVALID_PARAMETER.into());
            }
            let numbers = std::slice::from_raw_parts_mut(numbers, rows.len());
            let mut states: Vec<Resolved> =
                numbers.iter().map(|n| Resolved::from_flag(*n)).collect();
            o.resolve_names(tags_in(columns)?.as_deref(), flags, &mut rows, &mut states)?;
            replace_rows(list, &before, &rows)?;
            for (number, state) in numbers.iter_mut().zip(states) {
                *number = state.flag();
            }
            Ok(())
        })
    })
}

impl Resolved {
    fn from_flag(flag: u32) -> Self {
        match flag {
            MAPI_RESOLVED => Self::Resolved,
            MAPI_AMBIGUOUS => Self::Ambiguous,
            _ => Self::Unresolved,
        }
    }

    fn flag(self) -> u32 {
        match self {
            Self::Unresolved => MAPI_UNRESOLVED,
            Self::Ambiguous => MAPI_AMBIGUOUS,
            Self::Resolved => MAPI_RESOLVED,
        }
    }
}

// Import.

/// IABContainer and IDistList have the same four methods after those of IMAPIContainer.
macro_rules! import_entries {
    ($($interface:ident),*) => {$(
        impl AbEntries for ComPtr<$interface> {
            fn create_entry(&self, template: &EntryId, flags: u32) -> Result<ComPtr<IMAPIProp>> {
                let mut out = std::ptr::null_mut();
                // SAFETY: the object lives while we hold it; the arguments live as long as the call.
                unsafe {
                    let call = self.vtbl().CreateEntry;
                    let hr = call(self.as_raw(), size(template.as_bytes()), id_ptr(template), flags, &raw mut out);
                    check_last(self, hr, concat!(stringify!($interface), "::CreateEntry"))?;
                    take(out, concat!(stringify!($interface), "::CreateEntry"))
                }
            }

            fn copy_entries(&self, entries: &[EntryId], progress: Option<&dyn Progress>, flags: u32) -> Result<Completion> {
                let entries = EntryList::new(entries)?;
                let progress = ProgressShell::new(progress)?;
                // SAFETY: as in `create_entry`.
                let hr = unsafe {
                    (self.vtbl().CopyEntries)(self.as_raw(), entries.as_ptr(), 0, progress.as_ptr(), flags)
                };
                check_last(self, hr, concat!(stringify!($interface), "::CopyEntries"))?;
                Ok(completion_of(hr))
            }

            fn delete_entries(&self, entries: &[EntryId], flags: u32) -> Result<Completion> {
                let entries = EntryList::new(entries)?;
                // SAFETY: as in `create_entry`.
                let hr = unsafe { (self.vtbl().DeleteEntries)(self.as_raw(), entries.as_ptr(), flags) };
                check_last(self, hr, concat!(stringify!($interface), "::DeleteEntries"))?;
                Ok(completion_of(hr))
            }

            fn resolve_names(
                &self,
                columns: Option<&[PropTag]>,
                flags: u32,
                recipients: &mut [Row],
                resolved: &mut [Resolved],
            ) -> Result<()> {
                let columns = columns.map(TagArray::new);
                let list = AdrList::new(recipients)?;
                let mut states: Vec<u32> = vec![u32::try_from(resolved.len()).map_err(|_| ErrorCode::INVALID_PARAMETER)?];
                states.extend(resolved.iter().map(|r| r.flag()));
                // SAFETY: as in `create_entry`; a FlagList is a count and that many numbers.
                unsafe {
                    let call = self.vtbl().ResolveNames;
                    let columns = columns.as_ref().map_or(std::ptr::null_mut(), TagArray::as_ptr);
                    let hr = call(self.as_raw(), columns, flags, list.as_ptr(), states.as_mut_ptr().cast());
                    check_last(self, hr, concat!(stringify!($interface), "::ResolveNames"))?;
                    for (row, new) in recipients.iter_mut().zip(list.rows()?) {
                        *row = new;
                    }
                }
                for (state, number) in resolved.iter_mut().zip(&states[1..]) {
                    *state = Resolved::from_flag(*number);
                }
                Ok(())
            }
        }
    )*};
}

import_entries!(IABContainer, IDistList);
impl AbContainer for ComPtr<IABContainer> {}
impl DistList for ComPtr<IDistList> {}
impl MailUser for ComPtr<IMailUser> {}
