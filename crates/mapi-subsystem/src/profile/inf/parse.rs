//! The lines of an INF file.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::text::decode;
use super::{Problem, Problems};

/// The sections of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InfFile {
    /// Where it was read from.
    pub path: PathBuf,
    /// The sections, in their order.
    pub sections: Vec<InfSection>,
    /// What is wrong with its lines.
    pub problems: Vec<Problem>,
}

/// A section: `[NAME]` and what follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InfSection {
    /// The name, as it is written first.
    pub name: String,
    /// The line where it begins.
    pub line: usize,
    /// The entries, in their order.
    pub entries: Vec<InfEntry>,
}

/// An entry: `KEY=VALUE`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InfEntry {
    /// The line.
    pub line: usize,
    /// What stands before the `=`.
    pub key: String,
    /// What stands after it, without quotes.
    pub value: String,
}

/// A file that has more is refused.
pub(super) const MAX_BYTES: usize = 4 << 20;

/// Whether both names mean the same to INF files: case does not count.
pub(super) fn same_name(a: &str, b: &str) -> bool {
    folded(a) == folded(b)
}

/// The form in which names are compared.
pub(super) fn folded(name: &str) -> String {
    name.to_lowercase()
}

impl InfSection {
    /// The first entry with this key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&InfEntry> {
        self.entries.iter().find(|e| same_name(&e.key, key))
    }
}

/// Reads an INF file as Windows does: names without regard to case; sections of one name are one section, and of entries
/// with one key the first counts; blanks around names and values do not count, nor do quotes around a whole value; a line
/// that begins with `;` is a comment (or with `#`).
#[must_use]
pub fn parse(bytes: &[u8], path: &Path) -> InfFile {
    let mut reader = Reader::new(path);
    if bytes.len() > MAX_BYTES {
        let text = format!("it has more than {} MiB and is not read", MAX_BYTES >> 20);
        reader.problems.push(Problem::error(path, 0, text));
        return reader.finish();
    }
    let (text, lossy) = decode(bytes);
    if lossy {
        let text = "some characters are not what the file's encoding allows";
        reader.problems.push(Problem::warning(path, 0, text));
    }
    for (number, line) in (1..).zip(text.lines()) {
        reader.line(number, line);
    }
    reader.finish()
}

struct Reader<'a> {
    path: &'a Path,
    sections: Vec<InfSection>,
    /// Places in `sections`, by folded name.
    known: HashMap<String, usize>,
    /// Keys of the sections, folded, with their section's place.
    keys: HashSet<(usize, String)>,
    current: Option<usize>,
    problems: Problems,
}

impl<'a> Reader<'a> {
    fn new(path: &'a Path) -> Self {
        Self {
            path,
            sections: Vec::new(),
            known: HashMap::new(),
            keys: HashSet::new(),
            current: None,
            problems: Problems::default(),
        }
    }

    fn finish(self) -> InfFile {
        InfFile {
            path: self.path.to_owned(),
            sections: self.sections,
            problems: self.problems.list,
        }
    }

    fn problem(&mut self, is_error: bool, line: usize, text: &str) {
        let mut problem = Problem::error(self.path, line, text);
        problem.is_error = is_error;
        self.problems.push(problem);
    }

    fn line(&mut self, number: usize, line: &str) {
        let line = line.trim();
        if line.is_empty() || line.starts_with([';', '#']) {
            return;
        }
        if line.contains(|c: char| c.is_control() && c != '\t') {
            self.problem(true, number, "there is a control character in this line");
            return;
        }
        match line.strip_prefix('[') {
            Some(rest) => self.section(number, rest),
            None => self.entry(number, line),
        }
    }

    fn section(&mut self, line: usize, rest: &str) {
        let (name, after) = match rest.split_once(']') {
            Some((name, after)) => (name.trim(), after.trim()),
            None => {
                self.problem(false, line, "the ']' is missing");
                (rest.trim(), "")
            }
        };
        if !after.is_empty() && !after.starts_with(';') {
            self.problem(false, line, "what follows the ']' does not count");
        }
        if name.is_empty() {
            self.problem(true, line, "the section has no name");
            self.current = None;
            return;
        }
        let next = self.sections.len();
        let place = *self.known.entry(folded(name)).or_insert(next);
        if place == next {
            self.sections.push(InfSection {
                name: name.to_owned(),
                line,
                entries: Vec::new(),
            });
        } else {
            let first = self.sections[place].line;
            let text = format!("this continues the section of line {first}");
            self.problem(false, line, &text);
        }
        self.current = Some(place);
    }

    fn entry(&mut self, line: usize, text: &str) {
        let Some((key, value)) = text.split_once('=') else {
            self.problem(true, line, "there is no '=' in this line");
            return;
        };
        let key = key.trim();
        if key.is_empty() {
            self.problem(true, line, "there is nothing before the '='");
            return;
        }
        let Some(place) = self.current else {
            self.problem(true, line, "this entry is in no section");
            return;
        };
        if !self.keys.insert((place, folded(key))) {
            let text = format!("there is an entry '{key}' in this section already, which counts");
            self.problem(true, line, &text);
            return;
        }
        self.sections[place].entries.push(InfEntry {
            line,
            key: key.to_owned(),
            value: unquote(value.trim()).to_owned(),
        });
    }
}

/// Without a pair of quotes around the whole.
fn unquote(value: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = value
            .strip_prefix(quote)
            .and_then(|v| v.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    value
}
