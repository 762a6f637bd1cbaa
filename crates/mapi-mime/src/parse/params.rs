//! Parameters of MIME fields (RFC 2045), with continuations and character sets (RFC 2231) and the encoded words that are
//! found in them against the rules.
//!
//! Not mail-parser's: it decodes the pieces of a continued value one by one, and a character may be torn between two.

use std::collections::BTreeMap;

use super::charset;
use super::encoded_word;

/// More pieces than this of one value are not put together.
const PIECES: u16 = 1000;

/// Reads what follows the value of a field: `name=value; name="value"`. Names in lower case; the first of a name counts.
pub(crate) fn parse(text: &str) -> Vec<(String, String)> {
    let mut values: Vec<(String, Value)> = Vec::new();
    for (name, raw) in split(text) {
        let (base, piece, encoded) = section(&name);
        let letter = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        if base.is_empty() || !base.bytes().all(letter) {
            continue;
        }
        let at = values.iter().position(|(known, _)| known == base);
        let value = match at {
            Some(at) => &mut values[at].1,
            None => {
                values.push((base.to_owned(), Value::default()));
                let last = values.len() - 1;
                &mut values[last].1
            }
        };
        match piece {
            None => {
                value.plain.get_or_insert(raw);
            }
            Some(piece) => {
                value.pieces.entry(piece).or_insert((raw, encoded));
            }
        }
    }
    let read = values.into_iter().map(|(name, value)| {
        // A zero would end the text of a property.
        (name, value.text().replace('\0', ""))
    });
    read.collect()
}

/// A value: whole, or in pieces of which each may be percent-encoded.
#[derive(Default)]
struct Value {
    plain: Option<String>,
    pieces: BTreeMap<u16, (String, bool)>,
}

impl Value {
    /// The text; RFC 2231 goes before the plain value for old readers.
    fn text(self) -> String {
        if self.pieces.is_empty() {
            let plain = self.plain.unwrap_or_default();
            return encoded_word::decode(&plain).trim().to_owned();
        }
        let mut charset = None;
        let mut bytes = Vec::new();
        for (i, (raw, encoded)) in self.pieces.into_values().enumerate() {
            let mut data = raw.as_str();
            if i == 0 && encoded {
                let mut parts = raw.splitn(3, '\'');
                if let (Some(set), Some(_), Some(rest)) = (parts.next(), parts.next(), parts.next())
                {
                    charset = Some(set.to_owned());
                    data = rest;
                }
            }
            if encoded {
                percent(data.as_bytes(), &mut bytes);
            } else {
                bytes.extend_from_slice(data.as_bytes());
            }
        }
        charset::decode(charset.as_deref(), &bytes)
            .trim()
            .to_owned()
    }
}

/// `name*1*` is name, 1, encoded; `name*` is name, 0, encoded.
fn section(name: &str) -> (&str, Option<u16>, bool) {
    let Some((base, rest)) = name.split_once('*') else {
        return (name, None, false);
    };
    let (number, encoded) = match rest.strip_suffix('*') {
        Some(number) => (number, true),
        None => (rest, rest.is_empty()),
    };
    match number.parse::<u16>() {
        Ok(piece) if piece < PIECES => (base, Some(piece), encoded),
        _ if number.is_empty() => (base, Some(0), true),
        _ => (name, None, false),
    }
}

/// Names and unquoted values, in order.
fn split(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([';', ' ', '\t']);
        let Some(equals) = rest.find(['=', ';']) else {
            return found;
        };
        let (name, tail) = rest.split_at(equals);
        let Some(tail) = tail.strip_prefix('=') else {
            rest = tail;
            continue;
        };
        let tail = tail.trim_start();
        let (value, after) = match tail.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let end = tail.find(';').unwrap_or(tail.len());
                (tail[..end].trim().to_owned(), &tail[end..])
            }
        };
        found.push((name.trim().to_ascii_lowercase(), value));
        // Text between a quoted value and the next semicolon says nothing.
        rest = &after[after.find(';').unwrap_or(after.len())..];
    }
}

/// The text up to the closing quote, and what follows it. Only quotes and backslashes are escaped: paths of Windows are
/// found unescaped.
fn unquote(text: &str) -> (String, &str) {
    let mut out = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (out, &text[at + 1..]),
            '\\' => match chars.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, escaped)) => out.push(escaped),
                None => out.push('\\'),
            },
            _ => out.push(c),
        }
    }
    (out, "")
}

fn percent(data: &[u8], out: &mut Vec<u8>) {
    let mut rest = data;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let hex = tail
            .get(..2)
            .filter(|h| h.iter().all(u8::is_ascii_hexdigit))
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                rest = &tail[2..];
            }
            _ => out.push(*first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pieces_are_put_together_before_they_are_decoded() {
        let read = |text| parse(text).into_iter().map(|(n, v)| format!("{n}={v}"));
        let all = |text| read(text).collect::<Vec<_>>();
        assert_eq!(
            all("; a*1=%C3x; A*0*=utf-8'en'%C3; a*2*=%A4"),
            ["a=\u{c3}%C3x\u{a4}"]
        );
        assert_eq!(all("n*0*=utf-8''%C3; n*1*=%A4b; n=old"), ["n=äb"]);
        assert_eq!(all("n*=iso-8859-1''%E4"), ["n=ä"]);
        assert_eq!(
            all("n=\"a\\\"b\\c;d\" junk; m = x y ;; =z"),
            ["n=a\"b\\c;d", "m=x y"]
        );
        assert_eq!(all("n=\"open"), ["n=open"]);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[a-c=*;'\"% 0-9äß]{0,60}") {
            let _ = parse(&text);
        }
    }
}
