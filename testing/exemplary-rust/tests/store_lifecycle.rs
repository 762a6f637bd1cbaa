//! The rules that bind a store provider, seen from its host (rules.md). What holds here holds for every store that is
//! written with mapi-provider.
#![allow(unsafe_code, clippy::unwrap_used)]

mod host;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use host::{Host, OpenStore, end_provider, fresh, lock};
use mapi_com::alloc::malloc_references;
use mapi_com::host_call::{EndingCall, LogonObject, ProviderInit, ProviderObject};
use mapi_com::iface::{
    MapiContainer, MapiFolder, MapiProp, MapiStatus, MapiTable, Message, MsLogon, MsgStore,
    ProviderShutdown, Stream,
};
use mapi_com::ptr::{ComPtr, guid_from_abi};
use mapi_sys::{
    IID_IStream, IMAPIFolder, IMAPIStatus, IMAPITable, IMessage, IStream, LOGOFF_ABORT,
    LOGOFF_COMPLETE, LOGOFF_ORDERLY, LOGOFF_OUTBOUND, MAPI_CREATE, MAPI_MODIFY,
};
use mapi_types::{EntryId, ErrorCode, Property, Result, tag};

fn root(store: &OpenStore) -> ComPtr<IMAPIFolder> {
    let opened = store
        .store
        .open_entry(&EntryId::default(), None, MAPI_MODIFY);
    opened.unwrap().object.query().unwrap()
}

fn code<T>(result: Result<T>) -> ErrorCode {
    result.map(drop).unwrap_err().code()
}

/// One open object of each type.
struct Everything {
    folder: ComPtr<IMAPIFolder>,
    message: ComPtr<IMessage>,
    attachment: ComPtr<mapi_sys::IAttach>,
    stream: ComPtr<IStream>,
    table: ComPtr<IMAPITable>,
    status: ComPtr<IMAPIStatus>,
}

impl Everything {
    fn open(store: &OpenStore) -> Self {
        let folder = root(store);
        let message = folder.create_message(None, 0).unwrap();
        let (_, attachment) = message.create_attach(None, 0).unwrap();
        let stream = attachment
            .open_property(
                tag::PR_ATTACH_DATA_BIN,
                &guid_from_abi(&IID_IStream),
                0,
                MAPI_CREATE | MAPI_MODIFY,
            )
            .unwrap();
        let status = store.logon().open_status_entry(None, 0).unwrap();
        Self {
            table: folder.get_hierarchy_table(0).unwrap(),
            stream: stream.query().unwrap(),
            status: status.object.query().unwrap(),
            folder,
            message,
            attachment,
        }
    }

    /// What each of them answers.
    fn codes(&self) -> Vec<ErrorCode> {
        vec![
            code(self.folder.get_contents_table(0)),
            code(self.message.get_recipient_table(0)),
            code(self.attachment.get_prop_list(0)),
            code(self.stream.read(&mut [0; 4])),
            code(self.table.get_row_count(0)),
            code(self.status.validate_state(0)),
        ]
    }

    fn release(self) -> Vec<u32> {
        vec![
            self.folder.release(),
            self.message.release(),
            self.attachment.release(),
            self.stream.release(),
            self.table.release(),
            self.status.release(),
        ]
    }
}

#[test]
fn life_init_009_a_host_that_is_too_old_is_refused_and_nothing_is_allocated() {
    let host = Host::new("init 009");
    let init = exemplary_rust::built_in_store().message_store.unwrap();
    let (allocate, more, free) = host.allocator().functions();
    let mut version = 7;
    let mut provider = std::ptr::dangling_mut();
    // SAFETY: the arguments are those of MSProviderInit.
    let code = unsafe {
        init(
            std::ptr::dangling_mut(),
            std::ptr::null_mut(),
            Some(allocate),
            Some(more),
            Some(free),
            0,
            0,
            &raw mut version,
            &raw mut provider,
        )
    };
    assert_eq!(ErrorCode::from_hresult(code), ErrorCode::VERSION);
    assert!(provider.is_null());
    assert_eq!(host.blocks(), 0);
}

#[test]
fn life_init_008_every_call_of_the_entry_point_makes_a_provider_of_its_own() {
    let host = Host::new("init 008");
    let (a, b) = (host.store_provider(), host.store_provider());
    let ((name_a, _), (name_b, _)) = (fresh("008 a"), fresh("008 b"));
    let (store_a, store_b) = (host.open(&a, &name_a), host.open(&b, &name_b));
    assert_eq!(store_a.force_logoff(), 0);
    assert_eq!(end_provider(a), 0);
    root(&store_b);
    assert_eq!(store_b.force_logoff(), 0);
    assert_eq!(end_provider(b), 0);
    assert_eq!(store_a.store.release() + store_b.store.release(), 0);
    assert_eq!(host.blocks(), 0);
}

// LIFE-LOGON-010, LIFE-LOGON-015, LIFE-SUP-005, LIFE-INIT-011, LIFE-INIT-012
#[test]
fn what_mapi_lends_is_kept_as_long_as_it_is_used_and_no_longer() {
    let host = Host::new("lent");
    let provider = host.store_provider();
    let lent = malloc_references(host.owner());
    for forced in [true, false] {
        let (name, _) = fresh("lent");
        let (records, kept, made) = host.try_open(&provider, &name, EntryId::default(), None);
        assert!(kept >= 1, "a lasting reference on the support object");
        let made = made.unwrap();
        let store = made.store.unwrap();
        // Objects and what they return are blocks of the allocators that were handed over.
        let blocks = host.blocks();
        let folder = store.open_entry(&EntryId::default(), None, 0).unwrap();
        assert_eq!(host.blocks(), blocks + 1);
        let logon = made.object.unwrap();
        if forced {
            assert_eq!(host::end_logon(logon), 0);
        } else {
            records.keep(logon);
            assert_eq!(store.clone().release(), 1);
        }
        drop((folder, store));
        assert!(records.was_used_well(), "{:?}", records.lines());
    }
    assert_eq!(malloc_references(host.owner()), lent);
    assert_eq!(end_provider(provider), 0);
    assert_eq!(malloc_references(host.owner()), 0);
    assert_eq!(host.blocks(), 0);
}

#[test]
fn life_uid_001_life_status_004_a_logon_registers_its_uid_and_uses_it_in_its_identifiers() {
    let host = Host::new("uid 001");
    let provider = host.store_provider();
    let (name, _) = fresh("uid");
    let open = host.open(&provider, &name);
    let uids = lock(&open.records.uids).clone();
    assert_eq!(uids, [exemplary_rust::store::uid_of(&name)]);
    let props = root(&open).get_props(Some(&[tag::PR_ENTRYID]), 0).unwrap();
    let id = EntryId::from(props[0].value.as_bytes().unwrap());
    assert_eq!(id.uid(), Some(uids[0]));
    assert_eq!(
        open.records.count("ModifyStatusRow 0x0"),
        1,
        "LIFE-STATUS-004"
    );
    assert_eq!(open.force_logoff(), 0);
    end_provider(provider);
}

#[test]
fn life_logon_013_life_logon_012_a_second_open_gets_the_same_store_and_touches_nothing() {
    let host = Host::new("logon 013");
    let provider = host.store_provider();
    let (name, journal) = fresh("second open");
    let open = host.open(&provider, &name);
    let (records, kept, made) = host.try_open(&provider, &name, EntryId::default(), None);
    let made = made.unwrap();
    let store = made.store.unwrap();
    assert!(made.object.is_none());
    assert_eq!(store.as_raw(), open.store.as_raw());
    assert!(made.spool_security.is_empty());
    assert_eq!(kept, 0, "no reference on the new support object");
    assert_eq!(records.lines(), ["support ends"]);
    assert_eq!(journal.lines(), ["logon"]);
    // Either pointer may go first; the store ends with the last.
    assert_eq!(open.store.release(), 1);
    assert_eq!(open.records.count("support ends"), 0);
    assert_eq!(store.release(), 0);
    assert_eq!(journal.lines(), ["logon", "close", "drop"]);
    // And once it has ended, it is opened anew.
    let again = host.open(&provider, &name);
    assert_eq!(again.force_logoff(), 0);
    end_provider(provider);
}

#[test]
fn life_logon_022_a_failed_logon_leaves_nothing_behind() {
    let host = Host::new("logon 022");
    let provider = host.store_provider();
    let before = host.blocks();
    let (name, journal) = fresh("fails");
    journal.fail_next_logon.store(true, Ordering::Release);
    let (records, kept, made) = host.try_open(&provider, &name, EntryId::default(), None);
    let error = made.map(drop).unwrap_err();
    assert_eq!(error.code(), ErrorCode::FAILONEPROVIDER);
    assert!(error.to_string().contains("as the test wanted"), "{error}");
    assert_eq!(kept, 0);
    assert_eq!(records.lines(), ["support ends"]);
    assert_eq!(host.blocks(), before);
    assert_eq!(end_provider(provider), 0, "LIFE-LOGOFF-013");
    assert_eq!(host.blocks(), 0);
}

#[test]
fn life_store_003_life_store_004_store_logoff_hands_the_flags_through_until_it_completes() {
    let host = Host::new("store 003");
    let provider = host.store_provider();
    let (name, _) = fresh("flags");
    let open = host.open(&provider, &name);
    lock(&open.records.logoff_answers).extend([0, LOGOFF_OUTBOUND, LOGOFF_COMPLETE]);
    assert_eq!(
        code(open.store.store_logoff(0x3)),
        ErrorCode::INVALID_PARAMETER
    );
    root(&open);
    assert_eq!(
        open.store.store_logoff(LOGOFF_ORDERLY).unwrap(),
        LOGOFF_OUTBOUND
    );
    assert_eq!(
        open.store.store_logoff(LOGOFF_ORDERLY).unwrap(),
        LOGOFF_COMPLETE
    );
    assert_eq!(
        open.store.store_logoff(LOGOFF_ABORT).unwrap(),
        LOGOFF_COMPLETE
    );
    let records = Arc::clone(&open.records);
    drop(open.store);
    let asked: Vec<String> = records
        .lines()
        .into_iter()
        .filter(|l| l.starts_with("StoreLogoffTransports"))
        .collect();
    let wanted =
        [0x3, LOGOFF_ORDERLY, LOGOFF_ORDERLY].map(|f| format!("StoreLogoffTransports {f:#x}"));
    assert_eq!(asked, wanted);
    end_provider(provider);
}

#[test]
fn life_store_005_life_store_002_the_last_release_aborts_the_transports_and_ends_the_logon() {
    let host = Host::new("store 005");
    let provider = host.store_provider();
    let (name, journal) = fresh("release");
    let open = host.open(&provider, &name);
    let kept = Everything::open(&open);
    let records = Arc::clone(&open.records);
    assert_eq!(open.store.release(), 0);
    let tail = records.lines();
    let from = records.position("StoreLogoffTransports");
    assert_eq!(
        tail[from..],
        [
            format!("StoreLogoffTransports {LOGOFF_ABORT:#x}"),
            "support ends".to_owned(),
            "block S: Logoff 0x0".to_owned(), // LIFE-STORE-008: no second Release of the support object
            "block S: Release 0".to_owned(),  // LIFE-STORE-017: both faces end together
        ]
    );
    assert_eq!(journal.lines(), ["logon", "close", "drop"]);
    assert!(!journal.was_late());
    assert!(kept.codes().iter().all(|c| *c == ErrorCode::INVALID_OBJECT));
    assert!(kept.release().iter().all(|left| *left == 0));
    assert_eq!(end_provider(provider), 0);
    assert_eq!(host.blocks(), 0, "LIFE-MEM-005");
}

#[test]
fn life_logoff_003_life_logoff_004_life_logoff_006_a_forced_logoff_ends_everything_and_keeps_nothing()
 {
    let host = Host::new("logoff 003");
    let provider = host.store_provider();
    let (name, journal) = fresh("forced");
    let open = host.open(&provider, &name);
    let kept = Everything::open(&open);
    assert!(journal.alive() >= 3);
    let logon = lock_logon(&open);
    let ended = EndingCall::Logoff(logon).contained();
    assert_eq!(ended.hresult, 0);
    // LIFE-LOGOFF-005, LIFE-UID-005: when Logoff returns, connections and the support object are gone.
    assert_eq!(journal.lines(), ["logon", "close", "drop"]);
    assert_eq!(journal.alive(), 0, "children first");
    assert!(!journal.was_late());
    assert_eq!(open.records.count("support ends"), 1);
    assert!(lock(&open.records.uids).is_empty());
    let Some(mapi_com::host_call::EndedObject::Logon(logon)) = ended.object else {
        panic!()
    };
    assert_eq!(EndingCall::ReleaseLogon(logon).contained().references, 0);
    assert_eq!(end_provider(provider), 0);
    // LIFE-STORE-019, LIFE-STATUS-011: all that a client kept answers, and goes, safely; the support object is not touched.
    assert!(kept.codes().iter().all(|c| *c == ErrorCode::INVALID_OBJECT));
    assert_eq!(
        code(open.store.open_entry(&EntryId::default(), None, 0)),
        ErrorCode::INVALID_OBJECT
    );
    let lines = open.records.lines();
    assert!(kept.release().iter().all(|left| *left == 0));
    assert_eq!(open.store.release(), 0);
    assert_eq!(open.records.lines(), lines);
    assert_eq!(host.blocks(), 0, "LIFE-LOGOFF-012");
}

fn lock_logon(open: &OpenStore) -> LogonObject {
    LogonObject::Store(open.take_logon())
}

#[test]
fn life_logoff_007_an_ended_logon_is_not_touched_by_later_ones() {
    let host = Host::new("logoff 007");
    let provider = host.store_provider();
    let (name, journal) = fresh("again");
    for _ in 0..3 {
        let open = host.open(&provider, &name);
        root(&open);
        assert_eq!(open.force_logoff(), 0);
        assert_eq!(open.store.release(), 0);
    }
    assert_eq!(end_provider(provider), 0);
    assert_eq!(journal.lines(), ["logon", "close", "drop"].repeat(3));
    assert_eq!(host.blocks(), 0);
}

#[test]
fn life_logoff_008_traces_name_what_leaked_and_nothing_else() {
    let host = Host::new("logoff 008");
    let provider = host.store_provider();
    let (name, _) = fresh("leak");
    let lines = Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let marker = name.clone();
    mapi_provider::set_trace_sink(Some(Box::new(move |line| {
        if line.starts_with(&marker) {
            lock(&sink).push(line.to_owned());
        }
    })));
    mapi_provider::set_debug_level(mapi_provider::DebugLevel::Leaks);
    let open = host.open(&provider, &name);
    let leaked = root(&open).create_message(None, 0).unwrap();
    drop(open.store);
    let traced = lock(&lines).clone();
    assert_eq!(traced.len(), 1, "{traced:?}");
    assert!(
        traced[0].contains("leaked IMessage with 1 reference"),
        "{traced:?}"
    );
    let open = host.open(&provider, &name);
    drop(root(&open));
    drop(open.store);
    assert_eq!(lock(&lines).len(), 1, "nothing leaked the second time");
    mapi_provider::set_debug_level(mapi_provider::DebugLevel::Off);
    mapi_provider::set_trace_sink(None);
    drop(leaked);
    end_provider(provider);
}

#[test]
fn life_xp_010_a_host_that_forgets_logoff_and_shutdown_loses_nothing() {
    let host = Host::new("forgets");
    let provider = host.store_provider();
    let ((one, journal_one), (two, journal_two)) = (fresh("logon"), fresh("provider"));
    // Release of the logon object alone.
    let open = host.open(&provider, &one);
    let logon = open.take_logon();
    assert_eq!(
        EndingCall::ReleaseLogon(LogonObject::Store(logon))
            .contained()
            .references,
        0
    );
    assert_eq!(journal_one.lines(), ["logon", "close", "drop"]);
    assert_eq!(open.records.count("support ends"), 1);
    assert_eq!(open.store.release(), 0);
    // Release of the provider object alone.
    let open = host.open(&provider, &two);
    assert_eq!(
        EndingCall::ReleaseProvider(provider).contained().references,
        0
    );
    assert_eq!(journal_two.lines(), ["logon", "close", "drop"]);
    assert_eq!(open.records.count("block S: Release 0"), 1);
    assert_eq!(open.store.release(), 0);
    assert_eq!(host.blocks(), 0);
}

#[test]
fn life_fast_008_life_fast_010_fast_shutdown_asks_without_effect_and_flushes() {
    let host = Host::new("fast");
    let provider = host.store_provider();
    let (name, journal) = fresh("fast");
    let open = host.open(&provider, &name);
    let fast = provider.fast_shutdown().unwrap();
    fast.query_fast_shutdown().unwrap();
    fast.notify_process_shutdown().unwrap();
    assert_eq!(journal.lines(), ["logon"]);
    root(&open);
    fast.do_fast_shutdown().unwrap();
    assert_eq!(journal.lines(), ["logon", "flush"]);
    drop(fast);
    assert_eq!(open.force_logoff(), 0);
    assert_eq!(end_provider(provider), 0);
}

#[test]
fn life_mem_004_every_subscription_ends_before_the_support_object() {
    let host = Host::new("mem 004");
    let provider = host.store_provider();
    let (name, _) = fresh("sinks");
    let open = host.open(&provider, &name);
    let (listener, sink) = host.listener();
    let one = open
        .store
        .advise(&EntryId::default(), u32::MAX, sink.clone())
        .unwrap();
    let folder = root(&open);
    let table = folder.get_contents_table(0).unwrap();
    assert_eq!(
        code(table.advise(u32::MAX, sink.clone())),
        ErrorCode::NO_SUPPORT,
        "it tells nothing"
    );
    open.store
        .advise(&EntryId::default(), u32::MAX, sink)
        .unwrap();
    assert_eq!(open.records.sinks(), 2);
    open.store.unadvise(one).unwrap();
    assert_eq!(code(open.store.unadvise(one)), ErrorCode::NOT_FOUND);
    let message = folder.create_message(None, 0).unwrap();
    message.save_changes(0).unwrap();
    assert_eq!(lock(&listener.0).len(), 1);
    drop((table, message, folder));
    assert_eq!(open.force_logoff(), 0);
    assert_eq!(open.records.sinks(), 0);
    assert!(open.records.position("Unsubscribe 2") < open.records.position("support ends"));
    end_provider(provider);
}

#[test]
fn spooler_logon_gets_a_store_of_its_own() {
    let host = Host::new("spooler");
    let provider = host.store_provider();
    let (name, journal) = fresh("spooler");
    let (_, _, made) = host.try_open(&provider, &name, EntryId::default(), None);
    let client = made.unwrap();
    let security = client.spool_security.clone();
    let (_, _, made) = host.try_open(&provider, &name, EntryId::default(), Some(security));
    let spooler = made.unwrap();
    assert_ne!(
        spooler.store.as_ref().unwrap().as_raw(),
        client.store.as_ref().unwrap().as_raw()
    );
    assert_eq!(journal.lines(), ["logon", "spooler logon"]);
    for logon in [spooler, client] {
        assert_eq!(host::end_logon(logon.object.unwrap()), 0);
        assert_eq!(logon.store.unwrap().release(), 0);
    }
    assert_eq!(end_provider(provider), 0);
    assert_eq!(host.blocks(), 0);
}

#[test]
fn a_panic_in_the_authors_close_does_not_keep_the_rest_from_ending() {
    let host = Host::new("panic");
    let provider = host.store_provider();
    let (name, journal) = fresh("panics");
    let open = host.open(&provider, &name);
    journal.panic_in_close.store(true, Ordering::Release);
    let folder = root(&open);
    assert_eq!(open.force_logoff(), 0);
    assert_eq!(journal.lines(), ["logon", "close", "drop"]);
    assert_eq!(open.records.count("support ends"), 1);
    assert_eq!(folder.release() + open.store.release(), 0);
    assert_eq!(end_provider(provider), 0);
    assert_eq!(host.blocks(), 0);
}

#[test]
fn life_uid_004_life_mem_010_calls_and_releases_on_many_threads_during_logoff_are_safe() {
    let host = Host::new("threads");
    let provider = host.store_provider();
    let (name, journal) = fresh("threads");
    for _ in 0..20 {
        let open = host.open(&provider, &name);
        let logon = open.logon();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                let (store, logon) = (open.store.clone(), logon.clone());
                scope.spawn(move || {
                    loop {
                        let routed = logon.open_entry(&EntryId::default(), None, 0);
                        if let Err(error) = routed {
                            assert_eq!(error.code(), ErrorCode::UNKNOWN_ENTRYID);
                        }
                        match store.open_entry(&EntryId::default(), None, MAPI_MODIFY) {
                            Ok(opened) => {
                                // The logoff may come between the two calls.
                                if let Ok(folder) = opened.object.query::<IMAPIFolder>() {
                                    let _ = folder.get_hierarchy_table(0);
                                }
                            }
                            Err(error) => {
                                assert_eq!(error.code(), ErrorCode::INVALID_OBJECT);
                                break;
                            }
                        }
                    }
                });
            }
            let ended = EndingCall::Logoff(LogonObject::Store(open.take_logon())).contained();
            assert_eq!(ended.hresult, 0);
        });
        assert!(!journal.was_late());
        assert_eq!(journal.alive(), 0);
        drop(logon);
    }
    assert_eq!(end_provider(provider), 0);
    assert_eq!(host.blocks(), 0);
}

#[test]
fn many_open_children_end_in_any_order() {
    let host = Host::new("many");
    let provider = host.store_provider();
    let (name, journal) = fresh("many");
    let open = host.open(&provider, &name);
    let mut children: Vec<_> = (0..5_000).map(|_| root(&open)).collect();
    // Some go before, in the middle of the census.
    children.retain({
        let mut n = 0_u32;
        move |_| {
            n += 1;
            !n.is_multiple_of(3)
        }
    });
    assert_eq!(open.force_logoff(), 0);
    assert_eq!(journal.alive(), 0);
    children.reverse();
    assert!(children.into_iter().all(|child| child.release() == 0));
    drop(open);
    assert_eq!(end_provider(provider), 0);
    assert_eq!(host.blocks(), 0);
}

#[test]
fn after_shutdown_nothing_is_logged_on() {
    let host = Host::new("after shutdown");
    let provider = host.store_provider();
    let ended = EndingCall::Shutdown(provider).contained();
    let Some(mapi_com::host_call::EndedObject::Provider(provider)) = ended.object else {
        panic!()
    };
    let (name, journal) = fresh("late");
    let (_, kept, made) = host.try_open(&provider, &name, EntryId::default(), None);
    assert_eq!(code(made), ErrorCode::INVALID_OBJECT);
    assert_eq!(kept, 0);
    assert!(journal.lines().is_empty());
    assert!(matches!(provider, ProviderObject::Store(_)));
    assert_eq!(
        EndingCall::ReleaseProvider(provider).contained().references,
        0
    );
    let _ = ProviderInit::Store; // the kind of this file
}

#[test]
fn saved_mail_is_there_at_the_next_logon() {
    let host = Host::new("saved");
    let provider = host.store_provider();
    let (name, _) = fresh("saved");
    let open = host.open(&provider, &name);
    let message = root(&open).create_message(None, 0).unwrap();
    message
        .set_props(&[Property::new(tag::PR_SUBJECT, "kept")])
        .unwrap();
    message.save_changes(0).unwrap();
    let lost = root(&open).create_message(None, 0).unwrap();
    lost.set_props(&[Property::new(tag::PR_SUBJECT, "never saved")])
        .unwrap();
    assert_eq!(open.force_logoff(), 0);
    let open = host.open(&provider, &name);
    let table = root(&open).get_contents_table(0).unwrap();
    let rows = table.query_rows(10, 0).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        rows[0].get(tag::PR_SUBJECT).unwrap().as_str().unwrap(),
        "kept"
    );
    assert_eq!(open.force_logoff(), 0);
    end_provider(provider);
}

#[test]
fn life_logon_013_clients_who_open_a_store_at_once_get_the_same_one() {
    let host = Host::new("at once");
    let provider = host.store_provider();
    let (name, journal) = fresh("at once");
    journal.slow_logon.store(true, Ordering::Release);
    let opened: Vec<_> = std::thread::scope(|scope| {
        let open = || {
            let worker = mapi_com::trampoline::Worker::spawn("client").unwrap();
            let (_, _, made) =
                host.try_open_on(&worker, &provider, &name, EntryId::default(), None);
            worker.join(None);
            made.unwrap()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(journal.lines(), ["logon"]);
    let first = opened[0].store.as_ref().unwrap().as_raw();
    assert!(
        opened
            .iter()
            .all(|o| o.store.as_ref().unwrap().as_raw() == first)
    );
    let mut logons: Vec<_> = opened.into_iter().filter_map(|o| o.object).collect();
    assert_eq!(logons.len(), 1);
    assert_eq!(host::end_logon(logons.remove(0)), 0);
    assert_eq!(end_provider(provider), 0);
    assert_eq!(host.blocks(), 0);
}

#[test]
fn life_store_007_a_forced_logoff_and_the_last_release_may_come_at_once() {
    let host = Host::new("both ends");
    let provider = host.store_provider();
    let (name, journal) = fresh("both ends");
    for _ in 0..200 {
        let before = journal.lines().len();
        let open = host.open(&provider, &name);
        let child = root(&open);
        let records = Arc::clone(&open.records);
        let logon = LogonObject::Store(open.take_logon());
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(host::end_logon(logon), 0));
            scope.spawn(move || drop((open.store, child)));
        });
        assert_eq!(journal.lines()[before..], ["logon", "close", "drop"]);
        assert_eq!(records.count("support ends"), 1);
        assert!(!journal.was_late());
    }
    assert_eq!(end_provider(provider), 0);
    assert_eq!(host.blocks(), 0);
}

#[test]
fn life_logoff_005_an_object_on_its_way_out_goes_before_the_store_is_closed() {
    let host = Host::new("on its way");
    let provider = host.store_provider();
    let (name, journal) = fresh("on its way");
    let open = host.open(&provider, &name);
    let child = root(&open);
    journal.slow_drop.store(true, Ordering::Release);
    std::thread::scope(|scope| {
        scope.spawn(move || assert_eq!(child.release(), 0));
        // The other thread has begun to drop it.
        while journal.slow_drop.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        assert_eq!(open.force_logoff(), 0);
    });
    assert!(!journal.was_late());
    drop(open);
    assert_eq!(end_provider(provider), 0);
    assert_eq!(host.blocks(), 0);
}
