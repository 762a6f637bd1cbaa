//! mapisvc.inf: the message services that can be added to a profile (file-format-of-mapisvc-inf.md).
//!
//! [`parse`] reads one file, [`SearchPath`] says which files count, [`ServiceCatalog`] puts them together and answers what a
//! service consists of. The built-in services are described by a text of the same form.
//!
//! Files may hold anything: what cannot be understood becomes a [`Problem`] with file and line, and the rest counts.

mod catalog;
mod parse;
mod search;
mod text;
mod value;

pub use catalog::{ExtraInfo, ProviderInfo, ServiceCatalog, ServiceInfo};
pub use parse::{InfEntry, InfFile, InfSection, parse};
pub use search::SearchPath;

use std::fmt;
use std::path::{Path, PathBuf};

/// Something in an INF file that is wrong, or will surprise somebody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1 on; 0 for the file as a whole.
    pub line: usize,
    /// Whether something of the file does not count because of it; else it is a warning.
    pub is_error: bool,
    /// What is wrong.
    pub text: String,
}

impl Problem {
    fn error(file: &Path, line: usize, text: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            is_error: true,
            text: text.into(),
        }
    }

    fn warning(file: &Path, line: usize, text: impl Into<String>) -> Self {
        Self {
            is_error: false,
            ..Self::error(file, line, text)
        }
    }
}

/// Problems, up to a number: a file of junk must not fill the memory with complaints.
#[derive(Default, Debug)]
struct Problems {
    list: Vec<Problem>,
    more: bool,
}

const MAX_PROBLEMS: usize = 500;

impl Problems {
    fn push(&mut self, problem: Problem) {
        if self.list.len() < MAX_PROBLEMS {
            self.list.push(problem);
        } else if !self.more {
            self.more = true;
            let text = "there are more problems than are shown";
            self.list.push(Problem::warning(&problem.file, 0, text));
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_error { "error" } else { "warning" };
        match self.line {
            0 => write!(f, "{}: {kind}: {}", self.file.display(), self.text),
            line => write!(f, "{}:{line}: {kind}: {}", self.file.display(), self.text),
        }
    }
}

#[cfg(test)]
mod tests;
