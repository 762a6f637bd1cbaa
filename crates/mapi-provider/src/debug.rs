//! Traces of what a logon leaves behind (LIFE-LOGOFF-008).

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use mapi_com::scope::OpenObject;

/// How much a provider tells about objects that are still open when a logon ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DebugLevel {
    /// Nothing.
    Off,
    /// One line for each object.
    Leaks,
    /// And the stack that made it, which costs time for every object that is made.
    Stacks,
}

/// The environment variable with the level at start: `off`, `leaks` or `stacks`. A provider library has no other way to
/// learn it, since MAPI's interfaces have no place for it.
pub const DEBUG_VARIABLE: &str = "MAPI_PROVIDER_DEBUG";

/// Where trace lines go.
pub type TraceSink = Box<dyn Fn(&str) + Send + Sync>;

const UNSET: u8 = u8::MAX;
static LEVEL: AtomicU8 = AtomicU8::new(UNSET);
static SINK: RwLock<Option<TraceSink>> = RwLock::new(None);

/// The level now.
#[must_use]
pub fn debug_level() -> DebugLevel {
    static START: OnceLock<DebugLevel> = OnceLock::new();
    match LEVEL.load(Ordering::Relaxed) {
        0 => DebugLevel::Off,
        1 => DebugLevel::Leaks,
        2 => DebugLevel::Stacks,
        _ => *START.get_or_init(|| match std::env::var(DEBUG_VARIABLE).as_deref() {
            Ok("leaks" | "1") => DebugLevel::Leaks,
            Ok("stacks" | "2") => DebugLevel::Stacks,
            _ => DebugLevel::Off,
        }),
    }
}

/// Changes the level for objects and logons from now on.
pub fn set_debug_level(level: DebugLevel) {
    let number = match level {
        DebugLevel::Off => 0,
        DebugLevel::Leaks => 1,
        DebugLevel::Stacks => 2,
    };
    LEVEL.store(number, Ordering::Relaxed);
}

/// Sends trace lines to `sink`; standard error if `None`.
pub fn set_trace_sink(sink: Option<TraceSink>) {
    *SINK.write().unwrap_or_else(PoisonError::into_inner) = sink;
}

/// Writes a line for each object that `owner` leaves behind.
pub(crate) fn trace_leaks(owner: &str, open: &[OpenObject]) {
    if debug_level() == DebugLevel::Off {
        return;
    }
    for object in open {
        let mut line = format!(
            "{owner}: leaked {} with {} reference(s), {:.1?} old",
            object.kind, object.references, object.age
        );
        if let Some(stack) = &object.trace {
            line.push_str(", made at\n");
            line.push_str(stack);
        }
        write_line(&line);
    }
}

pub(crate) fn write_line(line: &str) {
    match &*SINK.read().unwrap_or_else(PoisonError::into_inner) {
        Some(sink) => sink(line),
        None => eprintln!("{line}"),
    }
}
