//! `mapi`: profiles, message stores and mail on the command line.
//!
//! A command is a file in `commands/`: its arguments, which are its help, and `run`. It takes what it needs from the
//! [`Context`] and gives its results to [`Output`](output::Output). All work on mail goes through a session
//! ([`Context::with_store`]), whose report is kept for `mapi report`.

mod args;
mod commands;
mod context;
mod data;
mod exit;
mod filenames;
mod folders;
mod format;
mod ids;
mod import;
mod mail;
mod mbox;
mod output;
mod progress;
mod query;
mod stop;

use std::process::ExitCode;

use clap::Parser as _;
use serde_json::json;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use args::{Cli, Command, Global};
use context::Context;
use exit::{ClosedPipe, Exit};

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logging(&cli.global);
    let json = cli.global.json;
    let result = Context::new(cli.global).and_then(|context| {
        let exit = run(&context, cli.command)?;
        context.out.flush()?;
        Ok(exit)
    });
    match result {
        Ok(exit) => exit.into(),
        // Whoever read the output has enough of it.
        Err(error) if error.chain().any(|cause| cause.is::<ClosedPipe>()) => Exit::Ok.into(),
        Err(error) => {
            let exit = Exit::of(&error);
            tell(&error, exit, json);
            exit.into()
        }
    }
}

fn run(context: &Context, command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Demo(args) => commands::demo::run(context, args),
        Command::Profile(command) => commands::profile::run(context, command),
        Command::Service(command) => commands::service::run(context, command),
        Command::Provider(command) => commands::provider::run(context, command),
        Command::Store(command) => commands::store::run(context, command),
        Command::Import(args) => commands::import::run(context, args),
        Command::Folders(args) => commands::folders::run(context, args),
        Command::Ls(args) => commands::ls::run(context, args),
        Command::Show(args) => commands::show::run(context, args),
        Command::SaveAttachments(args) => commands::save_attachments::run(context, args),
        Command::Export(args) => commands::export::run(context, args),
        Command::Mkdir(args) => commands::mkdir::run(context, args),
        Command::Mv(args) => commands::mv::run(context, args),
        Command::Cp(args) => commands::cp::run(context, args),
        Command::Rm(args) => commands::rm::run(context, args),
        Command::Status(args) => commands::status::run(context, args),
        Command::Report(args) => commands::report::run(context, args),
        Command::Completions(args) => commands::completions::run(context, args),
        Command::Man(args) => commands::man::run(context, args),
    }
}

/// The error on standard error: text, or one object if programs read us. Text from mail may be in it.
fn tell(error: &anyhow::Error, exit: Exit, json: bool) {
    let text = format!("{error:#}");
    if json {
        let mapi = error
            .chain()
            .find_map(|cause| cause.downcast_ref::<mapi_types::Error>())
            .map(|e| e.code().to_string());
        let object = json!({ "error": { "code": exit.name(), "exit": exit.code(), "mapi": mapi, "message": text } });
        eprintln!("{object}");
    } else {
        eprintln!("error: {}", format::clean_lines(&text));
    }
}

/// Logs go to standard error, and only what was asked for.
fn start_logging(global: &Global) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, 2) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .with_target(global.verbose > 1);
    let filter = Targets::new().with_default(level);
    tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .init();
}
