//! A provider whose allocations fail, at every place where one can (LIFE-MEM-009).
#![allow(unsafe_code, clippy::unwrap_used)]

mod host;

use host::{Host, end_logon, end_provider, fresh};
use mapi_com::alloc::fault::{Repeat, fail_nth};
use mapi_com::host_call::{Logon, ProviderInit};
use mapi_com::iface::{MapiContainer, MapiFolder, MapiProp, MapiTable, Message, MsgStore};
use mapi_com::ptr::ComPtr;
use mapi_sys::{IMAPIFolder, IMsgStore, MAPI_MODIFY};
use mapi_types::{EntryId, ErrorCode, Property, Result, tag};

/// A little of everything; stops at the first failure, with whatever is open then.
fn work(store: &ComPtr<IMsgStore>) -> Result<()> {
    let root: ComPtr<IMAPIFolder> = store
        .open_entry(&EntryId::default(), None, MAPI_MODIFY)?
        .object
        .query()?;
    let message = root.create_message(None, 0)?;
    message.set_props(&[Property::new(tag::PR_SUBJECT, "x")])?;
    let (_, attachment) = message.create_attach(None, 0)?;
    attachment.save_changes(0)?;
    message.save_changes(0)?;
    let table = root.get_contents_table(0)?;
    table.query_rows(10, 0)?;
    message.get_props(None, 0).map(drop)
}

#[test]
fn life_mem_009_every_allocation_may_fail() {
    let host = Host::new("no memory");
    let init = exemplary_rust::built_in_store().message_store.unwrap();
    for repeat in [Repeat::Once, Repeat::ForGood] {
        let mut failures = 0;
        for nth in 1.. {
            let armed = fail_nth(host.owner(), nth, repeat);
            let outcome = cycle(&host, init, &format!("no memory {repeat:?} {nth}"));
            let fired = armed.fired();
            drop(armed);
            assert_eq!(host.blocks(), 0, "after failure {nth} ({repeat:?})");
            if fired == 0 {
                outcome.unwrap();
                break;
            }
            failures += 1;
            if let Err(error) = outcome {
                assert_eq!(error.code(), ErrorCode::NOT_ENOUGH_MEMORY, "{error}");
            }
        }
        assert!(
            failures > 10,
            "only {failures} places: the test tests nothing"
        );
    }
}

fn cycle(host: &Host, init: mapi_sys::MSPROVIDERINIT, test: &str) -> Result<()> {
    let provider = host.init(ProviderInit::Store(init))?;
    let (_, kept, made) = host.try_open(&provider, &fresh(test).0, EntryId::default(), None);
    let result = match made {
        Err(error) => {
            assert_eq!(kept, 0, "LIFE-LOGON-022");
            Err(error)
        }
        Ok(Logon { object, store, .. }) => {
            let store = store.unwrap();
            let result = work(&store);
            assert_eq!(end_logon(object.unwrap()), 0);
            assert_eq!(store.release(), 0);
            result
        }
    };
    assert_eq!(end_provider(provider), 0);
    result
}
