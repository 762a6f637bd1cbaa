//! IXPProvider.

use mapi_types::{Error, Result};

use super::ComObject;
use crate::ptr::{ComPtr, ComRef};

/// What a successful transport logon yields.
pub struct XpLogonResult {
    /// The logon object.
    pub logon: ComPtr<mapi_sys::IXPLogon>,
    /// LOGON_SP_ bits.
    pub flags: u32,
    /// MAPI_W_ERRORS_RETURNED with its text.
    pub warning: Option<Error>,
}

/// IXPProvider: the entry of a transport provider (ixpprovideriunknown.md).
pub trait XpProvider: ComObject {
    /// Shutdown: the last call but Release.
    ///
    /// # Errors
    /// Recorded, nothing else (OP-22).
    fn shutdown(&self) -> Result<()>;

    /// TransportLogon.
    ///
    /// # Errors
    /// lifecycle.md, 4.5.
    fn transport_logon(
        &self,
        support: ComRef<'_, mapi_sys::IMAPISupport>,
        ui_param: usize,
        profile_name: &str,
        flags: u32,
    ) -> Result<XpLogonResult>;
}
