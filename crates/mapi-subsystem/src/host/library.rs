//! A provider library: loaded, asked for its entry points, freed. The only file of this crate with unsafe code.
#![allow(unsafe_code)] // see above; each block says why it is sound

use std::fmt;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

#[cfg(unix)]
use libloading::os::unix as os;
#[cfg(windows)]
use libloading::os::windows as os;
use mapi_com::alloc::Allocator;
use mapi_com::host_call::{
    self, InitArguments, Initialized, ProviderInit, ProviderKind, ServiceCall,
};
use mapi_com::trampoline::frames::DllCanUnloadNowFrame;
use mapi_com::trampoline::{Frame, Outcome, Worker};
use mapi_sys::{
    ABPROVIDERINIT, FN_DllCanUnloadNow, HINSTANCE, MSGSERVICEENTRY, MSPROVIDERINIT, XPPROVIDERINIT,
};
use mapi_types::{Error, ErrorCode, Result};

use super::log::{LibraryLog, LibraryStep};
use super::unmapped::{self, Cause};

/// The functions by which MAPI enters a provider library. What is missing is not exported.
#[derive(Clone, Copy, Default, Debug)]
pub struct EntryPoints {
    /// ABProviderInit.
    pub address_book: Option<ABPROVIDERINIT>,
    /// MSProviderInit.
    pub message_store: Option<MSPROVIDERINIT>,
    /// XPProviderInit.
    pub transport: Option<XPPROVIDERINIT>,
}

/// A provider that is linked into this program and reached only through its entry points, like any other.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// The name in PR_PROVIDER_DLL_NAME, without extension.
    pub name: &'static str,
    /// Its entry points.
    pub entry_points: EntryPoints,
    /// The message service entry points it has, by name.
    pub service_entries: &'static [(&'static str, MSGSERVICEENTRY)],
}

/// A loaded library: one LoadLibrary, to be matched by one [`Library::free`].
///
/// Dropping it does not free it: code of it may be on a stack, and only who knows that it is not may free. A library that is dropped
/// stays mapped, and the log says so.
pub struct Library {
    handle: ManuallyDrop<os::Library>,
    instance: HINSTANCE,
    path: PathBuf,
    entry_points: EntryPoints,
    can_unload: Option<FN_DllCanUnloadNow>,
    log: Arc<LibraryLog>,
    pinned: Mutex<Option<String>>,
    freed: bool,
}

// SAFETY: the loader's handle may be used on any thread; so may functions, by their nature.
unsafe impl Send for Library {}
// SAFETY: as above; what changes is behind a mutex.
unsafe impl Sync for Library {}

/// What freeing a library has led to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Freed {
    /// It is gone from the address space.
    Unmapped,
    /// FreeLibrary was called, and it is still mapped.
    StillMapped(Cause),
    /// It was pinned, so FreeLibrary was not called; with the reason.
    Pinned(String),
    /// It is linked in and stays.
    BuiltIn,
}

impl fmt::Display for Freed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unmapped => f.write_str("unmapped"),
            Self::StillMapped(cause) => write!(f, "freed, but still mapped: {cause}"),
            Self::Pinned(reason) => write!(f, "pinned: {reason}"),
            Self::BuiltIn => f.write_str("built in"),
        }
    }
}

/// The answer of a library's DllCanUnloadNow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CanUnload {
    /// S_OK, or it has no such function.
    Yes,
    /// S_FALSE, an error, or no answer: it has to stay (OP-23). With the reason.
    No(String),
}

impl Library {
    /// Loads the library at `path`, with all its symbols resolved and none of them visible to others.
    ///
    /// Runs the library's start code on the calling thread. Where libraries may come from is the business of [`super::search`].
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if there is no such file; MAPI_E_CALL_FAILED, with the loader's text, if it cannot be loaded.
    pub fn load(path: &Path, log: &Arc<LibraryLog>) -> Result<Self> {
        // SAFETY: whoever configures a provider library accepts that its start code runs; the search has made sure that only the
        // library's owner could have changed it.
        let opened = unsafe { open(path) };
        let handle = opened.map_err(|error| load_error(path, &error))?;
        log.record(path, LibraryStep::Loaded);
        let (handle, instance) = with_instance(handle);
        // SAFETY: these names are fixed by MAPISPI.h, and COM, to have these types.
        let (entry_points, can_unload) = unsafe {
            let entry_points = EntryPoints {
                address_book: symbol(&handle, "ABProviderInit"),
                message_store: symbol(&handle, "MSProviderInit"),
                transport: symbol(&handle, "XPProviderInit"),
            };
            (entry_points, symbol(&handle, "DllCanUnloadNow"))
        };
        Ok(Self {
            handle: ManuallyDrop::new(handle),
            instance,
            path: path.to_owned(),
            entry_points,
            can_unload,
            log: Arc::clone(log),
            pinned: Mutex::new(None),
            freed: false,
        })
    }

    /// Where it was loaded from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The entry points it exports. They may be called until the library is freed.
    #[must_use]
    pub fn entry_points(&self) -> EntryPoints {
        self.entry_points
    }

    /// The message service entry point of this name (PR_SERVICE_ENTRY_NAME), if the library exports it.
    #[must_use]
    pub fn service_entry(&self, name: &str) -> Option<MSGSERVICEENTRY> {
        // SAFETY: the service names this symbol as its MSGSERVICEENTRY.
        unsafe { symbol(&self.handle, name) }
    }

    /// Whether the library has a DllCanUnloadNow.
    #[must_use]
    pub fn exports_can_unload_now(&self) -> bool {
        self.can_unload.is_some()
    }

    /// Asks DllCanUnloadNow, on the library's thread and within `limit`. A library without it can be unloaded.
    #[must_use]
    pub fn can_unload_now(&self, worker: &Worker, limit: Option<Duration>) -> CanUnload {
        let Some(function) = self.can_unload else {
            return CanUnload::Yes;
        };
        // SAFETY: the function has no arguments and is part of a library that stays loaded: a call that does not come back makes it
        // pinned.
        let frame = Box::new(unsafe { DllCanUnloadNowFrame::new(function) });
        match worker.call(frame, limit) {
            Outcome::StillRunning(_) => CanUnload::No("DllCanUnloadNow does not return".to_owned()),
            Outcome::Done(call) if !call.returned() => {
                CanUnload::No(format!("DllCanUnloadNow {}", call.end))
            }
            Outcome::Done(call) => match call.frame.result() {
                0 => CanUnload::Yes,
                1 => CanUnload::No(
                    "DllCanUnloadNow answers S_FALSE: objects of it are in use".to_owned(),
                ),
                other => {
                    let code = ErrorCode::from_hresult(other);
                    CanUnload::No(format!("DllCanUnloadNow answers {code}"))
                }
            },
        }
    }

    /// From now on `free` leaves the library where it is. The first reason stays.
    pub fn pin(&self, reason: impl Into<String>) {
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        pinned.get_or_insert_with(|| reason.into());
    }

    /// Why the library is pinned, if it is.
    #[must_use]
    pub fn pinned(&self) -> Option<String> {
        self.pinned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// FreeLibrary, unless the library is pinned, and a look at whether it is really gone.
    ///
    /// The caller has seen to it that no code of the library is on a stack, that its objects have had their last Release, and that the
    /// threads of MAPI that called into it have ended. Runs the library's end code on the calling thread.
    pub fn free(mut self) -> Freed {
        self.freed = true;
        if let Some(reason) = self.pinned() {
            self.log
                .record(&self.path, LibraryStep::Pinned(reason.clone()));
            return Freed::Pinned(reason);
        }
        let others = self.log.outstanding(&self.path).saturating_sub(1);
        // SAFETY: `freed` keeps everybody else from taking the handle again.
        let handle = unsafe { ManuallyDrop::take(&mut self.handle) };
        let freed = match handle.close() {
            Err(error) => Freed::Pinned(format!("the loader refuses to free it: {error}")),
            Ok(()) if is_mapped(&self.path) => {
                Freed::StillMapped(unmapped::cause(&self.path, others))
            }
            Ok(()) => Freed::Unmapped,
        };
        self.log
            .record(&self.path, LibraryStep::Freed(freed.to_string()));
        freed
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        if !self.freed {
            let reason = "its record was dropped without being freed".to_owned();
            self.log.record(&self.path, LibraryStep::Pinned(reason));
        }
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// A library as the rest of MAPI sees it: loaded or linked in, the same entry points.
#[derive(Debug)]
pub enum ProviderLibrary {
    /// Linked into this program.
    BuiltIn(BuiltIn),
    /// Loaded from a file.
    Loaded(Library),
}

impl ProviderLibrary {
    /// The entry points.
    #[must_use]
    pub fn entry_points(&self) -> EntryPoints {
        match self {
            Self::BuiltIn(built_in) => built_in.entry_points,
            Self::Loaded(library) => library.entry_points(),
        }
    }

    /// The message service entry point of this name, if there is one.
    #[must_use]
    pub fn service_entry(&self, name: &str) -> Option<MSGSERVICEENTRY> {
        match self {
            Self::BuiltIn(built_in) => {
                let mut entries = built_in.service_entries.iter();
                entries
                    .find(|(entry, _)| *entry == name)
                    .map(|(_, function)| *function)
            }
            Self::Loaded(library) => library.service_entry(name),
        }
    }

    /// The module handle that entry points get as `hInstance`: of the library, or of the program for what is linked in.
    #[must_use]
    pub fn instance(&self) -> HINSTANCE {
        match self {
            Self::BuiltIn(_) => program_instance(),
            Self::Loaded(library) => library.instance,
        }
    }

    /// Calls the entry point of a kind on `worker` (LIFE-INIT-007).
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if the library has no such entry point; what the entry point answered.
    pub(crate) fn init(
        &self,
        worker: &Worker,
        kind: ProviderKind,
        arguments: &InitArguments,
    ) -> Result<Initialized> {
        let points = self.entry_points();
        let init = match kind {
            ProviderKind::AddressBook => points.address_book.map(ProviderInit::AddressBook),
            ProviderKind::Store => points.message_store.map(ProviderInit::Store),
            ProviderKind::Transport => points.transport.map(ProviderInit::Transport),
        };
        let init = init.ok_or_else(|| {
            Error::provider(ErrorCode::NOT_FOUND).context(format!(
                "the library has no entry point of a {kind} provider"
            ))
        })?;
        // SAFETY: the entry point is this library's, which stays mapped until every object of it is gone: `Libraries` frees it
        // at the very end, and the shutdown plan pins it if an object has not gone.
        unsafe { host_call::provider_init(worker, init, arguments) }
    }

    /// Calls a message service's entry point on `worker`.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if the library has no such function; what the entry point answered.
    pub(crate) fn call_service(
        &self,
        worker: &Worker,
        function: &str,
        call: ServiceCall,
        allocator: Allocator,
    ) -> Result<()> {
        let entry = self.service_entry(function).ok_or_else(|| {
            Error::provider(ErrorCode::NOT_FOUND)
                .context(format!("the library has no function {function}"))
        })?;
        // SAFETY: the function is this library's, which stays mapped until `Libraries` frees it at the very end; what has this name
        // in a profile is a MSGSERVICEENTRY.
        unsafe { host_call::service_entry(worker, entry, call, allocator) }
    }

    /// Where it was loaded from; None if it is linked in.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Loaded(library) => Some(library.path()),
        }
    }
}

/// Whether this program runs with more rights than the user who started it. Then the environment says nothing about libraries.
#[must_use]
pub fn is_set_user_id() -> bool {
    #[cfg(target_os = "linux")]
    // SAFETY: getauxval has no conditions.
    return unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    #[cfg(all(unix, not(target_os = "linux")))]
    // SAFETY: these have no conditions.
    return unsafe { libc::getuid() != libc::geteuid() || libc::getgid() != libc::getegid() };
    #[cfg(not(unix))]
    false
}

/// # Safety
/// The library's start code runs.
#[cfg(unix)]
unsafe fn open(path: &Path) -> std::result::Result<os::Library, libloading::Error> {
    // SAFETY: promised by the caller.
    unsafe { os::Library::open(Some(path), os::RTLD_NOW | os::RTLD_LOCAL) }
}

/// # Safety
/// The library's start code runs.
#[cfg(windows)]
unsafe fn open(path: &Path) -> std::result::Result<os::Library, libloading::Error> {
    // SAFETY: promised by the caller. Libraries it needs are looked for beside it and in the system folder only.
    unsafe {
        let flags = os::LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | os::LOAD_LIBRARY_SEARCH_SYSTEM32;
        os::Library::load_with_flags(path, flags)
    }
}

/// Looks a function up.
///
/// # Safety
/// `T` must be a type of function pointers, and the symbol, if it is exported, a function of that type.
unsafe fn symbol<T: Copy>(handle: &os::Library, name: &str) -> Option<T> {
    // SAFETY: promised by the caller. The function outlives the `Symbol`, but not the library: that is for who calls it. `Option`
    // makes room for a symbol whose address is null.
    unsafe { handle.get::<Option<T>>(name) }
        .ok()
        .and_then(|symbol| *symbol)
}

fn load_error(path: &Path, error: &libloading::Error) -> Error {
    if !path.exists() {
        return Error::system(ErrorCode::NOT_FOUND)
            .context(format!("there is no provider library {}", path.display()));
    }
    // The loader's text is in the source of the error, not in its own.
    let source = std::error::Error::source(error);
    let reason = source.map_or_else(|| error.to_string(), ToString::to_string);
    Error::provider(ErrorCode::CALL_FAILED).context(format!(
        "cannot load the provider library {}: {reason}",
        path.display()
    ))
}

/// Whether the loader still has this library.
#[cfg(unix)]
fn is_mapped(path: &Path) -> bool {
    // RTLD_NOLOAD; libloading has no name for it.
    let look = || {
        // SAFETY: nothing is loaded, so no start code runs.
        unsafe { os::Library::open(Some(path), libc::RTLD_NOLOAD | os::RTLD_LAZY) }
    };
    // Giving back what `look` found frees a library that lost its last reason to stay in the meantime, so look again.
    look()
        .is_ok_and(|found| found.close().is_ok() && look().is_ok_and(|found| found.close().is_ok()))
}

/// Windows always unmaps a library with its last FreeLibrary.
#[cfg(windows)]
fn is_mapped(path: &Path) -> bool {
    os::Library::open_already_loaded(path).is_ok_and(|found| found.close().is_ok())
}

/// The handle as entry points get it: `hInstance`.
fn with_instance(handle: os::Library) -> (os::Library, HINSTANCE) {
    let raw = handle.into_raw();
    // SAFETY: the handle was given up in the line above.
    let handle = unsafe { os::Library::from_raw(raw) };
    #[allow(clippy::unnecessary_cast)] // on Windows it is a number
    (handle, raw as HINSTANCE)
}

/// The program's own handle, which is never given back, like the program's code.
#[cfg(unix)]
fn program_instance() -> HINSTANCE {
    static HANDLE: OnceLock<usize> = OnceLock::new();
    let handle = *HANDLE.get_or_init(|| os::Library::this().into_raw().expose_provenance());
    std::ptr::with_exposed_provenance_mut(handle)
}

/// The program's own handle.
#[cfg(windows)]
fn program_instance() -> HINSTANCE {
    os::Library::this().map_or(std::ptr::null_mut(), |program| {
        program.into_raw() as HINSTANCE
    })
}
