//! The provider and its logon.

use mapi_types::{EntryId, ErrorCode, Guid, PropTag, Property, Result};

use crate::{Access, PropProblem, Store};

/// The provider's own section of the profile (IProfSect), for the length of a logon.
pub trait ProfileSection {
    /// The values of `tags`, in their order; text as PT_UNICODE; PT_ERROR with MAPI_E_NOT_FOUND for what is missing.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, and those of the profile store.
    fn get_props(&self, tags: &[PropTag]) -> Result<Vec<Property>>;

    /// Sets properties. PR_RESOURCE_FLAGS and PR_PROVIDER_DLL_NAME are MAPI's and refused (LIFE-LOGON-016).
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, and those of the profile store.
    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>>;

    /// One text property; `None` if it is not there.
    ///
    /// # Errors
    /// As [`ProfileSection::get_props`].
    fn text(&self, tag: PropTag) -> Result<Option<String>> {
        let props = self.get_props(&[tag])?;
        Ok(props
            .first()
            .and_then(|p| p.value.as_str())
            .map(std::borrow::Cow::into_owned))
    }
}

/// What a logon is asked for.
pub struct LogonRequest<'a> {
    /// The provider's own section of the profile.
    pub profile: &'a dyn ProfileSection,
    /// Name of the profile, for messages to the user.
    pub profile_name: &'a str,
    /// The store, as [`Store::entry_id`] gave it once; empty: the profile section tells. Always empty for an address book.
    pub entry_id: &'a EntryId,
    /// What for (MDB_WRITE, MAPI_BEST_ACCESS). Address books are opened with [`Access::Best`].
    pub access: Access,
    /// Whether a dialog may be shown (no MDB_NO_DIALOG, AB_NO_DIALOG; LIFE-LOGON-015).
    pub allow_ui: bool,
    /// MDB_TEMPORARY: the store's section of the profile goes with the logon.
    pub temporary: bool,
    /// SpoolerLogon: this store is the spooler's own.
    pub spooler: bool,
}

/// A message store provider (IMSProvider): makes stores out of profile sections and identifiers.
///
/// One value per MSProviderInit, several may exist side by side in a process (LIFE-INIT-008). Any thread.
pub trait StoreProvider: Send + Sync {
    /// The provider's name for people, for example `OpenMAPI Message Store` (PR_PROVIDER_DISPLAY).
    fn display_name(&self) -> &str;

    /// PR_MDB_PROVIDER: the same for all stores of this kind, on every machine.
    fn kind(&self) -> Guid;

    /// Opens a store. Called again for a store that is open already only by the spooler: a client's second open gets the
    /// same store object (LIFE-LOGON-013). A failure leaves nothing behind (LIFE-LOGON-022).
    ///
    /// # Errors
    /// MAPI_E_UNCONFIGURED if the profile section lacks something, MAPI_E_FAILONEPROVIDER if only this store cannot be
    /// opened now, MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS, MAPI_E_CORRUPT_STORE, MAPI_E_VERSION ... (lifecycle.md, 4.5)
    fn logon(&self, request: &LogonRequest<'_>) -> Result<Box<dyn Store>>;

    /// Which store a request means, without opening it: [`Store::entry_id`] of the store that
    /// [`StoreProvider::logon`] would open. So the second open of an open store is recognised.
    ///
    /// # Errors
    /// As [`StoreProvider::logon`].
    fn identify(&self, request: &LogonRequest<'_>) -> Result<EntryId>;

    /// Whether two identifiers name the same store (CompareStoreIDs).
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID for one that is not this provider's.
    fn same_store(&self, left: &EntryId, right: &EntryId) -> Result<bool> {
        Ok(left == right)
    }

    /// Whether the process may end without a logoff after [`Store::flush`] (QueryFastShutdown). No side effect.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT: a normal shutdown is needed, and why.
    fn query_fast_shutdown(&self) -> Result<(), ErrorCode> {
        Ok(())
    }

    /// The last call: all stores are closed and dropped. Ends threads and whatever else the provider shares between stores.
    fn shutdown(&self) {}
}
