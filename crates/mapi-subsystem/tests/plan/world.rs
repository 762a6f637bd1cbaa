//! A world for the planner: providers that behave as told, and a log of what was done to them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use mapi_subsystem::shutdown::{
    Action, Event, Kind, Lane, LibraryId, LogonId, LogonOwner, LogonState, Outcome, Plan,
    ProviderId, SessionState, Step, StepId,
};
use mapi_types::ErrorCode;

/// How a logon is before the session ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Before {
    Active,
    Failed,
    /// Its logon method is still running.
    Starting,
    /// Success without a reference on the support object (OP-41).
    Unsupported,
    /// A store that the spooler opened.
    Spooler,
    /// A store that its client is just releasing.
    ClosedByClient,
}

/// A provider object: kind, library, logons.
pub type Spec = (Kind, u32, &'static [Before]);

/// What a step does instead of ending well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    Error,
    Throws,
    /// It never returns, so it is given up.
    Hangs,
    /// It is given up, and returns when this many further steps have begun.
    ReturnsLate(usize),
    NoThread,
    /// A Release leaves references behind.
    Referenced,
    /// The provider keeps its support object.
    KeepsSupport,
    /// While it runs, something else happens.
    Meanwhile(Event),
    /// While it runs, the session's total is used up; it does not return.
    TotalExpires,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    Begun(Step),
    Ended(Step, Outcome),
    Event(Event),
}

/// Which of the running steps ends next.
#[derive(Clone, Debug)]
pub enum Choice {
    First,
    Last,
    Random(Vec<u8>),
}

pub struct World {
    pub plan: Plan,
    pub log: Vec<Entry>,
    pub providers: BTreeMap<ProviderId, (Kind, LibraryId, Vec<LogonId>)>,
    pub logons: BTreeMap<LogonId, Before>,
    /// By the number of the step that can have a fault.
    pub faults: BTreeMap<usize, Fault>,
    pub begun: usize,
    choice: Choice,
    running: VecDeque<(Step, Option<Fault>)>,
    hanging: Vec<Step>,
    late: Vec<(usize, StepId)>,
}

impl World {
    pub fn new(specs: &[Spec], choice: Choice, faults: BTreeMap<usize, Fault>) -> Self {
        let mut world = Self {
            plan: Plan::new(),
            log: Vec::new(),
            providers: BTreeMap::new(),
            logons: BTreeMap::new(),
            faults,
            begun: 0,
            choice,
            running: VecDeque::new(),
            hanging: Vec::new(),
            late: Vec::new(),
        };
        for (kind, library, logons) in specs {
            world.start(*kind, LibraryId(*library), logons);
        }
        world
    }

    fn start(&mut self, kind: Kind, library: LibraryId, logons: &[Before]) {
        let provider = self.plan.start_provider(kind, library);
        let mut ids = Vec::new();
        for before in logons {
            let owner = match before {
                Before::Spooler => LogonOwner::Spooler,
                _ => LogonOwner::Client,
            };
            let logon = self.plan.begin_logon(provider, owner).unwrap();
            ids.push(logon);
            self.logons.insert(logon, *before);
            match before {
                Before::Starting => {}
                Before::Failed => self.event(Event::LogonFailed(logon)),
                Before::Unsupported => {
                    self.event(Event::SupportGone(logon));
                    self.event(Event::LogonStarted(logon));
                }
                _ => self.event(Event::LogonStarted(logon)),
            }
        }
        self.providers
            .insert(provider, (kind, library, ids.clone()));
        for logon in ids {
            if self.logons[&logon] == Before::ClosedByClient {
                self.event(Event::SupportGone(logon));
            }
        }
    }

    /// Ends the session and goes on until nothing moves any more.
    pub fn end_session(&mut self) {
        self.event(Event::SessionEnds);
        self.settle();
        assert_eq!(self.plan.session(), SessionState::Closed, "{}", self.show());
        // What was given up returns in the end, and nothing follows.
        for step in std::mem::take(&mut self.hanging) {
            if !self.plan.awaits(step.id) {
                let follows = self.plan.on(Event::StepEnded(step.id, Outcome::DONE));
                assert!(
                    follows.is_empty(),
                    "a late return is followed by {follows:?}"
                );
            }
        }
    }

    pub fn settle(&mut self) {
        loop {
            assert!(self.log.len() < 3000, "it does not end\n{}", self.show());
            self.return_late();
            if let Some(next) = self.choose() {
                let (step, fault) = self.running.remove(next).unwrap();
                self.finish(step, fault);
            } else if !self.time_passes() {
                return;
            }
        }
    }

    pub fn event(&mut self, event: Event) {
        let heard = match event {
            // A logon that has gone is not heard.
            Event::CriticalError(logon) => self.plan.logon(logon).is_some(),
            _ => true,
        };
        if heard {
            self.log.push(Entry::Event(event));
        }
        let steps = self.plan.on(event);
        self.begin(steps);
    }

    fn begin(&mut self, steps: Vec<Step>) {
        for step in steps {
            self.log.push(Entry::Begun(step));
            if step.lane == Lane::Inline {
                continue;
            }
            let fault = self.faults.get(&self.begun).copied();
            self.begun += 1;
            self.running.push_back((step, fault));
        }
    }

    fn ended(&mut self, step: Step, outcome: Outcome) {
        // Whatever was given up meanwhile, by the total or with its logon, returns unheard.
        if !self.plan.awaits(step.id) {
            let follows = self.plan.on(Event::StepEnded(step.id, outcome));
            assert!(
                follows.is_empty(),
                "a late return is followed by {follows:?}"
            );
            return;
        }
        self.log.push(Entry::Ended(step, outcome));
        let steps = self.plan.on(Event::StepEnded(step.id, outcome));
        self.begin(steps);
    }

    fn choose(&mut self) -> Option<usize> {
        let count = self.running.len();
        if count == 0 {
            return None;
        }
        match &mut self.choice {
            Choice::First => Some(0),
            Choice::Last => Some(count - 1),
            Choice::Random(bytes) => {
                let byte = bytes.pop().unwrap_or_default();
                Some(usize::from(byte) % count)
            }
        }
    }

    /// Nothing moves: the deadline of the oldest call that hangs passes.
    fn time_passes(&mut self) -> bool {
        let awaited = self
            .hanging
            .iter()
            .position(|step| self.plan.awaits(step.id));
        // After the end nobody is there to look at deadlines.
        let Some(place) = awaited.filter(|_| self.plan.session() != SessionState::Closed) else {
            return false;
        };
        let step = self.hanging[place];
        self.ended(step, Outcome::TimedOut);
        true
    }

    fn return_late(&mut self) {
        let begun = self.begun;
        let (due, later) = self.late.drain(..).partition(|(at, _)| *at <= begun);
        self.late = later;
        let due: Vec<(usize, StepId)> = due;
        for (at, step) in due {
            if self.plan.awaits(step) {
                // Not given up yet.
                self.late.push((at + 1, step));
                continue;
            }
            let follows = self.plan.on(Event::StepEnded(step, Outcome::DONE));
            assert!(
                follows.is_empty(),
                "a late return is followed by {follows:?}"
            );
        }
    }

    fn finish(&mut self, step: Step, fault: Option<Fault>) {
        let caller = step.lane == Lane::Caller;
        match fault {
            Some(Fault::Hangs | Fault::ReturnsLate(_)) if !caller => {
                self.hanging.push(step);
                if let Some(Fault::ReturnsLate(after)) = fault {
                    self.late.push((self.begun + after, step.id));
                }
                if matches!(self.choice, Choice::Last) {
                    self.time_passes();
                }
            }
            Some(Fault::TotalExpires) if !caller => {
                self.hanging.push(step);
                self.event(Event::TotalExpired);
            }
            Some(Fault::NoThread)
                if !matches!(step.lane, Lane::Client | Lane::Caller | Lane::Waiting) =>
            {
                self.ended(step, Outcome::NotMade);
            }
            Some(Fault::Error | Fault::Throws) if matches!(step.action, Action::AwaitLogon(_)) => {
                if let Action::AwaitLogon(logon) = step.action {
                    self.event(Event::LogonFailed(logon));
                }
            }
            Some(Fault::Error) => self.ended(step, Outcome::Returned(ErrorCode::CALL_FAILED)),
            Some(Fault::Throws) => self.ended(step, Outcome::Threw),
            Some(Fault::Referenced) if is_release(step.action) => {
                self.ended(step, Outcome::Count(2))
            }
            Some(Fault::KeepsSupport) if !matches!(step.action, Action::AwaitLogon(_)) => {
                self.ended(step, well(step.action))
            }
            Some(Fault::Meanwhile(event)) => {
                self.event(event);
                self.do_its_work(step);
            }
            _ => self.do_its_work(step),
        }
    }

    /// What a well-behaved provider does in a step.
    fn do_its_work(&mut self, step: Step) {
        match step.action {
            Action::AwaitLogon(logon) => return self.event(Event::LogonStarted(logon)),
            Action::CallLogoff(logon) => self.drop_support(logon),
            Action::ReleaseLogon(logon) => self.drop_support(logon),
            Action::ReturnSpoolerStore(logon) => {
                self.event(Event::SupportGone(logon));
                if !self.finish_on_client(logon) {
                    self.hanging.push(step);
                    return;
                }
            }
            _ => {}
        }
        self.ended(step, well(step.action));
    }

    fn drop_support(&mut self, logon: LogonId) {
        let gone = Entry::Event(Event::SupportGone(logon));
        if !self.log.contains(&gone) {
            self.event(Event::SupportGone(logon));
        }
    }

    /// The rest of a store's final Release, on this thread. The answer is whether it came back.
    fn finish_on_client(&mut self, logon: LogonId) -> bool {
        let concerns = |step: &Step| {
            step.lane == Lane::Client
                && matches!(step.action, Action::CallLogoff(id) | Action::ReleaseLogon(id) if id == logon)
        };
        while let Some(place) = self.running.iter().position(|(step, _)| concerns(step)) {
            let (step, fault) = self.running.remove(place).unwrap();
            self.finish(step, fault);
            if self.hanging.contains(&step) {
                return false;
            }
        }
        true
    }

    pub fn show(&self) -> String {
        let lines: Vec<String> = self.log.iter().map(|entry| format!("{entry:?}")).collect();
        let faults: Vec<_> = self.faults.iter().take(8).collect();
        format!("faults {faults:?}\n{}", lines.join("\n"))
    }

    /// Steps whose calls were given up.
    pub fn given_up(&self) -> BTreeSet<StepId> {
        let mut given_up = BTreeSet::new();
        let mut expired = false;
        let mut awaited: BTreeMap<StepId, Step> = BTreeMap::new();
        for entry in &self.log {
            match *entry {
                Entry::Begun(step) => drop(awaited.insert(step.id, step)),
                Entry::Ended(step, outcome) => {
                    awaited.remove(&step.id);
                    if outcome == Outcome::TimedOut {
                        given_up.insert(step.id);
                    }
                }
                Entry::Event(Event::TotalExpired) if !std::mem::replace(&mut expired, true) => {
                    let running = awaited.values().filter(|step| {
                        !matches!(step.lane, Lane::Inline | Lane::Caller)
                            && !matches!(step.action, Action::AwaitQuiet(_))
                    });
                    given_up.extend(running.map(|step| step.id));
                }
                Entry::Event(_) => {}
            }
        }
        given_up
    }

    pub fn is_abandoned(&self, logon: LogonId) -> bool {
        self.plan.logon(logon) == Some(LogonState::Abandoned)
    }
}

fn is_release(action: Action) -> bool {
    matches!(action, Action::ReleaseLogon(_) | Action::ReleaseProvider(_))
}

fn well(action: Action) -> Outcome {
    match action {
        action if is_release(action) => Outcome::Count(0),
        _ => Outcome::DONE,
    }
}
