//! File names from mail: made harmless, and never one that is there already.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// How many bytes a name may have; file systems allow 255, and a number may be added.
const MAX_BYTES: usize = 200;

/// Names that Windows gives another meaning, whatever follows a dot.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// A name that is one plain file in a folder, on every system: no path, no hidden file, no device, nothing that turns the
/// direction of text.
pub fn safe(name: &str) -> String {
    let wild = |c: char| {
        c.is_control()
            || "/\\:*?\"<>|".contains(c)
            || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let plain: String = name
        .chars()
        .map(|c| if wild(c) { '_' } else { c })
        .collect();
    let plain = plain.trim_matches(|c: char| c.is_whitespace() || c == '.');
    let mut plain = shorten(plain);
    let stem = plain.split('.').next().unwrap_or_default().trim_end();
    if RESERVED.iter().any(|r| r.eq_ignore_ascii_case(stem)) {
        plain.insert(0, '_');
    }
    if plain.is_empty() {
        plain.push_str("unnamed");
    }
    plain
}

/// Cuts a long name, and keeps its extension.
fn shorten(name: &str) -> String {
    if name.len() <= MAX_BYTES {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 16 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let mut end = MAX_BYTES - extension.len();
    while !stem.is_char_boundary(end.min(stem.len())) {
        end -= 1;
    }
    format!("{}{extension}", stem[..end.min(stem.len())].trim_end())
}

/// Creates a new file of this name in a folder, with a number added if there is one already. It never follows a link that is
/// there and never overwrites.
///
/// # Errors
/// Those of the disk.
pub fn create_new(folder: &Path, name: &str) -> io::Result<(File, PathBuf)> {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    for n in 1_u32..10_000 {
        let path = folder.join(match n {
            1 => name.to_owned(),
            n => format!("{stem} ({n}){extension}"),
        });
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_harmless() {
        for (name, harmless) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("C:\\boot.ini", "C__boot.ini"),
            (".bashrc", "bashrc"),
            ("", "unnamed"),
            ("...", "unnamed"),
            ("con.txt", "_con.txt"),
            ("a\u{0}b\nc", "a_b_c"),
            ("invoice\u{202e}fdp.exe", "invoice_fdp.exe"),
            ("Grüße.txt", "Grüße.txt"),
        ] {
            assert_eq!(safe(name), harmless, "{name:?}");
        }
        let long = format!("{}.tar", "ü".repeat(300));
        assert!(safe(&long).len() <= MAX_BYTES && safe(&long).ends_with(".tar"));
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..3)
            .map(|_| create_new(folder.path(), "a.txt").unwrap().1)
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["a.txt", "a (2).txt", "a (3).txt"]);
    }

    proptest! {
        #[test]
        fn a_name_never_leaves_its_folder(name in any::<String>()) {
            let safe = safe(&name);
            let path = Path::new(&safe);
            prop_assert_eq!(path.components().count(), 1);
            prop_assert_eq!(path.file_name().unwrap(), path.as_os_str());
            prop_assert!(safe.len() <= MAX_BYTES + 1);
        }
    }
}
