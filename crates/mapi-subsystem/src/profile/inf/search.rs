//! Which mapisvc.inf files count (lifecycle.md, 4.3).

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::parse::{MAX_BYTES, parse};
use super::{InfFile, Problem};
use crate::host::is_set_user_id;
use crate::host::search::prefix;

/// The places where mapisvc.inf files are looked for, in their order; later ones add to earlier ones.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct SearchPath {
    places: Vec<Place>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Place {
    path: PathBuf,
    /// Named by somebody: it should be there.
    named: bool,
}

/// A folder with more is cut off.
const MAX_FILES: usize = 256;

impl SearchPath {
    /// What the environment of this process says: MAPI_CONFIG_PATH, the folder `mapi` in the user's configuration folder,
    /// `/etc/mapi`, `<prefix>/share/mapi`; on Windows also the system folder. In a set-user-id program the environment says
    /// nothing, and the first two do not count.
    #[must_use]
    pub fn from_environment() -> Self {
        let trusted = !is_set_user_id();
        let variable = env::var_os("MAPI_CONFIG_PATH").filter(|_| trusted);
        let user = user_folder().filter(|_| trusted);
        let prefix = prefix();
        let mut path = Self::new(variable, user.as_deref(), prefix.as_deref());
        if cfg!(windows)
            && let Some(root) = env::var_os("SystemRoot")
        {
            path.add(Path::new(&root).join("System32").join("mapisvc.inf"), false);
        }
        path
    }

    /// The same with the variable, the user's configuration folder and the prefix given.
    #[must_use]
    pub fn new(variable: Option<OsString>, user: Option<&Path>, prefix: Option<&Path>) -> Self {
        let mut path = Self::default();
        for place in variable.iter().flat_map(env::split_paths) {
            path.add(place, true);
        }
        if let Some(user) = user {
            path.add(user.join("mapi"), false);
        }
        if cfg!(unix) {
            path.add(PathBuf::from("/etc/mapi"), false);
        }
        if let Some(prefix) = prefix {
            path.add(prefix.join("share").join("mapi"), false);
        }
        path
    }

    fn add(&mut self, path: PathBuf, named: bool) {
        if !path.as_os_str().is_empty() {
            self.places.push(Place { path, named });
        }
    }

    /// The folders of the files, in their order, without reading them: libraries are looked for there too (lifecycle.md,
    /// 4.3).
    #[must_use]
    pub fn folders(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = Vec::new();
        for place in self.places.iter().filter(|p| p.path.is_absolute()) {
            let path = &place.path;
            let folder = match fs::metadata(path) {
                Ok(meta) if meta.is_dir() => inf_files(path)
                    .ok()
                    .filter(|files| !files.is_empty())
                    .map(|_| path.as_path()),
                Ok(meta) if meta.is_file() => path.parent(),
                _ => None,
            };
            if let Some(folder) = folder
                && !folders.iter().any(|f| f == folder)
            {
                folders.push(folder.to_owned());
            }
        }
        folders
    }

    /// Reads all files, in their order. What cannot be read is a problem in an empty file.
    #[must_use]
    pub fn read(&self) -> Vec<InfFile> {
        self.places.iter().flat_map(Place::read).collect()
    }
}

/// The folder of the user's configuration.
fn user_folder() -> Option<PathBuf> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    if cfg!(windows) {
        absolute("APPDATA")
    } else if cfg!(target_os = "macos") {
        absolute("HOME").map(|home| home.join("Library").join("Application Support"))
    } else {
        absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))
    }
}

impl Place {
    fn read(&self) -> Vec<InfFile> {
        let path = &self.path;
        if !path.is_absolute() {
            // It would mean another file after a change of the current folder.
            return vec![failed(path, "relative paths are not taken")];
        }
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => read_folder(path),
            Ok(meta) if meta.is_file() => vec![read_file(path)],
            Ok(_) => vec![failed(path, "this is neither a file nor a folder")],
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !self.named => Vec::new(),
            Err(e) => vec![failed(path, &format!("it cannot be read: {e}"))],
        }
    }
}

/// The `*.inf` files in a folder, by name.
fn inf_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let is_inf = |path: &PathBuf| {
        let extension = path.extension();
        extension.is_some_and(|e| e.eq_ignore_ascii_case("inf")) && path.is_file()
    };
    let paths = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> = paths.filter(is_inf).collect();
    paths.sort();
    Ok(paths)
}

fn read_folder(path: &Path) -> Vec<InfFile> {
    let mut paths = match inf_files(path) {
        Ok(paths) => paths,
        Err(e) => return vec![failed(path, &format!("it cannot be read: {e}"))],
    };
    let more = paths.len() > MAX_FILES;
    paths.truncate(MAX_FILES);
    let mut files: Vec<InfFile> = paths.iter().map(|p| read_file(p)).collect();
    if more {
        let text = format!("there are more than {MAX_FILES} files in it; the rest does not count");
        files.push(failed(path, &text));
    }
    files
}

fn read_file(path: &Path) -> InfFile {
    let limit = u64::try_from(MAX_BYTES + 1).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|f| f.take(limit).read_to_end(&mut bytes));
    match read {
        Ok(_) => parse(&bytes, path),
        Err(e) => failed(path, &format!("it cannot be read: {e}")),
    }
}

fn failed(path: &Path, text: &str) -> InfFile {
    InfFile {
        path: path.to_owned(),
        sections: Vec::new(),
        problems: vec![Problem::error(path, 0, text)],
    }
}
