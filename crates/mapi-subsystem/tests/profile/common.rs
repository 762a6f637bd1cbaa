//! A profile store in a folder of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mapi_subsystem::profile::inf::{ServiceCatalog, parse};
use mapi_subsystem::profile::{OpenSection, Profile, ProfileStore, ProviderKind, SectionAccess};
use mapi_types::{ErrorCode, MapiUid, PropTag, Result};

const SERVICES: &str = "
[Services]
MAIL=Mail
BOOK=Address book
[MAIL]
PR_SERVICE_DLL_NAME=mail
PR_SERVICE_ENTRY_NAME=ServiceEntry
Providers=MAIL STORE, MAIL XP
Sections=MAIL EXTRA
[MAIL STORE]
PR_DISPLAY_NAME=Folders
PR_PROVIDER_DISPLAY=Folders
PR_PROVIDER_DLL_NAME=mail
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
[MAIL XP]
PR_DISPLAY_NAME=Transport
PR_PROVIDER_DISPLAY=Transport
PR_PROVIDER_DLL_NAME=mail
PR_RESOURCE_TYPE=MAPI_TRANSPORT_PROVIDER
[MAIL EXTRA]
66000003=05000000
[BOOK]
PR_DISPLAY_NAME=Book
PR_RESOURCE_FLAGS=SERVICE_SINGLE_COPY|SERVICE_NO_PRIMARY_IDENTITY
Providers=BOOK AB
[BOOK AB]
PR_DISPLAY_NAME=Book
PR_PROVIDER_DISPLAY=Book
PR_PROVIDER_DLL_NAME=book
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER
";

pub fn catalog() -> ServiceCatalog {
    ServiceCatalog::from_files([parse(SERVICES.as_bytes(), Path::new("test.inf"))])
}

pub struct Fixture {
    pub folder: tempfile::TempDir,
    pub store: Arc<ProfileStore>,
}

impl Fixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = ProfileStore::open(folder.path()).unwrap();
        Self { folder, store }
    }

    pub fn with_profile() -> Self {
        let it = Self::new();
        it.store.create("Work").unwrap();
        it
    }

    pub fn profiles(&self) -> PathBuf {
        self.folder.path().join("profiles")
    }

    pub fn names(&self) -> Vec<String> {
        let list = self.store.list().unwrap();
        list.into_iter().map(|l| l.name).collect()
    }

    pub fn add(&self, service: &str) -> MapiUid {
        let info = catalog().service(service).unwrap();
        self.store
            .update("Work", |edit| edit.profile.add_service(&info, None))
            .unwrap()
    }

    pub fn read(&self) -> Arc<Profile> {
        self.store.read("Work").unwrap()
    }

    pub fn provider(&self, kind: ProviderKind) -> MapiUid {
        self.read().providers(kind).next().unwrap().uid
    }

    pub fn open(&self, uid: &MapiUid, write: bool) -> Result<OpenSection> {
        let access = SectionAccess {
            write,
            all_sections: true,
            logging_on: false,
        };
        self.store.open_section("Work", Some(uid), access)
    }
}

pub fn code<T>(result: Result<T>) -> ErrorCode {
    match result {
        Ok(_) => ErrorCode::OK,
        Err(error) => error.code(),
    }
}

pub const PASSWORD: PropTag = PropTag::from_raw(0x67F0_001F);
pub const NUMBER: PropTag = PropTag::from_raw(0x6600_0003);
