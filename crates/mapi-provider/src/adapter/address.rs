//! IABContainer, IMailUser and IDistList over their semantic traits.

use std::sync::Arc;

use mapi_com::iface::{
    self, AbContainer, AbEntries, ComObject, CopyTarget, MapiContainer, MapiProp, OpenedEntry,
    PropProblem, Resolved,
};
use mapi_com::ptr::{ComPtr, Unknown};
use mapi_com::shell::export;
use mapi_sys::{
    CONVENIENT_DEPTH, IID_IABContainer, IID_IDistList, IID_IMAPIContainer, IID_IMAPIProp,
    IID_IMAPITable, IID_IMailUser, IMAPITable, MAPI_ABCONT, MAPI_DISTLIST, MAPI_MAILUSER,
    MAPI_UNICODE,
};
use mapi_types::{EntryId, Error, ErrorCode, Guid, NamedProp, PropTag, Property, Result, Row, tag};

use super::home::{Home, check_interface};
use super::prop::{PropHost, prop_methods};
use super::table::TableObject;
use super::text::{narrow_for, wide_tag};
use crate::{Container, DistList, MailUser, NameMatch, PropObject};

/// What a resolved name gets if the client does not say (ResolveNames without columns).
const DEFAULT_COLUMNS: [PropTag; 7] = [
    tag::PR_ENTRYID,
    tag::PR_DISPLAY_NAME,
    tag::PR_ADDRTYPE,
    tag::PR_EMAIL_ADDRESS,
    tag::PR_OBJECT_TYPE,
    tag::PR_DISPLAY_TYPE,
    tag::PR_SEARCH_KEY,
];

fn resolve_names(
    container: &dyn Container,
    columns: Option<&[PropTag]>,
    flags: u32,
    recipients: &mut [Row],
    resolved: &mut [Resolved],
) -> Result<()> {
    let columns = columns.unwrap_or(&DEFAULT_COLUMNS);
    let wide: Vec<PropTag> = columns.iter().copied().map(wide_tag).collect();
    let open: Vec<(usize, String)> = recipients
        .iter()
        .zip(resolved.iter())
        .enumerate()
        .filter(|(_, (_, state))| **state == Resolved::Unresolved)
        .filter_map(|(at, (row, _))| {
            let name = row.get(tag::PR_DISPLAY_NAME)?.as_str()?.into_owned();
            Some((at, name))
        })
        .collect();
    let names: Vec<&str> = open.iter().map(|(_, name)| name.as_str()).collect();
    let matches = container.resolve_names(&names, &wide)?;
    if matches.len() != names.len() {
        return Err(Error::provider(ErrorCode::CALL_FAILED)
            .context("resolve_names must answer one match for each name"));
    }
    for ((at, _), found) in open.iter().zip(matches) {
        match found {
            NameMatch::None => {}
            NameMatch::Ambiguous => resolved[*at] = Resolved::Ambiguous,
            NameMatch::One(mut props) => {
                for (prop, asked) in props.iter_mut().zip(columns) {
                    narrow_for(prop, *asked, flags & MAPI_UNICODE != 0);
                }
                merge(&mut recipients[*at], props);
                resolved[*at] = Resolved::Resolved;
            }
        }
    }
    Ok(())
}

/// Puts properties into a row; what the row has beside them (PR_RECIPIENT_TYPE, PR_ROWID) stays.
fn merge(row: &mut Row, props: Vec<Property>) {
    for prop in props {
        match row.props.iter_mut().find(|p| p.tag.same_id(prop.tag)) {
            Some(old) => *old = prop,
            None => row.props.push(prop),
        }
    }
}

/// A container or list: the same methods over the same semantic trait, under two interfaces.
macro_rules! container_object {
    ($name:ident, $semantic:path, $com:path, $interfaces:expr, $object_type:expr) => {
        pub(crate) struct $name {
            home: Arc<Home>,
            container: Arc<dyn $semantic>,
        }

        impl $name {
            pub(crate) fn opened(
                home: &Arc<Home>,
                container: Box<dyn $semantic>,
                interface: Option<&Guid>,
            ) -> Result<OpenedEntry> {
                check_interface(interface, &$interfaces)?;
                let this = Self {
                    home: Arc::clone(home),
                    container: Arc::from(container),
                };
                Ok(OpenedEntry {
                    object_type: $object_type,
                    object: export::<dyn $com>(&home.scope, Arc::new(this))?.into_unknown(),
                })
            }
        }

        impl PropHost for $name {
            fn home(&self) -> &Arc<Home> {
                &self.home
            }

            fn object(&self) -> Arc<dyn PropObject> {
                Arc::clone(&self.container) as _
            }

            fn object_type(&self) -> u32 {
                $object_type
            }

            fn open_part(
                &self,
                tag: PropTag,
                interface: &Guid,
                flags: u32,
            ) -> Result<Option<Unknown>> {
                let source = if tag.same_id(tag::PR_CONTAINER_CONTENTS) {
                    self.container.contents()?
                } else if tag.same_id(tag::PR_CONTAINER_HIERARCHY) {
                    self.container.hierarchy(false)?
                } else {
                    return Ok(None);
                };
                check_interface(Some(interface), &[IID_IMAPITable])?;
                let table = TableObject::open(&self.home, source, flags)?;
                Ok(Some(table.into_unknown()))
            }
        }

        impl ComObject for $name {}

        impl MapiProp for $name {
            prop_methods!();
        }

        impl MapiContainer for $name {
            fn get_contents_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
                TableObject::open(&self.home, self.container.contents()?, flags)
            }

            fn get_hierarchy_table(&self, flags: u32) -> Result<ComPtr<IMAPITable>> {
                let source = self.container.hierarchy(flags & CONVENIENT_DEPTH != 0)?;
                TableObject::open(&self.home, source, flags)
            }

            fn open_entry(
                &self,
                entry_id: &EntryId,
                interface: Option<&Guid>,
                flags: u32,
            ) -> Result<OpenedEntry> {
                self.home.open_entry(entry_id, interface, flags)
            }
        }

        impl AbEntries for $name {
            fn resolve_names(
                &self,
                columns: Option<&[PropTag]>,
                flags: u32,
                recipients: &mut [Row],
                resolved: &mut [Resolved],
            ) -> Result<()> {
                resolve_names(&*self.container, columns, flags, recipients, resolved)
            }
        }

        impl $com for $name {}
    };
}

container_object!(
    ContainerObject,
    Container,
    AbContainer,
    [IID_IMAPIProp, IID_IMAPIContainer, IID_IABContainer],
    MAPI_ABCONT
);
container_object!(
    DistListObject,
    DistList,
    iface::DistList,
    [IID_IMAPIProp, IID_IMAPIContainer, IID_IDistList],
    MAPI_DISTLIST
);

pub(crate) struct MailUserObject {
    home: Arc<Home>,
    user: Arc<dyn MailUser>,
}

impl MailUserObject {
    pub(crate) fn opened(
        home: &Arc<Home>,
        user: Box<dyn MailUser>,
        interface: Option<&Guid>,
    ) -> Result<OpenedEntry> {
        check_interface(interface, &[IID_IMAPIProp, IID_IMailUser])?;
        let this = Self {
            home: Arc::clone(home),
            user: Arc::from(user),
        };
        Ok(OpenedEntry {
            object_type: MAPI_MAILUSER,
            object: export::<dyn iface::MailUser>(&home.scope, Arc::new(this))?.into_unknown(),
        })
    }
}

impl PropHost for MailUserObject {
    fn home(&self) -> &Arc<Home> {
        &self.home
    }

    fn object(&self) -> Arc<dyn PropObject> {
        Arc::clone(&self.user) as _
    }

    fn object_type(&self) -> u32 {
        MAPI_MAILUSER
    }
}

impl ComObject for MailUserObject {}

impl MapiProp for MailUserObject {
    prop_methods!();
}

impl iface::MailUser for MailUserObject {}
