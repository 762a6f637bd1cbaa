//! A performer that does what a script says, and writes down what it was told to do.

use super::*;

/// What the script says about an action; without a word it ends well at once.
#[derive(Clone, Copy)]
pub enum Act {
    Hang,
    Fail,
    Throw,
    /// No thread for the first attempt.
    Refuse,
    /// It takes long only to hand it to its thread: until the test says so.
    HandOverSlowly,
}

/// Performs by a script, and writes down what it was told to do.
#[derive(Default)]
pub struct Script {
    pub acts: Mutex<BTreeMap<Action, Act>>,
    pub started: Mutex<Vec<Step>>,
    pub performed: Mutex<Vec<Action>>,
    pub given_up: Mutex<Vec<Action>>,
    pub hanging: Mutex<BTreeMap<Action, Ticket>>,
    /// Both the slow hand-over and the test wait here, twice.
    pub slow: Option<Barrier>,
    pub driver: OnceLock<Weak<Driver>>,
}

impl Performer for Script {
    fn perform(&self, action: Action) -> Ended {
        self.performed.lock().unwrap().push(action);
        well(action).into()
    }

    fn start(&self, step: &Step, ticket: Ticket) {
        let act = self.acts.lock().unwrap().get(&step.action).copied();
        if let (Some(Act::HandOverSlowly), Some(slow)) = (act, &self.slow) {
            slow.wait();
            slow.wait();
        }
        self.started.lock().unwrap().push(*step);
        match act {
            Some(Act::Hang) => drop(self.hanging.lock().unwrap().insert(step.action, ticket)),
            Some(Act::Fail) => ticket.done(Outcome::Returned(ErrorCode::CALL_FAILED)),
            Some(Act::Throw) => ticket.done(Ended {
                what: Some("bad_alloc".to_owned()),
                ..Outcome::Threw.into()
            }),
            Some(Act::Refuse) => {
                self.acts.lock().unwrap().remove(&step.action);
                drop(ticket);
            }
            Some(Act::HandOverSlowly) | None => {
                self.support_is_dropped_in(step.action);
                ticket.done(well(step.action));
            }
        }
    }

    fn give_up(&self, step: &Step) {
        // LIFE-LOGOFF-017: no lock is held, so the driver can be asked from here.
        let _ = self.driver().session();
        self.given_up.lock().unwrap().push(step.action);
    }
}

impl Script {
    pub fn driver(&self) -> Arc<Driver> {
        self.driver.get().and_then(Weak::upgrade).unwrap()
    }

    /// A well-behaved provider drops its support object in its logoff method. LIFE-LOGOFF-017: that calls the driver back.
    pub fn support_is_dropped_in(&self, action: Action) {
        if let Action::CallLogoff(logon) = action {
            self.driver().support_gone(logon).finish();
        }
    }

    pub fn script(&self, action: Action, act: Act) {
        self.acts.lock().unwrap().insert(action, act);
    }

    pub fn started(&self) -> Vec<Action> {
        let started = self.started.lock().unwrap();
        let calls = started.iter().filter(|step| step.lane != Lane::Waiting);
        calls.map(|step| step.action).collect()
    }

    pub fn given_up(&self) -> Vec<Action> {
        self.given_up.lock().unwrap().clone()
    }

    /// Whether it was still awaited.
    pub fn let_return(&self, action: Action) -> bool {
        let ticket = self.hanging.lock().unwrap().remove(&action).unwrap();
        ticket.done_in_time(well(action))
    }
}

pub fn well(action: Action) -> Outcome {
    match action {
        Action::ReleaseLogon(_) | Action::ReleaseProvider(_) => Outcome::Count(0),
        _ => Outcome::DONE,
    }
}

/// A Logoff on a thread of its own.
pub struct Ending(mpsc::Receiver<Result<(), AlreadyEnding>>);

impl Ending {
    pub fn still_waits(&self) -> bool {
        self.0.try_recv().is_err()
    }

    /// Fails if it does not end in a minute of real time.
    pub fn join(self) {
        let ended = self.0.recv_timeout(Duration::from_secs(60));
        ended.expect("the session does not end").unwrap();
    }
}

pub struct Session {
    pub script: Arc<Script>,
    pub clock: Arc<TestClock>,
    pub driver: Arc<Driver>,
}

impl Session {
    pub fn new(deadlines: Deadlines) -> Self {
        let script = Arc::new(Script {
            slow: Some(Barrier::new(2)),
            ..Script::default()
        });
        let clock = TestClock::new();
        let total = deadlines.session_deadline_ms;
        let recorder = Arc::new(Recorder::new("session 1", "test", total, clock.now()));
        let performer: Arc<dyn Performer> = Arc::clone(&script) as _;
        let driver = Driver::new(performer, Arc::clone(&clock) as _, deadlines, recorder);
        script.driver.set(Arc::downgrade(&driver)).unwrap();
        Self {
            script,
            clock,
            driver,
        }
    }

    pub fn provider(&self, kind: Kind, library: u32) -> ProviderId {
        self.driver
            .start_provider(kind, LibraryId(library), "provider")
    }

    pub fn logon(&self, provider: ProviderId) -> LogonId {
        let logon = self
            .driver
            .begin_logon(provider, LogonOwner::Client, "logon")
            .unwrap();
        assert!(self.driver.logon_started(provider, logon));
        logon
    }

    pub fn end_on_a_thread(&self) -> Ending {
        let driver = Arc::clone(&self.driver);
        let (sender, ended) = mpsc::channel();
        thread::spawn(move || sender.send(driver.end_session()));
        Ending(ended)
    }

    /// Turns the clock when the one waiter waits, and comes back when it waits again.
    pub fn turn(&self, ms: u64) {
        self.clock.until_waiting(1);
        self.clock.turn(Duration::from_millis(ms));
        self.clock.until_waiting(1);
    }

    /// The last turn: nobody waits afterwards.
    pub fn turn_to_the_end(&self, ms: u64, ending: Ending) {
        self.clock.until_waiting(1);
        self.clock.turn(Duration::from_millis(ms));
        ending.join();
    }

    pub fn report(&self) -> ShutdownReport {
        self.driver.recorder().report()
    }

    pub fn outcome(&self, call: &str) -> CallOutcome {
        let report = self.report();
        let found = report.calls.iter().find(|made| made.call == call);
        found
            .unwrap_or_else(|| panic!("{call} is not in {:#?}", report.calls))
            .outcome
            .clone()
    }
}
