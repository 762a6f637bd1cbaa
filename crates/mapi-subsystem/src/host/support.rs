//! Support objects: one per call of a logon method (lifecycle.md, 5.1; LIFE-SUP).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mapi_com::alloc::Allocator;
use mapi_com::host_call::ProviderKind;
use mapi_com::iface::{Census, ComObject, IID_IOPEN_MAPI_CENSUS, MapiSupport, OpenedEntry};
use mapi_com::invalid::kind_of;
use mapi_com::ptr::{ComPtr, Unknown, guid_to_abi};
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_types::{
    EntryId, Error, ErrorCode, Guid, MapiUid, Notification, OneOff, Property, Result,
};

use super::Logon;
use super::ledger::Ledger;
use crate::session::SessionCore;

/// LOGOFF_NO_WAIT .. LOGOFF_QUIET: exactly one of them goes in.
const LOGOFF_INPUT: u32 = 0x1F;
/// LOGOFF_ORDERLY: what 0 means (OP-32).
const LOGOFF_ORDERLY: u32 = 0x2;
/// LOGOFF_COMPLETE.
const LOGOFF_COMPLETE: u32 = 0x0001_0000;

/// The support object of one logon, of the kind of its provider. Methods of other kinds answer MAPI_E_NO_SUPPORT.
///
/// It keeps the session core alive. The provider's last Release of it is where both roads down meet: block S, in
/// [`ComObject::last_release`].
pub(crate) struct Support {
    logon: Arc<Logon>,
    session: Arc<SessionCore>,
    scope: Arc<Scope>,
    allocator: Allocator,
    /// StoreLogoffTransports has answered LOGOFF_COMPLETE.
    store_logoff_done: AtomicBool,
    /// Objects that became MAPI's because a client still refers to them.
    ledger: Arc<Ledger>,
}

impl Support {
    /// Makes the support object of `logon`; the result is its creation reference. `allocator` has the functions that the
    /// provider's entry point got.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_MEMORY.
    pub fn create(
        logon: &Arc<Logon>,
        session: &Arc<SessionCore>,
        allocator: Allocator,
    ) -> Result<ComPtr<mapi_sys::IMAPISupport>> {
        let scope = session.new_scope(format!("support object of {}", logon.place.display_name));
        let support: Arc<dyn MapiSupport> = Arc::new(Self {
            logon: Arc::clone(logon),
            session: Arc::clone(session),
            scope: Arc::clone(&scope),
            allocator,
            store_logoff_done: AtomicBool::new(false),
            ledger: Arc::new(Ledger::new(session.subsystem().config().traces)),
        });
        logon.set_support(Arc::clone(&scope));
        export(&scope, support)
    }

    fn only(&self, kinds: &[ProviderKind]) -> Result<()> {
        if kinds.contains(&self.logon.kind) {
            return Ok(());
        }
        let kind = self.logon.kind;
        Err(Error::no_support().context(format!(
            "not a method of the support object of a {kind} provider"
        )))
    }
}

impl ComObject for Support {
    fn other_interface(&self, interface: &Guid) -> Option<Unknown> {
        if guid_to_abi(interface) != IID_IOPEN_MAPI_CENSUS {
            return None;
        }
        let ledger: Arc<dyn Census> = self.ledger.clone();
        export(&self.scope, ledger).ok().map(ComPtr::into_unknown)
    }

    fn last_release(&self) {
        // What a client left open is in the report, and is not held against the provider.
        let recorder = self.session.way_down().driver().recorder();
        self.ledger.report(recorder, self.logon.provider.id);
        self.session.support_ended(&self.logon);
    }
}

impl MapiSupport for Support {
    fn allocator(&self) -> Allocator {
        self.allocator
    }

    fn made_invalid(&self, methods: u32) {
        self.ledger.add(kind_of(methods), None);
    }

    fn subscribe(
        &self,
        key: &[u8],
        event_mask: u32,
        flags: u32,
        sink: ComPtr<mapi_sys::IMAPIAdviseSink>,
    ) -> Result<usize> {
        self.logon
            .subscriptions()
            .subscribe(key, event_mask, flags, Arc::new(sink))
    }

    fn unsubscribe(&self, connection: usize) -> Result<()> {
        self.logon.subscriptions().unadvise(connection)
    }

    fn notify(&self, key: &[u8], notifications: &[Notification], flags: u32) -> Result<u32> {
        if flags != 0 {
            return Err(ErrorCode::UNKNOWN_FLAGS.into());
        }
        Ok(self.logon.subscriptions().notify(key, notifications))
    }

    fn modify_status_row(&self, columns: &[Property], flags: u32) -> Result<()> {
        self.session.status().modify(&self.logon, columns, flags)
    }

    fn open_profile_section(
        &self,
        uid: Option<&MapiUid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IProfSect>> {
        let uid = uid.copied().unwrap_or(self.logon.place.section);
        self.session
            .open_provider_section(&self.scope, &uid, flags, self.logon.id)
    }

    fn create_one_off(
        &self,
        name: &str,
        address_type: &str,
        address: &str,
        flags: u32,
    ) -> Result<EntryId> {
        Ok(one_off(name, address_type, address, flags))
    }

    fn set_provider_uid(&self, uid: &MapiUid, flags: u32) -> Result<()> {
        self.only(&[ProviderKind::AddressBook, ProviderKind::Store])?;
        if flags != 0 {
            return Err(ErrorCode::UNKNOWN_FLAGS.into());
        }
        self.session.routing().add(*uid, &self.logon);
        Ok(())
    }

    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool> {
        self.session.compare_entry_ids(left, right, flags)
    }

    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        self.session
            .open_entry(&self.scope, entry_id, interface, flags)
    }

    fn open_address_book(
        &self,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IAddrBook>> {
        self.session
            .open_address_book(&self.scope, interface, flags)
            .map(|(book, _)| book)
    }

    fn store_logoff_transports(&self, flags: u32) -> Result<u32> {
        self.only(&[ProviderKind::Store])?;
        if flags & !LOGOFF_INPUT != 0 {
            return Err(ErrorCode::UNKNOWN_FLAGS.into());
        }
        let flags = if flags == 0 { LOGOFF_ORDERLY } else { flags };
        if !flags.is_power_of_two() {
            return Err(
                Error::caller(ErrorCode::INVALID_PARAMETER).context("more than one LOGOFF_ flag")
            );
        }
        // No transport works on this store: the spooler is not built, so there is nothing to finish, cancel or refuse, and
        // the request is complete at once, as for a store that the spooler does not know (lifecycle.md, 6.3).
        self.store_logoff_done.store(true, Ordering::Release);
        Ok(LOGOFF_COMPLETE)
    }

    fn wrap_store_entry_id(&self, entry_id: &EntryId) -> Result<EntryId> {
        crate::session::wrap_store_entry_id(&self.logon.place.library, entry_id)
    }
}

/// CreateOneOff, for support objects and IAddrBook.
pub(crate) fn one_off(name: &str, address_type: &str, address: &str, flags: u32) -> EntryId {
    let mut one_off = OneOff::new(name, address_type, address);
    one_off.no_rich_info = flags & mapi_sys::MAPI_SEND_NO_RICH_INFO != 0;
    one_off.entry_id()
}
