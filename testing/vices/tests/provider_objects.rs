//! The C++ libraries, exemplary and not, as far as entry points and provider objects go: what the test sees as the host is what the
//! library wrote down.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, clippy::unwrap_used)] // the test plays MAPI

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use exemplary::{Installed, Phase};
use mapi_com::alloc::{Owner, malloc_object, malloc_references};
use mapi_com::trampoline::frames::{
    IMSProviderShutdownFrame, IUnknownReleaseFrame, MSProviderInitFrame,
};
use mapi_com::trampoline::{
    CallEnd, Completion, Frame, Outcome, WithOutputs, Worker, abandoned_threads,
};
use mapi_subsystem::host::{CanUnload, Freed, Library};
use mapi_sys::{CURRENT_SPI_VERSION, IMSProvider, MAPI_E_CALL_FAILED, MAPI_E_VERSION, S_OK, ULONG};

/// A loaded library and the thread for it.
struct Host {
    library: Library,
    worker: Worker,
}

#[derive(Debug)]
struct Initialised {
    version: ULONG,
    provider: *mut IMSProvider,
}

// SAFETY: provider objects are free-threaded.
unsafe impl Send for Initialised {}

impl Host {
    fn load(path: &Path) -> Self {
        let library = Library::load(path, &Arc::default()).unwrap();
        Self {
            library,
            worker: Worker::spawn("provider").unwrap(),
        }
    }

    /// Calls MSProviderInit.
    fn initialise(&self, owner: Owner, mapi_version: ULONG) -> (i32, Initialised) {
        let (allocate, more, free) = owner.allocator().functions();
        let malloc = malloc_object(owner);
        let function = self.library.entry_points().message_store.unwrap();
        let outputs = Initialised {
            version: 0,
            provider: std::ptr::null_mut(),
        };
        let frame = WithOutputs::new(outputs, |out| {
            // SAFETY: the library is loaded and the outputs live as long as the frame; the others live for ever.
            unsafe {
                MSProviderInitFrame::new(
                    function,
                    std::ptr::null_mut(),
                    malloc.as_raw(),
                    Some(allocate),
                    Some(more),
                    Some(free),
                    0,
                    mapi_version,
                    &raw mut (*out).version,
                    &raw mut (*out).provider,
                )
            }
        });
        let mut call = self.worker.call(frame, None).done().unwrap();
        let result = call.frame.result();
        let outputs = call.frame.outputs_mut();
        let outputs = Initialised {
            version: outputs.version,
            provider: outputs.provider,
        };
        (result, outputs)
    }

    fn provider(&self) -> *mut IMSProvider {
        let (result, outputs) = self.initialise(Owner::MAPI, CURRENT_SPI_VERSION);
        assert_eq!(result, S_OK);
        outputs.provider
    }

    fn shutdown(
        &self,
        provider: *mut IMSProvider,
        limit: Option<Duration>,
    ) -> Outcome<impl Frame<Output = i32>> {
        // SAFETY: the provider object is alive, and the outputs live as long as the frame.
        let frame = WithOutputs::new(0, |flags| unsafe {
            IMSProviderShutdownFrame::new(provider, flags)
        });
        self.worker.call(frame, limit)
    }

    fn release(&self, provider: *mut IMSProvider) -> u32 {
        // SAFETY: the reference is ours.
        let frame = Box::new(unsafe { IUnknownReleaseFrame::new(provider.cast()) });
        self.worker.call(frame, None).done().unwrap().frame.result()
    }

    fn free(self) -> Freed {
        self.worker.join(None);
        self.library.free()
    }
}

fn result<F: Frame<Output = i32>>(call: Completion<F>) -> (CallEnd, i32) {
    (call.end, call.frame.result())
}

#[test]
fn life_init_008_each_initialisation_yields_a_new_object_that_goes_away() {
    let installed = Installed::cpp();
    let host = Host::load(installed.path());
    let (first, second) = (host.provider(), host.provider());
    assert_ne!(first, second);
    assert!(matches!(
        host.library.can_unload_now(&host.worker, None),
        CanUnload::No(_)
    ));
    for provider in [first, second] {
        let ended = result(host.shutdown(provider, None).done().unwrap());
        assert_eq!(ended, (CallEnd::Returned, S_OK));
        assert_eq!(host.release(provider), 0);
    }
    assert_eq!(
        host.library.can_unload_now(&host.worker, None),
        CanUnload::Yes
    );
    assert_eq!(host.free(), Freed::Unmapped);
    let log = installed.log();
    let expected = [
        "library.MSProviderInit",
        "library.MSProviderInit",
        "library.DllCanUnloadNow",
        "IMSProvider.Shutdown",
        "IMSProvider.Release",
        "IMSProvider.Shutdown",
        "IMSProvider.Release",
        "library.DllCanUnloadNow",
    ];
    assert_eq!(log.calls(), expected);
    let last = log.lines.last().unwrap();
    assert_eq!(
        (last.phase, last.method.as_str()),
        (Phase::Note, "unloaded")
    );
    assert!(
        log.lines
            .windows(2)
            .all(|two| two[0].sequence < two[1].sequence && two[0].time_ns <= two[1].time_ns)
    );
}

// LIFE-INIT-011
#[test]
fn life_init_009_a_refused_version_allocates_nothing_and_malloc_comes_back() {
    let installed = Installed::cpp();
    let host = Host::load(installed.path());
    let owner = mapi_com::alloc::OwnerSlot::reserve("exemplary");
    let (code, outputs) = host.initialise(owner.owner(), 0);
    assert_eq!(code, MAPI_E_VERSION);
    assert!(outputs.provider.is_null());
    assert_eq!(malloc_references(owner.owner()), 0);
    let (code, outputs) = host.initialise(owner.owner(), CURRENT_SPI_VERSION);
    assert_eq!((code, outputs.version), (S_OK, CURRENT_SPI_VERSION));
    assert_eq!(malloc_references(owner.owner()), 1);
    assert_eq!(host.release(outputs.provider), 0);
    assert_eq!(malloc_references(owner.owner()), 0);
    assert_eq!(host.free(), Freed::Unmapped);
}

#[test]
fn what_a_vicious_provider_throws_is_stopped() {
    let installed = vices::install(
        "vicious",
        &[
            ("IMSProvider.Shutdown", "throw@1"),
            ("IMSProvider.Shutdown.result", "0x80040115@1"),
        ],
    );
    let host = Host::load(installed.path());
    let provider = host.provider();
    let (end, code) = result(host.shutdown(provider, None).done().unwrap());
    assert_eq!(
        end,
        CallEnd::Threw {
            what: Some("vice".to_owned())
        }
    );
    assert_eq!(code, MAPI_E_CALL_FAILED);
    let (end, code) = result(host.shutdown(provider, None).done().unwrap());
    assert_eq!(
        (end, code.cast_unsigned()),
        (CallEnd::Returned, 0x8004_0115)
    );
    let again = result(host.shutdown(provider, None).done().unwrap());
    assert_eq!(again, (CallEnd::Returned, S_OK));
    assert_eq!(host.release(provider), 0);
    assert_eq!(host.free(), Freed::Unmapped);
}

#[test]
fn a_vicious_provider_that_ends_its_thread_is_survived() {
    let installed = vices::install("vicious", &[("IMSProvider.Shutdown", "exit_thread")]);
    let host = Host::load(installed.path());
    let provider = host.provider();
    let (end, code) = result(host.shutdown(provider, None).done().unwrap());
    assert_eq!((end, code), (CallEnd::EndedThread, MAPI_E_CALL_FAILED));
    assert_eq!(host.release(provider), 0);
    assert_eq!(host.free(), Freed::Unmapped);
}

#[test]
fn a_vicious_provider_that_hangs_can_be_let_go() {
    let installed = vices::install("vicious", &[("IMSProvider.Shutdown", "hang")]);
    let host = Host::load(installed.path());
    let provider = host.provider();
    let Outcome::StillRunning(pending) = host.shutdown(provider, Some(Duration::from_millis(20)))
    else {
        panic!("it does not hang")
    };
    host.worker.abandon();
    assert_eq!(abandoned_threads(), 1);
    installed.open_gate();
    assert_eq!(
        result(pending.wait(None).done().unwrap()),
        (CallEnd::Returned, S_OK)
    );
}

#[test]
fn a_vicious_provider_that_leaks_says_so() {
    let vices = [
        ("IMSProvider.extra_references", "1"),
        ("library.is_too_old", "yes"),
    ];
    let installed = vices::install("vicious", &vices);
    let host = Host::load(installed.path());
    let (_, outputs) = host.initialise(Owner::MAPI, CURRENT_SPI_VERSION);
    assert_eq!(outputs.version, 1);
    assert_eq!(host.release(outputs.provider), 1);
    assert!(matches!(
        host.library.can_unload_now(&host.worker, None),
        CanUnload::No(_)
    ));
}
