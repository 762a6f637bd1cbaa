//! IProfAdmin.

use mapi_types::Result;

use super::ComObject;
use crate::ptr::ComPtr;

/// IProfAdmin: the profiles of the machine's user (iprofadminiunknown.md). Passwords must be empty.
pub trait ProfAdmin: ComObject {
    /// GetProfileTable: PR_DISPLAY_NAME, PR_DEFAULT_PROFILE.
    ///
    /// # Errors
    /// Those of the disk.
    fn get_profile_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>>;

    /// CreateProfile.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS if it is there already, MAPI_E_INVALID_PARAMETER for a bad name.
    fn create_profile(&self, name: &str, password: &str, flags: u32) -> Result<()>;

    /// DeleteProfile: when its last session has ended (LIFE-LOGOFF-026).
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn delete_profile(&self, name: &str, flags: u32) -> Result<()>;

    /// ChangeProfilePassword.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT: profiles have none.
    fn change_profile_password(&self, name: &str, old: &str, new: &str, flags: u32) -> Result<()>;

    /// CopyProfile.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS, MAPI_E_LOGON_FAILED.
    fn copy_profile(&self, old: &str, password: &str, new: &str, flags: u32) -> Result<()>;

    /// RenameProfile.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS, MAPI_E_LOGON_FAILED.
    fn rename_profile(&self, old: &str, password: &str, new: &str, flags: u32) -> Result<()>;

    /// SetDefaultProfile; `None`: there is no default any more.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn set_default_profile(&self, name: Option<&str>, flags: u32) -> Result<()>;

    /// AdminServices of one profile.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_LOGON_FAILED.
    fn admin_services(
        &self,
        name: &str,
        password: &str,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IMsgServiceAdmin>>;
}
