//! How the steps of the shutdown plan are performed: the host's hands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use mapi_com::host_call::{Ended as CallEnded, EndedObject, EndingCall};
use mapi_com::trampoline::{CallEnd, Worker};
use mapi_types::{ErrorCode, Result};

use super::SessionCore;
use crate::clock::Signal;
use crate::host::{HostedLibrary, Logon};
use crate::report::{Recorder, ShutdownReport};
use crate::shutdown::{
    Action, Driver, Ended, Kind, Lane, LibraryId, LogonId, LogonOwner, LogonState, Outcome,
    Performer, ProviderId, Refused, SessionState, Step, Ticket,
};
use crate::subsystem::Subsystem;

/// How long a provider object rests between its last support object's end and its Shutdown while the session is open: the
/// client's Release, in which that end came, has then come back (OP-24). MAPI hands out a provider's own pointers, so it does
/// not see the return itself. The end of the session does not wait for it.
const SETTLE: Duration = Duration::from_millis(20);

/// The way down of one session: its driver, and what performs the driver's steps.
pub(crate) struct WayDown {
    driver: Arc<Driver>,
    hands: Arc<Hands>,
    subsystem: Weak<Subsystem>,
}

impl WayDown {
    pub fn new(
        session: Weak<SessionCore>,
        subsystem: &Arc<Subsystem>,
        id: u64,
        profile: &str,
    ) -> Self {
        let config = subsystem.config();
        let hands = Arc::new(Hands {
            session: session.clone(),
            workers: Mutex::default(),
            settling: Mutex::default(),
            hurry: Signal::new(),
            clock: Arc::clone(&config.clock),
        });
        let deadlines = config.deadlines;
        let now = config.clock.now();
        let recorder = Arc::new(Recorder::new(
            format!("session {id}"),
            profile,
            deadlines.session_deadline_ms,
            now,
        ));
        let performer: Arc<dyn Performer> = Arc::clone(&hands) as Arc<dyn Performer>;
        let driver = Driver::new(performer, Arc::clone(&config.clock), deadlines, recorder);
        #[cfg(feature = "sabotage")]
        if let Some(how) = config.sabotage {
            driver.sabotage(how);
        }
        Self {
            driver,
            hands,
            subsystem: Arc::downgrade(subsystem),
        }
    }

    pub fn session(&self) -> SessionState {
        self.driver.session()
    }

    pub fn driver(&self) -> &Arc<Driver> {
        &self.driver
    }

    pub fn start_provider(&self, kind: Kind, library: LibraryId, name: &str) -> ProviderId {
        self.driver.start_provider(kind, library, name)
    }

    pub fn begin_logon(&self, provider: ProviderId, name: &str) -> Result<LogonId, Refused> {
        self.driver.begin_logon(provider, LogonOwner::Client, name)
    }

    /// Block S: S1 to S4 here, S5 and S6 by the plan.
    pub fn support_gone(&self, logon: &Arc<Logon>) {
        let block = self.driver.support_gone(logon.id);
        if let Some(session) = self.hands.session.upgrade() {
            session.forget_registrations(logon);
            if block.ends_the_logon() {
                logon.stop_serving();
                let limit = session.subsystem().config().deadlines.drain_deadline_ms;
                logon.drain(self.hands.clock.as_ref(), Duration::from_millis(limit));
            }
        }
        block.finish();
    }

    /// Ends the session and waits for it. `None` if another thread has begun to.
    pub fn end_session(&self) -> Option<ShutdownReport> {
        self.hands.hurry.raise();
        self.driver.end_session().ok()?;
        self.hands.join();
        // Clients may keep their handles for ever; that must not keep the libraries (LIFE-UNLOAD-006).
        if let Some(session) = self.hands.session.upgrade() {
            session.parts().libraries.clear();
        }
        let report = self.driver.recorder().report();
        if let Some(subsystem) = self.subsystem.upgrade() {
            #[cfg(feature = "sabotage")]
            if self
                .driver
                .is_sabotaged(crate::shutdown::Sabotage::FreeEarly)
            {
                drop(subsystem.libraries().free_all(None));
            }
            subsystem.keep_report(report.clone());
        }
        Some(report)
    }
}

/// Performs the steps.
struct Hands {
    session: Weak<SessionCore>,
    /// The threads of lanes beyond the first: one for each time a library has hung.
    workers: Mutex<BTreeMap<(LibraryId, u32), Arc<Worker>>>,
    settling: Mutex<Vec<JoinHandle<()>>>,
    /// Raised when the session ends: nobody rests any more.
    hurry: Arc<Signal>,
    clock: Arc<dyn crate::clock::Clock>,
}

impl Performer for Hands {
    fn perform(&self, action: Action) -> Ended {
        let Some(session) = self.session.upgrade() else {
            return Outcome::DONE.into();
        };
        match action {
            Action::RefuseNewWork => session
                .handles()
                .iter()
                .for_each(|handle| handle.make_inert()),
            Action::DeliverLogoffEvent => session
                .handles()
                .iter()
                .for_each(|handle| handle.sinks().seal()),
            Action::RemoveOwnRows => session.status().clear(),
            Action::DropNotifications => self.drop_notifications(&session),
            Action::CleanProfile => return code(session.end_profile()),
            Action::BeginClosing(logon) => {
                if let Some(logon) = session.logon(logon) {
                    logon.stop_serving();
                    session.stop_routing(&logon);
                }
            }
            Action::CutOff(logon) => {
                if let Some(logon) = session.logon(logon) {
                    session.forget_registrations(&logon);
                    logon.cut_support_off();
                }
            }
            Action::Pin(library, cause) => {
                if let Some(library) = session.library(library) {
                    library.pin(format!("{cause:?}"));
                }
            }
            Action::CallLogoff(_) | Action::ReleaseLogon(_) => {
                return self.on_client(&session, action);
            }
            _ => {}
        }
        Outcome::DONE.into()
    }

    fn start(&self, step: &Step, ticket: Ticket) {
        let Some(session) = self.session.upgrade() else {
            return;
        };
        match (step.action, step.lane) {
            (Action::Drain(logon), _) => match session.logon(logon) {
                Some(logon) => logon
                    .gate()
                    .on_idle(Box::new(move || ticket.done(Outcome::DONE))),
                None => ticket.done(Outcome::DONE),
            },
            // Once the session is ending, the calls that end a logon are MAPI's own, and have returned.
            (Action::AwaitQuiet(_), _) if !session.is_open() => ticket.done(Outcome::DONE),
            (Action::AwaitQuiet(_), _) => self.settle(ticket),
            (action, Lane::Library { library, thread }) => {
                if let Some(worker) = self.worker(&session, library, thread) {
                    Self::call(&session, action, &worker, ticket);
                }
            }
            // Transports and the spooler's stores are not built: nothing of theirs is ever planned.
            _ => {}
        }
    }

    fn give_up(&self, step: &Step) {
        let Lane::Library { library, thread } = step.lane else {
            return;
        };
        let Some(hosted) = self
            .session
            .upgrade()
            .and_then(|session| session.library(library))
        else {
            return;
        };
        if let Some(worker) = lock(&self.workers).remove(&(library, thread)) {
            hosted.abandon(&worker, format!("{:?} has not come back", step.action));
        }
    }
}

impl Hands {
    /// The thread of a lane: the library's own, or a further one because those before it hang.
    fn worker(
        &self,
        session: &SessionCore,
        library: LibraryId,
        thread: u32,
    ) -> Option<Arc<Worker>> {
        let mut workers = lock(&self.workers);
        if let Some(worker) = workers.get(&(library, thread)) {
            return Some(Arc::clone(worker));
        }
        let hosted: Arc<HostedLibrary> = session.library(library)?;
        let worker = if thread == 0 {
            hosted.worker().ok()?
        } else {
            Arc::new(Worker::spawn(hosted.name()).ok()?)
        };
        workers.insert((library, thread), Arc::clone(&worker));
        Some(worker)
    }

    /// An ending call on a thread of the host's.
    fn call(session: &Arc<SessionCore>, action: Action, worker: &Worker, ticket: Ticket) {
        let Some(call) = ending_call(session, action) else {
            // There is no object to call on: a logon that never came to one.
            return ticket.done(Outcome::DONE);
        };
        let session = Arc::downgrade(session);
        call.submit(worker, move |mut ended| {
            let object = ended.object.take();
            let Some(session) = session.upgrade() else {
                return std::mem::forget(object);
            };
            // First, because what follows needs the object.
            keep(&session, action, object);
            if !ticket.done_in_time(measured(ended)) {
                std::mem::forget(take_back(&session, action));
            }
        });
    }

    /// S5 and S6: on the thread of the client that releases the store.
    fn on_client(&self, session: &Arc<SessionCore>, action: Action) -> Ended {
        let Some(call) = ending_call(session, action) else {
            return Outcome::DONE.into();
        };
        let mut ended = call.contained();
        let object = ended.object.take();
        match action {
            // It took so long that the session has given the logon up (OP-42).
            Action::CallLogoff(logon)
                if session.way_down().driver.logon(logon) == Some(LogonState::Abandoned) =>
            {
                std::mem::forget(object);
            }
            _ => keep(session, action, object),
        }
        measured(ended)
    }

    /// Lets a provider object rest for a moment.
    fn settle(&self, ticket: Ticket) {
        let (clock, hurry) = (Arc::clone(&self.clock), Arc::clone(&self.hurry));
        let seen = hurry.count();
        let until = clock.now().checked_add(SETTLE);
        let rest = move || {
            while hurry.count() == seen && until.is_some_and(|until| clock.now() < until) {
                clock.wait(&hurry, seen, until);
            }
            ticket.done(Outcome::DONE);
        };
        let thread = std::thread::Builder::new()
            .name("mapi-settle".to_owned())
            .spawn(rest);
        let mut settling = lock(&self.settling);
        settling.retain(|thread| !thread.is_finished());
        settling.extend(thread.ok());
    }

    /// The session has ended: threads of its own end, except those that hang.
    fn join(&self) {
        let current = std::thread::current().id();
        for thread in std::mem::take(&mut *lock(&self.settling)) {
            if thread.thread().id() != current {
                drop(thread.join());
            }
        }
        for ((_, number), worker) in std::mem::take(&mut *lock(&self.workers)) {
            if number > 0 && !worker.is_current() {
                worker.join(Some(Duration::ZERO));
            }
        }
    }

    fn drop_notifications(&self, session: &SessionCore) {
        let ms = session.subsystem().config().deadlines.notify_drain_ms;
        for handle in session.handles() {
            handle.sinks().close(Duration::from_millis(ms));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn code(result: Result<()>) -> Ended {
    Outcome::Returned(result.map_or_else(|error| error.code(), |()| ErrorCode::OK)).into()
}

/// The call of an action, with MAPI's reference on its object.
fn ending_call(session: &SessionCore, action: Action) -> Option<EndingCall> {
    match action {
        Action::CallLogoff(logon) => session.logon(logon)?.take_object().map(EndingCall::Logoff),
        Action::ReleaseLogon(logon) => session
            .take_logon(logon)?
            .take_object()
            .map(EndingCall::ReleaseLogon),
        Action::CallShutdown(provider) => session
            .provider(provider)?
            .take_object()
            .map(EndingCall::Shutdown),
        Action::ReleaseProvider(provider) => session
            .take_provider(provider)?
            .take_object()
            .map(EndingCall::ReleaseProvider),
        _ => None,
    }
}

/// The reference comes back, for the Release that follows.
fn keep(session: &SessionCore, action: Action, object: Option<EndedObject>) {
    match (action, object) {
        (Action::CallLogoff(id), Some(EndedObject::Logon(object))) => {
            if let Some(logon) = session.logon(id) {
                logon.put_object(object);
            }
        }
        (Action::CallShutdown(id), Some(EndedObject::Provider(object))) => {
            if let Some(provider) = session.provider(id) {
                provider.put_object(object);
            }
        }
        _ => {}
    }
}

/// What `keep` has put back.
fn take_back(session: &SessionCore, action: Action) -> Option<EndedObject> {
    match action {
        Action::CallLogoff(id) => session.logon(id)?.take_object().map(EndedObject::Logon),
        Action::CallShutdown(id) => session
            .provider(id)?
            .take_object()
            .map(EndedObject::Provider),
        _ => None,
    }
}

fn measured(ended: CallEnded) -> Ended {
    let is_release = ended.call.ends_with("Release");
    let (outcome, what) = match ended.end {
        CallEnd::Returned if is_release => (Outcome::Count(ended.references), None),
        CallEnd::Returned => (
            Outcome::Returned(ErrorCode::from_hresult(ended.hresult)),
            None,
        ),
        CallEnd::Threw { what } => (Outcome::Threw, what),
        CallEnd::EndedThread => (Outcome::Threw, Some("ended its thread".to_owned())),
        CallEnd::NotCalled => (Outcome::NotMade, None),
    };
    Ended {
        outcome,
        span: Some((ended.started, ended.ended)),
        what,
    }
}
