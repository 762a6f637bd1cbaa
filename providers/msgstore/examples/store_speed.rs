//! Measures the store against bare SQLite: import of the same bytes, and the first page and the middle of a contents table.
//! `cargo run --release -p mapi-msgstore --example store_speed [MAILS]`
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, missing_docs)]

use std::path::Path;
use std::time::{Duration, Instant};

use mapi_msgstore::engine::{Durability, Folder, OpenMode, RecipientChange, Special, Store};
use mapi_types::{
    FileTime, FuzzyLevel, FuzzyMatch, PropTag, Property, Restriction, Row, SortOrder, tag,
};
use rusqlite::{Connection, params};

struct Mail {
    subject: String,
    sender: String,
    at: i64,
    headers: String,
    body: String,
    attachment: Option<Vec<u8>>,
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

fn mail(r: &mut Random, n: usize) -> Mail {
    let zipf = r.below(1000) * r.below(1000) / 1000;
    Mail {
        subject: format!(
            "{} the subject of thread {}",
            ["Re:", "", "Fwd:"][n % 3],
            r.below(20_000)
        ),
        sender: format!("Sender Number {zipf}"),
        at: 1_600_000_000 + i64::try_from(r.below(100_000_000)).unwrap(),
        headers: "Received: from somewhere by somewhere else with ESMTP\r\n".repeat(30),
        body: "Lorem ipsum dolor sit amet, consectetur. "
            .repeat(50 + usize::try_from(r.below(300)).unwrap()),
        attachment: (n.is_multiple_of(5)).then(|| {
            let len = usize::try_from(20_000 + r.below(120_000)).unwrap();
            (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect()
        }),
    }
}

fn import(inbox: &Folder, mails: &[Mail]) {
    for m in mails {
        let message = inbox.create_message(false);
        message.set_props(&[
            Property::new(tag::PR_SUBJECT, m.subject.as_str()),
            Property::new(tag::PR_SENDER_NAME, m.sender.as_str()),
            Property::new(tag::PR_SENDER_EMAIL_ADDRESS, "someone@example.org"),
            Property::new(tag::PR_SENDER_ADDRTYPE, "SMTP"),
            Property::new(tag::PR_SENT_REPRESENTING_NAME, m.sender.as_str()),
            Property::new(
                tag::PR_SENT_REPRESENTING_EMAIL_ADDRESS,
                "someone@example.org",
            ),
            Property::new(tag::PR_MESSAGE_DELIVERY_TIME, FileTime::from_unix(m.at)),
            Property::new(tag::PR_CLIENT_SUBMIT_TIME, FileTime::from_unix(m.at)),
            Property::new(tag::PR_TRANSPORT_MESSAGE_HEADERS, m.headers.as_str()),
            Property::new(
                tag::PR_INTERNET_MESSAGE_ID,
                format!("<{}@example.org>", m.at),
            ),
            Property::new(tag::PR_CONVERSATION_TOPIC, m.subject.as_str()),
            Property::new(tag::PR_BODY, m.body.as_str()),
        ]);
        let to = |name: &str| {
            Row::from(vec![
                Property::new(tag::PR_RECIPIENT_TYPE, 1),
                Property::new(tag::PR_DISPLAY_NAME, name),
                Property::new(tag::PR_ADDRTYPE, "SMTP"),
                Property::new(tag::PR_EMAIL_ADDRESS, "recipient@example.org"),
            ])
        };
        message
            .modify_recipients(
                RecipientChange::Add,
                &[to("First Recipient"), to("Second Recipient")],
            )
            .unwrap();
        if let Some(data) = &m.attachment {
            let attachment = message.create_attachment().unwrap();
            attachment.set_props(&[
                Property::new(tag::PR_ATTACH_LONG_FILENAME, "file.bin"),
                Property::new(tag::PR_ATTACH_METHOD, 1),
            ]);
            let mut stream = attachment
                .open_stream(tag::PR_ATTACH_DATA_BIN, true)
                .unwrap();
            for (i, piece) in data.chunks(32_768).enumerate() {
                stream.write_at(i as u64 * 32_768, piece).unwrap();
            }
            attachment
                .set_stream(tag::PR_ATTACH_DATA_BIN, &mut stream)
                .unwrap();
            attachment.save().unwrap();
        }
        message.save(false, Durability::Deferred).unwrap();
    }
}

fn raw_import(conn: &mut Connection, mails: &[Mail], batch: usize) {
    for some in mails.chunks(batch) {
        let tx = conn.transaction().unwrap();
        for m in some {
            tx.prepare_cached("INSERT INTO mail (subject, sender, at, headers, body, attachment) VALUES (?, ?, ?, ?, ?, ?)")
                .unwrap()
                .execute(params![m.subject, m.sender, m.at, m.headers, m.body, m.attachment])
                .unwrap();
        }
        tx.commit().unwrap();
    }
}

fn raw(path: &Path) -> Connection {
    let conn = Connection::open(path).unwrap();
    conn.execute_batch(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8000;
         CREATE TABLE mail (id INTEGER PRIMARY KEY, subject TEXT, sender TEXT, at INTEGER, headers TEXT, body TEXT, attachment BLOB);",
    )
    .unwrap();
    conn
}

fn best(times: u32, mut f: impl FnMut()) -> Duration {
    (0..times)
        .map(|_| {
            let start = Instant::now();
            f();
            start.elapsed()
        })
        .min()
        .unwrap()
}

fn main() {
    let mails: usize = std::env::args()
        .nth(1)
        .map_or(10_000, |a| a.parse().unwrap());
    let dir = tempfile::TempDir::new_in(".").unwrap();
    let mut r = Random(42);
    let corpus: Vec<Mail> = (0..mails).map(|n| mail(&mut r, n)).collect();
    let bytes: usize = corpus
        .iter()
        .map(|m| {
            m.subject.len()
                + m.headers.len()
                + m.body.len()
                + m.attachment.as_ref().map_or(0, Vec::len)
        })
        .sum();
    println!("{mails} mails, mean {} bytes", bytes / mails);

    let mut bare = raw(&dir.path().join("raw"));
    let start = Instant::now();
    raw_import(&mut bare, &corpus, 1000);
    let raw_time = start.elapsed();
    let store = Store::open(&dir.path().join("store"), OpenMode::Create).unwrap();
    let inbox = store.special(Special::Inbox).unwrap();
    let start = Instant::now();
    import(&inbox, &corpus);
    store.flush().unwrap();
    let time = start.elapsed();
    println!(
        "import: raw {raw_time:?}, store {time:?}: {:.2} of the raw speed ({:.0}/s)",
        raw_time.as_secs_f64() / time.as_secs_f64(),
        mails as f64 / time.as_secs_f64()
    );
    drop(corpus);
    let other = inbox.create_folder("Other", "", false).unwrap();
    let corpus: Vec<Mail> = (0..mails / 10).map(|n| mail(&mut r, n)).collect();
    import(&other, &corpus);
    store.flush().unwrap();
    tables(&store, &inbox, mails);
    store.close().unwrap();
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

fn select(conn: &Connection, condition: &str, order: &str, offset: usize) -> Vec<Shown> {
    let sql = format!(
        "SELECT uid, subject, sender, delivery, size, flags FROM message WHERE folder_id = 3 AND associated = 0
         {condition} ORDER BY {order} LIMIT 50 OFFSET {offset}"
    );
    let mut s = conn.prepare_cached(&sql).unwrap();
    s.query_map([], |r| {
        Ok((
            r.get(0)?,
            r.get(1)?,
            r.get(2)?,
            r.get(3)?,
            r.get(4)?,
            r.get(5)?,
        ))
    })
    .unwrap()
    .map(Result::unwrap)
    .collect()
}

fn tables(store: &Store, inbox: &Folder, mails: usize) {
    let conn = Connection::open(store.path()).unwrap();
    conn.execute_batch("PRAGMA cache_size = -8000").unwrap();
    let unread = Restriction::Content {
        fuzzy: FuzzyLevel {
            part: FuzzyMatch::Substring,
            ignore_case: true,
            ignore_nonspace: false,
            loose: false,
        },
        tag: tag::PR_SUBJECT,
        value: Property::new(tag::PR_SUBJECT, "thread 1"),
    };
    {
        let mut table = inbox.contents(false).unwrap();
        table.set_columns(&COLUMNS);
        if std::env::var_os("LOOP").is_some() {
            for _ in 0..100_000 {
                table.seek_to(0).unwrap();
                table.next_rows(50).unwrap();
            }
        }
        for n in [1u32, 50] {
            let t = best(50, || {
                table.seek_to(0).unwrap();
                table.next_rows(n).unwrap();
            });
            println!(
                "{n} rows: {t:?}; seek alone {:?}; poll {:?}; all {:?}",
                best(50, || table.seek_to(0).unwrap()),
                best(50, || {
                    store.poll().unwrap();
                }),
                best(5, || {
                    table.seek_to(0).unwrap();
                    table.next_rows(1_000_000).unwrap();
                })
            );
        }
    }
    for (restriction, condition) in [
        (None, ""),
        (Some(&unread), "AND subject_key LIKE '%thread 1%'"),
    ] {
        for (tag, column) in [
            (tag::PR_MESSAGE_DELIVERY_TIME, "delivery"),
            (tag::PR_SENDER_NAME, "sender_key"),
            (tag::PR_SUBJECT, "subject_key"),
            (tag::PR_MESSAGE_SIZE, "size"),
        ] {
            let mut table = inbox.contents(false).unwrap();
            table.set_columns(&COLUMNS);
            table.restrict(restriction).unwrap();
            table.sort(&SortOrder::by(tag));
            let middle = if restriction.is_some() {
                mails / 4
            } else {
                mails / 2
            };
            let mut line = format!(
                "{column:12} {:10}",
                if restriction.is_some() {
                    "restricted"
                } else {
                    "all"
                }
            );
            for offset in [0, middle] {
                let bare = best(20, || drop(select(&conn, condition, column, offset)));
                let ours = best(20, || {
                    table.seek_to(offset as u64).unwrap();
                    let rows = table.next_rows(50).unwrap();
                    assert_eq!(
                        rows.len(),
                        select(&conn, condition, column, offset)
                            .len()
                            .min(50)
                            .max(rows.len())
                    );
                });
                let ours = ours.min(best(20, || {
                    table.seek_to(0).unwrap();
                    table.seek_to(offset as u64).unwrap();
                    table.next_rows(50).unwrap();
                }));
                line += &format!(
                    " at {offset}: bare {bare:?}, table {ours:?} ({:.2}x);",
                    ours.as_secs_f64() / bare.as_secs_f64()
                );
            }
            println!("{line}");
        }
    }
}
