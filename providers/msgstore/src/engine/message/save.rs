//! How a message is written: rows, property sets, attachments and the messages inside them.

use mapi_types::{FileTime, Property, Result, fold_case, tag};
use rusqlite::{OptionalExtension, params};

use super::data::{AttachData, AttachEntry, Attachments, Body, Embedded, Head, flag, time};
use crate::engine::props::{self, PropSet};
use crate::engine::sql::{Tried, corrupt, count, gone, int};
use crate::engine::table::columns;
use crate::engine::tx::Tx;

/// Bytes a message takes apart from its properties.
const OVERHEAD: u64 = 128;

/// Messages inside messages inside messages: how deep.
pub(crate) const MAX_DEPTH: u32 = 64;

/// Writes a message. Returns it as it is then found in the store. Counts and changes are the caller's.
pub(crate) fn write_message(
    tx: &mut Tx<'_>,
    body: &Body,
    now: FileTime,
    depth: u32,
) -> Result<Body> {
    if depth > MAX_DEPTH {
        return Err(crate::engine::sql::refused(
            mapi_types::ErrorCode::TOO_COMPLEX,
            "messages are embedded in each other too deeply",
        ));
    }
    let old = match body.head.row {
        Some(row) => Some(Old::load(tx, row)?),
        None => None,
    };
    let id = body.head.row.unwrap_or_else(|| tx.next_id());
    let mut props = body.props.clone();
    complete(&mut props, body);
    let old_props: &[u8] = old.as_ref().map_or(&[], |o| &o.props);
    let (detail, saved) = props.save(tx, old_props)?;
    let (attachments, found) = write_attachments(tx, id, body, now, depth)?;
    let recipients = body.recipients.encode(tx.conn())?;

    let flags = old.as_ref().map_or(body.head.flags, |o| o.flags);
    let flags = if found.count > 0 {
        flags | flag::HASATTACH
    } else {
        flags & !flag::HASATTACH
    };
    let head = Head {
        row: Some(id),
        flags,
        size: OVERHEAD + saved.size_bytes() + body.recipients.size_bytes() + found.size,
        modified: now,
        version: tx.next_id(),
        ..body.head
    };
    tx.add_bytes(detail.len());
    let derived = columns::derive(tx.conn(), &saved)?;
    write_row(tx, &head, &derived, old.is_some())?;
    write_detail(tx, id, &detail, &recipients, old.is_some())?;
    Ok(Body {
        head,
        props: saved,
        recipients: body.recipients.clone(),
        attachments,
        next_attachment: body.next_attachment,
    })
}

/// Properties that follow from others.
fn complete(props: &mut PropSet, body: &Body) {
    for (tag, kind) in [
        (tag::PR_DISPLAY_TO, 1),
        (tag::PR_DISPLAY_CC, 2),
        (tag::PR_DISPLAY_BCC, 3),
    ] {
        props.set(Property::new(tag, body.recipients.display(kind)));
    }
}

/// What the row of a message holds before it is written again.
struct Old {
    flags: i32,
    props: Vec<u8>,
}

impl Old {
    fn load(tx: &Tx<'_>, row: i64) -> Result<Self> {
        tx.conn()
            .prepare_cached(
                "SELECT m.flags, d.props FROM message m JOIN message_detail d ON d.message_id = m.id WHERE m.id = ?1",
            )
            .and_then(|mut s| {
                s.query_row([row], |row| {
                    Ok(Self {
                        flags: row.get(0)?,
                        props: row.get(1)?,
                    })
                })
                .optional()
            })
            .tried("reading a message")?
            .ok_or_else(|| gone("message"))
    }
}

fn write_row(tx: &Tx<'_>, head: &Head, d: &columns::Derived, update: bool) -> Result<()> {
    const INSERT: &str = "INSERT INTO message (id, uid, folder_id, associated, flags, status, size, created, modified,
        version, present, delivery, submit, importance, class, subject, subject_key, sender, sender_key, display_to)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
    const UPDATE: &str = "UPDATE message SET flags = ?5, size = ?7, modified = ?9, version = ?10, present = ?11,
        delivery = ?12, submit = ?13, importance = ?14, class = ?15, subject = ?16, subject_key = ?17, sender = ?18,
        sender_key = ?19, display_to = ?20 WHERE id = ?1";
    let written = tx
        .conn()
        .prepare_cached(if update { UPDATE } else { INSERT })
        .and_then(|mut s| {
            s.execute(params![
                head.row,
                head.uid.0.as_slice(),
                head.folder_id,
                head.associated,
                head.flags,
                head.status,
                int(head.size),
                time(head.created),
                time(head.modified),
                head.version,
                d.present,
                d.delivery,
                d.submit,
                d.importance,
                d.class,
                d.subject,
                fold_case(&d.subject),
                d.sender,
                fold_case(&d.sender),
                d.display_to,
            ])
        })
        .tried("saving a message")?;
    if written == 1 {
        Ok(())
    } else {
        Err(gone("message"))
    }
}

fn write_detail(tx: &Tx<'_>, id: i64, props: &[u8], recipients: &[u8], update: bool) -> Result<()> {
    let sql = if update {
        "UPDATE message_detail SET props = ?2, recipients = ?3 WHERE message_id = ?1"
    } else {
        "INSERT INTO message_detail (message_id, props, recipients) VALUES (?1, ?2, ?3)"
    };
    tx.conn()
        .prepare_cached(sql)
        .and_then(|mut s| s.execute(params![id, props, recipients]))
        .tried("saving a message")?;
    Ok(())
}

/// How many attachments a message has, and their bytes.
struct Total {
    count: u64,
    size: u64,
}

fn write_attachments(
    tx: &mut Tx<'_>,
    message: i64,
    body: &Body,
    now: FileTime,
    depth: u32,
) -> Result<(Attachments, Total)> {
    let Attachments::Known(entries) = &body.attachments else {
        let (n, size): (i64, i64) = tx
            .conn()
            .prepare_cached(
                "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM attachment WHERE message_id = ?1",
            )
            .and_then(|mut s| s.query_row([message], |row| Ok((row.get(0)?, row.get(1)?))))
            .tried("reading attachments")?;
        let total = Total {
            count: count(n),
            size: count(size),
        };
        return Ok((Attachments::Unread, total));
    };
    if body.head.row.is_some() {
        for row in attachment_rows(tx, message)? {
            if entries.iter().all(|e| e.row != Some(row)) {
                delete_attachment(tx, row)?;
            }
        }
    }
    let mut saved = Vec::with_capacity(entries.len());
    for entry in entries {
        saved.push(match &entry.data {
            Some(data) => write_attachment(tx, message, entry, data, now, depth)?,
            None => entry.clone(),
        });
    }
    let total = Total {
        count: count(int(saved.len())),
        size: saved.iter().map(|e| e.size).sum(),
    };
    Ok((Attachments::Known(saved), total))
}

fn write_attachment(
    tx: &mut Tx<'_>,
    message: i64,
    entry: &AttachEntry,
    data: &AttachData,
    now: FileTime,
    depth: u32,
) -> Result<AttachEntry> {
    let old = match entry.row {
        Some(row) => Some(load_attachment(tx, row)?),
        None => None,
    };
    let (old_props, old_inner) = old.as_ref().map_or((&[][..], 0), |(p, e)| (p, *e));
    let (props, saved) = data.props.save(tx, old_props)?;
    let (inner, inner_size) = write_embedded(tx, &data.embedded, now, depth)?;
    if old_inner != 0 && old_inner != inner {
        delete_message_rows(tx, old_inner)?;
    }
    let id = entry.row.unwrap_or_else(|| tx.next_id());
    let size = saved.size_bytes() + inner_size;
    let sql = if entry.row.is_some() {
        "UPDATE attachment SET message_id = ?2, num = ?3, size = ?4, embedded_id = ?5, props = ?6 WHERE id = ?1"
    } else {
        "INSERT INTO attachment (id, message_id, num, size, embedded_id, props) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    };
    tx.conn()
        .prepare_cached(sql)
        .and_then(|mut s| s.execute(params![id, message, entry.num, int(size), inner, props]))
        .tried("saving an attachment")?;
    Ok(AttachEntry {
        num: entry.num,
        row: Some(id),
        size,
        data: None,
    })
}

fn write_embedded(
    tx: &mut Tx<'_>,
    embedded: &Embedded,
    now: FileTime,
    depth: u32,
) -> Result<(i64, u64)> {
    match embedded {
        Embedded::None => Ok((0, 0)),
        Embedded::Row(row) => {
            let size: i64 = tx
                .conn()
                .prepare_cached("SELECT size FROM message WHERE id = ?1")
                .and_then(|mut s| s.query_row([row], |row| row.get(0)))
                .tried("reading the message inside an attachment")?;
            Ok((*row, count(size)))
        }
        Embedded::Body(body) => {
            let saved = write_message(tx, body, now, depth + 1)?;
            let row = saved
                .head
                .row
                .ok_or_else(|| corrupt("a message was not saved"))?;
            Ok((row, saved.head.size))
        }
    }
}

fn attachment_rows(tx: &Tx<'_>, message: i64) -> Result<Vec<i64>> {
    tx.conn()
        .prepare_cached("SELECT id FROM attachment WHERE message_id = ?1")
        .and_then(|mut s| s.query_map([message], |row| row.get(0))?.collect())
        .tried("reading attachments")
}

fn load_attachment(tx: &Tx<'_>, row: i64) -> Result<(Vec<u8>, i64)> {
    tx.conn()
        .prepare_cached("SELECT props, embedded_id FROM attachment WHERE id = ?1")
        .and_then(|mut s| {
            s.query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .tried("reading an attachment")?
        .ok_or_else(|| gone("attachment"))
}

fn delete_attachment(tx: &mut Tx<'_>, row: i64) -> Result<()> {
    let (props, inner) = load_attachment(tx, row)?;
    props::delete_streams(tx, &props)?;
    if inner != 0 {
        delete_message_rows(tx, inner)?;
    }
    tx.conn()
        .prepare_cached("DELETE FROM attachment WHERE id = ?1")
        .and_then(|mut s| s.execute([row]))
        .tried("deleting an attachment")?;
    Ok(())
}

/// Deletes a message with everything that belongs to it. Counts and changes are the caller's.
pub(crate) fn delete_message_rows(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    let props: Option<Vec<u8>> = tx
        .conn()
        .prepare_cached("SELECT props FROM message_detail WHERE message_id = ?1")
        .and_then(|mut s| s.query_row([id], |row| row.get(0)).optional())
        .tried("deleting a message")?;
    if let Some(props) = props {
        props::delete_streams(tx, &props)?;
    }
    for row in attachment_rows(tx, id)? {
        delete_attachment(tx, row)?;
    }
    for sql in [
        "DELETE FROM message_detail WHERE message_id = ?1",
        "DELETE FROM outgoing WHERE message_id = ?1",
        "DELETE FROM message WHERE id = ?1",
    ] {
        tx.conn()
            .prepare_cached(sql)
            .and_then(|mut s| s.execute([id]))
            .tried("deleting a message")?;
    }
    Ok(())
}
