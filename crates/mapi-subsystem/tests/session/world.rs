//! A subsystem of its own for each test, with profiles that name the providers it needs.

use std::path::Path;
use std::sync::Arc;

use mapi_com::ptr::ComPtr;
use mapi_subsystem::host::{BuiltIn, EntryPoints};
use mapi_subsystem::profile::inf::{ProviderInfo, ServiceInfo};
use mapi_subsystem::profile::{Edit, PropSet};
use mapi_subsystem::report::ShutdownReport;
use mapi_subsystem::{Config, LogonRequest, Subsystem};
use mapi_sys::{IMAPISession, IMsgStore, MAPI_AB_PROVIDER, MAPI_STORE_PROVIDER};
use mapi_types::{EntryId, PropTag, PropValue, Property, Result, tag};

use mapi_com::iface::{MapiSession as _, MapiTable as _};

/// The message services that tests use: name, then the text of a mapisvc.inf file.
const EXEMPLARY_INF: &str = "\
[Services]
EXAB=Exemplary address book
EXMS=Exemplary store
[EXAB]
PR_DISPLAY_NAME=Exemplary address book
Providers=EXAB_P
[EXAB_P]
PR_PROVIDER_DLL_NAME=exemplary_ab
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER
PR_DISPLAY_NAME=Exemplary address book
PR_PROVIDER_DISPLAY=Exemplary address book
[EXMS]
PR_DISPLAY_NAME=Exemplary store
Providers=EXMS_P
[EXMS_P]
PR_PROVIDER_DLL_NAME=exemplary_ms
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_DISPLAY_NAME=Exemplary store
PR_PROVIDER_DISPLAY=Exemplary store
";

pub struct World {
    pub folder: tempfile::TempDir,
    pub subsystem: Arc<Subsystem>,
}

pub fn built_in(provider: mapi_provider::BuiltIn) -> BuiltIn {
    let entry_points = EntryPoints {
        address_book: provider.address_book,
        message_store: provider.message_store,
        transport: None,
    };
    BuiltIn {
        name: provider.name,
        entry_points,
        service_entries: &[],
    }
}

impl World {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new(folder.path());
        config.built_in = vec![
            built_in(mapi_msgstore::built_in()),
            built_in(exemplary_rust::built_in_address_book()),
            built_in(exemplary_rust::built_in_store()),
        ];
        config.built_in_services = vec![
            ("msgstore", mapi_msgstore::MAPISVC_INF),
            ("exemplary", EXEMPLARY_INF),
        ];
        config.sabotage = crate::sabotage::current();
        change(&mut config);
        let subsystem = Subsystem::start(config).unwrap();
        Self { folder, subsystem }
    }

    /// A profile with these services. The embedded store's file is in the world's folder.
    pub fn profile(&self, name: &str, services: &[&str]) {
        let profiles = self.subsystem.profiles();
        profiles.create(name).unwrap();
        for (number, service) in services.iter().enumerate() {
            let info = self
                .subsystem
                .administration()
                .catalog()
                .service(service)
                .unwrap();
            let path = self.folder.path().join(format!("{name}-{number}.store"));
            profiles
                .update(name, |edit| {
                    let uid = edit.profile.add_service(&info, None)?;
                    let providers: Vec<_> =
                        edit.profile.providers_of(&uid).map(|s| s.uid).collect();
                    for provider in providers {
                        let section = edit.profile.section_mut(&provider)?;
                        if *service == "MSGSTORE" {
                            let path = path.to_string_lossy().into_owned();
                            section
                                .props
                                .put(mapi_msgstore::provider::PR_MSGSTORE_PATH, path);
                        }
                    }
                    Ok(())
                })
                .unwrap();
        }
    }

    /// Adds a service with an address book (`A`) or store (`S`) provider for each letter of `kinds`, all of one library.
    pub fn add_foreign(&self, profile: &str, library: &Path, kinds: &str) {
        let provider = |(number, kind): (usize, char)| {
            let mut props = PropSet::default();
            let name = format!(
                "{} {kind}{number}",
                library.file_stem().unwrap().to_string_lossy()
            );
            props.put(
                tag::PR_PROVIDER_DLL_NAME,
                library.to_string_lossy().into_owned(),
            );
            props.put(tag::PR_DISPLAY_NAME, name.clone());
            props.put(tag::PR_PROVIDER_DISPLAY, name.clone());
            let resource_type = if kind == 'A' {
                MAPI_AB_PROVIDER
            } else {
                MAPI_STORE_PROVIDER
            };
            props.put(tag::PR_RESOURCE_TYPE, resource_type.cast_signed());
            ProviderInfo { name, props }
        };
        let mut props = PropSet::default();
        props.put(
            tag::PR_SERVICE_DLL_NAME,
            library.to_string_lossy().into_owned(),
        );
        props.put(
            tag::PR_SERVICE_ENTRY_NAME,
            PropValue::String8(b"ServiceEntry".to_vec()),
        );
        let info = ServiceInfo {
            name: library.to_string_lossy().into_owned(),
            title: "foreign".to_owned(),
            props,
            providers: kinds.chars().enumerate().map(provider).collect(),
            sections: Vec::new(),
            file: library.to_path_buf(),
        };
        let add = |edit: &mut Edit<'_>| edit.profile.add_service(&info, None);
        self.subsystem.profiles().update(profile, add).unwrap();
    }

    /// A profile with the providers of one library, and a session on it.
    pub fn foreign(&self, library: &Path, kinds: &str) -> ComPtr<IMAPISession> {
        self.profile("foreign", &[]);
        self.add_foreign("foreign", library, kinds);
        self.logon("foreign")
    }

    /// The report of the session that ended last.
    pub fn report(&self) -> ShutdownReport {
        self.subsystem.reports().pop().unwrap()
    }

    pub fn logon(&self, profile: &str) -> ComPtr<IMAPISession> {
        self.try_logon(profile, mapi_sys::MAPI_NEW_SESSION).unwrap()
    }

    pub fn try_logon(&self, profile: &str, flags: u32) -> Result<ComPtr<IMAPISession>> {
        self.subsystem.logon(&LogonRequest {
            profile: Some(profile),
            flags,
            ..LogonRequest::default()
        })
    }

    #[allow(dead_code)]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// The entry identifiers of the stores in the message store table, in its order.
pub fn stores(session: &ComPtr<IMAPISession>) -> Vec<EntryId> {
    let table = session.get_msg_stores_table(0).unwrap();
    table.set_columns(&[tag::PR_ENTRYID], 0).unwrap();
    let rows = table.query_rows(100, 0).unwrap();
    rows.iter()
        .map(|row| {
            EntryId::from(
                row.get(tag::PR_ENTRYID)
                    .and_then(PropValue::as_bytes)
                    .unwrap(),
            )
        })
        .collect()
}

pub fn open_store(session: &ComPtr<IMAPISession>, number: usize) -> ComPtr<IMsgStore> {
    session
        .open_msg_store(0, &stores(session)[number], None, mapi_sys::MDB_WRITE)
        .unwrap()
}

#[allow(dead_code)]
pub fn prop(tag: PropTag, value: impl Into<PropValue>) -> Property {
    Property::new(tag, value)
}

/// Waits for what another thread brings about. Fails after a minute.
pub fn eventually(holds: impl Fn() -> bool) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !holds() {
        assert!(std::time::Instant::now() < until, "it never came about");
        std::thread::yield_now();
    }
}
