//! Libraries made for a test, from source, when the test runs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that only we can write to, and libraries in it.
pub struct Workshop {
    folder: tempfile::TempDir,
}

#[allow(dead_code)] // not every test file uses all of it
impl Workshop {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    /// Compiles `source` into `file`.
    pub fn cpp(&self, file: &str, source: &str, flags: &[&str]) -> PathBuf {
        let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
        let mut command = Command::new(compiler);
        command
            .args(["-std=c++17", "-shared", "-fPIC", "-O1", "-x", "c++"])
            .args(flags);
        self.build(command, file, "cpp", source)
    }

    /// Compiles `source` into `file`, as a library with C entry points.
    pub fn rust(&self, file: &str, source: &str) -> PathBuf {
        let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(compiler);
        command.args(["--edition=2024", "--crate-type=cdylib", "--crate-name=made"]);
        self.build(command, file, "rs", source)
    }

    fn build(&self, mut command: Command, file: &str, extension: &str, source: &str) -> PathBuf {
        let library = self.folder().join(file);
        let source_file = self.folder().join(format!("{file}.{extension}"));
        fs::create_dir_all(library.parent().unwrap()).unwrap();
        fs::write(&source_file, source).unwrap();
        let output = command
            .arg("-o")
            .arg(&library)
            .arg(&source_file)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        mode(&library, 0o755);
        library
    }
}

#[allow(dead_code)]
pub fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The mappings of this process that come from a file, by the end of its path.
#[allow(dead_code)]
pub fn mappings_of(path: &Path) -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines()
        .filter(|line| line.ends_with(&path.display().to_string()))
        .count()
}
