//! MAPI's own status objects.

use std::sync::{Arc, Weak};

use mapi_com::iface::{ComObject, MapiStatus, OpenedEntry};
use mapi_com::ptr::{ComPtr, guid_to_abi};
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_sys::{IID_IMAPIProp, IID_IMAPIStatus, MAPI_SPOOLER, MAPI_STATUS};
use mapi_types::{EntryId, Error, ErrorCode, Guid, PropValue, Property, Result, Row, tag};

use crate::read_only::read_only_prop;
use crate::session::SessionCore;

/// The status object of the subsystem, of the spooler or of the address book. Which methods it has is in PR_RESOURCE_METHODS
/// (LIFE-STATUS-003).
struct OwnStatus {
    row: Row,
    resource_type: u32,
    session: Weak<SessionCore>,
}

/// Opens the status object of one of MAPI's rows.
pub(super) fn open(
    session: &Arc<SessionCore>,
    scope: &Arc<Scope>,
    row: Row,
    interface: Option<&Guid>,
) -> Result<OpenedEntry> {
    let known = [IID_IMAPIStatus, IID_IMAPIProp];
    if interface.is_some_and(|i| !known.contains(&guid_to_abi(i))) {
        return Err(ErrorCode::INTERFACE_NOT_SUPPORTED.into());
    }
    let resource_type = row
        .get(tag::PR_RESOURCE_TYPE)
        .and_then(PropValue::as_long)
        .unwrap_or(0)
        .cast_unsigned();
    let object: Arc<dyn MapiStatus> = Arc::new(OwnStatus {
        row,
        resource_type,
        session: Arc::downgrade(session),
    });
    let object = export(scope, object).map(ComPtr::into_unknown)?;
    Ok(OpenedEntry {
        object_type: MAPI_STATUS,
        object,
    })
}

impl OwnStatus {
    fn props(&self) -> Vec<Property> {
        self.row.props.clone()
    }
}

impl ComObject for OwnStatus {}
read_only_prop!(OwnStatus);

impl MapiStatus for OwnStatus {
    /// The session is open and its parts answer; there is no transport whose state could be asked for.
    fn validate_state(&self, flags: u32) -> Result<()> {
        let _ = flags;
        let open = self
            .session
            .upgrade()
            .is_some_and(|session| session.is_open());
        if open {
            Ok(())
        } else {
            Err(ErrorCode::INVALID_OBJECT.into())
        }
    }

    /// The spooler's, with no transport whose queues could be flushed.
    fn flush_queues(&self, target: &EntryId, flags: u32) -> Result<()> {
        let _ = flags;
        if self.resource_type != MAPI_SPOOLER {
            return Err(Error::no_support());
        }
        if target.is_empty() {
            Ok(())
        } else {
            Err(ErrorCode::NOT_FOUND.into())
        }
    }
}
