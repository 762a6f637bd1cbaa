//! A subsystem of its own for each test, with profiles that name the providers it needs.

use std::path::Path;
use std::sync::Arc;

use mapi_com::ptr::ComPtr;
use mapi_subsystem::host::{BuiltIn, EntryPoints};
use mapi_subsystem::{Config, LogonRequest, Subsystem};
use mapi_sys::{IMAPISession, IMsgStore};
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
