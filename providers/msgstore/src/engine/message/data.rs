//! What a message consists of, in memory, and how it is read.

use mapi_types::{FileTime, PropTag, PropValue, Property, Result, tag};
use rusqlite::{Connection, OptionalExtension};

use super::recipients::{self, Recipients};
use crate::engine::Uid;
use crate::engine::props::PropSet;
use crate::engine::sql::{Tried, corrupt, count};

/// Bits of PR_MESSAGE_FLAGS.
pub mod flag {
    /// MSGFLAG_READ.
    pub const READ: i32 = 0x1;
    /// MSGFLAG_UNMODIFIED.
    pub const UNMODIFIED: i32 = 0x2;
    /// MSGFLAG_SUBMIT.
    pub const SUBMIT: i32 = 0x4;
    /// MSGFLAG_UNSENT.
    pub const UNSENT: i32 = 0x8;
    /// MSGFLAG_HASATTACH.
    pub const HASATTACH: i32 = 0x10;
    /// MSGFLAG_FROMME.
    pub const FROMME: i32 = 0x20;
    /// MSGFLAG_ASSOCIATED.
    pub const ASSOCIATED: i32 = 0x40;
    /// MSGFLAG_RESEND.
    pub const RESEND: i32 = 0x80;
    /// MSGFLAG_RN_PENDING.
    pub const RN_PENDING: i32 = 0x100;
    /// MSGFLAG_NRN_PENDING.
    pub const NRN_PENDING: i32 = 0x200;
    /// What a client may set before the first save.
    pub const SETTABLE: i32 =
        READ | UNMODIFIED | UNSENT | FROMME | RESEND | RN_PENDING | NRN_PENDING;
}

/// The columns of a message that are the store's and not the client's.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    /// Its row; `None` before it has been saved.
    pub row: Option<i64>,
    pub uid: Uid,
    /// 0 for an embedded message.
    pub folder_id: i64,
    pub associated: bool,
    pub flags: i32,
    pub status: i32,
    pub size: u64,
    pub created: FileTime,
    pub modified: FileTime,
    /// Grows with every save.
    pub version: i64,
}

/// A message with all that belongs to it.
#[derive(Clone)]
pub(crate) struct Body {
    pub head: Head,
    pub props: PropSet,
    pub recipients: Recipients,
    pub attachments: Attachments,
    /// Numbers below this one have been given out.
    pub next_attachment: u32,
}

/// The attachments of a message.
#[derive(Clone)]
pub(crate) enum Attachments {
    /// As they are in the store; not read yet.
    Unread,
    /// Known, perhaps changed.
    Known(Vec<AttachEntry>),
}

/// One attachment.
#[derive(Clone)]
pub(crate) struct AttachEntry {
    /// PR_ATTACH_NUM.
    pub num: u32,
    /// Its row, if it has been saved.
    pub row: Option<i64>,
    /// Bytes.
    pub size: u64,
    /// What has changed; `None`: it is as it is in the store.
    pub data: Option<AttachData>,
}

/// The content of an attachment.
#[derive(Clone, Default)]
pub(crate) struct AttachData {
    pub props: PropSet,
    pub embedded: Embedded,
}

/// The message inside an attachment.
#[derive(Clone, Default)]
pub(crate) enum Embedded {
    /// There is none.
    #[default]
    None,
    /// As it is in the store.
    Row(i64),
    /// Changed or new.
    Body(Box<Body>),
}

/// A FILETIME as SQL's integer.
pub(crate) fn time(value: FileTime) -> i64 {
    i64::try_from(value.0).unwrap_or(i64::MAX)
}

impl Body {
    /// A new message with what every message has.
    pub(crate) fn new(folder_id: i64, associated: bool) -> Self {
        let now = FileTime::now();
        let mut props = PropSet::default();
        props.set(Property::new(tag::PR_MESSAGE_CLASS, "IPM.Note"));
        for (tag, value) in [
            (tag::PR_IMPORTANCE, 1),
            (tag::PR_PRIORITY, 0),
            (tag::PR_SENSITIVITY, 0),
        ] {
            props.set(Property::new(tag, value));
        }
        Self {
            head: Head {
                row: None,
                uid: Uid::new(),
                folder_id,
                associated,
                flags: flag::READ | flag::UNSENT | if associated { flag::ASSOCIATED } else { 0 },
                status: 0,
                size: 0,
                created: now,
                modified: now,
                version: 0,
            },
            props,
            recipients: Recipients::default(),
            attachments: Attachments::Known(Vec::new()),
            next_attachment: 0,
        }
    }

    /// Reads a message by its row; `None` if it has gone.
    pub(crate) fn load(conn: &Connection, row: i64) -> Result<Option<Self>> {
        let Some(head) = load_head(conn, "id = ?1", &row)? else {
            return Ok(None);
        };
        Self::with_head(conn, head).map(Some)
    }

    /// Reads a message by its uid; `None` if it is not there.
    pub(crate) fn load_uid(conn: &Connection, uid: Uid) -> Result<Option<Self>> {
        let Some(head) = load_head(conn, "uid = ?1", &uid.0.as_slice())? else {
            return Ok(None);
        };
        Self::with_head(conn, head).map(Some)
    }

    fn with_head(conn: &Connection, head: Head) -> Result<Self> {
        let (props, list): (Vec<u8>, Vec<u8>) = conn
            .prepare_cached("SELECT props, recipients FROM message_detail WHERE message_id = ?1")
            .and_then(|mut s| s.query_row([head.row], |row| Ok((row.get(0)?, row.get(1)?))))
            .optional()
            .tried("reading a message")?
            .ok_or_else(|| corrupt("a message has no properties"))?;
        Ok(Self {
            head,
            props: PropSet::decode(&props)?,
            recipients: recipients::decode(&list)?,
            attachments: Attachments::Unread,
            next_attachment: 0,
        })
    }

    /// Reads the list of attachments if that has not been done.
    pub(crate) fn know_attachments(&mut self, conn: &Connection) -> Result<&mut Vec<AttachEntry>> {
        if matches!(self.attachments, Attachments::Unread) {
            let entries = match self.head.row {
                Some(row) => load_entries(conn, row)?,
                None => Vec::new(),
            };
            self.attachments = Attachments::Known(entries);
        }
        match &mut self.attachments {
            Attachments::Known(entries) => Ok(entries),
            Attachments::Unread => Err(corrupt("attachments cannot be read")),
        }
    }

    /// Reads everything below, and forgets the rows: the message becomes a new one with the same content.
    pub(crate) fn detach(&mut self, conn: &Connection) -> Result<()> {
        self.know_attachments(conn)?;
        if let Attachments::Known(entries) = &mut self.attachments {
            for entry in entries {
                let mut data = match (entry.data.take(), entry.row) {
                    (Some(data), _) => data,
                    (None, Some(row)) => AttachData::load(conn, row)?,
                    (None, None) => AttachData::default(),
                };
                if let Some(mut inner) = data.embedded.load(conn)? {
                    inner.detach(conn)?;
                    data.embedded = Embedded::Body(Box::new(inner));
                }
                entry.data = Some(data);
                entry.row = None;
            }
        }
        self.head.row = None;
        self.head.uid = Uid::new();
        Ok(())
    }

    /// A text property that is in memory.
    pub(crate) fn text(&self, tag: PropTag) -> Option<String> {
        self.props
            .inline(tag)
            .and_then(PropValue::as_str)
            .map(std::borrow::Cow::into_owned)
    }
}

impl AttachData {
    /// Reads an attachment.
    pub(crate) fn load(conn: &Connection, row: i64) -> Result<Self> {
        let (props, embedded): (Vec<u8>, i64) = conn
            .prepare_cached("SELECT props, embedded_id FROM attachment WHERE id = ?1")
            .and_then(|mut s| s.query_row([row], |row| Ok((row.get(0)?, row.get(1)?))))
            .optional()
            .tried("reading an attachment")?
            .ok_or_else(|| crate::engine::sql::gone("attachment"))?;
        Ok(Self {
            props: PropSet::decode(&props)?,
            embedded: if embedded == 0 {
                Embedded::None
            } else {
                Embedded::Row(embedded)
            },
        })
    }
}

impl Embedded {
    /// The message inside.
    pub(crate) fn load(&self, conn: &Connection) -> Result<Option<Body>> {
        match self {
            Self::None => Ok(None),
            Self::Body(body) => Ok(Some((**body).clone())),
            Self::Row(row) => Body::load(conn, *row)?
                .map(Some)
                .ok_or_else(|| corrupt("the message inside an attachment is missing")),
        }
    }
}

fn load_head(conn: &Connection, by: &str, key: &dyn rusqlite::ToSql) -> Result<Option<Head>> {
    let sql = format!(
        "SELECT id, uid, folder_id, associated, flags, status, size, created, modified, version
         FROM message WHERE {by}"
    );
    conn.prepare_cached(&sql)
        .and_then(|mut s| {
            s.query_row([key], |row| {
                Ok(Head {
                    row: Some(row.get(0)?),
                    uid: Uid(row.get(1)?),
                    folder_id: row.get(2)?,
                    associated: row.get(3)?,
                    flags: row.get(4)?,
                    status: row.get(5)?,
                    size: count(row.get(6)?),
                    created: FileTime(count(row.get(7)?)),
                    modified: FileTime(count(row.get(8)?)),
                    version: row.get(9)?,
                })
            })
            .optional()
        })
        .tried("reading a message")
}

fn load_entries(conn: &Connection, message: i64) -> Result<Vec<AttachEntry>> {
    conn.prepare_cached("SELECT num, id, size FROM attachment WHERE message_id = ?1 ORDER BY num")
        .and_then(|mut s| {
            s.query_map([message], |row| {
                Ok(AttachEntry {
                    num: row.get(0)?,
                    row: Some(row.get(1)?),
                    size: count(row.get(2)?),
                    data: None,
                })
            })?
            .collect()
        })
        .tried("reading attachments")
}
