//! IABProvider.

use mapi_types::{Error, Result};

use super::ComObject;
use crate::ptr::{ComPtr, ComRef};

/// What a successful address book logon yields.
pub struct AbLogonResult {
    /// The logon object.
    pub logon: ComPtr<mapi_sys::IABLogon>,
    /// MAPI_W_ERRORS_RETURNED with its text.
    pub warning: Option<Error>,
}

/// IABProvider: the entry of an address book provider (iabprovideriunknown.md).
pub trait AbProvider: ComObject {
    /// Shutdown: the last call but Release.
    ///
    /// # Errors
    /// Recorded, nothing else (OP-22).
    fn shutdown(&self) -> Result<()>;

    /// Logon; a success keeps a reference on `support` (LIFE-LOGON-010).
    ///
    /// # Errors
    /// lifecycle.md, 4.5.
    fn logon(
        &self,
        support: ComRef<'_, mapi_sys::IMAPISupport>,
        ui_param: usize,
        profile_name: &str,
        flags: u32,
    ) -> Result<AbLogonResult>;
}
