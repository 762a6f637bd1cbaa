//! The rows of the profile table, the message service table and the provider tables.

use std::sync::Arc;

use mapi_com::iface::MapiTable;
use mapi_com::ptr::ComPtr;
use mapi_com::shell::export;
use mapi_sys::{IMAPITable, MAPI_UNICODE};
use mapi_types::{
    Error, ErrorCode, MapiUid, PropTag, PropType, Property, Result, Row, SortOrder, tag,
};

use super::ClientScope;
use crate::profile::{Profile, ProfileStore, Section};
use crate::table::{TableData, TableType};

/// IProfAdmin::GetProfileTable (profile-tables.md).
pub(super) fn profiles(
    store: &Arc<ProfileStore>,
    client: &ClientScope,
    flags: u32,
) -> Result<ComPtr<IMAPITable>> {
    let rows = store.list()?.into_iter().map(|profile| {
        Row::from(vec![
            Property::new(tag::PR_DISPLAY_NAME, profile.name.as_str()),
            Property::new(tag::PR_DEFAULT_PROFILE, profile.is_default),
            Property::new(tag::PR_INSTANCE_KEY, profile.name.as_bytes()),
        ])
    });
    let columns = [tag::PR_DISPLAY_NAME, tag::PR_DEFAULT_PROFILE];
    view(&columns, rows.collect(), None, client, flags)
}

/// The columns of the message service table (message-service-tables.md).
const SERVICE_COLUMNS: [PropTag; 8] = [
    tag::PR_DISPLAY_NAME,
    tag::PR_INSTANCE_KEY,
    tag::PR_RESOURCE_FLAGS,
    tag::PR_SERVICE_DLL_NAME,
    tag::PR_SERVICE_ENTRY_NAME,
    tag::PR_SERVICE_NAME,
    tag::PR_SERVICE_SUPPORT_FILES,
    tag::PR_SERVICE_UID,
];

/// IMsgServiceAdmin::GetMsgServiceTable. It is sorted by name, as the page has it.
pub(super) fn services(
    profile: &Profile,
    client: &ClientScope,
    flags: u32,
) -> Result<ComPtr<IMAPITable>> {
    let rows = profile.services().map(|section| {
        let column = |tag: &PropTag| match *tag {
            tag::PR_INSTANCE_KEY => Property::new(*tag, section.uid.0.as_slice()),
            // No flag is a flag word too.
            tag::PR_RESOURCE_FLAGS => Property::new(*tag, section.props.bits(*tag).cast_signed()),
            tag => section.props.get_as(tag, true),
        };
        Row::from(SERVICE_COLUMNS.iter().map(column).collect::<Vec<_>>())
    });
    let order = Some(SortOrder::by(tag::PR_DISPLAY_NAME));
    view(&SERVICE_COLUMNS, rows.collect(), order, client, flags)
}

/// The columns of provider tables (provider-tables.md).
const PROVIDER_COLUMNS: [PropTag; 10] = [
    tag::PR_INSTANCE_KEY,
    tag::PR_DISPLAY_NAME,
    tag::PR_PROVIDER_DISPLAY,
    tag::PR_PROVIDER_DLL_NAME,
    tag::PR_PROVIDER_ORDINAL,
    tag::PR_PROVIDER_UID,
    tag::PR_RESOURCE_FLAGS,
    tag::PR_RESOURCE_TYPE,
    tag::PR_SERVICE_NAME,
    tag::PR_SERVICE_UID,
];

/// IMsgServiceAdmin::GetProviderTable, or that of IProviderAdmin for one service. The latter also has a row for each extra
/// section of the service, whose PR_RESOURCE_TYPE is PT_ERROR.
pub(super) fn providers(
    profile: &Profile,
    service: Option<&MapiUid>,
    client: &ClientScope,
    flags: u32,
) -> Result<ComPtr<IMAPITable>> {
    let providers = profile.all_providers().filter(|section| match service {
        Some(service) => section.uid_prop(tag::PR_SERVICE_UID) == Some(*service),
        None => true,
    });
    let mut rows: Vec<Row> = Vec::new();
    for section in providers {
        // Positions are those in the whole profile, whichever table it is.
        let place = profile.all_providers().position(|s| s.uid == section.uid);
        rows.push(provider_row(profile, section, place));
    }
    if let Some(service) = service {
        let service = profile.service(service)?;
        let extra = service.uids(tag::PR_SERVICE_EXTRA_UIDS);
        for section in extra.filter_map(|uid| profile.section(&uid)) {
            rows.push(provider_row(profile, section, None));
        }
    }
    view(&PROVIDER_COLUMNS, rows, None, client, flags)
}

fn provider_row(profile: &Profile, section: &Section, place: Option<usize>) -> Row {
    let service = section.uid_prop(tag::PR_SERVICE_UID);
    let service = service.and_then(|uid| profile.section(&uid));
    let column = |tag: &PropTag| match *tag {
        tag::PR_INSTANCE_KEY | tag::PR_PROVIDER_UID => {
            Property::new(*tag, section.uid.0.as_slice())
        }
        tag::PR_PROVIDER_ORDINAL => match place.and_then(|p| i32::try_from(p).ok()) {
            Some(place) => Property::new(*tag, place),
            None => section.props.get_as(*tag, true),
        },
        tag::PR_RESOURCE_FLAGS => Property::new(*tag, section.props.bits(*tag).cast_signed()),
        tag::PR_SERVICE_NAME => match service {
            Some(service) => service.props.get_as(*tag, true),
            None => section.props.get_as(*tag, true),
        },
        tag => section.props.get_as(tag, true),
    };
    Row::from(PROVIDER_COLUMNS.iter().map(column).collect::<Vec<_>>())
}

/// A table of rows that do not change any more; `key` names them. Its strings are in the width that `flags` say, until
/// SetColumns.
fn view(
    columns: &[PropTag],
    rows: Vec<Row>,
    order: Option<SortOrder>,
    client: &ClientScope,
    flags: u32,
) -> Result<ComPtr<IMAPITable>> {
    if flags & !MAPI_UNICODE != 0 {
        let text = format!("flags {flags:#x} mean nothing to this table");
        return Err(Error::caller(ErrorCode::UNKNOWN_FLAGS).context(text));
    }
    let data = TableData::new(TableType::Snapshot, tag::PR_INSTANCE_KEY, columns)?;
    data.modify_rows(rows)?;
    let view = data.get_view(order.as_ref(), &client.sinks, None)?;
    let width = if flags & MAPI_UNICODE != 0 {
        PropType::UNICODE
    } else {
        PropType::STRING8
    };
    let shown: Vec<PropTag> = columns.iter().map(|tag| in_width(*tag, width)).collect();
    view.set_columns(&shown, 0)?;
    export(&client.scope, view as Arc<dyn MapiTable>)
}

fn in_width(tag: PropTag, width: PropType) -> PropTag {
    let list = tag.ptype().0 & PropType::MV_FLAG;
    if tag.ptype().is_string() {
        tag.with_type(PropType(width.0 | list))
    } else {
        tag
    }
}
