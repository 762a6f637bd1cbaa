//! What every shell begins with, whatever is inside: the count, and its place in the census of its scope.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, Ordering};
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
    /// References; [`MOVING`] while the count is being handed to MakeInvalid.
    pub count: AtomicU32,
    pub dying: AtomicU8,
    kind: &'static Kind,
    links: UnsafeCell<Links>,
    since: Since,
}

/// What is the same for all shells of one interface.
pub(crate) struct Kind {
    /// The interface.
    pub name: &'static str,
    /// Empties a held shell, hands it to MakeInvalid and gives the reference of [`Head::hold`] back.
    pub invalidate: fn(HeadPtr, &MakeInvalid<'_>),
}

/// Set in the count while another vtable is about to take the object over, and left there when it has: whoever is just on
/// its way into the old AddRef or Release goes on to the new one.
pub(crate) const MOVING: u32 = 1 << 31;

impl Head {
    pub fn new(vtbl: *mut c_void, kind: &'static Kind) -> Self {
        Self {
            vtbl: AtomicPtr::new(vtbl),
            count: AtomicU32::new(1),
            dying: AtomicU8::new(0),
            kind,
            links: UnsafeCell::default(),
            since: Since::now(),
        }
    }

    /// Adds a reference, unless the last one is being given back or another vtable takes the object over.
    pub fn hold(&self) -> bool {
        let mut now = self.count.load(Ordering::Acquire);
        while now != 0 && now & MOVING == 0 && self.dying.load(Ordering::Acquire) == 0 {
            match self.count.compare_exchange_weak(
                now,
                now + 1,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return true,
                Err(other) => now = other,
            }
        }
        false
    }

    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// The line of the census, and the stack that is still to be resolved. Called under the lock of the census.
    pub fn describe(&self) -> (OpenObject, Option<Backtrace>) {
        let object = OpenObject {
            kind: self.kind.name,
            references: self.count.load(Ordering::Acquire) & !MOVING,
            age: self.since.elapsed(),
            trace: None,
        };
        // SAFETY: the links are only touched under the lock, which the caller has.
        let trace = unsafe { (*self.links.get()).trace.as_deref().cloned() };
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
    #[allow(dead_code)]
    pub trace: Option<Box<Backtrace>>,
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

/// When an object was made, to some milliseconds: cheaper than [`std::time::Instant`], of which each object would have one.
#[derive(Clone, Copy)]
struct Since(Duration);

impl Since {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn now() -> Self {
        let mut now = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: `now` is a place for the time.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut now) };
        let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
        let nanoseconds = u32::try_from(now.tv_nsec).unwrap_or(0);
        Self(Duration::new(seconds, nanoseconds))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn now() -> Self {
        static START: std::sync::LazyLock<std::time::Instant> =
            std::sync::LazyLock::new(std::time::Instant::now);
        Self(START.elapsed())
    }

    fn elapsed(self) -> Duration {
        Self::now().0.saturating_sub(self.0)
    }
}
