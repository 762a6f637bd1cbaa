//! IProfSect.

use mapi_com::iface::{ComObject, CopyTarget, MapiProp, ProfSect, PropProblem};
use mapi_com::ptr::{ComPtr, Unknown};
use mapi_sys::{IMAPIProp, MAPI_MOVE, MAPI_NOREPLACE, MAPI_UNICODE};
use mapi_types::{Error, ErrorCode, Guid, NamedProp, PropTag, Property, Result};

use crate::profile::OpenSection;

/// A profile section as an object.
pub(super) struct ProfSectObject(OpenSection);

impl ProfSectObject {
    pub(super) fn new(section: OpenSection) -> Self {
        Self(section)
    }

    /// Sets properties of the target. `places` says where in the caller's list each of them stands.
    fn copy(
        &self,
        mut props: Vec<Property>,
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>> {
        if flags & MAPI_MOVE != 0 {
            return Err(Error::no_support().context("sections of profiles are copied, not moved"));
        }
        let target: ComPtr<IMAPIProp> = target.object.query()?;
        props.retain(|p| p.value.as_error().is_none());
        if flags & MAPI_NOREPLACE != 0 {
            let there = target.get_prop_list(MAPI_UNICODE)?;
            props.retain(|p| !there.iter().any(|t| t.same_id(p.tag)));
        }
        if props.is_empty() {
            return Ok(Vec::new());
        }
        target.set_props(&props)
    }
}

fn unicode(flags: u32) -> bool {
    flags & MAPI_UNICODE != 0
}

impl ComObject for ProfSectObject {}

impl ProfSect for ProfSectObject {}

impl MapiProp for ProfSectObject {
    /// There are no transactions: everything is saved already.
    fn save_changes(&self, _flags: u32) -> Result<()> {
        Ok(())
    }

    fn get_props(&self, tags: Option<&[PropTag]>, flags: u32) -> Result<Vec<Property>> {
        self.0.get_props(tags, unicode(flags))
    }

    fn get_prop_list(&self, flags: u32) -> Result<Vec<PropTag>> {
        self.0.prop_list(unicode(flags))
    }

    /// GetProps answers values of any length.
    fn open_property(
        &self,
        _tag: PropTag,
        _interface: &Guid,
        _interface_options: u32,
        _flags: u32,
    ) -> Result<Unknown> {
        Err(Error::no_support())
    }

    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        self.0.set_props(props)
    }

    fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
        self.0.delete_props(tags)
    }

    /// Secure properties stay where they are, unless CopyProps names them.
    fn copy_to(
        &self,
        exclude_interfaces: &[Guid],
        exclude_props: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>> {
        let _ = exclude_interfaces; // there is nothing but IMAPIProp here
        let mut props = self.0.get_props(None, true)?;
        let own = computed();
        props.retain(|p| !exclude_props.iter().chain(&own).any(|t| t.same_id(p.tag)));
        self.copy(props, target, flags)
    }

    fn copy_props(
        &self,
        include: &[PropTag],
        target: &CopyTarget<'_>,
        flags: u32,
    ) -> Result<Vec<PropProblem>> {
        if include.is_empty() {
            return Err(ErrorCode::INVALID_PARAMETER.into());
        }
        let props = self.0.get_props(Some(include), true)?;
        let mut problems = Vec::new();
        for (index, (prop, tag)) in (0..).zip(props.iter().zip(include)) {
            if let Some(code) = prop.value.as_error() {
                let tag = *tag;
                problems.push(PropProblem { index, tag, code });
            }
        }
        for problem in self.copy(props, target, flags)? {
            // The target counts only what it was given.
            let place = include.iter().position(|t| t.same_id(problem.tag));
            let index = place.and_then(|i| u32::try_from(i).ok());
            problems.push(PropProblem {
                index: index.unwrap_or(problem.index),
                ..problem
            });
        }
        Ok(problems)
    }

    fn get_names_from_ids(
        &self,
        _tags: Option<&[PropTag]>,
        _set: Option<&Guid>,
        _flags: u32,
    ) -> Result<Vec<(PropTag, Option<NamedProp>)>> {
        Err(no_names())
    }

    fn get_ids_from_names(&self, _names: &[NamedProp], _flags: u32) -> Result<Vec<PropTag>> {
        Err(no_names())
    }
}

fn no_names() -> Error {
    Error::no_support().context("there are no named properties in a profile")
}

/// What every section computes for itself.
fn computed() -> [PropTag; 2] {
    [
        mapi_types::tag::PR_OBJECT_TYPE,
        mapi_types::tag::PR_PROFILE_NAME,
    ]
}
