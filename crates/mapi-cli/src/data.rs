//! The user's data folder: profiles, stores, and the last shutdown reports.

#[cfg(unix)]
use std::fs::File;
use std::fs::{self, DirBuilder};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use mapi::ShutdownReport;

use crate::exit::{Exit, Failure};

/// Where it all lies:
///
/// | Path | Holds |
/// |---|---|
/// | `profiles/` | profiles, kept by the subsystem |
/// | `stores/NAME.mapistore` | the message store of a profile |
/// | `reports/last.json` | the report of the last session that came down |
#[derive(Clone, Debug)]
pub struct DataFolder(PathBuf);

impl DataFolder {
    /// The folder that was asked for, or the usual one: `$XDG_DATA_HOME/openmapi`, `~/.local/share/openmapi`,
    /// `~/Library/Application Support/openmapi`, `%APPDATA%\openmapi`.
    ///
    /// # Errors
    /// There is no home folder.
    pub fn choose(wanted: Option<&Path>) -> Result<Self> {
        if let Some(wanted) = wanted {
            let absolute = std::path::absolute(wanted)
                .with_context(|| format!("--data-dir {}", wanted.display()))?;
            return Ok(Self(absolute));
        }
        mapi::embedded::usual_data_folder().map(Self).ok_or_else(|| {
            Failure::error(
                Exit::Usage,
                "there is no home folder; say with --data-dir where profiles and mail are to be kept",
            )
        })
    }

    /// A folder for a while, for `mapi demo`.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the folder, for its owner alone.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn create(&self) -> Result<()> {
        make_private(&self.0)
    }

    /// Where the store of a profile goes, whose file name begins with `stem`. Its folder is made.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn store_path(&self, stem: &str) -> Result<PathBuf> {
        let folder = self.0.join("stores");
        make_private(&folder)?;
        Ok(folder.join(format!("{stem}.mapistore")))
    }

    fn report_path(&self) -> PathBuf {
        self.0.join("reports").join("last.json")
    }

    /// Keeps a report for `mapi report`. The file is replaced as a whole.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn save_report(&self, report: &ShutdownReport) -> Result<()> {
        let path = self.report_path();
        let folder = self.0.join("reports");
        make_private(&folder)?;
        let mut text = serde_json::to_vec_pretty(report)?;
        text.push(b'\n');
        write_whole(&path, &text)
    }

    /// The report of the last session.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn last_report(&self) -> Result<ShutdownReport> {
        let path = self.report_path();
        if !path.exists() {
            return Err(Failure::error(
                Exit::NotFound,
                "there is no shutdown report yet; every command that works on mail leaves one",
            ));
        }
        let text = fs::read(&path).with_context(|| path.display().to_string())?;
        serde_json::from_slice(&text)
            .map_err(|error| Failure::error(Exit::Damaged, format!("{}: {error}", path.display())))
    }
}

/// Writes a file so that nobody ever sees half of it, a crash included.
///
/// # Errors
/// Those of the disk; the file is as it was then.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)
        .with_context(|| format!("writing in {}", folder.display()))?;
    file.write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .with_context(|| format!("writing {}", path.display()))?;
    file.persist(path)
        .with_context(|| format!("writing {}", path.display()))?;
    #[cfg(unix)]
    File::open(folder).and_then(|f| f.sync_all()).ok();
    Ok(())
}

fn make_private(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(path)
        .with_context(|| format!("creating the folder {}", path.display()))
}
