//! A host small enough to see everything: it starts the providers through their entry points, gives them support objects
//! that write down what is asked of them, and ends them as MAPI does.
#![allow(dead_code, clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod fixture;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use exemplary_rust::journal::Journal;
use mapi_com::alloc::{Allocator, OwnerSlot, malloc_object};
use mapi_com::host_call::{
    EndedObject, EndingCall, InitArguments, LogonArguments, LogonObject, ProviderInit,
    ProviderObject, logon, provider_init,
};
use mapi_com::iface::{
    AdviseSink, ComObject, CopyTarget, MapiProp, MapiSupport, ProfSect, PropProblem,
};
use mapi_com::ptr::{ComPtr, Unknown};
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_com::trampoline::Worker;
use mapi_sys::{IABLogon, IMAPIAdviseSink, IMAPISupport, IMSLogon, IMsgStore, IProfSect};
use mapi_types::{
    EntryId, Error, ErrorCode, Guid, MapiUid, NamedProp, Notification, PropTag, Property, Result,
    tag,
};

/// What a support object has seen and keeps.
#[derive(Default)]
pub struct Records {
    name: String,
    lines: Mutex<Vec<String>>,
    pub uids: Mutex<Vec<MapiUid>>,
    pub rows: Mutex<Vec<Vec<Property>>>,
    sinks: Mutex<HashMap<usize, Subscribed>>,
    next_sink: AtomicUsize,
    /// What StoreLogoffTransports answers, in turn; LOGOFF_COMPLETE when they are used up.
    pub logoff_answers: Mutex<VecDeque<u32>>,
    /// MAPI's reference on the logon object: block S ends it.
    logon: Mutex<Option<ComPtr<IMSLogon>>>,
}

/// Key, mask and sink.
type Subscribed = (Vec<u8>, u32, ComPtr<IMAPIAdviseSink>);

impl Records {
    pub fn lines(&self) -> Vec<String> {
        lock(&self.lines).clone()
    }

    /// How often something was called.
    pub fn count(&self, call: &str) -> usize {
        lock(&self.lines)
            .iter()
            .filter(|l| l.starts_with(call))
            .count()
    }

    pub fn note(&self, line: impl Into<String>) {
        lock(&self.lines).push(line.into());
    }

    /// MAPI's reference on a store's logon object, which ends in block S.
    pub fn keep(&self, logon: LogonObject) {
        let LogonObject::Store(logon) = logon else {
            panic!("not of a store")
        };
        *lock(&self.logon) = Some(logon);
    }

    /// Whether the provider kept the support object for its logon, showed nothing, and did not touch it after its last Release.
    pub fn was_used_well(&self) -> bool {
        let lines = self.lines();
        let end = lines.iter().position(|l| l == "support ends");
        let after = end.map(|at| &lines[at + 1..]);
        // Block S is MAPI's own part in the last Release.
        let alone = after.is_some_and(|lines| lines.iter().all(|l| l.starts_with("block S")));
        alone && self.count("dialog") == 0
    }

    pub fn sinks(&self) -> usize {
        lock(&self.sinks).len()
    }

    pub fn position(&self, line: &str) -> usize {
        let lines = self.lines();
        let at = lines.iter().position(|l| l.starts_with(line));
        at.unwrap_or_else(|| panic!("no '{line}' in {lines:?}"))
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Support {
    records: Arc<Records>,
    scope: Arc<Scope>,
}

impl ComObject for Support {
    /// Block S of lifecycle.md, 6.0.
    fn last_release(&self) {
        self.records.note("support ends");
        lock(&self.records.uids).clear();
        lock(&self.records.rows).clear();
        let logon = lock(&self.records.logon).take();
        if let Some(logon) = logon {
            let ended = EndingCall::Logoff(LogonObject::Store(logon)).contained();
            self.records
                .note(format!("block S: Logoff {:#x}", ended.hresult));
            let Some(EndedObject::Logon(logon)) = ended.object else {
                panic!("Logoff did not return")
            };
            let ended = EndingCall::ReleaseLogon(logon).contained();
            self.records
                .note(format!("block S: Release {}", ended.references));
        }
    }
}

impl MapiSupport for Support {
    fn subscribe(
        &self,
        key: &[u8],
        event_mask: u32,
        _flags: u32,
        sink: ComPtr<IMAPIAdviseSink>,
    ) -> Result<usize> {
        let connection = self.records.next_sink.fetch_add(1, Ordering::Relaxed) + 1;
        self.records.note(format!("Subscribe {connection}"));
        lock(&self.records.sinks).insert(connection, (key.to_vec(), event_mask, sink));
        Ok(connection)
    }

    fn unsubscribe(&self, connection: usize) -> Result<()> {
        self.records.note(format!("Unsubscribe {connection}"));
        let sink = lock(&self.records.sinks).remove(&connection);
        sink.map(drop).ok_or_else(|| ErrorCode::NOT_FOUND.into())
    }

    /// Delivered at once: what a test wants to see. MAPI queues.
    fn notify(&self, key: &[u8], notifications: &[Notification], _flags: u32) -> Result<u32> {
        let sinks: Vec<_> = lock(&self.records.sinks)
            .values()
            .filter(|(k, ..)| k == key)
            .map(|(_, mask, sink)| (*mask, sink.clone()))
            .collect();
        for (mask, sink) in sinks {
            let wanted: Vec<_> = notifications
                .iter()
                .filter(|n| n.event() & mask != 0)
                .cloned()
                .collect();
            if !wanted.is_empty() {
                sink.on_notify(&wanted);
            }
        }
        Ok(0)
    }

    fn modify_status_row(&self, columns: &[Property], flags: u32) -> Result<()> {
        self.records.note(format!("ModifyStatusRow {flags:#x}"));
        lock(&self.records.rows).push(columns.to_vec());
        Ok(())
    }

    fn open_profile_section(
        &self,
        uid: Option<&MapiUid>,
        _flags: u32,
    ) -> Result<ComPtr<IProfSect>> {
        assert!(uid.is_none(), "a provider opens its own section");
        let section = Section(Arc::clone(&self.records));
        export::<dyn ProfSect>(&self.scope, Arc::new(section))
    }

    fn set_provider_uid(&self, uid: &MapiUid, _flags: u32) -> Result<()> {
        self.records.note("SetProviderUID");
        lock(&self.records.uids).push(*uid);
        Ok(())
    }

    fn store_logoff_transports(&self, flags: u32) -> Result<u32> {
        self.records
            .note(format!("StoreLogoffTransports {flags:#x}"));
        let next = lock(&self.records.logoff_answers).pop_front();
        match next.unwrap_or(mapi_sys::LOGOFF_COMPLETE) {
            0 => Err(ErrorCode::INVALID_PARAMETER.into()),
            flags => Ok(flags),
        }
    }

    fn wrap_store_entry_id(&self, entry_id: &EntryId) -> Result<EntryId> {
        Ok([b"wrapped:", entry_id.as_bytes()].concat().into())
    }

    /// The dialogs among them; a provider has no business with any (LIFE-LOGON-015).
    fn not_built(&self) -> Result<()> {
        self.records.note("dialog");
        Err(Error::no_support())
    }

    fn allocator(&self) -> Allocator {
        self.scope.allocator()
    }
}

/// A profile section with a name in it.
struct Section(Arc<Records>);

impl ComObject for Section {}

impl MapiProp for Section {
    fn save_changes(&self, _flags: u32) -> Result<()> {
        Ok(())
    }

    fn get_props(&self, tags: Option<&[PropTag]>, _flags: u32) -> Result<Vec<Property>> {
        let one = |asked: &PropTag| match asked.same_id(tag::PR_DISPLAY_NAME) {
            true => Property::new(tag::PR_DISPLAY_NAME, self.0.name.as_str()),
            false => Property::error(*asked, ErrorCode::NOT_FOUND),
        };
        Ok(tags
            .unwrap_or(&[tag::PR_DISPLAY_NAME])
            .iter()
            .map(one)
            .collect())
    }

    fn get_prop_list(&self, _flags: u32) -> Result<Vec<PropTag>> {
        Ok(vec![tag::PR_DISPLAY_NAME])
    }

    fn open_property(&self, _: PropTag, _: &Guid, _: u32, _: u32) -> Result<Unknown> {
        Err(Error::no_support())
    }

    fn set_props(&self, props: &[Property]) -> Result<Vec<PropProblem>> {
        for prop in props {
            self.0.note(format!("profile: {}", prop.tag));
        }
        Ok(Vec::new())
    }

    fn delete_props(&self, _: &[PropTag]) -> Result<Vec<PropProblem>> {
        Err(Error::no_support())
    }

    fn copy_to(
        &self,
        _: &[Guid],
        _: &[PropTag],
        _: &CopyTarget<'_>,
        _: u32,
    ) -> Result<Vec<PropProblem>> {
        Err(Error::no_support())
    }

    fn copy_props(&self, _: &[PropTag], _: &CopyTarget<'_>, _: u32) -> Result<Vec<PropProblem>> {
        Err(Error::no_support())
    }

    fn get_names_from_ids(
        &self,
        _: Option<&[PropTag]>,
        _: Option<&Guid>,
        _: u32,
    ) -> Result<Vec<(PropTag, Option<NamedProp>)>> {
        Err(Error::no_support())
    }

    fn get_ids_from_names(&self, _: &[NamedProp], _: u32) -> Result<Vec<PropTag>> {
        Err(Error::no_support())
    }
}

impl ProfSect for Section {}

/// One host with one library, whose blocks it counts.
pub struct Host {
    pub worker: Worker,
    pub scope: Arc<Scope>,
    slot: OwnerSlot,
}

/// An open store.
pub struct OpenStore {
    pub records: Arc<Records>,
    pub store: ComPtr<IMsgStore>,
}

/// An open address book.
pub struct OpenBook {
    pub records: Arc<Records>,
    pub logon: ComPtr<IABLogon>,
}

impl Host {
    pub fn new(name: &str) -> Self {
        let slot = OwnerSlot::reserve(name);
        Self {
            worker: Worker::spawn(name).unwrap(),
            scope: Scope::new("test host", Allocator::local()),
            slot,
        }
    }

    /// The provider's allocator: its blocks are counted.
    pub fn allocator(&self) -> Allocator {
        self.slot.owner().allocator()
    }

    /// Whose blocks they are.
    pub fn owner(&self) -> mapi_com::alloc::Owner {
        self.slot.owner()
    }

    /// Blocks of the provider that nobody has freed.
    pub fn blocks(&self) -> u64 {
        self.slot.owner().usage().blocks
    }

    pub fn init(&self, init: ProviderInit) -> Result<ProviderObject> {
        let arguments = InitArguments {
            instance: 1,
            malloc: malloc_object(self.slot.owner()),
            allocator: self.allocator(),
            flags: 0,
        };
        // SAFETY: the provider is linked in.
        unsafe { provider_init(&self.worker, init, &arguments) }.map(|made| made.provider)
    }

    pub fn store_provider(&self) -> ProviderObject {
        let init = exemplary_rust::built_in_store().message_store.unwrap();
        self.init(ProviderInit::Store(init)).unwrap()
    }

    pub fn address_book_provider(&self) -> ProviderObject {
        let init = exemplary_rust::built_in_address_book()
            .address_book
            .unwrap();
        self.init(ProviderInit::AddressBook(init)).unwrap()
    }

    pub fn support(&self, name: &str) -> (Arc<Records>, ComPtr<IMAPISupport>) {
        let records = Arc::new(Records {
            name: name.to_owned(),
            ..Records::default()
        });
        let support = Support {
            records: Arc::clone(&records),
            scope: Arc::clone(&self.scope),
        };
        let support = export::<dyn MapiSupport>(&self.scope, Arc::new(support)).unwrap();
        (records, support)
    }

    /// Logs on, and gives the creation reference of the support object back: how many are left shows what the provider kept.
    pub fn try_open(
        &self,
        provider: &ProviderObject,
        name: &str,
        entry_id: EntryId,
        spool_security: Option<Vec<u8>>,
    ) -> (Arc<Records>, u32, Result<mapi_com::host_call::Logon>) {
        self.try_open_on(&self.worker, provider, name, entry_id, spool_security)
    }

    /// As [`Host::try_open`], on a thread of its own.
    pub fn try_open_on(
        &self,
        worker: &Worker,
        provider: &ProviderObject,
        name: &str,
        entry_id: EntryId,
        spool_security: Option<Vec<u8>>,
    ) -> (Arc<Records>, u32, Result<mapi_com::host_call::Logon>) {
        let (records, support) = self.support(name);
        let arguments = LogonArguments {
            support,
            ui_param: 0,
            profile_name: "Test".to_owned(),
            flags: mapi_sys::MDB_WRITE | mapi_sys::MDB_NO_DIALOG,
            entry_id,
            interface: None,
            spool_security,
        };
        let made = logon(worker, provider, arguments, self.allocator());
        let kept = made.support.release();
        (records, kept, made.result)
    }

    pub fn open(&self, provider: &ProviderObject, name: &str) -> OpenStore {
        let (records, kept, made) = self.try_open(provider, name, EntryId::default(), None);
        let made = made.unwrap();
        assert!(kept >= 1, "LIFE-LOGON-010");
        let Some(LogonObject::Store(logon)) = made.object else {
            panic!("LIFE-LOGON-012: no logon object")
        };
        records.keep(LogonObject::Store(logon));
        OpenStore {
            records,
            store: made.store.unwrap(),
        }
    }

    pub fn open_book(&self, provider: &ProviderObject, name: &str) -> OpenBook {
        let (records, kept, made) = self.try_open(provider, name, EntryId::default(), None);
        assert!(kept >= 1, "LIFE-LOGON-010");
        let Some(LogonObject::AddressBook(logon)) = made.unwrap().object else {
            panic!("LIFE-LOGON-012: no logon object")
        };
        OpenBook { records, logon }
    }
}

impl OpenStore {
    /// MAPI's logon object.
    pub fn logon(&self) -> ComPtr<IMSLogon> {
        lock(&self.records.logon).clone().unwrap()
    }

    /// MAPI's reference, which block S then does not find.
    pub fn take_logon(&self) -> ComPtr<IMSLogon> {
        lock(&self.records.logon).take().unwrap()
    }

    /// Block L: Logoff, then Release; what that answered.
    pub fn force_logoff(&self) -> u32 {
        end_logon(LogonObject::Store(self.take_logon()))
    }
}

/// Block L.
pub fn end_logon(logon: LogonObject) -> u32 {
    let ended = EndingCall::Logoff(logon).contained();
    assert_eq!(ended.hresult, 0);
    let Some(EndedObject::Logon(logon)) = ended.object else {
        panic!("Logoff did not return")
    };
    EndingCall::ReleaseLogon(logon).contained().references
}

/// Block P: Shutdown, then Release; what that answered.
pub fn end_provider(provider: ProviderObject) -> u32 {
    let ended = EndingCall::Shutdown(provider).contained();
    assert_eq!(ended.hresult, 0);
    let Some(EndedObject::Provider(provider)) = ended.object else {
        panic!("Shutdown did not return")
    };
    EndingCall::ReleaseProvider(provider).contained().references
}

/// A journal under a name no other test uses.
pub fn fresh(test: &str) -> (String, Arc<Journal>) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("{test} {}", NEXT.fetch_add(1, Ordering::Relaxed));
    let journal = Journal::of(&name);
    (name, journal)
}

/// A sink that keeps what it was told.
#[derive(Default)]
pub struct Listener(pub Mutex<Vec<Notification>>);

impl ComObject for Listener {}

impl AdviseSink for Listener {
    fn on_notify(&self, notifications: &[Notification]) -> u32 {
        lock(&self.0).extend_from_slice(notifications);
        0
    }
}

impl Host {
    pub fn listener(&self) -> (Arc<Listener>, ComPtr<IMAPIAdviseSink>) {
        let listener = Arc::new(Listener::default());
        let sink = export::<dyn AdviseSink>(&self.scope, Arc::clone(&listener) as _).unwrap();
        (listener, sink)
    }
}
