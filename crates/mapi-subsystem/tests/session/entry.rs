//! What providers are handed at their entry points and logons, and what they keep of it, as they wrote it down themselves.

use exemplary::{Installed, Line, Log, Phase};
use mapi_com::alloc::malloc_references;
use mapi_com::iface::{AddrBook as _, MapiContainer as _, MapiProp as _, MapiSession as _};
use mapi_com::iface::{MapiTable as _, MsgStore as _};
use mapi_com::ptr::ComPtr;
use mapi_sys::{CURRENT_SPI_VERSION, IMAPIFolder};
use mapi_types::{EntryId, MapiUid, tag};

use crate::world::{World, open_store, stores};

/// MAPI_NT_SERVICE, as the log shows it.
const NT_SERVICE: &str = "10000";

fn notes<'a>(log: &'a Log, about: &str) -> Vec<&'a Line> {
    let is_it = |l: &&Line| l.phase == Phase::Note && l.method == about;
    log.lines.iter().filter(is_it).collect()
}

fn entries(log: &Log) -> Vec<&Line> {
    let is_it = |l: &&Line| {
        l.phase == Phase::Enter && l.interface == "library" && l.method.ends_with("ProviderInit")
    };
    log.lines.iter().filter(is_it).collect()
}

/// Both address book and store of a library, in use.
fn one_session(world: &World, profile: &str) {
    let session = world.logon(profile);
    let book = session.open_address_book(0, None, 0).unwrap().0;
    let store = open_store(&session, 0);
    let root = store.open_entry(&EntryId::default(), None, 0).unwrap();
    let root: ComPtr<IMAPIFolder> = root.object.query().unwrap();
    let rows = root.get_contents_table(0).unwrap().query_rows(10, 0);
    assert_eq!(rows.unwrap().len(), 1);
    store.get_props(Some(&[tag::PR_DISPLAY_NAME]), 0).unwrap();
    book.get_search_path(0).unwrap();
    drop((root, store, book));
    session.logoff(0, 0, 0).unwrap();
}

// LIFE-INIT-007
#[test]
fn entry_points_get_what_works() {
    for nt_service in [false, true] {
        let library = Installed::cpp();
        let world = World::with(|config| config.nt_service = nt_service);
        world.profile("p", &[]);
        world.add_foreign("p", library.path(), "AS");
        one_session(&world, "p");
        let log = library.log();
        let mut begun: Vec<&str> = entries(&log).iter().map(|l| l.method.as_str()).collect();
        begun.sort_unstable();
        assert_eq!(begun, ["ABProviderInit", "MSProviderInit"]);
        let flags = if nt_service { NT_SERVICE } else { "0" };
        for line in entries(&log) {
            let wanted = format!("flags={flags} version={CURRENT_SPI_VERSION:08X}");
            assert_eq!(line.detail, wanted, "{line:?}");
        }
        // The provider has tried all of it inside the call.
        let handed = notes(&log, "handed over");
        assert_eq!(handed.len(), 2);
        for line in handed {
            let wanted = "instance=1 malloc=1 buffers=1 preset=1";
            assert_eq!(line.detail, wanted, "{line:?}");
        }
    }
}

/// The kinds of support object a method belongs to (constants.md, 14), and whether it is built: A address book, S store,
/// T transport, C configuration.
const METHODS: [(&str, &str, bool); 41] = [
    ("GetLastError", "ASTC", true),
    ("GetMemAllocRoutines", "ASTC", true),
    ("Subscribe", "AST", true),
    ("Unsubscribe", "AST", true),
    ("Notify", "AST", true),
    ("ModifyStatusRow", "AST", true),
    ("OpenProfileSection", "ASTC", true),
    ("RegisterPreprocessor", "T", false),
    ("NewUID", "ASTC", true),
    ("MakeInvalid", "ASTC", true),
    ("SpoolerYield", "T", false),
    ("SpoolerNotify", "ST", false),
    ("CreateOneOff", "AST", true),
    ("SetProviderUID", "AS", true),
    ("CompareEntryIDs", "AST", true),
    ("OpenTemplateID", "A", false),
    ("OpenEntry", "AST", true),
    ("GetOneOffTable", "A", false),
    ("Address", "A", false),
    ("Details", "A", false),
    ("NewEntry", "A", false),
    ("DoConfigPropsheet", "ASTC", false),
    ("CopyMessages", "S", false),
    ("CopyFolder", "S", false),
    ("DoCopyTo", "S", false),
    ("DoCopyProps", "S", false),
    ("DoProgressDialog", "AS", false),
    ("ReadReceipt", "S", false),
    ("PrepareSubmit", "S", false),
    ("ExpandRecips", "S", false),
    ("UpdatePAB", "", false),
    ("DoSentMail", "S", false),
    ("OpenAddressBook", "AST", true),
    ("Preprocess", "", false),
    ("CompleteMsg", "S", false),
    ("StoreLogoffTransports", "S", true),
    ("StatusRecips", "T", false),
    ("WrapStoreEntryID", "AST", true),
    ("ModifyProfile", "S", false),
    ("IStorageFromStream", "AST", false),
    ("GetSvcConfigSupportObj", "C", true),
];

/// What a provider of this kind wrote down when it called every method of its support object.
fn is_of_its_kind(log: &Log, kind: char) {
    let place = |detail: &str| {
        let is_it = |l: &Line| l.phase == Phase::Note && l.method == "survey" && l.detail == detail;
        log.lines.iter().position(is_it).unwrap()
    };
    let survey = &log.lines[place("begins")..place("ends")];
    let number = survey[0].number;
    let calls: Vec<&Line> = survey
        .iter()
        .filter(|l| l.phase == Phase::Leave && l.interface == "IMAPISupport" && l.number == number)
        .collect();
    let names: Vec<&str> = calls.iter().map(|l| l.method.as_str()).collect();
    let slots = ["QueryInterface", "AddRef", "Release"];
    let methods = METHODS.iter().map(|(method, ..)| *method);
    assert_eq!(names, slots.into_iter().chain(methods).collect::<Vec<_>>());
    for (line, (method, kinds, built)) in calls[slots.len()..].iter().zip(METHODS) {
        let refused = line.result() == Some(mapi_sys::MAPI_E_NO_SUPPORT.cast_unsigned());
        let has_it = built && kinds.contains(kind);
        assert_eq!(refused, !has_it, "{kind}: {method}: {}", line.detail);
    }
}

// LIFE-SUP-001
#[test]
fn a_support_object_has_the_methods_of_its_kind() {
    for (kind, vice, letters) in [
        ('A', "IABLogon.surveys_support", "A"),
        ('S', "IMSLogon.surveys_support", "S"),
    ] {
        let library = vices::install("curious", &[(vice, "yes")]);
        let world = World::new();
        let session = world.foreign(library.path(), letters);
        let uid = if kind == 'A' {
            drop(session.open_address_book(0, None, 0).unwrap());
            MapiUid(*b"openmapi-ab\0\0\0\0\x01")
        } else {
            let store = open_store(&session, 0);
            std::mem::forget(store);
            MapiUid(exemplary::store_uid("libcurious S0"))
        };
        let (left, right) = (EntryId::new(uid, b"Fx"), EntryId::new(uid, b"Fy"));
        session.compare_entry_ids(&left, &right, 0).unwrap();
        is_of_its_kind(&library.log(), kind);
        session.logoff(0, 0, 0).unwrap();
    }
    // The configuration support object goes to the service entry point.
    let vices = [
        ("library.surveys_support", "yes"),
        ("IMSProvider.Logon.refusal", "unconfigured"),
    ];
    let library = vices::install("curious", &vices);
    let world = World::new();
    let session = world.foreign(library.path(), "S");
    drop(open_store(&session, 0));
    is_of_its_kind(&library.log(), 'C');
    session.logoff(0, 0, 0).unwrap();
}

/// Whether each logon kept its support object and, from its last Release of it on, left it alone.
pub fn uses_support_objects_well(log: &Log) -> bool {
    let is = |l: &Line, call: &str, phase| l.call() == call && l.phase == phase;
    let logons = log.lines.iter().filter(|l| {
        l.phase == Phase::Leave
            && l.method == "Logon"
            && l.result() == Some(0)
            && l.interface != "library"
    });
    let mut supports: Vec<u32> = (log.lines.iter())
        .filter(|l| is(l, "IMAPISupport.AddRef", Phase::Leave))
        .map(|l| l.number)
        .collect();
    supports.dedup();
    let left_alone = supports.iter().all(|number| {
        let mine = |l: &&Line| l.interface == "IMAPISupport" && l.number == *number;
        let last = log.lines.iter().rfind(mine).unwrap();
        last.method == "Release" && last.result() == Some(0)
    });
    supports.len() == logons.count() && left_alone
}

// LIFE-LOGON-010, LIFE-SUP-005
#[test]
fn a_logon_keeps_its_support_object_until_its_last_use_of_it() {
    let session_of = |library: &std::path::Path| {
        let world = World::new();
        world.profile("p", &[]);
        world.add_foreign("p", library, "AS");
        one_session(&world, "p");
    };
    let good = Installed::cpp();
    session_of(good.path());
    assert!(uses_support_objects_well(&good.log()));
    let late = vices::install("late", &[("IMSLogon.uses_support_late", "yes")]);
    session_of(late.path());
    assert!(!uses_support_objects_well(&late.log()), "a vice is seen");
    let used = late.log().lines;
    let code = used.iter().rfind(|l| l.call() == "IMAPISupport.NewUID");
    let dead = mapi_sys::MAPI_E_INVALID_OBJECT.cast_unsigned();
    assert_eq!(code.and_then(|l| l.result()), Some(dead), "and harmless");
}

// LIFE-INIT-011, LIFE-INIT-012, LIFE-MEM-005
#[test]
fn a_provider_gives_back_the_allocator_and_the_blocks_it_got() {
    let library = Installed::cpp();
    let world = World::new();
    world.profile("p", &[]);
    world.add_foreign("p", library.path(), "AS");
    let name = library.path().to_string_lossy().into_owned();
    let session = world.logon("p");
    let store = open_store(&session, 0);
    let hosted = (world.subsystem.libraries())
        .get(&name, world.subsystem.search())
        .unwrap();
    let owner = hosted.owner();
    assert_eq!(
        malloc_references(owner),
        2,
        "each provider object has its own"
    );
    // What a client holds is in the ledger of the library: its objects, and what they return.
    let objects = owner.usage().blocks;
    let root = store.open_entry(&EntryId::default(), None, 0).unwrap();
    assert_eq!(owner.usage().blocks, objects + 1);
    drop((root, store));
    session.logoff(0, 0, 0).unwrap();
    assert_eq!(malloc_references(owner), 0);
    assert_eq!(owner.usage().blocks, 0);
}

fn dialogs(library: &Installed) -> usize {
    let world = World::new();
    let session = world.foreign(library.path(), "AS");
    drop(session.open_address_book(0, None, 0).unwrap());
    let opened = session.open_msg_store(0, &stores(&session)[0], None, mapi_sys::MDB_NO_DIALOG);
    drop(opened.unwrap());
    session.logoff(0, 0, 0).unwrap();
    let log = library.log();
    let logons = (log.lines.iter()).filter(|l| l.phase == Phase::Enter && l.method == "Logon");
    for line in logons {
        // AB_NO_DIALOG and MDB_NO_DIALOG have one value.
        let flags = u32::from_str_radix(line.detail.strip_prefix("flags=").unwrap(), 16).unwrap();
        assert_ne!(flags & mapi_sys::MDB_NO_DIALOG, 0, "{line:?}");
    }
    log.count("IMAPISupport.DoConfigPropsheet")
}

// LIFE-LOGON-015
#[test]
fn no_dialog_appears_where_it_is_forbidden() {
    assert_eq!(dialogs(&Installed::cpp()), 0);
    let vain = vices::install("vain", &[("IMSLogon.shows_dialog", "yes")]);
    assert_eq!(dialogs(&vain), 1, "a vice is seen, and refused by MAPI");
}
