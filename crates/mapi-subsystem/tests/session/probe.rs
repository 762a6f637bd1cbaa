//! A provider made for tests: an address book that hands its support objects to the test, and writes down who was asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mapi_com::alloc::Allocator;
use mapi_com::entry::{MakeProvider, ab_provider_init};
use mapi_com::iface::{
    AbLogon, AbLogonResult, AbProvider, ComObject, MapiProp as _, MapiSupport as _, OpenedEntry,
};
use mapi_com::ptr::{ComPtr, ComRef};
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_subsystem::host::{BuiltIn, EntryPoints};
use mapi_sys::{IABProvider, IMAPIAdviseSink, IMAPISession, IMAPISupport};
use mapi_types::{EntryId, Error, ErrorCode, Guid, PropValue, Result, tag};

use mapi_com::iface::MapiSession as _;

use crate::world::World;

const PROBE_INF: &str = "\
[Services]
PROBE=Probe
[PROBE]
PR_DISPLAY_NAME=Probe
Providers=PROBE_1, PROBE_2
[PROBE_1]
PR_PROVIDER_DLL_NAME=probe
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER
PR_DISPLAY_NAME=Probe 1
PR_PROVIDER_DISPLAY=Probe 1
[PROBE_2]
PR_PROVIDER_DLL_NAME=probe
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER
PR_DISPLAY_NAME=Probe 2
PR_PROVIDER_DISPLAY=Probe 2
";

/// What a logon has: its own reference on the support object, until its end.
struct Kept {
    profile: String,
    support: Option<ComPtr<IMAPISupport>>,
    /// The display name of the section that OpenProfileSection(NULL) opened.
    name: String,
    calls: Vec<&'static str>,
    allocator: Allocator,
}

static LOGONS: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

fn logons() -> MutexGuard<'static, Vec<Kept>> {
    LOGONS.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Provider {
    scope: Arc<Scope>,
}

struct Logon {
    number: usize,
}

struct Probe;

impl MakeProvider for Probe {
    type Interface = IABProvider;

    fn make(allocator: Allocator) -> Result<ComPtr<IABProvider>> {
        let scope = Scope::new("probe", allocator);
        let provider: Arc<dyn AbProvider> = Arc::new(Provider {
            scope: Arc::clone(&scope),
        });
        export(&scope, provider)
    }
}

impl ComObject for Provider {}

impl AbProvider for Provider {
    fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn logon(
        &self,
        support: ComRef<'_, IMAPISupport>,
        _ui_param: usize,
        profile_name: &str,
        _flags: u32,
    ) -> Result<AbLogonResult> {
        let section = support.open_profile_section(None, 0)?;
        let props = section.get_props(Some(&[tag::PR_DISPLAY_NAME]), 0)?;
        let name = props[0].value.as_str().unwrap_or_default().into_owned();
        let kept = Kept {
            profile: profile_name.to_owned(),
            support: Some(support.to_owned()),
            name,
            calls: Vec::new(),
            allocator: self.scope.allocator(),
        };
        let number = {
            let mut logons = logons();
            logons.push(kept);
            logons.len() - 1
        };
        let logon: Arc<dyn AbLogon> = Arc::new(Logon { number });
        Ok(AbLogonResult {
            logon: export(&self.scope, logon)?,
            warning: None,
        })
    }
}

impl Logon {
    fn note(&self, call: &'static str) {
        logons()[self.number].calls.push(call);
    }
}

impl ComObject for Logon {}

impl AbLogon for Logon {
    fn logoff(&self, _flags: u32) -> Result<()> {
        self.note("Logoff");
        let support = logons()[self.number].support.take();
        drop(support); // not under the lock: this is a call into MAPI
        Ok(())
    }

    fn open_entry(&self, _: &EntryId, _: Option<&Guid>, _: u32) -> Result<OpenedEntry> {
        self.note("OpenEntry");
        Err(ErrorCode::NOT_FOUND.into())
    }

    fn compare_entry_ids(&self, _: &EntryId, _: &EntryId, _: u32) -> Result<bool> {
        self.note("CompareEntryIDs");
        Ok(true)
    }

    fn advise(&self, _: &EntryId, _: u32, sink: ComPtr<IMAPIAdviseSink>) -> Result<usize> {
        self.note("Advise");
        drop(sink);
        Ok(7)
    }

    fn unadvise(&self, connection: usize) -> Result<()> {
        self.note("Unadvise");
        if connection == 7 {
            Ok(())
        } else {
            Err(Error::caller(ErrorCode::NOT_FOUND))
        }
    }
}

/// A world that knows the probe, and a session with both its address books logged on. `profile` is the test's own name.
pub fn session(profile: &str) -> (World, ComPtr<IMAPISession>) {
    session_with(profile, |_| {})
}

pub fn session_with(
    profile: &str,
    change: impl FnOnce(&mut mapi_subsystem::Config),
) -> (World, ComPtr<IMAPISession>) {
    let world = World::with(|config| {
        config.built_in.push(BuiltIn {
            name: "probe",
            entry_points: EntryPoints {
                address_book: Some(ab_provider_init::<Probe>),
                ..EntryPoints::default()
            },
            service_entries: &[],
        });
        config.built_in_services.push(("probe", PROBE_INF));
        change(config);
    });
    world.profile(profile, &["PROBE"]);
    let session = world.logon(profile);
    let (book, failed) = session.open_address_book(0, None, 0).unwrap();
    assert!(!failed);
    drop(book);
    (world, session)
}

/// A logon of the test's profile, in the order of logging on.
pub struct Seen {
    pub support: Option<ComPtr<IMAPISupport>>,
    pub name: String,
    pub calls: Vec<&'static str>,
    pub allocator: Allocator,
}

pub fn seen(profile: &str) -> Vec<Seen> {
    let logons = logons();
    let mine = logons.iter().filter(|kept| kept.profile == profile);
    mine.map(|kept| Seen {
        support: kept.support.clone(),
        name: kept.name.clone(),
        calls: kept.calls.clone(),
        allocator: kept.allocator,
    })
    .collect()
}

/// The probe gives the support object of its logon `number` back, outside its logoff method.
pub fn give_back(profile: &str, number: usize) {
    let support = {
        let mut logons = logons();
        let mut mine = logons.iter_mut().filter(|kept| kept.profile == profile);
        mine.nth(number).unwrap().support.take()
    };
    drop(support);
}

/// Columns of a status row.
pub fn status_row(name: Option<&str>, code: u32) -> Vec<mapi_types::Property> {
    let mut columns = vec![
        crate::world::prop(tag::PR_STATUS_CODE, code.cast_signed()),
        crate::world::prop(tag::PR_RESOURCE_METHODS, 0),
    ];
    columns.extend(name.map(|name| crate::world::prop(tag::PR_DISPLAY_NAME, name)));
    columns
}

/// Names and status codes of the rows that providers of `library` have in the status table, in the order of the table.
pub fn rows_of(session: &ComPtr<IMAPISession>, library: &str) -> Vec<(String, i32)> {
    use mapi_com::iface::MapiTable as _;
    let table = session.get_status_table(0).unwrap();
    let rows = table.query_rows(100, 0).unwrap();
    let text = |row: &mapi_types::Row, t| {
        row.get(t)
            .and_then(PropValue::as_str)
            .map(std::borrow::Cow::into_owned)
    };
    rows.iter()
        .filter(|row| text(row, tag::PR_PROVIDER_DLL_NAME).as_deref() == Some(library))
        .map(|row| {
            let code = row.get(tag::PR_STATUS_CODE).and_then(PropValue::as_long);
            (text(row, tag::PR_DISPLAY_NAME).unwrap(), code.unwrap())
        })
        .collect()
}
