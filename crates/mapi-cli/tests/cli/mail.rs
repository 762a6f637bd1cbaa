use std::fs;

use crate::common::*;

fn filled() -> Home {
    let home = Home::new();
    home.put(
        "in.mbox",
        mbox(&[
            mail("Invoice 7", 1, "Please pay."),
            mail("Lunch", 2, "At noon?"),
            mail("Your invoice 8", 3, "Please pay again."),
        ]),
    );
    home.good(&["import", "in.mbox"]);
    home
}

fn subjects(home: &Home, args: &[&str]) -> Vec<String> {
    let args: Vec<&str> = ["ls"].into_iter().chain(args.iter().copied()).collect();
    let rows = home.json(&args);
    rows.iter()
        .map(|r| r["subject"].as_str().unwrap().to_owned())
        .collect()
}

fn id_of(home: &Home, subject: &str) -> String {
    let rows = home.json(&["ls"]);
    let found = rows.iter().find(|r| r["subject"] == subject).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

#[test]
fn messages_are_sorted_restricted_and_limited() {
    let home = filled();
    assert_eq!(
        subjects(&home, &[]),
        ["Your invoice 8", "Lunch", "Invoice 7"]
    );
    assert_eq!(
        subjects(&home, &["--sort", "subject"]),
        ["Invoice 7", "Lunch", "Your invoice 8"]
    );
    assert_eq!(
        subjects(&home, &["--sort", "-subject", "--limit", "1"]),
        ["Your invoice 8"]
    );
    let both = subjects(
        &home,
        &["--where", "subject ~ INVOICE and date >= 2024-05-02"],
    );
    assert_eq!(both, ["Your invoice 8"]);
    assert_eq!(
        subjects(&home, &["--where", "from ~ ann@example and not read"]).len(),
        3
    );
    assert_eq!(
        subjects(&home, &["--where", "to ~ bob and subject ^= lu"]),
        ["Lunch"]
    );
    assert_eq!(
        subjects(&home, &["--where", "body ~ again"]),
        ["Your invoice 8"]
    );
    assert!(subjects(&home, &["--where", "size > 1M or attachments"]).is_empty());
    assert!(subjects(&home, &["Drafts"]).is_empty());
}

#[test]
fn a_wrong_condition_is_shown_with_its_place() {
    let home = Home::new();
    let ran = home.run(&["ls", "--where", "subject ~ 'x"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err
            .contains("this quote is not closed\n  subject ~ 'x\n            ^"),
        "{}",
        ran.err
    );
    assert_eq!(home.run(&["ls", "--sort", "colour"]).code, 2);
    assert!(
        !home.data().exists(),
        "nothing is started for a wrong command line"
    );
    assert_eq!(home.run(&["ls", "No such folder"]).code, 3);
}

#[test]
fn a_message_is_shown_by_a_prefix_of_its_id() {
    let home = filled();
    let id = id_of(&home, "Lunch");
    let text = home.good(&["show", &id[..6]]);
    for part in [
        "Ann Archer <ann@example.org>",
        "Bob <bob@example.org>",
        "Lunch",
        "At noon?",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let record = &home.json(&["show", &id])[0];
    assert_eq!(record["from"]["address"], "ann@example.org");
    assert_eq!(record["to"][0]["name"], "Bob");
    assert_eq!(record["date"], "2024-05-02T10:00:00Z");
    assert_eq!(record["sent"], "2024-05-02T10:00:00Z");
    assert_eq!(record["folder"], "Inbox");
    let whole = record["entry_id"].as_str().unwrap();
    assert_eq!(home.json(&["show", whole])[0]["id"], record["id"]);
    assert!(
        home.good(&["show", &id, "--headers"])
            .contains("Message-ID: <Lunch@example.org>")
    );
    let props = home.good(&["show", &id, "--props"]);
    assert!(props.contains("0037001F  PR_SUBJECT"), "{props}");
    assert!(props.contains("import-source"), "{props}");
    home.good(&["show", &id, "--mark-read"]);
    assert_eq!(subjects(&home, &["--where", "read"]), ["Lunch"]);
    let none = home.run(&["show", "ffffffffffff"]);
    assert_eq!((none.code, none.out.as_str()), (3, ""));
}

#[test]
fn an_ambiguous_prefix_is_refused() {
    let home = Home::new();
    let mails: Vec<String> = (1..=17).map(|i| mail(&format!("M{i}"), 1, "x")).collect();
    home.put("many.mbox", mbox(&mails));
    home.good(&["import", "many.mbox"]);
    // Seventeen IDs, sixteen digits: two begin alike.
    let ids: Vec<String> = home
        .json(&["ls"])
        .iter()
        .map(|r| r["id"].as_str().unwrap().to_owned())
        .collect();
    let shared = |d: &char| ids.iter().filter(|id| id.starts_with(*d)).count() > 1;
    let digit = "0123456789abcdef".chars().find(shared).unwrap();
    let ran = home.run(&["show", &digit.to_string()]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("write more of it"), "{}", ran.err);
}

#[test]
fn folders_and_messages_are_made_moved_copied_and_deleted() {
    let home = filled();
    home.good(&["mkdir", "Projects"]);
    assert_eq!(home.run(&["mkdir", "Projects"]).code, 5);
    home.good(&["mkdir", "--parents", r"Projects/2024/Either\/or"]);
    let lunch = id_of(&home, "Lunch");
    home.good(&["mv", &lunch, "Projects/2024"]);
    home.good(&["cp", &id_of(&home, "Invoice 7"), "Projects"]);
    assert_eq!(subjects(&home, &["Projects/2024"]), ["Lunch"]);
    assert_eq!(subjects(&home, &["Projects"]), ["Invoice 7"]);
    assert_eq!(subjects(&home, &[]).len(), 2);

    home.good(&["mv", "Projects/2024", "Old"]);
    assert_eq!(subjects(&home, &["Old"]), ["Lunch"]);
    home.good(&["cp", "Old", "Projects"]);
    assert_eq!(subjects(&home, &["Projects/Old"]), ["Lunch"]);

    let refused = home.run(&["rm", "Old"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("the folder 'Old' with 1 message(s)"),
        "{}",
        refused.err
    );
    let short = home.run(&["rm", &id_of(&home, "Invoice 7")[..3], "--yes"]);
    assert_eq!(short.code, 3, "{}", short.err);
    assert!(short.err.contains("there is no folder"), "{}", short.err);
    home.good(&["rm", "Old", "--yes"]);
    assert_eq!(home.run(&["ls", "Old"]).code, 3);
    home.good(&["rm", "-y", &id_of(&home, "Invoice 7")]);
    assert_eq!(subjects(&home, &[]), ["Your invoice 8"]);
    assert_eq!(home.run(&["mv", "neither/nor", "Inbox"]).code, 3);
    assert_eq!(home.json(&["store", "check"])[0]["sound"], true);
}

#[test]
fn attachments_are_saved_under_harmless_names() {
    let home = Home::new();
    home.put(
        "a.eml",
        "From: a@example.org\r\nSubject: Files\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n\
         Content-Type: text/plain; name=\"../../evil.txt\"\r\nContent-Disposition: attachment; filename=\"../../evil.txt\"\r\n\r\none\r\n--b\r\n\
         Content-Type: text/plain\r\nContent-Disposition: attachment; filename=\"../../evil.txt\"\r\n\r\ntwo\r\n--b\r\n\
         Content-Type: message/rfc822\r\n\r\nSubject: Inner\r\n\r\nhello\r\n--b--\r\n",
    );
    home.good(&["import", "a.eml"]);
    let id = id_of(&home, "Files");
    home.good(&["save-attachments", &id, "-o", "out"]);
    let saved = tree(&home.path().join("out"));
    let names: Vec<String> = saved
        .iter()
        .map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(saved.len(), 3, "{names:?}");
    let texts: Vec<String> = saved
        .iter()
        .map(|(_, bytes)| String::from_utf8_lossy(bytes).trim().to_owned())
        .collect();
    assert!(
        texts.contains(&"one".to_owned()) && texts.contains(&"two".to_owned()),
        "{texts:?}"
    );
    let inner = texts.iter().find(|t| t.contains("Subject: Inner")).unwrap();
    assert!(inner.ends_with("hello"));
    assert!(!home.path().parent().unwrap().join("evil.txt").exists());
    assert!(names.iter().all(|n| !n.starts_with('.')), "{names:?}");
    home.good(&["save-attachments", &id, "-o", "out"]);
    assert_eq!(
        tree(&home.path().join("out")).len(),
        6,
        "nothing is overwritten"
    );
    assert!(fs::read_dir(home.path()).unwrap().count() > 0);
}
