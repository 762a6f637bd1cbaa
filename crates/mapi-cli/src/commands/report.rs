//! `mapi report`.

use std::path::PathBuf;

use anyhow::Result;
use mapi::TextStyle;

use crate::context::Context;
use crate::data::write_whole;
use crate::exit::Exit;

/// Show how the last session came down
///
/// Every command that works on mail logs on and off; its report is kept. It shows each provider, each step of the way down
/// with its time, what was left open and by whom, and a verdict on each provider.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mapi report
  mapi report --timeline shutdown.json     opens in Perfetto and in chrome://tracing
  mapi --json report | jq .by_the_book

Exit code 7 (not_by_the_book) if a provider did not come down by the book.")]
pub struct Args {
    /// Write the timeline to this file, in the trace-event format of Chrome and Perfetto
    #[arg(long, value_name = "FILE")]
    timeline: Option<PathBuf>,
}

/// Runs it.
pub fn run(context: &Context, args: Args) -> Result<Exit> {
    let report = context.data()?.last_report()?;
    if let Some(path) = &args.timeline {
        let mut text = serde_json::to_vec(&report.timeline())?;
        text.push(b'\n');
        write_whole(path, &text)?;
        context.note(format!("{}", path.display()));
    }
    context.out.record(&report)?;
    if args.timeline.is_none() {
        let style = TextStyle {
            color: context.out.color(),
        };
        context.out.line(report.text(style))?;
    }
    Ok(if report.by_the_book {
        Exit::Ok
    } else {
        Exit::NotByTheBook
    })
}
