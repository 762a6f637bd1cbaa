//! Scopes: who an object belongs to, and what is still open.

use std::collections::HashMap;
use std::ffi::c_void;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backtrace::{Backtrace, BacktraceFrame};
use mapi_sys::GUID;
use mapi_types::Result;

use crate::alloc::Allocator;
use crate::gate::{Gate, Running};
use crate::head::{Head, HeadPtr, Held, List, Since};
use crate::shell;

/// One owner of objects: a session handle, one logon of a provider, a support object.
///
/// A scope does three things for every shell that belongs to it:
/// - it lets calls in, until it is closed; then every call answers MAPI_E_INVALID_OBJECT;
/// - it knows how many calls are running, so that whoever ends the scope can wait for them (OP-21);
/// - it is the census: what is open, of which kind, since when, and at level trace made where (lifecycle.md, 6.12).
///
/// Adding and removing an object takes constant time, in any order, so that a Logoff with many objects left open stays
/// linear.
pub struct Scope {
    owner: String,
    allocator: Allocator,
    traces: bool,
    gate: Gate,
    census: Mutex<Census>,
    drained: Condvar,
}

impl Scope {
    /// A scope whose objects are allocated with `allocator`. `owner` is its name in reports.
    #[must_use]
    pub fn new(owner: impl Into<String>, allocator: Allocator) -> Arc<Self> {
        Self::with_traces(owner, allocator, false)
    }

    /// As [`Scope::new`]; with `traces` every object remembers the stack that created it.
    #[must_use]
    pub fn with_traces(owner: impl Into<String>, allocator: Allocator, traces: bool) -> Arc<Self> {
        Arc::new(Self {
            owner: owner.into(),
            allocator,
            traces,
            gate: Gate::default(),
            census: Mutex::default(),
            drained: Condvar::new(),
        })
    }

    /// The name in reports.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The allocator of its objects.
    #[must_use]
    pub fn allocator(&self) -> Allocator {
        self.allocator
    }

    /// Lets a call in; it runs until the guard is dropped.
    ///
    /// # Errors
    /// MAPI_E_INVALID_OBJECT if the scope is closed.
    pub fn enter(&self) -> Result<Running<'_>> {
        self.gate.enter()
    }

    /// From now on every call is refused. Running ones go on.
    pub fn close(&self) {
        self.gate.close();
    }

    /// Whether [`Scope::close`] has been called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.gate.is_closed()
    }

    /// Waits until no more than `but` calls are running (a caller that is inside a call itself passes 1), `timeout` at the
    /// longest (for ever if `None`). The answer is whether that came true.
    pub fn wait_idle(&self, but: u32, timeout: Option<Duration>) -> bool {
        self.gate.wait_idle(but, timeout)
    }

    /// How many calls are running.
    #[must_use]
    pub fn running(&self) -> u32 {
        self.gate.running()
    }

    /// What is open, oldest first.
    #[must_use]
    pub fn open_objects(&self) -> Vec<OpenObject> {
        let now = Since::now();
        let cloned = |head: &Head| {
            let (object, trace) = head.describe(now);
            (object, trace.cloned())
        };
        let described: Vec<_> = self.census().list.iter().map(cloned).collect();
        // Finding names takes long: not under the lock.
        let resolved = |(mut object, trace): (OpenObject, Option<Backtrace>)| {
            object.trace = trace.map(resolve);
            object
        };
        described.into_iter().map(resolved).collect()
    }

    /// How many objects are open.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.census().list.len()
    }

    /// Adds a new object to the census. With `weak` it can be found by the number that is answered, else that is 0.
    ///
    /// # Safety
    /// `head` begins a shell that is in no census and stays where it is until it has been unregistered.
    pub(crate) unsafe fn register(&self, head: *mut Head, weak: bool) -> u64 {
        let trace = (self.traces).then(|| Box::new(Backtrace::new_unresolved()));
        let mut census = self.census();
        let mut serial = 0;
        if weak {
            census.last_serial += 1;
            serial = census.last_serial;
            census.weak.insert(serial, HeadPtr(head));
        }
        if census.list.len() == 0 {
            shell::need(1);
        }
        // SAFETY: by the contract above, and the lock is held.
        unsafe { census.list.push(head, serial, trace) };
        serial
    }

    /// Takes an object out of the census, if it is in it.
    ///
    /// # Safety
    /// `head` begins a live shell, which is in the census of this scope if in any.
    pub(crate) unsafe fn unregister(&self, head: *mut Head) {
        let mut census = self.census();
        // SAFETY: by the contract above, and the lock is held.
        let removed = unsafe { census.list.remove(head) };
        if let Some(serial) = removed.as_ref().map(|r| r.serial).filter(|s| *s != 0) {
            census.weak.remove(&serial);
        }
        let empty = removed.is_some() && census.list.len() == 0;
        drop(census);
        drop(removed);
        if empty {
            shell::need(-1);
        }
        if empty && self.is_closed() {
            self.drained.notify_all();
        }
    }

    /// Waits until the census of a closed scope is empty, `timeout` at the longest. What is left in it after
    /// [`Scope::invalidate_all`] is on its way out, in a Release on another thread.
    pub fn wait_drained(&self, timeout: Duration) -> bool {
        let census = self.census();
        let waited = self
            .drained
            .wait_timeout_while(census, timeout, |census| census.list.len() > 0);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Empties the census: the objects, each with one reference of ours, and the census as it was; both oldest first.
    pub(crate) fn hold_all(&self) -> (Vec<HeadPtr>, Vec<OpenObject>) {
        let mut census = self.census();
        let before = census.list.len();
        let held = census.list.hold_all();
        census.weak.retain(|_, head| {
            // SAFETY: what is left in the census is alive as long as the lock is held; what is not, is held.
            unsafe { (*head.0).is_listed() }
        });
        let empty = before > 0 && census.list.len() == 0;
        drop(census);
        if empty {
            shell::need(-1);
            self.drained.notify_all();
        }
        let Held {
            heads,
            mut census,
            traces,
        } = held;
        for (i, trace) in traces {
            census[i].trace = Some(resolve(*trace));
        }
        (heads, census)
    }

    /// An object that was registered as weak, with one reference of ours, if it is still there and nobody is just giving
    /// its last one back.
    pub(crate) fn hold(&self, serial: u64) -> Option<HeadPtr> {
        let census = self.census();
        let head = *census.weak.get(&serial)?;
        // SAFETY: what is in the census is alive as long as the lock is held.
        unsafe { (*head.0).hold() }.then_some(head)
    }

    fn census(&self) -> MutexGuard<'_, Census> {
        self.census.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({}, {} open)", self.owner, self.open_count())
    }
}

/// Finds the names of a stack, which takes long: one function in a line, innermost first. What makes every object (this crate),
/// what lies in the standard library, and what is below `main` is left out, unless nothing else is there.
fn resolve(mut trace: Backtrace) -> String {
    trace.resolve();
    let mut all = Vec::new();
    let mut telling = Vec::new();
    for symbol in trace.frames().iter().flat_map(BacktraceFrame::symbols) {
        let name = symbol.name().map(|name| format!("{name:#}"));
        let name = name.unwrap_or_else(|| "?".to_owned());
        if name.contains("__rust_begin_short_backtrace") {
            break;
        }
        let file = symbol.filename().map(Path::to_string_lossy);
        let line = match (&file, symbol.lineno()) {
            (Some(file), Some(line)) => format!("{name} ({}:{line})", short(file)),
            _ => name,
        };
        let making = match file.as_deref() {
            Some(file) => file.contains("/mapi-com/src/") || file.starts_with("/rustc/"),
            None => ["mapi_com::", "core::", "std::"]
                .iter()
                .any(|part| line.contains(part)),
        };
        if !making {
            telling.push(line.clone());
        }
        all.push(line);
    }
    let chosen = if telling.is_empty() { all } else { telling };
    chosen.join("\n")
}

/// The end of a path that still says which crate a file is of.
fn short(file: &str) -> &str {
    let folder = file.rfind("/src/").or_else(|| file.rfind('/'));
    let before = folder.map_or("", |at| &file[..at]);
    let start = if file[before.len()..].starts_with("/src/") {
        before.rfind('/').map_or(0, |at| at + 1)
    } else {
        folder.map_or(0, |at| at + 1)
    };
    &file[start..]
}

/// One line of the census.
#[derive(Clone, Debug)]
pub struct OpenObject {
    /// The interface, such as `IMessage`.
    pub kind: &'static str,
    /// Its reference count at the time.
    pub references: u32,
    /// How long ago it was made.
    pub age: Duration,
    /// The stack that made it, if the scope keeps traces.
    pub trace: Option<String>,
}

/// A shell that is about to become MAPI's: the arguments of MakeInvalid. Only a shell makes one, of itself, while its count
/// stands still.
#[derive(Debug)]
pub struct ShellBlock {
    pub(crate) object: *mut c_void,
    pub(crate) references: u32,
    pub(crate) methods: u32,
    /// The interface.
    pub(crate) interface: GUID,
    /// Its line of the census.
    pub(crate) age: Duration,
    pub(crate) trace: Option<String>,
}

/// IMAPISupport::MakeInvalid.
pub type MakeInvalid<'a> = dyn Fn(&ShellBlock) -> Result<()> + 'a;

/// What is open, and what of it can be found by a number.
#[derive(Default)]
struct Census {
    list: List,
    weak: HashMap<u64, HeadPtr>,
    last_serial: u64,
}
