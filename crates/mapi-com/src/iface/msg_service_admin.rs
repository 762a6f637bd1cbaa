//! IMsgServiceAdmin and IMsgServiceAdmin2.

use mapi_types::{MapiUid, Property, Result};

use super::{ComObject, CopyTarget};
use crate::ptr::ComPtr;

/// IMsgServiceAdmin and its extension IMsgServiceAdmin2: the message services of a profile
/// (imsgserviceadminiunknown.md). Changes act on the next session (OP-56).
pub trait MsgServiceAdmin: ComObject {
    /// GetMsgServiceTable.
    ///
    /// # Errors
    /// Those of the disk.
    fn get_msg_service_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>>;

    /// CreateMsgService.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn create_msg_service(
        &self,
        service: &str,
        display_name: Option<&str>,
        flags: u32,
    ) -> Result<()>;

    /// DeleteMsgService.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn delete_msg_service(&self, uid: &MapiUid) -> Result<()>;

    /// CopyMsgService.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn copy_msg_service(
        &self,
        uid: &MapiUid,
        display_name: Option<&str>,
        target: Option<&CopyTarget<'_>>,
        flags: u32,
    ) -> Result<()>;

    /// RenameMsgService.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn rename_msg_service(&self, uid: &MapiUid, display_name: &str) -> Result<()>;

    /// ConfigureMsgService.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_EXTENDED_ERROR, MAPI_E_USER_CANCEL.
    fn configure_msg_service(&self, uid: &MapiUid, flags: u32, props: &[Property]) -> Result<()>;

    /// OpenProfileSection.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn open_profile_section(
        &self,
        uid: Option<&MapiUid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IProfSect>>;

    /// MsgServiceTransportOrder.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn msg_service_transport_order(&self, order: &[MapiUid]) -> Result<()>;

    /// AdminProviders of one service.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn admin_providers(
        &self,
        uid: &MapiUid,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IProviderAdmin>>;

    /// SetPrimaryIdentity; `None` clears it.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn set_primary_identity(&self, uid: Option<&MapiUid>) -> Result<()>;

    /// GetProviderTable: all providers of the profile.
    ///
    /// # Errors
    /// Those of the disk.
    fn get_provider_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>>;

    /// CreateMsgServiceEx (IMsgServiceAdmin2): the PR_SERVICE_UID of the new service.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn create_msg_service_ex(
        &self,
        service: &str,
        display_name: Option<&str>,
        flags: u32,
    ) -> Result<MapiUid>;
}
