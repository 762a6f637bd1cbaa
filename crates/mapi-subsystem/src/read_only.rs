//! Objects of MAPI's own whose properties nobody sets: status objects, the address book, one-off recipients.

use mapi_com::iface::PropProblem;
use mapi_types::{Error, ErrorCode, PropTag, PropType, PropValue, Property, Result};

/// GetProps over a list of properties: those of `tags` in their order, or all of them.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for an empty list.
pub(crate) fn get_props(all: &[Property], tags: Option<&[PropTag]>) -> Result<Vec<Property>> {
    let Some(tags) = tags else {
        return Ok(all.to_vec());
    };
    if tags.is_empty() {
        return Err(
            Error::caller(ErrorCode::INVALID_PARAMETER).context("the list of properties is empty")
        );
    }
    Ok(tags.iter().map(|tag| one(all, *tag)).collect())
}

/// One property as the type in `tag` asks for it, or PT_ERROR.
pub(crate) fn one(all: &[Property], tag: PropTag) -> Property {
    let Some(found) = all.iter().find(|p| p.tag.same_id(tag)) else {
        return Property::error(tag, ErrorCode::NOT_FOUND);
    };
    let wanted = tag.ptype();
    match &found.value {
        _ if wanted == PropType::UNSPECIFIED || wanted == found.tag.ptype() => found.clone(),
        PropValue::Unicode(text) if wanted == PropType::STRING8 => Property::new(
            tag,
            PropValue::String8(text.to_str().into_owned().into_bytes()),
        ),
        _ => Property::error(tag, ErrorCode::UNEXPECTED_TYPE),
    }
}

/// Every property refused.
pub(crate) fn refuse(tags: impl Iterator<Item = PropTag>) -> Vec<PropProblem> {
    let code = ErrorCode::NO_ACCESS;
    tags.zip(0..)
        .map(|(tag, index)| PropProblem { index, tag, code })
        .collect()
}

/// `MapiProp` for a type whose `props()` are all there is.
macro_rules! read_only_prop {
    ($type:ty) => {
        impl mapi_com::iface::MapiProp for $type {
            fn save_changes(&self, _flags: u32) -> mapi_types::Result<()> {
                Ok(())
            }
            fn get_props(
                &self,
                tags: Option<&[mapi_types::PropTag]>,
                _flags: u32,
            ) -> mapi_types::Result<Vec<mapi_types::Property>> {
                $crate::read_only::get_props(&self.props(), tags)
            }
            fn get_prop_list(&self, _flags: u32) -> mapi_types::Result<Vec<mapi_types::PropTag>> {
                Ok(self.props().iter().map(|p| p.tag).collect())
            }
            fn open_property(
                &self,
                _tag: mapi_types::PropTag,
                _interface: &mapi_types::Guid,
                _options: u32,
                _flags: u32,
            ) -> mapi_types::Result<mapi_com::ptr::Unknown> {
                Err(mapi_types::ErrorCode::NOT_FOUND.into())
            }
            fn set_props(
                &self,
                props: &[mapi_types::Property],
            ) -> mapi_types::Result<Vec<mapi_com::iface::PropProblem>> {
                Ok($crate::read_only::refuse(props.iter().map(|p| p.tag)))
            }
            fn delete_props(
                &self,
                tags: &[mapi_types::PropTag],
            ) -> mapi_types::Result<Vec<mapi_com::iface::PropProblem>> {
                Ok($crate::read_only::refuse(tags.iter().copied()))
            }
            fn copy_to(
                &self,
                _exclude_interfaces: &[mapi_types::Guid],
                _exclude_props: &[mapi_types::PropTag],
                _target: &mapi_com::iface::CopyTarget<'_>,
                _flags: u32,
            ) -> mapi_types::Result<Vec<mapi_com::iface::PropProblem>> {
                Err(mapi_types::Error::no_support())
            }
            fn copy_props(
                &self,
                _include: &[mapi_types::PropTag],
                _target: &mapi_com::iface::CopyTarget<'_>,
                _flags: u32,
            ) -> mapi_types::Result<Vec<mapi_com::iface::PropProblem>> {
                Err(mapi_types::Error::no_support())
            }
            fn get_names_from_ids(
                &self,
                _tags: Option<&[mapi_types::PropTag]>,
                _set: Option<&mapi_types::Guid>,
                _flags: u32,
            ) -> mapi_types::Result<Vec<(mapi_types::PropTag, Option<mapi_types::NamedProp>)>> {
                Err(mapi_types::Error::no_support())
            }
            fn get_ids_from_names(
                &self,
                _names: &[mapi_types::NamedProp],
                _flags: u32,
            ) -> mapi_types::Result<Vec<mapi_types::PropTag>> {
                Err(mapi_types::Error::no_support())
            }
        }
    };
}
pub(crate) use read_only_prop;
