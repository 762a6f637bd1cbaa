//! Folders.

use mapi_types::{EntryId, Error, Restriction, Result, SortOrder};

use crate::{Completion, Message, Progress, PropObject, ReadFlags, SearchCriteria, TableSource};

/// Copying or moving.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transfer {
    /// The original stays.
    Copy,
    /// MESSAGE_MOVE, FOLDER_MOVE: the original goes. Moved objects keep their identifier if the store can.
    Move,
}

/// A folder to make (CreateFolder).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewFolder<'a> {
    /// PR_DISPLAY_NAME.
    pub name: &'a str,
    /// PR_COMMENT; empty: none.
    pub comment: &'a str,
    /// FOLDER_SEARCH instead of FOLDER_GENERIC.
    pub search: bool,
    /// OPEN_IF_EXISTS: a folder of that name is opened instead.
    pub open_if_exists: bool,
}

/// What DeleteFolder may take along.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DeleteFolder {
    /// DEL_MESSAGES.
    pub messages: bool,
    /// DEL_FOLDERS.
    pub folders: bool,
}

/// A folder (IMAPIFolder).
///
/// Operations on many entries do what they can, and answer [`Completion::Partial`] if an entry could not be done (it has
/// gone, or access is missing). They are called with a target in the same store; the crate copies to other stores itself.
///
/// Any thread, several at once.
pub trait Folder: PropObject {
    /// The folders in this one; with `deep` all below, PR_DEPTH telling how far (CONVENIENT_DEPTH).
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT, and those of the storage.
    fn hierarchy(&self, deep: bool) -> Result<Box<dyn TableSource>>;

    /// The messages in this folder, or its associated ones (MAPI_ASSOCIATED).
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT, and those of the storage.
    fn contents(&self, associated: bool) -> Result<Box<dyn TableSource>>;

    /// A new message, writable; it exists once it is saved.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_NO_SUPPORT.
    fn create_message(&self, associated: bool) -> Result<Box<dyn Message>> {
        let _ = associated;
        Err(Error::no_support())
    }

    /// Makes a folder in this one, at once, and opens it for writing.
    ///
    /// # Errors
    /// MAPI_E_COLLISION, MAPI_E_NO_ACCESS, MAPI_E_NO_SUPPORT (search folders).
    fn create_folder(&self, new: &NewFolder<'_>) -> Result<Box<dyn Folder>> {
        let _ = new;
        Err(Error::no_support())
    }

    /// Copies or moves messages of this folder into the folder `target`.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND for the target, MAPI_E_NO_ACCESS, MAPI_E_USER_CANCEL.
    fn transfer_messages(
        &self,
        messages: &[EntryId],
        target: &EntryId,
        how: Transfer,
        progress: &dyn Progress,
    ) -> Result<Completion> {
        let _ = (messages, target, how, progress);
        Err(Error::no_support())
    }

    /// Deletes messages of this folder.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_USER_CANCEL.
    fn delete_messages(&self, messages: &[EntryId], progress: &dyn Progress) -> Result<Completion> {
        let _ = (messages, progress);
        Err(Error::no_support())
    }

    /// Copies or moves the folder `folder` of this one under `target`, with a new name if there is one. A move takes all
    /// that is below along; a copy only with `subfolders` (COPY_SUBFOLDERS).
    ///
    /// # Errors
    /// MAPI_E_COLLISION, MAPI_E_FOLDER_CYCLE, MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS, MAPI_E_USER_CANCEL.
    fn transfer_folder(
        &self,
        folder: &EntryId,
        target: &EntryId,
        how: Transfer,
        new_name: Option<&str>,
        subfolders: bool,
        progress: &dyn Progress,
    ) -> Result<Completion> {
        let _ = (folder, target, how, new_name, subfolders, progress);
        Err(Error::no_support())
    }

    /// Deletes the folder `folder` of this one.
    ///
    /// # Errors
    /// MAPI_E_HAS_MESSAGES, MAPI_E_HAS_FOLDERS, MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS, MAPI_E_USER_CANCEL.
    fn delete_folder(
        &self,
        folder: &EntryId,
        along: DeleteFolder,
        progress: &dyn Progress,
    ) -> Result<Completion> {
        let _ = (folder, along, progress);
        Err(Error::no_support())
    }

    /// Deletes all messages and folders in this one; associated messages only with `associated` (DEL_ASSOCIATED).
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_USER_CANCEL.
    fn empty(&self, associated: bool, progress: &dyn Progress) -> Result<Completion> {
        let _ = (associated, progress);
        Err(Error::no_support())
    }

    /// Marks messages of this folder, all if `messages` is `None`.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPRESS, MAPI_E_NO_ACCESS, MAPI_E_USER_CANCEL.
    fn set_read(
        &self,
        messages: Option<&[EntryId]>,
        flags: ReadFlags,
        progress: &dyn Progress,
    ) -> Result<Completion> {
        let _ = (messages, flags, progress);
        Err(Error::no_support())
    }

    /// PR_MSG_STATUS of a message in this folder.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    fn message_status(&self, message: &EntryId) -> Result<u32> {
        let _ = message;
        Err(Error::no_support())
    }

    /// Changes the bits of `mask` in PR_MSG_STATUS: the status before.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS.
    fn set_message_status(&self, message: &EntryId, status: u32, mask: u32) -> Result<u32> {
        let _ = (message, status, mask);
        Err(Error::no_support())
    }

    /// The order contents tables of this folder start with.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn save_contents_sort(&self, order: &SortOrder) -> Result<()> {
        let _ = order;
        Err(Error::no_support())
    }

    /// What a search folder looks for.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where there are no search folders, MAPI_E_NOT_INITIALIZED before it was set.
    fn search_criteria(&self) -> Result<SearchCriteria> {
        Err(Error::no_support())
    }

    /// Starts, changes or stops a search; `flags` are STOP_SEARCH, RESTART_SEARCH, RECURSIVE_SEARCH, SHALLOW_SEARCH,
    /// FOREGROUND_SEARCH, BACKGROUND_SEARCH; `None` and an empty list leave what there is.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where there are no search folders, MAPI_E_TOO_COMPLEX.
    fn set_search_criteria(
        &self,
        restriction: Option<&Restriction>,
        containers: &[EntryId],
        flags: u32,
    ) -> Result<()> {
        let _ = (restriction, containers, flags);
        Err(Error::no_support())
    }
}
