//! Being told what happens in a store.
//!
//! `cargo run -p mapi --example watch`

use std::sync::mpsc;
use std::time::Duration;

use mapi::embedded::{NAME, PR_MSGSTORE_CREATE, PR_MSGSTORE_PATH};
use mapi::types::{EntryId, Property, Result, event, tag};
use mapi::{Mapi, Props as _, sink};

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mapi = Mapi::start(folder.path())?;
    mapi.profiles().create("Example")?;
    let path = folder.path().join("example.mapistore");
    let settings = [
        Property::new(PR_MSGSTORE_PATH, path.to_string_lossy().as_ref()),
        Property::new(PR_MSGSTORE_CREATE, true),
    ];
    mapi.profiles()
        .add_service("Example", NAME, None, &settings)?;
    let session = mapi.logon(Some("Example"))?;
    let store = session.default_store()?;

    // The sink runs on MAPI's notification thread; it hands over what it hears.
    let (tell, heard) = mpsc::channel();
    let sink = sink(move |notifications| {
        for notification in notifications {
            let _ = tell.send(format!("{notification:?}"));
        }
    })?;
    // An empty identifier means the whole store.
    let connection = store.advise(&EntryId::default(), event::OBJECT_CREATED, sink)?;

    let message = store.receive_folder("IPM.Note")?.create_message()?;
    message.set(&[Property::new(tag::PR_SUBJECT, "Is anybody listening?")])?;
    message.save()?;
    match heard.recv_timeout(Duration::from_secs(10)) {
        Ok(text) => println!("heard: {text}"),
        Err(_) => println!("nothing was heard"),
    }

    // When Unadvise has returned, the sink is not called any more.
    store.unadvise(connection)?;
    drop((message, store));
    println!("by the book: {}", session.logoff()?.by_the_book);
    Ok(())
}
