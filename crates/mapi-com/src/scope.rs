//! Scopes: who an object belongs to, and what is still open.

use std::ffi::c_void;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mapi_types::Result;

use crate::alloc::Allocator;
use crate::gate::{Gate, Running};

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
        let census = self.census();
        census.iter().map(|(_, entry)| entry.describe()).collect()
    }

    /// How many objects are open.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.census().len
    }

    pub(crate) fn register(&self, object: Registered) -> Slot {
        let trace = self
            .traces
            .then(|| Box::new(backtrace::Backtrace::new_unresolved()));
        self.census().insert(Entry {
            object,
            since: Instant::now(),
            trace,
        })
    }

    pub(crate) fn unregister(&self, slot: Slot) {
        let entry = self.census().remove(slot);
        drop(entry);
        if self.is_closed() {
            self.drained.notify_all();
        }
    }

    /// Waits until the census of a closed scope is empty, `timeout` at the longest. What is left in it after
    /// [`Scope::invalidate_all`] is on its way out, in a Release on another thread.
    pub fn wait_drained(&self, timeout: Duration) -> bool {
        let census = self.census();
        let waited = self
            .drained
            .wait_timeout_while(census, timeout, |census| census.len > 0);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// All open objects, newest first, each with one reference of ours: whoever ends a scope ends children before
    /// their parents.
    pub(crate) fn hold_all(&self) -> Vec<Registered> {
        let census = self.census();
        let mut held: Vec<Registered> = census
            .iter()
            .map(|(_, e)| e.object)
            .filter(|o| (o.hold)(o.pointer))
            .collect();
        held.reverse();
        held
    }

    /// One open object with one reference of ours, if it is still there and nobody is just giving its last one back.
    pub(crate) fn hold(&self, slot: Slot) -> Option<Registered> {
        let census = self.census();
        let object = census.get(slot)?.object;
        (object.hold)(object.pointer).then_some(object)
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

/// What the scope knows of a shell.
#[derive(Clone, Copy)]
pub(crate) struct Registered {
    pub pointer: ShellPointer,
    pub kind: &'static str,
    /// Adds a reference unless the count is zero already.
    pub hold: fn(ShellPointer) -> bool,
    pub references: fn(ShellPointer) -> u32,
    /// Empties the shell, hands it to `make_invalid` and gives the reference of `hold` back.
    pub invalidate: fn(ShellPointer, &MakeInvalid<'_>),
}

/// A shell, untyped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ShellPointer(pub *mut c_void);

#[allow(unsafe_code)]
// SAFETY: shells are free-threaded; the pointer is only used while the object is in the census or held.
unsafe impl Send for ShellPointer {}

/// A shell that is about to become MAPI's: the arguments of MakeInvalid. Only a shell makes one, of itself, while its count
/// stands still.
#[derive(Debug)]
pub struct ShellBlock {
    pub(crate) object: *mut c_void,
    pub(crate) references: u32,
    pub(crate) methods: u32,
}

/// IMAPISupport::MakeInvalid.
pub type MakeInvalid<'a> = dyn Fn(&ShellBlock) -> Result<()> + 'a;

struct Entry {
    object: Registered,
    since: Instant,
    trace: Option<Box<backtrace::Backtrace>>,
}

impl Entry {
    fn describe(&self) -> OpenObject {
        OpenObject {
            kind: self.object.kind,
            references: (self.object.references)(self.object.pointer),
            age: self.since.elapsed(),
            trace: self.trace.as_deref().map(|t| {
                let mut resolved = t.clone();
                resolved.resolve();
                format!("{resolved:?}")
            }),
        }
    }
}

/// Place of an object in the census. Places are used again, serial numbers are not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    at: u32,
    serial: u64,
}

const NONE: u32 = u32::MAX;

/// A list in the order of creation, linked through a vector whose free places are used again.
struct Census {
    places: Vec<Place>,
    free: u32,
    first: u32,
    last: u32,
    len: usize,
    next_serial: u64,
}

struct Place {
    entry: Option<Entry>,
    serial: u64,
    prev: u32,
    next: u32,
}

impl Default for Census {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            free: NONE,
            first: NONE,
            last: NONE,
            len: 0,
            next_serial: 0,
        }
    }
}

impl Census {
    fn insert(&mut self, entry: Entry) -> Slot {
        let serial = self.next_serial;
        self.next_serial += 1;
        let place = Place {
            entry: Some(entry),
            serial,
            prev: self.last,
            next: NONE,
        };
        let at = if self.free == NONE {
            self.places.push(place);
            u32::try_from(self.places.len() - 1).expect("fewer than 2^32 objects")
        } else {
            let at = self.free;
            self.free = self.places[at as usize].next;
            self.places[at as usize] = place;
            at
        };
        match self.last {
            NONE => self.first = at,
            last => self.places[last as usize].next = at,
        }
        self.last = at;
        self.len += 1;
        Slot { at, serial }
    }

    fn get(&self, slot: Slot) -> Option<&Entry> {
        let place = self.places.get(slot.at as usize)?;
        place.entry.as_ref().filter(|_| place.serial == slot.serial)
    }

    fn remove(&mut self, slot: Slot) -> Option<Entry> {
        self.get(slot)?;
        let at = slot.at;
        let place = self.places.get_mut(at as usize)?;
        let entry = place.entry.take()?;
        let (prev, next) = (place.prev, place.next);
        place.next = self.free;
        self.free = at;
        match prev {
            NONE => self.first = next,
            prev => self.places[prev as usize].next = next,
        }
        match next {
            NONE => self.last = prev,
            next => self.places[next as usize].prev = prev,
        }
        self.len -= 1;
        Some(entry)
    }

    fn iter(&self) -> impl Iterator<Item = (Slot, &Entry)> {
        let mut at = self.first;
        std::iter::from_fn(move || {
            let place = self.places.get(at as usize)?;
            let slot = Slot {
                at,
                serial: place.serial,
            };
            at = place.next;
            Some((slot, place.entry.as_ref()?))
        })
    }
}
