//! An administration with message services whose entry point is a function of the test.

use std::path::Path;
use std::sync::{Arc, Mutex};

use mapi_com::alloc::Allocator;
use mapi_com::iface::{MsgServiceAdmin, ProfAdmin};
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_subsystem::notify::{Delivery, Engine};
use mapi_subsystem::profile::inf::{ServiceCatalog, parse};
use mapi_subsystem::profile::objects::{
    Administration, ClientScope, ServiceEntry, ServiceEntryCall,
};
use mapi_subsystem::profile::{Profile, ProfileStore, ProviderKind};
use mapi_sys::{IMsgServiceAdmin, IProfAdmin};
use mapi_types::{ErrorCode, MapiUid, PropTag, Property, Result};

const SERVICES: &str = "
[Services]
MAIL=Mail
PLAIN=Plain
BOOK=Address book
[Default Services]
MAIL=Mail
BOOK=Address book
[MAIL]
PR_SERVICE_DLL_NAME=mail
PR_SERVICE_ENTRY_NAME=ServiceEntry
PR_SERVICE_SUPPORT_FILES=mail, extra
Providers=MAIL STORE, MAIL XP
Sections=MAIL EXTRA
[MAIL STORE]
PR_DISPLAY_NAME=Folders
PR_PROVIDER_DISPLAY=Message store
PR_PROVIDER_DLL_NAME=mail
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
[MAIL XP]
PR_DISPLAY_NAME=Transport
PR_PROVIDER_DISPLAY=Transport
PR_PROVIDER_DLL_NAME=mail
PR_RESOURCE_TYPE=MAPI_TRANSPORT_PROVIDER
[MAIL EXTRA]
PR_DISPLAY_NAME=Extra
[PLAIN]
PR_DISPLAY_NAME=Plain
Providers=PLAIN XP
[PLAIN XP]
PR_DISPLAY_NAME=Plain transport
PR_PROVIDER_DISPLAY=Plain transport
PR_PROVIDER_DLL_NAME=plain
PR_RESOURCE_TYPE=MAPI_TRANSPORT_PROVIDER
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

type Act = Box<dyn Fn(&ServiceEntryCall<'_>) -> Result<()> + Send>;

/// Writes down each call, and does what the test wants.
#[derive(Default)]
pub struct Service {
    pub log: Mutex<Vec<(u32, u32, Vec<Property>)>>,
    act: Mutex<Option<Act>>,
}

impl Service {
    pub fn does(&self, act: impl Fn(&ServiceEntryCall<'_>) -> Result<()> + Send + 'static) {
        *self.act.lock().unwrap() = Some(Box::new(act));
    }

    /// The contexts it was called with since the last question.
    pub fn contexts(&self) -> Vec<u32> {
        let log = std::mem::take(&mut *self.log.lock().unwrap());
        log.into_iter().map(|(context, _, _)| context).collect()
    }
}

impl ServiceEntry for Service {
    fn call(&self, call: ServiceEntryCall<'_>) -> Result<()> {
        assert_eq!((call.library, call.function), ("mail", "ServiceEntry"));
        let entry = (call.context, call.flags, call.props.to_vec());
        self.log.lock().unwrap().push(entry);
        // Taken out: the service may be called again while it works.
        let act = self.act.lock().unwrap().take();
        let result = act.as_ref().map_or(Ok(()), |act| act(&call));
        if let Some(act) = act {
            self.act.lock().unwrap().get_or_insert(act);
        }
        result
    }
}

pub struct Fixture {
    pub folder: tempfile::TempDir,
    pub store: Arc<ProfileStore>,
    pub administration: Arc<Administration>,
    pub service: Arc<Service>,
    pub _engine: Engine,
    pub client: ClientScope,
    pub profiles: ComPtr<IProfAdmin>,
}

impl Fixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = ProfileStore::open(folder.path()).unwrap();
        let service = Arc::new(Service::default());
        let load = || ServiceCatalog::from_files([parse(SERVICES.as_bytes(), Path::new("t.inf"))]);
        let administration =
            Administration::new(Arc::clone(&store), load, Arc::<Service>::clone(&service));
        let engine = Engine::start(Delivery::FirstThread).unwrap();
        let client = client(&engine);
        let profiles = administration.prof_admin(&client).unwrap();
        profiles.create_profile("Work", "", 0).unwrap();
        Self {
            folder,
            store,
            administration,
            service,
            _engine: engine,
            client,
            profiles,
        }
    }

    pub fn services(&self) -> ComPtr<IMsgServiceAdmin> {
        self.services_of("Work")
    }

    pub fn services_of(&self, profile: &str) -> ComPtr<IMsgServiceAdmin> {
        self.profiles.admin_services(profile, "", 0).unwrap()
    }

    pub fn add(&self, service: &str) -> MapiUid {
        let uid = self.services().create_msg_service_ex(service, None, 0);
        self.service.contexts();
        uid.unwrap()
    }

    pub fn read(&self) -> Arc<Profile> {
        self.store.read("Work").unwrap()
    }

    pub fn provider(&self, kind: ProviderKind) -> MapiUid {
        self.read().providers(kind).next().unwrap().uid
    }
}

pub fn client(engine: &Engine) -> ClientScope {
    ClientScope {
        scope: Scope::new("client", Allocator::local()),
        sinks: engine.scope(),
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
