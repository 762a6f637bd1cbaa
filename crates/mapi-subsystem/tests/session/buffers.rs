//! Memory over a whole life of MAPI: what a client holds stays, everything else goes, and where there is none nothing breaks.
#![allow(unsafe_code)] // the test is a client that calls through the vtable, as one in C does, and holds the blocks it gets

use std::path::Path;
use std::ptr::null_mut;

use exemplary::Installed;
use mapi_com::alloc::fault::{Repeat, fail_nth};
use mapi_com::alloc::{Allocator, DebugLevel, Owner, live_blocks, set_level};
use mapi_com::iface::MsgStore as _;
use mapi_com::iface::{MapiFolder as _, MapiProp as _, MapiSession as _, MapiTable as _};
use mapi_com::ptr::ComPtr;
use mapi_sys::{IMAPIFolder, IMAPISession, IMAPITable, IMsgStore, LPSPropValue, LPSRowSet};
use mapi_types::{EntryId, ErrorCode, Property, Result, tag};

use crate::child;
use crate::world::{World, open_store, prop, stores};

fn raw_rows(table: &ComPtr<IMAPITable>) -> LPSRowSet {
    let mut rows = null_mut();
    // SAFETY: the object lives while we hold it; the output is ours.
    let code = unsafe { (table.vtbl().QueryRows)(table.as_raw(), 100, 0, &raw mut rows) };
    assert_eq!(code, 0);
    rows
}

fn raw_props(store: &ComPtr<IMsgStore>) -> (u32, LPSPropValue) {
    let (mut count, mut values) = (0, null_mut());
    // SAFETY: as above; without tags all properties are meant.
    let code = unsafe {
        (store.vtbl().base.GetProps)(
            store.as_raw().cast(),
            null_mut(),
            0,
            &raw mut count,
            &raw mut values,
        )
    };
    assert_eq!(code, 0);
    (count, values)
}

fn free<T>(block: *mut T) {
    let (_, _, free) = Allocator::mapi().functions();
    // SAFETY: the caller has a root block, once.
    assert_eq!(unsafe { free(block.cast()) }, 0);
}

/// The names in a PR_DISPLAY_NAME_A among the values of a row.
///
/// # Safety
/// `values` points to so many.
unsafe fn name_of(count: u32, values: LPSPropValue) -> Option<String> {
    // SAFETY: by the contract above.
    let values = unsafe { std::slice::from_raw_parts(values, count as usize) };
    let named = values
        .iter()
        .find(|value| value.ulPropTag == mapi_sys::PR_DISPLAY_NAME_A)?;
    // SAFETY: the tag says which member it is.
    let text = unsafe { std::ffi::CStr::from_ptr(named.Value.lpszA.cast()) };
    Some(text.to_string_lossy().into_owned())
}

/// What GetLastError of the session says of a code.
pub fn last_error(session: &ComPtr<IMAPISession>, code: i32) -> Option<String> {
    let mut error = null_mut();
    // SAFETY: the object lives while we hold it; the output is ours, and a text ends with a zero.
    unsafe {
        let answer = (session.vtbl().GetLastError)(session.as_raw(), code, 0, &raw mut error);
        assert_eq!(answer, 0);
        if error.is_null() {
            return None;
        }
        let text = std::ffi::CStr::from_ptr((*error).lpszError.cast());
        let text = text.to_string_lossy().into_owned();
        free(error);
        Some(text)
    }
}

// LIFE-MEM-006
#[test]
fn what_a_client_holds_outlives_logoff_and_uninitialize() {
    let library = Installed::cpp();
    let world = World::new();
    let session = world.foreign(library.path(), "S");
    let store = open_store(&session, 0);
    let name = library.path().to_string_lossy().into_owned();
    let hosted = (world.subsystem.libraries())
        .get(&name, world.subsystem.search())
        .unwrap();
    let owner = hosted.owner();
    let rows = raw_rows(&session.get_status_table(0).unwrap()); // MAPI's own
    let (count, values) = raw_props(&store); // the provider's
    drop(store);
    session.logoff(0, 0, 0).unwrap();
    assert_eq!(owner.usage().blocks, 1, "the block that the client holds");
    drop(session);
    drop(hosted);
    world.subsystem.stop();
    drop(world);
    assert!(library.log().lines.last().unwrap().method == "unloaded");
    // SAFETY: the blocks are still ours, each with as many elements as it says.
    unsafe {
        let stem = library.path().file_stem().unwrap().to_string_lossy();
        assert_eq!(name_of(count, values), Some(format!("{stem} S0")));
        assert!((*rows).cRows >= 4, "MAPI's three rows and the store's");
        for at in 0..(*rows).cRows as usize {
            let row = *(&raw const (*rows).aRow).cast::<mapi_sys::SRow>().add(at);
            assert!(row.cValues >= 8);
            free(row.lpProps);
        }
    }
    free(rows);
    free(values);
    assert_eq!(owner.usage().blocks, 0);
}

/// What a client does with a store; every object is closed again.
fn work(store: &ComPtr<IMsgStore>) -> Result<()> {
    let root = store.open_entry(&EntryId::default(), None, mapi_sys::MAPI_MODIFY)?;
    let root: ComPtr<IMAPIFolder> = root.object.query()?;
    let message = root.create_message(None, 0)?;
    message.set_props(&[prop(tag::PR_SUBJECT, "x"), Property::new(tag::PR_BODY, "y")])?;
    message.save_changes(0)?;
    use mapi_com::iface::MapiContainer as _;
    let table = root.get_contents_table(0)?;
    table.query_rows(10, 0).map(drop)
}

// LIFE-MEM-005
#[test]
fn a_full_cycle_leaves_no_block_but_what_the_client_holds() {
    let Some(path) = child::argument() else {
        let library = Installed::cpp();
        let test = "buffers::a_full_cycle_leaves_no_block_but_what_the_client_holds";
        let status = child::run(test, library.path().to_str().unwrap());
        assert!(status.success(), "{status}");
        // As the provider saw it: nothing of it was alive at the end, and it was unloaded.
        let log = library.log();
        let asked = log
            .lines
            .iter()
            .rfind(|l| l.method == "DllCanUnloadNow" && l.detail.contains("living"));
        assert_eq!(asked.unwrap().detail, "living=0");
        assert_eq!(log.lines.last().unwrap().method, "unloaded");
        return;
    };
    set_level(DebugLevel::TRACE);
    let left = || {
        let owners = Owner::all().into_iter();
        let owned: Vec<(String, u64)> = owners
            .map(|o| (o.name(), o.usage().blocks))
            .filter(|(_, n)| *n > 0)
            .collect();
        (
            owned.iter().map(|(_, n)| n).sum::<u64>(),
            format!("{owned:?}: {:#?}", live_blocks(None)),
        )
    };
    let world = World::new();
    world.profile("p", &["EXAB", "MSGSTORE", "EXMS"]);
    world.add_foreign("p", Path::new(&path), "AS");
    let session = world.logon("p");
    drop(session.open_address_book(0, None, 0).unwrap());
    assert_eq!(stores(&session).len(), 3);
    for number in 0..3 {
        let store = open_store(&session, number);
        let worked = work(&store);
        // The one in C++ is read only.
        assert!(worked.is_ok() || number == 2, "{worked:?}");
        store.store_logoff(mapi_sys::LOGOFF_ORDERLY).unwrap();
    }
    let held = raw_rows(&session.get_status_table(0).unwrap());
    // SAFETY: the set is ours.
    let blocks = 1 + u64::from(unsafe { (*held).cRows });
    session.logoff(0, 0, 0).unwrap();
    drop(session);
    assert!(world.subsystem.stop().sessions.is_empty());
    drop(world);
    let (count, what) = left();
    assert_eq!(count, blocks, "only what the client holds: {what}");
    // SAFETY: the set is ours, and so is each row of it.
    unsafe {
        for at in 0..(*held).cRows as usize {
            free((*(&raw const (*held).aRow).cast::<mapi_sys::SRow>().add(at)).lpProps);
        }
    }
    free(held);
    let (count, what) = left();
    assert_eq!(count, 0, "{what}");
}

/// A session from logon to logoff, as far as it comes. However far that is, it ends.
fn cycle(world: &World) -> Result<()> {
    let session = world.try_logon("p", mapi_sys::MAPI_NEW_SESSION)?;
    let result = (|| {
        let book = session.open_address_book(0, None, 0)?;
        let table = session.get_msg_stores_table(0)?;
        table.set_columns(&[tag::PR_ENTRYID], 0)?;
        let ids = table.query_rows(10, 0)?;
        for row in &ids {
            let id = row.get(tag::PR_ENTRYID).and_then(|v| v.as_bytes());
            let id = EntryId::from(id.ok_or(ErrorCode::NOT_ENOUGH_MEMORY)?);
            let store = session.open_msg_store(0, &id, None, mapi_sys::MDB_WRITE)?;
            store.get_props(Some(&[tag::PR_DISPLAY_NAME]), 0)?;
            drop(store.open_entry(&EntryId::default(), None, 0)?);
        }
        session.get_status_table(0)?.query_rows(10, 0)?;
        drop(book);
        Ok(())
    })();
    session.logoff(0, 0, 0)?;
    result
}

// LIFE-MEM-009, LIFE-MEM-005
#[test]
fn a_session_without_memory_fails_and_comes_down() {
    let Some(path) = child::argument() else {
        let library = Installed::cpp();
        let test = "buffers::a_session_without_memory_fails_and_comes_down";
        let status = child::run(test, library.path().to_str().unwrap());
        assert!(status.success(), "{status}");
        // However far each session came, its logons and objects were ended, as often as they were made.
        let log = library.log();
        let ended = |made: &str, end: &str| {
            let made = (log.lines.iter()).filter(|l| l.call() == made && l.result() == Some(0));
            assert_eq!(made.count(), log.count(end), "{end}");
        };
        ended("library.ABProviderInit", "IABProvider.Shutdown");
        ended("library.MSProviderInit", "IMSProvider.Shutdown");
        assert_eq!(log.lines.last().unwrap().method, "unloaded");
        return;
    };
    let world = World::new();
    world.profile("p", &["EXAB"]);
    world.add_foreign("p", Path::new(&path), "AS");
    cycle(&world).unwrap();
    let name = path.clone();
    let hosted = (world.subsystem.libraries())
        .get(&name, world.subsystem.search())
        .unwrap();
    // MAPI's own blocks, and those that the provider takes from MAPI's allocators.
    for owner in [Owner::MAPI, hosted.owner()] {
        let before = owner.usage().blocks;
        for repeat in [Repeat::Once, Repeat::ForGood] {
            let mut failures = 0;
            for nth in 1.. {
                let armed = fail_nth(owner, nth, repeat);
                let outcome = cycle(&world);
                let fired = armed.fired();
                drop(armed);
                assert_eq!(
                    owner.usage().blocks,
                    before,
                    "after failure {nth} ({repeat:?})"
                );
                if fired == 0 {
                    outcome.unwrap();
                    break;
                }
                failures += 1;
            }
            assert!(failures > 5, "only {failures} places ({repeat:?})");
        }
    }
    drop(hosted);
    world.subsystem.stop();
}
