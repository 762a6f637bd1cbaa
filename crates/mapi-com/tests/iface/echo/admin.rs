//! Administration, progress, shutdown, sinks and streams.

use super::*;

impl ProfAdmin for Echo {
    fn get_profile_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_profile_table", flags);
        Ok(self.object())
    }

    fn create_profile(&self, name: &str, password: &str, flags: u32) -> Result<()> {
        say!(self, "create_profile", name, password, narrow(flags));
        Ok(())
    }

    fn delete_profile(&self, name: &str, flags: u32) -> Result<()> {
        say!(self, "delete_profile", name, narrow(flags));
        Ok(())
    }

    fn change_profile_password(&self, name: &str, old: &str, new: &str, flags: u32) -> Result<()> {
        say!(
            self,
            "change_profile_password",
            name,
            old,
            new,
            narrow(flags)
        );
        Ok(())
    }

    fn copy_profile(&self, old: &str, password: &str, new: &str, flags: u32) -> Result<()> {
        say!(self, "copy_profile", old, password, new, narrow(flags));
        Ok(())
    }

    fn rename_profile(&self, old: &str, password: &str, new: &str, flags: u32) -> Result<()> {
        say!(self, "rename_profile", old, password, new, narrow(flags));
        Ok(())
    }

    fn set_default_profile(&self, name: Option<&str>, flags: u32) -> Result<()> {
        say!(self, "set_default_profile", name, narrow(flags));
        Ok(())
    }

    fn admin_services(
        &self,
        name: &str,
        password: &str,
        flags: u32,
    ) -> Result<ComPtr<sys::IMsgServiceAdmin>> {
        say!(self, "admin_services", name, password, narrow(flags));
        Ok(self.object())
    }
}

impl MsgServiceAdmin for Echo {
    fn get_msg_service_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_msg_service_table", flags);
        Ok(self.object())
    }

    fn create_msg_service(&self, service: &str, name: Option<&str>, flags: u32) -> Result<()> {
        say!(self, "create_msg_service", service, name, narrow(flags));
        Ok(())
    }

    fn delete_msg_service(&self, uid: &MapiUid) -> Result<()> {
        say!(self, "delete_msg_service", uid);
        Ok(())
    }

    fn copy_msg_service(
        &self,
        uid: &MapiUid,
        name: Option<&str>,
        target: Option<&CopyTarget<'_>>,
        flags: u32,
    ) -> Result<()> {
        let target = target.map(|t| (format!("{:?}", t.object), t.interface));
        say!(self, "copy_msg_service", uid, name, target, narrow(flags));
        Ok(())
    }

    fn rename_msg_service(&self, uid: &MapiUid, name: &str) -> Result<()> {
        say!(self, "rename_msg_service", uid, name);
        Ok(())
    }

    fn configure_msg_service(&self, uid: &MapiUid, flags: u32, props: &[Property]) -> Result<()> {
        say!(self, "configure_msg_service", uid, narrow(flags), props);
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

    fn msg_service_transport_order(&self, order: &[MapiUid]) -> Result<()> {
        say!(self, "msg_service_transport_order", order);
        Ok(())
    }

    fn admin_providers(&self, uid: &MapiUid, flags: u32) -> Result<ComPtr<sys::IProviderAdmin>> {
        say!(self, "admin_providers", uid, flags);
        Ok(self.object())
    }

    fn set_primary_identity(&self, uid: Option<&MapiUid>) -> Result<()> {
        say!(self, "set_primary_identity", uid);
        Ok(())
    }

    fn get_provider_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_provider_table", flags);
        Ok(self.object())
    }

    fn create_msg_service_ex(
        &self,
        service: &str,
        name: Option<&str>,
        flags: u32,
    ) -> Result<MapiUid> {
        say!(self, "create_msg_service_ex", service, name, narrow(flags));
        Ok(self.sample.uid)
    }
}

impl ProviderAdmin for Echo {
    fn get_provider_table(&self, flags: u32) -> Result<ComPtr<sys::IMAPITable>> {
        say!(self, "get_provider_table", flags);
        Ok(self.object())
    }

    fn create_provider(&self, provider: &str, props: &[Property], flags: u32) -> Result<MapiUid> {
        say!(self, "create_provider", provider, props, narrow(flags));
        Ok(self.sample.uid)
    }

    fn delete_provider(&self, uid: &MapiUid) -> Result<()> {
        say!(self, "delete_provider", uid);
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
}

impl Progress for Echo {
    fn progress(&self, value: u32, count: u32, total: u32) -> Result<()> {
        say!(self, "progress", value, count, total);
        Ok(())
    }

    fn get_flags(&self) -> Result<u32> {
        say!(self, "get_flags");
        Ok(1)
    }

    fn get_limits(&self) -> Result<(u32, u32)> {
        self.fails.clone().map_or(Ok((1, 100)), Err)
    }

    fn set_limits(&self, min: Option<u32>, max: Option<u32>, flags: Option<u32>) -> Result<()> {
        say!(self, "set_limits", min, max, flags);
        Ok(())
    }
}

impl ClientShutdown for Echo {
    fn query_fast_shutdown(&self) -> Result<()> {
        say!(self, "query_fast_shutdown");
        Ok(())
    }

    fn notify_process_shutdown(&self) -> Result<()> {
        say!(self, "notify_process_shutdown");
        Ok(())
    }

    fn do_fast_shutdown(&self) -> Result<()> {
        say!(self, "do_fast_shutdown");
        Ok(())
    }
}

impl ProviderShutdown for Echo {
    fn query_fast_shutdown(&self) -> Result<()> {
        say!(self, "query_fast_shutdown");
        Ok(())
    }

    fn notify_process_shutdown(&self) -> Result<()> {
        say!(self, "notify_process_shutdown");
        Ok(())
    }

    fn do_fast_shutdown(&self) -> Result<()> {
        say!(self, "do_fast_shutdown");
        Ok(())
    }
}

impl AdviseSink for Echo {
    fn on_notify(&self, notifications: &[Notification]) -> u32 {
        let _ = self.say(format!("on_notify {notifications:?}"));
        42
    }
}

impl Stream for Echo {
    fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        say!(self, "read", buffer.len());
        let bytes = self.sample.id.as_bytes();
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn write(&self, bytes: &[u8]) -> Result<usize> {
        say!(self, "write", bytes);
        Ok(bytes.len() / 2)
    }

    fn seek(&self, offset: i64, origin: StreamOrigin) -> Result<u64> {
        say!(self, "seek", offset, origin);
        Ok(1 << 40)
    }

    fn set_size(&self, size: u64) -> Result<()> {
        say!(self, "set_size", size);
        Ok(())
    }

    fn copy_to(&self, target: &ComPtr<sys::IStream>, size: u64) -> Result<(u64, u64)> {
        say!(self, "copy_to", target, size);
        Ok((1 << 33, 1 << 34))
    }

    fn commit(&self) -> Result<()> {
        say!(self, "commit");
        Ok(())
    }

    fn revert(&self) -> Result<()> {
        say!(self, "revert");
        Ok(())
    }

    fn size(&self) -> Result<u64> {
        say!(self, "size");
        Ok(1 << 41)
    }

    fn clone_stream(&self) -> Result<ComPtr<sys::IStream>> {
        say!(self, "clone_stream");
        Ok(self.object())
    }
}
