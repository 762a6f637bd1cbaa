//! `mapi demo`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use mapi::{Folder, Mapi, Message, PropReader, Props as _, Session, Store, Table, TextStyle};
use mapi_types::{EntryId, PropTag, SortOrder, tag};
use serde_json::json;

use super::{folders, ls, show};
use crate::context::{Context, create_profile, demo_config, in_session};
use crate::data::DataFolder;
use crate::exit::{Exit, Failure};
use crate::folders::Tree;
use crate::import::{Job, Summary};
use crate::mail::attachment_infos;
use crate::output::Style;
use crate::stop::interrupted;

/// See it all in one minute: mail in, mail out, and how a session comes down
///
/// Makes a throw-away profile with the embedded message store, logs on, imports the mail at PATH (.eml, mbox, Maildir, folders of
/// them; a small sample if there is none), lists folders and messages, opens one with its attachments, leaves a few objects
/// open on purpose, logs off, and prints the shutdown report. Leaves nothing behind.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mapi demo
  mapi demo ~/Maildir some.mbox
  mapi demo --trace                        where the objects that were left open were made
  mapi --json demo | tail -n 1 | jq .by_the_book

Exit code 0 only if every provider came down by the book, else 7.")]
pub struct Args {
    /// Files and folders with mail
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Let the shutdown report say where each object that was left open was made
    #[arg(long)]
    trace: bool,
}

/// The sample: two mails, and a mailbox with three.
const SAMPLE: [(&str, &str); 3] = [
    ("welcome.eml", include_str!("../../sample/welcome.eml")),
    ("receipts.eml", include_str!("../../sample/receipts.eml")),
    ("Team.mbox", include_str!("../../sample/team.mbox")),
];

const PROFILE: &str = "Demo";
/// How many messages of a folder are shown.
const SHOWN: usize = 5;

/// Runs it.
pub fn run(context: &Context, args: Args) -> Result<Exit> {
    if let Some(path) = args.paths.iter().find(|p| !p.exists()) {
        let text = format!("there is no file or folder {}", path.display());
        return Err(Failure::error(Exit::NotFound, text));
    }
    let folder = tempfile::Builder::new()
        .prefix("mapi-demo-")
        .tempdir()
        .context("making a temporary folder")?;
    let exit = in_folder(context, folder.path(), args);
    let path = folder.path().to_owned();
    folder
        .close()
        .with_context(|| format!("removing {}", path.display()))?;
    exit
}

fn in_folder(context: &Context, folder: &Path, args: Args) -> Result<Exit> {
    let paths = if args.paths.is_empty() {
        vec![write_sample(&folder.join("sample"))?]
    } else {
        args.paths
    };
    let data = DataFolder::at(folder.join("data"));
    data.create()?;
    let mapi = Mapi::with_config(demo_config(data.path().to_owned(), args.trace))?;
    create_profile(&mapi.profiles(), &data, PROFILE, None)?;
    title(context, "A throw-away profile, and a session on it")?;
    context
        .out
        .line(format!("profile {PROFILE} in {}", data.path().display()))?;

    let (left, report) = in_session(&mapi, PROFILE, |session| work(context, session, &paths))?;
    let left = left?;

    title(context, "The way down")?;
    if left.message.get_one(tag::PR_SUBJECT).is_err() {
        context.out.line(
            "What was left open answers MAPI_E_INVALID_OBJECT now, and is safe to release.\n",
        )?;
    }
    drop(left);
    for library in mapi.finish().libraries {
        tracing::info!("{}: {}", library.name, library.freed);
    }
    let style = TextStyle {
        color: context.out.color(),
    };
    context.out.line(report.text(style))?;
    context.out.record(&report)?;
    if context.stop.requested() {
        return Err(interrupted());
    }
    let (style, verdict, exit) = if report.by_the_book {
        (
            Style::Good,
            "Every provider came down by the book.",
            Exit::Ok,
        )
    } else {
        (
            Style::Bad,
            "Not every provider came down by the book.",
            Exit::NotByTheBook,
        )
    };
    context.out.line("")?;
    context.out.line(context.out.paint(style, verdict))?;
    Ok(exit)
}

fn write_sample(folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir(folder)?;
    for (name, text) in SAMPLE {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(folder.to_owned())
}

fn title(context: &Context, text: &str) -> Result<()> {
    context.out.line("")?;
    let text = format!("── {text}");
    context.out.line(context.out.paint(Style::Bold, &text))
}

/// What the demo does not close, so that the report has something to show.
struct LeftOpen {
    message: Message,
    _store: Store,
    _folder: Folder,
    _table: Table,
    _attachment: Option<PropReader>,
}

fn work(context: &Context, session: &Session, paths: &[PathBuf]) -> Result<LeftOpen> {
    let store = session.default_store()?;
    title(context, "Mail comes in")?;
    let tree = Tree::load(&store)?;
    let inbox = tree.open(&store, "Inbox")?;
    let summary = Job::new(context, &store, &tree, inbox.clone(), false)?.run(paths)?;
    imported(context, &summary)?;

    title(context, "Folders")?;
    let tree = Tree::load(&store)?;
    folders::list(context, &tree, &[])?;

    let mut chosen = None;
    for info in tree.folders().iter().filter(|f| f.messages > 0) {
        context.stop.check()?;
        let folder = store.folder(&info.id)?;
        title(context, &info.path_text())?;
        let order = SortOrder::by_descending(tag::PR_MESSAGE_DELIVERY_TIME);
        ls::list(context, &folder, None, &order, SHOWN)?;
        let shown = u64::try_from(SHOWN).unwrap_or(u64::MAX);
        if info.messages > shown {
            context
                .out
                .line(format!("... and {} more", info.messages - shown))?;
        }
        if chosen.is_none() {
            chosen = with_attachments(&folder)?.map(|id| (id, folder));
        }
    }
    let (id, folder) = match chosen {
        Some(found) => found,
        None => (first_message(&store, &tree)?, inbox),
    };
    title(context, "A message with its attachments")?;
    let message = store.message(&id)?;
    show::show(
        context,
        &store,
        &tree,
        &id,
        &message,
        &show::Args::default(),
    )?;
    let attachment = read_attachments(&message)?;

    title(context, "Objects that are left open on purpose")?;
    let table = folder.contents()?;
    context.out.line(
        "the store, a folder, its contents table, the message, and a stream on an attachment if it has one",
    )?;
    Ok(LeftOpen {
        message,
        _store: store,
        _folder: folder,
        _table: table,
        _attachment: attachment,
    })
}

fn imported(context: &Context, summary: &Summary) -> Result<()> {
    context.out.record(&json!({
        "imported": summary.imported, "known": summary.known, "failed": summary.failed, "bytes": summary.bytes,
    }))?;
    let mut text = format!(
        "{} imported ({})",
        summary.imported,
        crate::format::size(summary.bytes)
    );
    if summary.failed > 0 {
        text += &format!(", {} left out", summary.failed);
    }
    context.out.line(text)
}

/// A message of a folder that has attachments.
fn with_attachments(folder: &Folder) -> Result<Option<EntryId>> {
    const HAS_ATTACHMENTS: u32 = 0x10;
    let restriction = mapi_types::Restriction::Bitmask {
        nonzero: true,
        tag: tag::PR_MESSAGE_FLAGS,
        mask: HAS_ATTACHMENTS,
    };
    first(folder.contents()?.restrict(&restriction)?)
}

fn first(table: Table) -> Result<Option<EntryId>> {
    const COLUMNS: [PropTag; 1] = [tag::PR_ENTRYID];
    let row = table.columns(&COLUMNS)?.rows().next().transpose()?;
    Ok(row.and_then(|row| mapi::row_entry_id(&row)))
}

fn first_message(store: &Store, tree: &Tree) -> Result<EntryId> {
    for info in tree.folders().iter().filter(|f| f.messages > 0) {
        if let Some(id) = first(store.folder(&info.id)?.contents()?)? {
            return Ok(id);
        }
    }
    Err(Failure::error(
        Exit::NotFound,
        "there was no mail to import",
    ))
}

/// Reads every attachment once, and leaves a stream open.
fn read_attachments(message: &Message) -> Result<Option<PropReader>> {
    let mut last = None;
    for row in attachment_infos(message)? {
        let number = row.get(tag::PR_ATTACH_NUM).and_then(|v| v.as_long());
        let attachment = message.attachment(number.unwrap_or(0).cast_unsigned())?;
        let Ok(mut data) = attachment.open(tag::PR_ATTACH_DATA_BIN, false) else {
            continue; // an attached message has no bytes
        };
        let bytes = std::io::copy(&mut data, &mut std::io::sink())?;
        tracing::info!("read an attachment of {bytes} bytes");
        last = Some(data);
    }
    Ok(last)
}
