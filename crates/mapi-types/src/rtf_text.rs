//! RTF and plain text, as far as RTFSync needs it: the text that RTF shows, and RTF that shows a text.

use crate::decode_8bit;

/// Groups that hold no text of the document.
const HIDDEN: &[&str] = &[
    "fonttbl",
    "colortbl",
    "stylesheet",
    "info",
    "pict",
    "object",
    "header",
    "footer",
    "headerl",
    "headerr",
    "headerf",
    "footerl",
    "footerr",
    "footerf",
    "footnote",
    "listtable",
    "listoverridetable",
    "rsidtbl",
    "generator",
    "xmlnstbl",
    "htmltag",
    "mhtmltag",
];

/// Deeper groups than any document has; what is inside is not read.
const DEEPEST: usize = 512;

/// RTF, in the widest form that every reader takes, that shows `text`.
#[must_use]
pub fn text_to_rtf(text: &str) -> Vec<u8> {
    let mut rtf = String::from(
        "{\\rtf1\\ansi\\ansicpg1252\\fromtext\\uc1\\deff0{\\fonttbl{\\f0\\fswiss Arial;}}\r\n\\pard\\plain\\f0\\fs20 ",
    );
    for line in text.replace("\r\n", "\n").split_inclusive(['\n', '\r']) {
        for unit in line.encode_utf16() {
            match char::from_u32(u32::from(unit)) {
                Some('\n' | '\r') => rtf.push_str("\\par\r\n"),
                Some('\t') => rtf.push_str("\\tab "),
                Some(c @ ('\\' | '{' | '}')) => rtf.extend(['\\', c]),
                Some(c) if c.is_ascii() && !c.is_control() => rtf.push(c),
                _ => rtf.push_str(&format!("\\u{}?", unit.cast_signed())),
            }
        }
    }
    rtf.push('}');
    rtf.into_bytes()
}

/// The text that RTF shows. What is damaged is read as far as it goes. Bytes that are no ASCII are taken for Windows-1252.
#[must_use]
pub fn rtf_to_text(rtf: &[u8]) -> String {
    let mut reader = Reader {
        rest: rtf,
        out: Vec::new(),
        groups: vec![Group::default()],
        skip: 0,
    };
    while reader.step() {}
    let text = String::from_utf16_lossy(&reader.out);
    text.trim_end_matches("\r\n").to_owned()
}

#[derive(Clone, Copy)]
struct Group {
    hidden: bool,
    /// Nothing has come in this group yet: a word now says what it is.
    fresh: bool,
    /// \uc: how many characters stand in for a \u.
    stand_in: u32,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            hidden: false,
            fresh: false,
            stand_in: 1,
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    out: Vec<u16>,
    groups: Vec<Group>,
    /// Characters still to be left out, because a \u has said them.
    skip: u32,
}

impl Reader<'_> {
    fn group(&mut self) -> &mut Group {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn put(&mut self, text: &str) {
        if !self.group().hidden {
            self.out.extend(text.encode_utf16());
        }
    }

    /// A character of the document.
    fn character(&mut self, byte: u8) {
        self.group().fresh = false;
        if self.skip > 0 {
            self.skip -= 1;
        } else if byte.is_ascii() {
            self.put(char::from(byte).encode_utf8(&mut [0; 4]));
        } else {
            self.put(&decode_8bit(&[byte]));
        }
    }

    fn step(&mut self) -> bool {
        let Some(byte) = self.take() else {
            return false;
        };
        match byte {
            b'{' => {
                self.skip = 0;
                let mut group = *self.group();
                group.fresh = true;
                group.hidden |= self.groups.len() >= DEEPEST;
                if self.groups.len() < DEEPEST * 2 {
                    self.groups.push(group);
                }
            }
            b'}' => {
                self.skip = 0;
                self.groups.pop();
            }
            b'\r' | b'\n' => {}
            b'\\' => self.control(),
            byte => self.character(byte),
        }
        true
    }

    fn control(&mut self) {
        let letters = self.rest.iter().take_while(|b| b.is_ascii_alphabetic());
        let (word, rest) = self.rest.split_at(letters.count());
        if word.is_empty() {
            return self.symbol();
        }
        self.rest = rest;
        let number = self.number();
        if self.rest.first() == Some(&b' ') {
            self.rest = &self.rest[1..];
        }
        self.word(std::str::from_utf8(word).unwrap_or_default(), number);
    }

    fn number(&mut self) -> Option<i32> {
        let sign = usize::from(self.rest.first() == Some(&b'-'));
        let digits = self.rest[sign..].iter().take_while(|b| b.is_ascii_digit());
        let end = sign + digits.count();
        let text = std::str::from_utf8(&self.rest[..end]).ok()?;
        let number = text.parse().ok()?;
        self.rest = &self.rest[end..];
        Some(number)
    }

    fn word(&mut self, word: &str, number: Option<i32>) {
        if self.group().fresh && HIDDEN.contains(&word) {
            self.group().hidden = true;
        }
        self.group().fresh = false;
        match (word, number) {
            ("par" | "line" | "sect" | "page" | "row", _) => self.put("\r\n"),
            ("tab" | "cell", _) => self.put("\t"),
            ("uc", Some(n)) => self.group().stand_in = u32::try_from(n).unwrap_or(1).min(16),
            ("u", Some(n)) => {
                // Units above 0x7FFF are written as negative numbers.
                let unit = u16::try_from(n & 0xFFFF).unwrap_or(0xFFFD);
                if !self.group().hidden {
                    self.out.push(unit);
                }
                self.skip = self.group().stand_in;
            }
            ("bin", Some(n)) => {
                let length = usize::try_from(n).unwrap_or(0).min(self.rest.len());
                self.rest = &self.rest[length..];
            }
            (word, _) => {
                if let Some((_, text)) = NAMED.iter().find(|(name, _)| *name == word) {
                    self.put(text);
                }
            }
        }
    }

    fn symbol(&mut self) {
        match self.take() {
            Some(b'*') => {
                let group = self.group();
                group.hidden |= group.fresh;
            }
            Some(b'\'') => {
                let digit = |b: u8| char::from(b).to_digit(16);
                let pair = self.rest.first_chunk::<2>();
                let byte = pair.and_then(|p| Some(digit(p[0])? << 4 | digit(p[1])?));
                if let Some(byte) = byte.and_then(|b| u8::try_from(b).ok()) {
                    self.rest = &self.rest[2..];
                    self.character(byte);
                }
            }
            Some(b'~') => self.put("\u{A0}"),
            Some(b'_') => self.put("\u{2011}"),
            Some(b'\r' | b'\n') => self.put("\r\n"),
            Some(byte @ (b'\\' | b'{' | b'}')) => self.character(byte),
            _ => {}
        }
    }
}

const NAMED: &[(&str, &str)] = &[
    ("emdash", "\u{2014}"),
    ("endash", "\u{2013}"),
    ("lquote", "\u{2018}"),
    ("rquote", "\u{2019}"),
    ("ldblquote", "\u{201C}"),
    ("rdblquote", "\u{201D}"),
    ("bullet", "\u{2022}"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_shown_is_read() {
        let rtf = br"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\*\generator x;}{\info{\title t}}\pard Gr\'fc\uc1\u223?e \{1\}\par b\tab c}";
        assert_eq!(rtf_to_text(rtf), "Gr\u{FC}\u{DF}e {1}\r\nb\tc");
        assert_eq!(rtf_to_text(br"{\rtf1 \u-10179?\u-8704?}"), "\u{1F600}");
        assert_eq!(
            rtf_to_text(br"{\rtf1 a{\uc0\u228}b\bin3 xyzc}"),
            "a\u{E4}bc"
        );
    }

    proptest! {
        #[test]
        fn text_survives_rtf(lines in prop::collection::vec("[ -~äß€😀\t]{0,20}", 1..5)) {
            let text = lines.join("\r\n");
            prop_assume!(!text.ends_with("\r\n"));
            prop_assert_eq!(rtf_to_text(&text_to_rtf(&text)), text);
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let text = rtf_to_text(&bytes);
            prop_assert!(text.len() <= bytes.len() * 3);
        }

        #[test]
        fn any_words_are_survived(text in r"(\\[a-z]{1,3}-?[0-9]{0,12}|[{}*\\' a-f]){0,60}") {
            let _ = rtf_to_text(text.as_bytes());
        }
    }
}
