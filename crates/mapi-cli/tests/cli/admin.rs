use crate::common::*;

#[test]
fn the_first_command_makes_a_profile_with_a_store() {
    let home = Home::new();
    assert!(home.good(&["folders"]).starts_with("Inbox"));
    let profiles = home.json(&["profile", "list"]);
    assert_eq!(profiles.len(), 1);
    assert_eq!(profiles[0]["name"], "Default");
    assert_eq!(profiles[0]["default"], true);
    assert!(home.data().join("stores/default.mapistore").is_file());
}

#[test]
fn profiles_are_created_copied_renamed_and_deleted() {
    let home = Home::new();
    home.good(&["profile", "create", "Work"]);
    home.good(&["profile", "create", "Bare", "--empty"]);
    home.good(&["profile", "copy", "Work", "Copy"]);
    home.good(&["profile", "rename", "Copy", "Renamed"]);
    home.good(&["profile", "set-default", "Renamed"]);
    let names = |home: &Home| -> Vec<String> {
        let list = home.json(&["profile", "list"]);
        let mark = |p: &serde_json::Value| {
            let star = if p["default"] == true { "*" } else { "" };
            format!("{}{star}", p["name"].as_str().unwrap())
        };
        list.iter().map(mark).collect()
    };
    assert_eq!(names(&home), ["Bare", "Renamed*", "Work"]);

    let refused = home.run(&["profile", "delete", "Work"]);
    assert_eq!(refused.code, 2, "nobody to ask: {}", refused.err);
    assert!(refused.err.contains("--yes"));
    home.good(&["profile", "delete", "Work", "--yes"]);
    home.good(&["profile", "set-default", "--none"]);
    assert_eq!(names(&home), ["Bare", "Renamed"]);

    let several = home.run(&["folders"]);
    assert_eq!(several.code, 3, "{}", several.err);
    assert!(several.err.contains("there is no default profile"));
    assert_eq!(home.run(&["profile", "create", "Bare"]).code, 5);
    assert_eq!(home.run(&["profile", "show", "Nobody"]).code, 3);
    assert_eq!(home.run(&["-p", "Nobody", "folders"]).code, 3);
}

#[test]
fn the_profile_can_be_named_in_the_environment() {
    let home = Home::new();
    home.good(&["profile", "create", "A"]);
    home.good(&["profile", "create", "B"]);
    home.good(&["-p", "B", "mkdir", "Only in B"]);
    let mut command = home.command();
    let output = command
        .env("MAPI_PROFILE", "B")
        .arg("folders")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("Only in B"));
    assert!(!home.good(&["folders"]).contains("Only in B"));
}

#[test]
fn a_second_store_is_a_service_of_its_own() {
    let home = Home::new();
    home.good(&["folders"]);
    home.good(&["service", "add", "--name", "Archive"]);
    home.good(&["--in-store", "Archive", "mkdir", "Old"]);
    assert!(!home.good(&["folders"]).contains("Old"));
    assert!(
        home.good(&["--in-store", "archive", "folders"])
            .contains("Old")
    );
    assert_eq!(home.run(&["--in-store", "Nothing", "folders"]).code, 3);

    let services = home.json(&["service", "list"]);
    assert_eq!(services.len(), 2);
    assert_eq!(services[1]["name"], "Archive");
    home.good(&["service", "set", "Archive", "--default"]);
    assert!(home.good(&["folders"]).contains("Old"));
    home.good(&["service", "remove", "Archive", "--yes"]);
    assert_eq!(home.json(&["service", "list"]).len(), 1);
    assert_eq!(home.run(&["service", "remove", "Archive", "--yes"]).code, 3);
}

#[test]
fn a_setting_that_is_none_is_refused() {
    let home = Home::new();
    let ran = home.run(&["service", "add", "msgstore", "colour=red"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("neither path"), "{}", ran.err);
}

#[test]
fn providers_and_services_that_there_are() {
    let home = Home::new();
    let providers = home.json(&["provider", "list"]);
    assert_eq!(providers[0]["library"], "msgstore");
    assert_eq!(providers[0]["built_in"], true);
    let info = home.json(&["provider", "info", "msgstore"]);
    assert_eq!(info[0]["exports"][0], "MSProviderInit");
    assert_eq!(home.run(&["provider", "info", "nothing"]).code, 3);
    let available = home.json(&["service", "list", "--available"]);
    assert_eq!(available[0]["service"], "msgstore");
}

#[test]
fn a_store_is_checked_backed_up_and_compacted() {
    let home = Home::new();
    home.put("a.eml", mail("Keep me", 1, "x"));
    home.good(&["import", "a.eml"]);
    assert_eq!(home.json(&["store", "check"])[0]["sound"], true);
    home.good(&["store", "backup", "copy.mapistore"]);
    assert_eq!(home.run(&["store", "backup", "copy.mapistore"]).code, 5);
    assert!(home.json(&["store", "compact"])[0]["freed"].is_u64());
    home.good(&["profile", "create", "Copy", "--store", "copy.mapistore"]);
    assert!(home.good(&["-p", "Copy", "ls"]).contains("Keep me"));

    home.put("junk.mapistore", "this is no store");
    let ran = home.run(&["store", "check", "--file", "junk.mapistore"]);
    assert_eq!(ran.code, 9, "{}", ran.err);
}

// LIFE-LOGOFF-028
#[test]
fn status_and_report_of_a_session() {
    let home = Home::new();
    assert_eq!(home.run(&["report"]).code, 3);
    let rows = home.json(&["status"]);
    let store = rows.iter().find(|r| r["kind"] == "store").unwrap();
    assert_eq!(store["status"][0], "available");
    assert!(rows.iter().any(|r| r["kind"] == "subsystem"));

    let text = home.good(&["report"]);
    assert!(text.contains("1 provider, by the book"), "{text}");
    let report = &home.json(&["report"])[0];
    assert_eq!(report["by_the_book"], true);
    assert!(
        report["left_open"].as_array().unwrap().is_empty(),
        "{report}"
    );
    home.good(&["report", "--timeline", "t.json"]);
    let timeline = std::fs::read_to_string(home.path().join("t.json")).unwrap();
    let timeline: serde_json::Value = serde_json::from_str(&timeline).unwrap();
    assert!(!timeline["traceEvents"].as_array().unwrap().is_empty());
}

#[test]
fn a_store_file_that_is_gone_is_not_replaced_by_an_empty_one() {
    let home = Home::new();
    home.good(&["mkdir", "Kept"]);
    let file = home.data().join("stores/default.mapistore");
    let elsewhere = home.data().join("elsewhere");
    std::fs::rename(&file, &elsewhere).unwrap();
    let gone = home.run(&["folders"]);
    assert_eq!(gone.code, 3, "{}", gone.err);
    // Once: by the command, and not by the subsystem as well.
    let told = gone.err.matches("there is no store file").count();
    assert_eq!(told, 1, "{}", gone.err);
    assert!(!file.exists());
    std::fs::rename(&elsewhere, &file).unwrap();
    assert!(home.good(&["folders"]).contains("Kept"));
}
