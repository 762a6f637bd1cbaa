//! A sink that writes down what happens to it, and engines for it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, ThreadId};
use std::time::Duration;

use mapi_com::iface::{AdviseSink, ComObject};
use mapi_subsystem::notify::{AdviseScope, Delivery, Engine};
use mapi_types::Notification;

/// Long enough never to be reached by a test that passes.
pub const LONG: Duration = Duration::from_secs(60);
/// Short, for a wait that has to fail.
pub const SHORT: Duration = Duration::from_millis(20);

pub fn event(number: u32) -> Notification {
    Notification::Extended {
        event: number,
        data: Vec::new(),
    }
}

/// What has happened to a sink, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    Began(Vec<u32>),
    Returned,
    Released,
    /// Written by the test itself.
    Note(&'static str),
}

#[derive(Default)]
pub struct Log {
    steps: Mutex<Vec<Step>>,
    threads: Mutex<Vec<ThreadId>>,
}

impl Log {
    pub fn add(&self, step: Step) {
        self.steps.lock().unwrap().push(step);
    }

    pub fn steps(&self) -> Vec<Step> {
        self.steps.lock().unwrap().clone()
    }

    pub fn threads(&self) -> MutexGuard<'_, Vec<ThreadId>> {
        self.threads.lock().unwrap()
    }

    pub fn events(&self) -> Vec<u32> {
        let began = self.steps().into_iter().filter_map(|step| match step {
            Step::Began(events) => Some(events),
            _ => None,
        });
        began.flatten().collect()
    }

    pub fn released(&self) -> usize {
        let steps = self.steps();
        steps.iter().filter(|s| **s == Step::Released).count()
    }
}

pub type Body = Box<dyn Fn(&[Notification]) -> u32 + Send + Sync>;

/// A sink that writes a log and does what it is told.
pub struct Probe {
    log: Arc<Log>,
    body: Body,
}

impl ComObject for Probe {}

impl AdviseSink for Probe {
    fn on_notify(&self, notifications: &[Notification]) -> u32 {
        let events = notifications.iter().map(|n| match n {
            Notification::Extended { event, .. } => *event,
            other => other.event(),
        });
        self.log.add(Step::Began(events.collect()));
        self.log.threads().push(thread::current().id());
        let answer = (self.body)(notifications);
        self.log.add(Step::Returned);
        answer
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.log.add(Step::Released);
    }
}

pub fn probe_with(
    body: impl Fn(&[Notification]) -> u32 + Send + Sync + 'static,
) -> (Arc<Probe>, Arc<Log>) {
    let log = Arc::new(Log::default());
    let probe = Probe {
        log: Arc::clone(&log),
        body: Box::new(body),
    };
    (Arc::new(probe), log)
}

pub fn probe() -> (Arc<Probe>, Arc<Log>) {
    probe_with(|_| 0)
}

/// A sink that says when it has been called, and waits for the word to go on.
pub fn slow_probe() -> (Arc<Probe>, Arc<Log>, Receiver<()>, Sender<()>) {
    let (entered, has_entered) = channel();
    let (go, may_go) = channel::<()>();
    let (entered, may_go) = (Mutex::new(entered), Mutex::new(may_go));
    let (sink, log) = probe_with(move |_| {
        entered.lock().unwrap().send(()).ok();
        may_go.lock().unwrap().recv().ok();
        0
    });
    (sink, log, has_entered, go)
}

pub fn multithreaded() -> (Engine, Arc<AdviseScope>) {
    let engine = Engine::start(Delivery::OwnThread).expect("an engine");
    let scope = engine.scope();
    (engine, scope)
}

pub fn dispatched() -> (Engine, Arc<AdviseScope>) {
    let engine = Engine::start(Delivery::FirstThread).expect("an engine");
    let scope = engine.scope();
    (engine, scope)
}
