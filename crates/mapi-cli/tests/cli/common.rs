//! A home for a test, and the program in it.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

/// A home folder that goes with the test.
pub struct Home(tempfile::TempDir);

/// What came of a run.
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The data folder that the program chooses by itself.
    pub fn data(&self) -> PathBuf {
        self.path().join(".local/share/openmapi")
    }

    /// Writes a file, and says where.
    pub fn put(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The program with a cleared environment.
    pub fn command(&self) -> Command {
        let mut command = Command::cargo_bin("mapi").unwrap();
        command
            .env_clear()
            .env("HOME", self.path())
            .env("TZ", "UTC")
            .current_dir(self.path());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, "")
    }

    /// With something on standard input.
    pub fn run_with(&self, args: &[&str], input: &str) -> Ran {
        let output = self
            .command()
            .args(args)
            .write_stdin(input)
            .output()
            .unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// A run that must go well: its standard output.
    #[track_caller]
    pub fn good(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {}{}", ran.out, ran.err);
        ran.out
    }

    /// A run that must go well: its JSON lines.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Vec<Value> {
        let args: Vec<&str> = ["--json"].into_iter().chain(args.iter().copied()).collect();
        lines(&self.good(&args))
    }
}

/// JSON lines.
pub fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}")))
        .collect()
}

/// A small mail.
pub fn mail(subject: &str, day: u32, body: &str) -> String {
    format!(
        "From: Ann Archer <ann@example.org>\r\nTo: Bob <bob@example.org>\r\nSubject: {subject}\r\n\
         Date: {day:02} May 2024 10:00:00 +0000\r\nMessage-ID: <{}@example.org>\r\n\r\n{body}\r\n",
        subject.replace(' ', ".")
    )
}

/// An mbox of mails, received when they were sent.
pub fn mbox(mails: &[String]) -> String {
    let one = |mail: &String| {
        let (_, date) = mail.split_once("Date: ").unwrap();
        let day = date[..2].replacen('0', " ", 1);
        let text = mail.replace("\r\n", "\n");
        format!("From ann@example.org Wed May {day} 10:00:00 2024\n{text}\n")
    };
    mails.iter().map(one).collect()
}

/// What every file below a folder holds.
pub fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                all.push((path, bytes));
            }
        }
    }
    all.sort();
    all
}
