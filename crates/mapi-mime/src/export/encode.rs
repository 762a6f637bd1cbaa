//! Writing header values and bodies so that they survive any mail system: ASCII, short lines.

use std::fmt::Write as _;
use std::io::{self, Read, Write};

/// Encoded words are at most this long (RFC 2047: 75); the rest of a line is folded around it.
const WORD: usize = 75;
/// The column at which fields are folded.
const COLUMN: usize = 76;

/// base64 without line ends.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |i: usize| group.get(i).copied().map_or(0, u32::from);
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4u32 {
            let index = (bits >> (18 - 6 * i)) & 0x3F;
            let used = usize::try_from(i).is_ok_and(|i| i <= group.len());
            let letter = ALPHABET[usize::try_from(index).unwrap_or(0)];
            out.push(if used { char::from(letter) } else { '=' });
        }
    }
    out
}

/// base64 of all that `data` gives, in lines of 76.
pub(crate) fn base64_lines(data: &mut dyn Read, out: &mut dyn Write) -> io::Result<()> {
    const LINE: usize = 57;
    let mut buffer = vec![0; LINE * 512];
    let mut filled = 0;
    let mut first = true;
    loop {
        let count = match data.read(&mut buffer[filled..]) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        filled += count;
        if count > 0 && filled < buffer.len() {
            continue;
        }
        for line in buffer[..filled].chunks(LINE) {
            if !first {
                out.write_all(b"\r\n")?;
            }
            first = false;
            out.write_all(base64(line).as_bytes())?;
        }
        filled = 0;
        if count == 0 {
            return Ok(());
        }
    }
}

/// Whether a text with CR LF line ends can be sent as it is. `=_` begins a delimiter of ours.
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|b| *b == b'\n');
    let last = lines.next_back().unwrap_or(&[]);
    let good = |line: &[u8]| {
        line.len() <= 990
            && !line.starts_with(b"--=_")
            && !line.starts_with(b"From ")
            && line.iter().all(|b| matches!(b, b'\t' | b' '..=b'~'))
    };
    good(last) && lines.all(|line| line.strip_suffix(b"\r").is_some_and(good))
}

/// quoted-printable; CR LF stay line ends, everything else comes back byte by byte.
pub(crate) fn quoted_printable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 5 / 4);
    let mut column = 0;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"\r\n") {
            out.push_str("\r\n");
            (column, at) = (0, at + 2);
            continue;
        }
        let byte = bytes[at];
        let line_ends = at + 1 == bytes.len() || bytes[at + 1..].starts_with(b"\r\n");
        let from = column == 0 && bytes[at..].starts_with(b"From ");
        let literal = match byte {
            b'=' => false,
            b' ' | b'\t' => !line_ends,
            b'.' => column > 0,
            b'!'..=b'~' => !from,
            _ => false,
        };
        let width = if literal { 1 } else { 3 };
        if column + width > COLUMN - 1 {
            out.push_str("=\r\n");
            column = 0;
        }
        if literal {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "={byte:02X}");
        }
        column += width;
        at += 1;
    }
    out
}

fn is_ascii_text(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\t'))
}

/// An unstructured value: text that only looks like an encoded word is encoded too.
pub(crate) fn unstructured(text: &str) -> String {
    if text.contains("=?") || text.trim() != text {
        encoded(text)
    } else {
        words(text)
    }
}

/// A value with its words outside ASCII encoded, from the first to the last of them; the others stay, encoded words
/// among them.
pub(crate) fn words(text: &str) -> String {
    if is_ascii_text(text) {
        return text.to_owned();
    }
    let foreign = |word: &str| !is_ascii_text(word);
    let pieces: Vec<&str> = text.split(' ').collect();
    let first = pieces.iter().position(|w| foreign(w)).unwrap_or(0);
    let last = pieces.iter().rposition(|w| foreign(w)).unwrap_or(0);
    let mut out: Vec<String> = pieces[..first].iter().map(|w| (*w).to_owned()).collect();
    out.push(encoded(&pieces[first..=last].join(" ")));
    out.extend(pieces[last + 1..].iter().map(|w| (*w).to_owned()));
    out.join(" ")
}

/// A value that was kept as it came. One that may hold addresses keeps its characters (RFC 6532): encoded words would
/// swallow their punctuation.
pub(crate) fn kept(value: &str) -> String {
    if value.contains(['@', '<', '>', '"', ';', ':', ',']) {
        value.to_owned()
    } else {
        words(value)
    }
}

/// A display name: as it is, quoted, or encoded.
pub(crate) fn phrase(name: &str) -> String {
    let atoms = |b: u8| b.is_ascii_alphanumeric() || b" !#$%&'*+-/=?^_`{|}~".contains(&b);
    if !is_ascii_text(name) || name.contains("=?") || name.trim() != name {
        encoded(name)
    } else if name.bytes().all(atoms) && !name.contains("  ") {
        name.to_owned()
    } else {
        quoted(name)
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Encoded words for all of a text.
fn encoded(text: &str) -> String {
    const ROOM: usize = (WORD - "=?utf-8?B??=".len()) / 4 * 3;
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(ROOM);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (word, tail) = rest.split_at(end);
        if !out.is_empty() {
            out.push(' ');
        }
        let _ = write!(out, "=?utf-8?B?{}?=", base64(word.as_bytes()));
        rest = tail;
    }
    out
}

/// A parameter with its semicolon (RFC 2231 where it is not plain and short).
pub(crate) fn param(name: &str, value: &str) -> String {
    const PIECE: usize = 60;
    let plain = is_ascii_text(value) && value.trim() == value && !value.contains("=?");
    if plain && value.len() <= PIECE {
        return format!("; {name}={}", quoted(value));
    }
    let mut pieces = vec![String::new()];
    for c in value.chars() {
        let mut written = String::new();
        for byte in c.to_string().bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~!#$&+^`{}|".contains(&byte) {
                written.push(char::from(byte));
            } else {
                let _ = write!(written, "%{byte:02X}");
            }
        }
        // No character is torn: some readers decode each piece alone.
        match pieces.last_mut() {
            Some(piece) if piece.len() + written.len() <= PIECE => piece.push_str(&written),
            _ => pieces.push(written),
        }
    }
    if let [only] = pieces.as_slice() {
        return format!("; {name}*=utf-8''{only}");
    }
    let mut out = String::new();
    for (i, piece) in pieces.iter().enumerate() {
        let charset = if i == 0 { "utf-8''" } else { "" };
        let _ = write!(out, "; {name}*{i}*={charset}{piece}");
    }
    out
}

/// A whole field with its line end, folded at blanks. Control characters become blanks.
pub(crate) fn field(name: &str, value: &str) -> String {
    let value: String = value
        .chars()
        .map(|c| if c.is_control() && c != '\t' { ' ' } else { c })
        .collect();
    let mut out = format!("{name}:");
    let mut column = out.len();
    let mut rest = value.trim();
    let mut blanks = " ";
    while !rest.is_empty() {
        let end = rest.find([' ', '\t']).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        // The first word stays on the line of the name: some readers lose it otherwise.
        if column > name.len() + 1 && column + blanks.len() + word.len() > COLUMN {
            out.push_str("\r\n");
            column = 0;
        }
        out.push_str(blanks);
        out.push_str(word);
        column += blanks.len() + word.len();
        rest = tail.trim_start_matches([' ', '\t']);
        blanks = &tail[..tail.len() - rest.len()];
    }
    out.push_str("\r\n");
    out
}

/// The usual spelling of a field name that is kept in lower case.
pub(crate) fn field_name(lower: &str) -> String {
    let part = |part: &str| match part {
        "id" | "mime" | "dkim" | "spf" | "arc" | "url" | "uri" => part.to_ascii_uppercase(),
        _ => {
            let mut chars = part.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(chars).collect()
        }
    };
    lower.split('-').map(part).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{encoded_word, mime::WithParams, transfer};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn encodings_are_undone_by_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(transfer::base64(base64(&bytes).as_bytes()), bytes.clone());
            let mut lines = Vec::new();
            base64_lines(&mut bytes.as_slice(), &mut lines).unwrap();
            prop_assert_eq!(transfer::base64(&lines), bytes.clone());
            let (mut decoder, mut out) = (transfer::Decoder::named("quoted-printable"), Vec::new());
            let written = quoted_printable(&bytes);
            prop_assert!(written.lines().all(|l| l.len() <= COLUMN) && written.is_ascii());
            decoder.feed(written.as_bytes(), &mut out);
            decoder.finish(&mut out);
            prop_assert_eq!(out, bytes);
        }

        #[test]
        fn text_comes_back_as_it_was(text in "[a-z=?_ üß日😀\"\\\\]{0,80}") {
            prop_assert_eq!(encoded_word::decode(&unstructured(&text)), text.clone());
            let folded = field("X", &unstructured(&text));
            prop_assert!(folded.is_ascii());
            let trimmed = text.trim();
            if !trimmed.is_empty() {
                let read = WithParams::parse(&format!("attachment{}", param("filename", trimmed)));
                prop_assert_eq!(read.param("filename"), Some(trimmed));
            }
        }
    }

    #[test]
    fn fields_are_folded_at_blanks() {
        let long = "word ".repeat(40);
        let folded = field("Subject", &long);
        assert!(folded.lines().all(|l| l.len() <= COLUMN));
        assert_eq!(
            folded.replace("\r\n", ""),
            format!("Subject: {}", long.trim())
        );
        assert_eq!(field("A", "b\r\nBcc: evil"), "A: b  Bcc: evil\r\n");
        assert_eq!(field("A", ""), "A:\r\n");
    }
}
