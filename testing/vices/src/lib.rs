//! Providers that misbehave on demand.
//!
//! The library is the exemplary one (testing/exemplary) with another conduct. A file beside it says what it does wrong; [`install`] makes a
//! copy with such a file. The vices, as `key`, `value`:
//!
//! | Key | Value | What it does |
//! |---|---|---|
//! | `IMSLogon.Logoff`, any interface and method | `hang` | does not return until [`Vicious::open_gate`] is called |
//! | | `throw`, `throw_number` | throws a std::runtime_error, an int |
//! | | `exit_thread` | calls pthread_exit |
//! | | `abort` | ends the process: for calls that must not be made |
//! | | `slow:50` | takes 50 ms longer |
//! | `IMSLogon.Logoff.result` | `0x80004005` | does its work and answers with this code |
//! | `IMSProvider.Logon.refusal`, `library.MSProviderInit.refusal` | `0x8004011D` | answers with this code and does nothing |
//! | | `unconfigured` | MAPI_E_UNCONFIGURED until the service entry point was called |
//! | `IMSLogon.keeps_support` | `0`, `2` | a successful logon takes so many references on the support object |
//! | `IMSLogon.gives_back_support` | `0`, `2` | gives so many back at its end |
//! | `IMSLogon.uses_support_late` | `yes` | calls NewUID on the support object after its last Release of it |
//! | `IMSLogon.surveys_support` | `yes` | CompareEntryIDs calls every method of the support object |
//! | `IMSLogon.drops_support_early` | `yes` | CompareEntryIDs gives the support object back |
//! | `IMSLogon.extra_references`, `IMSProvider.extra_references` | `1` | the object never reaches zero |
//! | `IMSLogon.last_release`, `IMSProvider.last_release` | `hang` | the Release that brings the count to zero does not return |
//! | `IMSLogon.keeps_objects` | `yes` | objects of the logon go on working after its end |
//! | `IMSLogon.keeps_cycle` | `yes` | the status object keeps its reference on the logon object |
//! | `IMSLogon.keeps_connection` | `yes` | the connection outlives the logoff method |
//! | `IMSLogon.stays_listed` | `yes` | the logoff method leaves the store on the provider's list |
//! | `IMSLogon.leaves_no_trace` | `yes` | no trace of what is left open |
//! | `IMSLogon.shows_dialog` | `yes` | the logon calls DoConfigPropsheet, whatever its flags say |
//! | `IMSLogon.uses_helper_thread` | `yes` | the end waits for a thread that calls OpenProfileSection |
//! | `IMSLogon.sets_resource_flags` | `yes` | the logon writes PR_RESOURCE_FLAGS to its profile section |
//! | `IMSLogon.false_row` | `yes` | the status row claims to be the subsystem's |
//! | `IMSProvider.explains` | `yes` | Logon yields a MAPIERROR, whatever its result |
//! | `IMSProvider.null_logon` | `yes` | S_OK without a logon object |
//! | `IMSProvider.garbage_outputs` | `yes` | object outputs that point nowhere; use it with a `Logon.result` |
//! | `IMSProvider.no_fast_shutdown` | `yes` | IMAPIProviderShutdown is not implemented |
//! | `IMsgStore.forgets_transports` | `yes` | StoreLogoffTransports is not called |
//! | `library.is_too_old` | `yes` | the entry points report version 1 |
//! | `library.initialises_mapi` | `yes` | the entry points call MAPIInitialize |
//! | `library.surveys_support` | `yes` | the service entry point calls every method of its support object |
//! | `library.keeps_configuration_support` | `yes` | the service entry point keeps the support object and uses it at the next call |
//! | `library.DllCanUnloadNow.result` | `0x00000001` | answers S_FALSE |
//!
//! What is said of the store holds for the address book: IABLogon, IABProvider. `hang@2` is on at the second call only.
#![allow(unsafe_code)] // mkfifo

use std::ffi::CString;
use std::fs::{self, OpenOptions};
use std::ops::Deref;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use exemplary::Installed;

/// The C++ library as it was built.
#[must_use]
pub fn cpp_library() -> &'static Path {
    Path::new(env!("VICES_LIBRARY"))
}

/// A copy of the library with its vices.
#[derive(Debug)]
pub struct Vicious(Installed);

/// Makes a copy that profiles can name `name`, with these vices.
///
/// # Panics
/// If the file system does not play along: this is for tests.
#[must_use]
pub fn install(name: &str, vices: &[(&str, &str)]) -> Vicious {
    let installed = Installed::copy_of(cpp_library(), name);
    let lines: String = vices
        .iter()
        .map(|(key, value)| format!("{key}={value}\n"))
        .collect();
    fs::write(installed.beside("vices"), lines).expect("the folder is ours");
    let gate = CString::new(installed.beside("gate").as_os_str().as_bytes()).expect("no zero byte");
    // SAFETY: the path is a string that ends with a zero byte.
    assert_eq!(
        // SAFETY: the path is a string that ends with a zero.
        unsafe { libc::mkfifo(gate.as_ptr(), 0o600) },
        0,
        "the folder is ours"
    );
    Vicious(installed)
}

impl Vicious {
    /// Lets all calls that hang now go on. Waits until there is one.
    ///
    /// # Panics
    /// If the gate is gone.
    pub fn open_gate(&self) {
        // A FIFO opens for writing when somebody has it open for reading, and the other way round.
        let gate = OpenOptions::new().write(true).open(self.0.beside("gate"));
        drop(gate.expect("the gate is there"));
    }
}

impl Deref for Vicious {
    type Target = Installed;

    fn deref(&self) -> &Installed {
        &self.0
    }
}
