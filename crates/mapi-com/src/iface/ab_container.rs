//! IABContainer, IDistList and IMailUser.

use mapi_types::{EntryId, Error, PropTag, Result, Row};

use super::{Completion, MapiContainer, MapiProp, Progress};
use crate::ptr::ComPtr;

/// What became of one name in ResolveNames (the FlagList).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resolved {
    /// MAPI_UNRESOLVED.
    Unresolved,
    /// MAPI_AMBIGUOUS.
    Ambiguous,
    /// MAPI_RESOLVED.
    Resolved,
}

/// The four methods that IABContainer and IDistList share.
pub trait AbEntries: MapiContainer {
    /// CreateEntry from a template.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn create_entry(&self, template: &EntryId, flags: u32) -> Result<ComPtr<mapi_sys::IMAPIProp>> {
        let _ = (template, flags);
        Err(Error::no_support())
    }

    /// CopyEntries into this container.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn copy_entries(
        &self,
        entries: &[EntryId],
        progress: Option<&dyn Progress>,
        flags: u32,
    ) -> Result<Completion> {
        let _ = (entries, progress, flags);
        Err(Error::no_support())
    }

    /// DeleteEntries.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn delete_entries(&self, entries: &[EntryId], flags: u32) -> Result<Completion> {
        let _ = (entries, flags);
        Err(Error::no_support())
    }

    /// ResolveNames: rows that are still MAPI_UNRESOLVED in `flags_list` are looked up; a hit replaces the row's
    /// properties by `columns`.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT where it is cheaper to search the contents table.
    fn resolve_names(
        &self,
        columns: Option<&[PropTag]>,
        flags: u32,
        recipients: &mut [Row],
        resolved: &mut [Resolved],
    ) -> Result<()> {
        let _ = (columns, flags, recipients, resolved);
        Err(Error::no_support())
    }
}

/// IABContainer: a container of an address book (iabcontainerimapicontainer.md).
pub trait AbContainer: AbEntries {}

/// IDistList: a distribution list (idistlistimapicontainer.md).
pub trait DistList: AbEntries {}

/// IMailUser: a recipient; nothing more than IMAPIProp (imailuserimapiprop.md).
pub trait MailUser: MapiProp {}
