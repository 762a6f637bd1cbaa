//! The message store table, OpenMsgStore, and the default store.

use std::sync::Arc;

use mapi_com::host_call;
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_sys::{
    MAPI_STORE, MDB_NO_DIALOG, MDB_NO_MAIL, MDB_ONLINE, MDB_TEMPORARY, MDB_WRITE,
    STATUS_DEFAULT_STORE,
};
use mapi_types::{EntryId, Error, ErrorCode, Guid, MapiUid, PropTag, Property, Result, Row, tag};

use super::SessionCore;
use super::start::LogonWish;
use super::wrapped::{section_of, section_store_entry_id, unwrap_store_entry_id};
use crate::notify::AdviseScope;
use crate::profile::{ProviderEntry, ProviderKind};
use crate::table::{export_view, memory_table};

/// MAPI_BEST_ACCESS and MAPI_DEFERRED_ERRORS.
const ACCESS_FLAGS: u32 = 0x10 | 0x8;

/// What the message store table takes from a store's section.
const FROM_SECTION: [PropTag; 6] = [
    tag::PR_DISPLAY_NAME,
    tag::PR_ENTRYID,
    tag::PR_RECORD_KEY,
    tag::PR_MDB_PROVIDER,
    tag::PR_PROVIDER_DISPLAY,
    tag::PR_RESOURCE_FLAGS,
];

impl SessionCore {
    /// GetMsgStoresTable: one row for each store of the profile, opened or not.
    pub fn msg_stores_table(
        &self,
        scope: &Arc<Scope>,
        sinks: &Arc<AdviseScope>,
    ) -> Result<ComPtr<mapi_sys::IMAPITable>> {
        let data = memory_table(tag::PR_INSTANCE_KEY)?;
        for entry in self.stores() {
            data.modify_row(self.store_row(entry))?;
        }
        export_view(&data, scope, sinks)
    }

    fn stores(&self) -> impl Iterator<Item = &ProviderEntry> {
        self.entries()
            .iter()
            .filter(|entry| entry.kind == ProviderKind::Store)
    }

    fn store_row(&self, entry: &ProviderEntry) -> Row {
        let mut props: Vec<Property> = self
            .section_props(&entry.uid, &FROM_SECTION)
            .unwrap_or_default();
        props.retain(|p| p.value.as_error().is_none());
        if !props.iter().any(|p| p.tag.same_id(tag::PR_ENTRYID)) {
            props.push(Property::new(
                tag::PR_ENTRYID,
                section_store_entry_id(&entry.uid).into_bytes(),
            ));
        }
        if !props.iter().any(|p| p.tag.same_id(tag::PR_DISPLAY_NAME)) {
            props.push(Property::new(
                tag::PR_DISPLAY_NAME,
                entry.display_name.as_str(),
            ));
        }
        props.extend([
            Property::new(tag::PR_INSTANCE_KEY, entry.uid.0.to_vec()),
            Property::new(tag::PR_PROVIDER_UID, entry.uid.0.to_vec()),
            Property::new(tag::PR_DEFAULT_STORE, self.is_default(entry)),
            Property::new(tag::PR_OBJECT_TYPE, MAPI_STORE.cast_signed()),
            Property::new(
                tag::PR_RESOURCE_TYPE,
                entry.kind.resource_type().cast_signed(),
            ),
        ]);
        Row::from(props)
    }

    fn is_default(&self, entry: &ProviderEntry) -> bool {
        let flags = self
            .section_props(&entry.uid, &[tag::PR_RESOURCE_FLAGS])
            .ok();
        let flags = flags.and_then(|props| props.first().and_then(|p| p.value.as_long()));
        flags.is_some_and(|flags| flags.cast_unsigned() & STATUS_DEFAULT_STORE != 0)
    }

    /// Properties of a provider's section, as they are now.
    fn section_props(&self, uid: &MapiUid, tags: &[PropTag]) -> Result<Vec<Property>> {
        self.with_profile(|profile| {
            let name = profile.name();
            profile.store().look_into_section(name, uid, tags)
        })
    }

    /// OpenMsgStore (lifecycle.md, 4.4; LIFE-LOGON-008). The address book providers of the store's service start first
    /// (LIFE-LOGON-006). With the store comes its provider's warning, if it had one (LIFE-LOGON-020).
    pub fn open_msg_store(
        self: &Arc<Self>,
        ui_param: usize,
        entry_id: &EntryId,
        interface: Option<&Guid>,
        flags: u32,
    ) -> Result<(ComPtr<mapi_sys::IMsgStore>, Option<Error>)> {
        let known =
            MDB_NO_DIALOG | MDB_WRITE | MDB_TEMPORARY | MDB_NO_MAIL | MDB_ONLINE | ACCESS_FLAGS;
        if flags & !known != 0 {
            return Err(ErrorCode::UNKNOWN_FLAGS.into());
        }
        let (entry, inner) = self.find_store(entry_id)?;
        self.start_address_books_of(&entry);
        let wish = LogonWish {
            ui_param,
            flags,
            entry_id: inner,
            interface: interface.copied(),
        };
        let started = self.log_on(&entry, &wish)?;
        if let Some(warning) = &started.warning {
            tracing::warn!(store = entry.display_name, %warning, "the store is open, with errors");
        }
        let store = started.store.ok_or_else(|| {
            Error::provider(ErrorCode::CALL_FAILED).context("no store came with S_OK")
        })?;
        Ok((store, started.warning))
    }

    fn start_address_books_of(self: &Arc<Self>, store: &ProviderEntry) {
        let same =
            |e: &&ProviderEntry| e.kind == ProviderKind::AddressBook && e.service == store.service;
        if store.service.is_some() {
            self.entries()
                .iter()
                .filter(same)
                .for_each(|entry| drop(self.start_address_book(entry)));
        }
    }

    /// The section of a store and the identifier that its provider knows it by.
    fn find_store(self: &Arc<Self>, entry_id: &EntryId) -> Result<(ProviderEntry, EntryId)> {
        let unknown =
            || Error::caller(ErrorCode::NOT_FOUND).context("the profile has no such store");
        if entry_id.is_empty() {
            return Err(Error::caller(ErrorCode::INVALID_ENTRYID)
                .context("the store's entry identifier is empty"));
        }
        if let Some(section) = section_of(entry_id) {
            let entry = self
                .stores()
                .find(|e| e.uid == section)
                .ok_or_else(unknown)?;
            return Ok((entry.clone(), EntryId::default()));
        }
        let (library, inner) = unwrap_store_entry_id(entry_id)?;
        let mut candidates: Vec<(ProviderEntry, EntryId)> = Vec::new();
        for entry in self
            .stores()
            .filter(|e| e.library.eq_ignore_ascii_case(&library))
        {
            let props = self.section_props(&entry.uid, &[tag::PR_ENTRYID])?;
            let known = props
                .first()
                .and_then(|p| p.value.as_bytes())
                .map(EntryId::from);
            let known = known
                .and_then(|id| unwrap_store_entry_id(&id).ok())
                .map(|(_, inner)| inner);
            candidates.extend(known.map(|id| (entry.clone(), id)));
        }
        for (entry, known) in candidates {
            // The same bytes are the same store; only the provider knows about others.
            if inner == known || self.compare_stores(&entry, &inner, &known)? {
                return Ok((entry, inner));
            }
        }
        Err(unknown())
    }

    /// IMSProvider::CompareStoreIDs of the provider of `entry`, on the thread for its library.
    fn compare_stores(
        self: &Arc<Self>,
        entry: &ProviderEntry,
        left: &EntryId,
        right: &EntryId,
    ) -> Result<bool> {
        loop {
            let provider = self.provider_of(entry)?;
            if let Some(object) = provider.object() {
                let worker = provider.library.worker()?;
                return host_call::compare_store_ids(&worker, &object, left, right);
            }
            // Another client has closed its last store: the old object has to be gone before there is a new one.
            self.way_down().driver().await_end_of(provider.id);
            drop(self.take_provider(provider.id));
        }
    }

    /// SetDefaultStore: acts on the profile.
    pub fn set_default_store(self: &Arc<Self>, entry_id: &EntryId) -> Result<()> {
        let (entry, _) = self.find_store(entry_id)?;
        let store = self.with_profile(|profile| Ok(Arc::clone(profile.store())))?;
        store.update(self.profile_name(), |edit| {
            edit.profile.set_default_store(&entry.uid)
        })
    }
}
