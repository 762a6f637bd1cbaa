use crate::common::*;

#[test]
fn the_demo_comes_down_by_the_book_and_leaves_nothing_behind() {
    let home = Home::new();
    let temporary = home.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let output = home
        .command()
        .env("TMPDIR", &temporary)
        .arg("demo")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    for part in [
        "5 imported",
        "Inbox/Team",
        "Zoë Müller",
        "千恵",
        "receipts.csv",
        "sunset.png",
        "forwarded.eml",
        "Lunch on Friday?",
        "MAPI_E_INVALID_OBJECT now",
        "1 provider, by the book",
        "IMSLogon::Logoff",
        "IMSProvider::Shutdown",
        "Left open by the client: 5 objects",
        "× IMessage",
        "Every provider came down by the book.",
    ] {
        assert!(text.contains(part), "'{part}' is not in:\n{text}");
    }
    assert!(tree(home.path()).is_empty(), "{:?}", tree(home.path()));
}

#[test]
fn the_demo_takes_mail_of_ones_own() {
    let home = Home::new();
    let mine = home.put("mine/a.eml", mail("Only this", 3, "Hello"));
    let records = home.json(&["demo", mine.to_str().unwrap()]);
    let report = records.last().unwrap();
    assert_eq!(report["by_the_book"], true);
    assert_eq!(report["profile"], "Demo");
    let subjects: Vec<_> = records
        .iter()
        .filter_map(|r| r["subject"].as_str())
        .collect();
    assert!(subjects.iter().all(|s| *s == "Only this"), "{subjects:?}");
    assert!(!home.data().exists());
}

#[test]
fn a_path_that_is_not_there_is_told_first() {
    let home = Home::new();
    let ran = home.run(&["demo", "nothing.eml"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("nothing.eml"));
}
