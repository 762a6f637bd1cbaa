//! A block of header fields.

use std::io;
use std::ops::Range;

use super::charset::utf8_or_1252;
use super::lines::Lines;

/// A block longer than this ends here, and its rest counts as body: nothing is lost, and nothing is held without bound.
const BLOCK_BYTES: usize = 4 * 1024 * 1024;
/// So does a block of more fields.
const FIELDS: usize = 20_000;

/// A header field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    /// The name in lower case.
    pub name: String,
    /// The value, unfolded, encoded words as they are.
    pub value: String,
    /// Where its lines are in [`Header::raw`].
    pub at: Range<usize>,
}

/// A block of header fields, of a message or of a part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Header {
    pub fields: Vec<Field>,
    /// The bytes, without the blank line.
    pub raw: Vec<u8>,
}

impl Header {
    /// Reads a block and the blank line behind it. A line that is no field ends the block and begins the body.
    pub fn read(lines: &mut Lines<'_>) -> io::Result<Self> {
        let mut raw = Vec::new();
        let mut starts: Vec<usize> = Vec::new();
        let mut whole = true;
        while let Some(line) = lines.line()? {
            let length = line.len();
            if !whole {
                raw.extend_from_slice(line);
                whole = line.ends_with(b"\n");
            } else if line == b"\n" || line == b"\r\n" {
                break;
            } else if is_continuation(line) || (raw.is_empty() && line.starts_with(b"From ")) {
                raw.extend_from_slice(line);
                whole = line.ends_with(b"\n");
            } else if name_of(line).is_some() && raw.len() < BLOCK_BYTES && starts.len() < FIELDS {
                starts.push(raw.len());
                raw.extend_from_slice(line);
                whole = line.ends_with(b"\n");
            } else {
                lines.unread(length);
                break;
            }
        }
        let ends = starts.iter().skip(1).copied().chain([raw.len()]);
        let fields = starts.iter().zip(ends).filter_map(|(start, end)| {
            let line = &raw[*start..end];
            let name = name_of(line)?;
            Some(Field {
                name: String::from_utf8_lossy(name).to_ascii_lowercase(),
                value: unfold(&line[line.iter().position(|b| *b == b':')? + 1..]),
                at: *start..end,
            })
        });
        Ok(Self {
            fields: fields.collect(),
            raw,
        })
    }

    /// The value of the first field with that name (lower case).
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|f| f.name == name)?;
        Some(&found.value)
    }

    /// The lines of all MIME fields (`Content-...`), as they are.
    pub fn raw_mime_fields(&self) -> Vec<u8> {
        let mime = self
            .fields
            .iter()
            .filter(|f| f.name.starts_with("content-"));
        mime.flat_map(|f| &self.raw[f.at.clone()])
            .copied()
            .collect()
    }
}

fn is_continuation(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t'))
}

/// The field name at the start of a line, blanks before the colon left out.
fn name_of(line: &[u8]) -> Option<&[u8]> {
    let colon = line.iter().take(1000).position(|b| *b == b':')?;
    let name = line[..colon].trim_ascii_end();
    let valid = !name.is_empty() && name.iter().all(|b| (0x21..=0x7E).contains(b));
    valid.then_some(name)
}

fn unfold(value: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    for line in value.split(|b| *b == b'\n') {
        bytes.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
    }
    // A zero would end the text of a property.
    utf8_or_1252(bytes.trim_ascii()).replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<(String, String)>, String) {
        let mut input = text.as_bytes();
        let mut lines = Lines::new(&mut input);
        let header = Header::read(&mut lines).unwrap();
        let mut rest = Vec::new();
        while lines.part_line(&mut rest).unwrap() {}
        let fields = header.fields.into_iter().map(|f| (f.name, f.value));
        (fields.collect(), String::from_utf8(rest).unwrap())
    }

    #[test]
    fn fields_are_unfolded_and_a_line_that_is_none_begins_the_body() {
        let (fields, rest) = read("From me Sat\r\nTo: a,\r\n\tb\r\nSubject :  x \r\n\r\nbody\r\n");
        assert_eq!(
            fields,
            [
                ("to".into(), "a,\tb".into()),
                ("subject".into(), "x".into())
            ]
        );
        assert_eq!(rest, "body\r\n");
        let (fields, rest) = read("A: b\nno field here\nC: d\n\nx");
        assert_eq!(fields.len(), 1);
        assert_eq!(rest, "no field here\nC: d\n\nx");
        assert_eq!(read("").0, []);
    }
}
