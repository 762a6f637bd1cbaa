//! What sinks of a session and of its status table hear, and when they are released.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use exemplary::Installed;
use mapi_com::alloc::Allocator;
use mapi_com::iface::{
    AdviseSink, ComObject, MapiSession as _, MapiSupport as _, MapiTable as _, MsgStore as _,
};
use mapi_com::ptr::ComPtr;
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_subsystem::LogonRequest;
use mapi_sys::{IMAPIAdviseSink, IMAPISession, MAPI_ALLOW_OTHERS, STATUSROW_UPDATE};
use mapi_types::{EntryId, ErrorCode, Notification, TableEvent, event};

use crate::probe;
use crate::world::{World, open_store};

/// What a client's sink was told, then `None` when it was released.
pub type Heard = Option<Notification>;

type Body = Box<dyn Fn(&Notification) + Send + Sync>;

struct Sink {
    heard: Mutex<Sender<Heard>>,
    body: Body,
}

impl ComObject for Sink {}

impl AdviseSink for Sink {
    fn on_notify(&self, notifications: &[Notification]) -> u32 {
        for notification in notifications {
            (self.body)(notification);
            let _ = self.heard.lock().unwrap().send(Some(notification.clone()));
        }
        0
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.heard.lock().unwrap().send(None);
    }
}

fn sink_with(
    body: impl Fn(&Notification) + Send + Sync + 'static,
) -> (ComPtr<IMAPIAdviseSink>, Receiver<Heard>) {
    let (sender, heard) = channel();
    let sink: Arc<dyn AdviseSink> = Arc::new(Sink {
        heard: Mutex::new(sender),
        body: Box::new(body),
    });
    let scope = Scope::new("a client's sinks", Allocator::local());
    (export(&scope, sink).unwrap(), heard)
}

pub fn sink() -> (ComPtr<IMAPIAdviseSink>, Receiver<Heard>) {
    sink_with(|_| {})
}

/// Everything a sink was told until its release. Fails if there was none, or a second one.
fn told(heard: &Receiver<Heard>) -> Vec<Notification> {
    let all: Vec<Heard> = heard.try_iter().collect();
    let released = all.iter().filter(|h| h.is_none()).count();
    assert_eq!(released, 1, "released exactly once: {all:?}");
    assert!(all.last().unwrap().is_none(), "nothing after the release");
    all.into_iter().flatten().collect()
}

fn shared(world: &World, profile: &str) -> (ComPtr<IMAPISession>, ComPtr<IMAPISession>) {
    let first = world.try_logon(profile, MAPI_ALLOW_OTHERS).unwrap();
    let second = world.subsystem.logon(&LogonRequest::default()).unwrap();
    assert_ne!(first.as_raw(), second.as_raw());
    (first, second)
}

const EVERYTHING: u32 = event::CRITICAL_ERROR | event::EXTENDED;

// LIFE-LOGOFF-020, LIFE-MEM-001, LIFE-MEM-002
#[test]
fn session_sinks_hear_of_the_logoff_once_and_are_released() {
    let world = World::new();
    world.profile("p", &["EXAB"]);
    let session = world.logon("p");
    let ((first, heard), (second, also_heard)) = (sink(), sink());
    session
        .advise(&EntryId::default(), EVERYTHING, first)
        .unwrap();
    let connection = session
        .advise(&EntryId::default(), EVERYTHING, second)
        .unwrap();
    session.unadvise(connection).unwrap();
    assert!(
        told(&also_heard).is_empty(),
        "Unadvise releases the sink when it returns"
    );
    session.logoff(0, 0, 0).unwrap();
    let events: Vec<u32> = told(&heard).iter().map(Notification::event).collect();
    assert_eq!(events, [event::EXTENDED]);
    drop(session);
    assert!(heard.try_recv().is_err() && also_heard.try_recv().is_err());
}

// LIFE-LOGOFF-021, LIFE-LOGOFF-020, LIFE-LOGON-001
#[test]
fn a_shared_session_ends_with_its_last_handle() {
    let library = Installed::cpp();
    let world = World::new();
    world.profile("p", &[]);
    world.add_foreign("p", library.path(), "AS");
    let (first, second) = shared(&world, "p");
    let _book = first.open_address_book(0, None, 0).unwrap().0;
    let store = open_store(&first, 0);
    let (listener, heard) = sink();
    second
        .advise(&EntryId::default(), EVERYTHING, listener)
        .unwrap();
    first.logoff(0, 0, 0).unwrap();
    assert_eq!(
        first.get_status_table(0).unwrap_err().code(),
        ErrorCode::INVALID_OBJECT
    );
    let log = library.log();
    assert_eq!(
        log.count("IMSLogon.Logoff") + log.count("IABLogon.Logoff"),
        0
    );
    store.open_entry(&EntryId::default(), None, 0).unwrap();
    second.get_msg_stores_table(0).unwrap();
    second.logoff(0, 0, 0).unwrap();
    let log = library.log();
    assert_eq!(
        (log.count("IMSLogon.Logoff"), log.count("IABLogon.Logoff")),
        (1, 1)
    );
    let events: Vec<u32> = told(&heard).iter().map(Notification::event).collect();
    assert_eq!(
        events,
        [event::EXTENDED, event::EXTENDED],
        "one for each client's logoff"
    );
    drop(store);
}

// LIFE-LOGOFF-022
#[test]
fn logoff_shared_warns_the_other_handles_and_ends_none() {
    let library = Installed::cpp();
    let world = World::new();
    world.profile("p", &[]);
    world.add_foreign("p", library.path(), "S");
    let (first, second) = shared(&world, "p");
    let (own, own_heard) = sink();
    let (other, other_heard) = sink();
    first
        .advise(&EntryId::default(), event::CRITICAL_ERROR, own)
        .unwrap();
    second
        .advise(&EntryId::default(), event::CRITICAL_ERROR, other)
        .unwrap();
    drop(open_store(&second, 0));
    first.logoff(0, mapi_sys::MAPI_LOGOFF_SHARED, 0).unwrap();
    assert!(told(&own_heard).is_empty(), "not to the caller's own sinks");
    drop(open_store(&second, 0));
    second.logoff(0, 0, 0).unwrap();
    let events: Vec<u32> = told(&other_heard).iter().map(Notification::event).collect();
    assert_eq!(events, [event::CRITICAL_ERROR]);

    // On an individual session the flag has no effect.
    let session = world.logon("p");
    let (sink, heard) = sink();
    session
        .advise(&EntryId::default(), EVERYTHING, sink)
        .unwrap();
    session.logoff(0, mapi_sys::MAPI_LOGOFF_SHARED, 0).unwrap();
    let events: Vec<u32> = told(&heard).iter().map(Notification::event).collect();
    assert_eq!(events, [event::EXTENDED]);
}

// LIFE-LOGON-001
#[test]
fn logon_decides_in_the_documented_order() {
    let world = World::new();
    for profile in ["a", "b"] {
        world.profile(profile, &["EXAB"]);
    }
    world.subsystem.profiles().set_default(Some("b")).unwrap();
    let logon = |profile, flags| {
        world.subsystem.logon(&LogonRequest {
            profile,
            flags,
            ..LogonRequest::default()
        })
    };
    let ended_with = |session: ComPtr<IMAPISession>| {
        session.logoff(0, 0, 0).unwrap();
        world.report().profile
    };
    let code = |result: mapi_types::Result<_>| result.map(drop).unwrap_err().code();
    // Nothing is shared yet: name, default, dialog, failure.
    assert_eq!(ended_with(logon(Some("a"), 0).unwrap()), "a");
    let default = mapi_sys::MAPI_LOGON_UI | 0x40; // MAPI_USE_DEFAULT
    assert_eq!(ended_with(logon(Some("a"), default).unwrap()), "a");
    assert_eq!(ended_with(logon(None, default).unwrap()), "b");
    assert_eq!(
        code(logon(None, mapi_sys::MAPI_LOGON_UI)),
        ErrorCode::LOGON_FAILED
    );
    assert_eq!(code(logon(None, 0)), ErrorCode::LOGON_FAILED);
    // A shared session wins, whatever is named, unless a new one is asked for.
    let shared = logon(Some("a"), MAPI_ALLOW_OTHERS).unwrap();
    let second = logon(Some("b"), 0).unwrap();
    assert_ne!(shared.as_raw(), second.as_raw(), "a handle of its own");
    assert_eq!(
        ended_with(logon(Some("b"), mapi_sys::MAPI_NEW_SESSION).unwrap()),
        "b"
    );
    let before = world.subsystem.reports().len();
    drop(shared);
    assert_eq!(
        world.subsystem.reports().len(),
        before,
        "the second handle goes on"
    );
    assert_eq!(ended_with(second), "a");
    // And when it has gone, nothing is shared any more.
    assert_eq!(code(logon(None, 0)), ErrorCode::LOGON_FAILED);
}

// LIFE-STATUS-006, LIFE-MEM-003
#[test]
fn each_change_of_the_status_table_is_told_once_until_the_session_closes() {
    let (_world, session) = probe::session("status notifications");
    let table = session.get_status_table(0).unwrap();
    let (sink, heard) = {
        let caller = thread::current().id();
        sink_with(move |_| {
            assert_ne!(
                thread::current().id(),
                caller,
                "not inside the call that caused it"
            );
        })
    };
    table.advise(event::TABLE_MODIFIED, sink).unwrap();
    let next = || {
        let heard = heard.recv_timeout(std::time::Duration::from_secs(60));
        match heard.unwrap() {
            Some(Notification::Table(change)) => change.event,
            other => panic!("{other:?}"),
        }
    };
    let first = probe::seen("status notifications")[0]
        .support
        .clone()
        .unwrap();
    let add = |name, flags| {
        first
            .modify_status_row(&probe::status_row(Some(name), 1), flags)
            .unwrap();
    };
    add("one", 0);
    assert_eq!(next(), TableEvent::RowAdded);
    add("one", STATUSROW_UPDATE);
    assert_eq!(next(), TableEvent::RowModified);
    add("two", 0);
    assert_eq!(next(), TableEvent::RowAdded);
    // The end of this logon alone takes both rows away, while the session is open.
    drop(first);
    let second = probe::seen("status notifications")[1]
        .support
        .clone()
        .unwrap();
    probe::give_back("status notifications", 0);
    assert_eq!(next(), TableEvent::RowDeleted);
    assert_eq!(next(), TableEvent::RowDeleted);
    second
        .modify_status_row(&probe::status_row(Some("three"), 1), 0)
        .unwrap();
    assert_eq!(next(), TableEvent::RowAdded);
    drop(second);
    session.logoff(0, 0, 0).unwrap();
    assert!(
        told(&heard).is_empty(),
        "the removal of rows by a logoff is not told"
    );
    assert_eq!(
        table.get_row_count(0).unwrap_err().code(),
        ErrorCode::INVALID_OBJECT
    );
}

// LIFE-LOGOFF-017
#[test]
fn a_session_can_be_logged_off_inside_on_notify() {
    let (world, session) = probe::session("logoff in a sink");
    let (done, is_done) = channel();
    let inner = Mutex::new(Some((session.clone(), done)));
    let (sink, heard) = sink_with(move |_| {
        if let Some((session, done)) = inner.lock().unwrap().take() {
            let _ = done.send(session.logoff(0, 0, 0));
        }
    });
    let table = session.get_status_table(0).unwrap();
    table.advise(event::TABLE_MODIFIED, sink).unwrap();
    let support = probe::seen("logoff in a sink")[0].support.clone().unwrap();
    let row = probe::status_row(Some("row"), 1);
    support.modify_status_row(&row, 0).unwrap();
    drop(support);
    let ended = is_done.recv_timeout(std::time::Duration::from_secs(60));
    ended.unwrap().unwrap();
    for logon in probe::seen("logoff in a sink") {
        assert_eq!(logon.calls, ["Logoff"]);
    }
    assert!(world.report().by_the_book);
    // The sink is released when its OnNotify has returned, and not before (LIFE-MEM-001).
    let minute = std::time::Duration::from_secs(60);
    assert!(heard.recv_timeout(minute).unwrap().is_some());
    assert!(heard.recv_timeout(minute).unwrap().is_none());
}
