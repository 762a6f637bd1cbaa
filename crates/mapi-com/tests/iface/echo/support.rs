//! The support object.

use super::*;

impl MapiSupport for Echo {
    fn allocator(&self) -> Allocator {
        Allocator::local()
    }

    fn subscribe(
        &self,
        key: &[u8],
        mask: u32,
        flags: u32,
        sink: ComPtr<sys::IMAPIAdviseSink>,
    ) -> Result<usize> {
        say!(self, "subscribe", key, mask, flags, sink);
        Ok(83)
    }

    fn unsubscribe(&self, connection: usize) -> Result<()> {
        say!(self, "unsubscribe", connection);
        Ok(())
    }

    fn notify(&self, key: &[u8], told: &[Notification], flags: u32) -> Result<u32> {
        say!(self, "notify", key, told, flags);
        Ok(1)
    }

    fn modify_status_row(&self, columns: &[Property], flags: u32) -> Result<()> {
        say!(self, "modify_status_row", columns, flags);
        Ok(())
    }

    fn open_profile_section(
        &self,
        uid: Option<&MapiUid>,
        flags: u32,
    ) -> Result<ComPtr<sys::IProfSect>> {
        say!(self, "open_profile_section", uid, flags);
        Ok(self.object())
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
        say!(
            self,
            "register",
            uid,
            address_type,
            library,
            preprocess,
            remove,
            narrow(flags)
        );
        Ok(())
    }

    fn spooler_yield(&self, flags: u32) -> Result<bool> {
        say!(self, "spooler_yield", flags);
        Ok(true)
    }

    fn spooler_notify(&self, flags: u32, data: usize) -> Result<()> {
        say!(self, "spooler_notify", flags, data);
        Ok(())
    }

    fn create_one_off(&self, name: &str, kind: &str, address: &str, flags: u32) -> Result<EntryId> {
        say!(self, "create_one_off", name, kind, address, narrow(flags));
        Ok(self.sample.id.clone())
    }

    fn set_provider_uid(&self, uid: &MapiUid, flags: u32) -> Result<()> {
        say!(self, "set_provider_uid", uid, flags);
        Ok(())
    }

    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool> {
        say!(self, "compare", left, right, flags);
        Ok(true)
    }

    fn open_entry(
        &self,
        id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        say!(self, "open_entry", id, interface, flags);
        Ok(self.opened())
    }

    fn get_one_off_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_one_off_table", flags);
        Ok(self.object())
    }

    fn copy_messages(
        &self,
        source: ComRef<'_, sys::IUnknown>,
        messages: &[EntryId],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Completion> {
        say!(
            self,
            "copy_messages",
            *source,
            messages,
            self.target(target),
            flags
        );
        Ok(Completion::Partial)
    }

    fn copy_folder(
        &self,
        source: ComRef<'_, sys::IUnknown>,
        folder: &EntryId,
        target: &CopyTarget<'_>,
        new_name: Option<&str>,
        flags: u32,
    ) -> Result<Completion> {
        say!(
            self,
            "copy_folder",
            *source,
            folder,
            self.target(target),
            new_name,
            narrow(flags)
        );
        Ok(Completion::Full)
    }

    fn do_copy_to(
        &self,
        source: ComRef<'_, sys::IUnknown>,
        interfaces: &[Guid],
        tags: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>> {
        say!(
            self,
            "do_copy_to",
            *source,
            interfaces,
            tags,
            self.target(target),
            flags
        );
        Ok(self.sample.problems.clone())
    }

    fn do_copy_props(
        &self,
        source: ComRef<'_, sys::IUnknown>,
        tags: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>> {
        say!(
            self,
            "do_copy_props",
            *source,
            tags,
            self.target(target),
            flags
        );
        Ok(self.sample.problems.clone())
    }

    fn prepare_submit(&self, message: ComRef<'_, sys::IMessage>, flags: u32) -> Result<u32> {
        say!(self, "prepare_submit", *message, flags);
        Ok(2)
    }

    fn expand_recips(&self, message: ComRef<'_, sys::IMessage>) -> Result<u32> {
        say!(self, "expand_recips", *message);
        Ok(3)
    }

    fn do_sent_mail(&self, flags: u32, message: ComRef<'_, sys::IMessage>) -> Result<()> {
        say!(self, "do_sent_mail", flags, *message);
        Ok(())
    }

    fn open_address_book(
        &self,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<sys::IAddrBook>> {
        say!(self, "open_address_book", interface, flags);
        Ok(self.object())
    }

    fn complete_msg(&self, flags: u32, message: &EntryId) -> Result<()> {
        say!(self, "complete_msg", flags, message);
        Ok(())
    }

    fn store_logoff_transports(&self, flags: u32) -> Result<u32> {
        say!(self, "store_logoff_transports", flags);
        Ok(0x10000)
    }

    fn status_recips(&self, message: ComRef<'_, sys::IMessage>, recipients: &[Row]) -> Result<()> {
        say!(self, "status_recips", *message, recipients);
        Ok(())
    }

    fn wrap_store_entry_id(&self, id: &EntryId) -> Result<EntryId> {
        say!(self, "wrap_store_entry_id", id);
        Ok(self.sample.id.clone())
    }

    fn modify_profile(&self, flags: u32) -> Result<()> {
        say!(self, "modify_profile", flags);
        Ok(())
    }

    fn get_svc_config_support_obj(&self, flags: u32) -> Result<ComPtr<sys::IMAPISupport>> {
        say!(self, "get_svc_config_support_obj", flags);
        Ok(self.object())
    }
}
