//! The profile store: the profiles of one data folder.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mapi_types::{Error, ErrorCode, MapiUid, Result};

use super::content::Profile;
use super::files::{Folder, Stamp};
use super::format::read_profile;
use super::name::ProfileName;
use super::secret::{SecretFiles, SecretStore, Secrets};
use super::sections::OpenSections;

/// The profiles of a user, in `<data folder>/profiles`:
///
/// | File | Holds |
/// |---|---|
/// | `NAME.toml` | a profile ([`format`](super::format)) |
/// | `NAME.secrets` | its secure properties, unless another [`SecretStore`] is in use |
/// | `NAME.use` | nothing: each session that uses the profile has a shared lock on it |
/// | `default-profile` | the name of the default profile |
/// | `lock` | nothing: whoever writes has an exclusive lock on it, across processes |
///
/// Files are replaced as a whole, so readers need no lock and never see half a profile, and neither does anybody after a
/// crash. All methods may be called on any thread. They call no provider.
pub struct ProfileStore {
    pub(super) folder: Folder,
    pub(super) secrets: Box<dyn SecretStore>,
    pub(super) writer: Mutex<File>,
    cache: Mutex<HashMap<String, (Stamp, Arc<Profile>)>>,
    pub(super) open_sections: OpenSections,
}

/// A line of the list of profiles.
#[derive(Clone, Debug)]
pub struct ProfileListing {
    /// The name; of a file that cannot be read, the name of the file without its extension.
    pub name: String,
    /// Whether it is the default profile (PR_DEFAULT_PROFILE).
    pub is_default: bool,
    /// Why it cannot be read.
    pub error: Option<Error>,
}

/// When a deletion or a renaming takes place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// It has taken place.
    Now,
    /// When the last session that uses the profile has ended (LIFE-LOGOFF-026).
    AfterLastSession,
}

pub(super) const LOCK: &str = "lock";
pub(super) const DEFAULT: &str = "default-profile";

/// A profile that is being changed: see [`ProfileStore::update`].
pub struct Edit<'a> {
    /// The profile.
    pub profile: Profile,
    /// Whether a session uses it: what is deleted then is only marked.
    pub in_use: bool,
    stem: &'a str,
    store: &'a dyn SecretStore,
    secrets: Option<Secrets>,
}

impl Edit<'_> {
    /// The secure properties, to be read or changed.
    ///
    /// # Errors
    /// Those of the [`SecretStore`].
    pub fn secrets(&mut self) -> Result<&mut Secrets> {
        let secrets = match self.secrets.take() {
            Some(secrets) => secrets,
            None => self.store.load(self.stem)?,
        };
        Ok(self.secrets.insert(secrets))
    }
}

impl ProfileStore {
    /// The store in `<data_folder>/profiles`, which is made if it is not there.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn open(data_folder: &Path) -> Result<Arc<Self>> {
        let path = data_folder.join("profiles");
        Self::with_secrets(data_folder, Box::new(SecretFiles::open(&path)?))
    }

    /// The same, with another place for secure properties.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn with_secrets(data_folder: &Path, secrets: Box<dyn SecretStore>) -> Result<Arc<Self>> {
        let folder = Folder::create(&data_folder.join("profiles"))?;
        let writer = Mutex::new(folder.open_lock(LOCK)?);
        Ok(Arc::new(Self {
            folder,
            secrets,
            writer,
            cache: Mutex::default(),
            open_sections: OpenSections::default(),
        }))
    }

    /// The profiles, by name, without those that are marked for deletion.
    ///
    /// # Errors
    /// Those of the disk; a file that cannot be read is a line of the list.
    pub fn list(&self) -> Result<Vec<ProfileListing>> {
        let default = self.default_name()?.map(|n| n.file_stem());
        let mut list = Vec::new();
        for stem in self.folder.list(".toml")? {
            let (name, error) = match self.load(&stem) {
                Ok(None) => continue,
                Ok(Some(profile)) if profile.deleted => continue,
                Ok(Some(profile)) => (profile.name.as_str().to_owned(), None),
                Err(error) => (stem.clone(), Some(error)),
            };
            let is_default = default.as_ref() == Some(&stem);
            list.push(ProfileListing {
                name,
                is_default,
                error,
            });
        }
        Ok(list)
    }

    /// A profile as it is now.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, also if it is marked for deletion; MAPI_E_CORRUPT_DATA with file and line.
    pub fn read(&self, name: &str) -> Result<Arc<Profile>> {
        let profile = match valid(name) {
            Ok(name) => self.load(&name.file_stem())?,
            Err(_) => None,
        };
        profile
            .filter(|p| !p.deleted)
            .ok_or_else(|| no_profile(name))
    }

    /// The same, also if it is marked for deletion: sessions that use it go on.
    pub(super) fn read_any(&self, name: &str) -> Result<Arc<Profile>> {
        let name = valid(name)?;
        let profile = self.load(&name.file_stem())?;
        profile.ok_or_else(|| no_profile(name.as_str()))
    }

    /// The secure properties of a profile.
    ///
    /// # Errors
    /// Those of the [`SecretStore`].
    pub fn read_secrets(&self, name: &str) -> Result<Secrets> {
        self.secrets.load(&valid(name)?.file_stem())
    }

    /// Creates a profile.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER for a bad name, MAPI_E_NO_ACCESS if there is such a profile.
    pub fn create(&self, name: &str) -> Result<()> {
        let name = valid(name)?;
        let writing = self.write_lock()?;
        writing.expect_free(&name)?;
        // A deletion that was cut short may have left some.
        let stem = name.file_stem();
        self.secrets.save(&stem, &Secrets::default())?;
        writing.save(&Profile::new(name))
    }

    /// Deletes a profile; one that a session uses is marked.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn delete(&self, name: &str) -> Result<When> {
        let name = valid(name).map_err(|_| no_profile(name))?;
        let stem = name.file_stem();
        let writing = self.write_lock()?;
        if self.folder.stamp(&toml(&stem))?.is_none() {
            return Err(no_profile(name.as_str()));
        }
        let Some(alone) = writing.alone(&stem)? else {
            let mut profile = writing.fresh(&name)?;
            profile.deleted = true;
            writing.save(&profile)?;
            writing.drop_default(&stem)?;
            return Ok(When::AfterLastSession);
        };
        // It need not be readable to be deleted.
        let marked = self.load(&stem).is_ok_and(|p| p.is_some_and(|p| p.deleted));
        writing.remove(&stem, alone)?;
        if marked {
            return Err(no_profile(name.as_str()));
        }
        Ok(When::Now)
    }

    /// Gives a profile another name; one that a session uses gets it when the last of them has ended.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_INVALID_PARAMETER for a bad name, MAPI_E_NO_ACCESS if the new name is taken.
    pub fn rename(&self, old: &str, new: &str) -> Result<When> {
        let (old, new) = (valid(old).map_err(|_| no_profile(old))?, valid(new)?);
        let writing = self.write_lock()?;
        let mut profile = writing.fresh(&old)?;
        if !old.same_profile(&new) {
            writing.expect_free(&new)?;
        }
        let Some(alone) = writing.alone(&old.file_stem())? else {
            profile.rename_to = Some(new);
            writing.save(&profile)?;
            return Ok(When::AfterLastSession);
        };
        writing.rename(&profile, new, alone)?;
        Ok(When::Now)
    }

    /// Copies a profile, with its secure properties.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_INVALID_PARAMETER for a bad name, MAPI_E_NO_ACCESS if the new name is taken.
    pub fn copy(&self, old: &str, new: &str) -> Result<()> {
        let (old, new) = (valid(old).map_err(|_| no_profile(old))?, valid(new)?);
        let writing = self.write_lock()?;
        let copy = writing.fresh(&old)?.copy_as(new.clone());
        writing.expect_free(&new)?;
        let secrets = self.secrets.load(&old.file_stem())?;
        self.secrets.save(&new.file_stem(), &secrets)?;
        writing.save(&copy)
    }

    /// The default profile, if there is one.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn default_profile(&self) -> Result<Option<String>> {
        let Some(name) = self.default_name()? else {
            return Ok(None);
        };
        match self.read(name.as_str()) {
            Ok(profile) => Ok(Some(profile.name.as_str().to_owned())),
            Err(e) if e.code() == ErrorCode::NOT_FOUND => Ok(None),
            // The logon will say what is wrong with it.
            Err(_) => Ok(Some(name.as_str().to_owned())),
        }
    }

    /// Makes a profile the default; `None`: there is none any more.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn set_default(&self, name: Option<&str>) -> Result<()> {
        let writing = self.write_lock()?;
        match name {
            None => self.folder.remove(DEFAULT),
            Some(name) => {
                let profile = self.read(name)?;
                writing.set_default(&profile.name)
            }
        }
    }

    /// Changes a profile: `change` works on a copy, which is written when it succeeds and dropped when it fails. Nobody
    /// else writes meanwhile, so it must not call out.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, and those of `change`; nothing is changed then.
    pub fn update<R>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Edit<'_>) -> Result<R>,
    ) -> Result<R> {
        self.update_any(name, |edit| {
            if edit.profile.deleted {
                return Err(no_profile(name));
            }
            change(edit)
        })
    }

    /// The same, also if the profile is marked for deletion.
    pub(super) fn update_any<R>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Edit<'_>) -> Result<R>,
    ) -> Result<R> {
        let name = valid(name).map_err(|_| no_profile(name))?;
        let stem = name.file_stem();
        let writing = self.write_lock()?;
        self.cache().remove(&stem);
        let profile = self.load(&stem)?.ok_or_else(|| no_profile(name.as_str()))?;
        let before: Vec<MapiUid> = profile.sections.iter().map(|s| s.uid).collect();
        let mut edit = Edit {
            profile: Profile::clone(&profile),
            in_use: writing.alone(&stem)?.is_none(),
            stem: &stem,
            store: &*self.secrets,
            secrets: None,
        };
        let result = change(&mut edit)?;
        if before.iter().any(|uid| edit.profile.section(uid).is_none()) {
            edit.secrets()?;
        }
        let Edit {
            profile: changed,
            secrets,
            ..
        } = edit;
        writing.save_both(&stem, &profile, &changed, secrets)?;
        Ok(result)
    }

    pub(super) fn default_name(&self) -> Result<Option<ProfileName>> {
        let text = self.folder.read(DEFAULT)?;
        Ok(text.and_then(|t| ProfileName::new(t.trim_end_matches(['\n', '\r'])).ok()))
    }

    /// A profile by the stem of its file, from memory if the file has not changed.
    pub(super) fn load(&self, stem: &str) -> Result<Option<Arc<Profile>>> {
        let file = toml(stem);
        let Some(stamp) = self.folder.stamp(&file)? else {
            return Ok(None);
        };
        if let Some((known, profile)) = self.cache().get(stem)
            && *known == stamp
        {
            return Ok(Some(Arc::clone(profile)));
        }
        let Some((text, stamp)) = self.folder.read_stamped(&file)? else {
            return Ok(None);
        };
        let path = self.folder.path(&file);
        let profile = Arc::new(read_profile(&text, &path)?);
        let expected = profile.name.file_stem();
        if expected != stem {
            let text = format!(
                "{} holds the profile '{}', whose file is {expected}.toml: rename one of them",
                path.display(),
                profile.name
            );
            return Err(Error::system(ErrorCode::CORRUPT_DATA).context(text));
        }
        if stamp.is_settled() {
            let entry = (stamp, Arc::clone(&profile));
            self.cache().insert(stem.to_owned(), entry);
        }
        Ok(Some(profile))
    }

    pub(super) fn cache(&self) -> MutexGuard<'_, HashMap<String, (Stamp, Arc<Profile>)>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn valid(name: &str) -> Result<ProfileName> {
    ProfileName::new(name)
}

pub(super) fn no_profile(name: &str) -> Error {
    Error::caller(ErrorCode::NOT_FOUND)
        .context(format!("there is no profile '{}'", name.escape_debug()))
}

pub(super) fn toml(stem: &str) -> String {
    format!("{stem}.toml")
}

pub(super) fn use_file(stem: &str) -> String {
    format!("{stem}.use")
}
