//! The rules that bind an address book provider, seen from its host (rules.md).
#![allow(unsafe_code, clippy::unwrap_used)]

mod host;

use std::sync::atomic::Ordering;

use exemplary_rust::address_book::{PEOPLE, UID};
use host::{Host, OpenBook, end_logon, end_provider, fresh, lock};
use mapi_com::host_call::{EndedObject, EndingCall, LogonObject, ProviderInit};
use mapi_com::iface::{
    AbEntries, AbLogon, MapiContainer, MapiProp, MapiStatus, MapiTable, ProviderShutdown, Resolved,
};
use mapi_com::ptr::ComPtr;
use mapi_provider::{AddressBook, AddressBookProvider, LogonRequest};
use mapi_sys::{
    IABContainer, IDistList, IMAPIStatus, IMailUser, MAPI_ABCONT, MAPI_DISTLIST, MAPI_MAILUSER,
    MAPI_UNICODE,
};
use mapi_types::{EntryId, ErrorCode, PropType, Property, Result, Row, tag};

fn code<T>(result: Result<T>) -> ErrorCode {
    result.map(drop).unwrap_err().code()
}

fn root(book: &OpenBook) -> ComPtr<IABContainer> {
    let opened = book.logon.open_entry(&EntryId::default(), None, 0).unwrap();
    assert_eq!(opened.object_type, MAPI_ABCONT);
    opened.object.query().unwrap()
}

/// The identifiers in the rows of a container's table.
fn ids(table: &impl MapiTable) -> Vec<EntryId> {
    table.set_columns(&[tag::PR_ENTRYID], 0).unwrap();
    let rows = table.query_rows(100, 0).unwrap();
    rows.iter()
        .map(|row| EntryId::from(row.get(tag::PR_ENTRYID).unwrap().as_bytes().unwrap()))
        .collect()
}

fn everybody(book: &OpenBook) -> ComPtr<IABContainer> {
    let containers = ids(&root(book).get_hierarchy_table(0).unwrap());
    let opened = root(book).open_entry(&containers[0], None, 0).unwrap();
    opened.object.query().unwrap()
}

// LIFE-LOGON-010, LIFE-LOGON-015, LIFE-SUP-005, LIFE-INIT-011
#[test]
fn what_mapi_lends_is_kept_as_long_as_it_is_used_and_no_longer() {
    let host = Host::new("ab lent");
    let provider = host.address_book_provider();
    let (name, _) = fresh("lent");
    let book = host.open_book(&provider, &name);
    drop(everybody(&book));
    let records = std::sync::Arc::clone(&book.records);
    assert_eq!(records.count("support ends"), 0);
    assert_eq!(end_logon(LogonObject::AddressBook(book.logon)), 0);
    assert!(records.was_used_well(), "{:?}", records.lines());
    assert_eq!(end_provider(provider), 0);
    assert_eq!(mapi_com::alloc::malloc_references(host.owner()), 0);
    assert_eq!(host.blocks(), 0);
}

#[test]
fn a_client_finds_people_lists_and_names() {
    let host = Host::new("ab content");
    let provider = host.address_book_provider();
    let (name, _) = fresh("content");
    let book = host.open_book(&provider, &name);
    let container = everybody(&book);
    let entries = ids(&container.get_contents_table(MAPI_UNICODE).unwrap());
    assert_eq!(entries.len(), PEOPLE.len() + 1);
    assert!(
        entries.iter().all(|id| id.uid() == Some(UID)),
        "LIFE-UID-001"
    );

    let opened = book.logon.open_entry(&entries[0], None, 0).unwrap();
    assert_eq!(opened.object_type, MAPI_MAILUSER);
    let user: ComPtr<IMailUser> = opened.object.query().unwrap();
    let wanted = [
        tag::PR_DISPLAY_NAME,
        tag::PR_EMAIL_ADDRESS,
        tag::PR_PROVIDER_DISPLAY,
    ];
    let props = user.get_props(Some(&wanted), 0).unwrap();
    assert_eq!(props[0].value.as_str().unwrap(), PEOPLE[0].0);
    assert_eq!(props[1].value.as_str().unwrap(), PEOPLE[0].1);
    assert_eq!(props[2].value.as_str().unwrap(), "Exemplary Address Book");
    assert_eq!(
        code(user.set_props(&[Property::new(tag::PR_COMMENT, "x")])),
        ErrorCode::NO_ACCESS
    );

    let opened = book
        .logon
        .open_entry(entries.last().unwrap(), None, 0)
        .unwrap();
    assert_eq!(opened.object_type, MAPI_DISTLIST);
    let list: ComPtr<IDistList> = opened.object.query().unwrap();
    assert_eq!(
        list.get_contents_table(0)
            .unwrap()
            .get_row_count(0)
            .unwrap(),
        3
    );
    assert_eq!(
        code(list.get_names_from_ids(None, None, 0)),
        ErrorCode::NO_SUPPORT
    );

    let same = book
        .logon
        .compare_entry_ids(&entries[1], &entries[1], 0)
        .unwrap();
    assert!(
        same && !book
            .logon
            .compare_entry_ids(&entries[1], &entries[2], 0)
            .unwrap()
    );
    assert_eq!(
        code(
            book.logon
                .compare_entry_ids(&entries[0], &EntryId::from(vec![0; 24]), 0)
        ),
        ErrorCode::UNKNOWN_ENTRYID
    );
    assert_eq!(code(book.logon.get_one_off_table(0)), ErrorCode::NO_SUPPORT);
    end_logon(LogonObject::AddressBook(book.logon));
    end_provider(provider);
}

#[test]
fn names_resolve_to_one_to_many_or_to_nobody() {
    let host = Host::new("ab resolve");
    let provider = host.address_book_provider();
    let (name, _) = fresh("resolve");
    let book = host.open_book(&provider, &name);
    let container = everybody(&book);
    let row = |name: &str| {
        Row::from(vec![
            Property::new(tag::PR_RECIPIENT_TYPE, 1),
            Property::new(tag::PR_DISPLAY_NAME, name),
        ])
    };
    let mut rows = vec![
        row("zoë"),
        row("a"),
        row("nobody"),
        row("TURING"),
        row("grace@EXAMPLE.org"),
    ];
    let mut resolved = vec![Resolved::Unresolved; rows.len()];
    resolved[3] = Resolved::Resolved; // somebody else's: not looked at
    let columns = [
        tag::PR_ENTRYID,
        tag::PR_EMAIL_ADDRESS.with_type(PropType::STRING8),
    ];
    container
        .resolve_names(Some(&columns), 0, &mut rows, &mut resolved)
        .unwrap();
    assert_eq!(
        resolved,
        [
            Resolved::Resolved,
            Resolved::Ambiguous,
            Resolved::Unresolved,
            Resolved::Resolved,
            Resolved::Resolved
        ]
    );
    let address = |row: &Row| {
        let found = row
            .props
            .iter()
            .find(|p| p.tag.same_id(tag::PR_EMAIL_ADDRESS));
        found.map(|p| (p.tag.ptype(), p.value.as_str().unwrap().into_owned()))
    };
    assert_eq!(
        address(&rows[0]),
        Some((PropType::STRING8, "zoe@example.org".to_owned()))
    );
    assert_eq!(
        rows[0].get(tag::PR_RECIPIENT_TYPE).unwrap().as_long(),
        Some(1)
    );
    assert_eq!(address(&rows[3]), None);
    assert_eq!(
        code(root(&book).resolve_names(None, 0, &mut rows, &mut resolved)),
        ErrorCode::NO_SUPPORT
    );

    // PrepareRecips completes what has an identifier and leaves the rest alone.
    let mut recipients = vec![rows[0].clone(), row("Somebody Else")];
    let columns = [tag::PR_SMTP_ADDRESS, tag::PR_DISPLAY_NAME];
    book.logon
        .prepare_recips(0, &columns, &mut recipients)
        .unwrap();
    assert_eq!(
        recipients[0]
            .get(tag::PR_SMTP_ADDRESS)
            .unwrap()
            .as_str()
            .unwrap(),
        "zoe@example.org"
    );
    assert_eq!(
        recipients[0]
            .get(tag::PR_DISPLAY_NAME)
            .unwrap()
            .as_str()
            .unwrap(),
        "Zoë Müller"
    );
    assert_eq!(recipients[1].props.len(), 2);
    end_logon(LogonObject::AddressBook(book.logon));
    end_provider(provider);
}

#[test]
fn life_logoff_003_life_logoff_004_life_logoff_006_life_status_010_logoff_ends_everything() {
    let host = Host::new("ab logoff");
    let provider = host.address_book_provider();
    let (name, journal) = fresh("ab logoff");
    let book = host.open_book(&provider, &name);
    assert_eq!(lock(&book.records.uids).as_slice(), [UID]);
    assert_eq!(lock(&book.records.rows).len(), 1);
    let container = everybody(&book);
    let table = container.get_contents_table(0).unwrap();
    let status: ComPtr<IMAPIStatus> = {
        let opened = book.logon.open_status_entry(None, 0).unwrap();
        opened.object.query().unwrap()
    };
    status.validate_state(0).unwrap();
    let shown = status
        .get_props(Some(&[tag::PR_DISPLAY_NAME, tag::PR_STATUS_CODE]), 0)
        .unwrap();
    assert_eq!(shown[0].value.as_str().unwrap(), name);
    assert_eq!(shown[1].value.as_long(), Some(1));

    let logon = book.logon.clone();
    let ended = EndingCall::Logoff(LogonObject::AddressBook(book.logon)).contained();
    assert_eq!(ended.hresult, 0);
    assert_eq!(journal.lines(), ["logon", "close", "drop"]);
    assert_eq!(journal.alive(), 0);
    assert!(!journal.was_late());
    assert_eq!(book.records.count("support ends"), 1, "LIFE-UID-005");
    assert_eq!(
        code(logon.open_entry(&EntryId::default(), None, 0)),
        ErrorCode::UNKNOWN_ENTRYID
    );
    drop(logon);
    let Some(EndedObject::Logon(logon)) = ended.object else {
        panic!()
    };
    assert_eq!(EndingCall::ReleaseLogon(logon).contained().references, 0);
    assert_eq!(end_provider(provider), 0);
    // LIFE-STATUS-011 and its like: what a client kept fails, and goes.
    assert_eq!(code(status.validate_state(0)), ErrorCode::INVALID_OBJECT);
    assert_eq!(code(table.get_row_count(0)), ErrorCode::INVALID_OBJECT);
    assert_eq!(code(container.get_prop_list(0)), ErrorCode::INVALID_OBJECT);
    assert_eq!(container.release() + table.release() + status.release(), 0);
    assert_eq!(host.blocks(), 0, "LIFE-LOGOFF-012, LIFE-MEM-005");
}

#[test]
fn life_logon_022_a_failed_logon_leaves_nothing_behind() {
    let host = Host::new("ab fails");
    let provider = host.address_book_provider();
    let before = host.blocks();
    let (name, journal) = fresh("ab fails");
    journal.fail_next_logon.store(true, Ordering::Release);
    let (records, kept, made) = host.try_open(&provider, &name, EntryId::default(), None);
    assert_eq!(code(made), ErrorCode::FAILONEPROVIDER);
    assert_eq!((kept, host.blocks()), (0, before));
    assert_eq!(records.lines(), ["support ends"]);
    assert_eq!(end_provider(provider), 0);
    assert_eq!(host.blocks(), 0);
}

#[test]
fn life_logoff_007_life_mem_008_logons_come_and_go() {
    let host = Host::new("ab cycles");
    let provider = host.address_book_provider();
    let (name, _) = fresh("ab cycles");
    let other = host.open_book(&provider, &name);
    let before = host.blocks();
    for _ in 0..100 {
        let book = host.open_book(&provider, &name);
        drop(everybody(&book));
        assert_eq!(end_logon(LogonObject::AddressBook(book.logon)), 0);
        assert_eq!(host.blocks(), before);
    }
    drop(everybody(&other)); // LIFE-UID-006: the other logon goes on
    assert_eq!(end_logon(LogonObject::AddressBook(other.logon)), 0);
    assert_eq!(end_provider(provider), 0);
    assert_eq!(host.blocks(), 0);
}

#[test]
fn life_xp_010_life_fast_008_fast_shutdown_and_a_host_that_forgets() {
    let host = Host::new("ab fast");
    let provider = host.address_book_provider();
    let (name, journal) = fresh("ab fast");
    let book = host.open_book(&provider, &name);
    let fast = provider.fast_shutdown().unwrap();
    fast.query_fast_shutdown().unwrap();
    fast.do_fast_shutdown().unwrap();
    drop(fast);
    let logon = LogonObject::AddressBook(book.logon);
    assert_eq!(EndingCall::ReleaseLogon(logon).contained().references, 0);
    assert_eq!(journal.lines(), ["logon", "flush", "close", "drop"]);
    assert_eq!(
        EndingCall::ReleaseProvider(provider).contained().references,
        0
    );
    assert_eq!(host.blocks(), 0);
}

/// A provider that writes to the profile what is not its own.
#[derive(Default)]
struct Greedy;

impl AddressBookProvider for Greedy {
    fn display_name(&self) -> &'static str {
        "Greedy"
    }

    fn logon(&self, request: &LogonRequest<'_>) -> Result<Box<dyn AddressBook>> {
        let problems = request.profile.set_props(&[
            Property::new(tag::PR_COMMENT, "mine"),
            Property::new(tag::PR_RESOURCE_FLAGS, 7),
            Property::new(tag::PR_PROVIDER_DLL_NAME, "other"),
        ])?;
        assert_eq!(problems.iter().map(|p| p.index).collect::<Vec<_>>(), [1, 2]);
        Err(ErrorCode::UNCONFIGURED.into())
    }
}

#[test]
fn life_logon_016_a_logon_cannot_set_what_is_mapis_in_the_profile() {
    let host = Host::new("ab greedy");
    let init = mapi_provider::address_book_provider::<Greedy>();
    let provider = host.init(ProviderInit::AddressBook(init)).unwrap();
    let (records, kept, made) = host.try_open(&provider, "greedy", EntryId::default(), None);
    assert_eq!(code(made), ErrorCode::UNCONFIGURED);
    assert_eq!(kept, 0);
    assert_eq!(records.lines(), ["profile: PR_COMMENT", "support ends"]);
    assert_eq!(end_provider(provider), 0);
}
