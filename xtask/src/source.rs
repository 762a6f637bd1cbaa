//! Reading the workspace's sources: which files there are, and what of a Rust file is code.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// One text file.
pub struct Source {
    /// Relative to the workspace, with forward slashes.
    pub path: String,
    pub text: String,
}

/// Every file below `root` that is text and part of the project, in order of path.
pub fn files(root: &Path) -> Result<Vec<Source>, String> {
    let mut found = Vec::new();
    walk(root, &mut found).map_err(|e| format!("{}: {e}", root.display()))?;
    found.sort();
    let relative = |path: &PathBuf| {
        path.strip_prefix(root)
            .expect("below root")
            .to_string_lossy()
            .replace('\\', "/")
    };
    // What is not UTF-8 is data, not source.
    let read = |path: &PathBuf| {
        Some(Source {
            path: relative(path),
            text: std::fs::read_to_string(path).ok()?,
        })
    };
    Ok(found.iter().filter_map(read).collect())
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let kind = entry.file_type()?;
        if kind.is_dir() && name != "target" && name != ".git" {
            walk(&entry.path(), found)?;
        } else if kind.is_file() && name != ".git" {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// The text with comments and the contents of literals replaced by spaces; every other byte stays in its place.
pub fn blank(text: &str) -> String {
    let mut out = text.as_bytes().to_vec();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let end = match &bytes[at..] {
            [b'/', b'/', ..] => find(bytes, at, b"\n").unwrap_or(bytes.len()),
            [b'/', b'*', ..] => comment_end(bytes, at),
            [b'r', b'"' | b'#', ..] if !follows_word(bytes, at) => {
                match raw_string_end(bytes, at) {
                    Some(end) => end,
                    None => {
                        at += 1;
                        continue;
                    }
                }
            }
            [b'"', ..] => quoted_end(bytes, at, b'"'),
            [b'\'', b'\\', ..] => quoted_end(bytes, at, b'\''),
            [b'\'', ..] => match char_end(text, at) {
                Some(end) => end,
                None => {
                    at += 1; // a lifetime
                    continue;
                }
            },
            _ => {
                at += 1;
                continue;
            }
        };
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    String::from_utf8(out).expect("whole characters were replaced")
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    bytes[from..]
        .windows(what.len())
        .position(|window| window == what)
        .map(|at| from + at)
}

fn follows_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && is_word(bytes[at - 1])
}

/// Whether a byte can be part of an identifier.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Block comments nest.
fn comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    bytes.len()
}

fn raw_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let hashes = bytes[start + 1..]
        .iter()
        .take_while(|b| **b == b'#')
        .count();
    if bytes.get(start + 1 + hashes) != Some(&b'"') {
        return None; // r#type
    }
    let close = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
    Some(find(bytes, start + 2 + hashes, &close).map_or(bytes.len(), |at| at + close.len()))
}

fn quoted_end(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b if b == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of `'x'`; none for a lifetime.
fn char_end(text: &str, start: usize) -> Option<usize> {
    let mut chars = text[start + 1..].chars();
    let length = chars.next()?.len_utf8();
    (chars.next() == Some('\'')).then_some(start + 1 + length + 1)
}

/// The block that begins at the first `{` of `code` at or after `from`, braces included.
pub fn block(code: &str, from: usize) -> Option<Range<usize>> {
    let start = from + code.get(from..)?.find('{')?;
    let mut depth = 0_u32;
    for (at, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(start..at + 1),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Where `word` stands in `code` as a whole word.
pub fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let after = code.as_bytes().get(at + word.len());
            !follows_word(code.as_bytes(), *at) && !after.is_some_and(|b| is_word(*b))
        })
}

/// The identifier at the beginning of `code`, after white space.
pub fn leading_word(code: &str) -> &str {
    let code = code.trim_start();
    let end = code.bytes().position(|b| !is_word(b)).unwrap_or(code.len());
    &code[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanking_keeps_code_and_positions() {
        let text = "let a = \"un\\\"safe\"; // unsafe\nfn f<'a>(c: char) { c == '{' || r#\"}\"# /* /* } */ */ }";
        let code = blank(text);
        assert_eq!(code.len(), text.len());
        assert_eq!(words(&code, "unsafe").count(), 0);
        assert_eq!(words(&code, "fn").count(), 1);
        let body = block(&code, 0).expect("a block");
        assert_eq!(body.end, text.len());
    }

    #[test]
    fn raw_identifiers_are_no_strings() {
        assert_eq!(blank("r#type \"x\""), "r#type    ");
    }
}
