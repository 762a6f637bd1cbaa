//! A session's hold on its profile.

use std::sync::Arc;

use mapi_types::{Error, ErrorCode, MapiUid, Result};

use super::content::Profile;
use super::files::Locked;
use super::sections::{OpenSection, SectionAccess};
use super::store::{ProfileStore, no_profile, use_file};

/// The use of a profile by a session, from logon to logoff.
///
/// The session works with the services and providers that were there when it began ([`ProfileUse::profile`]); changes act
/// on the next session (OP-56). The properties of sections are read and written as they are now.
///
/// While it lives, a deletion of the profile or of a part of it is only marked, by any process. [`ProfileUse::end`] is step
/// 12 of the way down; dropping it does the same, without an answer.
pub struct ProfileUse {
    store: Arc<ProfileStore>,
    profile: Arc<Profile>,
    /// The shared lock; `None` once it has ended.
    hold: Option<Locked>,
}

impl ProfileStore {
    /// Begins to use a profile.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, also if it is marked for deletion; MAPI_E_CORRUPT_DATA with file and line.
    pub fn begin_use(self: &Arc<Self>, name: &str) -> Result<ProfileUse> {
        let writing = self.write_lock()?;
        let mut profile = self.read(name)?;
        let stem = profile.name.file_stem();
        if profile.has_marks()
            && let Some(alone) = writing.alone(&stem)?
        {
            // Sessions that used it did not get to their end.
            writing.settle(&stem, alone)?;
            profile = self.read(name)?;
        }
        let file = use_file(&stem);
        let hold = Locked::shared(self.folder.open_lock(&file)?, &self.folder.path(&file))?;
        let hold = hold.ok_or_else(|| {
            // Only a holder of the right to write locks it alone, and that is we.
            let text = format!("a program that is not MAPI has locked {file}");
            Error::system(ErrorCode::BUSY).context(text)
        })?;
        drop(writing);
        Ok(ProfileUse {
            store: Arc::clone(self),
            profile,
            hold: Some(hold),
        })
    }
}

impl ProfileUse {
    /// The profile as it was when the session began.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The name of the profile.
    #[must_use]
    pub fn name(&self) -> &str {
        self.profile.name.as_str()
    }

    /// The store it belongs to.
    #[must_use]
    pub fn store(&self) -> &Arc<ProfileStore> {
        &self.store
    }

    /// Opens a section (IMAPISession, IMAPISupport: OpenProfileSection); `None` is that of MAPI.
    ///
    /// # Errors
    /// As [`ProfileStore::open_section`].
    pub fn open_section(
        &self,
        uid: Option<&MapiUid>,
        access: SectionAccess,
    ) -> Result<OpenSection> {
        self.store.open_section(self.name(), uid, access)
    }

    /// The session has ended: temporary sections go, and what was marked for deletion, if this was the last session
    /// (LIFE-LOGOFF-026).
    ///
    /// # Errors
    /// Those of the disk. What could not be done is done when a session next begins to use the profile.
    pub fn end(mut self) -> Result<()> {
        self.finish()
    }

    fn finish(&mut self) -> Result<()> {
        let Some(hold) = self.hold.take() else {
            return Ok(());
        };
        let writing = self.store.write_lock()?;
        drop(hold);
        let stem = self.profile.name.file_stem();
        let marks = match self.store.load(&stem)? {
            Some(profile) => profile.has_marks(),
            // Somebody has removed the file.
            None => return Err(no_profile(self.name())),
        };
        if marks && let Some(alone) = writing.alone(&stem)? {
            writing.settle(&stem, alone)?;
        }
        Ok(())
    }
}

impl Drop for ProfileUse {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            tracing::warn!(profile = self.name(), %error, "the end of its use could not be completed");
        }
    }
}
