//! Progress bars, on a terminal only.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows how far a piece of work is, or nothing.
pub struct Progress(ProgressBar);

impl Progress {
    /// Work on that many bytes.
    pub fn bytes(wanted: bool, total: u64) -> Self {
        Self::new(
            wanted,
            total,
            "{spinner} {msg} {wide_bar} {percent:>3}%  {binary_bytes_per_sec}  {eta} left",
        )
    }

    /// Work on that many things.
    pub fn items(wanted: bool, total: u64) -> Self {
        Self::new(
            wanted,
            total,
            "{spinner} {msg} {wide_bar} {pos}/{len}  {per_sec}  {eta} left",
        )
    }

    fn new(wanted: bool, total: u64, template: &str) -> Self {
        if !wanted || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar =
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }

    /// So much is done.
    pub fn at(&self, done: u64) {
        self.0.set_position(done);
    }

    /// It turns out to be so much.
    pub fn total(&self, total: u64) {
        self.0.set_length(total);
    }

    /// What it is about.
    pub fn message(&self, text: impl Into<String>) {
        self.0.set_message(text.into());
    }

    /// Writes a line to standard error without tearing the bar.
    pub fn note(&self, text: &str) {
        self.0.suspend(|| eprintln!("{text}"));
    }

    /// The bar goes.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}
