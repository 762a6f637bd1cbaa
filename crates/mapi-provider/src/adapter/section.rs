//! The provider's profile section, for the length of a logon.

use mapi_com::iface::{MapiProp, MapiSupport};
use mapi_com::ptr::{ComPtr, ComRef};
use mapi_sys::{IMAPISupport, IProfSect, MAPI_MODIFY, MAPI_UNICODE};
use mapi_types::{Error, ErrorCode, PropTag, Property, Result, tag};

use super::prop::at_place;
use super::text::widen;
use crate::{ProfileSection, PropProblem};

/// Read-only during a logon (LIFE-LOGON-016).
const MAPIS: [PropTag; 2] = [tag::PR_RESOURCE_FLAGS, tag::PR_PROVIDER_DLL_NAME];

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
        let is_mapis = |prop: &Property| MAPIS.iter().any(|tag| tag.same_id(prop.tag));
        let mut problems = Vec::new();
        let (mut places, mut allowed) = (Vec::new(), Vec::new());
        for (index, prop) in (0..).zip(props) {
            if is_mapis(prop) {
                let (tag, code) = (prop.tag, ErrorCode::NO_ACCESS);
                problems.push(PropProblem { index, tag, code });
            } else {
                places.push(index);
                allowed.push(prop.clone());
            }
        }
        if !allowed.is_empty() {
            let refused = section.set_props(&allowed)?;
            problems.extend(refused.into_iter().map(|p| at_place(p, &places)));
        }
        Ok(problems)
    }
}
