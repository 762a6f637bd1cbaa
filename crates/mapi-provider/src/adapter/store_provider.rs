//! IMSProvider over a [`StoreProvider`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use mapi_com::alloc::Allocator;
use mapi_com::iface::{ComObject, MapiSupport, MsLogon, MsLogonRequest, MsLogonResult, MsProvider};
use mapi_com::ptr::{ComPtr, Unknown};
use mapi_com::scope::Scope;
use mapi_com::shell::{WeakShell, export};
use mapi_sys::{
    GUID, IID_IMAPIProp, IID_IMsgStore, IMsgStore, MAPI_BEST_ACCESS, MDB_NO_DIALOG, MDB_TEMPORARY,
    MDB_WRITE,
};
use mapi_types::{EntryId, Error, ErrorCode, Guid, Property, Result, tag};

use super::fast::{FastShutdown, flush_all, shutdown_interface};
use super::home::{World, check_interface};
use super::logon::Logon;
use super::section::Section;
use super::store::{StoreLogonObject, StoreObject, constants};
use crate::{Access, LogonRequest, ProfileSection as _, Store, StoreProvider};

const STORE_INTERFACES: [GUID; 2] = [IID_IMAPIProp, IID_IMsgStore];

/// The provider object: bookkeeping of its logons, from MSProviderInit to the last Release.
pub(crate) struct StoreProviderObject {
    me: Weak<Self>,
    provider: Box<dyn StoreProvider>,
    allocator: Allocator,
    scope: Arc<Scope>,
    logons: Mutex<Vec<OpenStore>>,
    opening: Turnstile,
    shut_down: AtomicBool,
}

/// Lets one logon through at a time, so that two clients who open a store at once get the same one. No lock is held
/// while it is open.
#[derive(Default)]
struct Turnstile {
    taken: Mutex<bool>,
    free: Condvar,
}

struct Passing<'a>(&'a Turnstile);

impl Turnstile {
    fn pass(&self) -> Passing<'_> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.free.wait_while(taken, |taken| *taken);
        *waited.unwrap_or_else(PoisonError::into_inner) = true;
        Passing(self)
    }
}

impl Drop for Passing<'_> {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.free.notify_one();
    }
}

struct OpenStore {
    logon: Arc<Logon>,
    /// `None` for a store of the spooler's, which is never handed out a second time.
    shared: Option<(EntryId, WeakShell<IMsgStore>)>,
}

impl StoreProviderObject {
    /// Makes the provider object that MSProviderInit returns.
    pub(crate) fn create(
        provider: Box<dyn StoreProvider>,
        allocator: Allocator,
    ) -> Result<ComPtr<mapi_sys::IMSProvider>> {
        let scope = Scope::new(provider.display_name(), allocator);
        let this = Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            provider,
            allocator,
            scope: Arc::clone(&scope),
            logons: Mutex::default(),
            opening: Turnstile::default(),
            shut_down: AtomicBool::new(false),
        });
        export::<dyn MsProvider>(&scope, this)
    }

    /// Takes a logon off the list (LIFE-LOGOFF-007).
    pub(crate) fn forget(&self, logon: &Arc<Logon>) {
        self.logons()
            .retain(|open| !Arc::ptr_eq(&open.logon, logon));
    }

    fn logons(&self) -> MutexGuard<'_, Vec<OpenStore>> {
        self.logons.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, request: &MsLogonRequest<'_>, spooler: bool) -> Result<MsLogonResult> {
        check_interface(request.interface.as_ref(), &STORE_INTERFACES)?;
        let section = Section::open(&request.support)?;
        let _passing = self.opening.pass();
        let entry_id = match request.entry_id.is_empty() {
            true => EntryId::from(request.spool_security),
            false => request.entry_id.clone(),
        };
        let access = match request.flags {
            flags if flags & MAPI_BEST_ACCESS != 0 => Access::Best,
            flags if flags & MDB_WRITE != 0 => Access::ReadWrite,
            _ => Access::ReadOnly,
        };
        let asked = LogonRequest {
            profile: &section,
            profile_name: request.profile_name,
            entry_id: &entry_id,
            access,
            allow_ui: request.flags & MDB_NO_DIALOG == 0,
            temporary: request.flags & MDB_TEMPORARY != 0,
            spooler,
        };
        if !spooler && let Some(store) = self.already_open(&asked)? {
            return Ok(MsLogonResult {
                logon: None,
                store,
                spool_security: Vec::new(),
                warning: None,
            });
        }
        let store: Arc<dyn Store> = Arc::from(self.provider.logon(&asked)?);
        let id = store.entry_id();
        let wrapped = request.support.wrap_store_entry_id(&id).ok();
        if let Some(wrapped) = &wrapped {
            remember(&section, wrapped, &*store, &self.provider.kind());
        }
        let constants = constants(&*store, &*self.provider, wrapped);
        let world = World::Store(Arc::clone(&store));
        let logon = Logon::begin(request.support, self.allocator, world, constants)?;
        let result = self.faces(&logon, store, &id, spooler);
        if result.is_err() {
            logon.end();
        }
        result
    }

    /// The store of an earlier logon, if this request means it and it has not ended meanwhile (LIFE-LOGON-013).
    fn already_open(&self, request: &LogonRequest<'_>) -> Result<Option<ComPtr<IMsgStore>>> {
        if self.logons().iter().all(|open| open.shared.is_none()) {
            return Ok(None);
        }
        let wanted = self.provider.identify(request)?;
        // Neither the author's comparison nor a Release may run under our lock.
        let open: Vec<(EntryId, ComPtr<IMsgStore>)> = self
            .logons()
            .iter()
            .filter_map(|open| open.shared.as_ref())
            .filter_map(|(id, store)| Some((id.clone(), store.upgrade()?)))
            .collect();
        for (id, store) in open {
            if self.provider.same_store(&id, &wanted)? {
                return Ok(Some(store));
            }
        }
        Ok(None)
    }

    fn faces(
        &self,
        logon: &Arc<Logon>,
        store: Arc<dyn Store>,
        id: &EntryId,
        spooler: bool,
    ) -> Result<MsLogonResult> {
        let (store, weak) = StoreObject::open(logon, store, &self.me)?;
        let face = StoreLogonObject {
            logon: Arc::clone(logon),
            provider: Weak::clone(&self.me),
        };
        let logon_object = export::<dyn MsLogon>(&self.scope, Arc::new(face))?;
        self.logons().push(OpenStore {
            logon: Arc::clone(logon),
            shared: (!spooler).then(|| (id.clone(), weak)),
        });
        Ok(MsLogonResult {
            logon: Some(logon_object),
            store,
            spool_security: id.as_bytes().to_vec(),
            warning: None,
        })
    }

    /// Shutdown, or the last Release of a host that forgot it: whatever is left of the logons ends, then the author's part.
    fn end(&self) {
        if self.shut_down.swap(true, Ordering::AcqRel) {
            return;
        }
        let left = std::mem::take(&mut *self.logons());
        for open in left {
            open.logon.end();
        }
        self.provider.shutdown();
    }

    fn check_running(&self) -> Result<()> {
        if self.shut_down.load(Ordering::Acquire) {
            return Err(
                Error::caller(ErrorCode::INVALID_OBJECT).context("Shutdown has been called")
            );
        }
        Ok(())
    }
}

impl ComObject for StoreProviderObject {
    fn other_interface(&self, interface: &Guid) -> Option<Unknown> {
        shutdown_interface(&self.scope, self.me.upgrade()?, interface)
    }

    fn last_release(&self) {
        self.end();
    }
}

impl FastShutdown for StoreProviderObject {
    fn query(&self) -> Result<()> {
        self.provider.query_fast_shutdown().map_err(Error::from)
    }

    fn flush(&self) -> Result<()> {
        let logons: Vec<_> = self.logons().iter().map(|o| Arc::clone(&o.logon)).collect();
        flush_all(logons.iter())
    }
}

impl MsProvider for StoreProviderObject {
    fn shutdown(&self) -> Result<()> {
        self.end();
        Ok(())
    }

    fn logon(&self, request: &MsLogonRequest<'_>) -> Result<MsLogonResult> {
        self.check_running()?;
        self.open(request, false)
            .map_err(|e| e.component(self.provider.display_name().to_owned()))
    }

    fn spooler_logon(&self, request: &MsLogonRequest<'_>) -> Result<MsLogonResult> {
        self.check_running()?;
        self.open(request, true)
            .map_err(|e| e.component(self.provider.display_name().to_owned()))
    }

    fn compare_store_ids(&self, left: &EntryId, right: &EntryId, _flags: u32) -> Result<bool> {
        self.check_running()?;
        self.provider.same_store(left, right)
    }
}

/// Puts into the profile what the table of message stores shows, so that a client finds the store without a logon. A profile
/// that cannot be written is no reason to fail.
fn remember(section: &Section, wrapped: &EntryId, store: &dyn Store, kind: &Guid) {
    let props = [
        Property::new(tag::PR_ENTRYID, wrapped.as_bytes()),
        Property::new(tag::PR_RECORD_KEY, store.record_key()),
        Property::new(tag::PR_MDB_PROVIDER, &kind.0[..]),
    ];
    let tags = props.each_ref().map(|p| p.tag);
    if section.get_props(&tags).is_ok_and(|known| known != props) {
        let _ = section.set_props(&props);
    }
}
