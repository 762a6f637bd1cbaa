//! The subsystem: what exists once per process, from the first MAPIInitialize to the last MAPIUninitialize.

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::thread::ThreadId;
use std::time::Duration;

use mapi_com::alloc::Allocator;
use mapi_com::iface::MapiSession as _;
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_types::{Error, ErrorCode, Result};

use crate::clock::{Clock, SystemClock};
use crate::host::{BuiltIn, Libraries, LibraryEnd, Search, ServiceEntries};
use crate::notify::{AdviseScope, Delivery, Engine};
use crate::profile::ProfileStore;
use crate::profile::inf::{SearchPath, ServiceCatalog};
use crate::profile::objects::{Administration, ClientScope};
use crate::report::ShutdownReport;
use crate::session::SessionCore;
use crate::shutdown::Deadlines;

/// `timeout_short_ms` of constants.md, 17.
const TIMEOUT_SHORT_MS: u64 = 3000;

/// How many reports of ended sessions are kept.
const KEPT_REPORTS: usize = 64;

/// How the subsystem is set up.
#[derive(Clone)]
pub struct Config {
    /// Where profiles are kept.
    pub data_folder: PathBuf,
    /// The providers that are linked in.
    pub built_in: Vec<BuiltIn>,
    /// Their message services, as the text of mapisvc.inf files: name and text.
    pub built_in_services: Vec<(&'static str, &'static str)>,
    /// Where mapisvc.inf files are read from.
    pub services: SearchPath,
    /// More folders for provider libraries, before those of the environment.
    pub library_folders: Vec<PathBuf>,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// How long the way down may take.
    pub deadlines: Deadlines,
    /// FastShutdownBehavior: 0, 1 or 2 (constants.md, 16).
    pub fast_shutdown: u32,
    /// Whether every object remembers the stack that created it.
    pub traces: bool,
    /// MAPI_NT_SERVICE: no user interface anywhere; passed on to entry points.
    pub nt_service: bool,
    /// MAPI_MULTITHREAD_NOTIFICATIONS: sinks are called on a thread of MAPI's; otherwise inside [`Subsystem::dispatch`].
    pub notification_thread: bool,
    /// How the way down is broken, in tests that show what they see.
    #[cfg(feature = "sabotage")]
    pub sabotage: Option<crate::shutdown::Sabotage>,
}

impl Config {
    /// The usual set-up, with nothing linked in.
    #[must_use]
    pub fn new(data_folder: impl Into<PathBuf>) -> Self {
        Self {
            data_folder: data_folder.into(),
            built_in: Vec::new(),
            built_in_services: Vec::new(),
            services: SearchPath::from_environment(),
            library_folders: Vec::new(),
            clock: Arc::new(SystemClock),
            deadlines: Deadlines::default(),
            fast_shutdown: 0,
            traces: false,
            nt_service: false,
            notification_thread: true,
            #[cfg(feature = "sabotage")]
            sabotage: None,
        }
    }
}

/// MAPI in one process: profiles, provider libraries, notification engine, sessions.
///
/// Several may exist side by side, which is what tests do; a program has one, by [`crate::initialize`].
pub struct Subsystem {
    config: Config,
    profiles: Arc<ProfileStore>,
    administration: Arc<Administration>,
    libraries: Libraries,
    search: Search,
    engine: Engine,
    sessions: Mutex<Sessions>,
    /// One logon at a time (lifecycle.md, 4.2, step 2). No provider is called while it is held.
    logon_turn: Mutex<()>,
    last_session: AtomicU64,
    /// Objects that belong to no session: IProfAdmin and what it opens.
    client: ClientScope,
    reports: Mutex<Reports>,
}

/// The reports of sessions that have ended. Bounded, because a process may log on and off for years.
#[derive(Default)]
struct Reports {
    /// How many there were.
    count: u64,
    /// The latest of them with their numbers and the threads that ended the sessions.
    latest: VecDeque<(u64, ThreadId, ShutdownReport)>,
}

#[derive(Default)]
struct Sessions {
    all: Vec<Weak<SessionCore>>,
    /// The session that MAPI_ALLOW_OTHERS has published (OP-03).
    shared: Option<Weak<SessionCore>>,
}

/// What the last MAPIUninitialize has done.
#[derive(Debug)]
pub struct Stopped {
    /// The reports of the sessions that were still open.
    pub sessions: Vec<ShutdownReport>,
    /// How each library ended.
    pub libraries: Vec<LibraryEnd>,
}

impl Subsystem {
    /// Starts it. Nothing is loaded.
    ///
    /// # Errors
    /// MAPI_E_NOT_INITIALIZED if the profile store cannot be opened, MAPI_E_NOT_ENOUGH_RESOURCES without a thread for
    /// notifications.
    pub fn start(config: Config) -> Result<Arc<Self>> {
        let delivery = if config.notification_thread {
            Delivery::OwnThread
        } else {
            Delivery::FirstThread
        };
        let profiles = ProfileStore::open(&config.data_folder)
            .map_err(|e| Error::system(ErrorCode::NOT_INITIALIZED).context(e.to_string()))?;
        let engine = Engine::start(delivery)?;
        let folders: Vec<PathBuf> = config
            .library_folders
            .iter()
            .cloned()
            .chain(config.services.folders())
            .collect();
        let (built_in, path) = (config.built_in_services.clone(), config.services.clone());
        let load = move || ServiceCatalog::load(&built_in, &path);
        let services = Arc::new(ServiceEntries::default());
        let administration =
            Administration::new(Arc::clone(&profiles), load, Arc::clone(&services) as Arc<_>);
        let subsystem = Arc::new(Self {
            search: Search::new(folders),
            libraries: Libraries::new(config.built_in.clone()),
            client: ClientScope {
                scope: Scope::new("MAPI", Allocator::local()),
                sinks: engine.scope(),
            },
            profiles,
            administration,
            logon_turn: Mutex::new(()),
            engine,
            sessions: Mutex::default(),
            last_session: AtomicU64::new(0),
            reports: Mutex::default(),
            config,
        });
        services.belong_to(&subsystem);
        Ok(subsystem)
    }

    /// How it is set up.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The profiles.
    #[must_use]
    pub fn profiles(&self) -> &Arc<ProfileStore> {
        &self.profiles
    }

    /// The administration of profiles: which message services there are, and the objects that change profiles.
    #[must_use]
    pub fn administration(&self) -> &Arc<Administration> {
        &self.administration
    }

    /// MAPIAdminProfiles.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_MEMORY.
    pub fn admin_profiles(&self) -> Result<ComPtr<mapi_sys::IProfAdmin>> {
        self.administration.prof_admin(&self.client)
    }

    /// The provider libraries.
    #[must_use]
    pub fn libraries(&self) -> &Libraries {
        &self.libraries
    }

    /// Where provider libraries are looked for.
    #[must_use]
    pub fn search(&self) -> &Search {
        &self.search
    }

    /// The scope of objects that belong to no session.
    #[must_use]
    pub fn scope(&self) -> &Arc<Scope> {
        &self.client.scope
    }

    /// A scope for the sinks of an object that belongs to no session.
    #[must_use]
    pub fn sinks(&self) -> Arc<AdviseScope> {
        self.engine.scope()
    }

    /// Calls the sinks that are due, on this thread. Only without a notification thread.
    pub fn dispatch(&self) -> usize {
        self.engine.dispatch()
    }

    /// The reports of the sessions that have ended, oldest first; the latest 64 of them.
    #[must_use]
    pub fn reports(&self) -> Vec<ShutdownReport> {
        let reports = self.kept_reports();
        let reports = reports.latest.iter();
        reports.map(|(_, _, report)| report.clone()).collect()
    }

    /// IMAPISession::Logoff with flags 0, and the report if this call has ended the session: a shared one goes on while it has
    /// other handles.
    ///
    /// # Errors
    /// As Logoff.
    pub fn logoff(
        &self,
        session: &ComPtr<mapi_sys::IMAPISession>,
    ) -> Result<Option<ShutdownReport>> {
        let before = self.kept_reports().count;
        session.logoff(0, 0, 0)?;
        // A session ends on the thread that asks for it, so this tells it from those that others end meanwhile.
        let this = std::thread::current().id();
        let reports = self.kept_reports();
        let mut new = reports.latest.iter();
        let mine = new.find(|(number, thread, _)| *number >= before && *thread == this);
        Ok(mine.map(|(_, _, report)| report.clone()))
    }

    pub(crate) fn keep_report(&self, report: ShutdownReport) {
        let mut reports = self.kept_reports();
        if reports.latest.len() == KEPT_REPORTS {
            reports.latest.pop_front();
        }
        let number = reports.count;
        reports
            .latest
            .push_back((number, std::thread::current().id(), report));
        reports.count += 1;
    }

    fn kept_reports(&self) -> MutexGuard<'_, Reports> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The logon mutex.
    ///
    /// # Errors
    /// MAPI_E_TIMEOUT if `short` and it is not free within `timeout_short_ms`.
    pub(crate) fn logon_turn(&self, short: bool) -> Result<MutexGuard<'_, ()>> {
        if !short {
            return Ok(self
                .logon_turn
                .lock()
                .unwrap_or_else(PoisonError::into_inner));
        }
        let until = self.config.clock.now() + Duration::from_millis(TIMEOUT_SHORT_MS);
        loop {
            match self.logon_turn.try_lock() {
                Ok(turn) => return Ok(turn),
                Err(TryLockError::Poisoned(turn)) => return Ok(turn.into_inner()),
                Err(TryLockError::WouldBlock) if self.config.clock.now() >= until => {
                    return Err(
                        Error::caller(ErrorCode::TIMEOUT).context("another logon is under way")
                    );
                }
                Err(TryLockError::WouldBlock) => std::thread::yield_now(),
            }
        }
    }

    pub(crate) fn next_session(&self) -> u64 {
        self.last_session.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn add_session(&self, session: &Arc<SessionCore>, shared: bool) {
        let mut sessions = self.sessions();
        sessions.all.retain(|other| other.strong_count() > 0);
        sessions.all.push(Arc::downgrade(session));
        if shared {
            sessions.shared = Some(Arc::downgrade(session));
        }
    }

    /// The shared session, if there is one that is open.
    pub(crate) fn shared_session(&self) -> Option<Arc<SessionCore>> {
        let shared = self.sessions().shared.as_ref()?.upgrade()?;
        shared.is_open().then_some(shared)
    }

    /// Every session that has not ended.
    pub(crate) fn open_sessions(&self) -> Vec<Arc<SessionCore>> {
        let sessions = self.sessions();
        let all = sessions.all.iter().filter_map(Weak::upgrade);
        all.filter(|session| session.is_open()).collect()
    }

    /// The end: sessions that are still open are ended like Logoff with flags 0 (LIFE-UNLOAD-006), the notification engine
    /// stops, each provider library is freed once for each load unless it is pinned (lifecycle.md, 6.7).
    pub fn stop(&self) -> Stopped {
        let mut reports = Vec::new();
        for session in self.open_sessions() {
            reports.extend(session.end());
        }
        let limit = |ms: u64| Duration::from_millis(ms);
        self.engine
            .stop(limit(self.config.deadlines.notify_drain_ms));
        self.client.scope.cut_off();
        let libraries = self
            .libraries
            .free_all(Some(limit(self.config.deadlines.logoff_deadline_ms)));
        Stopped {
            sessions: reports,
            libraries,
        }
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Subsystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subsystem")
            .field("data_folder", &self.config.data_folder)
            .finish_non_exhaustive()
    }
}
