//! The status table of a session, and MAPI's own status objects (lifecycle.md, 5.3 and 5.4).

mod object;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mapi_com::host_call::ProviderKind;
use mapi_com::iface::OpenedEntry;
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_sys::{
    MAPI_AB, MAPI_AB_PROVIDER, MAPI_SPOOLER, MAPI_STATUS, MAPI_STORE_PROVIDER, MAPI_SUBSYSTEM,
    MAPI_TRANSPORT_PROVIDER, STATUS_AVAILABLE, STATUS_FAILURE, STATUS_FLUSH_QUEUES,
    STATUS_VALIDATE_STATE, STATUSROW_UPDATE,
};
use mapi_types::{
    EntryId, Error, ErrorCode, Guid, MapiUid, PropTag, PropValue, Property, Result, Row, tag,
};

use crate::host::Logon;
use crate::notify::AdviseScope;
use crate::session::SessionCore;
use crate::shutdown::LogonId;
use crate::table::{TableData, export_view, memory_table};

/// The MAPIUID of status rows' entry identifiers.
const STATUS_UID: MapiUid = MapiUid(*b"OpenMAPI status\0");

/// What the owner of a row has to give.
const REQUIRED: [PropTag; 3] = [
    tag::PR_DISPLAY_NAME,
    tag::PR_STATUS_CODE,
    tag::PR_RESOURCE_METHODS,
];

/// What MAPI gives, whatever the owner passes (LIFE-STATUS-002).
const COMPUTED: [PropTag; 7] = [
    tag::PR_PROVIDER_DLL_NAME,
    tag::PR_RESOURCE_FLAGS,
    tag::PR_RESOURCE_TYPE,
    tag::PR_ENTRYID,
    tag::PR_INSTANCE_KEY,
    tag::PR_OBJECT_TYPE,
    tag::PR_ROWID,
];

/// The status table: MAPI's three rows, and those of the providers.
pub(crate) struct StatusTable {
    session: u64,
    data: Arc<TableData>,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    list: Vec<StatusRow>,
    last_id: u32,
    /// The session is closing: rows go without a notification, and none comes.
    closed: bool,
}

#[derive(Clone)]
struct StatusRow {
    id: u32,
    owner: Option<LogonId>,
    row: Row,
}

/// What MAPI knows about the owner of a row.
struct Source<'a> {
    owner: Option<LogonId>,
    library: &'a str,
    resource_type: u32,
    flags: u32,
}

impl StatusTable {
    /// The table of a new session, with MAPI's own rows (LIFE-STATUS-001).
    ///
    /// # Errors
    /// MAPI_E_NOT_ENOUGH_MEMORY.
    pub fn new(session: u64) -> Result<Self> {
        let table = Self {
            session,
            data: memory_table(tag::PR_INSTANCE_KEY)?,
            rows: Mutex::default(),
        };
        let flush = STATUS_VALIDATE_STATE | STATUS_FLUSH_QUEUES;
        let no_spooler = Some("the spooler is not built yet: nothing is sent or received");
        table.put_own(
            "MAPI subsystem",
            MAPI_SUBSYSTEM,
            STATUS_VALIDATE_STATE,
            STATUS_AVAILABLE,
            None,
        );
        table.put_own(
            "MAPI spooler",
            MAPI_SPOOLER,
            flush,
            STATUS_FAILURE,
            no_spooler,
        );
        table.put_own(
            "Address book",
            MAPI_AB,
            STATUS_VALIDATE_STATE,
            STATUS_AVAILABLE,
            None,
        );
        Ok(table)
    }

    fn put_own(
        &self,
        name: &str,
        resource_type: u32,
        methods: u32,
        status: u32,
        text: Option<&str>,
    ) {
        let mut given = vec![
            Property::new(tag::PR_DISPLAY_NAME, name),
            Property::new(tag::PR_STATUS_CODE, status.cast_signed()),
            Property::new(tag::PR_RESOURCE_METHODS, methods.cast_signed()),
        ];
        given.extend(text.map(|text| Property::new(tag::PR_STATUS_STRING, text)));
        let source = Source {
            owner: None,
            library: "mapi32",
            resource_type,
            flags: 0,
        };
        self.put(&source, None, given);
    }

    /// ModifyStatusRow (OP-14, LIFE-STATUS-005).
    pub fn modify(&self, logon: &Logon, columns: &[Property], flags: u32) -> Result<()> {
        if flags & !STATUSROW_UPDATE != 0 {
            return Err(ErrorCode::UNKNOWN_FLAGS.into());
        }
        let update = flags & STATUSROW_UPDATE != 0;
        let given: Vec<Property> = columns
            .iter()
            .filter(|p| !is_computed(p.tag))
            .map(unicode)
            .collect();
        let old = self.find(
            logon.id,
            text(&given, tag::PR_DISPLAY_NAME).as_deref(),
            update,
        );
        let merged = match (&old, update) {
            (Some(old), true) => merge(&old.row.props, given),
            (None, true) => {
                return Err(Error::provider(ErrorCode::NOT_FOUND)
                    .context("there is no status row to update"));
            }
            (_, false) => given,
        };
        if let Some(missing) = REQUIRED
            .iter()
            .find(|r| !merged.iter().any(|p| p.tag.same_id(**r)))
        {
            let text = format!("a status row needs {missing}");
            return Err(Error::provider(ErrorCode::MISSING_REQUIRED_COLUMN).context(text));
        }
        let resource_type = match logon.kind {
            ProviderKind::Store => MAPI_STORE_PROVIDER,
            ProviderKind::AddressBook => MAPI_AB_PROVIDER,
            ProviderKind::Transport => MAPI_TRANSPORT_PROVIDER,
        };
        let place = &logon.place;
        let source = Source {
            owner: Some(logon.id),
            library: &place.library,
            resource_type,
            flags: place.flags,
        };
        self.put(&source, old.map(|o| o.id), merged);
        Ok(())
    }

    /// The row that ModifyStatusRow means: by name, else with `any` the only or first one.
    fn find(&self, owner: LogonId, name: Option<&str>, any: bool) -> Option<StatusRow> {
        let rows = self.rows();
        let mine = || rows.list.iter().filter(|r| r.owner == Some(owner));
        let is_named =
            |row: &&StatusRow| text(&row.row.props, tag::PR_DISPLAY_NAME).as_deref() == name;
        let named = if name.is_some() {
            mine().find(is_named)
        } else {
            None
        };
        named
            .or_else(|| if any { mine().next() } else { None })
            .cloned()
    }

    fn put(&self, source: &Source<'_>, old: Option<u32>, given: Vec<Property>) {
        let mut rows = self.rows();
        if rows.closed {
            return;
        }
        let id = old.unwrap_or_else(|| {
            rows.last_id += 1;
            rows.last_id
        });
        let mut props: Vec<Property> = given.into_iter().filter(|p| !is_computed(p.tag)).collect();
        props.extend([
            Property::new(tag::PR_PROVIDER_DLL_NAME, source.library),
            Property::new(tag::PR_RESOURCE_FLAGS, source.flags.cast_signed()),
            Property::new(tag::PR_RESOURCE_TYPE, source.resource_type.cast_signed()),
            Property::new(tag::PR_ENTRYID, self.entry_id(id).into_bytes()),
            Property::new(tag::PR_INSTANCE_KEY, id.to_le_bytes().to_vec()),
            Property::new(tag::PR_OBJECT_TYPE, MAPI_STATUS.cast_signed()),
            Property::new(tag::PR_ROWID, id.cast_signed()),
        ]);
        let row = Row::from(props);
        let new = StatusRow {
            id,
            owner: source.owner,
            row: row.clone(),
        };
        match rows.list.iter_mut().find(|r| r.id == id) {
            Some(place) => *place = new,
            None => rows.list.push(new),
        }
        drop(rows);
        if let Err(error) = self.data.modify_row(row) {
            tracing::error!(%error, "a status row could not be shown");
        }
    }

    /// S3: all rows of a logon go; views are told while the session is open (LIFE-STATUS-006, -007).
    pub fn remove_rows_of(&self, logon: &Logon) {
        let gone: Vec<u32> = {
            let mut rows = self.rows();
            let gone = rows
                .list
                .iter()
                .filter(|r| r.owner == Some(logon.id))
                .map(|r| r.id)
                .collect();
            rows.list.retain(|r| r.owner != Some(logon.id));
            gone
        };
        for id in gone {
            drop(self.data.delete_row(&id.to_le_bytes().to_vec().into()));
        }
    }

    /// MAPI's own rows go; nothing comes any more (lifecycle.md, 6.1, step 10).
    pub fn clear(&self) {
        let gone = {
            let mut rows = self.rows();
            rows.closed = true;
            std::mem::take(&mut rows.list)
        };
        for row in gone {
            drop(self.data.delete_row(&row.id.to_le_bytes().to_vec().into()));
        }
    }

    /// GetStatusTable: a view. A MAPI_NO_MAIL handle sees the same rows: there is no transport yet, and the spooler's row says
    /// STATUS_FAILURE (LIFE-STATUS-008).
    pub fn view(
        &self,
        scope: &Arc<Scope>,
        sinks: &Arc<AdviseScope>,
    ) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        export_view(&self.data, scope, sinks)
    }

    /// The logon whose status object an entry identifier names (LIFE-STATUS-009).
    pub fn logon_of(&self, entry_id: &EntryId) -> Option<LogonId> {
        let id = self.row_of(entry_id)?;
        self.rows().list.iter().find(|r| r.id == id)?.owner
    }

    /// Opens one of MAPI's own status objects; `None` if the identifier is not one of theirs.
    pub fn open_own_entry(
        &self,
        session: &Arc<SessionCore>,
        scope: &Arc<Scope>,
        entry_id: &EntryId,
        interface: Option<&Guid>,
    ) -> Result<Option<OpenedEntry>> {
        let Some(id) = self.row_of(entry_id) else {
            return Ok(None);
        };
        let row = self.rows().list.iter().find(|r| r.id == id).cloned();
        match row {
            Some(StatusRow {
                owner: None, row, ..
            }) => object::open(session, scope, row, interface).map(Some),
            Some(_) => Ok(None),
            None => {
                Err(Error::caller(ErrorCode::UNKNOWN_ENTRYID).context("the status row has gone"))
            }
        }
    }

    fn entry_id(&self, row: u32) -> EntryId {
        let mut data = self.session.to_le_bytes().to_vec();
        data.extend_from_slice(&row.to_le_bytes());
        EntryId::new(STATUS_UID, &data)
    }

    fn row_of(&self, entry_id: &EntryId) -> Option<u32> {
        if entry_id.uid() != Some(STATUS_UID) {
            return None;
        }
        let (session, row) = entry_id.data().split_at_checked(8)?;
        let ours = session == self.session.to_le_bytes();
        ours.then(|| row.try_into().ok().map(u32::from_le_bytes))
            .flatten()
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_computed(tag: PropTag) -> bool {
    COMPUTED.iter().any(|computed| computed.same_id(tag))
}

fn merge(old: &[Property], new: Vec<Property>) -> Vec<Property> {
    let is_new = |p: &&Property| new.iter().any(|n| n.tag.same_id(p.tag));
    let kept: Vec<Property> = old.iter().filter(|p| !is_new(p)).cloned().collect();
    kept.into_iter().chain(new).collect()
}

fn text(props: &[Property], tag: PropTag) -> Option<String> {
    let found = props.iter().find(|p| p.tag.same_id(tag))?;
    found.value.as_str().map(std::borrow::Cow::into_owned)
}

/// Text of the table is Unicode, whatever the provider passes.
fn unicode(property: &Property) -> Property {
    match &property.value {
        PropValue::String8(_) => {
            let text = property.value.as_str().unwrap_or_default().into_owned();
            Property::new(property.tag, text)
        }
        _ => property.clone(),
    }
}
