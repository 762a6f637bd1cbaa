//! Walking through files and folders.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mapi_types::{Error, FileTime, Result};
use tempfile::TempPath;

use super::kind::{self, BOM};
use super::reader::Place;
use super::{Flags, FoundMail, Kind, SourceError, maildir, mbox};

/// Folders deeper than this are reported and not entered.
const DEPTH: usize = 100;

/// The mails of `path`, whatever it is: a file or a folder. `-` is standard input.
///
/// # Errors
/// Those of [`Kind::of`]; what is wrong deeper down comes as items.
pub fn open(path: &Path) -> Result<Mails> {
    if path == Path::new("-") {
        return spool(&mut io::stdin().lock());
    }
    let mut mails = Mails::default();
    mails.enter(path, Kind::of(path)?, &Vec::new().into(), true);
    Ok(mails)
}

/// The mails of a stream, which goes through a temporary file because a mail is hashed before it is read.
///
/// # Errors
/// As [`open`], and MAPI_E_NOT_ENOUGH_DISK.
pub fn spool(input: &mut dyn Read) -> Result<Mails> {
    let mut file = tempfile::NamedTempFile::new()?;
    io::copy(input, &mut file)?;
    let path = file.into_temp_path();
    let kind = Kind::of(&path)?;
    let mut mails = Mails {
        spooled: Some(Arc::new(path)),
        ..Mails::default()
    };
    let path = mails.spooled.as_ref().map(|p| p.to_path_buf());
    mails.enter(&path.unwrap_or_default(), kind, &Vec::new().into(), true);
    Ok(mails)
}

/// How many bytes the files at `path` have, for a progress bar; 0 for standard input. What cannot be read counts nothing.
#[must_use]
pub fn total_bytes(path: &Path) -> u64 {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            let real = entries.filter(|e| !is_linked_folder(&e.path()));
            real.map(|e| total_bytes(&e.path())).sum()
        }
        Ok(found) => found.len(),
        Err(_) => 0,
    }
}

/// The mails of a source, one after the other: by name in a folder, by offset in a file.
///
/// Holds the names of the files in the folders it is in, and nothing of the mails.
#[derive(Debug, Default)]
pub struct Mails {
    stack: Vec<Step>,
    spooled: Option<Arc<TempPath>>,
    problems: Vec<SourceError>,
}

#[derive(Debug)]
enum Step {
    /// What is in a folder: entries still to be looked at.
    Folder {
        path: PathBuf,
        names: std::vec::IntoIter<OsString>,
        folder: Arc<[String]>,
    },
    /// The mails in `cur` or `new` of a Maildir.
    Maildir {
        path: PathBuf,
        names: std::vec::IntoIter<OsString>,
        folder: Arc<[String]>,
        is_new: bool,
    },
    Mbox {
        path: PathBuf,
        offset: u64,
        folder: Arc<[String]>,
    },
    Eml {
        path: PathBuf,
        folder: Arc<[String]>,
    },
}

impl Iterator for Mails {
    type Item = Result<FoundMail, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(problem) = self.problems.pop() {
                return Some(Err(problem));
            }
            if let Some(found) = self.step(self.stack.len().checked_sub(1)?) {
                return Some(found);
            }
        }
    }
}

impl Mails {
    /// Goes into a file or folder. `plain`: an mbox is no folder of its own.
    fn enter(&mut self, path: &Path, kind: Kind, folder: &Arc<[String]>, plain: bool) {
        let path = path.to_owned();
        let folder = Arc::clone(folder);
        if self.stack.len() > DEPTH {
            let error = Error::caller(mapi_types::ErrorCode::TOO_COMPLEX);
            let error = error.context("folders are nested too deep");
            self.problems.push(SourceError::new(&path, 0, error));
            return;
        }
        match kind {
            Kind::Eml => self.stack.push(Step::Eml { path, folder }),
            Kind::Mbox => {
                let folder = if plain {
                    folder
                } else {
                    below(&folder, &[mailbox_name(&path)])
                };
                self.stack.push(Step::Mbox {
                    path,
                    offset: 0,
                    folder,
                });
            }
            Kind::Folder => {
                let names = self.list(&path);
                self.stack.push(Step::Folder {
                    path,
                    names,
                    folder,
                });
            }
            Kind::Maildir => self.enter_maildir(path, folder),
        }
    }

    /// The mails of a Maildir, after them the folders in it.
    fn enter_maildir(&mut self, path: PathBuf, folder: Arc<[String]>) {
        let inner: Vec<OsString> = self
            .list(&path)
            .filter(|name| !["cur", "new", "tmp"].iter().any(|own| name == own))
            .filter(|name| Kind::of(&path.join(name)).is_ok_and(|k| k == Kind::Maildir))
            .collect();
        self.stack.push(Step::Folder {
            path: path.clone(),
            names: inner.into_iter(),
            folder: Arc::clone(&folder),
        });
        for (sub, is_new) in [("new", true), ("cur", false)] {
            let path = path.join(sub);
            let names = self.list(&path);
            self.stack.push(Step::Maildir {
                path,
                names,
                folder: Arc::clone(&folder),
                is_new,
            });
        }
    }

    /// The names in a folder, in order.
    fn list(&mut self, path: &Path) -> std::vec::IntoIter<OsString> {
        let listed = fs::read_dir(path).and_then(|entries| {
            let names = entries.map(|entry| entry.map(|e| e.file_name()));
            names.collect::<io::Result<Vec<_>>>()
        });
        let mut names = listed.unwrap_or_else(|error| {
            self.problems.push(SourceError::new(path, 0, error));
            Vec::new()
        });
        names.sort_unstable();
        names.into_iter()
    }

    /// One step of the step on top; `None` if it found nothing.
    fn step(&mut self, top: usize) -> Option<Result<FoundMail, SourceError>> {
        match &mut self.stack[top] {
            Step::Folder {
                path,
                names,
                folder,
            } => {
                let Some(name) = names.next() else {
                    self.stack.pop();
                    return None;
                };
                let (path, folder) = (path.join(&name), Arc::clone(folder));
                self.look_at(&path, &name.to_string_lossy(), &folder)
            }
            Step::Maildir {
                path,
                names,
                folder,
                is_new,
            } => {
                let Some(name) = names.next() else {
                    self.stack.pop();
                    return None;
                };
                let path = path.join(&name);
                if name.to_string_lossy().starts_with('.') || path.is_dir() {
                    return None;
                }
                let flags = maildir::flags(&name, *is_new);
                // A Maildir's servers keep the time of delivery as the file's date.
                let received = maildir::delivered(&name).or_else(|| modified(&path));
                let folder = Arc::clone(folder);
                Some(self.single(&path, folder, flags, received))
            }
            Step::Eml { path, folder } => {
                let (path, folder) = (std::mem::take(path), Arc::clone(folder));
                self.stack.pop();
                Some(self.single(&path, folder, Flags::default(), None))
            }
            Step::Mbox { .. } => self.next_of_mbox(top),
        }
    }

    /// An entry of a folder: a mail, a mailbox, a folder, or nothing of ours.
    fn look_at(
        &mut self,
        path: &Path,
        name: &str,
        folder: &Arc<[String]>,
    ) -> Option<Result<FoundMail, SourceError>> {
        // An index of another program, a folder that leads elsewhere, an empty mailbox: no mails, and no mistake.
        let empty = fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() == 0);
        if name.ends_with(".msf") || empty || is_linked_folder(path) {
            return None;
        }
        let hidden = name.starts_with('.');
        match Kind::of(path) {
            Ok(Kind::Maildir) if hidden => {
                let folder = below(folder, &maildir::folders(name));
                self.enter(path, Kind::Maildir, &folder, false);
            }
            _ if hidden => {}
            Ok(kind @ (Kind::Maildir | Kind::Folder)) => {
                let name = name.strip_suffix(".sbd").unwrap_or(name);
                let folder = below(folder, &[name.to_owned()]);
                self.enter(path, kind, &folder, false);
            }
            // A single mail may have kept the "From " line of the mbox it comes from.
            Ok(kind) => self.enter(path, kind, folder, kind::is_eml(path)),
            Err(error) => return Some(Err(SourceError::new(path, 0, error))),
        }
        None
    }

    fn next_of_mbox(&mut self, top: usize) -> Option<Result<FoundMail, SourceError>> {
        let Step::Mbox {
            path,
            offset,
            folder,
        } = &mut self.stack[top]
        else {
            return None;
        };
        let start = *offset;
        let (file, folder) = (path.clone(), Arc::clone(folder));
        let template = place(&file, self.spooled.clone(), 0, 0);
        match mbox::entry(&template, start) {
            Ok(Some(entry)) => {
                // Never stands still, whatever the file has become meanwhile.
                *offset = entry.next.max(start + 1);
                let found = self.found(entry.place, folder, entry.flags, entry.received);
                Some(found.map_err(|e| SourceError::new(&self.shown(&file), start, e)))
            }
            Ok(None) => {
                self.stack.pop();
                None
            }
            Err(error) => {
                self.stack.pop();
                Some(Err(SourceError::new(&self.shown(&file), start, error)))
            }
        }
    }

    /// A file that is one mail.
    fn single(
        &self,
        path: &Path,
        folder: Arc<[String]>,
        flags: Flags,
        received: Option<FileTime>,
    ) -> Result<FoundMail, SourceError> {
        let found = || {
            let metadata = fs::metadata(path)?;
            let mut start = Vec::new();
            let limit = u64::try_from(BOM.len()).unwrap_or(0);
            fs::File::open(path)?.take(limit).read_to_end(&mut start)?;
            let offset = if start == BOM { limit } else { 0 };
            let length = metadata.len() - offset;
            let place = place(path, self.spooled.clone(), offset, length);
            self.found(place, folder, flags, received)
        };
        found().map_err(|error: Error| SourceError::new(&self.shown(path), 0, error))
    }

    fn found(
        &self,
        place: Place,
        folder: Arc<[String]>,
        flags: Flags,
        received: Option<FileTime>,
    ) -> Result<FoundMail> {
        Ok(FoundMail {
            folder,
            source: self.shown(&place.file),
            offset: place.offset,
            length: place.length,
            sha256: place.digest()?,
            received,
            flags,
            place,
        })
    }

    /// The name by which a file is known outside.
    fn shown(&self, path: &Path) -> PathBuf {
        if self.spooled.is_some() {
            PathBuf::from("-")
        } else {
            path.to_owned()
        }
    }
}

fn place(file: &Path, spooled: Option<Arc<TempPath>>, offset: u64, length: u64) -> Place {
    Place {
        file: file.to_owned(),
        spooled,
        offset,
        length,
        quoted: false,
    }
}

fn modified(path: &Path) -> Option<FileTime> {
    let time = fs::metadata(path).and_then(|m| m.modified());
    time.ok().map(FileTime::from)
}

fn below(folder: &Arc<[String]>, names: &[String]) -> Arc<[String]> {
    folder.iter().chain(names).cloned().collect()
}

/// The folder that an mbox stands for.
fn mailbox_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name
        .strip_suffix(".mbox")
        .or_else(|| name.strip_suffix(".mbx"))
        .filter(|stem| !stem.is_empty());
    stem.unwrap_or(&name).to_owned()
}

/// A link to a folder may lead in a circle.
fn is_linked_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink()) && path.is_dir()
}
