//! IMAPIStatus of a logon.

use std::sync::Arc;

use mapi_com::iface::{ComObject, CopyTarget, MapiProp, MapiStatus, OpenedEntry, PropProblem};
use mapi_com::ptr::Unknown;
use mapi_com::shell::export;
use mapi_sys::{GUID, IID_IMAPIProp, IID_IMAPIStatus, MAPI_STATUS};
use mapi_types::{Guid, NamedProp, PropTag, Property, Result};

use super::home::{Home, check_interface};
use super::prop::{PropHost, prop_methods};
use crate::{PropObject, select};

const INTERFACES: [GUID; 2] = [IID_IMAPIProp, IID_IMAPIStatus];

/// The status object. It shares the middle of its logon and holds no reference on the logon object, so there is no
/// cycle to break (LIFE-STATUS-010).
pub(crate) struct StatusObject {
    home: Arc<Home>,
}

impl StatusObject {
    pub(crate) fn opened(home: &Arc<Home>, interface: Option<&Guid>) -> Result<OpenedEntry> {
        check_interface(interface, &INTERFACES)?;
        let this = Self {
            home: Arc::clone(home),
        };
        Ok(OpenedEntry {
            object_type: MAPI_STATUS,
            object: export::<dyn MapiStatus>(&home.scope, Arc::new(this))?.into_unknown(),
        })
    }
}

/// The columns of the row, as they are now.
struct StatusProps(Arc<Home>);

impl PropObject for StatusProps {
    fn get_props(&self, tags: &[PropTag], limit_bytes: usize) -> Result<Vec<Property>> {
        let columns = self.0.status().columns();
        let one = |asked: &PropTag| select(&columns, *asked, limit_bytes);
        Ok(tags.iter().map(one).collect())
    }

    fn prop_tags(&self) -> Result<Vec<PropTag>> {
        Ok(self.0.status().columns().iter().map(|p| p.tag).collect())
    }
}

impl PropHost for StatusObject {
    fn home(&self) -> &Arc<Home> {
        &self.home
    }

    fn object(&self) -> Arc<dyn PropObject> {
        Arc::new(StatusProps(Arc::clone(&self.home)))
    }

    fn object_type(&self) -> u32 {
        MAPI_STATUS
    }
}

impl ComObject for StatusObject {}

impl MapiProp for StatusObject {
    prop_methods!();
}

impl MapiStatus for StatusObject {
    fn validate_state(&self, _flags: u32) -> Result<()> {
        self.home.validate()
    }
}
