//! Message services and providers: what the administration changes in a profile.

use mapi_sys::{
    SERVICE_DEFAULT_STORE, SERVICE_NO_PRIMARY_IDENTITY, SERVICE_PRIMARY_IDENTITY,
    SERVICE_SINGLE_COPY, STATUS_DEFAULT_STORE, STATUS_NO_DEFAULT_STORE, STATUS_NO_PRIMARY_IDENTITY,
    STATUS_PRIMARY_IDENTITY, STATUS_TEMP_SECTION, STATUS_XP_PREFER_LAST,
};
use mapi_types::{Error, ErrorCode, MapiUid, PropTag, Property, Result, tag};

use super::content::{GLOBAL_SECTION, Profile, ProviderKind, Section, SectionKind, new_uid};
use super::inf::{ProviderInfo, ServiceInfo};

impl Profile {
    /// Adds a message service: what its description says is copied into a section for the service and one for each of its
    /// providers (imsgserviceadmin-createmsgservice.md). The answer is its PR_SERVICE_UID.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS if it is there and may be there once only (SERVICE_SINGLE_COPY); MAPI_E_CORRUPT_DATA if a
    /// provider is described without its kind.
    pub fn add_service(
        &mut self,
        info: &ServiceInfo,
        display_name: Option<&str>,
    ) -> Result<MapiUid> {
        let mut section = Section::new(new_uid(), SectionKind::Service);
        section.props = info.props.clone();
        self.expect_room(&info.name, &section)?;
        let uid = section.uid;
        section.props.put(tag::PR_SERVICE_NAME, info.name.as_str());
        section.props.put(tag::PR_SERVICE_UID, uid.0.to_vec());
        if section.props.get(tag::PR_DISPLAY_NAME).is_none() {
            let name = display_name.unwrap_or(&info.title);
            section.props.put(tag::PR_DISPLAY_NAME, name);
        }
        let extra: Vec<MapiUid> = info
            .sections
            .iter()
            .map(|extra| self.add_extra(extra.uid, extra.props.iter()))
            .collect();
        if !extra.is_empty() {
            section.set_uids(tag::PR_SERVICE_EXTRA_UIDS, &extra);
        }
        self.sections.push(section);
        self.append(tag::PR_SERVICES, uid);
        for provider in &info.providers {
            self.add_provider(&uid, provider, &[])?;
        }
        Ok(uid)
    }

    fn expect_room(&self, name: &str, section: &Section) -> Result<()> {
        let single = section.props.bits(tag::PR_RESOURCE_FLAGS) & SERVICE_SINGLE_COPY != 0;
        let is_same = |s: &Section| s.props.text(tag::PR_SERVICE_NAME).as_deref() == Some(name);
        if single && self.services().any(is_same) {
            let text = format!("the message service '{name}' may be in a profile once only");
            return Err(Error::caller(ErrorCode::NO_ACCESS).context(text));
        }
        Ok(())
    }

    /// A section that a service needs beside its own; one with a fixed identifier may be there already, and keeps what it
    /// has.
    fn add_extra<'a>(
        &mut self,
        uid: Option<MapiUid>,
        props: impl Iterator<Item = &'a Property>,
    ) -> MapiUid {
        let uid = uid.unwrap_or_else(new_uid);
        if self.section(&uid).is_none() {
            let section = Section::new(uid, SectionKind::Other);
            self.sections.push(section);
        }
        if let Ok(section) = self.section_mut(&uid) {
            for prop in props {
                if section.props.get(prop.tag).is_none() {
                    section.props.set(prop.clone());
                }
            }
        }
        uid
    }

    /// Adds a provider to a message service; `props` win over its description. The answer is its PR_PROVIDER_UID.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if there is no such service, MAPI_E_CORRUPT_DATA if neither says what kind of provider it is.
    pub fn add_provider(
        &mut self,
        service: &MapiUid,
        info: &ProviderInfo,
        props: &[Property],
    ) -> Result<MapiUid> {
        self.service(service)?;
        let mut section = Section::new(new_uid(), SectionKind::Provider);
        section.props = info.props.clone();
        props.iter().for_each(|p| section.props.set(p.clone()));
        let uid = section.uid;
        section.props.put(tag::PR_PROVIDER_UID, uid.0.to_vec());
        section.props.put(tag::PR_SERVICE_UID, service.0.to_vec());
        let kind = section.provider_kind().ok_or_else(|| {
            let text = format!("the provider '{}' has no PR_RESOURCE_TYPE", info.name);
            Error::caller(ErrorCode::CORRUPT_DATA).context(text)
        })?;
        let last = section.props.bits(tag::PR_RESOURCE_FLAGS) & STATUS_XP_PREFER_LAST != 0;
        self.sections.push(section);
        self.link(service, kind, uid, last)?;
        if kind == ProviderKind::Store && !self.has_default_store() {
            self.set_default_store(&uid).or_else(|e| {
                // Some stores cannot be the default.
                (e.code() == ErrorCode::NO_ACCESS).then_some(()).ok_or(e)
            })?;
        }
        Ok(uid)
    }

    /// Makes a section for a provider that is in no list, such as a store that is opened by its entry identifier alone. It
    /// goes with the session (STATUS_TEMP_SECTION). The answer is its PR_PROVIDER_UID.
    pub fn add_temporary_provider(&mut self, props: &[Property]) -> MapiUid {
        let mut section = Section::new(new_uid(), SectionKind::Provider);
        section.props = props.iter().cloned().collect();
        let uid = section.uid;
        section.props.put(tag::PR_PROVIDER_UID, uid.0.to_vec());
        let flags = section.props.bits(tag::PR_RESOURCE_FLAGS) | STATUS_TEMP_SECTION;
        section.props.put_bits(tag::PR_RESOURCE_FLAGS, flags);
        self.sections.push(section);
        uid
    }

    /// Lets a temporary provider stay, in the list of its kind (imapisupport-modifyprofile.md). One that is in it stays as it is.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_CORRUPT_DATA if it has no PR_RESOURCE_TYPE.
    pub fn publish_provider(&mut self, uid: &MapiUid) -> Result<()> {
        let section = self.section_mut(uid)?;
        let flags = section.props.bits(tag::PR_RESOURCE_FLAGS) & !STATUS_TEMP_SECTION;
        section.props.put_bits(tag::PR_RESOURCE_FLAGS, flags);
        let kind = section.provider_kind().ok_or(ErrorCode::CORRUPT_DATA)?;
        if self.providers(kind).all(|s| s.uid != *uid) {
            self.append(kind.list(), *uid);
        }
        Ok(())
    }

    /// Puts a provider into the lists of its service and of the profile. Transports that want to be last stay last.
    fn link(
        &mut self,
        service: &MapiUid,
        kind: ProviderKind,
        uid: MapiUid,
        last: bool,
    ) -> Result<()> {
        let prefers_last =
            |s: &Section| s.props.bits(tag::PR_RESOURCE_FLAGS) & STATUS_XP_PREFER_LAST != 0;
        let ahead = match (kind, last) {
            (ProviderKind::Transport, false) => {
                self.providers(kind).filter(|s| !prefers_last(s)).count()
            }
            _ => self.providers(kind).count(),
        };
        let main = self.main_mut();
        let mut all: Vec<MapiUid> = main.uids(kind.list()).collect();
        all.insert(ahead.min(all.len()), uid);
        main.set_uids(kind.list(), &all);
        let section = self.section_mut(service)?;
        let mut own: Vec<MapiUid> = section.uids(kind.list()).collect();
        own.push(uid);
        section.set_uids(kind.list(), &own);
        Ok(())
    }

    fn append(&mut self, list: PropTag, uid: MapiUid) {
        let main = self.main_mut();
        let mut uids: Vec<MapiUid> = main.uids(list).collect();
        uids.push(uid);
        main.set_uids(list, &uids);
    }

    /// Deletes a provider; while a session uses the profile it is marked and only leaves the lists
    /// (iprovideradmin-deleteprovider.md).
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn delete_provider(&mut self, uid: &MapiUid, in_use: bool) -> Result<()> {
        if !self.all_providers().any(|s| s.uid == *uid) {
            let text = format!("no service provider {uid:?}");
            return Err(Error::caller(ErrorCode::NOT_FOUND).context(text));
        }
        self.drop_sections(&[*uid], in_use);
        Ok(())
    }

    /// Deletes a message service with all its sections; as [`Profile::delete_provider`].
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND.
    pub fn delete_service(&mut self, uid: &MapiUid, in_use: bool) -> Result<()> {
        let service = self.service(uid)?;
        let mut gone: Vec<MapiUid> = vec![*uid];
        gone.extend(self.providers_of(uid).map(|s| s.uid));
        let extra: Vec<MapiUid> = service.uids(tag::PR_SERVICE_EXTRA_UIDS).collect();
        let shared = |extra: &MapiUid| {
            let mut others = self.services().filter(|s| s.uid != *uid);
            *extra == GLOBAL_SECTION
                || others.any(|s| s.uids(tag::PR_SERVICE_EXTRA_UIDS).any(|u| u == *extra))
        };
        gone.extend(extra.iter().filter(|e| !shared(e)));
        self.drop_sections(&gone, in_use);
        Ok(())
    }

    /// The providers of a message service, in the order of the provider table.
    pub fn providers_of(&self, service: &MapiUid) -> impl Iterator<Item = &Section> {
        let service = *service;
        self.all_providers()
            .filter(move |s| s.uid_prop(tag::PR_SERVICE_UID) == Some(service))
    }

    /// Removes sections, or marks them, and takes them out of all lists.
    fn drop_sections(&mut self, gone: &[MapiUid], only_mark: bool) {
        let lists = ProviderKind::ALL.map(ProviderKind::list);
        let lists = [
            lists.as_slice(),
            &[tag::PR_SERVICES, tag::PR_SERVICE_EXTRA_UIDS],
        ]
        .concat();
        for section in &mut self.sections {
            for list in lists.iter().copied() {
                let before: Vec<MapiUid> = section.uids(list).collect();
                let after: Vec<MapiUid> = before
                    .iter()
                    .copied()
                    .filter(|u| !gone.contains(u))
                    .collect();
                if before.len() != after.len() {
                    section.set_uids(list, &after);
                }
            }
        }
        if only_mark {
            for section in self.sections.iter_mut().filter(|s| gone.contains(&s.uid)) {
                section.deleted = true;
            }
        } else {
            self.sections.retain(|s| !gone.contains(&s.uid));
        }
    }

    /// Removes the sections that go with the last session; whether there were any.
    pub(super) fn remove_leaving(&mut self) -> bool {
        let leaving = self.sections.iter().filter(|s| Self::leaves(s));
        let gone: Vec<MapiUid> = leaving.map(|s| s.uid).collect();
        self.drop_sections(&gone, false);
        !gone.is_empty()
    }

    /// Renames a message service: its PR_DISPLAY_NAME.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_INVALID_PARAMETER for an empty name.
    pub fn rename_service(&mut self, uid: &MapiUid, display_name: &str) -> Result<()> {
        self.service(uid)?;
        if display_name.is_empty() {
            return Err(
                Error::caller(ErrorCode::INVALID_PARAMETER).context("the new name is empty")
            );
        }
        let section = self.section_mut(uid)?;
        section.props.put(tag::PR_DISPLAY_NAME, display_name);
        Ok(())
    }

    /// Copies a message service of `source`, which may be this profile as it was, into this one. The answer says which section became
    /// which; the first is the service (its secure properties are to be copied alike).
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS if it is here already and may be here once only.
    pub fn copy_service(
        &mut self,
        source: &Profile,
        uid: &MapiUid,
    ) -> Result<Vec<(MapiUid, MapiUid)>> {
        let original = source.service(uid)?;
        let name = original
            .props
            .text(tag::PR_SERVICE_NAME)
            .unwrap_or_default();
        self.expect_room(&name, original)?;
        let mut service = original.clone();
        service.uid = new_uid();
        service
            .props
            .put(tag::PR_SERVICE_UID, service.uid.0.to_vec());
        let flags = service.props.bits(tag::PR_RESOURCE_FLAGS);
        let own = SERVICE_DEFAULT_STORE | SERVICE_PRIMARY_IDENTITY;
        if flags & own != 0 {
            service.props.put_bits(tag::PR_RESOURCE_FLAGS, flags & !own);
        }
        for kind in ProviderKind::ALL {
            service.props.remove(kind.list());
        }
        let new = service.uid;
        let mut copies = vec![(*uid, new)];
        self.sections.push(service);
        self.append(tag::PR_SERVICES, new);
        for section in original.uids(tag::PR_SERVICE_EXTRA_UIDS) {
            if let Some(extra) = source.section(&section) {
                // Extra sections keep their identifier: it is how the service finds them.
                self.add_extra(Some(section), extra.props.iter());
                copies.push((section, section));
            }
        }
        for provider in source.providers_of(uid) {
            copies.push((provider.uid, self.copy_provider(provider, &new)?));
        }
        Ok(copies)
    }

    fn copy_provider(&mut self, original: &Section, service: &MapiUid) -> Result<MapiUid> {
        let name = original
            .props
            .text(tag::PR_DISPLAY_NAME)
            .unwrap_or_default();
        let mut info = ProviderInfo {
            name: name.into_owned(),
            props: original.props.clone(),
        };
        let flags = original.props.bits(tag::PR_RESOURCE_FLAGS);
        let own = STATUS_DEFAULT_STORE | STATUS_PRIMARY_IDENTITY;
        if original.provider_kind() == Some(ProviderKind::Store) && flags & own != 0 {
            info.props.put_bits(tag::PR_RESOURCE_FLAGS, flags & !own);
        }
        self.add_provider(service, &info, &[])
    }

    /// Sets the order of the transports (imsgserviceadmin-msgservicetransportorder.md).
    ///
    /// # Errors
    /// MAPI_E_BUSY if these are not as many as there are, MAPI_E_NOT_FOUND if one is no transport of this profile or is
    /// given twice.
    pub fn set_transport_order(&mut self, order: &[MapiUid]) -> Result<()> {
        let kind = ProviderKind::Transport;
        let known: Vec<MapiUid> = self.providers(kind).map(|s| s.uid).collect();
        if known.len() != order.len() {
            let text = format!(
                "there are {} transports in the profile, not {}",
                known.len(),
                order.len()
            );
            return Err(Error::caller(ErrorCode::BUSY).context(text));
        }
        if let Some(missing) = known.iter().find(|uid| !order.contains(uid)) {
            let text = format!("the transport {missing:?} is not in the new order");
            return Err(Error::caller(ErrorCode::NOT_FOUND).context(text));
        }
        self.main_mut().set_uids(kind.list(), order);
        Ok(())
    }

    /// Makes a service the supplier of the primary identity; `None`: there is none (imsgserviceadmin-setprimaryidentity.md).
    ///
    /// The page also lets the other services become SERVICE_NO_PRIMARY_IDENTITY. They could then never supply it again, so they only
    /// lose SERVICE_PRIMARY_IDENTITY.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS if the service cannot supply an identity.
    pub fn set_primary_identity(&mut self, service: Option<&MapiUid>) -> Result<()> {
        if let Some(uid) = service {
            let flags = self.service(uid)?.props.bits(tag::PR_RESOURCE_FLAGS);
            if flags & SERVICE_NO_PRIMARY_IDENTITY != 0 {
                let text = "this message service supplies no identity";
                return Err(Error::caller(ErrorCode::NO_ACCESS).context(text));
            }
        }
        let wanted = service.copied();
        self.flag_services(SERVICE_PRIMARY_IDENTITY, |s| Some(s.uid) == wanted);
        self.flag_providers(STATUS_PRIMARY_IDENTITY, |s| {
            let able = s.props.bits(tag::PR_RESOURCE_FLAGS) & STATUS_NO_PRIMARY_IDENTITY == 0;
            able && wanted.is_some() && s.uid_prop(tag::PR_SERVICE_UID) == wanted
        });
        Ok(())
    }

    /// Makes a store the default store of the profile: STATUS_DEFAULT_STORE, and SERVICE_DEFAULT_STORE at its service.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND, MAPI_E_NO_ACCESS if the store cannot be the default (STATUS_NO_DEFAULT_STORE).
    pub fn set_default_store(&mut self, store: &MapiUid) -> Result<()> {
        let section = self
            .providers(ProviderKind::Store)
            .find(|s| s.uid == *store);
        let section = section.ok_or_else(|| {
            Error::caller(ErrorCode::NOT_FOUND).context(format!("no message store {store:?}"))
        })?;
        if section.props.bits(tag::PR_RESOURCE_FLAGS) & STATUS_NO_DEFAULT_STORE != 0 {
            let text = "this message store cannot be the default store";
            return Err(Error::caller(ErrorCode::NO_ACCESS).context(text));
        }
        let service = section.uid_prop(tag::PR_SERVICE_UID);
        self.flag_services(SERVICE_DEFAULT_STORE, |s| Some(s.uid) == service);
        self.flag_providers(STATUS_DEFAULT_STORE, |s| s.uid == *store);
        Ok(())
    }

    fn has_default_store(&self) -> bool {
        self.providers(ProviderKind::Store)
            .any(|s| s.props.bits(tag::PR_RESOURCE_FLAGS) & STATUS_DEFAULT_STORE != 0)
    }

    fn flag_services(&mut self, flag: u32, who: impl Fn(&Section) -> bool) {
        let uids: Vec<MapiUid> = self.services().map(|s| s.uid).collect();
        self.flag(&uids, flag, who);
    }

    /// STATUS_DEFAULT_STORE is another flag to transports, so only those of stores are touched.
    fn flag_providers(&mut self, flag: u32, who: impl Fn(&Section) -> bool) {
        let is_meant = |s: &&Section| {
            flag != STATUS_DEFAULT_STORE || s.provider_kind() == Some(ProviderKind::Store)
        };
        let uids: Vec<MapiUid> = self
            .all_providers()
            .filter(is_meant)
            .map(|s| s.uid)
            .collect();
        self.flag(&uids, flag, who);
    }

    fn flag(&mut self, uids: &[MapiUid], flag: u32, who: impl Fn(&Section) -> bool) {
        for section in self.sections.iter_mut().filter(|s| uids.contains(&s.uid)) {
            let bits = section.props.bits(tag::PR_RESOURCE_FLAGS);
            let wanted = if who(section) {
                bits | flag
            } else {
                bits & !flag
            };
            if wanted != bits {
                section.props.put_bits(tag::PR_RESOURCE_FLAGS, wanted);
            }
        }
    }
}
