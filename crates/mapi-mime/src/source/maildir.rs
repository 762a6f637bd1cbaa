//! Maildir: names of files and folders.

use std::ffi::OsStr;

use mapi_types::FileTime;

use super::Flags;

/// The flags in a file name: `1234.host:2,FS`. Windows has `;` or `!` in place of the colon.
pub(super) fn flags(name: &OsStr, is_new: bool) -> Flags {
    let name = name.to_string_lossy();
    let mut flags = Flags::default();
    let Some((_, letters)) = name
        .rsplit_once("2,")
        .filter(|(before, _)| before.ends_with([':', ';', '!']))
    else {
        return flags;
    };
    for letter in letters.chars() {
        match letter {
            'S' => flags.seen = !is_new,
            'R' => flags.answered = true,
            'P' => flags.forwarded = true,
            'F' => flags.flagged = true,
            'D' => flags.draft = true,
            'T' => flags.deleted = true,
            _ => {}
        }
    }
    flags
}

/// When the mail was delivered: the seconds with which its name begins.
pub(super) fn delivered(name: &OsStr) -> Option<FileTime> {
    const Y2K_ISH: i64 = 300_000_000;
    let name = name.to_str()?;
    let seconds: i64 = name.split('.').next()?.parse().ok()?;
    (seconds > Y2K_ISH && name.contains('.')).then(|| FileTime::from_unix(seconds))
}

/// The folders that a Maildir++ name stands for: `.a.b` is b in a. The names are in IMAP's modified UTF-7.
pub(super) fn folders(name: &str) -> Vec<String> {
    let parts = name.split('.').filter(|part| !part.is_empty());
    parts.map(modified_utf7).collect()
}

/// Decodes modified UTF-7 (RFC 3501, 5.1.3); text that is none stays as it is.
fn modified_utf7(text: &str) -> String {
    decode_utf7(text).unwrap_or_else(|| text.to_owned())
}

fn decode_utf7(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((plain, tail)) = rest.split_once('&') {
        out.push_str(plain);
        let (encoded, after) = tail.split_once('-')?;
        rest = after;
        if encoded.is_empty() {
            out.push('&');
            continue;
        }
        if !encoded
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+,".contains(&b))
        {
            return None;
        }
        let bytes = crate::parse::transfer::base64(encoded.replace(',', "/").as_bytes());
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
            .collect();
        out.push_str(&String::from_utf16(&units).ok()?);
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_flags_times_and_folders() {
        let name = OsStr::new("1577934245.M1P2.host,S=99:2,FRS");
        let read = flags(name, false);
        assert!(read.seen && read.flagged && read.answered && !read.draft);
        assert!(!flags(name, true).seen);
        assert_eq!(delivered(name), Some(FileTime::from_unix(1_577_934_245)));
        assert_eq!(delivered(OsStr::new("mail.eml")), None);
        assert_eq!(folders(".Entw&APw-rfe.A&-B"), ["Entwürfe", "A&B"]);
        assert_eq!(folders(".a&b"), ["a&b"]);
    }
}
