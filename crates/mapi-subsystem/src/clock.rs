//! Time, from a clock that can be injected: tests turn it by hand.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Tells the time, and waits. Every deadline of this crate is taken from one of these.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time now.
    fn now(&self) -> Instant;

    /// Waits until `signal` has been raised since it counted `seen`, or until the time is `until` (for ever if `None`). It may
    /// return early; the caller looks again.
    fn wait(&self, signal: &Arc<Signal>, seen: u64, until: Option<Instant>);
}

/// Something that happens again and again, and that a thread can wait for.
///
/// Whoever waits reads [`Signal::count`] first, looks at what it waits for next, and then waits with the count it has read: what happens in
/// between is not missed.
#[derive(Debug, Default)]
pub struct Signal {
    count: Mutex<u64>,
    raised: Condvar,
}

impl Signal {
    /// A signal that was never raised.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// How often it was raised.
    #[must_use]
    pub fn count(&self) -> u64 {
        *lock(&self.count)
    }

    /// Wakes whoever waits.
    pub fn raise(&self) {
        *lock(&self.count) += 1;
        self.raised.notify_all();
    }

    fn wait(&self, seen: u64, limit: Option<Duration>) {
        let count = lock(&self.count);
        let unchanged = |count: &mut u64| *count == seen;
        match limit {
            None => drop(self.raised.wait_while(count, unchanged)),
            Some(limit) => drop(self.raised.wait_timeout_while(count, limit, unchanged)),
        }
    }
}

/// The clock of the system; it is monotonic.
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wait(&self, signal: &Arc<Signal>, seen: u64, until: Option<Instant>) {
        let limit = until.map(|until| until.saturating_duration_since(Instant::now()));
        signal.wait(seen, limit);
    }
}

/// A clock that stands still until a test turns it.
///
/// ```
/// use std::time::Duration;
/// use mapi_subsystem::clock::{Clock, TestClock};
///
/// let clock = TestClock::new();
/// let before = clock.now();
/// clock.turn(Duration::from_secs(30));
/// assert_eq!(clock.now() - before, Duration::from_secs(30));
/// ```
#[derive(Debug)]
pub struct TestClock {
    state: Mutex<TestState>,
    /// Somebody has begun to wait.
    waiting: Condvar,
}

#[derive(Debug)]
struct TestState {
    now: Instant,
    /// Whoever waits, and has not been woken by a turn.
    sleepers: Vec<Sleeper>,
    last_sleeper: u64,
}

#[derive(Debug)]
struct Sleeper {
    id: u64,
    until: Option<Instant>,
    signal: Arc<Signal>,
    /// The count of the signal that it has seen.
    seen: u64,
}

impl TestClock {
    /// A clock that shows the time of its making.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(TestState {
                now: Instant::now(),
                sleepers: Vec::new(),
                last_sleeper: 0,
            }),
            waiting: Condvar::new(),
        })
    }

    /// Turns the clock on, and wakes those whose time has come.
    pub fn turn(&self, by: Duration) {
        let mut state = lock(&self.state);
        state.now += by;
        let now = state.now;
        state.sleepers.retain(|sleeper| {
            let due = sleeper.until.is_some_and(|until| now >= until);
            if due {
                sleeper.signal.raise();
            }
            !due
        });
    }

    /// Blocks until this many threads wait, for a time that has not come and with nothing that woke them. A test that turns the clock then
    /// knows who sees it.
    ///
    /// # Panics
    /// After a minute of real time, so that a test which waits for what never happens fails and does not hang.
    pub fn until_waiting(&self, threads: usize) {
        let asleep = |state: &TestState| {
            let asleep = |sleeper: &&Sleeper| sleeper.signal.count() == sleeper.seen;
            state.sleepers.iter().filter(asleep).count()
        };
        let state = lock(&self.state);
        let fewer = |state: &mut TestState| asleep(state) < threads;
        let patience = Duration::from_secs(60);
        let waited = self.waiting.wait_timeout_while(state, patience, fewer);
        let (state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        let found = asleep(&state);
        drop(state);
        assert!(!waited.timed_out(), "{found} of {threads} threads wait");
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        lock(&self.state).now
    }

    fn wait(&self, signal: &Arc<Signal>, seen: u64, until: Option<Instant>) {
        let mut state = lock(&self.state);
        if until.is_some_and(|until| state.now >= until) {
            return;
        }
        state.last_sleeper += 1;
        let id = state.last_sleeper;
        let signal = Arc::clone(signal);
        state.sleepers.push(Sleeper {
            id,
            until,
            signal: Arc::clone(&signal),
            seen,
        });
        drop(state);
        self.waiting.notify_all();
        signal.wait(seen, None);
        let mut state = lock(&self.state);
        state.sleepers.retain(|sleeper| sleeper.id != id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_signal_that_came_before_the_wait_is_not_missed() {
        let signal = Signal::new();
        let seen = signal.count();
        signal.raise();
        SystemClock.wait(&signal, seen, None);
        TestClock::new().wait(&signal, seen, None);
    }

    #[test]
    fn who_waits_for_a_time_wakes_when_the_clock_is_turned_there() {
        let clock = TestClock::new();
        let signal = Signal::new();
        let until = clock.now() + Duration::from_millis(10);
        let waiter = thread::spawn({
            let (clock, signal) = (Arc::clone(&clock), Arc::clone(&signal));
            move || {
                while clock.now() < until {
                    clock.wait(&signal, signal.count(), Some(until));
                }
            }
        });
        clock.until_waiting(1);
        clock.turn(Duration::from_millis(9));
        clock.until_waiting(1);
        assert!(!waiter.is_finished());
        clock.turn(Duration::from_millis(1));
        waiter.join().unwrap();
    }

    #[test]
    fn the_systems_clock_waits_no_longer_than_told() {
        let signal = Signal::new();
        let until = SystemClock.now() + Duration::from_millis(1);
        SystemClock.wait(&signal, signal.count(), Some(until));
        assert!(SystemClock.now() >= until);
    }
}
