//! IABProvider and IABLogon over an [`AddressBookProvider`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use mapi_com::alloc::Allocator;
use mapi_com::iface::{AbLogon, AbLogonResult, AbProvider, ComObject, OpenedEntry};
use mapi_com::ptr::{ComPtr, ComRef, Unknown};
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_sys::{AB_NO_DIALOG, IMAPIAdviseSink, IMAPISupport, MAPI_UNICODE};
use mapi_types::{EntryId, Error, ErrorCode, Guid, PropTag, Property, Result, Row, tag};

use super::fast::{FastShutdown, flush_all, shutdown_interface};
use super::home::World;
use super::logon::Logon;
use super::section::Section;
use super::status::StatusObject;
use super::store::routed;
use super::text::{narrow_for, wide_tag, widen_row};
use crate::{Access, AddressBook, AddressBookProvider, LogonRequest};

/// The provider object: bookkeeping of its logons, from ABProviderInit to the last Release.
pub(crate) struct AddressProviderObject {
    me: Weak<Self>,
    provider: Box<dyn AddressBookProvider>,
    allocator: Allocator,
    scope: Arc<Scope>,
    logons: Mutex<Vec<Arc<Logon>>>,
    shut_down: AtomicBool,
}

impl AddressProviderObject {
    /// Makes the provider object that ABProviderInit returns.
    pub(crate) fn create(
        provider: Box<dyn AddressBookProvider>,
        allocator: Allocator,
    ) -> Result<ComPtr<mapi_sys::IABProvider>> {
        let scope = Scope::new(provider.display_name(), allocator);
        let this = Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            provider,
            allocator,
            scope: Arc::clone(&scope),
            logons: Mutex::default(),
            shut_down: AtomicBool::new(false),
        });
        export::<dyn AbProvider>(&scope, this)
    }

    fn logons(&self) -> MutexGuard<'_, Vec<Arc<Logon>>> {
        self.logons.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a logon off the list (LIFE-LOGOFF-007).
    fn forget(&self, logon: &Arc<Logon>) {
        self.logons().retain(|open| !Arc::ptr_eq(open, logon));
    }

    /// Shutdown, or the last Release of a host that forgot it.
    fn end(&self) {
        if self.shut_down.swap(true, Ordering::AcqRel) {
            return;
        }
        let left = std::mem::take(&mut *self.logons());
        for logon in left {
            logon.end();
        }
        self.provider.shutdown();
    }

    fn open(
        &self,
        support: ComRef<'_, IMAPISupport>,
        profile_name: &str,
        flags: u32,
    ) -> Result<AbLogonResult> {
        let section = Section::open(&support)?;
        let book: Arc<dyn AddressBook> = Arc::from(self.provider.logon(&LogonRequest {
            profile: &section,
            profile_name,
            entry_id: &EntryId::default(),
            access: Access::Best,
            allow_ui: flags & AB_NO_DIALOG == 0,
            temporary: false,
            spooler: false,
        })?);
        let constants = vec![Property::new(
            tag::PR_PROVIDER_DISPLAY,
            self.provider.display_name(),
        )];
        let world = World::AddressBook(book);
        let logon = Logon::begin(support, self.allocator, world, constants)?;
        let object = AddressLogonObject {
            logon: Arc::clone(&logon),
            provider: Weak::clone(&self.me),
        };
        let object = export::<dyn AbLogon>(&self.scope, Arc::new(object));
        match object {
            Ok(object) => {
                self.logons().push(logon);
                Ok(AbLogonResult {
                    logon: object,
                    warning: None,
                })
            }
            Err(error) => {
                logon.end();
                Err(error)
            }
        }
    }
}

impl ComObject for AddressProviderObject {
    fn other_interface(&self, interface: &Guid) -> Option<Unknown> {
        shutdown_interface(&self.scope, self.me.upgrade()?, interface)
    }

    fn last_release(&self) {
        self.end();
    }
}

impl FastShutdown for AddressProviderObject {
    fn query(&self) -> Result<()> {
        self.provider.query_fast_shutdown().map_err(Error::from)
    }

    fn flush(&self) -> Result<()> {
        let logons = self.logons().clone();
        flush_all(logons.iter())
    }
}

impl AbProvider for AddressProviderObject {
    fn shutdown(&self) -> Result<()> {
        self.end();
        Ok(())
    }

    fn logon(
        &self,
        support: ComRef<'_, IMAPISupport>,
        _ui_param: usize,
        profile_name: &str,
        flags: u32,
    ) -> Result<AbLogonResult> {
        if self.shut_down.load(Ordering::Acquire) {
            return Err(ErrorCode::INVALID_OBJECT.into());
        }
        self.open(support, profile_name, flags)
            .map_err(|e| e.component(self.provider.display_name().to_owned()))
    }
}

/// The logon object.
struct AddressLogonObject {
    logon: Arc<Logon>,
    provider: Weak<AddressProviderObject>,
}

impl AddressLogonObject {
    fn end(&self) {
        self.logon.end();
        if let Some(provider) = self.provider.upgrade() {
            provider.forget(&self.logon);
        }
    }

    fn book<R>(&self, body: impl FnOnce(&dyn AddressBook) -> Result<R>) -> Result<R> {
        self.logon.call(|home| match &home.world {
            World::AddressBook(book) => body(&**book),
            World::Store(_) => Err(Error::no_support()),
        })
    }
}

impl ComObject for AddressLogonObject {
    /// A host that forgot Logoff loses nothing.
    fn last_release(&self) {
        self.end();
    }
}

impl AbLogon for AddressLogonObject {
    fn logoff(&self, _flags: u32) -> Result<()> {
        self.end();
        Ok(())
    }

    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        routed(
            self.logon
                .call(|home| home.open_entry(entry_id, interface, flags)),
        )
    }

    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, _flags: u32) -> Result<bool> {
        routed(self.logon.call(|home| home.same_entry(left, right)))
    }

    fn advise(
        &self,
        entry_id: &EntryId,
        event_mask: u32,
        sink: ComPtr<IMAPIAdviseSink>,
    ) -> Result<usize> {
        routed(
            self.logon
                .call(|home| home.advise(entry_id, event_mask, sink)),
        )
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        self.logon
            .call(|home| home.sinks.unadvise(&home.support, connection))
    }

    fn open_status_entry(&self, interface: Option<&Guid>, _flags: u32) -> Result<OpenedEntry> {
        self.logon
            .call(|home| StatusObject::opened(home, interface))
    }

    fn prepare_recips(
        &self,
        flags: u32,
        columns: &[PropTag],
        recipients: &mut [Row],
    ) -> Result<()> {
        let wide: Vec<PropTag> = columns.iter().copied().map(wide_tag).collect();
        let mut rows: Vec<Row> = recipients.iter().map(widen_row).collect();
        self.book(|book| book.prepare_recips(&wide, &mut rows))?;
        for (place, mut row) in recipients.iter_mut().zip(rows) {
            for prop in &mut row.props {
                // The width a property had, or the one it was asked for.
                let asked = place
                    .props
                    .iter()
                    .map(|p| p.tag)
                    .chain(columns.iter().copied());
                let asked = asked.into_iter().find(|t| t.same_id(prop.tag));
                narrow_for(prop, asked.unwrap_or(prop.tag), flags & MAPI_UNICODE != 0);
            }
            *place = row;
        }
        Ok(())
    }
}
