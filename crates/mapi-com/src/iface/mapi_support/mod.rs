//! IMAPISupport.

mod export;
mod import;

use mapi_sys::*;
use mapi_types::{EntryId, Error, Guid, MapiUid, Notification, PropTag, Property, Result, Row};

use super::*;
use crate::alloc::Allocator;
use crate::ptr::{ComPtr, ComRef};
use crate::scope::ShellBlock;

/// IMAPISupport: what MAPI does for a provider (imapisupportiunknown.md). All 44 slots; a method that does not belong to the
/// kind of provider answers MAPI_E_NO_SUPPORT, as the defaults do (constants.md, 14; LIFE-SUP-001).
///
/// NewUID needs no trait: the export answers it.
pub trait MapiSupport: ComObject {
    /// Subscribe to what `key` names.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn subscribe(
        &self,
        key: &[u8],
        event_mask: u32,
        flags: u32,
        sink: ComPtr<IMAPIAdviseSink>,
    ) -> Result<usize> {
        let _ = (key, event_mask, flags, sink);
        Err(Error::no_support())
    }

    /// Unsubscribe.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn unsubscribe(&self, connection: usize) -> Result<()> {
        let _ = connection;
        Err(Error::no_support())
    }

    /// Notify everybody subscribed to `key`: the flags out (NOTIFY_CANCELED).
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn notify(&self, key: &[u8], notifications: &[Notification], flags: u32) -> Result<u32> {
        let _ = (key, notifications, flags);
        Err(Error::no_support())
    }

    /// ModifyStatusRow (OP-14).
    ///
    /// # Errors
    /// MAPI_E_MISSING_REQUIRED_COLUMN, MAPI_E_NOT_FOUND.
    fn modify_status_row(&self, columns: &[Property], flags: u32) -> Result<()> {
        let _ = (columns, flags);
        Err(Error::no_support())
    }

    /// OpenProfileSection; `None` is the provider's own (LIFE-SUP-003).
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn open_profile_section(&self, uid: Option<&MapiUid>, flags: u32) -> Result<ComPtr<IProfSect>>;

    /// RegisterPreprocessor.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn register_preprocessor(
        &self,
        uid: Option<&MapiUid>,
        address_type: Option<&str>,
        library: &str,
        preprocess: &str,
        remove: &str,
        flags: u32,
    ) -> Result<()> {
        let _ = (uid, address_type, library, preprocess, remove, flags);
        Err(Error::no_support())
    }

    /// SpoolerYield; `true` is MAPI_W_CANCEL_MESSAGE.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn spooler_yield(&self, flags: u32) -> Result<bool> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// SpoolerNotify.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn spooler_notify(&self, flags: u32, data: usize) -> Result<()> {
        let _ = (flags, data);
        Err(Error::no_support())
    }

    /// CreateOneOff.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER.
    fn create_one_off(
        &self,
        name: &str,
        address_type: &str,
        address: &str,
        flags: u32,
    ) -> Result<EntryId> {
        let _ = (name, address_type, address, flags);
        Err(Error::no_support())
    }

    /// SetProviderUID: adds, never removes (LIFE-UID-002).
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER.
    fn set_provider_uid(&self, uid: &MapiUid, flags: u32) -> Result<()> {
        let _ = (uid, flags);
        Err(Error::no_support())
    }

    /// CompareEntryIDs.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID.
    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool> {
        let _ = (left, right, flags);
        Err(Error::no_support())
    }

    /// OpenEntry.
    ///
    /// # Errors
    /// MAPI_E_UNKNOWN_ENTRYID.
    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        let _ = (entry_id, interface, flags);
        Err(Error::no_support())
    }

    /// GetOneOffTable.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn get_one_off_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// CopyMessages, for stores that do not copy themselves.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn copy_messages(
        &self,
        source: ComRef<'_, IUnknown>,
        messages: &[EntryId],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<super::Completion> {
        let _ = (source, messages, target, flags);
        Err(Error::no_support())
    }

    /// CopyFolder, for stores that do not copy themselves.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn copy_folder(
        &self,
        source: ComRef<'_, IUnknown>,
        folder: &EntryId,
        target: &CopyTarget<'_>,
        new_name: Option<&str>,
        flags: u32,
    ) -> Result<super::Completion> {
        let _ = (source, folder, target, new_name, flags);
        Err(Error::no_support())
    }

    /// DoCopyTo, for providers that do not copy themselves.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn do_copy_to(
        &self,
        source: ComRef<'_, IUnknown>,
        exclude_interfaces: &[Guid],
        exclude_props: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>> {
        let _ = (source, exclude_interfaces, exclude_props, target, flags);
        Err(Error::no_support())
    }

    /// DoCopyProps, for providers that do not copy themselves.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn do_copy_props(
        &self,
        source: ComRef<'_, IUnknown>,
        include: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>> {
        let _ = (source, include, target, flags);
        Err(Error::no_support())
    }

    /// PrepareSubmit: the flags out.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn prepare_submit(&self, message: ComRef<'_, IMessage>, flags: u32) -> Result<u32> {
        let _ = (message, flags);
        Err(Error::no_support())
    }

    /// ExpandRecips: the flags out.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn expand_recips(&self, message: ComRef<'_, IMessage>) -> Result<u32> {
        let _ = message;
        Err(Error::no_support())
    }

    /// DoSentMail.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn do_sent_mail(&self, flags: u32, message: ComRef<'_, IMessage>) -> Result<()> {
        let _ = (flags, message);
        Err(Error::no_support())
    }

    /// OpenAddressBook.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn open_address_book(&self, interface: Option<&Guid>, flags: u32) -> Result<ComPtr<IAddrBook>> {
        let _ = (interface, flags);
        Err(Error::no_support())
    }

    /// CompleteMsg.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn complete_msg(&self, flags: u32, message: &EntryId) -> Result<()> {
        let _ = (flags, message);
        Err(Error::no_support())
    }

    /// StoreLogoffTransports: the flags out (lifecycle.md, 6.3).
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER, MAPI_E_UNKNOWN_FLAGS (OP-32).
    fn store_logoff_transports(&self, flags: u32) -> Result<u32> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// StatusRecips.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn status_recips(&self, message: ComRef<'_, IMessage>, recipients: &[Row]) -> Result<()> {
        let _ = (message, recipients);
        Err(Error::no_support())
    }

    /// WrapStoreEntryID.
    ///
    /// # Errors
    /// MAPI_E_INVALID_ENTRYID.
    fn wrap_store_entry_id(&self, entry_id: &EntryId) -> Result<EntryId> {
        let _ = entry_id;
        Err(Error::no_support())
    }

    /// ModifyProfile.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn modify_profile(&self, flags: u32) -> Result<()> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// GetSvcConfigSupportObj.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn get_svc_config_support_obj(&self, flags: u32) -> Result<ComPtr<IMAPISupport>> {
        let _ = flags;
        Err(Error::no_support())
    }

    /// OpenTemplateID, Address, Details, NewEntry, DoConfigPropsheet, DoProgressDialog, ReadReceipt, UpdatePAB, Preprocess,
    /// IStorageFromStream: dialogs, structured storage, or without a page (constants.md, 14).
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn not_built(&self) -> Result<()> {
        Err(Error::no_support())
    }

    /// GetMemAllocRoutines: the three functions that the provider's entry point got (LIFE-SUP-002).
    fn allocator(&self) -> Allocator;

    /// MakeInvalid. The export answers it itself; a provider calls it through the import.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER for an object that is too small or not from MAPI's allocator.
    fn make_invalid(&self, shell: &ShellBlock) -> Result<()> {
        let _ = shell;
        Err(Error::no_support())
    }

    /// MakeInvalid has made an object MAPI's: one that its provider has ended and its client still refers to. `methods` is
    /// what the provider said; [`invalid::kind_of`](crate::invalid::kind_of) knows which object has so many. For the census
    /// (lifecycle.md, 6.12).
    fn made_invalid(&self, methods: u32) {
        let _ = methods;
    }
}
