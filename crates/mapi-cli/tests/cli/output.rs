use std::process::{Command, Stdio};

use crate::common::*;

#[test]
fn help_and_version_need_no_home() {
    let home = Home::new();
    assert!(home.good(&["--version"]).starts_with("mapi "));
    let help = home.good(&["--help"]);
    assert!(help.contains("mapi import ~/mail.mbox"), "{help}");
    assert!(home.good(&["ls", "--help"]).contains("--where"));
    assert!(home.good(&["ls", "--properties"]).contains("subject"));
    assert_eq!(home.run(&["--nonsense"]).code, 2);
    assert_eq!(home.run(&[]).code, 2);
    assert!(!home.data().exists());
}

#[test]
fn errors_are_objects_if_programs_read_them() {
    let home = Home::new();
    let ran = home.run(&["--json", "show", "abcd"]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.is_empty());
    let error = &lines(&ran.err)[0]["error"];
    assert_eq!(error["code"], "not_found");
    assert_eq!(error["exit"], 3);
}

#[test]
fn colours_come_only_when_they_are_wanted() {
    let home = Home::new();
    home.put("a.eml", mail("Bold", 1, "x"));
    home.good(&["import", "a.eml"]);
    assert!(!home.good(&["ls"]).contains('\u{1b}'));
    assert!(
        home.good(&["ls", "--color", "always"])
            .contains("\u{1b}[1m")
    );
    assert!(
        !home
            .good(&["--json", "ls", "--color", "always"])
            .contains('\u{1b}')
    );
}

#[test]
fn mail_cannot_drive_the_terminal() {
    let home = Home::new();
    let evil = mail(
        "Red =?utf-8?q?=1B[31m?= and=?utf-8?q?=0D=0Amore?=",
        1,
        "body \u{1b}[2J",
    );
    home.put("a.eml", evil);
    home.good(&["import", "a.eml"]);
    let id = home.json(&["ls"])[0]["id"].as_str().unwrap().to_owned();
    for args in [
        &["ls"][..],
        &["show", &id],
        &["show", &id, "--props"],
        &["show", &id, "--headers"],
    ] {
        let text = home.good(args);
        assert!(!text.contains('\u{1b}'), "{args:?}: {text:?}");
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let home = Home::new();
    let mails: Vec<String> = (1..400)
        .map(|i| mail(&format!("Number {i}"), 1, "x"))
        .collect();
    home.put("many.mbox", mbox(&mails));
    home.good(&["import", "many.mbox"]);
    let program = assert_cmd::cargo::cargo_bin("mapi");
    let mut child = Command::new(program)
        .args(["--json", "ls"])
        .env_clear()
        .env("HOME", home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // The session came down all the same.
    assert!(home.good(&["report"]).contains("by the book"));
}

#[test]
fn completions_and_manual_pages() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(
            home.good(&["completions", shell])
                .contains("save-attachments"),
            "{shell}"
        );
    }
    assert!(home.good(&["man"]).contains(".TH MAPI 1"));
    assert!(
        home.good(&["man", "profile", "create"])
            .contains("mapi profile create")
    );
    home.good(&["man", "--all", "pages"]);
    assert!(home.path().join("pages/mapi-store-backup.1").is_file());
    assert_eq!(home.run(&["man", "nothing"]).code, 2);
}

/// Every field that a command writes is described in docs/json.md.
#[test]
fn the_documentation_has_every_field() {
    let home = Home::new();
    home.put("in/a.eml", mail("A", 1, "x"));
    home.put("in/b.pst", "!BDN and so on");
    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/json.md"))
            .unwrap();
    let mut runs: Vec<(String, String)> = Vec::new();
    let mut run = |args: &[&str]| {
        let args: Vec<&str> = ["--json"].into_iter().chain(args.iter().copied()).collect();
        let out = home.run(&args).out;
        runs.push((args[1..].join(" "), out.clone()));
        out
    };
    run(&["import", "in"]);
    let id = lines(&run(&["ls"]))[0]["id"].as_str().unwrap().to_owned();
    for args in [
        &["show", &id, "--headers", "--body"][..],
        &["folders"],
        &["profile", "list"],
        &["profile", "show"],
        &["profile", "create", "X"],
        &["profile", "copy", "X", "Y"],
        &["profile", "set-default", "X"],
        &["service", "list"],
        &["service", "list", "--available"],
        &["service", "add", "--name", "S"],
        &["service", "remove", "S", "--yes"],
        &["provider", "list"],
        &["provider", "info", "msgstore"],
        &["store", "check"],
        &["store", "backup", "b.mapistore"],
        &["store", "compact"],
        &["mkdir", "F"],
        &["cp", "Inbox", "F"],
        &["rm", "F", "--yes"],
        &["export", "Inbox", "-o", "e.mbox"],
        &["save-attachments", &id],
        &["ls", "--properties"],
        &["status"],
    ] {
        run(args);
    }
    for (command, out) in runs {
        for record in lines(&out) {
            missing(&record, &document, &command);
        }
    }
}

fn missing(value: &serde_json::Value, document: &str, command: &str) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                assert!(
                    document.contains(&format!("`{name}`")),
                    "docs/json.md lacks `{name}` of {command}"
                );
                if name != "settings" {
                    missing(value, document, command);
                }
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|v| missing(v, document, command)),
        _ => {}
    }
}
