//! `mapi status`.

use anyhow::Result;
use mapi_types::{PropTag, Row, tag};
use serde_json::json;

use crate::context::Context;
use crate::exit::Exit;

/// Show the status table of a session: MAPI's own rows, and one for each provider
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mapi status
  mapi --json -p Work status")]
pub struct Args {}

const COLUMNS: [PropTag; 6] = [
    tag::PR_DISPLAY_NAME,
    tag::PR_PROVIDER_DISPLAY,
    tag::PR_RESOURCE_TYPE,
    tag::PR_STATUS_CODE,
    tag::PR_STATUS_STRING,
    tag::PR_PROVIDER_DLL_NAME,
];

/// Runs it.
pub fn run(context: &Context, _args: Args) -> Result<Exit> {
    context.with_session(|session| {
        // The store is opened so that its row is there; a profile without one has a status table all the same.
        let store = session.default_store().ok();
        let mut rows = Vec::new();
        for row in session.status_table()?.columns(&COLUMNS)?.rows() {
            let row = row?;
            let text = |tag| text(&row, tag);
            let kind = number(&row, tag::PR_RESOURCE_TYPE).map_or("?", kind_name);
            let code = number(&row, tag::PR_STATUS_CODE).unwrap_or(0);
            context.out.record(&json!({
                "name": text(tag::PR_DISPLAY_NAME),
                "kind": kind,
                "provider": text(tag::PR_PROVIDER_DISPLAY),
                "library": text(tag::PR_PROVIDER_DLL_NAME),
                "status": status_names(code),
                "status_code": code,
                "status_text": text(tag::PR_STATUS_STRING),
            }))?;
            let said = text(tag::PR_STATUS_STRING).unwrap_or_default();
            let status = status_names(code).join(", ");
            rows.push(vec![
                text(tag::PR_DISPLAY_NAME).unwrap_or_default(),
                kind.to_owned(),
                text(tag::PR_PROVIDER_DISPLAY).unwrap_or_default(),
                if said.is_empty() { status } else { said },
            ]);
        }
        if let Some(store) = store {
            crate::context::close_store(store);
        }
        context
            .out
            .table(&["NAME", "KIND", "PROVIDER", "STATUS"], rows)?;
        Ok(Exit::Ok)
    })
}

fn text(row: &Row, tag: PropTag) -> Option<String> {
    row.get(tag)
        .and_then(|v| v.as_str())
        .map(|s| s.into_owned())
}

fn number(row: &Row, tag: PropTag) -> Option<u32> {
    row.get(tag)
        .and_then(|v| v.as_long())
        .map(i32::cast_unsigned)
}

/// PR_RESOURCE_TYPE (constants.md, 8.2).
fn kind_name(kind: u32) -> &'static str {
    match kind {
        33 => "store",
        34 | 35 => "address book",
        36 => "transport",
        37 => "spooler",
        38 => "profile provider",
        39 => "subsystem",
        40 => "hook",
        _ => "other",
    }
}

/// The bits of PR_STATUS_CODE (constants.md, 8.4).
fn status_names(code: u32) -> Vec<&'static str> {
    const NAMES: [(u32, &str); 10] = [
        (0x1, "available"),
        (0x2, "offline"),
        (0x4, "failure"),
        (0x0001_0000, "inbound enabled"),
        (0x0002_0000, "inbound active"),
        (0x0004_0000, "inbound flush"),
        (0x0010_0000, "outbound enabled"),
        (0x0020_0000, "outbound active"),
        (0x0040_0000, "outbound flush"),
        (0x0080_0000, "remote access"),
    ];
    let set = NAMES.iter().filter(|(bit, _)| code & bit != 0);
    set.map(|(_, name)| *name).collect()
}
