//! `mapi provider`.

use std::path::Path;

use anyhow::Result;
use clap::Subcommand;
use mapi::Mapi;
use mapi::profiles::ProviderKind;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::Exit;
use crate::output::Style;

/// Service providers: the libraries behind message services
#[derive(Subcommand, Debug)]
pub enum Command {
    /// List the providers that are built in, and those that installed message services name
    #[command(
        visible_alias = "ls",
        after_help = "\
Examples:
  mapi provider list"
    )]
    List,
    /// Load a provider library, and say what it exports
    #[command(after_help = "\
Examples:
  mapi provider info msgstore              a provider that is built in
  mapi provider info mystore               a library from the folders that providers are loaded from

The library is loaded as for a session, so its start code runs, and freed again. Libraries are loaded from protected
folders only: name it, and put it into one of them.")]
    Info {
        /// The name of the library, without extension
        library: String,
    },
}

/// Runs it.
pub fn run(context: &Context, command: Command) -> Result<Exit> {
    match command {
        Command::List => context.with_mapi(|mapi, _| list(context, mapi)),
        Command::Info { library } => context.with_mapi(|mapi, _| info(context, mapi, &library)),
    }
}

fn list(context: &Context, mapi: &Mapi) -> Result<Exit> {
    let mut rows = Vec::new();
    for built_in in mapi.subsystem().libraries().built_in() {
        let points = &built_in.entry_points;
        let kinds = kinds(
            points.address_book.is_some(),
            points.message_store.is_some(),
            points.transport.is_some(),
        );
        context.out.record(&json!({
            "library": built_in.name, "built_in": true, "kinds": kinds, "service": Value::Null, "found": true,
        }))?;
        rows.push(vec![
            built_in.name.to_owned(),
            kinds.join(", "),
            "built in".to_owned(),
        ]);
    }
    for service in mapi.profiles().available_services() {
        for provider in &service.providers {
            let Some(library) = provider.props.text(mapi_types::tag::PR_PROVIDER_DLL_NAME) else {
                continue;
            };
            let built_in = mapi.subsystem().libraries().built_in();
            if built_in
                .iter()
                .any(|b| b.name.eq_ignore_ascii_case(&library))
            {
                continue;
            }
            let kind = provider.props.bits(mapi_types::tag::PR_RESOURCE_TYPE);
            let kind = ProviderKind::from_resource_type(kind);
            let kinds = kinds(
                kind == Some(ProviderKind::AddressBook),
                kind == Some(ProviderKind::Store),
                kind == Some(ProviderKind::Transport),
            );
            let found = mapi.subsystem().search().find(&library);
            context.out.record(&json!({
                "library": library, "built_in": false, "kinds": kinds, "service": service.name,
                "found": found.is_ok(), "path": found.as_ref().ok(),
            }))?;
            let place = found.map_or_else(|e| e.to_string(), |p| p.display().to_string());
            rows.push(vec![library.into_owned(), kinds.join(", "), place]);
        }
    }
    context.out.table(&["LIBRARY", "KIND", "WHERE"], rows)?;
    Ok(Exit::Ok)
}

fn kinds(address_book: bool, store: bool, transport: bool) -> Vec<&'static str> {
    let all = [
        (address_book, "address book"),
        (store, "store"),
        (transport, "transport"),
    ];
    all.iter()
        .filter(|(is, _)| *is)
        .map(|(_, name)| *name)
        .collect()
}

fn info(context: &Context, mapi: &Mapi, name: &str) -> Result<Exit> {
    let subsystem = mapi.subsystem();
    let hosted = subsystem.libraries().get(name, subsystem.search())?;
    let library = hosted.library();
    let points = library.entry_points();
    let exported = [
        ("ABProviderInit", points.address_book.is_some()),
        ("MSProviderInit", points.message_store.is_some()),
        ("XPProviderInit", points.transport.is_some()),
    ];
    let names: Vec<&str> = exported
        .iter()
        .filter(|(_, is)| *is)
        .map(|(n, _)| *n)
        .collect();
    let path = library.path().map(Path::to_path_buf);
    context.out.record(&json!({
        "library": hosted.name(), "path": path, "built_in": path.is_none(), "exports": names,
    }))?;
    context
        .out
        .line(context.out.paint(Style::Bold, hosted.name()))?;
    let place = path.map_or_else(|| "built in".to_owned(), |p| p.display().to_string());
    context.out.line(format!("  from     {place}"))?;
    let names = if names.is_empty() {
        "no entry point of a provider".to_owned()
    } else {
        names.join(", ")
    };
    context.out.line(format!("  exports  {names}"))?;
    Ok(Exit::Ok)
}
