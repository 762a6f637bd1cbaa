//! Measures a case beside its limit, in one run, because machines differ: what counts is the ratio.

use std::time::{Duration, Instant};

/// The cases of one bench, printed as they are measured.
pub struct Report {
    missed: Vec<String>,
    filter: Option<String>,
}

/// Rounds of each pair; the fastest counts, as the one least disturbed.
const ROUNDS: usize = 9;

impl Report {
    /// Begins a report; an argument of the command line is a part of the names of the cases to run.
    #[must_use]
    pub fn begin(title: &str) -> Self {
        println!("{title}");
        println!(
            "{:<52} {:>10} {:>10} {:>6} {:>5}",
            "case", "ours", "limit", "ratio", "goal"
        );
        Self {
            missed: Vec::new(),
            filter: std::env::args().skip(1).find(|arg| !arg.starts_with('-')),
        }
    }

    /// Measures `ours` against `limit`, in turns. Each does its preparations, and answers how long the work itself took.
    pub fn compare(
        &mut self,
        name: &str,
        goal: f64,
        mut ours: impl FnMut() -> Duration,
        mut limit: impl FnMut() -> Duration,
    ) {
        if self
            .filter
            .as_ref()
            .is_some_and(|part| !name.contains(part.as_str()))
        {
            return;
        }
        let (mut best_ours, mut best_limit) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            best_limit = best_limit.min(limit());
            best_ours = best_ours.min(ours());
        }
        let ratio = best_ours.as_secs_f64() / best_limit.as_secs_f64();
        let milliseconds = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
        let verdict = if ratio <= goal { "" } else { "  MISSED" };
        println!(
            "{name:<52} {:>10} {:>10} {ratio:>6.2} {goal:>5}{verdict}",
            milliseconds(best_ours),
            milliseconds(best_limit),
        );
        if ratio > goal {
            self.missed.push(name.to_owned());
        }
    }

    /// Ends the report; exit code 1 with `--check` if a goal was missed.
    pub fn end(self) {
        let check = std::env::args().any(|arg| arg == "--check");
        if check && !self.missed.is_empty() {
            eprintln!("goals missed: {}", self.missed.join(", "));
            std::process::exit(1);
        }
    }
}

/// How long `work` takes on this thread, and what it yields, which is dropped by the caller, outside of the time.
///
/// Where the system tells it, this is the time that the thread was running, so that other programs disturb less.
pub fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let (begin, wall) = (thread_time(), Instant::now());
    let result = std::hint::black_box(work());
    let wall = wall.elapsed();
    let on_thread = begin
        .zip(thread_time())
        .map(|(begin, end)| end.saturating_sub(begin));
    (on_thread.unwrap_or(wall), result)
}

/// The time that this thread has been running.
fn thread_time() -> Option<Duration> {
    // The number is brought up to date when the scheduler is entered, else with its next tick.
    std::thread::yield_now();
    // Three numbers; the first are nanoseconds on a processor.
    let numbers = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let running = numbers.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(running))
}
