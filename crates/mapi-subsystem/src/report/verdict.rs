//! By the book, or not: what the calls say about a provider.

use serde::{Deserialize, Serialize};

use super::open::LeftBy;
use super::recorder::{Call, Inner, references};
use super::{SupportEnd, text};
use crate::shutdown::{Action, Outcome, ProviderId, TransportStep};

/// What the way down says about one provider. Objects that a client left open do not count.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// No fault was seen.
    pub by_the_book: bool,
    /// The faults, in the order in which they happened.
    pub faults: Vec<Fault>,
}

/// One thing that a provider did wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// The rule that it broke: `LIFE-LOGOFF-004`.
    pub rule: String,
    /// What it did.
    pub what: String,
    /// On which logon, if it was on one.
    pub logon: Option<u32>,
}

pub(super) fn verdict(inner: &Inner, id: ProviderId) -> Verdict {
    let mut faults = Vec::new();
    for call in inner.calls.values() {
        if inner.subject(call.action).0 == Some(id) {
            faults.extend(fault_of(inner, call));
        }
    }
    faults.extend(support_faults(inner, id));
    for (provider, left) in &inner.left {
        if *provider == Some(id) && left.left_by == LeftBy::Provider {
            faults.push(Fault {
                rule: "LIFE-LOGOFF-012".to_owned(),
                what: format!("left {} open: {}", left.count, left.kind),
                logon: None,
            });
        }
    }
    let told = inner.faults.iter().filter(|(provider, _)| *provider == id);
    faults.extend(told.map(|(_, fault)| fault.clone()));
    Verdict {
        by_the_book: faults.is_empty(),
        faults,
    }
}

/// What a single call has shown.
pub(super) fn fault_of(inner: &Inner, call: &Call) -> Option<Fault> {
    let (at, ended) = call.ended.as_ref()?;
    let name = inner.call_name(call.action);
    let waited = text::duration(at.saturating_duration_since(call.begun));
    let (rule, what) = match (call.action, ended.outcome) {
        (Action::AwaitQuiet(_), Outcome::TimedOut) => (
            "LIFE-UNLOAD-005",
            format!("calls were still running inside it after {waited}"),
        ),
        (Action::AwaitLogon(_), Outcome::TimedOut) => (
            "LIFE-UNLOAD-005",
            format!("its logon method had not returned after {waited}"),
        ),
        (Action::EndTransport(_, TransportStep::AwaitMessage), Outcome::TimedOut) => (
            "LIFE-XP-004",
            format!("a cancelled message's call had not returned after {waited}"),
        ),
        // Who is inside may be waiting for somebody else.
        (Action::Drain(_), _) => return None,
        (_, Outcome::TimedOut) => (
            "LIFE-LOGOFF-016",
            format!("{name} had not returned after {waited}"),
        ),
        (_, Outcome::Threw) => match &ended.what {
            Some(thrown) => ("LIFE-LOGOFF-015", format!("{name} threw: {thrown}")),
            None => (
                "LIFE-LOGOFF-015",
                format!("{name} threw, or ended its thread"),
            ),
        },
        (Action::CallLogoff(_) | Action::CallShutdown(_), Outcome::Returned(code))
            if code.is_error() =>
        {
            ("LIFE-LOGOFF-015", format!("{name} returned {code}"))
        }
        (Action::ReleaseLogon(_), Outcome::Count(count)) if count > 0 => (
            "LIFE-LOGOFF-006",
            format!("{name} left {}", references(count)),
        ),
        (Action::ReleaseProvider(_), Outcome::Count(count)) if count > 0 => (
            "LIFE-LOGOFF-012",
            format!("{name} left {}", references(count)),
        ),
        _ => return None,
    };
    let (_, logon) = inner.subject(call.action);
    Some(Fault {
        rule: rule.to_owned(),
        what,
        logon: logon.map(|logon| logon.0),
    })
}

/// What became of the support objects of a provider's logons.
fn support_faults(inner: &Inner, id: ProviderId) -> Vec<Fault> {
    let mut faults = Vec::new();
    for support in &inner.supports {
        let Some(logon) = inner.logons.get(&support.logon) else {
            continue;
        };
        let what = match support.end {
            _ if logon.provider != id => continue,
            // A call that was given up cannot have released it; that is reported already.
            SupportEnd::CutOff if was_given_up(inner, support.logon) => continue,
            SupportEnd::CutOff => "kept its support object",
            SupportEnd::Provider => {
                "released its support object before its logoff method was called"
            }
            SupportEnd::Logoff | SupportEnd::StoreRelease => continue,
        };
        faults.push(Fault {
            rule: "LIFE-LOGOFF-004".to_owned(),
            what: what.to_owned(),
            logon: Some(support.logon.0),
        });
    }
    faults
}

fn was_given_up(inner: &Inner, logon: crate::shutdown::LogonId) -> bool {
    inner.calls.values().any(|call| {
        let outcome = call.ended.as_ref().map(|(_, ended)| ended.outcome);
        inner.subject(call.action).1 == Some(logon)
            && !matches!(call.action, Action::Drain(_))
            && matches!(outcome, None | Some(Outcome::TimedOut | Outcome::NotMade))
    })
}
