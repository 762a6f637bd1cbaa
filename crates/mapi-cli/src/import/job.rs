//! One run of an import.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use mapi::{Folder, Props as _, Store};
use mapi_mime::source::{self, FoundMail, SourceError};
use mapi_mime::{ImportOptions, import};
use mapi_types::{Error, ErrorCode, PropTag, Property, tag};
use serde_json::json;

use super::ledger::{Known, Ledger};
use crate::context::Context;
use crate::folders::{Tree, make_path};
use crate::format;
use crate::mail::{StoreNames, WriteMessage};
use crate::progress::Progress;

/// What came of it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Mails that became messages (that would, in a dry run).
    pub imported: u64,
    /// Mails that were in the store already.
    pub known: u64,
    /// Mails and files that could not be read.
    pub failed: u64,
    /// Bytes of the mails that became messages.
    pub bytes: u64,
    /// Ctrl-C.
    pub interrupted: bool,
}

/// An import into one store.
pub struct Job<'a> {
    context: &'a Context,
    store: &'a Store,
    tree: &'a Tree,
    ledger: Ledger,
    top: Folder,
    folders: HashMap<Arc<[String]>, Folder>,
    dry_run: bool,
    summary: Summary,
    bar: Progress,
    /// Bytes of the sources that are done with.
    done: u64,
}

/// MSGFLAG_READ and MSGFLAG_UNSENT of PR_MESSAGE_FLAGS.
const READ: i32 = 0x1;
const UNSENT: i32 = 0x8;
/// PR_LAST_VERB_EXECUTED and its values for a reply and a forward.
const PR_LAST_VERB_EXECUTED: PropTag = PropTag::from_raw(0x1081_0003);
const REPLIED: i32 = 102;
const FORWARDED: i32 = 104;
/// PR_FLAG_STATUS: marked for attention.
const FLAGGED: i32 = 2;

impl<'a> Job<'a> {
    /// Into `top`, and the folders below it.
    ///
    /// # Errors
    /// Those of reading what is in the store.
    pub fn new(
        context: &'a Context,
        store: &'a Store,
        tree: &'a Tree,
        top: Folder,
        dry_run: bool,
    ) -> Result<Self> {
        Ok(Self {
            context,
            store,
            tree,
            ledger: Ledger::load(store, tree, !dry_run)?,
            top,
            folders: HashMap::new(),
            dry_run,
            summary: Summary::default(),
            bar: Progress::bytes(context.shows_progress(), 0),
            done: 0,
        })
    }

    /// Imports everything at these paths. What is bad is reported and left out.
    ///
    /// # Errors
    /// A path is not there; the store fails. What was imported before is in the store.
    pub fn run(mut self, paths: &[PathBuf]) -> Result<Summary> {
        let paths: Vec<PathBuf> = paths.iter().map(|p| real_path(p)).collect::<Result<_>>()?;
        let total = paths.iter().map(|p| source::total_bytes(p)).sum();
        self.bar.total(total);
        let result = self.all(&paths);
        // Deferred changes are brought to the disk whatever happened; only then is anything acknowledged.
        let flushed = if self.dry_run { Ok(()) } else { self.settle() };
        self.bar.finish();
        result?;
        flushed.context("writing to the message store")?;
        Ok(self.summary)
    }

    fn settle(&mut self) -> Result<()> {
        self.ledger.settle(self.store, self.tree)?;
        Ok(self.store.save()?)
    }

    fn all(&mut self, paths: &[PathBuf]) -> Result<()> {
        for path in paths {
            let mails = match source::open(path) {
                Ok(mails) => mails,
                Err(error) => {
                    self.bad(&SourceError {
                        source: path.clone(),
                        offset: 0,
                        error,
                    })?;
                    continue;
                }
            };
            for found in mails {
                if self.context.stop.requested() {
                    self.summary.interrupted = true;
                    return Ok(());
                }
                match found {
                    Ok(mail) => self.mail(&mail)?,
                    Err(error) => self.bad(&error)?,
                }
            }
        }
        Ok(())
    }

    fn mail(&mut self, mail: &FoundMail) -> Result<()> {
        self.done += mail.length;
        self.bar.at(self.done);
        if self.ledger.look_up(mail) != Known::New {
            self.summary.known += 1;
            return Ok(());
        }
        if !self.dry_run {
            match self.write(mail) {
                Ok(()) => self.ledger.add(mail),
                Err(Trouble::Mail(error)) => {
                    return self.bad(&SourceError {
                        source: mail.source.clone(),
                        offset: mail.offset,
                        error,
                    });
                }
                Err(Trouble::Store(error)) => {
                    let place = format!("{}, byte {}", mail.source.display(), mail.offset);
                    return Err(anyhow::Error::new(error).context(place));
                }
            }
        }
        self.summary.imported += 1;
        self.summary.bytes += mail.length;
        Ok(())
    }

    fn write(&mut self, mail: &FoundMail) -> Result<(), Trouble> {
        let folder = self.folder(&mail.folder).map_err(Trouble::Store)?;
        let message = folder.create_message().map_err(Trouble::Store)?;
        let mut reader = Noting {
            reader: mail.reader().map_err(Trouble::Mail)?,
            failed: false,
        };
        let options = ImportOptions {
            received: mail.received,
        };
        let names = StoreNames(self.store);
        let written = import(&mut reader, &names, &options, &mut WriteMessage(&message));
        written.map_err(|error| {
            if reader.failed || error.code() == ErrorCode::CORRUPT_DATA {
                Trouble::Mail(error)
            } else {
                Trouble::Store(error)
            }
        })?;
        let mut marks = self.ledger.marks(mail).to_vec();
        marks.extend(flags(mail));
        message.set(&marks).map_err(Trouble::Store)?;
        message.save_deferred().map_err(Trouble::Store)
    }

    fn folder(&mut self, names: &Arc<[String]>) -> mapi_types::Result<Folder> {
        if let Some(folder) = self.folders.get(names) {
            return Ok(folder.clone());
        }
        let made = make_path(self.top.clone(), names).map_err(|e| {
            e.downcast()
                .unwrap_or_else(|e| Error::from(io::Error::other(e)))
        })?;
        self.folders.insert(Arc::clone(names), made.clone());
        Ok(made)
    }

    /// Reports what could not be read.
    fn bad(&mut self, error: &SourceError) -> Result<()> {
        self.summary.failed += 1;
        let text = format::clean(&error.to_string()).into_owned();
        self.context.out.record(&json!({
            "bad": { "source": error.source, "offset": error.offset, "reason": error.error.to_string() },
        }))?;
        if self.context.out.is_json() {
            return self.context.out.flush();
        }
        self.bar.note(&format!("left out: {text}"));
        Ok(())
    }
}

/// Whose fault it is.
enum Trouble {
    /// The mail's: the others can be imported.
    Mail(Error),
    /// The store's: it ends the import.
    Store(Error),
}

/// Remembers whether reading failed, which the store is not to blame for.
struct Noting<R> {
    reader: R,
    failed: bool,
}

impl<R: Read> Read for Noting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer);
        self.failed |= read.is_err();
        read
    }
}

/// What the owner of the mail did with it. A new message is unsent and unread unless something else is said.
fn flags(mail: &FoundMail) -> Vec<Property> {
    let flags = mail.flags;
    let bit = |is: bool, bit: i32| if is { bit } else { 0 };
    let bits = bit(flags.seen, READ) | bit(flags.draft, UNSENT);
    let mut props = vec![Property::new(tag::PR_MESSAGE_FLAGS, bits)];
    if flags.flagged {
        props.push(Property::new(tag::PR_FLAG_STATUS, FLAGGED));
    }
    match (flags.answered, flags.forwarded) {
        (true, _) => props.push(Property::new(PR_LAST_VERB_EXECUTED, REPLIED)),
        (false, true) => props.push(Property::new(PR_LAST_VERB_EXECUTED, FORWARDED)),
        (false, false) => {}
    }
    props
}

/// The path under which a source is known for ever.
fn real_path(path: &Path) -> Result<PathBuf> {
    if path == Path::new("-") {
        return Ok(path.to_owned());
    }
    path.canonicalize()
        .with_context(|| path.display().to_string())
}
