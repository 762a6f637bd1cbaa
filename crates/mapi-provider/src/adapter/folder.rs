//! IMAPIFolder over a [`Folder`].

use std::cell::Cell;
use std::sync::Arc;

use mapi_com::iface::{
    self, ComObject, Completion, CopyTarget, MapiContainer, MapiFolder, MapiProp, OpenedEntry,
    PropProblem, SearchCriteria,
};
use mapi_com::ptr::{ComPtr, Unknown};
use mapi_com::shell::export;
use mapi_sys::{
    CONVENIENT_DEPTH, COPY_SUBFOLDERS, DEL_ASSOCIATED, DEL_FOLDERS, DEL_MESSAGES, FOLDER_GENERIC,
    FOLDER_MOVE, FOLDER_SEARCH, GUID, IID_IMAPIContainer, IID_IMAPIFolder, IID_IMAPIProp,
    IMAPIFolder, IMAPITable, IMessage, MAPI_ASSOCIATED, MAPI_FOLDER, MESSAGE_MOVE, OPEN_IF_EXISTS,
};
use mapi_types::{
    EntryId, ErrorCode, Guid, NamedProp, PropTag, Property, Restriction, Result, SortOrder, tag,
};

use super::copy::{Parts, copy_folder, copy_message};
use super::home::{Home, check_interface};
use super::message::{MessageObject, read_flags};
use super::prop::{PropHost, prop_methods};
use super::table::TableObject;
use super::text::{widen_order, widen_restriction};
use crate::{DeleteFolder, Folder, NewFolder, Progress, PropObject, Transfer};

const INTERFACES: [GUID; 3] = [IID_IMAPIProp, IID_IMAPIContainer, IID_IMAPIFolder];

pub(crate) struct FolderObject {
    home: Arc<Home>,
    folder: Arc<dyn Folder>,
}

impl FolderObject {
    pub(crate) fn open(
        home: &Arc<Home>,
        folder: Box<dyn Folder>,
        interface: Option<&Guid>,
    ) -> Result<ComPtr<IMAPIFolder>> {
        check_interface(interface, &INTERFACES)?;
        let this = Self {
            home: Arc::clone(home),
            folder: Arc::from(folder),
        };
        export::<dyn MapiFolder>(&home.scope, Arc::new(this))
    }

    pub(crate) fn opened(
        home: &Arc<Home>,
        folder: Box<dyn Folder>,
        interface: Option<&Guid>,
    ) -> Result<OpenedEntry> {
        Ok(OpenedEntry {
            object_type: MAPI_FOLDER,
            object: Self::open(home, folder, interface)?.into_unknown(),
        })
    }

    /// The target's identifier if it is a folder of this store; the author moves and copies within the store.
    fn within(&self, target: &ComPtr<IMAPIFolder>) -> Result<Option<EntryId>> {
        let store = self.home.store()?;
        let ids = [tag::PR_STORE_RECORD_KEY, tag::PR_ENTRYID];
        let props = target.get_props(Some(&ids), 0)?;
        let bytes = |at: usize| props.get(at).and_then(|p| p.value.as_bytes());
        let here = bytes(0) == Some(&store.record_key()[..]);
        Ok(bytes(1).filter(|_| here).map(EntryId::from))
    }

    /// Messages to a folder of another store, one by one.
    fn messages_elsewhere(
        &self,
        messages: &[EntryId],
        target: &ComPtr<IMAPIFolder>,
        how: Transfer,
        progress: &dyn Progress,
    ) -> Result<Completion> {
        let mut copied = Vec::with_capacity(messages.len());
        let total = messages.len() as u64;
        for (done, message) in (0..total).zip(messages) {
            progress.step(done, total)?;
            match copy_message(&self.home, message, target, 0) {
                Ok(()) => copied.push(message.clone()),
                Err(error) if is_fatal(error.code()) => return Err(error),
                Err(_) => {}
            }
        }
        let mut completion = completion(copied.len() == messages.len());
        if how == Transfer::Move && !copied.is_empty() {
            let deleted = self.folder.delete_messages(&copied, &())?;
            completion = worse(completion, deleted);
        }
        Ok(completion)
    }
}

/// What ends a run over many messages instead of leaving one of them out.
fn is_fatal(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::USER_CANCEL | ErrorCode::NOT_ENOUGH_DISK | ErrorCode::NOT_ENOUGH_MEMORY
    )
}

fn completion(full: bool) -> Completion {
    if full {
        Completion::Full
    } else {
        Completion::Partial
    }
}

fn worse(a: Completion, b: Completion) -> Completion {
    completion(a == Completion::Full && b == Completion::Full)
}

fn transfer(moves: bool) -> Transfer {
    if moves {
        Transfer::Move
    } else {
        Transfer::Copy
    }
}

/// A client's progress object, told only when the number it shows changes.
pub(crate) struct Steps<'a> {
    client: Option<&'a dyn iface::Progress>,
    limits: (u32, u32),
    shown: Cell<Option<u32>>,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(client: Option<&'a dyn iface::Progress>) -> Result<Self> {
        let limits = client.map_or(Ok((0, 0)), |c| c.get_limits())?;
        Ok(Self {
            client,
            limits,
            shown: Cell::new(None),
        })
    }
}

impl Progress for Steps<'_> {
    fn step(&self, done: u64, total: u64) -> Result<()> {
        let Some(client) = self.client else {
            return Ok(());
        };
        let (min, max) = self.limits;
        let span = u128::from(max.saturating_sub(min));
        let part = span * u128::from(done.min(total)) / u128::from(total.max(1));
        let value = min.saturating_add(u32::try_from(part).unwrap_or(0));
        if self.shown.replace(Some(value)) == Some(value) {
            return Ok(());
        }
        let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        client.progress(value, small(done), small(total))
    }
}

impl PropHost for FolderObject {
    fn home(&self) -> &Arc<Home> {
        &self.home
    }

    fn object(&self) -> Arc<dyn PropObject> {
        Arc::clone(&self.folder) as _
    }

    fn object_type(&self) -> u32 {
        MAPI_FOLDER
    }

    fn parts(&self) -> Parts {
        Parts::Folder(Arc::clone(&self.folder))
    }

    fn open_part(&self, tag: PropTag, interface: &Guid, flags: u32) -> Result<Option<Unknown>> {
        let source = if tag.same_id(tag::PR_CONTAINER_CONTENTS) {
            self.folder.contents(false)?
        } else if tag.same_id(tag::PR_FOLDER_ASSOCIATED_CONTENTS) {
            self.folder.contents(true)?
        } else if tag.same_id(tag::PR_CONTAINER_HIERARCHY) {
            self.folder.hierarchy(false)?
        } else {
            return Ok(None);
        };
        check_interface(Some(interface), &[mapi_sys::IID_IMAPITable])?;
        let table = TableObject::open(&self.home, source, flags)?;
        Ok(Some(table.into_unknown()))
    }
}

impl ComObject for FolderObject {}

impl MapiProp for FolderObject {
    prop_methods!();
}

impl MapiContainer for FolderObject {
    fn get_contents_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
        let source = self.folder.contents(flags & MAPI_ASSOCIATED != 0)?;
        TableObject::open(&self.home, source, flags)
    }

    fn get_hierarchy_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
        let source = self.folder.hierarchy(flags & CONVENIENT_DEPTH != 0)?;
        TableObject::open(&self.home, source, flags)
    }

    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        self.home.open_entry(entry_id, interface, flags)
    }

    fn set_search_criteria(
        &self,
        restriction: Option<&Restriction>,
        containers: &[EntryId],
        flags: u32,
    ) -> Result<()> {
        let restriction = restriction.map(widen_restriction);
        self.folder
            .set_search_criteria(restriction.as_ref(), containers, flags)
    }

    fn get_search_criteria(&self, _flags: u32) -> Result<SearchCriteria> {
        self.folder.search_criteria()
    }
}

impl MapiFolder for FolderObject {
    fn create_message(&self, interface: Option<&Guid>, flags: u32) -> Result<ComPtr<IMessage>> {
        let message = self.folder.create_message(flags & MAPI_ASSOCIATED != 0)?;
        MessageObject::open(&self.home, message, interface)
    }

    fn copy_messages(
        &self,
        messages: &[EntryId],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Completion> {
        let progress = Steps::new(target.progress)?;
        let how = transfer(flags & MESSAGE_MOVE != 0);
        let folder: ComPtr<IMAPIFolder> = target.object.query()?;
        match self.within(&folder)? {
            Some(id) => self.folder.transfer_messages(messages, &id, how, &progress),
            None => self.messages_elsewhere(messages, &folder, how, &progress),
        }
    }

    fn delete_messages(
        &self,
        messages: &[EntryId],
        progress: Option<&dyn iface::Progress>,
        _flags: u32,
    ) -> Result<Completion> {
        self.folder
            .delete_messages(messages, &Steps::new(progress)?)
    }

    fn create_folder(
        &self,
        folder_type: u32,
        name: &str,
        comment: Option<&str>,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<ComPtr<IMAPIFolder>> {
        check_interface(interface, &INTERFACES)?;
        if name.is_empty() || !matches!(folder_type, FOLDER_GENERIC | FOLDER_SEARCH) {
            return Err(ErrorCode::INVALID_PARAMETER.into());
        }
        let folder = self.folder.create_folder(&NewFolder {
            name,
            comment: comment.unwrap_or(""),
            search: folder_type == FOLDER_SEARCH,
            open_if_exists: flags & OPEN_IF_EXISTS != 0,
        })?;
        Self::open(&self.home, folder, interface)
    }

    fn copy_folder(
        &self,
        folder: &EntryId,
        target: &CopyTarget<'_>,
        new_name: Option<&str>,
        flags: u32,
    ) -> Result<Completion> {
        let progress = Steps::new(target.progress)?;
        let how = transfer(flags & FOLDER_MOVE != 0);
        let subfolders = flags & (COPY_SUBFOLDERS | FOLDER_MOVE) != 0;
        let parent: ComPtr<IMAPIFolder> = target.object.query()?;
        if let Some(id) = self.within(&parent)? {
            return self
                .folder
                .transfer_folder(folder, &id, how, new_name, subfolders, &progress);
        }
        copy_folder(&self.home, folder, &parent, new_name, subfolders)?;
        if how == Transfer::Move {
            let all = DeleteFolder {
                messages: true,
                folders: true,
            };
            return self.folder.delete_folder(folder, all, &progress);
        }
        Ok(Completion::Full)
    }

    fn delete_folder(
        &self,
        folder: &EntryId,
        progress: Option<&dyn iface::Progress>,
        flags: u32,
    ) -> Result<Completion> {
        let along = DeleteFolder {
            messages: flags & DEL_MESSAGES != 0,
            folders: flags & DEL_FOLDERS != 0,
        };
        self.folder
            .delete_folder(folder, along, &Steps::new(progress)?)
    }

    fn set_read_flags(
        &self,
        messages: Option<&[EntryId]>,
        progress: Option<&dyn iface::Progress>,
        flags: u32,
    ) -> Result<Completion> {
        self.folder
            .set_read(messages, read_flags(flags), &Steps::new(progress)?)
    }

    fn get_message_status(&self, message: &EntryId) -> Result<u32> {
        self.folder.message_status(message)
    }

    fn set_message_status(&self, message: &EntryId, status: u32, mask: u32) -> Result<u32> {
        self.folder.set_message_status(message, status, mask)
    }

    fn save_contents_sort(&self, order: &SortOrder, _flags: u32) -> Result<()> {
        self.folder.save_contents_sort(&widen_order(order))
    }

    fn empty_folder(
        &self,
        progress: Option<&dyn iface::Progress>,
        flags: u32,
    ) -> Result<Completion> {
        self.folder
            .empty(flags & DEL_ASSOCIATED != 0, &Steps::new(progress)?)
    }
}
