//! IMAPIStatus.

use mapi_types::{EntryId, Error, Result};

use super::MapiProp;

/// IMAPIStatus: a row of the status table as an object (imapistatusimapiprop.md).
pub trait MapiStatus: MapiProp {
    /// ValidateState.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT, MAPI_E_BUSY, MAPI_E_USER_CANCEL.
    fn validate_state(&self, flags: u32) -> Result<()> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// SettingsDialog.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn settings_dialog(&self, flags: u32) -> Result<()> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// ChangePassword.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT, MAPI_E_NO_ACCESS.
    fn change_password(&self, old: &str, new: &str) -> Result<()> {
        let _ = (old, new);
        Err(Error::no_support())
    }

    /// FlushQueues of one transport, or of all if the identifier is empty.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT, MAPI_E_BUSY.
    fn flush_queues(&self, target: &EntryId, flags: u32) -> Result<()> {
        let _ = (target, flags);
        Err(Error::no_support())
    }
}
