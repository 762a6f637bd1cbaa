//! The report as text for people: at most 100 columns, aligned, with a small timeline beside the calls.

use std::fmt::Write;
use std::time::Duration;

use super::open::{LeftBy, LeftObject, LeftOpen};
use super::{
    CallOutcome, CallReport, Fault, ProviderReport, ShutdownReport, SupportEnd, SupportReport,
};

const COLUMNS: usize = 100;
const BAR: usize = 14;
const CALL: usize = 34;
/// What is in front of a call: two blanks, two times, the bar.
const BEFORE_CALL: usize = 2 + 8 + 1 + 8 + 2 + BAR + 2;
const OUTCOME: usize = COLUMNS - BEFORE_CALL - CALL - 2;
/// How many objects of a group are shown one by one.
const OBJECTS: usize = 8;

/// How the text looks.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct TextStyle {
    /// With the escape sequences of a terminal's colours.
    pub color: bool,
}

#[derive(Clone, Copy)]
enum Ink {
    Plain,
    Title,
    Good,
    Bad,
    Warn,
    Faint,
}

impl ShutdownReport {
    /// The report as text, ending with a line feed.
    #[must_use]
    pub fn text(&self, style: TextStyle) -> String {
        let mut page = Page {
            out: String::new(),
            style,
            span_us: self.span_us(),
        };
        page.head(self);
        let mut providers: Vec<&ProviderReport> = self.providers.iter().collect();
        let first_call = |provider: &&ProviderReport| {
            let own = |call: &&CallReport| call.provider == Some(provider.id);
            let start = self
                .calls
                .iter()
                .filter(own)
                .map(|call| call.start_us)
                .min();
            start.unwrap_or(i64::MAX)
        };
        providers.sort_by_key(first_call);
        page.column_heads();
        for provider in providers {
            page.provider(self, provider);
        }
        page.own_steps(self);
        page.left_open(self);
        page.pins(self);
        page.out
    }

    /// From the beginning to the end of the last call, in microseconds.
    fn span_us(&self) -> i64 {
        let end = |call: &CallReport| {
            let took = i64::try_from(call.duration_us.unwrap_or_default()).unwrap_or(i64::MAX);
            call.start_us.saturating_add(took)
        };
        self.calls.iter().map(end).max().unwrap_or_default().max(1)
    }
}

struct Page {
    out: String,
    style: TextStyle,
    span_us: i64,
}

impl Page {
    fn head(&mut self, report: &ShutdownReport) {
        let title = format!(
            "Shutdown of {}, profile \"{}\"",
            report.session, report.profile
        );
        let began = report.began.as_deref().unwrap_or("not begun");
        self.both_ends(&title, Ink::Title, began, Ink::Faint);
        let took = match report.duration_us {
            Some(took) => micros(took),
            None => "not ended".to_owned(),
        };
        let limit = match report.session_deadline_ms {
            0 => "no limit".to_owned(),
            ms => format!("limit {}", duration(Duration::from_millis(ms))),
        };
        let used_up = if report.total_used_up {
            ", used up"
        } else {
            ""
        };
        let count = report.providers.len();
        let faulty = report
            .providers
            .iter()
            .filter(|p| !p.verdict.by_the_book)
            .count();
        let (ink, verdict) = match (count, faulty) {
            (0, _) => (Ink::Plain, "no providers".to_owned()),
            (1, 0) => (Ink::Good, "1 provider, by the book".to_owned()),
            (_, 0) => (Ink::Good, format!("{count} providers, all by the book")),
            _ => (
                Ink::Bad,
                format!("{count} providers, {faulty} not by the book"),
            ),
        };
        self.both_ends(
            &verdict,
            ink,
            &format!("{took} ({limit}{used_up})"),
            Ink::Plain,
        );
        if report.omitted > 0 {
            let text = format!(
                "{} earlier ends, all by the book, are not listed",
                report.omitted
            );
            self.line(Ink::Faint, &text);
        }
    }

    fn column_heads(&mut self) {
        let heads = format!(
            "\n  {:>8} {:>8}  {:<BAR$}  {:<CALL$}  outcome",
            "at", "took", "", "call"
        );
        self.line(Ink::Faint, &heads);
    }

    fn provider(&mut self, report: &ShutdownReport, provider: &ProviderReport) {
        self.out.push('\n');
        let rest = format!(
            " · {} · {}",
            provider.kind.words(),
            cut(&clean(&provider.library), 32)
        );
        // The verdict stands at the end of the line.
        let room = COLUMNS.saturating_sub(rest.chars().count() + 14);
        let title = cut(&clean(&provider.name), room) + &rest;
        match provider.verdict.faults.len() {
            0 => self.both_ends(&title, Ink::Title, "by the book", Ink::Good),
            1 => self.both_ends(&title, Ink::Title, "1 fault", Ink::Bad),
            count => self.both_ends(&title, Ink::Title, &format!("{count} faults"), Ink::Bad),
        }
        let own = |call: &&CallReport| call.provider == Some(provider.id);
        for logon in &provider.logons {
            let critical = match logon.critical_error {
                true => ", has reported NOTIFY_CRITICAL_ERROR",
                false => "",
            };
            let name = format!("  logon {} \"{}\"{critical}", logon.id, clean(&logon.name));
            self.line(Ink::Plain, &cut(&name, COLUMNS));
            let calls = report
                .calls
                .iter()
                .filter(own)
                .filter(|call| call.logon == Some(logon.id));
            let supports = report
                .supports
                .iter()
                .filter(|support| support.logon == logon.id);
            self.rows(calls, supports);
        }
        let mut calls = report
            .calls
            .iter()
            .filter(own)
            .filter(|call| call.logon.is_none())
            .peekable();
        if calls.peek().is_some() {
            self.line(Ink::Plain, "  provider object");
            self.rows(calls, std::iter::empty());
        }
        for fault in &provider.verdict.faults {
            self.fault(fault);
        }
    }

    fn rows<'a>(
        &mut self,
        calls: impl Iterator<Item = &'a CallReport>,
        supports: impl Iterator<Item = &'a SupportReport>,
    ) {
        let mut rows: Vec<Row> = calls
            .map(Row::of_call)
            .chain(supports.map(Row::of_support))
            .collect();
        rows.sort_by_key(|row| row.start_us);
        for row in rows {
            self.row(&row);
        }
    }

    fn row(&mut self, row: &Row) {
        let took = row.took_us.map_or_else(|| "...".to_owned(), micros);
        let times = format!(
            "  {:>8} {:>8}  {}  ",
            signed(row.start_us),
            took,
            self.bar(row)
        );
        self.put(Ink::Faint, &times);
        self.put(Ink::Plain, &format!("{:<CALL$}  ", cut(&row.what, CALL)));
        self.line(row.ink, &cut(&row.outcome, OUTCOME));
    }

    /// The call's place in the whole; empty for what happened while the session was open.
    fn bar(&self, row: &Row) -> String {
        let cells = i64::try_from(BAR).unwrap_or_default();
        let place = |at: i64| at.saturating_mul(cells) / self.span_us;
        let took = row
            .took_us
            .map_or(self.span_us, |took| i64::try_from(took).unwrap_or(i64::MAX));
        let first = place(row.start_us).min(cells - 1);
        let last = place(row.start_us.saturating_add(took)).clamp(first, cells - 1);
        let cell = |cell: i64| match row.start_us >= 0 && (first..=last).contains(&cell) {
            true if took.saturating_mul(2 * cells) < self.span_us => '▏',
            true => '█',
            false => '·',
        };
        (0..cells).map(cell).collect()
    }

    fn fault(&mut self, fault: &Fault) {
        let logon = fault.logon.map(|logon| format!(" (logon {logon})"));
        let text = format!("{}{}", clean(&fault.what), logon.unwrap_or_default());
        let rule = format!("  ! {:<16} ", fault.rule);
        let indent = rule.chars().count();
        for (number, part) in wrap(&text, COLUMNS - indent).into_iter().enumerate() {
            match number {
                0 => self.line(Ink::Bad, &format!("{rule}{part}")),
                _ => self.line(Ink::Bad, &format!("{:indent$}{part}", "")),
            }
        }
    }

    fn own_steps(&mut self, report: &ShutdownReport) {
        let mut own = report
            .calls
            .iter()
            .filter(|call| call.provider.is_none())
            .peekable();
        if own.peek().is_some() {
            self.line(Ink::Title, "\nMAPI itself");
            self.rows(own, std::iter::empty());
        }
    }

    fn left_open(&mut self, report: &ShutdownReport) {
        for by in [LeftBy::Client, LeftBy::Provider] {
            let groups: Vec<&LeftOpen> = report
                .left_open
                .iter()
                .filter(|left| left.left_by == by)
                .collect();
            let count: u64 = groups.iter().map(|group| group.count).sum();
            let title = match (by, count) {
                (_, 0) => continue,
                (LeftBy::Client, 1) => "\nLeft open by the client: 1 object".to_owned(),
                (LeftBy::Client, _) => {
                    format!("\nLeft open by the client: {} objects", grouped(count))
                }
                (LeftBy::Provider, 1) => "\nLeft open by a provider: 1 object".to_owned(),
                (LeftBy::Provider, _) => {
                    format!("\nLeft open by providers: {} objects", grouped(count))
                }
            };
            self.line(Ink::Warn, &title);
            for group in groups {
                self.group(report, group);
            }
        }
    }

    fn group(&mut self, report: &ShutdownReport, group: &LeftOpen) {
        let owner = report
            .providers
            .iter()
            .find(|provider| Some(provider.id) == group.provider);
        let owner = owner.map_or_else(|| "MAPI".to_owned(), |provider| clean(&provider.name));
        let kind = format!("{} × {}", grouped(group.count), clean(&group.kind));
        let text = format!(
            "  {kind:<24} {:<32} {}",
            cut(&owner, 32),
            clean(&group.done)
        );
        self.line(Ink::Plain, &cut(&text, COLUMNS));
        if group.objects.iter().all(LeftObject::is_plain) {
            self.ages(group);
            return;
        }
        for object in group.objects.iter().take(OBJECTS) {
            self.object(object);
        }
        let shown = group.objects.len().min(OBJECTS);
        let more = group
            .count
            .saturating_sub(u64::try_from(shown).unwrap_or_default());
        if shown > 0 && more > 0 {
            self.line(Ink::Faint, &format!("      and {} more", grouped(more)));
        }
    }

    /// Of objects that have no name and no stack there is only one thing to say.
    fn ages(&mut self, group: &LeftOpen) {
        let ages = || group.objects.iter().map(|object| object.age_us);
        let (Some(least), Some(most)) = (ages().min(), ages().max()) else {
            return;
        };
        let listed = u64::try_from(group.objects.len()).unwrap_or_default();
        let of = if listed < group.count {
            format!("{} of them ", grouped(listed))
        } else {
            String::new()
        };
        let age = if least == most {
            micros(most)
        } else {
            format!("{} to {}", micros(least), micros(most))
        };
        self.line(Ink::Faint, &format!("      {of}open for {age}"));
    }

    fn object(&mut self, object: &LeftObject) {
        let name = match (&object.name, &object.entry) {
            (Some(name), _) => format!("\"{}\"", clean(name)),
            (None, Some(entry)) => format!("entry {entry}"),
            (None, None) => "without a name".to_owned(),
        };
        let text = format!(
            "      {:<64} open for {}",
            cut(&name, 64),
            micros(object.age_us)
        );
        self.line(Ink::Faint, &text);
        for frame in &object.stack {
            self.line(
                Ink::Faint,
                &cut(&format!("          {}", clean(frame)), COLUMNS),
            );
        }
    }

    fn pins(&mut self, report: &ShutdownReport) {
        if report.pins.is_empty() {
            return;
        }
        self.line(Ink::Bad, "\nNever unloaded");
        for pin in &report.pins {
            let library = cut(&clean(&pin.library), 24);
            for (number, part) in wrap(&clean(&pin.cause), COLUMNS - 28)
                .into_iter()
                .enumerate()
            {
                let first = if number == 0 { library.as_str() } else { "" };
                self.line(Ink::Plain, &format!("  {first:<24}  {part}"));
            }
        }
    }

    /// One text at the left end of a line and one at the right.
    fn both_ends(&mut self, left: &str, ink: Ink, right: &str, right_ink: Ink) {
        let room = COLUMNS.saturating_sub(right.chars().count() + 2);
        let left = cut(left, room);
        self.put(ink, &left);
        let gap = COLUMNS - left.chars().count() - right.chars().count();
        self.put(Ink::Plain, &" ".repeat(gap));
        self.line(right_ink, right);
    }

    fn line(&mut self, ink: Ink, text: &str) {
        self.put(ink, text);
        let blanks = self.out.trim_end_matches(' ').len();
        if !self.style.color {
            self.out.truncate(blanks);
        }
        self.out.push('\n');
    }

    fn put(&mut self, ink: Ink, text: &str) {
        let code = match ink {
            _ if !self.style.color => "",
            Ink::Plain => "",
            Ink::Title => "1",
            Ink::Good => "32",
            Ink::Bad => "31",
            Ink::Warn => "33",
            Ink::Faint => "2",
        };
        let written = match code {
            "" => write!(self.out, "{text}"),
            code => write!(self.out, "\u{1b}[{code}m{text}\u{1b}[0m"),
        };
        debug_assert!(written.is_ok(), "a string takes everything");
    }
}

/// One line of the table.
struct Row {
    start_us: i64,
    took_us: Option<u64>,
    what: String,
    outcome: String,
    ink: Ink,
}

impl Row {
    fn of_call(call: &CallReport) -> Self {
        let (ink, mut outcome) = match &call.outcome {
            CallOutcome::Done => (Ink::Good, "done".to_owned()),
            CallOutcome::Failed { code, .. } => (Ink::Bad, code.clone()),
            CallOutcome::Threw { what: Some(what) } => {
                (Ink::Bad, format!("threw: {}", clean(what)))
            }
            CallOutcome::Threw { what: None } => (Ink::Bad, "threw".to_owned()),
            CallOutcome::TimedOut => (Ink::Bad, "given up".to_owned()),
            CallOutcome::StillReferenced { count } => (
                Ink::Bad,
                format!("still {}", super::recorder::references(*count)),
            ),
            CallOutcome::NotMade => (Ink::Bad, "no thread to call it".to_owned()),
            CallOutcome::Running => (Ink::Warn, "begun, not awaited".to_owned()),
        };
        if let Some(late) = call.late_us {
            let _ = write!(outcome, ", back at {}", micros(late));
        }
        Self {
            start_us: call.start_us,
            took_us: call.duration_us,
            what: clean(&call.call),
            outcome,
            ink,
        }
    }

    fn of_support(support: &SupportReport) -> Self {
        let (ink, what, outcome) = match support.ended {
            SupportEnd::StoreRelease => (
                Ink::Good,
                "support object released",
                "by the store's Release",
            ),
            SupportEnd::Logoff => (Ink::Good, "support object released", "in time"),
            SupportEnd::Provider => (Ink::Bad, "support object released", "by itself"),
            SupportEnd::CutOff => (Ink::Warn, "support object not released", "cut off by MAPI"),
        };
        Self {
            start_us: support.start_us,
            took_us: Some(support.duration_us),
            what: what.to_owned(),
            outcome: outcome.to_owned(),
            ink,
        }
    }
}

/// A time as people write it: three digits and a unit.
pub(super) fn duration(time: Duration) -> String {
    let (value, unit) = match time.as_micros() {
        0..1_000 => return format!("{} µs", time.as_micros()),
        1_000..1_000_000 => (time.as_secs_f64() * 1e3, "ms"),
        _ => (time.as_secs_f64(), "s"),
    };
    let digits = match value {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    let number = format!("{value:.digits$}");
    let number = match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => &number,
    };
    format!("{number} {unit}")
}

fn micros(us: u64) -> String {
    duration(Duration::from_micros(us))
}

fn signed(us: i64) -> String {
    let text = micros(us.unsigned_abs());
    if us < 0 { format!("-{text}") } else { text }
}

/// A number with a comma after each three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Names come from profiles and providers: nothing in them may steer a terminal.
fn clean(text: &str) -> String {
    let is_control =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| if is_control(c) { '\u{fffd}' } else { c })
        .collect()
}

/// The text, cut to so many characters.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    kept + "…"
}

/// The text in lines of so many characters, broken at blanks.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let word = cut(word, room);
        let line = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut() {
            Some(last) if line > 0 && line + 1 + word.chars().count() <= room => {
                last.push(' ');
                last.push_str(&word);
            }
            Some(last) if line == 0 => *last = word,
            _ => lines.push(word),
        }
    }
    lines
}
