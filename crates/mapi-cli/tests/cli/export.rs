use crate::common::*;

fn filled() -> Home {
    let home = Home::new();
    let quoted = mail("Quoted", 1, "before\r\nFrom here on\r\nafter");
    home.put("in.eml", quoted);
    home.put(
        "sub.mbox",
        mbox(&[mail("Two", 2, "x"), mail("Three", 3, "y")]),
    );
    home.good(&["import", "in.eml"]);
    home.good(&["import", "--folder", "Inbox/Sub", "sub.mbox"]);
    home
}

/// Imports what was exported into a fresh home, and lists it as folder and subject.
fn read_back(from: &Home, path: &str) -> Vec<String> {
    let fresh = Home::new();
    let path = from.path().join(path);
    fresh.good(&["import", "--folder", "Back", path.to_str().unwrap()]);
    let mut found = Vec::new();
    for folder in fresh
        .json(&["folders"])
        .iter()
        .map(|f| f["path"].as_str().unwrap().to_owned())
    {
        for row in fresh.json(&["ls", &folder, "--sort", "sent"]) {
            found.push(format!("{folder}: {}", row["subject"].as_str().unwrap()));
        }
    }
    found
}

#[test]
fn a_message_is_a_file_or_standard_output() {
    let home = filled();
    let id = home.json(&["ls"])[0]["id"].as_str().unwrap().to_owned();
    home.good(&["export", &id, "-o", "out.eml"]);
    let file = std::fs::read_to_string(home.path().join("out.eml")).unwrap();
    assert!(file.contains("Subject: Quoted\r\n"), "{file}");
    assert!(file.contains("rom here on\r\n"), "{file}");
    assert_eq!(home.good(&["export", &id, "-o", "-"]), file);
    let again = home.run(&["export", &id, "-o", "out.eml"]);
    assert_eq!(again.code, 5, "{}", again.err);
}

#[test]
fn an_mbox_comes_back() {
    let home = filled();
    home.good(&["export", "Inbox", "-o", "out.mbox"]);
    let text = std::fs::read_to_string(home.path().join("out.mbox")).unwrap();
    assert!(text.starts_with("From ann@example.org "), "{text}");
    assert!(
        !text.contains("\nFrom here on\n"),
        "it would begin a message: {text}"
    );
    let fresh = Home::new();
    let path = home.path().join("out.mbox");
    fresh.good(&["import", path.to_str().unwrap()]);
    let id = fresh.json(&["ls"])[0]["id"].as_str().unwrap().to_owned();
    assert!(
        fresh
            .good(&["show", &id, "--body"])
            .contains("\nFrom here on\n")
    );
}

#[test]
fn a_tree_of_folders_comes_back_in_every_form() {
    let home = filled();
    home.good(&["export", "Inbox", "-r", "-o", "eml"]);
    home.good(&[
        "export", "Inbox", "-r", "-o", "maildir", "--format", "maildir",
    ]);
    home.good(&["export", "Inbox", "-r", "-o", "mbox", "--format", "mbox"]);
    for form in ["eml", "maildir", "mbox"] {
        let found = read_back(&home, form);
        for subject in ["Quoted", "Two", "Three"] {
            let one = found
                .iter()
                .filter(|line| line.ends_with(&format!(": {subject}")))
                .count();
            assert_eq!(one, 1, "{form}: {subject} in {found:?}");
        }
        assert!(
            found.contains(&"Back/Sub: Two".to_owned()),
            "{form}: {found:?}"
        );
    }
}
