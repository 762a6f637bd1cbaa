//! Each header compiles alone, without warnings, in every language version MAPI sources are written in.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DIALECTS: &[(&str, &str)] = &[
    ("c", "c11"),
    ("c++", "c++11"),
    ("c++", "c++14"),
    ("c++", "c++17"),
    ("c++", "c++20"),
];

/// The compilers of this machine; a missing clang is no failure, a missing cc is.
fn compilers() -> Vec<&'static str> {
    let works = |name: &&str| {
        Command::new(name)
            .arg("--version")
            .output()
            .is_ok_and(|o| o.status.success())
    };
    let found: Vec<_> = ["cc", "clang"].into_iter().filter(works).collect();
    assert!(found.contains(&"cc"), "no C compiler");
    found
}

fn include() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../include")
}

/// Compiles `source` from standard input; what the compiler said when it was not content.
fn compile(
    compiler: &str,
    (language, standard): (&str, &str),
    options: &[&str],
    source: &str,
) -> Option<String> {
    let mut child = Command::new(compiler)
        .args([
            "-x",
            language,
            &format!("-std={standard}"),
            "-fsyntax-only",
            "-",
        ])
        .args(["-Wall", "-Wextra", "-pedantic", "-Werror"])
        .args(options)
        .arg("-I")
        .arg(include())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the compiler was found");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(source.as_bytes())
        .expect("the compiler reads");
    let output = child.wait_with_output().expect("the compiler ends");
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn each_header_compiles_alone_as_c_and_cpp() {
    let mut names: Vec<String> = std::fs::read_dir(include())
        .expect("include/ is checked in")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".h"))
        .collect();
    names.sort();
    assert!(names.len() > 20, "{names:?}");
    for compiler in compilers() {
        for name in &names {
            for dialect in DIALECTS {
                let source = format!("#include <{name}>\n");
                let error = compile(compiler, *dialect, &[], &source);
                assert_eq!(error, None, "{compiler} {dialect:?} {name}");
            }
        }
    }
}

#[test]
fn headers_compile_with_unicode_and_with_identifiers_defined() {
    let all = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("cpp/all.h"))
        .expect("all.h");
    for compiler in compilers() {
        for dialect in DIALECTS {
            for option in ["-DUNICODE", "-DINITGUID"] {
                assert_eq!(
                    compile(compiler, *dialect, &[option], &all),
                    None,
                    "{compiler} {dialect:?} {option}"
                );
            }
        }
    }
}

/// What sources written on Windows begin with, with the stand-ins of `compat/` and `lowercase/`.
#[cfg(not(windows))]
#[test]
fn sources_that_include_windows_headers_compile() {
    let folder = |name: &str| format!("-I{}", include().join(name).display());
    let (compat, lowercase) = (folder("compat"), folder("lowercase"));
    let source = r#"
#include <windows.h>
#include <objidl.h>
#include <ole2.h>
#include <tchar.h>
#include <unknwn.h>
#include <initguid.h>
#include <mapiguid.h>
#include <mapix.h>
#include <mapiutil.h>
#define NAME "name"
static const TCHAR name[] = TEXT(NAME);
static const WCHAR wide[] = WIDE("wide");
int used(void);
int used(void) { return name[0] == wide[0]; }
"#;
    for compiler in compilers() {
        for dialect in DIALECTS {
            for (wide, option) in [
                ("-DWIDE(s)=u##s", "-DNARROW"),
                ("-DWIDE(s)=L##s", "-fshort-wchar"),
            ] {
                for unicode in ["-DUNICODE", "-UUNICODE"] {
                    let options = [&*compat, &*lowercase, wide, option, unicode];
                    let error = compile(compiler, *dialect, &options, source);
                    assert_eq!(error, None, "{compiler} {dialect:?} {option} {unicode}");
                }
            }
        }
    }
}

/// Against the Windows SDK's own definitions, 64 and 32 bits wide, where such compilers are installed.
#[test]
fn layouts_hold_for_windows_compilers() {
    let cpp = Path::new(env!("CARGO_MANIFEST_DIR")).join("cpp");
    for target in ["x86_64-w64-mingw32", "i686-w64-mingw32"] {
        for (tool, standard, file) in [
            ("gcc", "-std=c11", "layout.c"),
            ("g++", "-std=c++11", "layout.cpp"),
        ] {
            let mut compiler = Command::new(format!("{target}-{tool}"));
            compiler.args([
                standard,
                "-Wall",
                "-Wextra",
                "-Werror",
                "-fsyntax-only",
                "-I",
            ]);
            let Ok(output) = compiler.arg(include()).arg(cpp.join(file)).output() else {
                continue; // not installed
            };
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{target} {file}: {said}");
        }
    }
}

/// What a MAPI program in C writes: calls through the vtable.
#[test]
fn calls_in_c_compile() {
    let source = r#"
#include <MAPIX.h>
HRESULT inbox(LPMDB store, LPMAPITABLE *table) {
    ULONG size = 0, type = 0;
    LPENTRYID id = NULL;
    LPUNKNOWN folder = NULL;
    HRESULT hr = store->lpVtbl->GetReceiveFolder(store, NULL, 0, &size, &id, NULL);
    if (FAILED(hr)) return hr;
    hr = store->lpVtbl->OpenEntry(store, size, id, &IID_IMAPIFolder, MAPI_BEST_ACCESS, &type, &folder);
    MAPIFreeBuffer(id);
    if (FAILED(hr)) return hr;
    hr = ((LPMAPIFOLDER)folder)->lpVtbl->GetContentsTable((LPMAPIFOLDER)folder, MAPI_UNICODE, table);
    folder->lpVtbl->Release(folder);
    return hr;
}
"#;
    for compiler in compilers() {
        assert_eq!(
            compile(compiler, DIALECTS[0], &[], source),
            None,
            "{compiler}"
        );
    }
}

/// What a MAPI program writes: strings, property tags of both kinds, a class made of the method macros.
#[test]
fn the_usual_idioms_compile() {
    let source = r#"
#include <MAPISPI.h>
struct Sink : public IMAPIAdviseSink {
    MAPI_IUNKNOWN_METHODS(IMPL)
    MAPI_IMAPIADVISESINK_METHODS(IMPL)
};
static_assert(sizeof(TCHAR) == 1 && sizeof(WCHAR) == 2, "8-bit by default");
static_assert(PR_SUBJECT == PR_SUBJECT_A && PROP_TYPE(PR_SUBJECT_W) == PT_UNICODE, "tags");
static_assert(CbNewSPropTagArray(3) == 16, "one count, three tags");
static const WCHAR name[] = OLESTR("name");
static const SizedSPropTagArray(2, columns) = {2, {PR_ENTRYID, PR_DISPLAY_NAME_W}};
bool failed(HRESULT hr) { return FAILED(hr) || hr == MAPI_E_NO_SUPPORT || !name[0] || !columns.cValues; }
"#;
    for compiler in compilers() {
        for dialect in DIALECTS.iter().filter(|(language, _)| *language == "c++") {
            assert_eq!(
                compile(compiler, *dialect, &[], source),
                None,
                "{compiler} {dialect:?}"
            );
        }
    }
}
