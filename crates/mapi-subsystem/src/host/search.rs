//! Where provider libraries are looked for (lifecycle.md, section 4.3): in named, protected folders only.

use std::ffi::OsString;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use mapi_types::{Error, ErrorCode, Result};

use super::library::is_set_user_id;

/// The folders with provider libraries, in the order in which they are searched; the first match wins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    folders: Vec<PathBuf>,
}

/// Why a library was not taken. It counts as one that is not there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The name is empty or has a zero byte in it.
    NoName,
    /// The name has a path separator and does not begin at the root.
    RelativePath,
    /// Others than its owner and root may write to the library.
    WritableLibrary(PathBuf),
    /// Others than its owner and root may write to a folder in which the library lies.
    WritableFolder(PathBuf),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let writable = "can be written to by others than its owner";
        match self {
            Self::NoName => f.write_str("the name is empty or malformed"),
            Self::RelativePath => {
                f.write_str("relative paths are not taken; use a name or an absolute path")
            }
            Self::WritableLibrary(path) => write!(f, "the library {} {writable}", path.display()),
            Self::WritableFolder(path) => write!(f, "the folder {} {writable}", path.display()),
        }
    }
}

impl Search {
    /// The folders of the mapisvc.inf files in use, then `<prefix>/lib/mapi`, then those of MAPI_PROVIDER_PATH. The variable is ignored in
    /// programs that run with more rights than their user has.
    #[must_use]
    pub fn new(inf_folders: impl IntoIterator<Item = PathBuf>) -> Self {
        let variable = std::env::var_os("MAPI_PROVIDER_PATH").filter(|_| !is_set_user_id());
        Self::with(inf_folders, prefix().as_deref(), variable)
    }

    /// The same with prefix and variable given.
    #[must_use]
    pub fn with(
        inf_folders: impl IntoIterator<Item = PathBuf>,
        prefix: Option<&Path>,
        variable: Option<OsString>,
    ) -> Self {
        let mut folders: Vec<PathBuf> = inf_folders.into_iter().collect();
        folders.extend(prefix.map(|prefix| prefix.join("lib").join("mapi")));
        folders.extend(variable.iter().flat_map(std::env::split_paths));
        // A relative folder would mean another one after a change of the current folder.
        folders.retain(|folder| folder.is_absolute());
        Self { folders }
    }

    /// The folders, in order.
    #[must_use]
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Finds the file of a library. `name` is what PR_PROVIDER_DLL_NAME or PR_SERVICE_DLL_NAME says: a base name, to which what the
    /// platform needs is added, or an absolute path, which is taken as it is. The path that comes back has no symbolic link in it.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND; the text says where was looked, and which rule refused what was found.
    pub fn find(&self, name: &str) -> Result<PathBuf> {
        let mut refusals = Vec::new();
        let candidates = match self.candidates(name) {
            Ok(candidates) => candidates,
            Err(refusal) => {
                refusals.push(refusal);
                Vec::new()
            }
        };
        for candidate in candidates {
            let Ok(path) = candidate.canonicalize() else {
                continue;
            };
            if !path.is_file() {
                continue;
            }
            match check(&path) {
                Ok(()) => return Ok(path),
                Err(refusal) => {
                    tracing::warn!(library = name, %refusal, "provider library refused");
                    refusals.push(refusal);
                }
            }
        }
        Err(self.not_found(name, &refusals))
    }

    /// The files that would do, in order.
    fn candidates(&self, name: &str) -> std::result::Result<Vec<PathBuf>, Refusal> {
        if name.is_empty() || name.contains('\0') {
            return Err(Refusal::NoName);
        }
        let path = Path::new(name);
        let separators: &[char] = if cfg!(windows) {
            &['/', '\\', ':']
        } else {
            &['/']
        };
        if name.contains(separators) {
            let absolute = path.is_absolute().then(|| vec![path.to_owned()]);
            return absolute.ok_or(Refusal::RelativePath);
        }
        if !matches!(path.components().next(), Some(Component::Normal(_))) {
            return Err(Refusal::NoName);
        }
        let files = file_names(name);
        let in_folder = |folder: &PathBuf| {
            files
                .iter()
                .map(|file| folder.join(file))
                .collect::<Vec<_>>()
        };
        Ok(self.folders.iter().flat_map(in_folder).collect())
    }

    fn not_found(&self, name: &str, refusals: &[Refusal]) -> Error {
        use std::fmt::Write;
        let mut text = format!("there is no provider library {name:?}");
        for refusal in refusals {
            let _ = write!(text, "; refused: {refusal}");
        }
        if refusals.is_empty() && !Path::new(name).is_absolute() {
            let folders: Vec<_> = self
                .folders
                .iter()
                .map(|folder| folder.display().to_string())
                .collect();
            let _ = write!(text, "; looked in: {}", folders.join(", "));
        }
        Error::system(ErrorCode::NOT_FOUND).context(text)
    }
}

/// The name without `.dll`, by which built-in providers are known.
#[must_use]
pub fn base_name(name: &str) -> &str {
    let cut = name.len().saturating_sub(4);
    match name.split_at_checked(cut) {
        Some((base, extension)) if !base.is_empty() && extension.eq_ignore_ascii_case(".dll") => {
            base
        }
        _ => name,
    }
}

/// The file names that stand for a base name on this platform.
fn file_names(name: &str) -> Vec<String> {
    let base = base_name(name);
    if cfg!(windows) {
        return vec![format!("{base}32.dll"), format!("{base}.dll")];
    }
    let extension = std::env::consts::DLL_EXTENSION;
    vec![
        format!("lib{base}.{extension}"),
        format!("{base}.{extension}"),
    ]
}

/// Whether nobody but its owner and root can change what is loaded from this path, which is absolute and free of links.
#[cfg(unix)]
fn check(path: &Path) -> std::result::Result<(), Refusal> {
    use std::os::unix::fs::MetadataExt;

    const GROUP_OR_OTHERS_WRITE: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    // What cannot be looked at cannot be loaded either; treat it as the worst.
    let mode = |path: &Path| {
        path.metadata()
            .map_or(GROUP_OR_OTHERS_WRITE, |metadata| metadata.mode())
    };

    if mode(path) & GROUP_OR_OTHERS_WRITE != 0 {
        return Err(Refusal::WritableLibrary(path.to_owned()));
    }
    for (level, folder) in path.ancestors().skip(1).enumerate() {
        let mode = mode(folder);
        // In a sticky folder, as /tmp, everybody can add files, which matters in the library's own folder, but nobody can replace
        // the folder of another one.
        let protected_by_sticky = level > 0 && mode & STICKY != 0;
        if mode & GROUP_OR_OTHERS_WRITE != 0 && !protected_by_sticky {
            return Err(Refusal::WritableFolder(folder.to_owned()));
        }
    }
    Ok(())
}

/// On Windows the rights of files are not looked at: the folders are the administrator's by default.
#[cfg(not(unix))]
fn check(_path: &Path) -> std::result::Result<(), Refusal> {
    Ok(())
}

/// Where MAPI is installed: MAPI_PREFIX of the build, or the folder above the one called `bin` in which this program lies.
#[must_use]
pub fn prefix() -> Option<PathBuf> {
    if let Some(prefix) = option_env!("MAPI_PREFIX") {
        return Some(PathBuf::from(prefix));
    }
    let program = std::env::current_exe().ok()?.canonicalize().ok()?;
    let folder = program.parent()?;
    let is_bin = folder.file_name().is_some_and(|name| name == "bin");
    is_bin
        .then(|| folder.parent().map(Path::to_owned))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_what_the_platform_needs() {
        assert_eq!(base_name("msgstore.DLL"), "msgstore");
        assert_eq!(base_name(".dll"), ".dll");
        assert_eq!(base_name("a"), "a");
        assert_eq!(base_name("äöü"), "äöü");
        if cfg!(target_os = "linux") {
            assert_eq!(file_names("store.dll"), ["libstore.so", "store.so"]);
        }
    }

    #[test]
    fn folders_come_in_the_documented_order() {
        let search = Search::with(
            ["/inf".into(), "relative".into()],
            Some(Path::new("/usr")),
            Some("/one:relative:/two".into()),
        );
        let expected: [&Path; 4] = ["/inf", "/usr/lib/mapi", "/one", "/two"].map(Path::new);
        assert_eq!(search.folders(), expected);
    }
}
