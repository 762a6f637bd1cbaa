//! What a profile holds: sections, and the lists that tie them together.

use std::borrow::Cow;

use mapi_sys::{
    MAPI_AB_PROVIDER, MAPI_HOOK_PROVIDER, MAPI_STORE_PROVIDER, MAPI_TRANSPORT_PROVIDER,
    pbGlobalProfileSectionGuid,
};
use mapi_types::{Error, ErrorCode, Guid, MapiUid, PropTag, Result, tag};

use super::name::ProfileName;
use super::props::PropSet;

/// The section of MAPI itself: PR_PROFILE_NAME, PR_SERVICES and the lists of providers in their order. The identifier is the
/// one that profiles are known to have for it.
pub const MAIN_SECTION: MapiUid = MapiUid([
    0x92, 0x07, 0xF3, 0xE0, 0xA3, 0xB1, 0x10, 0x19, 0x90, 0x8B, 0x08, 0x00, 0x2B, 0x2A, 0x56, 0xC2,
]);

/// The global section, which belongs to all services.
pub const GLOBAL_SECTION: MapiUid = MapiUid(pbGlobalProfileSectionGuid);

/// MUID_PROFILE_INSTANCE: its PR_SEARCH_KEY is unique among all profiles (iprofsectimapiprop.md).
pub const INSTANCE_SECTION: MapiUid = {
    let g = mapi_sys::MUID_PROFILE_INSTANCE;
    MapiUid(Guid::from_fields(g.Data1, g.Data2, g.Data3, g.Data4).0)
};

/// A profile: its name and its sections.
#[derive(Clone, PartialEq, Debug)]
pub struct Profile {
    /// The name, in the case in which it was given.
    pub name: ProfileName,
    /// The sections, in the order in which they were made.
    pub sections: Vec<Section>,
    /// To be deleted when the last session that uses it ends.
    pub deleted: bool,
    /// The name it gets when the last session that uses it ends.
    pub rename_to: Option<ProfileName>,
}

/// A section of a profile.
#[derive(Clone, PartialEq, Debug)]
pub struct Section {
    /// Its identifier.
    pub uid: MapiUid,
    /// Whose it is.
    pub kind: SectionKind,
    /// To be deleted when the last session that uses the profile ends.
    pub deleted: bool,
    /// Its properties, without the secure ones.
    pub props: PropSet,
}

/// Whose a section is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SectionKind {
    /// MAPI's: [`MAIN_SECTION`].
    Main,
    /// [`INSTANCE_SECTION`].
    Instance,
    /// A message service's.
    Service,
    /// A service provider's: clients need MAPI_FORCE_ACCESS.
    Provider,
    /// Anybody's: the global section, extra sections of services, sections made by clients.
    Other,
}

/// The kinds of service providers (PR_RESOURCE_TYPE).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ProviderKind {
    /// MAPI_AB_PROVIDER.
    AddressBook,
    /// MAPI_STORE_PROVIDER.
    Store,
    /// MAPI_TRANSPORT_PROVIDER.
    Transport,
    /// MAPI_HOOK_PROVIDER.
    Hook,
}

impl ProviderKind {
    /// All kinds, in the order of the provider table.
    pub const ALL: [Self; 4] = [Self::AddressBook, Self::Store, Self::Transport, Self::Hook];

    /// From PR_RESOURCE_TYPE; `None` for what is no provider.
    #[must_use]
    pub fn from_resource_type(value: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.resource_type() == value)
    }

    /// PR_RESOURCE_TYPE.
    #[must_use]
    pub fn resource_type(self) -> u32 {
        match self {
            Self::AddressBook => MAPI_AB_PROVIDER,
            Self::Store => MAPI_STORE_PROVIDER,
            Self::Transport => MAPI_TRANSPORT_PROVIDER,
            Self::Hook => MAPI_HOOK_PROVIDER,
        }
    }

    /// The list of such providers in the main section, and in that of their service.
    #[must_use]
    pub fn list(self) -> PropTag {
        match self {
            Self::AddressBook => tag::PR_AB_PROVIDERS,
            Self::Store => tag::PR_STORE_PROVIDERS,
            Self::Transport => tag::PR_TRANSPORT_PROVIDERS,
            Self::Hook => tag::PR_FILTERING_HOOKS,
        }
    }
}

/// A provider of a profile, as loading needs it (lifecycle.md, 4.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderEntry {
    /// PR_PROVIDER_UID: its section.
    pub uid: MapiUid,
    /// PR_SERVICE_UID: its message service.
    pub service: Option<MapiUid>,
    /// What it is.
    pub kind: ProviderKind,
    /// PR_PROVIDER_DLL_NAME.
    pub library: String,
    /// PR_DISPLAY_NAME, else PR_PROVIDER_DISPLAY.
    pub display_name: String,
    /// PR_RESOURCE_FLAGS.
    pub flags: u32,
}

/// Something in a profile that keeps a part of it from working.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flaw {
    /// The section.
    pub section: MapiUid,
    /// What is wrong with it.
    pub text: String,
}

impl Section {
    /// An empty section.
    #[must_use]
    pub fn new(uid: MapiUid, kind: SectionKind) -> Self {
        Self {
            uid,
            kind,
            deleted: false,
            props: PropSet::default(),
        }
    }

    /// The MAPIUIDs in a list property.
    pub fn uids(&self, list: PropTag) -> impl Iterator<Item = MapiUid> + '_ {
        let bytes = self.props.get(list).and_then(|v| v.as_bytes());
        let chunks = bytes.unwrap_or_default().chunks_exact(16);
        chunks.filter_map(|c| c.try_into().ok().map(MapiUid))
    }

    /// Replaces a list property.
    pub fn set_uids(&mut self, list: PropTag, uids: &[MapiUid]) {
        let bytes: Vec<u8> = uids.iter().flat_map(|u| u.0).collect();
        self.props.put(list, bytes);
    }

    /// A MAPIUID property.
    #[must_use]
    pub fn uid_prop(&self, tag: PropTag) -> Option<MapiUid> {
        self.uids(tag).next()
    }

    fn text(&self, tag: PropTag) -> Option<Cow<'_, str>> {
        self.props.text(tag).filter(|t| !t.is_empty())
    }

    /// What kind of provider it belongs to.
    #[must_use]
    pub fn provider_kind(&self) -> Option<ProviderKind> {
        ProviderKind::from_resource_type(self.props.bits(tag::PR_RESOURCE_TYPE))
    }
}

impl Profile {
    /// A new profile: the section of MAPI, an empty global section, and a PR_SEARCH_KEY of its own.
    #[must_use]
    pub fn new(name: ProfileName) -> Self {
        let mut main = Section::new(MAIN_SECTION, SectionKind::Main);
        main.props.put(tag::PR_PROFILE_NAME, name.as_str());
        let mut instance = Section::new(INSTANCE_SECTION, SectionKind::Instance);
        instance.props.put(tag::PR_SEARCH_KEY, new_uid().0.to_vec());
        let global = Section::new(GLOBAL_SECTION, SectionKind::Other);
        Self {
            name,
            sections: vec![main, instance, global],
            deleted: false,
            rename_to: None,
        }
    }

    /// The same profile under another name: a copy is another profile, so its PR_SEARCH_KEY is another one.
    #[must_use]
    pub fn copy_as(&self, name: ProfileName) -> Self {
        let mut copy = self.clone();
        copy.rename(name);
        copy.deleted = false;
        copy.sections.retain(|s| !s.deleted);
        if let Ok(instance) = copy.section_mut(&INSTANCE_SECTION) {
            instance.props.put(tag::PR_SEARCH_KEY, new_uid().0.to_vec());
        }
        copy
    }

    /// Gives it another name.
    pub fn rename(&mut self, name: ProfileName) {
        self.main_mut()
            .props
            .put(tag::PR_PROFILE_NAME, name.as_str());
        self.name = name;
        self.rename_to = None;
    }

    /// A section.
    #[must_use]
    pub fn section(&self, uid: &MapiUid) -> Option<&Section> {
        self.sections.iter().find(|s| s.uid == *uid)
    }

    /// A section, for changes.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn section_mut(&mut self, uid: &MapiUid) -> Result<&mut Section> {
        let found = self.sections.iter_mut().find(|s| s.uid == *uid);
        found.ok_or_else(|| no_section(uid))
    }

    /// The section of MAPI; made if a hand has removed it from the file.
    pub(super) fn main_mut(&mut self) -> &mut Section {
        let at = self.sections.iter().position(|s| s.uid == MAIN_SECTION);
        let at = at.unwrap_or_else(|| {
            let mut main = Section::new(MAIN_SECTION, SectionKind::Main);
            main.props.put(tag::PR_PROFILE_NAME, self.name.as_str());
            self.sections.insert(0, main);
            0
        });
        &mut self.sections[at]
    }

    fn main_list(&self, list: PropTag) -> Vec<MapiUid> {
        let main = self.section(&MAIN_SECTION);
        main.map(|m| m.uids(list).collect()).unwrap_or_default()
    }

    /// The sections of the message services, in the order of PR_SERVICES.
    pub fn services(&self) -> impl Iterator<Item = &Section> {
        self.listed(tag::PR_SERVICES)
    }

    /// The sections of the providers of a kind, in their order.
    pub fn providers(&self, kind: ProviderKind) -> impl Iterator<Item = &Section> {
        self.listed(kind.list())
    }

    /// The sections of all providers, in the order of the provider table.
    pub fn all_providers(&self) -> impl Iterator<Item = &Section> {
        ProviderKind::ALL
            .into_iter()
            .flat_map(|kind| self.providers(kind))
    }

    fn listed(&self, list: PropTag) -> impl Iterator<Item = &Section> {
        self.main_list(list)
            .into_iter()
            .filter_map(|uid| self.section(&uid))
            .filter(|section| !section.deleted)
    }

    /// The section of a message service.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn service(&self, uid: &MapiUid) -> Result<&Section> {
        let found = self.services().find(|s| s.uid == *uid);
        found.ok_or_else(|| {
            Error::caller(ErrorCode::NOT_FOUND).context(format!("no message service {uid:?}"))
        })
    }

    /// The providers that can be loaded, kind by kind, each in its order. What is missing in a section that is not among
    /// them, [`Profile::flaws`] says.
    #[must_use]
    pub fn provider_entries(&self) -> Vec<ProviderEntry> {
        self.all_providers().filter_map(entry).collect()
    }

    /// Whether each section has what loading needs (lifecycle.md, 4.2, step 5).
    #[must_use]
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let lists = ProviderKind::ALL.map(ProviderKind::list);
        for list in lists.into_iter().chain([tag::PR_SERVICES]) {
            for uid in self.main_list(list) {
                if self.section(&uid).is_none() {
                    let text = format!("{list} names it, but it is not there");
                    flaws.push(Flaw { section: uid, text });
                }
            }
        }
        for section in self.all_providers() {
            for required in [tag::PR_PROVIDER_DLL_NAME, tag::PR_PROVIDER_DISPLAY] {
                if section.text(required).is_none() {
                    flaws.push(section.flaw(&format!("it has no {required}")));
                }
            }
            if section.provider_kind().is_none() {
                flaws.push(section.flaw("its PR_RESOURCE_TYPE is no kind of provider"));
            }
        }
        flaws
    }

    /// The sections that go when the last session has ended: marked ones, and temporary ones (STATUS_TEMP_SECTION).
    pub(super) fn leaves(section: &Section) -> bool {
        let temporary = section.kind == SectionKind::Provider
            && section.props.bits(tag::PR_RESOURCE_FLAGS) & mapi_sys::STATUS_TEMP_SECTION != 0;
        section.deleted || temporary
    }

    /// Whether something is left to be done when the last session ends.
    #[must_use]
    pub(super) fn has_marks(&self) -> bool {
        self.deleted || self.rename_to.is_some() || self.sections.iter().any(Self::leaves)
    }
}

impl Section {
    fn flaw(&self, text: &str) -> Flaw {
        Flaw {
            section: self.uid,
            text: text.to_owned(),
        }
    }
}

fn entry(section: &Section) -> Option<ProviderEntry> {
    let name = section
        .text(tag::PR_DISPLAY_NAME)
        .or_else(|| section.text(tag::PR_PROVIDER_DISPLAY));
    Some(ProviderEntry {
        uid: section.uid,
        service: section.uid_prop(tag::PR_SERVICE_UID),
        kind: section.provider_kind()?,
        library: section.text(tag::PR_PROVIDER_DLL_NAME)?.into_owned(),
        display_name: name.unwrap_or_default().into_owned(),
        flags: section.props.bits(tag::PR_RESOURCE_FLAGS),
    })
}

pub(super) fn no_section(uid: &MapiUid) -> Error {
    Error::caller(ErrorCode::NOT_FOUND).context(format!("no profile section {uid:?}"))
}

/// A new identifier that nothing else has.
pub(super) fn new_uid() -> MapiUid {
    MapiUid(*uuid::Uuid::new_v4().as_bytes())
}
