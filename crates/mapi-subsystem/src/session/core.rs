//! The session core: what all handles of a session share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use mapi_com::alloc::Allocator;
use mapi_com::host_call::LogonObject;
use mapi_com::iface::{AbLogon as _, MsLogon as _, OpenedEntry};
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_types::{EntryId, Error, ErrorCode, Guid, MapiUid, Notification, ONE_OFF_UID, Result};

use super::handle::Handle;
use super::way_down::WayDown;
use crate::clock::Signal;
use crate::host::{HostedLibrary, Logon, Provider};
use crate::profile::objects::{ClientScope, Opener};
use crate::profile::{ProfileUse, ProviderEntry};
use crate::report::ShutdownReport;
use crate::routing::Routing;
use crate::shutdown::{LibraryId, LogonId, LogonState, ProviderId, SessionState};
use crate::status::StatusTable;
use crate::subsystem::Subsystem;

/// A session: the profile, the providers that were started for it, and what they registered.
///
/// Clients never have it; they have handles ([`Handle`]). Provider objects and logons are kept here until their last call;
/// their states are in the plan ([`WayDown`]).
pub(crate) struct SessionCore {
    /// Unique in the subsystem.
    pub id: u64,
    subsystem: Arc<Subsystem>,
    profile: Mutex<Option<ProfileUse>>,
    profile_name: String,
    entries: Vec<ProviderEntry>,
    routing: Routing,
    status: StatusTable,
    way_down: WayDown,
    parts: Mutex<Parts>,
    /// Raised when a provider object has gone, and when a start is over.
    changed: Arc<Signal>,
}

/// What the session holds of its providers.
#[derive(Default)]
pub(super) struct Parts {
    pub libraries: Vec<Arc<HostedLibrary>>,
    pub providers: BTreeMap<ProviderId, Arc<Provider>>,
    pub logons: BTreeMap<LogonId, Arc<Logon>>,
    /// Provider objects that are being made: (kind, library) in small letters. One at a time (LIFE-STORE-018).
    pub starting: BTreeSet<(crate::shutdown::Kind, String)>,
    /// PR_SERVICE_UID of services whose providers get no service calls any more (LIFE-LOGON-019).
    pub disabled: BTreeSet<MapiUid>,
    /// Address book providers that have been tried (LIFE-LOGON-007).
    pub tried: BTreeSet<MapiUid>,
    pub handles: Vec<Weak<Handle>>,
    /// The last handle ends: no other one is made.
    pub last_handle_ends: bool,
}

impl SessionCore {
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_MEMORY.
    pub fn new(subsystem: &Arc<Subsystem>, profile: ProfileUse) -> Result<Arc<Self>> {
        let id = subsystem.next_session();
        let status = StatusTable::new(id)?;
        let name = profile.name().to_owned();
        Ok(Arc::new_cyclic(|this| Self {
            id,
            subsystem: Arc::clone(subsystem),
            profile_name: profile.name().to_owned(),
            entries: profile.profile().provider_entries(),
            profile: Mutex::new(Some(profile)),
            routing: Routing::default(),
            status,
            way_down: WayDown::new(this.clone(), subsystem, id, &name),
            parts: Mutex::default(),
            changed: Signal::new(),
        }))
    }

    pub fn subsystem(&self) -> &Arc<Subsystem> {
        &self.subsystem
    }

    pub fn profile_name(&self) -> &str {
        &self.profile_name
    }

    /// The providers of the profile, as they were at logon (OP-56).
    pub fn entries(&self) -> &[ProviderEntry] {
        &self.entries
    }

    pub fn routing(&self) -> &Routing {
        &self.routing
    }

    pub fn status(&self) -> &StatusTable {
        &self.status
    }

    pub fn way_down(&self) -> &WayDown {
        &self.way_down
    }

    pub(super) fn changed(&self) -> &Arc<Signal> {
        &self.changed
    }

    pub(super) fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A scope for objects of this session.
    pub fn new_scope(&self, owner: String) -> Arc<Scope> {
        Scope::with_traces(owner, Allocator::local(), self.subsystem.config().traces)
    }

    /// Runs `work` with the profile.
    ///
    /// # Errors
    /// MAPI_E_INVALID_OBJECT once the session has ended; what `work` returns.
    pub fn with_profile<R>(&self, work: impl FnOnce(&ProfileUse) -> Result<R>) -> Result<R> {
        let profile = self.profile.lock().unwrap_or_else(PoisonError::into_inner);
        work(profile.as_ref().ok_or(ErrorCode::INVALID_OBJECT)?)
    }

    /// Step 12 of the way down: the profile is not used any more.
    pub(super) fn end_profile(&self) -> Result<()> {
        // Sections that were left open must not keep other sessions from them.
        self.handles().iter().for_each(|handle| handle.cut_off());
        let profile = self
            .profile
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        profile.map_or(Ok(()), ProfileUse::end)
    }

    pub fn is_open(&self) -> bool {
        self.way_down.session() == SessionState::Open
    }

    /// Ends the session like Logoff with flags 0 of its last handle (LIFE-LOGOFF-023). The report, if this call ended it.
    pub fn end(self: &Arc<Self>) -> Option<ShutdownReport> {
        for handle in self.handles() {
            handle.make_inert();
        }
        self.way_down.end_session()
    }

    pub(super) fn handles(&self) -> Vec<Arc<Handle>> {
        self.parts()
            .handles
            .iter()
            .filter_map(Weak::upgrade)
            .collect()
    }

    pub fn logon(&self, id: LogonId) -> Option<Arc<Logon>> {
        self.parts().logons.get(&id).cloned()
    }

    pub fn provider(&self, id: ProviderId) -> Option<Arc<Provider>> {
        self.parts().providers.get(&id).cloned()
    }

    /// The library of this number in the plan.
    pub fn library(&self, id: LibraryId) -> Option<Arc<HostedLibrary>> {
        self.parts().libraries.get(id.0 as usize).cloned()
    }

    /// The number of a library in the plan.
    pub(super) fn library_id(&self, library: &Arc<HostedLibrary>) -> LibraryId {
        let mut parts = self.parts();
        let found = parts
            .libraries
            .iter()
            .position(|known| Arc::ptr_eq(known, library));
        let index = found.unwrap_or_else(|| {
            parts.libraries.push(Arc::clone(library));
            parts.libraries.len() - 1
        });
        LibraryId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Block S: the provider has given its support object back (S0 to S4; what follows is the plan's).
    pub fn support_ended(&self, logon: &Arc<Logon>) {
        self.way_down.support_gone(logon);
    }

    /// S2 to S4: nothing of this logon is registered any more.
    pub(super) fn forget_registrations(&self, logon: &Logon) {
        self.stop_routing(logon);
        #[cfg(feature = "sabotage")]
        if self
            .way_down()
            .driver()
            .is_sabotaged(crate::shutdown::Sabotage::KeepRows)
        {
            return;
        }
        self.status.remove_rows_of(logon);
        logon.end_subscriptions();
    }

    pub(super) fn stop_routing(&self, logon: &Logon) {
        #[cfg(feature = "sabotage")]
        if self
            .way_down()
            .driver()
            .is_sabotaged(crate::shutdown::Sabotage::KeepUids)
        {
            return;
        }
        self.routing.remove(logon);
    }

    /// OpenEntry of session, address book and support objects, routed by MAPIUID (LIFE-UID-003).
    pub fn open_entry(
        self: &Arc<Self>,
        scope: &Arc<Scope>,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        if let Some(opened) = self
            .status
            .open_own_entry(self, scope, entry_id, interface)?
        {
            return Ok(opened);
        }
        if entry_id.uid() == Some(ONE_OFF_UID) {
            return super::address_book::open_one_off(scope, entry_id, interface);
        }
        if let Some(logon) = self.status.logon_of(entry_id) {
            let logon = self.logon(logon).ok_or(ErrorCode::UNKNOWN_ENTRYID)?;
            return logon.serve(|object| open_status(object, interface, flags));
        }
        self.routing.find(entry_id)?.serve(|object| match object {
            LogonObject::AddressBook(logon) => logon.open_entry(entry_id, interface, flags),
            LogonObject::Store(logon) => logon.open_entry(entry_id, interface, flags),
            LogonObject::Transport(_) => Err(ErrorCode::UNKNOWN_ENTRYID.into()),
        })
    }

    /// CompareEntryIDs, routed by MAPIUID: of two identifiers with different MAPIUIDs the first one's provider decides.
    pub fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool> {
        if left == right {
            return Ok(true);
        }
        if left.uid() != right.uid() || left.uid() == Some(ONE_OFF_UID) {
            return Ok(false);
        }
        self.routing.find(left)?.serve(|object| match object {
            LogonObject::AddressBook(logon) => logon.compare_entry_ids(left, right, flags),
            LogonObject::Store(logon) => logon.compare_entry_ids(left, right, flags),
            LogonObject::Transport(_) => Err(ErrorCode::UNKNOWN_ENTRYID.into()),
        })
    }

    /// IMAPISession::OpenProfileSection.
    pub fn open_client_section(
        &self,
        scope: &Arc<Scope>,
        uid: Option<&MapiUid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IProfSect>> {
        let admin = self.subsystem.administration();
        admin.open_section(scope, &self.profile_name, uid, flags, Opener::Client)
    }

    /// IMAPISupport::OpenProfileSection (LIFE-SUP-003).
    pub fn open_provider_section(
        &self,
        scope: &Arc<Scope>,
        uid: &MapiUid,
        flags: u32,
        logon: LogonId,
    ) -> Result<ComPtr<mapi_sys::IProfSect>> {
        let logging_on = self.way_down.driver().logon(logon) == Some(LogonState::Starting);
        let admin = self.subsystem.administration();
        admin.open_section(
            scope,
            &self.profile_name,
            Some(uid),
            flags,
            Opener::Provider { logging_on },
        )
    }

    /// IMAPISession::AdminServices.
    pub fn admin_services(
        &self,
        client: &ClientScope,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IMsgServiceAdmin>> {
        if flags & !mapi_sys::MAPI_UNICODE != 0 {
            return Err(ErrorCode::UNKNOWN_FLAGS.into());
        }
        let admin = self.subsystem.administration();
        Ok(admin.service_admin(client, &self.profile_name)?.upcast())
    }

    /// Advise on an entry: the provider's connection number, with the logon that gave it.
    pub fn advise_entry(
        &self,
        entry_id: &EntryId,
        event_mask: u32,
        sink: ComPtr<mapi_sys::IMAPIAdviseSink>,
    ) -> Result<(Arc<Logon>, usize)> {
        let logon = self.routing.find(entry_id)?;
        let connection = logon.serve(|object| match object {
            LogonObject::AddressBook(logon) => logon.advise(entry_id, event_mask, sink),
            LogonObject::Store(logon) => logon.advise(entry_id, event_mask, sink),
            LogonObject::Transport(_) => Err(Error::no_support()),
        })?;
        Ok((logon, connection))
    }

    /// fnevExtended to the sinks of every handle (OP-16).
    pub(super) fn tell_logoff(&self) {
        for handle in self.handles() {
            handle.sinks().broadcast(Notification::Extended {
                event: 0,
                data: Vec::new(),
            });
        }
    }
}

fn open_status(object: &LogonObject, interface: Option<&Guid>, flags: u32) -> Result<OpenedEntry> {
    match object {
        LogonObject::AddressBook(logon) => logon.open_status_entry(interface, flags),
        LogonObject::Store(logon) => logon.open_status_entry(interface, flags),
        LogonObject::Transport(_) => Err(Error::no_support()),
    }
}
