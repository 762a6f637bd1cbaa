//! IMAPISupport: the proxy.

use std::ffi::c_void;

use mapi_sys::*;
use mapi_types::{EntryId, ErrorCode, Guid, MapiUid, Notification, PropTag, Property, Result, Row};

use super::super::*;
use crate::alloc::Allocator;
use crate::convert::*;
use crate::ptr::{ComPtr, ComRef, guid_to_abi};
use crate::scope::ShellBlock;
use crate::wire::*;

impl MapiSupport for ComPtr<IMAPISupport> {
    fn subscribe(
        &self,
        key: &[u8],
        event_mask: u32,
        flags: u32,
        sink: ComPtr<mapi_sys::IMAPIAdviseSink>,
    ) -> Result<usize> {
        let mut key = key_block(key);
        let mut out = Default::default();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().Subscribe)(
                self.as_raw(),
                key.as_mut_ptr().cast(),
                event_mask,
                flags,
                sink.as_raw(),
                &raw mut out,
            );
            check_last(self, hr, "IMAPISupport::Subscribe")?;
            Ok(out)
        }
    }

    fn unsubscribe(&self, connection: usize) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().Unsubscribe)(self.as_raw(), connection);
            check_last(self, hr, "IMAPISupport::Unsubscribe")
        }
    }

    fn modify_status_row(&self, columns: &[Property], flags: u32) -> Result<()> {
        let columns = PropArray::new(columns)?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().ModifyStatusRow)(
                self.as_raw(),
                columns.len(),
                columns.as_ptr(),
                flags,
            );
            check_last(self, hr, "IMAPISupport::ModifyStatusRow")
        }
    }

    fn open_profile_section(
        &self,
        uid: Option<&MapiUid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IProfSect>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr =
                (self.vtbl().OpenProfileSection)(self.as_raw(), uid_ptr(uid), flags, &raw mut out);
            check_last(self, hr, "IMAPISupport::OpenProfileSection")?;
            take(out, "IMAPISupport::OpenProfileSection")
        }
    }

    fn spooler_notify(&self, flags: u32, data: usize) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SpoolerNotify)(self.as_raw(), flags, data as *mut c_void);
            check_last(self, hr, "IMAPISupport::SpoolerNotify")
        }
    }

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
            check_last(self, hr, "IMAPISupport::CreateOneOff")?;
            take_entry_id(cb, out)
        }
    }

    fn register_preprocessor(
        &self,
        uid: Option<&MapiUid>,
        address_type: Option<&str>,
        library: &str,
        preprocess: &str,
        remove: &str,
        flags: u32,
    ) -> Result<()> {
        let mut address_type = address_type.map(wide);
        let mut library = wide(library);
        // The names of the two functions are 8-bit whatever the flags say (LPSTR).
        let [preprocess, remove] =
            [preprocess, remove].map(|name| [name.as_bytes(), &[0]].concat());
        // SAFETY: the object lives while we hold it; the arguments live as long as the call.
        unsafe {
            let hr = (self.vtbl().RegisterPreprocessor)(
                self.as_raw(),
                uid_ptr(uid),
                wide_ptr(address_type.as_mut()),
                library.as_mut_ptr().cast(),
                preprocess.as_ptr().cast_mut().cast(),
                remove.as_ptr().cast_mut().cast(),
                flags | MAPI_UNICODE,
            );
            check_last(self, hr, "IMAPISupport::RegisterPreprocessor")
        }
    }

    fn set_provider_uid(&self, uid: &MapiUid, flags: u32) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SetProviderUID)(self.as_raw(), uid_ptr(Some(uid)), flags);
            check_last(self, hr, "IMAPISupport::SetProviderUID")
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
            check_last(self, hr, "IMAPISupport::CompareEntryIDs")?;
            Ok(out != 0)
        }
    }

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
            check_last(self, hr, "IMAPISupport::OpenEntry")?;
            Ok(OpenedEntry {
                object_type,
                object: take(out, "IMAPISupport::OpenEntry")?,
            })
        }
    }

    fn get_one_off_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetOneOffTable)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMAPISupport::GetOneOffTable")?;
            take(out, "IMAPISupport::GetOneOffTable")
        }
    }

    fn copy_messages(
        &self,
        source: ComRef<'_, mapi_sys::IUnknown>,
        messages: &[EntryId],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<super::Completion> {
        let messages = EntryList::new(messages)?;
        let interface = guid_to_abi(&target.interface);
        let progress = ProgressShell::new(target.progress)?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().CopyMessages)(
                self.as_raw(),
                std::ptr::null_mut(),
                source.as_raw().cast(),
                messages.as_ptr(),
                &raw const interface,
                target.object.as_raw().cast(),
                0,
                progress.as_ptr(),
                flags,
            );
            check_last(self, hr, "IMAPISupport::CopyMessages")?;
            Ok(completion_of(hr))
        }
    }

    fn copy_folder(
        &self,
        source: ComRef<'_, mapi_sys::IUnknown>,
        folder: &EntryId,
        target: &CopyTarget<'_>,
        new_name: Option<&str>,
        flags: u32,
    ) -> Result<super::Completion> {
        let interface = guid_to_abi(&target.interface);
        let progress = ProgressShell::new(target.progress)?;
        let mut new_name = new_name.map(wide);
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().CopyFolder)(
                self.as_raw(),
                std::ptr::null_mut(),
                source.as_raw().cast(),
                size(folder.as_bytes()),
                id_ptr(folder),
                &raw const interface,
                target.object.as_raw().cast(),
                wide_ptr(new_name.as_mut()),
                0,
                progress.as_ptr(),
                flags | MAPI_UNICODE,
            );
            check_last(self, hr, "IMAPISupport::CopyFolder")?;
            Ok(completion_of(hr))
        }
    }

    fn do_copy_to(
        &self,
        source: ComRef<'_, mapi_sys::IUnknown>,
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
            let hr = (self.vtbl().DoCopyTo)(
                self.as_raw(),
                std::ptr::null_mut(),
                source.as_raw().cast(),
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
            check_last(self, hr, "IMAPISupport::DoCopyTo")?;
            take_problems(out)
        }
    }

    fn do_copy_props(
        &self,
        source: ComRef<'_, mapi_sys::IUnknown>,
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
            let hr = (self.vtbl().DoCopyProps)(
                self.as_raw(),
                std::ptr::null_mut(),
                source.as_raw().cast(),
                include.as_ptr(),
                0,
                progress.as_ptr(),
                &raw const interface,
                target.object.as_raw().cast(),
                flags,
                &raw mut out,
            );
            check_last(self, hr, "IMAPISupport::DoCopyProps")?;
            take_problems(out)
        }
    }

    fn expand_recips(&self, message: ComRef<'_, mapi_sys::IMessage>) -> Result<u32> {
        let mut out = Default::default();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().ExpandRecips)(self.as_raw(), message.as_raw(), &raw mut out);
            check_last(self, hr, "IMAPISupport::ExpandRecips")?;
            Ok(out)
        }
    }

    fn do_sent_mail(&self, flags: u32, message: ComRef<'_, mapi_sys::IMessage>) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().DoSentMail)(self.as_raw(), flags, message.as_raw());
            check_last(self, hr, "IMAPISupport::DoSentMail")
        }
    }

    fn open_address_book(
        &self,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IAddrBook>> {
        let interface = interface.map(guid_to_abi);
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().OpenAddressBook)(
                self.as_raw(),
                guid_ptr(interface.as_ref()),
                flags,
                &raw mut out,
            );
            check_last(self, hr, "IMAPISupport::OpenAddressBook")?;
            take(out, "IMAPISupport::OpenAddressBook")
        }
    }

    fn complete_msg(&self, flags: u32, message: &EntryId) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().CompleteMsg)(
                self.as_raw(),
                flags,
                size(message.as_bytes()),
                id_ptr(message),
            );
            check_last(self, hr, "IMAPISupport::CompleteMsg")
        }
    }

    fn status_recips(
        &self,
        message: ComRef<'_, mapi_sys::IMessage>,
        recipients: &[Row],
    ) -> Result<()> {
        let recipients = AdrList::new(recipients)?;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr =
                (self.vtbl().StatusRecips)(self.as_raw(), message.as_raw(), recipients.as_ptr());
            check_last(self, hr, "IMAPISupport::StatusRecips")
        }
    }

    fn wrap_store_entry_id(&self, entry_id: &EntryId) -> Result<EntryId> {
        let (mut cb, mut out) = (0, std::ptr::null_mut());
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().WrapStoreEntryID)(
                self.as_raw(),
                size(entry_id.as_bytes()),
                id_ptr(entry_id),
                &raw mut cb,
                &raw mut out,
            );
            check_last(self, hr, "IMAPISupport::WrapStoreEntryID")?;
            take_entry_id(cb, out)
        }
    }

    fn modify_profile(&self, flags: u32) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().ModifyProfile)(self.as_raw(), flags);
            check_last(self, hr, "IMAPISupport::ModifyProfile")
        }
    }

    fn get_svc_config_support_obj(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPISupport>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetSvcConfigSupportObj)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMAPISupport::GetSvcConfigSupportObj")?;
            take(out, "IMAPISupport::GetSvcConfigSupportObj")
        }
    }

    fn allocator(&self) -> Allocator {
        let (mut allocate, mut more, mut free) = (None, None, None);
        // SAFETY: the object lives while we hold it; outputs are places of ours. What it gives are MAPI's functions.
        unsafe {
            let call = self.vtbl().GetMemAllocRoutines;
            let hr = call(
                self.as_raw(),
                &raw mut allocate,
                &raw mut more,
                &raw mut free,
            );
            match (hr, allocate, more, free) {
                (0, Some(a), Some(m), Some(f)) => Allocator::from_functions(a, m, f),
                _ => Allocator::mapi(),
            }
        }
    }

    fn notify(&self, key: &[u8], notifications: &[Notification], flags: u32) -> Result<u32> {
        let mut key = key_block(key);
        let notifications = NotificationArray::new(notifications)?;
        let mut flags = flags;
        // SAFETY: the object lives while we hold it; the arguments live as long as the call.
        let hr = unsafe {
            let call = self.vtbl().Notify;
            let key = key.as_mut_ptr().cast();
            call(
                self.as_raw(),
                key,
                notifications.len(),
                notifications.as_ptr(),
                &raw mut flags,
            )
        };
        check_last(self, hr, "IMAPISupport::Notify")?;
        Ok(flags)
    }

    fn spooler_yield(&self, flags: u32) -> Result<bool> {
        // SAFETY: the object lives while we hold it.
        let hr = unsafe { (self.vtbl().SpoolerYield)(self.as_raw(), flags) };
        check_last(self, hr, "IMAPISupport::SpoolerYield")?;
        Ok(hr == ErrorCode::W_CANCEL_MESSAGE.hresult())
    }

    fn prepare_submit(&self, message: ComRef<'_, IMessage>, flags: u32) -> Result<u32> {
        let mut flags = flags;
        // SAFETY: both objects live during the call; `flags` is a place of ours.
        let hr =
            unsafe { (self.vtbl().PrepareSubmit)(self.as_raw(), message.as_raw(), &raw mut flags) };
        check_last(self, hr, "IMAPISupport::PrepareSubmit")?;
        Ok(flags)
    }

    fn store_logoff_transports(&self, flags: u32) -> Result<u32> {
        let mut flags = flags;
        // SAFETY: the object lives while we hold it; `flags` is a place of ours.
        let hr = unsafe { (self.vtbl().StoreLogoffTransports)(self.as_raw(), &raw mut flags) };
        check_last(self, hr, "IMAPISupport::StoreLogoffTransports")?;
        Ok(flags)
    }

    fn make_invalid(&self, shell: &ShellBlock) -> Result<()> {
        // SAFETY: the object lives while we hold it; only a shell of ours makes a ShellBlock, of itself.
        let hr = unsafe {
            let call = self.vtbl().MakeInvalid;
            call(
                self.as_raw(),
                0,
                shell.object,
                shell.references,
                shell.methods,
            )
        };
        check_last(self, hr, "IMAPISupport::MakeInvalid")
    }
}
