//! RFC 2047: encoded words in header fields.

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::charset;
use super::transfer;

/// One encoded word: where it ends, its character set and its bytes.
struct Word<'a> {
    end: usize,
    charset: &'a str,
    bytes: Vec<u8>,
}

/// Text of an unstructured field. Neighbouring words of one character set are put together before they are decoded,
/// because a character may be torn between two of them.
pub(crate) fn decode(text: &str) -> String {
    walk(text, |charset, bytes, out| {
        out.push_str(&charset::decode(Some(charset), bytes));
    })
    .into_owned()
}

/// The same field with neighbouring words of one character set made one word, for readers that decode each alone.
pub(crate) fn join(text: &str) -> Cow<'_, str> {
    walk(text, |charset, bytes, out| {
        out.push_str("=?");
        out.push_str(charset);
        out.push_str("?Q?");
        for byte in bytes {
            out.push_str(&format!("={byte:02X}"));
        }
        out.push_str("?=");
    })
}

/// Copies `text`, with `word` called for each run of words of one character set.
fn walk(text: &str, word: impl Fn(&str, &[u8], &mut String)) -> Cow<'_, str> {
    let Some(first) = text.find("=?") else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut at = first;
    let mut run: Option<(&str, Vec<u8>)> = None;
    while at < text.len() {
        // Blanks between two words are no text.
        let blanks = text[at..].len() - text[at..].trim_start().len();
        let start = if run.is_some() { at + blanks } else { at };
        if let Some(found) = read_word(text, start) {
            match &mut run {
                Some((charset, bytes)) if charset.eq_ignore_ascii_case(found.charset) => {
                    bytes.extend_from_slice(&found.bytes);
                }
                other => {
                    if let Some((charset, bytes)) = other.replace((found.charset, found.bytes)) {
                        word(charset, &bytes, &mut out);
                    }
                }
            }
            at = found.end;
            continue;
        }
        if let Some((charset, bytes)) = run.take() {
            word(charset, &bytes, &mut out);
        }
        let plain = text[at..].get(1..).and_then(|t| t.find("=?"));
        let next = plain.map_or(text.len(), |found| at + 1 + found);
        // Not inside a character: "=?" is ASCII, and `at + 1` was a boundary or `get` had answered None.
        out.push_str(&text[at..next]);
        at = next;
    }
    if let Some((charset, bytes)) = run {
        word(charset, &bytes, &mut out);
    }
    Cow::Owned(out)
}

fn read_word(text: &str, start: usize) -> Option<Word<'_>> {
    let inner = text.get(start..)?.strip_prefix("=?")?;
    let (charset, rest) = inner.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let length = rest.find("?=")?;
    let data = &rest[..length];
    if charset.is_empty() || charset.len() > 60 || charset.contains([' ', '\t', '=']) {
        return None;
    }
    let bytes = match encoding {
        "b" | "B" => transfer::base64(data.as_bytes()),
        "q" | "Q" => q_word(&in_charset(charset, data)),
        _ => return None,
    };
    // RFC 2231 adds a language: charset*language.
    let charset = charset.split('*').next().unwrap_or(charset);
    let end = start + 2 + (inner.len() - rest.len()) + length + 2;
    Some(Word {
        end,
        charset,
        bytes,
    })
}

/// Characters outside ASCII do not belong in an encoded word; where they stand, they are meant.
fn in_charset<'a>(charset: &str, data: &'a str) -> Cow<'a, [u8]> {
    let encoding = Encoding::for_label(charset.as_bytes()).filter(|_| !data.is_ascii());
    match encoding.map(|e| e.encode(data)) {
        Some((bytes, _, false)) => bytes,
        _ => Cow::Borrowed(data.as_bytes()),
    }
}

fn q_word(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let hex = tail
            .get(..2)
            .and_then(|h| std::str::from_utf8(h).ok())
            .filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match (first, hex) {
            (b'=', Some(byte)) => {
                out.push(byte);
                rest = &tail[2..];
            }
            (b'_', _) => out.push(b' '),
            _ => out.push(*first),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_decoded_also_where_they_tear_a_character() {
        for (raw, text) in [
            ("plain", "plain"),
            ("=?iso-8859-1?q?caf=E9_au?= lait", "café au lait"),
            ("=?utf-8?B?w6Q=?=  =?UTF-8*de?b?w7Y=?= x", "äö x"),
            ("=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä"),
            ("a =?utf-8?q?=C3=A4?= =?latin1?q?=E4?=b", "a ääb"),
            ("=?utf-8?x?abc?= =?", "=?utf-8?x?abc?= =?"),
            ("a=?b ü =?c", "a=?b ü =?c"),
        ] {
            assert_eq!(decode(raw), text, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[=?a-zA-Z0-9 _ü日]{0,60}") {
            let _ = decode(&text);
            prop_assert_eq!(decode(&join(&text)), decode(&text));
        }
    }
}
