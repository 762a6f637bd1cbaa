//! Several processes with one store.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use super::common::*;
use mapi_subsystem::profile::*;
use mapi_types::*;

/// Not a test: what the other processes of these tests do.
#[test]
fn child() {
    let Ok(task) = std::env::var("PROFILE_STORE_CHILD") else {
        return;
    };
    let folder = PathBuf::from(std::env::var("PROFILE_STORE_FOLDER").unwrap());
    let store = ProfileStore::open(&folder).unwrap();
    match task.as_str() {
        "count" => (0..COUNT).for_each(|_| increment(&store)),
        "rewrite" => rewrite_for_ever(&store),
        "use" => {
            let session = store.begin_use("Work").unwrap();
            println!("using");
            std::io::stdout().flush().unwrap();
            // The parent says when to go on.
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).unwrap();
            session.end().unwrap();
        }
        "fill" => {
            let error = fill(&store).unwrap_err();
            assert!(error.text().contains("work.toml"), "{error}");
        }
        other => panic!("no task {other}"),
    }
}

fn spawn(folder: &Path, task: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::child", "--nocapture"])
        .env("PROFILE_STORE_CHILD", task)
        .env("PROFILE_STORE_FOLDER", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// Waits until the child uses the profile.
fn spawn_user(folder: &Path) -> Child {
    let mut child = spawn(folder, "use");
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let mut lines = lines.map(|l| l.unwrap());
    assert!(lines.any(|l| l.contains("using")));
    child
}

const COUNT: i32 = 60;

fn increment(store: &Arc<ProfileStore>) {
    store
        .update("Work", |edit| {
            let section = edit.profile.section_mut(&GLOBAL_SECTION)?;
            let number = section.props.bits(NUMBER) + 1;
            section.props.put_bits(NUMBER, number);
            Ok(())
        })
        .unwrap();
}

#[test]
fn writers_of_several_processes_and_threads_lose_nothing() {
    let it = Fixture::with_profile();
    let mut children = [
        spawn(it.folder.path(), "count"),
        spawn(it.folder.path(), "count"),
    ];
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..COUNT).for_each(|_| increment(&it.store)));
        }
    });
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let profile = it.read();
    let number = profile.section(&GLOBAL_SECTION).unwrap().props.bits(NUMBER);
    assert_eq!(number, u32::try_from(4 * COUNT).unwrap());
}

fn fill(store: &Arc<ProfileStore>) -> Result<()> {
    store.update("Work", |edit| {
        let section = edit.profile.section_mut(&GLOBAL_SECTION)?;
        section.props.put(tag::PR_COMMENT, "x".repeat(100_000));
        Ok(())
    })
}

/// A disk that takes no more bytes changes nothing. The limit of the shell stands for it.
#[cfg(unix)]
#[test]
fn a_write_that_fails_changes_nothing() {
    let it = Fixture::with_profile();
    let before = std::fs::read(it.profiles().join("work.toml")).unwrap();
    let status = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 32; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "processes::child"])
        .env("PROFILE_STORE_CHILD", "fill")
        .env("PROFILE_STORE_FOLDER", it.folder.path())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(
        std::fs::read(it.profiles().join("work.toml")).unwrap(),
        before
    );
    let is_left = |e: std::io::Result<std::fs::DirEntry>| {
        let name = e.unwrap().file_name();
        name.to_string_lossy().ends_with(".tmp")
    };
    assert!(!std::fs::read_dir(it.profiles()).unwrap().any(is_left));
    fill(&it.store).unwrap();
}

/// Gives each of many properties the number of the round.
fn rewrite_for_ever(store: &Arc<ProfileStore>) {
    for round in 1.. {
        store
            .update("Work", |edit| {
                let section = edit.profile.section_mut(&GLOBAL_SECTION)?;
                for id in 0x6600..0x6700 {
                    section.props.put(PropTag::new(id, PropType::LONG), round);
                }
                let secret = Property::new(PASSWORD, format!("{round}"));
                edit.secrets()?.set(&GLOBAL_SECTION, secret);
                Ok(())
            })
            .unwrap();
        if round == 1 {
            println!("writing");
            std::io::stdout().flush().unwrap();
        }
    }
}

/// kill -9 at any moment leaves the old profile or the new one, and no lock.
#[test]
fn a_writer_that_is_killed_leaves_a_whole_profile() {
    let it = Fixture::with_profile();
    for kill in 0..25_u32 {
        let mut child = spawn(it.folder.path(), "rewrite");
        let out = BufReader::new(child.stdout.as_mut().unwrap());
        assert!(out.lines().any(|l| l.unwrap().contains("writing")));
        // The time only spreads the kills over a round of the writer.
        std::thread::sleep(std::time::Duration::from_micros(u64::from(
            kill * 397 % 5000,
        )));
        child.kill().unwrap();
        child.wait().unwrap();
        // Another store has nothing in memory.
        let store = ProfileStore::open(it.folder.path()).unwrap();
        let profile = store.read("Work").unwrap();
        let section = profile.section(&GLOBAL_SECTION).unwrap();
        let values: Vec<u32> = (0x6600..0x6700)
            .map(|id| section.props.bits(PropTag::new(id, PropType::LONG)))
            .collect();
        assert!(
            values.iter().all(|v| *v == values[0] && *v > 0),
            "{values:?}"
        );
        // The secrets are those of this round, or those of the one that was not finished.
        let secrets = store.read_secrets("Work").unwrap();
        let secret = secrets.get(&GLOBAL_SECTION, PASSWORD).unwrap();
        let round: u32 = secret.as_str().unwrap().parse().unwrap();
        assert!(
            round == values[0] || round == values[0] + 1,
            "{round} {}",
            values[0]
        );
        store.update("Work", |_| Ok(())).unwrap();
    }
}

/// LIFE-LOGOFF-026 with the last session in another process.
#[test]
fn life_logoff_026_a_session_of_another_process_counts() {
    let it = Fixture::with_profile();
    let mut child = spawn_user(it.folder.path());
    assert_eq!(it.store.delete("Work").unwrap(), When::AfterLastSession);
    assert!(it.names().is_empty() && it.profiles().join("work.toml").exists());
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(!it.profiles().join("work.toml").exists());
}

/// A session that is killed cannot do its last step: the next one does.
#[test]
fn what_a_killed_session_left_is_done_by_the_next() {
    let it = Fixture::with_profile();
    let mail = it.add("MAIL");
    let mut child = spawn_user(it.folder.path());
    it.store
        .update("Work", |edit| {
            edit.profile.delete_service(&mail, edit.in_use)
        })
        .unwrap();
    assert!(it.read().section(&mail).is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    let session = it.store.begin_use("Work").unwrap();
    assert!(session.profile().section(&mail).is_none());
    session.end().unwrap();

    let mut child = spawn_user(it.folder.path());
    it.store.delete("Work").unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(code(it.store.begin_use("Work")), ErrorCode::NOT_FOUND);
    it.store.create("Work").unwrap();
}
