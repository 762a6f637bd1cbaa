//! The message store through a session, as any client has it, beside bare SQLite: import of the same bytes, and contents
//! tables. The number of mails is taken from OPENMAPI_BENCH_MAILS (100,000).

use std::time::{Duration, Instant};

use mapi_com::iface::{
    Bookmark, MapiContainer as _, MapiFolder as _, MapiProp as _, MapiSession as _, MapiTable as _,
    Message as _, MsgStore as _, RecipientChange, Stream as _,
};
use mapi_com::marshal::RowSet;
use mapi_com::ptr::{ComPtr, guid_from_abi};
use mapi_msgstore::provider::{PR_MSGSTORE_CREATE, PR_MSGSTORE_PATH};
use mapi_subsystem::host::{BuiltIn, EntryPoints};
use mapi_subsystem::{Config, LogonRequest, Subsystem};
use mapi_sys::{
    IID_IStream, IMAPIFolder, IMAPITable, IMsgStore, IStream, KEEP_OPEN_READWRITE,
    MAPI_BEST_ACCESS, MAPI_CREATE, MAPI_DEFERRED_ERRORS, MAPI_MODIFY, MAPI_NEW_SESSION, MDB_WRITE,
};
use mapi_types::{
    EntryId, FileTime, FuzzyLevel, FuzzyMatch, PropTag, PropValue, Property, Restriction, Row,
    SortOrder, tag,
};
use openmapi_benches::{Report, timed};
use rusqlite::{Connection, params};
use tempfile::TempDir;

/// One mail of the corpus: about 25 KB in the mean, a fifth with an attachment, senders and threads Zipf-like.
struct Mail {
    subject: String,
    sender: String,
    at: i64,
    headers: String,
    body: String,
    attachment: Vec<u8>,
}

/// Numbers without any visible order (splitmix64).
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn mail(number: u64) -> Mail {
    let random = |salt: u64, below: u64| mixed(number * 8 + salt) % below;
    let zipf = |salt: u64, below: u64| random(salt, below) * random(salt + 1, below) / below;
    let length = |n: u64| usize::try_from(n).unwrap_or(0);
    Mail {
        subject: format!(
            "{}thread {}",
            ["Re: ", "", "Fwd: "][length(number % 3)],
            zipf(0, 20_000)
        ),
        sender: format!("Sender Number {}", zipf(2, 5_000)),
        at: 1_600_000_000 + i64::try_from(random(4, 100_000_000)).unwrap_or(0),
        headers: "Received: from somewhere by somewhere else with ESMTP\r\n".repeat(30),
        body: "Lorem ipsum dolor sit amet, consectetur. ".repeat(length(50 + random(5, 300))),
        attachment: match number % 5 {
            0 => vec![length(number % 251).to_le_bytes()[0]; length(20_000 + random(6, 120_000))],
            _ => Vec::new(),
        },
    }
}

/// A session with one store in a folder that goes with it.
struct World {
    folder: TempDir,
    store: ComPtr<IMsgStore>,
    _session: ComPtr<mapi_sys::IMAPISession>,
    _subsystem: std::sync::Arc<Subsystem>,
}

impl World {
    fn new() -> Self {
        // Not in memory: what is measured is written to a disk.
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let mut config = Config::new(folder.path());
        let built_in = mapi_msgstore::built_in();
        config.built_in = vec![BuiltIn {
            name: built_in.name,
            entry_points: EntryPoints {
                address_book: built_in.address_book,
                message_store: built_in.message_store,
                transport: None,
            },
            service_entries: &[],
        }];
        config.built_in_services = vec![("msgstore", mapi_msgstore::MAPISVC_INF)];
        let subsystem = Subsystem::start(config).expect("MAPI");
        profile(&subsystem, &folder);
        let request = LogonRequest {
            profile: Some("bench"),
            flags: MAPI_NEW_SESSION,
            ..LogonRequest::default()
        };
        let session = subsystem.logon(&request).expect("a session");
        let stores = session.get_msg_stores_table(0).expect("the stores");
        stores.set_columns(&[tag::PR_ENTRYID], 0).expect("columns");
        let row = stores.query_rows(1, 0).expect("rows").remove(0);
        let id = EntryId::from(row.props[0].value.as_bytes().expect("an identifier"));
        let store = session
            .open_msg_store(0, &id, None, MDB_WRITE)
            .expect("the store");
        Self {
            folder,
            store,
            _session: session,
            _subsystem: subsystem,
        }
    }

    fn inbox(&self) -> ComPtr<IMAPIFolder> {
        let id = self
            .store
            .get_receive_folder("IPM", 0)
            .expect("inbox")
            .folder;
        let opened = self.store.open_entry(&id, None, MAPI_BEST_ACCESS);
        opened.expect("inbox").object.query().expect("a folder")
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("mail.omsg")
    }
}

fn profile(subsystem: &Subsystem, folder: &TempDir) {
    let profiles = subsystem.profiles();
    profiles.create("bench").expect("a profile");
    let info = subsystem
        .administration()
        .catalog()
        .service("MSGSTORE")
        .expect("the service");
    let path = folder.path().join("mail.omsg");
    profiles
        .update("bench", |edit| {
            let uid = edit.profile.add_service(&info, None)?;
            let providers: Vec<_> = edit.profile.providers_of(&uid).map(|s| s.uid).collect();
            for provider in providers {
                let section = edit.profile.section_mut(&provider)?;
                let path = path.to_string_lossy().into_owned();
                section.props.put(PR_MSGSTORE_PATH, path);
                section.props.put(PR_MSGSTORE_CREATE, true);
            }
            Ok(())
        })
        .expect("a service");
}

fn recipient(name: &str) -> Row {
    Row::from(vec![
        Property::new(tag::PR_RECIPIENT_TYPE, 1),
        Property::new(tag::PR_DISPLAY_NAME, name),
        Property::new(tag::PR_ADDRTYPE, "SMTP"),
        Property::new(tag::PR_EMAIL_ADDRESS, "recipient@example.org"),
    ])
}

fn save(folder: &ComPtr<IMAPIFolder>, m: &Mail) {
    let message = folder.create_message(None, 0).expect("a message");
    let sent = FileTime::from_unix(m.at);
    let props = [
        Property::new(tag::PR_SUBJECT, m.subject.as_str()),
        Property::new(tag::PR_SENDER_NAME, m.sender.as_str()),
        Property::new(tag::PR_SENDER_EMAIL_ADDRESS, "someone@example.org"),
        Property::new(tag::PR_SENDER_ADDRTYPE, "SMTP"),
        Property::new(tag::PR_SENT_REPRESENTING_NAME, m.sender.as_str()),
        Property::new(tag::PR_MESSAGE_DELIVERY_TIME, sent),
        Property::new(tag::PR_CLIENT_SUBMIT_TIME, sent),
        Property::new(tag::PR_TRANSPORT_MESSAGE_HEADERS, m.headers.as_str()),
        Property::new(tag::PR_CONVERSATION_TOPIC, m.subject.as_str()),
        Property::new(tag::PR_BODY, m.body.as_str()),
    ];
    assert!(message.set_props(&props).expect("properties").is_empty());
    let recipients = [recipient("First Recipient"), recipient("Second Recipient")];
    message
        .modify_recipients(RecipientChange::Add, &recipients)
        .expect("recipients");
    if !m.attachment.is_empty() {
        let (_, attachment) = message.create_attach(None, 0).expect("an attachment");
        let name = Property::new(tag::PR_ATTACH_LONG_FILENAME, "file.bin");
        attachment.set_props(&[name]).expect("properties");
        let stream: ComPtr<IStream> = attachment
            .open_property(
                tag::PR_ATTACH_DATA_BIN,
                &guid_from_abi(&IID_IStream),
                0,
                MAPI_CREATE | MAPI_MODIFY,
            )
            .and_then(|s| s.query())
            .expect("a stream");
        stream.write(&m.attachment).expect("bytes");
        stream.commit().expect("bytes");
        attachment.save_changes(0).expect("an attachment");
    }
    message
        .save_changes(MAPI_DEFERRED_ERRORS)
        .expect("a message");
}

fn bare(path: &std::path::Path) -> Connection {
    let conn = Connection::open(path).expect("SQLite");
    conn.execute_batch(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8000;
         CREATE TABLE IF NOT EXISTS mail (id INTEGER PRIMARY KEY, subject TEXT, sender TEXT, at INTEGER, headers TEXT,
         body TEXT, attachment BLOB);",
    )
    .expect("a table");
    conn
}

fn insert(conn: &mut Connection, mails: &[Mail]) {
    let tx = conn.transaction().expect("a transaction");
    for m in mails {
        tx.prepare_cached("INSERT INTO mail (subject, sender, at, headers, body, attachment) VALUES (?, ?, ?, ?, ?, ?)")
            .and_then(|mut s| s.execute(params![m.subject, m.sender, m.at, m.headers, m.body, m.attachment]))
            .expect("a row");
    }
    tx.commit().expect("a commit");
}

/// Mails per batch, on both sides.
const BATCH: u64 = 500;

fn import(report: &mut Report, world: &World, inbox: &ComPtr<IMAPIFolder>) {
    let mut number = 1 << 32;
    let mut next = move || -> Vec<Mail> {
        number += BATCH;
        (number..number + BATCH).map(mail).collect()
    };
    let mut more = next;
    let mut conn = bare(&world.folder.path().join("bare"));
    let deleted = inbox
        .create_folder(1, "Imported", None, None, 0)
        .expect("a folder");
    report.compare(
        "import, 500 mails / SQLite inserts of the bytes",
        2.0,
        || {
            let mails = next();
            let begin = Instant::now();
            mails.iter().for_each(|m| save(&deleted, m));
            // What was deferred is on disk when the store is saved.
            world.store.save_changes(0).expect("all on disk");
            begin.elapsed()
        },
        || {
            let mails = more();
            let begin = Instant::now();
            insert(&mut conn, &mails);
            begin.elapsed()
        },
    );
}

const COLUMNS: [PropTag; 6] = [
    tag::PR_ENTRYID,
    tag::PR_SUBJECT,
    tag::PR_SENDER_NAME,
    tag::PR_MESSAGE_DELIVERY_TIME,
    tag::PR_MESSAGE_SIZE,
    tag::PR_MESSAGE_FLAGS,
];

type Shown = (Vec<u8>, String, String, i64, i64, i64);

fn select(conn: &Connection, condition: &str, order: &str, offset: i32) -> Vec<Shown> {
    let sql = format!(
        "SELECT uid, subject, sender, delivery, size, flags FROM message WHERE folder_id = 3 AND associated = 0
         {condition} ORDER BY {order}, id LIMIT 50 OFFSET {offset}"
    );
    conn.prepare_cached(&sql)
        .and_then(|mut s| {
            s.query_map([], |r| {
                Ok((
                    r.get(0)?,
                    r.get(1)?,
                    r.get(2)?,
                    r.get(3)?,
                    r.get(4)?,
                    r.get(5)?,
                ))
            })?
            .collect()
        })
        .expect("rows")
}

/// Calls per measurement: one is too short for the clock.
const TIMES: u32 = 20;

/// A page as a C client has it: in MAPI's blocks.
fn page(table: &ComPtr<IMAPITable>, from: i32) -> RowSet {
    table.seek_row(Bookmark::BEGINNING, from).expect("a seek");
    table.query_row_set(50, 0).expect("rows").expect("rows")
}

fn tables(report: &mut Report, world: &World, inbox: &ComPtr<IMAPIFolder>, mails: i32) {
    let conn = Connection::open(world.file()).expect("SQLite");
    conn.execute_batch("PRAGMA cache_size = -8000")
        .expect("SQLite");
    let ones = Restriction::Content {
        fuzzy: FuzzyLevel {
            part: FuzzyMatch::Substring,
            ignore_case: true,
            ignore_nonspace: false,
            loose: false,
        },
        tag: tag::PR_SUBJECT,
        value: Property::new(tag::PR_SUBJECT, "thread 1"),
    };
    for (what, restriction, condition, middle) in [
        ("all", None, "", mails / 2),
        (
            "restricted",
            Some(&ones),
            "AND instr(subject_key, 'thread 1') > 0",
            mails / 8,
        ),
    ] {
        for (name, tag, column) in [
            ("date", tag::PR_MESSAGE_DELIVERY_TIME, "delivery"),
            ("sender", tag::PR_SENDER_NAME, "sender_key"),
            ("subject", tag::PR_SUBJECT, "subject_key"),
            ("size", tag::PR_MESSAGE_SIZE, "size"),
        ] {
            let table = inbox.get_contents_table(0).expect("a table");
            table.set_columns(&COLUMNS, 0).expect("columns");
            table.restrict(restriction, 0).expect("a restriction");
            table.sort_table(&SortOrder::by(tag), 0).expect("an order");
            for (place, from) in [("first page", 0), ("middle", middle)] {
                let ours = page(&table, from).read().expect("rows");
                let theirs = select(&conn, condition, column, from);
                let subjects: Vec<&PropValue> = ours.iter().map(|r| &r.props[1].value).collect();
                let expected: Vec<PropValue> = theirs.iter().map(|r| r.1.as_str().into()).collect();
                assert_eq!(
                    subjects,
                    expected.iter().collect::<Vec<_>>(),
                    "the same rows"
                );
                report.compare(
                    &format!("{what} by {name}, {place} / bare SELECT"),
                    2.0,
                    || timed(|| (0..TIMES).for_each(|_| drop(page(&table, from)))).0,
                    || {
                        timed(|| {
                            (0..TIMES).for_each(|_| drop(select(&conn, condition, column, from)))
                        })
                        .0
                    },
                );
            }
        }
    }
}

fn main() {
    let mails: i32 = std::env::var("OPENMAPI_BENCH_MAILS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(100_000);
    let world = World::new();
    let inbox = world.inbox();
    let mut report = Report::begin("The message store through a session");
    import(&mut report, &world, &inbox);
    forget_peak();
    let begin = Instant::now();
    (0..u64::from(mails.unsigned_abs()))
        .map(mail)
        .for_each(|m| save(&inbox, &m));
    world.store.save_changes(0).expect("all on disk");
    let seconds = begin.elapsed().max(Duration::from_millis(1)).as_secs_f64();
    println!(
        "(imported {mails} mails, {:.0} per second, peak memory {} MB)",
        f64::from(mails) / seconds,
        peak_megabytes()
    );
    large(&world, &inbox);
    tables(&mut report, &world, &inbox, mails);
    report.end();
}

/// One mail of 200 MB, written and read through streams.
fn large(world: &World, inbox: &ComPtr<IMAPIFolder>) {
    let folder = inbox
        .create_folder(1, "Large", None, None, 0)
        .expect("a folder");
    forget_peak();
    let begin = Instant::now();
    let message = folder.create_message(None, 0).expect("a message");
    let (_, attachment) = message.create_attach(None, 0).expect("an attachment");
    let stream = |flags| -> ComPtr<IStream> {
        attachment
            .open_property(
                tag::PR_ATTACH_DATA_BIN,
                &guid_from_abi(&IID_IStream),
                0,
                flags,
            )
            .and_then(|s| s.query())
            .expect("a stream")
    };
    let writing = stream(MAPI_CREATE | MAPI_MODIFY);
    let piece = vec![7; 1 << 20];
    for _ in 0..200 {
        writing.write(&piece).expect("bytes");
    }
    writing.commit().expect("bytes");
    drop(writing);
    attachment
        .save_changes(KEEP_OPEN_READWRITE)
        .expect("an attachment");
    message
        .save_changes(KEEP_OPEN_READWRITE)
        .expect("a message");
    world.store.save_changes(0).expect("all on disk");
    println!(
        "(one mail of 200 MB, {:.1} s, peak memory {} MB)",
        begin.elapsed().as_secs_f64(),
        peak_megabytes()
    );
}

/// The most memory this process had since [`forget_peak`]; 0 where the system does not tell.
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

fn forget_peak() {
    // Where it does not work the peak is that of the whole run.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
