//! The IAddrBook object.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mapi_com::host_call::LogonObject;
use mapi_com::iface::{AbEntries as _, AbLogon as _, AddrBook, ComObject, OpenedEntry, Resolved};
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_sys::{IABContainer, MAPI_ADDRBOOK, MAPI_UNICODE};
use mapi_types::{
    EntryId, Error, ErrorCode, Guid, ONE_OFF_UID, PropTag, PropValue, Property, Result, Row, tag,
};

use super::root::{self, entry_id};
use super::{on_book, open_one_off};
use crate::host::{Logon, one_off};
use crate::read_only::read_only_prop;
use crate::session::SessionCore;

pub(super) struct AddressBook {
    session: Arc<SessionCore>,
    scope: Arc<Scope>,
    state: Mutex<State>,
}

/// The switch that breaks LIFE-LOGOFF-027.
#[cfg(feature = "sabotage")]
impl Drop for AddressBook {
    fn drop(&mut self) {
        let driver = self.session.way_down().driver();
        if driver.is_sabotaged(crate::shutdown::Sabotage::EndBooks) {
            for book in self.session.address_books() {
                driver.end_logon(book.id);
            }
        }
    }
}

#[derive(Default)]
struct State {
    /// SetSearchPath; `None`: every container, in order.
    search_path: Option<Vec<Row>>,
    pab: EntryId,
    default_dir: EntryId,
    /// Registrations at providers, under numbers of this object's.
    connections: BTreeMap<usize, (Arc<Logon>, usize)>,
}

impl AddressBook {
    pub fn new(session: &Arc<SessionCore>, scope: &Arc<Scope>) -> Self {
        Self {
            session: Arc::clone(session),
            scope: Arc::clone(scope),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn props(&self) -> Vec<Property> {
        vec![
            Property::new(tag::PR_OBJECT_TYPE, MAPI_ADDRBOOK.cast_signed()),
            Property::new(tag::PR_DISPLAY_NAME, "Address book"),
        ]
    }

    fn search_path(&self) -> Vec<Row> {
        let set = self.state().search_path.clone();
        set.unwrap_or_else(|| root::hierarchy(&self.session, MAPI_UNICODE))
    }

    /// Asks one container; one that cannot resolve names is passed over.
    fn resolve_in(
        &self,
        container: &EntryId,
        rows: &mut [Row],
        states: &mut [Resolved],
        flags: u32,
    ) -> Result<()> {
        let opened = self.session.open_entry(&self.scope, container, None, 0)?;
        let container: ComPtr<IABContainer> = opened.object.query()?;
        container.resolve_names(None, flags, rows, states)
    }

    /// A name that is an Internet address needs no address book.
    fn resolve_as_address(row: &mut Row) -> bool {
        let name = row
            .get(tag::PR_DISPLAY_NAME)
            .and_then(|v| v.as_str().map(|s| s.into_owned()));
        let Some(address) = name.filter(|name| is_internet_address(name)) else {
            return false;
        };
        let id = one_off(&address, "SMTP", &address, 0);
        let props = [
            Property::new(tag::PR_ENTRYID, id.into_bytes()),
            Property::new(tag::PR_ADDRTYPE, "SMTP"),
            Property::new(tag::PR_EMAIL_ADDRESS, address.as_str()),
            Property::new(tag::PR_OBJECT_TYPE, mapi_sys::MAPI_MAILUSER.cast_signed()),
        ];
        row.props
            .retain(|p| !props.iter().any(|new| new.tag.same_id(p.tag)));
        row.props.extend(props);
        true
    }
}

fn is_internet_address(name: &str) -> bool {
    let parts = name.rsplit_once('@');
    parts.is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !name.contains(|c: char| c.is_whitespace() || c == ',' || c == ';')
    })
}

fn is_resolved(row: &Row) -> bool {
    entry_id(row).is_some_and(|id| !id.is_empty())
}

impl ComObject for AddressBook {}
read_only_prop!(AddressBook);

impl AddrBook for AddressBook {
    fn open_entry(
        &self,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<OpenedEntry> {
        if entry_id.is_empty() {
            return root::open(&self.session, &self.scope);
        }
        if entry_id.uid() == Some(ONE_OFF_UID) {
            return open_one_off(&self.scope, entry_id, interface);
        }
        self.session
            .open_entry(&self.scope, entry_id, interface, flags)
    }

    fn compare_entry_ids(&self, left: &EntryId, right: &EntryId, flags: u32) -> Result<bool> {
        self.session.compare_entry_ids(left, right, flags)
    }

    fn advise(
        &self,
        entry_id: &EntryId,
        event_mask: u32,
        sink: ComPtr<mapi_sys::IMAPIAdviseSink>,
    ) -> Result<usize> {
        let registration = self.session.advise_entry(entry_id, event_mask, sink)?;
        let mut state = self.state();
        let number = state
            .connections
            .last_key_value()
            .map_or(1, |(last, _)| last + 1);
        state.connections.insert(number, registration);
        Ok(number)
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        let registration = self.state().connections.remove(&connection);
        let (logon, number) = registration.ok_or(ErrorCode::NOT_FOUND)?;
        logon.serve(|object| match object {
            LogonObject::AddressBook(book) => book.unadvise(number),
            _ => Err(Error::no_support()),
        })
    }

    fn create_one_off(
        &self,
        name: &str,
        address_type: &str,
        address: &str,
        flags: u32,
    ) -> Result<EntryId> {
        if address_type.is_empty() || address.is_empty() {
            return Err(Error::caller(ErrorCode::INVALID_PARAMETER)
                .context("address type or address is empty"));
        }
        Ok(one_off(name, address_type, address, flags))
    }

    fn resolve_name(&self, flags: u32, recipients: &mut Vec<Row>) -> Result<()> {
        let mut states: Vec<Resolved> = recipients
            .iter()
            .map(|row| {
                if is_resolved(row) {
                    Resolved::Resolved
                } else {
                    Resolved::Unresolved
                }
            })
            .collect();
        for container in self.search_path().iter().filter_map(entry_id) {
            if states.iter().all(|s| *s != Resolved::Unresolved) {
                break;
            }
            if let Err(error) = self.resolve_in(&container, recipients, &mut states, flags) {
                tracing::debug!(%error, "a container of the search path cannot resolve names");
            }
        }
        for (row, state) in recipients.iter_mut().zip(&mut states) {
            if *state == Resolved::Unresolved && Self::resolve_as_address(row) {
                *state = Resolved::Resolved;
            }
        }
        if states.contains(&Resolved::Ambiguous) {
            return Err(
                Error::caller(ErrorCode::AMBIGUOUS_RECIP).context("a name matches several entries")
            );
        }
        if states.contains(&Resolved::Unresolved) {
            return Err(Error::caller(ErrorCode::NOT_FOUND).context("a name matches no entry"));
        }
        Ok(())
    }

    fn get_pab(&self) -> Result<EntryId> {
        Ok(self.state().pab.clone())
    }

    fn set_pab(&self, entry_id: &EntryId) -> Result<()> {
        self.state().pab = entry_id.clone();
        Ok(())
    }

    fn get_default_dir(&self) -> Result<EntryId> {
        let set = self.state().default_dir.clone();
        if !set.is_empty() {
            return Ok(set);
        }
        let first = self.search_path().iter().find_map(entry_id);
        first.ok_or_else(|| {
            Error::caller(ErrorCode::NOT_FOUND).context("no address book has a container")
        })
    }

    fn set_default_dir(&self, entry_id: &EntryId) -> Result<()> {
        self.state().default_dir = entry_id.clone();
        Ok(())
    }

    fn get_search_path(&self, flags: u32) -> Result<Vec<Row>> {
        let _ = flags;
        Ok(self.search_path())
    }

    fn set_search_path(&self, flags: u32, path: &[Row]) -> Result<()> {
        let _ = flags;
        if path.iter().any(|row| {
            row.get(tag::PR_ENTRYID)
                .and_then(PropValue::as_bytes)
                .is_none()
        }) {
            return Err(Error::caller(ErrorCode::MISSING_REQUIRED_COLUMN)
                .context("a row has no PR_ENTRYID"));
        }
        self.state().search_path = Some(path.to_vec());
        Ok(())
    }

    fn prepare_recips(
        &self,
        flags: u32,
        columns: &[PropTag],
        recipients: &mut Vec<Row>,
    ) -> Result<()> {
        for book in self.session.address_books() {
            let prepared = on_book(&book, |logon| {
                logon.prepare_recips(flags, columns, recipients)
            });
            if let Err(error) = prepared
                && error.code() != ErrorCode::NO_SUPPORT
            {
                return Err(error);
            }
        }
        Ok(())
    }
}
