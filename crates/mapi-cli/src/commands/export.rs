//! `mapi export`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use mapi::{Folder, Message, Props as _, Store, row_entry_id};
use mapi_mime::{ExportOptions, export};
use mapi_types::{EntryId, FileTime, PropTag, SortOrder, tag};
use serde_json::json;

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::filenames::{create_new, safe};
use crate::folders::{Tree, split};
use crate::ids::find_messages;
use crate::mail::{ReadMessage, StoreNames};
use crate::mbox::MboxWriter;
use crate::progress::Progress;

/// Write messages as Internet mail
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mapi export 3fa2 -o mail.eml
  mapi export 3fa2 -o - | less
  mapi export Inbox -o inbox.mbox --format mbox
  mapi export Projects -o ~/Maildir --format maildir --recursive
  mapi export Inbox -o inbox               a folder of .eml files

Mail is written from the properties of the messages. A file that is there already is not overwritten.")]
pub struct Args {
    /// A folder, or the ID of a message
    #[arg(value_name = "FOLDER|ID")]
    what: String,
    /// Where to: a file, - for standard output, or a folder that is made
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
    /// The form; without it the extension decides: .mbox is mbox, else eml
    #[arg(short, long, value_enum)]
    format: Option<Format>,
    /// With the folders below it, in folders or files of their own
    #[arg(short, long)]
    recursive: bool,
}

/// `--format`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// One file for each message
    Eml,
    /// One file for all of them (mboxrd)
    Mbox,
    /// A Maildir
    Maildir,
}

/// Runs it.
pub fn run(context: &Context, args: Args) -> Result<Exit> {
    let is_mbox = args.output.extension().is_some_and(|e| e == "mbox");
    let format = args
        .format
        .unwrap_or(if is_mbox { Format::Mbox } else { Format::Eml });
    context.with_store(|store| {
        let tree = Tree::load(store)?;
        let job = Job {
            context,
            store,
            format,
        };
        let is_root = split(&args.what).is_empty();
        let count = if tree.find(&args.what).is_none() && !is_root {
            let ids = find_messages(
                store,
                &tree,
                std::slice::from_ref(&args.what),
                &context.stop,
            )?;
            job.messages(&ids, &args.output)?
        } else {
            job.folders(&tree, &args)?
        };
        context
            .out
            .record(&json!({ "messages": count, "to": args.output }))?;
        context.note(format!("{count} message(s)"));
        Ok(Exit::Ok)
    })
}

struct Job<'a> {
    context: &'a Context,
    store: &'a Store,
    format: Format,
}

impl Job<'_> {
    /// Single messages, in one file.
    fn messages(&self, ids: &[EntryId], to: &Path) -> Result<u64> {
        if self.format == Format::Maildir {
            let mut maildir = Maildir::create(to)?;
            for id in ids {
                maildir.add(self.store, &self.store.message(id)?)?;
            }
        } else if to == Path::new("-") {
            let mut bytes = StdoutWriter(self.context);
            self.all_to(ids, &mut bytes)?;
        } else {
            let mut file = new_file(to)?;
            self.all_to(ids, &mut file)?;
            finish(file, to)?;
        }
        Ok(u64::try_from(ids.len()).unwrap_or(u64::MAX))
    }

    fn all_to(&self, ids: &[EntryId], out: &mut dyn Write) -> Result<()> {
        for id in ids {
            let message = self.store.message(id)?;
            match self.format {
                Format::Mbox => write_mbox(self.store, &message, out)?,
                _ => write_eml(self.store, &message, out)?,
            }
        }
        Ok(())
    }

    fn folders(&self, tree: &Tree, args: &Args) -> Result<u64> {
        let top = tree
            .find(&args.what)
            .map(|f| f.path.clone())
            .unwrap_or_default();
        let chosen: Vec<_> = tree
            .below(&top)
            .filter(|f| args.recursive || f.path == top)
            .collect();
        let total = chosen.iter().map(|f| f.messages).sum();
        let bar = Progress::items(self.context.shows_progress(), total);
        let mut count = 0;
        for info in chosen {
            let below = &info.path[top.len().min(info.path.len())..];
            let folder = self.store.folder(&info.id)?;
            bar.message(crate::format::clean(&info.name).into_owned());
            let to = self.place(&args.output, below, args.recursive)?;
            self.folder(&folder, &to, &bar, &mut count)?;
        }
        bar.finish();
        Ok(count)
    }

    /// Where a folder goes that lies at `below` under the one that was named.
    fn place(&self, output: &Path, below: &[String], recursive: bool) -> Result<PathBuf> {
        let names: Vec<String> = below.iter().map(|name| safe(name)).collect();
        Ok(match self.format {
            // Maildir++: subfolders lie beside cur, new and tmp, and begin with a dot.
            Format::Maildir if names.is_empty() => output.to_path_buf(),
            Format::Maildir => output.join(format!(".{}", names.join("."))),
            Format::Mbox if !recursive => output.to_path_buf(),
            Format::Mbox => {
                fs::create_dir_all(output).with_context(|| output.display().to_string())?;
                let (name, above) = match names.split_last() {
                    Some((name, above)) => (name.clone(), above),
                    None => ("messages".to_owned(), &[][..]),
                };
                let folder = output.join(above.iter().collect::<PathBuf>());
                fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
                folder.join(format!("{name}.mbox"))
            }
            Format::Eml => output.join(names.iter().collect::<PathBuf>()),
        })
    }

    fn folder(&self, folder: &Folder, to: &Path, bar: &Progress, count: &mut u64) -> Result<()> {
        const COLUMNS: [PropTag; 2] = [tag::PR_ENTRYID, tag::PR_SUBJECT];
        let order = SortOrder::by(tag::PR_MESSAGE_DELIVERY_TIME);
        let rows = folder.contents()?.columns(&COLUMNS)?.sort(&order)?.rows();
        let mut target = match self.format {
            Format::Eml => {
                fs::create_dir_all(to).with_context(|| to.display().to_string())?;
                Target::Eml(to.to_path_buf())
            }
            Format::Mbox if to == Path::new("-") => Target::Stdout,
            Format::Mbox => Target::Mbox(new_file(to)?),
            Format::Maildir => Target::Maildir(Maildir::create(to)?),
        };
        for row in rows {
            self.context.stop.check()?;
            let row = row?;
            let Some(id) = row_entry_id(&row) else {
                continue;
            };
            let message = self.store.message(&id)?;
            match &mut target {
                Target::Eml(folder) => {
                    let subject = row.get(tag::PR_SUBJECT).and_then(|v| v.as_str());
                    let subject: String = subject.unwrap_or_default().chars().take(60).collect();
                    let name = format!("{:05} {}.eml", *count + 1, safe(&subject));
                    let (file, path) =
                        create_new(folder, &name).with_context(|| folder.display().to_string())?;
                    let mut file = BufWriter::new(file);
                    write_eml(self.store, &message, &mut file)?;
                    finish(file, &path)?;
                }
                Target::Mbox(file) => write_mbox(self.store, &message, file)?,
                Target::Stdout => {
                    write_mbox(self.store, &message, &mut StdoutWriter(self.context))?
                }
                Target::Maildir(maildir) => maildir.add(self.store, &message)?,
            }
            *count += 1;
            bar.at(*count);
        }
        if let Target::Mbox(file) = target {
            finish(file, to)?;
        }
        Ok(())
    }
}

enum Target {
    Eml(PathBuf),
    Mbox(BufWriter<File>),
    Stdout,
    Maildir(Maildir),
}

fn new_file(path: &Path) -> Result<BufWriter<File>> {
    match File::create_new(path) {
        Ok(file) => Ok(BufWriter::new(file)),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(Failure::error(
            Exit::Exists,
            format!("{} is there already; name another file", path.display()),
        )),
        Err(e) => Err(anyhow::Error::new(e).context(path.display().to_string())),
    }
}

fn finish(mut file: BufWriter<File>, path: &Path) -> Result<()> {
    let done = file.flush().and_then(|()| file.get_ref().sync_all());
    done.with_context(|| format!("writing {}", path.display()))
}

/// Standard output as a writer; what it was closed with comes out again.
struct StdoutWriter<'a>(&'a Context);

impl Write for StdoutWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.out.bytes(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => Err(io::Error::new(io::ErrorKind::BrokenPipe, error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_eml(store: &Store, message: &Message, out: &mut dyn Write) -> Result<()> {
    let view = ReadMessage::new(message.clone())?;
    export(&view, &StoreNames(store), &ExportOptions::default(), out)?;
    Ok(())
}

fn write_mbox(store: &Store, message: &Message, out: &mut dyn Write) -> Result<()> {
    let sender = message
        .get_text(tag::PR_SENDER_EMAIL_ADDRESS)?
        .filter(|s| !s.is_empty() && !s.contains(char::is_whitespace))
        .unwrap_or_else(|| "MAILER-DAEMON".to_owned());
    let time = message
        .get_one(tag::PR_MESSAGE_DELIVERY_TIME)?
        .and_then(|v| v.as_time())
        .unwrap_or(FileTime::from_unix(0));
    let mut mbox = MboxWriter::begin(out, &sender, time)?;
    write_eml(store, message, &mut mbox)?;
    mbox.end()?;
    Ok(())
}

/// A Maildir that is written to: a message is written in tmp and moved to cur when it is whole.
struct Maildir {
    path: PathBuf,
    count: u64,
}

impl Maildir {
    fn create(path: &Path) -> Result<Self> {
        for name in ["cur", "new", "tmp"] {
            let folder = path.join(name);
            fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        }
        Ok(Self {
            path: path.to_path_buf(),
            count: 0,
        })
    }

    fn add(&mut self, store: &Store, message: &Message) -> Result<()> {
        self.count += 1;
        let flags = message
            .get_one(tag::PR_MESSAGE_FLAGS)?
            .and_then(|v| v.as_long());
        let seen = if flags.unwrap_or(0) & 1 != 0 { "S" } else { "" };
        let time = message
            .get_one(tag::PR_MESSAGE_DELIVERY_TIME)?
            .and_then(|v| v.as_time())
            .unwrap_or(FileTime::from_unix(0));
        let id = message.get_bytes(tag::PR_ENTRYID)?.unwrap_or_default();
        let id = crate::ids::id_of(&EntryId::from(id));
        let name = format!("{}.{id}.openmapi", time.to_unix().max(0));
        let from = self.path.join("tmp").join(&name);
        let to = self.path.join("cur").join(format!("{name}:2,{seen}"));
        if to.exists() {
            return Ok(());
        }
        let file = File::create(&from).with_context(|| from.display().to_string())?;
        let mut file = BufWriter::new(file);
        write_eml(store, message, &mut file)?;
        finish(file, &from)?;
        fs::rename(&from, &to).with_context(|| to.display().to_string())
    }
}
