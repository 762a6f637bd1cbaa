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
