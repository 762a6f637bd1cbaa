//! Every interface, exported and imported again: what arrives at the object and what comes back must be what a direct call
//! yields, with every sample, on success and on failure; and whichever allocation fails, no block is left behind.
#![allow(unsafe_code, clippy::unwrap_used)]

mod echo;
mod sample;

use std::fmt::Debug;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Once};

use echo::Echo;
use mapi_com::alloc::{Allocator, OwnerSlot, fault};
use mapi_com::iface::*;
use mapi_com::ptr::{ComPtr, ComRef, Unknown};
use mapi_com::scope::Scope;
use mapi_com::shell::{Export, export};
use mapi_sys as sys;
use mapi_types::*;

/// Objects that calls get as arguments.
struct Extra {
    unknown: Unknown,
    sink: ComPtr<sys::IMAPIAdviseSink>,
    message: ComPtr<sys::IMessage>,
    prop: ComPtr<sys::IMAPIProp>,
    stream: ComPtr<sys::IStream>,
    progress: Arc<Echo>,
}

impl Extra {
    fn new() -> Self {
        let scope = Scope::new("arguments", Allocator::local());
        let echo = || Echo::new(sample::usual(), None, None);
        Self {
            unknown: export::<dyn ProfSect>(&scope, echo())
                .unwrap()
                .into_unknown(),
            sink: export::<dyn AdviseSink>(&scope, echo()).unwrap(),
            message: export::<dyn Message>(&scope, echo()).unwrap(),
            prop: export::<dyn MapiProp>(&scope, echo()).unwrap(),
            stream: export::<dyn Stream>(&scope, echo()).unwrap(),
            progress: echo(),
        }
    }

    fn target(&self) -> CopyTarget<'_> {
        CopyTarget {
            object: &self.unknown,
            interface: Guid::ole(0x0002_0307),
            progress: Some(&*self.progress),
        }
    }

    fn source(&self) -> ComRef<'_, sys::IUnknown> {
        // SAFETY: the object lives as long as the borrow.
        unsafe { ComRef::from_raw(self.unknown.as_raw()) }.unwrap()
    }

    fn lent(&self) -> ComRef<'_, sys::IMessage> {
        // SAFETY: as above.
        unsafe { ComRef::from_raw(self.message.as_raw()) }.unwrap()
    }
}

/// A result as far as both sides must agree on it.
fn show<T: Debug>(result: Result<T>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.code().to_string(),
    }
}

/// Runs a call that changes its argument.
fn changed<V, T: Debug>(mut value: V, call: impl FnOnce(&mut V) -> Result<T>) -> Result<(V, T)> {
    call(&mut value).map(|result| (value, result))
}

/// A call, its result, and what arrived at the object.
type Called = (&'static str, String, Vec<String>);

/// LIFE-MEM-009: a panic in any slot is MAPI_E_CALL_FAILED (a sink has no result to tell it with).
fn check_panics(echo: &Echo, run: impl Fn() -> Vec<Called>) {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let told = info.payload().downcast_ref::<String>();
            if told.is_none_or(|text| text != echo::TOLD_TO_PANIC) {
                hook(info);
            }
        }));
    });
    echo.panics.store(true, Ordering::SeqCst);
    for (call, result, said) in run() {
        let expected = if call.contains("on_notify") {
            "0"
        } else {
            "MAPI_E_CALL_FAILED"
        };
        assert!(
            said.is_empty() || result == expected,
            "{call} answered {result}"
        );
    }
    echo.panics.store(false, Ordering::SeqCst);
}

/// When the scope is closed, nothing arrives but the calls that end it.
fn check_closed(run: Vec<Called>) {
    for (call, result, said) in run {
        if call.contains(".logoff(") {
            assert_eq!(said.len(), 1, "{call}");
        } else {
            assert!(said.is_empty(), "{call} arrived");
            let expected = ["MAPI_E_INVALID_OBJECT", "MAPI_E_NO_SUPPORT", "0"];
            assert!(expected.contains(&&*result), "{call} answered {result}");
        }
    }
}

macro_rules! round_trip {
    ($test:ident: $trait:ident $(as $interface:ident)? |$o:ident, $s:ident, $x:ident| { $($call:expr;)* }) => {
        #[test]
        fn $test() {
            let $x = Extra::new();
            let failure = Error::caller(ErrorCode::BUSY).context("try again").component("Echo");
            for $s in sample::all() {
                for fails in [None, Some(failure.clone())] {
                    let slot = OwnerSlot::reserve(stringify!($trait));
                    let scope = Scope::new("echo", slot.owner().allocator());
                    let echo = Echo::new($s.clone(), fails, Some($x.unknown.clone()));
                    let object = export::<dyn $trait>(&scope, echo.clone()).unwrap();
                    $(let object = object.upcast::<sys::$interface>();)?
                    let run = |$o: &dyn $trait| -> Vec<Called> {
                        vec![$({
                            let result = show($call);
                            (stringify!($call), result, echo.take())
                        }),*]
                    };
                    for (direct, imported) in run(&*echo).into_iter().zip(run(&object)) {
                        assert_eq!(direct, imported);
                    }
                    assert_eq!(slot.owner().usage().blocks, 1, "only the object itself");
                    // LIFE-MEM-009: the n-th allocation fails, for all n.
                    for n in 1.. {
                        let armed = fault::fail_nth(slot.owner(), n, fault::Repeat::Once);
                        run(&object);
                        assert_eq!(slot.owner().usage().blocks, 1, "allocation {n}");
                        if armed.fired() == 0 {
                            break;
                        }
                    }
                    check_panics(&echo, || run(&object));
                    scope.close();
                    check_closed(run(&object));
                    assert_eq!(slot.owner().usage().blocks, 1);
                    drop(object);
                    assert_eq!(slot.owner().usage().blocks, 0);
                }
            }
        }
    };
}

round_trip! { imapiprop: MapiProp |o, s, x| {
    o.save_changes(4);
    o.get_props(None, 1);
    o.get_props(Some(&s.tags), 1);
    o.get_prop_list(0);
    o.open_property(tag::PR_BODY, &s.guid, 2, 3);
    o.set_props(&s.props);
    o.delete_props(&s.tags);
    o.copy_to(&[s.guid, s.guid], &s.tags, &x.target(), 1);
    o.copy_to(&[], &[], &x.target(), 1);
    o.copy_props(&s.tags, &x.target(), 2);
    o.get_names_from_ids(Some(&s.tags), Some(&s.guid), 1);
    o.get_names_from_ids(None, None, 1);
    o.get_ids_from_names(&s.names, 2);
}}

// The interfaces that have nothing of their own, and IMAPIProp through each derived vtable.
macro_rules! as_props {
    ($($test:ident: $trait:ident;)*) => { $(
        round_trip! { $test: $trait |o, s, x| {
            o.get_props(Some(&s.tags), 1);
            o.set_props(&s.props);
            o.copy_to(&[s.guid], &s.tags, &x.target(), 1);
            o.get_ids_from_names(&s.names, 2);
        }}
    )* };
}

as_props! {
    iprofsect: ProfSect;
    iattach: Attach;
    imailuser: MailUser;
    imapistatus_props: MapiStatus;
    imapicontainer_props: MapiContainer;
    imapifolder_props: MapiFolder;
    iabcontainer_props: AbContainer;
    idistlist_props: DistList;
    imsgstore_props: MsgStore;
    imessage_props: Message;
    iaddrbook_props: AddrBook;
}

round_trip! { imapistatus: MapiStatus |o, s, x| {
    o.validate_state(1);
    o.settings_dialog(2);
    o.change_password(&s.text, "new");
    o.flush_queues(&s.id, 3);
    { let _ = &x; o.flush_queues(&EntryId::default(), 3) };
}}

macro_rules! containers {
    ($($test:ident: $trait:ident;)*) => { $(
        round_trip! { $test: $trait |o, s, x| {
            o.get_contents_table(1);
            o.get_hierarchy_table(2);
            o.open_entry(&s.id, Some(&s.guid), 3);
            { let _ = &x; o.open_entry(&s.id, None, 3) };
            o.set_search_criteria(Some(&s.restriction), &s.ids, 1);
            o.get_search_criteria(0);
        }}
    )* };
}

containers! {
    imapicontainer: MapiContainer;
    imapifolder_container: MapiFolder;
    iabcontainer_container: AbContainer;
    idistlist_container: DistList;
}

round_trip! { imapifolder: MapiFolder |o, s, x| {
    o.create_message(Some(&s.guid), 1);
    o.create_message(None, 1);
    o.copy_messages(&s.ids, &x.target(), 1);
    o.delete_messages(&s.ids, Some(&*x.progress), 2);
    o.delete_messages(&s.ids, None, 2);
    o.create_folder(1, &s.text, Some(&s.text), Some(&s.guid), 1);
    o.create_folder(1, &s.text, None, None, 1);
    o.copy_folder(&s.id, &x.target(), Some(&s.text), 1);
    o.copy_folder(&s.id, &x.target(), None, 1);
    o.delete_folder(&s.id, Some(&*x.progress), 4);
    o.set_read_flags(Some(&s.ids), None, 5);
    o.set_read_flags(None, Some(&*x.progress), 5);
    o.get_message_status(&s.id);
    o.set_message_status(&s.id, 6, 7);
    o.save_contents_sort(&s.order, 1);
    o.empty_folder(None, 1);
}}

macro_rules! entries {
    ($($test:ident: $trait:ident;)*) => { $(
        round_trip! { $test: $trait |o, s, x| {
            o.create_entry(&s.id, 1);
            o.copy_entries(&s.ids, Some(&*x.progress), 2);
            o.delete_entries(&s.ids, 3);
            changed((s.rows.clone(), vec![Resolved::Unresolved; s.rows.len()]), |(rows, state)| {
                o.resolve_names(Some(&s.tags), 0, rows, state)
            });
            changed((s.rows.clone(), vec![Resolved::Resolved; s.rows.len()]), |(rows, state)| {
                o.resolve_names(None, 0, rows, state)
            });
        }}
    )* };
}

entries! {
    iabcontainer: AbContainer;
    idistlist: DistList;
}

round_trip! { imsgstore: MsgStore |o, s, x| {
    o.advise(&s.id, 4, x.sink.clone());
    o.unadvise(usize::MAX);
    o.compare_entry_ids(&s.id, &s.id, 0);
    o.open_entry(&s.id, Some(&s.guid), 1);
    o.open_entry(&s.id, None, 1);
    o.set_receive_folder(&s.text, Some(&EntryId::from(vec![1])), 0);
    o.set_receive_folder(&s.text, None, 0);
    o.get_receive_folder(&s.text, 0);
    o.get_receive_folder_table(0);
    o.store_logoff(2);
    o.abort_submit(&s.id, 0);
    o.get_outgoing_queue(0);
    o.set_lock_state(&x.message, 1);
    o.finished_msg(0, &s.id);
    o.notify_new_mail(&sample::usual().notifications[0]);
}}

round_trip! { imessage: Message |o, s, x| {
    o.get_attachment_table(0);
    o.open_attach(3, Some(&s.guid), 1);
    o.create_attach(None, 0);
    o.create_attach(Some(&s.guid), 0);
    o.delete_attach(3, Some(&*x.progress), 0);
    o.delete_attach(3, None, 0);
    o.get_recipient_table(0);
    o.modify_recipients(RecipientChange::Replace, &s.rows);
    o.modify_recipients(RecipientChange::Add, &s.rows);
    o.modify_recipients(RecipientChange::Modify, &s.rows);
    o.modify_recipients(RecipientChange::Remove, &s.rows);
    o.submit_message(1);
    o.set_read_flag(4);
}}

round_trip! { imapitable: MapiTable |o, s, x| {
    o.advise(0x100, x.sink.clone());
    o.unadvise(5);
    o.get_status();
    o.set_columns(&s.tags, 1);
    o.query_columns(1);
    o.get_row_count(0);
    o.seek_row(Bookmark::END, -7);
    o.seek_row_approx(1, 2);
    o.query_position();
    o.find_row(&s.restriction, Bookmark::CURRENT, 1);
    o.restrict(Some(&s.restriction), 0);
    o.restrict(None, 0);
    o.create_bookmark();
    o.free_bookmark(Bookmark(9));
    o.sort_table(&s.order, 1);
    o.query_sort_order();
    o.query_rows(-10, 1);
    o.abort();
    o.wait_for_completion(0, 1000);
}}

round_trip! { imslogon: MsLogon |o, s, x| {
    o.logoff(1);
    o.open_entry(&s.id, Some(&s.guid), 1);
    o.compare_entry_ids(&s.id, &s.id, 0);
    o.advise(&s.id, 2, x.sink.clone());
    o.unadvise(3);
    o.open_status_entry(Some(&s.guid), 1);
    o.open_status_entry(None, 1);
}}

round_trip! { iablogon: AbLogon |o, s, x| {
    o.logoff(0);
    o.open_entry(&s.id, Some(&s.guid), 1);
    o.compare_entry_ids(&s.id, &s.id, 0);
    o.advise(&s.id, 2, x.sink.clone());
    o.unadvise(3);
    o.open_status_entry(None, 1);
    o.open_template_id(&s.id, 1, &x.prop, Some(&s.guid));
    o.get_one_off_table(0);
    changed(s.rows.clone(), |rows| o.prepare_recips(0, &s.tags, rows));
}}

round_trip! { iaddrbook: AddrBook |o, s, x| {
    o.open_entry(&s.id, Some(&s.guid), 1);
    o.compare_entry_ids(&s.id, &s.id, 0);
    o.advise(&s.id, 2, x.sink.clone());
    o.unadvise(3);
    o.create_one_off(&s.text, "SMTP", "a@example.org", 0);
    changed(s.rows.clone(), |rows| o.resolve_name(0, rows));
    o.get_pab();
    o.set_pab(&s.id);
    o.get_default_dir();
    o.set_default_dir(&s.id);
    o.get_search_path(0);
    o.set_search_path(0, &s.rows);
    changed(s.rows.clone(), |rows| o.prepare_recips(0, &s.tags, rows));
    o.not_built();
}}

round_trip! { imapisession: MapiSession |o, s, x| {
    o.get_msg_stores_table(0);
    o.open_msg_store(9, &s.id, Some(&s.guid), 1);
    o.open_address_book(9, None, 1);
    o.open_profile_section(Some(&s.uid), 1);
    o.open_profile_section(None, 1);
    o.get_status_table(0);
    o.open_entry(&s.id, None, 1);
    o.compare_entry_ids(&s.id, &s.id, 0);
    o.advise(&s.id, 2, x.sink.clone());
    o.unadvise(3);
    o.enum_adr_types(0);
    o.query_identity();
    o.logoff(9, 1, 0);
    o.set_default_store(2, &s.id);
    o.admin_services(0);
    o.not_built();
}}

round_trip! { imapisupport: MapiSupport |o, s, x| {
    o.subscribe(s.id.as_bytes(), 2, 0x4000_0000, x.sink.clone());
    o.unsubscribe(4);
    o.notify(s.id.as_bytes(), &s.notifications, 0);
    o.modify_status_row(&s.props, 1);
    o.open_profile_section(Some(&s.uid), 1);
    o.open_profile_section(None, 1);
    o.register_preprocessor(Some(&s.uid), Some(&s.text), "lib", "pre", "post", 0);
    o.register_preprocessor(None, None, "lib", "pre", "post", 0);
    o.spooler_yield(0);
    o.spooler_notify(2, 3);
    o.create_one_off(&s.text, "SMTP", "a@example.org", 0);
    o.set_provider_uid(&s.uid, 0);
    o.compare_entry_ids(&s.id, &s.id, 0);
    o.open_entry(&s.id, Some(&s.guid), 1);
    o.get_one_off_table(0);
    o.copy_messages(x.source(), &s.ids, &x.target(), 1);
    o.copy_folder(x.source(), &s.id, &x.target(), Some(&s.text), 1);
    o.do_copy_to(x.source(), &[s.guid], &s.tags, &x.target(), 1);
    o.do_copy_props(x.source(), &s.tags, &x.target(), 1);
    o.prepare_submit(x.lent(), 1);
    o.expand_recips(x.lent());
    o.do_sent_mail(0, x.lent());
    o.open_address_book(None, 0);
    o.complete_msg(0, &s.id);
    o.store_logoff_transports(2);
    o.status_recips(x.lent(), &s.rows);
    o.wrap_store_entry_id(&s.id);
    o.modify_profile(0);
    o.get_svc_config_support_obj(0);
    o.not_built();
}}

round_trip! { iprofadmin: ProfAdmin |o, s, x| {
    o.get_profile_table(0);
    o.create_profile(&s.text, "", 0);
    o.delete_profile(&s.text, 0);
    o.change_profile_password(&s.text, "old", "new", 0);
    o.copy_profile(&s.text, "", "new", 0);
    o.rename_profile(&s.text, "", "new", 0);
    o.set_default_profile(Some("one"), 0);
    o.set_default_profile(None, 0);
    { let _ = &x; o.admin_services(&s.text, "", 0) };
}}

round_trip! { imsgserviceadmin: MsgServiceAdmin as IMsgServiceAdmin |o, s, x| {
    o.get_msg_service_table(0);
    o.create_msg_service("MSUPST MS", Some(&s.text), 0);
    o.create_msg_service("MSUPST MS", None, 0);
    o.delete_msg_service(&s.uid);
    o.copy_msg_service(&s.uid, Some(&s.text), Some(&x.target()), 0);
    o.copy_msg_service(&s.uid, None, None, 0);
    o.rename_msg_service(&s.uid, &s.text);
    o.configure_msg_service(&s.uid, 0, &s.props);
    o.open_profile_section(Some(&s.uid), 1);
    o.msg_service_transport_order(&[s.uid, s.uid]);
    o.admin_providers(&s.uid, 0);
    o.set_primary_identity(Some(&s.uid));
    o.set_primary_identity(None);
    o.get_provider_table(0);
    o.create_msg_service_ex("MSUPST MS", Some(&s.text), 0);
}}

round_trip! { iprovideradmin: ProviderAdmin |o, s, x| {
    o.get_provider_table(0);
    o.create_provider(&s.text, &s.props, 0);
    o.delete_provider(&s.uid);
    { let _ = &x; o.open_profile_section(None, 1) };
}}

round_trip! { imapiprogress: Progress |o, s, x| {
    o.progress(1, 2, 3);
    o.get_flags();
    o.get_limits();
    o.set_limits(Some(1), None, Some(3));
    { let _ = (&s, &x); o.set_limits(None, Some(2), None) };
}}

round_trip! { shutdown_client: ClientShutdown |o, s, x| {
    o.query_fast_shutdown();
    o.notify_process_shutdown();
    { let _ = (&s, &x); o.do_fast_shutdown() };
}}

round_trip! { shutdown_provider: ProviderShutdown |o, s, x| {
    o.query_fast_shutdown();
    o.notify_process_shutdown();
    { let _ = (&s, &x); o.do_fast_shutdown() };
}}

round_trip! { imapiadvisesink: AdviseSink |o, s, x| {
    { let _ = &x; Ok(o.on_notify(&s.notifications)) };
}}

round_trip! { istream: Stream |o, s, x| {
    changed(vec![0u8; 100], |buffer| o.read(buffer));
    o.write(s.text.as_bytes());
    o.seek(-5, StreamOrigin::End);
    o.seek(5, StreamOrigin::Set);
    o.seek(i64::MIN, StreamOrigin::Current);
    o.set_size(1 << 50);
    o.copy_to(&x.stream, u64::MAX);
    o.commit();
    o.revert();
    o.size();
    o.clone_stream();
}}

/// What a failing object says is what the caller reads, where the interface has GetLastError.
#[test]
fn errors_arrive_with_text_and_component() {
    let failure = Error::provider(ErrorCode::NETWORK_ERROR)
        .context("the server does not answer")
        .component("Echo");
    let scope = Scope::new("echo", Allocator::local());
    let echo = Echo::new(sample::usual(), Some(failure), None);
    let table = export::<dyn MapiTable>(&scope, echo.clone()).unwrap();
    let store = export::<dyn MsgStore>(&scope, echo).unwrap();
    for error in [
        table.query_rows(1, 0).unwrap_err(),
        store.get_prop_list(0).unwrap_err(),
        store.store_logoff(1).unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::NETWORK_ERROR);
        assert_eq!(error.component_name(), "Echo");
        assert!(
            error.text().contains("the server does not answer"),
            "{error}"
        );
        assert_eq!(error.blame(), Blame::Provider);
    }
}

/// A progress object is lent for one call; a callee that keeps it finds it closed.
#[test]
fn a_kept_progress_object_is_closed_when_the_call_is_over() {
    static KEPT: Mutex<Option<ComPtr<sys::IMAPIProgress>>> = Mutex::new(None);
    static KEEPER: sys::IMAPIFolderVtbl = sys::IMAPIFolderVtbl {
        EmptyFolder: keep,
        ..*<dyn MapiFolder as Export>::VTBL
    };
    unsafe extern "system" fn keep(
        _this: *mut sys::IMAPIFolder,
        _ui: usize,
        progress: sys::LPMAPIPROGRESS,
        _flags: u32,
    ) -> i32 {
        // SAFETY: the caller lends a progress object.
        *KEPT.lock().unwrap() = unsafe { ComPtr::from_borrowed(progress) };
        0
    }

    let extra = Extra::new();
    let scope = Scope::new("echo", Allocator::local());
    let echo = Echo::new(sample::usual(), None, None);
    let folder = export::<dyn MapiFolder>(&scope, echo).unwrap();
    // SAFETY: an object begins with its vtable pointer, and this vtable differs in one function only.
    unsafe { (*folder.as_raw()).lpVtbl = &raw const KEEPER };

    folder.empty_folder(Some(&*extra.progress), 0).unwrap();
    extra.progress.take();
    let kept = KEPT.lock().unwrap().take().unwrap();
    let code = kept.progress(1, 2, 3).unwrap_err().code();
    assert_eq!(code, ErrorCode::INVALID_OBJECT);
    assert!(
        extra.progress.take().is_empty(),
        "nothing reaches what was lent"
    );
    assert_eq!(kept.release(), 0);
}
