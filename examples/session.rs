//! A session from beginning to end: a profile, a message with an attachment, a question to the store, and the way down.
//!
//! `cargo run -p mapi --example session`

use std::io::{Read as _, Write as _};

use mapi::embedded::{NAME, PR_MSGSTORE_CREATE, PR_MSGSTORE_PATH};
use mapi::types::{FileTime, PropTag, Property, RelOp, Restriction, Result, Row, SortOrder, tag};
use mapi::{Folder, Mapi, Message, Props as _, TextStyle, recipient};

const MAPI_TO: i32 = 1;
const ATTACH_BY_VALUE: i32 = 1;

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;

    // 1. MAPIInitialize, and a profile that leads to a message store.
    let mapi = Mapi::start(folder.path())?;
    let profiles = mapi.profiles();
    profiles.create("Example")?;
    let path = folder.path().join("example.mapistore");
    let settings = [
        Property::new(PR_MSGSTORE_PATH, path.to_string_lossy().as_ref()),
        Property::new(PR_MSGSTORE_CREATE, true),
    ];
    profiles.add_service("Example", NAME, None, &settings)?;

    // 2. MAPILogonEx, OpenMsgStore.
    let session = mapi.logon(Some("Example"))?;
    let store = session.default_store()?;
    let inbox = store.receive_folder("IPM.Note")?;

    // 3. Work.
    for (subject, size_bytes) in [("Small", 10), ("Large", 300_000)] {
        write_message(&inbox, subject, size_bytes)?;
    }
    list(&inbox)?;
    read_back(&store.message(&first(&inbox)?)?)?;

    // 4. StoreLogoff and Release of the store, Logoff of the session: every provider comes down in order.
    const LOGOFF_ORDERLY: u32 = 0x2;
    drop(inbox);
    store.logoff(LOGOFF_ORDERLY)?;
    drop(store);
    let report = session.logoff()?;
    println!("\n{}", report.text(TextStyle::default()));

    // 5. The last MAPIUninitialize.
    for library in mapi.finish().libraries {
        println!("{}: {}", library.name, library.freed);
    }
    assert!(report.by_the_book);
    Ok(())
}

fn write_message(folder: &Folder, subject: &str, size_bytes: usize) -> Result<()> {
    let message = folder.create_message()?;
    message.set(&[
        Property::new(tag::PR_MESSAGE_CLASS, "IPM.Note"),
        Property::new(tag::PR_SUBJECT, subject),
        Property::new(tag::PR_BODY, "Hello"),
        Property::new(tag::PR_MESSAGE_DELIVERY_TIME, FileTime::now()),
    ])?;
    message.add_recipients(&[recipient(MAPI_TO, "Ann", "SMTP", "ann@example.org")])?;

    let attachment = message.create_attachment()?;
    attachment.set(&[
        Property::new(tag::PR_ATTACH_METHOD, ATTACH_BY_VALUE),
        Property::new(tag::PR_ATTACH_LONG_FILENAME, "data.bin"),
    ])?;
    // A large property is written as a stream, piece by piece.
    let mut data = attachment.open(tag::PR_ATTACH_DATA_BIN, true)?;
    data.write_all(&vec![7; size_bytes])?;
    data.commit()?;
    attachment.save()?;

    // Only now is there a message.
    message.save()
}

fn list(folder: &Folder) -> Result<()> {
    const COLUMNS: [PropTag; 2] = [tag::PR_SUBJECT, tag::PR_MESSAGE_SIZE];
    let large = Restriction::Property {
        relop: RelOp::Gt,
        tag: tag::PR_MESSAGE_SIZE,
        value: Property::new(tag::PR_MESSAGE_SIZE, 100_000),
    };
    let table = folder.contents()?.columns(&COLUMNS)?;
    for row in table.sort(&SortOrder::by(tag::PR_SUBJECT))?.rows() {
        print_row("all:  ", &row?);
    }
    let table = folder.contents()?.columns(&COLUMNS)?;
    for row in table.restrict(&large)?.rows() {
        print_row("large:", &row?);
    }
    Ok(())
}

fn print_row(what: &str, row: &Row) {
    let subject = row.get(tag::PR_SUBJECT).and_then(|v| v.as_str());
    let size = row.get(tag::PR_MESSAGE_SIZE).and_then(|v| v.as_long());
    println!(
        "{what} {} ({} bytes)",
        subject.unwrap_or_default(),
        size.unwrap_or(0)
    );
}

fn first(folder: &Folder) -> Result<mapi::types::EntryId> {
    let mut rows = folder.contents()?.columns(&[tag::PR_ENTRYID])?.rows();
    let row = rows.next().transpose()?.unwrap_or_default();
    Ok(mapi::row_entry_id(&row).unwrap_or_default())
}

fn read_back(message: &Message) -> Result<()> {
    let mut bytes = Vec::new();
    let attachment = message.attachment(0)?;
    attachment
        .open(tag::PR_ATTACH_DATA_BIN, false)?
        .read_to_end(&mut bytes)?;
    println!(
        "read {} bytes of '{}'",
        bytes.len(),
        message.get_text(tag::PR_SUBJECT)?.unwrap_or_default()
    );
    Ok(())
}
