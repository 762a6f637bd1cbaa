//! Loading and freeing of provider libraries, with real libraries of each kind that stays mapped.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, clippy::unwrap_used)] // the test plays the foreign side

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::{Workshop, mappings_of};
use mapi_com::trampoline::Worker;
use mapi_subsystem::host::unmapped::Cause;
use mapi_subsystem::host::{
    BuiltIn, CanUnload, Freed, Libraries, Library, LibraryLog, LibraryStep, Search,
};
use mapi_types::ErrorCode;

const NOTHING: &str = "extern \"C\" int ABProviderInit() { return 0; }";

fn load(path: &Path) -> (Library, Arc<LibraryLog>) {
    let log = Arc::default();
    (Library::load(path, &log).unwrap(), log)
}

#[test]
fn entry_points_are_what_the_library_exports() {
    let workshop = Workshop::new();
    let source = "extern \"C\" {
        int ABProviderInit() { return 0; }
        int MSProviderInit() { return 0; }
        int Configure() { return 0; }
        void *XPProviderInitt;
    }";
    let (library, _) = load(&workshop.cpp("libp.so", source, &[]));
    let entries = library.entry_points();
    assert!(entries.address_book.is_some() && entries.message_store.is_some());
    assert!(entries.transport.is_none());
    assert!(library.service_entry("Configure").is_some());
    for absent in ["ServiceEntry", "", "with\0zero"] {
        assert!(library.service_entry(absent).is_none());
    }
    assert_eq!(library.free(), Freed::Unmapped);
}

#[test]
fn what_cannot_be_loaded_says_why() {
    let workshop = Workshop::new();
    let log = Arc::default();
    let code = |path: &Path| Library::load(path, &log).unwrap_err().code();
    assert_eq!(
        code(&workshop.folder().join("libabsent.so")),
        ErrorCode::NOT_FOUND
    );
    let text = workshop.folder().join("libtext.so");
    std::fs::write(&text, "not a library").unwrap();
    assert_eq!(code(&text), ErrorCode::CALL_FAILED);
    let unresolved =
        "extern \"C\" int nowhere(); extern \"C\" int ABProviderInit() { return nowhere(); }";
    let path = workshop.cpp("libu.so", unresolved, &[]);
    let error = Library::load(&path, &log).unwrap_err();
    assert!(error.text().contains("nowhere"), "{error}");
    assert!(log.events().is_empty());
}

// LIFE-UNLOAD-003: one FreeLibrary for each LoadLibrary.
#[test]
fn life_unload_003_each_load_is_freed_once() {
    let workshop = Workshop::new();
    let path = workshop.cpp("libtwice.so", NOTHING, &[]);
    let log = Arc::default();
    let first = Library::load(&path, &log).unwrap();
    let second = Library::load(&path, &log).unwrap();
    assert_eq!(first.free(), Freed::StillMapped(Cause::LoadedElsewhere(1)));
    assert!(mappings_of(&path) > 0);
    assert_eq!(second.free(), Freed::Unmapped);
    assert_eq!(mappings_of(&path), 0);
    assert_eq!(log.counts(&path), (2, 2));
}

// LIFE-UNLOAD-003: the table loads a library once, however often and under whatever name it is asked for, and frees it once.
#[test]
fn life_unload_003_the_table_loads_once_and_frees_once() {
    let workshop = Workshop::new();
    let path = workshop.cpp("libonce.so", NOTHING, &[]);
    let search = Search::with([workshop.folder()], None, None);
    let libraries = Libraries::default();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| libraries.get("once.dll", &search).unwrap());
        }
    });
    libraries.get("once", &search).unwrap();
    libraries.get(path.to_str().unwrap(), &search).unwrap();
    assert_eq!(libraries.log().outstanding(&path), 1);
    let ends = libraries.free_all(None);
    assert_eq!(ends.len(), 1);
    assert_eq!(
        (&ends[0].freed, ends[0].path.as_deref()),
        (&Freed::Unmapped, Some(path.as_path()))
    );
    let (loads, frees) = libraries.log().counts(&path);
    assert_eq!(loads, frees);
    assert_eq!(mappings_of(&path), 0);
}

// LIFE-UNLOAD-004: 100 cycles leave mappings and threads as they were after the first.
#[test]
fn life_unload_004_a_hundred_cycles_leave_nothing_mapped() {
    let workshop = Workshop::new();
    let source = "
        #include <string>
        static std::string text(1000, 'x');
        extern \"C\" int DllCanUnloadNow() { thread_local std::string mine(100, 'y'); return text.size() + mine.size() == 1100 ? 0 : 1; }";
    let path = workshop.cpp("libcycle.so", source, &["-fno-gnu-unique"]);
    let search = Search::with([workshop.folder()], None, None);
    let cycle = || {
        let libraries = Libraries::default();
        libraries.get("cycle", &search).unwrap();
        assert!(mappings_of(&path) > 0);
        let ends = libraries.free_all(None);
        assert_eq!(ends[0].freed, Freed::Unmapped);
        assert_eq!(mappings_of(&path), 0);
    };
    for _ in 0..100 {
        cycle();
    }
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let left = tasks.filter(|task| {
        std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim() == "cycle")
    });
    assert_eq!(left.count(), 0);
}

// LIFE-UNLOAD-004: a unique symbol keeps a library mapped, and the report names it.
#[test]
fn life_unload_004_unique_symbols_are_named_as_the_cause() {
    let workshop = Workshop::new();
    let source = "
        template <class T> struct Counter { static int count; };
        template <class T> int Counter<T>::count = 0;
        extern \"C\" int ABProviderInit() { return ++Counter<int>::count; }";
    let path = workshop.cpp("libunique.so", source, &[]);
    let (library, log) = load(&path);
    let Freed::StillMapped(cause) = library.free() else {
        panic!("it is unmapped")
    };
    let Cause::UniqueSymbols { count: 1, first } = &cause else {
        panic!("{cause}")
    };
    assert!(first.contains("Counter"), "{first}");
    assert!(mappings_of(&path) > 0);
    let LibraryStep::Freed(text) = &log.events()[1].step else {
        panic!()
    };
    assert!(
        text.contains("STB_GNU_UNIQUE") && text.contains("-fno-gnu-unique"),
        "{text}"
    );

    let mended = workshop.cpp("libmended.so", source, &["-fno-gnu-unique"]);
    assert_eq!(load(&mended).0.free(), Freed::Unmapped);
}

const RUST_WITH_THREAD_LOCAL: &str = "
    struct Mine(Box<u8>);
    impl Drop for Mine { fn drop(&mut self) { std::hint::black_box(&self.0); } }
    thread_local! { static MINE: Mine = Mine(Box::new(0)); }
    #[unsafe(no_mangle)]
    pub extern \"system\" fn DllCanUnloadNow() -> i32 { MINE.with(|mine| i32::from(*mine.0)) }";

// LIFE-UNLOAD-004: so does a thread-local destructor that is registered on a living thread; a thread of the host that has ended is none.
#[test]
fn life_unload_004_thread_local_destructors_are_named_as_the_cause() {
    let workshop = Workshop::new();
    let path = workshop.rust("librust.so", RUST_WITH_THREAD_LOCAL);
    let (library, _) = load(&path);
    let living = Worker::spawn("living").unwrap();
    assert_eq!(library.can_unload_now(&living, None), CanUnload::Yes);
    assert_eq!(
        library.free(),
        Freed::StillMapped(Cause::ThreadLocalDestructors)
    );
    assert!(mappings_of(&path) > 0);
    living.join(None);

    let (library, _) = load(&path);
    let ended = Worker::spawn("ended").unwrap();
    assert_eq!(library.can_unload_now(&ended, None), CanUnload::Yes);
    ended.join(None);
    assert_eq!(library.free(), Freed::Unmapped);
    assert_eq!(mappings_of(&path), 0);

    let source = "
        #include <string>
        extern \"C\" int DllCanUnloadNow() { thread_local std::string mine(100, 'y'); return mine.size() == 100 ? 0 : 1; }";
    let path = workshop.cpp("libcpp.so", source, &["-fno-gnu-unique"]);
    let (library, _) = load(&path);
    let living = Worker::spawn("living").unwrap();
    assert_eq!(library.can_unload_now(&living, None), CanUnload::Yes);
    assert_eq!(
        library.free(),
        Freed::StillMapped(Cause::ThreadLocalDestructors)
    );
    living.join(None);
}

// LIFE-UNLOAD-004: the marks and holders that are neither.
#[test]
fn life_unload_004_other_causes_are_told_apart() {
    let workshop = Workshop::new();
    let path = workshop.cpp("libstays.so", NOTHING, &["-Wl,-z,nodelete"]);
    assert_eq!(load(&path).0.free(), Freed::StillMapped(Cause::NoDelete));

    let path = workshop.cpp("libheld.so", NOTHING, &[]);
    // SAFETY: the library does nothing.
    let holder = unsafe { libloading::Library::new(&path) }.unwrap();
    assert_eq!(load(&path).0.free(), Freed::StillMapped(Cause::OtherHolder));
    holder.close().unwrap();
    assert_eq!(mappings_of(&path), 0);
}

// LIFE-UNLOAD-005: what is pinned is not freed, and the report says why.
#[test]
fn life_unload_005_a_pinned_library_stays() {
    let workshop = Workshop::new();
    let path = workshop.cpp("libpinned.so", NOTHING, &[]);
    let (library, log) = load(&path);
    library.pin("an object of it did not reach zero");
    library.pin("a later reason");
    let reason = "an object of it did not reach zero".to_owned();
    assert_eq!(library.free(), Freed::Pinned(reason.clone()));
    assert!(mappings_of(&path) > 0);
    assert_eq!(log.counts(&path), (1, 0));
    assert_eq!(log.events()[1].step, LibraryStep::Pinned(reason));
}

// LIFE-UNLOAD-005: DllCanUnloadNow is asked, and every answer but S_OK pins; also one that throws, ends its thread or never comes.
#[test]
fn life_unload_005_dll_can_unload_now_pins_the_library() {
    let workshop = Workshop::new();
    let search = Search::with([workshop.folder()], None, None);
    let answers = [
        ("yes", "return 0;", None),
        ("no", "return 1;", Some("S_FALSE")),
        (
            "fails",
            "return (int)0x80004005;",
            Some("MAPI_E_CALL_FAILED"),
        ),
        (
            "throws",
            "throw std::runtime_error(\"oh\");",
            Some("threw an exception: oh"),
        ),
        ("exits", "pthread_exit(0);", Some("ended its thread")),
        ("hangs", "for (;;) pause();", Some("does not return")),
    ];
    for (name, answer, reason) in answers {
        let source = format!(
            "#include <stdexcept>\n#include <pthread.h>\n#include <unistd.h>\n
             extern \"C\" int DllCanUnloadNow() {{ {answer} }}"
        );
        let path = workshop.cpp(&format!("lib{name}.so"), &source, &["-fno-gnu-unique"]);
        let libraries = Libraries::default();
        libraries.get(name, &search).unwrap();
        let freed = libraries
            .free_all(Some(Duration::from_millis(200)))
            .remove(0)
            .freed;
        match (reason, freed) {
            (None, Freed::Unmapped) => assert_eq!(mappings_of(&path), 0),
            (Some(reason), Freed::Pinned(text)) => {
                assert!(text.contains(reason), "{name}: {text}");
                assert!(mappings_of(&path) > 0);
            }
            (_, freed) => panic!("{name}: {freed}"),
        }
    }
}

// LIFE-UNLOAD-005: a library that something still refers to, and one whose record is dropped by mistake, stay mapped.
#[test]
fn life_unload_005_what_is_still_referred_to_stays() {
    let workshop = Workshop::new();
    let path = workshop.cpp("libreferred.so", NOTHING, &[]);
    let search = Search::with([workshop.folder()], None, None);
    let libraries = Libraries::default();
    let kept = libraries.get("referred", &search).unwrap();
    let ends = libraries.free_all(None);
    assert!(matches!(&ends[0].freed, Freed::Pinned(reason) if reason.contains("refers")));
    drop(kept);
    assert!(mappings_of(&path) > 0);
    assert_eq!(libraries.log().counts(&path), (1, 0));
    assert_eq!(libraries.log().events().len(), 2);
}

#[test]
fn static_destructors_run_when_the_library_is_freed() {
    let workshop = Workshop::new();
    let file = workshop.folder().join("said");
    let source = format!(
        "#include <stdio.h>\n
         struct Last {{ ~Last() {{ if (FILE *f = fopen(\"{}\", \"w\")) {{ fputs(\"unloaded\", f); fclose(f); }} }} }} last;",
        file.display()
    );
    let (library, _) = load(&workshop.cpp("liblast.so", &source, &[]));
    assert!(!file.exists());
    assert_eq!(library.free(), Freed::Unmapped);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "unloaded");
}

#[test]
fn built_in_providers_come_first_and_are_never_freed() {
    unsafe extern "system" fn configure(
        _: mapi_sys::HINSTANCE,
        _: mapi_sys::LPMALLOC,
        _: mapi_sys::LPMAPISUP,
        _: mapi_sys::ULONG_PTR,
        _: u32,
        _: u32,
        _: u32,
        _: mapi_sys::LPSPropValue,
        _: mapi_sys::LPPROVIDERADMIN,
        _: *mut mapi_sys::LPMAPIERROR,
    ) -> i32 {
        0
    }
    let workshop = Workshop::new();
    workshop.cpp("libours.so", NOTHING, &[]);
    let search = Search::with([workshop.folder()], None, None);
    let libraries = Libraries::new(vec![BuiltIn {
        name: "Ours",
        entry_points: Default::default(),
        service_entries: &[("Configure", configure)],
    }]);
    let ours = libraries.get("ours.dll", &search).unwrap();
    assert!(Arc::ptr_eq(&ours, &libraries.get("OURS", &search).unwrap()));
    assert!(ours.library().path().is_none());
    assert!(!ours.library().instance().is_null());
    assert!(ours.library().service_entry("Configure").is_some());
    assert!(ours.library().service_entry("Other").is_none());
    ours.pin("has no effect");
    ours.worker().unwrap();
    drop(ours);
    let ends = libraries.free_all(None);
    assert_eq!(
        (ends[0].name.as_str(), &ends[0].freed),
        ("Ours", &Freed::BuiltIn)
    );
    assert!(libraries.log().events().is_empty());
}
