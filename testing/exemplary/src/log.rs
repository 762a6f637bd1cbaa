//! The call log that a provider library writes (`cpp/log.hpp`).

/// What a line is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// A call begins.
    Enter,
    /// A call ends; the detail is its result, or `unwound`.
    Leave,
    /// Something that is no call.
    Note,
}

/// One line of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Counts the lines of this library, from 1.
    pub sequence: u64,
    /// Nanoseconds of CLOCK_MONOTONIC.
    pub time_ns: u64,
    /// The kernel's number of the thread.
    pub thread: u64,
    /// What the line is about.
    pub phase: Phase,
    /// The interface, `library` for exported functions, `IMAPISupport` for calls that the provider made.
    pub interface: String,
    /// Which object of that interface.
    pub number: u32,
    /// The method.
    pub method: String,
    /// Arguments or result.
    pub detail: String,
}

impl Line {
    /// `IMSLogon.Logoff`.
    #[must_use]
    pub fn call(&self) -> String {
        format!("{}.{}", self.interface, self.method)
    }

    /// The result of a call that has ended: an HRESULT, or a count of references.
    #[must_use]
    pub fn result(&self) -> Option<u32> {
        match self.detail.strip_prefix("0x") {
            _ if self.phase != Phase::Leave => None,
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => self.detail.parse().ok(),
        }
    }
}

/// A log, in the order in which it was written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Log {
    /// Its lines.
    pub lines: Vec<Line>,
}

impl Log {
    /// Reads a log.
    ///
    /// # Panics
    /// If the text is not a log: this is for tests.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().map(|line| {
            parse_line(line).unwrap_or_else(|| panic!("this is no line of a call log: {line:?}"))
        });
        Self {
            lines: lines.collect(),
        }
    }

    /// The calls in the order in which they began: `IMSLogon.Logoff`.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.entered().map(Line::call).collect()
    }

    /// How often this call began.
    #[must_use]
    pub fn count(&self, call: &str) -> usize {
        self.entered().filter(|line| line.call() == call).count()
    }

    /// Where this call first began: a position among the lines.
    #[must_use]
    pub fn position(&self, call: &str) -> Option<usize> {
        self.lines
            .iter()
            .position(|line| line.phase == Phase::Enter && line.call() == call)
    }

    /// The calls that began inside the call that begins at this position, on its thread: its nested calls.
    #[must_use]
    pub fn inside(&self, position: usize) -> Vec<String> {
        let begin = &self.lines[position];
        let is_end = |line: &Line| {
            line.phase == Phase::Leave
                && (line.number, line.call()) == (begin.number, begin.call())
                && line.thread == begin.thread
        };
        let mut depth = 0;
        let mut calls = Vec::new();
        for line in &self.lines[position..] {
            if line.thread == begin.thread && line.phase == Phase::Enter {
                calls.push(line.call());
                depth += usize::from((line.number, line.call()) == (begin.number, begin.call()));
            } else if is_end(line) {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
        }
        calls.remove(0);
        calls
    }

    /// The calls on objects whose count was zero already, and counts that went below it (LIFE-MEM-007). A good log has none.
    ///
    /// Objects that became MAPI's by MakeInvalid are not this library's any more, and not in its log.
    #[must_use]
    pub fn beyond_the_end(&self) -> Vec<&Line> {
        let mut ended = std::collections::HashSet::new();
        let mut beyond = Vec::new();
        for line in self.lines.iter().filter(|l| l.phase != Phase::Note) {
            let object = (line.interface.as_str(), line.number);
            // A call that began before the last Release may end after it.
            let is_begun = line.phase == Phase::Enter && ended.contains(&object);
            let counts = ["AddRef", "Release"].contains(&line.method.as_str());
            if is_begun || (counts && line.result() > Some(u32::MAX / 2)) {
                beyond.push(line);
            }
            if line.method == "Release" && line.result() == Some(0) {
                ended.insert(object);
            }
        }
        beyond
    }

    fn entered(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.phase == Phase::Enter)
    }
}

fn parse_line(line: &str) -> Option<Line> {
    let mut fields = line.splitn(7, '\t');
    let mut next = || fields.next();
    let (sequence, time, thread) = (
        next()?.parse().ok()?,
        next()?.parse().ok()?,
        next()?.parse().ok()?,
    );
    let phase = match next()? {
        "enter" => Phase::Enter,
        "leave" => Phase::Leave,
        "note" => Phase::Note,
        _ => return None,
    };
    let (interface, number) = next()?.split_once('#')?;
    Some(Line {
        sequence,
        time_ns: time,
        thread,
        phase,
        interface: interface.to_owned(),
        number: number.parse().ok()?,
        method: next()?.to_owned(),
        detail: next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "1\t10\t7\tenter\tIMsgStore#3\tRelease\t\n\
        2\t11\t7\tenter\tIMAPISupport#1\tRelease\t\n\
        3\t12\t8\tenter\tIABLogon#4\tLogoff\tflags=0\n\
        4\t13\t7\tleave\tIMAPISupport#1\tRelease\t0\n\
        5\t14\t7\tleave\tIMsgStore#3\tRelease\t0\n\
        6\t15\t7\tenter\tIMSLogon#2\tGetLastError\t\n\
        7\t16\t8\tleave\tIABLogon#4\tLogoff\t0x80004005\n\
        8\t17\t8\tnote\tlibrary#0\tunloaded\t\n";

    #[test]
    fn calls_and_nesting_are_told() {
        let log = Log::parse(LOG);
        assert_eq!(log.calls().len(), 4);
        assert_eq!(
            log.inside(log.position("IMsgStore.Release").unwrap()),
            ["IMAPISupport.Release"]
        );
        assert_eq!(log.lines[6].result(), Some(0x8000_4005));
        assert_eq!(log.lines[3].result(), Some(0));
        assert_eq!(log.lines[0].result(), None);
        assert_eq!(log.lines[7].phase, Phase::Note);
        assert!(log.beyond_the_end().is_empty());
        let twice = format!("{LOG}9\t18\t7\tenter\tIMAPISupport#1\tRelease\t\n");
        assert_eq!(Log::parse(&twice).beyond_the_end().len(), 1);
    }
}
