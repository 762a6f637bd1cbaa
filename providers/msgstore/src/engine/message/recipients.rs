//! The recipients of a message: a list of property sets, kept in one value.

use mapi_types::{ErrorCode, PropValue, Property, Result, Row, tag};

use crate::engine::codec;
use crate::engine::props::{Fetch, PropSet};
use crate::engine::sql::{int, long, refused};

/// PR_RECIPIENT_TYPE without the bits above it.
const TYPE_MASK: i32 = 0xF;

/// One recipient.
#[derive(Clone)]
pub(crate) struct Recipient {
    /// PR_ROWID.
    pub id: u32,
    pub props: PropSet,
}

/// All of them, by PR_ROWID.
#[derive(Clone, Default)]
pub(crate) struct Recipients {
    list: Vec<Recipient>,
    next: u32,
}

/// What is to be done with a list of rows (ModifyRecipients).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecipientChange {
    /// Replaces all recipients.
    Replace,
    /// MODRECIP_ADD.
    Add,
    /// MODRECIP_MODIFY: replaces the rows with the same PR_ROWID.
    Modify,
    /// MODRECIP_REMOVE: takes away the rows with the same PR_ROWID.
    Remove,
}

impl Recipients {
    /// The recipients in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Recipient> {
        self.list.iter()
    }

    /// The bytes they take.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.list.iter().map(|r| r.props.size_bytes()).sum()
    }

    /// Changes the list: all of the change or, if a row is wrong, nothing.
    pub(crate) fn modify(&mut self, change: RecipientChange, rows: &[Row]) -> Result<()> {
        let mut new = match change {
            RecipientChange::Replace => Self {
                list: Vec::with_capacity(rows.len()),
                next: self.next,
            },
            _ => self.clone(),
        };
        for row in rows {
            match change {
                RecipientChange::Replace | RecipientChange::Add => new.add(row),
                RecipientChange::Modify => {
                    let at = new.find(row)?;
                    let id = new.list[at].id;
                    new.list[at].props = props_of(row, id);
                }
                RecipientChange::Remove => {
                    let at = new.find(row)?;
                    new.list.remove(at);
                }
            }
        }
        *self = new;
        Ok(())
    }

    fn add(&mut self, row: &Row) {
        // A row that comes with a free number keeps it: it may have been copied from another message.
        let wanted = row_id(row).filter(|id| self.list.iter().all(|r| r.id != *id));
        let id = wanted.unwrap_or(self.next);
        self.next = self.next.max(id.saturating_add(1));
        self.list.push(Recipient {
            id,
            props: props_of(row, id),
        });
    }

    fn find(&self, row: &Row) -> Result<usize> {
        let id = row_id(row).ok_or_else(|| {
            refused(
                ErrorCode::INVALID_PARAMETER,
                "a recipient to be changed needs PR_ROWID",
            )
        })?;
        self.list.iter().position(|r| r.id == id).ok_or_else(|| {
            refused(
                ErrorCode::NOT_FOUND,
                "there is no recipient with this PR_ROWID",
            )
        })
    }

    /// PR_DISPLAY_TO, -CC, -BCC: the names of one type.
    pub(crate) fn display(&self, kind: i32) -> String {
        let names = self.list.iter().filter(|r| {
            let value = r
                .props
                .inline(tag::PR_RECIPIENT_TYPE)
                .and_then(PropValue::as_long);
            value.is_some_and(|v| v & TYPE_MASK == kind)
        });
        let mut out = String::new();
        for recipient in names {
            let name = [tag::PR_DISPLAY_NAME, tag::PR_EMAIL_ADDRESS]
                .iter()
                .find_map(|t| recipient.props.inline(*t).and_then(PropValue::as_str))
                .unwrap_or_default();
            if !out.is_empty() {
                out.push_str("; ");
            }
            out.push_str(&name);
        }
        out
    }

    /// The bytes for the row.
    pub(crate) fn encode(&self, conn: &dyn Fetch) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        if self.list.is_empty() {
            return Ok(out);
        }
        out.extend_from_slice(&self.next.to_le_bytes());
        for recipient in &self.list {
            out.extend_from_slice(&recipient.id.to_le_bytes());
            codec::put_block(&mut out, &recipient.props.encode_flat(conn)?);
        }
        Ok(out)
    }
}

/// Reads the bytes of the row.
pub(crate) fn decode(mut bytes: &[u8]) -> Result<Recipients> {
    let mut found = Recipients::default();
    if bytes.is_empty() {
        return Ok(found);
    }
    found.next = codec::take_u32(&mut bytes)?;
    while !bytes.is_empty() {
        let id = codec::take_u32(&mut bytes)?;
        let props = PropSet::decode(codec::take_block(&mut bytes)?)?;
        found.list.push(Recipient { id, props });
    }
    Ok(found)
}

fn row_id(row: &Row) -> Option<u32> {
    row.get(tag::PR_ROWID)
        .and_then(PropValue::as_long)
        .and_then(|n| u32::try_from(n).ok())
}

fn props_of(row: &Row, id: u32) -> PropSet {
    let mut props = PropSet::default();
    for property in &row.props {
        if !matches!(
            property.value,
            PropValue::Error(_) | PropValue::Null | PropValue::Object
        ) {
            props.set(property.clone());
        }
    }
    props.set(Property::new(tag::PR_ROWID, long(int(id))));
    props
}
