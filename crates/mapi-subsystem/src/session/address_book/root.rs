//! The root container of the address book: the hierarchies of all providers.

use std::sync::Arc;

use mapi_com::iface::{
    AbContainer, AbEntries, AbLogon as _, ComObject, MapiContainer, MapiTable as _, OpenedEntry,
};
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_sys::{IABContainer, MAPI_ABCONT, MAPI_UNICODE};
use mapi_types::{EntryId, Error, ErrorCode, Guid, PropValue, Property, Result, Row, tag};

use super::on_book;
use crate::read_only::read_only_prop;
use crate::session::SessionCore;
use crate::table::{export_view, memory_table};

pub(super) struct RootContainer {
    session: Arc<SessionCore>,
    scope: Arc<Scope>,
}

/// Opens it.
pub(super) fn open(session: &Arc<SessionCore>, scope: &Arc<Scope>) -> Result<OpenedEntry> {
    let root: Arc<dyn AbContainer> = Arc::new(RootContainer {
        session: Arc::clone(session),
        scope: Arc::clone(scope),
    });
    let object = export(scope, root).map(ComPtr::into_unknown)?;
    Ok(OpenedEntry {
        object_type: MAPI_ABCONT,
        object,
    })
}

/// The rows of all providers' hierarchies, provider by provider. A provider that fails is left out.
pub(super) fn hierarchy(session: &Arc<SessionCore>, flags: u32) -> Vec<Row> {
    let mut rows = Vec::new();
    for book in session.address_books() {
        let found = on_book(&book, |logon| {
            let root = logon.open_entry(&EntryId::default(), None, 0)?;
            let root: ComPtr<IABContainer> = root.object.query()?;
            all_rows(&root.get_hierarchy_table(flags | MAPI_UNICODE)?)
        });
        match found {
            Ok(found) => rows.extend(found),
            Err(error) => {
                tracing::warn!(book = book.place.display_name, %error, "its hierarchy is left out")
            }
        }
    }
    rows
}

pub(super) fn all_rows(table: &ComPtr<mapi_sys::IMAPITable>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    loop {
        let block = table.query_rows(100, 0)?;
        if block.is_empty() {
            return Ok(rows);
        }
        rows.extend(block);
    }
}

/// The identifier in a row.
pub(super) fn entry_id(row: &Row) -> Option<EntryId> {
    row.get(tag::PR_ENTRYID)
        .and_then(PropValue::as_bytes)
        .map(EntryId::from)
}

impl RootContainer {
    fn props(&self) -> Vec<Property> {
        vec![
            Property::new(tag::PR_DISPLAY_NAME, "Address book"),
            Property::new(tag::PR_OBJECT_TYPE, MAPI_ABCONT.cast_signed()),
            Property::new(tag::PR_ENTRYID, Vec::<u8>::new()),
        ]
    }
}

impl ComObject for RootContainer {}
read_only_prop!(RootContainer);

impl MapiContainer for RootContainer {
    /// The root has containers only.
    fn get_contents_table(&self, _flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        Err(Error::no_support())
    }

    fn get_hierarchy_table(&self, flags: u32) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let data = memory_table(tag::PR_INSTANCE_KEY)?;
        for (mut row, number) in hierarchy(&self.session, flags).into_iter().zip(0u32..) {
            row.props.retain(|p| !p.tag.same_id(tag::PR_INSTANCE_KEY));
            row.props.push(Property::new(
                tag::PR_INSTANCE_KEY,
                number.to_le_bytes().to_vec(),
            ));
            data.modify_row(row)?;
        }
        export_view(
            &data,
            &self.scope,
            &self.session.subsystem().engine().scope(),
        )
    }

    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        if entry_id.is_empty() {
            return open(&self.session, &self.scope);
        }
        if self.session.routing().find(entry_id).is_err() {
            return Err(ErrorCode::UNKNOWN_ENTRYID.into());
        }
        self.session
            .open_entry(&self.scope, entry_id, interface, flags)
    }
}

impl AbEntries for RootContainer {}
impl AbContainer for RootContainer {}
