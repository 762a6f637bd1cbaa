//! IMAPIProp for every object: what the semantic traits leave to this crate.

use std::sync::Arc;

use mapi_com::iface::PropProblem;
use mapi_com::ptr::{Unknown, guid_from_abi};
use mapi_sys::{
    FORCE_SAVE, IID_ISequentialStream, IID_IStream, KEEP_OPEN_READWRITE, MAPI_CREATE,
    MAPI_DEFERRED_ERRORS, MAPI_MODIFY, MAPI_NO_IDS, MAPI_NO_STRINGS, MAPI_UNICODE, PS_MAPI,
};
use mapi_types::{
    Error, ErrorCode, Guid, NamedProp, PropName, PropTag, PropType, PropValue, Property, Result,
    tag,
};

use super::copy::Parts;
use super::home::Home;
use super::stream::{NarrowStream, StreamObject, ValueStream};
use super::text::{narrow_for, tag_for_client, wide_tag, widen};
use crate::{PropObject, PropStream, StreamMode};

/// Values above this many bytes are not returned by GetProps but opened as streams: MAPI_E_NOT_ENOUGH_MEMORY.
pub(crate) const LARGE_BYTES: usize = 32 * 1024;

/// A COM object with properties: what the functions of this module need to know of it.
pub(crate) trait PropHost: Send + Sync {
    /// Its logon.
    fn home(&self) -> &Arc<Home>;

    /// The author's object.
    fn object(&self) -> Arc<dyn PropObject>;

    /// PR_OBJECT_TYPE.
    fn object_type(&self) -> u32;

    /// Whether SaveChanges has made it read-only.
    fn is_frozen(&self) -> bool {
        false
    }

    /// SaveChanges after the object has been saved without KEEP_OPEN_READWRITE.
    fn freeze(&self) {}

    /// What CopyTo has to copy beside properties.
    fn parts(&self) -> Parts {
        Parts::None
    }

    /// OpenProperty of a sub-object or table; `None` if `tag` is not one.
    fn open_part(&self, tag: PropTag, interface: &Guid, flags: u32) -> Result<Option<Unknown>> {
        let _ = (tag, interface, flags);
        Ok(None)
    }

    /// Refuses changes of an object that is read-only.
    fn check_writable(&self) -> Result<()> {
        if self.object().writable() && !self.is_frozen() {
            return Ok(());
        }
        Err(Error::caller(ErrorCode::NO_ACCESS)
            .context("the object was opened for reading only; open it with MAPI_MODIFY"))
    }
}

/// IMAPIProp's methods by way of [`PropHost`].
macro_rules! prop_methods {
    () => {
        fn save_changes(&self, flags: u32) -> Result<()> {
            $crate::adapter::prop::save_changes(self, flags)
        }

        fn get_props(&self, tags: Option<&[PropTag]>, flags: u32) -> Result<Vec<Property>> {
            $crate::adapter::prop::get_props(self, tags, flags)
        }

        fn get_prop_list(&self, flags: u32) -> Result<Vec<PropTag>> {
            $crate::adapter::prop::get_prop_list(self, flags)
        }

        fn open_property(
            &self,
            tag: PropTag,
            interface: &Guid,
            _interface_options: u32,
            flags: u32,
        ) -> Result<Unknown> {
            $crate::adapter::prop::open_property(self, tag, interface, flags)
        }

        fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
            $crate::adapter::prop::set_props(self, props)
        }

        fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
            $crate::adapter::prop::delete_props(self, tags)
        }

        fn copy_to(
            &self,
            exclude_interfaces: &[Guid],
            exclude_props: &[PropTag],
            target: &CopyTarget<'_>,
            flags: u32,
        ) -> Result<Vec<PropProblem>> {
            let what = $crate::adapter::copy::Selection::AllBut(exclude_interfaces, exclude_props);
            $crate::adapter::copy::copy(self, what, target, flags)
        }

        fn copy_props(
            &self,
            include: &[PropTag],
            target: &CopyTarget<'_>,
            flags: u32,
        ) -> Result<Vec<PropProblem>> {
            let what = $crate::adapter::copy::Selection::Only(include);
            $crate::adapter::copy::copy(self, what, target, flags)
        }

        fn get_names_from_ids(
            &self,
            tags: Option<&[PropTag]>,
            set: Option<&Guid>,
            flags: u32,
        ) -> Result<Vec<(PropTag, Option<NamedProp>)>> {
            $crate::adapter::prop::get_names_from_ids(self.home(), tags, set, flags)
        }

        fn get_ids_from_names(&self, names: &[NamedProp], flags: u32) -> Result<Vec<PropTag>> {
            $crate::adapter::prop::get_ids_from_names(self.home(), names, flags)
        }
    };
}
pub(crate) use prop_methods;

pub(crate) fn save_changes<H: PropHost + ?Sized>(host: &H, flags: u32) -> Result<()> {
    if host.is_frozen() {
        return host.check_writable();
    }
    let object = host.object();
    if object.writable() {
        let force = flags & FORCE_SAVE != 0;
        match flags & MAPI_DEFERRED_ERRORS {
            0 => object.save(force)?,
            _ => object.save_deferred(force)?,
        }
    }
    if flags & KEEP_OPEN_READWRITE == 0 {
        host.freeze();
    }
    Ok(())
}

pub(crate) fn get_props<H: PropHost + ?Sized>(
    host: &H,
    tags: Option<&[PropTag]>,
    flags: u32,
) -> Result<Vec<Property>> {
    let asked = match tags {
        None => get_prop_list(host, flags)?,
        Some([]) => return Err(ErrorCode::INVALID_PARAMETER.into()),
        Some(tags) => tags.to_vec(),
    };
    let wide: Vec<PropTag> = asked.iter().copied().map(wide_tag).collect();
    let mut props = host.object().get_props(&wide, LARGE_BYTES)?;
    if props.len() != wide.len() {
        return Err(Error::provider(ErrorCode::CALL_FAILED)
            .context("get_props must answer one property for each tag"));
    }
    for (prop, (asked, wide)) in props.iter_mut().zip(asked.iter().zip(&wide)) {
        if prop.value == PropValue::Error(ErrorCode::NOT_FOUND)
            && let Some(own) = own_value(host, *wide)
        {
            prop.value = own;
        }
        narrow_for(prop, *asked, flags & MAPI_UNICODE != 0);
    }
    Ok(props)
}

pub(crate) fn get_prop_list<H: PropHost + ?Sized>(host: &H, flags: u32) -> Result<Vec<PropTag>> {
    let mut tags = host.object().prop_tags()?;
    for own in own_tags(host) {
        if !tags.iter().any(|t| t.same_id(own)) {
            tags.push(own);
        }
    }
    for tag in &mut tags {
        *tag = tag_for_client(*tag, flags & MAPI_UNICODE != 0);
    }
    Ok(tags)
}

/// The properties this crate answers if the object does not: see [`PropObject`].
fn own_tags<H: PropHost + ?Sized>(host: &H) -> Vec<PropTag> {
    let constants = host.home().constants.iter().map(|p| p.tag);
    [tag::PR_OBJECT_TYPE, tag::PR_ACCESS_LEVEL]
        .into_iter()
        .chain(constants)
        .collect()
}

fn own_value<H: PropHost + ?Sized>(host: &H, asked: PropTag) -> Option<PropValue> {
    let fits = |own: PropTag| {
        own.same_id(asked)
            && (asked.ptype() == own.ptype() || asked.ptype() == PropType::UNSPECIFIED)
    };
    if fits(tag::PR_OBJECT_TYPE) {
        return Some(PropValue::Long(host.object_type().cast_signed()));
    }
    if fits(tag::PR_ACCESS_LEVEL) {
        return Some(PropValue::Long(host.check_writable().is_ok().into()));
    }
    let constants = &host.home().constants;
    constants
        .iter()
        .find(|p| fits(p.tag))
        .map(|p| p.value.clone())
}

pub(crate) fn set_props<H: PropHost + ?Sized>(
    host: &H,
    props: &[Property],
) -> Result<Vec<PropProblem>> {
    host.check_writable()?;
    let own = own_tags(host);
    let mut problems = Vec::new();
    let mut places = Vec::with_capacity(props.len());
    let mut settable = Vec::with_capacity(props.len());
    for (place, prop) in (0_u32..).zip(props) {
        match prop.value {
            // Values that say "nothing here", as a GetProps of another object returned them.
            PropValue::Error(_) | PropValue::Null => {}
            PropValue::Object => problems.push(problem(place, prop.tag, ErrorCode::COMPUTED)),
            _ if own.iter().any(|t| t.same_id(prop.tag)) => {
                problems.push(problem(place, prop.tag, ErrorCode::COMPUTED));
            }
            _ => {
                places.push(place);
                settable.push(widen(prop));
            }
        }
    }
    if !settable.is_empty() {
        let refused = host.object().set_props(&settable)?;
        problems.extend(refused.into_iter().map(|p| at_place(p, &places)));
    }
    problems.sort_by_key(|p| p.index);
    Ok(problems)
}

pub(crate) fn delete_props<H: PropHost + ?Sized>(
    host: &H,
    tags: &[PropTag],
) -> Result<Vec<PropProblem>> {
    host.check_writable()?;
    if tags.is_empty() {
        return Err(ErrorCode::INVALID_PARAMETER.into());
    }
    let own = own_tags(host);
    let mut problems = Vec::new();
    let mut places = Vec::with_capacity(tags.len());
    let mut deletable = Vec::with_capacity(tags.len());
    for (place, tag) in (0_u32..).zip(tags) {
        if own.iter().any(|t| t.same_id(*tag)) {
            problems.push(problem(place, *tag, ErrorCode::COMPUTED));
        } else {
            places.push(place);
            deletable.push(wide_tag(*tag));
        }
    }
    if !deletable.is_empty() {
        let refused = host.object().delete_props(&deletable)?;
        problems.extend(refused.into_iter().map(|p| at_place(p, &places)));
    }
    problems.sort_by_key(|p| p.index);
    Ok(problems)
}

fn problem(index: u32, tag: PropTag, code: ErrorCode) -> PropProblem {
    PropProblem { index, tag, code }
}

/// The author saw a shorter list: the index in the client's.
pub(crate) fn at_place(problem: PropProblem, places: &[u32]) -> PropProblem {
    let place = places.get(problem.index as usize).copied();
    PropProblem {
        index: place.unwrap_or(problem.index),
        ..problem
    }
}

pub(crate) fn open_property<H: PropHost + ?Sized>(
    host: &H,
    tag: PropTag,
    interface: &Guid,
    flags: u32,
) -> Result<Unknown> {
    if flags & (MAPI_CREATE | MAPI_MODIFY) != 0 {
        host.check_writable()?;
    }
    if let Some(part) = host.open_part(tag, interface, flags)? {
        return Ok(part);
    }
    let streams = [IID_IStream, IID_ISequentialStream];
    if !streams.iter().any(|iid| guid_from_abi(iid) == *interface) {
        return Err(
            Error::caller(ErrorCode::INTERFACE_NOT_SUPPORTED).context(format!(
                "property {tag} opens as a stream, a table or a message, not as {interface}"
            )),
        );
    }
    let mode = if flags & MAPI_CREATE != 0 {
        StreamMode::Create
    } else if flags & MAPI_MODIFY != 0 {
        StreamMode::Write
    } else {
        StreamMode::Read
    };
    let stream = open_stream(&host.object(), tag, mode)?;
    StreamObject::open(host.home(), stream, mode != StreamMode::Read)
}

/// A string or binary property as bytes, the way the client's tag says.
pub(crate) fn open_stream(
    object: &Arc<dyn PropObject>,
    tag: PropTag,
    mode: StreamMode,
) -> Result<Box<dyn PropStream>> {
    if !matches!(
        tag.ptype(),
        PropType::BINARY | PropType::UNICODE | PropType::STRING8
    ) {
        return Err(Error::caller(ErrorCode::INTERFACE_NOT_SUPPORTED)
            .context("only string and binary properties open as streams"));
    }
    let wide = wide_tag(tag);
    let stream = match object.open_stream(wide, mode) {
        Err(error) if error.code() == ErrorCode::NO_SUPPORT => {
            Box::new(ValueStream::open(object, wide, mode)?)
        }
        other => other?,
    };
    if tag.ptype() == PropType::STRING8 {
        return Ok(Box::new(NarrowStream::open(stream)?));
    }
    Ok(stream)
}

/// GetNamesFromIDs. Identifiers below 0x8000 have names too, in PS_MAPI.
pub(crate) fn get_names_from_ids(
    home: &Home,
    tags: Option<&[PropTag]>,
    set: Option<&Guid>,
    flags: u32,
) -> Result<Vec<(PropTag, Option<NamedProp>)>> {
    let store = home.store()?;
    let Some(tags) = tags else {
        let wanted = |name: &PropName| match name {
            PropName::Id(_) => flags & MAPI_NO_IDS == 0,
            PropName::Name(_) => flags & MAPI_NO_STRINGS == 0,
        };
        let all = store.all_names(set)?;
        let names = all.into_iter().filter(|(_, name)| wanted(&name.name));
        return Ok(names
            .map(|(id, name)| (PropTag::new(id, PropType::UNSPECIFIED), Some(name)))
            .collect());
    };
    let named: Vec<u16> = tags
        .iter()
        .filter(|t| t.is_named())
        .map(|t| t.id())
        .collect();
    let mut names = store.names_from_ids(&named)?.into_iter();
    Ok(tags
        .iter()
        .map(|tag| {
            let name = if tag.is_named() {
                names.next().flatten()
            } else {
                Some(NamedProp {
                    set: guid_from_abi(&PS_MAPI),
                    name: PropName::Id(tag.id().into()),
                })
            };
            (*tag, name)
        })
        .collect())
}

/// GetIDsFromNames. An empty list asks for all names.
pub(crate) fn get_ids_from_names(
    home: &Home,
    names: &[NamedProp],
    flags: u32,
) -> Result<Vec<PropTag>> {
    let store = home.store()?;
    let unspecified = |id| PropTag::new(id, PropType::UNSPECIFIED);
    if names.is_empty() {
        let all = store.all_names(None)?;
        return Ok(all.into_iter().map(|(id, _)| unspecified(id)).collect());
    }
    let fixed = |name: &NamedProp| match name.name {
        PropName::Id(id) if name.set == guid_from_abi(&PS_MAPI) => u16::try_from(id).ok(),
        _ => None,
    };
    let asked: Vec<NamedProp> = names
        .iter()
        .filter(|n| fixed(n).is_none())
        .cloned()
        .collect();
    let mut ids = store
        .ids_from_names(&asked, flags & MAPI_CREATE != 0)?
        .into_iter();
    Ok(names
        .iter()
        .map(|name| match fixed(name).or_else(|| ids.next().flatten()) {
            Some(id) => unspecified(id),
            None => PropTag::new(0, PropType::ERROR),
        })
        .collect())
}
