//! The report as a timeline that opens in Perfetto and in Chrome (`chrome://tracing`): the trace-event format, in JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{CallReport, LeftOpen, ShutdownReport};

impl ShutdownReport {
    /// The timeline: one track for each thread, one bar for each call. Times are in microseconds from the first call.
    #[must_use]
    pub fn timeline(&self) -> Value {
        let mut tracks: BTreeMap<&str, usize> = BTreeMap::new();
        for call in &self.calls {
            let next = tracks.len() + 1;
            tracks.entry(&call.lane).or_insert(next);
        }
        let first = self.calls.iter().map(|call| call.start_us).min();
        let zero = first.unwrap_or_default().min(0);
        let mut events = vec![named(
            "process_name",
            0,
            &format!("shutdown of {}", self.session),
        )];
        events.extend(
            tracks
                .iter()
                .map(|(lane, track)| named("thread_name", *track, lane)),
        );
        for call in &self.calls {
            let track = tracks.get(call.lane.as_str()).copied().unwrap_or_default();
            events.push(self.bar(call, track, zero));
            events.extend(late(call, track, zero));
        }
        if !self.left_open.is_empty() {
            let track = tracks.len() + 1;
            events.push(named("thread_name", track, "left open"));
            let marks = self.left_open.iter();
            events.extend(marks.map(|left| self.left(left, track, zero)));
        }
        json!({ "displayTimeUnit": "ms", "traceEvents": events })
    }

    /// A mark where the session began to close, for what was open then.
    fn left(&self, left: &LeftOpen, track: usize, zero: i64) -> Value {
        let mut owners = self.providers.iter();
        let owner = owners.find(|provider| Some(provider.id) == left.provider);
        json!({
            "name": format!("{} × {} left open", left.count, left.kind),
            "cat": "left open", "ph": "i", "s": "t",
            "pid": 1, "tid": track, "ts": -zero,
            "args": {
                "owner": owner.map_or("MAPI", |provider| &provider.name),
                "left_by": left.left_by,
                "done": left.done,
                "objects": left.objects,
            },
        })
    }

    fn bar(&self, call: &CallReport, track: usize, zero: i64) -> Value {
        let provider = self
            .providers
            .iter()
            .find(|provider| Some(provider.id) == call.provider);
        json!({
            "name": call.call,
            "cat": if provider.is_some() { "provider" } else { "mapi" },
            "ph": "X",
            "pid": 1,
            "tid": track,
            "ts": call.start_us - zero,
            // A call that still runs is shown up to the end of the session.
            "dur": call.duration_us.unwrap_or_else(|| self.rest_after(call)),
            "args": {
                "provider": provider.map(|provider| &provider.name),
                "library": provider.map(|provider| &provider.library),
                "logon": call.logon,
                "outcome": call.outcome,
            },
        })
    }

    fn rest_after(&self, call: &CallReport) -> u64 {
        let end = i64::try_from(self.duration_us.unwrap_or_default()).unwrap_or(i64::MAX);
        u64::try_from(end.saturating_sub(call.start_us)).unwrap_or_default()
    }
}

fn named(what: &str, track: usize, name: &str) -> Value {
    json!({ "name": what, "ph": "M", "pid": 1, "tid": track, "args": { "name": name } })
}

/// A mark where a call that was given up has returned.
fn late(call: &CallReport, track: usize, zero: i64) -> Option<Value> {
    let after = i64::try_from(call.late_us?).unwrap_or(i64::MAX);
    let name = format!("{} returned", call.call);
    Some(json!({
        "name": name, "cat": "late", "ph": "i", "s": "t",
        "pid": 1, "tid": track, "ts": (call.start_us - zero).saturating_add(after),
    }))
}
