//! `mapi ls`.

use anyhow::Result;
use mapi::Folder;
use mapi_types::{PropTag, Restriction, Row, SortOrder, tag};
use serde_json::json;

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::folders::Tree;
use crate::format;
use crate::ids::{SHOWN, id_of, short_id};
use crate::output::Style;
use crate::query::{KNOWN, Moment, parse_sort, parse_where};

/// List the messages of a folder
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mapi ls
  mapi ls 'Sent Items' --sort -size --limit 20
  mapi ls --where 'subject ~ \"invoice\" and date >= 2024-01-01 and not read and size > 1M'
  mapi ls --where '(from ~ ann or to ~ ann) and attachments'
  mapi ls --where 'date >= 7d and attachment ~ .pdf'
  mapi --json ls Inbox | jq -r .subject

Conditions: PROPERTY OPERATOR VALUE, has PROPERTY, or one of read, unread, attachments, unsent, submitted; joined with and, or,
not and parentheses. Operators: = != < <= > >= ~ (contains) !~ ^= (begins with) & (has one of the bits).
Properties: see `mapi ls --properties`; also MAPI names (PR_IMPORTANCE) and tags (00170003). Times: 2024, 2024-01,
2024-01-31, 2024-01-31T14:05, today, yesterday, 7d (seven days ago). Sizes: 500, 10k, 2M. docs/cli.md has the whole grammar.

In the list, U is unread, @ has attachments, ! is important.")]
pub struct Args {
    /// The folder
    #[arg(default_value = "Inbox")]
    folder: String,
    /// Only messages that satisfy this condition
    #[arg(short, long = "where", value_name = "CONDITION")]
    condition: Option<String>,
    /// The order: properties with commas in between, - for descending
    #[arg(
        short,
        long,
        default_value = "-date",
        value_name = "KEYS",
        allow_hyphen_values = true
    )]
    sort: String,
    /// At most so many
    #[arg(short = 'n', long, value_name = "COUNT")]
    limit: Option<usize>,
    /// List the properties that conditions can name, and stop
    #[arg(long)]
    properties: bool,
}

const COLUMNS: [PropTag; 9] = [
    tag::PR_ENTRYID,
    tag::PR_MESSAGE_DELIVERY_TIME,
    tag::PR_CLIENT_SUBMIT_TIME,
    tag::PR_MESSAGE_SIZE,
    tag::PR_MESSAGE_FLAGS,
    tag::PR_IMPORTANCE,
    tag::PR_SENDER_NAME,
    tag::PR_DISPLAY_TO,
    tag::PR_SUBJECT,
];

/// Runs it.
pub fn run(context: &Context, args: Args) -> Result<Exit> {
    if args.properties {
        return list_properties(context);
    }
    let restriction = args
        .condition
        .as_deref()
        .map(|text| {
            parse_where(text, &Moment::now()).map_err(|e| wrong("--where", &e.explain(text)))
        })
        .transpose()?;
    let order = parse_sort(&args.sort).map_err(|e| wrong("--sort", &e.text))?;
    context.with_store(|store| {
        let tree = Tree::load(store)?;
        let folder = tree.open(store, &args.folder)?;
        let limit = args.limit.unwrap_or(usize::MAX);
        let shown = list(context, &folder, restriction.as_ref(), &order, limit)?;
        if shown == 0 {
            context.note("no messages");
        }
        Ok(Exit::Ok)
    })
}

/// Lists messages of a folder; how many there were.
///
/// # Errors
/// Those of the table.
pub fn list(
    context: &Context,
    folder: &Folder,
    restriction: Option<&Restriction>,
    order: &SortOrder,
    limit: usize,
) -> Result<usize> {
    let mut table = folder.contents()?.columns(&COLUMNS)?;
    if let Some(restriction) = restriction {
        table = table.restrict(restriction)?;
    }
    let mut shown = 0;
    for row in table.sort(order)?.rows().take(limit) {
        context.stop.check()?;
        show(context, &row?, order)?;
        shown += 1;
    }
    Ok(shown)
}

fn wrong(option: &str, text: &str) -> anyhow::Error {
    Failure::error(Exit::Usage, format!("{option}: {text}"))
}

fn show(context: &Context, row: &Row, order: &SortOrder) -> Result<()> {
    let entry = mapi::row_entry_id(row).unwrap_or_default();
    let text = |tag| row.get(tag).and_then(|v| v.as_str()).unwrap_or_default();
    let number = |tag| row.get(tag).and_then(|v| v.as_long());
    let time = |tag| row.get(tag).and_then(|v| v.as_time());
    let flags = number(tag::PR_MESSAGE_FLAGS).unwrap_or(0).cast_unsigned();
    let (read, attachments) = (flags & 0x1 != 0, flags & 0x10 != 0);
    let size = u64::try_from(number(tag::PR_MESSAGE_SIZE).unwrap_or(0)).unwrap_or(0);
    let importance = number(tag::PR_IMPORTANCE).unwrap_or(1);
    let received = time(tag::PR_MESSAGE_DELIVERY_TIME);
    let sent = time(tag::PR_CLIENT_SUBMIT_TIME);
    if context.out.is_json() {
        return context.out.record(&json!({
            "id": id_of(&entry),
            "entry_id": entry.to_string(),
            "subject": text(tag::PR_SUBJECT),
            "from": text(tag::PR_SENDER_NAME),
            "to": text(tag::PR_DISPLAY_TO),
            "date": received.and_then(format::time_utc),
            "sent": sent.and_then(format::time_utc),
            "size": size,
            "read": read,
            "attachments": attachments,
            "importance": importance,
        }));
    }
    let by_sent = order.keys.first().map(|k| k.tag) == Some(tag::PR_CLIENT_SUBMIT_TIME);
    let date = if by_sent {
        sent.or(received)
    } else {
        received.or(sent)
    };
    let date = date.map_or_else(String::new, format::time_local);
    let mark = |is: bool, c: char| if is { c } else { ' ' };
    let fixed = format!(
        "{}  {}  {:>5} {}{}{}",
        short_id(&entry),
        format::fit(&date, 16),
        format::size(size),
        mark(!read, 'U'),
        mark(attachments, '@'),
        mark(importance == 2, '!'),
    );
    let from = format::fit(&text(tag::PR_SENDER_NAME), 20);
    // ID, date, size and marks with their gaps, then the sender.
    let used = SHOWN + 2 + 16 + 2 + 5 + 1 + 3 + 2 + 20 + 2;
    let subject = format::fit(
        &text(tag::PR_SUBJECT),
        context.out.width().saturating_sub(used).max(20),
    );
    let line = format!("{fixed}  {from}  {subject}");
    let line = if read {
        line
    } else {
        context.out.paint(Style::Bold, line.trim_end())
    };
    context.out.line(line)
}

fn list_properties(context: &Context) -> Result<Exit> {
    for known in &KNOWN {
        context.out.record(
            &json!({ "name": known.name, "aliases": known.aliases, "about": known.about }),
        )?;
        context
            .out
            .line(format!("  {:<12} {}", known.name, known.about))?;
    }
    Ok(Exit::Ok)
}
