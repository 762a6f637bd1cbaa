//! Where secure properties are kept.

use std::collections::BTreeMap;
use std::path::Path;

use mapi_types::{MapiUid, PropTag, PropValue, Property, Result};

use super::files::Folder;
use super::format::{read_secrets, write_secrets};
use super::props::PropSet;

/// The secure properties of one profile, by section. Values are never shown by `Debug`.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Secrets(BTreeMap<MapiUid, PropSet>);

impl Secrets {
    /// The properties of a section.
    #[must_use]
    pub fn section(&self, uid: &MapiUid) -> Option<&PropSet> {
        self.0.get(uid)
    }

    /// A value.
    #[must_use]
    pub fn get(&self, uid: &MapiUid, tag: PropTag) -> Option<&PropValue> {
        self.section(uid)?.get(tag)
    }

    /// Sets a property of a section.
    pub fn set(&mut self, uid: &MapiUid, prop: Property) {
        self.0.entry(*uid).or_default().set(prop);
    }

    /// Replaces all properties of a section.
    pub fn replace(&mut self, uid: &MapiUid, props: PropSet) {
        self.0.insert(*uid, props);
    }

    /// Gives `to` what `from` has in `source`.
    pub fn copy_section(&mut self, source: &Self, from: &MapiUid, to: &MapiUid) {
        if let Some(props) = source.section(from) {
            self.0.insert(*to, props.clone());
        }
    }

    /// Drops the sections that `keep` says no to, and empty ones.
    pub fn retain(&mut self, keep: impl Fn(&MapiUid) -> bool) {
        self.0.retain(|uid, props| keep(uid) && !props.is_empty());
    }

    /// Both; of two values for one property the one of `self`.
    pub(super) fn joined(&self, old: &Self) -> Self {
        let mut both = old.clone();
        for (uid, props) in &self.0 {
            props.iter().for_each(|p| both.set(uid, p.clone()));
        }
        both
    }

    /// Whether there is no property.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.values().all(PropSet::is_empty)
    }

    /// The sections with their properties.
    pub fn iter(&self) -> impl Iterator<Item = (&MapiUid, &PropSet)> {
        self.0.iter()
    }
}

/// Keeps the secure properties of profiles (0x67F0 to 0x67FF). `profile` is the stem of the profile's file.
///
/// The profile store calls it with its writers' lock held: one call at a time.
pub trait SecretStore: Send + Sync {
    /// What is kept for a profile; nothing is no error.
    ///
    /// # Errors
    /// Those of the store.
    fn load(&self, profile: &str) -> Result<Secrets>;

    /// Replaces all that is kept for a profile, at once or not at all; nothing to keep removes it.
    ///
    /// # Errors
    /// Those of the store.
    fn save(&self, profile: &str, secrets: &Secrets) -> Result<()>;
}

/// A file beside each profile, which only its owner can read.
#[derive(Debug)]
pub struct SecretFiles(Folder);

impl SecretFiles {
    /// In this folder.
    ///
    /// # Errors
    /// As creating the folder.
    pub fn open(folder: &Path) -> Result<Self> {
        Ok(Self(Folder::create(folder)?))
    }
}

fn file_name(profile: &str) -> String {
    format!("{profile}.secrets")
}

impl SecretStore for SecretFiles {
    fn load(&self, profile: &str) -> Result<Secrets> {
        let name = file_name(profile);
        match self.0.read(&name)? {
            None => Ok(Secrets::default()),
            Some(text) => {
                let path = self.0.path(&name);
                if !self.0.is_private(&name) {
                    tracing::warn!(path = %path.display(), "others can read these passwords");
                }
                read_secrets(&text, &path)
            }
        }
    }

    fn save(&self, profile: &str, secrets: &Secrets) -> Result<()> {
        let name = file_name(profile);
        if secrets.is_empty() {
            self.0.remove(&name)
        } else {
            self.0.write(&name, &write_secrets(secrets))
        }
    }
}
