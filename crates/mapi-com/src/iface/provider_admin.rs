//! IProviderAdmin.

use mapi_types::{MapiUid, Property, Result};

use super::ComObject;
use crate::ptr::ComPtr;

/// IProviderAdmin: the providers of one message service (iprovideradminiunknown.md).
pub trait ProviderAdmin: ComObject {
    /// GetProviderTable.
    ///
    /// # Errors
    /// Those of the disk.
    fn get_provider_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>>;

    /// CreateProvider: the PR_PROVIDER_UID of the new section.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn create_provider(&self, provider: &str, props: &[Property], flags: u32) -> Result<MapiUid>;

    /// DeleteProvider: when its last session has ended.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn delete_provider(&self, uid: &MapiUid) -> Result<()>;

    /// OpenProfileSection.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn open_profile_section(
        &self,
        uid: Option<&MapiUid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IProfSect>>;
}
