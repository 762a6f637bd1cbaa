//! How the columns that a client asks for are read from a message's row.

use mapi_types::{EntryId, ErrorCode, PropTag, PropType, PropValue, Property, Result, Row, tag};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::{self, Fixed};
use crate::engine::message::computed::{
    MESSAGE, change_key, instance_key, message_access, message_default,
};
use crate::engine::message::data::{Body, flag};
use crate::engine::props::{PropSet, type_fits};
use crate::engine::sql::Tried;
use crate::engine::{FolderRef, ObjectKind, Store, Uid, id};

/// How one column is read.
#[derive(Clone)]
enum Cell {
    /// From a column of its own.
    Fixed(usize, &'static Fixed),
    /// The same in every row.
    Const(Property),
    HasAttach(usize),
    EntryId(usize),
    RecordKey(usize),
    InstanceKey,
    ChangeKey(usize),
    /// From the property set.
    Detail,
}

/// What to select and how to make rows of it. The first selected value is always the message's id.
#[derive(Clone)]
pub(crate) struct Plan {
    select: Vec<&'static str>,
    cells: Vec<(PropTag, Cell)>,
    present: Option<usize>,
    store: mapi_types::MapiUid,
}

impl Plan {
    /// For the columns `tags` of the messages of one folder.
    pub(crate) fn new(store: &Store, folder: FolderRef, tags: &[PropTag]) -> Self {
        let mut plan = Self {
            select: vec!["m.id"],
            cells: Vec::with_capacity(tags.len()),
            present: None,
            store: store.uid(),
        };
        for &asked in tags {
            let cell = plan.cell(store, folder, asked);
            plan.cells.push((asked, cell));
        }
        plan
    }

    fn slot(&mut self, column: &'static str) -> usize {
        match self.select.iter().position(|c| *c == column) {
            Some(at) => at,
            None => {
                self.select.push(column);
                self.select.len() - 1
            }
        }
    }

    fn cell(&mut self, store: &Store, folder: FolderRef, asked: PropTag) -> Cell {
        if asked.ptype() == PropType::NULL {
            return Cell::Const(Property::new(asked, PropValue::Null));
        }
        if let Some(fixed) = columns::find(asked) {
            if fixed.bit.is_some() && self.present.is_none() {
                self.present = Some(self.slot("m.present"));
            }
            return Cell::Fixed(self.slot(fixed.column), fixed);
        }
        let Some(tag) = MESSAGE.into_iter().find(|t| t.same_id(asked)) else {
            return Cell::Detail;
        };
        if !type_fits(asked, tag) {
            return Cell::Const(Property::error(asked, ErrorCode::NOT_FOUND));
        }
        match tag {
            tag::PR_ENTRYID => Cell::EntryId(self.slot("m.uid")),
            tag::PR_RECORD_KEY => Cell::RecordKey(self.slot("m.uid")),
            tag::PR_INSTANCE_KEY => Cell::InstanceKey,
            tag::PR_HASATTACH => Cell::HasAttach(self.slot("flags")),
            tag::PR_CHANGE_KEY => Cell::ChangeKey(self.slot("m.version")),
            tag::PR_PARENT_ENTRYID => {
                let parent = store.entry_id(ObjectKind::Folder, folder.uid);
                Cell::Const(Property::new(tag, parent.into_bytes()))
            }
            tag::PR_ACCESS => Cell::Const(Property::new(tag, message_access(store))),
            _ => Cell::Const(Property::error(asked, ErrorCode::NOT_FOUND)),
        }
    }

    /// The columns asked for.
    pub(crate) fn tags(&self) -> impl Iterator<Item = PropTag> + '_ {
        self.cells.iter().map(|(tag, _)| *tag)
    }

    /// What stands between SELECT and FROM.
    pub(crate) fn select(&self) -> String {
        self.select.join(", ")
    }

    /// How many values are selected.
    pub(crate) fn width(&self) -> usize {
        self.select.len()
    }

    /// Makes a row.
    pub(crate) fn read(
        &self,
        store: &Store,
        conn: &Connection,
        row: &rusqlite::Row<'_>,
    ) -> Result<Row> {
        let message: i64 = row.get(0).tried("reading a table")?;
        let present: i64 = match self.present {
            Some(slot) => row.get(slot).tried("reading a table")?,
            None => 0,
        };
        let mut detail = Detail {
            conn,
            message,
            body: None,
        };
        let mut props = Vec::with_capacity(self.cells.len());
        for (asked, cell) in &self.cells {
            props.push(match cell {
                Cell::Const(property) => property.clone(),
                Cell::Fixed(slot, fixed) => {
                    let raw = columns::raw(row, *slot)?;
                    match fixed.value(present, raw).tried("reading a table")? {
                        Some(Some(value)) => Property {
                            tag: fixed.tag,
                            value,
                        },
                        Some(None) => detail.property(*asked)?,
                        None => Property::error(*asked, ErrorCode::NOT_FOUND),
                    }
                }
                Cell::HasAttach(slot) => {
                    let flags: i32 = row.get(*slot).tried("reading a table")?;
                    Property::new(tag::PR_HASATTACH, flags & flag::HASATTACH != 0)
                }
                Cell::EntryId(slot) => {
                    let uid = uid(columns::raw(row, *slot)?)?;
                    let entry_id: EntryId = id::entry_id(self.store, ObjectKind::Message, uid);
                    Property::new(tag::PR_ENTRYID, entry_id.into_bytes())
                }
                Cell::RecordKey(slot) => {
                    let uid = uid(columns::raw(row, *slot)?)?;
                    Property::new(tag::PR_RECORD_KEY, &uid.0[..])
                }
                Cell::InstanceKey => Property::new(tag::PR_INSTANCE_KEY, instance_key(message)),
                Cell::ChangeKey(slot) => {
                    let version = row.get(*slot).tried("reading a table")?;
                    Property::new(tag::PR_CHANGE_KEY, change_key(store, version))
                }
                Cell::Detail => detail.property(*asked)?,
            });
        }
        Ok(Row { props })
    }
}

fn uid(raw: ValueRef<'_>) -> Result<Uid> {
    let bytes = raw.as_blob().map_err(Into::into).tried("reading a table")?;
    let bytes = bytes
        .try_into()
        .map_err(|_| crate::engine::sql::corrupt("a message has no proper identifier"))?;
    Ok(Uid(bytes))
}

/// The property set of the row's message, read when the first column needs it.
struct Detail<'a> {
    conn: &'a Connection,
    message: i64,
    body: Option<Body>,
}

impl Detail<'_> {
    fn property(&mut self, asked: PropTag) -> Result<Property> {
        if self.body.is_none() {
            self.body = Some(self.load()?);
        }
        let Some(body) = &self.body else {
            return Ok(Property::error(asked, ErrorCode::NOT_FOUND));
        };
        if let Some(found) = body.props.table_value(self.conn, asked)? {
            return Ok(found);
        }
        let default = if body.props.find(asked).is_none() {
            message_default(body, asked)
        } else {
            None
        };
        Ok(default.unwrap_or_else(|| Property::error(asked, ErrorCode::NOT_FOUND)))
    }

    fn load(&self) -> Result<Body> {
        let found: Option<(Vec<u8>, [u8; 16])> = self
            .conn
            .prepare_cached(
                "SELECT d.props, m.uid FROM message_detail d JOIN message m ON m.id = d.message_id WHERE m.id = ?1",
            )
            .and_then(|mut s| {
                s.query_row(params![self.message], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()
            })
            .tried("reading a table")?;
        let mut body = Body::new(0, false);
        // A message that has just gone shows without properties; the table is told that it has gone.
        body.props = PropSet::default();
        if let Some((props, uid)) = found {
            body.props = PropSet::decode(&props)?;
            body.head.uid = Uid(uid);
        }
        Ok(body)
    }
}

/// What a contents table has without being asked.
pub(crate) const DEFAULT: [PropTag; 14] = [
    tag::PR_ENTRYID,
    tag::PR_INSTANCE_KEY,
    tag::PR_RECORD_KEY,
    tag::PR_PARENT_ENTRYID,
    tag::PR_MESSAGE_CLASS,
    tag::PR_SUBJECT,
    tag::PR_SENDER_NAME,
    tag::PR_DISPLAY_TO,
    tag::PR_MESSAGE_DELIVERY_TIME,
    tag::PR_MESSAGE_FLAGS,
    tag::PR_MESSAGE_SIZE,
    tag::PR_HASATTACH,
    tag::PR_IMPORTANCE,
    tag::PR_LAST_MODIFICATION_TIME,
];

/// What it has besides.
pub(crate) const MORE: [PropTag; 8] = [
    tag::PR_CREATION_TIME,
    tag::PR_CLIENT_SUBMIT_TIME,
    tag::PR_MSG_STATUS,
    tag::PR_NORMALIZED_SUBJECT,
    tag::PR_SEARCH_KEY,
    tag::PR_CHANGE_KEY,
    tag::PR_ACCESS,
    tag::PR_DISPLAY_CC,
];
