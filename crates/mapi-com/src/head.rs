//! What every shell begins with, whatever is inside: the count, and its place in the census of its scope.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::time::Duration;

use backtrace::Backtrace;

use crate::scope::{MakeInvalid, OpenObject};

/// The beginning of every shell.
///
/// The first 16 bytes are what MakeInvalid turns an object into a shell of MAPI's with: it replaces the vtable and puts a
/// count of its own into the last four of them (see [`crate::invalid`]).
///
/// The links belong to the scope's census and are only touched under its lock. The list runs through the objects
/// themselves: opening and closing one touches no memory but its own and its neighbours'.
#[repr(C)]
pub(crate) struct Head {
    pub vtbl: AtomicPtr<c_void>,
    /// References, [`MOVING`] and [`DYING`].
    pub count: AtomicU32,
    kind: &'static Kind,
    links: UnsafeCell<Links>,
    since: Since,
}

/// What is the same for all shells of one interface.
pub(crate) struct Kind {
    /// The interface.
    pub name: &'static str,
    /// Empties a shell that was held and taken out of the census, hands it to MakeInvalid and gives the reference back.
    pub invalidate: fn(HeadPtr, &OpenObject, &MakeInvalid<'_>),
}

/// Set in the count while another vtable is about to take the object over, and left there when it has: whoever is just on
/// its way into the old AddRef or Release goes on to the new one.
pub(crate) const MOVING: u32 = 1 << 31;
/// Set in the count by the Release that made it zero: whatever is added and released after that only counts.
pub(crate) const DYING: u32 = 1 << 30;

/// What a change of the count has come to.
pub(crate) enum Changed {
    /// The count is this now.
    To(u32),
    /// It has become zero, for the first time.
    Ended,
    /// Another vtable is about to take the object over, or has.
    Moved,
}

impl Head {
    pub fn new(vtbl: *mut c_void, kind: &'static Kind) -> Self {
        Self {
            vtbl: AtomicPtr::new(vtbl),
            count: AtomicU32::new(1),
            kind,
            links: UnsafeCell::default(),
            since: Since::now(),
        }
    }

    /// Adds `by` to the count; below zero it stays zero.
    pub fn change(&self, by: i32) -> Changed {
        let mut now = self.count.load(Ordering::Acquire);
        loop {
            if now & MOVING != 0 {
                return Changed::Moved;
            }
            let left = (now & !DYING).saturating_add_signed(by);
            let ended = left == 0 && now & DYING == 0;
            let flag = if ended { DYING } else { now & DYING };
            match self.swap(now, left | flag) {
                Ok(_) if ended => return Changed::Ended,
                Ok(_) => return Changed::To(left),
                Err(other) => now = other,
            }
        }
    }

    /// Adds a reference, unless the last one is being given back or another vtable takes the object over.
    pub fn hold(&self) -> bool {
        let mut now = self.count.load(Ordering::Acquire);
        while now & (MOVING | DYING) == 0 {
            match self.swap(now, now + 1) {
                Ok(_) => return true,
                Err(other) => now = other,
            }
        }
        false
    }

    fn swap(&self, from: u32, to: u32) -> Result<u32, u32> {
        self.count
            .compare_exchange_weak(from, to, Ordering::AcqRel, Ordering::Acquire)
    }

    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// Whether it is in the census. Called under its lock.
    pub fn is_listed(&self) -> bool {
        // SAFETY: the links are only touched under the lock, which the caller has.
        unsafe { (*self.links.get()).listed }
    }

    /// The line of the census without the stack, and the stack. Called under the lock of the census.
    pub fn describe(&self, now: Since) -> (OpenObject, Option<&Backtrace>) {
        let object = OpenObject {
            kind: self.kind.name,
            references: self.count.load(Ordering::Acquire) & !(MOVING | DYING),
            age: now.after(self.since),
            trace: None,
        };
        // SAFETY: the links are only touched under the lock, which the caller has.
        let trace = unsafe { (*self.links.get()).trace.as_deref() };
        (object, trace)
    }
}

/// A head in the census.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct HeadPtr(pub *mut Head);

// SAFETY: shells are free-threaded; the pointer is only used while the object is in the census or held.
unsafe impl Send for HeadPtr {}

/// The neighbours in the census.
struct Links {
    prev: *mut Head,
    next: *mut Head,
    /// Whether the object is in the census.
    listed: bool,
    /// By which a weak pointer finds it; 0 if there is none.
    serial: u64,
    /// The stack that made it, if its scope keeps stacks. Here, and not in the head, because it has to go when the block is
    /// given to MAPI.
    trace: Option<Box<Backtrace>>,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            prev: std::ptr::null_mut(),
            next: std::ptr::null_mut(),
            listed: false,
            serial: 0,
            trace: None,
        }
    }
}

/// What the census knew of an object.
pub(crate) struct Removed {
    pub serial: u64,
    /// To be dropped when the lock is no longer held.
    pub trace: Option<Box<Backtrace>>,
}

/// What [`List::hold_all`] has taken out, oldest first.
pub(crate) struct Held {
    pub heads: Vec<HeadPtr>,
    /// The lines of the census, without stacks.
    pub census: Vec<OpenObject>,
    /// Which of them has which stack.
    pub traces: Vec<(usize, Box<Backtrace>)>,
}

/// The objects of a scope in the order of creation. Lives under the lock of the census.
pub(crate) struct List {
    first: *mut Head,
    last: *mut Head,
    len: usize,
}

// SAFETY: the objects are free-threaded and leave the list before they end.
unsafe impl Send for List {}

impl Default for List {
    fn default() -> Self {
        Self {
            first: std::ptr::null_mut(),
            last: std::ptr::null_mut(),
            len: 0,
        }
    }
}

impl List {
    pub fn len(&self) -> usize {
        self.len
    }

    /// Adds an object at the end.
    ///
    /// # Safety
    /// `head` is in no list, and stays where it is until it has been removed from this one.
    pub unsafe fn push(&mut self, head: *mut Head, serial: u64, trace: Option<Box<Backtrace>>) {
        // SAFETY: by the contract above; links are only touched under the lock of the census, which the caller has.
        unsafe {
            *(*head).links.get() = Links {
                prev: self.last,
                next: std::ptr::null_mut(),
                listed: true,
                serial,
                trace,
            };
            match self.last.as_ref() {
                Some(last) => (*last.links.get()).next = head,
                None => self.first = head,
            }
        }
        self.last = head;
        self.len += 1;
    }

    /// Takes an object out: its serial number and stack. `None` if it is not in the list.
    ///
    /// # Safety
    /// `head` is alive, and in this list if in any.
    pub unsafe fn remove(&mut self, head: *mut Head) -> Option<Removed> {
        // SAFETY: as in `push`; neighbours in the list are alive.
        unsafe {
            let links = std::mem::take(&mut *(*head).links.get());
            if !links.listed {
                return None;
            }
            match links.prev.as_ref() {
                Some(prev) => (*prev.links.get()).next = links.next,
                None => self.first = links.next,
            }
            match links.next.as_ref() {
                Some(next) => (*next.links.get()).prev = links.prev,
                None => self.last = links.prev,
            }
            self.len -= 1;
            Some(Removed {
                serial: links.serial,
                trace: links.trace,
            })
        }
    }

    /// Takes out all that can be held, each with one reference of ours. What is left is just ending, and takes itself out.
    pub fn hold_all(&mut self) -> Held {
        let now = Since::now();
        let mut held = Held {
            heads: Vec::with_capacity(self.len),
            census: Vec::with_capacity(self.len),
            traces: Vec::new(),
        };
        let mut at = self.first;
        // SAFETY: what is in the list is alive, and the caller has the lock.
        while let Some(head) = unsafe { at.as_ref() } {
            let this = at;
            // SAFETY: as above.
            at = unsafe { (*head.links.get()).next };
            let object = head.describe(now).0;
            if head.hold() {
                // SAFETY: as above; the head is in this list.
                let removed = unsafe { self.remove(this) };
                if let Some(trace) = removed.and_then(|removed| removed.trace) {
                    held.traces.push((held.heads.len(), trace));
                }
                held.heads.push(HeadPtr(this));
                held.census.push(object);
            }
        }
        held
    }

    /// The objects, oldest first. What is in the list is alive as long as the lock is held.
    pub fn iter(&self) -> impl Iterator<Item = &Head> {
        let mut at = self.first;
        std::iter::from_fn(move || {
            // SAFETY: as said.
            unsafe {
                let head = at.as_ref()?;
                at = (*head.links.get()).next;
                Some(head)
            }
        })
    }
}

/// When an object was made, in milliseconds of some clock: cheaper to ask for, and smaller, than [`std::time::Instant`].
#[derive(Clone, Copy)]
pub(crate) struct Since(u64);

impl Since {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn now() -> Self {
        let mut now = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: `now` is a place for the time.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut now) };
        let milliseconds = now.tv_sec * 1000 + now.tv_nsec / 1_000_000;
        Self(u64::try_from(milliseconds).unwrap_or(0))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub fn now() -> Self {
        static START: std::sync::LazyLock<std::time::Instant> =
            std::sync::LazyLock::new(std::time::Instant::now);
        Self(u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    fn after(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}
