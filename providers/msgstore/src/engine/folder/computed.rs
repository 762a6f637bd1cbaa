//! Properties of folders, most of which the store computes.

use mapi_types::{ErrorCode, PropTag, PropType, PropValue, Property, Result, tag};

use super::Special;
use super::row::FolderRow;
use crate::engine::message::computed::{access, change_key, instance_key};
use crate::engine::props::{Fetch, type_fits};
use crate::engine::sql::long;
use crate::engine::{ObjectKind, Store, store_props};

/// What a folder computes; PR_DISPLAY_NAME can be set all the same.
pub(crate) const COMPUTED: [PropTag; 18] = [
    tag::PR_ENTRYID,
    tag::PR_PARENT_ENTRYID,
    tag::PR_RECORD_KEY,
    tag::PR_INSTANCE_KEY,
    tag::PR_ACCESS,
    tag::PR_DISPLAY_NAME,
    tag::PR_FOLDER_TYPE,
    tag::PR_CONTENT_COUNT,
    tag::PR_CONTENT_UNREAD,
    tag::PR_ASSOC_CONTENT_COUNT,
    tag::PR_SUBFOLDERS,
    tag::PR_CREATION_TIME,
    tag::PR_LAST_MODIFICATION_TIME,
    tag::PR_CHANGE_KEY,
    tag::PR_DEPTH,
    tag::PR_CONTAINER_CONTENTS,
    tag::PR_CONTAINER_HIERARCHY,
    tag::PR_FOLDER_ASSOCIATED_CONTENTS,
];

pub(super) fn is_computed(tag: PropTag) -> bool {
    COMPUTED.iter().any(|t| t.same_id(tag))
}

fn computed(store: &Store, row: &FolderRow, asked: PropTag) -> Option<Property> {
    let tag = *COMPUTED.iter().find(|t| t.same_id(asked))?;
    let folder_id = |uid| PropValue::Binary(store.entry_id(ObjectKind::Folder, uid).into_bytes());
    let value = match tag {
        tag::PR_ENTRYID => folder_id(row.at.uid),
        // The root is its own parent.
        tag::PR_PARENT_ENTRYID => folder_id(row.parent_uid.unwrap_or(row.at.uid)),
        tag::PR_RECORD_KEY => PropValue::from(&row.at.uid.0[..]),
        tag::PR_INSTANCE_KEY => PropValue::Binary(instance_key(row.at.id)),
        tag::PR_ACCESS => PropValue::Long(folder_access(store, row)),
        tag::PR_DISPLAY_NAME => PropValue::from(row.name.as_str()),
        tag::PR_FOLDER_TYPE => PropValue::Long(i32::from(row.special != Special::Root.row())),
        tag::PR_CONTENT_COUNT => PropValue::Long(long(row.contents)),
        tag::PR_CONTENT_UNREAD => PropValue::Long(long(row.unread)),
        tag::PR_ASSOC_CONTENT_COUNT => PropValue::Long(long(row.associated)),
        tag::PR_SUBFOLDERS => PropValue::Boolean(row.subfolders),
        tag::PR_CREATION_TIME => PropValue::SysTime(row.created),
        tag::PR_LAST_MODIFICATION_TIME => PropValue::SysTime(row.modified),
        tag::PR_CHANGE_KEY => PropValue::Binary(change_key(store, row.version)),
        tag::PR_DEPTH => return None,
        _ => PropValue::Object,
    };
    type_fits(asked, tag).then(|| Property::new(tag, value))
}

/// The tags of all properties of a folder, in order of their identifiers.
pub(crate) fn folder_tags(store: &Store, row: &FolderRow) -> Vec<PropTag> {
    let mut tags: Vec<PropTag> = COMPUTED
        .iter()
        .filter(|t| **t != tag::PR_INSTANCE_KEY && **t != tag::PR_DEPTH)
        .filter_map(|t| computed(store, row, t.with_type(PropType::UNSPECIFIED)))
        .map(|p| p.tag)
        .collect();
    tags.extend(row.props.tags().filter(|t| !is_computed(*t)));
    tags.sort_unstable();
    tags
}

fn folder_access(store: &Store, row: &FolderRow) -> i32 {
    if store.is_read_only() {
        return access::READ;
    }
    let all = access::MODIFY
        | access::READ
        | access::CREATE_HIERARCHY
        | access::CREATE_CONTENTS
        | access::CREATE_ASSOCIATED;
    if row.special == 0 {
        all | access::DELETE
    } else {
        all
    }
}

/// Any property of a folder, in one piece.
pub(crate) fn folder_prop(
    store: &Store,
    conn: &dyn Fetch,
    row: &FolderRow,
    asked: PropTag,
    limit_bytes: u64,
) -> Result<Property> {
    if let Some(found) = computed(store, row, asked) {
        return Ok(found);
    }
    if is_computed(asked) {
        return Ok(Property::error(asked, ErrorCode::NOT_FOUND));
    }
    if asked.same_id(tag::PR_IPM_DRAFTS_ENTRYID)
        && (row.special == Special::Root.row() || row.special == Special::Inbox.row())
    {
        return store_props::special_entry_id(store, Special::Drafts, asked);
    }
    row.props.get(conn, asked, limit_bytes)
}
