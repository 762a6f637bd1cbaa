//! The exemplary providers as loaded libraries: the same code behind a real entry point, and gone again afterwards.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, clippy::unwrap_used)]

mod host;

use std::path::PathBuf;
use std::process::Command;
use std::sync::Once;

use host::{Host, end_logon, end_provider, fresh};
use libloading::os::unix::Library;
use mapi_com::host_call::{LogonObject, ProviderInit};
use mapi_com::iface::{AbLogon, MapiContainer, MapiProp, MapiTable, MsgStore};
use mapi_com::ptr::ComPtr;
use mapi_sys::{
    ABPROVIDERINIT, FN_DllCanUnloadNow, IABContainer, IMAPIFolder, MAPI_MODIFY, MSPROVIDERINIT,
};
use mapi_types::{EntryId, ErrorCode, tag};

const S_FALSE: i32 = 1;

/// The file of a library crate, built now if it is not.
fn built(crate_name: &str, file: &str) -> PathBuf {
    static BUILD: Once = Once::new();
    BUILD.call_once(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "build",
            "--quiet",
            "-p",
            "exemplary-library",
            "-p",
            "exemplary-store-library",
        ]);
        assert!(
            cargo.status().unwrap().success(),
            "cargo cannot build the libraries"
        );
    });
    let deps = std::env::current_exe().unwrap();
    let folder = deps.parent().unwrap().parent().unwrap();
    let path = folder.join(file);
    assert!(
        path.exists(),
        "{crate_name} has not made {}",
        path.display()
    );
    path
}

fn is_mapped(file: &str) -> bool {
    std::fs::read_to_string("/proc/self/maps")
        .unwrap()
        .contains(file)
}

struct Loaded {
    library: Library,
    file: &'static str,
}

impl Loaded {
    /// A copy of its own, so that tests side by side do not share one.
    fn open(crate_name: &str, built_file: &str, file: &'static str) -> Self {
        let copy = std::env::temp_dir().join(format!("{}-{file}", std::process::id()));
        std::fs::copy(built(crate_name, built_file), &copy).unwrap();
        // SAFETY: the library's start code is Rust's own.
        let library = unsafe { Library::open(Some(&copy), libc_now()) }.unwrap();
        std::fs::remove_file(copy).unwrap();
        Self { library, file }
    }

    fn symbol<T: Copy>(&self, name: &str) -> T {
        // SAFETY: the symbols have the types of the headers.
        *unsafe { self.library.get::<T>(name.as_bytes()) }.unwrap()
    }

    fn can_unload(&self) -> i32 {
        let can_unload: FN_DllCanUnloadNow = self.symbol("DllCanUnloadNow");
        // SAFETY: the function has no conditions.
        unsafe { can_unload() }
    }

    fn close(self) {
        self.library.close().unwrap();
        assert!(!is_mapped(self.file), "LIFE-UNLOAD-004");
    }
}

fn libc_now() -> i32 {
    libloading::os::unix::RTLD_NOW | libloading::os::unix::RTLD_LOCAL
}

#[test]
fn life_unload_004_an_address_book_library_comes_and_goes() {
    for _ in 0..10 {
        let loaded = Loaded::open("exemplary-library", "libexemplary_ab.so", "cycle_ab.so");
        let host = Host::new("library ab");
        let init: ABPROVIDERINIT = loaded.symbol("ABProviderInit");
        assert_eq!(loaded.can_unload(), 0);
        let provider = host.init(ProviderInit::AddressBook(init)).unwrap();
        assert_eq!(loaded.can_unload(), S_FALSE);
        let (name, _) = fresh("library");
        let book = host.open_book(&provider, &name);
        let root = book.logon.open_entry(&EntryId::default(), None, 0);
        let root: ComPtr<IABContainer> = root.unwrap().object.query().unwrap();
        let hierarchy = root.get_hierarchy_table(0).unwrap();
        assert_eq!(hierarchy.query_rows(10, 0).unwrap().len(), 1);
        drop((root, hierarchy));
        assert_eq!(end_logon(LogonObject::AddressBook(book.logon)), 0);
        assert_eq!(end_provider(provider), 0);
        assert_eq!(host.blocks(), 0);
        assert_eq!(loaded.can_unload(), 0);
        assert!(host.worker.join(None));
        loaded.close();
    }
}

#[test]
fn life_store_019_what_a_client_keeps_outlives_the_library() {
    let loaded = Loaded::open(
        "exemplary-store-library",
        "libexemplary_ms.so",
        "outlived_ms.so",
    );
    let host = Host::new("library ms");
    let init: MSPROVIDERINIT = loaded.symbol("MSProviderInit");
    let provider = host.init(ProviderInit::Store(init)).unwrap();
    let (name, _) = fresh("outlived");
    let open = host.open(&provider, &name);
    let root = open
        .store
        .open_entry(&EntryId::default(), None, MAPI_MODIFY);
    let root: ComPtr<IMAPIFolder> = root.unwrap().object.query().unwrap();
    assert!(root.get_props(Some(&[tag::PR_ENTRYID]), 0).is_ok());
    assert_eq!(open.force_logoff(), 0);
    assert_eq!(end_provider(provider), 0);
    // All of its objects are MAPI's by now.
    assert_eq!(loaded.can_unload(), 0);
    assert!(host.worker.join(None));
    loaded.close();
    let code = root.get_props(None, 0).unwrap_err().code();
    assert_eq!(code, ErrorCode::INVALID_OBJECT);
    assert_eq!(
        open.store.store_logoff(1).unwrap_err().code(),
        ErrorCode::INVALID_OBJECT
    );
    assert_eq!(root.clone().release(), 1);
    assert_eq!(root.release(), 0);
    assert_eq!(open.store.release(), 0);
    assert_eq!(host.blocks(), 0);
}
