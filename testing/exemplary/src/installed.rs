//! A provider library in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Log;

/// The C++ library as it was built.
#[must_use]
pub fn cpp_library() -> &'static Path {
    Path::new(env!("EXEMPLARY_LIBRARY"))
}

/// A copy of a provider library in a temporary folder that only we can write to, with a call log beside it.
///
/// Copies are libraries of their own to the loader, with their own state and log. The folder goes with the value.
#[derive(Debug)]
pub struct Installed {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl Installed {
    /// A copy of the exemplary C++ library, named `exemplary`.
    #[must_use]
    pub fn cpp() -> Self {
        Self::copy_of(cpp_library(), "exemplary")
    }

    /// A copy of `library` that profiles can name `name`.
    ///
    /// # Panics
    /// If the file system does not play along: this is for tests.
    #[must_use]
    pub fn copy_of(library: &Path, name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let real = folder.path().canonicalize().expect("the folder is there");
        let path = real.join(format!("lib{name}.so"));
        fs::copy(library, &path).expect("the library was built");
        protect(&path);
        let installed = Self { folder, path };
        fs::write(installed.beside("log"), "").expect("the folder is ours");
        installed
    }

    /// The library's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder it lies in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file that belongs to the library: its path with one more extension.
    #[must_use]
    pub fn beside(&self, extension: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".");
        path.push(extension);
        PathBuf::from(path)
    }

    /// What the library has written down so far.
    ///
    /// # Panics
    /// If the log is not one.
    #[must_use]
    pub fn log(&self) -> Log {
        Log::parse(&fs::read_to_string(self.beside("log")).expect("the log is there"))
    }
}

/// A library that others can write to is refused, so a careless umask must not get in the way.
fn protect(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// The MAPIUID of the C++ library's store of this name.
#[must_use]
pub fn store_uid(name: &str) -> [u8; 16] {
    let mut uid = *b"openmapi-ms\0\0\0\0\0";
    let hash = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
    let hash = name.bytes().fold(2_166_136_261, hash);
    uid[12..].copy_from_slice(&hash.to_le_bytes());
    uid
}

/// The (unwrapped) entry identifier of the C++ library's store of this name.
#[must_use]
pub fn store_entry_id(name: &str) -> Vec<u8> {
    [&[0; 4], &store_uid(name)[..], b"S", name.as_bytes()].concat()
}

/// A bare dlopen and dlclose: what benches measure loading against.
///
/// # Panics
/// If the library cannot be loaded: this is for tests.
pub fn load_and_unload(library: &Path) {
    // SAFETY: our own libraries have no start code that could go wrong.
    let library = unsafe { libloading::Library::new(library) }.expect("the library was built");
    library.close().expect("it was loaded");
}
