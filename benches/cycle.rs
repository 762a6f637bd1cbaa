//! A session with an address book and a store from libraries, from MAPIInitialize to the unload, and one more session while the
//! libraries are loaded.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use exemplary::{Installed, load_and_unload};
use mapi_com::iface::{MapiSession as _, MapiTable as _};
use mapi_subsystem::profile::PropSet;
use mapi_subsystem::profile::inf::{ProviderInfo, ServiceInfo};
use mapi_subsystem::{Config, LogonRequest, Subsystem};
use mapi_sys::{MAPI_AB_PROVIDER, MAPI_NEW_SESSION, MAPI_STORE_PROVIDER};
use mapi_types::{EntryId, PropValue, Result, tag};
use openmapi_benches::Report;

/// Cycles of one measurement.
const CYCLES: u32 = 50;

/// After which a thread that has nothing to do waits in the system, as a library's thread does between two calls of MAPI's.
const WAITING: Duration = Duration::from_micros(50);

fn main() {
    let books = Installed::copy_of(exemplary::cpp_library(), "books");
    let stores = Installed::copy_of(exemplary::cpp_library(), "stores");
    for library in [&books, &stores] {
        // Without the file there is no call log, which is not what is measured.
        std::fs::remove_file(library.beside("log")).expect("the folder is ours");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = || Config::new(folder.path());
    prepare(folder.path(), &books, &stores).expect("a profile");
    let mut report = Report::begin("Sessions with an address book and a store from libraries");
    report.compare(
        "initialise, session, unload (against dlopen, thread)",
        2.0,
        || timed(|| cycle(&Subsystem::start(config()).expect("it starts"), true)),
        || {
            timed(|| {
                load_and_unload(books.path());
                load_and_unload(stores.path());
                std::thread::spawn(|| {}).join().expect("it does nothing");
            })
        },
    );
    let subsystem = Subsystem::start(config()).expect("it starts");
    cycle(&subsystem, false);
    let peer = Peer::start();
    report.compare(
        "one more session (against 8 hand-offs and back)",
        1.0,
        || timed(|| cycle(&subsystem, false)),
        || handed_over(&peer),
    );
    peer.stop();
    subsystem.stop();
    report.end();
}

fn timed(mut work: impl FnMut()) -> Duration {
    let begun = Instant::now();
    (0..CYCLES).for_each(|_| work());
    begun.elapsed()
}

/// As many times 8 hand-offs and back as there are cycles, each after a pause, which does not count. A thread that was handed
/// something a microsecond ago has not gone to sleep yet, and does not have to be woken.
fn handed_over(peer: &Peer) -> Duration {
    let hand_over = |_| {
        let paused = Instant::now();
        while paused.elapsed() < WAITING {
            std::hint::spin_loop();
        }
        let begun = Instant::now();
        peer.hand_over();
        begun.elapsed()
    };
    (0..CYCLES * 8).map(hand_over).sum()
}

/// Logon, an address book, a store, logoff; with `unload` the libraries go, too.
fn cycle(subsystem: &Arc<Subsystem>, unload: bool) {
    session(subsystem).expect("a session");
    if unload {
        subsystem.stop();
    }
}

fn session(subsystem: &Arc<Subsystem>) -> Result<()> {
    let request = LogonRequest {
        profile: Some("bench"),
        flags: MAPI_NEW_SESSION,
        ..LogonRequest::default()
    };
    let session = subsystem.logon(&request)?;
    let book = session.open_address_book(0, None, 0)?;
    let table = session.get_msg_stores_table(0)?;
    table.set_columns(&[tag::PR_ENTRYID], 0)?;
    let rows = table.query_rows(1, 0)?;
    let id = rows
        .first()
        .and_then(|row| row.get(tag::PR_ENTRYID))
        .and_then(PropValue::as_bytes);
    let store = session.open_msg_store(0, &EntryId::from(id.unwrap_or_default()), None, 0)?;
    drop((store, book, table));
    session.logoff(0, 0, 0)
}

/// A profile with the address book of one library and the store of another.
fn prepare(folder: &Path, books: &Installed, stores: &Installed) -> Result<()> {
    let subsystem = Subsystem::start(Config::new(folder))?;
    let provider = |library: &Installed, name: &str, resource_type: u32| {
        let mut props = PropSet::default();
        props.put(
            tag::PR_PROVIDER_DLL_NAME,
            library.path().to_string_lossy().into_owned(),
        );
        props.put(tag::PR_DISPLAY_NAME, name);
        props.put(tag::PR_RESOURCE_TYPE, resource_type.cast_signed());
        ProviderInfo {
            name: name.to_owned(),
            props,
        }
    };
    let info = ServiceInfo {
        name: "BENCH".to_owned(),
        title: "bench".to_owned(),
        props: PropSet::default(),
        providers: vec![
            provider(books, "Books", MAPI_AB_PROVIDER),
            provider(stores, "Store", MAPI_STORE_PROVIDER),
        ],
        sections: Vec::new(),
        file: books.path().to_path_buf(),
    };
    subsystem.profiles().create("bench")?;
    subsystem
        .profiles()
        .update("bench", |edit| edit.profile.add_service(&info, None))?;
    // The first session writes into the profile, for example which stores there are.
    cycle(&subsystem, true);
    // As a user's profile, it was not written a moment ago: what has just been written is read again at each use.
    let written = std::time::SystemTime::now() - Duration::from_secs(60);
    let file = folder.join("profiles").join("bench.toml");
    let file = std::fs::File::options().write(true).open(file);
    file.and_then(|file| file.set_modified(written))
        .expect("the file is ours");
    Ok(())
}

/// A thread that waits to be handed something, and hands it back.
struct Peer {
    state: Arc<(Mutex<Turn>, Condvar)>,
    thread: std::thread::JoinHandle<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Ours,
    Theirs,
    Over,
}

impl Peer {
    fn start() -> Self {
        let state = Arc::new((Mutex::new(Turn::Ours), Condvar::new()));
        let theirs = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            while wait(&theirs, |turn| turn == Turn::Ours) != Turn::Over {
                set(&theirs, Turn::Ours);
            }
        });
        Self { state, thread }
    }

    fn hand_over(&self) {
        set(&self.state, Turn::Theirs);
        wait(&self.state, |turn| turn == Turn::Theirs);
    }

    fn stop(self) {
        set(&self.state, Turn::Over);
        self.thread.join().expect("it only waits");
    }
}

fn wait(state: &(Mutex<Turn>, Condvar), not_yet: impl Fn(Turn) -> bool) -> Turn {
    let turn = state.0.lock().unwrap_or_else(PoisonError::into_inner);
    let turn = state.1.wait_while(turn, |turn| not_yet(*turn));
    *turn.unwrap_or_else(PoisonError::into_inner)
}

fn set(state: &(Mutex<Turn>, Condvar), turn: Turn) {
    *state.0.lock().unwrap_or_else(PoisonError::into_inner) = turn;
    state.1.notify_one();
}
