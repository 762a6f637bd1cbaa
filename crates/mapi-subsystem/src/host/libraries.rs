//! The libraries of the process: each is loaded once, has one thread for MAPI's calls, and is freed at the very end.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mapi_com::alloc::{Owner, OwnerSlot, malloc_object};
use mapi_com::host_call::{EndingCall, InitArguments, ProviderKind, ProviderObject};
use mapi_com::trampoline::Worker;
use mapi_sys::PDK1_SPI_VERSION;
use mapi_types::{Error, ErrorCode, Result};

use super::library::{BuiltIn, CanUnload, Freed, Library, ProviderLibrary};
use super::log::LibraryLog;
use super::search::{Search, base_name};

/// The oldest SPI version that MAPI works with: that of the first kit for providers.
const OLDEST_SPI_VERSION: u32 = PDK1_SPI_VERSION;

/// All provider libraries that MAPI uses, linked in or loaded.
#[derive(Debug, Default)]
pub struct Libraries {
    built_in: Vec<BuiltIn>,
    log: Arc<LibraryLog>,
    hosted: Mutex<Vec<Arc<HostedLibrary>>>,
}

/// A library with the thread on which MAPI calls it.
#[derive(Debug)]
pub struct HostedLibrary {
    name: String,
    library: ProviderLibrary,
    worker: Mutex<Option<Arc<Worker>>>,
    /// Whose its memory is: its entry points get allocator functions of their own.
    owner: OwnerSlot,
}

/// How a library ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LibraryEnd {
    /// The name by which profiles know it.
    pub name: String,
    /// Where it was loaded from; None if it is linked in.
    pub path: Option<PathBuf>,
    /// What freeing it has led to.
    pub freed: Freed,
    /// The time it took to end its thread and to free it.
    pub elapsed: Duration,
}

impl Libraries {
    /// With these providers linked in.
    #[must_use]
    pub fn new(built_in: Vec<BuiltIn>) -> Self {
        Self {
            built_in,
            ..Self::default()
        }
    }

    /// The providers that are linked in.
    #[must_use]
    pub fn built_in(&self) -> &[BuiltIn] {
        &self.built_in
    }

    /// The record of loads and unloads.
    #[must_use]
    pub fn log(&self) -> &Arc<LibraryLog> {
        &self.log
    }

    /// The library that a profile names, loaded now if it is not yet. Built-in names come first (lifecycle.md, section 4.3).
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if there is none, or a rule refuses it; MAPI_E_CALL_FAILED if it cannot be loaded.
    pub fn get(&self, name: &str, search: &Search) -> Result<Arc<HostedLibrary>> {
        let base = base_name(name);
        let is_built_in = |built_in: &&BuiltIn| built_in.name.eq_ignore_ascii_case(base);
        if let Some(built_in) = self.built_in.iter().find(is_built_in) {
            let same =
                |hosted: &HostedLibrary| hosted.path().is_none() && hosted.name == built_in.name;
            return Ok(self.add(same, || {
                HostedLibrary::new(built_in.name, ProviderLibrary::BuiltIn(*built_in))
            }));
        }
        // What is loaded has been found and checked when it was.
        let loaded = |hosted: &&Arc<HostedLibrary>| hosted.path() == Some(Path::new(name));
        if let Some(found) = self.lock().iter().find(loaded) {
            return Ok(Arc::clone(found));
        }
        let path = search.find(name)?;
        let same = |hosted: &HostedLibrary| hosted.path() == Some(&path);
        if let Some(found) = self.lock().iter().find(|hosted| same(hosted)) {
            return Ok(Arc::clone(found));
        }
        // Not under the lock: the library's start code runs here. If two threads load it, the second load is given back.
        let library = Library::load(&path, &self.log)?;
        let mut spare = Some(library);
        let hosted = self.add(same, || {
            HostedLibrary::new(base, ProviderLibrary::Loaded(spare.take().expect("once")))
        });
        if let Some(library) = spare {
            library.free();
        }
        Ok(hosted)
    }

    /// Ends every library, the last one loaded first: its thread, then, unless it is pinned, its load. `limit` bounds each wait for a
    /// library's DllCanUnloadNow and for the end of its thread (None: no limit).
    ///
    /// Called by the last MAPIUninitialize, when all objects of all providers have had their last Release (LIFE-UNLOAD-002).
    pub fn free_all(&self, limit: Option<Duration>) -> Vec<LibraryEnd> {
        let hosted = std::mem::take(&mut *self.lock());
        hosted
            .into_iter()
            .rev()
            .map(|library| HostedLibrary::end(library, limit))
            .collect()
    }

    /// From now on no library is asked or freed; with the reason that the report will give (LIFE-FAST-007).
    pub fn pin_all(&self, reason: &str) {
        self.lock().iter().for_each(|library| library.pin(reason));
    }

    /// The one that is the `same`, or a new one.
    fn add(
        &self,
        same: impl Fn(&HostedLibrary) -> bool,
        make: impl FnOnce() -> HostedLibrary,
    ) -> Arc<HostedLibrary> {
        let mut hosted = self.lock();
        if let Some(found) = hosted.iter().find(|hosted| same(hosted)) {
            return Arc::clone(found);
        }
        let new = Arc::new(make());
        hosted.push(Arc::clone(&new));
        new
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<HostedLibrary>>> {
        self.hosted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HostedLibrary {
    fn new(name: &str, library: ProviderLibrary) -> Self {
        Self {
            name: name.to_owned(),
            library,
            worker: Mutex::new(None),
            owner: OwnerSlot::reserve(name),
        }
    }

    /// The name by which profiles know it, without extension.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a profile means this library by `name`.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        match self.path() {
            Some(path) if Path::new(name).is_absolute() => path == Path::new(name),
            _ => base_name(name).eq_ignore_ascii_case(&self.name),
        }
    }

    /// Whose memory it is that its providers allocate.
    #[must_use]
    pub fn owner(&self) -> Owner {
        self.owner.owner()
    }

    /// Calls its entry point and takes the provider object, if its SPI version is new enough: an older one is released at
    /// once, without Shutdown (LIFE-INIT-010).
    ///
    /// # Errors
    /// MAPI_E_VERSION; MAPI_E_NOT_FOUND without such an entry point; what the entry point answered.
    pub(crate) fn start_provider(&self, kind: ProviderKind, flags: u32) -> Result<ProviderObject> {
        let worker = self.worker()?;
        let arguments = InitArguments {
            instance: self.library.instance().expose_provenance(),
            malloc: malloc_object(self.owner()),
            allocator: self.owner().allocator(),
            flags,
        };
        let made = self.library.init(&worker, kind, &arguments)?;
        if made.version >= OLDEST_SPI_VERSION {
            return Ok(made.provider);
        }
        let (sender, released) = std::sync::mpsc::channel();
        EndingCall::ReleaseProvider(made.provider)
            .submit(&worker, move |ended| drop(sender.send(ended)));
        drop(released.recv());
        Err(Error::provider(ErrorCode::VERSION).context(format!(
            "{} is made for SPI version {:#x}, which is too old",
            self.name, made.version
        )))
    }

    /// Its entry points and handle.
    #[must_use]
    pub fn library(&self) -> &ProviderLibrary {
        &self.library
    }

    fn path(&self) -> Option<&std::path::Path> {
        self.library.path()
    }

    /// The thread for calls into this library, started when it is first needed.
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_RESOURCES if there is no thread left.
    pub fn worker(&self) -> Result<Arc<Worker>> {
        let mut worker = self.lock_worker();
        if let Some(worker) = &*worker {
            return Ok(Arc::clone(worker));
        }
        let new = Arc::new(Worker::spawn(&self.name)?);
        *worker = Some(Arc::clone(&new));
        Ok(new)
    }

    /// Gives up the thread that hangs in a call, and pins the library. The next call gets a thread of its own (OP-42).
    pub fn abandon(&self, hanging: &Arc<Worker>, reason: impl Into<String>) {
        self.pin(reason);
        let mut worker = self.lock_worker();
        if worker
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, hanging))
        {
            *worker = None;
        }
        drop(worker);
        hanging.abandon();
    }

    /// From now on the library is not freed; with the reason that the report will give. Nothing to do for one that is linked in.
    pub fn pin(&self, reason: impl Into<String>) {
        if let ProviderLibrary::Loaded(library) = &self.library {
            library.pin(reason);
        }
    }

    /// Why the library is pinned, if it is.
    #[must_use]
    pub fn pinned(&self) -> Option<String> {
        match &self.library {
            ProviderLibrary::Loaded(library) => library.pinned(),
            ProviderLibrary::BuiltIn(_) => None,
        }
    }

    fn end(this: Arc<Self>, limit: Option<Duration>) -> LibraryEnd {
        let begun = Instant::now();
        this.ask_whether_it_can_go(limit);
        this.end_thread(limit);
        let name = this.name.clone();
        let path = this.path().map(ToOwned::to_owned);
        let freed = match Arc::try_unwrap(this).map(|hosted| hosted.library) {
            Ok(ProviderLibrary::Loaded(library)) => library.free(),
            Ok(ProviderLibrary::BuiltIn(_)) => Freed::BuiltIn,
            // Whoever holds it still may call it. Its record ends, without a free, when that one lets go.
            Err(held) => Freed::Pinned(
                held.pinned()
                    .unwrap_or_else(|| "something in MAPI still refers to it".to_owned()),
            ),
        };
        LibraryEnd {
            name,
            path,
            freed,
            elapsed: begun.elapsed(),
        }
    }

    fn ask_whether_it_can_go(&self, limit: Option<Duration>) {
        let ProviderLibrary::Loaded(library) = &self.library else {
            return;
        };
        if library.pinned().is_some() || !library.exports_can_unload_now() {
            return;
        }
        match self.worker() {
            Ok(worker) => {
                if let CanUnload::No(reason) = library.can_unload_now(&worker, limit) {
                    library.pin(reason);
                }
            }
            Err(error) => library.pin(format!("DllCanUnloadNow could not be asked: {error}")),
        }
    }

    /// A thread that called into the library has to be gone before the library is, with its thread-local destructors.
    fn end_thread(&self, limit: Option<Duration>) {
        let Some(worker) = self.lock_worker().take() else {
            return;
        };
        if !worker.join(limit) {
            self.pin("the thread that called into it does not end");
            worker.abandon();
        }
    }

    fn lock_worker(&self) -> MutexGuard<'_, Option<Arc<Worker>>> {
        self.worker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
