//! The rows of the profile table, the message service table and the provider tables.

use std::sync::Arc;

use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_sys::IMAPITable;
use mapi_types::{Error, MapiUid, PropTag, Property, Result, Row, tag};

use crate::profile::{Profile, ProfileStore, Section};

/// IProfAdmin::GetProfileTable (profile-tables.md).
pub(super) fn profiles(
    store: &Arc<ProfileStore>,
    scope: &Arc<Scope>,
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
    view(&columns, rows.collect(), scope, flags)
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
    scope: &Arc<Scope>,
    flags: u32,
) -> Result<ComPtr<IMAPITable>> {
    let mut services: Vec<&Section> = profile.services().collect();
    services.sort_by_key(|s| {
        let name = s.props.text(tag::PR_DISPLAY_NAME);
        name.map(|n| n.to_lowercase())
    });
    let rows = services.into_iter().map(|section| {
        let column = |tag: &PropTag| match *tag {
            tag::PR_INSTANCE_KEY => Property::new(*tag, section.uid.0.as_slice()),
            // No flag is a flag word too.
            tag::PR_RESOURCE_FLAGS => Property::new(*tag, section.props.bits(*tag).cast_signed()),
            tag => section.props.get_as(tag, true),
        };
        Row::from(SERVICE_COLUMNS.iter().map(column).collect::<Vec<_>>())
    });
    view(&SERVICE_COLUMNS, rows.collect(), scope, flags)
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
    scope: &Arc<Scope>,
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
    view(&PROVIDER_COLUMNS, rows, scope, flags)
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

fn view(
    columns: &[PropTag],
    rows: Vec<Row>,
    scope: &Arc<Scope>,
    flags: u32,
) -> Result<ComPtr<IMAPITable>> {
    let _ = (columns, rows, scope, flags);
    Err(Error::no_support())
}
