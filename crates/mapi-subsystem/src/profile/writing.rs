//! The right to write: one holder at a time, across processes.

use std::fs::File;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use mapi_types::{Error, ErrorCode, Result};

use super::content::Profile;
use super::files::{Locked, lock_alone};
use super::format::write_profile;
use super::name::ProfileName;
use super::secret::Secrets;
use super::store::{DEFAULT, LOCK, ProfileStore, no_profile, toml, use_file};

const LOCK_LIMIT: Duration = Duration::from_secs(15);

/// The right to write.
pub(super) struct Writing<'a> {
    store: &'a ProfileStore,
    file: MutexGuard<'a, File>,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        // Closing the file would unlock it as well; there is nothing else to be done.
        let _ = self.file.unlock();
    }
}

impl ProfileStore {
    pub(super) fn write_lock(&self) -> Result<Writing<'_>> {
        let file = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        lock_alone(&file, &self.folder.path(LOCK), LOCK_LIMIT)?;
        Ok(Writing { store: self, file })
    }
}

impl Writing<'_> {
    /// A profile from its file.
    pub(super) fn fresh(&self, name: &ProfileName) -> Result<Profile> {
        let stem = name.file_stem();
        self.store.cache().remove(&stem);
        let profile = self.store.load(&stem)?.filter(|p| !p.deleted);
        profile
            .map(Arc::unwrap_or_clone)
            .ok_or_else(|| no_profile(name.as_str()))
    }

    pub(super) fn save(&self, profile: &Profile) -> Result<()> {
        let stem = profile.name.file_stem();
        self.store.cache().remove(&stem);
        let text = write_profile(profile);
        self.store.folder.write(&toml(&stem), &text)
    }

    /// Writes what has changed. Whatever happens in between, a section that is there has its secrets: new ones are
    /// written before the profile, old ones removed after it.
    pub(super) fn save_both(
        &self,
        stem: &str,
        old: &Profile,
        new: &Profile,
        secrets: Option<Secrets>,
    ) -> Result<()> {
        let store = &self.store.secrets;
        let Some(mut secrets) = secrets else {
            return if old == new { Ok(()) } else { self.save(new) };
        };
        secrets.retain(|uid| new.section(uid).is_some());
        let kept = store.load(stem)?;
        let both = secrets.joined(&kept);
        if both != kept {
            store.save(stem, &both)?;
        }
        if old != new {
            self.save(new)?;
        }
        if both != secrets {
            store.save(stem, &secrets)?;
        }
        Ok(())
    }

    /// Whether no session uses the profile: then the lock that keeps it so.
    pub(super) fn alone(&self, stem: &str) -> Result<Option<Locked>> {
        let name = use_file(stem);
        let folder = &self.store.folder;
        Locked::alone(folder.open_lock(&name)?, &folder.path(&name))
    }

    /// Removes all files of a profile that nobody uses.
    pub(super) fn remove(&self, stem: &str, alone: Locked) -> Result<()> {
        let folder = &self.store.folder;
        self.store.cache().remove(stem);
        folder.remove(&toml(stem))?;
        self.store.secrets.save(stem, &Secrets::default())?;
        self.drop_default(stem)?;
        drop(alone);
        folder.remove(&use_file(stem))
    }

    pub(super) fn rename(&self, profile: &Profile, new: ProfileName, alone: Locked) -> Result<()> {
        let (old, stem) = (profile.name.file_stem(), new.file_stem());
        let default = self.store.default_name()?;
        let mut renamed = profile.clone();
        renamed.rename(new);
        if old == stem {
            self.save(&renamed)?;
        } else {
            let secrets = self.store.secrets.load(&old)?;
            self.store.secrets.save(&stem, &secrets)?;
            self.save(&renamed)?;
        }
        if default.is_some_and(|d| d.file_stem() == old) {
            self.set_default(&renamed.name)?;
        }
        if old == stem {
            Ok(())
        } else {
            self.remove(&old, alone)
        }
    }

    /// Does what was put off while sessions used the profile. `alone` says that none does any more.
    pub(super) fn settle(&self, stem: &str, alone: Locked) -> Result<()> {
        self.store.cache().remove(stem);
        let Some(profile) = self.store.load(stem)? else {
            return Ok(());
        };
        if profile.deleted {
            return self.remove(stem, alone);
        }
        let mut settled = Profile::clone(&profile);
        if settled.remove_leaving() {
            let secrets = self.store.secrets.load(stem)?;
            self.save_both(stem, &profile, &settled, Some(secrets))?;
        }
        let Some(new) = settled.rename_to.take() else {
            return Ok(());
        };
        match self.expect_free(&new) {
            Err(error) if !new.same_profile(&settled.name) => {
                tracing::warn!(profile = %settled.name, %new, %error, "a profile keeps its name");
                self.save(&settled)
            }
            _ => self.rename(&settled, new, alone),
        }
    }

    /// Refuses a name that is taken.
    pub(super) fn expect_free(&self, name: &ProfileName) -> Result<()> {
        let stem = name.file_stem();
        let taken = |why: &str| {
            let text = format!("there is a profile '{name}' already{why}");
            Err(Error::caller(ErrorCode::NO_ACCESS).context(text))
        };
        if self.store.folder.stamp(&toml(&stem))?.is_none() {
            return Ok(());
        }
        let marked = self
            .store
            .load(&stem)
            .is_ok_and(|p| p.is_some_and(|p| p.deleted));
        if !marked {
            return taken("");
        }
        match self.alone(&stem)? {
            Some(alone) => self.remove(&stem, alone),
            None => taken(", which goes when its last session ends"),
        }
    }

    pub(super) fn set_default(&self, name: &ProfileName) -> Result<()> {
        self.store.folder.write(DEFAULT, &format!("{name}\n"))
    }

    /// A profile that goes is the default no longer.
    pub(super) fn drop_default(&self, stem: &str) -> Result<()> {
        match self.store.default_name()? {
            Some(name) if name.file_stem() == stem => self.store.folder.remove(DEFAULT),
            _ => Ok(()),
        }
    }
}
