//! The provider's profile section, for the length of a logon.

use mapi_com::iface::{MapiProp, MapiSupport};
use mapi_com::ptr::{ComPtr, ComRef};
use mapi_sys::{IMAPISupport, IProfSect, MAPI_MODIFY, MAPI_UNICODE};
use mapi_types::{Error, ErrorCode, PropTag, Property, Result};

use super::text::widen;
use crate::{ProfileSection, PropProblem};

/// The section; `None` where the profile has none for this provider. Released before the logon returns.
pub(crate) struct Section(Option<ComPtr<IProfSect>>);

impl Section {
    pub(crate) fn open(support: &ComRef<'_, IMAPISupport>) -> Result<Self> {
        match support.open_profile_section(None, MAPI_MODIFY) {
            Ok(section) => Ok(Self(Some(section))),
            Err(error) if error.code() == ErrorCode::NOT_FOUND => Ok(Self(None)),
            // A profile that may not be written can still be read.
            Err(error) if error.code() == ErrorCode::NO_ACCESS => {
                support.open_profile_section(None, 0).map(|s| Self(Some(s)))
            }
            Err(error) => Err(error),
        }
    }
}

impl ProfileSection for Section {
    fn get_props(&self, tags: &[PropTag]) -> Result<Vec<Property>> {
        let Some(section) = &self.0 else {
            let missing = |tag: &PropTag| Property::error(*tag, ErrorCode::NOT_FOUND);
            return Ok(tags.iter().map(missing).collect());
        };
        let props = section.get_props(Some(tags), MAPI_UNICODE)?;
        Ok(props.iter().map(widen).collect())
    }

    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        let section = self.0.as_ref().ok_or_else(|| {
            Error::caller(ErrorCode::NO_ACCESS)
                .context("the profile has no section for this provider")
        })?;
        section.set_props(props)
    }
}
