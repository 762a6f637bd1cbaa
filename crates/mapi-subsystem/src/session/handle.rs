//! IMAPISession: one client's handle on a session.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use mapi_com::host_call::LogonObject;
use mapi_com::iface::{
    AbLogon as _, AdviseSink, ClientShutdown, ComObject, MapiSession, MsLogon as _, OpenedEntry,
};
use mapi_com::ptr::{ComPtr, Unknown, guid_to_abi};
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_sys::{IID_IMAPIClientShutdown, MAPI_LOGOFF_SHARED, MAPI_LOGOFF_UI};
use mapi_types::{EntryId, Error, ErrorCode, Guid, MapiUid, Notification, Result};

use super::SessionCore;
use super::fast::FastShutdownObject;
use crate::host::Logon;
use crate::notify::AdviseScope;
use crate::profile::objects::ClientScope;
use crate::report::LeftBy;

/// One client's handle: its own sinks, its own open objects, and a share in the session.
///
/// The session ends with its last handle, whether that one logs off or is only released (LIFE-LOGOFF-021, -023).
pub(crate) struct Handle {
    session: Arc<SessionCore>,
    /// Objects opened through this handle; closed when it ends.
    scope: Arc<Scope>,
    /// The scope of the handle itself.
    own: Arc<Scope>,
    sinks: Arc<AdviseScope>,
    ended: AtomicBool,
    /// Registrations at providers, under numbers of this handle's.
    entries: Mutex<BTreeMap<usize, (Arc<Logon>, usize)>>,
    /// What the last call that succeeded has to add (OP-10, OP-22).
    remark: Mutex<Option<Error>>,
}

/// Numbers of registrations at providers have this bit, so that they never meet those of the handle's own sinks.
const AT_PROVIDER: usize = 1 << (usize::BITS - 1);

impl Handle {
    /// A new handle on `session`.
    ///
    /// # Errors
    /// MAPI_E_END_OF_SESSION if its last handle ends just now; MAPI_E_NOT_ENOUGH_MEMORY.
    pub fn open(session: &Arc<SessionCore>) -> Result<ComPtr<mapi_sys::IMAPISession>> {
        let own = session.new_scope(format!("session {}", session.id));
        let handle = Arc::new(Self {
            session: Arc::clone(session),
            scope: session.new_scope(format!("client of session {}", session.id)),
            own: Arc::clone(&own),
            sinks: session.subsystem().engine().scope(),
            ended: AtomicBool::new(false),
            entries: Mutex::default(),
            remark: Mutex::default(),
        });
        let mut parts = session.parts();
        if parts.last_handle_ends {
            handle.ended.store(true, Ordering::Release);
            return Err(ErrorCode::END_OF_SESSION.into());
        }
        parts.handles.retain(|other| other.strong_count() > 0);
        parts.handles.push(Arc::downgrade(&handle));
        drop(parts);
        export::<dyn MapiSession>(&own, handle)
    }

    pub fn sinks(&self) -> &Arc<AdviseScope> {
        &self.sinks
    }

    /// From now on every call on the handle and its objects fails, GetLastError and Release excepted.
    pub fn make_inert(&self) {
        self.ended.store(true, Ordering::Release);
        self.scope.close();
        self.own.close();
        // The providers' own ends take care of what was registered with them.
        let registered = std::mem::take(&mut *self.entries());
        drop(registered);
    }

    /// The end of this handle. The first one to come does it.
    fn end(&self, flags: u32) -> Result<()> {
        if self.ended.swap(true, Ordering::AcqRel) {
            return Err(Error::caller(ErrorCode::INVALID_OBJECT)
                .context("the session was logged off before"));
        }
        self.scope.close();
        self.own.close();
        let recorder = self.session.way_down().driver().recorder();
        recorder.census(
            &self.scope.open_objects(),
            None,
            LeftBy::Client,
            "made inert; safe to release at any time",
        );
        let others = self.others();
        self.session.tell_logoff();
        if flags & MAPI_LOGOFF_SHARED != 0 {
            for other in &others {
                other.sinks.broadcast(Notification::CriticalError {
                    entry_id: EntryId::default(),
                    error: Error::caller(ErrorCode::END_OF_SESSION)
                        .context("the session is being logged off"),
                    flags: 0,
                });
            }
        }
        self.end_sinks();
        if others.is_empty() {
            let faults = self.session.end().and_then(|r| r.fault_summary());
            self.set_remark(faults.map(|f| Error::provider(ErrorCode::CALL_FAILED).context(f)));
        } else {
            self.cut_off();
        }
        Ok(())
    }

    /// What was left open lets go of what it holds: a profile section of its lock, a table of its rows.
    pub fn cut_off(&self) {
        self.scope.cut_off();
    }

    /// The other handles that have not ended. If there are none, none is made from now on.
    fn others(&self) -> Vec<Arc<Handle>> {
        let mut parts = self.session.parts();
        let all: Vec<_> = parts.handles.iter().filter_map(Weak::upgrade).collect();
        let is_open = |other: &&Arc<Self>| {
            !std::ptr::eq(&raw const ***other, self) && !other.ended.load(Ordering::Acquire)
        };
        let others: Vec<_> = all.iter().filter(is_open).cloned().collect();
        parts.last_handle_ends |= others.is_empty();
        // Not under the lock: this may be the last reference of a handle.
        drop(parts);
        others
    }

    /// What is queued is delivered, bounded; then the sinks are released (LIFE-MEM-001, -002).
    fn end_sinks(&self) {
        let ms = self.session.subsystem().config().deadlines.notify_drain_ms;
        let limit = std::time::Duration::from_millis(ms);
        for (logon, connection) in std::mem::take(&mut *self.entries()).into_values() {
            drop(unadvise_at(&logon, connection));
        }
        self.sinks.seal();
        self.sinks.drain(limit);
        self.sinks.close(limit);
    }

    fn set_remark(&self, remark: Option<Error>) {
        *self.remark.lock().unwrap_or_else(PoisonError::into_inner) = remark;
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<usize, (Arc<Logon>, usize)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advise_at_provider(
        &self,
        entry_id: &EntryId,
        event_mask: u32,
        sink: ComPtr<mapi_sys::IMAPIAdviseSink>,
    ) -> Result<usize> {
        let registration = self.session.advise_entry(entry_id, event_mask, sink)?;
        let mut entries = self.entries();
        let number = entries
            .last_key_value()
            .map_or(AT_PROVIDER, |(last, _)| last + 1);
        entries.insert(number, registration);
        Ok(number)
    }
}

fn unadvise_at(logon: &Logon, connection: usize) -> Result<()> {
    logon.serve(|object| match object {
        LogonObject::AddressBook(logon) => logon.unadvise(connection),
        LogonObject::Store(logon) => logon.unadvise(connection),
        LogonObject::Transport(_) => Err(Error::no_support()),
    })
}

impl ComObject for Handle {
    fn other_interface(&self, interface: &Guid) -> Option<Unknown> {
        if guid_to_abi(interface) != IID_IMAPIClientShutdown {
            return None;
        }
        let fast: Arc<dyn ClientShutdown> =
            Arc::new(FastShutdownObject::new(self.session.subsystem()));
        export(&self.scope, fast).ok().map(ComPtr::into_unknown)
    }

    fn remark(&self, _code: ErrorCode) -> Option<Error> {
        let remark = self.remark.lock().unwrap_or_else(PoisonError::into_inner);
        remark.clone()
    }

    /// A handle that is only released ends like Logoff with flags 0 (OP-28).
    fn last_release(&self) {
        drop(self.end(0));
    }
}

impl MapiSession for Handle {
    fn get_msg_stores_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let _ = flags;
        self.session.msg_stores_table(&self.scope, &self.sinks)
    }

    fn open_msg_store(
        &self,
        ui_param: usize,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IMsgStore>> {
        let (store, warning) = self
            .session
            .open_msg_store(ui_param, entry_id, interface, flags)?;
        self.set_remark(warning);
        Ok(store)
    }

    fn open_address_book(
        &self,
        ui_param: usize,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<(ComPtr<mapi_sys::IAddrBook>, bool)> {
        let _ = ui_param;
        let (book, failure) = self
            .session
            .open_address_book(&self.scope, interface, flags)?;
        let failed = failure.is_some();
        self.set_remark(failure);
        Ok((book, failed))
    }

    fn open_profile_section(
        &self,
        uid: Option<&MapiUid>,
        flags: u32,
    ) -> Result<ComPtr<mapi_sys::IProfSect>> {
        self.session.open_client_section(&self.scope, uid, flags)
    }

    fn get_status_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let _ = flags;
        self.session.status().view(&self.scope, &self.sinks)
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

    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool> {
        self.session.compare_entry_ids(left, right, flags)
    }

    fn advise(
        &self,
        entry_id: &EntryId,
        event_mask: u32,
        sink: ComPtr<mapi_sys::IMAPIAdviseSink>,
    ) -> Result<usize> {
        if !entry_id.is_empty() {
            return self.advise_at_provider(entry_id, event_mask, sink);
        }
        let sink: Arc<dyn AdviseSink> = Arc::new(sink);
        self.sinks.advise(event_mask, sink)
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        if connection & AT_PROVIDER == 0 {
            return self.sinks.unadvise(connection);
        }
        let registration = self.entries().remove(&connection);
        let (logon, number) = registration.ok_or(ErrorCode::NOT_FOUND)?;
        unadvise_at(&logon, number)
    }

    fn enum_adr_types(&self, flags: u32) -> Result<Vec<String>> {
        // Transports are not built: nobody registers an address type.
        let _ = flags;
        Ok(Vec::new())
    }

    fn query_identity(&self) -> Result<Option<EntryId>> {
        // No provider supplies an identity: that is a transport's.
        Ok(None)
    }

    fn logoff(&self, ui_param: usize, flags: u32, reserved: u32) -> Result<()> {
        let _ = ui_param;
        if reserved != 0 {
            return Err(Error::caller(ErrorCode::INVALID_PARAMETER).context("ulReserved is not 0"));
        }
        if flags & !(MAPI_LOGOFF_SHARED | MAPI_LOGOFF_UI) != 0 {
            return Err(ErrorCode::UNKNOWN_FLAGS.into());
        }
        self.end(flags)
    }

    fn set_default_store(&self, flags: u32, entry_id: &EntryId) -> Result<()> {
        let _ = flags;
        self.session.set_default_store(entry_id)
    }

    fn admin_services(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMsgServiceAdmin>> {
        let client = ClientScope {
            scope: Arc::clone(&self.scope),
            sinks: Arc::clone(&self.sinks),
        };
        self.session.admin_services(&client, flags)
    }
}
