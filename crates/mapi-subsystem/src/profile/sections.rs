//! Open profile sections: who may open what, and what may be set.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use mapi_com::iface::PropProblem;
use mapi_sys::MAPI_PROFSECT;
use mapi_types::{Error, ErrorCode, MapiUid, PropTag, PropType, PropValue, Property, Result, tag};

use super::content::{
    INSTANCE_SECTION, MAIN_SECTION, Profile, ProviderKind, Section, SectionKind, no_section,
};
use super::props::{PropSet, is_secure};
use super::store::ProfileStore;

/// What a section is opened for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct SectionAccess {
    /// MAPI_MODIFY: for writing. A section that is not there is made then.
    pub write: bool,
    /// For somebody who owns providers' sections, or has MAPI_FORCE_ACCESS.
    pub all_sections: bool,
    /// For a provider inside its logon method: PR_RESOURCE_FLAGS and PR_PROVIDER_DLL_NAME cannot be set (LIFE-LOGON-016). If
    /// the section is in use, it waits up to 3 s: two sessions on one profile may well log on at once.
    pub logging_on: bool,
}

/// An open section of a profile, for many readers or one writer (lifecycle.md, 4.6).
///
/// The rule holds among all that use one [`ProfileStore`]. Against other processes each change is applied to the section
/// as it is at that moment, so none undoes another's. There are no transactions: a change is on the disk when the call
/// returns (iprofsectimapiprop.md).
pub struct OpenSection {
    store: Arc<ProfileStore>,
    profile: String,
    uid: MapiUid,
    access: SectionAccess,
    /// `None`: a look of MAPI's own, which is no opening.
    key: Option<SectionKey>,
}

/// How long a provider that logs on waits for a section that is in use.
const PATIENCE: Duration = Duration::from_secs(3);

/// The stem of the profile's file, and the section.
type SectionKey = (String, MapiUid);

/// Which sections are open, and how.
#[derive(Default)]
pub(super) struct OpenSections {
    open: Mutex<HashMap<SectionKey, Openers>>,
    left: Condvar,
}

enum Openers {
    Readers(usize),
    Writer,
}

impl OpenSections {
    fn enter(&self, key: &SectionKey, write: bool, patient: bool) -> Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if patient {
            let taken = |open: &mut HashMap<SectionKey, Openers>| match open.get(key) {
                Some(Openers::Writer) => true,
                Some(Openers::Readers(_)) => write,
                None => false,
            };
            let waited = self.left.wait_timeout_while(open, PATIENCE, taken);
            open = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        match (open.entry(key.clone()), write) {
            (Entry::Vacant(place), true) => {
                place.insert(Openers::Writer);
            }
            (Entry::Vacant(place), false) => {
                place.insert(Openers::Readers(1));
            }
            (Entry::Occupied(mut place), write) => match (place.get_mut(), write) {
                (Openers::Readers(count), false) => *count += 1,
                (Openers::Readers(_), true) => {
                    return Err(no_access("the section is open for reading elsewhere"));
                }
                (Openers::Writer, _) => {
                    return Err(no_access("the section is open for writing elsewhere"));
                }
            },
        }
        Ok(())
    }

    fn leave(&self, key: &SectionKey) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(key) {
            Some(Openers::Readers(count)) if *count > 1 => *count -= 1,
            _ => drop(open.remove(key)),
        }
        self.left.notify_all();
    }
}

fn no_access(text: &str) -> Error {
    Error::caller(ErrorCode::NO_ACCESS).context(text)
}

impl ProfileStore {
    /// Opens a section of a profile; `None` is the section of MAPI.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if it is not there and is not opened for writing; MAPI_E_NO_ACCESS if it belongs to a provider, if
    /// it is [`INSTANCE_SECTION`] and is opened for writing, or if it is open elsewhere and one of both writes.
    pub fn open_section(
        self: &Arc<Self>,
        profile: &str,
        uid: Option<&MapiUid>,
        access: SectionAccess,
    ) -> Result<OpenSection> {
        let uid = *uid.unwrap_or(&MAIN_SECTION);
        let content = self.read_any(profile)?;
        match content.section(&uid) {
            Some(section) if section.deleted && !access.all_sections => {
                return Err(no_section(&uid));
            }
            Some(section) => may_open(section, access)?,
            None if access.write => {
                self.update_any(profile, |edit| make(&mut edit.profile, &uid))?
            }
            None => return Err(no_section(&uid)),
        }
        let key = (content.name.file_stem(), uid);
        self.open_sections
            .enter(&key, access.write, access.logging_on)?;
        Ok(OpenSection {
            store: Arc::clone(self),
            profile: content.name.as_str().to_owned(),
            uid,
            access,
            key: Some(key),
        })
    }

    /// Properties of any section as they are now. MAPI's own look at it: whoever has it open does not stand in the way.
    ///
    /// # Errors
    /// As [`OpenSection::get_props`].
    pub fn look_into_section(
        self: &Arc<Self>,
        profile: &str,
        uid: &MapiUid,
        tags: &[PropTag],
    ) -> Result<Vec<Property>> {
        let section = OpenSection {
            store: Arc::clone(self),
            profile: profile.to_owned(),
            uid: *uid,
            access: SectionAccess {
                all_sections: true,
                ..SectionAccess::default()
            },
            key: None,
        };
        section.get_props(Some(tags), true)
    }
}

fn may_open(section: &Section, access: SectionAccess) -> Result<()> {
    if section.kind == SectionKind::Provider && !access.all_sections {
        return Err(no_access(
            "the section belongs to a service provider; clients need MAPI_FORCE_ACCESS",
        ));
    }
    if section.uid == INSTANCE_SECTION && access.write {
        return Err(no_access("nobody writes to MUID_PROFILE_INSTANCE"));
    }
    Ok(())
}

fn make(profile: &mut Profile, uid: &MapiUid) -> Result<()> {
    if *uid == MAIN_SECTION || *uid == INSTANCE_SECTION {
        return Err(no_section(uid));
    }
    if profile.section(uid).is_none() {
        let section = Section::new(*uid, SectionKind::Other);
        profile.sections.push(section);
    }
    Ok(())
}

impl Drop for OpenSection {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            self.store.open_sections.leave(key);
        }
    }
}

impl OpenSection {
    /// The section's identifier.
    #[must_use]
    pub fn uid(&self) -> MapiUid {
        self.uid
    }

    /// GetProps: the properties of `tags`, PT_ERROR where there is none; all but the secure ones if `None`. Strings of
    /// unspecified type are Unicode if `unicode`.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED, MAPI_E_INVALID_PARAMETER for an empty list.
    pub fn get_props(&self, tags: Option<&[PropTag]>, unicode: bool) -> Result<Vec<Property>> {
        let profile = self.profile()?;
        let section = self.section(&profile)?;
        let computed = computed(&profile);
        let secret = match tags {
            Some([]) => return Err(ErrorCode::INVALID_PARAMETER.into()),
            Some(tags) if tags.iter().any(|t| is_secure(*t)) => self.secrets()?,
            _ => PropSet::default(),
        };
        let all: Vec<PropTag>;
        let tags = match tags {
            Some(tags) => tags,
            None => {
                all = list(section, &computed, unicode);
                &all
            }
        };
        let get = |tag: &PropTag| {
            let set = if is_secure(*tag) {
                &secret
            } else if computed.get(*tag).is_some() {
                &computed
            } else {
                &section.props
            };
            set.get_as(*tag, unicode)
        };
        Ok(tags.iter().map(get).collect())
    }

    /// GetPropList: the tags of all properties but the secure ones.
    ///
    /// # Errors
    /// MAPI_E_OBJECT_DELETED.
    pub fn prop_list(&self, unicode: bool) -> Result<Vec<PropTag>> {
        let profile = self.profile()?;
        Ok(list(self.section(&profile)?, &computed(&profile), unicode))
    }

    /// SetProps. PR_NULL and values of type PT_ERROR are passed over, as the page wants it.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS if the section is not open for writing, MAPI_E_INVALID_PARAMETER for PT_OBJECT or an empty
    /// list of values, MAPI_E_OBJECT_DELETED. Single refusals are problems.
    pub fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        if props.is_empty() || props.iter().any(|p| is_unsettable(&p.value)) {
            return Err(ErrorCode::INVALID_PARAMETER.into());
        }
        let mut problems = Vec::new();
        let mut wanted = Vec::new();
        for (index, prop) in (0..).zip(props) {
            match self.refusal(prop.tag) {
                Some(code) => problems.push(PropProblem {
                    index,
                    tag: prop.tag,
                    code,
                }),
                None if matches!(prop.value, PropValue::Null | PropValue::Error(_)) => {}
                None => wanted.push(Property::new(prop.tag, prop.value.clone())),
            }
        }
        let tags: Vec<PropTag> = wanted.iter().map(|p| p.tag).collect();
        self.change(&tags, |section, secrets| {
            for prop in wanted {
                if is_secure(prop.tag) {
                    secrets.set(prop);
                } else {
                    section.props.set(prop);
                }
            }
        })?;
        Ok(problems)
    }

    /// DeleteProps: the types of the tags do not count.
    ///
    /// # Errors
    /// As [`OpenSection::set_props`]. What is not there is a problem, MAPI_E_NOT_FOUND.
    pub fn delete_props(&self, tags: &[PropTag]) -> Result<Vec<PropProblem>> {
        if tags.is_empty() {
            return Err(ErrorCode::INVALID_PARAMETER.into());
        }
        let mut problems = Vec::new();
        self.change(tags, |section, secrets| {
            for (index, tag) in (0..).zip(tags.iter().copied()) {
                let code = match self.refusal(tag) {
                    Some(code) => code,
                    None if is_secure(tag) && secrets.remove(tag) => continue,
                    None if section.props.remove(tag) => continue,
                    None => ErrorCode::NOT_FOUND,
                };
                problems.push(PropProblem { index, tag, code });
            }
        })?;
        Ok(problems)
    }

    /// Why a property cannot be set or deleted here.
    fn refusal(&self, tag: PropTag) -> Option<ErrorCode> {
        let same = |other: PropTag| tag.same_id(other);
        let of_main = self.uid == MAIN_SECTION && is_list(tag);
        let of_logon = same(tag::PR_RESOURCE_FLAGS) || same(tag::PR_PROVIDER_DLL_NAME);
        if tag.is_named() {
            // There are no named properties in a profile section (iprofsectimapiprop.md).
            Some(ErrorCode::UNEXPECTED_ID)
        } else if same(tag::PR_OBJECT_TYPE) || same(tag::PR_PROFILE_NAME) || of_main {
            Some(ErrorCode::COMPUTED)
        } else if self.access.logging_on && of_logon {
            Some(ErrorCode::NO_ACCESS)
        } else {
            None
        }
    }

    fn change(
        &self,
        tags: &[PropTag],
        apply: impl FnOnce(&mut Section, &mut PropSet),
    ) -> Result<()> {
        if !self.access.write {
            return Err(no_access("the section is open for reading only"));
        }
        let secure = tags.iter().any(|tag| is_secure(*tag));
        let result = self.store.update_any(&self.profile, |edit| {
            let mut secret = PropSet::default();
            if secure {
                secret = edit
                    .secrets()?
                    .section(&self.uid)
                    .cloned()
                    .unwrap_or_default();
            }
            apply(edit.profile.section_mut(&self.uid)?, &mut secret);
            if secure {
                edit.secrets()?.replace(&self.uid, secret);
            }
            Ok(())
        });
        result.map_err(gone)
    }

    fn profile(&self) -> Result<Arc<Profile>> {
        self.store.read_any(&self.profile).map_err(gone)
    }

    fn section<'p>(&self, profile: &'p Profile) -> Result<&'p Section> {
        let section = profile.section(&self.uid);
        section.ok_or_else(|| gone(no_section(&self.uid)))
    }

    fn secrets(&self) -> Result<PropSet> {
        let secrets = self.store.read_secrets(&self.profile)?;
        Ok(secrets.section(&self.uid).cloned().unwrap_or_default())
    }
}

/// PT_OBJECT, and lists without a value.
fn is_unsettable(value: &PropValue) -> bool {
    let list = value.ptype().is_multi();
    value.ptype() == PropType::OBJECT || (list && value.size_bytes() == 0 && is_empty_list(value))
}

fn is_empty_list(value: &PropValue) -> bool {
    use PropValue as V;
    match value {
        V::MvString8(v) | V::MvBinary(v) => v.is_empty(),
        V::MvUnicode(v) => v.is_empty(),
        // A list of numbers without a byte has no number.
        _ => true,
    }
}

/// The lists of the section of MAPI.
fn is_list(tag: PropTag) -> bool {
    let lists = ProviderKind::ALL.map(ProviderKind::list);
    tag.same_id(tag::PR_SERVICES) || lists.iter().any(|list| tag.same_id(*list))
}

/// What every section answers (iprofsectimapiprop.md, required properties).
fn computed(profile: &Profile) -> PropSet {
    let mut props = PropSet::default();
    props.put_bits(tag::PR_OBJECT_TYPE, MAPI_PROFSECT);
    props.put(tag::PR_PROFILE_NAME, profile.name.as_str());
    props
}

fn list(section: &Section, computed: &PropSet, unicode: bool) -> Vec<PropTag> {
    let own = section.props.tags(unicode);
    let own = own.filter(|t| computed.get(*t).is_none());
    computed.tags(unicode).chain(own).collect()
}

/// The profile or the section has been deleted while it was open.
fn gone(error: Error) -> Error {
    if error.code() == ErrorCode::NOT_FOUND {
        let text = error.text().to_owned();
        return Error::caller(ErrorCode::OBJECT_DELETED).context(text);
    }
    error
}
