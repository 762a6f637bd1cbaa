//! Properties of messages and attachments that the store computes.

use mapi_types::{PropTag, PropType, PropValue, Property, Result, tag};

use super::data::{AttachEntry, Attachments, Body, flag};
use crate::engine::props::{Fetch, type_fits};
use crate::engine::sql::{int, long};
use crate::engine::{FolderRef, ObjectKind, Store};

/// Bits of PR_ACCESS.
pub(crate) mod access {
    /// MAPI_ACCESS_MODIFY.
    pub const MODIFY: i32 = 0x1;
    /// MAPI_ACCESS_READ.
    pub const READ: i32 = 0x2;
    /// MAPI_ACCESS_DELETE.
    pub const DELETE: i32 = 0x4;
    /// MAPI_ACCESS_CREATE_HIERARCHY.
    pub const CREATE_HIERARCHY: i32 = 0x8;
    /// MAPI_ACCESS_CREATE_CONTENTS.
    pub const CREATE_CONTENTS: i32 = 0x10;
    /// MAPI_ACCESS_CREATE_ASSOCIATED.
    pub const CREATE_ASSOCIATED: i32 = 0x20;
}

/// What a message computes, and nobody can set.
pub(crate) const MESSAGE: [PropTag; 14] = [
    tag::PR_ENTRYID,
    tag::PR_PARENT_ENTRYID,
    tag::PR_RECORD_KEY,
    tag::PR_INSTANCE_KEY,
    tag::PR_ACCESS,
    tag::PR_MESSAGE_FLAGS,
    tag::PR_MSG_STATUS,
    tag::PR_MESSAGE_SIZE,
    tag::PR_HASATTACH,
    tag::PR_CREATION_TIME,
    tag::PR_LAST_MODIFICATION_TIME,
    tag::PR_CHANGE_KEY,
    tag::PR_MESSAGE_RECIPIENTS,
    tag::PR_MESSAGE_ATTACHMENTS,
];

/// What follows from other properties unless somebody sets it.
pub(crate) const MESSAGE_DEFAULTS: [PropTag; 6] = [
    tag::PR_SEARCH_KEY,
    tag::PR_SUBJECT_PREFIX,
    tag::PR_NORMALIZED_SUBJECT,
    tag::PR_DISPLAY_TO,
    tag::PR_DISPLAY_CC,
    tag::PR_DISPLAY_BCC,
];

/// PR_CHANGE_KEY: the store's uid and a number that grows.
pub(crate) fn change_key(store: &Store, version: i64) -> Vec<u8> {
    let mut key = store.uid().0.to_vec();
    key.extend_from_slice(&version.to_be_bytes());
    key
}

/// PR_INSTANCE_KEY.
pub(crate) fn instance_key(row: i64) -> Vec<u8> {
    row.to_be_bytes().to_vec()
}

/// Any property of a message, in one piece.
pub(crate) fn message_prop(
    store: &Store,
    conn: &dyn Fetch,
    body: &Body,
    parent: Option<FolderRef>,
    asked: PropTag,
    limit_bytes: u64,
) -> Result<Property> {
    if let Some(found) = message_computed(store, body, parent, asked) {
        return Ok(found);
    }
    if MESSAGE.iter().any(|t| t.same_id(asked)) {
        return Ok(Property::error(asked, mapi_types::ErrorCode::NOT_FOUND));
    }
    let found = body.props.get(conn, asked, limit_bytes)?;
    if found.value.as_error() == Some(mapi_types::ErrorCode::NOT_FOUND)
        && body.props.find(asked).is_none()
        && let Some(default) = message_default(body, asked)
    {
        return Ok(default);
    }
    Ok(found)
}

fn typed(tag: PropTag, value: PropValue, asked: PropTag) -> Option<Property> {
    type_fits(asked, tag).then(|| Property::new(tag, value))
}

/// What is computed and there.
pub(crate) fn message_computed(
    store: &Store,
    body: &Body,
    parent: Option<FolderRef>,
    asked: PropTag,
) -> Option<Property> {
    let tag = *MESSAGE.iter().find(|t| t.same_id(asked))?;
    let head = &body.head;
    let value = match tag {
        tag::PR_ENTRYID => {
            head.row?;
            parent?;
            PropValue::Binary(store.entry_id(ObjectKind::Message, head.uid).into_bytes())
        }
        tag::PR_PARENT_ENTRYID => {
            PropValue::Binary(store.entry_id(ObjectKind::Folder, parent?.uid).into_bytes())
        }
        tag::PR_RECORD_KEY => PropValue::from(&head.uid.0[..]),
        tag::PR_INSTANCE_KEY => PropValue::Binary(instance_key(head.row?)),
        tag::PR_ACCESS => PropValue::Long(message_access(store)),
        tag::PR_MESSAGE_FLAGS => PropValue::Long(flags_now(body)),
        tag::PR_MSG_STATUS => PropValue::Long(head.status),
        tag::PR_MESSAGE_SIZE => PropValue::Long(long(size_now(body))),
        tag::PR_HASATTACH => PropValue::Boolean(flags_now(body) & flag::HASATTACH != 0),
        tag::PR_CREATION_TIME => PropValue::SysTime(head.created),
        tag::PR_LAST_MODIFICATION_TIME => PropValue::SysTime(head.modified),
        tag::PR_CHANGE_KEY => {
            head.row?;
            PropValue::Binary(change_key(store, head.version))
        }
        _ => PropValue::Object,
    };
    typed(tag, value, asked)
}

/// PR_ACCESS of every message.
pub(crate) fn message_access(store: &Store) -> i32 {
    if store.is_read_only() {
        access::READ
    } else {
        access::MODIFY | access::READ | access::DELETE
    }
}

/// What is computed unless it is set.
pub(crate) fn message_default(body: &Body, asked: PropTag) -> Option<Property> {
    let tag = *MESSAGE_DEFAULTS.iter().find(|t| t.same_id(asked))?;
    let value = match tag {
        tag::PR_SEARCH_KEY => PropValue::from(&body.head.uid.0[..]),
        tag::PR_SUBJECT_PREFIX => {
            let subject = body.text(tag::PR_SUBJECT)?;
            PropValue::from(subject_prefix(&subject))
        }
        tag::PR_NORMALIZED_SUBJECT => {
            let subject = body.text(tag::PR_SUBJECT)?;
            let prefix = body.text(tag::PR_SUBJECT_PREFIX);
            let prefix = prefix
                .as_deref()
                .unwrap_or_else(|| subject_prefix(&subject));
            PropValue::from(subject.strip_prefix(prefix).unwrap_or(&subject))
        }
        tag::PR_DISPLAY_TO => PropValue::from(body.recipients.display(1)),
        tag::PR_DISPLAY_CC => PropValue::from(body.recipients.display(2)),
        _ => PropValue::from(body.recipients.display(3)),
    };
    typed(tag, value, asked)
}

/// PR_SUBJECT_PREFIX by MAPI's rule: one to three characters that are no digits, a colon and a space, at the start.
pub(crate) fn subject_prefix(subject: &str) -> &str {
    let Some(colon) = subject.find(": ") else {
        return "";
    };
    let head = &subject[..colon];
    let chars = head.chars().count();
    if (1..=3).contains(&chars) && !head.contains(|c: char| c.is_numeric() || c == ' ') {
        &subject[..colon + 2]
    } else {
        ""
    }
}

/// PR_MESSAGE_FLAGS with what is not saved yet.
fn flags_now(body: &Body) -> i32 {
    match &body.attachments {
        Attachments::Known(list) if list.is_empty() => body.head.flags & !flag::HASATTACH,
        Attachments::Known(_) => body.head.flags | flag::HASATTACH,
        Attachments::Unread => body.head.flags,
    }
}

fn size_now(body: &Body) -> u64 {
    match &body.attachments {
        Attachments::Known(list) if body.head.row.is_none() => {
            body.props.size_bytes()
                + body.recipients.size_bytes()
                + list.iter().map(|e| e.size).sum::<u64>()
        }
        _ => body.head.size,
    }
}

/// The tags of all properties of a message.
pub(crate) fn message_tags(store: &Store, body: &Body, parent: Option<FolderRef>) -> Vec<PropTag> {
    let any = |t: &PropTag| t.with_type(PropType::UNSPECIFIED);
    let mut tags: Vec<PropTag> = MESSAGE
        .iter()
        .filter(|t| **t != tag::PR_INSTANCE_KEY)
        .filter_map(|t| message_computed(store, body, parent, any(t)))
        .map(|p| p.tag)
        .collect();
    tags.extend(
        MESSAGE_DEFAULTS
            .iter()
            .filter(|t| body.props.find(**t).is_none())
            .filter_map(|t| message_default(body, any(t)))
            .map(|p| p.tag),
    );
    tags.extend(
        body.props
            .tags()
            .filter(|t| !MESSAGE.iter().any(|m| m.same_id(*t))),
    );
    tags.sort_unstable();
    tags
}

/// What an attachment computes, and nobody can set.
pub(crate) const ATTACHMENT: [PropTag; 4] = [
    tag::PR_ATTACH_NUM,
    tag::PR_ATTACH_SIZE,
    tag::PR_RECORD_KEY,
    tag::PR_INSTANCE_KEY,
];

/// A computed property of an attachment.
pub(crate) fn attachment_computed(
    entry: &AttachEntry,
    size: u64,
    asked: PropTag,
) -> Option<Property> {
    let tag = *ATTACHMENT.iter().find(|t| t.same_id(asked))?;
    let key = || {
        // Until it has a row the number tells attachments of one message apart.
        let row = entry.row.unwrap_or_else(|| -1 - i64::from(entry.num));
        PropValue::Binary(instance_key(row))
    };
    let value = match tag {
        tag::PR_ATTACH_NUM => PropValue::Long(long(int(entry.num))),
        tag::PR_ATTACH_SIZE => PropValue::Long(long(size)),
        _ => key(),
    };
    typed(tag, value, asked)
}
