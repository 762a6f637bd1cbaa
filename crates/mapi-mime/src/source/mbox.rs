//! mbox files: mboxo, mboxrd, mboxcl and mboxcl2, with LF or CR LF.
//!
//! A mail begins with a line `From sender date`. Writers differ in how they keep such a line of a body apart: mboxo and
//! mboxrd put a `>` before it, mboxcl2 relies on Content-Length, mboxcl does both. So Content-Length counts where a `From `
//! line or the end of the file stands where it points to, and quoting is undone unless the body has an unquoted line, whose
//! writer did not quote.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use mapi_types::{FileTime, Result};

use super::Flags;
use super::reader::{Place, Scan};
use crate::parse::date;

/// A mail in an mbox.
#[derive(Debug)]
pub(super) struct Entry {
    pub place: Place,
    pub received: Option<FileTime>,
    pub flags: Flags,
    /// Where the next `From ` line is.
    pub next: u64,
}

/// Reads the entry whose `From ` line is at `start`; `None` at the end of the file.
pub(super) fn entry(template: &Place, start: u64) -> Result<Option<Entry>> {
    let mut file = File::open(&template.file)?;
    let size = file.seek(SeekFrom::End(0))?;
    if start >= size {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(start))?;
    let mut input = file.take(u64::MAX);
    let mut scan = Scan::new(&mut input, start);
    let mut received = None;
    let mut offset = start;
    if let Some(line) = scan.line()? {
        received = from_date(line);
        let mut whole = line.ends_with(b"\n");
        while !whole {
            whole = scan.line()?.is_none_or(|line| line.ends_with(b"\n"));
        }
        offset = scan.position;
    }
    let head = Head::read(&mut scan)?;
    let by_length = match head.length {
        Some(length) => ends_there(template, head.end, length, size)?,
        None => None,
    };
    let (end, next, quoted) = match by_length {
        Some((end, next)) => (end, next, !has_from_line(template, head.end, end)?),
        None => {
            let (end, next) = body_end(&mut scan, head.at_blank)?;
            (end, next, true)
        }
    };
    let place = Place {
        offset,
        length: end.saturating_sub(offset),
        quoted,
        ..template.clone()
    };
    Ok(Some(Entry {
        place,
        received,
        flags: head.flags,
        next,
    }))
}

/// What the header of a mail says to its mailbox.
#[derive(Default)]
struct Head {
    flags: Flags,
    length: Option<u64>,
    /// Where the body begins.
    end: u64,
    /// The header has a blank line behind it.
    at_blank: bool,
}

impl Head {
    fn read(scan: &mut Scan<'_>) -> io::Result<Self> {
        let mut head = Self::default();
        let mut whole = true;
        while let Some(line) = scan.line()? {
            let text = line.trim_ascii_end();
            if whole && text.is_empty() {
                head.at_blank = true;
                break;
            }
            if whole {
                head.field(text);
            }
            whole = line.ends_with(b"\n");
        }
        head.end = scan.position;
        Ok(head)
    }

    fn field(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            return;
        };
        let value = String::from_utf8_lossy(&line[colon + 1..]);
        let value = value.trim();
        let flags = &mut self.flags;
        match line[..colon].to_ascii_lowercase().as_slice() {
            b"content-length" => self.length = value.parse().ok(),
            b"status" => flags.seen |= value.contains('R'),
            b"x-status" => {
                flags.answered |= value.contains('A');
                flags.flagged |= value.contains('F');
                flags.draft |= value.contains('T');
                flags.deleted |= value.contains('D');
            }
            b"x-mozilla-status" => {
                let bits = u32::from_str_radix(value, 16).unwrap_or(0);
                flags.seen |= bits & 0x0001 != 0;
                flags.answered |= bits & 0x0002 != 0;
                flags.flagged |= bits & 0x0004 != 0;
                flags.deleted |= bits & 0x0008 != 0;
                flags.forwarded |= bits & 0x1000 != 0;
            }
            _ => {}
        }
    }
}

/// Where the body ends and the next entry begins, if Content-Length is right.
fn ends_there(
    template: &Place,
    body: u64,
    length: u64,
    size: u64,
) -> io::Result<Option<(u64, u64)>> {
    let Some(end) = body.checked_add(length).filter(|end| *end <= size) else {
        return Ok(None);
    };
    let mut file = File::open(&template.file)?;
    file.seek(SeekFrom::Start(end))?;
    let mut behind = Vec::new();
    file.take(512).read_to_end(&mut behind)?;
    let blank = behind
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .take(4)
        .count();
    let rest = &behind[blank..];
    let line = rest.split(|b| *b == b'\n').next().unwrap_or(&[]);
    let next = end + u64::try_from(blank).unwrap_or(0);
    Ok((rest.is_empty() || is_separator(line)).then_some((end, next)))
}

/// Whether a line of the body begins with `From `.
fn has_from_line(template: &Place, body: u64, end: u64) -> io::Result<bool> {
    let mut file = File::open(&template.file)?;
    file.seek(SeekFrom::Start(body))?;
    let mut input = file.take(end.saturating_sub(body));
    let mut scan = Scan::new(&mut input, body);
    let mut whole = true;
    while let Some(line) = scan.line()? {
        if whole && line.starts_with(b"From ") {
            return Ok(true);
        }
        whole = line.ends_with(b"\n");
    }
    Ok(false)
}

/// Where the body ends and the next `From ` line begins, by looking at each line.
fn body_end(scan: &mut Scan<'_>, at_blank: bool) -> io::Result<(u64, u64)> {
    // The blank line behind the header may be the one before the next mail.
    let mut blank = at_blank.then_some(scan.position);
    let mut whole = true;
    let mut at = scan.position;
    // A line that may begin a mail, and where the mail before it ends; it does if a field follows.
    let mut candidate: Option<(u64, u64)> = None;
    while let Some(line) = scan.line()? {
        if let Some((end, next)) = candidate.take()
            && is_field(line)
        {
            return Ok((end, next));
        }
        let length = u64::try_from(line.len()).unwrap_or(0);
        if whole && line.starts_with(b"From ") && is_separator(line) {
            match blank {
                Some(end) if !is_dash(line) => return Ok((end, at)),
                before => candidate = Some((before.unwrap_or(at), at)),
            }
        }
        let empty = whole && (line == b"\n" || line == b"\r\n");
        blank = empty.then_some(at);
        whole = line.ends_with(b"\n");
        at += length;
    }
    // The writer's blank line behind the last mail is none of the mail's.
    Ok((blank.unwrap_or(at), at))
}

/// Whether a line `From ...` begins a mail: it has a date with time and year, or is Netscape's `From -`.
fn is_separator(line: &[u8]) -> bool {
    is_dash(line) || line.starts_with(b"From ") && from_date(line).is_some()
}

fn is_dash(line: &[u8]) -> bool {
    line.trim_ascii_end() == b"From -"
}

/// Whether the line is a header field.
pub(super) fn is_field(line: &[u8]) -> bool {
    let Some(colon) = line.iter().take(200).position(|b| *b == b':') else {
        return false;
    };
    let name = line[..colon].trim_ascii_end();
    !name.is_empty() && name.iter().all(|b| (0x21..=0x7E).contains(b))
}

/// The date of a `From ` line, read as UTC unless it names a zone: `From a@x Thu Jan  1 00:00:00 1970`, with a zone
/// before or behind the year, or without the weekday.
fn from_date(line: &[u8]) -> Option<FileTime> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = String::from_utf8_lossy(line.get(..line.len().min(300))?);
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let month = words.iter().rposition(|w| MONTHS.contains(w))?;
    let rest = &words[month + 1..];
    let number = |w: &&&str| w.len() <= 2 && w.bytes().all(|b| b.is_ascii_digit());
    let year = rest
        .iter()
        .find(|w| w.len() == 4 && w.bytes().all(|b| b.is_ascii_digit()))?;
    let clock = rest.iter().find(|w| w.contains(':'))?;
    let before = words.get(month.checked_sub(1)?);
    let day = rest
        .first()
        .filter(number)
        .or_else(|| before.as_ref().copied().filter(number))?;
    let zone = rest
        .iter()
        .find(|w| w.len() == 5 && w.starts_with(['+', '-']))
        .unwrap_or(&"+0000");
    let seconds = if clock.matches(':').count() == 1 {
        ":00"
    } else {
        ""
    };
    date::parse(&format!(
        "{day} {} {year} {clock}{seconds} {zone}",
        words[month]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_have_a_date() {
        let time = FileTime::from_unix(1_577_934_245);
        for line in [
            "From a@x.org Thu Jan  2 03:04:05 2020",
            "From - Thu Jan 02 03:04:05 2020\r\n",
            "From 123@xxx Thu Jan 02 03:04:05 +0000 2020",
            "From a at x.org  Thu Jan  2 05:04:05 2020 +0200",
            "From MAILER-DAEMON 2 Jan 2020 03:04:05",
        ] {
            assert_eq!(from_date(line.as_bytes()), Some(time), "{line}");
            assert!(is_separator(line.as_bytes()), "{line}");
        }
        assert!(is_separator(b"From - \r\n"));
        for line in [
            "From here on",
            "From a Jan to Mar 2020",
            "From 2020: a review",
            ">From a Thu Jan 2 03:04:05 2020",
        ] {
            assert!(!is_separator(line.as_bytes()), "{line}");
        }
    }
}
