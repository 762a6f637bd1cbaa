//! The short tables: folders, recipients, attachments, the outgoing queue.

use mapi_types::{FileTime, PropTag, PropType, Property, Result, Row, tag};

use super::list::ListTable;
use crate::engine::changes::Event;
use crate::engine::folder::{Folder, FolderRow, folder_prop, folder_tags};
use crate::engine::message::Message;
use crate::engine::message::computed::{message_prop, message_tags};
use crate::engine::message::data::Body;
use crate::engine::sql::{int, long};
use crate::engine::{ObjectKind, Store};

/// Values of more bytes are left out of these tables.
const TABLE_MAX: u64 = 8 * 1024;

const HIERARCHY: [PropTag; 10] = [
    tag::PR_ENTRYID,
    tag::PR_INSTANCE_KEY,
    tag::PR_DISPLAY_NAME,
    tag::PR_DEPTH,
    tag::PR_FOLDER_TYPE,
    tag::PR_SUBFOLDERS,
    tag::PR_CONTENT_COUNT,
    tag::PR_CONTENT_UNREAD,
    tag::PR_PARENT_ENTRYID,
    tag::PR_COMMENT,
];

const RECIPIENTS: [PropTag; 8] = [
    tag::PR_ROWID,
    tag::PR_INSTANCE_KEY,
    tag::PR_RECIPIENT_TYPE,
    tag::PR_DISPLAY_NAME,
    tag::PR_ADDRTYPE,
    tag::PR_EMAIL_ADDRESS,
    tag::PR_ENTRYID,
    tag::PR_SEARCH_KEY,
];

const ATTACHMENTS: [PropTag; 8] = [
    tag::PR_ATTACH_NUM,
    tag::PR_INSTANCE_KEY,
    tag::PR_RECORD_KEY,
    tag::PR_RENDERING_POSITION,
    tag::PR_ATTACH_FILENAME,
    tag::PR_ATTACH_METHOD,
    tag::PR_ATTACH_SIZE,
    tag::PR_ATTACH_LONG_FILENAME,
];

const OUTGOING: [PropTag; 9] = [
    tag::PR_ENTRYID,
    tag::PR_INSTANCE_KEY,
    tag::PR_SUBJECT,
    tag::PR_SENDER_NAME,
    tag::PR_DISPLAY_TO,
    tag::PR_CLIENT_SUBMIT_TIME,
    tag::PR_PRIORITY,
    tag::PR_MESSAGE_FLAGS,
    tag::PR_SUBMIT_FLAGS,
];

/// SUBMITFLAG_LOCKED.
const LOCKED: i32 = 1;

fn folders_changed(event: &Event<'_>) -> bool {
    match event {
        Event::Foreign => true,
        Event::Changes(changes) => changes.iter().any(|c| c.object == ObjectKind::Folder),
    }
}

fn anything(_: &Event<'_>) -> bool {
    true
}

impl Folder {
    /// The folders in this one; with `deep` all below, PR_DEPTH telling how far.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED if the folder has gone.
    pub fn hierarchy(&self, deep: bool) -> Result<ListTable> {
        self.load()?;
        let folder = self.clone();
        let read = move || {
            folder
                .store
                .folders_below(folder.at)?
                .iter()
                .filter(|(_, depth)| deep || *depth == 1)
                .map(|(row, depth)| folder_row(&folder.store, row, *depth))
                .collect()
        };
        Ok(ListTable::live(
            &self.store,
            &HIERARCHY,
            tag::PR_INSTANCE_KEY,
            folders_changed,
            Box::new(read),
        ))
    }
}

fn folder_row(store: &Store, row: &FolderRow, depth: u32) -> Result<Row> {
    let mut props = folder_tags(store, row)
        .into_iter()
        .chain([tag::PR_INSTANCE_KEY])
        .filter(|t| t.ptype() != PropType::OBJECT)
        .map(|t| folder_prop(store, store, row, t, TABLE_MAX))
        .collect::<Result<Vec<_>>>()?;
    props.push(Property::new(tag::PR_DEPTH, long(int(depth))));
    Ok(Row { props })
}

impl Message {
    /// The recipients, unsaved changes included, as they are now.
    #[must_use]
    pub fn recipient_table(&self) -> ListTable {
        let message = self.clone();
        let read = move || {
            let rows = message.recipients()?.into_iter().map(|mut props| {
                let id = props
                    .iter()
                    .find(|p| p.tag == tag::PR_ROWID)
                    .and_then(|p| p.value.as_long())
                    .unwrap_or_default();
                if !props.iter().any(|p| p.tag.same_id(tag::PR_INSTANCE_KEY)) {
                    props.push(Property::new(tag::PR_INSTANCE_KEY, &id.to_be_bytes()[..]));
                }
                Row { props }
            });
            Ok(rows.collect())
        };
        ListTable::fixed(&RECIPIENTS, tag::PR_ROWID, Box::new(read))
    }

    /// The attachments, unsaved changes included, as they are now.
    #[must_use]
    pub fn attachment_table(&self) -> ListTable {
        let message = self.clone();
        let read = move || Ok(message.attachments()?.into_iter().map(Row::from).collect());
        ListTable::fixed(&ATTACHMENTS, tag::PR_ATTACH_NUM, Box::new(read))
    }
}

impl Store {
    /// The messages waiting to be sent, in the order of submission.
    #[must_use]
    pub fn outgoing_table(&self) -> ListTable {
        let store = self.clone();
        let read = move || {
            let queue = store.outgoing(FileTime::now())?;
            let mut rows = Vec::with_capacity(queue.len());
            for entry in queue {
                rows.extend(outgoing_row(&store, entry.id, entry.locked)?);
            }
            Ok(rows)
        };
        ListTable::live(
            self,
            &OUTGOING,
            tag::PR_INSTANCE_KEY,
            anything,
            Box::new(read),
        )
    }
}

/// `None`: the message has gone meanwhile.
fn outgoing_row(store: &Store, id: i64, locked: bool) -> Result<Option<Row>> {
    store.snapshot(|conn| {
        let Some(body) = Body::load(conn, id)? else {
            return Ok(None);
        };
        let parent = crate::engine::folder::by_row(conn, body.head.folder_id)?;
        let mut props = message_tags(store, &body, Some(parent))
            .into_iter()
            .chain([tag::PR_INSTANCE_KEY])
            .filter(|t| t.ptype() != PropType::OBJECT)
            .map(|t| message_prop(store, conn, &body, Some(parent), t, TABLE_MAX))
            .collect::<Result<Vec<_>>>()?;
        let flags = if locked { LOCKED } else { 0 };
        props.push(Property::new(tag::PR_SUBMIT_FLAGS, flags));
        Ok(Some(Row { props }))
    })
}
