//! What the store keeps.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mapi_types::{NamedProp, PropTag, Property, Row, tag};

pub(super) const ROOT: u32 = 1;
pub(super) const SUBTREE: u32 = 2;
pub(super) const INBOX: u32 = 3;

pub(super) struct Disk(Mutex<State>);

pub(super) struct State {
    next: u32,
    pub(super) store_props: Vec<Property>,
    pub(super) folders: BTreeMap<u32, FolderRow>,
    pub(super) messages: BTreeMap<u32, MessageRow>,
    names: Vec<NamedProp>,
}

#[derive(Clone)]
pub(super) struct FolderRow {
    pub(super) parent: u32,
    pub(super) props: Vec<Property>,
}

/// Where a message is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) folder: u32,
    pub(super) associated: bool,
}

#[derive(Clone)]
pub(super) struct MessageRow {
    pub(super) folder: u32,
    pub(super) associated: bool,
    pub(super) data: MessageData,
}

impl MessageRow {
    pub(super) fn place(&self) -> Place {
        Place {
            folder: self.folder,
            associated: self.associated,
        }
    }
}

#[derive(Clone, Default)]
pub(super) struct MessageData {
    pub(super) props: Vec<Property>,
    pub(super) recipients: Vec<Row>,
    pub(super) next_recipient: i32,
    pub(super) attachments: BTreeMap<u32, AttachmentData>,
    pub(super) next_attachment: u32,
}

#[derive(Clone, Default)]
pub(super) struct AttachmentData {
    pub(super) props: Vec<Property>,
    pub(super) message: Option<Box<MessageData>>,
}

impl Disk {
    pub(super) fn of(name: &str) -> Arc<Self> {
        static ALL: Mutex<Option<HashMap<String, Arc<Disk>>>> = Mutex::new(None);
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let all = all.get_or_insert_default();
        let new = || Arc::new(Self(Mutex::new(State::new())));
        Arc::clone(all.entry(name.to_owned()).or_insert_with(new))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new() -> Self {
        let mut state = Self {
            next: ROOT,
            store_props: Vec::new(),
            folders: BTreeMap::new(),
            messages: BTreeMap::new(),
            names: Vec::new(),
        };
        state.add_folder(0, "");
        state.add_folder(ROOT, "Top of Personal Folders");
        state.add_folder(SUBTREE, "Inbox");
        state
    }

    pub(super) fn number(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    pub(super) fn add_folder(&mut self, parent: u32, name: &str) -> u32 {
        let number = self.number();
        let props = vec![Property::new(tag::PR_DISPLAY_NAME, name)];
        self.folders.insert(number, FolderRow { parent, props });
        number
    }

    pub(super) fn child(&self, parent: u32, name: &str) -> Option<u32> {
        let named = |row: &FolderRow| {
            let own = row.props.iter().find(|p| p.tag == tag::PR_DISPLAY_NAME);
            own.and_then(|p| p.value.as_str())
                .is_some_and(|own| own.eq_ignore_ascii_case(name))
        };
        let mut rows = self.folders.iter();
        rows.find(|(_, row)| row.parent == parent && named(row))
            .map(|(number, _)| *number)
    }

    pub(super) fn children(&self, parent: u32) -> Vec<u32> {
        let rows = self.folders.iter().filter(|(_, row)| row.parent == parent);
        rows.map(|(number, _)| *number).collect()
    }

    pub(super) fn messages_of(&self, folder: u32, associated: bool) -> Vec<u32> {
        let here = |row: &MessageRow| row.folder == folder && row.associated == associated;
        let rows = self.messages.iter().filter(|(_, row)| here(row));
        rows.map(|(number, _)| *number).collect()
    }

    pub(super) fn id_of(&mut self, name: &NamedProp, create: bool) -> Option<u16> {
        let known = self.names.iter().position(|known| known == name);
        let at = match known {
            None if create => {
                self.names.push(name.clone());
                self.names.len() - 1
            }
            known => known?,
        };
        u16::try_from(0x8000 + at).ok()
    }

    pub(super) fn name_of(&self, id: u16) -> Option<NamedProp> {
        let at = usize::from(id.checked_sub(0x8000)?);
        self.names.get(at).cloned()
    }
}

/// Sets properties by identifier.
pub(super) fn set(props: &mut Vec<Property>, new: &[Property]) {
    for prop in new {
        props.retain(|p| !p.tag.same_id(prop.tag));
        props.push(prop.clone());
    }
}

/// Deletes properties by identifier.
pub(super) fn delete(props: &mut Vec<Property>, tags: &[PropTag]) {
    props.retain(|p| !tags.iter().any(|tag| tag.same_id(p.tag)));
}
