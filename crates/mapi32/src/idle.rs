//! The idle engine. Off Windows there is no message loop to be idle in: a thread of the engine, from MAPIInitIdle to MAPIDeinitIdle,
//! calls what is ready, the highest priority first.

use std::ffi::c_void;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use mapi_sys::*;
use mapi_types::{Error, ErrorCode};

use crate::guard::{bad, or};

/// How soon a routine is called again that names no interval.
const PAUSE: Duration = Duration::from_millis(50);

static ENGINE: Mutex<Option<Running>> = Mutex::new(None);

struct Running {
    count: usize,
    engine: Arc<Engine>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Engine {
    state: Mutex<State>,
    /// Something has changed: routines, or which one runs.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    routines: Vec<Routine>,
    last_tag: usize,
    stop: bool,
    /// The routine that is being called.
    running: Option<usize>,
}

#[derive(Clone, Copy)]
struct Routine {
    tag: usize,
    function: FNIDLE,
    parameter: *mut c_void,
    priority: i16,
    interval: Duration,
    options: u16,
    due: Instant,
}

// SAFETY: the parameter is the caller's, who lets it be used on the engine's thread.
unsafe impl Send for Routine {}

impl Routine {
    fn enabled(&self) -> bool {
        u32::from(self.options) & FIRODISABLED == 0
    }

    /// From now on: at once, or after the time that FIROWAIT or FIROINTERVAL names.
    fn schedule(&mut self, first: bool) {
        let options = u32::from(self.options);
        let waits = options & FIROINTERVAL != 0 || first && options & FIROWAIT != 0;
        let pause = match (waits, first) {
            (true, _) => self.interval,
            (false, true) => Duration::ZERO,
            (false, false) => PAUSE,
        };
        self.due = Instant::now() + pause;
    }
}

/// Hundredths of a second.
fn centiseconds(n: u32) -> Duration {
    Duration::from_millis(u64::from(n) * 10)
}

impl Engine {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.state();
        while !state.stop {
            let now = Instant::now();
            let enabled = state.routines.iter().filter(|r| r.enabled());
            let ready = enabled
                .clone()
                .filter(|r| r.due <= now)
                .max_by_key(|r| r.priority)
                .copied();
            let Some(routine) = ready else {
                let wait = enabled.map(|r| r.due - now).min();
                let wait = wait.unwrap_or(Duration::from_secs(3600));
                let woken = self.changed.wait_timeout(state, wait);
                state = woken.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            };
            state.running = Some(routine.tag);
            drop(state);
            // SAFETY: function and parameter are the caller's until DeregisterIdleRoutine has returned.
            unsafe { (routine.function)(routine.parameter) };
            state = self.state();
            state.running = None;
            if let Some(called) = state.routines.iter_mut().find(|r| r.tag == routine.tag) {
                called.schedule(false);
            }
            self.changed.notify_all();
        }
    }

    /// Waits until `tag` is not being called, unless this is that call.
    fn wait_for(&self, mut state: MutexGuard<'_, State>, tag: usize, thread: Option<ThreadId>) {
        if thread == Some(std::thread::current().id()) {
            return;
        }
        while state.running == Some(tag) {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn engine() -> MutexGuard<'static, Option<Running>> {
    ENGINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something with the engine and its routines, if it runs.
fn with<R>(act: impl FnOnce(&Arc<Engine>, Option<ThreadId>) -> R) -> Result<R, Error> {
    let (engine, thread) = {
        let running = engine();
        let running = running.as_ref().ok_or_else(|| {
            Error::caller(ErrorCode::NOT_INITIALIZED).context("call MAPIInitIdle first")
        })?;
        let thread = running.thread.as_ref().map(|t| t.thread().id());
        (Arc::clone(&running.engine), thread)
    };
    Ok(act(&engine, thread))
}

/// MAPIInitIdle: starts the engine, or counts. 0 is success.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MAPIInitIdle(_reserved: LPVOID) -> LONG {
    or("MAPIInitIdle", 1, || {
        let mut running = engine();
        if let Some(running) = &mut *running {
            running.count += 1;
            return Ok(0);
        }
        let engine = Arc::new(Engine::default());
        let own = Arc::clone(&engine);
        let thread = std::thread::Builder::new()
            .name("MAPI idle".to_owned())
            .spawn(move || own.run())
            .map_err(|e| Error::system(ErrorCode::NOT_ENOUGH_RESOURCES).context(e.to_string()))?;
        *running = Some(Running {
            count: 1,
            engine,
            thread: Some(thread),
        });
        Ok(0)
    })
}

/// MAPIDeinitIdle: the last one ends the engine: when it returns, no routine runs any more. One too many does no harm.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MAPIDeinitIdle() {
    or("MAPIDeinitIdle", (), || {
        let ended = {
            let mut running = engine();
            let last = running.as_mut().is_some_and(|running| {
                running.count -= 1;
                running.count == 0
            });
            if last { running.take() } else { None }
        };
        let Some(mut ended) = ended else {
            return Ok(());
        };
        ended.engine.state().stop = true;
        ended.engine.changed.notify_all();
        if let Some(thread) = ended.thread.take() {
            // A routine that ends its own engine is not awaited by itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
        Ok(())
    });
}

/// FtgRegisterIdleRoutine: a routine to be called when nothing else is to be done. NULL if it cannot be.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FtgRegisterIdleRoutine(
    function: PFNIDLE,
    parameter: LPVOID,
    priority: i16,
    interval: ULONG,
    options: USHORT,
) -> FTG {
    or("FtgRegisterIdleRoutine", std::ptr::null_mut(), || {
        let function = function.ok_or_else(|| bad("no routine"))?;
        with(|engine, _| {
            let mut state = engine.state();
            state.last_tag += 1;
            let mut routine = Routine {
                tag: state.last_tag,
                function,
                parameter,
                priority,
                interval: centiseconds(interval),
                options,
                due: Instant::now(),
            };
            routine.schedule(true);
            state.routines.push(routine);
            engine.changed.notify_all();
            std::ptr::without_provenance_mut(routine.tag)
        })
    })
}

/// DeregisterIdleRoutine: when it returns, the routine is not called any more, nor running, unless it is the caller.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DeregisterIdleRoutine(tag: FTG) {
    or("DeregisterIdleRoutine", (), || {
        with(|engine, thread| {
            let mut state = engine.state();
            state.routines.retain(|r| r.tag != tag.addr());
            engine.wait_for(state, tag.addr(), thread);
        })
    });
}

fn change(call: &'static str, tag: FTG, act: impl FnOnce(&mut Routine)) {
    or(call, (), || {
        with(|engine, _| {
            let mut state = engine.state();
            let found = state.routines.iter_mut().find(|r| r.tag == tag.addr());
            let routine = found.ok_or_else(|| bad("no such routine"))?;
            act(routine);
            engine.changed.notify_all();
            Ok(())
        })?
    });
}

/// EnableIdleRoutine: lets a routine be called, or not.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn EnableIdleRoutine(tag: FTG, enable: BOOL) {
    let disabled = u16::try_from(FIRODISABLED).unwrap_or(0);
    change("EnableIdleRoutine", tag, |routine| {
        if enable == 0 {
            routine.options |= disabled;
        } else if !routine.enabled() {
            routine.options &= !disabled;
            routine.schedule(true);
        }
    });
}

/// ChangeIdleRoutine: changes what `what` names.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ChangeIdleRoutine(
    tag: FTG,
    function: PFNIDLE,
    parameter: LPVOID,
    priority: i16,
    interval: ULONG,
    options: USHORT,
    what: USHORT,
) {
    let what = u32::from(what);
    change("ChangeIdleRoutine", tag, |routine| {
        if let (true, Some(function)) = (what & FIRCPFN != 0, function) {
            routine.function = function;
        }
        if what & FIRCPV != 0 {
            routine.parameter = parameter;
        }
        if what & FIRCPRI != 0 {
            routine.priority = priority;
        }
        if what & FIRCCSEC != 0 {
            routine.interval = centiseconds(interval);
        }
        if what & FIRCIRO != 0 {
            routine.options = options;
        }
        if what & (FIRCCSEC | FIRCIRO) != 0 {
            routine.schedule(true);
        }
    });
}
