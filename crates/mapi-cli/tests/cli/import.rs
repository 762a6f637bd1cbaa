use std::fs;
use std::io::Write as _;

use crate::common::*;

/// Imported, known, failed of an import's last line.
fn counts(records: &[serde_json::Value]) -> (u64, u64, u64) {
    let last = records.last().unwrap();
    let n = |key: &str| last[key].as_u64().unwrap();
    (n("imported"), n("known"), n("failed"))
}

#[test]
fn every_kind_of_source_keeps_its_folders() {
    let home = Home::new();
    home.put("in/one.eml", mail("One", 1, "x"));
    home.put(
        "in/Team.mbox",
        mbox(&[mail("Two", 2, "x"), mail("Three", 3, "x")]),
    );
    home.put("in/Box/cur/1714557600.a.host:2,S", mail("Four", 4, "x"));
    home.put("in/Box/new/1714557601.b.host", mail("Five", 5, "x"));
    assert_eq!(counts(&home.json(&["import", "in"])), (5, 0, 0));
    let folders = home.json(&["folders"]);
    let of = |path: &str| {
        let found = folders.iter().find(|f| f["path"] == path).unwrap();
        (
            found["messages"].as_u64().unwrap(),
            found["unread"].as_u64().unwrap(),
        )
    };
    assert_eq!(of("Inbox"), (1, 1));
    assert_eq!(of("Inbox/Team"), (2, 2));
    assert_eq!(of("Inbox/Box"), (2, 1));
}

#[cfg(unix)]
#[test]
fn files_whose_names_are_no_text_are_told_apart() {
    use std::os::unix::ffi::OsStrExt as _;

    let home = Home::new();
    home.put("in/plain.eml", mail("Same", 1, "x"));
    let named = |byte| {
        home.path()
            .join("in")
            .join(std::ffi::OsStr::from_bytes(&[b'a', byte]))
    };
    for byte in [0xFE, 0xFF] {
        fs::copy(home.path().join("in/plain.eml"), named(byte)).unwrap();
    }
    assert_eq!(counts(&home.json(&["import", "in"])), (3, 0, 0));
    assert_eq!(counts(&home.json(&["import", "in"])), (0, 3, 0));
    // One is moved, one is copied.
    fs::rename(named(0xFE), named(0xFC)).unwrap();
    fs::copy(named(0xFF), named(0xFD)).unwrap();
    assert_eq!(counts(&home.json(&["import", "in"])), (1, 3, 0));
}

#[test]
fn nothing_is_imported_twice() {
    let home = Home::new();
    let twice = mail("Same", 1, "equal mails are two messages");
    home.put("a.mbox", mbox(&[twice.clone(), twice.clone()]));
    assert_eq!(counts(&home.json(&["import", "a.mbox"])), (2, 0, 0));
    assert_eq!(counts(&home.json(&["import", "a.mbox"])), (0, 2, 0));
    assert_eq!(
        counts(&home.json(&["import", "--folder", "Elsewhere", "./a.mbox"])),
        (0, 2, 0)
    );

    // A mailbox that has grown continues.
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(home.path().join("a.mbox"))
        .unwrap();
    file.write_all(mbox(&[mail("New", 2, "x")]).as_bytes())
        .unwrap();
    assert_eq!(counts(&home.json(&["import", "a.mbox"])), (1, 2, 0));

    // A file that was moved is not a new one, and neither is a mailbox that was rotated.
    fs::rename(home.path().join("a.mbox"), home.path().join("a.1.mbox")).unwrap();
    home.put("a.mbox", mbox(&[mail("After", 3, "x")]));
    assert_eq!(
        counts(&home.json(&["import", "a.1.mbox", "a.mbox"])),
        (1, 3, 0)
    );
    assert_eq!(
        counts(&home.json(&["import", "a.1.mbox", "a.mbox"])),
        (0, 4, 0)
    );

    // A copy that lies beside the original is one.
    fs::copy(home.path().join("a.1.mbox"), home.path().join("copy.mbox")).unwrap();
    assert_eq!(counts(&home.json(&["import", "copy.mbox"])), (3, 0, 0));
    assert_eq!(
        counts(&home.json(&["import", "copy.mbox", "a.1.mbox", "a.mbox"])),
        (0, 7, 0)
    );
}

#[test]
fn a_maildir_whose_flags_have_changed_is_no_new_mail() {
    let home = Home::new();
    home.put("M/cur/1714557600.a.host:2,", mail("A", 1, "x"));
    fs::create_dir_all(home.path().join("M/new")).unwrap();
    assert_eq!(counts(&home.json(&["import", "M"])), (1, 0, 0));
    let cur = home.path().join("M/cur");
    fs::rename(
        cur.join("1714557600.a.host:2,"),
        cur.join("1714557600.a.host:2,S"),
    )
    .unwrap();
    assert_eq!(counts(&home.json(&["import", "M"])), (0, 1, 0));
}

#[test]
fn a_dry_run_does_nothing() {
    let home = Home::new();
    home.put("a.eml", mail("A", 1, "x"));
    let records = home.json(&["import", "--dry-run", "--folder", "New", "a.eml"]);
    assert_eq!(counts(&records), (1, 0, 0));
    assert_eq!(records.last().unwrap()["dry_run"], true);
    let folders = home.json(&["folders"]);
    assert!(
        folders
            .iter()
            .all(|f| f["messages"] == 0 && f["path"] != "New")
    );
    home.good(&["import", "a.eml"]);
    assert_eq!(counts(&home.json(&["import", "-n", "a.eml"])), (0, 1, 0));
}

#[test]
fn bad_mail_is_reported_and_does_not_stop_the_rest() {
    let home = Home::new();
    home.put("in/a.eml", mail("A", 1, "x"));
    home.put("in/b.pst", "!BDN and so on");
    home.put("in/c.eml", mail("C", 1, "x"));
    let ran = home.run(&["--json", "import", "in"]);
    assert_eq!(ran.code, 6, "{}", ran.err);
    let records = lines(&ran.out);
    assert_eq!(counts(&records), (2, 0, 1));
    let bad = &records[0]["bad"];
    assert!(bad["source"].as_str().unwrap().ends_with("in/b.pst"));
    assert_eq!(bad["offset"], 0);
    assert!(
        bad["reason"]
            .as_str()
            .unwrap()
            .contains("Outlook data file")
    );

    let ran = home.run(&["import", "in"]);
    assert!(
        ran.err.contains("left out: ") && ran.err.contains("b.pst"),
        "{}",
        ran.err
    );
    assert!(
        ran.out.is_empty(),
        "results only on standard output: {}",
        ran.out
    );
}

#[test]
fn mail_comes_from_standard_input_too() {
    let home = Home::new();
    let ran = home.run_with(&["import", "-"], &mail("Piped", 1, "x"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(home.good(&["ls"]).contains("Piped"));
    assert_eq!(home.run(&["import", "nothing"]).code, 3);
}

/// Starts an import of many mails, with a bad one after the first hundred, and waits until that one has been reported.
#[cfg(unix)]
fn half_done(home: &Home) -> std::process::Child {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    let many = |from: u32, to: u32| -> Vec<String> {
        (from..to)
            .map(|i| mail(&format!("Number {i}"), 1, &"text ".repeat(50)))
            .collect()
    };
    home.put("in/a.mbox", mbox(&many(0, 100)));
    home.put("in/b.pst", "!BDN and so on");
    home.put("in/c.mbox", mbox(&many(100, 3000)));
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("mapi"))
        .args(["--json", "import", "in"])
        .env_clear()
        .env("HOME", home.path())
        .current_dir(home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    assert!(line.contains("b.pst"), "{line}");
    // Nobody reads the rest; the summary is short enough for the pipe.
    std::mem::forget(out);
    child
}

/// All three thousand are there once, whatever happened before.
#[cfg(unix)]
fn complete(home: &Home) {
    let ran = home.run(&["--json", "import", "in"]);
    assert_eq!(ran.code, 6, "{}", ran.err);
    let (imported, known, failed) = counts(&lines(&ran.out));
    assert_eq!((imported + known, failed), (3000, 1));
    assert!(known > 0, "what was there before is known");
    let folders = home.json(&["folders"]);
    let total: u64 = folders
        .iter()
        .map(|f| f["messages"].as_u64().unwrap())
        .sum();
    assert_eq!(total, 3000);
    assert_eq!(home.json(&["store", "check"])[0]["sound"], true);
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_it_in_order_and_the_next_run_completes_it() {
    let home = Home::new();
    let mut child = half_done(&home);
    let id = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status()
        .unwrap();
    assert!(sent.success());
    let code = child.wait().unwrap().code();
    assert_eq!(code, Some(130));
    // The session came down in order.
    assert!(home.good(&["report"]).contains("1 provider, by the book"));
    complete(&home);
}

#[cfg(unix)]
#[test]
fn a_killed_import_is_completed_by_the_next_run() {
    let home = Home::new();
    let mut child = half_done(&home);
    child.kill().unwrap();
    child.wait().unwrap();
    let ran = home.run(&["--json", "import", "in"]);
    let (imported, known, _) = counts(&lines(&ran.out));
    assert_eq!(imported + known, 3000, "{}", ran.err);
    assert_eq!(
        counts(&lines(&home.run(&["--json", "import", "in"]).out)),
        (0, 3000, 1)
    );
    assert_eq!(home.json(&["store", "check"])[0]["sound"], true);
}
