//! The life of one logon, address book or store: what it begins with and how it ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use mapi_com::alloc::Allocator;
use mapi_com::boundary::contain;
use mapi_com::iface::{Census, IOpenMapiCensus, MapiSupport};
use mapi_com::ptr::ComRef;
use mapi_com::scope::Scope;
use mapi_sys::{IMAPISupport, LOGOFF_ABORT, LOGOFF_COMPLETE};
use mapi_types::{Error, ErrorCode, MapiUid, Property, Result};

use super::home::{Home, World};
use super::sinks::Sinks;
use super::support::{DRAIN, Support};
use crate::debug::{DebugLevel, debug_level, trace_leaks};

/// One logon. Whoever comes first ends it: IMSLogon::Logoff or IABLogon::Logoff, the last Release of the store, or, if the
/// host forgets, the last Release of the logon or provider object. The others find it done.
pub(crate) struct Logon {
    name: String,
    /// Everything opened from this logon.
    scope: Arc<Scope>,
    /// The store object itself, which may be ending the logon by its own last Release.
    face: Arc<Scope>,
    support: Arc<Support>,
    home: Mutex<Option<Arc<Home>>>,
    stage: Mutex<Stage>,
    changed: Condvar,
    /// StoreLogoffTransports has answered LOGOFF_COMPLETE, or never needs to be called.
    transports_done: AtomicBool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Active,
    Ending,
    Ended,
}

impl Logon {
    /// Registers MAPIUID and status row with the support object, which it keeps a reference of, and begins to watch for
    /// changes. If that fails the author's object is closed and nothing is left (LIFE-LOGON-022).
    pub(crate) fn begin(
        support: ComRef<'_, IMAPISupport>,
        allocator: Allocator,
        world: World,
        constants: Vec<Property>,
    ) -> Result<Arc<Self>> {
        let status = match &world {
            World::Store(store) => store.status(),
            World::AddressBook(book) => book.status(),
        };
        let wanted = support.to_owned().query::<IOpenMapiCensus>();
        let traces = debug_level() == DebugLevel::Stacks
            || wanted.and_then(|census| census.stacks()).unwrap_or(false);
        let scope = |name: &str| Scope::with_traces(name, allocator, traces);
        let (scope, face) = (scope(&status.display_name), scope(&status.display_name));
        let support = Support::new(support.to_owned());
        let this = Arc::new(Self {
            name: status.display_name.clone(),
            scope: Arc::clone(&scope),
            face,
            support: Arc::clone(&support),
            home: Mutex::new(Some(Arc::new(Home {
                constants,
                scope,
                support,
                sinks: Sinks::new(),
                tells: AtomicBool::new(false),
                world,
            }))),
            stage: Mutex::new(Stage::Active),
            changed: Condvar::new(),
            transports_done: AtomicBool::new(false),
        });
        let begun = this.register(&status.columns());
        if begun.is_err() {
            this.end();
        }
        begun.map(|()| this)
    }

    fn register(&self, row: &[Property]) -> Result<()> {
        let home = self.home()?;
        let uid: MapiUid = match &home.world {
            World::Store(store) => store.uid(),
            World::AddressBook(book) => book.uid(),
        };
        self.support.with(|s| s.set_provider_uid(&uid, 0))?;
        // A row is good manners for store and address book, not a duty (OP-19).
        let _ = self.support.with(|s| s.modify_status_row(row, 0));
        let weak = Arc::downgrade(&home);
        let feed = Arc::new(move |changes: &[crate::Change]| {
            if let Some(home) = weak.upgrade() {
                home.sinks.tell(&home.support, changes);
            }
        });
        let watched = match &home.world {
            World::Store(store) => store.watch(feed),
            World::AddressBook(book) => book.watch(feed),
        };
        match watched {
            Ok(()) => home.tells.store(true, Ordering::Release),
            Err(error) if error.code() == ErrorCode::NO_SUPPORT => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What the objects of this logon share.
    ///
    /// # Errors
    /// MAPI_E_INVALID_OBJECT after the end.
    pub(crate) fn home(&self) -> Result<Arc<Home>> {
        lock(&self.home)
            .clone()
            .ok_or_else(|| Error::caller(ErrorCode::INVALID_OBJECT).context("the logon has ended"))
    }

    /// The scope of the store object.
    pub(crate) fn face(&self) -> &Arc<Scope> {
        &self.face
    }

    /// A call on the logon object: let in like one on any of its objects, refused once it ends.
    pub(crate) fn call<R>(&self, body: impl FnOnce(&Arc<Home>) -> Result<R>) -> Result<R> {
        let _running = self.scope.enter()?;
        body(&self.home()?)
    }

    /// StoreLogoff (lifecycle.md, 6.3). Once it has completed, MAPI is not asked again (LIFE-STORE-004).
    pub(crate) fn store_logoff(&self, flags: u32) -> Result<u32> {
        if self.transports_done.load(Ordering::Acquire) {
            return Ok(LOGOFF_COMPLETE);
        }
        let out = self.support.with(|s| s.store_logoff_transports(flags))?;
        if out & LOGOFF_COMPLETE != 0 {
            self.transports_done.store(true, Ordering::Release);
        }
        Ok(out)
    }

    /// The store's last Release. Without a completed StoreLogoff the transports are told to stop first (LIFE-STORE-005).
    pub(crate) fn store_released(&self) {
        if *lock(&self.stage) == Stage::Active {
            // In this position a refusal is impossible, and an error leaves nothing to decide (OP-30).
            let _ = self.store_logoff(LOGOFF_ABORT);
        }
        self.end();
    }

    /// Makes everything acknowledged safe (DoFastShutdown).
    pub(crate) fn flush(&self) -> Result<()> {
        match self.home() {
            Ok(home) => home.flush(),
            Err(_) => Ok(()), // ended: it is safe already
        }
    }

    /// Ends the logon; a second caller waits for the first. Returns when all of this has happened, in this order:
    /// no call is let in any more and the running ones are done (bounded); sinks are gone; every object still open is
    /// dropped, newest first, and a shell of MAPI's; the author's store or address book is closed and dropped; traces
    /// of what leaked are written; the support object is given back.
    pub(crate) fn end(&self) {
        {
            let mut stage = lock(&self.stage);
            if *stage != Stage::Active {
                // Ended comes before the support object's Release: when MAPI calls Logoff from inside it, nobody waits.
                let waited = self
                    .changed
                    .wait_timeout_while(stage, DRAIN, |s| *s != Stage::Ended);
                drop(waited);
                return;
            }
            *stage = Stage::Ending;
        }
        for scope in [&self.scope, &self.face] {
            scope.close();
            scope.wait_idle(0, Some(DRAIN));
        }
        let home = lock(&self.home).take();
        // Author's code runs below; a panic of it must not keep the rest from ending.
        let _ = contain(|| {
            self.end_objects(home.as_deref());
            Ok(())
        });
        let _ = contain(|| home.as_deref().map_or(Ok(()), Home::close));
        let _ = contain(|| {
            drop(home);
            Ok(())
        });
        *lock(&self.stage) = Stage::Ended;
        self.changed.notify_all();
        self.support.release();
    }

    fn end_objects(&self, home: Option<&Home>) {
        if let Some(home) = home {
            home.sinks.end(&self.support);
        }
        // A MAPI that wants to know what the objects were gets them with their lines of the census.
        let census = self.support.with(|s| s.query::<IOpenMapiCensus>()).ok();
        let make_invalid = |shell: &_| match &census {
            Some(census) => census.make_invalid(shell),
            None => self.support.with(|s| s.make_invalid(shell)),
        };
        let mut open = self.scope.invalidate_all(&make_invalid);
        self.scope.wait_drained(DRAIN);
        open.extend(self.face.invalidate_all(&make_invalid));
        // The store whose last Release this is.
        open.retain(|object| object.references != 0);
        trace_leaks(&self.name, &open);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
