//! IMAPISession: the proxy.

use mapi_sys::*;
use mapi_types::{EntryId, ErrorCode, Guid, MapiUid, Result};

use super::super::*;
use crate::convert::*;
use crate::ptr::{ComPtr, guid_to_abi};
use crate::wire::*;

impl MapiSession for ComPtr<IMAPISession> {
    fn get_msg_stores_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetMsgStoresTable)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMAPISession::GetMsgStoresTable")?;
            take(out, "IMAPISession::GetMsgStoresTable")
        }
    }

    fn open_msg_store(
        &self,
        ui_param: usize,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IMsgStore>> {
        let interface = interface.map(guid_to_abi);
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().OpenMsgStore)(
                self.as_raw(),
                ui_param,
                size(entry_id.as_bytes()),
                id_ptr(entry_id),
                guid_ptr(interface.as_ref()),
                flags,
                &raw mut out,
            );
            check_last(self, hr, "IMAPISession::OpenMsgStore")?;
            take(out, "IMAPISession::OpenMsgStore")
        }
    }

    fn open_address_book(
        &self,
        ui_param: usize,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<(ComPtr<mapi_sys::IAddrBook>, bool)> {
        let interface = interface.map(guid_to_abi);
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().OpenAddressBook)(
                self.as_raw(),
                ui_param,
                guid_ptr(interface.as_ref()),
                flags,
                &raw mut out,
            );
            check_last(self, hr, "IMAPISession::OpenAddressBook")?;
            Ok((take(out, "IMAPISession::OpenAddressBook")?, hr == WARNING))
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
            let hr = (self.vtbl().OpenProfileSection)(
                self.as_raw(),
                uid_ptr(uid),
                std::ptr::null_mut(),
                flags,
                &raw mut out,
            );
            check_last(self, hr, "IMAPISession::OpenProfileSection")?;
            take(out, "IMAPISession::OpenProfileSection")
        }
    }

    fn get_status_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetStatusTable)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMAPISession::GetStatusTable")?;
            take(out, "IMAPISession::GetStatusTable")
        }
    }

    import_routed!(IMAPISession);

    fn logoff(&self, ui_param: usize, flags: u32, reserved: u32) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().Logoff)(self.as_raw(), ui_param, flags, reserved);
            check_last(self, hr, "IMAPISession::Logoff")
        }
    }

    fn set_default_store(&self, flags: u32, entry_id: &EntryId) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().SetDefaultStore)(
                self.as_raw(),
                flags,
                size(entry_id.as_bytes()),
                id_ptr(entry_id),
            );
            check_last(self, hr, "IMAPISession::SetDefaultStore")
        }
    }

    fn admin_services(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMsgServiceAdmin>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().AdminServices)(self.as_raw(), flags, &raw mut out);
            check_last(self, hr, "IMAPISession::AdminServices")?;
            take(out, "IMAPISession::AdminServices")
        }
    }

    fn enum_adr_types(&self, flags: u32) -> Result<Vec<String>> {
        let (mut count, mut out) = (0, std::ptr::null_mut());
        let flags = flags | MAPI_UNICODE;
        // SAFETY: the object lives while we hold it; outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().EnumAdrTypes)(self.as_raw(), flags, &raw mut count, &raw mut out);
            check_last(self, hr, "IMAPISession::EnumAdrTypes")?;
            take_texts(count, out, flags)
        }
    }

    fn query_identity(&self) -> Result<Option<EntryId>> {
        let (mut size, mut out) = (0, std::ptr::null_mut());
        // SAFETY: as in `enum_adr_types`.
        unsafe {
            let hr = (self.vtbl().QueryIdentity)(self.as_raw(), &raw mut size, &raw mut out);
            check_last(self, hr, "IMAPISession::QueryIdentity")?;
            let id = take_entry_id(size, out)?;
            Ok((hr != ErrorCode::W_NO_SERVICE.hresult()).then_some(id))
        }
    }
}
