use std::fs;
use std::path::Path;

use mapi_types::{MapiUid, PropTag, PropValue, UnicodeString, tag};
use proptest::prelude::*;

use super::super::content::GLOBAL_SECTION;
use super::*;

fn file(text: &str) -> InfFile {
    parse(text.as_bytes(), Path::new("t.inf"))
}

fn catalog(text: &str) -> ServiceCatalog {
    ServiceCatalog::from_files([file(text)])
}

fn told(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

const SAMPLE: &str = "
; two services
[Services]
AB=Default Address Book
MsgService = My Own Service

[DEFAULT SERVICES]
AB=Default Address Book

[ab]
PR_DISPLAY_NAME=\"Address Book\"
Providers=AB Provider
PR_SERVICE_DLL_NAME=AB.DLL
PR_SERVICE_ENTRY_NAME=DABServiceEntry
PR_SERVICE_SUPPORT_FILES=AB.DLL, ABX.DLL
PR_RESOURCE_FLAGS=SERVICE_SINGLE_COPY | SERVICE_NO_PRIMARY_IDENTITY

[AB Provider]
PR_DISPLAY_NAME=Default Address Book
PR_PROVIDER_DISPLAY=Default Address Book
PR_PROVIDER_DLL_NAME=AB.DLL
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER
6600001e=C:\\DEFAB.TXT

[MsgService]
Providers=MsgService Prov1, msgservice prov2
Sections=First_Section

[MsgService Prov1]
PR_DISPLAY_NAME=Folders
PR_PROVIDER_DISPLAY=Folders of mine
PR_PROVIDER_DLL_NAME=MYZZZ
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_RESOURCE_FLAGS=STATUS_NO_DEFAULT_STORE
66060003=05010000
34140102=78b2fa70aff711cd9bc800aa002fc45a

[MsgService Prov2]
pr_display_name=Transport
PR_PROVIDER_DISPLAY=Transport
PR_PROVIDER_DLL_NAME=MYXXX
PR_RESOURCE_TYPE=36

[First_Section]
UID=13DBB0C8AA05101A9BB000AA002FC45A
66000003=00040000
";

#[test]
fn a_typical_file_is_understood() {
    let catalog = catalog(SAMPLE);
    assert_eq!(told(catalog.problems()), Vec::<String>::new());
    assert_eq!(catalog.names().collect::<Vec<_>>(), ["AB", "MsgService"]);
    assert_eq!(catalog.default_names().collect::<Vec<_>>(), ["AB"]);

    let ab = catalog.service("ab").unwrap();
    assert_eq!(
        (ab.name.as_str(), ab.title.as_str()),
        ("AB", "Default Address Book")
    );
    assert_eq!(ab.props.text(tag::PR_DISPLAY_NAME).unwrap(), "Address Book");
    assert_eq!(ab.props.bits(tag::PR_RESOURCE_FLAGS), 0x22);
    assert_eq!(
        ab.props.get(tag::PR_SERVICE_SUPPORT_FILES),
        Some(&PropValue::MvUnicode(vec![
            UnicodeString::from("AB.DLL"),
            UnicodeString::from("ABX.DLL")
        ]))
    );
    let provider = &ab.providers[0];
    assert_eq!(provider.props.bits(tag::PR_RESOURCE_TYPE), 35);
    let path = PropTag::from_raw(0x6600_001E);
    assert_eq!(provider.props.text(path).unwrap(), "C:\\DEFAB.TXT");

    let own = catalog.service("MsgService").unwrap();
    assert_eq!(own.providers.len(), 2);
    let number = PropTag::from_raw(0x6606_0003);
    assert_eq!(own.providers[0].props.bits(number), 0x105);
    let kind = own.providers[0].props.get(tag::PR_MDB_PROVIDER).unwrap();
    assert_eq!(kind.as_bytes().unwrap()[..2], [0x78, 0xB2]);
    assert_eq!(own.providers[1].props.bits(tag::PR_RESOURCE_TYPE), 36);
    assert_eq!(own.sections[0].uid, Some(GLOBAL_SECTION));
    assert!(catalog.service("nothing").is_err());
    assert!(catalog.provider("MsgService", "MSGSERVICE PROV2").is_ok());
}

#[test]
fn the_quirks_of_windows() {
    let inf = file(
        "lost=1\n[A]\nk = 'v'\nK=second\n[b\nx=\"a;b\"\ny='\n[a] ; comment\nz=1\nno sign\n=1\n[]\nq=1\n[c] d\nw=a\u{7}b\n",
    );
    let a = &inf.sections[0];
    assert_eq!(a.entry("K").unwrap().value, "v");
    assert_eq!(a.entry("Z").unwrap().value, "1");
    let b = &inf.sections[1];
    assert_eq!((b.name.as_str(), b.line), ("b", 5));
    assert_eq!(b.entry("x").unwrap().value, "a;b");
    assert_eq!(b.entry("y").unwrap().value, "'");
    assert_eq!(
        told(&inf.problems),
        [
            "t.inf:1: error: this entry is in no section",
            "t.inf:4: error: there is an entry 'K' in this section already, which counts",
            "t.inf:5: warning: the ']' is missing",
            "t.inf:8: warning: this continues the section of line 2",
            "t.inf:10: error: there is no '=' in this line",
            "t.inf:11: error: there is nothing before the '='",
            "t.inf:12: error: the section has no name",
            "t.inf:13: error: this entry is in no section",
            "t.inf:14: warning: what follows the ']' does not count",
            "t.inf:15: error: there is a control character in this line",
        ]
    );
}

#[test]
fn every_encoding_gives_the_same() {
    let text = "[Services]\r\nAB=Größe\r\n";
    let wide: Vec<u16> = text.encode_utf16().collect();
    let le: Vec<u8> = wide.iter().flat_map(|u| u.to_le_bytes()).collect();
    let be: Vec<u8> = wide.iter().flat_map(|u| u.to_be_bytes()).collect();
    let ansi: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let expected = file(text);
    assert_eq!(expected.sections[0].entries[0].value, "Größe");
    for bytes in [
        [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        [b"\xFF\xFE".as_slice(), &le].concat(),
        [b"\xFE\xFF".as_slice(), &be].concat(),
        ansi,
    ] {
        assert_eq!(parse(&bytes, Path::new("t.inf")), expected);
    }
}

#[test]
fn the_validator_finds_what_is_wrong() {
    let catalog = catalog(
        "[Services]\nA=a\nB=b\n[Default Services]\nC=c\n[A]\nProviders=P, Q, p\nPR_SERVICE_DLL_NAME=x\nPR_RESOURCE_FLAGS=SERVICE_SINGEL_COPY\n\
         Sections=S\n[P]\nPR_RESOURCE_TYPE=MAPI_SPOOLER\nPR_DISPLAY_NAME=p\nPR_PROVIDER_DISPLAY=p\n67f0001e=hunter2\n6600000d=x\n\
         [S]\nUID=13DB0C8AA05101A9BB000AA002FC45A\nPR_FOO=1\n",
    );
    assert_eq!(
        told(catalog.problems()),
        [
            "t.inf:9: error: PR_RESOURCE_FLAGS: 'SERVICE_SINGEL_COPY' is no number, and no name of one",
            "t.inf:6: warning: [A]: of PR_SERVICE_DLL_NAME and PR_SERVICE_ENTRY_NAME there are both, or none",
            "t.inf:7: error: Providers: there is no section [Q], or it is named twice",
            "t.inf:7: warning: Providers: there is no section [p], or it is named twice",
            "t.inf:15: error: 67f0001e: passwords have no place in such a file",
            "t.inf:16: error: 6600000d: properties of this type cannot be set in such a file",
            "t.inf:11: warning: [P]: the provider has no PR_PROVIDER_DLL_NAME, which it needs",
            "t.inf:11: warning: [P]: its PR_RESOURCE_TYPE is no kind of provider",
            "t.inf:18: error: UID: hexadecimal digits come in pairs, and there are 31",
            "t.inf:19: error: PR_FOO: this is no property",
            "t.inf:3: error: there is no section [B]",
            "t.inf:5: error: [Services] does not name 'C'",
        ]
    );
}

#[test]
fn later_files_add_to_earlier_ones() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    };
    let named = write(
        "one/own.cfg",
        "[Services]\nA=first\n[A]\nProviders=P\n[P]\n66000003=1\n",
    );
    write("two/b.INF", "[Services]\nB=b\nA=second\n[B]\nProviders=P\n");
    write(
        "two/a.inf",
        "[Services]\nC=c\n[C]\nProviders=P\n[P]\n66000003=2\n",
    );
    write("two/readme.txt", "[Services]\nNO=no\n");
    write("user/mapi/u.inf", "[Services]\nU=u\n[U]\nProviders=P\n");
    write(
        "prefix/share/mapi/p.inf",
        "[Services]\nX=x\n[X]\nProviders=P\n",
    );
    let path = std::env::join_paths([&named, &folder.path().join("two")]).unwrap();
    let (user, prefix) = (folder.path().join("user"), folder.path().join("prefix"));
    let search = SearchPath::new(Some(path), Some(&user), Some(&prefix));
    let built_in = "[Services]\nBUILTIN=b\n[BUILTIN]\nProviders=BP\n[BP]\nPR_RESOURCE_TYPE=33\n";
    let catalog = ServiceCatalog::load(&[("built in", built_in)], &search);
    assert_eq!(
        catalog.names().collect::<Vec<_>>(),
        ["BUILTIN", "A", "C", "B", "U", "X"]
    );
    assert_eq!(catalog.service("A").unwrap().title, "first");
    let number = PropTag::from_raw(0x6600_0003);
    for service in ["A", "B", "C"] {
        // [P] is that of the first file.
        let service = catalog.service(service).unwrap();
        assert_eq!(service.providers[0].props.bits(number), 1);
    }
    for mut folders in [catalog.folders(), search.folders()] {
        folders.retain(|f| f.starts_with(folder.path()));
        assert_eq!(
            folders,
            ["one", "two", "user/mapi", "prefix/share/mapi"].map(|f| folder.path().join(f))
        );
    }
}

#[test]
fn a_place_that_was_named_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.inf");
    let path = std::env::join_paths([Path::new("relative.inf"), &missing]).unwrap();
    let files = SearchPath::new(Some(path), Some(folder.path()), Some(folder.path())).read();
    let problems: Vec<String> = files.iter().flat_map(|f| told(&f.problems)).collect();
    let named: Vec<&String> = problems
        .iter()
        .filter(|p| !p.starts_with("/etc/"))
        .collect();
    assert_eq!(named.len(), 2, "{problems:?}");
    assert_eq!(
        named[0],
        "relative.inf: error: relative paths are not taken"
    );
    assert!(named[1].starts_with(&format!("{}: error: it cannot be read", missing.display())));
}

/// A small file that names one large section very often must not become a large catalogue.
#[test]
fn repetition_costs_nothing() {
    let mut text = String::from("[Services]\n");
    for n in 0..2000 {
        text += &format!(
            "S{n}=s\n[S{n}]\nProviders={}\n[Services]\n",
            "P,".repeat(500)
        );
    }
    text += "[P]\n";
    for n in 0..10_000 {
        text += &format!("{:04x}001e=x\n", 0x1000 + n);
    }
    let begin = std::time::Instant::now();
    let catalog = catalog(&text);
    assert_eq!(catalog.service("s7").unwrap().providers.len(), 1);
    assert!(begin.elapsed() < std::time::Duration::from_secs(20));
    assert!(catalog.problems().len() < 1000);
}

proptest! {
    #[test]
    fn any_bytes_are_a_catalogue(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let catalog = ServiceCatalog::from_files([parse(&bytes, Path::new("t.inf"))]);
        for name in catalog.names() {
            let _ = catalog.service(name);
        }
    }

    #[test]
    fn damaged_files_are_catalogues(
        at in 0..SAMPLE.len(), len in 0..40_usize, by in "[\\[\\]=|,;\"'\\n\\x00-\\x7fÄ]{0,4}",
    ) {
        let end = (at + len).min(SAMPLE.len());
        let damaged = [&SAMPLE[..at], &by, &SAMPLE[end..]].concat();
        let catalog = catalog(&damaged);
        for name in catalog.names() {
            if let Ok(service) = catalog.service(name) {
                prop_assert!(service.providers.len() <= 3);
            }
        }
        for problem in catalog.problems() {
            prop_assert!(problem.line <= damaged.lines().count());
        }
    }

    #[test]
    fn numbers_are_read_as_they_are_written(n: u32) {
        let text = format!("[Services]\nA=a\n[A]\nProviders=P\n66000003={}\n66010003={n:#x}\n", hex(&n.to_le_bytes()));
        let service = catalog(&text).service("A").unwrap();
        prop_assert_eq!(service.props.bits(PropTag::from_raw(0x6600_0003)), n);
        prop_assert_eq!(service.props.bits(PropTag::from_raw(0x6601_0003)), n);
    }
}

fn hex(bytes: &[u8]) -> String {
    mapi_types::hex::encode(bytes)
}

#[test]
fn the_global_section_is_the_known_one() {
    let bytes = value::bytes("13DBB0C8AA05101A9BB000AA002FC45A").unwrap();
    assert_eq!(MapiUid(bytes.try_into().unwrap()), GLOBAL_SECTION);
}
