//! Corpora on disk.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::str::FromStr;

use crate::compose::asctime;
use crate::{Corpus, Mail};

/// How a corpus lies on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A folder of folders with a thousand .eml files each.
    Eml,
    /// One mbox (mboxrd).
    Mbox,
    /// A Maildir.
    Maildir,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "eml" => Ok(Self::Eml),
            "mbox" => Ok(Self::Mbox),
            "maildir" => Ok(Self::Maildir),
            _ => Err(format!("'{text}' is no format: eml, mbox or maildir")),
        }
    }
}

/// Writes the first `count` mails of a seed to `path`, which must not exist. Returns how many bytes the mails have.
///
/// # Errors
/// Those of the file system.
pub fn write(seed: u64, count: u64, format: Format, path: &Path) -> io::Result<u64> {
    if path.exists() {
        let message = format!("{} is there already", path.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mails = Corpus::new(seed).take(count);
    match format {
        Format::Mbox => write_mbox(mails, path),
        Format::Eml => write_files(mails, path, |mail| {
            format!("{:04}/{:07}.eml", mail.number / 1000, mail.number)
        }),
        Format::Maildir => {
            for folder in ["cur", "new", "tmp"] {
                fs::create_dir_all(path.join(folder))?;
            }
            write_files(mails, path, maildir_name)
        }
    }
}

fn write_files(
    mails: impl Iterator<Item = Mail>,
    path: &Path,
    name: impl Fn(&Mail) -> String,
) -> io::Result<u64> {
    let mut bytes = 0;
    for mail in mails {
        let file = path.join(name(&mail));
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, &mail.bytes)?;
        bytes += u64::try_from(mail.bytes.len()).unwrap_or(0);
    }
    Ok(bytes)
}

fn maildir_name(mail: &Mail) -> String {
    let flags = match (mail.flagged, mail.seen) {
        (true, true) => "FS",
        (true, false) => "F",
        (false, true) => "S",
        (false, false) => "",
    };
    // Windows allows no colon in a name.
    let colon = if cfg!(windows) { ';' } else { ':' };
    format!("cur/{}.M{}.corpus{colon}2,{flags}", mail.sent, mail.number)
}

fn write_mbox(mails: impl Iterator<Item = Mail>, path: &Path) -> io::Result<u64> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create_new(path)?);
    let mut bytes = 0;
    for mail in mails {
        bytes += u64::try_from(mail.bytes.len()).unwrap_or(0);
        writeln!(out, "From {} {}", mail.from, asctime(mail.sent))?;
        for line in mail.bytes.split_inclusive(|b| *b == b'\n') {
            let marks = line.iter().take_while(|b| **b == b'>').count();
            if line[marks..].starts_with(b"From ") {
                out.write_all(b">")?;
            }
            // An mbox has the line ends of its system.
            match line.strip_suffix(b"\r\n") {
                Some(text) => {
                    out.write_all(text)?;
                    out.write_all(b"\n")?;
                }
                None => out.write_all(line)?,
            }
        }
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(bytes)
}
