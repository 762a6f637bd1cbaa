//! The recorder: driver and proxies tell it what they did; it makes the report.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::names;
use super::open::{Left, LeftObject, LeftOpen};
use super::verdict::{self, Fault};
use super::{
    CallOutcome, CallReport, LogonReport, PinReport, ProviderReport, ShutdownReport, SupportEnd,
    SupportReport,
};
use crate::shutdown::{
    Action, Ended, Kind, Lane, LibraryId, LogonId, Outcome, PinCause, ProviderId, Step, StepId,
};

/// Collects what is done on the way down of one session, from any thread.
///
/// While the session is open, stores may be opened and closed any number of times, so of logons and providers that came down
/// by the book before its end only the last [`Recorder::KEPT`] are remembered.
#[derive(Debug)]
pub struct Recorder(Mutex<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    session: String,
    profile: String,
    session_deadline_ms: u64,
    created: Instant,
    began: Option<(Instant, SystemTime)>,
    ended: Option<Instant>,
    total_used_up: bool,
    libraries: BTreeMap<LibraryId, String>,
    pub(super) providers: BTreeMap<ProviderId, Provider>,
    pub(super) logons: BTreeMap<LogonId, Logon>,
    pub(super) calls: BTreeMap<StepId, Call>,
    pub(super) supports: Vec<Support>,
    pins: Vec<Pin>,
    pub(super) faults: Vec<(ProviderId, Fault)>,
    pub(super) left: Vec<(Option<ProviderId>, LeftOpen)>,
    gone: VecDeque<Gone>,
    omitted: u64,
}

#[derive(Debug)]
pub(super) struct Provider {
    pub name: String,
    pub kind: Kind,
    library: LibraryId,
}

#[derive(Debug)]
pub(super) struct Logon {
    pub name: String,
    pub provider: ProviderId,
    pub critical_error: bool,
}

#[derive(Debug)]
pub(super) struct Call {
    pub action: Action,
    pub lane: Lane,
    pub begun: Instant,
    pub ended: Option<(Instant, Ended)>,
    late: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct Support {
    pub logon: LogonId,
    begun: Instant,
    took: Duration,
    pub end: SupportEnd,
}

#[derive(Debug)]
struct Pin {
    library: LibraryId,
    provider: Option<ProviderId>,
    cause: String,
}

/// Came down by the book while the session was open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Gone {
    Logon(LogonId),
    Provider(ProviderId),
}

impl Recorder {
    /// How many logons and providers that ended by the book are remembered while the session is open.
    pub const KEPT: usize = 200;

    /// A recorder for a session of this name with this profile. `now` is taken for zero until the session begins to close.
    #[must_use]
    pub fn new(
        session: impl Into<String>,
        profile: impl Into<String>,
        session_deadline_ms: u64,
        now: Instant,
    ) -> Self {
        Self(Mutex::new(Inner {
            session: session.into(),
            profile: profile.into(),
            session_deadline_ms,
            created: now,
            began: None,
            ended: None,
            total_used_up: false,
            libraries: BTreeMap::new(),
            providers: BTreeMap::new(),
            logons: BTreeMap::new(),
            calls: BTreeMap::new(),
            supports: Vec::new(),
            pins: Vec::new(),
            faults: Vec::new(),
            left: Vec::new(),
            gone: VecDeque::new(),
            omitted: 0,
        }))
    }

    /// The name under which a library is shown.
    pub fn library(&self, id: LibraryId, name: impl Into<String>) {
        self.lock().libraries.insert(id, name.into());
    }

    /// A provider object has been made; `name` is its display name.
    pub fn provider(
        &self,
        id: ProviderId,
        kind: Kind,
        library: LibraryId,
        name: impl Into<String>,
    ) {
        let name = name.into();
        let provider = Provider {
            name,
            kind,
            library,
        };
        self.lock().providers.insert(id, provider);
    }

    /// A logon has been made; `name` tells it from others of its provider.
    pub fn logon(&self, id: LogonId, provider: ProviderId, name: impl Into<String>) {
        let logon = Logon {
            name: name.into(),
            provider,
            critical_error: false,
        };
        self.lock().logons.insert(id, logon);
    }

    /// A logon method has failed, so there is nothing to tell about this logon.
    pub fn forget_logon(&self, id: LogonId) {
        self.lock().logons.remove(&id);
    }

    /// A logon has reported NOTIFY_CRITICAL_ERROR.
    pub fn critical_error(&self, id: LogonId) {
        if let Some(logon) = self.lock().logons.get_mut(&id) {
            logon.critical_error = true;
        }
    }

    /// A provider broke a rule in a way that calls do not show: it released too often, called after the end.
    pub fn fault(&self, provider: ProviderId, rule: impl Into<String>, what: impl Into<String>) {
        let fault = Fault {
            rule: rule.into(),
            what: what.into(),
            logon: None,
        };
        self.lock().faults.push((provider, fault));
    }

    /// Objects were left open. Only the first [`LeftOpen::LISTED`] of them are looked at, the others are counted by `count`.
    pub fn left_open(
        &self,
        left: &Left<'_>,
        count: u64,
        objects: impl IntoIterator<Item = LeftObject>,
    ) {
        let group = LeftOpen {
            kind: left.kind.to_owned(),
            provider: left.provider.map(|provider| provider.0),
            left_by: left.left_by,
            done: left.done.to_owned(),
            count,
            objects: objects.into_iter().take(LeftOpen::LISTED).collect(),
        };
        if count > 0 {
            self.lock().left.push((left.provider, group));
        }
    }

    /// A library is never freed.
    pub fn pin(&self, library: LibraryId, provider: Option<ProviderId>, cause: impl Into<String>) {
        let cause = cause.into();
        let mut inner = self.lock();
        let known = inner
            .pins
            .iter()
            .any(|pin| pin.library == library && pin.cause == cause);
        if !known {
            inner.pins.push(Pin {
                library,
                provider,
                cause,
            });
        }
    }

    /// The session begins to close.
    pub fn session_begins_to_close(&self, now: Instant) {
        self.lock().began = Some((now, SystemTime::now()));
    }

    /// The session is closed.
    pub fn session_closed(&self, now: Instant) {
        self.lock().ended = Some(now);
    }

    /// The session's total is used up.
    pub fn total_used_up(&self) {
        self.lock().total_used_up = true;
    }

    /// A step has been begun.
    pub fn begun(&self, step: &Step, now: Instant) {
        let call = Call {
            action: step.action,
            lane: step.lane,
            begun: now,
            ended: None,
            late: None,
        };
        self.lock().calls.insert(step.id, call);
    }

    /// A step has ended, or was given up.
    pub fn ended(&self, step: StepId, ended: Ended, now: Instant) {
        let mut inner = self.lock();
        let Some(call) = inner.calls.get_mut(&step) else {
            return;
        };
        let mut at = now;
        if let Some((begun, over)) = ended.span {
            call.begun = begun;
            at = over;
        }
        call.ended = Some((at, ended));
        let action = call.action;
        inner.prune(action);
    }

    /// A step was not needed after all.
    pub fn not_needed(&self, step: StepId) {
        self.lock().calls.remove(&step);
    }

    /// A call that was given up has returned.
    pub fn returned_late(&self, step: StepId, now: Instant) {
        if let Some(call) = self.lock().calls.get_mut(&step) {
            call.late = Some(now);
        }
    }

    /// A step of MAPI's own that calls nobody has been done.
    pub fn done_inline(&self, step: &Step, begun: Instant, ended: Instant) {
        match step.action {
            Action::Pin(library, cause) => self.pin_for(library, cause),
            Action::CutOff(logon) => {
                self.support_ended(logon, SupportEnd::CutOff, begun, ended);
            }
            Action::BeginClosing(_) | Action::EndTransport(..) | Action::Closed => {}
            _ => {
                self.begun(step, begun);
                self.ended(step.id, Outcome::DONE.into(), ended);
            }
        }
    }

    /// Block S has run, or L4. Only the first of them counts: a provider may release what was cut off before.
    pub fn support_ended(&self, logon: LogonId, end: SupportEnd, begun: Instant, ended: Instant) {
        let mut inner = self.lock();
        if inner.supports.iter().all(|support| support.logon != logon) {
            inner.supports.push(Support {
                logon,
                begun,
                took: ended.saturating_duration_since(begun),
                end,
            });
        }
    }

    fn pin_for(&self, library: LibraryId, cause: PinCause) {
        let (provider, cause) = self.lock().explain(cause);
        self.pin(library, provider, cause);
    }

    /// The report, as far as things are known now.
    #[must_use]
    pub fn report(&self) -> ShutdownReport {
        let inner = self.lock();
        let providers: Vec<ProviderReport> = inner
            .providers
            .iter()
            .map(|(id, provider)| inner.provider_report(*id, provider))
            .collect();
        ShutdownReport {
            version: ShutdownReport::VERSION,
            session: inner.session.clone(),
            profile: inner.profile.clone(),
            began: inner.began.map(|(_, at)| rfc3339(at)),
            duration_us: inner
                .began
                .zip(inner.ended)
                .map(|((began, _), ended)| micros(ended.saturating_duration_since(began))),
            session_deadline_ms: inner.session_deadline_ms,
            total_used_up: inner.total_used_up,
            by_the_book: providers
                .iter()
                .all(|provider| provider.verdict.by_the_book),
            providers,
            calls: inner.call_reports(),
            supports: inner.support_reports(),
            pins: inner.pin_reports(),
            left_open: inner.left.iter().map(|(_, left)| left.clone()).collect(),
            omitted: inner.omitted,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// What an action concerns.
    pub(super) fn subject(&self, action: Action) -> (Option<ProviderId>, Option<LogonId>) {
        let of_logon = |id: LogonId| {
            let logon = self.logons.get(&id);
            (logon.map(|logon| logon.provider), Some(id))
        };
        match action {
            Action::ReturnSpoolerStore(logon)
            | Action::BeginClosing(logon)
            | Action::AwaitLogon(logon)
            | Action::Drain(logon)
            | Action::EndTransport(logon, _)
            | Action::CallLogoff(logon)
            | Action::CutOff(logon)
            | Action::ReleaseLogon(logon) => of_logon(logon),
            Action::AwaitQuiet(provider)
            | Action::CallShutdown(provider)
            | Action::ReleaseProvider(provider) => (Some(provider), None),
            _ => (None, None),
        }
    }

    /// The call that an action is.
    pub(super) fn call_name(&self, action: Action) -> &'static str {
        let (provider, _) = self.subject(action);
        let provider = provider.and_then(|id| self.providers.get(&id));
        names::call(action, provider.map(|provider| provider.kind))
    }

    fn provider_report(&self, id: ProviderId, provider: &Provider) -> ProviderReport {
        let logons = self
            .logons
            .iter()
            .filter(|(_, logon)| logon.provider == id)
            .map(|(id, logon)| LogonReport {
                id: id.0,
                name: logon.name.clone(),
                critical_error: logon.critical_error,
            });
        ProviderReport {
            id: id.0,
            name: provider.name.clone(),
            kind: provider.kind.into(),
            library: self.library_name(provider.library),
            logons: logons.collect(),
            verdict: verdict::verdict(self, id),
        }
    }

    fn call_reports(&self) -> Vec<CallReport> {
        let mut calls: Vec<(&Call, CallReport)> = self
            .calls
            .values()
            .filter(|call| self.is_worth_telling(call))
            .map(|call| (call, self.call_report(call)))
            .collect();
        // Steps are numbered as they are planned; the calls' own times may differ.
        calls.sort_by_key(|(call, _)| call.begun);
        calls.into_iter().map(|(_, report)| report).collect()
    }

    /// A wait that took no time was none.
    fn is_worth_telling(&self, call: &Call) -> bool {
        !names::is_wait(call.action)
            || call.ended.as_ref().is_none_or(|(at, ended)| {
                ended.outcome == Outcome::TimedOut
                    || at.saturating_duration_since(call.begun) >= Duration::from_millis(1)
            })
    }

    fn call_report(&self, call: &Call) -> CallReport {
        let (provider, logon) = self.subject(call.action);
        let since = |at: Instant| micros(at.saturating_duration_since(call.begun));
        CallReport {
            provider: provider.map(|id| id.0),
            logon: logon.map(|id| id.0),
            call: self.call_name(call.action).to_owned(),
            lane: self.lane_name(call.lane),
            start_us: self.offset(call.begun),
            duration_us: call.ended.as_ref().map(|(at, _)| since(*at)),
            outcome: match &call.ended {
                Some((_, ended)) => ended.into(),
                None => CallOutcome::Running,
            },
            late_us: call.late.map(since),
        }
    }

    fn support_reports(&self) -> Vec<SupportReport> {
        let report = |support: &Support| {
            let logon = self.logons.get(&support.logon)?;
            Some(SupportReport {
                provider: logon.provider.0,
                logon: support.logon.0,
                start_us: self.offset(support.begun),
                duration_us: micros(support.took),
                ended: support.end,
            })
        };
        self.supports.iter().filter_map(report).collect()
    }

    fn pin_reports(&self) -> Vec<PinReport> {
        let report = |pin: &Pin| PinReport {
            library: self.library_name(pin.library),
            provider: pin.provider.map(|id| id.0),
            cause: pin.cause.clone(),
        };
        self.pins.iter().map(report).collect()
    }

    /// The provider to blame for a pin, and the cause in words.
    fn explain(&self, cause: PinCause) -> (Option<ProviderId>, String) {
        let logon = |id: LogonId| self.logons.get(&id).map(|logon| logon.provider);
        let name = |id: LogonId| {
            let name = self.logons.get(&id).map_or("", |logon| logon.name.as_str());
            format!("logon {} \"{name}\"", id.0)
        };
        match cause {
            PinCause::LogonAbandoned(id) => {
                (logon(id), format!("a call on {} was given up", name(id)))
            }
            PinCause::ProviderAbandoned(id) => {
                (Some(id), "the provider object was given up".to_owned())
            }
            PinCause::LogonReferenced(id, count) => (
                logon(id),
                format!("{} still has {}", name(id), references(count)),
            ),
            PinCause::ProviderReferenced(id, count) => (
                Some(id),
                format!("the provider object still has {}", references(count)),
            ),
            PinCause::LogonReleaseThrew(id) => {
                (logon(id), format!("Release of {} threw", name(id)))
            }
            PinCause::ProviderReleaseThrew(id) => {
                (Some(id), "Release of the provider object threw".to_owned())
            }
        }
    }

    fn library_name(&self, id: LibraryId) -> String {
        let name = self.libraries.get(&id).cloned();
        name.unwrap_or_else(|| format!("library {}", id.0))
    }

    fn lane_name(&self, lane: Lane) -> String {
        match lane {
            Lane::Inline | Lane::Caller => "caller".to_owned(),
            Lane::Client => "client".to_owned(),
            Lane::Waiting => "waiting".to_owned(),
            Lane::Library { library, thread } => {
                format!("{} #{thread}", self.library_name(library))
            }
            Lane::Transport(logon) => format!("spooler, logon {}", logon.0),
        }
    }

    /// Microseconds from the moment the session began to close, or from its making as long as it has not.
    fn offset(&self, at: Instant) -> i64 {
        let zero = self.began.map_or(self.created, |(began, _)| began);
        let signed = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        match at.checked_duration_since(zero) {
            Some(after) => signed(after),
            None => -signed(zero.saturating_duration_since(at)),
        }
    }

    /// Forgets the oldest of what came down by the book while the session was open.
    fn prune(&mut self, ended: Action) {
        let gone = match ended {
            Action::ReleaseLogon(id) => Gone::Logon(id),
            Action::ReleaseProvider(id) => Gone::Provider(id),
            _ => return,
        };
        let concerns = |call: &Call| self.concerns(call.action, gone);
        let is_fault = |call: &Call| verdict::fault_of(self, call).is_some();
        if self.began.is_some() || self.calls.values().filter(|c| concerns(c)).any(is_fault) {
            return;
        }
        self.gone.push_back(gone);
        if self.gone.len() < 2 * Recorder::KEPT {
            return;
        }
        let forgotten: Vec<Gone> = self.gone.drain(..Recorder::KEPT).collect();
        self.omitted += u64::try_from(forgotten.len()).unwrap_or(u64::MAX);
        for gone in forgotten {
            let steps: Vec<StepId> = self
                .calls
                .iter()
                .filter(|(_, call)| self.concerns(call.action, gone))
                .map(|(step, _)| *step)
                .collect();
            for step in steps {
                self.calls.remove(&step);
            }
            match gone {
                Gone::Logon(id) => drop(self.logons.remove(&id)),
                Gone::Provider(id) => drop(self.providers.remove(&id)),
            }
        }
        let logons = &self.logons;
        self.supports
            .retain(|support| logons.contains_key(&support.logon));
    }

    fn concerns(&self, action: Action, gone: Gone) -> bool {
        match (self.subject(action), gone) {
            ((_, Some(logon)), Gone::Logon(id)) => logon == id,
            ((Some(provider), None), Gone::Provider(id)) => provider == id,
            _ => false,
        }
    }
}

impl From<&Ended> for CallOutcome {
    fn from(ended: &Ended) -> Self {
        match ended.outcome {
            Outcome::Returned(code) if code.is_error() => Self::Failed {
                code: code.to_string(),
                value: code.0,
            },
            Outcome::Returned(_) | Outcome::Count(0) => Self::Done,
            Outcome::Count(count) => Self::StillReferenced { count },
            Outcome::Threw => Self::Threw {
                what: ended.what.clone(),
            },
            Outcome::TimedOut => Self::TimedOut,
            Outcome::NotMade => Self::NotMade,
        }
    }
}

/// `1 reference`, `2 references`.
pub(super) fn references(count: u32) -> String {
    format!("{count} reference{}", if count == 1 { "" } else { "s" })
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn rfc3339(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at).map_or_else(|_| String::new(), |at| format!("{at:.3}"))
}
