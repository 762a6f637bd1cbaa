//! IMSProvider.

use mapi_types::{EntryId, Error, Guid, Result};

use super::ComObject;
use crate::ptr::{ComPtr, ComRef};

/// The arguments of IMSProvider::Logon and SpoolerLogon.
pub struct MsLogonRequest<'a> {
    /// MAPI's support object for this logon; a success keeps a reference (LIFE-LOGON-010).
    pub support: ComRef<'a, mapi_sys::IMAPISupport>,
    /// Window handle; 0 without one.
    pub ui_param: usize,
    /// Name of the profile, for messages to the user.
    pub profile_name: &'a str,
    /// The store, unwrapped; empty: the provider's profile section tells.
    pub entry_id: EntryId,
    /// MDB_.
    pub flags: u32,
    /// The interface of the store.
    pub interface: Option<Guid>,
    /// SpoolerLogon: what Logon had put out for it.
    pub spool_security: &'a [u8],
}

/// What a successful store logon yields.
pub struct MsLogonResult {
    /// The logon object; `None` if this store was already open in the session (LIFE-LOGON-012).
    pub logon: Option<ComPtr<mapi_sys::IMSLogon>>,
    /// The store.
    pub store: ComPtr<mapi_sys::IMsgStore>,
    /// For SpoolerLogon.
    pub spool_security: Vec<u8>,
    /// MAPI_W_ERRORS_RETURNED with its text.
    pub warning: Option<Error>,
}

/// IMSProvider: the entry of a message store provider (imsprovideriunknown.md).
pub trait MsProvider: ComObject {
    /// Shutdown: the last call but Release.
    ///
    /// # Errors
    /// Recorded, nothing else (OP-22).
    fn shutdown(&self) -> Result<()>;

    /// Logon.
    ///
    /// # Errors
    /// lifecycle.md, 4.5.
    fn logon(&self, request: &MsLogonRequest<'_>) -> Result<MsLogonResult>;

    /// SpoolerLogon.
    ///
    /// # Errors
    /// lifecycle.md, 4.5.
    fn spooler_logon(&self, request: &MsLogonRequest<'_>) -> Result<MsLogonResult>;

    /// CompareStoreIDs: whether both name the same store.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID.
    fn compare_store_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool>;
}
