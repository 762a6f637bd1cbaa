//! One-off recipients as objects.

use std::sync::Arc;

use mapi_com::iface::{ComObject, MailUser, OpenedEntry};
use mapi_com::ptr::{ComPtr, guid_to_abi};
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_sys::{IID_IMAPIProp, IID_IMailUser, MAPI_MAILUSER};
use mapi_types::{EntryId, ErrorCode, Guid, OneOff, Property, Result, tag};

use crate::read_only::read_only_prop;

struct OneOffUser {
    entry_id: EntryId,
    who: OneOff,
}

pub(super) fn open(
    scope: &Arc<Scope>,
    entry_id: &EntryId,
    interface: Option<&Guid>,
) -> Result<OpenedEntry> {
    let known = [IID_IMailUser, IID_IMAPIProp];
    if interface.is_some_and(|i| !known.contains(&guid_to_abi(i))) {
        return Err(ErrorCode::INTERFACE_NOT_SUPPORTED.into());
    }
    let user: Arc<dyn MailUser> = Arc::new(OneOffUser {
        entry_id: entry_id.clone(),
        who: OneOff::parse(entry_id)?,
    });
    let object = export(scope, user).map(ComPtr::into_unknown)?;
    Ok(OpenedEntry {
        object_type: MAPI_MAILUSER,
        object,
    })
}

impl OneOffUser {
    fn props(&self) -> Vec<Property> {
        let OneOff {
            name,
            address_type,
            address,
            no_rich_info,
        } = &self.who;
        let key = format!("{address_type}:{}\0", address.to_uppercase());
        vec![
            Property::new(tag::PR_DISPLAY_NAME, name.as_str()),
            Property::new(tag::PR_ADDRTYPE, address_type.as_str()),
            Property::new(tag::PR_EMAIL_ADDRESS, address.as_str()),
            Property::new(tag::PR_ENTRYID, self.entry_id.as_bytes().to_vec()),
            Property::new(tag::PR_SEARCH_KEY, key.into_bytes()),
            Property::new(tag::PR_OBJECT_TYPE, MAPI_MAILUSER.cast_signed()),
            Property::new(tag::PR_SEND_RICH_INFO, !no_rich_info),
        ]
    }
}

impl ComObject for OneOffUser {}
read_only_prop!(OneOffUser);
impl MailUser for OneOffUser {}
