//! The store object.

use std::time::Duration;

use mapi_provider::{
    Access, Change, ChangeFeed, ChangeKind, ObjectKind, Opened, PropObject, PropProblem,
    PropStream, ReceiveFolder, StatusInfo, StreamMode, TableSource,
};
use mapi_types::{
    EntryId, FileTime, Guid, MapiUid, NamedProp, PropTag, PropType, Property, Result, tag,
};

use super::folder::OpenFolder;
use super::message::OpenMessage;
use super::table::Table;
use super::{limit, set_problems, stream, tag_problems, writable};
use crate::engine::{self, Event, FolderRef, Special, Store, Uid};

/// queue_lease_ms (constants.md, section 17).
const QUEUE_LEASE: Duration = Duration::from_millis(120_000);

/// An open store.
pub(super) struct OpenStore {
    store: Store,
    name: String,
    /// Who claims messages of the outgoing queue.
    owner: Uid,
}

impl OpenStore {
    pub(super) fn new(store: Store, name: String) -> Self {
        Self {
            store,
            name,
            owner: Uid::new(),
        }
    }

    /// The message an identifier names.
    fn message(&self, entry_id: &EntryId) -> Result<Uid> {
        match self.store.parse(entry_id)? {
            (engine::ObjectKind::Message, uid) => Ok(uid),
            _ => Err(not_found("message")),
        }
    }
}

/// The identifier is not of such an object.
pub(super) fn not_found(what: &str) -> mapi_types::Error {
    mapi_types::Error::caller(mapi_types::ErrorCode::NOT_FOUND)
        .context(format!("the identifier does not name a {what}"))
        .component(super::DISPLAY_NAME)
}

/// The folder an identifier names.
pub(super) fn folder_uid(store: &Store, entry_id: &EntryId) -> Result<Uid> {
    match store.parse(entry_id)? {
        (engine::ObjectKind::Folder, uid) => Ok(uid),
        _ => Err(not_found("folder")),
    }
}

impl PropObject for OpenStore {
    fn get_props(&self, tags: &[PropTag], limit_bytes: usize) -> Result<Vec<Property>> {
        let mut props = self.store.props(tags, limit(limit_bytes))?;
        for (property, asked) in props.iter_mut().zip(tags) {
            let wanted = matches!(asked.ptype(), PropType::UNICODE | PropType::UNSPECIFIED);
            if asked.same_id(tag::PR_DISPLAY_NAME) && wanted && property.value.as_error().is_some()
            {
                *property = Property::new(tag::PR_DISPLAY_NAME, self.name.as_str());
            }
        }
        Ok(props)
    }

    fn prop_tags(&self) -> Result<Vec<PropTag>> {
        let mut tags = self.store.tags()?;
        if !tags.contains(&tag::PR_DISPLAY_NAME) {
            tags.push(tag::PR_DISPLAY_NAME);
        }
        Ok(tags)
    }

    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        Ok(set_problems(&self.store.set_props(props)?, props))
    }

    fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
        Ok(tag_problems(&self.store.delete_props(tags)?, tags))
    }

    fn open_stream(&self, tag: PropTag, mode: StreamMode) -> Result<Box<dyn PropStream>> {
        let opened = self.store.open_stream(tag, mode == StreamMode::Create)?;
        let store = self.store.clone();
        Ok(stream::over(opened, mode, move |s| {
            store.set_stream(tag, s)
        }))
    }

    fn save(&self, _force: bool) -> Result<()> {
        self.store.flush()
    }

    fn save_deferred(&self, _force: bool) -> Result<()> {
        Ok(())
    }

    fn writable(&self) -> bool {
        !self.store.is_read_only()
    }
}

impl mapi_provider::Store for OpenStore {
    fn uid(&self) -> MapiUid {
        self.store.uid()
    }

    fn entry_id(&self) -> EntryId {
        self.store.store_entry_id()
    }

    fn record_key(&self) -> Vec<u8> {
        self.store.uid().0.to_vec()
    }

    fn status(&self) -> StatusInfo {
        StatusInfo {
            provider_display: super::DISPLAY_NAME.to_owned(),
            ..StatusInfo::available(self.name.as_str())
        }
    }

    fn validate(&self) -> Result<()> {
        self.store.special(Special::Root).map(drop)
    }

    fn open_entry(&self, entry_id: &EntryId, access: Access) -> Result<Opened> {
        let writable = writable(&self.store, access)?;
        if entry_id.is_empty() {
            let root = self.store.special(Special::Root)?;
            return Ok(Opened::Folder(Box::new(OpenFolder::new(root, writable))));
        }
        Ok(match self.store.parse(entry_id)? {
            (engine::ObjectKind::Folder, uid) => {
                let folder = self.store.open_folder(uid)?;
                Opened::Folder(Box::new(OpenFolder::new(folder, writable)))
            }
            (engine::ObjectKind::Message, uid) => {
                let message = self.store.open_message(uid)?;
                Opened::Message(Box::new(OpenMessage::new(message, writable)))
            }
            (engine::ObjectKind::Store, _) => return Err(not_found("folder or message")),
        })
    }

    fn ids_from_names(&self, names: &[NamedProp], create: bool) -> Result<Vec<Option<u16>>> {
        self.store.ids_from_names(names, create)
    }

    fn names_from_ids(&self, ids: &[u16]) -> Result<Vec<Option<NamedProp>>> {
        self.store.names_from_ids(ids)
    }

    fn all_names(&self, set: Option<&Guid>) -> Result<Vec<(u16, NamedProp)>> {
        let mut names = self.store.all_names()?;
        names.retain(|(_, name)| set.is_none_or(|set| name.set == *set));
        Ok(names)
    }

    fn receive_folder(&self, message_class: &str) -> Result<ReceiveFolder> {
        self.store.receive_folder(message_class).map(receive)
    }

    fn set_receive_folder(&self, message_class: &str, folder: Option<&EntryId>) -> Result<()> {
        let folder = folder.map(|id| folder_uid(&self.store, id)).transpose()?;
        self.store.set_receive_folder(message_class, folder)
    }

    fn receive_folders(&self) -> Result<Vec<ReceiveFolder>> {
        let all = self.store.receive_folders()?;
        Ok(all.into_iter().map(receive).collect())
    }

    fn outgoing_queue(&self) -> Result<Box<dyn TableSource>> {
        Ok(Box::new(Table(self.store.outgoing_table())))
    }

    fn abort_submit(&self, message: &EntryId) -> Result<()> {
        self.store
            .abort_submit(self.message(message)?, FileTime::now())
    }

    fn set_locked(&self, message: &EntryId, locked: bool) -> Result<()> {
        let (uid, now) = (self.message(message)?, FileTime::now());
        if locked {
            self.store.claim(uid, self.owner, now, QUEUE_LEASE)
        } else {
            self.store.unclaim(uid, self.owner, now)
        }
    }

    fn finished(&self, message: &EntryId) -> Result<()> {
        self.store.finished_sending(self.message(message)?)
    }

    fn watch(&self, feed: ChangeFeed) -> Result<()> {
        let uid = self.store.uid();
        self.store.listen(move |event| {
            if let Event::Changes(changes) = event {
                let told: Vec<Change> = changes.iter().map(|c| change(uid, c)).collect();
                feed(&told);
            }
        });
        self.store.watch_others();
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        self.store.flush()
    }

    fn close(&self) -> Result<()> {
        self.store.close()
    }
}

fn receive(found: engine::ReceiveFolder) -> ReceiveFolder {
    ReceiveFolder {
        message_class: found.class,
        folder: found.folder,
    }
}

/// A change as the traits have it.
fn change(store: MapiUid, c: &engine::Change) -> Change {
    let id = |kind, uid| engine::entry_id(store, kind, uid);
    let folder = |at: Option<FolderRef>| {
        at.map_or_else(EntryId::default, |at| {
            id(engine::ObjectKind::Folder, at.uid)
        })
    };
    let old_entry_id = c
        .old_uid
        .map_or_else(EntryId::default, |uid| id(c.object, uid));
    let old_parent = folder(c.old_parent);
    Change {
        kind: match c.kind {
            engine::ChangeKind::Created => ChangeKind::Created,
            engine::ChangeKind::Modified => ChangeKind::Modified(Vec::new()),
            engine::ChangeKind::Deleted => ChangeKind::Deleted,
            engine::ChangeKind::Moved => ChangeKind::Moved {
                old_entry_id,
                old_parent,
            },
            engine::ChangeKind::Copied => ChangeKind::Copied {
                old_entry_id,
                old_parent,
            },
        },
        object: match c.object {
            engine::ObjectKind::Store => ObjectKind::Store,
            engine::ObjectKind::Folder => ObjectKind::Folder,
            engine::ObjectKind::Message => ObjectKind::Message,
        },
        entry_id: id(c.object, c.uid),
        parent: folder(c.parent),
    }
}
