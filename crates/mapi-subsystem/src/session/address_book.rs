//! IAddrBook: all address book providers of a session as one.

mod object;
mod one_off;
mod root;

use std::sync::Arc;

use mapi_com::host_call::{LogonObject, ProviderKind as CallKind};
use mapi_com::iface::{AddrBook, OpenedEntry};
use mapi_com::ptr::{ComPtr, guid_to_abi};
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_sys::{AB_NO_DIALOG, IID_IAddrBook, IID_IMAPIProp};
use mapi_types::{EntryId, Error, ErrorCode, Guid, Result};

use super::SessionCore;
use super::start::LogonWish;
use crate::host::Logon;
use crate::profile::{ProviderEntry, ProviderKind};

impl SessionCore {
    /// OpenAddressBook: logs on every address book provider that has not been tried in this session, in profile order, and
    /// returns an IAddrBook in any case, with the first error if one of them failed (LIFE-LOGON-007).
    pub fn open_address_book(
        self: &Arc<Self>,
        scope: &Arc<Scope>,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<(ComPtr<mapi_sys::IAddrBook>, Option<Error>)> {
        let known = [IID_IAddrBook, IID_IMAPIProp];
        if interface.is_some_and(|i| !known.contains(&guid_to_abi(i))) {
            return Err(ErrorCode::INTERFACE_NOT_SUPPORTED.into());
        }
        if flags & !AB_NO_DIALOG != 0 {
            return Err(ErrorCode::UNKNOWN_FLAGS.into());
        }
        let books: Vec<ProviderEntry> = self
            .entries()
            .iter()
            .filter(|e| e.kind == ProviderKind::AddressBook)
            .cloned()
            .collect();
        let mut failure = None;
        for entry in &books {
            let failed = self.start_address_book(entry).err();
            failure = failure.or(failed.map(|e| e.context(entry.display_name.clone())));
        }
        let object: Arc<dyn AddrBook> = Arc::new(object::AddressBook::new(self, scope));
        Ok((export(scope, object)?, failure))
    }

    /// Logs on to one address book provider, at most once in a session.
    pub(super) fn start_address_book(self: &Arc<Self>, entry: &ProviderEntry) -> Result<()> {
        if !self.parts().tried.insert(entry.uid) {
            return Ok(());
        }
        let wish = LogonWish {
            flags: AB_NO_DIALOG,
            ..LogonWish::default()
        };
        let result = self.log_on(entry, &wish).map(drop);
        if matches!(&result, Err(e) if e.code() == ErrorCode::FAILONEPROVIDER || e.code() == ErrorCode::USER_CANCEL)
        {
            // "Not now" is not "never": the next OpenAddressBook may try again (OP-10, OP-49).
            self.parts().tried.remove(&entry.uid);
        }
        result
    }

    /// The address book logons, in the order of their start.
    fn address_books(&self) -> Vec<Arc<Logon>> {
        self.parts()
            .logons
            .values()
            .filter(|logon| logon.kind == CallKind::AddressBook)
            .cloned()
            .collect()
    }
}

/// Runs a call on an address book logon.
fn on_book<R>(
    logon: &Logon,
    call: impl FnOnce(&ComPtr<mapi_sys::IABLogon>) -> Result<R>,
) -> Result<R> {
    logon.serve(|object| match object {
        LogonObject::AddressBook(book) => call(book),
        _ => Err(Error::no_support()),
    })
}

/// Opens a recipient that stands in its entry identifier.
pub(super) fn open_one_off(
    scope: &Arc<Scope>,
    entry_id: &EntryId,
    interface: Option<&Guid>,
) -> Result<OpenedEntry> {
    one_off::open(scope, entry_id, interface)
}
